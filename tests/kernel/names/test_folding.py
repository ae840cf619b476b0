"""Two spellings of one name fold to one form, in Python and in the database of the intake alike."""

from __future__ import annotations

import doctest
from functools import cache

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import fold_name, fold_name_sql, folding
from chengxin.kernel.text import TRIMMED

AWKWARD = (
    TRIMMED + "昆山ＡＺａｚ０９az'＇\"\\%_（）()〔〕【】［］[]{}｛｝〈〉《》「」『』﹝﹙⟨•‧∙⋅・･．.·～~\x00\x7fßéıſΩ"
)
# What reaches a column is UTF-8, which has no lone surrogates.
NAMES = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters(exclude_categories=["Cs"])), max_size=20)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """Open one connection for the module: opening one costs more than any example."""
    return duckdb.connect()


def in_sql(name: str | None) -> str | None:
    row = connection().execute(f"SELECT {fold_name_sql('name')} FROM (SELECT ?::VARCHAR AS name)", [name]).fetchone()  # noqa: S608
    assert row is not None
    folded: str | None = row[0]
    return folded


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("昆山市甲科技有限公司", "昆山市甲科技有限公司"),
        ("  昆山 市甲　科技\t有限公司\r\n", "昆山市甲科技有限公司"),
        ("昆山市ＡＢｃ科技（江苏）有限公司", "昆山市ABC科技(江苏)有限公司"),
        ("昆山市abc科技〔江苏〕有限公司", "昆山市ABC科技(江苏)有限公司"),
        ("昆山市甲【江苏】［一］[二]《三》「四」", "昆山市甲(江苏)(一)(二)(三)(四)"),
        ("阿迪力•买买提", "阿迪力·买买提"),
        ("阿迪力．买买提", "阿迪力·买买提"),
        ("\ufeff昆山\u200b甲\u200e公司\u00ad", "昆山甲公司"),
        ("Ｏ＇Ｎｅｉｌ", "O'NEIL"),
        ("", ""),
    ],
)
def test_a_name_folds_to_the_form_it_is_searched_by(typed: str, folded: str) -> None:
    assert fold_name(typed) == folded
    assert in_sql(typed) == folded


@settings(deadline=None)
@given(NAMES)
def test_python_and_sql_fold_every_text_alike(name: str) -> None:
    assert in_sql(name) == fold_name(name)


@given(st.text())
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


@given(NAMES, st.sampled_from(TRIMMED), st.integers(0, 20))
def test_a_blank_anywhere_makes_no_other_name(name: str, blank: str, place: int) -> None:
    assert fold_name(name[:place] + blank + name[place:]) == fold_name(name)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_the_full_width_spelling_is_the_same_name(name: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in name.replace(".", ""))
    assert fold_name(wide) == fold_name(name.replace(".", ""))


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_no_chinese_character_is_touched(name: str) -> None:
    assert fold_name(name) == name


def test_no_name_stays_no_name() -> None:
    assert in_sql(None) is None


def test_a_lone_surrogate_passes_as_it_is() -> None:
    assert fold_name("\ud800ａ") == "\ud800A"


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(folding) == (0, 1)
