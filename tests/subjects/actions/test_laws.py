"""Laws of the register under any sequence of what happens to bodies: nothing is lost, doubled, or forgotten."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chengxin.base.errors import ChengxinError
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.subjects.history import bearers_at, codes_at, names_at
from chengxin.subjects.models import Change, Identifier, Name, Subject
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW

DAY = date(2026, 12, 1)
CODES = tuple(uscc(number) for number in range(1, 6))
NUMBERS = tuple(registration_number(number) for number in range(1, 3))
places = st.integers(0, 4)


def latest() -> dict[str, tuple[int | None, bool, str]]:
    """Return of every fact where it is, whether it may be public, and what its last own change was."""
    found: dict[str, tuple[int | None, bool, str]] = {}
    for one in Record.objects.order_by("key", "version"):
        told = found.get(str(one.key), (None, False, ""))[2] if one.kind == "moved" else str(one.digest)
        found[str(one.key)] = (one.subject_id, one.public, told)
    return found


def register() -> tuple[set[Any], set[Any], set[Any]]:
    """Return who bears which codes and names, and who was merged into whom."""
    return (
        set(Identifier.objects.values_list("subject", "kind", "value", "ended_at", "replaced_by", "first_seen_at")),
        set(Name.objects.values_list("subject", "kind", "name", "first_seen_at")),
        set(Subject.objects.values_list("pk", "name", "uscc", "merged_into")),
    )


def public() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT subject_id::text, item, document_number, shown_from::text FROM publication.fact
            UNION ALL SELECT subject_id::text, 'body', uscc || name || status, shown_from::text FROM publication.body
            UNION ALL SELECT subject_id::text, 'name', kind || name, '' FROM publication.body_name
            UNION ALL SELECT subject_id::text, 'code', code, cause FROM publication.leads_on"""
        )
        return sorted(cursor.fetchall())


