"""What of the backups goes, and when: old base backups, the log that no kept one needs, and what a crash left.

A backup without its manifest is none: half taken or half removed when the machine went down. Nobody can open it, so
the next run takes it away once nothing has been written to it for ``backup_hours``; one under way is written to all the
time.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chengxin.operations.places import LABEL
from chengxin.operations.sealed import DRAFT
from chengxin.operations.server import SEGMENT
from chengxin.operations.settings import load_settings
from chengxin.operations.taking import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chengxin.crypto import PublicKey
    from chengxin.operations.places import BackupFolder


@dataclass(frozen=True)
class Expired:
    """What went: base backups by name, pieces of the log, and leftovers of crashes (folders and drafts)."""

    labels: tuple[str, ...]
    segments: int
    leftovers: tuple[str, ...] = ()


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
    leftovers = sweep(folder, now)
    labels = folder.labels()
    gone = too_old(labels, now, settings.backup_days, settings.backups_least)
    for label in gone:
        (folder.base(label) / "manifest.json").unlink()
        shutil.rmtree(folder.base(label))
    kept = [one for one in labels if one not in gone]
    if not kept:
        return Expired(gone, 0, leftovers)
    first = Manifest.read(folder, kept[0], keys).first_segment[8:]
    segments = 0
    stems = {path.stem for suffix in ("json", "cxs") for path in folder.wal.glob(f"*.{suffix}")}
    for stem in sorted(stems):
        if SEGMENT.fullmatch(stem) and stem[8:] < first:
            # The note goes last: what is half removed is still listed and goes at the next run.
            (folder.wal / f"{stem}.cxs").unlink(missing_ok=True)
            (folder.wal / f"{stem}.json").unlink(missing_ok=True)
            segments += 1
    return Expired(gone, segments, leftovers)


def sweep(folder: BackupFolder, now: datetime) -> tuple[str, ...]:
    """Remove what crashes left: base backups without a manifest, and drafts; return their names, in order.

    Only what nobody has written to for ``backup_hours`` goes; a name that is none of ours stays.
    """
    idle = timedelta(hours=load_settings().backup_hours)
    gone = []
    for base in sorted((folder.root / "base").glob("*")):
        unfinished = LABEL.fullmatch(base.name) and not (base / "manifest.json").exists()
        if unfinished and base.is_dir() and not base.is_symlink() and now - _written(base) > idle:
            shutil.rmtree(base)
            gone.append(base.name)
    for place in (folder.root, folder.wal, folder.rehearsals):
        for draft in sorted(place.glob(f"{DRAFT}*")):
            if draft.is_file() and not draft.is_symlink() and now - _written(draft) > idle:
                draft.unlink()
                gone.append(draft.name)
    return tuple(gone)


def _written(path: Path) -> datetime:
    """Return when something was last written to a file, or to a folder and the files in it."""
    held = [path, *path.iterdir()] if path.is_dir() else [path]
    return datetime.fromtimestamp(max(one.lstat().st_mtime for one in held), UTC)
