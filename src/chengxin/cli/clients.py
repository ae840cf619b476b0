"""``chengxin client``: other systems that call the API, made by the operator of the machine, every step on file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, output, tell
from chengxin.cli.serve import data_option

DAYS = click.IntRange(1, 366)
_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(short_help="接口调用方 / API clients", help=both("接口调用方。", "Other systems that call the API."))
def client() -> None:
    """Hold the commands about API clients."""


@client.command(
    "make",
    short_help="新建接口调用方 / make an API client",
    help=both(
        "新建接口调用方。给出 --public-key 时登记其公钥（调用方用 chengxin api-key 生成）；加 --bearer 时另发令牌，"
        "只供演练，令牌只显示这一次。每个 --grant 都对全部事项和用途有效，要限定请用 client grant。",
        "Make an API client. --public-key registers the key it signs with (made by chengxin api-key); --bearer also "
        "gives it a token, for rehearsals only and shown this once. Every --grant is for all items and purposes; to "
        "limit one, use client grant.",
    ),
)
@click.argument("name", metavar="NAME")
@click.option("--org", required=True, help="单位代码 / the organisation's code")
@click.option(
    "--grant", "grants", multiple=True,
    help="允许的操作，可多次给出：batches.submit batches.read subjects.read checks.run / an operation, may be repeated",
)  # fmt: skip
@click.option("--public-key", type=_PEM, help="公钥或证书文件（PEM）/ file of the public key or certificate, PEM")
@click.option("--bearer", is_flag=True, help="发放令牌，只供演练 / give it a token, for rehearsals only")
@click.option("--days", type=DAYS, default=90, show_default=True, help="有效天数 / days it is valid")
@data_option
def make(name: str, data: Path | None, **given: Any) -> None:  # noqa: ANN401 - click hands options in by name
    """Make one client as the operator; print the name of its key, and its token where it has one, on stdout."""
    choose_data(data)
    with reach("owner"):
        from django.db import transaction

        from chengxin.accounts.actions.clients import AddClientKey, GrantOperation, MakeApiClient
        from chengxin.accounts.actor import operator
        from chengxin.accounts.clients import EVERYTHING
        from chengxin.accounts.queries import organisation_by_code
        from chengxin.accounts.quota import usual_quota

        now = system_now()
        until = now + timedelta(days=given["days"])
        pem = _read(given["public_key"])
        organisation = organisation_by_code(str(given["org"]))
        quota, everything = usual_quota(), (EVERYTHING,)
        with transaction.atomic():  # a client with half of its grants is none
            made, token = MakeApiClient(operator(), name, organisation, now, until, bool(given["bearer"])).execute()
            for operation in dict.fromkeys(given["grants"]):
                GrantOperation(
                    operator(), made.pk, operation, everything, everything,
                    quota.per_minute, quota.per_day, until, now,
                ).execute()  # fmt: skip
            key = AddClientKey(operator(), made.pk, pem, until, now).execute() if pem else None
    tell(
        f"接口调用方 {made.pk} 已建，有效至 {until:%Y-%m-%d}",
        f"client {made.pk} was made, valid until {until:%Y-%m-%d}",
    )
    if key is not None:
        tell("签名时用的 keyid：", "the keyid it signs with:")
        click.echo(key.key_id)
    if token:
        tell("令牌（只显示一次）：", "its token, shown once:")
        click.echo(token)


@client.command(
    "grant",
    short_help="授予或改换一项操作 / grant an operation, or change its grant",
    help=both(
        "授予一项操作，取代以前对该操作的授权。事项和用途可多次给出，* 表示全部。",
        "Grant one operation in place of what was granted of it before. Items and purposes may be repeated; * is all.",
    ),
)
@click.argument("number", type=int, metavar="CLIENT")
@click.argument("operation", metavar="OPERATION")
@click.option("--item", "items", multiple=True, required=True, help="事项键名或 * / key of a catalogue item, or *")
@click.option("--purpose", "purposes", multiple=True, required=True, help="用途或 * / a purpose, or *")
@click.option("--per-minute", type=click.IntRange(min=1), help="每分钟次数 / requests a minute")
@click.option("--per-day", type=click.IntRange(min=1), help="每日次数 / requests a legal day")
@click.option("--days", type=DAYS, default=90, show_default=True, help="有效天数 / days it is valid")
@data_option
def grant(number: int, operation: str, data: Path | None, **given: Any) -> None:  # noqa: ANN401 - as above
    """Grant one operation as the operator."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.actions.clients import GrantOperation
        from chengxin.accounts.actor import operator
        from chengxin.accounts.quota import usual_quota

        now, quota = system_now(), usual_quota()
        made = GrantOperation(
            operator(), number, operation, tuple(given["items"]), tuple(given["purposes"]),
            given["per_minute"] or quota.per_minute, given["per_day"] or quota.per_day,
            now + timedelta(days=given["days"]), now,
        ).execute()  # fmt: skip
    tell(
        f"已授予调用方 {number}：{operation}，至 {made.ends_at:%Y-%m-%d}",
        f"client {number} was granted {operation} until {made.ends_at:%Y-%m-%d}",
    )


