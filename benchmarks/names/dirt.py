"""Dirt for names: what typists, scanners and old systems do to them, one class a function.

Every function takes a clean name, what is known of it, and a source of chance, and gives the dirty name, or None where
the class does not fit the name. None of them uses the product's tables of sounds and shapes: those two come from
``confusions.csv`` and ``confusions_practice.csv``, which were made without them. ``practice`` classes are for tuning.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

FORMS = ("股份有限公司", "有限责任公司", "有限公司")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Clean:
    """A clean name: its text, its city and province where it begins with one, and where its brand stands."""

    text: str
    city: str = ""
    province: str = ""
    brand: tuple[int, int] = (0, 0)

    @property
    def form(self) -> str:
        """Give the legal form at the end, or nothing."""
        return next((form for form in FORMS if self.text.endswith(form)), "")

    @property
    def body(self) -> str:
        """Give the name without its legal form."""
        return self.text[: len(self.text) - len(self.form)]


Dirt: TypeAlias = "Callable[[Clean, Random], str | None]"


def _table(name: str) -> list[dict[str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def confusions() -> dict[str, tuple[str, str]]:
    """Give, for a character, those that sound like it and those that look like it."""
    return {row["character"]: (row["sounds"], row["looks"]) for row in _table("confusions.csv")}


@cache
def practice_confusions() -> dict[str, tuple[str, str]]:
    """Give, for a character, those with a component in the same place and those of the same four corners."""
    return {row["character"]: (row["parts"], row["corners"]) for row in _table("confusions_practice.csv")}


def written(name: Clean, chance: Random) -> str | None:
    """Change width, brackets, capitals and spaces."""
    text = name.text.replace("(", "（").replace(")", "）")
    if chance.random() < 0.5:  # noqa: PLR2004 - a coin
        text = text.replace("（", "〔").replace("）", "〕")
    at = chance.randrange(1, len(text))
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)
    return wide[:at] + chance.choice([" ", "\u3000", "\u200b", "\t"]) + wide[at:].lower()


def city_word(name: Clean, _chance: Random) -> str | None:
    """Drop or add 市 behind the city."""
    if not name.city:
        return None
    if name.text.startswith(name.city + "市"):
        return name.city + name.text[len(name.city) + 1 :]
    return name.city + "市" + name.text[len(name.city) :]


def province_prefixed(name: Clean, chance: Random) -> str | None:
    """Write the province before the city."""
    return name.province + chance.choice(["", "省"]) + name.text if name.city and name.province else None


def form_dropped(name: Clean, _chance: Random) -> str | None:
    """Leave out the legal form."""
    return name.body if name.form else None


def form_long(name: Clean, _chance: Random) -> str | None:
    """Write 有限公司 long, or 有限责任公司 short."""
    other = {"有限公司": "有限责任公司", "有限责任公司": "有限公司"}.get(name.form)
    return name.body + other if other else None


def _one(name: Clean, chance: Random, kind: int, table: dict[str, tuple[str, str]]) -> str | None:
    places = [at for at, one in enumerate(name.body) if table.get(one, ("", ""))[kind]]
    if not places:
        return None
    at = chance.choice(places)
    return name.text[:at] + chance.choice(table[name.text[at]][kind]) + name.text[at + 1 :]


def homophone(name: Clean, chance: Random) -> str | None:
    """Replace one character by one that sounds like it."""
    return _one(name, chance, 0, confusions())


def lookalike(name: Clean, chance: Random) -> str | None:
    """Replace one character by one that looks like it."""
    return _one(name, chance, 1, confusions())


def lost(name: Clean, chance: Random) -> str | None:
    """Lose one character outside the brand."""
    return _lose(name, chance, [at for at in range(len(name.text)) if not name.brand[0] <= at < name.brand[1]])


def lost_in_brand(name: Clean, chance: Random) -> str | None:
    """Lose one character of the brand."""
    return _lose(name, chance, list(range(*name.brand)))


def _lose(name: Clean, chance: Random, places: list[int]) -> str | None:
    places = [at for at in places if name.text[at] not in "()（）"]
    if not places:
        return None
    at = chance.choice(places)
    return name.text[:at] + name.text[at + 1 :]


def doubled(name: Clean, chance: Random) -> str | None:
    """Double one character."""
    at = chance.randrange(len(name.text))
    return None if name.text[at] in "()（）" else name.text[: at + 1] + name.text[at:]


def swapped(name: Clean, chance: Random) -> str | None:
    """Swap two neighbours."""
    text = name.text
    places = [
        at for at in range(len(text) - 1) if text[at] != text[at + 1] and not set(text[at : at + 2]) & set("()（）")
    ]
    if not places:
        return None
    at = chance.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def brackets_dropped(name: Clean, _chance: Random) -> str | None:
    """Lose the brackets."""
    bare = name.text.translate(str.maketrans("", "", "()（）"))
    return None if bare == name.text else bare


def cut_off(name: Clean, chance: Random) -> str | None:
    """Cut the name off at the end of a field."""
    return name.text[: -chance.choice([1, 2])] if name.form else None


def remark_added(name: Clean, chance: Random) -> str | None:
    """Write the body's state behind its name."""
    return name.text + chance.choice(["（已注销）", "(吊销)", "〔筹〕", "【在业】", "（盖章）"])


