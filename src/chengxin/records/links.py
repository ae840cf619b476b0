"""Why a fact is a body's: every link there ever was, whether a code made it or a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

PAGE = 50
"""Links or facts a page shows."""

_LINKS = """
WITH automatic AS (
    SELECT r.recorded_at AS at, 0 AS rank, r.id, CASE WHEN r.kind = 'moved' THEN 'moved' ELSE 'tied' END AS act,
        r.item, r.document_number, r.key, r.id AS record_id,
        r.version, r.identifier, coalesce(r.link, '') AS rule, NULL::numeric AS score, '[]'::jsonb AS reasons,
        'platform' AS actor_kind, '' AS officer, '' AS organisation, r.batch_id, r.line, NULL::bigint AS decision_id,
        NULL::bigint AS undoes, '' AS note, '' AS effect, false AS undone
    FROM records_record r LEFT JOIN records_record p ON p.key = r.key AND p.version = r.version - 1
    WHERE r.subject_id = %(subject)s AND (r.link IS DISTINCT FROM 'decision' OR r.kind = 'moved')
        AND p.subject_id IS DISTINCT FROM r.subject_id
), gone AS (
    SELECT r.recorded_at, 0, r.id, 'left', r.item, r.document_number, r.key, r.id, r.version, r.identifier,
        coalesce(r.link, ''), NULL::numeric, '[]'::jsonb, 'platform', '', '', r.batch_id, r.line, NULL::bigint,
        NULL::bigint, '', '', false
    FROM records_record p JOIN records_record r ON r.key = p.key AND r.version = p.version + 1
    WHERE p.subject_id = %(subject)s AND r.subject_id IS DISTINCT FROM p.subject_id
        AND NOT EXISTS (SELECT 1 FROM records_linkeffect e WHERE e.record_id = r.id)
), about AS (
    -- Of a body that was merged after the decision and before it was carried out, the fact came to the other one.
    SELECT d.id FROM records_linkdecision d WHERE d.subject_id = %(subject)s
    UNION SELECT e.decision_id FROM records_record r JOIN records_linkeffect e ON e.record_id = r.id
    WHERE r.subject_id = %(subject)s
), decided AS (
    SELECT d.decided_at, 1, d.id, d.outcome, d.item, coalesce(d.evidence -> 'row' ->> 'document_number', ''),
        coalesce(t.key, d.fact_key), coalesce(e.record_id, d.record_id), t.version, d.identifier, d.rule, d.score,
        d.reasons, d.actor_kind, d.officer, d.organisation, d.batch_id, d.line, d.id, d.undoes_id, d.note,
        coalesce(e.outcome, ''), EXISTS (SELECT 1 FROM records_linkdecision u WHERE u.undoes_id = d.id)
    FROM records_linkdecision d LEFT JOIN records_linkeffect e ON e.decision_id = d.id
        LEFT JOIN records_record t ON t.id = e.record_id
    WHERE d.id IN (SELECT id FROM about) OR d.undoes_id IN (SELECT id FROM about)
)
SELECT * FROM (SELECT * FROM automatic UNION ALL SELECT * FROM gone UNION ALL SELECT * FROM decided) AS every
WHERE (at, rank, id) < (%(at)s, %(rank)s, %(id)s) ORDER BY at DESC, rank DESC, id DESC LIMIT %(limit)s
"""

_FACTS = """
SELECT r.id, r.key::text, r.version, r.item, r.document_number, r.decided_on, r.valid_from, r.valid_until, r.public,
    coalesce(r.link, ''), r.identifier, r.batch_id, r.line,
    (SELECT min(v.recorded_at) FROM records_record v WHERE v.key = r.key AND v.version > coalesce(
        (SELECT max(w.version) FROM records_record w
         WHERE w.key = r.key AND w.subject_id IS DISTINCT FROM r.subject_id), 0)),
    CASE WHEN r.link = 'decision' THEN (SELECT max(e.decision_id) FROM records_linkeffect e
        JOIN records_record t ON t.id = e.record_id
        WHERE t.key = r.key AND e.outcome IN ('tied', 'imported')) END
