"""Places: a slip in a place is forgiven, another place never, however much the two names resemble each other."""

from __future__ import annotations

from collections import defaultdict

import pytest

from chengxin.kernel.names import Verdict, compare_names
from chengxin.kernel.names.parsing import read_usual
from chengxin.kernel.names.placing import compare_places
from chengxin.kernel.names.reasons import Findings
from chengxin.kernel.names.tables import county_names, places

REST = "禾映电子科技有限公司"


def codes(one: str, other: str) -> list[str]:
    findings = Findings()
    compare_places(read_usual(one), read_usual(other), findings)
    return [reason.code for reason in findings.reasons]


def near_pairs() -> list[tuple[str, str]]:
    """Give every known place with the counties that differ from it in one character."""
    by_rest: dict[tuple[str, str], list[str]] = defaultdict(list)
    for county in county_names():
        for at in range(len(county)):
            by_rest[county[:at], county[at + 1 :]].append(county)
    return sorted(
        {
            (place.short, county)
            for place in places().values()
            for at in range(len(place.short))
            for county in by_rest.get((place.short[:at], place.short[at + 1 :]), ())
            if len(county) == len(place.short)
        }
    )


def test_a_county_is_never_taken_for_the_place_whose_name_its_own_resembles() -> None:
    pairs = near_pairs()
    assert len(pairs) > 3000
    wrong = [pair for pair in pairs[::3] if compare_names(pair[0] + REST, pair[1] + REST).verdict is Verdict.SAME]
    assert wrong == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("本溪市", "濉溪市"),
        ("本溪", "濉溪"),
        ("沈阳市", "昔阳县"),
        ("泰州市", "秦州区"),
        ("昆山县", "玉山县"),
        ("山东", "东山"),
        ("珠海", "海珠"),
    ],
)
def test_another_place_is_never_the_same(one: str, other: str) -> None:
    assert compare_names(one + REST, other + REST).verdict is not Verdict.SAME
    assert compare_names(other + REST, one + REST).verdict is not Verdict.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("昆山市", "昆出市"),
        ("深圳市", "深堑市"),
        ("广东", "广杀"),
        ("上海", "上还"),
        ("沈阳市", "冘阳市"),
        ("江苏省", "江苏苏省"),
        ("哈尔滨", "哈滨尔"),
    ],
)
def test_a_slip_in_the_place_is_forgiven(one: str, other: str) -> None:
    found = compare_names(one + REST, other + REST)
    assert found.verdict is Verdict.SAME
    assert [reason.code for reason in found.reasons] == ["place_misspelt"]


def test_what_reads_like_an_unknown_place_may_be_brand_and_trade() -> None:
    assert "place_misspelt" not in codes("昆山禾映家政有限公司", "昆山禾映市政有限公司")


def test_places_that_are_equal_need_no_reason() -> None:
    assert codes("昆山禾映食品有限公司", "昆山禾林食品有限公司") == []
    assert codes("昆山市禾映食品有限公司", "昆山禾映食品有限公司") == ["place_written"]
