"""``chengxin doctor``: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from chengxin.base.clock import system_now
from chengxin.base.config import ROLES, data_folder
from chengxin.base.errors import ChengxinError
from chengxin.cli.backup import json_option, keys_folder
from chengxin.cli.database import embedded_server, external_urls
from chengxin.cli.frame import both, choose_data, interruptible, output, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.operations.doctor import Complaint

SICK = 1
"""Exit code when something has to be mended."""

SIGNS = {"wrong": "✗", "watch": "!", "note": "·"}


@click.command(
    short_help="检查本安装 / examine this installation",
    help=both(
        "检查本安装：程序、文件权限、密钥、数据库、磁盘、备份、后台任务、时钟、开关，逐条说明问题和办法。"
        "有必须处理的问题时退出码为 1。什么也不改动。",
        "Examine this installation: program, permissions, keys, database, disk, backups, worker, clocks, switches; "
        "each complaint says how to mend it. Exit code 1 when something has to be mended. Changes nothing.",
    ),
)
@data_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, data: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Examine and print."""
    choose_data(data)
    from chengxin.operations.doctor import ALL_CHECKS, Patient, Severity, examine

    folder = data_folder()
    with interruptible(), ExitStack() as stack:
        outside = external_urls()
        urls = dict(outside)
        if not outside and (folder / "secrets.json").exists():
            try:
                server = stack.enter_context(embedded_server(folder))
                urls = {role: server.url(role) for role in ROLES}
            except ChengxinError as error:  # the check of the roles says that the database is away, and goes on
                tell(error.message_zh, error.message_en)
        patient = Patient(folder, keys_folder(), urls, system_now(), embedded=not outside)
        found = examine(patient, ALL_CHECKS)
    wrong = [one for one in found if one.severity is Severity.WRONG]
    if as_json:
        held = {"healthy": not wrong, "checks": len(ALL_CHECKS), "found": [one.as_dict() for one in found]}
        click.echo(json.dumps(held, ensure_ascii=False))
    else:
        show(found, len(ALL_CHECKS), len(wrong))
    ctx.exit(SICK if wrong else 0)


def show(found: list[Complaint], checks: int, wrong: int) -> None:
    """Print the complaints, the worst ones first, each with its remedy."""
    console = output()
    order = list(SIGNS)
    for one in sorted(found, key=lambda complaint: order.index(complaint.severity)):
        console.print(f"{SIGNS[one.severity]} {one.zh}  [{one.code}]", markup=False, soft_wrap=True)
        console.print(f"  {one.en}", markup=False, soft_wrap=True)
        if one.severity != "note":
            console.print(f"  办法 mend: {one.mend_zh} / {one.mend_en}", markup=False, soft_wrap=True)
    verdict = "没有问题 nothing is wrong" if not wrong else f"{wrong} 个问题须处理 to be mended"
    console.print(f"{checks} 项检查 checks：{verdict}")
