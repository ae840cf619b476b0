"""The lint refuses what may not be collected; every reason has an item broken in that way only."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chengxin.catalogue import (
    BasisKind,
    Catalogue,
    Disclosure,
    FieldType,
    Item,
    LegalBasis,
    LintProblem,
    Nature,
    OneOf,
    RequiredIf,
    SubjectKind,
    lint,
    load_item,
)
from chengxin.catalogue.lint import CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = date(2026, 6, 1)


@pytest.fixture
def honour(honour_file: Callable[[str, str], Path]) -> Item:
    return load_item(honour_file("", ""))


@pytest.fixture
def person(honour: Item) -> Item:
    """An item about natural persons that has every safeguard: a court's list, say."""
    [basis] = honour.legal_bases
    named = replace(basis, organs=("人民法院", "公安机关"))
    return replace(honour, subject_kinds=(SubjectKind.NATURAL_PERSON,), legal_bases=(named,))


def problems_of(catalogue: Catalogue, item: Item, on: date = DAY) -> tuple[LintProblem, ...]:
    return lint(replace(catalogue, items=(item,)), on)


def codes_of(catalogue: Catalogue, item: Item, on: date = DAY) -> list[str]:
    return [problem.code for problem in problems_of(catalogue, item, on)]


def with_field(item: Item, key: str, **changes: object) -> Item:
    """The item with one field changed."""
    fields = tuple(replace(one, **changes) if one.key == key else one for one in item.fields)  # type: ignore[arg-type]
    return replace(item, fields=fields)


def extra_field(item: Item, key: str, label: str, **changes: object) -> Item:
    """The item with one field more."""
    like = item.fields[0]
    new = replace(
        like,
        key=key,
        label=label,
        label_en="Something",
        required=frozenset(),
        aliases={"*": (f"{label}列",)},
    )
    return replace(item, fields=(*item.fields, replace(new, **changes)))  # type: ignore[arg-type]


def test_the_shipped_catalogue_is_clean(catalogue: Catalogue) -> None:
    assert lint(catalogue, DAY) == ()


@pytest.mark.parametrize("day", [date(2022, 3, 1), date(2024, 2, 29), date(2026, 1, 1), date(2030, 12, 31)])
def test_the_shipped_catalogue_is_clean_on_any_day_of_its_time(catalogue: Catalogue, day: date) -> None:
    assert lint(catalogue, day) == ()


def test_before_its_statutes_nothing_could_be_collected(catalogue: Catalogue) -> None:
    found = lint(catalogue, date(2000, 1, 1))
    assert {(one.code, one.item) for one in found} == {
        ("no_statutory_basis", "licence"),
        ("no_statutory_basis", "penalty"),
        ("no_statutory_basis", "registration"),
    }


def test_the_small_items_of_these_tests_are_clean(catalogue: Catalogue, honour: Item, person: Item) -> None:
    assert codes_of(catalogue, honour) == []
    assert codes_of(catalogue, person) == []


def test_problems_are_listed_item_by_item(catalogue: Catalogue, honour: Item) -> None:
    broken = [replace(honour, key=key, retention=replace(honour.retention, years=None)) for key in ("b", "a")]
    found = lint(replace(catalogue, items=tuple(broken)), DAY)
    assert [(one.item, one.code) for one in found] == [("b", "retention_missing"), ("a", "retention_missing")]


def test_an_item_without_any_basis_is_refused(catalogue: Catalogue, honour: Item) -> None:
    [problem] = problems_of(catalogue, replace(honour, legal_bases=()))
    assert problem.code == "no_statutory_basis"
    assert problem.field is None
    assert problem.message_zh == (
        "2026-06-01 没有现行有效的法律、法规或党中央、国务院文件作为依据，不得归集；请补充依据或停用该事项。"
    )
    assert problem.message_en.startswith("No law, regulation or state document is in force on 2026-06-01")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (BasisKind.LAW, []),
        (BasisKind.REGULATION, []),
        (BasisKind.STATE_DOCUMENT, []),
        (BasisKind.LOCAL_REGULATION, []),
        (BasisKind.DEPARTMENT_RULE, ["no_statutory_basis"]),
    ],
)
def test_the_rank_of_the_basis_counts(catalogue: Catalogue, honour: Item, kind: BasisKind, codes: list[str]) -> None:
    [basis] = honour.legal_bases
    assert codes_of(catalogue, replace(honour, legal_bases=(replace(basis, kind=kind),))) == codes


