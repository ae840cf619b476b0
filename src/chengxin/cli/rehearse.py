"""``chengxin rehearse``: the rehearsal city as files, for training and for trying an interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from chengxin.base.city import load_city
from chengxin.base.clock import system_now
from chengxin.cli.frame import both, interruptible, output, progress
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    "rehearse",
    short_help="生成演练城市 / make a rehearsal city",
    help=both(
        "按种子生成一座演练城市：各部门要报送的文件（三代字段、多种编码、常见错误），以及每一行的标准答案。全部内容均为虚构。",
        "Make a rehearsal city from a seed: the departments' files (three field generations, several encodings, the "
        "usual mistakes) and the truth about every line. All of it is invented.",
    ),
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="种子 / seed")
@click.option("--bodies", type=click.IntRange(1), default=2000, show_default=True, help="主体数 / number of bodies")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="输出文件夹 / folder to write to",
)
@click.option("--city", default="kunshan", show_default=True, help="城市名或城市文件 / name or file of the city")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="报送日，默认今天 / day of handing in, by default today",
)
def rehearse_city(seed: int, bodies: int, out: Path, city: str, today: datetime | None) -> None:
    """Write the city and print what its files hold."""
    from chengxin.rehearsal import rehearse

    day = today.date() if today else legal_day(system_now())
    with interruptible(), progress() as report:
        made = rehearse(load_city(city), seed=seed, bodies=bodies, out=out, today=day, progress=report)
    table = Table(title=f"{made.out}")
    for column in ("文件 file", "单位 organisation", "事项 item", "版本 generation", "编码 encoding"):
        table.add_column(column, overflow="fold")
    table.add_column("行数 lines", justify="right")
    for one in made.files:
        table.add_row(
            one.path.name, one.organisation, one.item, one.generation, one.encoding, f"{one.expected.lines:,}"
        )
    output().print(table)
