"""No resident's number and no telephone survives in a text that is kept, and no other number is harmed."""

from __future__ import annotations

import doctest
import re
from datetime import date, datetime
from functools import cache

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chengxin.kernel import masking
from chengxin.kernel.identifiers import make_uscc
from chengxin.kernel.masking import MARK, PHONE_MARK, mask_persons, mask_persons_sql

WIDE = str.maketrans("0123456789Xx-", "０１２３４５６７８９Ｘｘ－")
DIGIT = "[0-9０-９]"


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """Open one connection for the module: opening one costs more than any example."""
    return duckdb.connect()


def in_sql(text: str | None) -> str | None:
    query = f"SELECT {mask_persons_sql('said')} FROM (SELECT ?::VARCHAR AS said)"  # noqa: S608
    row = connection().execute(query, [text]).fetchone()
    assert row is not None
    masked: str | None = row[0]
    return masked


@st.composite
def widths(draw: st.DrawFn, text: str) -> str:
    """Draw ``text`` with each of its characters in half or in full width."""
    wide = draw(st.integers(0, 2 ** len(text) - 1))
    return "".join(one.translate(WIDE) if wide >> place & 1 else one for place, one in enumerate(text))


@st.composite
def residents(draw: st.DrawFn) -> str:
    """Draw a number of a resident's shape: region, birthday, sequence, check character; the check need not be right."""
    born = draw(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
    region = draw(st.from_regex(r"[1-9][0-9]{5}", fullmatch=True))
    rest = draw(st.from_regex(r"[0-9]{3}[0-9Xx]", fullmatch=True))
    return draw(widths(f"{region}{born:%Y%m%d}{rest}"))


@st.composite
def phones(draw: st.DrawFn) -> str:
    """Draw a mobile telephone, or a fixed one with its area code."""
    shape = r"1[3-9][0-9]{9}|0(10|2[0-9]|[3-9][0-9]{2})-?[2-9][0-9]{6,7}"
    return draw(widths(draw(st.from_regex(f"({shape})", fullmatch=True))))


CHINESE = st.sampled_from("张某负责人的身份证号为：（），。、；电话 \n")
FRAGMENTS = st.one_of(
    residents(),
    phones(),
    st.text(st.sampled_from("0123456789０１２３４５６７８９"), max_size=20),
    st.text(st.sampled_from("0123456789１９Xx-－—.．元万亿美〕〔第号年月日ABab，,（ \r\n\t\x00😀"), max_size=8),
    st.dates().map(str),
    st.sampled_from(["昆市监罚〔2026〕12345号", "91320583187588026H", "1234567.89元", "20260105123045"]),
)
TEXTS = st.lists(FRAGMENTS, max_size=6).map("".join)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
@example("13812345678.\n13812345678\n")
@example("110101199001010015\n")
def test_python_and_sql_mask_every_text_alike(text: str) -> None:
    assert in_sql(text) == mask_persons(text)


@given(st.lists(CHINESE, max_size=4).map("".join), residents(), st.lists(CHINESE, max_size=4).map("".join))
def test_a_residents_number_is_masked_wherever_it_stands(before: str, number: str, after: str) -> None:
    assert mask_persons(before + number + after) == before + MARK + after


@given(st.lists(residents(), min_size=2, max_size=6), st.sampled_from("，、, ;/\n张"))
def test_every_number_of_a_list_is_masked(numbers: list[str], between: str) -> None:
    assert mask_persons(between.join(numbers)) == between.join([MARK] * len(numbers))


@given(st.lists(residents(), min_size=1, max_size=3), st.from_regex(r"(1[3-9][0-9]{9})?", fullmatch=True))
def test_numbers_that_lost_their_commas_are_masked_together(numbers: list[str], mobile: str) -> None:
    assert mask_persons(f"当事人{''.join(numbers)}{mobile}到场") == f"当事人{MARK}到场"
    assert mask_persons(f"当事人{mobile}{''.join(numbers)}到场") == f"当事人{MARK}到场"


@given(TEXTS)
def test_no_number_of_a_residents_shape_is_left_in_any_text(text: str) -> None:
    shape = (
        rf"(?<!{DIGIT})[1-9]{DIGIT}{{5}}(?:19|20){DIGIT}{{2}}(?:0[1-9]|1[012])(?:[012]{DIGIT}|3[01]){DIGIT}{{3}}[\dXx]"
    )
    narrow = mask_persons(text).translate({wide: narrow for narrow, wide in WIDE.items()})
    assert re.search(rf"{shape}(?!{DIGIT})", narrow, re.ASCII) is None


@given(TEXTS)
def test_masking_a_masked_text_changes_nothing(text: str) -> None:
    assert mask_persons(mask_persons(text)) == mask_persons(text)


@given(
    phones(),
    st.sampled_from(["", "电话", "联系电话：", "（", "Tel. ", "[", "【电话】"]),
    st.sampled_from(["", "，", "）", "。", "（张某）", "."]),
)
def test_a_telephone_is_masked(number: str, before: str, after: str) -> None:
    assert mask_persons(before + number + after) == before + PHONE_MARK + after


@given(st.lists(phones(), min_size=2, max_size=5), st.sampled_from("，、 /\n"))
def test_every_telephone_of_a_list_is_masked(numbers: list[str], between: str) -> None:
    assert mask_persons(between.join(numbers)) == between.join([PHONE_MARK] * len(numbers))


@given(
    st.sampled_from(["91", "92", "93", "51", "52", "53", "11", "12", "13"]),
    st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    st.from_regex(r"[0-9A-HJ-NPQRTUWXY]{8}", fullmatch=True),
    CHINESE,
)
def test_a_uniform_credit_code_is_never_touched(kind: str, region: str, body: str, beside: str) -> None:
    code = make_uscc(kind[0], kind[1], region, body)
    assume(re.fullmatch(r"\d{6}(19|20)\d{2}(0[1-9]|1[012])([012]\d|3[01])\d{3}[\dX]", code) is None)
    assert mask_persons(f"{beside}{code}{beside}") == f"{beside}{code}{beside}"


def test_a_credit_code_that_reads_as_a_residents_number_too_is_masked_because_a_person_weighs_more() -> None:
    assert mask_persons("91310120051205678X") == MARK


@given(st.dates(), st.integers(0, 99_999_999), st.sampled_from("〔［[（("))
def test_a_document_number_is_never_touched(day: date, number: int, bracket: str) -> None:
    closing = {"〔": "〕", "［": "］", "[": "]", "（": "）", "(": ")"}[bracket]
    text = f"昆市监罚{bracket}{day:%Y}{closing}{number}号"
    assert mask_persons(text) == text


@given(st.integers(0, 10**14), st.integers(0, 99), st.sampled_from(["元", "万元", "亿元"]))
def test_an_amount_is_never_touched(whole: int, cents: int, unit: str) -> None:
    for text in (f"罚款{whole}{unit}整", f"罚款{whole}.{cents:02}{unit}", f"罚款{whole:,}.{cents:02}{unit}"):
        assert mask_persons(text) == text


@given(st.datetimes())
def test_a_date_is_never_touched(moment: datetime) -> None:
    day = str(moment)
    compact = re.sub(r"\D", "", day)[:14]
    for text in (day, compact, compact[:8], f"{day[:4]}年{day[5:7]}月{day[8:10]}日", f"自{compact[:8]}至{compact[:8]}"):
        assert mask_persons(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "昆市监罚〔2026〕12345号",
        "昆市监罚〔2026〕第13812345678号",
        "第0512345678号决定",
        "许可证编号JY13205830012345",
        "工商注册号320583000123456",
        "组织机构代码187588026",
        "第0000012345号",
        "税号320583187588026",
        "罚款15000000000元",
        "注册资本13812345678.50万美元",
        "订单号2026010112345678901",
    ],
)
def test_numbers_of_bodies_documents_and_sums_stay(text: str) -> None:
    assert mask_persons(text) == text
    assert in_sql(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("身份证号ID110101199001010015", f"身份证号ID{MARK}"),
        ("No.32058319900101123x。", f"No.{MARK}。"),
        ("３２０５８３１９９００１０１１２３Ｘ", MARK),
        ("3205831９9００10１123X", MARK),
        ("张某110101199001010015李某110101199001010023", f"张某{MARK}李某{MARK}"),
        ("电话0512-57301234转8001", f"电话{PHONE_MARK}转8001"),
        ("拨打13812345678号码", f"拨打{PHONE_MARK}号码"),
        ("手机１３８１２３４５６７８。", f"手机{PHONE_MARK}。"),
        ("没有号码", "没有号码"),
        ("", ""),
    ],
)
def test_the_texts_departments_write(text: str, kept: str) -> None:
    assert mask_persons(text) == kept
    assert in_sql(text) == kept


def test_no_text_stays_no_text() -> None:
    assert in_sql(None) is None


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(masking) == (0, 1)
