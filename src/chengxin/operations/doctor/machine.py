"""Python, the dependencies, files and their permissions, keys, disk, time and open ports."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psutil

from chengxin.accounts.breached import require_breached_list
from chengxin.base.errors import ChengxinError
from chengxin.base.renewal import COMING, PLACE
from chengxin.crypto import load_keyring
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.settings import load_settings
from chengxin.operations.watching.log_keeping import last_day, oldest_day

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 11)
OTHERS = 0o077
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\\n]+)([^\\\n]*)", re.MULTILINE)
LOOPBACK = ("127.", "::1", "::ffff:127.")


def python_old(patient: Patient) -> Iterator[Complaint]:
    """Look whether Python is new enough."""
    if patient.python < OLDEST:
        shown = ".".join(map(str, patient.python))
        yield Complaint(
            "python_old",
            Severity.WRONG,
            f"Python 版本是 {shown}，需要 3.11 或更高",
            f"Python is {shown}; 3.11 or later is needed",
            "安装新版 Python 后运行 make demo PYTHON=python3.12",
            "install a newer one, then make demo PYTHON=python3.12",
        )


def locked(text: str) -> dict[str, tuple[set[str], bool]]:
    """Return the versions and whether it is needed everywhere, by package, from a lock file's text.

    A package may stand there more than once, each time for other versions of Python.
    """
    found: dict[str, tuple[set[str], bool]] = {}
    for name, wanted, rest in PINNED.findall(text):
        versions, everywhere = found.get(name.lower(), (set(), False))
        found[name.lower()] = (versions | {wanted}, everywhere or ";" not in rest)
    return found


def dependencies_differ(patient: Patient) -> Iterator[Complaint]:
    """Compare what is installed with the lock file; an installation without the sources has none to compare with."""
    path = patient.lock or Path(__file__).parents[4] / "requirements" / "runtime.lock"
    if not path.is_file():
        return
    wrong = []
    for name, (wanted, everywhere) in locked(path.read_text(encoding="utf-8")).items():
        try:
            held = version(name)
        except PackageNotFoundError:
            held = "—"
        if held not in wanted and (everywhere or held != "—"):
            wrong.append(f"{name} {held} ≠ {' / '.join(sorted(wanted))}")
    if wrong:
        yield Complaint(
            "dependencies_differ",
            Severity.WRONG,
            f"已安装的依赖与锁定文件不一致：{'；'.join(wrong[:5])}",
            f"installed packages differ from the lock: {'; '.join(wrong[:5])}",
            "pip install --require-hashes -r requirements/runtime.lock",
            "the same command",
            str(path),
        )


def files_open(patient: Patient) -> Iterator[Complaint]:
    """Look whether others of this machine can read secrets or the cluster."""
    for name in ("secrets.json", COMING, PLACE, "postgres", "backups.json", "demo-state.json", "wal"):
        path = patient.data / name
        if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & OTHERS:
            right = "700" if path.is_dir() else "600"
            yield Complaint(
                "file_open_to_others",
                Severity.WRONG,
                f"{path} 的权限是 {mode:04o}，本机其他用户可以读取",
                f"{path} has mode {mode:04o}: other users can read it",
                f"chmod {right} {path}",
                f"chmod {right} {path}; then change what may have been read",
                str(path),
            )


def folder_not_writable(patient: Patient) -> Iterator[Complaint]:
    """Look whether the data folder is there and can be written."""
    if not patient.data.is_dir() or not os.access(patient.data, os.W_OK | os.X_OK):
        yield Complaint(
            "data_folder_not_writable",
            Severity.WRONG,
            f"数据目录 {patient.data} 不存在或不能写入",
            f"the data folder {patient.data} is missing or cannot be written",
            "用安装平台的账号运行，或用 --data 指出正确的目录",
            "run as the user who installed, or name the folder with --data",
            str(patient.data),
        )


def keys_unusable(patient: Patient) -> Iterator[Complaint]:
    """Look whether the keys are there, private and whole, and how old they are."""
    if not patient.has_keys:
        yield Complaint(
            "keys_missing",
            Severity.WRONG,
            f"密钥目录 {patient.keys} 不存在或没有密钥",
            f"the key folder {patient.keys} is missing or holds no key",
            "从密钥副本恢复该目录，或设置 CHENGXIN_KEYS",
            "restore it from the copy of the keys, or set CHENGXIN_KEYS",
            str(patient.keys),
        )
        return
    try:
        facts = load_keyring(patient.keys).facts()
    except ChengxinError as error:
        yield Complaint(
            error.code, Severity.WRONG, error.message_zh, error.message_en, "见上", "see above", error.where
        )
        return
    for one in facts:
        age = (patient.now - one.made_at).days
        if one.state == "current" and age > load_settings().key_days:
            yield Complaint(
                "key_old",
                Severity.WATCH,
                f"密钥 {one.key_id} 已用了 {age} 天",
                f"the key {one.key_id} is {age} days old",
                f"chengxin keys rotate {one.purpose}，然后备份密钥目录",
                f"chengxin keys rotate {one.purpose}, then copy the keys",
                one.key_id,
            )


def database_passwords_old(patient: Patient) -> Iterator[Complaint]:
    """Look how old the embedded database's passwords are: each start of ``chengxin serve`` makes new ones."""
    path = patient.data / "secrets.json"
    if not patient.embedded or not path.exists():
        return
    age = (patient.now - datetime.fromtimestamp(path.stat().st_mtime, UTC)).days
    if age > load_settings().database_password_days:
        yield Complaint(
            "database_passwords_old",
            Severity.WATCH,
            f"内置数据库的口令已用了 {age} 天",
            f"the embedded database's passwords are {age} days old",
            "chengxin database-passwords（服务不用停）",
            "chengxin database-passwords, while everything runs",
            str(path),
        )


