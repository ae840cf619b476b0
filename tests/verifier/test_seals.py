"""Seals are read as data of a stranger: whatever stands in an event or beside the facts, there is an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.verifier.findings import Findings
from chengxin.verifier.seals import Piece, Seal, Sealed, _judge_seals, _seal, claimed_twice

GOOD = {
    "version": 1, "table": "records_record", "seal": 3, "columns": ["id", "key"], "from": 41, "to": 60, "rows": 20,
    "pieces": 1, "settled": 60, "hash": "sha256", "digest": "00ff",
}  # fmt: skip


def piece(seal: int, *ids: tuple[int, int], number: int = 1) -> Piece:
    rows = sum(after - first for first, after in ids)
    return Piece(seal, number, ids, rows, bytes(32), bytes(8 * rows))


def test_a_seal_is_read_from_its_event() -> None:
    held = _seal(7, 6, json.dumps(GOOD))
    assert held == Seal(7, 6, "records_record", 3, ("id", "key"), 41, 60, 20, 1, 60, "sha256", b"\x00\xff")
    empty = _seal(7, None, json.dumps(GOOD | {"rows": 0, "from": None, "to": None}))
    assert empty is not None
    assert (empty.low, empty.high, empty.position) == (0, -1, None)


@pytest.mark.parametrize(
    "other",
    [
        {"version": 2}, {"table": "pg_authid"}, {"hash": "md5"}, {"columns": ["key"]}, {"columns": []}, {"seal": None},
        {"digest": "x"}, {"digest": 5}, {"from": "all"}, {"rows": []}, {"columns": None},
    ],
)  # fmt: skip
def test_what_is_no_seal_is_not_taken_for_one(other: dict[str, object]) -> None:
    assert _seal(7, 6, json.dumps(GOOD | other)) is None


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2),
    )
)
def test_any_detail_is_a_seal_or_none(other: dict[str, object]) -> None:
    held = _seal(1, 0, json.dumps(GOOD | other))
    assert held is None or held.columns[0] == "id"
    assert _seal(1, 0, json.dumps(list(other))) is None


ranges = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 4)), min_size=1, max_size=3)


@given(st.lists(ranges, max_size=6))
def test_what_is_left_when_later_claims_are_set_aside_claims_each_row_once(claims: list[list[tuple[int, int]]]) -> None:
    pieces = [
        piece(at, *[(low, low + 1) for low in sorted({low + more for low, more in one})])
        for at, one in enumerate(claims)
    ]
    aside = claimed_twice(pieces)
    kept = [one for at, one in enumerate(pieces) if at not in aside]
    rows = [row for one in kept for first, after in one.ids for row in range(first, after)]
    assert len(rows) == len(set(rows))
    for at, row in aside.items():
        earlier = {r for one in kept if one.seal < at for first, after in one.ids for r in range(first, after)}
        assert row in earlier


def test_a_range_within_a_range_is_claimed_twice() -> None:
    assert claimed_twice([piece(1, (1, 100)), piece(2, (50, 60)), piece(3, (100, 101))]) == {1: 50}
    assert claimed_twice([piece(1, (50, 60)), piece(2, (1, 100))]) == {1: 50}
    assert claimed_twice([]) == {}


def test_pieces_of_no_seal_and_seals_without_pieces_are_named_apart() -> None:
    held = _seal(7, 6, json.dumps(GOOD))
    assert held is not None
    found = Findings()
    sealed = Sealed("records_record", {3: held})
    _judge_seals(sealed, iter([piece(9, (1, 5))]), found)
    assert {one.code: one.detail for one in found.first()} == {
        "seal_missing": "records_record 41-60",
        "seal_invented": "records_record seal 9",
    }
    assert (sealed.places, sealed.excused, sealed.settled) == ([], [(41, 60)], 60)


def test_pieces_that_are_not_those_of_the_event_are_named_and_not_believed() -> None:
    held = _seal(7, 6, json.dumps(GOOD))
    assert held is not None
    found = Findings()
    sealed = Sealed("records_record", {3: held})
    _judge_seals(sealed, iter([piece(3, (41, 61))]), found)
    (finding,) = found.first()
    assert (finding.code, finding.event, finding.position) == ("seal_changed", 7, 6)
    assert sealed.places == []
