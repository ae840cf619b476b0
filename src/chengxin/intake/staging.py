"""Stage a batch: from the reader's spool to one clean text per field, set by set.

The rows are written down once, in the table ``rows``; three views look at it. ``raw`` holds the cells as the department
wrote them (it reads the spool again). ``cleaned`` holds one text per field of the item, cleaned by its type, and
under ``<field>__value`` what was read of it. ``staged`` holds canonical texts: dates in ISO 8601 (``长期`` for an open
end), amounts as decimals in the field's unit, coded values by their label, codes without spaces and in half width; a
text that cannot be read is empty there and has its fault in ``reading``.

Dates, amounts and coded values are read by the kernel's and the catalogue's own Python functions, once for each
distinct text: a million rows have a few thousand distinct dates, and two readers cannot disagree. Writing a wide table
down costs more than any check over it (measured: 5 to 8 times), so it happens once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.base.bulk import one_row
from chengxin.catalogue import FieldType, load_catalogue
from chengxin.intake.returned import is_returned_csv, unescape_formula_sql
from chengxin.kernel.amounts import AmountError, parse_amount
from chengxin.kernel.dates import DateError, OpenEnd, parse_date
from chengxin.kernel.documents import normalise_document_number
from chengxin.kernel.identifiers import Uscc
from chengxin.kernel.identifiers.model import Problem, Severity
from chengxin.kernel.identifiers.sql import uscc_normalise_sql, uscc_verdict_sql
from chengxin.kernel.text import clean_text_sql, has_radicals_sql, map_radicals_sql, sql_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from chengxin.catalogue import Field, HeaderMatch, Item
    from chengxin.intake.reader import Reading

LONG_LINE = 8 << 20
"""Bytes one spooled row may have: 200 columns of 32,767 characters do not occur, a few full cells do."""

NO_NULL = "\x01"
"""What no cell can be: an empty cell is an empty text, never NULL."""

OPEN_END = "长期"

Read = tuple[str, str]
"""A text as read: (canonical text, fault); one of the two is empty."""


def load_rows(duck: duckdb.DuckDBPyConnection, spool: Path, reading: Reading) -> None:
    """Make the view ``raw``: row_number, flaw, damaged, and the file's cells as c0, c1 and so on."""
    columns = {"row_number": "INTEGER", "flaw": "VARCHAR", "damaged": "VARCHAR"}
    columns |= {f"c{place}": "VARCHAR" for place in range(len(reading.header))}
    types = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
    cells = "*"
    if is_returned_csv(reading.header, reading.encoding):
        unescaped = [f"{unescape_formula_sql(f'c{place}')} AS c{place}" for place in range(len(reading.header))]
        cells = ", ".join(["row_number", "flaw", "damaged", *unescaped])
    duck.execute(
        f"""CREATE VIEW raw AS SELECT {cells}
        FROM read_csv('{spool}', header = false, auto_detect = false, columns = {types},
        delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = '{NO_NULL}', max_line_size = {LONG_LINE},
        buffer_size = {2 * LONG_LINE})"""
    )


def stage(duck: duckdb.DuckDBPyConnection, item: Item, match: HeaderMatch) -> None:
    """Make ``rows``, ``reading``, ``cleaned`` and ``staged``; every field of the item is a column of the views."""
    filled = _filled(duck)
    held = [field for field in item.fields if match.columns.get(field.key) in filled or _has_default(field, match)]
    readers = {field.key: reader for field in held if (reader := _reader(field, item, match.generation)) is not None}
    cells = {field.key: _cell(field, match) for field in held}
    duck.execute("CREATE TABLE reading (field VARCHAR, text VARCHAR, value VARCHAR, fault VARCHAR)")
    if readers:
        duck.execute(
            f"CREATE TABLE read_text AS SELECT {', '.join(f'{cells[key]} AS {key}' for key in readers)} FROM raw"
        )
        for key, reader in readers.items():
            _read_distinct(duck, item, item.field(key), reader)
        duck.execute("DROP TABLE read_text")
    inner = ", ".join(f"{cell} AS {key}" for key, cell in cells.items())
    values = "".join(f", coalesce(r_{key}.value, {_unread(item.field(key), item)}) AS {key}__value" for key in readers)
    joins = "".join(
        f" LEFT JOIN (SELECT text, value FROM reading WHERE field = '{key}') r_{key} ON r_{key}.text = c.{key}"
        for key in readers
    )
    duck.execute(
        f"""CREATE TABLE rows AS SELECT c.*{values}
        FROM (SELECT row_number, flaw, damaged, {_with_radicals(held, match)} AS radical, {inner} FROM raw) c{joins}"""
    )
    absent = "".join(f", '' AS {field.key}" for field in item.fields if field not in held)
    unread = "".join(f", {field.key} AS {field.key}__value" for field in held if field.key not in readers)
    nothing = "".join(f", '' AS {field.key}__value" for field in item.fields if field not in held)
    duck.execute(f"CREATE VIEW cleaned AS SELECT *{absent}{unread}{nothing} FROM rows")
    canonical = ", ".join(f"{field.key}__value AS {field.key}" for field in item.fields)
    duck.execute(f"CREATE VIEW staged AS SELECT row_number, {canonical} FROM cleaned")


