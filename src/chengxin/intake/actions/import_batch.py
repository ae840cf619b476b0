"""Bring a received batch in: read, check, tie, load and publish, or refuse it whole."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from chengxin.accounts.models import Organisation
from chengxin.audit.actions import record_event
from chengxin.base.bulk import copy_in
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.base.events import publish
from chengxin.catalogue import HeaderNotRecognised, load_catalogue, load_shipped_mapping, recognise_header
from chengxin.intake.actions.receive import inbox_path
from chengxin.intake.actions.release_batch import hold_is_over
from chengxin.intake.checking import PERSON_RULE, check, report_suspect_codes
from chengxin.intake.events import BatchStep
from chengxin.intake.facts import compose, stage_bodies
from chengxin.intake.gate import is_off, judge, thresholds_on
from chengxin.intake.linking import find_identifiers, link, names_that_differ, report
from chengxin.intake.measuring import failing, measure, usual_of
from chengxin.intake.models import Batch, HoldDecision
from chengxin.intake.reader import FileRefused, read_table
from chengxin.intake.receipt import Receipt
from chengxin.intake.returning import quarantine
from chengxin.intake.staging import judge_codes, load_rows, rows_with_radicals, stage
from chengxin.intake.tasks import propose_later
from chengxin.intake.workspace import Workspace, workspace
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.masking import mask_persons
from chengxin.records.actions.add import AddRecords, hold_item
from chengxin.subjects.actions.register import RegisterBodies, hold_register

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chengxin.catalogue import ForeignMapping, HeaderMatch, Item
    from chengxin.intake.gate import Figure, Measures
    from chengxin.intake.reader import Reading
    from chengxin.records.actions.add import Added

State = Batch.State

REVIEW = "review"
"""Channel of a row whose code a person filled in: the decision ties it, not the department's file."""


class BatchRefused(ChengxinError):
    """The file as a whole cannot be taken in; nothing of it stays."""


class BatchHeld(ChengxinError):
    """The batch waits for a second person; nothing of it is loaded and its file is kept until then."""


class _Off(Exception):
    """The gate found the batch off: the way out of a transaction that must leave nothing."""

    def __init__(self, figures: tuple[Figure, ...], measured: Measures, rules: list[dict[str, Any]]) -> None:
        super().__init__()
        self.figures, self.measured, self.rules = figures, measured, rules


def _announce(state: str, rows: int | None) -> None:
    publish(BatchStep(state, rows))


