"""What goes wrong on the way from an officer's desk to the file, done to some rows of a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from chengxin.rehearsal import codes, vocabulary
from chengxin.rehearsal.facts import COPIES, invented_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from chengxin.rehearsal.bodies import Bodies
    from chengxin.rehearsal.sheet import Sheet
    from chengxin.rehearsal.vocabulary import Dirt

CODE_COLUMNS = (
    "uscc",
    "registration_number",
    "organisation_code",
    "tax_number",
    "institution_certificate_number",
    "social_organisation_certificate_number",
)
"""Columns that can tie a row to a body."""

LOOKS_MAY_VARY = ("", "update", "unknown_body", "legacy_code_only")
"""Main dirt ("" for none) that leaves room for surface dirt: the row is accepted whatever it looks like."""

_FULL_WIDTH = str.maketrans({code: code + 0xFEE0 for code in range(0x30, 0x3A)})


@dataclass(frozen=True)
class Handwriting:
    """How a file's rows are written: ``spreadsheet`` cells keep numbers, ``dates`` is the style of dates."""

    spreadsheet: bool
    dates: str


def fitting(item: str, generation: str) -> tuple[Dirt, ...]:
    """Return the main dirt rows of this item and generation can have."""
    return tuple(each for each in vocabulary.dirt_rates().main if each.fits(item, generation))


def draw_labels(dirt: Sequence[Dirt], count: int, share: float, draw: np.random.Generator) -> NDArray[np.int64]:
    """Return for each of ``count`` rows 0 or 1 + the place of its dirt; ``share`` multiplies the rates."""
    edges = np.cumsum([each.rate * share for each in dirt])
    found = np.searchsorted(edges, draw.random(count), side="right")
    return np.where(found == len(dirt), 0, found + 1).astype(np.int64)


def soil(
    sheet: Sheet,
    dirt: Sequence[Dirt],
    labels: NDArray[np.int64],
    hand: Handwriting,
    bodies: Bodies,
    draw: np.random.Generator,
    share: float,
) -> None:
    """Do to the sheet what its labels say, then the surface dirt, and note what is expected of each row."""
    turns = draw.integers(2**40, size=sheet.rows)
    for row in np.flatnonzero(labels).tolist():
        each = dirt[labels[row] - 1]
        doing = _MAIN.get(each.kind)
        fault = doing(sheet, row, int(turns[row]), hand, bodies) if doing is not None else ""
        sheet.expect(row, each, fault)
    open_labels = [place + 1 for place, each in enumerate(dirt) if each.kind in LOOKS_MAY_VARY]
    open_rows = np.isin(labels, [0, *open_labels])
    # A row that another row repeats stays as it is: what it really says cannot change afterwards.
    open_rows &= ~_repeated(sheet, labels, dirt)
    for kind, rate in vocabulary.dirt_rates().surface:
        chosen = open_rows & (draw.random(sheet.rows) < rate * share)
        change = _SURFACE[kind]
        for row in np.flatnonzero(chosen).tolist():
            if change(sheet, row, int(turns[row]) >> 8):
                sheet.kinds.setdefault(row, []).append(kind)


def _repeated(sheet: Sheet, labels: NDArray[np.int64], dirt: Sequence[Dirt]) -> NDArray[np.bool_]:
    """Return which rows another repeats or changes: those with its document number, or its code."""
    copies = [place + 1 for place, each in enumerate(dirt) if each.kind in COPIES]
    again = np.isin(labels, copies)
    keys = sheet.clean.get("document_number", sheet.uscc)
    repeated = {keys[row] for row in np.flatnonzero(again).tolist()}
    return np.fromiter((key in repeated for key in keys), dtype=np.bool_, count=sheet.rows) & ~again


