"""A system that handed a file in reads that it waits for a second person, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chengxin.accounts.actor import OPERATIONS, RELEASE
from chengxin.intake.models import HoldDecision
from chengxin.testing.making import NOW, make_batch

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation

HOLD = {
    "at": NOW.isoformat(),
    "until": NOW.isoformat(),
    "figures": [{"code": "linked", "off": True, "message": "关联率低", "message_en": "few rows are tied"}],
    "rules": [],
}


def test_a_held_batch_says_so_with_its_figures(api: Any, organisation: Organisation, token: str) -> None:
    batch = make_batch(organisation, "held", lines=300, hold=HOLD, channel="api", submitted_by="1")
    body = api.get(f"/batches/{batch.pk}", token).json()
    assert (body["state"], body["receipt"], body["refusal"], body["finished_at"]) == ("held", None, None, None)
    assert body["hold"] == HOLD
    HoldDecision.objects.create(
        batch=batch, outcome="release", reason="已核对", decided_by="li", decided_by_kind="officer", decided_at=NOW
    )
    assert api.get(f"/batches/{batch.pk}", token).json()["state"] == "held"
    returned = api.get(f"/batches/{batch.pk}/returned", token)
    assert returned.status_code == 409


def test_a_batch_that_was_never_held_has_no_hold(api: Any, organisation: Organisation, token: str) -> None:
    assert api.get(f"/batches/{make_batch(organisation).pk}", token).json()["hold"] is None


def test_no_client_can_be_granted_the_release() -> None:
    assert RELEASE not in OPERATIONS
