"""A name comes apart into 行政区划, 字号, 行业, 组织形式 and branch, as the naming rules order them."""

from __future__ import annotations

import json

import pytest

from chengxin.kernel.names import parse_name
from chengxin.kernel.names.parsing import read_usual

# name, region, brand, trade, form, branch
PLAIN = [
    ("昆山市禾映食品有限公司", "昆山市", "禾映", "食品", "有限公司", ""),
    ("昆山禾映食品有限公司", "昆山", "禾映", "食品", "有限公司", ""),
    ("江苏省昆山市禾映食品有限责任公司", "江苏省昆山市", "禾映", "食品", "有限责任公司", ""),
    ("苏州启岳新材料股份有限公司", "苏州", "启岳", "新材料", "股份有限公司", ""),
    ("昆山科谷森达电子科技有限公司", "昆山", "科谷森达", "电子科技", "有限公司", ""),
    ("江苏金澜钢铁集团有限公司", "江苏", "金澜", "钢铁", "集团有限公司", ""),
    ("江苏金澜集团", "江苏", "金澜", "", "集团", ""),
    ("昆山永丰源五金厂", "昆山", "永丰源", "五金", "厂", ""),
    ("昆山永丰源五金经营部", "昆山", "永丰源", "五金", "经营部", ""),
    ("昆山绿野蔬果专业合作社", "昆山", "绿野", "蔬果", "专业合作社", ""),
    ("昆山安瑞律师事务所", "昆山", "安瑞", "律师", "事务所", ""),
    ("昆山惠康医院", "昆山", "惠康", "", "医院", ""),
    ("昆山市第一中学", "昆山市", "第一", "", "中学", ""),
    ("昆山市人民政府", "昆山市", "", "", "人民政府", ""),
    ("昆山市卫生健康委员会", "昆山市", "卫生健康", "", "委员会", ""),
    ("苏州市教育局", "苏州市", "教育", "", "局", ""),
    ("禾映食品有限公司", "", "禾映", "食品", "有限公司", ""),
    ("禾映", "", "禾映", "", "", ""),
    ("昆山市", "昆山市", "", "", "", ""),
    ("有限公司", "", "", "", "有限公司", ""),
    ("中国农商发展银行", "中国", "农商", "发展银行", "", ""),
    ("内蒙古自治区草原牧业有限公司", "内蒙古自治区", "草原牧业", "", "有限公司", ""),
    ("苏州工业园区启岳科技有限公司", "苏州工业园区", "启岳", "科技", "有限公司", ""),
    ("昆山市玉山镇老王面馆", "昆山市玉山镇", "老王", "", "面馆", ""),
    ("昆山市花桥镇美美服装店", "昆山市花桥镇", "美美", "", "服装店", ""),
    ("江苏省无锡市江阴市澄江食品有限公司", "江苏省无锡市江阴市", "澄江", "食品", "有限公司", ""),
]

BRANCHES = [
    ("昆山禾映食品有限公司苏州分公司", "有限公司", "苏州分公司"),
    ("昆山禾映食品有限公司第一分公司", "有限公司", "第一分公司"),
    ("昆山禾映食品有限公司花桥营业部", "有限公司", "花桥营业部"),
    ("昆山禾映食品有限公司一分厂", "有限公司", "一分厂"),
    ("昆山禾映食品有限公司昆山工厂", "有限公司", "昆山工厂"),
    ("中国农商发展银行昆山支行", "", "昆山支行"),
    ("中国农商发展银行股份有限公司昆山支行", "股份有限公司", "昆山支行"),
    ("中国农商发展银行昆山营业部", "", "昆山营业部"),
    ("华通保险股份有限公司昆山中心支公司", "股份有限公司", "昆山中心支公司"),
    ("昆山安瑞律师事务所苏州分所", "事务所", "苏州分所"),
    ("昆山惠康医院城北分院", "医院", "城北分院"),
    ("昆山育英学校花桥分校", "学校", "花桥分校"),
    ("禾映食品昆山分公司", "", "昆山分公司"),
    ("禾映食品江苏昆山第二分公司", "", "江苏昆山第二分公司"),
    ("禾映食品办事处", "", "办事处"),
    ("昆山禾映食品集团苏州办事处", "集团", "苏州办事处"),
]

NO_BRANCHES = [
    "昆山市玉山街道办事处",
    "昆山禾映食品有限公司",
    "昆山永丰源门市部",
    "昆山好味来饭店",
    "昆山第一百货公司",
    "禾映子公司",
]

INSIDE = [
    ("嘉铭精密机械（昆山）有限公司", "嘉铭", "精密机械", ("昆山",)),
    ("嘉铭精密机械昆山有限公司", "嘉铭", "精密机械昆山", ("昆山",)),
    ("嘉铭（昆山）精密机械有限公司", "嘉铭", "精密机械", ("昆山",)),
    ("嘉铭昆山精密机械有限公司", "嘉铭", "昆山精密机械", ("昆山",)),
    ("嘉铭精密机械（江苏昆山）有限公司", "嘉铭", "精密机械", ("江苏", "昆山")),
    ("普利维（中国）化工有限公司", "普利维", "化工", ("中国",)),
]


