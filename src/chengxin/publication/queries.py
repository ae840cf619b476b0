"""What the public end reads: set-based queries over the ``publication`` schema, into frozen dataclasses.

Every function takes the legal day (Asia/Shanghai) for which it answers; in force is computed from dates by
``publication.in_force`` when asked. Lists page by key: ``after`` is the key of the last row seen.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.kernel.documents import normalise_document_number
from chengxin.kernel.names import fold_name
from chengxin.publication.likely import likely_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

PAGE = 20
"""Rows a page of a list shows."""

SHORTEST_SEARCH = 2
"""Characters a search needs: fewer would list half the city."""

LONG_SEARCH = 4
"""Characters from which a text is always looked for as a whole name."""

REACH = 1000
"""Facts read in order before an index is asked: what fills a page here is found in milliseconds,
and what does not is rare enough for the index."""

NAMES_REACH = 2000
"""The same for names of bodies, which are short: 2,000 are read in some 2 ms."""


PLENTY = 6
"""Names read for each body of a page: a body has several names, and some bodies are shown no more."""


@dataclass(frozen=True)
class Body:
    """A registered body as the public sees it; ``content`` holds its registration's public fields by key."""

    subject_id: int
    uscc: str
    kind: str
    name: str
    status: str
    content: Mapping[str, str]


@dataclass(frozen=True)
class Hit:
    """A body found by a search and what matched (``matched_kind``: current, former, english or code)."""

    body: Body
    matched: str
    matched_kind: str


@dataclass(frozen=True)
class Hits:
    """One page of a search; ``after`` asks for the next page (opaque) and is None on the last."""

    hits: tuple[Hit, ...]
    after: int | None


@dataclass(frozen=True)
class Fact:
    """One fact in force. ``content`` holds its public fields by field key; dates are in ISO 8601.

    ``link`` is what ties it to its body (a kind of code, or ``decision`` where a person did), ``linked_on`` the day
    since which it does.
    """

    record_id: int
    subject_id: int
    item: str
    document_number: str
    decided_on: date
    issuer: str
    shown_from: date
    shown_until: date | None
    content: Mapping[str, str]
    link: str | None = None
    linked_on: date | None = None


@dataclass(frozen=True)
class ListedFact:
    """A fact in a list, with the body it is about."""

    fact: Fact
    name: str
    uscc: str
    kind: str = ""


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


_LAST = 2**63 - 1
_DIGIT = re.compile("[0-9]")

_SEARCH = """
    WITH near AS MATERIALIZED (
        SELECT n.subject_id, n.name, n.kind, n.folded FROM publication.body_name n
        WHERE n.subject_id > %(plain_after)s ORDER BY n.subject_id LIMIT %(reach)s
    ), close AS MATERIALIZED (
        (SELECT near.subject_id, near.name, near.kind, near.folded = %(folded)s AS whole
        FROM near WHERE near.folded LIKE %(pattern)s LIMIT %(plenty)s)
        UNION ALL
        SELECT b.subject_id, b.uscc, 'code', b.uscc = %(folded)s FROM publication.body b
        WHERE %(code)s AND b.uscc LIKE %(prefix)s AND b.subject_id > %(plain_after)s
            AND b.subject_id <= (SELECT max(near.subject_id) FROM near)
    ), enough AS MATERIALIZED (
        -- In this order: near is read no further than close needs unless the page stays unfilled.
        SELECT CASE WHEN (SELECT count(DISTINCT c.subject_id) FROM close c JOIN publication.body b USING (subject_id)
                WHERE NOT c.whole AND publication.in_force(b.shown_from, b.shown_until, %(day)s)) >= %(limit)s
            THEN true ELSE (SELECT count(*) FROM close) < %(plenty)s AND (SELECT count(*) FROM near) < %(reach)s
            END AS close
    ), found AS (
        SELECT * FROM close
        UNION ALL
        SELECT n.subject_id, n.name, n.kind, n.folded = %(folded)s
        FROM publication.names_holding(%(folded)s, %(pattern)s) n WHERE NOT (SELECT close FROM enough)
        UNION ALL
        SELECT b.subject_id, b.uscc, 'code', b.uscc = %(folded)s FROM publication.body b
        WHERE NOT (SELECT close FROM enough) AND b.uscc LIKE %(prefix)s
        UNION ALL
        SELECT n.subject_id, n.name, n.kind, true FROM publication.body_name n
        WHERE (SELECT close FROM enough) AND %(whole)s AND n.folded = %(folded)s
        UNION ALL
        SELECT b.subject_id, b.uscc, 'code', true FROM publication.body b
        WHERE (SELECT close FROM enough) AND b.uscc = %(folded)s
    ), best AS (
        SELECT DISTINCT ON (subject_id) subject_id, name, kind,
            CASE WHEN whole THEN subject_id - %(last)s ELSE subject_id END AS key
        FROM found ORDER BY subject_id, whole DESC, kind
    )
    SELECT b.subject_id, b.uscc, b.kind, b.name, b.status, b.content, best.name, best.kind, best.key
    FROM best JOIN publication.body b USING (subject_id)
    WHERE best.key > %(after)s AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
    ORDER BY best.key LIMIT %(limit)s
"""

