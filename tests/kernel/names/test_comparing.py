"""Two names are the same, to be reviewed, or different, and the comparison says why in words a clerk understands."""

from __future__ import annotations

import json

import pytest

from chengxin.kernel.names import NameComparison, Verdict, compare_names

BASE = "昆山市禾映食品有限公司"
LONG = "昆山科谷森达电子科技有限公司"

SAME = [
    # what folding takes away
    (BASE, "昆山市禾映食品有限公司", "identical"),
    (BASE, "昆山市 禾映食品有限公司", "written_alike"),
    ("江苏金澜（集团）有限公司", "江苏金澜[集团]有限公司", "written_alike"),
    ("江苏金澜（集团）有限公司", "江苏金澜集团有限公司", "written_alike"),
    (BASE, "昆山市-禾映·食品、有限公司", "written_alike"),
    (BASE, "单位名称：昆山市禾映食品有限公司", "written_alike"),
    (BASE, "崑山市禾映食品有限公司", "variant_characters"),
    # places
    (BASE, "昆山禾映食品有限公司", "place_written"),
    (BASE, "江苏省昆山市禾映食品有限公司", "place_widened"),
    (BASE, "江苏省苏州市昆山市禾映食品有限公司", "place_widened"),
    (BASE, "禾映食品（昆山）有限公司", "place_moved"),
    (BASE, "坤山市禾映食品有限公司", "place_misspelt"),
    (BASE, "昆市禾映食品有限公司", "place_misspelt"),
    (BASE, "昆昆山市禾映食品有限公司", "place_misspelt"),
    ("嘉铭机械（昆山）有限公司", "嘉铭机械（昆出）有限公司", "place_misspelt"),
    ("彩龙县彩云印刷有限公司", "彩龙彩云印刷有限公司", "place_written"),
    # legal forms
    (BASE, "昆山市禾映食品有限责任公司", "form_written"),
    (BASE, "昆山市禾映食品公司", "form_written"),
    (BASE, "昆山市禾映食品", "form_missing"),
    (BASE, "昆山市禾映食品有限公", "form_misspelt"),
    (BASE, "昆山市禾映食品有限", "form_misspelt"),
    (BASE, "昆山市禾映食品有线公司", "form_misspelt"),
    (BASE, "昆山市禾映食品有有限公司", "form_misspelt"),
    (BASE, "昆山市禾映食品有限司公", "form_misspelt"),
    (BASE, "昆山市禾映食品有限的公司", "form_misspelt"),
    ("苏州启岳新材料股份有限公司", "苏州启岳新材股料份有限公司", "form_misspelt"),
    ("苏州启岳新材料股份有限公司", "苏州启岳新材料骨份有限公司", "form_misspelt"),
    ("江苏金澜钢铁集团有限公司", "江苏金澜钢铁团有限公司", "form_misspelt"),
    ("惠邻超市有限公司", "惠邻超市", "form_missing"),
    # slips
    (LONG, "昆山科古森达电子科技有限公司", "brand_misspelt"),
    (LONG, "昆山科谷淼达电子科技有限公司", "brand_misspelt"),
    (LONG, "昆山科谷森达电子科枝有限公司", "trade_misspelt"),
    (LONG, "昆山科谷森达电子技有限公司", "trade_misspelt"),
    (LONG, "昆山科谷森达电电子科技有限公司", "trade_misspelt"),
    (LONG, "昆山科谷森达子电科技有限公司", "trade_misspelt"),
    (LONG, "昆山科谷达森电子科技有限公司", "brand_misspelt"),
    (LONG, "昆山科谷森达达电子科技有限公司", "brand_misspelt"),
    (LONG, "昆山科谷森电达子科技有限公司", "trade_misspelt"),
    ("昆山HEYING食品有限公司", "昆山禾映食品有限公司", "brand_spelled"),
    # ordinals, remarks, branches
    ("昆山市第十二中学", "昆山市第12中学", "written_alike"),
    (BASE, "昆山市禾映食品有限公司（已注销）", "written_alike"),
    (BASE, "昆山市禾映食品有限公司已注销", "remark_ignored"),
    (BASE, "昆山市禾映食品有限公司 Heying Food Co., Ltd.", "alias_ignored"),
    (BASE, "昆山市禾映食品有限公司公司", "remark_ignored"),
    (f"{BASE}苏州分公司", f"{BASE}苏州市分公司", "branch_written"),
    (f"{BASE}苏州分公司", "昆山禾映食品有限公司苏州分公司", "place_written"),
]

