"""Hand a file in and import it at once: what the command line does, with the code every other way in uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.catalogue import CatalogueError, load_mapping, load_shipped_mapping, shipped_mappings
from chengxin.intake.actions.import_batch import BatchHeld, ImportBatch
from chengxin.intake.actions.import_batch import _announce as quiet
from chengxin.intake.actions.receive import ReceiveFile
from chengxin.intake.actions.release_batch import ReleaseBatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from chengxin.accounts.actor import Actor
    from chengxin.catalogue import ForeignMapping
    from chengxin.intake.receipt import Receipt


@dataclass(frozen=True)
class ImportFile:
    """Receive the file at ``path`` and import it; a refusal leaves no batch behind.

    With ``release``, a reason, a batch that the gate holds is released at once by the same actor, where that may be.

    ``mapping`` names a mapping that ships with the catalogue, or is the mapping read from a file of one's own.
    """

    actor: Actor
    organisation: str
    item: str
    path: Path
    clock: Callable[[], datetime]
    encoding: str = "auto"
    mapping: ForeignMapping | None = None
    channel: str = "cli"
    release: str = ""
    progress: Callable[[str, int | None], None] = field(default=quiet)

    def execute(self) -> Receipt:
        """Return the receipt, the first one where the file was imported before."""
        try:
            content = self.path.open("rb")
        except OSError as error:
            raise ChengxinError(
                "file_unreadable",
                f"打不开文件 {self.path}（{error.strerror}），请检查路径和权限",
                f"cannot open {self.path} ({error.strerror})",
                where=str(self.path),
            ) from error
        shipped = self.mapping
        with content:
            received = ReceiveFile(
                actor=self.actor,
                organisation=self.organisation,
                item=self.item,
                filename=self.path.name,
                content=content,
                channel=self.channel,
                now=self.clock(),
                encoding=self.encoding,
                mapping=shipped.key if shipped and shipped.key in shipped_mappings() else "",
            ).execute()
        importing = ImportBatch(
            received.batch_id, self.clock, keep_refusal=False, mapping=self.mapping, progress=self.progress
        )
        try:
            return importing.execute()
        except BatchHeld:
            if not self.release.strip():
                raise
        now = self.clock()
        ReleaseBatch(self.actor, received.batch_id, release=True, reason=self.release, now=now, queue=False).execute()
        return importing.execute()


def mapping_from(name_or_path: str) -> ForeignMapping | None:
    """Return the mapping that ships under this name, or the one in this file; None for an empty text."""
    if not name_or_path:
        return None
    if name_or_path in shipped_mappings():
        return load_shipped_mapping(name_or_path)
    from pathlib import Path  # noqa: PLC0415 - types elsewhere need it only while checking

    path = Path(name_or_path)
    try:
        return load_mapping(path)
    except (OSError, CatalogueError) as error:
        known = "、".join(shipped_mappings())
        raise ChengxinError(
            "mapping_unreadable",
            f"读不了对照表 {name_or_path}：{error}。自带的对照表：{known}",
            f"cannot read the mapping {name_or_path}: {error}; shipped: {', '.join(shipped_mappings())}",
            where=name_or_path,
        ) from error
