"""Keys by which a database finds names: pairs of characters, sounds, and the initials of three characters in a row.

The function of the database that makes the keys of a stored name has the table of ``sound_table`` built in; here are
the keys of what is asked. A pair is two characters, a sound is ``~`` and a syllable (or the character itself where no
table knows its sound), and initials are ``!`` and three letters.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

from chengxin.kernel.names.search.characters import readings
from chengxin.kernel.names.tables import syllables, usual_characters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chengxin.kernel.names.search.asking import Ask, Unit

_LONG = 6
_SHORT = 3
_TRIPLE = 3
_MOST = 12

Alternatives = tuple[tuple[str, ...], ...]


@cache
def sound_table() -> dict[str, tuple[str, ...]]:
    """Give the readings of the characters that names use, and of their traditional and variant forms."""
    table = {character: readings()[character] for character in syllables()}
    for point, usual in usual_characters().items():
        if usual in table:
            table.setdefault(chr(point), table[usual])
    return table


def keys_function(schema: str) -> str:
    """Give the statements that make PostgreSQL's function ``name_keys`` in a schema, the table of sounds built in."""
    sounds = {character: " ".join("~" + one for one in known) for character, known in sound_table().items()}
    statements = resources.files(__package__).joinpath("name_keys.sql").read_text(encoding="utf-8")
    return statements.replace("[schema]", schema).replace("[sounds]", json.dumps(sounds, ensure_ascii=False))


def sound_keys(units: Sequence[Unit]) -> tuple[str, ...]:
    """Give one key for the sound of each unit; an initial has none."""
    found = []
    for unit in units:
        if unit.kind == "syllable":
            found.append("~" + unit.text)
        elif unit.kind == "character":
            found.append("~" + sound_table().get(unit.text, (unit.text,))[0])
    return tuple(dict.fromkeys(found))


def pair_keys(ask: Ask) -> tuple[str, ...]:
    """Give the pairs of neighbouring characters among the telling units."""
    wanted = telling(ask)
    beside = ((one, other) for one, other in pairwise(ask.units) if one in wanted and other in wanted)
    return tuple(dict.fromkeys(one.text + other.text for one, other in beside if one.kind == other.kind == "character"))


def strict_keys(ask: Ask) -> Alternatives:
    """Give the sets of keys of which a name has to hold all, one set or the other: its pairs, or its sounds."""
    units = telling(ask)
    if ask.way == "initials":
        triples = _triples(ask.text)
        return ((triples[:2],) if triples else ()) + _filled(sound_keys(units))
    return _filled(pair_keys(ask), sound_keys(units))


def loose_keys(ask: Ask) -> Alternatives:
    """Give sets of keys for names with slips: all sounds but one, or a third of a long name untouched."""
    units = telling(ask)
    if ask.way == "initials":
        return tuple((triple,) for triple in _triples(ask.text)[:_SHORT])
    if len(units) < _SHORT:
        around = [unit for unit in ask.units if not unit.formal]
        if len(around) <= _SHORT:
            return ()
        return _filled(*(sound_keys([one for one in around if one is not unit]) for unit in units))
    if len(units) < _LONG:
        return _filled(*(sound_keys([*units[:place], *units[place + 1 :]]) for place in range(len(units))))
    thirds = [units[len(units) * third // 3 : len(units) * (third + 1) // 3] for third in range(3)]
    return _filled(*(sound_keys(third) for third in thirds))


def telling(ask: Ask) -> tuple[Unit, ...]:
    """Give the units by which bodies are looked up: those of brand and trade where there are two."""
    units = tuple(unit for unit in ask.units if unit.telling)
    return (units if len(units) > 1 else ask.units)[:_MOST]


def _triples(letters: str) -> tuple[str, ...]:
    return tuple("!" + letters[at : at + _TRIPLE].upper() for at in range(len(letters) - _TRIPLE + 1))


def _filled(*sets: tuple[str, ...]) -> Alternatives:
    return tuple(dict.fromkeys(one for one in sets if one))
