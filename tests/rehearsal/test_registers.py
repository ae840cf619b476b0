"""Two registers of one city: what is true about them, and how each kind of dirt changes a name."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from chengxin.base.errors import ChengxinError
from chengxin.kernel.names import Verdict, compare_names
from chengxin.rehearsal.bodies import random
from chengxin.rehearsal.registers import (
    DIRT,
    FORMS,
    PLACES,
    SHARES,
    TRADITIONAL,
    Made,
    TwoRegisters,
    make_two_registers,
)

NAME = Made("昆山", "禾映", "电子科技", "有限公司")


@pytest.fixture(scope="module")
def registers() -> TwoRegisters:
    return make_two_registers(5, 2000, 0.8)


def written(kind: str, name: Made = NAME, seed: int = 1) -> str:
    return DIRT[kind](name, random(seed, 9))


@pytest.mark.parametrize(
    ("count", "overlap"), [(9, 0.5), (0, 0.5), (-1, 0.5), (10, -0.1), (10, 1.1), (10, float("nan"))]
)
def test_a_size_that_makes_no_registers_is_refused_with_the_sizes_that_do(count: int, overlap: float) -> None:
    with pytest.raises(ChengxinError) as caught:
        make_two_registers(1, count, overlap)
    assert (caught.value.code, caught.value.where) == ("registers_size", "count")
    assert "至少 10 个名称" in caught.value.message_zh
    assert "at least 10 names" in caught.value.message_en


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), count=st.integers(10, 60), overlap=st.floats(0, 1))
def test_both_registers_have_the_size_asked_for_and_share_what_was_asked_for(
    seed: int, count: int, overlap: float
) -> None:
    held = make_two_registers(seed, count, overlap)
    assert (len(held.first), len(held.second)) == (count, count)
    assert held.same.shape == (round(count * overlap), 2)
    assert len(held.dirt) == len(held.same)
    for column in held.same.T:
        assert len(set(column.tolist())) == len(column), "a name is the same as one other at most"
        assert all(0 <= each < count for each in column.tolist())


def test_the_same_seed_makes_the_same_city_and_another_seed_another(registers: TwoRegisters) -> None:
    again = make_two_registers(5, 2000, 0.8)
    assert (again.first, again.second, again.dirt) == (registers.first, registers.second, registers.dirt)
    assert np.array_equal(again.same, registers.same)
    assert set(make_two_registers(6, 2000, 0.8).first) != set(registers.first)


@pytest.mark.parametrize("overlap", [0.0, 1.0])
def test_registers_may_have_nothing_or_everything_in_common(overlap: float) -> None:
    held = make_two_registers(3, 50, overlap)
    assert len(held.same) == 50 * overlap
    clean = [
        held.second[there]
        for (_here, there), kind in zip(held.same.tolist(), held.dirt, strict=True)
        if kind == "clean"
    ]
    assert set(clean) <= set(held.first)
    if not overlap:
        assert not set(held.first) & set(held.second)


def test_the_second_register_stands_in_another_order(registers: TwoRegisters) -> None:
    places = registers.same[:, 1].tolist()
    assert places != sorted(places)
    unmoved = sum(here == there for here, there in registers.same.tolist())
    assert unmoved < 20


def test_a_clean_pair_is_written_alike_and_only_few_others_are(registers: TwoRegisters) -> None:
    alike: Counter[str] = Counter()
    total = Counter(registers.dirt)
    for (here, there), kind in zip(registers.same.tolist(), registers.dirt, strict=True):
        alike[kind] += registers.first[here] == registers.second[there]
    assert alike["clean"] == total["clean"]
    for kind in ("form", "form_missing", "place_whole", "province", "bracket", "width", "lost", "doubled"):
        assert alike[kind] == 0, kind


def test_every_kind_of_dirt_has_its_share_and_comes_about_as_often(registers: TwoRegisters) -> None:
    assert DIRT.keys() == SHARES.keys()
    assert sum(SHARES.values()) == pytest.approx(1)
    found = Counter(registers.dirt)
    for kind, share in SHARES.items():
        assert found[kind] / len(registers.dirt) == pytest.approx(share, abs=0.03), kind


def test_no_two_bodies_have_the_same_name_and_many_share_a_brand(registers: TwoRegisters) -> None:
    assert len(set(registers.first)) == len(registers.first)
    assert all(name.endswith(FORMS) for name in registers.first)
    assert all(name.startswith(PLACES) for name in registers.first)
    homes = Counter(next(place for place in PLACES if name.startswith(place)) for name in registers.first)
    assert homes.most_common(1)[0][0] == PLACES[0], "most bodies are at home"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("clean", "昆山禾映电子科技有限公司"),
        ("form", "昆山禾映电子科技有限责任公司"),
        ("form_missing", "昆山禾映电子科技"),
        ("place_whole", "昆山市禾映电子科技有限公司"),
        ("province", "江苏省昆山市禾映电子科技有限公司"),
        ("bracket", "禾映（昆山）电子科技有限公司"),
    ],
)
def test_an_office_writes_a_name_its_own_way(kind: str, text: str) -> None:
    assert written(kind) == text


@pytest.mark.parametrize(
    ("place", "text"),
    [("上海", "上海市"), ("杭州", "浙江省杭州市"), ("嘉兴", "浙江省嘉兴市"), ("张家港", "江苏省张家港市")],
)
def test_the_province_of_a_place_is_its_own(place: str, text: str) -> None:
    assert written("province", Made(place, "禾映", "电子", "有限公司")) == f"{text}禾映电子有限公司"


@pytest.mark.parametrize(
    ("form", "other"),
    [("有限公司", "有限责任公司"), ("有限责任公司", "有限公司"), ("股份有限公司", "股份公司")],
)
def test_every_legal_form_has_another_writing(form: str, other: str) -> None:
    assert written("form", Made("昆山", "禾映", "电子", form)) == f"昆山禾映电子{other}"
    assert form in FORMS


def test_traditional_characters_stand_for_the_usual_ones_one_for_one() -> None:
    assert written("traditional", Made("昆山", "华东", "机电", "有限公司")) == "昆山華東機電有限公司"
    assert len(TRADITIONAL) == 13
    assert written("traditional", Made("昆山", "禾映", "食品", "有限公司")) == "昆山禾映食品有限公司"


SEEDS = st.integers(0, 10**6)


@given(SEEDS)
def test_a_wide_blank_is_put_between_two_characters(seed: int) -> None:
    text = written("width", seed=seed)
    assert text.replace("　", "") == NAME.text
    assert text.count("　") == 1
    assert not text.startswith("　")
    assert not text.endswith("　")


@given(SEEDS)
def test_a_character_is_lost_from_the_trade_and_from_nothing_else(seed: int) -> None:
    text = written("lost", seed=seed)
    assert text.startswith("昆山禾映")
    assert text.endswith("有限公司")
    assert len(text) == len(NAME.text) - 1


@given(SEEDS)
def test_a_doubled_character_stands_beside_itself(seed: int) -> None:
    text = written("doubled", seed=seed)
    assert len(text) == len(NAME.text) + 1
    assert NAME.text in {
        text[:place] + text[place + 1 :] for place in range(len(text)) if text[place] == text[place - 1]
    }


@given(SEEDS)
def test_swapped_characters_are_neighbours_in_brand_or_trade(seed: int) -> None:
    text = written("swapped", seed=seed)
    assert sorted(text) == sorted(NAME.text)
    places = [place for place, (one, other) in enumerate(zip(text, NAME.text, strict=True)) if one != other]
    assert len(places) == 2
    assert places[1] == places[0] + 1
    assert 2 <= places[0] < len("昆山禾映电子科技") - 1


@settings(deadline=None)
@given(SEEDS)
def test_a_homophone_changes_one_character_of_the_brand_and_not_its_sound(seed: int) -> None:
    text = written("homophone", seed=seed)
    changed = [(one, other) for one, other in zip(text, NAME.text, strict=True) if one != other]
    assert len(changed) <= 1
    for one, other in changed:
        assert other in NAME.brand
        assert lazy_pinyin(one) == lazy_pinyin(other)


def test_a_brand_whose_sound_nothing_shares_stays_as_it_is() -> None:
    name = Made("昆山", "ＡＢ", "电子", "有限公司")
    with pytest.raises(KeyError):
        written("homophone", name)


@pytest.mark.parametrize("kind", ["form", "place_whole", "province", "bracket", "width", "traditional"])
def test_another_way_of_writing_is_no_other_body_to_whoever_compares_names(kind: str) -> None:
    name = Made("昆山", "华映", "电子科技", "有限公司")
    assert compare_names(name.text, written(kind, name)).verdict is not Verdict.DIFFERENT


def test_the_parts_of_a_name_make_the_name() -> None:
    assert NAME.text == "昆山禾映电子科技有限公司"
