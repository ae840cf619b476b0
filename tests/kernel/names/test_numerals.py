"""Figures are read the same however they are written, and places and trades that hold a figure count nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.names.numerals import figures, is_figure, with_digits


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("昆山市第一中学", ("1",)),
        ("昆山市第1中学", ("1",)),
        ("昆山市第壹中学", ("1",)),
        ("昆山市第十中学", ("10",)),
        ("昆山市第十二中学", ("12",)),
        ("昆山市第一二中学", ("12",)),
        ("昆山市第二十中学", ("20",)),
        ("昆山市第二十一中学", ("21",)),
        ("第一百零五大队", ("105",)),
        ("第百中学", ("100",)),
        ("第二千三百大队", ("2300",)),
        ("一分厂", ("1",)),
        ("两面山", ("2",)),
        ("3号楼第二门", ("3", "2")),
        ("007电子", ("7",)),
        ("0", ("0",)),
        ("百味食品", ()),
        ("千里马", ()),
        ("万宁", ()),
        ("零售", ()),
        ("陆家镇伍记", ()),
        ("第伍小学", ("5",)),
        ("四川九江三亚", ()),
        ("昆山五金厂", ()),
        ("第五金属厂", ("5",)),
        ("第十五十大队", ("?10-5-10",)),
        ("十十", ("?10-10",)),
        ("", ()),
        ("第", ()),
    ],
)
def test_the_figures_of_a_text(text: str, found: tuple[str, ...]) -> None:
    assert figures(text) == found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("昆山市第十二中学", "昆山市第12中学"),
        ("昆山市第一中学", "昆山市第1中学"),
        ("三一重工", "三一重工"),
        ("第", "第"),
        ("第一第二", "第1第2"),
    ],
)
def test_ordinals_are_written_in_digits(text: str, written: str) -> None:
    assert with_digits(text) == written


@pytest.mark.parametrize("character", "0123456789一二三四五六七八九十两")
def test_a_figure_is_one_wherever_it_stands(character: str) -> None:
    assert is_figure(character)


@pytest.mark.parametrize("character", ["百", "千", "万", "零", "陆", "伍", "第", "A", "山"])
def test_other_characters_are_figures_only_in_company(character: str) -> None:
    assert not is_figure(character)


@given(st.text(st.sampled_from("0一二三十百千零第9"), max_size=12))
def test_every_run_has_a_value(text: str) -> None:
    assert all(one.isdigit() or one.startswith("?") for one in figures(text))


@given(st.text(max_size=20))
def test_writing_digits_twice_is_writing_them_once(text: str) -> None:
    assert with_digits(with_digits(text)) == with_digits(text)
