"""What the public end reads: set-based queries over the ``publication`` schema, into frozen dataclasses.

Every function takes the legal day (Asia/Shanghai) for which it answers; in force is computed from dates by
``publication.in_force`` when asked. Lists page by key: ``after`` is the key of the last row seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.kernel.names import fold_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

PAGE = 20
"""Rows a page of a list shows."""

SHORTEST_SEARCH = 2
"""Characters a search needs: fewer would list half the city."""


@dataclass(frozen=True)
class Body:
    """A registered body as the public sees it; ``content`` holds the public fields of its registration by field key."""

    subject_id: int
    uscc: str
    kind: str
    name: str
    status: str
    content: Mapping[str, str]


@dataclass(frozen=True)
class Hit:
    """A body found by a search and the name that matched (``matched_kind``: current, former, english or code)."""

    body: Body
    matched: str
    matched_kind: str


@dataclass(frozen=True)
class Hits:
    """One page of a search; ``after`` asks for the next page and is None on the last."""

    hits: tuple[Hit, ...]
    after: int | None


@dataclass(frozen=True)
class Fact:
    """One fact in force. ``content`` holds its public fields by field key; dates are in ISO 8601."""

    record_id: int
    subject_id: int
    item: str
    document_number: str
    decided_on: date
    issuer: str
    shown_from: date
    shown_until: date | None
    content: Mapping[str, str]


@dataclass(frozen=True)
class ListedFact:
    """A fact in a list, with the body it is about."""

    fact: Fact
    name: str
    uscc: str


@dataclass(frozen=True)
class FactKey:
    """Where a list goes on: the decision day and record of the last row seen."""

    decided_on: date
    record_id: int


@dataclass(frozen=True)
class FactList:
    """One page of a list of facts; ``after`` asks for the next page and is None on the last."""

    rows: tuple[ListedFact, ...]
    after: FactKey | None


@dataclass(frozen=True)
class FormerName:
    """A name a body bears or bore besides its current one (``former`` or ``english``)."""

    kind: str
    name: str


@dataclass(frozen=True)
class Month:
    """How many facts of an item were decided in a month and are published."""

    month: date
    facts: int


@dataclass(frozen=True)
class PublicState:
    """When the public store last changed, how many bodies and how many facts of each item it holds."""

    changed_at: datetime | None
    bodies: int
    facts: Mapping[str, int]


_BODY = "b.subject_id, b.uscc, b.kind, b.name, b.status, b.content"
_FACT = (
    "f.record_id, f.subject_id, f.item, f.document_number, f.decided_on, f.issuer, f.shown_from, f.shown_until, f.content"
)


def search_bodies(text: str, on_day: date, *, after: int | None = None, limit: int = PAGE) -> Hits:
    """Return bodies whose name (current, former, English) contains ``text`` or whose code begins with it.

    Width, case, brackets and spaces do not matter. Fewer than two characters find nothing. The first page begins
    with the body whose name or code is exactly ``text``.
    """
    folded = fold_name(text)
    if len(folded) < SHORTEST_SEARCH:
        return Hits((), None)
    pattern = _like(folded)
    rows = _rows(
        f"""
        WITH found AS (
            SELECT n.subject_id, n.name, n.kind, n.folded = %(folded)s AS exact FROM publication.body_name n
            WHERE publication.bigrams(n.folded) @> publication.bigrams(%(folded)s) AND n.folded LIKE %(pattern)s
            UNION ALL
            SELECT b.subject_id, b.uscc, 'code', b.uscc = %(folded)s FROM publication.body b
            WHERE b.uscc LIKE %(prefix)s
        ), best AS (
            SELECT DISTINCT ON (subject_id) subject_id, name, kind, exact FROM found
            WHERE (%(after)s::bigint IS NULL OR (NOT exact AND subject_id > %(after)s))
            ORDER BY subject_id, exact DESC, kind
        )
        SELECT {_BODY}, best.name, best.kind, best.exact FROM best JOIN publication.body b USING (subject_id)
        WHERE publication.in_force(b.shown_from, b.shown_until, %(day)s)
        ORDER BY best.exact DESC, b.subject_id LIMIT %(limit)s
        """,  # noqa: S608 - the column list is a constant of this module
        {
            "folded": folded,
            "pattern": f"%{pattern}%",
            "prefix": f"{pattern}%",
            "after": after,
            "day": on_day,
            "limit": limit + 1,
        },
    )
    hits = tuple(Hit(_body(row), row[6], row[7]) for row in rows[:limit])
    plain = [row[0] for row in rows[:limit] if not row[8]]
    more = len(rows) > limit
    return Hits(hits, (plain[-1] if plain else 0) if more else None)


def body_by_code(uscc: str, on_day: date) -> Body | None:
    """Return the body that bears ``uscc`` and is shown on ``on_day``, or None."""
    rows = _rows(
        f"""SELECT {_BODY} FROM publication.body b
        WHERE b.uscc = %(uscc)s AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
        ORDER BY b.subject_id LIMIT 1""",  # noqa: S608
        {"uscc": uscc, "day": on_day},
    )
    return _body(rows[0]) if rows else None


def other_names(subject_id: int) -> tuple[FormerName, ...]:
    """Return the body's former and English names."""
    rows = _rows(
        "SELECT kind, name FROM publication.body_name WHERE subject_id = %(id)s AND kind <> 'current' ORDER BY kind, name",
        {"id": subject_id},
    )
    return tuple(FormerName(*row) for row in rows)


