"""Read a register of names from a CSV file: the names, and what each row is called in its own register."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.kernel.names import fold_name
from chengxin.linkage.details import DETAILS

if TYPE_CHECKING:
    from pathlib import Path

NAME_HEADERS = ("主体名称", "企业名称", "单位名称", "机构名称", "法人名称", "名称", "全称", "name", "full_name")
"""Headers a column of names is known by, the surest first."""

ENCODINGS = ("utf-8-sig", "gb18030")
"""Encodings that are tried one after the other, strictly."""


@dataclass(frozen=True)
class Register:
    """The rows of one register: ``ids`` as the file gives them (the line number where it has none) and ``names``.

    ``details`` holds what else the register says of each row, as written, by the detail's name (``details.DETAILS``).
    """

    path: Path
    ids: list[str]
    names: list[str]
    details: dict[str, list[str]] = field(default_factory=dict)


def read_register(path: Path, name_column: str = "", id_column: str = "") -> Register:
    """Return the register in ``path``. A row without a name is left out: there is nothing to link it by.

    Args:
        path: a CSV file with a header, UTF-8 or GB18030.
        name_column: header of the names; empty to look for one of ``NAME_HEADERS``.
        id_column: header of what identifies a row in this register; empty for the line number.

    Raises:
        ChengxinError: the file is in another encoding or no CSV, a column is missing, an id stands twice, or there is
            no name at all.
    """
    lines = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        name_at = _column(path, header, name_column, NAME_HEADERS)
        id_at = _column(path, header, id_column, ()) if id_column else -1
        ids, names = [], []
        columns = {one.name: at for one in DETAILS if (at := _known(header, one.headers)) not in {-1, name_at, id_at}}
        details: dict[str, list[str]] = {name: [] for name in columns}
        for line in lines:
            name = line[name_at].strip() if name_at < len(line) else ""
            if fold_name(name):
                ids.append(line[id_at].strip() if 0 <= id_at < len(line) else str(lines.line_num))
                names.append(name)
                for one, at in columns.items():
                    details[one].append(line[at].strip() if at < len(line) else "")
    except csv.Error as error:
        raise ChengxinError(
            "register_no_csv",
            f"{path.name} 第 {lines.line_num} 行不是完整的 CSV，请检查引号后重新导出",
            f"line {lines.line_num} of {path.name} is not whole CSV: check its quotes and export again",
            where=f"{path.name}:{lines.line_num}",
        ) from error
    _require(path, ids)
    return Register(path, ids, names, details)


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ChengxinError(
        "register_encoding",
        f"{path.name} 不是 UTF-8 或 GB18030 编码的文本，请另存为 UTF-8 的 CSV",
        f"{path.name} is no text in UTF-8 or GB18030: save it as CSV in UTF-8",
        where=path.name,
    )


def _known(header: list[str], known: tuple[str, ...]) -> int:
    """Return where the first of the known headers stands, -1 where none does."""
    return next((header.index(one) for one in known if one in header), -1)


def _column(path: Path, header: list[str], asked: str, known: tuple[str, ...]) -> int:
    wanted = (asked,) if asked else known
    for one in wanted:
        if one in header:
            return header.index(one)
    raise ChengxinError(
        "register_column_missing",
        f"{path.name} 没有“{'”“'.join(wanted)}”列，现有列：{'、'.join(header) or '无'}；请用选项指明列名",
        f"{path.name} has no column {' or '.join(wanted)}; it has: {', '.join(header) or 'none'}; name it by an option",
        where=path.name,
    )


def _require(path: Path, ids: list[str]) -> None:
    if not ids:
        raise ChengxinError(
            "register_empty", f"{path.name} 中没有名称", f"there is no name in {path.name}", where=path.name
        )
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twice = next(one for one in ids if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        raise ChengxinError(
            "register_id_twice",
            f"{path.name} 的编号“{twice}”出现两次，请给出唯一的编号列或不指定编号列",
            f"the id {twice!r} stands twice in {path.name}: name a column of unique ids, or none",
            where=f"{path.name}:{twice}",
        )
