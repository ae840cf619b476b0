"""The files of the room accounts are consistent: duties, operations, entrances, purposes, passwords and quotas."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from chengxin.accounts.access import load_matrix, read_matrix
from chengxin.accounts.actor import OPERATIONS, ROLE_OPERATIONS, Actor, operator
from chengxin.accounts.entrances import ENDS, METHODS, Entrance, load_entrances, read_entrances
from chengxin.accounts.passwords import check_password, is_common, load_rules
from chengxin.accounts.purpose import Purpose, PurposeWrong, Reason, load_reasons
from chengxin.accounts.quota import read_quota, usual_quota
from chengxin.accounts.second_factors import DIGITS, STEP, lifetime, matching_step, totp_code
from chengxin.base.errors import ChengxinError, NotPermitted

MATRIX = load_matrix()
CHINESE = re.compile("[\u4e00-\u9fff]")


def _file(name: str) -> Any:
    return yaml.safe_load((resources.files("chengxin.accounts") / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", list(MATRIX.duties))
def test_every_duty_has_work_and_names_in_both_languages(key: str) -> None:
    duty = MATRIX.duties[key]
    assert MATRIX.allowed([key]) or key == "editor", "a duty without work would be a mistake"
    assert CHINESE.search(duty.name)
    assert duty.name_en.isascii()
    assert (_file("access.yaml")["duties"][key]["kind"] == "oversight") == duty.oversight


@pytest.mark.parametrize("key", list(MATRIX.operations))
def test_every_operation_is_named_once_by_room_and_act(key: str) -> None:
    one = MATRIX.operations[key]
    assert re.fullmatch(r"[a-z]+\.[a-z]+", key)
    assert MATRIX.operation(key) is one
    same = [other for other in MATRIX.operations.values() if one.name == other.name or one.name_en == other.name_en]
    assert same == [one], "an officer could not tell the two apart"


def test_nothing_an_api_client_may_be_granted_needs_two_officers_or_gives_power() -> None:
    for key in OPERATIONS:
        assert not MATRIX.operations[key].four_eyes, key
        assert key.partition(".")[0] not in {"officers", "duties", "clients", "approvals", "audit", "system"}, key


def test_who_asks_for_a_release_or_merge_need_not_be_who_agrees() -> None:
    for key, one in MATRIX.operations.items():
        if one.four_eyes:
            deciding = one.roles & MATRIX.operations["approvals.decide"].roles
            assert deciding, f"{key}: nobody could agree"
            assert one.roles, f"{key}: nobody could ask"


def test_no_duty_alone_runs_the_whole_platform() -> None:
    for key, allowed in ROLE_OPERATIONS.items():
        assert allowed < set(MATRIX.operations), key
    assert not ROLE_OPERATIONS["administrator"] & ROLE_OPERATIONS["auditor"]
    assert "audit.read" in ROLE_OPERATIONS["auditor"]
    assert "audit.read" not in ROLE_OPERATIONS["administrator"] | ROLE_OPERATIONS["submitter"]


@given(st.sets(st.sampled_from(sorted(MATRIX.duties))), st.sampled_from(sorted(MATRIX.operations)))
def test_an_operation_is_allowed_exactly_to_those_who_hold_one_of_its_duties(held: set[str], key: str) -> None:
    actor = Actor("officer", "zhang", "market", MATRIX.allowed(held), everywhere=MATRIX.everywhere(held))
    if held & MATRIX.operations[key].roles:
        actor.require(key)
        actor.require(key, "market")
    else:
        with pytest.raises(NotPermitted) as caught:
            actor.require(key)
        assert caught.value.code == "operation_not_granted"
        assert f"“{key}”" in caught.value.message_zh


@given(st.sets(st.sampled_from(sorted(MATRIX.duties)), min_size=1), st.text(min_size=1, max_size=8))
def test_beyond_their_own_organisation_act_only_those_who_act_everywhere(held: set[str], organisation: str) -> None:
    allowed = sorted(MATRIX.allowed(held))
    actor = Actor("officer", "zhang", "market", MATRIX.allowed(held), everywhere=MATRIX.everywhere(held))
    for key in allowed:
        if actor.everywhere or organisation == "market":
            actor.require(key, organisation)
        else:
            with pytest.raises(NotPermitted) as caught:
                actor.require(key, organisation)
            assert (caught.value.code, caught.value.message_zh) == ("other_organisation", "只能办理本单位的业务")
    operator().require(MATRIX.operation(next(iter(MATRIX.operations))).key, organisation)


@pytest.mark.parametrize("name", ["duties", "operations", "approval"])
def test_a_matrix_without_one_of_its_parts_is_no_matrix(name: str) -> None:
    held = deepcopy(_file("access.yaml"))
    del held[name]
    with pytest.raises(KeyError, match=name):
        read_matrix(held)


@pytest.mark.parametrize("mark", ["yes", 1, 0, "true", None, []])
def test_a_mark_of_a_duty_is_true_or_false(mark: object) -> None:
    held = deepcopy(_file("access.yaml"))
    held["duties"]["centre"]["everywhere"] = mark
    with pytest.raises(ChengxinError) as caught:
        read_matrix(held)
    assert (caught.value.code, caught.value.where) == ("access_matrix_wrong", "centre")
    assert "请改正 access.yaml" in caught.value.message_zh


@pytest.mark.parametrize("one", load_entrances(), ids=lambda one: f"{one.end}-{one.name}-{one.method}")
def test_every_entrance_opens_to_somebody_and_never_to_both_kinds_by_one_right(one: Entrance) -> None:
    assert one.end in ENDS
    assert one.method in METHODS
    open_to = [duty for duty in MATRIX.duties if one.opens_to_officer([duty])]
    client = one.opens_to_client([one.needs])
    assert open_to or client
    if one.needs != "public":
        assert bool(open_to) != client
        assert not one.opens_to_client([])
    if one.end == "api" and one.needs != "public":
        assert one.needs in OPERATIONS, "a right no client can be granted would close the entrance for ever"
    if one.end == "public":
        assert one.needs == "public"


def test_a_page_that_changes_something_needs_no_less_than_the_page_that_shows_it() -> None:
    pages = {(one.name, one.method): one for one in load_entrances() if one.end == "office"}
    for (name, method), changing in pages.items():
        shown = pages.get((name, "GET"))
        if method == "POST" and shown is not None:
            opens = {duty for duty in MATRIX.duties if changing.opens_to_officer([duty])}
            assert opens <= {duty for duty in MATRIX.duties if shown.opens_to_officer([duty])}, name


@pytest.mark.parametrize("written", ["public everywhere now", " public", "PUBLIC", "batches.submit  everywhere", "*"])
def test_a_need_spelt_otherwise_opens_nothing(written: str) -> None:
    with pytest.raises(ChengxinError) as caught:
        read_entrances({"office": {"desk": {"GET": written}}})
    assert caught.value.code == "entrances_wrong"
    assert f"“{written}”" in caught.value.message_zh


@pytest.mark.parametrize("reason", load_reasons().values(), ids=lambda one: one.code)
def test_every_purpose_names_its_law_and_takes_a_case_number(reason: Reason) -> None:
    assert "个人信息保护法" in reason.source
    assert CHINESE.search(reason.name)
    assert reason.name_en.isascii()
    assert reason.end is None or reason.start <= reason.end
    assert Purpose(reason.code, "核实登记信息", "昆信〔2026〕7号").check(reason.start) is reason
    re.compile(reason.case_number)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 900))
def test_a_purpose_that_ended_counts_to_its_last_day_and_no_longer(day: date, start: date, days: int) -> None:
    end = start + timedelta(days=days)
    reason = Reason("x", "名", "name", start, end, ".*", "law")
    assert reason.in_force(day) == (start <= day <= end)
    assert not reason.in_force(end + timedelta(days=1))
    assert Reason("x", "名", "name", start, None, ".*", "law").in_force(day) == (day >= start)


def test_before_any_purpose_is_in_force_nothing_can_be_looked_at() -> None:
    with pytest.raises(PurposeWrong) as caught:
        Purpose("audit", "审计", "1234").check(date(2021, 10, 31))
    assert caught.value.code == "purpose_unknown"
    assert caught.value.message_zh.startswith("请选择查询目的")
    Purpose("audit", "审计", "1234").check(date(2021, 11, 1))


@given(st.text(), st.text(), st.text())
def test_whatever_is_given_for_a_purpose_is_taken_or_refused_at_its_part(code: str, text: str, number: str) -> None:
    try:
        Purpose(code, text, number).check(date(2026, 3, 2))
    except PurposeWrong as error:
        assert error.where in {"purpose", "purpose_text", "case_number"}  # noqa: PT017 - either outcome is right
    else:
        assert code in load_reasons()
        assert text.strip()
        assert 4 <= len(number) <= 60


@pytest.mark.parametrize("word", load_rules()["words"])
def test_a_word_of_this_place_with_figures_around_it_is_no_password(word: str) -> None:
    for made in (
        f"{word}202620262026",
        f"2026-{word}-2026-2026",
        f"{word}!{word}!{word}!{word}",
        word.upper() + "1" * 12,
    ):
        assert is_common(made), made
        with pytest.raises(ChengxinError) as caught:
            check_password(made.ljust(12, "1"), "zhang")
        assert caught.value.code == "password_common"


@given(st.text(min_size=3, max_size=10).filter(str.strip), st.integers(0, 9999))
def test_a_user_name_with_figures_is_no_password_of_its_owner(username: str, number: int) -> None:
    assert is_common(f"{username}{number:08d}", username)


@given(st.lists(st.sampled_from(["lantern", "river", "桂花", "bicycle", "umbrella", "莲藕"]), min_size=4, max_size=9))
def test_several_unrelated_words_are_a_password(words: list[str]) -> None:
    made = " ".join(words)
    assume(len(set(words)) >= 3 and len(made) >= 12)
    assert not is_common(made, "zhang")
    check_password(made, "zhang")


@given(st.binary(min_size=1, max_size=40), st.integers(60, 2**33), st.integers(-5, 5))
def test_a_code_is_accepted_in_its_own_thirty_seconds_and_never_further(secret: bytes, seconds: int, off: int) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    present = seconds // STEP
    assert lifetime().tolerance == 0
    window = [totp_code(secret, present)]
    code = totp_code(secret, max(present + off, 0))
    found = matching_step(secret, code, now)
    assert (found is not None) == (code in window)
    if found is not None:
        assert totp_code(secret, found) == code
        assert found == present


@pytest.mark.parametrize(
    ("second", "off", "accepted"),
    [(0, -1, False), (0, 0, True), (29, 0, True), (29, 1, False), (30, 0, False), (30, 1, True), (30, 2, False)],
)
def test_the_window_moves_with_every_thirtieth_second(second: int, off: int, *, accepted: bool) -> None:
    begin = 1_772_416_800  # a multiple of thirty
    assert begin % STEP == 0
    code = totp_code(b"12345678901234567890", begin // STEP + off)
    now = datetime.fromtimestamp(begin + second, UTC)
    assert (matching_step(b"12345678901234567890", code, now) is not None) == accepted


@given(st.binary(min_size=1, max_size=64), st.integers(0, 2**63 - 1))
def test_a_code_is_six_digits_whatever_the_key_and_step(secret: bytes, step: int) -> None:
    assert re.fullmatch(rf"[0-9]{{{DIGITS}}}", totp_code(secret, step))


@pytest.mark.parametrize("name", ["per_minute", "per_day"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "true", "null", "[1]", "'600'"])
def test_a_quota_is_a_positive_whole_number(name: str, value: str) -> None:
    held = {"per_minute": "1", "per_day": "1"} | {name: value}
    with pytest.raises(ChengxinError) as caught:
        read_quota("\n".join(f"{key}: {one}" for key, one in held.items()))
    assert (caught.value.code, caught.value.where) == ("quota_file_wrong", name)
    assert caught.value.message_zh == f"quota.yaml 的 {name} 应为正整数"


def test_the_usual_quota_of_a_day_lasts_longer_than_a_minute() -> None:
    usual = usual_quota()
    assert 0 < usual.per_minute < usual.per_day
