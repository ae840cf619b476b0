"""Items and their differences as Markdown, Chinese and English, for a terminal and for a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue import (
    Difference,
    Disclosure,
    SubjectKind,
    diff,
    load_catalogue,
    load_item,
    render_diff,
    render_show,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chengxin.catalogue import Item

HONOUR_SHOWN = """\
# 荣誉 Honour (`honour`)

An honour given to a body.

- 主体 Subjects: legal_person
- 性质 Nature: positive
- 双公示 Double publicity: 否 no
- 默认公开属性 Default disclosure: 政务共享 shared
- 保存年限 Years kept: 5, day of the honour (decree)

## 依据 Legal bases

| 名称 Name | 条款 Article | 文号 Number | 层级 Rank | 有效期 In force |
| --- | --- | --- | --- | --- |
| 某法 | 第一条 | 第一号 | law | 2020-01-01 – 至今 now |

## 字段版本 Generations

| 版本 Key | 时间 Current | 来源 Source | 说明 Note |
| --- | --- | --- | --- |
| H1 | 2020-01-01 – 至今 now | decree |  |

## 字段 Fields

| 键 Key | 名称 Label | 英文 English | 类型 Type | 长度 Length | 必填 Required | 公开 Disclosure |
| --- | --- | --- | --- | --- | --- | --- |
| body | 单位 | Body | text |  | H1 | 政务共享 shared |
| uscc | 代码 | Code | uscc |  |  | 政务共享 shared |

