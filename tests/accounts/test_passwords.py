"""Which passwords officers may have: long and uncommon ones, of any signs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.passwords import check_password, initial_password, is_common, load_rules
from chengxin.base.errors import ChengxinError


def _refused(password: str, username: str = "zhang") -> str:
    with pytest.raises(ChengxinError) as caught:
        check_password(password, username)
    assert caught.value.where == username
    return caught.value.code


@pytest.mark.parametrize("password", ["", "x", "Tr0ub4dor&3", "密" * 11])
def test_a_short_password_is_refused_whatever_signs_it_has(password: str) -> None:
    assert _refused(password) == "password_too_short"


def test_a_password_that_would_cost_the_hasher_a_megabyte_is_refused() -> None:
    assert _refused("correct horse " * 100) == "password_too_long"


@pytest.mark.parametrize(
    "password",
    ["passwordpassword", "123456789012", "qwertyuiop123", "aaaaaaaaaaaa", "abcabcabcabc", "Kunshan-2026-2026",
     "!!!!!!!!!!!!!", "20260302102030", "诚信诚信诚信诚信诚信诚信", "zhang2026zhang2026", "PASSWORD1234",
     "iloveyou2026!!"],
)  # fmt: skip
def test_a_password_that_guessers_try_first_is_refused(password: str) -> None:
    assert _refused(password) == "password_common"


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "昆山的雨下了一整夜没停过", "nur kleine buchstaben", "        spaces      in it"],
)
def test_no_kind_of_sign_is_asked_for(password: str) -> None:
    check_password(password, "zhang")
    assert not is_common(password, "zhang")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=11))
def test_under_twelve_characters_nothing_will_do(password: str) -> None:
    assert _refused(password) == "password_too_short"


@given(st.integers(12, 30), st.sampled_from("abcxyz密01 "))
def test_one_sign_again_and_again_is_no_password(count: int, sign: str) -> None:
    assert _refused(sign * count) == "password_common"


def test_first_passwords_are_random_and_good_enough() -> None:
    made = {initial_password() for _ in range(200)}
    assert len(made) == 200
    for one in made:
        check_password(one, "zhang")
        assert len(one) >= 20


def test_the_rules_name_their_sources() -> None:
    rules = load_rules()
    assert rules["minimum_length"] == 12
    assert all(
        "ASVS" in rules[name] for name in ("minimum_source", "maximum_source", "common_source", "breached_source")
    )