class Register(RuleBasedStateMachine):
    """Registers, imports, merges, splits, re-issues and undoes in any order, in one transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.officers = TwoOfficers(NOW)
        self.facts: set[str] = set()
        self.seen: list[tuple[datetime, Any]] = []
        self.numbers = itertools.count(1)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        rows = ({"uscc": code, "registration_number": NUMBERS[place % 2]} for place, code in enumerate(CODES[:3]))
        register_bodies(*rows, now=self.officers.later())
        self.hand_in(0, 0, 0)

    def bodies(self) -> list[Subject]:
        return list(Subject.objects.filter(merged_into=None).order_by("pk"))

    @rule(place=places, name=st.sampled_from(["甲", "乙"]), former=st.none() | places, number=st.sampled_from(NUMBERS))
    def enter(self, place: int, name: str, former: int | None, number: str) -> None:
        row = {"uscc": CODES[place], "name": f"昆山{name}{place}有限公司", "registration_number": number}
        if former is not None:
            row["former_uscc"] = CODES[former]
        register_bodies(row, now=self.officers.later())

    @rule(
        place=places,
        number=st.integers(0, 1),
        document=st.integers(1, 4),
        text=st.sampled_from("甲乙"),
        old=st.booleans(),
    )
    def hand_in(self, place: int, number: int, document: int, text: str = "甲", *, old: bool = False) -> None:
        identifier = f"registration_number:{NUMBERS[number]}" if old else f"uscc:{CODES[place]}"
        add_facts({"identifier": identifier, "number": document, "text": text}, now=self.officers.later())

    @rule(place=places, document=st.integers(1, 4))
    def withdraw(self, place: int, document: int) -> None:
        row = {"identifier": f"uscc:{CODES[place]}", "number": document, "withdrawn": True}
        add_facts(row, now=self.officers.later())

    @precondition(lambda self: len(self.bodies()) > 1)
    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def merge(self, one: int, other: int) -> None:
        held = self.bodies()
        self.attempt(lambda: self.officers.merge(held[one % len(held)].pk, held[other % len(held)].pk))

    @rule(one=st.integers(0, 9), data=st.data())
    def split(self, one: int, data: st.DataObject) -> None:
        held = self.bodies()
        body = held[one % len(held)]
        codes = sorted(Identifier.objects.filter(subject=body).values_list("kind", "value"))
        chosen = data.draw(st.sets(st.sampled_from(codes), max_size=3))
        chosen |= {("organisation_code", value[8:17]) for kind, value in chosen if kind == "uscc"}
        self.attempt(lambda: self.officers.split(body.pk, sorted(chosen), body.name))

    @rule(place=places, new=places)
    def reissue(self, place: int, new: int) -> None:
        for one in Identifier.objects.filter(kind="uscc", value=CODES[place], subject__merged_into=None):
            self.attempt(lambda subject=one.subject_id: self.officers.reissue(subject, CODES[place], CODES[new]))

    @precondition(lambda _self: Change.objects.filter(state="done", kind__in=["merge", "split"]).exists())
    @rule(which=st.integers(0, 9))
    def undo(self, which: int) -> None:
        done = list(Change.objects.filter(state="done", kind__in=["merge", "split"]).order_by("pk"))
        self.attempt(lambda: self.officers.undo(done[which % len(done)].pk))

    @precondition(lambda self: len(self.bodies()) > 1)
    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def merge_and_undo(self, one: int, other: int) -> None:
        held = self.bodies()
        before = (latest(), register(), public())
        change = self.attempt(lambda: self.officers.merge(held[one % len(held)].pk, held[other % len(held)].pk))
        if change is not None:
            assert change.state == "done"
            self.officers.undo(change.pk)
            assert (latest(), register(), public()) == before

    def attempt(self, act: Any) -> Change | None:
        try:
            with transaction.atomic():
                made: Change = act()
        except ChengxinError:
            return None
        return made

    @rule()
    def remember(self) -> None:
        """Note what is answered about this moment; it must be answered so for ever."""
        now = self.officers.later()
        self.seen = [*self.seen[-2:], (now, self.answers(now))]
        self.officers.later()

    def answers(self, known_at: datetime) -> Any:
        numbers = Subject.objects.filter(made_at__lte=known_at).order_by("pk").values_list("pk", flat=True)
        return (
            [
                (number, standing(number, DAY, known_at), codes_at(number, known_at), names_at(number, known_at))
                for number in numbers
            ],
            [bearers_at("uscc", code, known_at) for code in CODES],
        )

    @invariant()
    def the_past_is_answered_as_it_was(self) -> None:
        for known_at, answered in self.seen:
            assert self.answers(known_at) == answered

    @invariant()
    def no_fact_is_lost_and_each_is_at_one_body_or_none(self) -> None:
        held = latest()
        assert self.facts <= set(held)
        self.facts = set(held)
        alive = set(Subject.objects.filter(merged_into=None).values_list("pk", flat=True))
        assert {subject for subject, _public, _told in held.values() if subject is not None} <= alive
        stood = [
            (fact.key, number)
            for number in Subject.objects.values_list("pk", flat=True)
            for fact in standing(number, DAY, self.officers.now + timedelta(days=1))
        ]
        assert len({key for key, _number in stood}) == len(stood)

    @invariant()
    def a_merged_body_bears_nothing_and_leads_to_one_that_stands(self) -> None:
        gone = Subject.objects.exclude(merged_into=None)
        assert not Identifier.objects.filter(subject__in=gone).exists()
        assert not Name.objects.filter(subject__in=gone).exists()

    @invariant()
    def what_is_public_is_what_is_held(self) -> None:
        held = {
            str(one.pk): one.subject_id
            for one in Record.objects.filter(item="licence").order_by("key", "-version").distinct("key")
            if one.public and one.kind != "withdrawn" and one.subject_id is not None
        }
        with connection.cursor() as cursor:
            cursor.execute("SELECT record_id::text, subject_id FROM publication.fact WHERE item = 'licence'")
            assert dict(cursor.fetchall()) == held
            cursor.execute("SELECT coalesce(sum(facts), 0) FROM publication.monthly WHERE item = 'licence'")
            assert cursor.fetchone() == (len(held),)
            cursor.execute("SELECT (SELECT bodies FROM publication.state), count(*) FROM publication.body")
            bodies, rows = cursor.fetchone()
            assert bodies == rows


@pytest.mark.django_db
def test_whatever_happens_to_bodies_the_laws_hold() -> None:
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert not Change.objects.exists()
