"""The wording of every message is part of the API: this page pins it."""

import re
import string

import pytest

from chengxin.kernel.identifiers import Severity, identify
from chengxin.kernel.identifiers.findings import Findings
from chengxin.kernel.identifiers.messages import messages

FACTS = {
    "shown": "ABC",
    "length": 17,
    "expected": 18,
    "character": "O",
    "example": "事证第1号",
    "pair": "9X",
    "region": "990000",
    "value": "19901301",
    "other_zh": "香港居民居住证",
    "other_en": "residence permit",
}


@pytest.mark.parametrize("code", sorted(messages()))
def test_every_message_can_be_worded_in_both_languages(code: str) -> None:
    findings = Findings("统一社会信用代码", "unified social credit code")
    findings.report(code, 5, **FACTS)
    problem = findings.problems[0]
    assert "{" not in problem.message
    assert re.search(r"[\u4e00-\u9fff]", problem.message_zh)
    assert problem.message.startswith(problem.message_zh)
    assert problem.message_zh.endswith("。")
    assert problem.message_en.endswith((".", ")"))


@pytest.mark.parametrize("code", sorted(messages()))
def test_both_wordings_name_the_same_facts(code: str) -> None:
    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name} - {"name_zh", "name_en"}

    message = messages()[code]
    assert {n.replace("_zh", "") for n in facts(message.zh)} == {n.replace("_en", "") for n in facts(message.en)}


@pytest.mark.parametrize("code", sorted(c for c, m in messages().items() if m.severity is not Severity.NOTE))
def test_every_error_and_warning_says_what_to_do(code: str) -> None:
    zh = messages()[code].zh
    assert re.search(r"请|应", zh), zh


def test_a_message_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no_such"):
        Findings("", "").report("no_such")


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("", "代码为空，请填写。"),
        (
            "9132O583187588026H",
            "第 5 位是“O”，此处只能是数字，请对照证照改正。",
        ),
        (
            "91320583I87588026H",
            "第 9 位是“I”，统一社会信用代码不使用字母 I、O、S、V、Z，请对照证照改正（常见：O 应为 0，I 应为 1）。",
        ),
        (
            "91320583187588026A",
            "第 18 位校验码应为 H，现为 A；任何一位抄错都会如此，请对照证照逐位核对，勿只改校验码。",
        ),
        (
            "9132058318758802H",
            "统一社会信用代码应为 18 位，现为 17 位，请对照证照补全或删去多余字符。",
        ),
        (
            "3.20583E+17",
            "代码被表格软件改坏（成了数值或科学计数法），原码已无法还原；请把该列设为文本后重新填写。",
        ),
    ],
)
def test_the_first_message_of_common_mistakes(text: str, zh: str) -> None:
    assert identify(text).problems[0].message_zh == zh


def test_an_english_message_follows_the_chinese_one() -> None:
    problem = identify("91320583187588026A").problems[0]
    assert problem.message_en.startswith("The check character at position 18 should be H but is A.")
    assert problem.message == f"{problem.message_zh} {problem.message_en}"