def _letter_o(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Type the letter O for one of the code's zeros."""
    del hand, bodies
    code = str(sheet.written("uscc")[row])
    zeros = [place for place, letter in enumerate(code) if letter == "0"]
    place = zeros[turn % len(zeros)]
    sheet.written("uscc")[row] = f"{code[:place]}O{code[place + 1 :]}"
    return "uscc"


def _wrong_code(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Change one character of the organisation's own part: the check character always notices that."""
    del hand, bodies
    code = str(sheet.written("uscc")[row])
    place = 8 + turn % 8
    shift = 1 + turn // 8 % 30
    letter = codes.ALPHABET[(codes.ALPHABET.index(code[place]) + shift) % 31]
    sheet.written("uscc")[row] = f"{code[:place]}{letter}{code[place + 1 :]}"
    return "uscc"


def _excel_damaged(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Let a spreadsheet take the code for a number: it keeps fifteen digits, and exports six."""
    del turn, bodies
    number = int(str(sheet.written("uscc")[row]))
    sheet.written("uscc")[row] = round(number, -3) if hand.spreadsheet else f"{number:.5E}"
    return "uscc"


def _name_only(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Leave out every code."""
    del turn, hand, bodies
    for key in CODE_COLUMNS:
        if key in sheet.clean:
            sheet.written(key)[row] = ""
    return "subject_name"


def _legacy_code_only(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Leave the fifteen-digit number as the only code, as files from before 2015 do."""
    del turn, hand, bodies
    for key in ("uscc", "organisation_code"):
        sheet.put(row, key, "")
    return "registration_number"


def _missing_required(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Leave out a field the list requires."""
    del hand, bodies
    fields = vocabulary.dirt_rates().required[sheet.item]
    key = fields[turn % len(fields)]
    sheet.written(key)[row] = ""
    return key


def _impossible_date(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Write a decision date no calendar has."""
    del bodies
    choices = vocabulary.dirt_rates().impossible_dates
    separator = {"slash": "/", "plain": ""}.get(hand.dates, "-")
    sheet.written("decided_on")[row] = choices[turn % len(choices)].replace("-", separator)
    return "decided_on"


def _fine_without_amount(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Leave out the amount of a fine."""
    del turn, hand, bodies
    sheet.written("fine_amount")[row] = ""
    return "fine_amount"


def _natural_person(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Hand in a decision against a person, who has no place here; name and number are invented."""
    del hand
    for key in (*CODE_COLUMNS, "legal_representative", "legal_representative_id_type"):
        sheet.put(row, key, "")
    sheet.put(row, "legal_representative_id_number", "")
    seed = np.array([turn], dtype=np.int64)
    sheet.put(row, "subject_name", bodies.persons(seed, salt=8)[0])
    sheet.put(row, "subject_category", "自然人")
    sheet.put(row, "person_id_type", "身份证")
    sheet.put(row, "person_id_number", invented_numbers(seed)[0])
    sheet.uscc[row] = ""
    return "subject_category"


def _wrong_issuer(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Name an issuer that is no organisation of the city."""
    del turn, hand, bodies
    sheet.written("issuer_name")[row] = vocabulary.dirt_rates().foreign_issuer["name"]
    if "issuer_code" in sheet.clean:
        sheet.written("issuer_code")[row] = _foreign_code()
    return "issuer_name"


@lru_cache(maxsize=1)
def _foreign_code() -> str:
    issuer = vocabulary.dirt_rates().foreign_issuer
    own = codes.organisation_codes(np.array([1], dtype=np.int64), np.array([True]))
    prefix = np.array([issuer["prefix"].encode("ascii")], dtype="S2")
    return codes.as_text(codes.usccs(prefix, issuer["region"], own))[0]


def _update(sheet: Sheet, row: int, turn: int, hand: Handwriting, bodies: Bodies) -> str:
    """Hand in an earlier row again with one field changed."""
    del turn, hand, bodies
    key, addition = {
        "licence": ("content", "（更正：经营地址门牌号以现场核验为准）"),
        "penalty": ("facts", "（补充：当事人已按期改正。）"),
        "registration": ("address", "之二"),
    }[sheet.item]
    sheet.put(row, key, f"{sheet.clean[key][row]}{addition}")
    return key


_MAIN: dict[str, Callable[[Sheet, int, int, Handwriting, Bodies], str]] = {
    "excel_damaged": _excel_damaged,
    "fine_without_amount": _fine_without_amount,
    "impossible_date": _impossible_date,
    "legacy_code_only": _legacy_code_only,
    "letter_o": _letter_o,
    "missing_required": _missing_required,
    "name_only": _name_only,
    "natural_person": _natural_person,
    "update": _update,
    "wrong_code": _wrong_code,
    "wrong_issuer": _wrong_issuer,
}
"""Dirt that changes cells; duplicates, unknown bodies and future dates are made when the row is drawn."""


def _rewrite(sheet: Sheet, row: int, key: str, change: Callable[[str], str]) -> bool:
    """Write the column's cell another way; tell whether that changed anything."""
    if key not in sheet.clean:
        return False
    column = sheet.written(key)
    before = str(column[row])
    column[row] = change(before)
    return column[row] != before


def _full_width(sheet: Sheet, row: int, turn: int) -> bool:
    """Type digits in full width."""
    key = "document_number" if turn % 2 and "document_number" in sheet.clean else "uscc"
    return _rewrite(sheet, row, key, lambda text: text.translate(_FULL_WIDTH))


def _stray_spaces(sheet: Sheet, row: int, turn: int) -> bool:
    """Put spaces around the name, or into the code."""
    if turn % 2:
        return _rewrite(sheet, row, "subject_name", lambda text: f" {text}\u3000")
    return _rewrite(sheet, row, "uscc", lambda text: " ".join((text[:6], text[6:12], text[12:])) if text else "")


def _lower_case(sheet: Sheet, row: int, turn: int) -> bool:
    """Type the code in small letters."""
    del turn
    return _rewrite(sheet, row, "uscc", str.lower)


def _zero_width(sheet: Sheet, row: int, turn: int) -> bool:
    """Carry a zero-width space over from a web page."""
    place = 1 + turn % 3
    return _rewrite(sheet, row, "subject_name", lambda text: f"{text[:place]}\u200b{text[place:]}")


def _bracket_number(sheet: Sheet, row: int, turn: int) -> bool:
    """Type other brackets around the year of the document number."""
    choices = vocabulary.dirt_rates().brackets
    pair = choices[turn % len(choices)]
    return _rewrite(sheet, row, "document_number", lambda text: text.replace("〔", pair[0]).replace("〕", pair[1]))


def _bracket_name(sheet: Sheet, row: int, turn: int) -> bool:
    """Type half-width brackets in the name."""
    del turn
    return _rewrite(sheet, row, "subject_name", lambda text: text.replace("（", "(").replace("）", ")"))


def _formula_text(sheet: Sheet, row: int, turn: int) -> bool:
    """Put a text into the remarks that a spreadsheet would run."""
    choices = ('=HYPERLINK("http://example.invalid","详情")', "+1+cmd", "@SUM(A1)", "＝1+1")
    sheet.put(row, "remarks", choices[turn % len(choices)])
    return True


_SURFACE: dict[str, Callable[[Sheet, int, int], bool]] = {
    "bracket_name": _bracket_name,
    "bracket_number": _bracket_number,
    "formula_text": _formula_text,
    "full_width": _full_width,
    "lower_case": _lower_case,
    "stray_spaces": _stray_spaces,
    "zero_width": _zero_width,
}