def _filled(duck: duckdb.DuckDBPyConnection) -> set[int | None]:
    """Return the places of the columns in which any cell is filled: lists have fields that whole files leave empty.

    An empty column costs sixteen bytes a row and a look by every check; one look at the spool spares both.
    """
    names = [row[0] for row in duck.execute("DESCRIBE raw").fetchall() if row[0].startswith("c")]
    looks = ", ".join(f"coalesce(bool_or({name} <> ''), false)" for name in names)
    found = one_row(duck, f"SELECT {looks} FROM raw")
    return {int(name[1:]) for name, any_filled in zip(names, found, strict=True) if any_filled}


def _unread(field: Field, item: Item) -> str:
    """Return what stands for a text that was not read: nothing, or a document number that needs no reading itself."""
    return f"c.{field.key}" if field.key == item.roles.document_number else "''"


def _has_default(field: Field, match: HeaderMatch) -> bool:
    return match.mapping is not None and field.key in match.mapping.defaults


def _cell(field: Field, match: HeaderMatch) -> str:
    """Return the DuckDB expression that cleans a field's cell by its type."""
    place = match.columns.get(field.key)
    if place is None:
        default = match.mapping.defaults.get(field.key, "") if match.mapping else ""
        return sql_literal(default)
    source = _translated(field.key, f"c{place}", match)
    if field.type is FieldType.USCC:
        return uscc_normalise_sql(source) if source == f"c{place}" else f"upper(replace({source}, ' ', ''))"
    cleaned = clean_text_sql(source)
    return map_radicals_sql(cleaned) if field.type is FieldType.TEXT else cleaned


def _with_radicals(held: Sequence[Field], match: HeaderMatch) -> str:
    """Return the DuckDB condition that a radical stands for an ideograph in some text of the row.

    The same looks as those in front of the mapping: DuckDB takes each once for both.
    """
    texts = [field for field in held if field.type is FieldType.TEXT and field.key in match.columns]
    looks = [
        has_radicals_sql(clean_text_sql(_translated(field.key, f"c{match.columns[field.key]}", match)))
        for field in texts
    ]
    return " OR ".join(looks) or "false"


def rows_with_radicals(duck: duckdb.DuckDBPyConnection) -> int:
    """Return how many rows had a CJK radical where an ideograph belongs, as texts copied out of a PDF have."""
    (found,) = one_row(duck, "SELECT count(*) FROM rows WHERE radical")
    return int(found)


def _translated(key: str, column: str, match: HeaderMatch) -> str:
    """Return ``column`` with a mapping's blanks, values and default put in its stead."""
    mapping = match.mapping
    if mapping is None:
        return column
    bare = f"trim({column})"
    blanks = ", ".join(sql_literal(blank) for blank in ("", *mapping.blanks))
    cases = "".join(
        f" WHEN {bare} = {sql_literal(foreign)} THEN {sql_literal(ours)}"
        for foreign, ours in mapping.values.get(key, {}).items()
    )
    return (
        f"(CASE WHEN {bare} IN ({blanks}) THEN {sql_literal(mapping.defaults.get(key, ''))}{cases} ELSE {column} END)"
    )


