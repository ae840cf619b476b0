"""``chengxin backup``, ``restore``, ``verify-backup`` and ``archive``."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chengxin.base.clock import system_now
from chengxin.base.config import data_folder, read_secrets
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import embedded_server, enter, external_urls, leave
from chengxin.cli.frame import both, choose_data, interruptible, output, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chengxin.crypto import Keyring
    from chengxin.operations.lost import Lost
    from chengxin.operations.places import BackupFolder
    from chengxin.operations.verifying import Rehearsal

FOUND = 1
"""Exit code when a backup is not good."""

folder_type = click.Path(file_okay=False, path_type=Path)
json_option = click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
keys_option = click.option(
    "--keys", type=folder_type, help="密钥目录，默认本安装的 / folder of the keys, by default the installation's"
)


def refuse_outside() -> None:
    """Raise ``ChengxinError`` when the database is an outside one: its own operator backs it up."""
    if external_urls():
        raise ChengxinError(
            "outside_database",
            "数据库在平台之外，请用该数据库自己的备份工具（例如 pgBackRest），见 docs/operations.zh-CN.md",
            "the database is an outside one: back it up with its own tools (pgBackRest, say), see docs/operations.md",
            where="CHENGXIN_DATABASE_URL_OWNER",
        )


def keys_folder() -> Path:
    """Return the folder of this installation's keys."""
    from chengxin.crypto.places import key_place

    return key_place().folder


def existing_keys(given: Path | None) -> tuple[Path, Keyring]:
    """Return the key folder and its keys; raise ``ChengxinError`` where there are none: new ones open no backup."""
    from chengxin.crypto import load_keyring

    folder = (given or keys_folder()).resolve()
    if not any(folder.glob("backup.*.key")):
        raise ChengxinError(
            "keys_missing",
            f"目录 {folder} 里没有备份密钥，请用 --keys 指出密钥（或其副本）所在的目录",
            f"there is no key for backups in {folder}: name the folder of the keys, or of their copy, with --keys",
            where=str(folder),
        )
    return folder, load_keyring(folder)