def facts_of_body(
    subject_id: int, item: str, on_day: date, *, after: FactKey | None = None, limit: int = PAGE
) -> FactList:
    """Return the body's facts of ``item`` in force on ``on_day``, the latest decision first."""
    return _facts("f.subject_id = %(subject)s AND f.item = %(item)s", {"subject": subject_id, "item": item}, on_day, after, limit)


def latest_facts(  # noqa: PLR0913 - a list has its filters
    item: str,
    on_day: date,
    *,
    issuer: str = "",
    text: str = "",
    after: FactKey | None = None,
    limit: int = PAGE,
) -> FactList:
    """Return facts of ``item`` in force on ``on_day``, the latest decision first.

    ``issuer`` narrows to one issuing organ (its exact name); ``text`` to bodies whose name contains it or whose code
    begins with it, and to the document of exactly that number.
    """
    where = "f.item = %(item)s"
    values: dict[str, Any] = {"item": item}
    if issuer:
        where += " AND f.issuer = %(issuer)s"
        values["issuer"] = issuer
    folded = fold_name(text)
    if len(folded) >= SHORTEST_SEARCH:
        where += """ AND (f.document_number = %(text)s OR f.subject_id IN (
            SELECT n.subject_id FROM publication.body_name n
            WHERE publication.bigrams(n.folded) @> publication.bigrams(%(folded)s) AND n.folded LIKE %(pattern)s
            UNION ALL SELECT s.subject_id FROM publication.body s WHERE s.uscc LIKE %(prefix)s))"""
        pattern = _like(folded)
        values |= {"text": text, "folded": folded, "pattern": f"%{pattern}%", "prefix": f"{pattern}%"}
    return _facts(where, values, on_day, after, limit)


def fact_by_id(record_id: int, on_day: date) -> ListedFact | None:
    """Return one fact with its body, or None when it is not shown on ``on_day``."""
    found = _facts("f.record_id = %(record)s", {"record": record_id}, on_day, None, 1)
    return found.rows[0] if found.rows else None


def issuers(item: str) -> tuple[str, ...]:
    """Return the organs that issued a published fact of ``item``, in the order of their names.

    A loose index scan: its cost is the number of organs, not of facts.
    """
    rows = _rows(
        """
        WITH RECURSIVE walk AS (
            (SELECT issuer FROM publication.fact WHERE item = %(item)s ORDER BY issuer LIMIT 1)
            UNION ALL
            SELECT (SELECT f.issuer FROM publication.fact f WHERE f.issuer > walk.issuer AND f.item = %(item)s
                    ORDER BY f.issuer LIMIT 1) FROM walk WHERE walk.issuer IS NOT NULL
        ) SELECT issuer FROM walk WHERE issuer IS NOT NULL
        """,
        {"item": item},
    )
    return tuple(row[0] for row in rows)


def months(item: str, since: date) -> tuple[Month, ...]:
    """Return how many published facts of ``item`` were decided in each month from ``since`` on."""
    rows = _rows(
        "SELECT month, facts FROM publication.monthly WHERE item = %(item)s AND month >= %(since)s AND facts > 0 ORDER BY month",
        {"item": item, "since": since},
    )
    return tuple(Month(*row) for row in rows)


def public_state() -> PublicState:
    """Return when the store last changed and what it holds."""
    state = _rows("SELECT changed_at, bodies FROM publication.state", {})
    facts = _rows("SELECT item, sum(facts)::bigint FROM publication.monthly GROUP BY item", {})
    changed_at, bodies = state[0] if state else (None, 0)
    return PublicState(changed_at, bodies, dict(facts))


def _facts(where: str, values: dict[str, Any], on_day: date, after: FactKey | None, limit: int) -> FactList:
    if after is not None:
        where += " AND (f.decided_on, f.record_id) < (%(after_day)s, %(after_record)s)"
        values |= {"after_day": after.decided_on, "after_record": after.record_id}
    rows = _rows(
        f"""SELECT {_FACT}, b.name, b.uscc FROM publication.fact f JOIN publication.body b USING (subject_id)
        WHERE {where} AND publication.in_force(f.shown_from, f.shown_until, %(day)s)
        ORDER BY f.decided_on DESC, f.record_id DESC LIMIT %(limit)s""",  # noqa: S608 - conditions are this module's
        values | {"day": on_day, "limit": limit + 1},
    )
    listed = tuple(ListedFact(Fact(*row[:8], json.loads(row[8])), row[9], row[10]) for row in rows[:limit])
    last = listed[-1].fact if len(rows) > limit else None
    return FactList(listed, FactKey(last.decided_on, last.record_id) if last else None)


def _body(row: Sequence[Any]) -> Body:
    return Body(*row[:5], json.loads(row[5]))


def _like(text: str) -> str:
    """Return ``text`` with LIKE's signs taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rows(statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: Sequence[Any] = cursor.fetchall()
    return rows