REVIEW = [
    (LONG, "昆山科谷林达电子科技有限公司", "brand_unclear"),
    (LONG, "昆山科谷深达电子科技有限公司", "brand_unclear"),
    ("江苏江海食品有限公司", "江苏江河食品有限公司", "brand_unclear"),
    ("昆山永鼎电缆有限公司", "昆山永鼎泰电缆有限公司", "brand_unclear"),
    ("昆山金龙贸易有限公司", "昆山龙金贸易有限公司", "brand_unclear"),
    ("昆山家福食品有限公司", "昆山家家福食品有限公司", "brand_unclear"),
    ("昆山禾映食品有限公司", "昆山何影食品有限公司", "brand_unclear"),
    ("禾映有限公司", "和映有限公司", "brand_thin"),
    ("昆山A星电子有限公司", "昆山B星电子有限公司", "brand_unclear"),
    ("昆山BOSSEN汽车部件有限公司", "昆山晨曦汽车部件有限公司", "other_script"),
    ("禾映有限公司", "HEYING有限公司", "brand_thin"),
    ("昆山禾映有限公司", "昆山禾映食品有限公司", "trade_missing"),
    ("昆山禾映贸易有限公司", "昆山禾映商贸有限公司", "trade_near"),
    ("昆山禾映科技有限公司", "昆山禾映科技园有限公司", "trade_unclear"),
    ("昆山禾映食品有限公司", "昆山禾映食品城有限公司", "trade_unclear"),
    ("禾映食品有限公司", "昆山禾映食品有限公司", "place_missing"),
    ("江苏禾映食品有限公司", "昆山禾映食品有限公司", "place_nested"),
    ("昆山永丰源五金厂", "昆山永丰源五金有限公司", "form_kind"),
    ("昆山禾映食品有限公司", "昆山禾映食品股份有限公司", "form_kind"),
    ("昆山永丰源五金", "昆山永丰源五金厂", "form_needed"),
    ("江苏金澜有限公司", "江苏金澜集团有限公司", "group_missing"),
    ("昆山市第一中学", "昆山市中学", "ordinal_missing"),
    ("昆山3-2号仓储有限公司", "昆山32号仓储有限公司", "ordinal_missing"),
    ("昆山禾映食品有限公司", "Kunshan Heying Food Co., Ltd.", "other_script"),
    ("Northwind Trading Limited", "Northwind Tracing Limited", "foreign_unclear"),
    (f"{BASE}苏州分公司", f"{BASE}分公司", "branch_unclear"),
    ("", BASE, "empty"),
    ("（）", BASE, "empty"),
    ("", "", "empty"),
]

