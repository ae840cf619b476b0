"""One document has one number, however it is typed."""

import doctest
from collections.abc import Sequence
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import documents as module
from chengxin.kernel.documents import (
    CLOSING,
    DASHES,
    OPENING,
    document_key,
    document_key_sql,
    normalise_document_number,
)
from chengxin.kernel.text import RADICALS, TRIMMED

AWKWARD = (
    OPENING + CLOSING + DASHES + TRIMMED + "（）［］｛｝＜＞－０９ＡＺａｚ苏昆市监罚字第号⼈⺠20261abzAZ'ßéİ\x00\u0301"
)
STORABLE = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters(exclude_categories=["Cs"])), max_size=16)
ANYTHING = st.text(st.one_of(st.sampled_from(AWKWARD + "\ud800"), st.characters()), max_size=16)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def in_duckdb(expression: str, values: Sequence[str | None]) -> list[object]:
    """Evaluate an expression over the column v, one row a value, in order."""
    rows = "SELECT unnest(?::VARCHAR[]) AS v, unnest(range(?)) AS i"
    query = f"SELECT {expression} FROM ({rows}) ORDER BY i"  # noqa: S608 - the expression is what is tested
    return [row[0] for row in connection().execute(query, [values, len(values)]).fetchall()]


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "typed",
    [
        "苏昆市监处罚〔2026〕12号",
        "苏昆市监处罚[2026]12号",
        "苏昆市监处罚(2026)12号",
        "苏昆市监处罚（2026）12号",
        "苏昆市监处罚【2026】12号",
        "苏昆市监处罚〈2026〉12号",
        "苏昆市监处罚《2026》12号",
        "苏昆市监处罚﹝2026﹞12号",
        "苏昆市监处罚［２０２６］１２号",
        "苏昆市监处罚〔２０２６〕１２号",
        "苏昆市监处罚 〔 2026 〕 12 号",
        "苏昆市监处罚　〔2026〕　12号　",
        "苏昆市监处罚〔2026〕\u200b12号\ufeff",
        "苏昆市监处罚〔2026】12号",
        "苏昆市监处罚<2026>12号",
        "苏昆市监处罚{2026}12号",
        "苏昆市监处罚〔2026〕12号\r\n",
        "苏昆市监处罚\u00a0[2026] 12号",
    ],
)
def test_a_year_in_any_bracket_and_width_has_one_normal_form_and_one_key(typed: str) -> None:
    assert normalise_document_number(typed) == "苏昆市监处罚〔2026〕12号"
    assert document_key(typed) == "苏昆市监处罚(2026)12号"


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("", ""),
        ("  ", ""),
        ("无", "无"),
        ("(2026)苏0583民初1号", "（2026）苏0583民初1号"),
        ("（2026）苏0583执1号", "（2026）苏0583执1号"),
        ("[2026]12号", "〔2026〕12号"),
        ("苏(昆)食药监[2026]1号", "苏（昆）食药监〔2026〕1号"),
        ("JY13205830001234", "JY13205830001234"),
        ("昆环罚字〔2026〕第 083－1 号", "昆环罚字〔2026〕第083-1号"),
        ("昆环罚字〔2026〕第083——1号", "昆环罚字〔2026〕第083-1号"),
        ("昆环罚字〔2026〕第083–1号", "昆环罚字〔2026〕第083-1号"),
        ("szhb-2026-1", "szhb-2026-1"),
        ("苏（12345）1号", "苏（12345）1号"),
        ("苏（1899）1号", "苏（1899）1号"),
        ("苏〔2100〕1号", "苏（2100）1号"),
        ("⼈社〔2026〕1号", "人社〔2026〕1号"),
        ("〔2026〕〔2025〕", "〔2026〕〔2025〕"),
    ],
)
def test_other_numbers_keep_their_parts(typed: str, normal: str) -> None:
    assert normalise_document_number(typed) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("苏昆市监处罚〔2026〕12号", "苏昆市监处罚〔2026〕13号"),
        ("苏昆市监处罚〔2026〕12号", "苏昆市监处罚〔2025〕12号"),
        ("苏昆市监处罚〔2026〕12号", "苏昆市监处罚〔2026〕012号"),
        ("苏昆市监处罚〔2026〕12号", "苏昆市监处罚〔2026〕第12号"),
        ("苏昆市监处罚〔2026〕12号", "苏昆市监处罚〔2026〕12-1号"),
        ("苏昆市监处罚〔2026〕12号", "苏昆市监处罚202612号"),
        ("苏昆市监处罚〔2026〕12号", "苏昆住建处罚〔2026〕12号"),
    ],
)
def test_different_documents_keep_different_keys(one: str, other: str) -> None:
    assert document_key(one) != document_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("szhb〔2026〕1号", "SZHB〔2026〕1号"),
        ("ｓｚｈｂ〔2026〕1号", "SZHB〔2026〕1号"),
        ("昆环〔2026〕1—2号", "昆环〔2026〕1-2号"),
        ("昆环〔2026〕1——2号", "昆环〔2026〕1-2号"),
        ("(2026)苏0583民初1号", "〔2026〕苏0583民初1号"),
        ("⼈社〔2026〕1号", "人社〔2026〕1号"),
    ],
)
def test_a_corrected_fact_cannot_come_back_in_other_clothes(one: str, other: str) -> None:
    assert document_key(one) == document_key(other)