@pytest.mark.parametrize(
    ("first", "last", "codes"),
    [
        (date(2026, 6, 1), None, []),
        (date(2020, 1, 1), date(2026, 6, 1), []),
        (date(2026, 6, 2), None, ["no_statutory_basis"]),
        (date(2020, 1, 1), date(2026, 5, 31), ["no_statutory_basis"]),
    ],
)
def test_the_basis_must_be_in_force_on_the_day(
    catalogue: Catalogue, honour: Item, first: date, last: date | None, codes: list[str]
) -> None:
    [basis] = honour.legal_bases
    dated = replace(basis, from_day=first, until_day=last)
    assert codes_of(catalogue, replace(honour, legal_bases=(dated,))) == codes


def test_one_live_statute_among_dead_ones_is_enough(catalogue: Catalogue, honour: Item) -> None:
    [basis] = honour.legal_bases
    dead = replace(basis, name="旧法", until_day=date(2021, 1, 1))
    rule = LegalBasis("某办法", "第二条", BasisKind.DEPARTMENT_RULE, "第二号", date(2020, 1, 1), None)
    assert codes_of(catalogue, replace(honour, legal_bases=(dead, rule, basis))) == []
    assert codes_of(catalogue, replace(honour, legal_bases=(dead, rule))) == ["no_statutory_basis"]


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("belief", "宗教信仰"),
        ("religion", "其他"),
        ("sample", "基因检测结果"),
        ("mark", "指纹"),
        ("type_of_blood", "类型"),
        ("blood_type", "血型"),
        ("history", "既往病史"),
        ("disease", "情况"),
    ],
)
def test_forbidden_content_is_refused_by_name_in_every_item(
    catalogue: Catalogue, honour: Item, key: str, label: str
) -> None:
    [problem] = problems_of(catalogue, extra_field(honour, key, label))
    assert problem.code == "forbidden_field"
    assert problem.field == key
    assert "请删除该字段" in problem.message_zh
    assert "may not be collected" in problem.message_en


def test_forbidden_content_is_refused_by_header_name(catalogue: Catalogue, honour: Item) -> None:
    item = extra_field(honour, "mark", "标记", aliases={"H1": ("血型",)})
    [problem] = problems_of(catalogue, item)
    assert problem.code == "forbidden_field"
    assert problem.message_zh == "字段“标记”（血型）属于禁止归集的内容“血型”，请删除该字段。"


@pytest.mark.parametrize("kind", ["religion", "genes", "fingerprints", "blood", "health"])
def test_forbidden_content_is_refused_when_declared(catalogue: Catalogue, honour: Item, kind: str) -> None:
    [problem] = problems_of(catalogue, with_field(honour, "body", content_kind=kind))
    assert (problem.code, problem.field) == ("forbidden_field", "body")


def test_a_declared_kind_must_be_defined(catalogue: Catalogue, honour: Item) -> None:
    [problem] = problems_of(catalogue, with_field(honour, "body", content_kind="gossip"))
    assert (problem.code, problem.field) == ("unknown_content_kind", "body")
    assert "identity_number" in problem.message_zh


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("credit", "信用评分"),
        ("score", "结果"),
        ("credit", "信用等级"),
        ("star", "标记"),
        ("credit", "全市排名"),
        ("credit", "失信次数"),
        ("negative_count", "情况"),
        ("percentile", "位置"),
        ("colour", "标识"),
    ],
)
def test_people_are_not_scored_ranked_or_counted(
    catalogue: Catalogue, person: Item, honour: Item, key: str, label: str
) -> None:
    [problem] = problems_of(catalogue, extra_field(person, key, label))
    assert (problem.code, problem.field) == ("forbidden_field", key)
    practitioner = replace(honour, subject_kinds=(SubjectKind.PRACTITIONER,))
    assert codes_of(catalogue, extra_field(practitioner, key, label)) == ["forbidden_field"]
    assert codes_of(catalogue, extra_field(honour, key, label)) == []


