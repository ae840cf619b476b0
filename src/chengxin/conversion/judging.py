"""Judge the codes of a feed and of the register, set by set in DuckDB; only what is wrong is explained one by one.

A feed is read into ``feed`` (row_number, flaw, damaged, and one normalised text for each known column); what is wrong
with a line stands in ``problem`` (row_number, field, value, code, message, message_en). A line with a problem is sent
back whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.conversion.settings import KINDS, load_settings
from chengxin.intake.reader import sentence
from chengxin.kernel.identifiers import OrganisationCode, RegistrationNumber, TaxNumber, Uscc
from chengxin.kernel.identifiers.sql import (
    registration_number_ok_sql,
    resident_id_shape_sql,
    uscc_normalise_sql,
    uscc_verdict_sql,
)
from chengxin.kernel.identifiers.tables import check_scheme
from chengxin.kernel.masking import MARK, mask_persons_sql
from chengxin.kernel.text import clean_text_sql, fold_width, sql_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from chengxin.kernel.identifiers import Identification

CODES = ("uscc", *KINDS)
LABELS = {
    "uscc": ("统一社会信用代码", "credit code"),
    "registration_number": ("工商登记码", "registration number"),
    "organisation_code": ("组织机构代码", "organisation code"),
    "tax_number": ("税务登记号", "tax number"),
}
"""What each column is called, in Chinese and English."""

_READERS: Mapping[str, type[Identification]] = {
    "uscc": Uscc,
    "registration_number": RegistrationNumber,
    "organisation_code": OrganisationCode,
    "tax_number": TaxNumber,
}

_SCIENTIFIC = "^[+-]?[0-9]+([.][0-9]+)?[Ee][+]?[0-9]+$"
"""What a spreadsheet makes of a long number that was not text; upper case, because codes are normalised first."""

_PIECE = 50_000
_SHOWN = 60


def recognise_columns(header: Sequence[str]) -> dict[str, int]:
    """Return the place of each known column in ``header``; the credit code's has to be there.

    Raises:
        ChengxinError: no column is the credit code's, or two are the same one.
    """
    found: dict[str, int] = {}
    for place, text in enumerate(header):
        folded = "".join(fold_width(text).split())
        key = next((one for one, names in load_settings().headers.items() if folded in names), None)
        if key is None:
            continue
        if key in found:
            raise ChengxinError(
                "column_twice",
                f"“{text}”与另一列含义相同，请只保留一列",
                f"{text!r} means the same as another column: keep one of them",
                where=text,
            )
        found[key] = place
    if "uscc" not in found:
        raise ChengxinError(
            "columns_missing",
            "文件缺少“统一社会信用代码”列，无法建立新旧代码对照，请补上后重试",
            "there is no column of the unified credit code, so nothing can be mapped: add it",
            where="统一社会信用代码",
        )
    return found


def stage_feed(duck: duckdb.DuckDBPyConnection, columns: Mapping[str, int]) -> None:
    """Make ``feed`` from the reader's view ``raw``; columns that the file lacks are empty."""
    parts = [f"{_code_cell(columns, kind)} AS {kind}" for kind in CODES]
    name = mask_persons_sql("name_cleaned")
    cell = clean_text_sql(f"c{columns['name']}") if "name" in columns else "''"
    bad = [
        f"(';' || damaged || ';') LIKE '%;{columns[kind]};%' AS {kind}_damaged"
        if kind in columns
        else f"false AS {kind}_damaged"
        for kind in CODES
    ]
    duck.execute(
        f"""CREATE TABLE feed AS SELECT * EXCLUDE (name_cleaned), {name} AS name FROM (
        SELECT row_number, flaw, {cell} AS name_cleaned, {", ".join(parts)}, {", ".join(bad)} FROM raw)"""
    )
    # A number that only repeats the new code is no older one: since 2015 many registers print it in every field.
    for kind in ("registration_number", "tax_number"):
        duck.execute(f"UPDATE feed SET {kind} = '' WHERE {kind} = uscc")


