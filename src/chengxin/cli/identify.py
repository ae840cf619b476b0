"""``chengxin identify`` and ``chengxin compare-names``: what a code is, what two names say. They need no database."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import both, output
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import identify as identify_code
from chengxin.kernel.names import compare_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chengxin.kernel.identifiers import Identification
    from chengxin.kernel.names import NameComparison

ENCODINGS = ("utf-8-sig", "gb18030")
"""Encodings that a file may have, tried in this order."""

PAIR = 2

HEADINGS = frozenset({("a", "b"), ("name_a", "name_b"), ("名称1", "名称2"), ("名称一", "名称二")})
"""First rows of a file of pairs that are headings and no names."""

VERDICTS = {
    "valid": "有效 valid",
    "suspect": "存疑 suspect",
    "invalid": "无效 invalid",
    "same": "相同 same",
    "review": "待核 review",
    "different": "不同 different",
}

READABLE_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    short_help="识别代码 / tell what a code is",
    help=both(
        "识别统一社会信用代码、组织机构代码、注册号、证件号等：种类、结论、问题、可推出的其他代码。",
        "Tell what a code is: kind, verdict, problems with their position, codes that follow from it.",
    ),
)
@click.argument("codes", metavar="CODE…", nargs=-1)
@click.option("--file", "file", type=READABLE_FILE, help="每行一个代码的文件 / a file with one code a line")
@click.option("--json", "as_json", is_flag=True, help="每个代码输出一行 JSON / one JSON object a line")
def identify(codes: tuple[str, ...], file: Path | None, *, as_json: bool) -> None:
    """Print what each code is; dates are judged on the legal day of today."""
    texts = [*codes, *(lines_of(file) if file else ())]
    if not texts:
        raise nothing_given("代码", "code")
    today = legal_day(system_now())
    found = [identify_code(text, on=today) for text in texts]
    if as_json:
        for one in found:
            print_json(one.as_dict())
    else:
        output().print(identification_table(found))


@click.command(
    "compare-names",
    short_help="比较两个单位名称 / compare two names",
    help=both(
        "比较两个单位名称：相同、待核或不同，并说明理由。名称相同不等于同一单位，以代码为准。",
        "Compare two names of organisations: same, review or different, with the reasons. A name alone proves nothing; "
        "the code decides.",
    ),
)
@click.argument("names", metavar="[A B]", nargs=-1)
@click.option("--file", "file", type=READABLE_FILE, help="每行两列名称的 CSV 文件 / a CSV file with two names a line")
@click.option("--json", "as_json", is_flag=True, help="每对名称输出一行 JSON / one JSON object a line")
def compare(names: tuple[str, ...], file: Path | None, *, as_json: bool) -> None:
    """Print what comparing each pair says."""
    if len(names) not in {0, PAIR}:
        raise ChengxinError(
            "two_names_needed",
            f"要比较的名称应为两个，现给出 {len(names)} 个；名称中有空格时请加引号",
            f"two names are compared, {len(names)} were given; put quotes around a name with spaces",
        )
    pairs = [*([(names[0], names[1])] if names else ()), *(pairs_of(file) if file else ())]
    if not pairs:
        raise nothing_given("名称", "pair of names")
    found = [(a, b, compare_names(a, b)) for a, b in pairs]
    if as_json:
        for a, b, comparison in found:
            print_json({"a": a, "b": b, **comparison.as_dict()})
    else:
        output().print(comparison_table(found))


def nothing_given(zh: str, en: str) -> ChengxinError:
    """Return the refusal of a call without anything to work on."""
    return ChengxinError(
        "nothing_given",
        f"没有给出{zh}；请写在命令后面，或用 --file 指定文件",
        f"no {en} was given: write it behind the command, or name a file with --file",
    )


def text_of(file: Path) -> str:
    """Return the text of a file in UTF-8 or GB18030; raise ``ChengxinError`` where it is neither."""
    content = file.read_bytes()
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            place = error.start
    raise ChengxinError(
        "unreadable_file",
        f"{file.name} 既不是 UTF-8 也不是 GB18030 编码（第 {place + 1} 个字节起），请另存为 UTF-8 后重试",
        f"{file.name} is neither UTF-8 nor GB18030 (from byte {place + 1}): save it as UTF-8 and try again",
        where=f"{file.name}:{place + 1}",
    )


def lines_of(file: Path) -> Iterator[str]:
    """Yield the lines of a file that are not blank."""
    return (line.strip() for line in text_of(file).splitlines() if line.strip())


def rows_of(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file, each with the number of its last line.

    Raises:
        ChengxinError: where the file is no CSV: a quotation mark that is never closed makes one cell of all the rest.
    """
    rows = csv.reader(text_of(file).splitlines())
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise ChengxinError(
            "not_csv",
            f"{file.name} 第 {rows.line_num} 行读不下去，请检查引号是否成对，另存为 CSV 后重试",
            f"line {rows.line_num} of {file.name} cannot be read: check that its quotes are closed and save it as CSV",
            where=f"{file.name}:{rows.line_num}",
        ) from error


