"""``chengxin audit``: keep the evidence, verify it, prove one event, be a witness, erase a text by law."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.config import data_folder
from chengxin.base.errors import ChengxinError
from chengxin.cli.audit_follow import follow
from chengxin.cli.database import embedded_server, external_url, reach
from chengxin.cli.frame import both, choose_data, output, progress, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from chengxin.verifier.findings import Report
    from chengxin.verifier.notes import Kept

TAMPERED = 1
"""Exit code when something was found."""

MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"])

json_option = click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
key_option = click.option(
    "--public-key", "public_key", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="可信公钥文件，默认本安装的检查点公钥 / trusted public keys, by default this installation's for checkpoints",
)  # fmt: skip


@click.group(
    short_help="审计留痕 / the audit trail", help=both("审计留痕及其证据。", "The audit trail and its evidence.")
)
def audit() -> None:
    """Hold the commands about the audit trail."""


@audit.command(
    "keep",
    short_help="持续生成检查点 / keep the evidence",
    help=both(
        "持续封存新入库的记录，把审计事件编入杂凑树，每分钟签发检查点并交给见证方，直到 SIGTERM；"
        "chengxin serve 会自动启动它。",
        "Seal new facts, add audit events to the hash tree, sign a checkpoint each minute and hand it to the "
        "witnesses, until SIGTERM; chengxin serve starts it.",
    ),
)
@data_option
def keep(data: Path | None) -> None:
    """Keep the evidence as the worker's role."""
    choose_data(data)
    with reach("worker"):
        import signal
        import threading

        stop = threading.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda _number, _frame: stop.set())
        make_keeper().run(stop)


def make_keeper() -> Any:  # noqa: ANN401 - the keeper is imported once Django is ready
    """Return the keeper of this installation, with its keys and witnesses."""
    from chengxin.audit.keeping import Keeper
    from chengxin.audit.settings import load_settings, witness_places
    from chengxin.audit.witness import witness_at
    from chengxin.crypto import load_keyring
    from chengxin.records.sealing import seal_facts

    keyring = load_keyring()
    keys = keyring.public_keys("checkpoint")
    witnesses = [witness_at(one, load_settings().witness_seconds, keys) for one in witness_places(data_folder())]
    return Keeper(keyring, witnesses, system_now, steps=(seal_facts,))


