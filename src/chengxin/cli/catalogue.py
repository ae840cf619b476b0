"""``chengxin catalogue``: lint, show and diff of what may be collected. No database is needed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.catalogue import CatalogueError, diff, lint, load_catalogue, load_item, render_diff, render_show
from chengxin.cli.frame import both, tell
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chengxin.catalogue import Item

FOUND = 1
"""Exit code of a lint that found something."""


@click.group(short_help="目录 / the catalogue", help=both("归集目录：检查、展示、比较。", "What may be collected."))
def catalogue() -> None:
    """Hold the commands about the catalogue."""


@catalogue.command(
    "lint",
    short_help="检查目录 / check the catalogue",
    help=both(
        "检查目录：依据是否有效、有无禁止归集的内容、公开属性是否合法。有问题时退出码为 1。",
        "Check the catalogue: bases in force, forbidden content, unlawful disclosure. Exit code 1 on a finding.",
    ),
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="目录文件夹 / catalogue folder",
)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="按哪一天检查，默认今天 / as of which day, by default today",
)
def lint_catalogue(folder: Path | None, on: datetime | None) -> None:
    """Print each problem on a line of its own, Chinese then English."""
    with readable():
        held = load_catalogue(folder)
    day = on.date() if on else legal_day(system_now())
    problems = lint(held, day)
    for one in problems:
        place = f"{one.item}.{one.field}" if one.field else one.item
        click.echo(f"{place} [{one.code}] {one.message_zh}\n    {one.message_en}")
    if problems:
        sys.exit(FOUND)
    tell(
        f"目录的 {len(held.items)} 个事项没有问题",
        f"no problem in the {len(held.items)} items of the catalogue",
    )


@catalogue.command(
    "show",
    short_help="展示一个事项 / show an item",
    help=both("以 Markdown 展示一个事项。", "Show an item as Markdown: bases, generations, fields, periods."),
)
@click.argument("item", metavar="ITEM")
def show_item(item: str) -> None:
    """Print one item; ITEM is its key or a YAML file."""
    click.echo(render_show(find_item(item)))


@catalogue.command(
    "diff",
    short_help="比较两个事项 / compare two items",
    help=both("比较两个事项或两个事项文件。", "Compare two items, or two files of items."),
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
def diff_items(before: str, after: str) -> None:
    """Print what changed from A to B as a Markdown table."""
    click.echo(render_diff(diff(find_item(before), find_item(after))))


def find_item(key_or_file: str) -> Item:
    """Return the catalogue's item with this key, or the one in this YAML file; raise ``ChengxinError`` if neither."""
    with readable():
        held = {one.key: one for one in load_catalogue().items}
        if key_or_file in held:
            return held[key_or_file]
        if Path(key_or_file).is_file():
            return load_item(Path(key_or_file))
    names = "、".join(held)
    raise ChengxinError(
        "unknown_item",
        f"目录里没有“{key_or_file}”，也没有这个文件；可选：{names}",
        f"neither an item nor a file: {key_or_file!r}; there are: {', '.join(held)}",
        where=key_or_file,
    )


@contextmanager
def readable() -> Iterator[None]:
    """Turn a catalogue file's error into the sentence that every command ends with."""
    try:
        yield
    except CatalogueError as error:
        place = f"{error.file.name} {error.path}".strip()
        raise ChengxinError(
            error.code, f"{place}：{error.message_zh}", f"{place}: {error.message_en}", where=place
        ) from error