- 代码 identifier: uscc
"""


def test_a_small_item_is_shown_in_full(honour_file: Callable[[str, str], Path]) -> None:
    assert render_show(load_item(honour_file("", ""))) == HONOUR_SHOWN


@pytest.mark.parametrize("key", ["licence", "penalty", "registration"])
def test_every_field_and_basis_of_a_shipped_item_is_shown(key: str) -> None:
    item = load_catalogue().item(key)
    shown = render_show(item)
    for field in item.fields:
        assert f"| {field.key} | {field.label} | {field.label_en} |" in shown
    for basis in item.legal_bases:
        assert f"| {basis.name} | {basis.article} | {basis.number} |" in shown
    for generation in item.generations:
        assert f"| {generation.key} | {generation.from_day} – " in shown


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("penalty", "| fine_amount | 罚款金额 | Amount of the fine | amount 万元 | 18 |  | 公开 public |"),
        (
            "penalty",
            "| subject_name | 行政相对人名称 | Name of the subject | text | 200 | G1, G2, G3 | 公开 public |",
        ),
        ("penalty", "| enum id_type | 64 |  | 不公开 never，不保存 not stored |"),
        ("registration", "| 住所 | Registered address | text | 500 |  | 公开 public (legal_person) |"),
        ("licence", "| text | 50 | subject_category = legal_person/unincorporated/legal_or_unincorporated |"),
    ],
)
def test_what_a_field_row_says(key: str, line: str) -> None:
    assert line in render_show(load_catalogue().item(key))


def test_a_retention_that_is_not_stated_is_a_dash(honour_file: Callable[[str, str], Path]) -> None:
    item = load_item(honour_file("{years: 5, ", "{"))
    assert "- 保存年限 Years kept: —, day of the honour" in render_show(item)


def test_a_pipe_or_line_break_in_a_cell_does_not_break_the_table(
    honour_file: Callable[[str, str], Path],
) -> None:
    item = load_item(honour_file("label: 单位", "label: '单|位'"))
    assert "| body | 单\\|位 | Body |" in render_show(item)


def test_an_item_does_not_differ_from_itself() -> None:
    for item in load_catalogue().items:
        assert diff(item, item) == ()


def test_the_order_of_fields_is_no_difference(penalty: Item) -> None:
    assert diff(penalty, replace(penalty, fields=tuple(reversed(penalty.fields)))) == ()


def test_two_files_can_be_compared(honour_file: Callable[[str, str], Path]) -> None:
    before = load_item(honour_file("", ""))
    after = load_item(honour_file("{years: 5, ", "{years: 3, "))
    assert diff(before, after) == (Difference("changed", "retention", "", "years", "5", "3"),)


def test_a_field_added_removed_and_changed(penalty: Item) -> None:
    fields = [one for one in penalty.fields if one.key not in {"remarks", "facts"}]
    facts = replace(penalty.field("facts"), max_length=4000, disclosure=Disclosure.SHARED)
    court = replace(penalty.field("remarks"), key="court", label="法院")
    after = replace(penalty, fields=(*fields, facts, court))
    assert diff(penalty, after) == (
        Difference("removed", "field", "remarks", "", "备注", ""),
        Difference("added", "field", "court", "", "", "法院"),
        Difference("changed", "field", "facts", "max_length", "2000", "4000"),
        Difference("changed", "field", "facts", "disclosure", "public", "shared"),
    )


def test_a_basis_that_ends_is_a_difference(penalty: Item) -> None:
    first, *others = penalty.legal_bases
    after = replace(penalty, legal_bases=(replace(first, until_day=date(2030, 1, 1)), *others))
    assert diff(penalty, after) == (
        Difference("changed", "legal_basis", f"{first.name} {first.article}", "until_day", "—", "2030-01-01"),
    )
    assert diff(penalty, replace(penalty, legal_bases=tuple(others))) == (
        Difference("removed", "legal_basis", f"{first.name} {first.article}", "", first.name, ""),
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "处罚"}, ("item", "", "name", "行政处罚", "处罚")),
        ({"double_publicity": False}, ("item", "", "double_publicity", "是 yes", "否 no")),
        (
            {"subject_kinds": (SubjectKind.LEGAL_PERSON,)},
            (
                "item",
                "",
                "subject_kinds",
                "legal_person, unincorporated, individual_business",
                "legal_person",
            ),
        ),
        ({"ignored_headers": ()}, ("item", "", "ignored_headers", "序号, 行号", "—")),
    ],
)
def test_what_an_item_says_of_itself_is_compared(
    penalty: Item, changes: dict[str, object], expected: tuple[str, str, str, str, str]
) -> None:
    after = replace(penalty, **changes)  # type: ignore[arg-type]
    assert diff(penalty, after) == (Difference("changed", *expected),)


def test_roles_groups_generations_and_versions_are_compared(penalty: Item) -> None:
    [group] = penalty.one_of
    after = replace(
        penalty,
        roles=replace(penalty.roles, title="facts"),
        one_of=(replace(group, fields=("uscc",)),),
        generations=penalty.generations[1:],
        versions=(*penalty.versions, replace(penalty.versions[-1], version=4, source="新标准")),
    )
    found = {(one.change, one.part, one.key, one.attribute) for one in diff(penalty, after)}
    assert found == {
        ("changed", "role", "", "title"),
        ("changed", "one_of", "identity", "fields"),
        ("removed", "generation", "G1", ""),
        ("added", "version", "4", ""),
    }


def test_required_marks_and_aliases_read_the_same_whatever_their_order(penalty: Item) -> None:
    field = penalty.field("subject_category")
    wider = replace(field, required=frozenset({"G3", "G2"}), aliases={"G3": ("B",), "G2": ("A",)})
    after = replace(penalty, fields=tuple(wider if one is field else one for one in penalty.fields))
    found = {one.attribute: one for one in diff(penalty, after)}
    assert (found["required"].before, found["required"].after) == ("G3", "G2, G3")
    assert found["aliases"].after == "G2: A; G3: B"


@given(st.permutations(["licence", "penalty", "registration"]))
def test_the_way_back_is_the_way_there_exchanged(order: list[str]) -> None:
    catalogue = load_catalogue()
    one, other = catalogue.item(order[0]), catalogue.item(order[1])
    swap = {"added": "removed", "removed": "added", "changed": "changed"}
    there = {(x.change, x.part, x.key, x.attribute, x.before, x.after) for x in diff(one, other)}
    back = {(swap[x.change], x.part, x.key, x.attribute, x.after, x.before) for x in diff(other, one)}
    assert there == back
    assert there


def test_differences_are_a_table() -> None:
    rows = [
        Difference("added", "field", "court", "", "", "法院"),
        Difference("changed", "retention", "", "years", "5", "3"),
        Difference("removed", "legal_basis", "某法 第一条", "", "某法", ""),
    ]
    assert render_diff(rows) == (
        "| 变化 Change | 部分 Part | 名称 Name | 原值 Before | 新值 After |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| 新增 added | 字段 field | court |  | 法院 |\n"
        "| 变更 changed | 保存期限 retention | years | 5 | 3 |\n"
        "| 删除 removed | 依据 legal basis | 某法 第一条 | 某法 |  |\n"
    )


def test_no_difference_is_a_sentence() -> None:
    assert render_diff(()) == "两者没有差异。 / No difference.\n"


def test_every_difference_between_two_items_can_be_rendered() -> None:
    catalogue = load_catalogue()
    found = diff(catalogue.item("licence"), catalogue.item("penalty"))
    rendered = render_diff(found)
    assert rendered.count("\n") == len(found) + 2
    assert "| 删除 removed | 字段 field | licence_number | 许可编号 |  |" in rendered
    assert "| 新增 added | 字段 field | fine_amount |  | 罚款金额 |" in rendered
