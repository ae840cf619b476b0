"""Where two texts differ is found with the fewest slips, and each slip is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.names.slips import Slip, find_slips, looks_or_sounds_alike, resembles, trim

CHARACTERS = st.text(st.sampled_from("禾映和林木电子一二AB"), max_size=8)


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("禾映食品", "禾映食品", []),
        ("禾映食品", "和映食品", ["homophone"]),
        ("材料", "村料", ["lookalike"]),
        ("禾映食品", "禾林食品", ["other"]),
        ("海港", "侮港", ["resembling"]),
        ("禾映食品", "禾映品", ["lost"]),
        ("禾映食品", "禾映映食品", ["doubled"]),
        ("禾映食品", "禾食映品", ["swapped"]),
        ("一分厂", "二分厂", ["other"]),
        ("一品", "亿品", ["other"]),
        ("禾映食品科技", "和映食品科枝", ["homophone", "lookalike"]),
        ("禾映食品电子科技", "禾映品电子科科技", ["lost", "doubled"]),
        ("禾映食品科技", "映禾食品技科", ["swapped", "swapped"]),
        ("", "", []),
        ("禾", "", ["lost"]),
    ],
)
def test_slips_are_named(one: str, other: str, kinds: list[str]) -> None:
    found = find_slips(one, other)
    assert found is not None
    assert [slip.kind for slip in found] == kinds


@pytest.mark.parametrize(
    ("one", "other"),
    [("禾映食品", "嘉铭精密机械"), ("禾映", ""), ("禾映食品有限公司", "苏州启岳新材料"), ("禾" * 40, "映" * 40)],
)
def test_texts_with_little_in_common_have_no_slips_but_differences(one: str, other: str) -> None:
    found = find_slips(one, other)
    assert found is None or len(found) > 1


def test_a_slip_tells_where_it_is_in_both_texts() -> None:
    assert find_slips("禾映品科技", "禾映食品科枝") == (
        Slip("lost", 2, 2, "", "食"),
        Slip("lookalike", 4, 5, "技", "枝"),
    )


@pytest.mark.parametrize("pair", ["谷古", "材村", "森淼", "末未", "新心"])
def test_alike_in_sound_or_shape(pair: str) -> None:
    assert looks_or_sounds_alike(pair[0], pair[1])
    assert looks_or_sounds_alike(pair[1], pair[0])


@pytest.mark.parametrize("pair", ["河海", "森林", "一亿", "二儿", "三山", "AB", "东西"])
def test_not_alike(pair: str) -> None:
    assert not looks_or_sounds_alike(pair[0], pair[1])


@pytest.mark.parametrize("pair", ["海还", "药钥", "系际", "玻剥"])
def test_a_second_reading_counts(pair: str) -> None:
    assert looks_or_sounds_alike(pair[0], pair[1])


@pytest.mark.parametrize(
    ("pair", "so"), [("集桌", True), ("海侮", True), ("谷古", True), ("河沉", False), ("三王", False)]
)
def test_resembling_is_weaker_than_looking_alike(pair: str, so: bool) -> None:  # noqa: FBT001 - a case
    assert resembles(pair[0], pair[1]) is so
    assert resembles(pair[1], pair[0]) is so


@given(CHARACTERS, CHARACTERS)
def test_the_slips_of_exchanged_texts_are_as_many(one: str, other: str) -> None:
    there, back = find_slips(one, other), find_slips(other, one)
    assert (there is None) == (back is None)
    assert there is None or back is None or len(there) == len(back)


@given(CHARACTERS, CHARACTERS)
def test_no_slips_means_equal_texts(one: str, other: str) -> None:
    assert (find_slips(one, other) == ()) == (one == other)


@given(CHARACTERS, CHARACTERS)
def test_a_slip_shows_what_stands_there(one: str, other: str) -> None:
    for slip in find_slips(one, other) or ():
        assert one[slip.at : slip.at + len(slip.x)] == slip.x
        assert other[slip.at_other : slip.at_other + len(slip.y)] == slip.y


@given(CHARACTERS, CHARACTERS, CHARACTERS, CHARACTERS)
def test_trimming_takes_common_ends_away(start: str, x: str, y: str, end: str) -> None:
    left, right = trim(start + x + end, start + y + end)
    assert len(left) <= len(x)
    assert len(right) <= len(y)
    assert not (left and right and (left[0] == right[0] or left[-1] == right[-1]))
