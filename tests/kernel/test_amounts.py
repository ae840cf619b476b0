"""Money is exact: read to the fen, or refused with the reason."""

import csv
import doctest
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import amounts as module
from chengxin.kernel.amounts import Amount, AmountError, AmountFault, AmountUnit, parse_amount

FEN = st.integers(min_value=0, max_value=10**18 - 1)


def wan(text: str) -> Amount:
    return Amount(Decimal(text), "CNY")


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("12.5", wan("12.5")),
        ("0", wan("0")),
        ("0.00", wan("0")),
        (".5", wan("0.5")),
        ("007", wan("7")),
        ("12.5万元", wan("12.5")),
        ("12.5 万元", wan("12.5")),
        ("12.5万", wan("12.5")),
        ("１２．５万元", wan("12.5")),
        ("5000元", wan("0.5")),
        ("5,000元", wan("0.5")),
        ("５，０００元", wan("0.5")),
        ("1,234,567.89元", wan("123.456789")),
        ("0.01元", wan("0.000001")),
        ("5000元整", wan("0.5")),
        ("5000圆", wan("0.5")),
        ("5千元", wan("0.5")),
        ("3百万元", wan("300")),
        ("2千万", wan("2000")),
        ("3亿元", wan("30000")),
        ("1.5亿", wan("15000")),
        ("1万亿元", wan("100000000")),
        ("人民币500万元", wan("500")),
        ("500万人民币", wan("500")),
        ("500万元人民币", wan("500")),
        ("500万元（人民币）", wan("500")),
        ("RMB 500万", wan("500")),
        ("rmb500万", wan("500")),
        ("￥5000元", wan("0.5")),
        ("¥12.5万", wan("12.5")),
        ("5000人民币", wan("0.5")),
        ("\ufeff12.5\u200b万元\n", wan("12.5")),
        ("999999999999.999999", wan("999999999999.999999")),
        ("500万美元", Amount(Decimal(500), "USD")),
        ("5000美元", Amount(Decimal("0.5"), "USD")),
        ("USD 500万", Amount(Decimal(500), "USD")),
        ("$500万", Amount(Decimal(500), "USD")),
        ("US$500万", Amount(Decimal(500), "USD")),
        ("500万元（美元）", Amount(Decimal(500), "USD")),
        ("100万港元", Amount(Decimal(100), "HKD")),
        ("100万港币", Amount(Decimal(100), "HKD")),
        ("HK$100万", Amount(Decimal(100), "HKD")),
        ("1亿日元", Amount(Decimal(10000), "JPY")),
        ("50万欧元", Amount(Decimal(50), "EUR")),
        ("50万新台币", Amount(Decimal(50), "TWD")),
        ("50万加拿大元", Amount(Decimal(50), "CAD")),
    ],
)
def test_amounts_are_read_exactly_into_ten_thousands(typed: str, amount: Amount) -> None:
    found = parse_amount(typed)
    assert found == amount
    assert str(found.wan) == str(amount.wan)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("5000", "0.5"),
        ("5,000.50", "0.50005"),
        ("￥5000", "0.5"),
        ("人民币5000", "0.5"),
        ("12.5万元", "12.5"),
        ("12.5万", "12.5"),
    ],
)
def test_a_bare_number_is_in_the_unit_of_the_field_and_a_written_unit_wins(typed: str, amount: str) -> None:
    assert parse_amount(typed, unit=AmountUnit.YUAN).wan == Decimal(amount)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", AmountFault.EMPTY),
        ("　", AmountFault.EMPTY),
        ("-5", AmountFault.NEGATIVE),
        ("－5万元", AmountFault.NEGATIVE),
        ("(5)", AmountFault.NEGATIVE),
        ("\u22125", AmountFault.NEGATIVE),
        ("1,23,456", AmountFault.SEPARATORS),
        ("1234,567元", AmountFault.SEPARATORS),
        ("12,5", AmountFault.SEPARATORS),
        ("1e5", AmountFault.SCIENTIFIC),
        ("1.2E+06", AmountFault.SCIENTIFIC),
        ("5E-1元", AmountFault.SCIENTIFIC),
        ("壹万元整", AmountFault.CHINESE_NUMERALS),
        ("五千元", AmountFault.CHINESE_NUMERALS),
        ("约5万元", AmountFault.VAGUE),
        ("5万余元", AmountFault.VAGUE),
        ("10至20万元", AmountFault.VAGUE),
        ("1~2万元", AmountFault.VAGUE),
        ("违法所得3倍", AmountFault.VAGUE),
        ("人民币5万美元", AmountFault.CURRENCIES),
        ("5万美元(港元)", AmountFault.CURRENCIES),
        ("￥5000", AmountFault.UNIT),
        ("人民币5000", AmountFault.UNIT),
        ("$5000", AmountFault.UNIT),
        ("0.001元", AmountFault.TOO_FINE),
        ("0.0000001", AmountFault.TOO_FINE),
        ("1000000000000", AmountFault.TOO_LARGE),
        ("9999999万亿元", AmountFault.TOO_LARGE),
        ("9" * 400, AmountFault.TOO_LARGE),
        ("x" * 400, AmountFault.UNREADABLE),
        ("1 2万", AmountFault.UNREADABLE),
        ("5.", AmountFault.UNREADABLE),
        ("5..5", AmountFault.UNREADABLE),
        ("5万3千元", AmountFault.UNREADABLE),
        ("万元", AmountFault.UNREADABLE),
        ("-", AmountFault.UNREADABLE),
        ("无", AmountFault.UNREADABLE),
        ("nan", AmountFault.UNREADABLE),
        ("Infinity", AmountFault.UNREADABLE),
        ("٥٠٠", AmountFault.UNREADABLE),
        ("5000元/月", AmountFault.UNREADABLE),
        ("=5+5", AmountFault.UNREADABLE),
    ],
)
def test_what_is_no_exact_amount_is_refused_with_the_reason(typed: str, fault: AmountFault) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(typed)
    assert caught.value.fault is fault
    assert caught.value.text == typed


