"""Turn checked and tied rows into finished facts: identity, periods, deadline, content."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chengxin.base.city import load_city
from chengxin.catalogue import FieldType, load_catalogue
from chengxin.intake.staging import OPEN_END
from chengxin.kernel.calendar import WorkCalendar, load_holiday_notices
from chengxin.kernel.clocks import (
    double_publicity_rule,
    load_double_publicity_rules,
    load_publicity_rules,
    to_duckdb_sql,
)
from chengxin.kernel.documents import document_key_sql
from chengxin.kernel.identifiers.sql import uscc_normalise_sql
from chengxin.kernel.masking import mask_persons_sql
from chengxin.kernel.names import fold_name_sql

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from chengxin.catalogue import Field, Item

INDIVIDUAL_PREFIX = "92"
"""First two characters of an individual business's credit code (GB 32100, table of categories)."""


def kind_sql(columns: str = "") -> str:
    """Return the DuckDB expression for the kind of body: by category, and by code where the category is silent."""
    return f"""CASE WHEN {columns}subject_category = '个体工商户' OR {columns}uscc LIKE '{INDIVIDUAL_PREFIX}%'
        THEN 'individual_business'
        WHEN {columns}subject_category = '非法人组织' THEN 'unincorporated' ELSE 'legal_person' END"""


def stage_bodies(duck: duckdb.DuckDBPyConnection) -> None:
    """Make ``bodies`` for the register of bodies from a staged registration file; rows with findings stay out."""
    texts = ("subject_name", "former_name", "english_name", "registrar_name")
    masked = ", ".join(f"{mask_persons_sql(text)} AS {text}" for text in texts)
    parted = r"regexp_split_to_array(former_name, '[;；、\n]+')"
    former = f"array_to_string(list_filter({parted}, lambda part: trim(part) <> ''), chr(31))"
    duck.execute(
        f"""CREATE OR REPLACE TABLE bodies AS SELECT s.row_number AS line, c.uscc, c.registration_number,
        c.organisation_code, c.tax_number, {kind_sql("s.")} AS kind, s.subject_name AS name,
        {fold_name_sql("s.subject_name")} AS folded, {former} AS former, {fold_name_sql(former)} AS former_folded,
        s.english_name AS english, {fold_name_sql("s.english_name")} AS english_folded,
        CASE WHEN s.status = '' THEN '存续' ELSE s.status END AS status, s.registrar_name AS registrar,
        TRY_CAST(s.established_on AS DATE) AS established_on, TRY_CAST(s.decided_on AS DATE) AS decided_on,
        {uscc_normalise_sql("s.former_uscc")} AS former_uscc
        FROM (SELECT * REPLACE ({masked}) FROM staged) s JOIN code c USING (row_number)
        ANTI JOIN finding f USING (row_number)"""
    )


def compose(duck: duckdb.DuckDBPyConnection, item: Item, *, today: date) -> None:
    """Make ``facts`` and ``fact_content`` from ``staged`` and ``linked`` as ``AddRecords`` takes them.

    A penalty has effect while it may be shown (the dated rules of publicity); a licence while it is valid; a
    registration without end. A decision that its source calls withdrawn becomes a withdrawal.
    """
    deadlines(duck, item)
    # Computed columns begin with an underscore: a field of the item may bear any other name.
    duck.execute(
        f"""CREATE OR REPLACE TABLE facts AS
        SELECT row_number AS line, md5(concat_ws(chr(31), '{item.key}', {_identity(item)}))::UUID AS key,
            _identifier AS identifier, _subject AS subject_id, _link AS link, _document AS document_number,
            _decided AS decided_on, _from AS valid_from, _until AS valid_until, _rule AS rule, due_on,
            coalesce(provisional, false) AS due_provisional, _shown AS public, _withdrawn AS withdrawn,
            md5(concat_ws(chr(31), _content, _withdrawn{_dated(item)}))::UUID AS digest
        FROM (SELECT s.*, {_document(item)} AS _document, {_day(item.roles.decided_on)} AS _decided,
                {", ".join(_periods(item, today))}, {_withdrawn(item)} AS _withdrawn,
                {content_sql(item)} AS _content
            FROM (SELECT s.*, l.identifier AS _identifier, l.subject_id AS _subject, l.link AS _link,
                {_publicity(item, today)} AS _period FROM staged s JOIN linked l USING (row_number)) s) f
        LEFT JOIN deadline d ON d.day = f._decided"""
    )
    content = f"SELECT row_number AS line, {content_sql(item)} AS content FROM staged s"
    duck.execute(f"CREATE OR REPLACE VIEW fact_content AS {content}")