def _code_cell(columns: Mapping[str, int], kind: str) -> str:
    if kind not in columns:
        return "''"
    return f"coalesce({uscc_normalise_sql(f'c{columns[kind]}')}, '')"


def judge_feed(duck: duckdb.DuckDBPyConnection) -> None:
    """Make ``problem`` from ``feed``; a suspect credit code is among them until ``accept_borne`` takes it out."""
    duck.execute(
        """CREATE TABLE problem (row_number INTEGER, field VARCHAR, value VARCHAR, code VARCHAR, message VARCHAR,
        message_en VARCHAR)"""
    )
    for (flaw,) in duck.execute("SELECT DISTINCT flaw FROM feed WHERE flaw <> ''").fetchall():
        duck.execute(
            "INSERT INTO problem SELECT row_number, '', '', ?, ?, ? FROM feed WHERE flaw = ?",
            [f"row_{flaw}", sentence(flaw, "zh"), sentence(flaw, "en"), flaw],
        )
    _report(duck, "uscc", "uscc = ''", "uscc_missing", ("没有填写统一社会信用代码", "the credit code is missing"))
    for kind in CODES:
        damaged = f"{kind} <> '' AND ({kind}_damaged OR regexp_matches({kind}, '{_SCIENTIFIC}'))"
        zh, en = LABELS[kind]
        told = (
            f"{zh}被表格改坏（丢失位数或变成科学计数法），请把该列设为文本、从原系统重新导出；不能由平台还原",
            f"a spreadsheet damaged the {en} (digits lost, or scientific notation): export it again as text",
        )
        _report(duck, kind, damaged, "number_damaged", told)
        _report(duck, kind, _personal(kind), "personal_number", _PERSONAL, keep=False)
    duck.execute("CREATE TABLE judged_row AS SELECT DISTINCT row_number FROM problem")
    for kind in CODES:
        _judge(duck, kind)
    duck.execute("DROP TABLE judged_row")


_PERSONAL = (
    "此处填写的像是自然人的证件号码，请改为单位自己的代码或留空；平台未保存该号码",
    "this looks like a natural person's identity number and was not kept: give the body's own code or nothing",
)


def _personal(kind: str) -> str:
    """Return the test whether a code is a person's number; a sound registration number may have the shape of one."""
    shape = f"({resident_id_shape_sql(kind)} OR contains({mask_persons_sql(kind)}, {sql_literal(MARK)}))"
    if kind == "registration_number":
        return f"{kind} <> '' AND {shape} AND NOT {registration_number_ok_sql(kind)}"
    return f"{kind} <> '' AND {shape}"


