"""A national feed adds codes to registered bodies and pairs to the mapping, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import Actor
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.conversion.actions.import_mapping import ImportCodeMapping
from chengxin.conversion.models import Conflict, Feed, Pair
from chengxin.records.models import Record
from chengxin.subjects.models import Identifier, Name, Subject
from chengxin.testing.bodies import add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from pathlib import Path


def tax(code: str) -> str:
    return "320583" + code[8:17]


def test_a_line_gives_the_body_its_older_codes_and_the_facts_that_waited(feeds: Any) -> None:
    register_bodies({"uscc": uscc(1), "name": "昆山甲有限公司"}, now=NOW)
    add_facts({"identifier": f"registration_number:{registration_number(1)}", "number": "昆许〔2026〕1号"}, now=NOW)
    assert Record.objects.get(item="licence").subject_id is None
    row = {"name": "昆山甲公司（旧）", "uscc": uscc(1), "registration_number": registration_number(1)}
    receipt = feeds.bring(row | {"tax_number": tax(uscc(1))})
    assert (receipt.lines, receipt.added, receipt.known, receipt.conflict, receipt.sent_back) == (1, 1, 0, 0, 0)
    subject = Subject.objects.get()
    assert (subject.name, subject.status, Name.objects.count()) == ("昆山甲有限公司", "存续", 1)
    borne = set(Identifier.objects.values_list("kind", "value"))
    assert borne == {
        ("uscc", uscc(1)),
        ("organisation_code", uscc(1)[8:17]),
        ("registration_number", registration_number(1)),
        ("tax_number", tax(uscc(1))),
    }
    tied = Record.objects.filter(item="licence").latest("version")
    assert (tied.version, tied.subject_id, tied.link) == (2, subject.pk, "registration_number")
    assert Event.objects.filter(action="codes.imported").count() == 1


def test_a_body_the_register_does_not_know_is_kept_in_the_mapping_only(feeds: Any) -> None:
    register_bodies({"uscc": uscc(2), "name": "昆山同名有限公司"}, now=NOW)
    receipt = feeds.bring({"name": "昆山同名有限公司", "uscc": uscc(1), "registration_number": registration_number(1)})
    assert (receipt.added, receipt.codes) == (1, 0)
    assert Subject.objects.count() == 1
    assert not Identifier.objects.filter(kind="registration_number").exists()
    assert set(Pair.objects.values_list("kind", "value", "uscc")) == {
        ("registration_number", registration_number(1), uscc(1)),
        ("organisation_code", uscc(1)[8:17], uscc(1)),
    }


def test_a_second_import_finds_every_line_known(feeds: Any) -> None:
    register_bodies({"uscc": uscc(1)}, now=NOW)
    rows = [{"uscc": uscc(n), "registration_number": registration_number(n)} for n in (1, 2, 2)]
    first = feeds.bring(*rows)
    assert (first.added, first.known, first.conflict) == (2, 1, 0)
    before = list(Pair.objects.order_by("pk").values_list("pk", "first_seen_at"))
    again = feeds.bring(*rows, now=NOW + timedelta(days=40))
    assert (again.added, again.known, again.conflict, again.sent_back, again.codes) == (0, 3, 0, 0, 0)
    assert list(Pair.objects.order_by("pk").values_list("pk", "first_seen_at")) == before
    assert Feed.objects.count() == 2


@pytest.mark.parametrize(
    "columns",
    [("uscc",), ("uscc", "name"), ("registration_number", "uscc"), ("tax_number", "organisation_code", "uscc")],
)
def test_columns_may_be_missing(feeds: Any, columns: tuple[str, ...]) -> None:
    row = {
        "uscc": uscc(1),
        "registration_number": registration_number(1),
        "tax_number": tax(uscc(1)),
        "organisation_code": f"{uscc(1)[8:16]}-{uscc(1)[16]}",
    }
    receipt = feeds.bring(row, columns=columns)
    assert (receipt.added, receipt.sent_back) == (1, 0)
    assert Pair.objects.get(kind="organisation_code").value == uscc(1)[8:17]


def test_without_a_column_of_credit_codes_the_file_is_refused(feeds: Any) -> None:
    with pytest.raises(ChengxinError) as refused:
        feeds.bring({"name": "甲"}, columns=("name", "tax_number"))
    assert refused.value.code == "columns_missing"
    assert not Feed.objects.exists()


WRONG_CHECK = uscc(1)[:17] + ("0" if uscc(1)[17] != "0" else "1")
WRONG_NUMBER = registration_number(1)[:14] + str((int(registration_number(1)[14]) + 1) % 10)


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ({"uscc": "", "name": "昆山甲有限公司"}, "uscc_missing", "没有填写"),
        ({"uscc": WRONG_CHECK}, "suspect", "18"),
        ({"uscc": uscc(1)[:9] + "O" + uscc(1)[10:]}, "invalid", "10"),
        ({"uscc": uscc(1)[:9] + "I" + uscc(1)[10:]}, "invalid", "10"),
        ({"uscc": uscc(1)[:10] + "Z" + uscc(1)[11:]}, "invalid", "11"),
        ({"uscc": uscc(1)[:11] + "S" + uscc(1)[12:]}, "invalid", "12"),
        ({"uscc": uscc(1)[:12] + "V" + uscc(1)[13:]}, "invalid", "13"),
        ({"uscc": "9.13206E+17"}, "number_damaged", "改坏"),
        ({"uscc": uscc(1), "registration_number": "3.20583E+14"}, "number_damaged", "改坏"),
        ({"uscc": uscc(1), "registration_number": WRONG_NUMBER}, "suspect", "15"),
        ({"uscc": uscc(1), "organisation_code": "187588020"}, "suspect", "9"),
        ({"uscc": uscc(1), "tax_number": "32058318758802"}, "invalid", "税务登记号"),
    ],
)
def test_a_code_that_is_wrong_sends_its_line_back_with_the_place(
    feeds: Any, row: dict[str, str], code: str, said: str
) -> None:
    receipt = feeds.bring(row, {"uscc": uscc(9)})
    assert (receipt.lines, receipt.added, receipt.sent_back) == (2, 1, 1)
    assert [one.line for one in receipt.shown] == [2]
    assert receipt.shown[0].code == code
    assert said in receipt.shown[0].message
    assert set(Pair.objects.values_list("uscc", flat=True)) == {uscc(9)}


def test_a_persons_number_is_sent_back_and_not_repeated(feeds: Any) -> None:
    receipt = feeds.bring({"uscc": uscc(1), "tax_number": "11010519491231002X"})
    assert [(one.code, one.value) for one in receipt.shown] == [("personal_number", "")]
    assert "11010519491231002X" not in str(receipt)


def test_a_suspect_credit_code_that_the_register_bears_is_taken(feeds: Any) -> None:
    register_bodies({"uscc": WRONG_CHECK}, now=NOW)
    receipt = feeds.bring({"uscc": WRONG_CHECK, "registration_number": registration_number(1)})
    assert (receipt.added, receipt.sent_back, receipt.codes) == (1, 0, 1)


def test_what_another_body_bears_is_a_conflict_and_changes_no_body(feeds: Any) -> None:
    register_bodies({"uscc": uscc(1), "registration_number": registration_number(1)}, {"uscc": uscc(2)}, now=NOW)
    before = set(Identifier.objects.values_list("subject_id", "kind", "value"))
    receipt = feeds.bring({"uscc": uscc(2), "registration_number": registration_number(1), "tax_number": tax(uscc(2))})
    assert (receipt.added, receipt.known, receipt.conflict, receipt.codes) == (0, 0, 1, 0)
    assert set(Identifier.objects.values_list("subject_id", "kind", "value")) == before
    assert list(Conflict.objects.values_list("kind", "code_kind", "value")) == [
        ("two_bodies", "registration_number", registration_number(1))
    ]


def test_an_organisation_code_other_than_the_credit_codes_is_a_conflict(feeds: Any) -> None:
    receipt = feeds.bring({"uscc": uscc(1), "organisation_code": uscc(2)[8:17]})
    assert receipt.conflict == 1
    assert Conflict.objects.get().kind == "segment_differs"


def test_a_second_number_of_a_body_is_a_conflict(feeds: Any) -> None:
    register_bodies({"uscc": uscc(1), "registration_number": registration_number(1)}, now=NOW)
    receipt = feeds.bring({"uscc": uscc(1), "registration_number": registration_number(2)})
    assert (receipt.conflict, receipt.codes) == (1, 0)
    assert Conflict.objects.get().kind == "two_codes"


def test_a_replaced_credit_code_still_finds_its_body(feeds: Any) -> None:
    register_bodies({"uscc": uscc(1)}, now=NOW)
    register_bodies({"uscc": uscc(2), "former_uscc": uscc(1)}, now=NOW + timedelta(days=1))
    receipt = feeds.bring(
        {"uscc": uscc(1), "registration_number": registration_number(1)},
        {"uscc": uscc(2), "registration_number": registration_number(1)},
    )
    assert (receipt.conflict, receipt.codes) == (0, 1)
    assert Identifier.objects.get(kind="registration_number").subject.uscc == uscc(2)


def test_lines_sent_back_are_written_to_a_file_without_formulas(feeds: Any, tmp_path: Path) -> None:
    out = tmp_path / "returned.csv"
    feeds.bring({"uscc": "=1+1"}, returned=out)
    text = out.read_text(encoding="utf-8-sig")
    assert '"2"' in text
    assert '"=' not in text


def test_only_who_acts_for_everybody_imports(feeds: Any) -> None:
    actor = Actor("officer", "zhang", "ks-scjg", frozenset({"codes.convert"}))
    with pytest.raises(NotPermitted):
        ImportCodeMapping(actor, feeds.write({"uscc": uscc(1)}), NOW).execute()
