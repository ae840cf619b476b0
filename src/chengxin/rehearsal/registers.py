"""Two registers of one city without a shared code, and the truth about which of their names mean one body.

Made for linking by name: brands are two to four common characters, so that many bodies share one, and what tells them
apart is the place or the trade, as in a real register. The second register writes names as other offices do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from pypinyin import lazy_pinyin

from chengxin.base.errors import ChengxinError
from chengxin.rehearsal.bodies import random
from chengxin.rehearsal.vocabulary import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PLACES = (
    "昆山",
    "苏州",
    "太仓",
    "常熟",
    "张家港",
    "无锡",
    "江阴",
    "宜兴",
    "常州",
    "南京",
    "南通",
    "扬州",
    "镇江",
    "上海",
    "杭州",
    "嘉兴",
)
FORMS = ("有限公司", "有限责任公司", "股份有限公司")
TRADITIONAL = str.maketrans("华东电机业国际贸发风龙汇农", "華東電機業國際貿發風龍匯農")

Dirt: TypeAlias = "Callable[[Made, np.random.Generator], str]"


@dataclass(frozen=True)
class Made:
    """The parts of an invented name: place, brand, trade and legal form."""

    place: str
    brand: str
    trade: str
    form: str

    @property
    def text(self) -> str:
        """Return the full name."""
        return self.place + self.brand + self.trade + self.form


@dataclass(frozen=True)
class TwoRegisters:
    """Names of both registers and the truth.

    ``same`` has the shape (n, 2): the row in the first register, the row in the second; ``dirt`` says for each of
    these pairs how the second register's writing differs (one of ``DIRT``, or ``clean``).
    """

    first: list[str]
    second: list[str]
    same: NDArray[np.int64]
    dirt: list[str]


def make_two_registers(seed: int, count: int, overlap: float = 0.8) -> TwoRegisters:
    """Return two registers of ``count`` names each, ``overlap`` of which stand in both.

    Raises:
        ChengxinError: ``count`` is below ten or ``overlap`` is not between 0 and 1.
    """
    fewest = 10
    if count < fewest or not 0 <= overlap <= 1:
        raise ChengxinError(
            "registers_size",
            f"演练名册须至少 {fewest} 个名称，重合比例须在 0 到 1 之间",
            f"rehearsal registers have at least {fewest} names, and an overlap from 0 to 1",
            where="count",
        )
    shared = round(count * overlap)
    made = _made(seed, 2 * count - shared)
    chance = random(seed, 3)
    kinds, shares = zip(*SHARES.items(), strict=True)
    drawn = chance.choice(len(kinds), size=shared, p=np.array(shares) / sum(shares))
    dirt = [kinds[each] for each in drawn]
    written = [DIRT[kind](name, chance) for kind, name in zip(dirt, made[:shared], strict=True)]
    second = written + [name.text for name in made[count:]]
    order = chance.permutation(count)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    return TwoRegisters(
        first=[name.text for name in made[:count]],
        second=[second[each] for each in order],
        same=np.column_stack((np.arange(shared, dtype=np.int64), place[:shared])),
        dirt=dirt,
    )


def _made(seed: int, count: int) -> list[Made]:
    """Return ``count`` names no two of which have the same place, brand and trade."""
    words = names()
    characters = list(dict.fromkeys(words.given + words.characters + words.surnames))
    trades = sorted({_trade(tail.text) for kind in words.kinds for tail in kind.tails if tail.text.endswith(FORMS)})
    draw = random(seed, 2)
    held: dict[tuple[str, str, str], Made] = {}
    while len(held) < count:
        size = count - len(held) + 1000
        lengths = draw.choice((2, 3, 4), size=size, p=(0.6, 0.3, 0.1)).tolist()
        chosen = draw.integers(len(characters), size=(size, 4)).tolist()
        places = draw.choice(PLACES, size=size, p=_weights(len(PLACES))).tolist()
        kinds = draw.choice(trades, size=size).tolist()
        forms = draw.choice(FORMS, size=size, p=(0.85, 0.1, 0.05)).tolist()
        for length, picked, place, trade, form in zip(lengths, chosen, places, kinds, forms, strict=True):
            brand = "".join(characters[each] for each in picked[:length])
            held.setdefault((place, brand, trade), Made(place, brand, trade, form))
    return list(held.values())[:count]


def _weights(count: int) -> NDArray[np.float64]:
    """Return falling weights: half of the bodies are at home, the rest near by."""
    weights = 1 / np.arange(1, count + 1)
    return np.asarray(weights / weights.sum())


def _trade(tail: str) -> str:
    return next(tail.removesuffix(form) for form in sorted(FORMS, key=len, reverse=True) if tail.endswith(form))


def _clean(name: Made, _chance: np.random.Generator) -> str:
    return name.text


def _form(name: Made, _chance: np.random.Generator) -> str:
    other = {"有限公司": "有限责任公司", "有限责任公司": "有限公司", "股份有限公司": "股份公司"}
    return name.place + name.brand + name.trade + other[name.form]


def _form_missing(name: Made, _chance: np.random.Generator) -> str:
    return name.place + name.brand + name.trade


def _place_whole(name: Made, _chance: np.random.Generator) -> str:
    return name.place + "市" + name.brand + name.trade + name.form


def _province(name: Made, _chance: np.random.Generator) -> str:
    above = {"上海": "", "杭州": "浙江省", "嘉兴": "浙江省"}
    return above.get(name.place, "江苏省") + name.place + "市" + name.brand + name.trade + name.form


def _bracket(name: Made, _chance: np.random.Generator) -> str:
    return f"{name.brand}（{name.place}）{name.trade}{name.form}"


def _width(name: Made, chance: np.random.Generator) -> str:
    place = int(chance.integers(1, len(name.text)))
    return name.text[:place] + "　" + name.text[place:]


def _traditional(name: Made, _chance: np.random.Generator) -> str:
    return name.text.translate(TRADITIONAL)


def _homophone(name: Made, chance: np.random.Generator) -> str:
    place = int(chance.integers(len(name.brand)))
    others = [one for one in _sounding()[_sound(name.brand[place])] if one != name.brand[place]]
    if not others:
        return name.text
    brand = name.brand[:place] + others[int(chance.integers(len(others)))] + name.brand[place + 1 :]
    return name.place + brand + name.trade + name.form


def _swapped(name: Made, chance: np.random.Generator) -> str:
    core = name.brand + name.trade
    place = int(chance.integers(len(core) - 1))
    return name.place + core[:place] + core[place + 1] + core[place] + core[place + 2 :] + name.form


def _lost(name: Made, chance: np.random.Generator) -> str:
    place = int(chance.integers(len(name.brand), len(name.brand + name.trade)))
    core = name.brand + name.trade
    return name.place + core[:place] + core[place + 1 :] + name.form


def _doubled(name: Made, chance: np.random.Generator) -> str:
    core = name.brand + name.trade
    place = int(chance.integers(len(core)))
    return name.place + core[: place + 1] + core[place:] + name.form


def _sound(character: str) -> str:
    return lazy_pinyin(character)[0]


@cache
def _sounding() -> dict[str, list[str]]:
    """Return the characters of brands by their pinyin without tones."""
    words = names()
    found: dict[str, list[str]] = {}
    for character in dict.fromkeys(words.given + words.characters + words.surnames):
        found.setdefault(_sound(character), []).append(character)
    return found


DIRT: dict[str, Dirt] = {
    "clean": _clean,
    "form": _form,
    "form_missing": _form_missing,
    "place_whole": _place_whole,
    "province": _province,
    "bracket": _bracket,
    "width": _width,
    "traditional": _traditional,
    "homophone": _homophone,
    "swapped": _swapped,
    "lost": _lost,
    "doubled": _doubled,
}
"""How the second register writes a name, by class."""

SHARES = {
    "clean": 0.4,
    "form": 0.1,
    "form_missing": 0.06,
    "place_whole": 0.12,
    "province": 0.08,
    "bracket": 0.05,
    "width": 0.05,
    "traditional": 0.03,
    "homophone": 0.04,
    "swapped": 0.03,
    "lost": 0.02,
    "doubled": 0.02,
}
"""Share of each class among the names that stand in both registers; composed, not counted anywhere."""
