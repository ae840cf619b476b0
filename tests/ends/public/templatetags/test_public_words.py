"""Days, moments, figures and codes as the templates write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.utils import translation
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.public.templatetags import public_words as words

DAY = date(2026, 4, 1)


def test_days_in_words() -> None:
    with translation.override("zh-hans"):
        assert words.day(DAY) == '<time datetime="2026-04-01">2026年4月1日</time>'
        assert words.month(DAY) == "2026年4月"
    with translation.override("en"):
        assert words.day(DAY) == '<time datetime="2026-04-01">1 April 2026</time>'
        assert words.month(DAY) == "April 2026"
    assert words.iso(DAY) == '<time datetime="2026-04-01">2026-04-01</time>'


def test_moments_are_told_in_shanghais_time() -> None:
    late = datetime(2026, 3, 31, 17, 5, tzinfo=UTC)
    with translation.override("zh-hans"):
        assert words.moment(late) == '<time datetime="2026-04-01T01:05+08:00">2026年4月1日 01:05</time>'
    with translation.override("en"):
        assert words.moment(late) == '<time datetime="2026-04-01T01:05+08:00">1 April 2026, 01:05</time>'


def test_nothing_is_written_for_no_day() -> None:
    assert words.day(None) == words.iso(None) == words.moment(None) == ""


@pytest.mark.parametrize(("value", "written"), [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")])
def test_figures_are_parted_by_thousands(value: int, written: str) -> None:
    assert words.number(value) == written


@given(st.text())
def test_a_code_can_be_parted_on_the_screen_and_stays_what_it_is(code: str) -> None:
    written = words.breakable(code)
    assert re.sub('<wbr>|<span class="group">|</span>', "", written) == escape(code)


def test_a_code_of_eighteen_characters_is_parted_into_its_sections() -> None:
    groups = re.findall('<span class="group">([^<]*)</span>', words.breakable("91320583187588026H"))
    assert groups == ["91", "320583", "187588026", "H"]


def test_a_persons_number_is_covered_and_the_text_is_still_to_be_escaped() -> None:
    covered = words.covered("<b>11010519491231002X")
    assert covered == "<b>" + "*" * 18
    assert not hasattr(covered, "__html__")
