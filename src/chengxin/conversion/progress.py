"""How far conversion has come: by registrar, by kind of body, and month by month; registered bodies only.

These are figures of the city and its registrars. Nothing here counts anything about one body, and no natural person is
in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.accounts.actor import CODE_PROGRESS
from chengxin.conversion.settings import load_settings
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor


@dataclass(frozen=True)
class Standing:
    """Bodies of one registrar and kind: all, with a credit code, with older codes only, and with both.

    ``both`` counts bodies with a credit code that bear a registration or tax number besides. ``wrong`` are those
    concerned by a duplicate or wrong code, by the definition in force.
    """

    registrar: str
    kind: str
    bodies: int
    with_uscc: int
    only_old: int
    both: int
    wrong: int

    @property
    def share(self) -> float:
        """Bodies with a credit code ÷ bodies, in per cent; 0 where there is none."""
        return 100 * self.with_uscc / self.bodies if self.bodies else 0.0

    @property
    def wrong_rate(self) -> float:
        """重错码率: bodies with a duplicate or wrong code ÷ bodies, in per cent."""
        return 100 * self.wrong / self.bodies if self.bodies else 0.0


@dataclass(frozen=True)
class Month:
    """Figures of the bulletin for one month: what came in it, and how things stood at its end (legal days)."""

    month: date
    new_bodies: int
    converted: int
    new_pairs: int
    bodies: int
    with_uscc: int
    wrong: int

    @property
    def share(self) -> float:
        """Bodies with a credit code ÷ bodies at the month's end, in per cent."""
        return 100 * self.with_uscc / self.bodies if self.bodies else 0.0

    @property
    def wrong_rate(self) -> float:
        """重错码率 at the month's end, in per cent."""
        return 100 * self.wrong / self.bodies if self.bodies else 0.0


_COUNTED = "s.merged_into_id IS NULL AND s.status <> ALL(%(not_counted)s::text[])"

_WRONG = """SELECT DISTINCT unnest(c.subjects) AS id FROM conversion_conflict c
    WHERE c.kind = ANY(%(wrong)s::text[]) AND c.state <> 'settled'"""

_STANDING = f"""
SELECT s.registrar, s.kind, count(*), count(*) FILTER (WHERE s.uscc <> ''), count(*) FILTER (WHERE s.uscc = ''),
    count(*) FILTER (WHERE s.uscc <> '' AND o.subject_id IS NOT NULL), count(w.id)
FROM subjects_subject s
    LEFT JOIN (SELECT DISTINCT i.subject_id FROM subjects_identifier i
        WHERE i.kind = ANY(%(older)s::text[])) AS o ON o.subject_id = s.id
    LEFT JOIN ({_WRONG}) AS w ON w.id = s.id
WHERE {_COUNTED} GROUP BY s.registrar, s.kind ORDER BY s.registrar, s.kind
"""

_MONTHS = f"""
WITH first AS (
    SELECT s.id, date_trunc('month', s.made_at AT TIME ZONE 'Asia/Shanghai')::date AS made,
        -- greatest() passes over NULL: a body without a credit code would count as converted.
        CASE WHEN count(i.id) > 0 THEN date_trunc('month',
            greatest(s.made_at, min(i.first_seen_at)) AT TIME ZONE 'Asia/Shanghai')::date END AS converted
    FROM subjects_subject s LEFT JOIN subjects_identifier i ON i.subject_id = s.id AND i.kind = 'uscc'
    WHERE {_COUNTED} GROUP BY s.id
), pairs AS (
    SELECT date_trunc('month', p.first_seen_at AT TIME ZONE 'Asia/Shanghai')::date AS seen, count(*) AS pairs
    FROM conversion_pair p WHERE p.refused_at IS NULL GROUP BY 1
), months AS (
    SELECT generate_series(%(from)s::date, %(until)s::date, interval '1 month')::date AS month
)
SELECT m.month, (SELECT count(*) FROM first f WHERE f.made = m.month),
    (SELECT count(*) FROM first f WHERE f.converted = m.month),
    coalesce((SELECT p.pairs FROM pairs p WHERE p.seen = m.month), 0),
    (SELECT count(*) FROM first f WHERE f.made <= m.month),
    (SELECT count(*) FROM first f WHERE f.converted <= m.month),
    (SELECT count(DISTINCT w.id) FROM conversion_conflict c CROSS JOIN unnest(c.subjects) AS w (id)
        JOIN first f ON f.id = w.id
        WHERE c.kind = ANY(%(wrong)s::text[])
        AND (c.found_at AT TIME ZONE 'Asia/Shanghai')::date < (m.month + interval '1 month')::date
        AND (c.settled_at IS NULL
            OR (c.settled_at AT TIME ZONE 'Asia/Shanghai')::date >= (m.month + interval '1 month')::date))
FROM months m ORDER BY m.month
"""


def standing(actor: Actor, now: datetime) -> tuple[Standing, ...]:
    """Return how things stand now, by registrar and kind of body; raise ``NotPermitted``."""
    actor.require(CODE_PROGRESS)
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, _values(now))
        return tuple(Standing(*row) for row in cursor.fetchall())


def total(rows: tuple[Standing, ...], *, registrar: str = "", kind: str = "") -> Standing:
    """Return the sum of ``rows`` under a name of one's choice."""
    return Standing(
        registrar,
        kind,
        sum(one.bodies for one in rows),
        sum(one.with_uscc for one in rows),
        sum(one.only_old for one in rows),
        sum(one.both for one in rows),
        sum(one.wrong for one in rows),
    )


def by_registrar(rows: tuple[Standing, ...]) -> tuple[Standing, ...]:
    """Return one sum for each registrar, in the order of the names."""
    names = sorted({one.registrar for one in rows})
    return tuple(total(tuple(one for one in rows if one.registrar == name), registrar=name) for name in names)


def by_kind(rows: tuple[Standing, ...]) -> tuple[Standing, ...]:
    """Return one sum for each kind of body."""
    kinds = sorted({one.kind for one in rows})
    return tuple(total(tuple(one for one in rows if one.kind == kind), kind=kind) for kind in kinds)


def bulletin(actor: Actor, first: date, last: date, now: datetime) -> tuple[Month, ...]:
    """Return the figures of the months from ``first`` to ``last`` (their first days), the earliest first.

    Bodies count by the day on which the register made them known and codes by the day on which they were first seen.
    Who is counted is decided by how the body stands now; a conflict counts from the day it was found to the day it was
    settled, and one that came back counts as standing all the time. Raises ``NotPermitted``.
    """
    actor.require(CODE_PROGRESS)
    values = _values(now) | {"from": first.replace(day=1), "until": last.replace(day=1)}
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, values)
        return tuple(Month(*row) for row in cursor.fetchall())


def _values(now: datetime) -> dict[str, Any]:
    today = legal_day(now)
    rule, wrong = load_settings().rule_on(today), load_settings().wrong_rate_on(today)
    return {"older": list(rule.older), "not_counted": list(rule.not_counted), "wrong": list(wrong.kinds)}
