"""The desk and the page about punctuality; languages, headers and errors that every page shares."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import InterfaceError, OperationalError
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.ends.office.access import Access, load_access
from chengxin.ends.office.charts import WHOLE, bars, rate
from chengxin.ends.office.middleware import POLICY
from chengxin.intake.models import Timeliness
from chengxin.intake.queries import MonthOfDecisions
from chengxin.testing.making import make_batch, make_officer, make_organisation

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

TEMPLATES = Path(__file__).resolve().parents[3] / "src/chengxin/ends/office/templates"


def _report(organisation: Organisation, month: date, *counts: int, item: str = "licence") -> None:
    reported, on_time, late, provisional = counts
    Timeliness.objects.create(
        batch=make_batch(organisation),
        item=item,
        month=month,
        reported=reported,
        on_time=on_time,
        late=late,
        provisional=provisional,
    )


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_desk_shows_the_organisation_its_batches_and_this_month(desk: Any, organisation: Organisation) -> None:
    _report(organisation, date(2026, 3, 1), 10, 9, 1, 0)
    _report(organisation, date(2026, 2, 1), 50, 50, 0, 0)
    text = _text(desk.get("/"))
    for words in ("昆山市market局", "张三", "报送员 · 昆山市market局", "许可.csv", "2026-03 作出决定的双公示时效"):
        assert words in text
    assert "行政许可 10 9 1 90.0%" in text
    assert " 50 " not in text


def test_an_empty_desk_says_where_to_begin(desk: Any) -> None:
    text = _text(desk.get("/"))
    assert "还没有报送过数据" in text
    assert "7 个工作日内" in text


def test_punctuality_is_shown_by_month_and_item_with_provisional_marks(desk: Any, organisation: Organisation) -> None:
    _report(organisation, date(2026, 3, 1), 10, 9, 1, 0)
    _report(organisation, date(2026, 3, 1), 2, 2, 0, 1)
    _report(organisation, date(2025, 4, 1), 3, 2, 1, 0, item="penalty")
    _report(organisation, date(2025, 3, 1), 99, 99, 0, 0)
    _report(make_organisation("tax"), date(2026, 3, 1), 77, 77, 0, 0)
    text = _text(desk.get("/punctuality/"))
    assert "2026-03 暂定 12 11 1 91.6%" in text
    assert "2025-04 3 2 1 66.6%" in text
    assert "99" not in text
    assert "77" not in text


def test_a_department_cannot_look_at_anothers_punctuality_and_the_centre_can(
    office: Any, organisation: Organisation
) -> None:
    make_officer(organisation)
    make_officer(organisation, "wang", "centre")
    other = make_organisation("tax")
    _report(other, date(2026, 3, 1), 77, 77, 0, 0)
    office.log_in()
    assert "77" not in _text(office.get("/punctuality/?organisation=tax"))
    office.post("/log-out/")
    office.log_in("wang")
    page = _text(office.get("/punctuality/?organisation=tax"))
    assert "77 77 0 100.0%" in page
    assert office.get("/punctuality/?organisation=nobody").status_code == 404


def test_who_acts_everywhere_sees_whose_batches_they_are_and_no_late_report_of_its_own(office: Any) -> None:
    market = make_organisation("market")
    make_batch(market)
    centre = make_organisation("centre", hands_in=[])
    make_officer(centre, "wang", "centre")
    _report(market, date(2026, 3, 1), 10, 9, 1, 0)
    office.log_in("wang")
    page = office.get("/").content.decode()
    assert "昆山市market局" in page
    assert "本月作出的决定还没有报送" not in page
    assert 'href="/upload/"' not in page
    assert "10 9 1 90.0%" in _text(office.get("/punctuality/"))
    assert 'href="/bodies/changes/"' in office.get("/bodies/").content.decode()


def test_the_desk_names_the_work_that_waits_and_only_that(office: Any) -> None:
    market = make_organisation("market")
    make_officer(market, "wang", "releaser")
    office.log_in("wang")
    assert 'class="todo"' not in office.get("/").content.decode()
    make_batch(market, state="held")
    page = office.get("/").content.decode()
    assert '<a href="/batches/held/">待复核的批次 1</a>' in page
    assert "/links/" not in page


def test_a_window_clerk_begins_where_bodies_are_looked_up(office: Any) -> None:
    make_officer(make_organisation("hall"), "liu", "window")
    office.log_in("liu")
    assert office.get("/")["Location"] == "/bodies/"


COUNTS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda pair: (pair[0] + pair[1], *pair))


@given(st.lists(COUNTS, max_size=12))
def test_bars_are_to_one_scale_and_never_longer_than_the_whole(counts: list[tuple[int, int, int]]) -> None:
    months = [MonthOfDecisions("licence", date(2026, 1, 1), *one, 0) for one in counts]
    for bar, (reported, on_time, late) in zip(bars(months), counts, strict=True):
        assert bar.on_time_length + bar.late_length <= WHOLE + 8
        assert (bar.on_time_length > 0) == (on_time > 0)
        assert (bar.late_length > 0) == (late > 0)
        assert (bar.rate == "") == (reported == 0)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_rate_is_a_hundred_per_cent_only_when_nothing_was_late(on_time: int, late: int) -> None:
    assert (rate(on_time, on_time + late) == "100.0%") == (late == 0 and on_time > 0)


def test_english_is_a_switch_that_keeps_the_page(desk: Any) -> None:
    assert "工作台" in desk.get("/batches/").content.decode()
    response = desk.post("/language/", {"language": "en", "next": "/batches/?after=7"})
    assert response["Location"] == "/batches/?after=7"
    page = desk.get("/batches/")
    assert page["Content-Language"] == "en"
    assert '<html lang="en">' in page.content.decode()
    assert "Kunshan market bureau" in page.content.decode()
    assert "Log out" in page.content.decode()
    desk.post("/language/", {"language": "zh-hans", "next": "/"})
    assert "退出" in desk.get("/").content.decode()


def test_the_browsers_own_language_and_unknown_ones_do_not_count(desk: Any) -> None:
    assert desk.get("/", headers={"Accept-Language": "en"})["Content-Language"] == "zh-hans"
    desk.post("/language/", {"language": "xx", "next": "//evil.example"})
    assert desk.get("/")["Content-Language"] == "zh-hans"
    assert desk.post("/language/", {"language": "en", "next": "//evil.example"})["Location"] == "/"


def test_every_page_carries_the_headers_and_is_kept_by_no_cache(desk: Any) -> None:
    for path in ("/", "/batches/", "/nothing/", "/healthz"):
        response = desk.get(path)
        assert response["Content-Security-Policy"] == POLICY
        assert response["Cache-Control"] == "no-store"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
    assert "unsafe" not in POLICY


def test_no_template_has_an_inline_script_style_or_handler() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?! src=\"{% static )|<style|\sstyle=|\son[a-z]+=|javascript:|\|safe", text), path


def test_what_does_not_exist_and_what_is_asked_wrongly_has_a_page_of_its_own(desk: Any) -> None:
    missing = desk.get("/nothing/")
    assert missing.status_code == 404
    assert "没有找到" in missing.content.decode()
    assert desk.get("/", headers={"host": "evil.example"}).status_code == 400
    assert desk.post("/").status_code == 405


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_said_to_be_away(
    desk: Any, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_given: object, **_more: object) -> None:
        raise error("connection is bad: chengxin_office")

    monkeypatch.setattr("chengxin.ends.office.views.desk.batches", fail)
    response = desk.get("/")
    assert response.status_code == 503
    assert "平台暂时不可用" in response.content.decode()
    assert "chengxin_office" not in response.content.decode()


def test_an_error_nobody_foresaw_tells_nothing(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object, **_more: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("chengxin.ends.office.views.desk.batches", fail)
    response = desk.get("/")
    assert response.status_code == 500
    assert "平台内部错误" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_the_process_says_that_it_is_well(office: Any) -> None:
    assert office.get("/healthz").content == b"ok\n"


def test_limits_come_from_the_file_a_city_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = load_access()
    assert (shipped.session_idle_minutes, shipped.session_hours, shipped.failed_log_ins) == (30, 8, 5)
    own = tmp_path / "access.yaml"
    lists = {"administration_duties": "[security]", "administration_networks": "[10.20.0.0/16]"}
    given = {name: lists.get(name, "7") for name in Access.__dataclass_fields__}
    own.write_text("\n".join(f"{name}: {value}" for name, value in given.items()), encoding="utf-8")
    monkeypatch.setenv("CHENGXIN_OFFICE_ACCESS", str(own))
    load_access.cache_clear()
    try:
        assert load_access().upload_bytes == 7 * 1024 * 1024
        assert load_access().administration_duties == ("security",)
        own.write_text("session_hours: no\n", encoding="utf-8")
        load_access.cache_clear()
        with pytest.raises(ChengxinError):
            load_access()
    finally:
        monkeypatch.delenv("CHENGXIN_OFFICE_ACCESS")
        load_access.cache_clear()
