"""Row security: put every room's policies in force, and find every hole in them.

A table of the schema ``core`` that belongs to organisations has row security, FORCE and policies for each role that may
touch it. ``isolation.yaml`` says of every table what it is; ``holes`` walks PostgreSQL's own catalogue and names what
does not agree, and every known way round row security.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.db.backends.utils import CursorWrapper

_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('core', 'publication') AND c.relkind IN ('r', 'p') {and_where} ORDER BY 1
"""

_STATE = """
SELECT md5(concat(
    (SELECT string_agg(concat_ws('|', c.oid, c.relrowsecurity, c.relforcerowsecurity, p.polname, p.polcmd,
        p.polpermissive, p.polroles, p.polqual, p.polwithcheck), E'\\n' ORDER BY c.oid, p.polname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_policy p ON p.polrelid = c.oid
        WHERE n.nspname IN ('core', 'publication') AND c.relkind IN ('r', 'p')
            AND (c.relrowsecurity OR c.relforcerowsecurity OR p.oid IS NOT NULL)),
    (SELECT string_agg(concat_ws('|', f.oid, f.prosrc, f.prosqlbody), E'\\n' ORDER BY f.oid) FROM pg_proc f
        WHERE f.pronamespace = 'core'::regnamespace AND f.prokind = 'f' AND f.prorettype <> 'trigger'::regtype
            AND f.pronargs = 0)))
"""

OWNER = "chengxin_owner"
"""The role that migrates: it owns every table and no server logs in as it."""


def apply_policies(cursor: CursorWrapper, texts: Sequence[str]) -> bool:
    """Put exactly the policies of ``texts`` in force, in the caller's transaction; return whether anything changed.

    Every table with row security gets FORCE and the policy ``migrator``: whoever is logged in as the owner sees all,
    because migrations must. It asks for the log-in, so a view or a function that belongs to the owner and is used by
    somebody else sees nothing by it.

    Nothing is touched, and no lock taken, where what is in force is what was put there by the same texts: a server
    that starts while an import runs must not wait for its end.
    """
    wanted = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    cursor.execute("SELECT obj_description('core'::regnamespace)")
    if cursor.fetchone()[0] == f"row security {wanted} {_state(cursor)}":
        return False
    cursor.execute(
        """SELECT format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass) FROM pg_policy p
        JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('core', 'publication')"""
    )
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
    for table in _tables(cursor, "AND c.relrowsecurity"):
        cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    for text in texts:
        cursor.execute(text)
    for table in _tables(cursor, "AND c.relrowsecurity"):
        cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        cursor.execute(f"CREATE POLICY migrator ON {table} TO {OWNER} USING (session_user = '{OWNER}')")
    cursor.execute(f"COMMENT ON SCHEMA core IS 'row security {wanted} {_state(cursor)}'")
    return True


def _state(cursor: CursorWrapper) -> str:
    """Return a digest of what is in force now, so that what was changed by hand is seen."""
    cursor.execute(_STATE)
    return str(cursor.fetchone()[0])


def _tables(cursor: CursorWrapper, and_where: str) -> list[str]:
    cursor.execute(_TABLES.format(and_where=and_where))
    return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True)
class Classified:
    """What ``isolation.yaml`` says: of tables what they are, of keys and ways round why they are allowed."""

    tables: Mapping[str, tuple[str, str]]
    keys: Mapping[str, str]
    definer_functions: Mapping[str, str]
    materialised_views: Mapping[str, str]


@dataclass(frozen=True)
class Hole:
    """A place where one organisation's rows could be seen by another, or that nobody has thought about.

    ``kind`` is one of ``holes.sql``, or ``unclassified``, ``gone``, ``open_table``, ``without_policy``, ``key_tells``,
    ``definer_function`` or ``materialised_view``; ``where`` names the object.
    """

    kind: str
    where: str


KINDS = ("organisation", "shared", "personal", "infrastructure")
"""What a table can be."""

