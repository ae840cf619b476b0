"""A brand in pinyin is its characters, and foreign names are compared without their legal forms."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.reasons import Findings
from chengxin.kernel.names.spelling import compare_foreign, is_spelling, latin_letters


@pytest.mark.parametrize(
    ("letters", "characters"),
    [
        ("HEYING", "禾映"),
        ("QIYUE", "启岳"),
        ("XIAN", "西安"),
        ("LVYE", "绿野"),
        ("LUYE", "绿野"),
        ("LYUYE", "绿野"),
        ("CHANGLE", "长乐"),
        ("ZHANGLE", "长乐"),
        ("HUIQUANYUAN", "惠泉源"),
    ],
)
def test_pinyin_spells_the_brand(letters: str, characters: str) -> None:
    assert is_spelling(letters, characters)


@pytest.mark.parametrize(
    ("letters", "characters"),
    [
        ("SUNRISE", "晨曦"),
        ("HEYIN", "禾映"),
        ("HEYINGG", "禾映"),
        ("HE", "禾"),
        ("LI", "力"),
        ("", "禾映"),
        ("HEYING", ""),
        ("HEYING", "禾映AB"),
        ("A" * 40, "啊" * 40),
    ],
)
def test_other_letters_do_not(letters: str, characters: str) -> None:
    assert not is_spelling(letters, characters)


def test_letters_are_taken_out_in_order() -> None:
    assert latin_letters("昆山AB电子C12D") == "ABCD"


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("NORTHWINDTRADINGLIMITED", "NORTHWINDTRADINGCO.,LTD.", "form_written"),
        ("NORTHWINDTRADINGLTD", "NORTHWINDTRADING", "form_written"),
        ("NORTHWINDTRADINGLTD", "NORTHWNDTRADINGLTD", "foreign_misspelt"),
        ("NORTHWINDTRADINGLTD", "NORTHWINDTRACINGLTD", "foreign_unclear"),
        ("NORTHWINDTRADINGLTD", "SOUTHSEASHIPPINGLTD", "foreign_differs"),
        ("ABCLTD", "ABDLTD", "foreign_differs"),
        ("NORTHWINDTRADINGLTD", "NORTHWINDTRADINGLTDSHANGHAIBRANCH", "branch_and_parent"),
        ("ЗАВОДСЕВЕР", "ЗАВОДСЕВЕР2", "foreign_unclear"),
    ],
)
def test_foreign_names_are_compared(one: str, other: str, code: str) -> None:
    findings = Findings()
    compare_foreign(one, other, findings)
    assert findings.has(code), findings.reasons
