"""Bit maps and postings: which names hold what."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names.search.encoding import encode
from chengxin.kernel.names.search.postings import Bits, Maps, Postings, first_rows, missing_at_most

NAMES = ["昆山禾映", "上海禾映", "昆山启岳", "银行", "TCL科技", ""]


def maps_of(names: list[str]) -> Maps:
    return Maps.of(encode(names))


def rows_of(bits: Bits | None) -> list[int]:
    assert bits is not None
    return list(first_rows(bits, 1000).tolist())


def test_a_character_a_sound_and_an_initial_name_their_rows() -> None:
    maps = maps_of(NAMES)
    assert rows_of(maps.with_code(ord("禾"))) == [0, 1]
    assert rows_of(maps.with_code(ord("无"))) == []
    assert rows_of(maps.with_sound("he")) == [0, 1]
    assert rows_of(maps.with_sound("hang")) == [3]
    assert rows_of(maps.with_sound("xing")) == [3]
    assert rows_of(maps.with_initial("T")) == [4]
    assert maps.with_sound("zzz") is None
    assert maps.with_initial("?") is None


def test_a_character_that_sounds_alike_names_the_same_rows() -> None:
    maps = maps_of(NAMES)
    assert rows_of(maps.sounding_like("河")) == [0, 1]
    assert rows_of(maps.sounding_like("月")) == [2]
    assert rows_of(maps.sounding_like("C")) == [4]


def test_a_pair_names_the_rows_where_two_characters_stand_side_by_side() -> None:
    maps = maps_of(NAMES)
    assert maps.with_pair(ord("昆"), ord("山")).tolist() == [0, 2]
    assert maps.with_pair(ord("昆"), ord("禾")).tolist() == []
    assert maps.with_pair(ord("映"), ord("上")).tolist() == [], "the end of one name and the start of the next"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=30))
def test_postings_hold_every_pair_once_and_in_order(pairs: list[tuple[int, int]]) -> None:
    keys = np.array([key for key, _ in pairs], np.uint64)
    postings = Postings.of(keys, np.array([row for _, row in pairs], np.int64))
    for key in range(7):
        assert postings.of_key(key).tolist() == sorted({row for one, row in pairs if one == key})


def bits_of(rows: set[int], size: int) -> Bits:
    words = np.zeros(-(-size // 64), np.uint64)
    for row in rows:
        words[row // 64] |= np.uint64(1) << np.uint64(row % 64)
    return words


SETS = st.lists(st.sets(st.integers(0, 199), max_size=120), min_size=1, max_size=6)


@settings(deadline=None)
@given(SETS, st.integers(0, 3))
def test_rows_that_lack_at_most_so_many_maps_are_found(sets: list[set[int]], most: int) -> None:
    levels = missing_at_most([bits_of(one, 200) for one in sets], most)
    assert len(levels) == most + 1
    for missing, bits in enumerate(levels):
        held = {row for row in range(200) if sum(row not in one for one in sets) <= missing}
        assert {row for row in rows_of(bits) if row < 200} == held


@settings(deadline=None)
@given(st.sets(st.integers(0, 999)), st.integers(0, 50))
def test_the_first_rows_come_in_order_and_no_more_than_asked(rows: set[int], most: int) -> None:
    assert first_rows(bits_of(rows, 1000), most).tolist() == sorted(rows)[:most]


def test_frequent_and_rare_characters_answer_alike() -> None:
    names = ["昆山"] * 700 + ["禾山"]
    maps = maps_of(names)
    assert len(rows_of(maps.with_code(ord("昆")))) == 700
    assert rows_of(maps.with_code(ord("禾"))) == [700]
    assert rows_of(maps.sounding_like("和")) == [700]
    assert len(rows_of(maps.with_sound("shan"))) == 701
