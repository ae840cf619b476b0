"""``chengxin organisations``, ``chengxin officer`` and ``chengxin client``: who works on the platform."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, output, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="列出单位代码 / list the organisations",
    help=both(
        "列出本市各单位的代码、名称、层级和报送事项。",
        "List the city's organisations: code, name, level, what they hand in.",
    ),
)
@data_option
def organisations(data: Path | None) -> None:
    """List what the register of organisations holds."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.models import Organisation

        table = Table(title="单位 Organisations")
        for column in ("代码 code", "名称 name", "层级 level", "报送 hands in"):
            table.add_column(column, overflow="fold")
        for one in Organisation.objects.order_by("pk"):
            table.add_row(one.code, one.name, str(one.get_level_display()), ", ".join(one.hands_in))
        output().print(table)


@click.group(short_help="经办人账号 / officers", help=both("经办人账号。", "Officers who log in to the office end."))
def officer() -> None:
    """Hold the commands about officers."""


@officer.command(
    "set",
    short_help="新建或修改经办人 / make or change an officer",
    help=both(
        "新建经办人，或改其姓名、单位、岗位和密码。不加 --ask 时随机生成并显示一次。",
        "Make an officer, or change name, organisation, duty and password. Without --ask a random password is made "
        "and shown once.",
    ),
)
@click.argument("username", metavar="USERNAME")
@click.option("--name", required=True, help="姓名 / name")
@click.option("--org", required=True, help="单位代码 / the organisation's code")
@click.option("--role", required=True, type=click.Choice(["submitter", "centre", "auditor"]), help="岗位 / duty")
@click.option("--ask", is_flag=True, help="由键盘输入密码，至少 12 个字符 / type the password, at least 12 characters")
@data_option
def set_officer(username: str, name: str, org: str, role: str, ask: bool, data: Path | None) -> None:  # noqa: FBT001 - click hands flags in by name
    """Make or change one officer as the operator."""
    choose_data(data)
    chosen = (
        click.prompt("密码 password", hide_input=True, confirmation_prompt=True) if ask else secrets.token_urlsafe(12)
    )
    with reach("owner"):
        from chengxin.accounts.actions.accounts import SetOfficer
        from chengxin.accounts.queries import organisation_by_code

        SetOfficer(username, chosen, name, organisation_by_code(org), role).execute()
    tell(f"经办人 {username} 可以登录了", f"the officer {username} can log in")
    if not ask:
        click.echo(chosen)


@click.group(short_help="接口调用方 / API clients", help=both("接口调用方。", "Other systems that call the API."))
def client() -> None:
    """Hold the commands about API clients."""


@client.command(
    "make",
    short_help="新建接口调用方 / make an API client",
    help=both(
        "新建接口调用方；令牌只显示这一次，平台不保存原文。",
        "Make an API client; its token is shown this once, the platform keeps a digest only.",
    ),
)
@click.argument("name", metavar="NAME")
@click.option("--org", required=True, help="单位代码 / the organisation's code")
@click.option(
    "--grant", "grants", required=True, multiple=True,
    help="允许的操作，可多次给出：batches.submit batches.read subjects.read checks.run / an operation, may be repeated",
)  # fmt: skip
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="有效天数 / days it is valid")
@data_option
def make_client(name: str, org: str, grants: tuple[str, ...], days: int, data: Path | None) -> None:
    """Make one client as the operator and print its token on stdout."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.actions.accounts import MakeApiClient
        from chengxin.accounts.queries import organisation_by_code

        now = system_now()
        until = now + timedelta(days=days)
        made, token = MakeApiClient(name, organisation_by_code(org), grants, now, until).execute()
    tell(
        f"接口调用方 {made.pk} 的令牌（只显示一次），有效至 {until:%Y-%m-%d}：",
        f"token of client {made.pk}, shown once:",
    )
    click.echo(token)
