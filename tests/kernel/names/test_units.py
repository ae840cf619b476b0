"""A branch is no parent, and one branch is not another."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.parsing import read_usual
from chengxin.kernel.names.reasons import Findings
from chengxin.kernel.names.units import compare_units

PARENT = "昆山禾映食品有限公司"


def found(one: str, other: str) -> list[str]:
    findings = Findings()
    compare_units(read_usual(PARENT + one), read_usual(PARENT + other), findings)
    return [reason.code for reason in findings.reasons]


@pytest.mark.parametrize(
    ("one", "other", "codes"),
    [
        ("", "", []),
        ("苏州分公司", "苏州分公司", []),
        ("苏州分公司", "", ["branch_and_parent"]),
        ("(苏州分公司)", "", ["branch_and_parent"]),
        ("苏州分公司", "苏州市分公司", ["branch_written"]),
        ("江苏苏州分公司", "苏州分公司", ["branch_written"]),
        ("苏州分公司", "苏洲分公司", ["branch_written"]),
        ("苏州分公司", "苏州分司", ["branch_written"]),
        ("苏州分公司", "苏州州分公司", ["branch_written"]),
        ("观前街店", "观前街点", ["branch_written"]),
        ("苏州分公司", "分公司", ["branch_unclear"]),
        ("观前店", "观后店", ["branch_unclear"]),
        ("苏州分公司", "无锡分公司", ["branch_differs"]),
        ("苏州分公司", "苏州办事处", ["branch_differs"]),
        ("苏州分公司", "苏州营业部", ["branch_differs"]),
        ("千灯店", "锦溪店", ["branch_differs"]),
        ("苏州分公司", "苏州分公司分公司", ["branch_differs"]),
    ],
)
def test_branches_compare(one: str, other: str, codes: list[str]) -> None:
    assert found(one, other) == codes
    assert found(other, one) == codes
