"""The register of organisations follows the city's profile, however often and in whatever order it is loaded."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chengxin.accounts.actions.load_organisations import LoadOrganisations
from chengxin.accounts.models import Organisation
from chengxin.base.city import City, load_city
from chengxin.base.city import Organisation as Listed
from chengxin.base.errors import ChengxinError

pytestmark = pytest.mark.django_db


def _listed(code: str, parent: str | None = None, **more: Any) -> Listed:
    given = {
        "code": code,
        "name": f"昆山市{code}",
        "name_en": f"Kunshan {code}",
        "level": "town" if parent else "city",
        "kind": "department",
        "uscc": f"USCC-{code}",
        "parent": parent,
    }
    return Listed(**(given | more))


def _city(*organisations: Listed) -> City:
    return dataclasses.replace(load_city("kunshan"), organisations=organisations)


def _tree() -> dict[str, str | None]:
    return dict(Organisation.objects.values_list("code", "parent__code"))


def _rows() -> list[tuple[Any, ...]]:
    return list(Organisation.objects.order_by("code").values_list())


def test_every_organisation_of_kunshan_is_there_with_its_parent() -> None:
    city = load_city("kunshan")
    assert LoadOrganisations(city).execute() == len(city.organisations)
    assert _tree() == {one.code: one.parent for one in city.organisations}
    for one in city.organisations:
        row = Organisation.objects.get(code=one.code)
        assert (row.uscc, row.name, row.name_en, row.level) == (one.uscc, one.name, one.name_en, one.level)
        assert (tuple(row.aliases), tuple(row.hands_in)) == (one.aliases, one.items)


def test_loading_twice_changes_nothing() -> None:
    city = load_city("kunshan")
    LoadOrganisations(city).execute()
    before = _rows()
    assert LoadOrganisations(city).execute() == len(before)
    assert _rows() == before


def test_parents_are_saved_before_their_children_in_whatever_order_they_are_listed() -> None:
    city = load_city("kunshan")
    by_name = tuple(sorted(city.organisations, key=lambda one: one.name))
    for order in (by_name, by_name[::-1], city.organisations[::-1]):
        Organisation.objects.all().update(parent=None)
        Organisation.objects.all().delete()
        LoadOrganisations(_city(*order)).execute()
        assert _tree() == {one.code: one.parent for one in city.organisations}


def test_a_renamed_organisation_stays_the_same_row() -> None:
    LoadOrganisations(_city(_listed("market", name="昆山市工商行政管理局"))).execute()
    before = Organisation.objects.get()
    renamed = _listed(
        "market",
        name="昆山市市场监督管理局",
        name_en="Market regulation",
        aliases=("昆山市工商行政管理局",),
        items=("licence",),
        uscc="USCC-new",
    )
    LoadOrganisations(_city(renamed)).execute()
    after = Organisation.objects.get()
    assert after.pk == before.pk
    assert (after.name, after.name_en, after.uscc) == ("昆山市市场监督管理局", "Market regulation", "USCC-new")
    assert (after.aliases, after.hands_in) == (["昆山市工商行政管理局"], ["licence"])


def test_a_village_that_comes_under_a_new_town_is_moved_there() -> None:
    LoadOrganisations(_city(_listed("city"), _listed("village", "city"))).execute()
    city = _city(_listed("village", "town", name="新名"), _listed("town", "city"), _listed("city"))
    LoadOrganisations(city).execute()
    assert _tree() == {"city": None, "town": "city", "village": "town"}
    assert Organisation.objects.get(code="village").name == "新名"


def test_what_the_profile_no_longer_names_stays_because_facts_name_it() -> None:
    LoadOrganisations(_city(_listed("city"), _listed("town", "city"))).execute()
    LoadOrganisations(_city(_listed("city"))).execute()
    assert _tree() == {"city": None, "town": "city"}


@pytest.mark.parametrize(
    "organisations",
    [
        (_listed("city"), _listed("a", "nowhere"), _listed("b", "a")),
        (_listed("city"), _listed("a", "b"), _listed("b", "a")),
        (_listed("city"), _listed("a", "a"), _listed("b", "city")),
    ],
)
def test_parents_that_are_missing_or_form_a_circle_are_named_and_nothing_is_changed(
    organisations: tuple[Listed, ...],
) -> None:
    with pytest.raises(ChengxinError) as caught:
        LoadOrganisations(_city(*organisations)).execute()
    assert caught.value.code == "organisation_without_parent"
    assert caught.value.where == "a"
    assert "parent" in caught.value.message_zh
    assert not Organisation.objects.exists()
