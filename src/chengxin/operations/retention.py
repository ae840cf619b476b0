"""What of the backups goes, and when: old base backups, and the log that no kept one needs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chengxin.operations.server import SEGMENT
from chengxin.operations.settings import load_settings
from chengxin.operations.taking import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chengxin.crypto import PublicKey
    from chengxin.operations.places import BackupFolder


@dataclass(frozen=True)
class Expired:
    """What went: base backups by name, and how many pieces of the log."""

    labels: tuple[str, ...]
    segments: int


def moment_of(label: str) -> datetime:
    """Return when the base backup of this name began."""
    return datetime.strptime(label, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def too_old(labels: Sequence[str], now: datetime, days: int, least: int) -> tuple[str, ...]:
    """Return the labels (oldest first) that began more than ``days`` ago, without the last ``least`` of all."""
    free = labels[: max(0, len(labels) - least)]
    return tuple(one for one in free if now - moment_of(one) > timedelta(days=days))


def expire(folder: BackupFolder, keys: Iterable[PublicKey], now: datetime) -> Expired:
    """Remove what the settings no longer keep; a base backup's manifest goes first, so that half of one is none."""
    settings = load_settings()
    labels = folder.labels()
    gone = too_old(labels, now, settings.backup_days, settings.backups_least)
    for label in gone:
        (folder.base(label) / "manifest.json").unlink()
        shutil.rmtree(folder.base(label))
    kept = [one for one in labels if one not in gone]
    if not kept:
        return Expired(gone, 0)
    first = Manifest.read(folder, kept[0], keys).first_segment[8:]
    segments = 0
    for note in sorted(folder.wal.glob("*.json")):
        if SEGMENT.fullmatch(note.stem) and note.stem[8:] < first:
            note.with_suffix(".cxs").unlink(missing_ok=True)
            note.unlink()
            segments += 1
    return Expired(gone, segments)
