"""The trail as lines: whoever keeps them can compute the evidence again without asking the platform."""

from __future__ import annotations

import base64
import json
import tracemalloc
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.audit.following import STEP, Followed, followed
from chengxin.base.errors import ChengxinError
from chengxin.verifier.merkle import Growing, hash_named
from chengxin.verifier.notes import read_note

if TYPE_CHECKING:
    from chengxin.testing.evidence import Installation


def lines(first: int = 0, step: int = STEP) -> list[dict[str, Any]]:
    """Return the events as somebody reads them who has nothing but the lines."""
    return [json.loads(json.dumps(one.as_dict(), ensure_ascii=False)) for one in followed(first, step)]


def leaf_of(line: dict[str, Any], make: Any) -> str:
    """Compute a line's leaf again from its salt and event."""
    return str(make(b"\x00" + bytes.fromhex(line["salt"]) + base64.b64decode(line["event"])).hexdigest())


def checkpoint() -> Any:
    """Return the last checkpoint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM audit_checkpoint ORDER BY number DESC LIMIT 1")
        return read_note(str(cursor.fetchone()[0]))


def test_the_lines_recompute_to_their_leaves_and_to_the_root_of_the_checkpoint(installation: Installation) -> None:
    numbers = installation.build(40) + installation.build(300)
    found, note = lines(), checkpoint()
    make = hash_named(note.hash)
    tree = Growing(make)
    for position, line in enumerate(found):
        assert line["position"] == position
        assert leaf_of(line, make) == line["leaf"]
        tree.add(bytes.fromhex(line["leaf"]))
    assert tree.size == note.size == len(found)
    assert tree.root() == note.root
    assert sorted(one["number"] for one in found) == sorted(numbers)


def test_a_line_can_be_read_without_knowing_the_canonical_form(installation: Installation) -> None:
    (number,) = installation.build(1)
    (line,) = lines()
    shown = {
        name: line[name] for name in ("number", "actor_kind", "actor", "organisation", "action", "object", "purpose")
    }
    assert shown == {
        "number": number, "actor_kind": "officer", "actor": "zhang", "organisation": "market", "action": "subject.read",
        "object": "1", "purpose": "资格审查",
    }  # fmt: skip
    assert line["at"].endswith("+00:00")
    assert (line["subject_id"], line["personal_digest"]) == (1, None)
    assert json.loads(line["detail"]) == {"name": 'a\\b\t"c"\n', "n": 0}
    assert not {"version", "xid"} & line.keys()


def test_erasable_texts_are_not_among_the_lines(installation: Installation) -> None:
    installation.record(1, personal="张三丰的申请")
    installation.build(1)
    found = lines()
    assert len(found) == 2
    assert found[0]["personal_digest"] is not None
    assert "张三丰" not in json.dumps(found, ensure_ascii=False)
    assert all("张三丰".encode() not in base64.b64decode(one["event"]) for one in found)


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_following_goes_on_wherever_it_stopped(installation: Installation, step: int) -> None:
    installation.build(23)
    whole = lines()
    assert lines(0, step) == whole
    for first in (0, 1, 6, 22, 23, 500):
        assert lines(first, step) == whole[first:]
    installation.build(4)
    assert [one["position"] for one in lines(23, step)] == [23, 24, 25, 26]


def test_what_is_not_in_the_tree_yet_is_not_written(installation: Installation) -> None:
    installation.build(2)
    installation.record(3)
    assert len(lines()) == 2


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'li'",
        "at = at - interval '1 day'",
        "detail = '{}'",
        "purpose = ''",
        "salt = decode(repeat('00', 16), 'hex')",
    ],
)
def test_an_event_that_was_changed_does_not_recompute(installation: Installation, change: str) -> None:
    numbers = installation.build(5)
    before = {one["number"]: one for one in lines()}
    installation.operate(" ".join(("UPDATE audit_event SET", change, "WHERE id =", str(numbers[2]))))
    make = hash_named(checkpoint().hash)
    wrong = [one["number"] for one in lines() if leaf_of(one, make) != one["leaf"]]
    assert wrong == [numbers[2]]
    kept = before[numbers[2]]  # the copy that left before shows what it was
    assert leaf_of(kept, make) == kept["leaf"]


def test_an_event_that_is_gone_is_told_in_words(installation: Installation) -> None:
    numbers = installation.build(5)
    installation.operate(" ".join(("DELETE FROM audit_event WHERE id =", str(numbers[3]))))
    reading = followed(0)
    assert [one.position for one in islice(reading, 3)] == [0, 1, 2]
    with pytest.raises(ChengxinError) as told:
        next(reading)
    assert told.value.code == "event_gone"
    assert told.value.where == "3"
    assert "chengxin audit verify" in told.value.message_zh


def test_however_long_the_trail_is_memory_stays_flat(installation: Installation) -> None:
    installation.build(400)
    for _one in followed(0, 20):
        pass
    peaks = []
    for first in (300, 0):  # a quarter of the trail, and all of it
        tracemalloc.start()
        assert sum(1 for _one in followed(first, 20)) == 400 - first
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_a_field_that_is_null_is_told_as_null() -> None:
    fields = [b"1", b"7", b"9", b"0", b"", b"", b"", b"", b"", b"", b"{}", b"", b"", b"", b"", None, None]
    event = b"".join(b"\xff\xff\xff\xff" if one is None else len(one).to_bytes(4, "big") + one for one in fields)
    shown = Followed(3, b"\x01" * 32, b"\x02" * 16, event).as_dict()
    assert (shown["number"], shown["subject_id"], shown["personal_digest"]) == (7, None, None)
    assert shown["at"] == "1970-01-01T00:00:00.000000+00:00"
    assert (shown["leaf"], shown["salt"]) == ("01" * 32, "02" * 16)