@pytest.mark.parametrize("name", ["水费欠缴信息", "闯红灯记录", "信访情况", "垃圾分类情况", "疾病登记", "宗教信仰情况"])
def test_daily_life_and_forbidden_content_are_no_items_about_people(
    catalogue: Catalogue, person: Item, name: str
) -> None:
    [problem] = problems_of(catalogue, replace(person, name=name))
    assert (problem.code, problem.field) == ("forbidden_item", None)
    assert "请删除该事项" in problem.message_zh


def test_an_item_about_bodies_may_be_called_after_a_trade(catalogue: Catalogue, honour: Item) -> None:
    assert codes_of(catalogue, replace(honour, name="基因检测机构备案")) == []


@pytest.mark.parametrize(("label", "kind"), [("经办人身份证号", None), ("证件号码", None), ("号码", "identity_number")])
def test_identity_numbers_are_never_public(catalogue: Catalogue, honour: Item, label: str, kind: str | None) -> None:
    item = extra_field(honour, "number", label, content_kind=kind, disclosure=Disclosure.PUBLIC)
    [problem] = problems_of(catalogue, item)
    assert (problem.code, problem.field) == ("personal_data_public", "number")
    assert "不得对 legal_person 公开" in problem.message_zh
    assert codes_of(catalogue, with_field(item, "number", disclosure=Disclosure.RESTRICTED)) == []


@pytest.mark.parametrize(
    ("label", "kind"),
    [("住所", None), ("注册地址", None), ("联系电话", None), ("号码", "telephone"), ("地点", "address")],
)
def test_addresses_and_telephones_are_public_for_companies_at_most(
    catalogue: Catalogue, honour: Item, label: str, kind: str | None
) -> None:
    item = extra_field(honour, "place", label, content_kind=kind, disclosure=Disclosure.PUBLIC)
    assert codes_of(catalogue, item) == []
    shops = replace(item, subject_kinds=(SubjectKind.LEGAL_PERSON, SubjectKind.INDIVIDUAL_BUSINESS))
    [problem] = problems_of(catalogue, shops)
    assert (problem.code, problem.field) == ("personal_data_public", "place")
    assert "individual_business" in problem.message_en
    narrowed = with_field(shops, "place", public_for=(SubjectKind.LEGAL_PERSON,))
    assert codes_of(catalogue, narrowed) == []


def test_the_shipped_address_would_be_refused_without_its_limit(catalogue: Catalogue, registration: Item) -> None:
    [problem] = problems_of(catalogue, with_field(registration, "address", public_for=None))
    assert (problem.code, problem.field) == ("personal_data_public", "address")


def test_the_shipped_identity_numbers_would_be_refused_if_they_were_public(catalogue: Catalogue, penalty: Item) -> None:
    item = with_field(penalty, "person_id_number", disclosure=Disclosure.PUBLIC, keep=True)
    assert codes_of(catalogue, item) == ["personal_data_public"]


def test_nothing_about_natural_persons_is_public(catalogue: Catalogue, person: Item) -> None:
    [problem] = problems_of(catalogue, with_field(person, "body", disclosure=Disclosure.PUBLIC))
    assert (problem.code, problem.field) == ("person_published", "body")
    assert "“单位”" in problem.message_zh


def test_an_item_about_natural_persons_is_not_public_by_default(catalogue: Catalogue, person: Item) -> None:
    [problem] = problems_of(catalogue, replace(person, disclosure=Disclosure.PUBLIC))
    assert (problem.code, problem.field) == ("person_published", None)


def test_a_field_public_for_bodies_only_does_not_publish_a_person(catalogue: Catalogue, person: Item) -> None:
    item = with_field(person, "body", disclosure=Disclosure.PUBLIC, public_for=(SubjectKind.LEGAL_PERSON,))
    assert codes_of(catalogue, item) == []


