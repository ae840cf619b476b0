"""``chengxin match``: the bodies that a name may mean, from the register or from a file of names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from chengxin.base.errors import ChengxinError
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, output
from chengxin.cli.identify import READABLE_FILE, VERDICTS, cell, lines_of, nothing_given, print_json, rows_of
from chengxin.cli.serve import data_option
from chengxin.kernel.names.search import NameIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chengxin.kernel.names.search import Candidate as Indexed
    from chengxin.subjects.search import Candidate as Registered

NAME_COLUMNS = ("name", "名称", "企业名称", "单位名称", "主体名称")
ID_COLUMNS = ("subject", "id", "统一社会信用代码", "uscc", "代码")
"""Headings under which a file of names may hold the name and what tells the body; the line number otherwise."""

NAME_KINDS = {
    "": "current",
    "current": "current",
    "现用名": "current",
    "former": "former",
    "曾用名": "former",
    "english": "english",
    "英文名称": "english",
}
"""What a column ``kind`` may say of a name, and what it means; empty is the name of today."""

MOST = 100
"""Candidates a name may be given at most."""


@click.command(
    short_help="按名称查找主体 / find bodies by name",
    help=both(
        "按名称、简称、部分名称、曾用名、拼音或首字母查找主体，给出候选、分值和理由。名称只提供线索，以代码为准。",
        "Find the bodies that a name may mean: whole, short, partial, former, mistyped, in pinyin or initials. "
        "A name proposes; the code decides. With --register it reads a CSV file and needs no database.",
    ),
)
@click.argument("names", metavar="NAME…", nargs=-1)
@click.option("--file", "file", type=READABLE_FILE, help="每行一个名称的文件 / a file with one name a line")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, MOST), help="候选数 / candidates")
@click.option(
    "--register",
    "register",
    type=READABLE_FILE,
    help="名称清单 CSV，代替主体库 / a CSV file of names to search instead",
)
@click.option("--json", "as_json", is_flag=True, help="每个名称输出一行 JSON / one JSON object a line")
@data_option
def match(
    names: tuple[str, ...], file: Path | None, top: int, register: Path | None, *, as_json: bool, data: Path | None
) -> None:
    """Print the candidates of each name."""
    texts = [*names, *(lines_of(file) if file else ())]
    if not texts:
        raise nothing_given("名称", "name")
    if register:
        index = NameIndex(register_of(register))
        found = [[plain(one.id, one) for one in index.search(text, top)] for text in texts]
    else:
        choose_data(data)
        found = from_database(texts, top)
    if as_json:
        for text, candidates in zip(texts, found, strict=True):
            print_json({"input": text, "candidates": candidates})
    else:
        output().print(candidate_table(texts, found))


def from_database(texts: Sequence[str], top: int) -> list[list[dict[str, Any]]]:
    """Search the register of bodies, as the office may."""
    with reach("office"):
        from chengxin.subjects.search import search_names

        return [[plain(one.subject_id, one) for one in some] for some in search_names(texts, top)]


def plain(subject: int | str, one: Indexed[Any] | Registered) -> dict[str, Any]:
    """Return a candidate as plain values for JSON."""
    return {
        "subject": subject,
        "name": one.name,
        "name_kind": one.name_kind,
        "verdict": str(one.verdict),
        "score": one.score,
        "reasons": [reason.as_dict() for reason in one.reasons],
    }


def register_of(file: Path) -> Iterator[tuple[int | str, str, str]]:
    """Yield (subject, name, kind) of a CSV file: columns found by their headings, else the first column is the name.

    Without a column that tells the body, its line number does. A column ``kind`` or ``name_kind`` may say what
    ``NAME_KINDS`` has.

    Raises:
        ChengxinError: where a row is shorter than the heading, or its kind of name is none; the message names its line.
    """
    rows = rows_of(file)
    first, top_row = next(rows, (1, []))
    heading = [one.strip().lower() for one in top_row]
    name = next((heading.index(one) for one in NAME_COLUMNS if one in heading), None)
    if name is None:
        if any(heading):
            yield first, top_row[0].strip(), "current"
        name, known, kind = 0, None, None
    else:
        known = next((heading.index(one) for one in ID_COLUMNS if one in heading), None)
        kind = next((heading.index(one) for one in ("kind", "name_kind") if one in heading), None)
    for line, row in rows:
        if not any(one.strip() for one in row):
            continue
        if len(row) <= max(name, known or 0, kind or 0):
            raise ChengxinError(
                "column_missing",
                f"{file.name} 第 {line} 行的列数比表头少，请补全后重试",
                f"line {line} of {file.name} has fewer columns than the heading",
                where=f"{file.name}:{line}",
            )
        subject = line if known is None else row[known].strip()
        yield subject, row[name].strip(), _name_kind(row[kind] if kind is not None else "", f"{file.name}:{line}")


def _name_kind(text: str, where: str) -> str:
    """Return the kind of name that ``text`` says; raise where it says none."""
    found = NAME_KINDS.get(text.strip().lower())
    if found is None:
        file, _sign, line = where.rpartition(":")
        possible = "、".join(one for one in NAME_KINDS if one)
        raise ChengxinError(
            "unknown_name_kind",
            f"{file} 第 {line} 行的名称种类“{text.strip()[:20]}”不认识，可填：{possible}",
            f"line {line} of {file} has an unknown kind of name, {text.strip()[:20]!r}; possible are "
            + ", ".join(one for one in NAME_KINDS if one.isascii() and one),
            where=where,
        )
    return found


def candidate_table(texts: Sequence[str], found: Sequence[Sequence[dict[str, Any]]]) -> Table:
    """Return the table of candidates: name asked, body, score and reasons, Chinese first."""
    table = Table(title="名称查找 Search by name", show_lines=True)
    for column in ("查找 asked", "主体 subject", "名称 name", "结论 verdict", "分值 score", "理由 reasons"):
        table.add_column(column, overflow="fold")
    for text, candidates in zip(texts, found, strict=True):
        if not candidates:
            table.add_row(cell(text), "", "没有找到 nothing found", "", "", "")
        for one in candidates:
            reasons = [each["message"] for each in one["reasons"]] + [each["message_en"] for each in one["reasons"]]
            table.add_row(
                cell(text),
                cell(str(one["subject"])),
                cell(one["name"]),
                VERDICTS[one["verdict"]],
                f"{one['score']:.2f}",
                cell("\n".join(reasons)),
            )
    return table
