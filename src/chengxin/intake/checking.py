"""Check a staged batch: every rule adds its findings to one table, row by row, field by field.

``finding`` has row_number, rule, field (label), value (as handed in), message and expected. A row with a finding is
sent back whole. Rows about natural persons keep one finding without a value, whatever else is wrong with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.catalogue import FieldType, load_catalogue
from chengxin.intake.reader import sentence
from chengxin.intake.rulebook import rulebook
from chengxin.kernel.identifiers.sql import resident_id_shape_sql
from chengxin.kernel.masking import MARK, mask_persons_sql
from chengxin.kernel.text import has_controls_sql, has_private_use_sql, sql_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import duckdb

    from chengxin.catalogue import Field, HeaderMatch, Item
    from chengxin.intake.rulebook import Wording

PERSON_RULE = "natural_person_refused"

_SHOWN = 200
"""Characters of a value that a finding repeats."""

_CODES = (FieldType.CODE, FieldType.USCC)

_WHY = "CASE WHEN j.why <> '' THEN concat('：', j.why) ELSE '' END"
"""What table ``judged`` (alias j) says of one code, behind the rule's own sentence."""

_SCIENTIFIC = "^[+-]?[0-9]+([.][0-9]+)?[Ee][+]?[0-9]+$"
"""What a spreadsheet makes of a long number that was not text."""


def check(
    duck: duckdb.DuckDBPyConnection,
    item: Item,
    match: HeaderMatch,
    *,
    today: date,
    organisations: Iterable[tuple[str, Sequence[str]]],
) -> None:
    """Make ``finding``.

    ``organisations`` are the city's: each with its 统一社会信用代码 and every name it goes by; ``today`` is the legal
    day of arrival.
    """
    duck.execute(
        """CREATE TABLE finding (row_number INTEGER, rule VARCHAR, field VARCHAR, value VARCHAR, message VARCHAR,
        expected VARCHAR)"""
    )
    duck.execute("CREATE TABLE context AS SELECT ?::DATE AS today", [today])
    known = list(organisations)
    duck.execute("CREATE TABLE organisation AS SELECT unnest(?::VARCHAR[]) AS uscc", [[uscc for uscc, _ in known]])
    names = [name for _, those in known for name in those]
    duck.execute("CREATE TABLE organisation_name AS SELECT unnest(?::VARCHAR[]) AS name", [names])
    _find_persons(duck, item)
    _check_rows(duck)
    for field in item.fields:
        _check_field(duck, item, field, match)
    _check_groups(duck, item)
    for rule in rulebook().written:
        if rule.applies(item.key, match.generation):
            duck.execute(
                f"""INSERT INTO finding
                SELECT row_number, ?, field, left(value, {_SHOWN}), ?, expected FROM ({rule.sql})""",
                [rule.id, rule.message],
            )
    duck.execute(
        "DELETE FROM finding WHERE rule <> ? AND row_number IN (SELECT row_number FROM finding WHERE rule = ?)",
        [PERSON_RULE, PERSON_RULE],
    )