@pytest.mark.parametrize(("name", "region", "brand", "trade", "form", "branch"), PLAIN)
def test_a_name_comes_apart(name: str, region: str, brand: str, trade: str, form: str, branch: str) -> None:
    found = parse_name(name)
    assert (found.region, found.brand, found.trade, found.form, found.branch) == (region, brand, trade, form, branch)
    assert found.remark == ""


@pytest.mark.parametrize(("name", "form", "branch"), BRANCHES)
def test_a_branch_stands_behind_its_parent(name: str, form: str, branch: str) -> None:
    found = parse_name(name)
    assert (found.form, found.branch) == (form, branch)


@pytest.mark.parametrize("name", NO_BRANCHES)
def test_what_only_sounds_like_a_branch_is_none(name: str) -> None:
    assert parse_name(name).branch == ""


@pytest.mark.parametrize(("name", "brand", "trade", "places"), INSIDE)
def test_a_place_inside_the_name_is_seen(name: str, brand: str, trade: str, places: tuple[str, ...]) -> None:
    found = parse_name(name)
    assert (found.region, found.brand, found.trade) == ("", brand, trade)
    assert found.places == places
    assert "place_inside" in found.notes


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("崑山禾映食品有限公司", "traditional"),
        ("昆山禾映食品有限公可", "form_misspelt"),
        ("昆山禾映食品有线公司", "form_misspelt"),
        ("昆山禾映食品", "no_form"),
        ("彩龙县彩龙印刷有限公司", "unknown_place"),
        ("昆山禾映（食品有限公司", "unclosed_bracket"),
        ("Northwind Trading Ltd", "foreign"),
        ("", "empty"),
        (" \t ", "empty"),
    ],
)
def test_what_is_odd_is_noted(name: str, note: str) -> None:
    assert note in parse_name(name).notes


def test_a_plain_name_has_no_notes() -> None:
    assert parse_name("昆山市禾映食品有限公司").notes == ()


def test_a_traditional_name_keeps_its_characters_and_is_read_all_the_same() -> None:
    found = parse_name("崑山市東陽電子有限公司")
    assert (found.region, found.brand, found.trade, found.form) == ("崑山市", "東陽", "電子", "有限公司")
    assert found.places == ("昆山",)


def test_width_brackets_and_spaces_are_folded_but_the_original_is_kept() -> None:
    found = parse_name("昆山　禾映食品〔集团〕有限公司")
    assert found.original == "昆山　禾映食品〔集团〕有限公司"
    assert found.folded == "昆山禾映食品(集团)有限公司"
    assert found.brackets == ("集团",)


def test_what_stands_behind_the_name_is_a_remark() -> None:
    assert parse_name("昆山禾映食品有限公司已注销").remark == "已注销"
    assert parse_name("昆山禾映食品有限公司 Kunshan Heying Food Co., Ltd.").remark == "KUNSHANHEYINGFOODCO.,LTD."
    assert parse_name("昆山禾映食品有限公司。").remark == "。"


def test_a_foreign_name_behind_a_branch_leaves_the_branch() -> None:
    found = parse_name("昆山禾映食品有限公司苏州分公司 Suzhou Branch")
    assert (found.branch, found.remark) == ("苏州分公司", "SUZHOUBRANCH")


def test_a_brand_keeps_two_characters_even_where_they_name_a_trade() -> None:
    found = parse_name("昆山建材有限公司")
    assert (found.brand, found.trade) == ("建材", "")


def test_a_second_company_in_the_name_is_no_parent() -> None:
    found = parse_name("公司宝科技有限公司")
    assert found.branch == ""
    assert found.form == "有限公司"


def test_a_place_does_not_swallow_a_brand_that_begins_like_it() -> None:
    found = parse_name("大连大连港物流有限公司")
    assert (found.region, found.brand) == ("大连", "大连港")


def test_a_bracket_with_a_branch_makes_a_unit() -> None:
    assert read_usual("昆山禾映食品有限公司(苏州分公司)").unit == "苏州分公司"
    assert parse_name("昆山禾映食品有限公司（苏州分公司）").branch == ""


def test_the_parts_go_into_json() -> None:
    found = parse_name("昆山市禾映食品（集团）有限公司苏州分公司").as_dict()
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found
    assert found["region"] == "昆山市"
    assert found["branch"] == "苏州分公司"
    assert found["brackets"] == ["集团"]
    assert found["places"] == ["昆山"]


def test_a_very_long_text_is_read_without_waiting() -> None:
    name = "昆山（" * 5000 + "电子" * 5000
    found = parse_name(name)
    assert found.folded.count("昆山") == 5000
    assert "unclosed_bracket" in found.notes
