"""Keys by which a database finds names."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.keys import loose_keys, sound_table, strict_keys, telling


def strict(text: str) -> set[tuple[str, ...]]:
    return {keys for ask in read_asked(text) for keys in strict_keys(ask)}


def loose(text: str) -> set[tuple[str, ...]]:
    return {keys for ask in read_asked(text) for keys in loose_keys(ask)}


def test_a_short_name_is_looked_up_by_its_pairs_and_by_its_sounds() -> None:
    assert strict("茅台") == {("茅台",), ("~mao", "~tai")}
    assert ("~he", "~ying", "~dian", "~zi") in strict("禾映电子")


def test_places_and_legal_forms_are_no_keys_where_a_brand_is_there() -> None:
    keys = {key for some in strict("昆山市禾映电子有限公司") for key in some}
    assert keys == {"禾映", "映电", "电子", "~he", "~ying", "~dian", "~zi"}
    assert "沪农" not in {key for some in strict("沪农商行") for key in some}


def test_a_place_alone_is_still_looked_for() -> None:
    assert ("昆山",) in strict("昆山")


def test_pinyin_and_initials_have_their_keys() -> None:
    assert ("~mao", "~tai") in strict("maotai")
    assert ("!GZM", "!ZMT") in strict("gzmt")
    assert ("!SHY",) in loose("kshy")


def test_a_slip_leaves_one_set_of_keys_whole() -> None:
    assert ("~he", "~ying", "~zi") in loose("禾映电子")
    long = loose("禾映精密电子机械")
    assert len(long) == 3
    assert loose("禾映") == set()


def test_traditional_characters_sound_like_the_usual_ones() -> None:
    assert sound_table()["業"] == sound_table()["业"]
    assert all(one and all(part.isalpha() for part in one) for one in sound_table().values())


@settings(deadline=None)
@given(st.text(max_size=60))
def test_every_text_has_keys_that_a_database_takes(text: str) -> None:
    for ask in read_asked(text):
        assert telling(ask)
        for some in (*strict_keys(ask), *loose_keys(ask)):
            assert some
            for key in some:
                key.encode("utf-8")
                assert "\x00" not in key
                assert "\x1f" not in key


def test_a_short_brand_with_a_wrong_character_is_looked_for_by_what_stands_around_it() -> None:
    found = loose("昆山禾央科技有限公司")
    assert ("~kun", "~shan", "~he", "~ke", "~ji") in found
    assert ("~kun", "~shan", "~yang", "~ke", "~ji") in found
