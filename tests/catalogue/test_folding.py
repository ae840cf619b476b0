"""Headers that mean the same fold to one key; the unit of an amount is not lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue.folding import fold_header, fold_value

FULL_WIDTH = {ord(" "): "\u3000"} | {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}


@pytest.mark.parametrize(
    "written",
    [
        "行政相对人名称",
        " 行政相对人名称 ",
        "行政相对人名称*",
        "*行政相对人名称",
        "＊行政相对人名称",
        "行政相对人名称（必填）",
        "行政相对人名称(必填)",
        "（必填）行政相对人名称",
        "行政相对人名称【必填】",
        "行政相对人名称〔必填项〕",
        "行政相对人名称 ( 必填 ) *",
        "行政相对人名称（条件必填）",
        "行政相对人名称（非必填）",
        "行政相对人名称（选填）",
        "行政相对人名称（必填，法人填写全称）",
        "行政相对人名称（不可为空）",
        "行政相对人名称（可空）",
        "行政相对人名称（C200）",
        "行政相对人名称（200字以内）",
        "行政相对人名称（字符型）",
        "行政相对人\n名称",
        "行政 相对人\u3000名称",
        "行政相对人名称\ufeff",
        "行政\u200b相对人名称",
        "行政相对人名称（示例：某某公司）",
        "行政相对人名称（如：某某公司）",
        "行政相对人名称（必填）（C200）",
    ],
)
def test_dress_does_not_change_a_header(written: str) -> None:
    assert fold_header(written).key == "行政相对人名称"


@pytest.mark.parametrize(
    "written",
    [
        "有效期自",
        "有效期自(YYYY/MM/DD)",
        "有效期自（yyyy-mm-dd）",
        "有效期自（YYYY/MM/DD HH:MM:SS）",
        "有效期自（年月日）",
        "有效期自（格式：2026/01/02）",
        "有效期自（YYYY/MM/DD）（必填）",
    ],
)
def test_the_form_of_a_date_is_a_note(written: str) -> None:
    assert fold_header(written).key == "有效期自"


@pytest.mark.parametrize(
    "written",
    [
        "XK_XDR_MC",
        "xk_xdr_mc",
        "ＸＫ＿ＸＤＲ＿ＭＣ",
        "XK-XDR-MC",
        "XK XDR MC",
        "Xk_Xdr_Mc*",
        "XKXDRMC",
        "XK_XDR_MC(C200)",
    ],
)
def test_codes_fold_width_case_and_dashes(written: str) -> None:
    assert fold_header(written).key == "xkxdrmc"


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("罚款金额", None),
        ("罚款金额（万元）", "万元"),
        ("罚款金额(万元)", "万元"),
        ("罚款金额（单位：万元）", "万元"),
        ("罚款金额（单位:元）", "元"),
        ("罚款金额（元）", "元"),
        ("罚款金额（人民币元）", "元"),
        ("罚款金额（万人民币）", "万元"),
        ("罚款金额（亿元）", "亿元"),
        ("罚款金额（千元）（必填）", "千元"),
        ("罚款金额（必填）（万元）", "万元"),
    ],
)
def test_the_unit_of_an_amount_is_handed_back(written: str, unit: str | None) -> None:
    folded = fold_header(written)
    assert folded.key == "罚款金额"
    assert folded.unit == unit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("代码_1", "代码_2"),
        ("证件类型（自然人）", "证件类型"),
        ("法定代表人（负责人）", "法定代表人"),
        ("有效期自", "有效期至"),
        ("处罚类别1", "处罚类别2"),
        ("许可机关", "许可机关统一社会信用代码"),
        ("罚款金额（美元）", "罚款金额"),
        ("名称（旧）", "名称"),
    ],
)
def test_what_means_something_else_stays_apart(one: str, other: str) -> None:
    assert fold_header(one).key != fold_header(other).key


@pytest.mark.parametrize("blank", ["", " ", "\u3000", "*", "()", "（必填）", "\ufeff", "--", "\t\n"])
def test_a_header_of_nothing_folds_to_nothing(blank: str) -> None:
    assert fold_header(blank).key == ""


def test_brackets_of_every_kind_are_one_kind() -> None:
    forms = [
        "代码_1({})",
        "代码_1（{}）",
        "代码_1【{}】",
        "代码_1〔{}〕",
        "代码_1[{}]",
        "代码_1「{}」",
        "代码_1 {}",
    ]
    assert {fold_header(one.format("统一社会信用代码")).key for one in forms} == {"代码1统一社会信用代码"}


@given(st.text())
def test_folding_is_total_and_folding_again_changes_nothing(text: str) -> None:
    key = fold_header(text).key
    assert fold_header(key).key == key


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_width_makes_no_difference(text: str) -> None:
    assert fold_header(text.translate(FULL_WIDTH)) == fold_header(text)


@given(st.text(st.characters(codec="ascii")))
def test_case_makes_no_difference(text: str) -> None:
    assert fold_header(text.upper()) == fold_header(text.lower())


@given(st.text(), st.sampled_from([" ", "\u3000", "\u200b", "\ufeff", "\n", "\t", "\u00a0"]), st.data())
def test_space_anywhere_makes_no_difference(text: str, space: str, data: st.DataObject) -> None:
    # A space inside can keep a base and its mark apart, so only plain text is cut in two.
    plain = fold_header(text).key
    at = data.draw(st.integers(0, len(plain)))
    if plain.isascii():
        assert fold_header(plain[:at] + space + plain[at:]).key == plain
    else:
        assert fold_header(space + plain + space).key == plain


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("罚款", "罚款"),
        (" 罚　款 ", "罚款"),
        ("０１", "01"),
        ("吊销，未注销", "吊销,未注销"),
        ("存续（在营、开业、在册）", "存续(在营、开业、在册)"),
        ("其他-xxx", "其他-xxx"),
        ("其他－XXX", "其他-xxx"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_values_fold_width_case_and_space_but_keep_their_marks(written: str, folded: str) -> None:
    assert fold_value(written) == folded


@given(st.text())
def test_folding_a_value_again_changes_nothing(text: str) -> None:
    assert fold_value(fold_value(text)) == fold_value(text)
