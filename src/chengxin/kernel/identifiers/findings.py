"""Collects what an examination finds, in the words of ``messages``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chengxin.kernel.identifiers.messages import messages
from chengxin.kernel.identifiers.model import Part, Problem
from chengxin.kernel.identifiers.tables import provinces

DIGITS = frozenset("0123456789")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_UNUSED_LETTERS = frozenset("IOSVZ")

# [0-9], never \d: \d matches the digits of every script, and normalisation leaves those of other scripts
# alone.
_AS_NUMBER = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}|[0-9]{8,20}\.[0-9]*")

# A wrong length is one problem; beyond it only the first foreign characters help to see why.
_FOREIGN_CHARACTERS_SHOWN = 3


def _shown(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"


@dataclass
class Findings:
    """The problems, parts and derived facts of one examination, and the names that messages use."""

    name_zh: str
    name_en: str
    problems: list[Problem] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)

    def report(self, code: str, position: int | None = None, **facts: object) -> None:
        """Add a problem by the code of its message; ``facts`` fill the message's placeholders.

        Raises:
            KeyError: if there is no such message or a fact is missing.
        """
        message = messages()[code]
        known = {"name_zh": self.name_zh, "name_en": self.name_en, "position": position, **facts}
        zh, en = message.zh.format_map(known), message.en.format_map(known)
        self.problems.append(Problem(code, zh, en, position, message.severity))

    def part(self, name: str, start: int, text: str, meaning_zh: str, meaning_en: str) -> None:
        """Add a section of the code; ``start`` counts from 1."""
        self.parts.append(Part(name, start, text, meaning_zh, meaning_en))

    def start(self, code: str) -> bool:
        """Report texts that are no identifier at all: nothing, or a number made by a spreadsheet."""
        if not code:
            self.report("empty")
        elif _AS_NUMBER.fullmatch(code):
            self.report("damaged_by_spreadsheet")
        return not self.problems

    def shape(self, code: str, allowed: Sequence[frozenset[str]]) -> bool:
        """Report a wrong length, or every character that may not stand where it stands.

        Args:
            code: the normalised text.
            allowed: for each position, the characters that may stand there.

        Returns:
            Whether the shape is right.
        """
        if len(code) != len(allowed):
            self.report("length", expected=len(allowed), length=len(code))
            foreign = [i for i, c in enumerate(code[:64]) if c not in DIGITS and c not in LETTERS]
            for index in foreign[:_FOREIGN_CHARACTERS_SHOWN]:
                self.report("character_not_allowed", index + 1, character=_shown(code[index]))
            return False
        for index, (character, here) in enumerate(zip(code, allowed, strict=True)):
            if character not in here:
                self.report(_misplaced(character, here), index + 1, character=_shown(character))
        return not self.problems

    def region(self, code: str, start: int) -> tuple[str, str]:
        """Note a region whose province is unknown; give what the region code means in both languages."""
        province = provinces().get(code[:2])
        if province is None:
            self.report("region_unknown", start, region=code)
            return "行政区划码（省级代码未知）", "region code (unknown province)"
        return f"行政区划码，{province.name_zh}", f"region code, {province.name_en}"


def _misplaced(character: str, here: frozenset[str]) -> str:
    if here == DIGITS and character in LETTERS:
        return "not_a_digit"
    return "letter_not_used" if character in _UNUSED_LETTERS else "character_not_allowed"
