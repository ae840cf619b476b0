"""Backups: when the last one was, when one was last restored for practice, and whether the log is being archived."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.doctor.work import served
from chengxin.operations.places import known_folder
from chengxin.operations.retention import moment_of
from chengxin.operations.server import SLOT
from chengxin.operations.settings import load_settings
from chengxin.operations.taking import Manifest
from chengxin.operations.verifying import rehearsals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chengxin.operations.places import BackupFolder


def usable(patient: Patient) -> BackupFolder | None:
    """Return the folder of backups where it is known and there."""
    folder = patient.backups
    return folder if patient.embedded and folder is not None and (folder.root / "installation.json").exists() else None


def backup_old(patient: Patient) -> Iterator[Complaint]:
    """Look at the age of the last base backup."""
    if not patient.embedded:
        return
    try:
        known_folder(patient.data)
    except ChengxinError as error:
        yield Complaint(
            error.code,
            Severity.WRONG,
            error.message_zh,
            error.message_en,
            "chengxin backup --to 目录",
            "chengxin backup --to FOLDER",
            error.where,
        )
        return
    folder = usable(patient)
    if folder is None:
        yield Complaint(
            "backup_missing",
            Severity.WATCH,
            "还没有备份，或备份目录不见了",
            "there is no backup, or its folder is away",
            "chengxin backup --to 目录（另一台机器的磁盘），并定时运行",
            "chengxin backup --to FOLDER (another machine's disk), by a timer",
        )
        return
    labels = folder.labels()
    age = patient.now - moment_of(labels[-1]) if labels else None
    if age is None or age > timedelta(hours=load_settings().backup_hours):
        shown = labels[-1] if labels else "—"
        yield Complaint(
            "backup_old",
            Severity.WRONG,
            f"最近一次备份是 {shown}",
            f"the last backup is {shown}",
            "chengxin backup；检查 chengxin-backup.timer",
            "chengxin backup; look at chengxin-backup.timer",
            str(folder.root),
        )


def rehearsal_old(patient: Patient) -> Iterator[Complaint]:
    """Look at the age and the verdict of the last restore for practice (GB/T 22239-2019, 8.1.4.9)."""
    folder = usable(patient)
    if folder is None or not folder.labels() or not patient.has_keys:
        return
    try:
        held = rehearsals(folder, load_keyring(patient.keys))
    except ChengxinError as error:
        yield Complaint(
            "rehearsal_unreadable",
            Severity.WRONG,
            error.message_zh,
            error.message_en,
            "保留该文件并报告安全管理员",
            "keep the file and tell the security officer",
            error.where,
        )
        return
    last = held[-1] if held else None
    age = patient.now - datetime.fromisoformat(last.ended_at) if last else None
    if last is not None and not last.passed:
        yield Complaint(
            "rehearsal_failed",
            Severity.WRONG,
            f"最近一次恢复演练（{last.label}）没有通过",
            f"the last rehearsed restore ({last.label}) failed",
            "马上做一次新备份并重新演练：chengxin verify-backup 目录 --rehearse",
            "take a new backup and rehearse again: chengxin verify-backup FOLDER --rehearse",
            last.label,
        )
    if age is None or age > timedelta(days=load_settings().rehearsal_days):
        shown = "从未" if age is None else f"{age.days} 天前"
        yield Complaint(
            "rehearsal_old",
            Severity.WATCH,
            f"最近一次恢复演练：{shown}",
            f"last rehearsed restore: {'never' if age is None else f'{age.days} days ago'}",
            "chengxin verify-backup 目录 --rehearse；检查 chengxin-rehearsal.timer",
            "chengxin verify-backup FOLDER --rehearse; look at chengxin-rehearsal.timer",
        )


def archive_behind(patient: Patient) -> Iterator[Complaint]:
    """Look whether the log is being archived while the installation is served, and whether its slot still stands."""
    if usable(patient) is None:
        return
    kept = patient.ask(f"SELECT coalesce(wal_status, 'lost') FROM pg_replication_slots WHERE slot_name = '{SLOT}'")
    if kept in (None, "lost", "unreserved"):
        yield Complaint(
            "archive_slot_lost",
            Severity.WRONG,
            "数据库已不再为归档保留日志，时间点恢复有缺口",
            "the database no longer keeps log for the archive: there is a gap",
            "修好归档目录后马上运行 chengxin backup",
            "mend the folder, then run chengxin backup at once",
        )
    if not served(patient):
        return
    try:
        held = json.loads((patient.data / "archive.json").read_text(encoding="utf-8"))
        late = patient.now - datetime.fromisoformat(held["at"])
        error = str(held["error"])
    except (OSError, ValueError, KeyError, TypeError):
        late, error = timedelta.max, ""
    if error or late > timedelta(seconds=load_settings().archive_lag_seconds):
        why = f"（{error}）" if error else ""
        yield Complaint(
            "archive_behind",
            Severity.WRONG,
            f"数据库日志没有归档{why}",
            f"the database's log is not archived ({error or 'the archive is silent'})",
            "查看 log/archive.log 和备份目录的磁盘",
            "see log/archive.log and the disk of the backups",
            error,
        )


def backup_keys_lost(patient: Patient) -> Iterator[Complaint]:
    """Look whether the keys there were at the last backup are still there."""
    folder = usable(patient)
    if folder is None or not folder.labels() or not patient.has_keys:
        return
    try:
        keyring = load_keyring(patient.keys)
        held = Manifest.read(folder, folder.labels()[-1], keyring.public_keys("receipt"))
    except ChengxinError as error:
        yield Complaint(
            "backup_unreadable",
            Severity.WRONG,
            error.message_zh,
            error.message_en,
            "chengxin verify-backup 目录",
            "chengxin verify-backup FOLDER",
            error.where,
        )
        return
    present = {one.key_id for one in keyring.facts()}
    for key_id in held.key_ids:
        if key_id not in present:
            yield Complaint(
                "key_lost",
                Severity.WRONG,
                f"上次备份时的密钥 {key_id} 不见了",
                f"the key {key_id}, there at the last backup, is gone",
                "从密钥副本恢复该文件",
                "restore the file from the copy of the keys",
                key_id,
            )


def restore_unchecked(patient: Patient) -> Iterator[Complaint]:
    """Look for the record of a restore whose rights nobody has checked yet; without it there is nothing to check."""
    path = patient.data / "restore.json"
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        lost, at = held["lost"], str(held["at"])
        whose = "、".join(lost["rights_changed"]) or "—"
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        lost, at, whose = {"source": "nobody"}, "—", "—"
    unknown = lost["source"] == "nobody"
    if unknown or lost["rights_changed"]:
        yield Complaint(
            "restore_unchecked",
            Severity.WATCH,
            f"本系统于 {at} 从备份恢复；恢复点之后权限有过变动的："
            + ("无从得知，应核对全部经办人和接口调用方" if unknown else whose),
            f"restored from a backup at {at}; whose rights changed after its moment: "
            + ("nobody knows, so check every officer and client" if unknown else whose),
            "在政务端逐一核对账号、密码和第二因素、授权，然后把 restore.json 改名留存",
            "check accounts, passwords and second factors, and grants in the office end, then rename restore.json",
            str(path),
        )


CHECKS = (
    Check("backup_old", "备份", "backups", backup_old),
    Check("rehearsal_old", "恢复演练", "rehearsed restores", rehearsal_old),
    Check("archive_behind", "日志归档", "the archive", archive_behind),
    Check("restore_unchecked", "恢复后的权限", "rights after a restore", restore_unchecked),
    Check("key_lost", "备份用的密钥", "keys of the backup", backup_keys_lost),
)
