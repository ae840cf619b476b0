"""Bring a received batch in: read, check, tie, load and publish, or refuse it whole."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from chengxin.accounts.models import Organisation
from chengxin.audit.actions import record_event
from chengxin.base.bulk import copy_in
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.catalogue import HeaderNotRecognised, load_catalogue, load_shipped_mapping, recognise_header
from chengxin.intake.actions.receive import inbox_path
from chengxin.intake.checking import PERSON_RULE, check, report_suspect_codes
from chengxin.intake.facts import compose, stage_bodies
from chengxin.intake.linking import find_identifiers, link, names_that_differ, report
from chengxin.intake.models import Batch
from chengxin.intake.reader import FileRefused, read_table
from chengxin.intake.receipt import Receipt
from chengxin.intake.returning import quarantine
from chengxin.intake.staging import judge_codes, load_rows, stage
from chengxin.intake.workspace import Workspace, workspace
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.masking import mask_persons
from chengxin.records.actions.add import AddRecords, hold_item
from chengxin.subjects.actions.register import RegisterBodies, hold_register

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chengxin.catalogue import ForeignMapping, HeaderMatch, Item
    from chengxin.intake.reader import Reading
    from chengxin.records.actions.add import Added

State = Batch.State


class BatchRefused(ChengxinError):
    """The file as a whole cannot be taken in; nothing of it stays."""


def _quiet(_state: str, _rows: int | None) -> None:
    return


@dataclass(frozen=True)
class ImportBatch:
    """Import a batch that was received: all of it in one transaction, or nothing.

    Facts, publication, rows sent back, receipt and audit event are one commit. A batch that has a receipt gives it
    again. Raises ``BatchRefused`` with the reader's or the catalogue's reason; the caller decides whether the refusal
    is kept for the submitter (``keep_refusal``) or the batch vanishes.

    ``progress`` is told each state and, once known, the number of rows.
    """

    batch_id: int
    clock: Callable[[], datetime]
    keep_refusal: bool = True
    mapping: ForeignMapping | None = None
    progress: Callable[[str, int | None], None] = field(default=_quiet)

    def execute(self) -> Receipt:
        """Import and return the receipt."""
        with _Turn(self.batch_id):
            batch = Batch.objects.select_related("organisation").filter(pk=self.batch_id).first()
            if batch is None:
                raise NotFound(
                    "unknown_batch",
                    f"没有编号为 {self.batch_id} 的批次；若文件刚被退回，请按退回原因修改后重新报送",
                    f"there is no batch {self.batch_id}; if its file was just refused, mend it and hand it in again",
                    where=str(self.batch_id),
                )
            if batch.refusal is not None:
                told = batch.refusal
                raise BatchRefused(told["code"], told["message"], told["message_en"], where=told["where"])
            if batch.receipt is None:
                try:
                    receipt = self._run(batch)
                except BatchRefused as refusal:
                    self._refuse(batch, refusal)
                    raise
            else:
                receipt = Receipt(**batch.receipt)
        # Also where an importer was killed between its commit and this line.
        inbox_path(self.batch_id).unlink(missing_ok=True)
        return receipt

    def _run(self, batch: Batch) -> Receipt:
        started = time.monotonic()
        item = load_catalogue().item(batch.item)
        with workspace() as scratch:
            self._tell(batch, State.PARSING, None)
            reading = _read(batch, scratch)
            match = _recognise(item, reading, self.mapping or _mapping(batch))
            self._tell(batch, State.CHECKING, reading.lines)
            load_rows(scratch.duck, scratch.spool, reading)
            stage(scratch.duck, item, match)
            judge_codes(scratch.duck, item)
            organisations = [(one.uscc, (one.name, *one.aliases)) for one in Organisation.objects.all()]
            check(scratch.duck, item, match, today=legal_day(batch.received_at), organisations=organisations)
            self._tell(batch, State.LINKING, reading.lines)
            with transaction.atomic():
                added = self._load(batch, scratch, item, match)
                receipt = self._close(batch, scratch, reading, match, added, time.monotonic() - started)
        self.progress(State.PUBLISHED, reading.lines)
        return receipt

    def _load(self, batch: Batch, scratch: Workspace, item: Item, match: HeaderMatch) -> Added:
        """Tie the rows and add their facts; publication follows by event, in this transaction."""
        duck = scratch.duck
        if item.key != "registration":
            hold_register()
        hold_item(item.key)
        now = self.clock()
        today = legal_day(now)
        find_identifiers(duck, item)
        report_suspect_codes(duck, item)
        if item.key == "registration":
            stage_bodies(duck)
            RegisterBodies(duck, now, today).execute()
            unplaced = "SELECT line AS row_number FROM bodies ANTI JOIN registered USING (line)"
            report(duck, "code_at_two_bodies", unplaced)
            duck.execute(
                """CREATE TABLE linked AS SELECT line AS row_number, CASE WHEN c.uscc <> '' THEN 'uscc:' || c.uscc
                WHEN c.registration_number <> '' THEN 'registration_number:' || c.registration_number
                ELSE 'organisation_code:' || c.organisation_code END AS identifier, subject_id, 'registration' AS link
                FROM registered JOIN code c ON c.row_number = line"""
            )
        else:
            link(duck)
        compose(duck, item, today=today)
        self._tell(batch, State.LOADING, None)
        added = AddRecords(duck, item.key, match.generation, batch.organisation_id, batch.pk, now, today).execute()
        for (rule,) in duck.execute("SELECT DISTINCT rule FROM turned_down").fetchall():
            report(duck, rule, f"SELECT line AS row_number FROM turned_down WHERE rule = '{rule}'")
        return added

    def _close(
        self, batch: Batch, scratch: Workspace, reading: Reading, match: HeaderMatch, added: Added, seconds: float
    ) -> Receipt:
        """Write what comes with the facts: rows sent back, punctuality, receipt, audit event."""
        duck = scratch.duck
        sent_back = quarantine(duck, batch.pk, load_catalogue().item(batch.item), reading.header, match, PERSON_RULE)
        _count_punctuality(scratch, batch)
        now = self.clock()
        receipt = Receipt(
            batch_id=batch.pk,
            state=State.PUBLISHED.value,
            lines=reading.lines,
            accepted=added.accepted,
            updated=added.updated,
            duplicate=added.duplicate,
            quarantined=sent_back,
            linked=added.linked,
            unlinked=added.unlinked,
            encoding=reading.encoding,
            generation=match.generation,
            seconds=round(seconds, 3),
        )
        batch.state = State.PUBLISHED
        batch.state_at = batch.finished_at = now
        batch.lines = reading.lines
        batch.header = [mask_persons(name) for name in reading.header]
        batch.notices = _notices(reading, match, 0 if batch.item == "registration" else names_that_differ(duck))
        batch.receipt = receipt.as_dict()
        batch.save()
        record_event(
            at=now,
            actor=(batch.channel, batch.submitted_by, batch.organisation.code),
            action="batch.imported",
            object_kind="batch",
            object_id=str(batch.pk),
            detail=receipt.as_dict(),
        )
        return receipt

    def _tell(self, batch: Batch, state: State, lines: int | None) -> None:
        """Show the state to who is waiting, at once: by a connection that is not part of the import's transaction."""
        self.progress(state.value, lines)
        aside = connection.copy()
        try:
            with aside.cursor() as cursor:
                cursor.execute(
                    "UPDATE intake_batch SET state = %s, state_at = %s, lines = coalesce(%s, lines) WHERE id = %s",
                    [state.value, self.clock(), lines, batch.pk],
                )
        finally:
            aside.close()

    def _refuse(self, batch: Batch, refusal: BatchRefused) -> None:
        now = self.clock()
        with transaction.atomic():
            if self.keep_refusal:
                batch.state = State.REFUSED
                batch.state_at = batch.finished_at = now
                batch.refusal = {key: mask_persons(text) for key, text in refusal.as_dict().items()}
                batch.save()
            else:
                _remove(batch)
            record_event(
                at=now,
                actor=(batch.channel, batch.submitted_by, batch.organisation.code),
                action="batch.refused",
                object_kind="batch",
                object_id=str(self.batch_id),
                detail={"code": refusal.code},
            )
        inbox_path(self.batch_id).unlink(missing_ok=True)


