"""The legal form is found at the end of a name, also where it is cut off or mistyped."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.forms import COMPANY_KINDS, damaged_forms, find_form, is_group
from chengxin.kernel.names.tables import forms

WHOLE = [
    ("禾映食品有限公司", "有限公司", "limited"),
    ("禾映食品有限责任公司", "有限责任公司", "limited"),
    ("禾映食品股份有限公司", "股份有限公司", "joint_stock"),
    ("禾映食品股份公司", "股份公司", "joint_stock"),
    ("禾映食品公司", "公司", "company"),
    ("禾映控股有限公司", "有限公司", "limited"),
    ("禾映食品总公司", "总公司", "company"),
    ("禾映五金厂", "厂", "factory"),
    ("禾映五金加工厂", "加工厂", "factory"),
    ("禾映蔬果专业合作社", "专业合作社", "cooperative"),
    ("禾映村股份经济合作社", "股份经济合作社", "village_economy"),
    ("禾映投资合伙企业", "合伙企业", "partnership"),
    ("禾映商行", "商行", "shop"),
    ("禾映小学", "小学", "primary_school"),
    ("禾映幼儿园", "幼儿园", "kindergarten"),
    ("禾映协会", "协会", "association"),
    ("HEYINGCO.,LTD.", "CO.,LTD.", "limited"),
    ("HEYINGGMBH", "GMBH", "limited"),
]

DAMAGED = [
    ("禾映食品有限公", "有限公司", "有限公"),
    ("禾映食品有限", "有限公司", "有限"),
    ("禾映食品限公司", "有限公司", "限公司"),
    ("禾映食品有公司", "有限公司", "有公司"),
    ("禾映食品有限司", "有限公司", "有限司"),
    ("禾映食品有有限公司", "有限公司", "有有限公司"),
    ("禾映食品有限公公司", "有限公司", "有限公公司"),
    ("禾映食品限有公司", "有限公司", "限有公司"),
    ("禾映食品有限司公", "有限公司", "有限司公"),
    ("禾映食品有线公司", "有限公司", "有线公司"),
    ("禾映食品有限公可", "有限公司", "有限公可"),
    ("禾映食品有限责任公", "有限责任公司", "有限责任公"),
    ("禾映食品有限责仁公司", "有限责任公司", "有限责仁公司"),
    ("禾映食品股份有限公", "股份有限公司", "股份有限公"),
    ("禾映食品股分有限公司", "股份有限公司", "股分有限公司"),
    ("禾映食品古份有限公司", "股份有限公司", "份有限公司"),
    ("禾映食品股份限公司", "股份有限公司", "股份限公司"),
    ("禾映食品份有限公司", "股份有限公司", "份有限公司"),
    ("禾映食品股股份有限公司", "股份有限公司", "股股份有限公司"),
    ("禾映控股份有限公司", "股份有限公司", "股份有限公司"),
]


@pytest.mark.parametrize(("text", "form", "kind"), WHOLE)
def test_a_whole_form_is_found(text: str, form: str, kind: str) -> None:
    found, length, misspelt = find_form(text)
    assert found is not None
    assert (found.text, found.kind, length, misspelt) == (form, kind, len(form), False)


@pytest.mark.parametrize(("text", "meant", "written"), DAMAGED)
def test_a_damaged_form_is_found(text: str, meant: str, written: str) -> None:
    found, length, misspelt = find_form(text)
    assert found is not None
    assert found.text == meant
    assert text.endswith(written)
    assert length >= len(written)
    assert misspelt is (written != meant)


@pytest.mark.parametrize("text", ["禾映", "禾映食品", "", "司", "昆山", "禾映科技园"])
def test_where_there_is_no_form_none_is_found(text: str) -> None:
    assert find_form(text) == (None, 0, False)


def test_a_holding_company_is_no_joint_stock_company_with_a_lost_character() -> None:
    found, length, misspelt = find_form("禾映控股有限公司")
    assert found is not None
    assert (found.kind, length, misspelt) == ("limited", 4, False)


@pytest.mark.parametrize(
    ("text", "length", "misspelt"),
    [
        ("禾映集团有限公司", 6, False),
        ("禾映集团股份有限公司", 8, False),
        ("禾映集团", 2, False),
        ("禾映集湍有限公司", 6, True),
        ("禾映团集有限公司", 6, True),
        ("禾映集集团有限公司", 7, True),
        ("禾映集团团有限公司", 7, True),
        ("禾映集团有限公", 5, True),
        ("禾映食品集湍", 2, True),
    ],
)
def test_the_word_group_belongs_to_the_form(text: str, length: int, misspelt: bool) -> None:  # noqa: FBT001 - a case
    found, taken, wrong = find_form(text)
    assert found is not None
    assert found.group
    assert (taken, wrong) == (length, misspelt)


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("集团", True), ("团集", True), ("集", True), ("级团", True), ("集体", False), ("", False), ("财团法人", False)],
)
def test_a_group_is_told_by_its_word(text: str, is_so: bool) -> None:  # noqa: FBT001 - a case
    assert is_group(text) is is_so


def test_no_damaged_form_is_a_form() -> None:
    assert not set(damaged_forms()) & set(forms())


def test_every_damaged_form_means_a_company() -> None:
    assert {form.kind for form in damaged_forms().values()} <= COMPANY_KINDS
