"""The database: whether each role reaches it with its own rights and no more, and whether its tables are up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg

import chengxin
from chengxin.base.config import ROLES
from chengxin.base.isolation import holes
from chengxin.crypto import WrongSeal, sealed_by
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


def roles_away(patient: Patient) -> Iterator[Complaint]:
    """Log in as each role, and look that it is this role and stands above nothing."""
    for role in ROLES:
        url = patient.urls.get(role, "")
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT session_user, rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication"
                    " FROM pg_roles WHERE rolname = session_user"
                ).fetchone()
        except psycopg.Error as error:
            yield Complaint(
                "database_away",
                Severity.WRONG,
                f"以角色 {role} 连不上数据库（{type(error).__name__}）",
                f"the database does not let the role {role} in ({type(error).__name__})",
                "内置数据库看 log/postgres.log；外部数据库检查地址、口令和防火墙",
                "embedded: see log/postgres.log; outside: check address, password and firewall",
                role,
            )
            continue
        if row is None or row[0] != f"chengxin_{role}" or row[1]:
            yield Complaint(
                "role_wrong",
                Severity.WRONG,
                f"角色 {role} 实际以 {row[0] if row else '—'} 登录，或拥有越过行级安全的权力",
                f"the role {role} logs in as {row[0] if row else '—'}, or stands above row security",
                "给每个进程它自己角色的地址；收回 SUPERUSER、BYPASSRLS、CREATEROLE、REPLICATION",
                "give each process its own role's address; take SUPERUSER, BYPASSRLS, CREATEROLE, REPLICATION away",
                role,
            )


def isolation_broken(patient: Patient) -> Iterator[Complaint]:
    """Walk the catalogue for every known way round row security."""
    if patient.owner is None or not patient.migrated or next(pending(patient), None):
        return
    with patient.owner.cursor() as cursor:
        for hole in holes(cast("Any", cursor)):
            yield Complaint(
                "isolation_broken",
                Severity.WRONG,
                f"单位之间的隔离有漏洞：{hole.kind}（{hole.where}）",
                f"isolation has a hole: {hole.kind} ({hole.where})",
                "chengxin migrate 会重新施加全部权限和策略；若仍在，请报告安全管理员",
                "chengxin migrate puts every right and policy back; if it stays, tell the security officer",
                hole.where,
            )


def migrations_on_disk() -> set[tuple[str, str]]:
    """Return (application, migration) of every migration this version of the platform brings."""
    package = Path(chengxin.__file__).parent
    rooms = {(path.parent.parent.name, path.stem) for path in package.glob("*/migrations/0*.py")}
    ends = {(f"end_{path.parent.parent.name}", path.stem) for path in package.glob("ends/*/migrations/0*.py")}
    return rooms | ends


def pending(patient: Patient) -> Iterator[Complaint]:
    """Compare the migrations that were applied with those of this version."""
    if patient.owner is None:
        return
    applied = {(str(app), str(name)) for app, name in patient.rows("SELECT app, name FROM django_migrations")}
    ours = migrations_on_disk()
    missing = sorted(f"{app}.{name}" for app, name in ours - applied)
    apps = {app for app, _name in ours}
    newer = sorted(f"{app}.{name}" for app, name in applied - ours if app in apps)
    if missing:
        yield Complaint(
            "migrations_pending",
            Severity.WRONG,
            f"数据库结构落后于程序：{'、'.join(missing[:5])}",
            f"the database is behind the program: {missing[:5]}",
            "先备份，再运行 chengxin migrate",
            "take a backup, then run chengxin migrate",
            missing[0],
        )
    if newer:
        yield Complaint(
            "database_newer",
            Severity.WRONG,
            f"数据库结构比程序新：{'、'.join(newer[:5])}",
            f"the database is ahead of the program: {newer[:5]}",
            "运行与数据库同版本或更新的程序",
            "run the version that migrated it, or a later one",
            newer[0],
        )


def keys_lost(patient: Patient) -> Iterator[Complaint]:
    """Look whether every key that the database names is in the key folder."""
    named = {
        str(row[0])
        for row in patient.rows(
            "SELECT DISTINCT split_part(substring(note FROM 'signature: ([^\\n]+)'), ':', 2) FROM audit_checkpoint"
        )
    }
    for (secret,) in patient.rows("SELECT secret FROM accounts_secondfactor WHERE kind = 'totp'"):
        try:
            named.add(sealed_by(bytes(cast("bytes", secret))))
        except WrongSeal:
            continue
    for key_id in sorted(named - {""}):
        path = patient.keys / f"{key_id.rpartition('.')[0]}.key"
        if not path.is_file() or key_id not in path.read_text(encoding="utf-8", errors="replace"):
            yield Complaint(
                "key_lost",
                Severity.WRONG,
                f"数据库用到的密钥 {key_id} 不在 {patient.keys}",
                f"the key {key_id}, which the database uses, is not there",
                "从密钥副本恢复该文件；不要另造新密钥",
                "restore the file from the copy of the keys; do not make a new key",
                key_id,
            )


def clocks_differ(patient: Patient) -> Iterator[Complaint]:
    """Compare this machine's clock with the database's, and the database's zone with the legal one."""
    if patient.owner is None or patient.environment.get("CHENGXIN_NOW"):
        return
    theirs = cast("datetime", patient.ask("SELECT clock_timestamp()"))
    apart = abs((theirs - patient.now).total_seconds())
    if apart > load_settings().clock_seconds:
        yield Complaint(
            "clocks_differ",
            Severity.WRONG,
            f"本机与数据库的时钟相差 {apart:.0f} 秒",
            f"this machine's clock and the database's are {apart:.0f} s apart",
            "在两台机器上启用时间同步（chrony）",
            "synchronise both machines (chrony)",
        )
    zone = str(patient.ask("SHOW timezone"))
    if patient.embedded and zone != "Asia/Shanghai":
        yield Complaint(
            "zone_wrong",
            Severity.WATCH,
            f"数据库时区是 {zone}，应为 Asia/Shanghai",
            f"the database's zone is {zone}, not Asia/Shanghai",
            "在 postgresql.conf 里设 timezone = 'Asia/Shanghai'",
            "set timezone = 'Asia/Shanghai' in postgresql.conf",
            zone,
        )


