"""The file of rows sent back (退回数据): the department's own columns, then what is wrong and what was expected.

The file goes back to the person who mends it and then comes in again, so three things hold. No cell is ever a formula
in a spreadsheet. No code loses its leading zeros or its last digits: the workbook's cells are text. And the added
columns bear the 自留_ prefix, which the catalogue carries past, so the mended file needs no tidying up.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.intake.models import QuarantinedRow
from chengxin.intake.queries import Finding, ReturnedRow, batch_by_id, header_of, returned_rows
from chengxin.intake.text_sheet import write_text_sheet
from chengxin.kernel.text import sql_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from chengxin.accounts.actor import Actor

EXTRA_COLUMNS = ("自留_行号", "自留_规则", "自留_问题", "自留_应为")
"""Added behind the department's own columns: line in its file, rules, what is wrong, what was expected."""

FORMS = ("xlsx", "csv")
"""Forms of the file of rows sent back."""

SHEET_ROWS = 1_048_576
"""Rows of a worksheet, header included (ECMA-376, SpreadsheetML as Excel and LibreOffice implement it)."""

CELL_CHARACTERS = 32_767
"""Characters of a worksheet's cell, by the same programs."""

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


@dataclass(frozen=True)
class RuleCount:
    """How many rows of a batch fail a rule; ``message`` is one of its findings' messages."""

    rule: str
    field: str
    message: str
    rows: int


