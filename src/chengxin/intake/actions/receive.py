"""Take a file in: it is on disk and known by its hash before anybody is told that it was received."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app

from chengxin.accounts.actor import SUBMIT
from chengxin.accounts.queries import organisation_by_code
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.catalogue import load_catalogue
from chengxin.intake.models import Batch
from chengxin.intake.tasks import IMPORT_TASK, QUEUE
from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Organisation


TRIES = 3
"""How often a batch is made anew when the one that stood in the way was refused and removed at the same moment."""

PIECE = 1 << 20
"""Bytes read at a time."""

ENCODINGS = ("auto", "utf-8", "gb18030", "utf-16")
"""What a submitter may say of a CSV file's encoding."""


@dataclass(frozen=True)
class Received:
    """The batch a file became, and whether that batch was there before."""

    batch_id: int
    already: bool


@dataclass(frozen=True)
class ReceiveFile:
    """Take ``content`` in as ``item`` from ``organisation``; the same file again is the batch it was.

    With ``queue`` a worker imports the batch; otherwise the caller does.

    Raises ``NotPermitted``, ``NotFound`` for an organisation nobody knows, and ``ChengxinError`` for an item that does
    not exist, an item the organisation does not hand in, or an encoding nobody offered.
    """

    actor: Actor
    organisation: str
    item: str
    filename: str
    content: BinaryIO
    channel: str
    now: datetime
    encoding: str = "auto"
    mapping: str = ""
    queue: bool = False

    def check(self) -> None:
        """Raise unless the actor may hand in this item for this organisation."""
        organisation = organisation_by_code(self.organisation)
        self.actor.require(SUBMIT, organisation.code)
        keys = [item.key for item in load_catalogue().items]
        if self.item not in keys:
            raise ChengxinError(
                "unknown_item",
                f"目录里没有“{self.item}”，可选：{'、'.join(keys)}",
                f"the catalogue has no item {self.item!r}; there are: {', '.join(keys)}",
                where=self.item,
            )
        if self.item not in organisation.hands_in:
            raise ChengxinError(
                "item_not_handed_in",
                f"{organisation.name}不报送“{load_catalogue().item(self.item).name}”，请检查单位代码和目录是否选对",
                f"{organisation.name_en} does not hand in {self.item}: check organisation and item",
                where=organisation.code,
            )
        if self.encoding not in ENCODINGS:
            raise ChengxinError(
                "unknown_encoding",
                f"不认识编码“{self.encoding}”，可选：{'、'.join(ENCODINGS)}",
                f"unknown encoding {self.encoding!r}; there are: {', '.join(ENCODINGS)}",
                where=self.encoding,
            )

    def execute(self) -> Received:
        """Store the file durably, then make the batch; return it, or the one that was there."""
        self.check()
        organisation = organisation_by_code(self.organisation)
        sweep_inbox()
        with _kept(self.content) as kept:
            tries = TRIES
            while True:
                try:
                    return self._make(organisation, kept)
                except IntegrityError:
                    tries -= 1
                    there = self._there(organisation, kept)
                    if there is not None:
                        return Received(there.pk, already=True)
                    if not tries:
                        raise

    def _make(self, organisation: Organisation, kept: _Kept) -> Received:
        """Make the batch and put its file into its place, in one transaction."""
        with transaction.atomic():
            batch = Batch.objects.create(
                sha256=kept.sha256,
                organisation=organisation,
                item=self.item,
                # A name given by a person can name a person.
                filename=mask_persons(Path(self.filename).name)[:200],
                encoding_asked=self.encoding,
                mapping=self.mapping,
                bytes=kept.size,
                channel=self.channel,
                submitted_by=self.actor.id,
                state=Batch.State.RECEIVED,
                received_at=self.now,
                state_at=self.now,
            )
            if self.queue:
                # In this transaction: no batch without its job, no job without its batch.
                app.configure_task(IMPORT_TASK, queue=QUEUE, lock=f"batch:{batch.pk}").defer(batch_id=batch.pk)
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="batch.received",
                object_kind="batch",
                object_id=str(batch.pk),
                detail={
                    "sha256": kept.sha256,
                    "item": self.item,
                    "organisation": organisation.code,
                    "bytes": kept.size,
                },
            )
            kept.move(inbox_path(batch.pk))
        return Received(batch.pk, already=False)

    def _there(self, organisation: Organisation, kept: _Kept) -> Batch | None:
        """Return the batch that stands in the way, its file put back where a crash has lost it."""
        same = {"sha256": kept.sha256, "organisation": organisation, "item": self.item}
        there = Batch.objects.exclude(state=Batch.State.REFUSED).filter(**same).first()
        if there is not None and there.receipt is None and not inbox_path(there.pk).exists():
            kept.move(inbox_path(there.pk))
        return there


def inbox() -> Path:
    """Return the folder where files wait for their import."""
    folder = Path(settings.DATA_FOLDER) / "inbox"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def inbox_path(batch_id: int) -> Path:
    """Return where the file of a batch waits; it is removed once the batch has ended, whichever way."""
    return inbox() / str(batch_id)


def sweep_inbox() -> None:
    """Remove what killed processes left in the inbox: files half received, and files whose batch never came to be.

    Whoever receives a file holds a lock on it until its batch is committed, so a file without a lock and without a
    batch that waits for it is nobody's.
    """
    for entry in sorted(inbox().iterdir()):
        try:
            handle = os.open(entry, os.O_RDWR)
        except (FileNotFoundError, PermissionError):
            continue  # gone meanwhile, or another user's
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            waiting = (
                entry.name.isdecimal()
                and Batch.objects.filter(pk=int(entry.name), receipt__isnull=True, refusal__isnull=True).exists()
            )
            if not waiting:
                entry.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # being received
        finally:
            os.close(handle)


@dataclass
class _Kept:
    """A file in the inbox on its way to a batch, locked by this process."""

    path: Path
    sha256: str
    size: int

    def move(self, place: Path) -> None:
        """Give the file its place; it lasts once the folder is on the disk."""
        self.path = self.path.rename(place)
        _sync(place.parent)


@contextmanager
def _kept(content: BinaryIO) -> Iterator[_Kept]:
    """Copy ``content`` into the inbox and onto the disk; the copy goes unless it finds its place without an error."""
    with _locked_file() as out:
        kept = _Kept(Path(out.name), "", 0)
        done = False
        try:
            digest = hashlib.sha256()
            while piece := content.read(PIECE):
                digest.update(piece)
                kept.size += out.write(piece)
            out.flush()
            os.fsync(out.fileno())
            kept.sha256 = digest.hexdigest()
            yield kept
            done = kept.path.name != Path(out.name).name
        finally:
            if not done:
                kept.path.unlink(missing_ok=True)


def _locked_file() -> IO[bytes]:
    """Return a new file in the inbox that no sweep takes away while it is open."""
    while True:
        out = tempfile.NamedTemporaryFile(dir=inbox(), prefix="incoming-", delete=False)  # noqa: SIM115 - the caller's
        fcntl.flock(out.fileno(), fcntl.LOCK_EX)
        if os.fstat(out.fileno()).st_nlink:
            return out
        out.close()  # swept between its making and its lock


def _sync(folder: Path) -> None:
    """Bring the folder's own entries to the disk, so that a rename outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
