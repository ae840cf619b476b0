"""The database server as backups see it: the archive's role and slot, positions in the log, and counts of rows.

The role ``archive_of_chengxin`` may replicate, which means read every byte of the cluster, and has no right to a table.
It is named apart from the platform's own roles, none of which may replicate.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from chengxin.base.config import embedded_url, read_secrets, socket_folder
from chengxin.base.renewal import new_passwords, renew_passwords
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chengxin.base.config import Secrets

ROLE = "archive_of_chengxin"
SLOT = "chengxin_archive"
SEGMENT = re.compile(r"[0-9A-F]{24}", re.ASCII)
"""Name of a whole piece of the log: timeline, and number in two halves."""

SEGMENT_BYTES = 16 * 1024 * 1024
"""Bytes of a piece as ``initdb`` makes it; ``system_of`` refuses another size."""

FUNCTIONS = ("pg_switch_wal()", "pg_create_restore_point(text)")


@dataclass(frozen=True)
class System:
    """The cluster's own number, its timeline, and the version of PostgreSQL."""

    number: str
    timeline: int
    version: int


def archive_password(folder: Path) -> str:
    """Return the password of the archive's role, derived from the superuser's: no further secret is to be kept."""
    return derived_password(read_secrets(folder))


def derived_password(held: Secrets) -> str:
    """Return the password of the archive's role that belongs to these secrets."""
    return hmac.new(held.passwords["superuser"].encode(), ROLE.encode(), hashlib.sha256).hexdigest()


def renew_database_passwords(folder: Path) -> None:
    """Give every role of the running embedded server a new password, the archive's too where it was made.

    The caller holds the folder's ``start.lock``. Raises ``psycopg.Error`` when the database is away; the old ones hold.
    """
    coming = new_passwords(read_secrets(folder))
    renew_passwords(folder, {ROLE: derived_password(coming)}, coming=coming)


def archive_url(folder: Path) -> str:
    """Return the embedded server's address for the archive's role, in the database ``postgres``."""
    host = quote(str(socket_folder(folder)), safe="")
    return f"postgresql://{ROLE}:{archive_password(folder)}@{host}/postgres"


def prepare_archive(folder: Path) -> None:
    """Make the archive's role, its two functions and its slot on the embedded server; may be repeated."""
    superuser = embedded_url(folder, "superuser", read_secrets(folder), "postgres")
    role = sql.Identifier(ROLE)
    with psycopg.connect(superuser, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
        verb = sql.SQL("ALTER" if found else "CREATE")
        options = sql.SQL("LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        password = sql.Literal(archive_password(folder))
        connection.execute(sql.SQL("{} ROLE {} {} PASSWORD {}").format(verb, role, options, password))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(role))
        for function in FUNCTIONS:
            connection.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), role))
        limit = sql.Literal(f"{load_settings().slot_megabytes}MB")
        connection.execute(sql.SQL("ALTER SYSTEM SET max_slot_wal_keep_size = {}").format(limit))
        connection.execute("SELECT pg_reload_conf()")
        drop_lost_slot(connection)
        if connection.execute("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", [SLOT]).fetchone() is None:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])


def drop_lost_slot(connection: psycopg.Connection) -> bool:
    """Take the slot away when the server gave up keeping the log for it; return whether it had to go."""
    lost = connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
        " WHERE slot_name = %s AND wal_status = 'lost' AND NOT active",
        [SLOT],
    )
    return lost.fetchone() is not None


def system_of(connection: psycopg.Connection) -> System:
    """Return which cluster this is."""
    row = connection.execute(
        """SELECT (SELECT system_identifier::text FROM pg_control_system()),
            (SELECT timeline_id FROM pg_control_checkpoint()), current_setting('server_version_num')::int,
            pg_size_bytes(current_setting('wal_segment_size'))"""
    ).fetchone()
    assert row is not None  # noqa: S101 - a query without FROM has one row
    if row[3] != SEGMENT_BYTES:
        raise ValueError(f"log pieces of {row[3]} bytes")
    return System(str(row[0]), int(row[1]), int(row[2]))


@dataclass(frozen=True)
class SlotState:
    """The archive's slot: whether it is in use, whether its log is still there, and bytes it has not taken yet."""

    active: bool
    kept: bool
    behind: int


def slot_state(connection: psycopg.Connection) -> SlotState | None:
    """Return how the slot stands; None where there is none."""
    row = connection.execute(
        """SELECT active, coalesce(wal_status, 'lost') <> 'lost',
            coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
        FROM pg_replication_slots WHERE slot_name = %s""",
        [SLOT],
    ).fetchone()
    return SlotState(bool(row[0]), bool(row[1]), int(row[2])) if row else None


def mark(connection: psycopg.Connection, label: str) -> str:
    """Write a named point into the log, close the piece it is in, and return that piece's name."""
    row = connection.execute("SELECT pg_create_restore_point(%s)::text", [label]).fetchone()
    assert row is not None  # noqa: S101 - a query without FROM has one row
    named = connection.execute("SELECT pg_walfile_name(%s::pg_lsn)", [row[0]]).fetchone()
    assert named is not None  # noqa: S101 - the same
    connection.execute("SELECT pg_switch_wal()")
    return str(named[0])


def count_rows(url: str) -> dict[str, int]:
    """Return the rows of every table of the platform at one moment, for the owner's address ``url``."""
    counts: dict[str, int] = {}
    with psycopg.connect(make_conninfo(url, application_name="chengxin-backup")) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        tables = connection.execute(
            """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('core', 'publication') AND c.relkind = 'r' ORDER BY 1, 2"""
        ).fetchall()
        for schema, table in tables:
            name = sql.Identifier(str(schema), str(table))
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
            assert row is not None  # noqa: S101 - an aggregate has one row
            counts[f"{schema}.{table}"] = int(row[0])
    return counts


def differing(restored: Mapping[str, int], before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Return the tables whose restored rows lie outside what was counted just before and just after the point.

    Tables that come and go by the second are not judged.
    """
    settings = load_settings()
    found = []
    for table in sorted(before.keys() | restored.keys()):
        if settings.churns(table.partition(".")[2]):
            continue
        bounds = (before.get(table, -1), after.get(table, -1))
        if not min(bounds) <= restored.get(table, -1) <= max(bounds):
            found.append(f"{table} {restored.get(table)} ≠ {bounds[0]}–{bounds[1]}")
    return found


def next_segment(name: str) -> str:
    """Return the name of the piece after ``name`` on its timeline: 256 pieces of 16 MiB to each of the upper half.

    >>> next_segment("0000000100000000000000FF")
    '000000010000000100000000'
    """
    timeline, upper, lower = name[:8], int(name[8:16], 16), int(name[16:], 16)
    upper, lower = (upper + 1, 0) if lower == SEGMENT_BYTES_UPPER else (upper, lower + 1)
    return f"{timeline}{upper:08X}{lower:08X}"


SEGMENT_BYTES_UPPER = (1 << 32) // SEGMENT_BYTES - 1
"""Highest lower half of a piece's number."""
