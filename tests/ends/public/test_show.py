"""Facts in words: labels from the catalogue, only public fields, the right language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue import SubjectKind, load_catalogue
from chengxin.ends.public import show
from chengxin.publication.queries import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _end(public_settings: None) -> Iterator[None]:  # noqa: ARG001 - the end's own words
    with translation.override("zh-hans"):
        yield


def _fact(item: str = "penalty", until: date | None = None, decided: date = date(2026, 9, 18), **content: str) -> Fact:
    return Fact(7, 1, item, "昆市监罚〔2026〕7号", decided, "某局", decided, until, content)


KINDS = ["enterprise", "individual_business", "cooperative", "institution", "social_organisation", "something new"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("item", show.ITEMS)
def test_only_public_fields_are_shown_whatever_the_store_holds(item: str, kind: str) -> None:
    catalogue = load_catalogue().item(item)
    content = {field.key: f"值{field.key}" for field in catalogue.fields}
    allowed = {field.label for field in catalogue.public_fields()}
    shown = {line.label for line in show.fact_lines(replace(_fact(item), content=content), kind)}
    assert shown <= allowed
    assert {"证件号码", "备注", "法定代表人证件号码"}.isdisjoint(shown)


def test_an_unknown_kind_of_body_is_shown_as_little_of_as_an_individual_business() -> None:
    content = {"address": "某小区", "legal_representative": "某人", "body_type": "其他"}
    assert show.registration_lines(content, "something new") == show.registration_lines(content, "individual_business")
    assert [line.text for line in show.registration_lines(content, "individual_business")] == ["其他"]
    assert len(show.registration_lines(content, "enterprise")) == 3
    assert len(show.registration_lines(content, SubjectKind.LEGAL_PERSON.value)) == 3


def test_empty_fields_are_left_out() -> None:
    assert show.fact_lines(_fact(violation_type="", facts="事实"), "enterprise")[0].text == "事实"


def test_the_title_is_the_items_own_or_the_older_lists_or_the_document() -> None:
    assert show.title(_fact(violation_type="无证经营", penalty_name="旧名")) == "无证经营"
    assert show.title(_fact(penalty_name="旧名")) == "旧名"
    assert show.title(_fact()) == "昆市监罚〔2026〕7号"
    assert show.title(_fact("unheard_of", violation_type="x")) == "昆市监罚〔2026〕7号"


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("0.300000", "0.3 万元", "3,000 yuan"),
        ("1250.5", "1,250.5 万元", "12,505,000 yuan"),
        ("20", "20 万元", "200,000 yuan"),
        ("100", "100 万元", "1,000,000 yuan"),
        ("0.000001", "0.000001 万元", "0.01 yuan"),
        ("NaN", "NaN", "NaN"),
        ("若干", "若干", "若干"),
    ],
)
def test_amounts(text: str, zh: str, en: str) -> None:
    assert show.amount(text, "万元") == zh
    with translation.override("en"):
        assert show.amount(text, "万元") == en


@given(st.decimals(min_value=0, max_value=10**12, places=6))
def test_an_amount_keeps_its_value(figure: object) -> None:
    written = show.amount(str(figure), "").replace(",", "")
    assert float(written) == float(str(figure))
    assert not written.endswith(".")


def test_kinds_of_penalty_are_translated_one_by_one_and_unknown_ones_stay() -> None:
    fact = _fact(penalty_kind="警告;罚款、其他-责令改正；没见过的")
    assert show.fact_lines(fact, "enterprise")[0].text == "警告；罚款；其他 - 责令改正；没见过的"
    with translation.override("en"):
        assert show.fact_lines(fact, "enterprise")[0].text == "warning; fine; other (annotated) - 责令改正; 没见过的"


def test_days_are_days_and_the_far_end_is_no_end() -> None:
    lines = {
        line.label: line for line in show.fact_lines(_fact(valid_until="2099-12-31", public_until="2027-01-02"), "x")
    }
    assert lines["处罚有效期"].text == "长期"
    assert lines["公示截止期"].day == date(2027, 1, 2)
    assert show.fact_lines(_fact(valid_until="不详"), "x")[0].text == "不详"


def test_the_reason_of_a_period_names_the_rule_only_while_it_gives_the_stored_end() -> None:
    told = _fact(until=date(2027, 9, 18), penalty_kind="罚款")
    shortened = _fact(until=date(2026, 12, 31), penalty_kind="罚款")
    assert "令第36号" in show.period_reason(told, date(2026, 11, 23))
    assert show.period_reason(shortened, date(2026, 11, 23)) == ""
    assert show.period_reason(_fact("licence"), date(2026, 11, 23)) == ""
    with translation.override("en"):
        assert "NDRC order 36" in show.period_reason(told, date(2026, 11, 23))


def test_a_codes_parts_put_together_are_the_code() -> None:
    code = "91320583187588026H"
    assert "".join(part.text for part in show.code_parts(code)) == code
    assert show.grouped(code) == "91 320583 187588026 H"
    assert show.code_parts("不是代码") == ()


def test_heads_are_the_catalogues_words() -> None:
    assert show.heads("penalty")["document_number"] == "行政处罚决定书文号"
    with translation.override("en"):
        assert show.heads("licence")["decided_on"] == load_catalogue().item("licence").field("decided_on").label_en
    assert show.heads("unheard_of") == {}


def test_names_of_kinds_items_and_states() -> None:
    assert (show.kind_name("enterprise"), show.kind_name("?")) == ("企业", "登记主体")
    assert (show.item_name("penalty"), show.item_name("unheard_of")) == ("行政处罚", "unheard_of")
    assert (show.status_name("在业"), show.status_name(""), show.status_name("怪")) == ("存续", "未填报", "怪")
    assert show.source_of(_fact(source_name="来源局")) == "来源局"
    assert show.source_of(_fact()) == "某局"