def _remove(batch: Batch) -> None:
    """Delete a batch that nothing refers to; Django's own deletion would ask for rights on its rows sent back too."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM intake_batch WHERE id = %s", [batch.pk])


class _Turn:
    """One import of a batch at a time: the second waits, finds the receipt and gives it again.

    A lock of the session, not of the transaction: it ends with the connection, so a killed importer holds nobody up.
    """

    def __init__(self, batch_id: int) -> None:
        self.batch_id = batch_id

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('intake.batch'), %s)", [self.batch_id])

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('intake.batch'), %s)", [self.batch_id])


def _read(batch: Batch, scratch: Workspace) -> Reading:
    try:
        return read_table(inbox_path(batch.pk), scratch.spool, encoding=batch.encoding_asked)
    except FileRefused as refusal:
        where = refusal.where.text("zh") if refusal.where else ""
        raise BatchRefused(refusal.code, refusal.message_zh, refusal.message_en, where=where) from refusal


def _mapping(batch: Batch) -> ForeignMapping | None:
    if not batch.mapping:
        return None
    try:
        return load_shipped_mapping(batch.mapping)
    except KeyError as error:
        raise BatchRefused(
            "unknown_mapping",
            f"没有名为“{batch.mapping}”的对照表",
            f"there is no mapping named {batch.mapping!r}",
            where=batch.mapping,
        ) from error


def _recognise(item: Item, reading: Reading, mapping: ForeignMapping | None) -> HeaderMatch:
    """Return what the header means, or refuse the file: another item's, or without columns every row would need."""
    try:
        match = recognise_header(item, reading.header, mapping=mapping)
    except HeaderNotRecognised as error:
        raise BatchRefused(error.code, error.message_zh, error.message_en) from error
    missing = [one.label for one in match.missing_required]
    if missing or match.missing_one_of:
        labels = "、".join([*missing, *(group.label for group in match.missing_one_of)])
        keys = ", ".join([*(one.key for one in match.missing_required), *(group.key for group in match.missing_one_of)])
        raise BatchRefused(
            "columns_missing",
            f"文件识别为“{item.name}”{match.generation} 版，但缺少必填列：{labels}。请补上这些列后重新报送",
            f"recognised as {item.key} {match.generation}, but these required columns are missing: {keys}",
            where=labels,
        )
    return match


