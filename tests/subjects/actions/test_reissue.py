"""A re-issued code is the same body: its history follows the chain of codes, and no second subject appears."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from chengxin.base.errors import ChengxinError
from chengxin.checks.answer import answer_check, read_code
from chengxin.publication.queries import body_by_code
from chengxin.records.queries import standing
from chengxin.subjects.actions.reissue import CodeTaken, ReissueCode
from chengxin.subjects.history import body_on, codes_at, versions
from chengxin.subjects.models import Identifier, Subject
from chengxin.subjects.queries import subject_by_identifier
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW

pytestmark = pytest.mark.usefixtures("own_database")

DAY = date(2026, 6, 1)
LATE = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
A, B, C = uscc(1), uscc(2), uscc(3)


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + timedelta(hours=1))


@pytest.fixture
def body() -> Subject:
    register_bodies({"uscc": A, "name": "昆山甲有限公司"}, now=NOW)
    return Subject.objects.get()


def state(code: str) -> tuple[bool, str]:
    found = Identifier.objects.get(kind="uscc", value=code)
    return found.ended_at is not None, found.replaced_by


def numbers(subject: int) -> list[str]:
    return [fact.document_number for fact in standing(subject, DAY, LATE) if fact.document_number]


def leads_on() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, subject_id, cause FROM publication.leads_on ORDER BY code")
        return list(cursor.fetchall())


def test_history_follows_the_chain_of_codes_and_no_second_subject_appears(officers: TwoOfficers, body: Subject) -> None:
    add_facts({"identifier": f"uscc:{A}", "number": 1}, {"identifier": f"uscc:{B}", "number": 2}, now=NOW)
    assert numbers(body.pk) == ["昆字〔2026〕1号"]
    officers.reissue(body.pk, A, B)
    officers.reissue(body.pk, B, C)
    add_facts({"identifier": f"uscc:{A}", "number": 3}, {"identifier": f"uscc:{C}", "number": 4}, now=officers.later())
    assert Subject.objects.count() == 1
    assert sorted(numbers(body.pk)) == [f"昆字〔2026〕{one}号" for one in (1, 2, 3, 4)]
    assert [state(code) for code in (A, B, C)] == [(True, B), (True, C), (False, "")]
    for code in (A, B, C):
        found = subject_by_identifier("uscc", code)
        assert found is not None
        assert (found.id, found.uscc) == (body.pk, C)
        assert len(answer_check(read_code(code), DAY, LATE).facts) == 5


def test_the_public_end_is_led_from_the_old_codes_to_the_body(officers: TwoOfficers, body: Subject) -> None:
    officers.reissue(body.pk, A, B)
    assert body_by_code(A, DAY) is None
    shown = body_by_code(B, DAY)
    assert shown is not None
    assert shown.subject_id == body.pk
    assert leads_on() == [(A, body.pk, "replaced")]


def test_a_register_entry_that_names_both_codes_is_enough(body: Subject) -> None:
    assert register_bodies({"uscc": B, "former_uscc": A, "name": "昆山乙有限公司"}, now=LATE) == {}
    body.refresh_from_db()
    assert (Subject.objects.count(), body.uscc, body.name) == (1, B, "昆山乙有限公司")
    assert state(A) == (True, B)
    assert leads_on() == [(A, body.pk, "replaced")]
    assert register_bodies({"uscc": B, "former_uscc": A, "name": "昆山乙有限公司"}, now=LATE) == {}
    assert (state(A), Subject.objects.count()) == ((True, B), 1)


def test_facts_that_waited_for_the_old_or_the_new_code_are_tied(body: Subject) -> None:
    add_facts({"identifier": f"uscc:{B}", "number": 1}, {"identifier": f"uscc:{C}", "number": 2}, now=NOW)
    register_bodies({"uscc": C, "former_uscc": B}, {"uscc": B, "former_uscc": A}, now=LATE)
    assert sorted(numbers(body.pk)) == ["昆字〔2026〕1号", "昆字〔2026〕2号"]


def test_a_whole_chain_in_one_file_is_one_body_in_any_order_of_its_lines() -> None:
    links = [{"uscc": B, "former_uscc": A}, {"uscc": C, "former_uscc": B}]
    assert register_bodies(*links, now=NOW) == {2: "code_replaced"}
    assert Subject.objects.get().uscc == C
    assert [state(code) for code in (A, B, C)] == [(True, B), (True, C), (False, "")]
    other = [uscc(one) for one in (11, 12, 13)]
    links = [{"uscc": other[2], "former_uscc": other[1]}, {"uscc": other[1], "former_uscc": other[0]}]
    assert register_bodies(*links, now=NOW) == {3: "code_replaced"}
    assert Subject.objects.exclude(uscc=C).get().uscc == other[2]
    assert [state(code) for code in other] == [(True, other[1]), (True, other[2]), (False, "")]


def test_an_entry_under_a_replaced_code_changes_nothing(officers: TwoOfficers, body: Subject) -> None:
    officers.reissue(body.pk, A, B)
    assert register_bodies({"uscc": A, "name": "昆山旧事有限公司", "status": "注销"}, now=LATE) == {2: "code_replaced"}
    body.refresh_from_db()
    assert (Subject.objects.count(), body.name, body.status, body.uscc) == (1, "昆山甲有限公司", "存续", B)


@pytest.mark.parametrize(
    ("rows", "sent_back"),
    [
        ([{"uscc": B, "former_uscc": A}], [2]),
        ([{"uscc": C, "former_uscc": A}, {"uscc": uscc(4), "former_uscc": A}], [2, 3]),
        ([{"uscc": C, "former_uscc": A}, {"uscc": C, "former_uscc": B}], [2, 3]),
        ([{"uscc": uscc(8), "former_uscc": uscc(9)}, {"uscc": uscc(9), "former_uscc": uscc(8)}], [2, 3]),
    ],
    ids=["two bodies", "one code, two successors", "two codes, one successor", "a circle"],
)
def test_a_contradiction_is_sent_back_and_joins_nobody(rows: list[dict[str, str]], sent_back: list[int]) -> None:
    register_bodies({"uscc": A}, {"uscc": B}, now=NOW)
    assert register_bodies(*rows, now=LATE) == dict.fromkeys(sent_back, "reissue_contradicted")
    assert sorted(Subject.objects.values_list("uscc", flat=True)) == sorted([A, B])
    assert not Identifier.objects.filter(ended_at__isnull=False).exists()


def test_a_chain_on_file_does_not_fork(officers: TwoOfficers, body: Subject) -> None:
    officers.reissue(body.pk, A, B)
    assert register_bodies({"uscc": C, "former_uscc": A}, now=LATE) == {2: "reissue_contradicted"}
    assert Subject.objects.count() == 1


def test_the_name_never_joins_two_codes(body: Subject) -> None:
    register_bodies({"uscc": B, "name": body.name, "former": body.name}, now=LATE)
    assert Subject.objects.count() == 2


def test_a_re_issue_by_hand_is_refused_where_it_contradicts_the_register(officers: TwoOfficers, body: Subject) -> None:
    register_bodies({"uscc": uscc(9)}, now=NOW)

    def refusal(old: str, new: str, **more: Any) -> str:
        values: dict[str, Any] = {"on": date(2026, 3, 1), "document": "函", "reason": "换发"} | more
        with pytest.raises(ChengxinError) as refused:
            ReissueCode(officers.asker, body.pk, old, new, now=officers.now, **values).execute()
        return refused.value.code

    assert refusal(A, A) == "codes_wrong"
    assert refusal(A, "9132") == "codes_wrong"
    assert refusal(C, B) == "old_code_wrong"
    assert refusal(A, B, on=date(2027, 1, 1)) == "day_to_come"
    assert refusal(A, B, document="") == "document_missing"
    assert refusal(A, B, reason="") == "reason_missing"
    with pytest.raises(CodeTaken):
        ReissueCode(officers.asker, body.pk, A, uscc(9), date(2026, 3, 1), "函", "换发", officers.now).execute()
    officers.reissue(body.pk, A, B)
    assert refusal(A, C) == "old_code_wrong"
    assert refusal(B, A) == "code_circle"


def test_how_the_body_stood_before_is_answered_as_it_was(officers: TwoOfficers, body: Subject) -> None:
    then = officers.now
    before = (codes_at(body.pk, then), body_on(body.pk, DAY, then), answer_check(read_code(A), then.date(), then))
    officers.reissue(body.pk, A, B, on=date(2026, 2, 1))
    assert (
        codes_at(body.pk, then),
        body_on(body.pk, DAY, then),
        answer_check(read_code(A), then.date(), then),
    ) == before
    known = versions(body.pk, officers.now)
    assert [(one.uscc, one.basis, one.valid_from) for one in known] == [
        (A, "registration", date(2026, 3, 2)),
        (B, "reissue", date(2026, 2, 1)),
    ]
    assert subject_by_identifier("uscc", B, then) is None
