"""Is a backup good? Every byte is opened and compared; the real proof is a restore for practice, with its record."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chengxin.base.config import ROLES, embedded_url, read_secrets
from chengxin.operations.archive import KIND as LOG_KIND
from chengxin.operations.restoring import Target, rebuild, scratch_room
from chengxin.operations.sealed import BackupDamaged, SealedFile, open_file, read_signed, write_signed
from chengxin.operations.server import SEGMENT, count_rows, differing, next_segment
from chengxin.operations.taking import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from chengxin.crypto import Keyring
    from chengxin.operations.places import BackupFolder

RECORD = "chengxin-restore-rehearsal/1"


@dataclass(frozen=True)
class Finding:
    """Something wrong with a backup."""

    where: str
    zh: str
    en: str


@dataclass(frozen=True)
class Verified:
    """What was looked at: base backups, files and pieces of the log, bytes; and what is wrong."""

    labels: tuple[str, ...]
    files: int
    segments: int
    bytes: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Rehearsal:
    """The record of a restore for practice; ``audit`` is ``clean``, ``found``, or ``skipped`` with the reason why.

    GB/T 22239-2019, 8.1.4.9: a recent record that restoring works.
    """

    label: str
    began_at: str
    ended_at: str
    seconds: float
    last_change: str
    tables: int
    rows: int
    differing: tuple[str, ...]
    audit: str
    audit_said: str
    machine: str
    findings: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether everything was there and nothing differed."""
        return not self.differing and not self.findings and self.audit != "found"


def verify_folder(folder: BackupFolder, keyring: Keyring) -> Verified:
    """Open and compare every file of every base backup, and every piece of the log, and look for gaps in it.

    Raises ``ChengxinError`` for a folder without backups; whatever else is wrong is a finding.
    """
    system = folder.system()
    keys = keyring.public_keys("receipt")
    findings: list[Finding] = []
    files = size = 0
    manifests = []
    for label in folder.labels():
        try:
            manifests.append(Manifest.read(folder, label, keys))
        except BackupDamaged as error:
            findings.append(Finding(error.where, error.message_zh, error.message_en))
    for manifest in manifests:
        for one in manifest.files:
            files, size = files + 1, size + one.bytes
            try:
                open_file(keyring, folder.base(manifest.label), one, manifest.system, None)
            except BackupDamaged as error:
                findings.append(Finding(error.where, error.message_zh, error.message_en))
    if not folder.labels():
        findings.append(Finding(str(folder.root), "还没有做过备份", "there is no base backup yet"))
    segments, log_bytes, log_findings = _verify_log(folder, keyring, system, manifests)
    findings += log_findings
    return Verified(folder.labels(), files, segments, size + log_bytes, tuple(findings))


def _verify_log(
    folder: BackupFolder, keyring: Keyring, system: str, manifests: list[Manifest]
) -> tuple[int, int, list[Finding]]:
    findings: list[Finding] = []
    names: list[str] = []
    size = 0
    keys = keyring.public_keys("receipt")
    for note in sorted(folder.wal.glob("*.json")):
        try:
            sealed = SealedFile.read(read_signed(note, LOG_KIND, keys)["file"])
            open_file(keyring, folder.wal, sealed, system, None)
            size += sealed.bytes
        except BackupDamaged as error:
            findings.append(Finding(error.where, error.message_zh, error.message_en))
        if SEGMENT.fullmatch(note.stem):
            names.append(note.stem)
    held = set(names)
    for manifest in manifests:
        missing = gap(held, manifest.first_segment, manifest.last_segment)
        if missing:
            findings.append(_gap(manifest.label, missing))
    for name, following in pairwise(names):
        if name[:8] == following[:8] and next_segment(name) != following:
            findings.append(_gap(str(folder.wal), next_segment(name)))
    return len(names), size, findings


