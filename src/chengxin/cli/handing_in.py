"""``chengxin import`` and ``chengxin batch``: hand a file in, and read what became of it."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, interruptible, output, progress, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMS = {".csv": "csv", ".xlsx": "xlsx"}
"""Endings of a file of returned rows, and the form they ask for."""

json_option = click.option("--json", "as_json", is_flag=True, help="每个对象一行 JSON / one JSON object per line")


@click.command(
    "import",
    short_help="导入一个文件 / import a file",
    help=both(
        "接收并导入一个文件（CSV 或 XLSX），打印回执。同一文件再次导入得到原来的回执。",
        "Hand a file in (CSV or XLSX), import it and print the receipt. The same file again gives the receipt it got.",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--item", required=True, help="事项：registration、licence、penalty / item of the catalogue")
@click.option("--org", required=True, help="报送单位代码 / code of the organisation that hands in")
@click.option(
    "--encoding",
    default="auto",
    show_default=True,
    help="CSV 编码：auto、utf-8、gb18030、utf-16 / encoding of a CSV",
)
@click.option("--mapping", default="", help="表头对照：文件或自带名称 / header mapping: a file or a shipped name")
@click.option("--release", is_flag=True, help="待复核的批次当场放行，须写 --reason / release the batch if it is held")
@click.option("--reason", default="", help="放行理由，记入审计 / why it is released, kept on file")
@json_option
@data_option
def import_file(  # noqa: PLR0913, PLR0917 - click hands options in by name
    file: Path,
    item: str,
    org: str,
    encoding: str,
    mapping: str,
    release: bool,  # noqa: FBT001 - click hands flags in by name
    reason: str,
    as_json: bool,  # noqa: FBT001 - click hands flags in by name
    data: Path | None,
) -> None:
    """Import one file as the operator, through the action that every channel uses."""
    choose_data(data)
    if release != bool(reason.strip()):
        raise ChengxinError(
            "release_needs_reason",
            "--release 和 --reason 须一起使用：放行待复核的批次要写明理由",
            "--release and --reason go together: state why a held batch is released",
            where="--reason",
        )
    with interruptible(), reach("worker"), progress() as report:
        from chengxin.accounts.actor import operator
        from chengxin.intake.actions.import_file import ImportFile, mapping_from
        from chengxin.intake.models import Batch

        stages = list(Batch.State)

        def show(state: str, _lines: int | None) -> None:
            report("导入 importing", stages.index(Batch.State(state)), len(stages) - 2)

        receipt = ImportFile(
            operator(), org, item, file, system_now, encoding=encoding, mapping=mapping_from(mapping), release=reason,
            progress=show,
        ).execute()  # fmt: skip
    show_receipt(receipt.as_dict(), as_json=as_json)


@click.command(
    short_help="查看一个批次 / show a batch",
    help=both(
        "查看一个批次的状态和回执；--returned 把退回的行写成 XLSX 或 CSV，改好后可直接再报。",
        "Show a batch's state and receipt; --returned writes the rows sent back as XLSX or CSV, to be mended.",
    ),
)
@click.argument("number", type=int, metavar="ID")
@click.option(
    "--returned",
    type=click.Path(dir_okay=False, path_type=Path),
    help="退回行写入的文件 / file for the rows sent back",
)
@json_option
@data_option
def batch(number: int, returned: Path | None, as_json: bool, data: Path | None) -> None:  # noqa: FBT001 - click's flags
    """Show one batch as the operator sees it."""
    choose_data(data)
    form = FORMS.get(returned.suffix.lower()) if returned else None
    if returned and not form:
        raise ChengxinError(
            "unknown_form",
            f"退回行只能写成 .xlsx 或 .csv，不能写成 {returned.name}",
            f"returned rows are written as .xlsx or .csv, not as {returned.name}",
            where=returned.name,
        )
    with reach("owner"):
        from chengxin.accounts.actor import operator
        from chengxin.intake.queries import batch_by_id
        from chengxin.intake.returned import DownloadReturned

        held = batch_by_id(operator(), number)
        if returned and form:
            with tempfile.TemporaryFile() as whole:  # what is refused half-way leaves the file that was there
                count = DownloadReturned(operator(), number, form, system_now()).execute(whole)
                whole.seek(0)
                _save(whole, returned)
            tell(f"已写入 {count} 行：{returned}", f"{count} rows written to {returned}")
    found = {"batch_id": held.id, "item": held.item, "organisation": held.organisation, "state": held.state}
    off = [one for one in held.hold["figures"] if one["off"]] if held.hold and held.waits else []
    waits = {name: "；".join(one[name] for one in off) for name in ("message", "message_en") if off}
    show_receipt({**found, **(held.receipt or held.refusal or waits)}, as_json=as_json)


def _save(whole: IO[bytes], file: Path) -> None:
    try:
        with file.open("wb") as out:
            shutil.copyfileobj(whole, out)
    except OSError as error:
        raise ChengxinError(
            "file_not_written",
            f"退回行没有写入 {file}（{error.strerror}），请换一个位置",
            f"the rows sent back were not written to {file} ({error.strerror}): choose another place",
            where=str(file),
        ) from error


def show_receipt(held: Mapping[str, object], *, as_json: bool) -> None:
    """Print a receipt as one line of JSON, or as a table of names and values."""
    if as_json:
        click.echo(json.dumps(held, ensure_ascii=False))
        return
    table = Table("回执 receipt", "")
    for name, value in held.items():
        table.add_row(LABELS.get(name, name), f"{value:,}" if isinstance(value, int) else str(value))
    output().print(table)


LABELS = {
    "batch_id": "批次 batch",
    "item": "事项 item",
    "organisation": "单位 organisation",
    "state": "状态 state",
    "lines": "行数 lines",
    "accepted": "新增 accepted",
    "updated": "更新 updated",
    "duplicate": "重复 duplicate",
    "quarantined": "退回 quarantined",
    "linked": "已关联 linked",
    "unlinked": "未关联 unlinked",
    "encoding": "编码 encoding",
    "generation": "字段版本 generation",
    "seconds": "用时（秒） seconds",
    "code": "原因代码 reason",
    "message": "原因 why",
    "message_en": "原因（英文） in English",
    "where": "位置 where",
}
"""How a receipt's and a refusal's parts are called on the screen."""