DIFFERENT = [
    (BASE, f"{BASE}苏州分公司", "branch_and_parent"),
    (BASE, f"{BASE}（苏州分公司）", "branch_and_parent"),
    (f"{BASE}苏州分公司", f"{BASE}无锡分公司", "branch_differs"),
    (f"{BASE}苏州分公司", f"{BASE}苏州营业部", "branch_differs"),
    (f"{BASE}苏州分公司", f"{BASE}苏州分公司分公司", "branch_differs"),
    (f"{BASE}第一分公司", f"{BASE}第二分公司", "ordinal_differs"),
    ("昆山一分厂", "昆山二分厂", "ordinal_differs"),
    ("昆山市第一中学", "昆山市第二中学", "ordinal_differs"),
    ("昆山禾映食品有限公司", "昆山禾映药品有限公司", "trade_differs"),
    ("昆山禾映食品有限公司", "昆山禾映饰品有限公司", "trade_differs"),
    ("昆山禾映律师事务所", "昆山禾映会计师事务所", "trade_differs"),
    ("扬州禾映食品有限公司", "泰州禾映食品有限公司", "place_differs"),
    ("江苏江阴农村商业银行", "江苏常熟农村商业银行", "place_differs"),
    ("昆山市东新镇卫生院", "太仓市东新镇卫生院", "place_differs"),
    ("昆山市新民村民委员会", "太仓市新民村民委员会", "place_differs"),
    ("昆山市东新镇卫生院", "昆山市东鑫镇卫生院", "place_differs"),
    ("昆山禾映食品有限公司", "昆山嘉铭精密机械有限公司", "brand_differs"),
    ("昆山市人民法院", "昆山市人民检察院", "form_differs"),
    ("Northwind Trading Limited", "Southsea Shipping Limited", "foreign_differs"),
    ("Northwind Trading Limited", "Northwind Trading Limited Branch", "branch_and_parent"),
]


def codes(found: NameComparison) -> list[str]:
    return [reason.code for reason in found.reasons]


@pytest.mark.parametrize(("a", "b", "code"), SAME)
def test_writing_and_typing_do_not_make_another_body(a: str, b: str, code: str) -> None:
    found = compare_names(a, b)
    assert found.verdict is Verdict.SAME, codes(found)
    assert code in codes(found)


@pytest.mark.parametrize(("a", "b", "code"), REVIEW)
def test_what_a_name_cannot_decide_goes_to_a_person(a: str, b: str, code: str) -> None:
    found = compare_names(a, b)
    assert found.verdict is Verdict.REVIEW, codes(found)
    assert code in codes(found)


@pytest.mark.parametrize(("a", "b", "code"), DIFFERENT)
def test_another_body_is_told_apart(a: str, b: str, code: str) -> None:
    found = compare_names(a, b)
    assert found.verdict is Verdict.DIFFERENT, codes(found)
    assert code in codes(found)


@pytest.mark.parametrize(("a", "b"), [(a, b) for a, b, _ in (*SAME, *REVIEW, *DIFFERENT)])
def test_the_order_does_not_matter(a: str, b: str) -> None:
    assert compare_names(a, b) == compare_names(b, a)


def test_the_reasons_speak_to_a_clerk() -> None:
    found = compare_names("昆山科谷森达电子科技有限公司", "昆山市科古森达电子科技有限责任公司")
    assert [reason.message_zh for reason in found.reasons] == [
        "行政区划写法不同（“昆山市”与“昆山”），所指地方相同。",
        "字号疑有录入误差：“古”与“谷”读音相同。",
        "组织形式长短写法不同（“有限责任公司”与“有限公司”），意思相同。",
    ]


def test_a_branch_is_told_with_its_name() -> None:
    reason = compare_names(BASE, f"{BASE}苏州分公司").reasons[0]
    assert reason.message_zh == "一个是分支机构“苏州分公司”，另一个不是；分支机构与所属单位是两个主体。"
    assert reason.message_en == (
        "One is a branch (“苏州分公司”) and the other is not; a branch and its parent are two bodies."
    )


def test_more_to_say_makes_a_lower_score() -> None:
    plain = compare_names(BASE, "昆山禾映食品有限公司").score
    both = compare_names(BASE, "昆山禾映食品有限责任公司").score
    assert 1.0 > plain > both > 0.85


def test_three_slips_leave_a_doubt() -> None:
    found = compare_names("苏州博纳川达自动化设备有限公司", "苏州薄纳川达自动话设备有限公司")
    assert found.verdict is Verdict.SAME
    worse = compare_names("苏州博纳川达自动化设备有限公司", "苏州薄纳川达自动话设备有线公司")
    assert worse.verdict is Verdict.REVIEW
    assert "many_slips" in codes(worse)


def test_two_slips_in_a_short_name_leave_a_doubt() -> None:
    found = compare_names("昆山禾映网有限公司", "坤山和映网有限公司")
    assert found.verdict is Verdict.REVIEW
    assert "many_slips" in codes(found)