def test_an_item_about_natural_persons_needs_a_statute_that_names_the_organs(
    catalogue: Catalogue, person: Item
) -> None:
    [basis] = person.legal_bases
    [problem] = problems_of(catalogue, replace(person, legal_bases=(replace(basis, organs=()),)))
    assert problem.code == "person_without_named_organs"
    rule = replace(basis, kind=BasisKind.DEPARTMENT_RULE)
    bare = replace(basis, organs=())
    assert codes_of(catalogue, replace(person, legal_bases=(rule, bare))) == ["person_without_named_organs"]
    over = replace(basis, until_day=date(2025, 12, 31))
    assert codes_of(catalogue, replace(person, legal_bases=(over, bare))) == ["person_without_named_organs"]


@pytest.mark.parametrize(("years", "codes"), [(1, []), (5, []), (6, ["person_kept_too_long"])])
def test_facts_about_natural_persons_are_kept_five_years_at_most(
    catalogue: Catalogue, person: Item, years: int, codes: list[str]
) -> None:
    assert codes_of(catalogue, replace(person, retention=replace(person.retention, years=years))) == codes


def test_an_open_door_to_natural_persons_is_refused_on_every_count(catalogue: Catalogue, penalty: Item) -> None:
    item = replace(penalty, subject_kinds=(*penalty.subject_kinds, SubjectKind.NATURAL_PERSON))
    assert codes_of(catalogue, item) == ["person_published", "person_without_named_organs"]


def test_a_retention_must_be_stated(catalogue: Catalogue, honour: Item) -> None:
    item = replace(honour, retention=replace(honour.retention, years=None))
    [problem] = problems_of(catalogue, item)
    assert problem.code == "retention_missing"
    assert problem.message_zh == "没有规定保存期限，请填写 retention.years。"


@pytest.mark.parametrize(
    ("nature", "years", "codes"),
    [
        (Nature.NEGATIVE, 5, []),
        (Nature.NEGATIVE, 6, ["retention_over_cap"]),
        (Nature.NEUTRAL, 10, []),
        (Nature.POSITIVE, 10, []),
    ],
)
def test_negative_facts_are_kept_five_years_at_most(
    catalogue: Catalogue, honour: Item, nature: Nature, years: int, codes: list[str]
) -> None:
    item = replace(honour, nature=nature, retention=replace(honour.retention, years=years))
    assert codes_of(catalogue, item) == codes


@pytest.mark.parametrize("code_set", ["mood", None])
def test_a_coded_field_names_a_code_set_of_the_catalogue(
    catalogue: Catalogue, honour: Item, code_set: str | None
) -> None:
    item = with_field(honour, "body", type=FieldType.ENUM, code_set=code_set)
    [problem] = problems_of(catalogue, item)
    assert (problem.code, problem.field) == ("unknown_code_set", "body")
    assert "penalty_kind" in problem.message_zh
    assert codes_of(catalogue, with_field(item, "body", code_set="status")) == []


@pytest.mark.parametrize("aliases", [{"*": ("单位",)}, {"H1": ("单位",)}, {"H1": ("＊单 位（必填）",)}])
def test_one_header_name_cannot_mean_two_fields(
    catalogue: Catalogue, honour: Item, aliases: dict[str, tuple[str, ...]]
) -> None:
    [problem] = problems_of(catalogue, with_field(honour, "uscc", aliases=aliases))
    assert (problem.code, problem.field) == ("alias_clash", "uscc")
    assert "同时表示 body 和 uscc" in problem.message_zh


def test_one_header_name_may_mean_two_fields_in_two_generations(catalogue: Catalogue, penalty: Item) -> None:
    assert "代码_2" in penalty.field("organisation_code").names_in("G1")
    assert "代码_2" in penalty.field("registration_number").names_in("G3")
    assert codes_of(catalogue, penalty) == []


def test_an_ignored_header_cannot_be_a_field(catalogue: Catalogue, honour: Item) -> None:
    [problem] = problems_of(catalogue, replace(honour, ignored_headers=("单位",)))
    assert (problem.code, problem.field) == ("alias_clash", "body")


