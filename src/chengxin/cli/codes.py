"""``chengxin codes``: conversion of older codes into unified social credit codes."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, output
from chengxin.cli.identify import cell, print_json
from chengxin.cli.serve import data_option
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from chengxin.conversion.actions.import_mapping import MappingReceipt
    from chengxin.conversion.progress import Month, Standing

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
json_option = click.option("--json", "as_json", is_flag=True, help="输出 JSON / print JSON")

YEAR = 12
"""Months of the bulletin when no month is named."""


@click.group(
    short_help="代码转换 / conversion of codes",
    help=both("统一社会信用代码转换：新旧代码对照、冲突、进度。", "Conversion of older codes into credit codes."),
)
def codes() -> None:
    """Hold the commands about codes."""


@codes.command(
    "import",
    short_help="导入国家下发的对照文件 / import a national feed",
    help=both(
        "导入新旧代码对照文件（企业名称、统一社会信用代码、工商登记码、组织机构代码、税务登记号，后三列可缺）。"
        "不新建主体、不改名称、不按名称关联；重复导入不产生变化。",
        "Import a file that maps older codes to credit codes. No body is made, renamed or tied by name; a second "
        "import changes nothing.",
    ),
)
@click.argument("file", type=FILE)
@click.option("--source", default="", help="来源，默认“国家下发” / where it comes from")
@click.option("--returned", type=click.Path(dir_okay=False, path_type=Path), help="退回行写入此文件 / lines sent back")
@json_option
@data_option
def import_mapping(file: Path, source: str, returned: Path | None, data: Path | None, *, as_json: bool) -> int:
    """Import a feed; exit 1 when lines were sent back or contradict what is on file."""
    choose_data(data)
    with reach("worker"):
        from chengxin.accounts.actor import operator
        from chengxin.conversion.actions.import_mapping import NATIONAL, ImportCodeMapping

        receipt = ImportCodeMapping(operator(), file, system_now(), source or NATIONAL, returned).execute()
    if as_json:
        print_json(asdict(receipt))
    else:
        _show_receipt(receipt)
    return 1 if receipt.sent_back or receipt.conflict else 0


@codes.command(
    "find",
    short_help="查找代码冲突 / look for conflicts",
    help=both("在全部代码中查找冲突，更新待处理队列。", "Look for conflicts over all codes and update the queue."),
)
@json_option
@data_option
def find(data: Path | None, *, as_json: bool) -> None:
    """Look for conflicts."""
    choose_data(data)
    with reach("worker"):
        from chengxin.conversion.actions.find_conflicts import FindConflicts

        found = FindConflicts(system_now()).execute()
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"现有冲突 {found.standing} 项，新发现 {found.opened} 项，已消除 {found.gone} 项")
    click.echo(f"{found.standing} conflicts stand, {found.opened} of them new; {found.gone} are gone")


@codes.command(
    "progress",
    short_help="转换进度和月报数据 / progress and bulletin",
    help=both(
        "按登记机关和主体类别统计转换进度与重错码率；--month 或 --csv 输出月报数据。只统计登记主体。",
        "Progress by registrar and kind of body; with --month or --csv the figures of the monthly bulletin.",
    ),
)
@click.option("--month", metavar="MONTH", help="月份，例如 2026-03 / the month, like 2026-03")
@click.option("--csv", "as_csv", is_flag=True, help="输出近十二个月的 CSV / twelve months as CSV")
@json_option
@data_option
def progress(month: str | None, data: Path | None, *, as_csv: bool, as_json: bool) -> None:
    """Print how far conversion has come."""
    now = system_now()
    chosen = _month(month) if month else legal_day(now).replace(day=1)
    choose_data(data)
    with reach("worker"):
        from chengxin.accounts.actor import operator
        from chengxin.conversion.progress import bulletin, standing

        first = chosen if month else _months_before(chosen, YEAR - 1)
        months = bulletin(operator(), first, chosen, now)
        rows = standing(operator(), now)
    if as_csv:
        _print_csv(months)
    elif as_json:
        print_json({"months": [month_record(one) for one in months], "standing": [standing_record(o) for o in rows]})
    else:
        _show_progress(rows, months)


@codes.command(
    "export",
    short_help="导出带签名的对照文件 / export the signed mapping",
    help=both(
        "导出全部新旧代码对照（CSV）、签名和公钥。", "Write the whole mapping as CSV with signature and public key."
    ),
)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="输出文件夹 / folder")
@json_option
@data_option
def export(out: Path, data: Path | None, *, as_json: bool) -> None:
    """Write the signed package."""
    choose_data(data)
    with reach("worker"):
        from chengxin.accounts.actor import operator
        from chengxin.conversion.files import ExportMapping

        made = ExportMapping(operator(), system_now()).to_folder(out)
    if as_json:
        print_json(asdict(made))
        return
    click.echo(f"已导出 {made.rows} 条对照到 {out}；请把公钥另行交给使用单位")
    click.echo(f"{made.rows} pairs written to {out}; hand the public key over by another way")


@codes.command(
    "verify",
    short_help="验证对照文件 / verify a mapping",
    help=both(
        "验证对照文件（文件夹或 zip）的签名；公钥应从平台另行取得。",
        "Verify a package (folder or zip) by a public key.",
    ),
)
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--public-key", "public_key", required=True, type=FILE, help="公钥文件 / the public key")
@json_option
def verify(folder: Path, public_key: Path, *, as_json: bool) -> None:
    """Say what a package holds, or what is wrong with it; needs no database."""
    from chengxin.conversion.package import verify_package

    found = verify_package(folder, public_key.read_text(encoding="utf-8", errors="replace"))
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"签名有效：{found.rows} 条对照，生成于 {found.made_at}")
    click.echo(f"the signature is right: {found.rows} pairs, made at {found.made_at}")


def standing_record(one: Standing) -> dict[str, Any]:
    """Return a row of the progress as JSON has it, shares in per cent with two digits."""
    return asdict(one) | {"share": round(one.share, 2), "wrong_rate": round(one.wrong_rate, 2)}


def month_record(one: Month) -> dict[str, Any]:
    """Return a month of the bulletin as JSON has it."""
    shares = {"share": round(one.share, 2), "wrong_rate": round(one.wrong_rate, 2)}
    return asdict(one) | shares | {"month": f"{one.month:%Y-%m}"}


def _print_csv(months: tuple[Month, ...]) -> None:
    records = [month_record(one) for one in months]
    writer = csv.DictWriter(sys.stdout, list(records[0]))
    writer.writeheader()
    writer.writerows(records)


def _show_receipt(receipt: MappingReceipt) -> None:
    table = Table(title="代码对照导入 Mapping import", show_header=False)
    for name, figure in (
        ("总行数 lines", receipt.lines),
        ("新增 added", receipt.added),
        ("已有 known", receipt.known),
        ("冲突 conflict", receipt.conflict),
        ("退回 sent back", receipt.sent_back),
        ("登记主体新增代码 codes given to bodies", receipt.codes),
    ):
        table.add_row(name, str(figure))
    for one in receipt.shown:
        table.add_row(f"第 {one.line} 行 {one.field}", cell(f"{one.value} {one.message} {one.message_en}".strip()))
    output().print(table)


def _show_progress(rows: tuple[Standing, ...], months: tuple[Month, ...]) -> None:
    table = Table(title="代码转换进度 Progress of conversion")
    for name in ("登记机关 registrar", "类别 kind"):
        table.add_column(name, overflow="fold")
    for name in ("主体 bodies", "已有新码 with", "仅旧码 only old", "新旧并存 both", "转换率 share", "重错码率 wrong"):
        table.add_column(name, justify="right")
    for one in rows:
        figures = (one.bodies, one.with_uscc, one.only_old, one.both)
        shares = f"{one.share:.2f}%", f"{one.wrong_rate:.2f}%"
        table.add_row(cell(one.registrar or "–"), cell(one.kind), *map(str, figures), *shares)
    output().print(table)
    monthly = Table(title="月报 Bulletin")
    for name in (
        "月份 month",
        "新增主体 new",
        "新赋码 converted",
        "月末主体 bodies",
        "月末有新码 with",
        "转换率 share",
    ):
        monthly.add_column(name, justify="right")
    for month in months:
        counts = (month.new_bodies, month.converted, month.bodies, month.with_uscc)
        monthly.add_row(f"{month.month:%Y-%m}", *map(str, counts), f"{month.share:.2f}%")
    output().print(monthly)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ChengxinError(
            "month_wrong", "月份写法应为 2026-03", "write the month like 2026-03", where="--month"
        ) from error


def _months_before(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)
