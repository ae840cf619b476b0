"""Older codes of published bodies, kept up to date with the register.

What the catalogue does not make public for a kind of body is not in it: tax numbers never are, and an organisation code
only as the part of a published credit code that it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from chengxin.base.events import subscribe
from chengxin.catalogue import load_catalogue
from chengxin.records.events import RecordsAdded
from chengxin.subjects.events import BodiesChanged, CodesRefused, IdentifiersAdded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

REGISTRATION = "registration"
NUMBER = "registration_number"

_TAKE_OUT = """
DELETE FROM publication.body_code WHERE subject_id = ANY(%(subjects)s::bigint[])
"""

_PUT_IN = """
INSERT INTO publication.body_code (kind, code, subject_id, since)
SELECT 'registration_number', i.value, i.subject_id, (i.first_seen_at AT TIME ZONE 'Asia/Shanghai')::date
FROM subjects_identifier i JOIN publication.body b USING (subject_id)
WHERE i.kind = 'registration_number' AND b.kind = ANY(%(kinds)s::text[])
    AND (%(subjects)s::bigint[] IS NULL OR i.subject_id = ANY(%(subjects)s::bigint[]))
    -- A code that stands at a second body, shown or not, names neither.
    AND NOT EXISTS (SELECT 1 FROM subjects_identifier o
        WHERE o.kind = i.kind AND o.value = i.value AND o.subject_id <> i.subject_id)
UNION
SELECT 'organisation_code', substr(i.value, 9, 9), i.subject_id,
    min((i.first_seen_at AT TIME ZONE 'Asia/Shanghai')::date)
FROM subjects_identifier i JOIN publication.body b USING (subject_id)
WHERE i.kind = 'uscc' AND length(i.value) = 18
    AND (%(subjects)s::bigint[] IS NULL OR i.subject_id = ANY(%(subjects)s::bigint[]))
    AND NOT EXISTS (SELECT 1 FROM subjects_identifier o WHERE o.kind = 'organisation_code'
        AND o.value = substr(i.value, 9, 9) AND o.subject_id <> i.subject_id)
GROUP BY substr(i.value, 9, 9), i.subject_id
ON CONFLICT DO NOTHING
"""

_BEARERS = """
SELECT i.subject_id FROM {table} n JOIN subjects_identifier i USING (kind, value)
UNION SELECT n.subject_id FROM {table} n
"""
"""Everybody who bears what was added or lost: a second bearer changes what is shown of the first."""


def kinds_with_number() -> list[str]:
    """Return the kinds of body whose registration number the catalogue makes public."""
    item = load_catalogue().item(REGISTRATION)
    return [kind.value for kind in item.subject_kinds if NUMBER in {one.key for one in item.public_fields(kind)}]


def refresh(subjects: Sequence[int]) -> None:
    """Bring the published codes of these bodies up to date."""
    if not subjects:
        return
    values: dict[str, Any] = {"subjects": list(subjects), "kinds": kinds_with_number()}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT, values)
        cursor.execute(_PUT_IN, values)


def refresh_all(database: BaseDatabaseWrapper) -> None:
    """Write the codes of every published body into the empty table; for the migration that makes it."""
    with database.cursor() as cursor:
        cursor.execute(_PUT_IN, {"subjects": None, "kinds": kinds_with_number()})


def after_entries(event: RecordsAdded) -> None:
    """Follow new, changed and withdrawn register entries."""
    if event.item != REGISTRATION:
        return
    _refresh_from(
        """SELECT r.subject_id FROM records_record r WHERE r.id BETWEEN %(first)s AND %(last)s
        UNION SELECT p.subject_id FROM records_record r JOIN records_record p ON p.id = r.replaces
        WHERE r.id BETWEEN %(first)s AND %(last)s""",
        {"first": event.first_id, "last": event.last_id},
    )


def after_codes(event: IdentifiersAdded) -> None:  # noqa: ARG001 - a subscriber takes its event
    """Follow codes that bodies gained; a body that is not shown yet comes with its entry."""
    _refresh_from(_BEARERS.format(table="new_identifier"), {})


def after_refusal(event: CodesRefused) -> None:  # noqa: ARG001 - the same
    """Follow codes that bodies lost."""
    _refresh_from(_BEARERS.format(table="refused_code"), {})


def after_change(event: BodiesChanged) -> None:
    """Follow merges, splits and re-issues."""
    refresh(event.subjects)


def listen() -> None:
    """Subscribe; after those who publish the bodies themselves."""
    subscribe(RecordsAdded, after_entries)
    subscribe(IdentifiersAdded, after_codes)
    subscribe(CodesRefused, after_refusal)
    subscribe(BodiesChanged, after_change)


def _refresh_from(query: str, values: dict[str, Any]) -> None:
    """Do the same as ``refresh`` for the bodies that a query gives, without a list of them in between."""
    values = values | {"kinds": kinds_with_number()}
    chosen = f"CREATE TEMP TABLE touched_body ON COMMIT DROP AS SELECT DISTINCT subject_id FROM ({query}) AS t"
    with connection.cursor() as cursor:
        cursor.execute(chosen, values)
        cursor.execute("DELETE FROM publication.body_code c USING touched_body t WHERE c.subject_id = t.subject_id")
        touched = "i.subject_id IN (SELECT subject_id FROM touched_body)"
        cursor.execute(
            _PUT_IN.replace("(%(subjects)s::bigint[] IS NULL OR i.subject_id = ANY(%(subjects)s::bigint[]))", touched),
            values,
        )
        cursor.execute("DROP TABLE touched_body")