SPARING = {"log_min_error_statement": ("panic", "fatal"), "log_error_verbosity": ("terse",)}
"""Settings of the server, and their values with which a statement that fails is not written to its log."""


def log_holds_values(patient: Patient) -> Iterator[Complaint]:
    """Look whether the server logs the text and the row of a statement that fails: values stand in both."""
    if patient.owner is None:
        return
    for name, good in SPARING.items():
        value = str(patient.ask(f"SHOW {name}"))
        if value not in good:
            yield Complaint(
                "log_holds_values",
                Severity.WATCH,
                f"数据库设置 {name} = {value}：出错语句的内容会写进数据库日志，其中可能有个人信息",
                f"the database's setting {name} is {value}: its log gets the values of statements that fail",
                f"内置：重启平台；外部：ALTER SYSTEM SET {name} = '{good[0]}'，然后 SELECT pg_reload_conf()",
                f"embedded: restart; outside: ALTER SYSTEM SET {name} = '{good[0]}', then SELECT pg_reload_conf()",
                name,
            )


CHECKS = (
    Check("database_away", "数据库角色", "the database's roles", roles_away),
    Check("migrations_pending", "数据库结构", "migrations", pending),
    Check("isolation_broken", "单位隔离", "isolation", isolation_broken),
    Check("key_lost", "数据库用到的密钥", "keys the database uses", keys_lost),
    Check("clocks_differ", "时钟", "clocks", clocks_differ),
    Check("log_holds_values", "数据库日志的内容", "what the database logs", log_holds_values),
)
