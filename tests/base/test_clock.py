"""The machine is asked for the time in one place, and a rehearsal may set it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError

SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize("unset", [None, ""])
def test_the_present_moment_is_the_machines(monkeypatch: pytest.MonkeyPatch, unset: str | None) -> None:
    if unset is None:
        monkeypatch.delenv("CHENGXIN_NOW", raising=False)
    else:
        monkeypatch.setenv("CHENGXIN_NOW", unset)
    before = datetime.now(UTC)
    assert before <= system_now() <= datetime.now(UTC)


def test_a_rehearsal_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", "2026-03-02T10:00:00+08:00")
    assert system_now() == datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert system_now().utcoffset() == timedelta(hours=8)


@given(st.datetimes(timezones=st.sampled_from([UTC, SHANGHAI])))
def test_every_moment_that_is_set_comes_back(moment: datetime) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHENGXIN_NOW", moment.isoformat())
        assert system_now() == moment


@pytest.mark.parametrize("wrong", ["tomorrow", "2026-03-02", "2026-03-02T10:00:00", "2026-13-02T10:00:00+08:00"])
def test_a_time_without_an_offset_is_refused_because_nobody_knows_which_day_it_is(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", wrong)
    with pytest.raises(ChengxinError) as caught:
        system_now()
    assert caught.value.where == "CHENGXIN_NOW"
    assert wrong in caught.value.message_zh
    assert "+08:00" in caught.value.message_zh