_NEAR = """
    WITH near AS MATERIALIZED (
        SELECT n.subject_id, n.name, n.kind, n.folded FROM publication.body_name n
        WHERE n.subject_id > %(plain_after)s ORDER BY n.subject_id LIMIT %(reach)s
    ), best AS (
        SELECT DISTINCT ON (subject_id) subject_id, name, kind,
            CASE WHEN folded = %(folded)s THEN subject_id - %(last)s ELSE subject_id END AS key
        FROM (SELECT * FROM near WHERE folded LIKE %(pattern)s LIMIT %(plenty)s) close
        ORDER BY subject_id, folded = %(folded)s DESC, kind
    )
    SELECT b.subject_id, b.uscc, b.kind, b.name, b.status, b.content, best.name, best.kind, best.key
    FROM best JOIN publication.body b USING (subject_id)
    WHERE best.key > %(after)s AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
    ORDER BY best.key LIMIT %(limit)s * 2
"""
"""What ``_SEARCH`` gives where the next names fill the page: planned in a tenth of its time."""

_FACT = """f.record_id, f.subject_id, f.item, f.document_number, f.decided_on, f.issuer,
        f.shown_from, f.shown_until, f.content, f.link, f.linked_on, b.name, b.uscc, b.kind
    FROM publication.fact f JOIN publication.body b USING (subject_id)"""

_IN_FORCE = """publication.in_force(f.shown_from, f.shown_until, %(day)s)
        AND publication.in_force(b.shown_from, b.shown_until, %(day)s)"""

_FACTS = f"""
    SELECT {_FACT} WHERE {{where}} AND {_IN_FORCE}
    ORDER BY f.decided_on DESC, f.record_id DESC LIMIT %(limit)s
"""

_FACTS_ABOUT = f"""
    WITH near AS MATERIALIZED (
        SELECT f.record_id, f.subject_id, f.document_number, f.decided_on, f.shown_from, f.shown_until
        FROM publication.fact f WHERE {{where}} ORDER BY f.decided_on DESC, f.record_id DESC LIMIT %(reach)s
    ), close AS MATERIALIZED (
        SELECT f.record_id FROM near f JOIN publication.body b USING (subject_id)
        WHERE (b.uscc LIKE %(prefix)s OR f.document_number = ANY(%(numbers)s::text[]) OR EXISTS (
                SELECT 1 FROM publication.body_name n
                WHERE n.subject_id = f.subject_id AND n.folded LIKE %(pattern)s))
            AND {_IN_FORCE}
        ORDER BY f.decided_on DESC, f.record_id DESC LIMIT %(limit)s
    ), enough AS MATERIALIZED (
        SELECT (SELECT count(*) FROM near) < %(reach)s OR (SELECT count(*) FROM close) >= %(limit)s AS close
    ), found AS (
        SELECT record_id FROM close WHERE (SELECT close FROM enough)
        UNION
        SELECT f.record_id FROM publication.fact f
        WHERE NOT (SELECT close FROM enough) AND {{where}} AND f.subject_id = ANY(ARRAY(
            SELECT n.subject_id FROM publication.body_name n
            WHERE publication.bigrams(n.folded) @> publication.bigrams(%(folded)s)
                AND n.folded LIKE %(pattern)s
            UNION SELECT s.subject_id FROM publication.body s WHERE s.uscc LIKE %(prefix)s))
        UNION
        SELECT f.record_id FROM publication.fact f
        WHERE NOT (SELECT close FROM enough) AND cardinality(%(numbers)s::text[]) > 0 AND {{where}}
            AND f.document_number = ANY(%(numbers)s::text[])
    )
    SELECT {_FACT} WHERE f.record_id = ANY(ARRAY(SELECT record_id FROM found)) AND {_IN_FORCE}
    ORDER BY f.decided_on DESC, f.record_id DESC LIMIT %(limit)s
"""


