"""Where backups lie, and which folder an installation's backups go to.

FOLDER/installation.json        whose backups these are
FOLDER/base/LABEL/manifest.json what is in one base backup, signed
FOLDER/base/LABEL/*.cxs         its files, compressed and sealed
FOLDER/wal/SEGMENT.cxs, .json   the write-ahead log since then, piece by piece
FOLDER/rehearsals/*.json        records of restores for practice, signed
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from chengxin.base.errors import ChengxinError
from chengxin.operations.sealed import draft_beside, sync_folder

LABEL = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
"""A base backup's name: when it began, in UTC."""

FORM = "chengxin-backups/1"


@dataclass(frozen=True)
class BackupFolder:
    """A folder of backups of one installation."""

    root: Path

    @property
    def wal(self) -> Path:
        """The pieces of the write-ahead log."""
        return self.root / "wal"

    @property
    def rehearsals(self) -> Path:
        """The records of restores for practice."""
        return self.root / "rehearsals"

    def base(self, label: str) -> Path:
        """Return the folder of one base backup."""
        return self.root / "base" / label

    def labels(self) -> tuple[str, ...]:
        """Return the base backups that were finished, oldest first."""
        held = self.root / "base"
        if not held.is_dir():
            return ()
        found = (entry.name for entry in held.iterdir() if LABEL.fullmatch(entry.name))
        return tuple(sorted(one for one in found if (held / one / "manifest.json").is_file()))

    def system(self) -> str:
        """Return the number of the database cluster whose backups these are; raise ``ChengxinError`` for others."""
        try:
            held = json.loads((self.root / "installation.json").read_text(encoding="utf-8"))
            if held["form"] == FORM:
                return str(held["system"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise ChengxinError(
            "no_backup_folder",
            f"{self.root} 不是本平台的备份目录，请检查路径，或先运行 chengxin backup --to 目录",
            f"{self.root} is no folder of backups: check the path, or run chengxin backup --to FOLDER first",
            where=str(self.root),
        )

    def claim(self, system: str) -> None:
        """Make the folder this cluster's; raise ``ChengxinError`` when it holds anything else."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            entries = [entry.name for entry in self.root.iterdir()]
            if "installation.json" not in entries:
                if entries:
                    raise _occupied(self.root)
                self.root.chmod(0o700)
                write_json(self.root / "installation.json", {"form": FORM, "system": system})
            for part in (self.root / "base", self.wal, self.rehearsals):
                part.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ChengxinError(
                "backup_folder_not_writable",
                f"备份目录 {self.root} 不能写入（{error.strerror}），请检查目录权限和磁盘",
                f"the folder for backups {self.root} cannot be written ({error.strerror}): check its rights and disk",
                where=str(self.root),
            ) from error
        if self.system() != system:
            raise _occupied(self.root)


def _occupied(root: Path) -> ChengxinError:
    return ChengxinError(
        "backup_folder_taken",
        f"目录 {root} 里已有别的内容或另一套平台的备份，请换一个空目录",
        f"the folder {root} holds something else or another installation's backups: choose an empty one",
        where=str(root),
    )


def remember_folder(data: Path, folder: Path) -> None:
    """Note that the installation in ``data`` is backed up to ``folder``; its archive goes there from now on."""
    write_json(data / "backups.json", {"folder": str(folder)})


def known_folder(data: Path) -> BackupFolder | None:
    """Return where the installation's backups go: ``CHENGXIN_BACKUPS``, else what was noted, else nowhere.

    Raises ``ChengxinError`` when the note cannot be read.
    """
    given = os.environ.get("CHENGXIN_BACKUPS", "")
    if given:
        return BackupFolder(Path(given).resolve())
    path = data / "backups.json"
    try:
        return BackupFolder(Path(json.loads(path.read_text(encoding="utf-8"))["folder"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ChengxinError(
            "backup_note_unreadable",
            f"{path} 读不了，平台不知道备份放在哪里，请运行 chengxin backup --to 目录 重新指定",
            f"{path} cannot be read, so nobody knows where backups go: name it with chengxin backup --to FOLDER",
            where=str(path),
        ) from error


def write_json(path: Path, held: object) -> None:
    """Write ``held`` as JSON that only we can read, whole or not at all."""
    draft = draft_beside(path)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(held, out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)  # on a full disk the archive's note would leave one behind every second
    sync_folder(path.parent)
