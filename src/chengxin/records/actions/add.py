"""Add many facts at once: new ones, corrections of known ones, and nothing for what is known already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.bulk import copy_in, copy_out, one_row
from chengxin.base.events import publish
from chengxin.records.events import RecordsAdded

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    import duckdb

COLUMNS = (
    "id",
    "key",
    "version",
    "kind",
    "replaces",
    "item",
    "generation",
    "subject_id",
    "link",
    "identifier",
    "organisation_id",
    "batch_id",
    "line",
    "document_number",
    "decided_on",
    "valid_from",
    "valid_until",
    "rule",
    "due_on",
    "due_provisional",
    "public",
    "recorded_at",
    "digest",
    "content",
)

RUN = 50_000
"""Lines whose rows are put together at a time."""

OTHER_ORGANISATION = "document_held_by_another_organisation"
WITHDRAWN = "withdrawn_fact_handed_in_again"


@dataclass(frozen=True)
class Added:
    """How many staged facts were new, corrected a known fact, were known already, or were turned down.

    The facts turned down stand in DuckDB's table ``turned_down`` (line, rule): a fact of another organisation that
    says something else, and a fact that was withdrawn before.
    """

    accepted: int
    updated: int
    duplicate: int
    turned_down: int
    linked: int
    unlinked: int


@dataclass(frozen=True)
class AddRecords:
    """Add the facts staged in DuckDB's ``facts`` and ``fact_content``, in the caller's transaction.

    ``facts`` has: line, key (uuid), identifier, subject_id, link, document_number, decided_on, valid_from, valid_until,
    rule, due_on, due_provisional, public, withdrawn, digest (uuid); ``fact_content`` has line and content (JSON text).
    Rows with one key are versions of one fact in the order of their lines; a row that says what the version before it
    says is a duplicate. Where the last row about a fact says what is known already, all its rows are duplicates: a file
    sent twice in two shapes has one effect.

    Additions of one item wait for each other (an advisory lock until the end of the transaction), so that two files
    with the same fact cannot both believe it new.
    """

    duck: duckdb.DuckDBPyConnection
    item: str
    generation: str
    organisation_id: int
    batch_id: int
    now: datetime
    today: date
    progress: Callable[[int], None] | None = None

    def execute(self) -> Added:
        """Add the facts, tell the floors above, and return what became of them."""
        hold_item(self.item)
        self._fetch_known()
        self._keep_decided_links()
        self._decide()
        counts = one_row(
            self.duck,
            """SELECT count(*) FILTER (fate = 'accepted'), count(*) FILTER (fate = 'updated'),
            count(*) FILTER (fate = 'duplicate'), (SELECT count(*) FROM turned_down),
            count(*) FILTER (fate <> 'duplicate' AND subject_id IS NOT NULL),
            count(*) FILTER (fate <> 'duplicate' AND subject_id IS NULL) FROM decided""",
        )
        added = Added(*counts)
        if added.accepted + added.updated:
            self._copy(added.accepted + added.updated, replacing=added.updated > 0)
        return added

    def _fetch_known(self) -> None:
        """Bring the latest version of every staged key into DuckDB as ``known``."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS staged_key (key uuid NOT NULL) ON COMMIT DELETE ROWS")
            cursor.execute("TRUNCATE staged_key")
            copy_in(self.duck, "SELECT DISTINCT key FROM facts", cursor, "staged_key", ["key"])
            cursor.execute("ANALYZE staged_key")
            copy_out(
                cursor,
                """SELECT DISTINCT ON (r.key) r.key, r.id, r.version, r.kind, r.digest, r.organisation_id,
                    CASE WHEN r.link = 'decision' THEN r.subject_id END
                FROM staged_key s JOIN records_record r USING (key) ORDER BY r.key, r.version DESC""",
                self.duck,
                "known",
                {
                    "key": "UUID",
                    "id": "BIGINT",
                    "version": "SMALLINT",
                    "kind": "VARCHAR",
                    "digest": "UUID",
                    "organisation_id": "INTEGER",
                    "decided_subject": "BIGINT",
                },
            )

    def _keep_decided_links(self) -> None:
        """Let a fact that a person tied stay with its body, whatever a later file says of it.

        Where the file's own code has come to name that very body, the code ties from now on.
        """
        self.duck.execute(
            """UPDATE facts SET subject_id = k.decided_subject, link = 'decision' FROM known k
            WHERE k.key = facts.key AND k.decided_subject IS NOT NULL
                AND facts.subject_id IS DISTINCT FROM k.decided_subject"""
        )

    def _decide(self) -> None:
        """Say of every staged fact what becomes of it: tables ``turned_down`` and ``decided`` in DuckDB."""
        self.duck.execute(
            """CREATE OR REPLACE TABLE turned_down AS
            SELECT f.line, CASE WHEN k.organisation_id <> ? THEN ? ELSE ? END AS rule
            FROM facts f JOIN known k USING (key)
            WHERE (k.organisation_id <> ? AND f.digest <> k.digest)
               OR (k.organisation_id = ? AND k.kind = 'withdrawn' AND NOT f.withdrawn)""",
            [self.organisation_id, OTHER_ORGANISATION, WITHDRAWN, self.organisation_id, self.organisation_id],
        )
        # Withdrawn in this very file, and handed in again further down.
        self.duck.execute(
            """INSERT INTO turned_down SELECT f.line, ? FROM facts f JOIN
            (SELECT key, min(line) AS since FROM facts ANTI JOIN turned_down USING (line) WHERE withdrawn
                GROUP BY key) w
            USING (key) ANTI JOIN turned_down t ON t.line = f.line WHERE NOT f.withdrawn AND f.line > w.since""",
            [WITHDRAWN],
        )
        self.duck.execute(
            """CREATE OR REPLACE TABLE decided AS
            WITH standing AS (
                SELECT f.line, f.key, f.subject_id, k.id AS known_id, coalesce(k.version, 0) AS known_version,
                    f.digest IS DISTINCT FROM lag(f.digest, 1, k.digest) OVER fact
                        AND last_value(f.digest) OVER whole IS DISTINCT FROM k.digest AS changes
                FROM facts f LEFT JOIN known k USING (key) ANTI JOIN turned_down t USING (line)
                WINDOW fact AS (PARTITION BY f.key ORDER BY f.line),
                    whole AS (PARTITION BY f.key ORDER BY f.line
                        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            ), counted AS (
                SELECT *, known_version + sum(changes::INTEGER) OVER (PARTITION BY key ORDER BY line) AS version
                FROM standing
            )
            SELECT line, key, subject_id, known_id, version::SMALLINT AS version,
                CASE WHEN NOT changes THEN 'duplicate' WHEN version = 1 THEN 'accepted' ELSE 'updated' END AS fate
            FROM counted"""
        )

    def _copy(self, rows: int, *, replacing: bool) -> None:
        first = reserve_ids(rows)
        self._finish(first)
        superseded: tuple[int, ...] = ()
        if replacing:
            overtaken = self.duck.execute(
                "SELECT replaces FROM finished WHERE replaces >= ? ORDER BY replaces", [first]
            )
            superseded = tuple(row[0] for row in overtaken.fetchall())
        with connection.cursor() as cursor:
            copy_in(self.duck, self._pieces(), cursor, "records_record", COLUMNS, progress=self.progress)
        publish(RecordsAdded(self.item, first, first + rows - 1, superseded, replacing, self.today))

    def _pieces(self) -> list[str]:
        """Return the queries that give the finished rows, a run of lines at a time.

        The content is put together on the way: PostgreSQL is the slower side, and content that is never written down
        needs no memory. One join of a million rows would outgrow it and take the wide side to the disk.
        """
        first, last = one_row(self.duck, "SELECT min(line), max(line) FROM finished")
        return [
            f"""SELECT {", ".join(COLUMNS)}
            FROM (SELECT * FROM fact_content WHERE line BETWEEN {start} AND {start + RUN - 1})
            JOIN (SELECT * FROM finished WHERE line BETWEEN {start} AND {start + RUN - 1}) USING (line)"""
            for start in range(first, last + 1, RUN)
        ]

    def _finish(self, first: int) -> None:
        """Make ``finished``: the rows to add but for their content, numbered from ``first`` in the order of lines."""
        self.duck.execute(
            """CREATE OR REPLACE TABLE finished AS
            WITH numbered AS (
                SELECT line, key, version, known_id, ?::BIGINT - 1 + row_number() OVER (ORDER BY line) AS id
                FROM decided WHERE fate <> 'duplicate')
            SELECT n.*, coalesce(lag(n.id) OVER (PARTITION BY n.key ORDER BY n.version), n.known_id) AS replaces,
                CASE WHEN f.withdrawn THEN 'withdrawn' WHEN n.version = 1 THEN 'new' ELSE 'corrected' END AS kind,
                ? AS item, ? AS generation, ?::INTEGER AS organisation_id, ?::BIGINT AS batch_id, ? AS recorded_at,
                f.* EXCLUDE (line, key, public), f.public AND NOT f.withdrawn AS public
            FROM numbered n JOIN facts f USING (line)""",
            [first, self.item, self.generation, self.organisation_id, self.batch_id, self.now.isoformat()],
        )


def hold_item(item: str) -> None:
    """Wait until no other transaction adds facts of ``item``, and keep others out until this one ends.

    Whoever stamps facts with the moment of their registration takes the moment after this, so that facts of one item
    are registered in the order in which they become visible.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records.add'), hashtext(%s))", [item])


def reserve_ids(rows: int) -> int:
    """Take ``rows`` numbers in one piece and return the first; the caller holds a lock, so they are in one run."""
    with connection.cursor() as cursor:
        # The lock makes "next, then skip" one step for additions of every item.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('records.ids'), 0)")
        cursor.execute("SELECT nextval('record_ids')")
        first: int = cursor.fetchone()[0]
        if rows > 1:
            cursor.execute("SELECT setval('record_ids', %s)", [first + rows - 1])
    return first