@pytest.mark.parametrize("character", list(OPENING))
def test_every_opening_bracket_counts_as_one(character: str) -> None:
    assert document_key(f"苏{character}2026)1号") == "苏(2026)1号"


@pytest.mark.parametrize("character", list(CLOSING))
def test_every_closing_bracket_counts_as_one(character: str) -> None:
    assert document_key(f"苏(2026{character}1号") == "苏(2026)1号"


@pytest.mark.parametrize("character", list(DASHES))
def test_every_dash_counts_as_one(character: str) -> None:
    assert document_key(f"苏1{character}2号") == "苏1-2号"
    assert normalise_document_number(f"苏1{character}{character}2号") == "苏1-2号"


def test_brackets_come_in_pairs() -> None:
    assert len(OPENING) == len(CLOSING) == len(set(OPENING)) == len(set(CLOSING))
    assert not set(OPENING) & set(CLOSING)


@given(ANYTHING)
def test_the_normal_form_is_final(value: str) -> None:
    normal = normalise_document_number(value)
    assert normalise_document_number(normal) == normal
    assert not set(normal) & set(TRIMMED)


@given(ANYTHING)
def test_the_key_is_final_and_the_normal_form_has_the_same_key(value: str) -> None:
    key = document_key(value)
    assert document_key(key) == key
    assert document_key(normalise_document_number(value)) == key
    assert not set(key) & (set(TRIMMED) | set(RADICALS))


@given(
    st.sampled_from(OPENING),
    st.sampled_from(CLOSING),
    st.sampled_from(DASHES),
    st.sampled_from(TRIMMED),
    st.integers(min_value=1900, max_value=2099),
    st.integers(min_value=0, max_value=99_999),
)
def test_brackets_dashes_and_spaces_never_make_a_new_document(
    opening: str, closing: str, dash: str, blank: str, year: int, number: int
) -> None:
    typed = f"{blank}苏昆市监{blank}{opening}{year}{closing}{number}{dash}1{blank}号"
    assert normalise_document_number(typed) == f"苏昆市监〔{year}〕{number}-1号"
    assert document_key(typed) == document_key(f"苏昆市监〔{year}〕{number}-1号")


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_gives_the_same_keys(values: list[str]) -> None:
    assert in_duckdb(document_key_sql("v"), values) == [document_key(value) for value in values]


def test_a_missing_number_has_no_key_in_duckdb() -> None:
    assert in_duckdb(document_key_sql("v"), [None]) == [None]
