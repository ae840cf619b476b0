"""The list of entrances is read strictly, and says who gets in."""

from __future__ import annotations

from typing import Any

import pytest

from chengxin.accounts.access import load_matrix
from chengxin.accounts.entrances import Entrance, load_entrances, read_entrances
from chengxin.base.errors import ChengxinError


@pytest.mark.parametrize(
    "held",
    [
        {"nowhere": {"desk": {"GET": "public"}}},
        {"office": {"desk": {"BREW": "public"}}},
        {"office": {"desk": {"GET": "everybody"}}},
        {"office": {"desk": {"GET": "bodies.merge somewhere"}}},
        {"office": {"desk": {"GET": ""}}},
    ],
)
def test_a_row_that_says_nothing_known_is_refused(held: dict[str, Any]) -> None:
    with pytest.raises(ChengxinError) as refused:
        read_entrances(held)
    assert (refused.value.code, refused.value.where) == ("entrances_wrong", "desk")


def test_no_entrance_stands_there_twice() -> None:
    keys = [(one.end, one.name, one.method) for one in load_entrances()]
    assert len(keys) == len(set(keys)) > 60


def test_an_officer_gets_in_by_duty_and_the_api_knows_no_officer() -> None:
    office = Entrance("office", "upload", "GET", "batches.submit")
    assert office.opens_to_officer(["submitter"])
    assert not office.opens_to_officer(["auditor"])
    assert not office.opens_to_officer([])
    assert not Entrance("api", "submit_batch", "POST", "batches.submit").opens_to_officer(["submitter"])
    assert Entrance("office", "account", "GET", "officer").opens_to_officer([])


def test_some_entrances_are_for_duties_that_cover_every_organisation() -> None:
    merge = Entrance("office", "body_merge", "GET", "bodies.merge", everywhere=True)
    assert "reviewer" in load_matrix().operation("bodies.merge").roles
    assert not merge.opens_to_officer(["reviewer"])
    assert merge.opens_to_officer(["centre"])
    assert read_entrances({"office": {"x": {"GET": "bodies.merge everywhere"}}})[0].everywhere


def test_a_client_gets_in_by_grant_and_the_office_knows_no_client() -> None:
    check = Entrance("api", "check_one", "POST", "checks.run")
    assert check.opens_to_client(["checks.run"])
    assert not check.opens_to_client(["batches.read"])
    assert not Entrance("office", "x", "GET", "checks.run").opens_to_client(["checks.run"])
    assert Entrance("public", "home", "GET", "public").opens_to_client([])
