"""Reads of the mapping: from an older code to today's credit code, one by one, many at once, and all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.db import connection

from chengxin.conversion.settings import KINDS
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

LOOKED_UP = (*KINDS, "uscc")
"""Kinds of codes that can be converted; a credit code leads to the one that replaced it."""

State = Literal["converted", "unknown", "ambiguous"]


@dataclass(frozen=True)
class Conversion:
    """What an older code became.

    ``converted``: ``uscc`` is the credit code, by the register (``registered``) or by a feed alone. ``unknown``: nobody
    says anything about the code, or its body has no credit code yet (``registered``). ``ambiguous``: it stands at two
    bodies, or a conflict about it is not settled; then no code is given. ``since`` is the legal day on which the pair
    was first seen.
    """

    kind: str
    value: str
    state: State
    uscc: str = ""
    registered: bool = False
    subject_id: int | None = None
    source: str = ""
    since: date | None = None


_SAID = """
SELECT i.kind, i.value, i.subject_id, s.uscc, 'register' AS source,
    i.first_seen_at AS seen, 's' || i.subject_id AS party
FROM subjects_identifier i JOIN subjects_subject s ON s.id = i.subject_id
{identifiers}
UNION ALL
SELECT p.kind, p.value, b.subject_id, coalesce(s.uscc, p.uscc), p.source, p.first_seen_at,
    coalesce('s' || b.subject_id, 'u' || p.uscc)
FROM conversion_pair p
    LEFT JOIN LATERAL (SELECT min(i.subject_id) AS subject_id FROM subjects_identifier i
        WHERE i.kind = 'uscc' AND i.value = p.uscc HAVING count(DISTINCT i.subject_id) = 1) AS b ON true
    LEFT JOIN subjects_subject s ON s.id = b.subject_id
WHERE p.refused_at IS NULL {pairs}
"""

_ANSWER = f"""
SELECT kind, value, min(party) = max(party) AND NOT EXISTS (SELECT 1 FROM conversion_conflict c
        WHERE c.code_kind = said.kind AND c.value = said.value AND c.kind IN ('two_bodies', 'segment_differs')
        AND c.state <> 'settled') AS sure,
    min(uscc) AS uscc, min(subject_id) AS subject_id,
    (array_agg(source ORDER BY source <> 'register', seen))[1] AS source, min(seen) AS seen
FROM ({_SAID}) AS said GROUP BY kind, value
"""

_ASKED = _ANSWER.format(
    identifiers="JOIN asked a ON a.kind = i.kind AND a.value = i.value",
    pairs="AND (p.kind, p.value) IN (SELECT kind, value FROM asked)",
)

ALL = f"""
SELECT kind, value, uscc, source, (seen AT TIME ZONE 'Asia/Shanghai')::date AS since
FROM ({
    _ANSWER.format(identifiers="WHERE i.kind <> 'uscc' OR (i.ended_at IS NOT NULL AND i.value <> s.uscc)", pairs="")
}) AS every
WHERE sure AND uscc <> '' ORDER BY kind, value
"""
"""Every older code that one credit code answers for: kind, value, uscc, source, since; nothing ambiguous."""


def convert(codes: Sequence[tuple[str, str]]) -> tuple[Conversion, ...]:
    """Return what each (kind, normalised value) became, in the order asked; one query, whatever their number."""
    found: Mapping[tuple[str, str], Conversion] = {}
    if codes:
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH asked AS (SELECT DISTINCT * FROM unnest(%s::text[], %s::text[]) AS a (kind, value)) {_ASKED}",
                [[kind for kind, _value in codes], [value for _kind, value in codes]],
            )
            found = {(row[0], row[1]): _conversion(row) for row in cursor.fetchall()}
    return tuple(found.get((kind, value), Conversion(kind, value, "unknown")) for kind, value in codes)


def _conversion(row: tuple[Any, ...]) -> Conversion:
    kind, value, sure, uscc, subject_id, source, seen = row
    if not sure:
        return Conversion(kind, value, "ambiguous")
    since = legal_day(seen)
    if not uscc:
        return Conversion(kind, value, "unknown", registered=True, subject_id=subject_id, source=source, since=since)
    return Conversion(kind, value, "converted", uscc, subject_id is not None, subject_id, source, since)
