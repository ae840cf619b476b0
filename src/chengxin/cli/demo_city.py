"""The demo's data: the rehearsal city's files, made once, and handed in the way a department hands in its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from chengxin.accounts.actor import operator
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.intake.actions.import_file import ImportFile
from chengxin.rehearsal import rehearse

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from chengxin.base.city import City
    from chengxin.cli.frame import Report
    from chengxin.intake.receipt import Receipt

SEED = 1
BODIES = 2000
"""The demo's city where nothing else is asked for: about 11,000 lines, imported in seconds."""


@dataclass(frozen=True)
class CityFile:
    """One file of the rehearsal city and who hands it in."""

    path: Path
    organisation: str
    item: str


def build_files(
    folder: Path, city: City, *, seed: int | None, bodies: int | None, today: date, report: Report
) -> tuple[CityFile, ...]:
    """Return the city's files, written to ``folder``/demo when they are not there yet, registrations first.

    ``seed`` and ``bodies`` are None where nothing is asked for: files that exist are used as they are. Raises
    ``ChengxinError`` when the folder holds another city than the one asked for: the two would mix.
    """
    home = folder / "demo"
    manifest = home / "manifest.json"
    if not manifest.exists():
        part = folder / "demo.part"
        shutil.rmtree(part, ignore_errors=True)
        rehearse(
            city, seed=SEED if seed is None else seed, bodies=BODIES if bodies is None else bodies,
            out=part, today=today, progress=report,
        )  # fmt: skip
        part.rename(home)
    held = json.loads(manifest.read_text(encoding="utf-8"))
    for name, asked in (("seed", seed), ("bodies", bodies), ("city", city.key)):
        if asked is not None and held[name] != asked:
            raise ChengxinError(
                "other_demo_data",
                f"数据目录 {folder} 里已有另一套演练数据（{name}={held[name]}），"
                f"要用 {name}={asked} 请用 --data 换一个目录",
                f"{folder} holds another rehearsal ({name}={held[name]}): for {name}={asked} choose another folder "
                "with --data",
                where=name,
            )
    return tuple(CityFile(home / "files" / one["name"], one["organisation"], one["item"]) for one in held["files"])


def import_files(files: tuple[CityFile, ...], report: Report) -> tuple[tuple[CityFile, Receipt], ...]:
    """Hand every file in and import it; a file that was imported before gives the receipt it got then."""
    done = []
    for number, one in enumerate(files):
        report("导入文件 importing", number, len(files))
        done.append((one, import_one(one)))
    report("导入文件 importing", len(files), len(files))
    return tuple(done)


def import_one(one: CityFile) -> Receipt:
    """Import one file as the operator, through the same action as every other channel."""
    return ImportFile(operator(), one.organisation, one.item, one.path, system_now).execute()


def receipts_table(done: tuple[tuple[CityFile, Receipt], ...], city: City) -> Table:
    """Return the receipts as a table with a last line of sums."""
    table = Table(title="回执 Receipts", show_footer=True)
    table.add_column("文件 file", footer="合计 total", overflow="fold")
    table.add_column("单位 organisation", overflow="fold")
    counts = ("lines", "accepted", "updated", "duplicate", "quarantined", "linked", "unlinked")
    heads = ("行数\nlines", "新增\naccepted", "更新\nupdated", "重复\nduplicate", "退回\nreturned", "已关联\nlinked",
             "未关联\nunlinked")  # fmt: skip
    for head, name in zip(heads, counts, strict=True):
        table.add_column(head, footer=f"{sum(getattr(one, name) for _, one in done):,}", justify="right")
    table.add_column("秒\nseconds", footer=f"{sum(one.seconds for _, one in done):.1f}", justify="right")
    for file, one in done:
        numbers = (f"{getattr(one, name):,}" for name in counts)
        table.add_row(file.path.name, city.organisation(file.organisation).name, *numbers, f"{one.seconds:.1f}")
    return table
