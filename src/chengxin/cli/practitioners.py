"""``chengxin practitioners``: register a file of practitioners, and renew what is sealed under older keys."""

from __future__ import annotations

import csv
import shutil
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, interruptible, output, tell
from chengxin.cli.identify import cell, print_json
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from chengxin.practitioners.actions.register import Opened
    from chengxin.practitioners.receipt import FileReceipt
    from chengxin.practitioners.rows import Row

MARKS = 3
"""Columns of the spool before the file's own: line, flaw, damaged cells."""


@click.group(short_help="执业人员登记 / practitioners", help=both("法定执业人员的登记。", "Registered practitioners."))
def practitioners() -> None:
    """Hold the commands about practitioners."""


@practitioners.command(
    "import",
    short_help="登记一个文件的执业人员 / register a file",
    help=both(
        "由登记机关报送一类法定执业人员（CSV 或 XLSX），打印回执和退回的行。身份证号加密保存，任何地方都不显示；"
        "同一文件再次报送得到原来的回执。",
        "Register a file of practitioners of one occupation and print the receipt with the rows sent back. Identity "
        "numbers are sealed and shown nowhere. The same file again gives the receipt it got.",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--org", required=True, help="登记机关代码 / code of the registrar")
@click.option("--occupation", required=True, help="执业类别，如 lawyer、pharmacist / the occupation")
@click.option("--encoding", default="auto", show_default=True, help="CSV 编码 / encoding of a CSV")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
@data_option
def import_file(file: Path, org: str, occupation: str, encoding: str, data: Path | None, *, as_json: bool) -> None:
    """Register one file as the operator."""
    choose_data(data)
    with interruptible(), reach("worker"):
        from chengxin.accounts.actor import operator
        from chengxin.practitioners.actions.register import RegisterPractitioners

        receipt = RegisterPractitioners(
            operator(), org, occupation, file, system_now(), partial(open_file, encoding=encoding)
        ).execute()
    if as_json:
        print_json(receipt.as_dict())
        return
    output().print(_table(receipt))


@practitioners.command(
    "rotate",
    short_help="用现用密钥重新加密证件号码 / renew sealed numbers",
    help=both(
        "更换密钥（chengxin keys rotate）之后，把证件号码和盲索引逐批换到现用密钥下；不停服务，可重复运行。",
        "After a rotation of keys, bring sealed numbers and their blind indexes under the current keys, piece by "
        "piece, while the platform works; exit code 1 where a row is not what was sealed there.",
    ),
)
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
@data_option
def rotate(data: Path | None, *, as_json: bool) -> int:
    """Renew every sealed row."""
    choose_data(data)
    with interruptible(), reach("worker"):
        from chengxin.practitioners.actions.rotate_numbers import RotateNumbers

        done = RotateNumbers(("operator", "cli", ""), system_now()).execute()
    if as_json:
        print_json({"seen": done.seen, "renewed": done.renewed, "wrong": list(done.wrong)})
    else:
        output().print(
            f"共 {done.seen} 条，更换 {done.renewed} 条，异常 {len(done.wrong)} 条 / "
            f"{done.seen} rows, {done.renewed} renewed, {len(done.wrong)} wrong"
        )
    return 1 if done.wrong else 0


def _named(command: Callable[..., None]) -> Callable[..., None]:
    """Add what both changes of a person ask for: whom, why, and whether it is asked for or carried out."""
    for option in (
        data_option,
        click.option(
            "--ask", "reason", default="", metavar="TEXT", help="只提出申请，写明理由 / only ask, with the reason"
        ),
        click.option("--document", required=True, help="证明文书：种类、文号、机关 / document: kind, number, issuer"),
        click.option("--legal-basis", required=True, help="法律依据 / the law"),
        click.option("--licence", required=True, help="执业证号 / licence number"),
        click.option("--occupation", required=True, help="执业类别，如 lawyer / the occupation"),
    ):
        command = option(command)
    return command


def _tell_asked(number: int) -> None:
    tell(
        f"申请 {number} 已提出：请信用中心另一位有此岗位的经办人在政务端“审批”中同意，然后不加 --ask 再运行本命令办理",
        f"asked for under {number}: another officer of the credit centre agrees in the office end, under approvals; "
        "then run this again without --ask",
    )


@practitioners.command(
    "change-identity",
    short_help="依法变更姓名或号码（两人）/ change a name or number by law",
    help=both(
        "依法变更执业人员的姓名或身份证号：先加 --ask 申请，另一位经办人对照证明文书同意后，再办理。新姓名和新号码在"
        "提示后输入，屏幕不显示，不写进命令行，申请里只保存加密摘要。",
        "Change a practitioner's name or identity number by law: ask with --ask, another officer reads the document "
        "and agrees, then carry it out. Both are typed at a prompt and not shown; a request keeps digests only.",
    ),
)
@_named
def change_identity(data: Path | None, **given: str) -> None:
    """Ask for a change of identity, or carry out the one agreed."""
    choose_data(data)
    name, number = (
        click.prompt(text, default="", hide_input=True, show_default=False)
        for text in ("新姓名，不变直接回车 / new name, or Enter", "新身份证号，不变直接回车 / new number, or Enter")
    )
    with interruptible(), reach("owner" if given["reason"] else "worker"):
        from chengxin.accounts.actor import operator
        from chengxin.practitioners.actions.change_identity import ChangeIdentity, Ground

        ground = Ground(given["legal_basis"], given["document"])
        change = ChangeIdentity(
            operator(), given["occupation"], given["licence"], ground, system_now(), new_name=name, new_number=number
        )
        if given["reason"]:
            _tell_asked(change.ask(given["reason"]).pk)
            return
        change.execute()
    tell("已变更", "changed")


@practitioners.command(
    "close-deceased",
    short_help="死亡注销（两人）/ close a practitioner who died",
    help=both(
        "注销已故执业人员：先加 --ask 申请，另一位经办人同意后，再办理；其全部执业类别不再提供查询。",
        "Close a practitioner who died: ask with --ask, another officer agrees, then carry it out; nothing is told any "
        "more in any occupation.",
    ),
)
@click.option("--died-on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="死亡日期 / day of death")
@_named
def close_deceased(data: Path | None, died_on: datetime, **given: str) -> None:
    """Ask for the closing, or carry out the one agreed."""
    choose_data(data)
    with interruptible(), reach("owner" if given["reason"] else "worker"):
        from chengxin.accounts.actor import operator
        from chengxin.practitioners.actions.change_identity import CloseDeceased, Ground

        ground = Ground(given["legal_basis"], given["document"])
        close = CloseDeceased(operator(), given["occupation"], given["licence"], ground, died_on.date(), system_now())
        if given["reason"]:
            _tell_asked(close.ask(given["reason"]).pk)
            return
        close.execute()
    tell("已注销", "closed")


@contextmanager
def open_file(path: Path, encoding: str = "auto") -> Iterator[Opened]:
    """Read a file in the sandbox, in a folder that goes with everything in it, whatever happens.

    The platform's own copy is what is read and digested, so a file that changes meanwhile is one or the other. A
    refusal of the reader quotes what it met; numbers in it are masked.
    """
    from chengxin.intake.reader import FileRefused, read_table
    from chengxin.intake.workspace import workspace
    from chengxin.kernel.masking import mask_persons
    from chengxin.practitioners.actions.register import Opened, digest_of
    from chengxin.practitioners.errors import FileNotTaken

    with workspace() as scratch:
        copy = scratch.folder / "file"
        try:
            with path.open("rb") as given, copy.open("xb") as kept:
                shutil.copyfileobj(given, kept)
        except OSError as error:
            raise ChengxinError(
                "file_unreadable", "打不开文件，请检查路径和权限", "cannot open the file", where=str(path)
            ) from error
        try:
            reading = read_table(copy, scratch.spool, encoding=encoding)
        except FileRefused as refused:
            zh, en = (mask_persons(text) for text in (refused.message_zh, refused.message_en))
            raise FileNotTaken(refused.code, zh, en) from None
        digest = digest_of(copy)
        copy.unlink()
        yield Opened(reading.header, digest, partial(_rows, scratch.spool))


def _rows(spool: Path, places: dict[str, int]) -> Iterator[Row]:
    from chengxin.practitioners.rows import Row

    columns = {place: column for column, place in places.items()}
    with spool.open(encoding="utf-8", newline="") as held:
        for line, flaw, damaged, *cells in csv.reader(held):
            marks = frozenset(columns.get(int(place), "") for place in damaged.split(";") if place)
            yield Row(int(line), {column: cells[place] for column, place in places.items()}, marks, flaw)


def _table(receipt: FileReceipt) -> Table:
    figures = receipt.figures()
    title = (
        f"{receipt.occupation}：共 {figures['lines']} 行，新增 {figures['added']}，变更 {figures['changed']}，"
        f"未变 {figures['same']}，退回 {len(receipt.returned)}"
    )
    table = Table("行 line", "栏目 column", "原因 reason", title=title)
    for row in receipt.returned:
        table.add_row(str(row.line), cell(row.header), cell(f"{row.message_zh} / {row.message_en}"))
    return table