FROM records_record r
WHERE r.subject_id = %(subject)s AND r.kind <> 'withdrawn' AND r.item <> 'registration'
    AND NOT EXISTS (SELECT 1 FROM records_record l WHERE l.key = r.key AND l.version > r.version)
    AND (coalesce(r.decided_on, '-infinity'), r.id) < (%(day)s, %(id)s)
ORDER BY coalesce(r.decided_on, '-infinity') DESC, r.id DESC LIMIT %(limit)s
"""

_LAST = 2**63 - 1


@dataclass(frozen=True)
class LinkView:
    """One thing that tied a fact to a body, or untied it, and who or what did it.

    ``act``: ``tied`` and ``left`` by a code (``rule`` is the kind of code), ``moved`` here by a merge or a split, or by
    a person ``link``, ``not_same`` and ``undo`` (``rule`` is why the question arose). ``score`` and ``reasons`` are
    what the person was shown. ``actor_kind`` is ``platform`` where no person acted. ``effect`` is what a decision came
    to, ``undone`` whether it was taken back.
    """

    at: datetime
    rank: int
    id: int
    act: str
    item: str
    document_number: str
    fact_key: str | None
    record_id: int | None
    version: int | None
    identifier: str
    rule: str
    score: Decimal | None
    reasons: Sequence[Mapping[str, str]]
    actor_kind: str
    officer: str
    organisation: str
    batch_id: int
    line: int
    decision_id: int | None
    undoes: int | None
    note: str
    effect: str
    undone: bool


@dataclass(frozen=True)
class LinkKey:
    """Where a list of links goes on: moment, rank and number of the last one seen."""

    at: datetime
    rank: int
    id: int


@dataclass(frozen=True)
class LinkList:
    """One page of links, the latest first; ``after`` asks for the next page and is None on the last."""

    rows: tuple[LinkView, ...]
    after: LinkKey | None


@dataclass(frozen=True)
class HeldFact:
    """A fact a body has today, and why: the kind of code that ties it, or the decision of a person.

    ``link`` is a kind of identifier or ``decision`` (then ``decision_id`` is set where the decision is known);
    ``tied_at`` the moment since which the fact is this body's without a break.
    """

    record_id: int
    fact_key: str
    version: int
    item: str
    document_number: str
    decided_on: date | None
    valid_from: date
    valid_until: date | None
    public: bool
    link: str
    identifier: str
    batch_id: int
    line: int
    tied_at: datetime
    decision_id: int | None


@dataclass(frozen=True)
class FactPage:
    """One page of a body's facts, the latest decision first; ``after`` (day, record) is None on the last."""

    rows: tuple[HeldFact, ...]
    after: tuple[date | None, int] | None


def links_of_subject(subject_id: int, *, after: LinkKey | None = None, limit: int = PAGE) -> LinkList:
    """Return what ever tied facts to the body or untied them, by code or by decision, the latest first.

    One query; ties by code stand in the versions of the facts themselves, decisions in a table of their own, and both
    are only ever added to. A "not the same" about the body is among them.
    """
    values: dict[str, Any] = {
        "subject": subject_id,
        "at": after.at if after else "infinity",
        "rank": after.rank if after else 0,
        "id": after.id if after else _LAST,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, values)
        rows = [_link(row) for row in cursor.fetchall()]
    last = rows[limit - 1] if len(rows) > limit else None
    return LinkList(tuple(rows[:limit]), LinkKey(last.at, last.rank, last.id) if last else None)


def facts_held(subject_id: int, *, after: tuple[date | None, int] | None = None, limit: int = PAGE) -> FactPage:
    """Return the facts the body has by what is known now, each with what ties it, the latest decision first.

    Withdrawn facts and the register's own entries are left out. One query.
    """
    day, number = after or ("infinity", _LAST)
    values = {"subject": subject_id, "day": day or "-infinity", "id": number, "limit": limit + 1}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, values)
        rows = [HeldFact(*row) for row in cursor.fetchall()]
    last = rows[limit - 1] if len(rows) > limit else None
    return FactPage(tuple(rows[:limit]), (last.decided_on, last.record_id) if last else None)


def _link(row: Sequence[Any]) -> LinkView:
    values = list(row)
    values[6] = str(values[6]) if values[6] else None
    values[12] = json.loads(values[12]) if isinstance(values[12], str) else values[12]
    return LinkView(*values)
