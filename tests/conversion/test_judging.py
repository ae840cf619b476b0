"""What DuckDB judges over whole files is what the kernel judges one by one."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.conversion.judging import explain, organisation_code_ok_sql, recognise_columns, right_sql
from chengxin.conversion.reading import read_old_code
from chengxin.conversion.settings import KINDS
from chengxin.kernel.identifiers import OrganisationCode, RegistrationNumber, TaxNumber, Verdict
from chengxin.kernel.identifiers.checks import organisation_code_check_character
from chengxin.testing.city import registration_number, uscc

DUCK = duckdb.connect(":memory:")
BODY = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8)
CODES = st.one_of(
    st.builds(lambda body: body + organisation_code_check_character(body), BODY),
    st.text("0123456789ABCXZ", min_size=8, max_size=10),
)


def holds(test: str, text: str) -> bool:
    row = DUCK.execute(f"SELECT coalesce({test}, false) FROM (SELECT ?::VARCHAR AS code)", [text]).fetchone()  # noqa: S608
    assert row is not None
    return bool(row[0])


@given(CODES)
@settings(max_examples=150, deadline=None)
def test_organisation_codes(text: str) -> None:
    assert holds(organisation_code_ok_sql("code"), text) == (OrganisationCode.parse(text).verdict is Verdict.VALID)


@given(st.one_of(st.integers(1, 90_000).map(registration_number), st.text("0123456789", min_size=14, max_size=16)))
@settings(max_examples=100, deadline=None)
def test_registration_numbers(text: str) -> None:
    expected = RegistrationNumber.parse(text).verdict is Verdict.VALID
    assert holds(right_sql("registration_number", "code"), text) == expected


@given(st.builds(lambda body: f"320583{body}", CODES))
@settings(max_examples=100, deadline=None)
def test_tax_numbers(text: str) -> None:
    sound = TaxNumber.parse(text)
    assert holds(right_sql("tax_number", "code"), text) == (sound.verdict is Verdict.VALID)


@given(st.sampled_from([*KINDS, "uscc"]), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_explained_or_read_or_refused(kind: str, text: str) -> None:
    assert explain(kind, text)[0] == text
    said = ""
    try:
        said = read_old_code(kind, text)
    except ChengxinError as refusal:
        said = refusal.code
    assert said


def test_old_registration_numbers_without_a_check_digit_are_taken_by_their_shape() -> None:
    assert holds(right_sql("registration_number", "code"), "3205832101234")
    assert read_old_code("registration_number", "3205832101234") == "3205832101234"
    assert read_old_code("uscc", f" {uscc(1).lower()}") == uscc(1)


def test_columns_are_found_by_their_names_whatever_their_order() -> None:
    assert recognise_columns(["序号", "税务登记号", " 统一社会 信用代码", "企业名称"]) == {
        "tax_number": 1,
        "uscc": 2,
        "name": 3,
    }
    with pytest.raises(ChengxinError) as refused:
        recognise_columns(["统一社会信用代码", "信用代码"])
    assert refused.value.code == "column_twice"