def escape_formula(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet takes it for a formula: an apostrophe goes before = + - @ and their kin.

    A cell that begins with apostrophes and such a sign gets one more, so ``unescape_formula`` gives back every text.

    >>> escape_formula("=HYPERLINK(1)"), escape_formula("昆山")
    ("'=HYPERLINK(1)", '昆山')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescape_formula(cell: str) -> str:
    """Return the text that ``escape_formula`` made ``cell`` of; any other text as it is.

    >>> unescape_formula("'=1+1"), unescape_formula("'90s")
    ('=1+1', "'90s")
    """
    return cell[1:] if _ESCAPED.match(cell) else cell


def unescape_formula_sql(column: str) -> str:
    """Return the DuckDB expression that gives back the text of ``column`` as ``unescape_formula`` does."""
    escaped = sql_literal(f"^{_ESCAPED.pattern}")
    return f"(CASE WHEN regexp_matches({column}, {escaped}) THEN substr({column}, 2) ELSE {column} END)"


def is_returned_csv(header: Sequence[str], encoding: str) -> bool:
    """Whether a file with this header is a CSV of rows sent back: its cells may carry the apostrophe of an export."""
    return encoding != "xlsx" and EXTRA_COLUMNS[0] in header


def write_returned_csv(out: BinaryIO, header: Sequence[str], rows: Iterable[ReturnedRow]) -> int:
    """Write ``rows`` as CSV into ``out`` (UTF-8 with a byte order mark, comma, CRLF) and return their number.

    Cells that a spreadsheet would take for formulas begin with an apostrophe, see ``escape_formula``.
    """
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    kept = _own_columns(header)
    writer.writerow([*(escape_formula(header[place]) for place in kept), *EXTRA_COLUMNS])
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the count
        writer.writerow([escape_formula(cell) for cell in _cells(row, kept)])
    text.flush()
    text.detach()
    return count


def write_returned_xlsx(out: BinaryIO, header: Sequence[str], rows: Iterable[ReturnedRow]) -> int:
    """Write ``rows`` as a workbook of one sheet into ``out``, every cell text, and return their number.

    Raises:
        ChengxinError: ``too_large_for_xlsx``: more rows than a sheet has, or a cell longer than a sheet's cell.
    """
    kept = _own_columns(header)
    names = [_fitting(header[place], 1) for place in kept]
    widths = [18] * (len(kept) + 1) + [40] * (len(EXTRA_COLUMNS) - 1)
    return write_text_sheet(out, "退回数据", [*names, *EXTRA_COLUMNS], _sheet_rows(rows, kept), widths)


def _sheet_rows(rows: Iterable[ReturnedRow], kept: Sequence[int]) -> Iterator[list[str]]:
    for count, row in enumerate(rows, start=1):
        if count >= SHEET_ROWS:
            raise _too_large(row.line)
        yield [_fitting(cell, row.line) for cell in _cells(row, kept)]


def failing_rules(actor: Actor, batch_id: int, limit: int) -> tuple[RuleCount, ...]:
    """Return the rules most rows of the batch fail, the most first; ``NotFound`` for another's batch."""
    batch_by_id(actor, batch_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT f.finding ->> 'rule', f.finding ->> 'field', min(f.finding ->> 'message'),
                count(DISTINCT q.line) AS rows
            FROM intake_quarantinedrow q CROSS JOIN LATERAL jsonb_array_elements(q.findings) AS f (finding)
            WHERE q.batch_id = %s GROUP BY 1, 2 ORDER BY rows DESC, 1, 2 LIMIT %s
            """,
            [batch_id, limit],
        )
        return tuple(RuleCount(*row) for row in cursor.fetchall())


def _own_columns(header: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the department's own columns: those an earlier return added are written anew."""
    return tuple(place for place, name in enumerate(header) if name.strip() not in EXTRA_COLUMNS)


def _cells(row: ReturnedRow, kept: Sequence[int]) -> Iterator[str]:
    for place in kept:
        yield row.cells[place] if place < len(row.cells) else ""
    yield str(row.line)
    yield "；".join(dict.fromkeys(one.rule for one in row.findings))
    yield "；".join(f"{one.field}：{one.message}" if one.field else one.message for one in row.findings)
    yield "；".join(
        f"{one.field}：{one.expected}" if one.field else one.expected for one in row.findings if one.expected
    )


def _fitting(cell: str, line: int) -> str:
    if len(cell) > CELL_CHARACTERS:
        raise _too_large(line)
    return cell


def _too_large(line: int) -> ChengxinError:
    return ChengxinError(
        "too_large_for_xlsx",
        f"第 {line} 行起超出表格文件的容量（{SHEET_ROWS} 行，每格 {CELL_CHARACTERS} 字），请改为下载 CSV",
        f"from line {line} on, the rows do not fit a workbook ({SHEET_ROWS} rows, {CELL_CHARACTERS} characters a "
        "cell): download the CSV instead",
        where=str(line),
    )


@dataclass(frozen=True)
class DownloadReturned:
    """Hand the rows sent back of one batch to ``actor`` as a file, with the event that says so.

    The rows hold what the department handed in, people's numbers included, so no event, no file. Raises ``NotFound``
    for another's batch, and ``ChengxinError`` while the batch is under way or for an unknown form.
    """

    actor: Actor
    batch_id: int
    form: str
    now: datetime

    def check(self) -> None:
        """Raise unless the batch is the actor's, has ended, and the form is one of ``FORMS``."""
        batch = batch_by_id(self.actor, self.batch_id)
        if batch.finished_at is None:
            raise ChengxinError(
                "batch_under_way",
                "该批次还在处理，请在处理完成后下载退回数据",
                "the batch is still under way: fetch the rows sent back when it has ended",
                where=str(self.batch_id),
            )
        if self.form not in FORMS:
            raise ChengxinError(
                "unknown_form",
                f"不支持格式“{self.form}”，可选：{'、'.join(FORMS)}",
                f"no such form: {self.form!r}; there are: {', '.join(FORMS)}",
                where=self.form,
            )

    def execute(self, out: BinaryIO) -> int:
        """Write the file into ``out`` and return its number of rows."""
        with transaction.atomic():
            self.check()
            write = write_returned_csv if self.form == "csv" else write_returned_xlsx
            rows = write(out, header_of(self.actor, self.batch_id), returned_rows(self.actor, self.batch_id))
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="batch.returned_downloaded",
                object_kind="batch",
                object_id=str(self.batch_id),
                detail={"form": self.form, "rows": rows},
            )
        return rows


@dataclass(frozen=True)
class ViewReturned:
    """Show the first rows sent back of one batch on a screen, with the event that says so."""

    actor: Actor
    batch_id: int
    limit: int
    now: datetime

    def check(self) -> None:
        """Raise ``NotFound`` unless the batch is the actor's."""
        batch_by_id(self.actor, self.batch_id)

    def execute(self) -> tuple[ReturnedRow, ...]:
        """Return at most ``limit`` rows in the order of the file; a batch without any leaves no event."""
        with transaction.atomic():
            self.check()
            rows = QuarantinedRow.objects.filter(batch_id=self.batch_id).order_by("line")
            shown = tuple(
                ReturnedRow(line, tuple(cells), tuple(Finding(**one) for one in findings))
                for line, cells, findings in rows.values_list("line", "cells", "findings")[: self.limit]
            )
            if shown:
                record_event(
                    at=self.now,
                    actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                    action="batch.returned_viewed",
                    object_kind="batch",
                    object_id=str(self.batch_id),
                    detail={"rows": len(shown)},
                )
        return shown