def test_a_slip_in_the_place_and_one_behind_it_are_forgiven_where_three_characters_agree() -> None:
    found = compare_names("昆山禾映食品有限公司", "坤山和映食品有限公司")
    assert found.verdict is Verdict.SAME
    assert {"place_misspelt", "brand_misspelt"} <= set(codes(found))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("昆山禾映科技股份有限公司", "昆山禾映科技股有份限公司"),
        ("昆山禾映科技股份有限公司", "昆山禾映科技股份限公"),
        ("昆山禾映科技股份有限公司", "昆山禾映科技股有份限公公司"),
    ],
)
def test_several_slips_inside_a_long_form_only_damage_it(one: str, other: str) -> None:
    found = compare_names(one, other)
    assert (found.verdict, codes(found)) == (Verdict.SAME, ["form_misspelt"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("昆山禾映股份有限公司", "昆山禾映控股有限公司"),
        ("昆山禾映股份有限公司", "昆山禾映有限公司"),
        ("昆山禾映科技股份有限公司", "昆山禾映科技有限责任公司"),
        ("昆山禾映科技股份有限公司", "昆山禾映科技合作社"),
        ("昆山禾映科技集团有限公司", "昆山禾映科技有限公司"),
    ],
)
def test_another_form_is_no_damaged_one(one: str, other: str) -> None:
    assert compare_names(one, other).verdict is not Verdict.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("江苏禾映(集团)股份有限公司", "江苏禾映(桌团)股份有限公司"),
        ("福建福光股份有限公司", "福建福广股份有限公司"),
        ("贝因美股份有限公司", "贝因镁股份有限公司"),
        ("南京禾映药业有限公司", "南京禾映钥业有限公司"),
        ("苏州汉德尔电子科技有限公司", "苏州汉德尔电子科羁有限公司"),
        ("深圳禾映电子科技有限公司", "深堑禾映电子科技有限公司"),
        ("芒果超媒股份有限公司", "芒果果超媒股份有限公司"),
    ],
)
def test_one_slip_is_forgiven_where_the_rest_says_enough(one: str, other: str) -> None:
    assert compare_names(one, other).verdict is Verdict.SAME
    assert compare_names(other, one).verdict is Verdict.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("鸿博股份有限公司", "宏博股份有限公司"),  # two characters, no place
        ("麒盛科技股份有限公司", "凯盛科技股份有限公司"),  # two real firms; a trade that any firm may carry
        ("江苏江海食品有限公司", "江苏江河食品有限公司"),  # two brands
        ("昆山禾映钢材有限公司", "昆山禾映磁材有限公司"),  # two trades, one of them in no table
        ("昆山禾映家政有限公司", "昆山禾映市政有限公司"),  # reads like the place 禾映市
        ("金龙客车有限公司", "龙金客车有限公司"),
    ],
)
def test_what_may_be_another_body_is_never_the_same(one: str, other: str) -> None:
    assert compare_names(one, other).verdict is not Verdict.SAME
    assert compare_names(other, one).verdict is not Verdict.SAME


def test_the_comparison_goes_into_json() -> None:
    found = compare_names(BASE, "昆山禾映食品有限公司").as_dict()
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found
    assert set(found) == {"verdict", "score", "reasons"}
    assert found["reasons"] == [
        {
            "code": "place_written",
            "message": "行政区划写法不同（“昆山市”与“昆山”），所指地方相同。",
            "message_en": "The place is written differently (“昆山市” and “昆山”) but is the same.",
        }
    ]


def test_a_private_use_character_is_no_noise() -> None:
    assert compare_names("昆山禾\ue863食品有限公司", "昆山禾食品有限公司").verdict is not Verdict.SAME


def test_a_lone_surrogate_is_compared_like_any_character() -> None:
    assert compare_names("\ud800", "\ud800").verdict is Verdict.SAME
    assert compare_names("昆山\ud800食品", "昆山禾食品").verdict is not Verdict.SAME
