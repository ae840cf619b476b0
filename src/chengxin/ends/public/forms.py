"""What a visitor can ask for, read from the address: every text is cleaned, every key is checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import BadRequest

from chengxin.kernel.identifiers import Kind, Verdict, identify, may_be_personal, normalise
from chengxin.publication.queries import SHORTEST_SEARCH, FactKey

if TYPE_CHECKING:
    from django.http import QueryDict

LONGEST = 100
"""Characters of a question that are read; the longest names of bodies on file are well below."""

LARGEST_KEY = 2**63 - 1
"""The largest record or subject number the database can hold."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PERSONAL_RUNS = (re.compile(r"(?=([0-9]{17}[0-9X]))"), re.compile(r"(?<![0-9])(?=([0-9]{15})(?![0-9X]))"))
_FACT_KEY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,19})")
_BODY_KEY = re.compile(r"-?[0-9]{1,19}")
_WIDTHS = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in map(chr, range(0xFF01, 0xFF5F))}


@dataclass(frozen=True)
class Search:
    """A question to the search.

    Attributes:
        text: what was typed, cleaned; empty when it was a person's number, which is kept nowhere.
        personal: whether it held what looks like a person's identity number.
        code: the unified social credit code it is, or empty.
        remarks: what is wrong with that code, as (Chinese, English).
        after: where the list goes on, None for its beginning.
    """

    text: str = ""
    personal: bool = False
    code: str = ""
    remarks: tuple[tuple[str, str], ...] = ()
    after: int | None = None

    @property
    def too_short(self) -> bool:
        """Whether something was asked, and with fewer characters than a search needs."""
        return 0 < len(self.text.replace(" ", "")) < SHORTEST_SEARCH


@dataclass(frozen=True)
class Narrowing:
    """How a list is narrowed: by issuing organ and by text, from a key on."""

    issuer: str = ""
    text: str = ""
    personal: bool = False
    after: FactKey | None = None

    @property
    def any(self) -> bool:
        """Whether the list is narrowed at all."""
        return bool(self.issuer or self.text)

    @property
    def too_short(self) -> bool:
        """Whether the text has fewer characters than a search needs."""
        return 0 < len(self.text.replace(" ", "")) < SHORTEST_SEARCH


def read_search(asked: QueryDict) -> Search:
    """Read ``q`` and ``after``; raises ``BadRequest`` for a key that no page gave out."""
    text = _clean(asked.get("q", ""))
    found = identify(text)
    code = found.normalised if found.kind is Kind.USCC and len(found.normalised) == _CODE_LENGTH else ""
    if is_person_number(text) or holds_person_number(text):
        return Search(personal=True)
    remarks = tuple((one.message_zh, one.message_en) for one in found.problems) if code else ()
    after = asked.get("after", "")
    if after and not (_BODY_KEY.fullmatch(after) and abs(int(after)) <= LARGEST_KEY):
        raise BadRequest("after")
    return Search(text, code=code, remarks=remarks, after=int(after) if after else None)


def read_narrowing(asked: QueryDict) -> Narrowing:
    """Read ``issuer``, ``q`` and ``after``; raises ``BadRequest`` for a key that no page gave out."""
    search = read_search(asked.copy() if "after" not in asked else _without_after(asked))
    issuer = "" if holds_person_number(asked.get("issuer", "")) else _clean(asked.get("issuer", ""))
    return Narrowing(issuer, search.text, search.personal, read_fact_key(asked.get("after", "")))


def read_fact_key(text: str) -> FactKey | None:
    """Read the key of a list of facts (``2026-01-02.17``), None when empty; raises ``BadRequest`` if it is no key."""
    if not text:
        return None
    found = _FACT_KEY.fullmatch(text)
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        day = None
    if found is None or day is None or int(found[2]) > LARGEST_KEY:
        raise BadRequest("after")
    return FactKey(day, int(found[2]))


def write_fact_key(key: FactKey | None) -> str:
    """Write a key as ``read_fact_key`` reads it; empty for none."""
    return f"{key.decided_on.isoformat()}.{key.record_id}" if key else ""


def is_person_number(text: str) -> bool:
    """Tell whether a text is, or may be, a person's identity number.

    A right code of a body is none, even where a birthday could be read in its digits: bodies keep their pages.
    """
    found = identify(text)
    right_code = found.kind is Kind.USCC and found.verdict is Verdict.VALID
    return not right_code and may_be_personal(found)


def holds_person_number(text: str) -> bool:
    """Tell whether what looks like a person's identity number stands anywhere in a text."""
    folded = normalise(text)
    return any(is_person_number(found[1]) for run in _PERSONAL_RUNS for found in run.finditer(folded))


def mask_person_numbers(text: str) -> str:
    """Return a text to be shown with what looks like a resident identity number covered.

    A last net: such numbers are stopped on arrival, and a page must not be where one gets out.

    >>> mask_person_numbers("身份证11010519491231002X，已缴清")
    '身份证******************，已缴清'
    """
    narrow = text.translate(_WIDTHS).upper()
    if len(narrow) != len(text):  # a letter whose capital is two letters: positions no longer agree
        narrow = text
    covered = list(text)
    for run in _PERSONAL_RUNS:
        for found in run.finditer(narrow):
            if is_person_number(found[1]):
                start, end = found.span(1)
                covered[start:end] = "*" * (end - start)
    return "".join(covered)


_CODE_LENGTH = 18


def _without_after(asked: QueryDict) -> QueryDict:
    rest = asked.copy()
    del rest["after"]
    return rest


def read_question(text: str) -> str:
    """Return a visitor's text cleaned: one line, at most ``LONGEST`` characters, nothing unprintable."""
    return _clean(text)


def _clean(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text[:LONGEST]).split())