def punctuated(name: Clean, chance: Random) -> str | None:
    """Put a sign into the name or behind it."""
    at = chance.randrange(2, len(name.text) + 1)
    return name.text[:at] + chance.choice("-—·、。.,，/*") + name.text[at:]


def form_mistyped(name: Clean, chance: Random) -> str | None:
    """Mistype one character of the legal form by sound or shape."""
    places = [at for at in range(len(name.body), len(name.text)) if name.text[at] in confusions()]
    if not places:
        return None
    at = chance.choice(places)
    options = "".join(confusions()[name.text[at]])
    return name.text[:at] + chance.choice(options) + name.text[at + 1 :]


def foreign_added(name: Clean, chance: Random) -> str | None:
    """Write a foreign name behind the Chinese one."""
    letters = "".join(chance.choice("AEIOUKSTNMR") for _ in range(8)).title()
    return name.text + chance.choice([f" {letters} Technology Co., Ltd.", f"（{letters} Group Limited）"])


def place_moved(name: Clean, _chance: Random) -> str | None:
    """Write the city in brackets before the legal form instead of in front."""
    if not name.city or not name.form or "(" in name.text or "（" in name.text:
        return None
    start = len(name.city) + name.text.startswith(name.city + "市")
    return name.text[start : len(name.body)] + f"（{name.city}）" + name.form


def stuttered(name: Clean, chance: Random) -> str | None:
    """Type the last two characters of the trade, or the legal form, twice."""
    if not name.form:
        return None
    if chance.random() < 0.5:  # noqa: PLR2004 - a coin
        return name.text + name.form[-2:]
    return name.text + name.form


def two_at_once(name: Clean, chance: Random) -> str | None:
    """Do two of the plain things to one name."""
    first, second = chance.sample([homophone, doubled, form_dropped, city_word, written, lost], 2)
    half = first(name, chance)
    if half is None:
        return None
    if second in {homophone, doubled, lost}:
        return second(Clean(half, brand=name.brand if half.startswith(name.text[: name.brand[1]]) else (0, 4)), chance)
    return second(Clean(half, city=name.city if half.startswith(name.city) else ""), chance)


def char_inserted(name: Clean, chance: Random) -> str | None:
    """Put a stray character into the name, outside its brand."""
    places = [at for at in range(1, len(name.text)) if not name.brand[0] <= at <= name.brand[1]]
    if not places:
        return None
    at = chance.choice(places)
    other = chance.choice([one for one in "的了在是我不这个们来" if one not in name.text])
    return name.text[:at] + other + name.text[at:]


def label_in_front(name: Clean, chance: Random) -> str | None:
    """Copy the label of the form with the name."""
    return chance.choice(["名称：", "单位名称:", "企业名称：", "甲方：", "*"]) + name.text


def two_homophones(name: Clean, chance: Random) -> str | None:
    """Replace two characters by ones that sound like them."""
    once = homophone(name, chance)
    return None if once is None else homophone(Clean(once, brand=name.brand), chance)


def same_part(name: Clean, chance: Random) -> str | None:
    """Replace one character by one that has a component in the same place."""
    return _one(name, chance, 0, practice_confusions())


def same_corners(name: Clean, chance: Random) -> str | None:
    """Replace one character by one that has the same four corners and a component in common."""
    return _one(name, chance, 1, practice_confusions())


def two_slips(name: Clean, chance: Random) -> str | None:
    """Let two slips of the hand happen to one name."""
    first, second = chance.choices([homophone, doubled, lost, swapped, same_corners], k=2)
    half = first(name, chance)
    if half is None:
        return None
    kept = half.startswith(name.text[: name.brand[1]])
    return second(Clean(half, brand=name.brand if kept else (0, 4)), chance)


