"""The public store holds what the catalogue makes public, in the days the law gives it, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.accounts.actor import operator
from chengxin.catalogue import SubjectKind, load_catalogue
from chengxin.publication.subscribers import publish_records
from chengxin.records.actions.withdraw import WithdrawRecord
from chengxin.records.events import RecordsAdded
from chengxin.records.models import Record
from chengxin.subjects.models import Subject
from chengxin.testing.city import NOW, headers, import_rows, row, uscc

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("city")

LATER = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
KINDS = {
    SubjectKind.LEGAL_PERSON: ("91", "法人"),
    SubjectKind.INDIVIDUAL_BUSINESS: ("92", "个体工商户"),
    SubjectKind.UNINCORPORATED: ("91", "非法人组织"),
}
FILLED = {
    "penalty_kind_2": "没收违法所得",
    "confiscated_amount": "0.5",
    "public_until": "2027-01-01",
    "person_id_type": "",
    "person_id_number": "",
    "legal_representative_id_type": "身份证",
    "legal_representative_id_number": "320583199001011234",
    "tax_number": "",
    "former_name": "昆山旧名有限公司",
    "english_name": "Kunshan Old Name Ltd",
    "valid_from": "2026-02-27",
    "decided_on": "2026-02-27",
    "valid_until": "2031-02-26",
    "organisation_code": "",
}


def select(query: str, *values: str | None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def full_row(item: str, generation: str, kind: SubjectKind) -> dict[str, str]:
    """Return a row in which every field of the list is filled that a sound row can have."""
    prefix, category = KINDS[kind]
    number = list(KINDS).index(kind) + 1
    plain = row(item, generation, number)
    # A licence's decision can bear one more number, a certificate's; free texts name nobody.
    filled = {key: plain[key] or FILLED.get(key, f"甲{number}") for key in headers(item, generation)}
    own = {"uscc": uscc(number, prefix), "former_uscc": uscc(number + 900, prefix), "subject_category": category}
    numbers = {key: "" for key in ("registration_number", "tax_number") if item != "registration"}
    return {key: (own | numbers).get(key, FILLED.get(key, text)) for key, text in filled.items()}


def keys_of(content: Any) -> set[str]:
    return set(json.loads(content) if isinstance(content, str) else content)


def test_every_published_key_is_public_for_that_kind_of_body(tmp_path: Path) -> None:
    for item in sorted(load_catalogue().items, key=lambda one: one.double_publicity):
        for generation in (one.key for one in item.generations):
            rows = [full_row(item.key, generation, kind) for kind in KINDS]
            for number, one in enumerate(rows):
                if "document_number" in one:
                    one["document_number"] = f"昆市监{generation}〔2026〕{number}号"
            receipt = import_rows(tmp_path, item.key, generation, rows)
            assert (receipt.linked, receipt.quarantined) == (3, 0), (item.key, generation)
    register = load_catalogue().item("registration")
    kinds = dict(select("SELECT subject_id, kind FROM publication.body"))
    assert sorted(kinds.values()) == sorted(KINDS)
    for kind, content in select("SELECT kind, content FROM publication.body"):
        public = {field.key for field in register.public_fields(SubjectKind(kind))}
        assert keys_of(content) == public - {"tax_number"}, kind
        assert ("address" in keys_of(content)) == (kind == SubjectKind.LEGAL_PERSON)
        assert ("legal_representative" in keys_of(content)) == (kind == SubjectKind.LEGAL_PERSON)
    facts = select("SELECT item, subject_id, content FROM publication.fact")
    assert len(facts) == 2 * 3 * 3
    for key, subject, content in facts:
        public = {field.key for field in load_catalogue().item(key).public_fields(SubjectKind(kinds[subject]))}
        assert keys_of(content) <= public
        assert keys_of(content) >= {"document_number", "decided_on", "issuer_name"}
        assert keys_of(content) & {"remarks", "legal_representative", "organisation_code", "region_code"} == set()


def test_a_kind_of_body_the_catalogue_does_not_know_shows_only_what_every_kind_shows(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    Subject.objects.update(kind="strange")
    fact = Record.objects.get()
    publish_records(RecordsAdded("registration", fact.pk, fact.pk, (), replacing=True, today=date(2026, 3, 2)))
    ((content,),) = select("SELECT content FROM publication.body")
    assert keys_of(content) & {"address", "legal_representative"} == set()
    assert "subject_name" in keys_of(content)


def shown() -> dict[str, tuple[date, date | None]]:
    return {number: (first, last) for number, first, last in select(
        "SELECT document_number, shown_from, shown_until FROM publication.fact")}  # fmt: skip


def test_a_penalty_is_shown_as_long_as_its_class_allows_and_a_minor_one_not_at_all(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    cases = {
        "警告": None,
        "通报批评": None,
        "罚款": date(2027, 2, 27),
        "警告;罚款": date(2027, 2, 27),
        "吊销许可证件": date(2029, 2, 27),
        "其他-责令改正": date(2027, 2, 27),
    }
    rows = [
        row("penalty", "G3", 1, document_number=f"昆罚〔2026〕{number}号", penalty_kind=kind)
        for number, kind in enumerate(cases)
    ]
    rows += [
        row("penalty", "G3", 1, document_number="昆罚〔2026〕90号", public_until="2026-06-01"),
        row("penalty", "G3", 1, document_number="昆罚〔2026〕91号", public_until="2035-06-01"),
        row("penalty", "G3", 1, document_number="昆罚〔2026〕92号", public_until="2026-03-01"),
        row("penalty", "G3", 1, document_number="昆罚〔2024〕93号", decided_on="2024-01-05"),
    ]
    assert import_rows(tmp_path, "penalty", "G3", rows).linked == 10
    today = date(2026, 3, 2)
    expected = {f"昆罚〔2026〕{number}号": (today, last) for number, last in enumerate(cases.values()) if last}
    expected["昆罚〔2026〕90号"] = (today, date(2026, 6, 1))
    expected["昆罚〔2026〕91号"] = (today, date(2027, 2, 27))
    assert shown() == expected
    assert set(Record.objects.filter(item="penalty", public=True).values_list("rule", flat=True)) <= {
        "gbf-22-2025",
        "ndrc-58-2023",
    }
    assert Record.objects.filter(item="penalty").count() == 10


def test_a_licence_is_shown_while_it_is_valid(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    cases = {
        "昆许〔2026〕1号": {"valid_until": "2026-03-02"},
        "昆许〔2026〕2号": {"valid_until": "2026-03-01"},
        "昆许〔2026〕3号": {"valid_until": "2099/12/31"},
        "昆许〔2026〕4号": {"valid_from": "2026-05-01"},
        "昆许〔2026〕5号": {"status": "无效"},
    }
    import_rows(
        tmp_path, "licence", "G3", [row("licence", "G3", 1, document_number=key, **more) for key, more in cases.items()]
    )
    today = date(2026, 3, 2)
    assert shown() == {
        "昆许〔2026〕1号": (today, today),
        "昆许〔2026〕3号": (today, None),
        "昆许〔2026〕4号": (date(2026, 5, 1), date(2031, 2, 26)),
    }


def test_a_correction_replaces_what_was_shown_and_moves_it_to_its_month(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1)])
    import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1, decided_on="2026-01-05")], now=LATER)
    latest = Record.objects.get(version=2)
    assert select("SELECT record_id, decided_on, issuer FROM publication.fact") == [
        (latest.pk, date(2026, 1, 5), "昆山市市场监督管理局")
    ]
    totals = select("SELECT item, month, facts FROM publication.monthly ORDER BY month")
    assert totals == [("penalty", date(2026, 1, 1), 1), ("penalty", date(2026, 2, 1), 0)]


def test_a_body_is_shown_once_it_has_a_credit_code_under_every_name_it_bore(tmp_path: Path) -> None:
    old = row("registration", "R1", 1, uscc="", subject_name="昆山旧名有限公司")
    import_rows(tmp_path, "registration", "R1", [old])
    assert select("SELECT * FROM publication.body") == []
    assert select("SELECT bodies FROM publication.state") == [(0,)]
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)], now=LATER)
    assert select("SELECT uscc, name, status, shown_from, shown_until FROM publication.body") == [
        (uscc(1), "昆山演练1号有限公司", "存续", date(2010, 5, 1), None)
    ]
    assert set(select("SELECT kind, name FROM publication.body_name")) == {
        ("current", "昆山演练1号有限公司"),
        ("former", "昆山旧名有限公司"),
    }
    assert select("SELECT bodies FROM publication.state") == [(1,)]


def test_an_annulled_registration_is_shown_as_annulled(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1, status="撤销登记")], now=LATER)
    assert select("SELECT status, content ->> 'status' FROM publication.body") == [("撤销", "撤销")]


def test_a_withdrawn_registration_leaves_the_public_store_with_its_names(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", number) for number in (1, 2)])
    gone = Record.objects.get(subject_id=Subject.objects.get(uscc=uscc(1)).pk)
    WithdrawRecord(operator(), gone.pk, "登记错误", LATER).execute()
    assert select("SELECT uscc FROM publication.body") == [(uscc(2),)]
    assert select("SELECT name FROM publication.body_name") == [("昆山演练2号有限公司",)]
    assert select("SELECT bodies FROM publication.state") == [(1,)]


def test_the_store_says_when_it_last_changed(tmp_path: Path) -> None:
    import_rows(tmp_path, "registration", "R1", [row("registration", "R1", 1)])
    ((first,),) = select("SELECT changed_at FROM publication.state")
    import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 1)], now=NOW)
    ((second,),) = select("SELECT changed_at FROM publication.state")
    assert first < second


def test_in_force_counts_both_days_and_an_open_end() -> None:
    cases = [
        ("2026-01-02", "2026-01-03", "2026-01-01", False),
        ("2026-01-02", "2026-01-03", "2026-01-02", True),
        ("2026-01-02", "2026-01-03", "2026-01-03", True),
        ("2026-01-02", "2026-01-03", "2026-01-04", False),
        ("2026-01-02", None, "2999-01-01", True),
    ]
    for first, last, day, answer in cases:
        assert select("SELECT publication.in_force(%s, %s, %s)", first, last, day) == [(answer,)]
