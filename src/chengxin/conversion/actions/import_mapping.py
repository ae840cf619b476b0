"""Bring a file of the national feed in: a mapping from older codes to credit codes, and codes for registered bodies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from chengxin.accounts.actor import CONVERT_CODES
from chengxin.audit.actions import record_event
from chengxin.base.bulk import copy_in, one_row
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.actions.import_sql import CLASSIFY, COUNT, KEEP, OFFER, STAGE
from chengxin.conversion.judging import (
    LABELS,
    accept_borne,
    judge_feed,
    pairs_sql,
    recognise_columns,
    stage_feed,
    suspects,
)
from chengxin.conversion.models import Feed
from chengxin.conversion.settings import load_settings
from chengxin.intake.reader import FileRefused, read_table
from chengxin.intake.returned import escape_formula
from chengxin.intake.staging import load_rows
from chengxin.intake.workspace import workspace
from chengxin.kernel.calendar import legal_day
from chengxin.subjects.actions.add_codes import AddCodes
from chengxin.subjects.actions.register import hold_register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from chengxin.accounts.actor import Actor

NATIONAL = "国家下发"
"""Source of a feed unless another one is named."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class SentBack:
    """A line that was not taken: its number, the column, the text (empty for a person's number), and what is wrong."""

    line: int
    field: str
    value: str
    code: str
    message: str
    message_en: str


@dataclass(frozen=True)
class MappingReceipt:
    """What became of a feed: ``lines = added + known + conflict + sent_back``.

    ``codes`` is the number of codes that registered bodies gained, ``shown`` the first lines sent back.
    """

    feed_id: int
    lines: int
    added: int
    known: int
    conflict: int
    sent_back: int
    codes: int
    shown: tuple[SentBack, ...] = ()


@dataclass(frozen=True)
class ImportCodeMapping:
    """Read a feed (企业名称, 统一社会信用代码, 工商登记码, 组织机构代码, 税务登记号; the last three may be missing).

    A line adds its older codes to the body that bears its credit code and to the mapping; a line about a body the
    register does not know is kept in the mapping only. No body is made, renamed or tied by its name. What contradicts
    the register or the mapping is kept as a conflict and changes no body. A second import of the same file finds every
    line known. ``returned`` is where the lines sent back are written as CSV, if anywhere.

    Raises ``NotPermitted`` for who does not act for every organisation, and ``ChengxinError`` with the reader's reason
    for a file that cannot be read, or without a column of credit codes.
    """

    actor: Actor
    path: Path
    now: datetime
    source: str = NATIONAL
    returned: Path | None = None

    def check(self) -> None:
        """Raise ``NotPermitted`` unless the actor converts codes for the whole city."""
        self.actor.require(CONVERT_CODES)
        if not self.actor.everywhere:
            raise NotPermitted(
                "not_for_everybody",
                "代码对照由信用中心统一导入，请把文件交给信用中心",
                "the mapping is imported by the credit centre for everybody: hand the file to it",
            )

    def execute(self) -> MappingReceipt:
        """Import in one transaction and return the receipt."""
        self.check()
        with workspace() as scratch:
            try:
                reading = read_table(self.path, scratch.spool)
            except FileRefused as refusal:
                where = refusal.where.text("zh") if refusal.where else ""
                raise ChengxinError(refusal.code, refusal.message_zh, refusal.message_en, where=where) from refusal
            columns = recognise_columns(reading.header)
            load_rows(scratch.duck, scratch.spool, reading)
            stage_feed(scratch.duck, columns)
            judge_feed(scratch.duck)
            with transaction.atomic():
                receipt = self._load(scratch.duck, reading.lines)
                FindConflicts(self.now).execute()
            if self.returned is not None:
                write_returned(scratch.duck, self.returned)
        return receipt

    def _load(self, duck: duckdb.DuckDBPyConnection, lines: int) -> MappingReceipt:
        hold_register(alone=True)
        accept_borne(duck, _borne(suspects(duck)))
        sent_back = int(one_row(duck, "SELECT count(DISTINCT row_number) FROM problem")[0])
        feed = Feed.objects.create(
            source=self.source,
            filename=self.path.name[:200],
            sha256=_digest(self.path),
            lines=lines,
            added=0,
            known=0,
            conflict=0,
            sent_back=sent_back,
            made_by=self.actor.id,
            made_at=self.now,
        )
        with connection.cursor() as cursor:
            cursor.execute(STAGE)
            copy_in(duck, pairs_sql(), cursor, "staged_pair", ("line", "uscc", "kind", "value", "name"))
            values: dict[str, Any] = {
                "now": self.now,
                "feed": feed.pk,
                "source": self.source,
                "one_code": list(load_settings().rule_on(legal_day(self.now)).one_code),
            }
            cursor.execute(CLASSIFY, values)
            cursor.execute(COUNT)
            feed.added, feed.known, feed.conflict = cursor.fetchone()
            cursor.execute(KEEP, values)
            cursor.execute(OFFER)
            codes = AddCodes(self.now, legal_day(self.now)).execute()
            cursor.execute("DROP TABLE staged_pair, offered_code")
        feed.save()
        record_event(
            at=self.now,
            actor=(self.actor.kind, self.actor.id, self.actor.organisation),
            action="codes.imported",
            object_kind="code_feed",
            object_id=str(feed.pk),
            detail={"lines": lines, "added": feed.added, "known": feed.known, "conflict": feed.conflict}
            | {"sent_back": sent_back, "codes": codes, "sha256": feed.sha256},
        )
        shown = tuple(_sent_back(duck, load_settings().shown_lines))
        return MappingReceipt(feed.pk, lines, feed.added, feed.known, feed.conflict, sent_back, codes, shown)


def write_returned(duck: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the lines sent back as CSV (UTF-8 with a mark, no formula cell): line, column, value, what is wrong."""
    import csv  # noqa: PLC0415 - few imports have anything to return to a file

    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(["行号 line", "列 column", "值 value", "原因", "reason"])
        for one in _sent_back(duck, None):
            cells = (str(one.line), one.field, one.value, one.message, one.message_en)
            writer.writerow([escape_formula(cell) for cell in cells])


def _sent_back(duck: duckdb.DuckDBPyConnection, limit: int | None) -> Iterator[SentBack]:
    query = "SELECT row_number, field, value, code, message, message_en FROM problem ORDER BY row_number, field"
    found = duck.execute(query if limit is None else f"{query} LIMIT {limit}")
    while rows := found.fetchmany(10_000):
        for line, field, *rest in rows:
            yield SentBack(int(line), LABELS[field][0] if field else "整行", *rest)


def _borne(codes: list[str]) -> list[str]:
    """Return those of ``codes`` that a registered body bears."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT value FROM subjects_identifier WHERE kind = 'uscc' AND value = ANY(%s)", [codes]
        )
        return [str(row[0]) for row in cursor.fetchall()]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
