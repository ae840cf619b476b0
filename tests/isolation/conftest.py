"""Two organisations that know nothing of each other, and their rows in every table that belongs to organisations."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest

from chengxin.testing.making import make_batch, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation
    from chengxin.subjects.models import Subject


@dataclass(frozen=True)
class Tenants:
    """Two organisations, and the body both have facts about."""

    one: Organisation
    other: Organisation
    body: Subject


def give_rows(organisation: Organisation, body: Subject, first: int, batches: int = 2) -> None:
    """Give ``organisation`` ended batches with rows sent back, punctuality and facts, numbered from ``first``."""
    from chengxin.intake.models import QuarantinedRow, Timeliness  # noqa: PLC0415 - Django is set up by the fixtures

    numbers = itertools.count(first)
    for _ in range(batches):
        batch = make_batch(organisation, filename=f"{organisation.code}.csv")
        for line in (2, 3, 4):
            QuarantinedRow.objects.create(batch=batch, line=line, cells=[organisation.code, "a%b_c"], findings=[])
        Timeliness.objects.create(
            batch=batch, item="licence", month=date(2026, 1, 1), reported=3, on_time=2, late=1, provisional=0
        )
        make_record(next(numbers), body, organisation_id=organisation.pk, batch_id=batch.pk)


@pytest.fixture
def tenants(own_database: str) -> Tenants:
    """Give two organisations, the other one with more rows than the one."""
    assert own_database
    body = make_subject()
    held = Tenants(make_organisation("one"), make_organisation("other"), body)
    give_rows(held.one, body, first=1)
    give_rows(held.other, body, first=100, batches=3)
    return held