_SECURED = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
    EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname <> 'migrator')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'core' AND c.relkind IN ('r', 'p', 'f')
"""

_KEYS = """
SELECT c.relname, i.relname FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
CROSS JOIN LATERAL (SELECT array_agg(t.attname::text) AS columns FROM pg_attribute t
    WHERE t.attrelid = x.indrelid AND t.attnum = ANY (x.indkey)) AS over
WHERE c.relnamespace = 'core'::regnamespace AND (x.indisunique OR x.indisexclusion)
AND over.columns IS DISTINCT FROM '{id}' AND NOT coalesce(over.columns && %s, false) ORDER BY 2
"""

ORGANISATION_COLUMNS = ("organisation_id", "organisation", "asked_for")
"""Columns that name the organisation a row belongs to: a unique key with one of them asks about one's own rows only."""

_WITH_OTHERS_RIGHTS = """
SELECT 'definer_function', p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND p.prosecdef
UNION ALL SELECT 'materialised_view', c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND c.relkind = 'm'
"""


@cache
def load_classified() -> Classified:
    """Return ``isolation.yaml``; raise ``ValueError`` for a table of no known kind or anything without a reason."""
    held = yaml.safe_load((resources.files("chengxin.base") / "isolation.yaml").read_text(encoding="utf-8"))
    for table, said in held["tables"].items():
        if len(said) != 2 or said[0] not in KINDS or not str(said[1]).strip():  # noqa: PLR2004 - what it is, and why
            raise ValueError(f"{table}: one of {', '.join(KINDS)}, and a reason")
    parts = {name: held[name] for name in ("keys", "definer_functions", "materialised_views")}
    for part in parts.values():
        for name, reason in part.items():
            if not str(reason or "").strip():
                raise ValueError(f"{name}: a reason")
    return Classified(tables={table: (kind, why) for table, (kind, why) in held["tables"].items()}, **parts)


@cache
def load_questions() -> Mapping[str, str]:
    """Return the queries of ``holes.sql`` by the kind of hole they find."""
    text = (resources.files("chengxin.base") / "holes.sql").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("-- hole: ")[1:])
    return {name.strip(): query.strip().rstrip(";") for name, _newline, query in parts}


def holes(cursor: CursorWrapper, classified: Classified | None = None) -> list[Hole]:
    """Return every hole of the database the cursor is connected to, in the order of kind and name; none is the aim."""
    said = classified or load_classified()
    found = [*_tables_open(cursor, said), *_allowed_only(cursor, said)]
    for kind, query in load_questions().items():
        cursor.execute(query)
        found += [Hole(kind, str(where)) for (where,) in cursor.fetchall()]
    return sorted(found, key=lambda hole: (hole.kind, hole.where))


def _tables_open(cursor: CursorWrapper, said: Classified) -> Iterator[Hole]:
    """Yield tables nobody classified, organisations' tables without full row security, and their keys that tell."""
    cursor.execute(_SECURED)
    there = {name: (forced, written) for name, forced, written in cursor.fetchall()}
    own = {table for table, (kind, _why) in said.tables.items() if kind == "organisation"}
    for table, (forced, written) in there.items():
        if table not in said.tables:
            yield Hole("unclassified", table)
        if table in own and not forced:
            yield Hole("open_table", table)
        if table in own and not written:
            yield Hole("without_policy", table)
    for table in own - there.keys():
        yield Hole("gone", table)
    cursor.execute(_KEYS, [list(ORGANISATION_COLUMNS)])
    for table, key in cursor.fetchall():
        if table in own and key not in said.keys:
            yield Hole("key_tells", key)


def _allowed_only(cursor: CursorWrapper, said: Classified) -> Iterator[Hole]:
    """Yield functions with their owner's rights and materialised views that no reason is written down for."""
    cursor.execute(_WITH_OTHERS_RIGHTS)
    for kind, name in cursor.fetchall():
        if name not in (said.definer_functions if kind == "definer_function" else said.materialised_views):
            yield Hole(str(kind), str(name))
