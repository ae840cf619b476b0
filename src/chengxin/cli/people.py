"""``chengxin organisations`` and ``chengxin officer``: who works on the platform."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, output, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from pathlib import Path


class RoleType(click.ParamType[str]):
    """A duty of the access matrix."""

    name = "ROLE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the duty, or end with the ones that exist."""
        from chengxin.accounts.access import load_matrix

        known = load_matrix().duties
        if value not in known:
            self.fail(
                f"没有岗位 {value}，可用的有 / there is no duty {value}; there are: {', '.join(known)}", param, ctx
            )
        return value


@click.command(
    short_help="列出单位代码 / list the organisations",
    help=both(
        "列出本市各单位的代码、名称、层级、报送事项和状态；停用的单位也列出，并注明停用。",
        "List the city's organisations: code, name, level, what they hand in and state; closed ones are marked.",
    ),
)
@click.option("--closed", is_flag=True, help="只列停用的单位 / only the closed ones")
@data_option
def organisations(*, closed: bool, data: Path | None) -> None:
    """List what the register of organisations holds."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.models import Organisation

        table = Table(title="单位 Organisations")
        for column in ("代码 code", "名称 name", "层级 level", "报送 hands in", "状态 state"):
            table.add_column(column, overflow="fold")
        listed = Organisation.objects.filter(is_active=False) if closed else Organisation.objects.all()
        for one in listed.order_by("pk"):
            state = "在用 active" if one.is_active else "停用 closed"
            table.add_row(one.code, one.name, str(one.get_level_display()), ", ".join(one.hands_in), state)
        output().print(table)


@click.group(short_help="经办人账号 / officers", help=both("经办人账号。", "Officers who log in to the office end."))
def officer() -> None:
    """Hold the commands about officers."""


@officer.command(
    "set",
    short_help="新建或修改经办人 / make or change an officer",
    help=both(
        "新建经办人，或改其姓名、单位、岗位和密码。不加 --ask 时随机生成并显示一次。"
        "第一个系统管理员和第一个安全管理员在这里设置，须是两个人；此后岗位由管理员在政务端申请、安全管理员审批。",
        "Make an officer, or change name, organisation, duties and password. Without --ask a random password is made "
        "and shown once. The first administrator and the first security officer, two different people, are set here; "
        "from then on duties are asked for and approved in the office end.",
    ),
)
@click.argument("username", metavar="USERNAME")
@click.option("--name", required=True, help="姓名 / name")
@click.option("--org", required=True, help="单位代码 / the organisation's code")
@click.option("--role", "roles", multiple=True, type=RoleType(), help="岗位，可多次给出 / a duty, may be repeated")
@click.option("--staff-number", default="", help="工号，单位内唯一 / staff number, unique in the organisation")
@click.option("--ask", is_flag=True, help="由键盘输入密码，至少 12 个字符 / type the password, at least 12 characters")
@data_option
def set_officer(username: str, data: Path | None, **given: Any) -> None:  # noqa: ANN401 - click hands options in by name
    """Make or change one officer as the operator."""
    choose_data(data)
    ask = bool(given["ask"])
    chosen = (
        click.prompt("密码 password", hide_input=True, confirmation_prompt=True) if ask else secrets.token_urlsafe(15)
    )
    with reach("owner"):
        from chengxin.accounts.actions.officers import SetOfficer
        from chengxin.accounts.queries import organisation_by_code

        SetOfficer(
            username,
            chosen,
            str(given["name"]),
            organisation_by_code(str(given["org"])),
            tuple(given["roles"]),
            system_now(),
            staff_number=str(given["staff_number"]),
            must_change=not ask,
        ).execute()
    tell(f"经办人 {username} 可以登录了", f"the officer {username} can log in")
    if not ask:
        click.echo(chosen)


@officer.command(
    "list",
    short_help="列出经办人和岗位 / list officers and duties",
    help=both("列出经办人、单位、岗位、是否停用和第二因素。", "List officers: organisation, duties, state, factors."),
)
@data_option
def list_officers(data: Path | None) -> None:
    """List every account."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.officers import officer_rows

        table = Table(title="经办人 Officers")
        for column in (
            "用户名 user",
            "姓名 name",
            "单位 organisation",
            "岗位 duties",
            "状态 state",
            "第二因素 factors",
        ):
            table.add_column(column, overflow="fold")
        for one in officer_rows():
            state = "在用 active" if one.active else "停用 closed"
            table.add_row(one.username, one.name, one.organisation, ", ".join(one.roles), state, ", ".join(one.factors))
        output().print(table)
