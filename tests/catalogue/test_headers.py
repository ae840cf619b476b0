"""A header is recognised by its names: in any order, any width, any generation, and never by guessing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.catalogue import (
    HeaderNotRecognised,
    Item,
    guess_item,
    load_catalogue,
    load_item,
    recognise_header,
)
from chengxin.catalogue.folding import fold_header
from chengxin.catalogue.headers import alias_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chengxin.catalogue import Catalogue

FULL_WIDTH = {ord(" "): "\u3000"} | {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}


def row(text: str) -> list[str]:
    """A header row written as words."""
    return text.split()


G1_PENALTY = row("""
    行政处罚决定书文号 处罚名称 处罚类别1 处罚类别2 处罚事由 处罚依据 行政相对人名称
    代码_1 代码_2 代码_3 代码_4 代码_5 法定代表人姓名
    处罚结果 处罚决定日期 处罚机关 当前状态 地方编码 数据更新时间戳 备注
""")
G2_LICENCE = row("""
    行政相对人名称 统一社会信用代码 工商注册号 组织机构代码 法定代表人 法定代表人身份证号
    行政许可决定文书名称 行政许可决定文书号 许可类别 许可证书名称 许可编号 许可内容
    许可决定日期 有效期自 有效期至 许可机关 许可机关统一社会信用代码 当前状态
    数据来源单位 数据来源单位统一社会信用代码 备注
""")
G3_PENALTY = row("""
    行政相对人名称 行政相对人类别 统一社会信用代码 法定代表人 法定代表人证件类型 法定代表人证件号码
    行政处罚决定书文号 违法行为类型 违法事实 处罚依据 处罚类别 处罚内容 罚款金额（万元）
    处罚决定日期 处罚有效期 公示截止期 处罚机关 处罚机关统一社会信用代码
    数据来源单位 数据来源单位统一社会信用代码 备注
""")
G3_CODES = row("""
    CF_XDR_MC CF_XDR_LB CF_XDR_SHXYM CF_XDR_GSZC CF_XDR_ZZJG CF_XDR_SWDJ CF_XDR_SYDW CF_XDR_SHZZ CF_FRDB
    CF_FR_ZJLX CF_FR_SFZH CF_XDR_ZJLX CF_XDR_ZJHM CF_WSH CF_WFXW CF_SY CF_YJ CF_CFLB CF_NR CF_NR_FK CF_NR_WFFF
    CF_NR_ZKDX CF_JDRQ CF_YXQ CF_GSJZQ CF_CFJG CF_CFJGDM CF_SJLY CF_SJLYDM BZ
