"""Take a file in: it is on disk and known by its hash before anybody is told that it was received."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app

from chengxin.accounts.actor import SUBMIT
from chengxin.accounts.queries import organisation_by_code
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.catalogue import load_catalogue
from chengxin.intake.models import Batch

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor

IMPORT_TASK = "intake.import_batch"
QUEUE = "intake"

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
        kept, digest, size = _keep(self.content)
        try:
            with transaction.atomic():
                batch = Batch.objects.create(
                    sha256=digest,
                    organisation=organisation,
                    item=self.item,
                    filename=Path(self.filename).name[:200],
                    encoding_asked=self.encoding,
                    mapping=self.mapping,
                    bytes=size,
                    channel=self.channel,
                    submitted_by=self.actor.id,
                    state=Batch.State.RECEIVED,
                    received_at=self.now,
                    state_at=self.now,
                )
                if self.queue:
                    # In this transaction: no batch without its job, no job without its batch.
                    app.configure_task(IMPORT_TASK, queue=QUEUE, lock=f"batch:{batch.pk}").defer(batch_id=batch.pk)
                kept.rename(inbox_path(batch.pk))
                _sync(inbox())
                record_event(
                    at=self.now,
                    actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                    action="batch.received",
                    object_kind="batch",
                    object_id=str(batch.pk),
                    detail={"sha256": digest, "item": self.item, "organisation": organisation.code, "bytes": size},
                )
        except IntegrityError:
            kept.unlink(missing_ok=True)
            there = Batch.objects.exclude(state=Batch.State.REFUSED).get(
                sha256=digest, organisation=organisation, item=self.item
            )
            return Received(there.pk, already=True)
        except BaseException:
            kept.unlink(missing_ok=True)
            raise
        return Received(batch.pk, already=False)


def inbox() -> Path:
    """Return the folder where files wait for their import."""
    folder = Path(settings.DATA_FOLDER) / "inbox"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def inbox_path(batch_id: int) -> Path:
    """Return where the file of a batch waits; it is removed once the batch has ended, whichever way."""
    return inbox() / str(batch_id)


def _keep(content: BinaryIO) -> tuple[Path, str, int]:
    """Copy ``content`` into the inbox; return the file, its SHA-256 and its size once it is on the disk."""
    digest = hashlib.sha256()
    size = 0
    with tempfile.NamedTemporaryFile(dir=inbox(), prefix="incoming-", delete=False) as kept:
        while piece := content.read(PIECE):
            digest.update(piece)
            size += kept.write(piece)
        kept.flush()
        os.fsync(kept.fileno())
    return Path(kept.name), digest.hexdigest(), size


def _sync(folder: Path) -> None:
    """Bring the folder's own entries to the disk, so that a rename outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
