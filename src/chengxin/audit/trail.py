"""The audit trail as the auditor reads it: by time, actor, organisation, action, subject and case, page by page.

Which rows there are is for the database: everybody's for an officer with the duty of auditor, one's own for others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.base.errors import ChengxinError, NotFound
from chengxin.kernel.calendar import LEGAL_ZONE, legal_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

PAGE = 50
"""Events on one page."""

LONGEST_PERIOD = timedelta(days=92)
"""A question covers a quarter at most: what is neither a subject nor a case is found by reading the whole period."""

_COLUMNS = """id, at, actor_kind, actor, organisation, action, object_kind, object, purpose, case_number, legal_basis,
    channel, subject_id, detail, personal_digest IS NOT NULL"""


@dataclass(frozen=True)
class TrailQuestion:
    """What an auditor asks for: a period (``until`` is not in it), and words that have to be met where given.

    ``actor`` is an officer's user name or a client's number, ``organisation`` a code; ``action`` is one action or, up
    to its full stop, a family of them (``officer`` finds ``officer.logged_in``).
    """

    since: datetime
    until: datetime
    actor: str = ""
    organisation: str = ""
    action: str = ""
    subject_id: int | None = None
    case_number: str = ""

    def check(self) -> None:
        """Raise ``ChengxinError`` for a period that is empty or longer than ``LONGEST_PERIOD``."""
        if not timedelta() < self.until - self.since <= LONGEST_PERIOD:
            raise ChengxinError(
                "period_wrong",
                f"时间段不对：起始日期不能晚于截止日期，一次最多查 {LONGEST_PERIOD.days} 天",
                f"the period is wrong: it begins before it ends, and has {LONGEST_PERIOD.days} days at most",
                where="since",
            )

    def where(self) -> tuple[str, list[Any]]:
        """Return the question as a condition in SQL and its values."""
        conditions, values = ["at >= %s", "at < %s"], [self.since, self.until]
        given: list[Any] = list(values)
        for column, value in (
            ("actor", self.actor),
            ("organisation", self.organisation),
            ("case_number", self.case_number),
            ("subject_id", self.subject_id),
        ):
            if value not in {"", None}:
                conditions.append(f"{column} = %s")
                given.append(value)
        if self.action:
            conditions.append("(action = %s OR starts_with(action, %s))")
            given += [self.action, f"{self.action.rstrip('.')}."]
        return " AND ".join(conditions), given


@dataclass(frozen=True)
class EventRow:
    """One event. ``has_text`` says that an erasable text was written beside it, not that it is still there."""

    number: int
    at: datetime
    actor_kind: str
    actor: str
    organisation: str
    action: str
    object_kind: str
    object: str
    purpose: str
    case_number: str
    legal_basis: str
    channel: str
    subject_id: int | None
    detail: Mapping[str, Any]
    has_text: bool


@dataclass(frozen=True)
class EventPage:
    """A page of events, the newest first; ``after`` is where the next one begins, None at the end."""

    rows: tuple[EventRow, ...]
    after: tuple[datetime, int] | None


@dataclass(frozen=True)
class DayOfEvents:
    """How many events a legal day has."""

    day: date
    count: int


def events(question: TrailQuestion, *, after: tuple[datetime, int] | None = None, limit: int = PAGE) -> EventPage:
    """Return a page of what ``question`` asks for; one query. Raises ``ChengxinError`` for a wrong period.

    Events of one moment are told apart by their number, so no page repeats or skips one.
    """
    question.check()
    condition, given = question.where()
    if after is not None:
        condition += " AND (at, id) < (%s, %s)"
        given += after
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM audit_event WHERE {condition} ORDER BY at DESC, id DESC LIMIT %s",
            [*given, limit + 1],
        )
        rows = tuple(_row(one) for one in cursor.fetchall())
    shown = rows[:limit]
    return EventPage(shown, (shown[-1].at, shown[-1].number) if len(rows) > limit else None)


def events_by_day(question: TrailQuestion) -> tuple[DayOfEvents, ...]:
    """Return every legal day of the period with its number of events, days without one too; one query."""
    question.check()
    condition, given = question.where()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT (at AT TIME ZONE %s)::date AS day, count(*) FROM audit_event WHERE {condition} GROUP BY day""",
            [LEGAL_ZONE.key, *given],
        )
        counted = dict(cursor.fetchall())
    first, last = legal_day(question.since), legal_day(question.until - timedelta(microseconds=1))
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return tuple(DayOfEvents(day, counted.get(day, 0)) for day in days)


def event_by_number(number: int) -> EventRow:
    """Return one event; raise ``NotFound`` where there is none that the actor may see."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM audit_event WHERE id = %s", [number])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("unknown_event", f"没有编号为 {number} 的审计事件", f"there is no audit event {number}")
    return _row(row)


def text_of(number: int) -> str | None:
    """Return the text beside one event, or None where it has none or it was erased; only inside a transaction.

    The database shows a text while the transaction names its event, and no list of texts at all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('chengxin.audit_text', %s, true)", [str(int(number))])
        cursor.execute("SELECT content FROM audit_personal WHERE event_id = %s", [number])
        row = cursor.fetchone()
        cursor.execute("SELECT set_config('chengxin.audit_text', '', true)")
    return str(row[0]) if row else None


def _row(values: tuple[Any, ...]) -> EventRow:
    """Return the columns of ``_COLUMNS`` as a row; JSON comes as text from a cursor of Django's."""
    *front, detail, has_text = values
    return EventRow(*(*front, json.loads(detail) if isinstance(detail, str) else detail, has_text))