@click.command(
    short_help="备份 / take a backup",
    help=both(
        "做一次完整备份（数据库、待导入文件、日志），压缩并加密后写入目录；此后 serve 持续把数据库日志归档到同一目录。"
        "密钥不在备份里，请用 --keys-to 另存到别处。",
        "Take a base backup (database, waiting files, logs), compressed and encrypted, into FOLDER; from then on serve "
        "archives the database's log there. Keys are not in the backup: put them elsewhere with --keys-to.",
    ),
)
@click.option("--to", "target", type=folder_type, help="备份目录，默认上次用的 / folder, by default the last one")
@click.option("--keys-to", type=folder_type, help="另存密钥的新目录 / new folder for a copy of the keys")
@click.option("--keep-all", is_flag=True, help="不清理过期备份 / do not remove old backups")
@data_option
@json_option
def backup(target: Path | None, keys_to: Path | None, keep_all: bool, data: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Take a backup and say what is not in it."""
    choose_data(data)
    refuse_outside()
    from chengxin.crypto import load_keyring
    from chengxin.operations.places import BackupFolder, known_folder
    from chengxin.operations.retention import Expired, expire
    from chengxin.operations.taking import TakeBackup

    held = data_folder()
    read_secrets(held)
    folder = BackupFolder(target.resolve()) if target else known_folder(held)
    if folder is None:
        raise ChengxinError(
            "backup_folder_unknown",
            "还没有指定备份目录，请用 --to 目录（最好在另一台机器的磁盘上）",
            "no folder for backups is known: name one with --to (on another machine's disk, if you can)",
            where="--to",
        )
    keyring = load_keyring()
    if keys_to is not None:
        copy_keys(keys_folder(), keys_to)
    with interruptible(), embedded_server(held) as server:
        manifest = TakeBackup(held, folder, keyring, system_now).execute()
        gone = Expired((), 0) if keep_all else expire(folder, keyring.public_keys("receipt"), system_now())
        detail = {"files": len(manifest.files), "bytes": sum(one.bytes for one in manifest.files)}
        on_file(server.url, "backup.taken", manifest.label, detail)
    if as_json:
        click.echo(json.dumps({"label": manifest.label, "folder": str(folder.root), **detail, **asdict(gone)}))
    else:
        output().print(f"备份 backup {manifest.label}  {detail['bytes']:,} 字节 bytes  {folder.root}", soft_wrap=True)
    if keys_to is None:
        tell(
            "备份里没有密钥：没有密钥谁也打不开它。请把密钥另存到别处：chengxin backup --keys-to 目录",
            "the keys are not in the backup, and nobody opens it without them: keep a copy elsewhere with --keys-to",
        )


def copy_keys(keys: Path, into: Path) -> None:
    """Copy the keys into the new folder ``into`` (mode 0700); raise ``ChengxinError`` when it holds anything."""
    if into.exists() and any(into.iterdir()):
        raise ChengxinError(
            "keys_target_not_empty",
            f"目录 {into} 里已有内容，请用一个新目录存放密钥副本",
            f"the folder {into} is not empty: name a new one for the copy of the keys",
            where=str(into),
        )
    from chengxin.crypto.keyfiles import MADE, NAME

    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    into.chmod(0o700)
    for path in sorted(keys.iterdir()):
        if path.is_file() and (NAME.fullmatch(path.name) or path.name == MADE):  # other credentials are nobody's
            copied = into / path.name
            shutil.copyfile(path, copied)
            copied.chmod(0o600)


def on_file(url: Callable[[str], str], action: str, label: str, detail: dict[str, Any]) -> None:
    """Write an audit event about a backup into the database that ``url`` leads to."""
    enter("worker", url("worker"))
    try:
        from chengxin.operations.recording import record

        record(action, label, detail, system_now())
    finally:
        leave()


@click.command(
    "verify-backup",
    short_help="核验备份 / verify backups",
    help=both(
        "逐个打开备份目录里的文件，核对摘要、签名和日志是否连续；加 --rehearse 再真正恢复到临时目录，"
        "核对行数并运行 audit verify，留下恢复演练记录。有问题时退出码为 1。",
        "Open every file of the backups: digests, signatures, no gap in the log. With --rehearse restore the newest "
        "one into a scratch folder, count its rows, run audit verify, and leave a signed record. Exit code 1 when "
        "something is wrong.",
    ),
)
@click.argument("folder", type=folder_type, metavar="FOLDER")
@click.option("--rehearse", is_flag=True, help="真正恢复一次 / really restore once")
@click.option("--scratch", type=folder_type, help="演练用的临时目录 / folder for the rehearsal")
@keys_option
@data_option
@json_option
@click.pass_context
def verify_backup(
    ctx: click.Context,
    folder: Path,
    rehearse: bool,  # noqa: FBT001 - click hands flags in by name
    scratch: Path | None,
    keys: Path | None,
    data: Path | None,
    as_json: bool,  # noqa: FBT001 - the same
) -> None:
    """Verify, and rehearse where asked."""
    choose_data(data)
    from chengxin.operations.places import BackupFolder
    from chengxin.operations.verifying import Rehearse, verify_folder

    held = BackupFolder(folder.resolve())
    ring, keyring = existing_keys(keys)
    with interruptible():
        verified = verify_folder(held, keyring)
        rehearsal = path = None
        if rehearse and verified.labels:
            rehearsal, path = Rehearse(held, verified.labels[-1], keyring, ring, system_now, scratch).execute()
            note_rehearsal(rehearsal)
    good = not verified.findings and (rehearsal is None or rehearsal.passed)
    if as_json:
        parts = {"verified": asdict(verified), "rehearsal": asdict(rehearsal) if rehearsal else None, "good": good}
        click.echo(json.dumps(parts, ensure_ascii=False))
    else:
        console = output()
        console.print(
            f"备份 backups {len(verified.labels)}，文件 files {verified.files}，日志 log pieces {verified.segments}，"
            f"{verified.bytes:,} 字节 bytes，问题 findings {len(verified.findings)}"
        )
        for one in verified.findings:
            tell(one.zh, one.en)
        if rehearsal is not None:
            show_rehearsal(rehearsal, str(path))
    ctx.exit(0 if good else FOUND)


def show_rehearsal(rehearsal: Rehearsal, path: str) -> None:
    """Print the record of a restore for practice in a few lines."""
    console = output()
    verdict = "通过 passed" if rehearsal.passed else "未通过 failed"
    console.print(
        f"恢复演练 rehearsal {verdict}：{rehearsal.label}，{rehearsal.seconds} 秒 s，{rehearsal.tables} 张表 tables，"
        f"{rehearsal.rows:,} 行 rows，audit verify {rehearsal.audit}",
        soft_wrap=True,
    )
    console.print(f"记录 record {path}", soft_wrap=True)
    if rehearsal.audit == "skipped":
        tell(*rehearsal.audit_said.split(" / "))
    for table in rehearsal.differing:
        tell(f"行数不符：{table}", f"rows differ: {table}")


def note_rehearsal(rehearsal: Rehearsal) -> None:
    """Put the rehearsal on file in the installation of the data folder, where there is one."""
    folder = data_folder()
    if external_urls() or not (folder / "secrets.json").exists():
        tell(
            "数据目录里没有安装平台，恢复演练只留下了签名记录，没有审计事件",
            "no installation in the data folder: the rehearsal has its signed record, and no audit event",
        )
        return
    with embedded_server(folder) as server:
        detail = {"passed": rehearsal.passed, "seconds": round(rehearsal.seconds), "audit": rehearsal.audit}
        on_file(server.url, "backup.rehearsed", rehearsal.label, detail)


@click.command(
    short_help="从备份恢复 / restore",
    help=both(
        "从备份目录恢复到一个新的数据目录，可指定时间点；从不覆盖已有数据。须由两名不同的经办人同意。",
        "Restore from a folder of backups into a NEW data folder, up to a moment if one is given. Nothing is ever "
        "overwritten, and two different officers have to consent.",
    ),
)
@click.option("--from", "source", type=folder_type, required=True, help="备份目录 / folder of backups")
@click.option("--into", type=folder_type, required=True, help="新的数据目录 / new data folder")
@click.option("--to-time", default="", help="恢复到此刻，如 2026-03-02T10:00:00+08:00 / the moment to restore to")
@click.option(
    "--approved-by", "approvers", multiple=True, metavar="USERNAME", help="同意恢复的经办人，给出两次 / twice"
)
@click.option("--ask", default="", metavar="REASON", help="只申请审批，写明理由 / only ask for the approval, and why")
@keys_option
@data_option
def restore(
    source: Path,
    into: Path,
    to_time: str,
    approvers: tuple[str, ...],
    ask: str,
    keys: Path | None,
    data: Path | None,
) -> None:
    """Restore an installation into a new folder and leave the record of it."""
    choose_data(data)
    if ask:
        ask_live(source, into, to_time, ask)
        return
    from chengxin.crypto.places import key_place
    from chengxin.operations.places import BackupFolder
    from chengxin.operations.restoring import Target, empty_folder, rebuild, require_empty, require_two
    from chengxin.operations.taking import Manifest

    names = require_two(approvers)
    moment = parse_moment(to_time)
    target, folder = into.resolve(), BackupFolder(source.resolve())
    require_empty(target)
    ring, keyring = existing_keys(keys)
    in_data = key_place().setting == "CHENGXIN_DATA"  # keys that lie elsewhere stay there
    label = choose_label(folder, moment)
    live = live_folder()
    approval = approve_live(live, label, to_time, str(target), names)
    manifest = Manifest.read(folder, label, keyring.public_keys("receipt"))
    with interruptible():
        built = rebuild(folder, manifest, keyring, target, Target(moment=moment))
        try:
            if in_data:
                copy_keys(ring, target / "keys")
            os.environ["CHENGXIN_DATA"] = str(target)
            detail = {"to_time": to_time, "last_change": built.last_change, "approval": approval}
            later = Later(live, folder, keyring, target.parent, replay=moment is not None)
            lost = finish_restore(target, label, names, detail, later)
        except BaseException:
            empty_folder(target)
            raise
    tell(
        f"已恢复到 {target}（最后一笔变更 {built.last_change or '—'}）。请运行 CHENGXIN_DATA={target} chengxin doctor，"
        "核对后启动，并马上做一次新备份",
        f"restored into {target} (last change {built.last_change or '—'}): run chengxin doctor there, start it when "
        "all is well, and take a new backup at once",
    )
    tell(*lost)


def parse_moment(text: str) -> datetime | None:
    """Return the moment with its offset, or None for an empty text; raise ``ChengxinError`` for anything else."""
    from datetime import datetime as moment_type

    if not text:
        return None
    try:
        found = moment_type.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ChengxinError(
            "moment_wrong",
            f"“{text}”不是带时区的时间，请写成 2026-03-02T10:00:00+08:00 这样",
            f"{text!r} is no moment with an offset: write it like 2026-03-02T10:00:00+08:00",
            where="--to-time",
        )
    return found


def choose_label(folder: BackupFolder, moment: datetime | None) -> str:
    """Return the newest base backup that ended before ``moment``; raise ``ChengxinError`` where there is none."""
    from chengxin.operations.retention import moment_of

    folder.system()
    fitting = [one for one in folder.labels() if moment is None or moment_of(one) < moment]
    if not fitting:
        first = folder.labels()
        raise ChengxinError(
            "no_backup_before",
            f"没有早于该时间的备份（最早的是 {first[0] if first else '—'}），请换一个更晚的时间",
            f"there is no backup before that moment (the first is {first[0] if first else 'none'}): choose a later one",
            where=str(folder.root),
        )
    return fitting[-1]


def ask_live(source: Path, into: Path, to_time: str, reason: str) -> None:
    """Ask in the live system for the approval of exactly this restore, and say who decides."""
    from chengxin.operations.places import BackupFolder

    label = choose_label(BackupFolder(source.resolve()), parse_moment(to_time))
    with embedded_server(data_folder()) as server:
        enter("owner", server.url("owner"))
        try:
            from chengxin.operations.recording import ask_approval

            number = ask_approval(label, to_time, str(into.resolve()), reason, system_now())
        finally:
            leave()
    tell(
        f"已提出审批 {number}（恢复备份 {label}），请安全管理员在政务端审批，之后用同样的参数运行 chengxin restore",
        f"approval {number} is asked for (backup {label}): a security officer decides in the office end, then run "
        "chengxin restore with the same options",
    )


def live_folder() -> Path | None:
    """Return the data folder of the live system where its embedded database answers, else None."""
    from chengxin.base.embedded import EmbeddedServer

    folder = data_folder()
    answers = (folder / "secrets.json").exists() and EmbeddedServer(folder).running()
    return folder if answers else None


def approve_live(live: Path | None, label: str, to_time: str, into: str, names: tuple[str, str]) -> int | None:
    """Use the approval in the live system where it answers; return its number, or None where no system answers."""
    if live is None:
        tell(
            "现有系统没有运行，无法核对审批；两名同意人的姓名将记入恢复记录",
            "no live system answers, so no approval can be checked; the two names go into the record of the restore",
        )
        return None
    with embedded_server(live) as server:
        enter("owner", server.url("owner"))
        try:
            from chengxin.operations.recording import consume_approval, require_may_restore

            require_may_restore(names)
            return consume_approval(label, to_time, into, names, system_now())
        finally:
            leave()


@dataclass(frozen=True)
class Later:
    """Where to read what happened after the moment restored to: the live system, else, by ``replay``, the archive."""

    live: Path | None
    folder: BackupFolder
    keyring: Keyring
    room: Path
    replay: bool

    def read(self, url: str) -> Lost:
        """Return what the restored system at ``url`` (the owner's address) lacks."""
        from chengxin.operations.lost import Lost, lost_by_the_archive, read_known, read_lost

        known = read_known(url)
        if self.live is not None:
            with embedded_server(self.live) as server:
                return read_lost(server.url("owner"), known, "live")
        if self.replay:
            return lost_by_the_archive(self.folder, self.keyring, self.room, known)
        return Lost("nobody")


def finish_restore(
    into: Path, label: str, names: tuple[str, str], detail: dict[str, Any], later: Later
) -> tuple[str, str]:
    """Take rights away that were taken away since; check the two names against the register of officers that results.

    The restore goes on file, and beside the data. Returns what to say about what was lost, in Chinese and in English.
    """
    from chengxin.operations.places import write_json

    with embedded_server(into) as server:
        enter("owner", server.url("owner"))
        try:
            from chengxin.operations.lost import sentences, withdraw_again
            from chengxin.operations.recording import record, require_may_restore

            lost = later.read(server.url("owner"))
            again = withdraw_again(lost, system_now())
            require_may_restore(names)
            detail |= {"lost": lost.as_dict(), "withdrawn_again": list(again)}
            event = record("system.restored", label, {"approved_by": list(names), **detail}, system_now())
        finally:
            leave()
    held = {"label": label, "approved_by": list(names), "at": system_now().isoformat(), "event": event, **detail}
    write_json(into / "restore.json", held)
    return sentences(lost, again)


@click.command(
    short_help="持续归档数据库日志 / archive the database's log",
    help=both(
        "持续接收并加密归档数据库日志，直到 SIGTERM；chengxin serve 会自动启动它。",
        "Receive, seal and archive the database's log until SIGTERM; chengxin serve starts it.",
    ),
)
@data_option
def archive(data: Path | None) -> None:
    """Archive until stopped."""
    choose_data(data)
    import signal
    import threading

    from chengxin.crypto import load_keyring
    from chengxin.operations.archive import run_archive

    refuse_outside()
    read_secrets(data_folder())
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda _number, _frame: stop.set())
    run_archive(data_folder(), load_keyring, system_now, stop)