def search_bodies(text: str, on_day: date, *, after: int | None = None, limit: int = PAGE) -> Hits:
    """Return bodies whose name (current, former, English) contains ``text`` or whose code begins with it.

    Width, case, brackets and spaces do not matter. Fewer than two characters find nothing. Bodies whose
    name or code is exactly ``text`` come first, then all others in the order of ``subject_id``. A text of
    two or three characters that fills a page within the next ``NAMES_REACH`` names is taken for a part of
    names and not looked for as a whole one.

    The next ``NAMES_REACH`` names are read first; only a text too rare to fill the page there is looked up in
    the index of character pairs, whose cost grows with the number of names found. With 300,000 bodies of
    three names each, two characters take 8 ms where few names hold them and 18 ms where all do.

    Args:
        text: what the reader typed.
        on_day: the legal day for which bodies are shown.
        after: ``Hits.after`` of the page before, None for the first; opaque to the caller.
        limit: bodies on a page.
    """
    folded = fold_name(text)
    if len(folded) < SHORTEST_SEARCH:
        return Hits((), None)
    pattern = _like(folded)
    values = {
        "folded": folded,
        "pattern": f"%{pattern}%",
        "prefix": f"{pattern}%",
        "whole": len(folded) >= LONG_SEARCH and (after is None or after < 0),
        "after": -_LAST if after is None else after,
        "plain_after": max(after or 0, 0),
        "last": _LAST,
        "code": folded.isascii(),
        "reach": NAMES_REACH,
        "plenty": PLENTY * (limit + 1),
        "day": on_day,
        "limit": limit + 1,
    }
    short = len(folded) < LONG_SEARCH and not values["code"]
    rows = _rows(_NEAR, values) if short else []
    if sum(row[8] > 0 for row in rows) <= limit:
        rows = _rows(_SEARCH, values)
    hits = tuple(Hit(_body(row), row[6], row[7]) for row in rows[:limit])
    return Hits(hits, rows[limit - 1][8] if len(rows) > limit else None)


def likely_bodies(text: str, on_day: date, *, limit: int = PAGE) -> tuple[Hit, ...]:
    """Return the bodies that ``text`` probably means, the likeliest first; for when no name holds it as it stands.

    By an abbreviation (沪农商行), in pinyin or its initials, or with a slip of typing. What comes is a guess and has to
    be shown as one.
    """
    names = likely_names(text, limit)
    rows = _rows(
        """SELECT b.subject_id, b.uscc, b.kind, b.name, b.status, b.content FROM publication.body b
        WHERE b.subject_id = ANY(%(ids)s) AND publication.in_force(b.shown_from, b.shown_until, %(day)s)""",
        {"ids": [subject_id for subject_id, _, _ in names], "day": on_day},
    )
    bodies = {body.subject_id: body for body in map(_body, rows)}
    return tuple(Hit(bodies[one], name, kind) for one, name, kind in names if one in bodies)


def body_by_code(uscc: str, on_day: date) -> Body | None:
    """Return the body that bears ``uscc`` and is shown on ``on_day``, or None."""
    rows = _rows(
        """SELECT b.subject_id, b.uscc, b.kind, b.name, b.status, b.content FROM publication.body b
        WHERE b.uscc = %(uscc)s AND publication.in_force(b.shown_from, b.shown_until, %(day)s)
        ORDER BY b.subject_id LIMIT 1""",
        {"uscc": uscc, "day": on_day},
    )
    return _body(rows[0]) if rows else None


def other_names(subject_id: int) -> tuple[FormerName, ...]:
    """Return the body's former and English names."""
    rows = _rows(
        """SELECT kind, name FROM publication.body_name
        WHERE subject_id = %(id)s AND kind <> 'current' ORDER BY kind, name""",
        {"id": subject_id},
    )
    return tuple(FormerName(*row) for row in rows)


def facts_of_body(
    subject_id: int, item: str, on_day: date, *, after: FactKey | None = None, limit: int = PAGE
) -> FactList:
    """Return the body's facts of ``item`` in force on ``on_day``, the latest decision first."""
    where = """f.subject_id = %(subject)s AND f.item = %(item)s
        AND (f.decided_on, f.record_id) < (%(after_day)s, %(after_record)s)"""
    values = {"subject": subject_id, "item": item, "day": on_day, "limit": limit + 1, **_key(after)}
    return _fact_list(_rows(_FACTS.format(where=where), values), limit)


