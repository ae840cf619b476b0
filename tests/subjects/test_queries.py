"""A body is found by a code of its own and by nothing else."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from chengxin.subjects.models import Identifier, Name
from chengxin.subjects.queries import AmbiguousCode, IdentifierView, NameView, subject_by_identifier
from chengxin.testing.making import NOW, make_subject

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


def test_a_body_is_found_by_its_code_with_every_code_and_name_on_file() -> None:
    made = make_subject(
        registration_number="320583000012345", organisation_code="187588026", tax_number="320583187588026"
    )
    Name.objects.create(subject=made, kind="former", name="昆山乙厂", folded="昆山乙厂", first_seen_at=NOW)
    found = subject_by_identifier("uscc", "91320583187588026H")
    assert found is not None
    assert (found.id, found.name, found.uscc) == (made.pk, "昆山甲科技有限公司", "91320583187588026H")
    assert (found.kind, found.status, found.established_on) == ("legal_person", "存续", date(2010, 5, 1))
    assert found.identifiers == (
        IdentifierView("uscc", "91320583187588026H"),
        IdentifierView("registration_number", "320583000012345"),
        IdentifierView("organisation_code", "187588026"),
        IdentifierView("tax_number", "320583187588026"),
    )
    assert found.names == (NameView("current", "昆山甲科技有限公司"), NameView("former", "昆山乙厂"))


def test_an_older_code_finds_the_same_body() -> None:
    made = make_subject(registration_number="320583000012345")
    found = subject_by_identifier("registration_number", "320583000012345")
    assert found is not None
    assert found.id == made.pk


def test_a_code_is_looked_up_as_the_kind_it_is() -> None:
    make_subject(organisation_code="187588026")
    assert subject_by_identifier("registration_number", "187588026") is None


@pytest.mark.parametrize("value", ["", "9132", "91320583187588026%", "91320583187588026_", "昆山甲科技有限公司"])
def test_no_prefix_no_pattern_and_no_name_finds_a_body(value: str) -> None:
    make_subject()
    assert subject_by_identifier("uscc", value) is None


def test_a_code_at_two_bodies_names_neither() -> None:
    make_subject(organisation_code="187588026")
    make_subject(name="昆山丙有限公司", uscc="91320583MA1MABCD0X", organisation_code="187588026")
    with pytest.raises(AmbiguousCode) as raised:
        subject_by_identifier("organisation_code", "187588026")
    assert raised.value.code == "ambiguous_code"
    assert "两个主体" in raised.value.message_zh


def test_kinds_of_codes_the_platform_does_not_show_stay_unshown() -> None:
    made = make_subject()
    Identifier.objects.create(subject=made, kind="internal", value="x-1", first_seen_at=NOW)
    found = subject_by_identifier("uscc", made.uscc)
    assert found is not None
    assert [one.kind for one in found.identifiers] == ["uscc"]


def test_a_look_up_takes_three_queries_whatever_the_body_has(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    made = make_subject(registration_number="320583000012345")
    for number in range(5):
        Name.objects.create(subject=made, kind="former", name=f"旧名{number}", folded="", first_seen_at=NOW)
    with django_assert_num_queries(3):
        subject_by_identifier("uscc", made.uscc)