def slip_and_form(name: Clean, chance: Random) -> str | None:
    """Let one slip happen to a name without its legal form, or with another length of it."""
    half = chance.choice([form_dropped, form_long])(name, chance)
    return None if half is None else chance.choice([homophone, same_corners])(Clean(half, brand=name.brand), chance)


SAME: dict[str, dict[str, Dirt]] = {
    "tuning": {
        "written": written,
        "city_word": city_word,
        "province_prefixed": province_prefixed,
        "form_dropped": form_dropped,
        "form_long": form_long,
        "homophone": homophone,
        "lost": lost,
        "doubled": doubled,
        "swapped": swapped,
        "brackets_dropped": brackets_dropped,
    },
    "practice": {
        "same_part": same_part,
        "same_corners": same_corners,
        "two_slips": two_slips,
        "slip_and_form": slip_and_form,
    },
    "held_out": {
        "lookalike": lookalike,
        "cut_off": cut_off,
        "remark_added": remark_added,
        "punctuated": punctuated,
        "form_mistyped": form_mistyped,
        "foreign_added": foreign_added,
        "place_moved": place_moved,
        "stuttered": stuttered,
        "two_at_once": two_at_once,
    },
    "fresh": {
        "char_inserted": char_inserted,
        "label_in_front": label_in_front,
        "two_homophones": two_homophones,
    },
}
"""Dirt that leaves the name the same body's, by the split it belongs to."""


def branch_added(name: Clean, chance: Random) -> str | None:
    """Add a branch."""
    return (
        name.text + chance.choice(["昆山分公司", "苏州分公司", "第二分公司", "分公司", "花桥营业部"])
        if name.form
        else None
    )


def brand_changed(name: Clean, chance: Random) -> str | None:
    """Put a character into the brand that nobody mistypes for the one it replaces."""
    if name.brand[0] == name.brand[1]:
        return None
    at = chance.randrange(*name.brand)
    near = "".join(confusions().get(name.text[at], ("", ""))) + name.text[at]
    other = chance.choice([one for one in "华宏达安泰丰瑞祥德隆兴源通海峰明星宇" if one not in near])
    return name.text[:at] + other + name.text[at + 1 :]


def ordinal_added(name: Clean, chance: Random) -> str | None:
    """Name the second or third of several: 第二."""
    return name.body + chance.choice(["第二", "二", "第三"]) + name.form if name.form else None


def place_changed(name: Clean, chance: Random) -> str | None:
    """Name another city."""
    other = chance.choice([one for one in ("扬州", "泰州", "常州", "赣州", "柳州", "台州", "兰州") if one != name.city])
    return other + name.text[len(name.city) :] if name.city else None


def trade_changed(name: Clean, chance: Random) -> str | None:
    """Name another trade in front of the legal form."""
    if not name.form or name.brand[1] >= len(name.body):
        return None
    trades = ("食品", "物流", "纺织", "医疗器械", "园林绿化", "汽车销售", "房地产开发", "餐饮管理")
    other = chance.choice([one for one in trades if one[:2] not in name.body])
    return name.text[: name.brand[1]] + other + name.form


def brand_longer(name: Clean, chance: Random) -> str | None:
    """Put one more character into the brand."""
    if name.brand[0] == name.brand[1]:
        return None
    at = chance.choice([name.brand[0], name.brand[1]])
    other = chance.choice([one for one in "新大金中东天" if one not in name.text[max(at - 1, 0) : at + 1]])
    return name.text[:at] + other + name.text[at:]


def brand_other(name: Clean, chance: Random) -> str | None:
    """Give the name another brand of two characters."""
    if name.brand[0] == name.brand[1]:
        return None
    other = "".join(chance.sample("禾映启岳博纳川润泽嘉铭锦帆紫麓", 2))
    return name.text[: name.brand[0]] + other + name.text[name.brand[1] :]


def sister_branch(name: Clean, chance: Random) -> str | None:
    """Leave out the legal form and add a branch."""
    return name.body + chance.choice(["昆山分公司", "太仓办事处", "第三分店"]) if name.form else None


NOT_SAME: dict[str, dict[str, Dirt]] = {
    "tuning": {
        "branch_added": branch_added,
        "brand_changed": brand_changed,
        "ordinal_added": ordinal_added,
        "lost_in_brand": lost_in_brand,
    },
    "practice": {},
    "held_out": {
        "place_changed": place_changed,
        "trade_changed": trade_changed,
        "brand_longer": brand_longer,
    },
    "fresh": {
        "brand_other": brand_other,
        "sister_branch": sister_branch,
    },
}
"""Changes after which the name must not be judged the same, by the split."""