def latest_facts(
    item: str,
    on_day: date,
    *,
    issuer: str = "",
    text: str = "",
    after: FactKey | None = None,
    limit: int = PAGE,
) -> FactList:
    """Return facts of ``item`` in force on ``on_day``, the latest decision first.

    ``issuer`` narrows to one issuing organ (its exact name); ``text`` to bodies whose name contains it or
    whose code begins with it, and to the document of exactly that number, however its brackets and dashes
    are written. A text of one character narrows nothing. As in ``search_bodies``, the next ``REACH``
    facts are read first.
    """
    values: dict[str, Any] = {"item": item, "day": on_day, "limit": limit + 1, **_key(after)}
    where = "f.item = %(item)s AND (f.decided_on, f.record_id) < (%(after_day)s, %(after_record)s)"
    if issuer:
        where += " AND f.issuer = %(issuer)s"
        values["issuer"] = issuer
    folded = fold_name(text)
    if len(folded) < SHORTEST_SEARCH:
        return _fact_list(_rows(_FACTS.format(where=where), values), limit)
    pattern = _like(folded)
    values |= {
        "folded": folded,
        "pattern": f"%{pattern}%",
        "prefix": f"{pattern}%",
        # Without an index on numbers one costs a pass over all facts; names that hold no digit are spared it.
        "numbers": [text.strip(), normalise_document_number(text)] if _DIGIT.search(folded) else [],
        "reach": REACH,
    }
    return _fact_list(_rows(_FACTS_ABOUT.format(where=where), values), limit)


def fact_by_id(record_id: int, on_day: date) -> ListedFact | None:
    """Return one fact with its body, or None when it is not shown on ``on_day``."""
    values = {"record": record_id, "day": on_day, "limit": 1}
    found = _fact_list(_rows(_FACTS.format(where="f.record_id = %(record)s"), values), 1)
    return found.rows[0] if found.rows else None


def fact_has_ended(record_id: int, on_day: date) -> bool:
    """Tell whether the store holds a fact whose publicity ended before ``on_day``, its own or its body's.

    False for a fact that was never here, that has left the store, or that is not yet to be shown.
    """
    rows = _rows(
        """SELECT f.shown_from <= %(day)s AND b.shown_from <= %(day)s
            AND (f.shown_until < %(day)s IS TRUE OR b.shown_until < %(day)s IS TRUE)
        FROM publication.fact f JOIN publication.body b USING (subject_id) WHERE f.record_id = %(record)s""",
        {"record": record_id, "day": on_day},
    )
    return bool(rows and rows[0][0])


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
        """SELECT month, facts FROM publication.monthly
        WHERE item = %(item)s AND month >= %(since)s AND facts > 0 ORDER BY month""",
        {"item": item, "since": since},
    )
    return tuple(Month(*row) for row in rows)


def public_state() -> PublicState:
    """Return when the store last changed and what it holds."""
    rows = _rows(
        """SELECT s.changed_at, s.bodies, (SELECT jsonb_object_agg(m.item, m.facts) FROM
            (SELECT item, sum(facts)::bigint AS facts FROM publication.monthly GROUP BY item) m)
        FROM (SELECT 1) one LEFT JOIN publication.state s ON true""",
        {},
    )
    changed_at, bodies, facts = rows[0]
    return PublicState(changed_at, bodies or 0, json.loads(facts) if facts else {})


def _key(after: FactKey | None) -> dict[str, Any]:
    """Return where a list goes on; a list from its beginning starts at a key above every other."""
    return {
        "after_day": after.decided_on if after else "infinity",
        "after_record": after.record_id if after else _LAST,
    }


def _fact_list(rows: Sequence[Any], limit: int) -> FactList:
    listed = tuple(_listed(row) for row in rows[:limit])
    last = listed[-1].fact if len(rows) > limit else None
    return FactList(listed, FactKey(last.decided_on, last.record_id) if last else None)


def _listed(row: Any) -> ListedFact:  # noqa: ANN401 - a row holds what its columns hold
    held = [*row[:8], json.loads(row[8]), *row[9:11]]
    return ListedFact(Fact(*held), *row[11:])


def _body(row: Any) -> Body:  # noqa: ANN401 - a row holds what its columns hold
    return Body(*[*row[:5], json.loads(row[5])])


def _like(text: str) -> str:
    """Return ``text`` with LIKE's signs taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rows(statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: Sequence[Any] = cursor.fetchall()
    return rows