@audit.command(
    "state",
    short_help="证据是否在保存 / whether evidence is kept",
    help=both(
        "显示审计证据的状态，有问题时退出码为 1。", "Show the state of the evidence; exit code 1 when it is not kept."
    ),
)
@data_option
@json_option
@click.pass_context
def state(ctx: click.Context, data: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Say whether evidence is being kept."""
    choose_data(data)
    with reach("owner"):
        from chengxin.audit.queries import evidence

        found = evidence(system_now())
    covered = found.covered_at.isoformat() if found.covered_at else None
    if as_json:
        click.echo(json.dumps(vars(found) | {"covered_at": covered, "seen_at": str(found.seen_at)}, ensure_ascii=False))
    else:
        output().print(
            f"状态 state {found.state}；检查点 checkpoint {found.checkpoint}，{found.size:,} 条 events，"
            f"待编入 waiting {found.waiting:,}；见证 witnesses {len(found.held_by)}；最近 covered {covered or '—'}"
        )
    ctx.exit(0 if found.state == "kept" else TAMPERED)


@audit.command(
    "verify",
    short_help="核验全部审计证据 / verify the audit trail",
    help=both(
        "用独立的核验程序从原始数据重新计算全部审计事件和已封存的业务记录，并与检查点和见证方对照；"
        "发现篡改时退出码为 1。",
        "Compute every event and every sealed fact again from its raw row with an independent program and compare with "
        "the checkpoints and the witnesses; exit code 1 when anything was tampered with.",
    ),
)
@click.option(
    "--from-witness", "witnesses", multiple=True,
    help="见证文件或地址，可多次给出，默认本安装所设 / a witness's file or address, by default the installation's",
)  # fmt: skip
@key_option
@click.option("--processes", type=click.IntRange(1, 64), help="并行进程数 / processes side by side")
@data_option
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    witnesses: tuple[str, ...],
    public_key: Path | None,
    processes: int | None,
    data: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands flags in by name
) -> None:
    """Verify the whole trail as the owner, who may read all of it."""
    choose_data(data)
    from chengxin.audit.settings import load_settings, witness_places
    from chengxin.records.sealing_settings import sealing_settings
    from chengxin.verifier.notes import read_keys
    from chengxin.verifier.verify import Verification

    kept = read_witnesses(witnesses or witness_places(data_folder()), must_exist=bool(witnesses))
    keys = read_keys(trusted_keys(public_key))
    tolerance = load_settings().clock_tolerance_seconds
    count = processes or len(os.sched_getaffinity(0))
    late = sealing_settings().late_seconds

    def run(url: str) -> Report:
        with progress() as draw:
            wanted = Verification(url, keys, kept, tolerance, count, late)
            return wanted.run(lambda done, all_: draw("核验审计事件 verifying", done, all_))

    given = external_url("owner")
    if given:
        report = run(given)
    else:
        with embedded_server(data_folder()) as server:
            report = run(server.url("owner"))
    show_report(report, as_json=as_json)
    ctx.exit(0 if report.clean else TAMPERED)


def read_witnesses(places: Iterable[str], *, must_exist: bool) -> Sequence[Kept]:
    """Return what the witnesses keep; raise ``ChengxinError`` for one that cannot be read.

    A default file that was never written is skipped; one that was asked for by name is not.
    """
    from chengxin.verifier.notes import Unreadable, read_witness

    kept = []
    for place in places:
        if not must_exist and not place.startswith("http") and not Path(place).exists():
            continue
        try:
            kept.append(read_witness(place))
        except (OSError, Unreadable) as error:
            raise ChengxinError(
                "witness_unreadable",
                f"见证方 {place} 读不了（{error}），请检查文件或网络；见证文件若已损坏，请保留并报告安全管理员",
                f"the witness {place} cannot be read ({error}): check the file or the network; keep a damaged file and "
                "tell the security officer",
                where=place,
            ) from error
    return kept


def trusted_keys(public_key: Path | None) -> str:
    """Return the public keys that are trusted, as text: the given file's, else this installation's own.

    A file without any key is refused: judged by it, every checkpoint would seem signed by a stranger.
    """
    if public_key is not None:
        from chengxin.verifier.notes import read_keys

        text = public_key.read_text(encoding="utf-8", errors="replace")
        if not read_keys(text):
            raise ChengxinError(
                "public_key_unreadable",
                f"{public_key.name} 里没有公钥，请用 chengxin keys public checkpoint 导出的文件",
                f"{public_key.name} holds no public key: give the file that chengxin keys public checkpoint wrote",
                where=str(public_key),
            )
        return text
    from chengxin.crypto import load_keyring

    return "".join(key.block() for key in load_keyring().public_keys("checkpoint"))


def show_report(report: Report, *, as_json: bool) -> None:
    """Print a verification's outcome."""
    from chengxin.verifier.findings import KINDS, NOTICES

    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False))
        return
    console = output()
    console.print(
        f"核验 verified {report.events:,} 条事件 events、{report.leaves:,} 片叶子 leaves、"
        f"{report.checkpoints:,} 个检查点 checkpoints（{report.witnessed:,} 个有见证 witnessed），{report.seconds} s"
    )
    console.print(
        f"业务记录 facts：{report.facts:,} 行与封存时一致 rows as they were sealed，{report.seals:,} 次封存 seals，"
        f"尚未封存 not sealed yet {report.unsealed:,}"
    )
    for notice in report.notices:
        console.print(f"注意 note: {NOTICES[notice][0]} / {NOTICES[notice][1]}")
    if report.clean:
        console.print("没有发现篡改 nothing was tampered with")
        return
    table = Table(title="发现篡改 tampering found")
    for column in (
        "代码 code",
        "说明 what",
        "位置 position",
        "事件 event",
        "检查点 checkpoint",
        "处数 places",
        "细节 detail",
    ):
        table.add_column(column, overflow="fold")
    for one in report.findings:
        where = ["—" if value is None else str(value) for value in (one.position, one.event, one.checkpoint)]
        table.add_row(one.code, " / ".join(KINDS[one.code]), *where, str(one.count), one.detail)
    console.print(table)


@audit.command(
    "proof",
    short_help="取一条事件的证明 / prove one event",
    help=both(
        "输出一条审计事件的存在证明（JSON），可用 check-proof 离线核验。",
        "Print the proof that one audit event is in the log (JSON); check-proof verifies it offline.",
    ),
)
@click.argument("event", type=click.IntRange(1), metavar="EVENT")
@data_option
def proof(event: int, data: Path | None) -> None:
    """Print the proof of one event as the owner."""
    choose_data(data)
    with reach("owner"):
        from chengxin.audit.proofs import inclusion_proof

        click.echo(json.dumps(inclusion_proof(event).as_dict(), ensure_ascii=False))


