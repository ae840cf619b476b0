"""A receipt that does not add up is never given."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.intake.receipt import Receipt

SOUND = Receipt(
    batch_id=1,
    state="published",
    lines=10,
    accepted=4,
    updated=3,
    duplicate=2,
    quarantined=1,
    linked=6,
    unlinked=1,
    encoding="utf-8",
    generation="G3",
    seconds=0.5,
)


@pytest.mark.parametrize("name", ["lines", "accepted", "updated", "duplicate", "quarantined"])
def test_one_line_too_many_or_too_few_is_refused(name: str) -> None:
    for more in (1, -1):
        with pytest.raises(ValueError, match="lines do not add up"):
            replace(SOUND, **{name: getattr(SOUND, name) + more})


@pytest.mark.parametrize("name", ["linked", "unlinked"])
def test_every_new_version_is_tied_or_waits(name: str) -> None:
    with pytest.raises(ValueError, match="links do not add up"):
        replace(SOUND, **{name: getattr(SOUND, name) + 1})


COUNT = st.integers(0, 1000)


@given(COUNT, COUNT, COUNT, COUNT, st.data())
def test_a_receipt_survives_being_kept_as_json(a: int, u: int, d: int, q: int, data: st.DataObject) -> None:
    linked = data.draw(st.integers(0, a + u))
    made = replace(
        SOUND,
        lines=a + u + d + q,
        accepted=a,
        updated=u,
        duplicate=d,
        quarantined=q,
        linked=linked,
        unlinked=a + u - linked,
    )
    assert Receipt(**json.loads(json.dumps(made.as_dict()))) == made
