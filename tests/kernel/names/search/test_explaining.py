"""What a search says of a candidate."""

from __future__ import annotations

from chengxin.kernel.names import Verdict
from chengxin.kernel.names.search.asking import read_asked
from chengxin.kernel.names.search.explaining import Explained, Hit, explain, reason
from chengxin.kernel.names.tables import rows


def said(asked: str, name: str, found: int, exact: int, *, kind: str = "current", compare: bool = True) -> Explained:
    return explain(asked, Hit(0, 0.9, found, exact, read_asked(asked)[0]), name, kind, compare=compare)


def test_every_reason_speaks_both_languages() -> None:
    for row in rows("search.csv"):
        one = reason(row["code"], "甲", "乙")
        assert "{" not in one.message_zh + one.message_en
        assert one.message_zh.endswith("。")
        assert one.message_en.endswith(".")


def test_a_part_of_the_name_is_told_as_contained() -> None:
    found = said("茅台", "贵州茅台酒股份有限公司", 0b11, 0b11)
    assert found.reasons[0].message_zh == "名称中含有“茅台”。"
    assert (found.verdict, found.score) == (Verdict.REVIEW, 0.756)


def test_a_slip_is_named() -> None:
    found = said("启月精密", "昆山启岳精密机械有限公司", 0b1111, 0b1101)
    assert "“月”" in found.reasons[0].message_zh


def test_what_is_only_partly_there_is_told_so() -> None:
    found = said("禾映电子", "昆山嘉铭电子有限公司", 0b1100, 0b1100)
    assert found.reasons[0].code == "partly"
    assert "“电子”" in found.reasons[0].message_zh
    assert found.verdict is Verdict.DIFFERENT


def test_a_whole_name_is_judged_by_the_comparison() -> None:
    name = "昆山禾映电子有限公司"
    same = said("昆山市禾映电子有限公司", name, (1 << 11) - 1, (1 << 11) - 1)
    assert (same.verdict, same.reasons[0].code) == (Verdict.SAME, "place_written")
    other = said("昆山禾映食品有限公司", name, 0b1111001111, 0b1111001111)
    assert other.verdict is Verdict.DIFFERENT
    assert other.score < 0.5
    assert "trade_differs" in {one.code for one in other.reasons}


def test_a_name_not_worth_comparing_is_never_the_same() -> None:
    name = "昆山市禾映电子有限公司"
    bits = (1 << len(name)) - 1
    assert said(name, name, bits, bits).verdict is Verdict.SAME
    plain = said(name, name, bits, bits, compare=False)
    assert plain.verdict is Verdict.DIFFERENT
    assert plain.score < 0.5


def test_a_former_name_is_called_one() -> None:
    found = said("启岳五金", "昆山启岳五金厂", 0b1111, 0b1111, kind="former")
    assert found.reasons[-1].code == "former_name"
    whole = said("昆山启岳五金厂", "昆山启岳五金厂", 0b1111111, 0b1111111, kind="former")
    assert (whole.verdict, whole.reasons[-1].code) == (Verdict.SAME, "former_name")