""")
REGISTER = row("企业名称 统一社会信用代码 法定代表人 企业类型 注册资本 成立日期 登记机关 住所 经营范围 登记状态")

ITEMS = load_catalogue().items
PAIRS = [(item, generation.key) for item in ITEMS for generation in item.generations]


def one_name_per_field(draw: st.DrawFn, item: Item, generation: str) -> list[tuple[str, str]]:
    """A full header of one generation: for each field one of its names, in any order."""
    fields = item.fields_in(generation)
    named = [(field.key, draw(st.sampled_from(field.names_in(generation)))) for field in fields]
    return draw(st.permutations(named))


full_headers = st.composite(one_name_per_field)


def test_a_header_of_2015_is_recognised(penalty: Item) -> None:
    match = recognise_header(penalty, G1_PENALTY)
    assert match.generation == "G1"
    assert match.columns["organisation_code"] == G1_PENALTY.index("代码_2")
    assert match.columns["registration_number"] == G1_PENALTY.index("代码_3")
    assert match.columns["person_id_number"] == G1_PENALTY.index("代码_5")
    assert match.columns["penalty_content"] == G1_PENALTY.index("处罚结果")
    assert match.columns["facts"] == G1_PENALTY.index("处罚事由")
    assert match.unknown == ()
    assert match.missing_required == ()
    assert match.missing_one_of == ()


def test_a_header_of_2018_is_recognised_by_the_identity_number(licence: Item) -> None:
    match = recognise_header(licence, G2_LICENCE)
    assert match.generation == "G2"
    assert match.columns["legal_representative_id_number"] == 5
    assert match.missing_required == ()
    assert match.unknown == ()


def test_the_later_list_is_recognised_by_the_kind_of_identity_document(penalty: Item) -> None:
    match = recognise_header(penalty, G3_PENALTY)
    assert match.generation == "G3"
    assert match.columns["legal_representative_id_type"] == 4
    assert match.missing_required == ()


def test_codes_are_recognised_like_names(penalty: Item) -> None:
    match = recognise_header(penalty, G3_CODES)
    assert match.generation == "G3"
    assert len(match.columns) == 30
    assert list(match.columns.values()) == list(range(30))
    assert match.unknown == ()


def test_columns_come_in_the_order_of_the_file(penalty: Item) -> None:
    match = recognise_header(penalty, list(reversed(G3_CODES)))
    assert list(match.columns.values()) == list(range(30))
    assert match.columns["remarks"] == 0
    assert match.columns["subject_name"] == 29


def test_the_bare_second_code_means_what_its_generation_says(penalty: Item) -> None:
    later = [name for name in G3_PENALTY if name != "统一社会信用代码"] + ["代码_1", "代码_2", "代码_3"]
    old, new = recognise_header(penalty, G1_PENALTY), recognise_header(penalty, later)
    assert (old.generation, new.generation) == ("G1", "G3")
    assert old.columns["organisation_code"] == G1_PENALTY.index("代码_2")
    assert new.columns["registration_number"] == later.index("代码_2")
    assert new.columns["organisation_code"] == later.index("代码_3")


def test_when_nothing_tells_the_lists_apart_the_latest_that_fits_is_taken(licence: Item) -> None:
    common = [name for name in G2_LICENCE if name != "法定代表人身份证号"]
    assert recognise_header(licence, common).generation == "G2"
    assert recognise_header(licence, [*common, "行政相对人类别"]).generation == "G3"


def test_when_no_list_fits_the_latest_is_taken(licence: Item) -> None:
    broken = [name for name in G2_LICENCE if name not in {"法定代表人身份证号", "许可内容"}]
    match = recognise_header(licence, broken)
    assert match.generation == "G3"
    assert [field.key for field in match.missing_required] == ["subject_category", "content"]


def test_a_missing_required_column_is_reported_not_raised(penalty: Item) -> None:
    match = recognise_header(penalty, [name for name in G3_PENALTY if name != "违法事实"])
    assert [field.label for field in match.missing_required] == ["违法事实"]


def test_a_header_without_any_identifier_is_reported(penalty: Item) -> None:
    match = recognise_header(penalty, [name for name in G3_PENALTY if name != "统一社会信用代码"])
    assert [group.key for group in match.missing_one_of] == ["identity"]
    with_number = [*(name for name in G3_PENALTY if name != "统一社会信用代码"), "工商注册号"]
    assert recognise_header(penalty, with_number).missing_one_of == ()


def test_what_is_not_known_is_listed_as_it_stands(penalty: Item) -> None:
    match = recognise_header(penalty, [*G3_PENALTY, " 公示期限 ", "信息使用范围"])
    assert match.unknown == (" 公示期限 ", "信息使用范围")


def test_columns_a_department_keeps_for_itself_are_carried(penalty: Item) -> None:
    own = ["flex_1", "FLEX_note", "自留_经办人", "ｆｌｅｘ＿２"]
    match = recognise_header(penalty, [*own, *G3_PENALTY])
    assert match.carried == tuple(own)
    assert match.unknown == ()
    assert match.columns["subject_name"] == 4


def test_a_carried_column_is_not_read_even_when_its_name_looks_like_a_field(penalty: Item) -> None:
    match = recognise_header(penalty, [*G3_PENALTY, "自留_备注", "flex_CF_SY"])
    assert match.carried == ("自留_备注", "flex_CF_SY")
    assert match.columns["facts"] == G3_PENALTY.index("违法事实")


def test_row_numbers_are_ignored_by_name(penalty: Item) -> None:
    match = recognise_header(penalty, ["序号", *G3_PENALTY])
    assert match.ignored == ("序号",)
    assert match.unknown == ()


def test_blank_headers_are_no_columns(penalty: Item) -> None:
    match = recognise_header(penalty, [*G3_PENALTY, "", "  "])
    assert match.unknown == ()
    assert len(match.columns) == len(G3_PENALTY)


@pytest.mark.parametrize("header", [[], [""], ["", " ", "\u3000"], ["*", "()"]])
def test_an_empty_header_is_refused(penalty: Item, header: list[str]) -> None:
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(penalty, header)
    assert caught.value.code == "empty_header"
    assert caught.value.message_zh == "文件第一行没有列名，请在第一行写明各列名称。"


@pytest.mark.parametrize(
    ("chosen", "header", "really"),
    [
        ("licence", G1_PENALTY, "penalty"),
        ("licence", G3_PENALTY, "penalty"),
        ("licence", G3_CODES, "penalty"),
        ("licence", REGISTER, "registration"),
        ("penalty", G2_LICENCE, "licence"),
        ("penalty", REGISTER, "registration"),
        ("registration", G2_LICENCE, "licence"),
        ("registration", G1_PENALTY, "penalty"),
        ("registration", G3_CODES, "penalty"),
    ],
)
def test_a_file_of_another_item_is_refused_and_that_item_named(
    catalogue: Catalogue, chosen: str, header: list[str], really: str
) -> None:
    item, other = catalogue.item(chosen), catalogue.item(really)
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(item, header)
    assert caught.value.code == "other_item"
    assert caught.value.looks_like == really
    assert caught.value.message_zh == (
        f"表头不像“{item.name}”，更像“{other.name}”。请改选事项“{other.name}”后重新提交。"
    )
    assert f"Choose item '{really}'" in caught.value.message_en


@pytest.mark.parametrize(
    "header", [["姓名", "电话"], ["a", "b", "c"], ["行政相对人名称", "统一社会信用代码"], ["备注"]]
)
def test_a_file_of_no_item_is_refused_with_what_is_missing(penalty: Item, header: list[str]) -> None:
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(penalty, header)
    assert caught.value.code == "not_this_item"
    assert caught.value.looks_like is None
    assert "“行政处罚决定书文号”" in caught.value.message_zh
    assert "对照文件" in caught.value.message_zh
    assert "mapping file" in caught.value.message_en


@pytest.mark.parametrize(
    ("extra", "label"),
    [
        ("统一社会信用代码", "统一社会信用代码"),
        ("CF_XDR_SHXYM", "统一社会信用代码"),
        ("行政相对人代码_1（统一社会信用代码）", "统一社会信用代码"),
        ("*处罚决定日期（YYYY/MM/DD）", "处罚决定日期"),
        ("ＣＦ＿ＷＳＨ", "行政处罚决定书文号"),
    ],
)
def test_two_columns_for_one_field_are_both_named(penalty: Item, extra: str, label: str) -> None:
    first = next(name for name in G3_PENALTY if name == label)
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(penalty, [*G3_PENALTY, extra])
    assert caught.value.code == "duplicate_column"
    assert caught.value.message_zh == (
        f"第 {G3_PENALTY.index(first) + 1} 列“{first}”与第 {len(G3_PENALTY) + 1} 列“{extra}”"
        f"都表示“{label}”，请删除其中一列。"
    )
    assert f"'{extra}'" in caught.value.message_en


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("罚款金额（元）", "元"),
        ("罚款金额(单位：元)", "元"),
        ("CF_NR_FK（亿元）", "亿元"),
        ("罚款金额（千元）*", "千元"),
    ],
)
def test_an_amount_in_another_unit_is_refused(penalty: Item, written: str, unit: str) -> None:
    header = [written if name == "罚款金额（万元）" else name for name in G3_PENALTY]
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(penalty, header)
    assert caught.value.code == "wrong_unit"
    assert f"的单位是{unit}，应为万元" in caught.value.message_zh
    assert f"is in {unit}" in caught.value.message_en


@pytest.mark.parametrize("written", ["罚款金额", "罚款金额（万元）", "罚款金额(单位:万元)", "CF_NR_FK（万元）"])
def test_an_amount_in_its_own_unit_is_read(penalty: Item, written: str) -> None:
    header = [written if name == "罚款金额（万元）" else name for name in G3_PENALTY]
    assert recognise_header(penalty, header).columns["fine_amount"] == 12


@pytest.mark.parametrize(
    ("header", "key"),
    [(G1_PENALTY, "penalty"), (G3_CODES, "penalty"), (G2_LICENCE, "licence"), (REGISTER, "registration")],
)
def test_the_item_of_a_header_can_be_guessed(header: Sequence[str], key: str) -> None:
    found = guess_item(header)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize("header", [[], ["姓名"], ["a", "b"], ["备注", "法定代表人"]])
def test_a_header_of_nothing_known_is_not_guessed(header: list[str]) -> None:
    assert guess_item(header) is None


def test_another_catalogue_can_be_asked(
    honour_file: Callable[[str, str], Path], catalogue: Catalogue, penalty: Item
) -> None:
    honour = load_item(honour_file("", ""))
    wider = replace(catalogue, items=(*catalogue.items, honour))
    assert recognise_header(honour, ["单位", "代码"], catalogue=wider).generation == "H1"
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(penalty, ["单位", "代码"], catalogue=wider)
    assert caught.value.looks_like == "honour"


@pytest.mark.parametrize(("item", "generation"), PAIRS, ids=[f"{item.key}-{key}" for item, key in PAIRS])
def test_every_alias_of_every_generation_maps_back_to_its_field(item: Item, generation: str) -> None:
    table = alias_table(item, generation)
    named = [(field.key, name) for field in item.fields for name in field.names_in(generation)]
    assert len(named) > 20
    assert [(key, name) for key, name in named if table[fold_header(name).key] != key] == []


@settings(deadline=None)
@given(st.sampled_from(PAIRS).flatmap(lambda pair: st.tuples(st.just(pair), full_headers(*pair))))
def test_a_full_header_reads_back_in_any_order(
    drawn: tuple[tuple[Item, str], list[tuple[str, str]]],
) -> None:
    (item, generation), named = drawn
    match = recognise_header(item, [name for _, name in named])
    assert dict(match.columns) == {key: at for at, (key, _) in enumerate(named)}
    assert match.unknown == ()
    assert match.generation == generation or (item.key, generation) == ("penalty", "G2")


@settings(deadline=None)
@given(
    st.sampled_from(PAIRS).flatmap(lambda pair: st.tuples(st.just(pair[0]), full_headers(*pair))),
    st.data(),
)
def test_dress_makes_no_difference(drawn: tuple[Item, list[tuple[str, str]]], data: st.DataObject) -> None:
    item, named = drawn
    plain = [name for _, name in named]
    dresses: list[Callable[[str], str]] = [
        lambda name: name,
        lambda name: name.translate(FULL_WIDTH),
        lambda name: f" {name}\u3000",
        lambda name: f"*{name}",
        lambda name: f"{name}（必填）",
        lambda name: f"{name}(YYYY/MM/DD)",
        lambda name: name.lower(),
        lambda name: f"{name}\u200b*",
    ]
    dressed = [data.draw(st.sampled_from(dresses))(name) for name in plain]
    assert recognise_header(item, dressed) == recognise_header(item, plain)


@settings(deadline=None)
@given(st.permutations(G3_PENALTY), st.data())
def test_order_makes_no_difference_to_what_is_found(header: list[str], data: st.DataObject) -> None:
    penalty = load_catalogue().item("penalty")
    kept = data.draw(st.lists(st.sampled_from(header), min_size=15, unique=True))
    one = recognise_header(penalty, kept) if _accepted(penalty, kept) else None
    other = recognise_header(penalty, kept[::-1]) if _accepted(penalty, kept[::-1]) else None
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.generation == other.generation
        assert set(one.columns) == set(other.columns)
        assert one.missing_required == other.missing_required
        assert {key: kept[at] for key, at in one.columns.items()} == {
            key: kept[::-1][at] for key, at in other.columns.items()
        }


def _accepted(item: Item, header: list[str]) -> bool:
    try:
        recognise_header(item, header)
    except HeaderNotRecognised:
        return False
    return True


@settings(deadline=None)
@given(st.sampled_from(ITEMS), st.lists(st.text(max_size=12) | st.sampled_from(G3_PENALTY), max_size=40))
def test_any_header_is_read_or_refused_with_a_reason(item: Item, header: list[str]) -> None:
    try:
        match = recognise_header(item, header)
        outcome = "read" if all(0 <= at < len(header) for at in match.columns.values()) else "out of range"
    except HeaderNotRecognised as problem:
        outcome = problem.code if problem.message_zh and problem.message_en else "no reason"
    assert outcome in {
        "read",
        "empty_header",
        "not_this_item",
        "other_item",
        "duplicate_column",
        "wrong_unit",
    }


@settings(deadline=None)
@given(st.sampled_from(PAIRS).flatmap(lambda pair: st.tuples(st.just(pair[0]), full_headers(*pair))))
def test_every_column_is_accounted_for(drawn: tuple[Item, list[tuple[str, str]]]) -> None:
    item, named = drawn
    header = ["序号", "flex_a", "不认识的列", *(name for _, name in named)]
    match = recognise_header(item, header)
    assert match.ignored == ("序号",)
    assert match.carried == ("flex_a",)
    assert match.unknown == ("不认识的列",)
    counted = len(match.columns) + len(match.ignored) + len(match.carried) + len(match.unknown)
    assert counted == len(header)
