"""A trail longer than one chunk is read by several processes and judged as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.audit.builder import BuildCheckpoint
from chengxin.testing.evidence import Installation, codes
from chengxin.verifier.notes import read_keys, read_witness
from chengxin.verifier.rows import CHUNK
from chengxin.verifier.verify import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chengxin.verifier.findings import Report

EVENTS = CHUNK + 700

FILL = """INSERT INTO audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail, subject_id)
SELECT timestamptz '2026-03-02 10:00+08' + n * interval '1 millisecond', 'client', '7', 'market', 'check.answered',
    'subject', n::text, '{{"a\\\\b": "x\\ty"}}', n
FROM generate_series({first}, {last}) n"""


@pytest.fixture
def long_trail(tmp_path: Path, database_url: Callable[[str], str]) -> Installation:
    trail = Installation(tmp_path, database_url("owner"), database_url("superuser"))
    for first, last in ((1, 300), (301, CHUNK + 100), (CHUNK + 101, EVENTS)):
        trail.operate(FILL.format(first=first, last=last))
        trail.clock.go(minutes=1)
        BuildCheckpoint(trail.keyring, trail.clock(), leaves=EVENTS).execute()
        trail.keeper.show()
    connection.close()
    return trail


def verified(trail: Installation, processes: int, told: list[tuple[int, int]] | None = None) -> Report:
    keys = read_keys("".join(key.block() for key in trail.keyring.public_keys("checkpoint")))
    kept = [read_witness(str(trail.witness(place))) for place in trail.places]
    heard = told if told is not None else []
    return Verification(trail.owner_url, keys, kept, processes=processes).run(lambda *one: heard.append(one))


def test_what_is_wrong_in_the_second_chunk_is_named_there(long_trail: Installation) -> None:
    told: list[tuple[int, int]] = []
    report = verified(long_trail, 2, told)
    assert codes(report) == []
    assert (report.events, report.leaves, report.trusted, report.checkpoints) == (EVENTS, EVENTS, EVENTS, 3)
    assert told == [(CHUNK, EVENTS), (EVENTS, EVENTS)]
    assert verified(long_trail, 1).root == report.root

    place = CHUNK + 50
    long_trail.operate(
        f"UPDATE audit_event SET actor = '8' WHERE id = (SELECT event_id FROM audit_leaf WHERE position = {place})"  # noqa: S608
    )
    (finding,) = verified(long_trail, 2).findings
    assert (finding.code, finding.position) == ("event_changed", place)

    long_trail.operate(
        f"UPDATE audit_event SET actor = '7' WHERE id = (SELECT event_id FROM audit_leaf WHERE position = {place})",  # noqa: S608
        "UPDATE audit_node SET hash = sha256('x') WHERE level = 2",
    )
    (finding,) = verified(long_trail, 1).findings
    assert (finding.code, finding.detail) == ("node_changed", "2:0")


def test_an_event_older_than_the_chunk_before_is_back_dated(long_trail: Installation) -> None:
    long_trail.clock.go(hours=1)
    (number,) = long_trail.record(1, at=long_trail.clock().replace(year=2025), actor=("operator", "cli", ""))
    BuildCheckpoint(long_trail.keyring, long_trail.clock()).execute()
    long_trail.keeper.show()
    connection.close()
    (finding,) = verified(long_trail, 1).findings
    assert (finding.code, finding.position, finding.event) == ("back_dated", EVENTS, number)
