"""Items and fields as values: what they answer, and that they do not change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue import BasisKind, Disclosure, LegalBasis, SubjectKind, load_catalogue
from chengxin.catalogue.model import ROLE_NAMES, Roles

if TYPE_CHECKING:
    from chengxin.catalogue import Item

DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def test_an_item_cannot_be_changed(penalty: Item) -> None:
    with pytest.raises(FrozenInstanceError):
        penalty.name = "别的"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        penalty.field("uscc").keep = False  # type: ignore[misc]
    with pytest.raises(TypeError):
        penalty.field("uscc").aliases["G9"] = ("x",)  # type: ignore[index]


def test_a_field_that_is_not_there_is_named_with_its_item(penalty: Item) -> None:
    with pytest.raises(KeyError, match="事项“行政处罚”没有字段 nothing / item 'penalty' has no field 'nothing'"):
        penalty.field("nothing")


def test_a_generation_that_is_not_there_is_named_with_its_item(penalty: Item) -> None:
    assert penalty.generation("G2").source == "发改办财金〔2018〕424号"
    with pytest.raises(KeyError, match="没有字段版本 G9"):
        penalty.generation("G9")


def test_names_in_a_generation_are_the_common_ones_and_its_own(penalty: Item) -> None:
    field = penalty.field("subject_name")
    assert field.names_in("G1") == ("行政相对人名称", "CF_XDR")
    assert field.names_in("G3") == ("行政相对人名称", "CF_XDR_MC")
    assert field.names_in("G9") == ("行政相对人名称",)
    assert penalty.field("penalty_name").names_in("G3") == ()


@pytest.mark.parametrize("disclosure", [one for one in Disclosure if one is not Disclosure.PUBLIC])
def test_only_a_public_field_is_public(penalty: Item, disclosure: Disclosure) -> None:
    field = replace(penalty.field("facts"), disclosure=disclosure, public_for=tuple(SubjectKind))
    assert not any(field.is_public_for(kind) for kind in SubjectKind)


def test_public_for_narrows_the_audience(penalty: Item) -> None:
    field = penalty.field("facts")
    assert all(field.is_public_for(kind) for kind in SubjectKind)
    narrowed = replace(field, public_for=(SubjectKind.LEGAL_PERSON,))
    assert [kind for kind in SubjectKind if narrowed.is_public_for(kind)] == [SubjectKind.LEGAL_PERSON]
    nobody = replace(field, public_for=())
    assert not any(nobody.is_public_for(kind) for kind in SubjectKind)


@given(st.sampled_from(list(SubjectKind)))
def test_what_one_kind_may_show_is_part_of_what_the_item_may_show(kind: SubjectKind) -> None:
    for item in load_catalogue().items:
        if kind in item.subject_kinds:
            assert {one.key for one in item.public_fields(kind)} <= {one.key for one in item.public_fields()}


@given(DAYS, DAYS, DAYS)
def test_a_basis_is_in_force_from_its_first_to_its_last_day(one: date, other: date, day: date) -> None:
    first, last = min(one, other), max(one, other)
    basis = LegalBasis("某法", "第一条", BasisKind.LAW, "第一号", first, last)
    assert basis.in_force(day) is (first <= day <= last)
    assert basis.in_force(first)
    assert basis.in_force(last)
    assert replace(basis, until_day=None).in_force(day) is (first <= day)


@given(DAYS.filter(lambda day: day >= date(2015, 1, 1)), DAYS.filter(lambda day: day >= date(2015, 1, 1)))
def test_versions_never_go_back(one: date, other: date) -> None:
    item = load_catalogue().item("licence")
    earlier, later = min(one, other), max(one, other)
    assert item.version_on(earlier).version <= item.version_on(later).version


def test_the_order_in_which_versions_are_written_does_not_matter(licence: Item) -> None:
    turned = replace(licence, versions=tuple(reversed(licence.versions)))
    for day in (date(2016, 1, 1), date(2019, 1, 1), date(2026, 1, 1)):
        assert turned.version_on(day) == licence.version_on(day)


def test_roles_are_listed_in_a_fixed_order() -> None:
    roles = Roles(*ROLE_NAMES)
    assert list(roles.as_dict()) == list(ROLE_NAMES)
    assert set(roles.as_dict().values()) == set(ROLE_NAMES)


def test_fields_of_a_generation_come_in_catalogue_order(licence: Item) -> None:
    order = [field.key for field in licence.fields]
    for generation in licence.generations:
        keys = [field.key for field in licence.fields_in(generation.key)]
        assert keys == sorted(keys, key=order.index)
        assert {field.key for field in licence.required_in(generation.key)} <= set(keys)
