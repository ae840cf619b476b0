"""A row of a file of practitioners, judged by itself: an entry to register, or the reason why it goes back.

Nothing here keeps or repeats an identity number; an entry's ``repr`` leaves it out, so no traceback shows one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from chengxin.kernel.dates import OPEN_END, DateError, parse_date
from chengxin.kernel.identifiers import ResidentId, Uscc, Verdict, normalise
from chengxin.kernel.masking import mask_persons
from chengxin.kernel.text import clean_text, drop_invisible, find_controls, find_private_use, fold_width, map_radicals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

OLD_LENGTH = 15
LONGEST_NAME = 60
LONGEST_LICENCE = 60

_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?E[+-]?[0-9]+|[0-9]+\.0*", re.IGNORECASE)
_LICENCE = re.compile(r"[0-9A-Za-z\u4e00-\u9fff〔〕()（）\-/第号]+")
_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅●.．", "·"))


@dataclass(frozen=True)
class Row:
    """A row as the reader found it: its line, the cells by column, and what the reader saw wrong with it."""

    line: int
    cells: Mapping[str, str] = field(repr=False)
    damaged: frozenset[str] = frozenset()
    flaw: str = ""


@dataclass(frozen=True)
class Entry:
    """A row that can be registered."""

    line: int
    number: str = field(repr=False)
    name: str = field(repr=False)
    licence: str = field(repr=False)
    employer_uscc: str
    state: str
    valid_from: date | None
    valid_until: date | None

    @property
    def name_key(self) -> str:
        """Return the name as it is compared."""
        return name_key(self.name)


class RowRefused(Exception):
    """The row goes back; ``code`` is one of ``reasons``, ``column`` one of ``columns``."""

    def __init__(self, code: str, column: str) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


@cache
def load_file_form() -> Mapping[str, Any]:
    """Return ``file.yaml``: columns with their headers, states, and reasons in both languages."""
    text = (resources.files("chengxin.practitioners") / "file.yaml").read_text(encoding="utf-8")
    held: Mapping[str, Any] = yaml.safe_load(text)
    return held


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands in ``header``; the first header that fits counts."""
    places: dict[str, int] = {}
    for column, form in load_file_form()["columns"].items():
        for place, name in enumerate(header):
            if fold_width(name).strip() in form["headers"]:
                places.setdefault(column, place)
    return places


def missing_columns(places: Mapping[str, int]) -> list[str]:
    """Return the first header of every required column that is not there."""
    columns = load_file_form()["columns"]
    return [form["headers"][0] for key, form in columns.items() if form["required"] and key not in places]


def name_key(name: str) -> str:
    """Return a person's name as names are compared: no spaces, one width, one middle dot, no radicals.

    >>> name_key("阿依古丽 • 买买提") == name_key("阿依古丽·买买提")
    True
    """
    mapped, _notices = map_radicals(fold_width(drop_invisible(name)))
    return "".join(mapped.translate(_DOTS).split()).upper()


def judge(row: Row, today: date) -> Entry:
    """Return the row as an entry, or raise ``RowRefused``; ``today`` is the legal day on which it came in."""
    if row.flaw:
        raise RowRefused("row_damaged", "")
    cells = {column: clean_text(text) for column, text in row.cells.items()}
    number = judge_number(cells.get("number", ""), today, damaged="number" in row.damaged)
    for column, text in cells.items():
        if column != "number" and mask_persons(text) != text:
            raise RowRefused("number_elsewhere", column)
    valid_from, valid_until = _date(cells, "from"), _date(cells, "until")
    if valid_from and valid_until and valid_until < valid_from:
        raise RowRefused("dates_crossed", "until")
    return Entry(
        row.line,
        number,
        judge_name(cells.get("name", "")),
        _licence(cells.get("licence", "")),
        _employer(cells.get("employer", "")),
        _state(cells.get("state", "")),
        valid_from,
        valid_until,
    )


def judge_number(text: str, today: date, *, damaged: bool = False) -> str:
    """Return an identity number as it is sealed: 18 characters, width folded, x as X; or raise ``RowRefused``.

    An old number of 15 digits is never converted. A residence permit of the same form is a number like any other.
    """
    folded = fold_width(text).strip()
    if damaged or _SCIENTIFIC.fullmatch(folded):
        raise RowRefused("number_damaged", "number")
    read = ResidentId.parse(folded, on=today)
    codes = {problem.code for problem in read.problems}
    for found, code in (
        ("empty", "number_missing"),
        ("fifteen_digits", "number_fifteen"),
        ("person_number_rounded", "number_damaged"),
        ("birth_date_impossible", "number_date"),
        ("birth_date_in_future", "number_date"),
        ("check_character", "number_check"),
    ):
        if found in codes:
            raise RowRefused(code, "number")
    if read.verdict is Verdict.INVALID or read.born is None:
        raise RowRefused("number_shape", "number")
    if read.is_minor(today):
        raise RowRefused("minor", "")
    return read.normalised


def judge_name(text: str) -> str:
    """Return a person's name as it is shown, or raise ``RowRefused``."""
    name = clean_text(map_radicals(drop_invisible(text))[0])
    if not name:
        raise RowRefused("name_missing", "name")
    if len(name) > LONGEST_NAME or find_private_use(name) or find_controls(name) or not name.isprintable():
        raise RowRefused("name_unfit", "name")
    return name


def licence_key(text: str) -> str:
    """Return a licence number as it is kept and compared: one width, capital letters, no spaces."""
    return "".join(fold_width(drop_invisible(text)).split()).upper()


def _licence(text: str) -> str:
    folded = licence_key(text)
    if not folded:
        raise RowRefused("licence_missing", "licence")
    if len(folded) > LONGEST_LICENCE or not _LICENCE.fullmatch(folded):
        raise RowRefused("licence_unfit", "licence")
    return folded


def _employer(text: str) -> str:
    folded = normalise(text)
    if folded and Uscc.parse(folded).verdict is not Verdict.VALID:
        raise RowRefused("employer_wrong", "employer")
    return folded


def _state(text: str) -> str:
    if not text:
        return "valid"
    for key, state in load_file_form()["states"].items():
        if text in state["written"]:
            return str(key)
    raise RowRefused("state_unknown", "state")


def _date(cells: Mapping[str, str], column: str) -> date | None:
    text = cells.get(column, "")
    if not text:
        return None
    try:
        read = parse_date(text)
    except DateError:
        raise RowRefused("date_wrong", column) from None
    if read is not OPEN_END:
        return read
    if column == "from":
        raise RowRefused("date_wrong", column)
    return None
