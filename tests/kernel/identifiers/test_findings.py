"""How shapes are judged: position by position, and never more words than help."""

import pytest

from chengxin.kernel.identifiers.findings import DIGITS, LETTERS, Findings
from chengxin.kernel.identifiers.model import Severity

USED = (DIGITS | LETTERS) - frozenset("IOSVZ")
SHAPE = (USED, DIGITS, DIGITS)


def _findings() -> Findings:
    return Findings("统一社会信用代码", "unified social credit code")


def _told(findings: Findings) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.position) for problem in findings.problems]


def test_a_right_shape_leaves_no_problem() -> None:
    findings = _findings()
    assert findings.shape("A12", SHAPE)
    assert not findings.problems


@pytest.mark.parametrize("letter", "IOSVZ")
def test_each_unused_letter_is_named_with_its_position(letter: str) -> None:
    findings = _findings()
    assert not findings.shape(f"{letter}12", SHAPE)
    assert _told(findings) == [("letter_not_used", 1)]
    assert f"“{letter}”" in findings.problems[0].message_zh


def test_every_wrong_character_is_told_not_only_the_first() -> None:
    findings = _findings()
    assert not findings.shape("?A\x00", SHAPE)
    assert _told(findings) == [("character_not_allowed", 1), ("not_a_digit", 2), ("character_not_allowed", 3)]


def test_a_character_nobody_can_see_is_told_by_its_code_point() -> None:
    findings = _findings()
    findings.shape("A1\x00", SHAPE)
    assert "U+0000" in findings.problems[0].message_zh


@pytest.mark.parametrize("digit", ["٣", "३", "𝟗", "²"])
def test_digits_of_other_scripts_are_no_digits(digit: str) -> None:
    findings = _findings()
    assert not findings.shape(f"A{digit}2", SHAPE)
    assert _told(findings) == [("character_not_allowed", 2)]


def test_a_wrong_length_is_one_problem() -> None:
    findings = _findings()
    assert not findings.shape("A1", SHAPE)
    assert _told(findings) == [("length", None)]


def test_a_wrong_length_also_shows_the_first_three_foreign_characters() -> None:
    findings = _findings()
    assert not findings.shape("代码：A12。", SHAPE)
    assert _told(findings) == [
        ("length", None),
        ("character_not_allowed", 1),
        ("character_not_allowed", 2),
        ("character_not_allowed", 3),
    ]


def test_a_field_of_a_million_characters_is_told_in_a_few_words() -> None:
    findings = _findings()
    assert not findings.shape("？" * 1_000_000, SHAPE)
    assert len(findings.problems) == 4
    assert sum(len(problem.message) for problem in findings.problems) < 1_000


@pytest.mark.parametrize(
    "damaged",
    ["3.20583E+17", "3.20583198E17", "9E+17", "3.2E+017", "320583198001011000.0", "320583198001011000.", "12345678.00"],
)
def test_a_number_made_by_a_spreadsheet_stops_the_examination(damaged: str) -> None:
    findings = _findings()
    assert not findings.start(damaged)
    assert _told(findings) == [("damaged_by_spreadsheet", None)]


@pytest.mark.parametrize("sound", ["91320583187588026H", "1E1234567", "12E1", "3.E", "E5", "٣.٢E17", "3.2E+17\n"])
def test_what_only_resembles_such_a_number_is_examined(sound: str) -> None:
    assert _findings().start(sound)


def test_a_known_region_is_named_and_an_unknown_one_noted() -> None:
    findings = _findings()
    assert findings.region("320583", 3) == ("行政区划码，江苏省", "region code, Jiangsu")
    assert findings.region("100000", 3)[0] == "行政区划码，国家级登记机关"
    assert not findings.problems
    findings.region("990000", 3)
    assert _told(findings) == [("region_unknown", 3)]
    assert findings.problems[0].severity is Severity.NOTE