def deadlines(duck: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Make ``deadline``: for each day of decision the last day for handing in (双公示), provisional or not."""
    duck.execute("CREATE OR REPLACE TABLE deadline (day DATE, due_on DATE, provisional BOOLEAN)")
    if not item.double_publicity or item.roles.decided_on is None:
        return
    key = item.roles.decided_on
    known = load_holiday_notices()
    # Beyond the calendar's years nobody can name a deadline; a row without a fault may still be that old.
    days = [
        row[0]
        for row in duck.execute(
            f"""SELECT DISTINCT TRY_CAST({key} AS DATE) AS day FROM staged
            WHERE year(day) >= {known.first_year} AND year(day) < {known.last_year}"""
        ).fetchall()
    ]
    calendar = work_calendar()
    rules = load_double_publicity_rules()
    by_rule = defaultdict(list)
    for day in days:
        by_rule[double_publicity_rule(rules, day)].append(day)
    due = {day: one for rule, those in by_rule.items() for day, one in rule.deadlines(calendar, those).items()}
    duck.execute(
        "INSERT INTO deadline SELECT unnest(?::DATE[]), unnest(?::DATE[]), unnest(?::BOOLEAN[])",
        [list(due), [one.day for one in due.values()], [one.provisional for one in due.values()]],
    )


def work_calendar() -> WorkCalendar:
    """Return the working days of the city: the national calendar with the profile's own table before it."""
    from django.conf import settings  # noqa: PLC0415 - the room's pure functions need no Django

    return WorkCalendar(tuple(load_city(settings.CITY).local_days))


def content_sql(item: Item) -> str:
    """Return the DuckDB expression for a fact's content: a JSON object of the filled fields that may be kept."""
    parts = []
    for field in item.fields:
        if field.keep:
            text = mask_persons_sql(f"s.{field.key}") if _free(field) else f"s.{field.key}"
            parts.append(f"""CASE WHEN s.{field.key} <> '' THEN '"{field.key}":' || to_json({text}) END""")
    return "'{' || concat_ws(',', " + ", ".join(parts) + ") || '}'"


def _free(field: Field) -> bool:
    """Whether a department can write what it likes into the field: texts, and coded values that take a note."""
    if field.type is FieldType.ENUM and field.code_set:
        codes = load_catalogue().code_set(field.code_set)
        return bool(codes.open_in) or any(value.annotated for value in codes.values)
    return field.type is FieldType.TEXT


def _withdrawn(item: Item) -> str:
    """Return the test whether a row withdraws its decision; a register entry that was annulled still stands there."""
    return "s.status = '撤销'" if item.roles.document_number else "false"


def _dated(item: Item) -> str:
    """Return what a fact's digest holds beside its content: the days that rules gave it.

    A register entry without a date begins on the day it arrives, which is no reason to call it another one tomorrow.
    """
    return "" if item.key == "registration" else ", _from, _until"


def _publicity(item: Item, today: date) -> str:
    """Return the expression for a penalty's period of publicity: a struct of class, rule_id, until and published."""
    if item.key != "penalty":
        return "NULL"
    kinds = "s.penalty_kind || ';' || s.penalty_kind_2"
    decided = _day(item.roles.decided_on)
    return to_duckdb_sql(load_publicity_rules(), kinds, decided, "TRY_CAST(s.public_until AS DATE)", today)["period"]


def _document(item: Item) -> str:
    return f"s.{item.roles.document_number}" if item.roles.document_number else "''"


def _day(key: str | None) -> str:
    return f"TRY_CAST(s.{key} AS DATE)" if key else "NULL::DATE"


def _identity(item: Item) -> str:
    """Return what makes a fact the same fact in two files: the document and the code it is filed under."""
    if item.roles.document_number is None:
        return "_subject::VARCHAR"
    parts = [document_key_sql("_document"), "_identifier"]
    if any(field.key == "licence_number" for field in item.fields):
        # One decision can grant several certificates; each is a fact of its own.
        parts.insert(1, document_key_sql("licence_number"))
    return ", ".join(parts)


def _periods(item: Item, today: date) -> tuple[str, ...]:
    """Return the expressions for _from, _until, _rule and _shown."""
    decided = _day(item.roles.decided_on)
    if item.key == "penalty":
        return (
            f"{decided} AS _from",
            # What may not be shown has no period of use beyond its day: it is held, and nothing rests on it.
            f"coalesce(s._period.until, {decided}) AS _until",
            "s._period.rule_id AS _rule",
            "coalesce(s._period.published, false) AS _shown",
        )
    if item.roles.valid_until is None or item.key == "registration":
        return (
            f"coalesce(TRY_CAST(s.established_on AS DATE), {decided}, DATE '{today.isoformat()}') AS _from",
            "NULL::DATE AS _until",
            "NULL AS _rule",
            "true AS _shown",
        )
    return (
        f"coalesce({_day(item.roles.valid_from)}, {decided}) AS _from",
        f"CASE WHEN s.{item.roles.valid_until} <> '{OPEN_END}' THEN {_day(item.roles.valid_until)} END AS _until",
        "NULL AS _rule",
        "s.status <> '无效' AS _shown",
    )
