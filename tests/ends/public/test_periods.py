"""The law of the end: nothing outside its dates is on any page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.ends.public.site import _seconds_fresh

if TYPE_CHECKING:
    import pytest
    from django.test import Client
    from tests.ends.public.conftest import Store

CODE = "91320583187588026H"
DAYS = st.dates(date(2026, 10, 1), date(2026, 12, 31))
ENDS = st.none() | DAYS


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fact_from=DAYS, fact_until=ENDS, body_until=ENDS, on=DAYS)
def test_what_is_outside_its_dates_is_on_no_page(
    client: Client,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    fact_from: date,
    fact_until: date | None,
    body_until: date | None,
    on: date,
) -> None:
    store.empty()
    monkeypatch.setenv("CHENGXIN_NOW", f"{on}T12:00:00+08:00")
    body = store.body("昆山市金石厂", CODE, shown=("2020-01-01", body_until.isoformat() if body_until else None))
    record = store.fact(
        body,
        "penalty",
        document="昆罚〔2026〕77号",
        shown=(fact_from.isoformat(), fact_until.isoformat() if fact_until else None),
        violation_type="无证经营",
    )
    store.changed()
    body_shown = body_until is None or on <= body_until
    fact_shown = body_shown and fact_from <= on and (fact_until is None or on <= fact_until)
    ended = on >= fact_from and ((fact_until is not None and on > fact_until) or not body_shown)
    assert client.get(f"/fact/{record}/").status_code == (200 if fact_shown else 410 if ended else 404)
    assert client.get(f"/body/{CODE}/").status_code == (200 if body_shown else 404)
    for address in (
        "/",
        "/penalties/",
        "/penalties/?q=金石",
        "/penalties/?q=昆罚〔2026〕77号",
        f"/body/{CODE}/",
        f"/fact/{record}/",
    ):
        assert ("无证经营" in client.get(address).content.decode()) == fact_shown, address
    assert ("金石厂</a>" in client.get("/search/?q=金石").content.decode()) == body_shown


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - the zone is set below
def test_no_page_may_be_kept_past_midnight(local: datetime) -> None:
    moment = local.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    kept = _seconds_fresh(moment)
    assert 0 <= kept <= 60
    assert (moment + timedelta(seconds=kept)).replace(microsecond=0) <= (
        moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    )