def gap(held: set[str], first: str, last: str) -> str:
    """Return the first piece between ``first`` and ``last`` that is not held, or nothing."""
    name = first
    while name <= last:
        if name not in held:
            return name
        name = next_segment(name)
    return ""


def _gap(where: str, name: str) -> Finding:
    return Finding(
        where,
        f"日志缺少 {name}，恢复到这之后的时间点不可能；请马上做一次新备份",
        f"the log lacks {name}: no restore to a moment after it; take a new backup at once",
    )


@dataclass(frozen=True)
class Rehearse:
    """Restore a base backup for practice in a scratch folder, to the point it names, and write the signed record.

    ``keys`` is the folder of the keys. ``scratch`` is where to work (the system's temporary folder by default): it
    needs room for the whole cluster, holds it in clear while the practice lasts, and is emptied whatever happens.
    """

    folder: BackupFolder
    label: str
    keyring: Keyring
    keys: Path
    clock: Callable[[], datetime]
    scratch: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def execute(self) -> tuple[Rehearsal, Path]:
        """Return the record and where it was written; raise ``ChengxinError`` when the restore itself fails."""
        began = self.clock()
        manifest = Manifest.read(self.folder, self.label, self.keyring.public_keys("receipt"))
        with scratch_room("chengxin-rehearsal-", self.scratch) as room:
            into = room / "restored"
            built = rebuild(self.folder, manifest, self.keyring, into, Target(point=manifest.point))
            built.server.start()
            try:
                restored = count_rows(embedded_url(into, "owner", read_secrets(into)))
                audit, said = verify_audit(into, self.keys, self.environment)
            finally:
                built.server.stop()
        ended = self.clock()
        record = Rehearsal(
            label=self.label,
            began_at=began.isoformat(),
            ended_at=ended.isoformat(),
            seconds=round((ended - began).total_seconds(), 1),
            last_change=built.last_change,
            tables=len(restored),
            rows=sum(restored.values()),
            differing=tuple(differing(restored, manifest.counts_before, manifest.counts_after)),
            audit=audit,
            audit_said=said,
            machine=f"{os.cpu_count()} cores",
        )
        path = self.folder.rehearsals / f"{ended.strftime('%Y%m%dT%H%M%SZ')}-{self.label}.json"
        write_signed(path, RECORD, _listed(asdict(record)), self.keyring)
        return record, path


def _listed(held: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in held.items()}


def rehearsals(folder: BackupFolder, keyring: Keyring) -> tuple[Rehearsal, ...]:
    """Return the records of restores for practice, oldest first; raise ``BackupDamaged`` for one that is not signed."""
    keys = keyring.public_keys("receipt")
    found = []
    for path in sorted(folder.rehearsals.glob("*.json")):
        held = read_signed(path, RECORD, keys)
        lists = {name: tuple(held[name]) for name in ("differing", "findings")}
        found.append(Rehearsal(**held | lists))
    return tuple(found)


def verify_audit(data: Path, keys: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Run ``chengxin audit verify`` on the running installation in ``data``; return its verdict and its last line.

    What the witnesses hold is compared as it was when the backup was made: today they are ahead of it. ``skipped``
    where this version of the platform has no such command.
    """
    command = [sys.executable, "-m", "chengxin.cli.main", "audit", "verify"]
    away = ("CHENGXIN_DATABASE_URL", "CHENGXIN_WITNESSES")
    held = {name: value for name, value in environment.items() if not name.startswith(away)}
    secrets = read_secrets(data)
    held |= {f"CHENGXIN_DATABASE_URL_{role.upper()}": embedded_url(data, role, secrets) for role in ROLES}
    held |= {"CHENGXIN_DATA": str(data), "CHENGXIN_KEYS": str(keys)}
    asked = subprocess.run([*command, "--help"], env=held, capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode != 0:
        return "skipped", "此版本没有 chengxin audit verify / this version has no chengxin audit verify"
    done = subprocess.run(command, env=held, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return ("clean" if done.returncode == 0 else "found"), lines[-1] if lines else ""
