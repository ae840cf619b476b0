"""Row security of facts and proposals: an officer sees the organisation's own, and where nobody acts, nobody sees."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.accounts.actor import REVIEW_LINKS, Actor
from chengxin.base.context import NOBODY, Acting
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal, Record
from chengxin.testing.making import NOW, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Connect = Callable[[str], psycopg.Connection]

CENTRE = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)
FAR = 10**9

TABLES = ("records_record", "records_linkproposal", "records_linkdecision", "records_linkeffect")


@pytest.fixture
def organisations(own_database: str) -> tuple[int, int]:
    """Two organisations, each with a fact that a decision has tied to a body."""
    assert own_database
    subject = make_subject()
    made = []
    for number, code in enumerate(("market", "housing"), start=1):
        organisation = make_organisation(code)
        fact = make_record(FAR + number, None, identifier=f"uscc:X{number}", organisation_id=organisation.pk)
        shown = {"subject_id": subject.pk, "name": subject.name, "score": 0.9, "verdict": "same", "reasons": []}
        proposal = LinkProposal.objects.create(
            fact_key=fact.key, record_id=fact.pk, batch_id=1, line=number, item="licence",
            organisation_id=organisation.pk, submitted_by="wang", cause="code_unknown", name=subject.name,
            name_key=subject.name, identifier=f"uscc:X{number}", digest="d" * 64, candidates=[subject.pk],
            evidence={"row": {}, "candidates": [shown]}, state="open", made_at=NOW, changed_at=NOW,
        )  # fmt: skip
        ApplyLink(DecideLink(CENTRE, proposal.pk, 1, "link", NOW, subject.pk).execute().pk, NOW).execute()
        made.append(organisation.pk)
    return made[0], made[1]


@contextmanager
def acting(session: psycopg.Connection, who: Acting) -> Iterator[psycopg.Connection]:
    """Act as this officer for one transaction, as the processes of the ends do."""
    with session.transaction(force_rollback=True):
        session.execute("SET TRANSACTION READ WRITE")
        session.execute(who.statement)
        yield session


def counts(session: psycopg.Connection, who: Acting, *tables: str) -> list[int]:
    with acting(session, who):
        found = []
        for table in tables or TABLES:
            row = session.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert row is not None
            found.append(int(row[0]))
        return found


def officer(organisation: int | None, *, everywhere: bool = False) -> Acting:
    return Acting("officer", "zhao", organisation, everywhere)


def test_an_officer_sees_what_belongs_to_the_own_organisation_and_nothing_else(
    organisations: tuple[int, int], connect_as: Connect
) -> None:
    office = connect_as("office")
    assert counts(office, officer(None, everywhere=True)) == [4, 2, 2, 2]
    for organisation in organisations:
        assert counts(office, officer(organisation)) == [2, 1, 1, 1]
        with acting(office, officer(organisation)):
            seen = office.execute("SELECT DISTINCT organisation_id FROM records_record").fetchall()
        assert seen == [(organisation,)]
    assert counts(office, officer(10**6)) == [0, 0, 0, 0]


def test_only_who_is_known_sees_facts_and_the_worker_works_for_everybody(
    organisations: tuple[int, int], connect_as: Connect
) -> None:
    assert Record.objects.count() == 2 * len(organisations)
    assert counts(connect_as("office"), NOBODY) == [0, 0, 0, 0]
    api = connect_as("api")
    assert counts(api, NOBODY, "records_record") == [0]
    # A request whose sender is not known yet may look an account up and nothing else.
    assert counts(api, Acting("arrival", "", None, everywhere=False), "records_record") == [0]
    assert counts(api, Acting("client", "1", organisations[0], everywhere=False), "records_record") == [4]
    assert counts(connect_as("worker"), NOBODY) == [4, 2, 2, 2]


def test_nobody_moves_or_decides_another_organisations_proposal_past_the_pages(
    organisations: tuple[int, int], connect_as: Connect
) -> None:
    office = connect_as("office")
    other = LinkProposal.objects.get(organisation_id=organisations[1])
    with acting(office, officer(organisations[0])):
        moved = "UPDATE records_linkproposal SET note = '看过'"
        assert office.execute(f"{moved} WHERE id = {other.pk}").rowcount == 0
        assert office.execute(moved).rowcount == 1
    statement = """INSERT INTO records_linkdecision (proposal_id, revision, outcome, batch_id, line, item, rule,
        identifier, name_key, verdict, reasons, evidence, digest, note, actor_kind, officer, organisation, decided_at)
        VALUES (%s, 1, 'none', 1, 1, 'licence', '', '', '', '', '[]', '{}', '', '', 'officer', 'zhao', '', now())"""
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
        acting(office, officer(organisations[0])),
    ):
        office.execute(statement, [other.pk])
    with acting(office, officer(organisations[1])):
        assert office.execute(statement, [other.pk]).rowcount == 1
    assert (LinkDecision.objects.count(), LinkEffect.objects.count()) == (2, 2)
