"""What every identification offers, whatever its kind."""

import json
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from chengxin.kernel.identifiers import (
    Identification,
    Kind,
    OrganisationCode,
    Problem,
    Severity,
    Uscc,
    Verdict,
    identify,
)

ERROR = Problem("e", "错。", "Wrong.", 1, Severity.ERROR)
WARNING = Problem("w", "疑。", "Doubtful.", 2, Severity.WARNING)
NOTE = Problem("n", "注。", "Noted.", None, Severity.NOTE)


@pytest.mark.parametrize(
    ("problems", "verdict"),
    [
        ((), Verdict.VALID),
        ((NOTE,), Verdict.VALID),
        ((NOTE, WARNING), Verdict.SUSPECT),
        ((WARNING, ERROR, NOTE), Verdict.INVALID),
    ],
)
def test_the_gravest_problem_decides_the_verdict(problems: tuple[Problem, ...], verdict: Verdict) -> None:
    assert Identification("x", "X", problems).verdict is verdict


def test_the_json_form_has_exactly_the_published_keys() -> None:
    found = identify("9132 0583 187588026h").as_dict()
    assert found == {
        "input": "9132 0583 187588026h",
        "normalised": "91320583187588026H",
        "kind": "uscc",
        "verdict": "valid",
        "problems": [],
        "derived": {
            "organisation_code": "187588026",
            "region": "320583",
            "tax_number": "91320583187588026H",
        },
        "suggestions": [],
    }


def test_the_json_form_of_a_problem_is_code_message_position() -> None:
    found = identify("9132O583187588026H").as_dict()
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found
    assert found["problems"] == [
        {
            "code": "not_a_digit",
            "message": "第 5 位是“O”，此处只能是数字，请对照证照改正。 Position 5 is “O” where only a digit may stand; "
            "please correct it against the certificate.",
            "position": 5,
        }
    ]
    assert found["suggestions"] == ["91320583187588026H"]


def test_the_explanation_tells_each_part_and_then_what_is_wrong() -> None:
    assert Uscc.parse("91350211M00013FA1N").explain() == (
        "第 1 位 9：登记管理部门，市场监管（原工商）",
        "第 2 位 1：机构类别，企业",
        "第 3–8 位 350211：行政区划码，福建省",
        "第 9–17 位 M00013FA1：主体标识码（组织机构代码）",
        "第 18 位 N：校验码",
        "第 18 位校验码应为 3，现为 N；任何一位抄错都会如此，请对照证照逐位核对，勿只改校验码。",
    )


@pytest.mark.parametrize(
    "text",
    [
        "91320583187588026H",
        "61399181-2",
        "110108000000016",
        "320583187588026",
        "132058300123",
        "11010519491231002X",
        "150102880730303",
        "81000019980902013X",
        "932682198501010017",
        "USA320085010112",
    ],
)
def test_the_parts_of_a_right_code_join_to_the_code(text: str) -> None:
    found = identify(text)
    assert found.verdict is Verdict.VALID
    position = found.parts[0].start
    for part in found.parts:
        assert part.start == position
        assert part.meaning_zh
        assert part.meaning_en.isascii()
        position += len(part.text)
    assert found.normalised.endswith("".join(part.text for part in found.parts))


def test_a_part_is_found_by_name_and_absent_parts_are_empty() -> None:
    found = Uscc.parse("91320583187588026H")
    assert found.part("region") == "320583"
    assert found.part("shoe_size") == ""
    assert Uscc.parse("nonsense").part("region") == ""


def test_identifications_are_values() -> None:
    one, other = identify("91320583187588026H"), identify("91320583187588026H")
    assert one == other
    assert hash(one) == hash(other)
    assert one != Uscc.parse(" 91320583187588026H"), "the input is part of what is said"
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - made here
    with pytest.raises(FrozenInstanceError):
        one.normalised = ""  # type: ignore[misc]


def test_a_changed_copy_keeps_its_kind() -> None:
    changed = replace(Uscc.parse("91320583187588026H"), problems=(WARNING,))
    assert (changed.kind, changed.verdict) == (Kind.USCC, Verdict.SUSPECT)


def test_reading_as_no_kind_in_particular_recognises_nothing() -> None:
    found = Identification.parse("91320583187588026H")
    assert (found.kind, found.verdict) == (Kind.UNKNOWN, Verdict.INVALID)
    assert found.problems[0].code == "unrecognised"


@pytest.mark.parametrize("text", ["", " ", "-", "——", "\u200b", "\t\n"])
@pytest.mark.parametrize("kind", [Identification, Uscc, OrganisationCode])
def test_a_blank_cell_is_empty_whatever_was_expected(kind: type[Identification], text: str) -> None:
    found = kind.parse(text)
    assert [problem.code for problem in found.problems] == ["empty"]
    assert found.normalised == ""