@pytest.mark.parametrize("fault", list(AmountFault))
def test_every_fault_has_a_sentence_in_both_languages(fault: AmountFault) -> None:
    error = AmountError(fault, "5{text}")
    assert str(error) == error.message_zh
    assert error.message_zh.endswith("。")
    assert error.message_en.endswith(".")


def test_the_message_names_the_value_and_what_to_do() -> None:
    error = AmountError(AmountFault.UNIT, "￥5000")
    assert error.message_zh == "金额“￥5000”写了币种，没有写单位，请写明“元”或“万元”。"
    assert error.message_en == "The amount '￥5000' names a currency but no unit; add 元 or 万元."


def test_a_message_quotes_no_more_than_forty_characters() -> None:
    assert len(AmountError(AmountFault.UNREADABLE, "9" * 1_000_000).message_zh) < 100


@given(FEN)
def test_every_number_of_fen_is_read_back_to_the_fen(fen: int) -> None:
    yuan = f"{fen // 100}.{fen % 100:02}"
    assert parse_amount(f"{yuan}元").wan * 1_000_000 == fen
    assert parse_amount(yuan, unit=AmountUnit.YUAN) == parse_amount(f"{yuan}元")


@given(FEN)
def test_the_same_sum_in_yuan_and_in_ten_thousands_is_the_same_amount(fen: int) -> None:
    ten_thousands = f"{fen // 10**6}.{fen % 10**6:06}"
    assert parse_amount(f"{ten_thousands}万元") == parse_amount(f"{fen // 100}.{fen % 100:02}元")


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_separators_and_width_change_nothing(number: int) -> None:
    wide = str.maketrans("0123456789,", "０１２３４５６７８９，")
    assert parse_amount(f"{number:,}").wan == number
    assert parse_amount(f"{number:,}".translate(wide)).wan == number


@given(
    st.one_of(st.text(), st.text("0123456789.,万元亿千百美人民币￥$ -E()约整", max_size=14)),
    st.sampled_from(AmountUnit),
)
def test_nothing_but_a_fitting_amount_or_the_documented_error_comes_out(typed: str, unit: AmountUnit) -> None:
    try:
        found = parse_amount(typed, unit=unit).wan
    except AmountError:
        found = Decimal(0)
    assert 0 <= found < 10**12
    assert found == found.quantize(Decimal("0.000001"))


def test_the_capitals_of_real_firms_are_read_or_refused_with_a_reason() -> None:
    root = Path(os.environ.get("CHENGXIN_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    file = root / "company" / "pi_admin_enterprises.csv"
    if not file.is_file():
        pytest.skip("the list of real firms (company/pi_admin_enterprises.csv) is not on this machine")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        capitals = [row["reg_capital"] for row in csv.DictReader(lines)]
    read: list[Amount] = []
    faults: list[AmountFault] = []
    for capital in capitals:
        try:
            read.append(parse_amount(capital))
        except AmountError as error:
            faults.append(error.fault)
    assert len(read) == 329
    assert {amount.currency for amount in read} == {"CNY", "USD", "HKD"}
    assert sorted(fault.value for fault in faults) == ["amount-empty"] * 7 + ["amount-unreadable"]