@dataclass(frozen=True)
class ImportBatch:
    """Import a batch that was received: all of it in one transaction, or nothing.

    Facts, publication, rows sent back, receipt and audit event are one commit. A batch that has a receipt gives it
    again. Raises ``BatchRefused`` with the reader's or the catalogue's reason; the caller decides whether the refusal
    is kept for the submitter (``keep_refusal``) or the batch vanishes. Raises ``BatchHeld`` for a batch that is off
    (``gate.py``) until a second person has decided: then it is imported after all, or refused with that reason.

    ``progress`` is told each state and, once known, the number of rows; unless given, the rooms above are (BatchStep).
    """

    batch_id: int
    clock: Callable[[], datetime]
    keep_refusal: bool = True
    mapping: ForeignMapping | None = None
    progress: Callable[[str, int | None], None] = field(default=_announce)

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
                    decision = self._decided(batch)
                    receipt = self._run(batch, released=decision is not None)
                except BatchRefused as refusal:
                    self._refuse(batch, refusal)
                    raise
            else:
                receipt = Receipt(**batch.receipt)
        # Also where an importer was killed between its commit and this line.
        inbox_path(self.batch_id).unlink(missing_ok=True)
        return receipt

    def _decided(self, batch: Batch) -> HoldDecision | None:
        """Return the decision to release the batch, or None for one never held; raise where it may not go on."""
        decision = HoldDecision.objects.filter(batch=batch).first()
        if decision is None and batch.state == State.HELD:
            if hold_is_over(batch, self.clock()):
                raise BatchRefused(
                    "hold_is_over",
                    "期限内没有人复核，文件没有入库，已不再保存；请检查数据后重新报送",
                    "nobody decided in time; nothing was loaded and the file is gone: look at it and hand it in again",
                )
            raise _held(batch)
        if decision is not None and decision.outcome == HoldDecision.Outcome.SEND_BACK:
            raise BatchRefused(
                "sent_back_by_releaser",
                f"复核人 {decision.decided_by} 退回了这个批次，理由：{decision.reason}",
                f"the releaser {decision.decided_by} sent the batch back; the reason: {decision.reason}",
            )
        return decision

    def _run(self, batch: Batch, *, released: bool) -> Receipt:
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
            try:
                with transaction.atomic():
                    added = self._load(batch, scratch, item, match, reading, released=released)
                    receipt = self._close(batch, scratch, reading, match, added, time.monotonic() - started)
            except _Off as off:
                self._hold(batch, off)
                raise _held(batch) from None
        self.progress(State.PUBLISHED, reading.lines)
        return receipt

    def _load(
        self, batch: Batch, scratch: Workspace, item: Item, match: HeaderMatch, reading: Reading, *, released: bool
    ) -> Added:
        """Tie the rows, pass the gate and add the facts; publication follows by event, in this transaction."""
        duck = scratch.duck
        hold_register(alone=item.key == "registration")
        hold_item(item.key)
        now = self.clock()
        today = legal_day(now)
        find_identifiers(duck, item)
        report_suspect_codes(duck, item)
        makes_bodies = item.key == "registration"
        if not makes_bodies:
            link(duck)
        self._pass_gate(batch, scratch, item, match, reading, released=released)
        if makes_bodies:
            stage_bodies(duck)
            RegisterBodies(duck, now, today, batch.pk).execute()
            for rule in ("code_replaced", "reissue_contradicted"):
                report(duck, rule, f"SELECT line AS row_number FROM superseded WHERE rule = '{rule}'")
            unplaced = "SELECT line AS row_number FROM bodies ANTI JOIN registered USING (line)"
            report(duck, "code_at_two_bodies", f"{unplaced} ANTI JOIN superseded USING (line)")
            duck.execute(
                """CREATE TABLE linked AS SELECT line AS row_number, CASE WHEN c.uscc <> '' THEN 'uscc:' || c.uscc
                WHEN c.registration_number <> '' THEN 'registration_number:' || c.registration_number
                ELSE 'organisation_code:' || c.organisation_code END AS identifier, subject_id, 'registration' AS link
                FROM registered JOIN code c ON c.row_number = line"""
            )
        elif batch.channel == REVIEW:
            duck.execute("UPDATE linked SET link = 'decision' WHERE subject_id IS NOT NULL")
        compose(duck, item, today=today)
        self._tell(batch, State.LOADING, None)
        added = AddRecords(duck, item.key, match.generation, batch.organisation_id, batch.pk, now, today).execute()
        for (rule,) in duck.execute("SELECT DISTINCT rule FROM turned_down").fetchall():
            report(duck, rule, f"SELECT line AS row_number FROM turned_down WHERE rule = '{rule}'")
        return added

    def _pass_gate(
        self, batch: Batch, scratch: Workspace, item: Item, match: HeaderMatch, reading: Reading, *, released: bool
    ) -> None:
        """Count the batch; leave the transaction by ``_Off`` where it is off and nobody has released it.

        A row whose body a person decided has been looked at by a person.
        """
        limits = thresholds_on(legal_day(batch.received_at))
        important = limits.fields.get(item.key, ())
        tied = item.key != "registration"
        measured = measure(scratch.duck, item, match, reading.header, important, linked=tied)
        batch.measures = measured.as_dict()
        if released or batch.channel == REVIEW:
            return
        figures = judge(item.key, measured, usual_of(batch, REVIEW, limits), limits)
        if is_off(figures):
            raise _Off(figures, measured, failing(scratch.duck))

    def _hold(self, batch: Batch, off: _Off) -> None:
        """Keep what was measured and let the batch wait; its file stays where it is."""
        now = self.clock()
        until = now + timedelta(days=thresholds_on(legal_day(batch.received_at)).keep_days)
        batch.state, batch.state_at, batch.lines = State.HELD, now, off.measured.lines
        batch.hold = {
            "at": now.isoformat(),
            "until": until.isoformat(),
            "figures": [one.as_dict() for one in off.figures],
            "rules": off.rules,
        }
        with transaction.atomic():
            batch.save()
            record_event(
                at=now,
                actor=(batch.channel, batch.submitted_by, batch.organisation.code),
                action="batch.held",
                object_kind="batch",
                object_id=str(batch.pk),
                detail={"off": [one.code for one in off.figures if one.off], **off.measured.as_dict()},
            )
        self.progress(State.HELD.value, off.measured.lines)

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
        differing = 0 if batch.item == "registration" else names_that_differ(duck)
        batch.notices = _notices(reading, match, differing, rows_with_radicals(duck))
        batch.receipt = receipt.as_dict()
        batch.save()
        if sent_back or added.unlinked:
            propose_later(batch.pk)
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
            if self.keep_refusal or batch.hold is not None:
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


def _held(batch: Batch) -> BatchHeld:
    """Return what a submitter is told of a held batch."""
    off = [one for one in (batch.hold or {}).get("figures", ()) if one["off"]]
    return BatchHeld(
        "batch_held",
        f"批次 {batch.pk} 没有入库，等待另一位经办人复核：{'；'.join(one['message'] for one in off)}",
        f"batch {batch.pk} is not loaded and waits for another officer: {'; '.join(one['message_en'] for one in off)}",
        where=str(batch.pk),
    )


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


def _notices(reading: Reading, match: HeaderMatch, differing: int, radicals: int) -> list[dict[str, Any]]:
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
    if radicals:
        told.append(
            {
                "code": "radicals_mapped",
                "message": f"{radicals} 行的文字里有部首字符（多见于从 PDF 复制），已换成对应的汉字入库，请核对",
                "message_en": f"{radicals} rows had radicals, as text out of a PDF has; the characters were stored",
            }
        )
    return told