def _reader(field: Field, item: Item, generation: str) -> Callable[[str], Read] | None:
    """Return the function that reads one text of the field, or None when its text is used as it is."""
    if field.type is FieldType.DATE:
        return _read_date
    if field.type is FieldType.AMOUNT:
        return _read_amount
    if field.type is FieldType.ENUM and field.code_set:
        return _coded(field, generation)
    if field.key == item.roles.document_number:
        return lambda text: (normalise_document_number(text), "")
    return None


def _read_date(text: str) -> Read:
    try:
        day = parse_date(text)
    except DateError as error:
        return "", error.message_zh
    return (OPEN_END if isinstance(day, OpenEnd) else day.isoformat()), ""


def _read_amount(text: str) -> Read:
    try:
        amount = parse_amount(text)
    except AmountError as error:
        return "", error.message_zh
    shown = f"{amount.wan:f}"
    return (shown if amount.currency == "CNY" else f"{shown} {amount.currency}"), ""


def _coded(field: Field, generation: str) -> Callable[[str], Read]:
    codes = load_catalogue().code_set(field.code_set or "")

    def read(text: str) -> Read:
        labels = []
        for part in codes.split(text):
            found = codes.read(part, generation)
            if found is None:
                if not codes.is_open(generation):
                    known = "、".join(value.label for value in codes.values)
                    return "", f"“{part[:40]}”不在{codes.name}的可选值内，应为：{known}"
                labels.append(part)
            else:
                labels.append(f"{found.value.label}-{found.annotation}" if found.annotation else found.value.label)
        return ";".join(labels), ""

    return read


CANONICAL_DOCUMENT = "[一-鿿]{2,20}〔(?:19|20)[0-9]{2}〕(第)?[0-9]{1,9}号"
"""A document number that normalisation would leave as it is; the others are read one by one."""


def _read_distinct(duck: duckdb.DuckDBPyConnection, item: Item, field: Field, reader: Callable[[str], Read]) -> None:
    """Read every distinct text of a field once and keep (field, text, value, fault) in ``reading``."""
    odd = f"{field.key} <> ''"
    if field.key == item.roles.document_number:
        odd += f" AND NOT regexp_full_match({field.key}, '{CANONICAL_DOCUMENT}')"
    texts = [row[0] for row in duck.execute(f"SELECT DISTINCT {field.key} FROM read_text WHERE {odd}").fetchall()]
    for start in range(0, len(texts), 50_000):
        piece: Sequence[str] = texts[start : start + 50_000]
        read = [reader(text) for text in piece]
        duck.execute(
            "INSERT INTO reading SELECT ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            [field.key, list(piece), [value for value, _ in read], [fault for _, fault in read]],
        )


def judge_codes(duck: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Make ``judged``: the verdict on every distinct text of the item's code fields (field, text, verdict, why).

    ``why`` names the place of what is wrong; it is empty for sound codes and for texts whose length says it all.
    """
    duck.execute("CREATE TABLE judged (field VARCHAR, text VARCHAR, verdict VARCHAR, why VARCHAR)")
    for field in item.fields:
        if field.type is FieldType.USCC:
            duck.execute(
                f"""INSERT INTO judged SELECT '{field.key}', text, {uscc_verdict_sql("text")}, '' FROM
                (SELECT DISTINCT {field.key} AS text FROM staged WHERE {field.key} <> '')"""
            )
    _explain_codes(duck)


def _has_its_place(problem: Problem) -> bool:
    return problem.position is not None and problem.severity is not Severity.NOTE


def _explain_codes(duck: duckdb.DuckDBPyConnection) -> None:
    """Fill ``why`` for the codes that are not sound, some ten thousand at a time."""
    found = duck.execute("SELECT DISTINCT text FROM judged WHERE verdict <> 'valid' AND length(text) = 18").fetchall()
    for start in range(0, len(found), 10_000):
        texts = [text for (text,) in found[start : start + 10_000]]
        words = [
            "；".join(one.message_zh.rstrip("。") for one in Uscc.parse(text).problems if _has_its_place(one))
            for text in texts
        ]
        duck.execute(
            """UPDATE judged SET why = told.why FROM
            (SELECT unnest(?::VARCHAR[]) AS text, unnest(?::VARCHAR[]) AS why) told WHERE judged.text = told.text""",
            [texts, words],
        )
