"""Registers too small to teach a weight are linked by the weights given: nobody meets a fault for having few names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chengxin.linkage.files import read_csv
from chengxin.linkage.linking import Linked, LinkRegisters
from chengxin.linkage.reading import Register

if TYPE_CHECKING:
    from pathlib import Path

HOSPITALS = ["昆山第一人民医院", "昆山第二人民医院"]


def link(folder: Path, first: list[str], second: list[str]) -> tuple[Linked, list[tuple[str, str]]]:
    registers = [
        Register(folder / name, [f"{name}{number}" for number in range(len(names))], names)
        for name, names in (("a", first), ("b", second))
    ]
    found = LinkRegisters(registers[0], registers[1], folder / "out").execute()
    return found, [(row["a_name"], row["b_name"]) for row in read_csv(folder / "out" / "links.csv")]


@pytest.mark.parametrize(
    ("first", "second", "links"),
    [
        (["张三"], ["李四"], []),
        (HOSPITALS, HOSPITALS[:1], [(HOSPITALS[0], HOSPITALS[0])]),
        (HOSPITALS, ["昆山第三人民医院"], []),
        (["昆山禾映科技有限公司"] * 2, ["昆山云舫餐饮管理有限公司"], []),
    ],
    ids=["one name each", "every pair is sure", "no pair is sure", "one name twice"],
)
def test_a_register_of_a_few_names_is_linked_without_a_fault(
    tmp_path: Path, first: list[str], second: list[str], links: list[tuple[str, str]]
) -> None:
    found, made = link(tmp_path, first, second)
    assert (found.first, found.second) == (len(first), len(second))
    assert made == links
    assert json.loads((tmp_path / "out" / "model.json").read_text(encoding="utf-8"))["comparisons"]


def test_progress_is_told_from_the_first_name_to_the_last_comparison(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    first = Register(tmp_path / "甲.csv", ["1", "2"], HOSPITALS)
    second = Register(tmp_path / "乙.csv", ["7"], HOSPITALS[:1])
    LinkRegisters(first, second, tmp_path / "out", lambda *step: told.append(step)).execute()
    assert told[0] == ("解析名称 parse", 2, 2)  # the second register has no name of its own
    assert [step for step in told if step[0] == "估计权重 weigh"] == [("估计权重 weigh", done, 1) for done in (0, 1)]
    labels = list(dict.fromkeys(label for label, _done, _all in told))
    assert labels == ["解析名称 parse", "估计权重 weigh", "初次比对 compare", "写出结果 write"]
    assert told[-1][1] == told[-1][2]


def test_linking_again_into_its_own_folder_replaces_what_was_there(tmp_path: Path) -> None:
    link(tmp_path, HOSPITALS, HOSPITALS[:1])
    found, made = link(tmp_path, HOSPITALS, HOSPITALS[1:])
    assert found.links == 1
    assert made == [(HOSPITALS[1], HOSPITALS[1])]
    assert not (tmp_path / "out" / "spill").exists()
    assert found.as_dict() == {
        "first": 2,
        "second": 1,
        "compared": found.compared,
        "links": 1,
        "review": found.review,
    }