@audit.command(
    "check-proof",
    short_help="离线核验证明 / verify a proof offline",
    help=both(
        "离线核验一份证明，不连数据库；不符时退出码为 1。",
        "Verify a proof without the database; exit code 1 when it does not hold.",
    ),
)
@click.argument("file", type=click.File(encoding="utf-8"), metavar="FILE")
@key_option
@data_option
@click.pass_context
def check_proof(ctx: click.Context, file: Any, public_key: Path | None, data: Path | None) -> None:  # noqa: ANN401 - click's file
    """Verify one proof with the independent verifier."""
    choose_data(data)
    from chengxin.verifier.notes import read_keys
    from chengxin.verifier.proof import check_proof as check

    try:
        held = json.load(file)
    except (ValueError, RecursionError):
        held = {}
    proven = check(held if isinstance(held, dict) else {}, read_keys(trusted_keys(public_key)))
    shown = {"holds": not proven.trouble, "trouble": proven.trouble, "event": dict(proven.event)}
    shown["at"] = proven.at.isoformat() if proven.at else None
    shown["checkpoint"] = proven.note.number if proven.note else None
    click.echo(json.dumps(shown, ensure_ascii=False))
    ctx.exit(TAMPERED if proven.trouble else 0)


@audit.command(
    "looks",
    short_help="谁看过某主体 / who looked at a subject",
    help=both("按主体编号列出谁看过其信息，最新的在前。", "List who looked at a subject, by its number, newest first."),
)
@click.argument("subject", type=click.IntRange(1), metavar="SUBJECT")
@click.option("--since", type=MOMENT, help="从此时起 / from this moment")
@click.option("--until", type=MOMENT, help="到此时前 / before this moment")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="条数 / lines")
@data_option
def looks(subject: int, since: datetime | None, until: datetime | None, limit: int, data: Path | None) -> None:
    """List the looks at one subject, without the officers' names."""
    choose_data(data)
    from chengxin.kernel.calendar import LEGAL_ZONE

    since, until = (one.replace(tzinfo=LEGAL_ZONE) if one and one.tzinfo is None else one for one in (since, until))
    with reach("owner"):
        from chengxin.audit.queries import looks_at

        page = looks_at(subject, since=since, until=until, limit=limit)
    table = Table()
    for column in (
        "编号 number",
        "时间 at",
        "机构 organisation",
        "行为 action",
        "目的 purpose",
        "依据 basis",
        "渠道 channel",
    ):
        table.add_column(column, overflow="fold")
    for one in page.looks:
        moment = one.at.astimezone(LEGAL_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(str(one.number), moment, one.organisation, one.action, one.purpose, one.legal_basis, one.channel)
    output().print(table)


@audit.command(
    "erase-text",
    short_help="依法删除事件附带的文字 / erase an event's text",
    help=both(
        "依法删除一条审计事件附带的个人文字；证据仍可核验，删除本身也留痕。",
        "Erase the personal text of an audit event by law; the evidence still verifies, and the erasure is an event.",
    ),
)
@click.argument("event", type=click.IntRange(1), metavar="EVENT")
@click.option("--legal-basis", required=True, help="法律依据 / the law, e.g. 个人信息保护法第四十七条")
@data_option
def erase_text(event: int, legal_basis: str, data: Path | None) -> None:
    """Erase a text as the operator; no server's role may."""
    choose_data(data)
    with reach("owner"):
        from chengxin.audit.erasure import EraseEventText

        number = EraseEventText(event, legal_basis, ("operator", "cli", ""), system_now()).execute()
    tell(f"已删除，删除事件编号 {number}", f"erased; the erasure is event {number}")


@audit.command(
    "witness",
    short_help="运行见证方 / run a witness",
    help=both(
        "在另一台机器上运行见证方：保存检查点，拒绝第二份历史，并用自己的密钥会签。",
        "Run a witness on another machine: it keeps checkpoints, refuses a second history and countersigns with a key "
        "of its own.",
    ),
)
@click.option("--listen", default="127.0.0.1:8010", show_default=True, help="监听地址 / address to listen on")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default="witness", show_default=True,
    help="保存检查点和密钥的目录 / folder for checkpoints and keys",
)  # fmt: skip
@click.option(
    "--public-key", "public_key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="平台的检查点公钥文件 / the platform's public keys for checkpoints",
)  # fmt: skip
def witness(listen: str, folder: Path, public_key: Path) -> None:
    """Become gunicorn with the witness's application: one process, whose file it is."""
    environment = os.environ | {
        "CHENGXIN_WITNESS_FOLDER": str(folder.resolve()),
        "CHENGXIN_WITNESS_TRUSTS": str(public_key.resolve()),
    }
    arguments = [
        sys.executable, "-m", "gunicorn", "chengxin.audit.witness_app:served()", "--bind", listen, "--threads", "4",
        "--worker-class", "gthread", "--no-control-socket", "--error-logfile", "-", "--log-level", "warning",
    ]  # fmt: skip
    os.execve(sys.executable, arguments, environment)  # noqa: S606 - our own program, no shell


audit.add_command(follow)
