"""``chengxin access-matrix``: who gets in where, as the tests try it."""

from __future__ import annotations

import json

import click
from rich.table import Table

from chengxin.cli.frame import both, output


@click.command(
    "access-matrix",
    short_help="权限矩阵 / the access matrix",
    help=both(
        "列出三个端的每个入口，以及哪些岗位、哪些获授权的接口调用方可以进入。",
        "List every entrance of the three ends with the duties, and whether the API clients granted it, that get in.",
    ),
)
@click.option("--json", "as_json", is_flag=True, help="逐行输出 JSON / one JSON object a line")
def access_matrix(as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the matrix."""
    from chengxin.accounts.access import load_matrix
    from chengxin.accounts.entrances import PUBLIC, load_entrances

    duties = tuple(load_matrix().duties)
    table = Table(title="权限矩阵 Access matrix")
    for column in ("端 end", "入口 entrance", "方法 method", "要求 needs", "谁可进入 who gets in"):
        table.add_column(column, overflow="fold")
    for one in load_entrances():
        by_duty = {duty: one.opens_to_officer([duty]) for duty in duties}
        client = one.opens_to_client([one.needs])
        if as_json:
            row: dict[str, object] = {"end": one.end, "entrance": one.name, "method": one.method, "needs": one.needs}
            row |= {"everywhere": one.everywhere}
            anybody = one.needs == PUBLIC
            click.echo(json.dumps(row | {"anybody": anybody, "client_with_grant": client, "duties": by_duty}))
        who = [duty for duty, opens in by_duty.items() if opens] + ["client"] * client
        table.add_row(
            one.end,
            one.name,
            one.method,
            one.needs + (" everywhere" if one.everywhere else ""),
            "*" if one.needs == PUBLIC else ", ".join(who),
        )
    if not as_json:
        output().print(table)