def _count_punctuality(scratch: Workspace, batch: Batch) -> None:
    """Count by month how many of the batch's new facts were handed in by their deadline."""
    with connection.cursor() as cursor:
        copy_in(
            scratch.duck,
            f"""SELECT {batch.pk}, '{batch.item}', date_trunc('month', f.decided_on)::DATE, count(*),
            count(*) FILTER (WHERE today <= f.due_on), count(*) FILTER (WHERE today > f.due_on),
            count(*) FILTER (WHERE f.due_provisional)
            FROM decided d JOIN facts f USING (line), context
            WHERE d.fate = 'accepted' AND f.due_on IS NOT NULL GROUP BY 3""",
            cursor,
            "intake_timeliness",
            ("batch_id", "item", "month", "reported", "on_time", "late", "provisional"),
        )


def _notices(reading: Reading, match: HeaderMatch, differing: int) -> list[dict[str, Any]]:
    """Return what the department should know although the file was taken in."""
    told = [{"code": one.code, "message": one.message_zh, "message_en": one.message_en} for one in reading.notices]
    if match.unknown:
        unknown = [mask_persons(name) for name in match.unknown]
        names = "、".join(unknown)
        told.append(
            {
                "code": "columns_unknown",
                "message": f"以下列不在目录内，未采集：{names}",
                "message_en": f"these columns are not in the catalogue and were not taken: {', '.join(unknown)}",
            }
        )
    if differing:
        told.append(
            {
                "code": "names_differ",
                "message": f"{differing} 行按代码关联成功，但名称与登记库中该主体的名称不一致，请核对",
                "message_en": f"{differing} rows were tied by code although the register knows another name",
            }
        )
    return told