def _find_persons(duck: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Make ``person_like``: rows with the number of a natural person's document where a code or number belongs."""
    duck.execute("CREATE TABLE person_like (row_number INTEGER)")
    for field in item.fields:
        if field.type in _CODES and field.keep:
            duck.execute(
                f"""INSERT INTO person_like SELECT row_number FROM staged
                WHERE regexp_matches({field.key}, '{_MANY_DIGITS}') AND {person_number_sql(field, field.key)}"""
            )
    duck.execute("CREATE OR REPLACE TABLE person_like AS SELECT DISTINCT row_number FROM person_like")


_BODY_CODES = ("uscc", "tax_number")

_MANY_DIGITS = "([0-9０-９][ -]?){14}"
"""What every resident's number has and few codes do: a cheap look before the full one."""


def person_number_sql(field: Field, column: str) -> str:
    """Return the DuckDB test whether ``column``, a text of a code ``field``, is or holds a resident's number.

    The old numbers of fifteen digits look like many a registration number; they are seen only where those do not
    belong.
    """
    whole = resident_id_shape_sql(column)
    if not field.key.endswith(_BODY_CODES):
        whole = f"({whole} AND length({column}) > 15)"
    return f"({whole} OR contains({mask_persons_sql(column)}, {sql_literal(MARK)}))"


def _check_rows(duck: duckdb.DuckDBPyConnection) -> None:
    """Report what the reader found wrong with whole rows."""
    for (flaw,) in duck.execute("SELECT DISTINCT flaw FROM rows WHERE flaw <> ''").fetchall():
        duck.execute(
            """INSERT INTO finding
            SELECT row_number, ?, '整行', '', ?, '与表头一致、内容完整的一行' FROM rows WHERE flaw = ?""",
            [f"row_{flaw}", sentence(flaw, "zh"), flaw],
        )


def _check_field(duck: duckdb.DuckDBPyConnection, item: Item, field: Field, match: HeaderMatch) -> None:
    """Report what the field's definition refuses."""
    wording = rulebook().generated
    key = field.key
    if match.generation in field.required:
        _report(duck, field, wording["required"], f"c.{key} = ''")
    condition = field.required_if
    if condition is not None and match.generation in condition.generations:
        labels = ", ".join(sql_literal(label) for label in _labels(item, condition.field, condition.values))
        _report(duck, field, wording["required"], f"c.{key} = '' AND c.{condition.field}__value IN ({labels})")
    if key not in match.columns:
        return
    if field.max_length is not None and field.type in (FieldType.TEXT, FieldType.CODE, FieldType.ENUM):
        _report(duck, field, wording["too_long"], f"length(c.{key}) > {field.max_length}")
    if field.pattern is not None:
        _report(
            duck,
            field,
            wording["pattern"],
            f"c.{key} <> '' AND NOT regexp_full_match(c.{key}, {sql_literal(field.pattern)})",
        )
    if field.type is FieldType.TEXT:
        _report(
            duck,
            field,
            wording["private_use"],
            f"({has_private_use_sql(f'c.{key}')} OR {has_controls_sql(f'c.{key}')})",
        )
    _check_reading(duck, field)
    if field.type in _CODES and field.keep:
        place = match.columns[key]
        damaged = f"(';' || c.damaged || ';') LIKE '%;{place};%' OR regexp_matches(c.{key}, '{_SCIENTIFIC}')"
        _report(duck, field, wording["damaged"], f"c.{key} <> '' AND ({damaged})")
    if field.type is FieldType.USCC:
        joined = f"JOIN judged j ON j.field = '{key}' AND j.text = c.{key}"
        place = match.columns[key]
        sound = f"NOT regexp_matches(c.{key}, '{_SCIENTIFIC}') AND NOT (';' || c.damaged || ';') LIKE '%;{place};%'"
        _report(duck, field, wording["code_invalid"], f"j.verdict = 'invalid' AND {sound}", joined, more=_WHY)
        if key != "uscc":
            _report(duck, field, wording["code_suspect"], f"j.verdict = 'suspect' AND {sound}", joined, more=_WHY)


def _labels(item: Item, key: str, codes: Iterable[str]) -> list[str]:
    """Return the canonical labels, as they stand in ``staged``, of some codes of a field's code set."""
    code_set = item.field(key).code_set
    return [load_catalogue().code_set(code_set).value(code).label for code in codes] if code_set else list(codes)


_UNREADABLE = {
    FieldType.DATE: "not_a_date",
    FieldType.AMOUNT: "not_an_amount",
    FieldType.ENUM: "not_in_code_set",
}


def _check_reading(duck: duckdb.DuckDBPyConnection, field: Field) -> None:
    """Report texts that could not be read, with the reader's own sentence."""
    name = _UNREADABLE.get(field.type)
    if name is None:
        return
    wording = rulebook().generated[name]
    duck.execute(
        f"""INSERT INTO finding SELECT c.row_number, ?, ?, left(c.{field.key}, {_SHOWN}), r.fault, ?
        FROM cleaned c JOIN reading r ON r.field = ? AND r.text = c.{field.key} WHERE r.fault <> ''""",
        [wording.id.format(field=field.key), field.label, wording.expected, field.key],
    )


def report_suspect_codes(duck: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Report codes whose check character is wrong and which no registered body bears (table ``identified``).

    A published code can be wrong by its own standard and still be the body's code: such a code is asked about, and
    taken where the register knows it.
    """
    field = item.field("uscc")
    wording = rulebook().generated["code_suspect"]
    _report(
        duck,
        field,
        wording,
        "j.verdict = 'suspect' AND i.value IS NULL",
        f"""JOIN judged j ON j.field = '{field.key}' AND j.text = c.{field.key}
        LEFT JOIN identified i ON i.kind = 'uscc' AND i.value = c.{field.key}""",
        but_not=(PERSON_RULE, rulebook().generated["damaged"].id.format(field=field.key)),
        more=_WHY,
    )


def _check_groups(duck: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Report rows in which no field of a one-of group is filled."""
    wording = rulebook().generated["group_missing"]
    for group in item.one_of:
        empty = " AND ".join(f"{key} = ''" for key in group.fields)
        duck.execute(
            f"INSERT INTO finding SELECT row_number, ?, ?, '', ?, ? FROM cleaned WHERE {empty}",
            [
                wording.id.format(field=group.key),
                group.label,
                wording.message.format(label=group.label),
                wording.expected,
            ],
        )


def _report(
    duck: duckdb.DuckDBPyConnection,
    field: Field,
    wording: Wording,
    condition: str,
    joined: str = "",
    *,
    but_not: tuple[str, ...] = (),
    more: str = "''",
) -> None:
    """Add a finding about ``field`` for every row of ``cleaned`` (alias c) that meets ``condition``.

    ``more`` is an SQL expression for what the message says of this row beyond the rule's own sentence.
    """
    told = {"field": field.key, "label": field.label, "most": field.max_length}
    value = f"left(c.{field.key}, {_SHOWN})" if field.keep else "''"
    rules = ", ".join(sql_literal(rule) for rule in but_not)
    spared = f" AND c.row_number NOT IN (SELECT row_number FROM finding WHERE rule IN ({rules}))" if but_not else ""
    duck.execute(
        f"""INSERT INTO finding
        SELECT c.row_number, ?, ?, {value}, concat(?, {more}), ? FROM cleaned c {joined} WHERE ({condition}){spared}""",
        [wording.id.format(**told), field.label, wording.message.format(**told), wording.expected.format(**told)],
    )
