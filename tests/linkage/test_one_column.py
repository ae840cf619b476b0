"""Registers of one column link what is the same, or the same but for the writing; the rest goes to a person."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from chengxin.linkage.files import read_csv
from chengxin.linkage.linking import LinkRegisters
from chengxin.linkage.reading import read_register

if TYPE_CHECKING:
    from pathlib import Path

TOWNS = ("玉山镇", "巴城镇", "周市镇", "陆家镇", "花桥镇", "千灯镇", "张浦镇", "周庄镇", "锦溪镇", "淀山湖镇")
KINDS = {
    "governments of towns": [f"{town}人民政府" for town in TOWNS],
    "committees of villages": [f"昆山市{town}村民委员会" for town in TOWNS],
    "offices of a city": [f"昆山市{office}局" for office in ("教育", "公安", "民政", "司法", "财政", "水务", "审计")],
    "hospitals told apart by a figure": [f"昆山市第{figure}人民医院" for figure in "一二三四五六七八"],
    "shops without a form": [f"{town}老王面馆" for town in TOWNS],
    "names of two characters": ["张伟", "王芳", "李娜", "刘洋", "陈静", "杨柳", "黄河", "周杰"],
    "foreign names": ["Apple Inc", "Foo Ltd", "Bar GmbH", "Siemens AG", "Toyota Motor", "Micron"],
    "names without a brand": ["有限公司", "昆山有限公司", "科技有限公司", "昆山市", "江苏省", "餐饮", "第一分公司"],
}


def link(folder: Path, first: list[str], second: list[str]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Link two files of one column; return the linked and the doubtful pairs of names."""
    paths = folder / "甲.csv", folder / "乙.csv"
    for path, names in zip(paths, (first, second), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("名称",), *((name,) for name in names)])
    LinkRegisters(read_register(paths[0]), read_register(paths[1]), folder / "out").execute()
    found = [
        {(row["a_name"], row["b_name"]) for row in read_csv(folder / "out" / name)}
        for name in ("links.csv", "review.csv")
    ]
    return found[0], found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_finds_itself_whatever_it_is_made_of(tmp_path: Path, kind: str) -> None:
    names = KINDS[kind]
    links, review = link(tmp_path, names, names[::-1])
    assert links == {(name, name) for name in names}
    assert review == set()


def test_names_of_all_kinds_in_one_register_find_themselves(tmp_path: Path) -> None:
    names = [name for kind in KINDS.values() for name in kind]
    links, _review = link(tmp_path, names, names[::-1])
    assert links == {(name, name) for name in names}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("昆山市人民政府", "昆山人民政府"),
        ("昆山市玉山镇村民委员会", "昆山玉山镇村民委员会"),
        ("昆山市第一人民医院", "昆山第一人民医院"),
        ("Apple Inc", "APPLE INC."),
        ("禾映科技有限公司", "禾映科技有限责任公司"),
    ],
)
def test_a_name_written_otherwise_is_linked(tmp_path: Path, one: str, other: str) -> None:
    links, _review = link(tmp_path, [one, "太仓市第九中学"], [other, "常熟市图书馆"])
    assert links == {(one, other)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("昆山永鸣科技有限公司", "昆山鸣永科技有限公司"),
        ("昆山禾映科技有限公司", "昆山禾晖科技有限公司"),
        ("昆山禾映科技有限公司", "昆山禾映有限公司"),
    ],
)
def test_what_is_doubtful_is_left_to_a_person(tmp_path: Path, one: str, other: str) -> None:
    links, review = link(tmp_path, [one], [other])
    assert links == set()
    assert review == {(one, other)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("玉山镇人民政府", "巴城镇人民政府"),
        ("昆山市第一人民医院", "昆山市第二人民医院"),
        ("昆山禾映科技有限公司", "昆山禾映科技有限公司苏州分公司"),
        ("张伟", "王芳"),
    ],
)
def test_another_body_is_neither_linked_nor_asked_about(tmp_path: Path, one: str, other: str) -> None:
    assert link(tmp_path, [one], [other]) == (set(), set())


def test_one_name_borne_by_two_rows_is_asked_about_and_not_guessed(tmp_path: Path) -> None:
    links, review = link(tmp_path, ["老王面馆", "昆山市人民政府"], ["老王面馆", "老王面馆", "昆山市人民政府"])
    assert links == {("昆山市人民政府", "昆山市人民政府")}
    assert review == {("老王面馆", "老王面馆")}


def test_the_very_name_is_linked_though_a_neighbour_only_sounds_like_it(tmp_path: Path) -> None:
    one, neighbour = "昆山禾映科技有限公司", "昆山禾应科技有限公司"
    links, review = link(tmp_path, [one], [neighbour, one])
    assert links == {(one, one)}
    assert review == set()
