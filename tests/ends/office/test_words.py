"""Words and numbers on the office's pages, in both languages."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.access import load_matrix
from chengxin.accounts.models import SecondFactor
from chengxin.catalogue import load_catalogue
from chengxin.ends.office import pages
from chengxin.ends.office.templatetags.office import (
    approval_state,
    as_json,
    content_name,
    duty,
    encoding_name,
    factor_name,
    in_words,
    item_name,
    operation,
    organisation_of,
    plain,
    said,
    size,
    state_name,
)
from chengxin.ends.office.templatetags.review import code_of
from chengxin.ends.office.views.desk import months_before
from chengxin.intake.models import Batch


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1_048_575, "1023 KB"), (1_048_576, "1.0 MB"), (10**9, "953.7 MB")],
)
def test_sizes_are_said_as_people_say_them(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize("item", load_catalogue().items)
def test_an_item_is_named_in_the_readers_language(item: Any) -> None:
    with translation.override("zh-hans"):
        assert item_name(item.key) == item.name
    with translation.override("en"):
        assert item_name(item.key) == item.name_en


def test_an_item_that_left_the_catalogue_stands_for_itself() -> None:
    assert item_name("gone") == "gone"


def test_every_state_of_a_batch_has_a_name_and_the_office_knows_which_are_ends(office: Any) -> None:
    assert office
    assert set(pages.STATES) == set(Batch.State.values)
    assert set(pages.ENDED) == {"published", "refused"}
    for state, label in Batch.State.choices:
        with translation.override("zh-hans"):
            assert state_name(state) == label
        with translation.override("en"):
            assert state_name(state).isascii()


def test_every_duty_operation_factor_and_state_of_an_approval_has_a_name_in_both_languages() -> None:
    matrix = load_matrix()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            named = [*map(duty, matrix.duties), *map(operation, matrix.operations)]
            named += [*map(factor_name, SecondFactor.Kind.values), *map(approval_state, pages.APPROVAL_STATES)]
            assert all(text.isascii() == (language == "en") for text in named), named
            assert (duty("gone"), operation("gone"), factor_name("gone"), approval_state("gone")) == ("gone",) * 4


def test_the_content_of_an_approval_is_read_as_it_stands() -> None:
    with translation.override("zh-hans"):
        assert plain(["auditor", "李"]) == "auditor、李"
        assert plain("x") == "x"
        assert plain({"a": [1, True]}) == as_json({"a": [1, True]}) == '{"a": [1, true]}'


def test_an_error_is_said_in_the_readers_language() -> None:
    error = {"message": "没有表头", "message_en": "no header"}
    with translation.override("zh-hans"):
        assert said(error) == "没有表头"
    with translation.override("en"):
        assert said(error) == "no header"
        assert said({"message": "没有表头"}) == ""


def test_encodings_are_named_as_officers_know_them() -> None:
    with translation.override("zh-hans"):
        assert [encoding_name(one) for one in ("utf-8", "gb18030", "xlsx")] == ["UTF-8", "GB18030", "Excel 工作簿"]


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(0, 240))
def test_months_are_counted_back_one_by_one(day: date, count: int) -> None:
    month = day.replace(day=1)
    for _ in range(count):
        month = (month - timedelta(days=1)).replace(day=1)
    assert months_before(day, count) == month


def test_a_page_before_the_log_in_knows_the_city_and_no_officer(office: Any) -> None:
    assert office
    frame = pages.frame(RequestFactory().get("/"))
    assert frame["officer"] is None
    assert frame["organisation"] == ""
    assert not frame["may_submit"]
    assert frame["site"] == "诚信昆山"
    assert "演练数据" in frame["banner"]


@given(st.text(max_size=20))
def test_a_code_is_what_stands_after_its_kind(code: str) -> None:
    assert code_of(f"uscc:{code}") == code.rpartition(":")[2]
    assert ":" not in code_of(code)


def test_what_an_approval_allows_is_said_in_words() -> None:
    assert content_name("roles") == "岗位"
    assert content_name("unforeseen") == "unforeseen"
    assert in_words(["submitter", "reviewer"], "roles") == "报送员、复核员"
    assert in_words(value=True, key="reset") == "是"
    assert in_words("zhang", "username") == "zhang"
    with translation.override("en"):
        assert in_words(["submitter"], "roles") == "submitter"


def test_an_organisation_has_its_english_name_where_the_city_knows_one() -> None:
    batch = SimpleNamespace(organisation="ks-scjg", organisation_name="昆山市市场监督管理局")
    assert organisation_of(batch) == "昆山市市场监督管理局"  # type: ignore[arg-type]
    with translation.override("en"):
        assert organisation_of(batch) == "Kunshan Administration for Market Regulation"  # type: ignore[arg-type]
        assert pages.organisation_name("elsewhere", "别处") == "别处"