def test_a_required_field_has_a_header_name(catalogue: Catalogue, honour: Item) -> None:
    [problem] = problems_of(catalogue, with_field(honour, "body", aliases={}))
    assert (problem.code, problem.field) == ("required_without_alias", "body")
    assert "H1 中必填" in problem.message_zh


def test_a_role_is_played_by_a_field_of_the_item(catalogue: Catalogue, honour: Item) -> None:
    item = replace(honour, roles=replace(honour.roles, decided_on="day"))
    [problem] = problems_of(catalogue, item)
    assert (problem.code, problem.field) == ("role_unknown_field", "day")
    assert problem.message_zh == "角色 decided_on 指向不存在的字段 day，请更正 roles。"


def test_a_group_is_made_of_fields_of_the_item(catalogue: Catalogue, honour: Item) -> None:
    group = OneOf("identity", "代码", "identifier", ("uscc", "number"))
    [problem] = problems_of(catalogue, replace(honour, one_of=(group,)))
    assert (problem.code, problem.field) == ("unknown_field", "number")


def test_a_condition_rests_on_a_field_of_the_item(catalogue: Catalogue, honour: Item) -> None:
    condition = RequiredIf("category", ("x",), frozenset({"H1"}))
    [problem] = problems_of(catalogue, with_field(honour, "body", required_if=condition))
    assert (problem.code, problem.field) == ("unknown_field", "category")


def test_a_condition_rests_on_values_of_the_code_set(catalogue: Catalogue, licence: Item) -> None:
    condition = RequiredIf("subject_category", ("legal_person", "company"), frozenset({"G3"}))
    [problem] = problems_of(catalogue, with_field(licence, "legal_representative", required_if=condition))
    assert (problem.code, problem.field) == ("unknown_condition_value", "legal_representative")
    assert "company" in problem.message_zh


def test_a_condition_on_free_text_is_left_alone(catalogue: Catalogue, honour: Item) -> None:
    condition = RequiredIf("body", ("任何单位",), frozenset({"H1"}))
    assert codes_of(catalogue, with_field(honour, "uscc", required_if=condition)) == []


def test_what_is_not_stored_cannot_be_shown(catalogue: Catalogue, honour: Item) -> None:
    item = extra_field(honour, "scrap", "草稿", keep=False, disclosure=Disclosure.SHARED)
    [problem] = problems_of(catalogue, item)
    assert (problem.code, problem.field) == ("dropped_field_disclosed", "scrap")
    assert codes_of(catalogue, with_field(item, "scrap", disclosure=Disclosure.NEVER)) == []


@pytest.mark.parametrize("key", ["body", "uscc"])
def test_what_is_not_stored_cannot_play_a_role_or_identify(catalogue: Catalogue, honour: Item, key: str) -> None:
    item = with_field(honour, key, keep=False, disclosure=Disclosure.NEVER)
    [problem] = problems_of(catalogue, item)
    assert (problem.code, problem.field) == ("dropped_field_used", key)


def test_every_problem_is_told_in_two_languages(catalogue: Catalogue, honour: Item) -> None:
    broken: list[Item] = [
        replace(honour, legal_bases=(), retention=replace(honour.retention, years=None)),
        extra_field(honour, "score", "血型", content_kind="gossip", disclosure=Disclosure.PUBLIC),
        with_field(honour, "body", type=FieldType.ENUM, aliases={"H1": ("代码",)}),
        replace(honour, roles=replace(honour.roles, title="nothing")),
        with_field(honour, "body", aliases={}, keep=False),
    ]
    found = [problem for item in broken for problem in problems_of(catalogue, item)]
    assert len(found) >= 9
    for problem in found:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in problem.message_zh)
        assert problem.message_en.isascii() or "血型" in problem.message_en or "代码" in problem.message_en
        assert problem.item == "honour"


def test_every_check_says_which_codes_it_gives() -> None:
    given = {word for check in CHECKS for word in re.findall(r"``(\w+?)``", check.__doc__ or "")}
    here = Path(__file__).read_text(encoding="utf-8")
    assert len(given) >= 13
    assert [code for code in sorted(given) if f'"{code}"' not in here] == []