@client.command(
    "key",
    short_help="登记公钥或证书 / register a public key or certificate",
    help=both(
        "登记调用方的公钥（Ed25519 或 SM2）或双向 TLS 证书。",
        "Register a client's public key (Ed25519 or SM2), or its certificate for mutual TLS.",
    ),
)
@click.argument("number", type=int, metavar="CLIENT")
@click.argument("file", type=_PEM)
@click.option("--days", type=DAYS, default=366, show_default=True, help="有效天数 / days it is valid")
@data_option
def key(number: int, file: Path, days: int, data: Path | None) -> None:
    """Register one key as the operator and print its name on stdout."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.actions.clients import AddClientKey
        from chengxin.accounts.actor import operator

        now = system_now()
        made = AddClientKey(operator(), number, _read(file), now + timedelta(days=days), now).execute()
    tell(f"已登记，有效至 {made.ends_at:%Y-%m-%d}；keyid：", f"registered until {made.ends_at:%Y-%m-%d}; its keyid:")
    click.echo(made.key_id)


@client.command(
    "withdraw",
    short_help="收回授权、公钥或停用 / take a grant, a key or everything away",
    help=both(
        "即刻收回：加 --operation 收回一项授权，加 --key-id 收回一把公钥，都不加则停用调用方。",
        "Take away at once: --operation one grant, --key-id one key, neither of them the client as a whole.",
    ),
)
@click.argument("number", type=int, metavar="CLIENT")
@click.option("--operation", default="", help="操作 / operation")
@click.option("--key-id", default="", help="公钥名 / name of the key")
@data_option
def withdraw(number: int, operation: str, key_id: str, data: Path | None) -> None:
    """Take something away as the operator."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.actions.clients import WithdrawFromClient
        from chengxin.accounts.actor import operator

        WithdrawFromClient(operator(), number, system_now(), operation, key_id).execute()
    tell(f"已从调用方 {number} 收回", f"taken away from client {number}")


@client.command(
    "list",
    short_help="列出调用方及其授权 / list clients and their grants",
    help=both("列出接口调用方、授权、额度和公钥。", "List API clients with their grants, quotas and keys."),
)
@data_option
def list_clients(data: Path | None) -> None:
    """List every client."""
    choose_data(data)
    with reach("owner"):
        from chengxin.accounts.client_queries import clients

        table = Table(title="接口调用方 API clients")
        for column in ("编号 no.", "名称 name", "单位 organisation", "至 until", "授权 grants", "公钥 keys"):
            table.add_column(column, overflow="fold")
        for one in clients(system_now()):
            granted = "\n".join(
                f"{held.operation}: {' '.join(held.items)} ({' '.join(held.purposes)}) "
                f"{held.per_minute}/min {held.per_day}/day {held.ends_at:%Y-%m-%d}"
                for held in one.grants
            )
            held_keys = [f"{held.key_id} {held.suite}" for held in one.keys] + ["token"] * one.allow_bearer
            end = "停用 ended" if one.ended else f"{one.expires_at:%Y-%m-%d}"
            table.add_row(str(one.id), one.name, one.organisation, end, granted, "\n".join(held_keys))
        output().print(table)


def _read(file: Path | None) -> str:
    return file.read_text(encoding="ascii", errors="replace") if file else ""
