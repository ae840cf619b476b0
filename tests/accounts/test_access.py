"""The access matrix: one file says who may do what; the code's constants and the database agree with it."""

from __future__ import annotations

from copy import deepcopy
from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts import actor
from chengxin.accounts.access import load_matrix, read_matrix
from chengxin.accounts.models import OVERSIGHT
from chengxin.base.errors import ChengxinError

MATRIX = load_matrix()
FILE: dict[str, Any] = yaml.safe_load(
    (resources.files("chengxin.accounts") / "access.yaml").read_text(encoding="utf-8")
)
ROLES = st.lists(st.sampled_from(sorted(MATRIX.duties)), max_size=4)


def test_every_operation_has_a_constant_and_every_constant_an_operation() -> None:
    named = {value for name, value in vars(actor).items() if name.isupper() and isinstance(value, str)}
    assert named == set(MATRIX.operations) == set(actor.ALL_OPERATIONS)


def test_every_operation_is_somebodys_and_has_names_in_both_languages() -> None:
    for one in MATRIX.operations.values():
        assert one.roles, one.key
        assert not one.name.isascii(), one.key
        assert one.name_en.isascii(), one.key


def test_the_three_duties_held_alone_are_the_ones_the_database_keeps_apart() -> None:
    assert {key for key, one in MATRIX.duties.items() if one.oversight} == set(OVERSIGHT)


def test_everything_that_needs_two_officers_has_one_who_may_ask_and_another_who_may_decide() -> None:
    deciding = MATRIX.operations["approvals.decide"].roles
    needing = {key: one for key, one in MATRIX.operations.items() if one.four_eyes}
    assert {"batches.release", "bodies.merge", "duties.grant", "clients.manage", "system.restore"} <= set(needing)
    for key, one in needing.items():
        assert one.roles & deciding, key


def test_who_manages_officers_decides_nothing_and_who_decides_about_them_manages_none() -> None:
    assert "approvals.decide" not in MATRIX.allowed(["administrator"])
    assert "officers.manage" not in MATRIX.allowed(["security"])
    assert "duties.grant" in MATRIX.allowed(["administrator"]) & MATRIX.allowed(["security"])


def test_who_oversees_works_on_nothing() -> None:
    work = {
        key for key in MATRIX.operations if key.split(".")[0] in {"subjects", "checks", "records", "links", "bodies"}
    }
    for role in OVERSIGHT:
        assert not MATRIX.allowed([role]) & work


@given(ROLES, ROLES)
def test_more_duties_never_allow_less(some: list[str], more: list[str]) -> None:
    assert MATRIX.allowed(some) <= MATRIX.allowed(some + more)
    assert MATRIX.allowed(some) | MATRIX.allowed(more) == MATRIX.allowed(some + more)


@given(ROLES)
def test_an_oversight_duty_is_held_alone(roles: list[str]) -> None:
    separate = len(set(roles)) <= 1 or not set(roles) & set(OVERSIGHT)
    if separate:
        MATRIX.require_separate(roles)
        return
    with pytest.raises(ChengxinError) as caught:
        MATRIX.require_separate(roles)
    assert caught.value.code == "duties_not_separate"
    assert "不能兼任" in caught.value.message_zh


@given(st.text())
def test_a_duty_nobody_knows_allows_nothing_and_is_refused(role: str) -> None:
    if role in MATRIX.duties:
        return
    assert MATRIX.allowed([role]) == frozenset()
    assert not MATRIX.everywhere([role])
    with pytest.raises(ChengxinError) as caught:
        MATRIX.require_separate([role])
    assert caught.value.code == "unknown_role"
    assert all(key in caught.value.message_zh for key in MATRIX.duties)


def test_an_operation_nobody_knows_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ChengxinError) as caught:
        MATRIX.operation("everything")
    assert (caught.value.code, caught.value.where) == ("unknown_operation", "everything")
    assert "checks.run" in caught.value.message_en


@pytest.mark.parametrize(
    ("part", "value"), [("roles", ["king"]), ("clients", "yes"), ("four_eyes", 1), ("clients", None)]
)
def test_a_file_that_is_wrong_is_refused_with_the_operation(part: str, value: object) -> None:
    held = deepcopy(FILE)
    held["operations"]["checks.run"][part] = value
    with pytest.raises(ChengxinError) as caught:
        read_matrix(held)
    assert (caught.value.code, caught.value.where) == ("access_matrix_wrong", "checks.run")


@pytest.mark.parametrize("hours", [0, -1, "72", 1.5, None, True])
def test_an_approval_lasts_a_whole_number_of_hours(hours: object) -> None:
    held = deepcopy(FILE)
    held["approval"]["valid_hours"] = hours
    with pytest.raises(ChengxinError):
        read_matrix(held)
