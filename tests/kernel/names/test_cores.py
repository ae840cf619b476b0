"""Brand and trade: a slip is forgiven where it breaks a word, and never where both names are whole and differ."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.cores import compare_cores, compare_trades, is_unusual
from chengxin.kernel.names.parsing import read_usual
from chengxin.kernel.names.reasons import Findings
from chengxin.kernel.names.slips import Slip
from chengxin.kernel.names.tables import county_names


def codes(one: str, other: str) -> list[str]:
    found = []
    for a, b in ((one, other), (other, one)):
        findings = Findings()
        compare_cores(read_usual(a), read_usual(b), findings)
        found.append([reason.code for reason in findings.reasons])
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("昆山禾映食品", "昆山禾映食品", []),
        ("昆山禾映食品", "昆山和映食品", ["brand_misspelt"]),
        ("昆山禾映食品", "昆山禾林食品", ["brand_unclear"]),
        ("昆山禾映食品", "昆山禾食品", ["brand_unclear"]),
        ("昆山禾映食品", "昆山禾映映食品", ["brand_misspelt"]),
        ("昆山家福食品", "昆山家家福食品", ["brand_unclear"]),
        ("昆山禾映食品", "昆山映禾食品", ["brand_unclear"]),
        ("昆山科谷森食品", "昆山谷科森食品", ["brand_misspelt"]),
        ("昆山禾映食品", "昆山嘉铭食品", ["brand_differs"]),
        ("昆山禾映食品", "昆山嘉铭机械", ["brand_differs", "trade_differs"]),
        ("昆山禾映食品", "昆山和影食品", ["brand_unclear"]),
        ("昆山科谷森达食品", "昆山可古森达食品", ["brand_misspelt"]),
        ("禾映", "和映", ["brand_misspelt", "brand_thin"]),
        ("禾映食品", "和映食品", ["brand_misspelt"]),
        ("龙游禾映食品", "禾映食品", ["brand_unclear"]),
        ("昆山禾映电子科技", "昆山禾映电金科技", ["trade_unclear"]),
        ("昆山禾映电子科技", "昆山禾映电侮科技", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映电子科枝", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映电子技", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映子科技", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映电的子科技", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映电电子科技", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映子电科技", ["trade_misspelt"]),
        ("昆山禾映电子科技", "昆山禾映电子科技园", ["trade_unclear"]),
        ("昆山禾映电子科技", "昆山禾映科技", ["trade_missing"]),
        ("昆山禾映电子科技", "昆山禾映", ["trade_missing"]),
        ("昆山禾映电子科技", "昆山禾映电气科技", ["trade_differs"]),
        ("昆山禾映食品", "昆山禾映饰品", ["trade_differs"]),
        ("昆山禾映贸易", "昆山禾映商贸", ["trade_near"]),
        ("昆山禾映科技", "昆山禾映实业", ["trade_near"]),
        ("昆山禾映HEYING电子", "昆山禾映电子", ["brand_differs"]),
        ("昆山HEYING电子", "昆山禾映电子", ["brand_spelled"]),
        ("HEYING电子", "禾映电子", ["brand_spelled", "brand_thin"]),
        ("昆山SUNRISE电子", "昆山晨曦电子", ["other_script"]),
        ("昆山市", "昆山市禾映", ["brand_unclear"]),
    ],
)
def test_cores_compare(one: str, other: str, expected: list[str]) -> None:
    assert codes(one, other) == expected


def test_trades_that_read_alike_have_no_reason() -> None:
    findings = Findings()
    compare_trades(read_usual("昆山禾映电子科技"), read_usual("昆山嘉铭电子科技"), findings)
    assert findings.reasons == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("宁波海港通模具有限公司", "宁波侮港通模具有限公司", ["brand_misspelt"]),
        ("宁波海港通模具有限公司", "侮港通模具有限公司", ["brand_unclear"]),  # another place
        ("宁波海港通模具有限公司", "宁波侮港通模具", ["brand_misspelt"]),  # a form left out
        ("海港通模具有限公司", "侮港通模具有限公司", ["brand_misspelt"]),
        ("海港科技有限公司", "侮港科技有限公司", ["brand_unclear"]),  # 科技 says little
        ("海港有限公司", "侮港有限公司", ["brand_unclear"]),  # too short to tell
        ("江苏江海食品有限公司", "江苏江河食品有限公司", ["brand_unclear"]),  # two characters that brands use
        ("宁波海港通模具有限公司", "宁波侮港林模具有限公司", ["brand_differs"]),  # two slips
        ("苏州汉德尔电子材料有限公司", "苏州汉德尔电子林料有限公司", ["trade_misspelt"]),
    ],
)
def test_a_character_that_only_resembles_is_a_slip_where_a_long_name_agrees_otherwise(
    one: str, other: str, expected: list[str]
) -> None:
    assert codes(one, other) == expected


def test_two_texts_that_begin_in_two_counties_are_no_slip_of_each_other() -> None:
    assert {"临西", "林西"} <= county_names()
    assert codes("临西禾映电子", "林西禾映电子") == ["brand_unclear"]
    assert codes("禾西禾映电子", "和西禾映电子") == ["brand_misspelt"]


@pytest.mark.parametrize(
    ("x", "y", "unusual"),
    [("技", "侮", True), ("技", "金", False), ("", "侮", False), ("江", "河", False)],
)
def test_a_character_that_names_do_not_use_is_unusual(x: str, y: str, unusual: bool) -> None:  # noqa: FBT001 - a case
    assert is_unusual(Slip("other", 0, 0, x, y)) is unusual