def _judge(duck: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Explain each distinct text of a column that its standard does not find right."""
    texts = duck.execute(
        f"""SELECT DISTINCT {kind} FROM feed ANTI JOIN judged_row USING (row_number)
        WHERE {kind} <> '' AND NOT {right_sql(kind, kind)}"""
    ).fetchall()
    duck.execute("CREATE OR REPLACE TABLE explained (text VARCHAR, code VARCHAR, zh VARCHAR, en VARCHAR)")
    for start in range(0, len(texts), _PIECE):
        rows = [explain(kind, str(text)) for (text,) in texts[start : start + _PIECE]]
        duck.execute(
            "INSERT INTO explained SELECT unnest(?), unnest(?), unnest(?), unnest(?)",
            [list(column) for column in zip(*rows, strict=True)],
        )
    duck.execute(
        f"""INSERT INTO problem SELECT f.row_number, '{kind}', left(f.{kind}, {_SHOWN}), e.code, e.zh, e.en
        FROM feed f JOIN explained e ON e.text = f.{kind} ANTI JOIN judged_row j ON j.row_number = f.row_number"""
    )


def explain(kind: str, text: str) -> tuple[str, str, str, str]:
    """Return (text, ``suspect`` or ``invalid``, Chinese, English) of a code that is not right, with the positions."""
    found = _READERS[kind].parse(text)
    zh = "；".join(one.message_zh for one in found.problems)
    en = "; ".join(one.message_en for one in found.problems)
    label_zh, label_en = LABELS[kind]
    return text, str(found.verdict), f"{label_zh}：{zh}", f"{label_en}: {en}"


def right_sql(kind: str, column: str) -> str:
    """Return the DuckDB test whether ``column`` (normalised, not empty) is right by the standard of its kind.

    Forms without a check character are right by their shape where the settings accept them.
    """
    tests = {
        "uscc": f"{uscc_verdict_sql(column)} = 'valid'",
        "registration_number": registration_number_ok_sql(column),
        "organisation_code": organisation_code_ok_sql(column),
        "tax_number": f"(regexp_full_match({column}, '[0-9]{{6}}[0-9A-Z]{{9}}') AND "
        f"{organisation_code_ok_sql(f'{column}[7:15]')})",
    }
    accepted = [f"regexp_full_match({column}, {sql_literal(form)})" for form in load_settings().unchecked.get(kind, ())]
    return f"({' OR '.join([tests[kind], *accepted])})"


def organisation_code_ok_sql(column: str) -> str:
    """Return the DuckDB test whether ``column`` is an organisation code with a right check character (GB 11714)."""
    scheme = check_scheme("organisation_code")
    alphabet = sql_literal(scheme.alphabet)
    terms = " + ".join(
        f"(strpos({alphabet}, c[{place}]) - 1) * {weight}" for place, weight in enumerate(scheme.weights, start=1)
    )
    rest = f"({scheme.modulus} - ({terms}) % {scheme.modulus})"
    expected = f"CASE {rest} WHEN 10 THEN 'X' WHEN 11 THEN '0' ELSE {rest}::VARCHAR END"
    body = f"CASE WHEN NOT regexp_full_match(c, '[0-9A-Z]{{8}}[0-9X]') THEN false ELSE c[9] = {expected} END"
    return f"(list_transform([{column}], lambda c: {body})[1])"


def suspects(duck: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the distinct credit codes of the feed that are suspect: the register may bear one all the same."""
    found = duck.execute(
        """SELECT DISTINCT f.uscc FROM feed f JOIN problem p USING (row_number)
        WHERE p.field = 'uscc' AND p.code = 'suspect'"""
    ).fetchall()
    return [str(row[0]) for row in found]


def accept_borne(duck: duckdb.DuckDBPyConnection, borne: Sequence[str]) -> None:
    """Take back the finding about suspect credit codes that a registered body bears: wrong by its standard, and its."""
    duck.execute(
        """DELETE FROM problem WHERE field = 'uscc' AND code = 'suspect' AND row_number IN
        (SELECT row_number FROM feed WHERE list_contains(?::VARCHAR[], uscc))""",
        [list(borne)],
    )


def pairs_sql() -> str:
    """Return the DuckDB query for what sound lines say: line, uscc, kind, value, name.

    Characters 9 to 17 of a credit code are the organisation code (GB 32100), also where the field is empty.
    """
    own = "CASE WHEN organisation_code = '' THEN substr(uscc, 9, 9) ELSE organisation_code END"
    codes = {"registration_number": "registration_number", "organisation_code": own, "tax_number": "tax_number"}
    return " UNION ALL ".join(
        f"""SELECT row_number AS line, uscc, '{kind}' AS kind, {value} AS value, name FROM feed
        WHERE {value} <> '' AND row_number NOT IN (SELECT row_number FROM problem)"""
        for kind, value in codes.items()
    )


def _report(
    duck: duckdb.DuckDBPyConnection, kind: str, condition: str, code: str, told: tuple[str, str], *, keep: bool = True
) -> None:
    value = f"left({kind}, {_SHOWN})" if keep else "''"
    duck.execute(
        f"""INSERT INTO problem SELECT row_number, '{kind}', {value}, ?, ?, ? FROM feed
        WHERE {condition} AND flaw = ''""",
        [code, f"{LABELS[kind][0]}：{told[0]}" if code == "personal_number" else told[0], told[1]],
    )
