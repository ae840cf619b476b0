"""How what somebody typed is read: marks, places, parts, pinyin and initials."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names.search.asking import MOST_UNITS, Ask, place_letters, read_asked
from chengxin.kernel.names.tables import places, rows


def only(text: str) -> Ask:
    asks = read_asked(text)
    assert len(asks) == 1
    return asks[0]


@pytest.mark.parametrize(
    ("text", "plain", "mark"),
    [
        ("*ST德豪", "德豪", "*ST"),
        ("ST中侨", "中侨", "ST"),
        ("S湘火炬", "湘火炬", "S"),
        ("瓦轴B", "瓦轴", "B"),
        ("深康佳Ａ", "深康佳", "A"),
        ("欣泰退", "欣泰", "退"),
        ("退市海润", "海润", "退市"),
        ("PT金田A", "金田", "PTA"),
        ("诺诚健华-U", "诺诚健华", "-U"),
    ],
)
def test_marks_of_an_exchange_are_left_out_and_told(text: str, plain: str, mark: str) -> None:
    ask = read_asked(text)[0]
    assert (ask.text, ask.mark) == (plain, mark)


@pytest.mark.parametrize(
    "text", ["TCL科技集团股份有限公司", "N", "ST", "*ST", "A股", "昆山ST模具技术开发有限公司", "三A"]
)
def test_letters_that_belong_to_a_name_stay(text: str) -> None:
    assert all(ask.mark == "" for ask in read_asked(text))


def test_the_letter_of_a_province_is_answered_by_the_provinces_name() -> None:
    first = only("沪农商行").units[0]
    assert (first.text, first.stands_for) == ("沪", "上海")
    assert {ord("沪"), ord("上"), ord("海")} == set(first.near.tolist())
    assert not first.telling


def test_a_letter_inside_a_whole_name_is_a_brand_like_any_other() -> None:
    assert all(not unit.stands_for for unit in only("昆山沪光电器有限公司").units)


def test_every_place_letter_stands_for_a_place_that_names_know() -> None:
    for row in rows("place_letters.csv"):
        assert len(row["letter"]) == 1
        assert row["short"] in places()
    assert place_letters()["粤"] == "广东"


def test_a_brand_weighs_more_than_its_trade_and_the_form_next_to_nothing() -> None:
    weight = {unit.text: unit.weight for unit in only("昆山市禾映电子科技有限公司").units}
    assert weight["禾"] == weight["映"] == 1
    assert weight["禾"] > weight["电"] > weight["司"]
    general = {unit.text: unit.weight for unit in only("昆山禾映电子发展有限公司").units}
    assert general["电"] > general["发"] > general["司"]
    assert weight["禾"] > weight["昆"] > weight["限"]


def test_a_whole_name_is_no_short_name() -> None:
    assert not only("昆山市禾映电子科技有限公司").short
    assert only("禾映电子").short
    assert only("沪农商行").short
    assert only("昆山市禾映电子科技有限公司苏州分公司").branch
    assert not only("昆山市禾映电子科技有限公司").branch


def test_brackets_stay_in_their_place_and_weigh_as_places() -> None:
    ask = only("嘉铭电子（昆山）有限公司")
    assert ask.text == "嘉铭电子昆山有限公司"
    weight = {unit.text: unit.weight for unit in ask.units}
    assert weight["昆"] < weight["嘉"]
    assert only("嘉铭（昆山电子有限公司").text == "嘉铭昆山电子有限公司"


def test_a_label_copied_with_the_name_is_not_looked_for() -> None:
    assert only("单位名称：昆山禾映电子有限公司").text == "昆山禾映电子有限公司"


def ways(text: str) -> set[tuple[str, tuple[str, ...]]]:
    return {(ask.way, tuple(unit.text for unit in ask.units)) for ask in read_asked(text)}


def test_letters_are_read_as_letters_as_pinyin_and_as_initials() -> None:
    found = ways("xian")
    assert ("letters", ("X", "I", "A", "N")) in found
    assert ("pinyin", ("xi", "an")) in found
    assert ("initials", ("X", "I", "A", "N")) in found
    assert ("pinyin", ("kun", "shan")) in ways("kunshan")
    assert ("initials", ("G", "Z", "M", "T")) in ways("gzmt")


def test_pinyin_and_initials_may_be_mixed_with_one_another_and_with_characters() -> None:
    assert ("pinyin", ("kun", "shan", "H", "Y")) in ways("kunshanhy")
    assert ("pinyin", ("kun", "shan", "禾", "映")) in ways("kunshan禾映")
    assert ("initials", ("K", "S", "禾", "映")) in ways("ks禾映")


def test_u_with_dots_may_be_written_u_or_v() -> None:
    assert ("pinyin", ("nv", "shi")) in ways("nvshi")
    assert any("lv" in units for _, units in ways("lvse"))


def test_a_mistyped_character_is_answered_by_those_that_sound_or_look_like_it() -> None:
    unit = only("启月").units[1]
    assert ord("岳") in unit.near.tolist()
    assert unit.exact.tolist() == [ord("月")]
    assert set(unit.exact.tolist()) <= set(unit.near.tolist())


@settings(deadline=None)
@given(st.text(max_size=80))
def test_every_text_can_be_read(text: str) -> None:
    for ask in read_asked(text):
        assert 0 < len(ask.units) <= MOST_UNITS
        assert len(ask.weights) == len(ask.units)
        for unit in ask.units:
            assert 0 < unit.weight <= 1
            assert unit.exact.size


@settings(deadline=None, max_examples=50)
@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=40))
def test_reading_letters_in_every_way_stays_small(text: str) -> None:
    asks = read_asked(text)
    assert len(asks) <= 5
    for ask in asks:
        assert ask.text.upper().replace("V", "U") == text.upper()[: len(ask.text)].replace("V", "U")


def test_many_letters_are_no_initials() -> None:
    assert all(way != "initials" for way, _ in ways("guizhoumaotai"))
