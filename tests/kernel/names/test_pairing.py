"""What one name shows plainly helps to read what the other has damaged."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.kinds import compare_forms, settle_form
from chengxin.kernel.names.pairing import read_pair, reconcile, without_label
from chengxin.kernel.names.parsing import read_usual
from chengxin.kernel.names.placing import compare_places
from chengxin.kernel.names.reasons import Findings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("名称:昆山禾映", "昆山禾映"),
        ("甲方:昆山禾映", "昆山禾映"),
        ("行政相对人名称:昆山禾映", "昆山禾映"),
        ("昆山禾映", "昆山禾映"),
        ("名称昆山禾映", "名称昆山禾映"),
        ("名称:", "名称:"),
        ("禾映:名称", "禾映:名称"),
    ],
)
def test_a_label_is_no_part_of_the_name(text: str, name: str) -> None:
    assert without_label(text) == name


def test_a_bracket_that_says_nothing_known_is_read_as_part_of_the_name() -> None:
    a, b = read_pair("禾映(东区)食品有限公司", "禾映食品有限公司", Findings())
    assert a.core == "禾映东区食品"
    assert b.core == "禾映食品"


def test_a_mistyped_place_in_a_bracket_is_read_as_the_other_names_place() -> None:
    findings = Findings()
    a, b = read_pair("嘉铭机械(昆出)有限公司", "嘉铭机械(昆山)有限公司", findings)
    assert [one.short for one in a.inside] == [one.short for one in b.inside] == ["昆山"]
    assert findings.has("place_misspelt")


def test_a_group_that_lost_a_character_is_read_as_one_beside_the_group() -> None:
    a, b = reconcile(read_usual("金澜钢铁集团有限公司"), read_usual("金澜钢铁团有限公司"))
    assert a.group
    assert b.group
    assert a.core == b.core
    plain, other = reconcile(read_usual("金澜钢铁集团有限公司"), read_usual("金澜钢铁有限公司"))
    assert plain.group
    assert not other.group


def test_a_trade_that_looks_like_a_form_is_a_trade_beside_the_whole_name() -> None:
    a, b = reconcile(read_usual("惠邻超市有限公司"), read_usual("惠邻超市"))
    assert a.core == b.core == "惠邻超市"
    assert b.form is None
    shop, company = reconcile(read_usual("惠邻超市"), read_usual("惠邻食品有限公司"))
    assert shop.form is not None
    assert company.form is not None


@pytest.mark.parametrize(
    ("one", "other", "settled"),
    [
        ("禾映科技有限公司", "禾映科技有限的公司", True),
        ("禾映科技股份有限公司", "禾映科股技份有限公司", True),
        ("禾映科技股份有限公司", "禾映科技骨份有限公司", True),
        ("禾映科技有限公司", "禾映科技园有限公司", False),
        ("禾映科技有限公司", "禾映科枝有限公司", False),
        ("禾映五金厂", "禾映五金广", False),
        ("昆山禾映科技有限公司", "苏州禾映科技有限的公司", False),
    ],
)
def test_one_slip_in_the_form_settles_the_names(one: str, other: str, settled: bool) -> None:  # noqa: FBT001 - a case
    for a, b in ((one, other), (other, one)):
        findings = Findings()
        assert settle_form(read_usual(a), read_usual(b), findings) is settled
        assert findings.has("form_misspelt") is settled


@pytest.mark.parametrize(
    ("one", "other", "codes"),
    [
        ("禾映有限公司", "禾映有限公司", []),
        ("禾映有限公司", "禾映有限责任公司", ["form_written"]),
        ("禾映有限公司", "禾映公司", ["form_written"]),
        ("禾映有限公司", "禾映", ["form_missing"]),
        ("禾映有限公司", "禾映有线公司", ["form_misspelt"]),
        ("禾映厂", "禾映", ["form_needed"]),
        ("禾映厂", "禾映有限公司", ["form_kind"]),
        ("禾映商行", "禾映便利店", ["form_kind"]),
        ("禾映合作社", "禾映专业合作社", ["form_written"]),
        ("禾映小学", "禾映中学", ["form_differs"]),
        ("禾映局", "禾映有限公司", ["form_differs"]),
        ("禾映集团有限公司", "禾映有限公司", ["group_missing", "form_written"]),
    ],
)
def test_forms_compare(one: str, other: str, codes: list[str]) -> None:
    findings = Findings()
    compare_forms(read_usual(one), read_usual(other), findings)
    assert [reason.code for reason in findings.reasons] == codes


@pytest.mark.parametrize(
    ("one", "other", "code", "settled"),
    [
        ("昆山市禾映食品", "昆山禾映食品", "place_written", False),
        ("江苏昆山禾映食品", "昆山禾映食品", "place_widened", False),
        ("昆山禾映食品", "禾映食品(昆山)", "place_moved", False),
        ("昆山禾映食品", "禾映食品", "place_missing", False),
        ("江苏禾映食品", "昆山禾映食品", "place_nested", False),
        ("昆山禾映食品", "太仓禾映食品", "place_differs", False),
        ("昆山禾映食品", "坤山禾映食品", "place_misspelt", True),
        ("昆山市禾映食品", "昆山世禾映食品", "place_misspelt", True),
        ("彩龙县禾映食品", "彩龙禾映食品", "place_written", True),
        ("江苏彩龙县禾映食品", "彩龙禾映食品", "place_written", True),
        ("昆山昆达食品", "昆山昆昆达食品", "", False),
    ],
)
def test_places_compare(one: str, other: str, code: str, settled: bool) -> None:  # noqa: FBT001 - a case
    findings = Findings()
    assert compare_places(read_usual(one), read_usual(other), findings) is settled
    assert [reason.code for reason in findings.reasons] == ([code] if code else [])


def test_a_slip_behind_a_mistyped_place_is_judged_as_well() -> None:
    findings = Findings()
    one, other = read_usual("昆山禾映电子科技"), read_usual("坤山禾映电子科枝")
    assert compare_places(one, other, findings)
    assert [reason.code for reason in findings.reasons] == ["place_misspelt", "trade_misspelt"]