def breached_list_wrong(patient: Patient) -> Iterator[Complaint]:
    """Look whether the list of breached passwords that the city names can be read and is sorted."""
    try:
        require_breached_list(patient.environment)
    except ChengxinError as error:
        yield Complaint(
            error.code,
            Severity.WRONG,
            error.message_zh,
            error.message_en,
            "重新下载按摘要排序的 SHA-1 名单（不是 NTLM，也不是按次数排序的），让政务端的账号能读；"
            "或去掉该设置并重启政务端",
            "download the SHA-1 list ordered by hash again (neither NTLM nor ordered by count) and let the office "
            "end's account read it, or take the setting away and restart the office end",
            error.where,
        )


def disk_full(patient: Patient) -> Iterator[Complaint]:
    """Look at the room left for data, log and backups."""
    settings = load_settings()
    places = [patient.data, patient.data / "postgres", patient.data / "wal"]
    if patient.backups is not None:
        places.append(patient.backups.root)
    told = set()
    for path in places:
        if not path.exists() or path.stat().st_dev in told:
            continue
        told.add(path.stat().st_dev)
        free = patient.free(path)
        if free < settings.disk_warn_percent:
            bad = free < settings.disk_fail_percent
            yield Complaint(
                "disk_full",
                Severity.WRONG if bad else Severity.WATCH,
                f"{path} 所在磁盘只剩 {free:.0f}%",
                f"the disk of {path} has {free:.0f} % left",
                "扩容，或清理该磁盘上与平台无关的文件；不要删除 postgres 目录里的任何文件",
                "enlarge it, or remove files that are not the platform's; delete nothing inside postgres",
                str(path),
            )


def time_wrong(patient: Patient) -> Iterator[Complaint]:
    """Look at the zone data, and whether a moment stands in for the present."""
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        yield Complaint(
            "zone_missing",
            Severity.WRONG,
            "系统没有 Asia/Shanghai 时区数据",
            "the zone Asia/Shanghai is not on this machine",
            "安装系统软件包 tzdata",
            "install the system's package tzdata",
        )
    if patient.environment.get("CHENGXIN_NOW"):
        yield Complaint(
            "clock_stands_in",
            Severity.WATCH,
            "设置了 CHENGXIN_NOW，平台不用真实时间",
            "CHENGXIN_NOW is set: the platform does not use the real time",
            "正式运行前去掉该设置",
            "take the setting away before real use",
            "CHENGXIN_NOW",
        )


def ports_open(patient: Patient) -> Iterator[Complaint]:
    """Look whether a process of this installation listens on anything but loopback: TLS and limits are the proxy's."""
    for process in psutil.process_iter(["cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or ())
        held = (process.info["environ"] or {}).get("CHENGXIN_DATA", "")
        if "chengxin." not in command or (held and Path(held) != patient.data):
            continue
        try:
            listening = [one for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN]
        except psutil.Error:
            continue
        for one in listening:
            if not str(one.laddr.ip).startswith(LOOPBACK):
                yield Complaint(
                    "port_open",
                    Severity.WRONG,
                    f"进程 {process.pid} 在 {one.laddr.ip}:{one.laddr.port} 上对外监听",
                    f"process {process.pid} listens on {one.laddr.ip}:{one.laddr.port}, beyond this machine",
                    "只监听 127.0.0.1，由带 TLS 的反向代理对外",
                    "listen on 127.0.0.1 and let a reverse proxy with TLS face outward",
                    str(one.laddr.port),
                )


def logs_too_old(patient: Patient) -> Iterator[Complaint]:
    """Look whether a log holds lines that should have gone: ``chengxin serve`` takes them out once a day."""
    days = load_settings().log_days
    before = last_day(patient.now, days) - timedelta(days=1)  # a whole day for the daily run
    for path in sorted((patient.data / "log").glob("*.log")):
        oldest = oldest_day(path) if os.access(path, os.R_OK) else None
        if oldest is not None and oldest < before:
            yield Complaint(
                "logs_too_old",
                Severity.WATCH,
                f"日志 {path} 里还有 {oldest} 的内容，超过保存期限 {days} 天",
                f"the log {path} holds lines of {oldest}: they are kept {days} days",
                "chengxin serve 每天清理一次；没有用它运行时，请停下写日志的程序后删去旧行",
                "chengxin serve takes them out once a day; where it does not run, stop the writer and remove them",
                str(path),
            )


CHECKS = (
    Check("python_old", "Python 版本", "Python's version", python_old),
    Check("dependencies_differ", "依赖与锁定文件", "packages against the lock", dependencies_differ),
    Check("data_folder_not_writable", "数据目录", "the data folder", folder_not_writable),
    Check("file_open_to_others", "文件权限", "permissions", files_open),
    Check("keys_missing", "密钥", "keys", keys_unusable),
    Check("database_passwords_old", "数据库口令", "the database's passwords", database_passwords_old),
    Check("breached_list_unusable", "泄露口令名单", "the list of breached passwords", breached_list_wrong),
    Check("disk_full", "磁盘空间", "disk space", disk_full),
    Check("zone_missing", "时间", "time", time_wrong),
    Check("port_open", "监听端口", "open ports", ports_open),
    Check("logs_too_old", "日志保存期限", "how long logs are kept", logs_too_old),
)
