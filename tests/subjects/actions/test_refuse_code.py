"""A code that its registrar calls wrong is taken from the body, with everything that only this code tied to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.subjects.actions.merge_undo import AskUndo
from chengxin.subjects.actions.refuse_code import RefuseCode
from chengxin.subjects.changes import changes
from chengxin.subjects.history import bearers_at, codes_at
from chengxin.subjects.models import Change, Identifier, MovedRow, RefusedCode, Subject
from chengxin.subjects.queries import subject_by_identifier
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_record

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 1)
LATE = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WRONG = registration_number(1)
REGISTRAR = ("officer", "sun", "registrar")


@pytest.fixture
def body() -> int:
    """A body that bears a wrong number beside its credit code, with a fact under each."""
    register_bodies({"uscc": uscc(1), "registration_number": WRONG}, now=NOW)
    add_facts(
        {"identifier": f"uscc:{uscc(1)}", "number": 1},
        {"identifier": f"registration_number:{WRONG}", "number": 2},
        now=NOW,
    )
    return Subject.objects.get().pk


def refuse(subject: int, now: datetime = LATER, value: str = WRONG) -> bool:
    return RefuseCode(REGISTRAR, subject, "registration_number", value, "昆市监函〔2026〕5号", now).execute()


def facts_at(subject: int, known_at: datetime = LATE) -> list[str]:
    return sorted(fact.document_number for fact in standing(subject, DAY, known_at) if fact.document_number)


def number(given: int) -> str:
    return f"昆字〔2026〕{given}号"


def shown() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id, document_number FROM publication.fact WHERE document_number <> '' ORDER BY 2"
        )
        return list(cursor.fetchall())


def test_the_code_leads_nowhere_and_its_facts_are_nobodys(body: int) -> None:
    assert refuse(body) is True
    assert subject_by_identifier("registration_number", WRONG) is None
    assert facts_at(body) == [number(1)]
    untied = Record.objects.filter(document_number=number(2)).latest("version")
    assert (untied.version, untied.kind, untied.subject_id, untied.link) == (2, "relinked", None, None)
    assert shown() == [(body, number(1))]


def test_what_the_code_told_before_is_still_answered_for_then(body: int) -> None:
    before = (codes_at(body, NOW), bearers_at("registration_number", WRONG, NOW), facts_at(body, NOW))
    refuse(body)
    assert (codes_at(body, NOW), bearers_at("registration_number", WRONG, NOW), facts_at(body, NOW)) == before
    assert bearers_at("registration_number", WRONG, LATE) == ()
    found = subject_by_identifier("registration_number", WRONG, NOW)
    assert found is not None
    assert found.id == body


def test_a_second_time_does_nothing_and_leaves_no_trace(body: int) -> None:
    refuse(body)
    after = (Change.objects.count(), Event.objects.count(), Record.objects.count(), RefusedCode.objects.count())
    assert refuse(body, LATE) is False
    assert (
        Change.objects.count(), Event.objects.count(), Record.objects.count(), RefusedCode.objects.count()
    ) == after  # fmt: skip
    assert refuse(body, LATE, registration_number(9)) is False


def test_who_said_so_and_by_which_document_stays_on_file(body: int) -> None:
    refuse(body)
    (change,) = changes()
    assert (change.kind, change.state, change.asked_by) == ("refusal", "done", "sun")
    assert (change.reason, change.done_at, change.target_id) == ("昆市监函〔2026〕5号", LATER, None)
    assert change.plan == {"kind": "registration_number", "value": WRONG, "document": "昆市监函〔2026〕5号"}
    assert [one["name"] for one in change.preview["sides"]] == [Subject.objects.get().name]
    moved = MovedRow.objects.get()
    assert (moved.what, moved.before["value"], moved.absorbed, moved.kept) == ("identifier", WRONG, True, False)
    event = Event.objects.latest("pk")
    assert (event.action, event.object, event.actor) == ("subject.code_refused", str(body), "sun")
    assert event.detail == {
        "code": "registration_number",
        "change": change.id,
        "document": "昆市监函〔2026〕5号",
    }


def test_no_register_entry_gives_the_code_back(body: int) -> None:
    refuse(body)
    register_bodies({"uscc": uscc(1), "registration_number": WRONG}, now=LATE)
    assert not Identifier.objects.filter(value=WRONG).exists()
    add_facts({"identifier": f"registration_number:{WRONG}", "number": 3}, now=LATE)
    assert facts_at(body, LATE + timedelta(days=1)) == [number(1)]


def test_the_one_other_bearer_gets_the_facts_at_once(body: int) -> None:
    register_bodies({"uscc": uscc(2), "registration_number": WRONG}, now=NOW)
    right = Subject.objects.get(uscc=uscc(2)).pk
    refuse(body)
    assert (facts_at(body), facts_at(right)) == ([number(1)], [number(2)])
    assert shown() == [(body, number(1)), (right, number(2))]
    assert Change.objects.get().target_id == right
    assert bearers_at("registration_number", WRONG, NOW) == (body, right)
    assert bearers_at("registration_number", WRONG, LATE) == (right,)


def test_two_other_bearers_leave_the_facts_waiting(body: int) -> None:
    register_bodies(*({"uscc": uscc(one), "registration_number": WRONG} for one in (2, 3)), now=NOW)
    refuse(body)
    others = Subject.objects.exclude(pk=body).values_list("pk", flat=True)
    assert [facts_at(one) for one in others] == [[], []]
    assert Record.objects.filter(document_number=number(2)).latest("version").subject_id is None


def test_what_a_person_tied_stays_where_the_person_put_it(body: int) -> None:
    make_record(
        10_001, Subject.objects.get(), identifier=f"registration_number:{WRONG}", link="decision",
        document_number=number(9),
    )  # fmt: skip
    refuse(body)
    assert facts_at(body) == [number(1), number(9)]


def test_a_fact_that_was_withdrawn_is_left_as_it_is(body: int) -> None:
    add_facts({"identifier": f"registration_number:{WRONG}", "number": 2, "withdrawn": True}, now=NOW)
    refuse(body)
    latest = Record.objects.filter(document_number=number(2)).latest("version")
    assert (latest.kind, latest.version, latest.subject_id) == ("withdrawn", 2, body)


def test_the_bodys_own_register_entry_stays_though_it_names_the_code() -> None:
    register_bodies({"registration_number": WRONG, "name": "昆山甲厂"}, now=NOW)
    body = Subject.objects.get()
    Identifier.objects.create(subject=body, kind="tax_number", value="320583187588026", first_seen_at=NOW)
    refuse(body.pk)
    entry = Record.objects.get(item="registration")
    assert (entry.version, entry.subject_id) == (1, body.pk)


def test_a_merge_before_is_not_undone_over_a_code_refused_since(body: int) -> None:
    officers = TwoOfficers(NOW)
    register_bodies({"uscc": uscc(2)}, now=NOW)
    merged = officers.merge(body, Subject.objects.get(uscc=uscc(2)).pk)
    refuse(merged.target_id or 0, officers.later())
    with pytest.raises(ChengxinError) as refused:
        AskUndo(officers.asker, merged.pk, "有误", officers.later()).check()
    assert refused.value.code == "later_change"
    assert refused.value.where == str(Change.objects.get(kind="refusal").pk)
