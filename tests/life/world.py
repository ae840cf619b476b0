"""The city in which facts live: two departments, two officers, a keeper of evidence, and a clock that a test moves."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
from django.db import connection, transaction

from chengxin.accounts.actor import REVIEW_LINKS, Actor, operator
from chengxin.audit.models import Event
from chengxin.checks.actions.check_one import CheckOne
from chengxin.kernel.calendar import legal_day
from chengxin.publication.queries import FactList, facts_of_body
from chengxin.records.actions.add import Added, AddRecords
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.subjects.actions.register import hold_register
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.making import make_organisation

if TYPE_CHECKING:
    from chengxin.checks.answer import CheckAnswer
    from chengxin.testing.evidence import Installation

REVIEWER = Actor("officer", "li", "centre", frozenset({REVIEW_LINKS}), everywhere=True)

ITEMS = ("licence", "penalty")

ISSUER = "昆山市市场监督管理局"


@dataclass(frozen=True)
class Paper:
    """What a department writes in one row: which document, about whom, what it says, and until when it holds."""

    number: str
    code: str
    item: str
    text: str
    start: date
    until: date | None


@dataclass
class World:
    """One database that lives through many examples; each has bodies and documents of its own."""

    evidence: Installation
    officers: TwoOfficers = field(init=False)
    departments: tuple[int, int] = field(init=False)
    latest: datetime = field(init=False)
    batches: int = 0
    examples: int = 0

    def __post_init__(self) -> None:
        """Make the departments and the officers."""
        self.officers = TwoOfficers(self.evidence.clock.now)
        self.departments = make_organisation("one").pk, make_organisation("two").pk
        self.latest = self.now

    @property
    def now(self) -> datetime:
        """Return what the clock shows."""
        return self.officers.now

    def tick(self, **step: float) -> datetime:
        """Let time pass, or go back, and let the keeper see what was done."""
        self.officers.now += timedelta(**(step or {"minutes": 1}))
        self.latest = max(self.latest, self.now)
        self.evidence.clock.now = self.now
        return self.now

    def morning(self) -> None:
        """Begin the next day but one at ten in the morning: examples do not depend on the one before them."""
        start = (self.latest + timedelta(days=2)).replace(hour=2, minute=0, second=0, microsecond=0)
        self.tick(seconds=(start - self.now).total_seconds())

    def keep(self) -> None:
        """Let the keeper add the events to the tree, sign and show a checkpoint."""
        self.evidence.clock.now = self.now
        self.evidence.keeper.round()

    @property
    def today(self) -> date:
        """Return the legal day."""
        return legal_day(self.now)

    def register(self, code: str, name: str) -> None:
        """Hand in one register entry."""
        register_bodies({"uscc": code, "name": name}, now=self.tick())

    def hand_in(self, department: int, *papers: Paper) -> Added:
        """Hand in one file of ``papers`` of one item, each tied by its code as linking ties it."""
        now = self.tick()
        self.batches += 1
        with duckdb.connect() as duck, transaction.atomic():
            hold_register()
            _stage(duck, papers)
            return AddRecords(
                duck, papers[0].item, "G3", self.departments[department], self.batches, now, legal_day(now)
            ).execute()

    def check(self, code: str) -> CheckAnswer:
        """Ask about a body, as the operator, for a purpose."""
        return CheckOne(operator(), code, "投标资格审查", None, self.now).execute()


def _stage(duck: duckdb.DuckDBPyConnection, papers: tuple[Paper, ...]) -> None:
    duck.execute(
        """CREATE TABLE facts (line INTEGER, key UUID, identifier VARCHAR, subject_id BIGINT, link VARCHAR,
        document_number VARCHAR, decided_on DATE, valid_from DATE, valid_until DATE, rule VARCHAR, due_on DATE,
        due_provisional BOOLEAN, public BOOLEAN, withdrawn BOOLEAN, digest UUID);
        CREATE TABLE fact_content (line INTEGER, content VARCHAR)"""
    )
    for line, one in enumerate(papers, start=2):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(subject_id), count(*) FROM subjects_identifier WHERE kind = 'uscc' AND value = %s",
                [one.code],
            )
            subject, bearers = cursor.fetchone()
        tied = subject if bearers == 1 else None
        content = content_of(one)
        said = uuid.uuid5(uuid.NAMESPACE_OID, f"{content} {one.start} {one.until}")
        values: list[Any] = [
            line, key_of(one), f"uscc:{one.code}", tied, "uscc" if tied else None, one.number, one.start, one.start,
            one.until, None, None, False, True, False, said,
        ]  # fmt: skip
        duck.execute(f"INSERT INTO facts VALUES ({', '.join('?' * 15)})", values)  # noqa: S608 - marks only
        duck.execute("INSERT INTO fact_content VALUES (?, ?)", [line, json.dumps(content, ensure_ascii=False)])


def key_of(paper: Paper) -> uuid.UUID:
    """Return what makes the paper the same fact: item, number and code."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{paper.item} {paper.number} {paper.code}")


def content_of(paper: Paper) -> dict[str, str]:
    """Return the row by field key."""
    body = {"subject_name": f"昆山{paper.code}有限公司", "uscc": paper.code, "document_number": paper.number}
    issuer = {"issuer_name": ISSUER, "legal_representative_id_number": "320583199001011234"}
    if paper.item == "penalty":
        return body | issuer | {"legal_ground": "《中华人民共和国反不正当竞争法》第二十条", "facts": paper.text}
    return body | issuer | {"content": paper.text}


def whole(page: FactList) -> FactList:
    """Return the page, which has to be the only one."""
    assert page.after is None
    return page


def shown(subject: int, day: date) -> dict[str, Any]:
    """Return what the public page shows of a body, by document number."""
    rows = [row for item in ITEMS for row in whole(facts_of_body(subject, item, day)).rows]
    return {row.fact.document_number: row for row in rows}


def in_force(subject: int, day: date, known_at: datetime) -> dict[str, Any]:
    """Return what ``standing`` gives of a body but its register entry, by document number."""
    return {one.document_number: one for one in standing(subject, day, known_at) if one.item != "registration"}


def versions() -> list[tuple[Any, ...]]:
    """Return every version of every fact, as far as it says anything."""
    return list(Record.objects.order_by("pk").values_list("key", "version", "kind", "subject_id", "digest", "public"))


def events() -> int:
    """Return how many events are on file."""
    return Event.objects.count()


def public_rows() -> list[Any]:
    """Return everything the public schema holds about facts and bodies."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT record_id, subject_id, document_number, shown_until::text, content::text FROM publication.fact
            UNION ALL SELECT 0, subject_id, uscc || name, shown_until::text, content::text FROM publication.body"""
        )
        return sorted(cursor.fetchall(), key=str)
