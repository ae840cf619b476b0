"""Leaf by leaf: what was changed, taken out, moved or dated wrongly is named at its place, without a database."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.testing.making import NOW
from chengxin.verifier.findings import Finding, Findings
from chengxin.verifier.judging import Roots, Signed
from chengxin.verifier.merkle import Growing, node
from chengxin.verifier.naming import _with_other_subjects
from chengxin.verifier.notes import Note
from chengxin.verifier.rows import (
    LISTED,
    MISSING,
    OBJECT,
    OBJECT_KIND,
    STORED,
    SUBJECT,
    ChunkRead,
    Row,
    Task,
    _name_nodes,
    _peaks_at,
    _take,
    leaf_hash,
    split_row,
)
from chengxin.verifier.texts import _fits
from chengxin.verifier.verify import _authority, _judge_tail, _notices

HOUR = 3_600_000_000
TOLERANCE = 2 * HOUR


def _row(position: int, *, at: int = HOUR, xid: int = 0, event: int | None = None, **changed: bytes | None) -> Row:
    """Return the row of an event as PostgreSQL hands it out, its stored hash fitting."""
    number = position + 1 if event is None else event
    row: Row = [
        str(position).encode(), b"", str(number).encode(), b"0a" * 16, str(number).encode(),
        str(xid or position + 100).encode(), str(at).encode(), b"officer", b"zhang", b"ks-scjg", b"subject.read",
        b"subject", b"3", b"{}", b"", b"", b"", b"office", b"3", None,
    ]  # fmt: skip
    for name, value in changed.items():
        row[int(name[1:])] = value
    row[STORED] = leaf_hash(hashlib.sha256, row).hex().encode()
    return row


def _task(high: int, stops: tuple[tuple[int, int], ...] = (), low: int = 0) -> Task:
    return Task("", "", "sha256", low, high, stops, TOLERANCE)


def _read(rows: list[Row], task: Task | None = None) -> tuple[ChunkRead, list[bytes], list[bytes]]:
    read = ChunkRead(0)
    computed: list[bytes] = []
    stored: list[bytes] = []
    for row in rows:
        _take(row, task or _task(len(rows)), read, (hashlib.sha256, computed, stored))
    return read, computed, stored


def _told(read: ChunkRead) -> list[tuple[str, int | None, int]]:
    return [(one.code, one.position, one.count) for one in read.findings.first()]


def test_leaves_that_fit_their_events_give_no_finding() -> None:
    read, computed, stored = _read([_row(place) for place in range(5)])
    assert _told(read) == []
    assert (read.differing, read.breaks) == ([], None)
    assert computed == stored
    assert len(set(computed)) == 5


@pytest.mark.parametrize("column", [*range(4, 19)])
def test_a_change_in_any_column_of_an_event_gives_another_leaf(column: int) -> None:
    rows = [_row(place) for place in range(3)]
    rows[1][column] = b"9" if column in {4, 5, 6} else b"touched"
    read, computed, stored = _read(rows)
    ((position, _event, kept, made, present),) = read.differing
    assert (position, present) == (1, True)
    assert (kept, made) == (stored[1], computed[1])
    assert kept != made


def test_a_change_of_the_salt_is_a_change_of_the_leaf() -> None:
    rows = [_row(0)]
    rows[0][3] = b"0b" * 16
    read, _computed, _stored = _read(rows)
    assert [one[0] for one in read.differing] == [0]


def test_nothing_is_not_the_same_as_an_empty_text() -> None:
    empty, nothing = _row(0, c19=b""), _row(0, c19=None)
    assert empty[STORED] != nothing[STORED]


def test_an_event_that_is_gone_leaves_its_stored_hash_as_the_only_trace() -> None:
    rows = [_row(place) for place in range(3)]
    kept = rows[1][STORED] or b""
    rows[1] = [b"1", kept, b"2", *([None] * 17)]
    read, computed, _stored = _read(rows)
    ((position, event, held, _made, present),) = read.differing
    assert (position, event, present) == (1, 2, False)
    assert held.hex().encode() == kept
    assert computed[1] == held, "the tree above it can still be judged"


def test_leaves_that_are_gone_with_their_rows_are_counted_and_stand_for_nothing() -> None:
    read, computed, stored = _read([_row(0), _row(3)], _task(4))
    assert _told(read) == [("event_deleted", 1, 2)]
    assert computed[1:3] == stored[1:3] == [MISSING, MISSING]
    assert len(computed) == 4


def test_of_very_many_differing_leaves_all_are_counted_and_a_thousand_listed() -> None:
    rows = [_row(place) for place in range(LISTED + 7)]
    for row in rows:
        row[STORED] = b"00" * 32
    read, _computed, _stored = _read(rows)
    assert len(read.differing) == LISTED
    assert _told(read) == [("event_changed", LISTED, 7)]


def test_events_in_another_order_than_they_were_written_break_the_order_at_their_first_place() -> None:
    rows = [_row(place, xid=xid) for place, xid in enumerate([5, 6, 9, 7, 8])]
    assert _read(rows)[0].breaks == 3
    assert _read(rows[:3])[0].breaks is None
    same = [_row(place, xid=5, event=event) for place, event in enumerate([1, 3, 2])]
    assert _read(same)[0].breaks == 2, "within one transaction the numbers tell"


def test_a_checkpoint_between_two_events_lets_a_slower_transaction_come_after_it() -> None:
    rows = [_row(place, xid=xid) for place, xid in enumerate([5, 9, 6, 7])]
    assert _read(rows)[0].breaks == 2
    assert _read(rows, _task(4, ((2, HOUR),)))[0].breaks is None


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12))
def test_the_order_breaks_exactly_where_an_event_was_written_before_its_predecessor(order: list[int]) -> None:
    rows = [_row(place, xid=xid + 1) for place, xid in enumerate(order)]
    expected = next((at for at in range(1, len(order)) if order[at] < order[at - 1]), None)
    assert _read(rows)[0].breaks == expected


def test_an_event_may_be_as_much_older_than_the_one_before_as_clocks_may_differ() -> None:
    start = 10 * HOUR
    for late, told in ((TOLERANCE, []), (TOLERANCE + 1, [("back_dated", 1, 1)])):
        assert _told(_read([_row(0, at=start), _row(1, at=start - late)])[0]) == told


def test_an_event_may_not_be_later_than_the_checkpoint_that_holds_it() -> None:
    stops = ((2, 10 * HOUR),)
    good = [_row(0, at=10 * HOUR), _row(1, at=10 * HOUR + TOLERANCE)]
    assert _told(_read(good, _task(2, stops))[0]) == []
    bad = [_row(0, at=10 * HOUR), _row(1, at=10 * HOUR + TOLERANCE + 1)]
    assert _told(_read(bad, _task(2, stops))[0]) == [("dated_ahead", 1, 1)]
    assert _told(_read(bad, _task(2, ((2, 0),)))[0]) == [], "a witness's checkpoint says no time of its own"
    after = [*good, _row(2, at=99 * HOUR)]
    assert _told(_read(after, _task(3, stops))[0]) == [], "what no checkpoint holds yet is not judged"


def test_one_event_dated_ahead_does_not_make_those_behind_it_back_dated() -> None:
    rows = [_row(0, at=HOUR), _row(1, at=90 * HOUR), _row(2, at=2 * HOUR)]
    assert _told(_read(rows, _task(3, ((3, 3 * HOUR),)))[0]) == [("dated_ahead", 1, 1)]


def test_the_oldest_events_of_a_chunk_are_kept_for_the_chunk_before() -> None:
    read, _computed, _stored = _read([_row(0, at=5 * HOUR), _row(1, at=6 * HOUR), _row(2, at=4 * HOUR)])
    assert [(place, at) for place, at, _event in read.earliest] == [(0, 5 * HOUR), (2, 4 * HOUR)]
    assert read.latest == 6 * HOUR


def test_a_node_in_the_place_of_a_leaf_is_named_as_that() -> None:
    rows = [_row(place) for place in range(4)]
    _before, computed, _stored = _read(rows)
    rows[2][STORED] = node(hashlib.sha256, computed[0], computed[1]).hex().encode()
    rows[3][STORED] = b"11" * 32
    read, computed, _stored = _read(rows)
    _name_nodes(hashlib.sha256, read, computed)
    assert _told(read) == [("leaf_is_node", 2, 1)]
    assert [one[0] for one in read.differing] == [3]


@given(st.integers(1, 40), st.sets(st.integers(1, 60), max_size=4))
def test_the_peaks_at_each_stop_are_those_of_a_tree_of_that_size(count: int, stops: set[int]) -> None:
    leaves = [hashlib.sha256(bytes([one])).digest() for one in range(count)]
    found = _peaks_at(hashlib.sha256, _task(count, tuple((size, 0) for size in sorted(stops))), leaves)
    assert set(found) == {size for size in stops if size <= count} | {count}
    for size, peaks in found.items():
        tree = Growing(hashlib.sha256)
        for leaf in leaves[:size]:
            tree.add(leaf)
        assert peaks == tree.peaks


def test_every_other_subject_is_tried_in_the_place_of_the_one_named() -> None:
    tried = list(_with_other_subjects(_row(0), [b"4", b"5"]))
    assert {(row[SUBJECT], row[OBJECT]) for row in tried} == {
        (b"4", b"3"), (b"4", b"4"), (b"5", b"3"), (b"5", b"5"), (None, b"3"),
    }  # fmt: skip
    tried = list(_with_other_subjects(_row(0, c11=b"record"), [b"4"]))
    assert {(row[SUBJECT], row[OBJECT]) for row in tried} == {(b"4", b"3"), (None, b"3")}
    assert all(row[OBJECT_KIND] == b"record" for row in tried)


def test_a_swapped_subject_is_found_by_trying() -> None:
    true = _row(0, c18=b"8", c12=b"8")
    shown = list(true)
    shown[SUBJECT] = shown[OBJECT] = b"3"
    hashes = [leaf_hash(hashlib.sha256, one).hex().encode() for one in _with_other_subjects(shown, [b"7", b"8"])]
    assert true[STORED] in hashes


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_a_text_fits_its_event_with_its_own_salt_only(name: str) -> None:
    salt = bytes(range(16))
    digest = f"{name}:" + hashlib.new(name, b"\x02" + salt + "张三".encode()).hexdigest()
    assert _fits(digest, salt, "张三")
    for other, text in ((salt[::-1], "张三"), (b"", "张三"), (salt, "李四"), (salt, ""), (salt, "张三 ")):
        assert not _fits(digest, other, text)


@given(st.text(min_size=1, max_size=12), st.data())
def test_no_part_of_a_text_can_be_hidden_in_its_salt(text: str, data: st.DataObject) -> None:
    salt = b"0123456789abcdef"
    if not text.isprintable():
        text = "张三"
    digest = "sha256:" + hashlib.sha256(b"\x02" + salt + text.encode()).hexdigest()
    assert _fits(digest, salt, text)
    cut = data.draw(st.integers(1, len(text)))
    assert not _fits(digest, salt + text[:cut].encode(), text[cut:]), "the beginning moved into the salt"
    assert not _fits(digest, salt[:-cut], salt[-cut:].decode() + text), "the end of the salt moved into the text"


@pytest.mark.parametrize("digest", ["", ":", "md5:00", "sha256", "sha256:", "SHA256:00", "sha1:" + "0" * 40])
def test_a_digest_in_another_form_fits_nothing(digest: str) -> None:
    assert not _fits(digest, b"salt", "张三")


def _note(number: int, size: int, root: bytes) -> Note:
    return Note("log", number, size, "sha256", root, NOW, "0" * 64, "", "text")


def _roots(leaves: list[bytes]) -> Roots:
    roots, tree = Roots(hashlib.sha256), Growing(hashlib.sha256)
    for count, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        roots.stored[count] = list(tree.peaks)
    return roots


def test_stored_leaves_are_vouched_for_up_to_the_largest_checkpoint_that_fits_them() -> None:
    leaves = [bytes([one]) * 32 for one in range(6)]
    roots = _roots(leaves)
    signed = Signed(own={1: _note(1, 2, roots.of_leaves(2)), 2: _note(2, 5, b"x" * 32)})
    assert [_authority(signed, roots, 6)(place) for place in range(6)] == [True, True, False, False, False, False]
    signed.witnessed[2] = _note(2, 4, roots.of_leaves(4))
    assert sum(_authority(signed, roots, 6)(place) for place in range(6)) == 4
    assert sum(_authority(signed, roots, 3)(place) for place in range(6)) == 2, (
        "a checkpoint of more leaves than there are"
    )
    assert not _authority(Signed(), roots, 6)(0), "without a checkpoint nothing is vouched for"


@pytest.mark.parametrize(
    ("position", "count", "leaves", "code"),
    [(7, 3, 10, "tail_cut"), (0, 10, 10, "tail_cut"), (6, 3, 10, "event_deleted"), (7, 2, 10, "event_deleted")],
)
def test_events_gone_from_the_end_are_a_cut_tail_and_others_are_deleted(
    position: int, count: int, leaves: int, code: str
) -> None:
    found = Findings()
    found.add(Finding("event_deleted", position, count=count))
    _judge_tail(leaves, found)
    (one,) = found.first()
    assert (one.code, one.position, one.count) == (code, position, count)


@pytest.mark.parametrize(
    ("own", "witnessed", "notice"),
    [
        ([], [], ()),
        ([1], [], ("nothing_witnessed",)),
        ([1, 2], [1], ("not_yet_witnessed",)),
        ([1, 2], [1, 2], ()),
        ([1], [1, 2], ()),
        ([], [1], ()),
    ],
)
def test_what_no_witness_keeps_is_said(own: list[int], witnessed: list[int], notice: tuple[str, ...]) -> None:
    held: dict[str, Any] = {
        name: {number: _note(number, number, b"") for number in numbers}
        for name, numbers in (("own", own), ("witnessed", witnessed))
    }
    assert _notices(Signed(**held)) == notice


@given(st.binary(max_size=200))
def test_any_line_comes_apart_into_as_many_fields_as_it_has_tabs(line: bytes) -> None:
    assert len(split_row(line)) == line.rstrip(b"\n").count(b"\t") + 1
