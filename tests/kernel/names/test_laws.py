"""The laws of names: they hold for every text, not only for the names somebody thought of."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import Verdict, compare_names, fold_name, parse_name
from chengxin.kernel.names.brackets import take_brackets
from chengxin.kernel.names.numerals import figures

ANYTHING = st.text(st.characters(), max_size=30)
PIECES = [
    *(
        "昆山",
        "昆山市",
        "江苏省",
        "苏州",
        "中国",
        "龙南县",
        "玉山镇",
        "四川",
        "禾映",
        "新海天",
        "A",
        "三一",
        "东方",
        "家家福",
    ),
    *("电子", "科技", "食品", "五金", "新材料", "银行", "集团", "有限公司", "有限责任公司", "股份有限公司", "有限公"),
    *("厂", "店", "合作社", "分公司", "支行", "营业部", "第一", "第", "二", "12", "(", ")", "（昆山）", "(集团)"),
    *("(已注销)", "·", "-", " ", "　", "CO.,LTD.", "HEYING", "臺", "\u200b", "公司", "有", "份", "市", "区", "\ud800"),
]
NAMELIKE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
NAMES = NAMELIKE | ANYTHING
BRANCHES = st.sampled_from(
    [
        "分公司",
        "昆山分公司",
        "第二分公司",
        "江苏昆山分公司",
        "昆山支行",
        "分店",
        "一分厂",
        "（昆山分公司）",
        "观前街分店",
    ]
)
BODIES = st.sampled_from(["", "昆山", "昆山市", "中国"]).flatmap(
    lambda place: st.sampled_from(["禾映", "天", "新华"]).map(lambda brand: place + brand)
)


def narrow(text: str) -> str:
    """Write the text in full width, with other brackets and spaces: noise that folding takes away."""
    noisy = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)
    return " ".join(noisy.replace("（", "【").replace("）", "］"))


@given(NAMES, NAMES)
@settings(max_examples=300)
def test_comparing_is_total_and_symmetric(a: str, b: str) -> None:
    found = compare_names(a, b)
    assert found == compare_names(b, a)
    assert 0.0 <= found.score <= 1.0
    assert found.reasons


@given(NAMES, NAMES)
def test_the_score_lies_in_the_band_of_the_verdict(a: str, b: str) -> None:
    found = compare_names(a, b)
    low, high = {"same": (0.85, 1.0), "review": (0.5, 0.84), "different": (0.0, 0.49)}[found.verdict.value]
    assert low <= found.score <= high


@given(NAMES)
def test_a_name_is_the_same_as_itself_whatever_noise_folding_takes_away(name: str) -> None:
    assume(fold_name(name))
    assert compare_names(name, name).verdict is Verdict.SAME
    assert compare_names(name, narrow(name)).verdict is Verdict.SAME


@given(NAMES)
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


@given(NAMES)
@settings(max_examples=300)
def test_the_parts_of_a_name_make_up_the_name(name: str) -> None:
    found = parse_name(name)
    parts = found.region + found.brand + found.trade + found.form + found.branch + found.remark
    assert parts == take_brackets(fold_name(name)).text
    assert found.original == name
    assert found.folded == fold_name(name)
    assert found.brackets == take_brackets(fold_name(name)).contents


@given(NAMES)
def test_taking_brackets_out_loses_nothing_but_the_signs(name: str) -> None:
    folded = fold_name(name)
    found = take_brackets(folded)
    assert sorted(found.text + "".join(found.contents)) == sorted(folded.replace("(", "").replace(")", ""))


@given(NAMES, BRANCHES)
@settings(max_examples=300)
def test_a_branch_is_never_its_parent(name: str, branch: str) -> None:
    assume(fold_name(name))
    assert compare_names(name, name + branch).verdict is not Verdict.SAME


@given(NAMELIKE, NAMELIKE, st.integers(0, 120), st.integers(0, 120))
@settings(max_examples=300)
def test_another_ordinal_is_never_the_same(before: str, after: str, one: int, other: int) -> None:
    assume(one != other and not figures(fold_name(after)[:1]))
    for text in (str, in_words):
        a, b = f"{before}第{text(one)}{after}", f"{before}第{text(other)}{after}"
        assert compare_names(a, b).verdict is not Verdict.SAME


@given(BODIES, st.sampled_from(["分厂", "厂", "中学", "号店", "建筑公司"]), st.integers(1, 19), st.integers(1, 19))
def test_another_number_without_the_word_for_ordinals_is_never_the_same(
    body: str, kind: str, one: int, other: int
) -> None:
    assume(one != other)
    assert compare_names(body + in_words(one) + kind, body + in_words(other) + kind).verdict is not Verdict.SAME


@given(st.integers(0, 9999))
def test_a_number_in_words_is_the_number_in_digits(number: int) -> None:
    assert figures(f"第{in_words(number)}小学") == (str(number),)
    assert figures(f"第{number}小学") == (str(number),)


def in_words(number: int) -> str:
    """Write a number below ten thousand in Chinese characters."""
    if number == 0:
        return "零"
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += "零" * (zero and bool(text)) + "零一二三四五六七八九"[digit] + name
        zero = not digit
    return text.removeprefix("一") if text.startswith("一十") else text
