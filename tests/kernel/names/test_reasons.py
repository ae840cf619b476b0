"""Every reason has a verdict, a cost and a wording in both languages; the gravest reason decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chengxin.kernel import names
from chengxin.kernel.names import Verdict
from chengxin.kernel.names.reasons import Findings, slip_wordings, wordings
from chengxin.kernel.names.slips import Slip

CHINESE = re.compile("[\u4e00-\u9fff]")
USED = re.compile(r"add(?:_slips)?\(\s*\"([a-z_]+)\"|\"([a-z]+_[a-z_]+)\"")


@pytest.mark.parametrize("code", list(wordings()))
def test_a_reason_speaks_both_languages(code: str) -> None:
    wording = wordings()[code]
    assert CHINESE.search(wording.zh)
    assert wording.zh.endswith("。")
    assert not CHINESE.search(wording.en.replace("字号", ""))
    assert wording.en.endswith(".")
    assert ("{x}" in wording.zh) == ("{x}" in wording.en)
    assert ("{y}" in wording.zh) == ("{y}" in wording.en)


@pytest.mark.parametrize("code", [code for code, one in wordings().items() if one.verdict is Verdict.REVIEW])
def test_what_goes_to_a_person_says_what_to_do(code: str) -> None:
    assert re.search("请|核对", wordings()[code].zh)
    assert "please" in wordings()[code].en.lower()


def test_a_graver_verdict_costs_more() -> None:
    costs = {verdict: [one.cost for one in wordings().values() if one.verdict is verdict] for verdict in Verdict}
    assert max(costs[Verdict.SAME]) < min(costs[Verdict.REVIEW])
    assert max(costs[Verdict.REVIEW]) < min(costs[Verdict.DIFFERENT])


def test_every_code_of_the_table_is_used_in_the_code() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(names.__path__[0]).glob("*.py"))
    quoted = {one or other for one, other in USED.findall(sources)} | set(re.findall('"([a-z]+)"', sources))
    assert set(wordings()) <= quoted


def test_the_gravest_reason_decides() -> None:
    findings = Findings()
    assert findings.conclude().verdict is Verdict.SAME
    findings.add("place_written", "昆山市", "昆山")
    assert findings.conclude().verdict is Verdict.SAME
    findings.add("trade_missing", "电子")
    assert findings.conclude().verdict is Verdict.REVIEW
    findings.add("ordinal_differs", "1", "2")
    assert findings.conclude().verdict is Verdict.DIFFERENT
    assert len(findings.conclude().reasons) == 3


def test_a_reason_is_given_once() -> None:
    findings = Findings()
    findings.add("place_missing", "昆山")
    findings.add("place_missing", "昆山")
    findings.add("place_missing", "苏州")
    assert len(findings.reasons) == 2
    assert findings.has("place_missing", "empty")
    assert not findings.has("empty")


def test_slips_are_told_in_words() -> None:
    findings = Findings()
    findings.add_slips("trade_misspelt", [Slip("homophone", 1, 1, "技", "记"), Slip("lost", 3, 3, "", "电")])
    reason = findings.reasons[0]
    assert reason.message_zh == "行业表述疑有录入误差：“技”与“记”读音相同；多或少一个“电”字。"
    assert reason.message_en == "The trade looks mistyped: “技” and “记” sound alike; “电” is there in one only."


def test_every_kind_of_slip_has_words() -> None:
    assert set(slip_wordings()) == {"homophone", "lookalike", "resembling", "doubled", "swapped", "lost", "other"}


def test_a_brace_in_a_name_is_only_a_character() -> None:
    findings = Findings()
    findings.add("place_differs", "{x}", "{0}")
    assert findings.reasons[0].message_zh == "行政区划不同：“{x}”与“{0}”。"