def pairs_of(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the first two columns of every row of a CSV file; a heading and blank rows are passed over.

    Raises:
        ChengxinError: where a row has fewer than two columns; the message names its line.
    """
    for line, row in rows_of(file):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < PAIR:
            raise ChengxinError(
                "two_columns_needed",
                f"{file.name} 第 {line} 行只有一列，应有两列名称，用逗号隔开",
                f"line {line} of {file.name} has one column: write two names with a comma between",
                where=f"{file.name}:{line}",
            )
        if line > 1 or (row[0].strip().lower(), row[1].strip().lower()) not in HEADINGS:
            yield row[0], row[1]


def print_json(record: Mapping[str, object]) -> None:
    """Print one object on one line; a text that no encoding can carry is escaped."""
    text = json.dumps(record, ensure_ascii=False)
    click.echo(text if speakable(text) == text else json.dumps(record))


def speakable(text: str) -> str:
    """Return a text that can be written as UTF-8: bytes of the command line that were none become marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def cell(text: str) -> Text:
    """Return a table's cell that shows the text as it is: square brackets in names are no style."""
    return Text(speakable(text))


def identification_table(found: Sequence[Identification]) -> Table:
    """Return the table of codes: what each is, and what to know or do about it, Chinese first."""
    table = Table(title="代码识别 Identification", show_lines=True)
    for column in ("代码 code", "种类 kind", "结论 verdict", "说明 notes"):
        table.add_column(column, overflow="fold")
    for one in found:
        notes = [*one.explain()]
        notes += [f"可推出 {name}：{value}" for name, value in one.derived.items()]
        notes += [f"可能应为 {code}，请核对 / may have been meant: {code}" for code in one.suggestions]
        notes += [problem.message_en for problem in one.problems]
        table.add_row(
            cell(one.input),
            cell(f"{one.NAME_ZH} {one.NAME_EN}"),
            VERDICTS[one.verdict],
            cell("\n".join(notes)),
        )
    return table


def comparison_table(found: Sequence[tuple[str, str, NameComparison]]) -> Table:
    """Return the table of pairs: verdict, score and reasons, Chinese first."""
    table = Table(title="名称比较 Comparison of names", show_lines=True)
    for column in ("名称 names", "结论 verdict", "分值 score", "理由 reasons"):
        table.add_column(column, overflow="fold")
    for a, b, comparison in found:
        reasons = [reason.message_zh for reason in comparison.reasons]
        reasons += [reason.message_en for reason in comparison.reasons]
        table.add_row(
            cell(f"{a}\n{b}"),
            VERDICTS[comparison.verdict],
            f"{comparison.score:.2f}",
            cell("\n".join(reasons)),
        )
    return table
