"""Tie staged rows to registered bodies by identifier, never by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from chengxin.base.bulk import copy_in, copy_out, one_row
from chengxin.intake.rulebook import rulebook
from chengxin.kernel.identifiers.sql import uscc_normalise_sql
from chengxin.kernel.names import fold_name_sql
from chengxin.records.refusals import STANDING

if TYPE_CHECKING:
    import duckdb

    from chengxin.catalogue import Item

KINDS = ("uscc", "organisation_code", "registration_number", "tax_number")
"""Identifiers in the order in which they speak for a row."""

FILED = (*KINDS, "institution_certificate_number", "social_organisation_certificate_number")
"""Identifiers a fact can be filed under: the last two tie nothing, but tell one body's fact from another's."""


def find_identifiers(duck: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Make ``code`` (the rows' identifiers) and ``identified`` (kind, value, subject_id, bodies) from the register.

    ``subject_id`` is empty for a value that stands at two bodies: such a value ties nothing.
    """
    fields = {field.key for field in item.fields}
    parts = []
    for kind in FILED:
        column = uscc_normalise_sql(f"staged.{kind}") if kind in fields else "''"
        if kind == "organisation_code":
            # GB 32100: characters 9 to 17 of a credit code are the organisation code, also when the field is empty.
            column = (
                f"CASE WHEN {column} <> '' THEN {column} WHEN length(uscc) = 18 THEN substr(uscc, 9, 9) ELSE '' END"
            )
        parts.append(f"{column} AS {kind}")
    duck.execute(f"CREATE TABLE code AS SELECT row_number, subject_name, {', '.join(parts)} FROM staged")
    union = " UNION ".join(f"SELECT '{kind}' AS kind, {kind} AS value FROM code WHERE {kind} <> ''" for kind in KINDS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS asked_code (kind text, value text) ON COMMIT DELETE ROWS")
        cursor.execute("TRUNCATE asked_code")
        copy_in(duck, union, cursor, "asked_code", ("kind", "value"))
        cursor.execute("ANALYZE asked_code")
        copy_out(
            cursor,
            """SELECT kind, value, CASE WHEN count(*) = 1 THEN min(subject_id) END, count(*)
            FROM asked_code JOIN subjects_identifier USING (kind, value) GROUP BY kind, value""",
            duck,
            "identified",
            {"kind": "VARCHAR", "value": "VARCHAR", "subject_id": "BIGINT", "bodies": "INTEGER"},
        )


def link(duck: duckdb.DuckDBPyConnection) -> None:
    """Make ``linked``: row_number, identifier (``kind:value``), subject_id and link (the kind that tied), or empty.

    A row whose identifiers name two different bodies is reported and tied to neither.
    """
    joins = "".join(
        f" LEFT JOIN identified i_{kind} ON i_{kind}.kind = '{kind}' AND i_{kind}.value = c.{kind}" for kind in KINDS
    )
    subjects = ", ".join(f"i_{kind}.subject_id" for kind in KINDS)
    tied = " ".join(f"WHEN i_{kind}.subject_id IS NOT NULL THEN '{kind}'" for kind in KINDS)
    filed = " ".join(f"WHEN c.{kind} <> '' THEN '{kind}:' || c.{kind}" for kind in FILED)
    duck.execute(
        f"""CREATE TABLE linked AS SELECT c.row_number, CASE {filed} ELSE '' END AS identifier,
        coalesce({subjects}) AS subject_id, CASE {tied} END AS link,
        least({subjects}) IS DISTINCT FROM greatest({subjects}) AS disagree
        FROM code c{joins} ANTI JOIN finding f ON f.row_number = c.row_number"""
    )
    report(duck, "identifiers_disagree", "SELECT row_number FROM linked WHERE disagree")
    duck.execute("DELETE FROM linked WHERE disagree")
    _untie_contradicted(duck)
    _untie_refused(duck)


def _untie_contradicted(duck: duckdb.DuckDBPyConnection) -> None:
    """Untie rows that a lesser code ties to a body although their own credit code, unknown here, is another body's.

    GB 32100: the organisation code inside a credit code is for life, so two that differ in it are two bodies. Such a
    row waits for the body its credit code names.
    """
    doubtful = """SELECT c.row_number, l.subject_id, substr(c.uscc, 9, 9) AS own FROM linked l JOIN code c
        USING (row_number) WHERE l.link <> 'uscc' AND c.uscc <> ''"""
    if one_row(duck, f"SELECT count(*) FROM ({doubtful})") == (0,):
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE doubtful_tie (row_number int, subject_id bigint, own text) ON COMMIT DROP")
        copy_in(duck, doubtful, cursor, "doubtful_tie", ("row_number", "subject_id", "own"))
        copy_out(
            cursor,
            """SELECT row_number FROM doubtful_tie d JOIN subjects_subject s ON s.id = d.subject_id
            WHERE s.uscc <> '' AND substr(s.uscc, 9, 9) <> d.own""",
            duck,
            "contradicted",
            {"row_number": "INTEGER"},
        )
        cursor.execute("DROP TABLE doubtful_tie")
    duck.execute(
        "UPDATE linked SET subject_id = NULL, link = NULL WHERE row_number IN (SELECT row_number FROM contradicted)"
    )


def _untie_refused(duck: duckdb.DuckDBPyConnection) -> None:
    """Untie rows whose code a person found not to mean the body it ties: such a pair waits for a person again."""
    with connection.cursor() as cursor:
        copy_out(
            cursor,
            f"""SELECT DISTINCT d.identifier, d.subject_id FROM records_linkdecision d
            WHERE {STANDING} AND d.identifier <> ''""",
            duck,
            "refused_pair",
            {"identifier": "VARCHAR", "subject_id": "BIGINT"},
        )
    duck.execute(
        """UPDATE linked SET subject_id = NULL, link = NULL FROM refused_pair r
        WHERE r.identifier = linked.identifier AND r.subject_id = linked.subject_id"""
    )


def names_that_differ(duck: duckdb.DuckDBPyConnection) -> int:
    """Return how many tied rows bear a name that the register does not know for the body they are tied to.

    The identifier ties all the same; the department is told, because a right code with a wrong name may be a slip.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS asked_subject (subject_id bigint) ON COMMIT DELETE ROWS")
        cursor.execute("TRUNCATE asked_subject")
        copy_in(
            duck,
            "SELECT DISTINCT subject_id FROM linked WHERE subject_id IS NOT NULL",
            cursor,
            "asked_subject",
            ("subject_id",),
        )
        copy_out(
            cursor,
            "SELECT n.subject_id, n.folded FROM asked_subject JOIN subjects_name n USING (subject_id)",
            duck,
            "known_name",
            {"subject_id": "BIGINT", "folded": "VARCHAR"},
        )
    return int(
        one_row(
            duck,
            f"""SELECT coalesce(sum(rows), 0) FROM
            (SELECT subject_id, {fold_name_sql("subject_name")} AS folded, rows FROM
            (SELECT l.subject_id, c.subject_name, count(*) AS rows FROM linked l JOIN code c USING (row_number)
            WHERE l.subject_id IS NOT NULL GROUP BY ALL)) ANTI JOIN known_name USING (subject_id, folded)""",
        )[0]
    )


def report(duck: duckdb.DuckDBPyConnection, rule: str, rows: str) -> None:
    """Add a finding of linking or loading for each row_number that ``rows`` selects."""
    wording = rulebook().other[rule]
    duck.execute(
        f"""INSERT INTO finding
        SELECT row_number, ?, '主体代码', c.uscc, ?, ? FROM cleaned c JOIN ({rows}) USING (row_number)""",
        [rule, wording.message, wording.expected],
    )
