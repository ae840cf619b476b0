"""What the worker does for the register by itself: it proposes parents every night, and nothing more."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django import app

from chengxin.subjects.models import Relation
from chengxin.subjects.tasks import EVERY_NIGHT, propose_branches
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import uscc
from chengxin.testing.making import NOW

pytestmark = pytest.mark.django_db


def test_names_that_read_as_a_branchs_are_looked_at_every_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", NOW.isoformat())
    register_bodies(
        {"uscc": uscc(1), "name": "昆山市禾映科技有限公司"},
        {"uscc": uscc(2), "name": "昆山市禾映科技有限公司玉山分公司"},
        now=NOW,
    )
    propose_branches(timestamp=0)
    propose_branches(timestamp=0)
    assert list(Relation.objects.values_list("kind", "state", "made_at")) == [("branch_of", "proposed", NOW)]


def test_the_job_is_declared_for_the_worker_once_a_night() -> None:
    periodic = {one.task.name: one.cron for one in app.periodic_registry.periodic_tasks.values()}
    assert periodic["subjects.propose_branches"] == EVERY_NIGHT
    assert app.tasks["subjects.propose_branches"].queueing_lock == "subjects.propose_branches"
