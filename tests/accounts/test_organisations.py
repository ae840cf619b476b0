"""The tree of organisations: every one once, behind its parent, with who works there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chengxin.accounts.actions.load_organisations import LoadOrganisations
from chengxin.accounts.actor import CHECK, ROLE_OPERATIONS, Actor
from chengxin.accounts.models import Officer, Organisation
from chengxin.accounts.organisations import EXTERNAL, organisation_detail, organisation_tree
from chengxin.base.city import load_city
from chengxin.base.errors import NotFound, NotPermitted
from chengxin.testing.making import make_client, make_officer, make_organisation

pytestmark = pytest.mark.django_db

BOSS = Actor("officer", "boss", "it", ROLE_OPERATIONS["administrator"], everywhere=True)


def test_the_rehearsal_city_is_a_tree_of_three_levels_with_its_agencies_last() -> None:
    LoadOrganisations(load_city("kunshan")).execute()
    rows = organisation_tree(BOSS)
    assert sorted(one.code for one in rows) == sorted(Organisation.objects.values_list("code", flat=True))
    parents = dict(Organisation.objects.filter(parent__isnull=False).values_list("code", "parent__code"))
    places = {one.code: place for place, one in enumerate(rows)}
    depths = {one.code: one.depth for one in rows}
    for child, parent in parents.items():
        assert places[parent] < places[child]
        assert depths[child] == depths[parent] + 1
    assert max(depths.values()) <= 2
    roots = [one.kind == EXTERNAL for one in rows if not one.depth]
    assert roots == sorted(roots)


def test_who_can_log_in_is_counted_by_duty() -> None:
    place = make_organisation("tax")
    make_officer(place, "li", "submitter", "releaser")
    make_officer(place, "wu", "submitter")
    gone = make_officer(place, "gone", "reviewer")
    Officer.objects.filter(pk=gone.pk).update(is_active=False)
    make_client(place, CHECK)
    (row,) = organisation_tree(BOSS)
    assert (row.officers, row.duties, row.clients) == (2, (("submitter", 2), ("releaser", 1)), 1)


def test_one_organisation_shows_every_account_and_its_place() -> None:
    city = make_organisation("city")
    town = make_organisation("town", parent=city, level="town")
    make_organisation("village", parent=town, level="village")
    make_officer(town, "li")
    make_officer(city, "other")
    found = organisation_detail(BOSS, "USCC-town")
    assert found.row.code == "town"
    assert found.parent is not None
    assert found.parent.code == "city"
    assert [one.code for one in found.children] == ["village"]
    assert [one.username for one in found.officers] == ["li"]
    assert organisation_detail(BOSS, "city").parent is None


def test_the_tree_is_three_queries_however_large() -> None:
    for number in range(8):
        make_officer(make_organisation(f"o{number}"), f"u{number}")
    with CaptureQueriesContext(connection) as captured:
        organisation_tree(BOSS)
    assert len(captured) == 3


@pytest.mark.parametrize("role", sorted(set(ROLE_OPERATIONS) - {"administrator"}))
def test_others_see_no_tree(role: str) -> None:
    make_organisation("tax")
    other = Actor("officer", "x", "tax", ROLE_OPERATIONS[role], everywhere=True)
    with pytest.raises(NotPermitted):
        organisation_tree(other)
    with pytest.raises(NotPermitted):
        organisation_detail(other, "tax")
    with pytest.raises(NotFound):
        organisation_detail(BOSS, "nowhere")
