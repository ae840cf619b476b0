"""A database administrator who means harm: superuser, triggers off, in one case with the signing key. All is named.

Each attack is made on an audit trail of thirty events and three checkpoints, kept by two witnesses; the independent
verifier has to name it by its own code and, where there is one, the first bad position.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chengxin.audit.builder import BuildCheckpoint
from chengxin.audit.checkpoint import Checkpoint, read_checkpoint
from chengxin.audit.keeping import Keeper
from chengxin.audit.tree import TreeHash
from chengxin.crypto import load_keyring
from chengxin.testing.evidence import Installation, codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Attack = "Callable[[Installation], None]"
TALLY: dict[str, bool] = {}


def edit(trail: Installation) -> None:
    trail.operate(
        "UPDATE audit_event SET detail = '{}' WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 12)"
    )


def edit_time(trail: Installation) -> None:
    trail.operate("UPDATE audit_event SET at = at + interval '1 minute' WHERE id = 8")


def edit_salt(trail: Installation) -> None:
    trail.operate("UPDATE audit_event SET salt = substring(sha256('x') FOR 16) WHERE id = 8")


def edit_many(trail: Installation) -> None:
    trail.operate("UPDATE audit_event SET purpose = '年检' WHERE id BETWEEN 6 AND 20")


def delete_middle(trail: Installation) -> None:
    trail.operate("DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 14)")


def delete_middle_with_leaf(trail: Installation) -> None:
    trail.operate(
        "DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 14)",
        "DELETE FROM audit_leaf WHERE position = 14",
    )


def cut_tail(trail: Installation) -> None:
    trail.operate(
        "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE position >= 26)",
        "DELETE FROM audit_leaf WHERE position >= 26",
        "UPDATE audit_tree SET size = 26",
    )


def cut_tail_of_events(trail: Installation) -> None:
    trail.operate("DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE position >= 26)")


def empty(trail: Installation) -> None:
    trail.operate("TRUNCATE audit_event, audit_leaf, audit_node")


def forget_tree(trail: Installation) -> None:
    trail.operate(
        "TRUNCATE audit_leaf, audit_node, audit_checkpoint, audit_witnessing",
        "UPDATE audit_tree SET size = 0, checkpoint = 0, horizon = '0'",
    )


def rewrite(trail: Installation) -> None:
    """With the key: change an event of the past and make everything after it anew, with the old times."""
    times = [row[0] for row in trail.rows("SELECT at FROM audit_checkpoint ORDER BY number")]
    edit(trail)
    forget_tree(trail)
    for at in times:
        BuildCheckpoint(trail.keyring, at, leaves=10).execute()


def delete_and_rewrite(trail: Installation) -> None:
    """With the key: delete an event of the past and close the gap."""
    times = [row[0] for row in trail.rows("SELECT at FROM audit_checkpoint ORDER BY number")]
    delete_middle(trail)
    forget_tree(trail)
    for at in times:
        BuildCheckpoint(trail.keyring, at, leaves=10).execute()


def fork(trail: Installation) -> None:
    """With the key: show the second witness another history of the same size."""
    held = read_checkpoint(trail.lines("second")[-1]["note"])
    other = replace(held, root=TreeHash(held.hash).leaf(b"", b"another history")).signed(trail.keyring)
    lines = trail.lines("second")[:-1]
    lines.append({"at": "2026-03-02T02:00:00+00:00", "note": other.note()})
    trail.witness("second").write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")


def reorder(trail: Installation) -> None:
    trail.operate(
        "ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_position_check",
        "UPDATE audit_leaf SET position = -1 WHERE position = 12",
        "UPDATE audit_leaf SET position = 12 WHERE position = 17",
        "UPDATE audit_leaf SET position = 17 WHERE position = -1",
    )


def insert_in_past(trail: Installation) -> None:
    trail.operate(
        """INSERT INTO audit_event (id, at, actor_kind, actor, organisation, action, object_kind, object, detail, xid)
        OVERRIDING SYSTEM VALUE SELECT -1, at, actor_kind, actor, organisation, action, object_kind, '99', detail, xid
        FROM audit_event WHERE id = 5"""
    )


def back_date(trail: Installation) -> None:
    at = trail.clock()
    trail.record(1, at=trail.clock().replace(month=1))
    trail.clock.now = at
    trail.build(1)


def date_ahead(trail: Installation) -> None:
    trail.record(1, at=trail.clock().replace(year=2027), actor=("operator", "cli", ""))
    trail.build(1)


def swap_subject(trail: Installation) -> None:
    trail.operate("UPDATE audit_event SET subject_id = 7 WHERE id = 13")


def swap_subject_and_object(trail: Installation) -> None:
    trail.operate("UPDATE audit_event SET subject_id = 7, object = '7' WHERE id = 13")


def restore_backup(trail: Installation) -> None:
    """Everything is as it was at the second checkpoint."""
    trail.operate(
        "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE position >= 20)",
        "DELETE FROM audit_leaf WHERE position >= 20",
        "DELETE FROM audit_witnessing WHERE number = 3",
        "DELETE FROM audit_checkpoint WHERE number = 3",
        """UPDATE audit_tree SET size = 20, checkpoint = 2,
            horizon = (SELECT max(xid::text::bigint) + 1 FROM audit_event)::text::xid8""",
    )


def roll_back(trail: Installation) -> None:
    """The old state goes on: it signs new checkpoints, which no witness takes."""
    restore_backup(trail)
    Keeper(trail.keyring, [], trail.clock).round()
    trail.clock.go(minutes=5)
    trail.record(10, action="batch.received")
    Keeper(trail.keyring, [], trail.clock).round()


def roll_back_to_another_size(trail: Installation) -> None:
    restore_backup(trail)
    trail.clock.go(minutes=5)
    trail.record(17, action="batch.received")
    Keeper(trail.keyring, [], trail.clock).round()


def confuse_leaf_and_node(trail: Installation) -> None:
    """Half as many leaves with the same root: the nodes above them are passed off as leaves."""
    hashes = [bytes(row[0]) for row in trail.rows("SELECT hash FROM audit_leaf ORDER BY position")]
    hashing = TreeHash()
    nodes = [hashing.node(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    assert hashing.root(nodes) == hashing.root(hashes)
    trail.operate(
        "DELETE FROM audit_leaf WHERE position >= 15",
        *[
            f"UPDATE audit_leaf SET hash = '\\x{one.hex()}' WHERE position = {at}"  # noqa: S608 - an attack
            for at, one in enumerate(nodes)
        ],
        "UPDATE audit_tree SET size = 15",
    )


def replay_checkpoint(trail: Installation) -> None:
    trail.operate(
        "UPDATE audit_checkpoint SET note = (SELECT note FROM audit_checkpoint WHERE number = 2), size = 20 "
        "WHERE number = 3"
    )


def replay_to_witness(trail: Installation) -> None:
    lines = trail.witness().read_text(encoding="utf-8").splitlines(keepends=True)
    trail.witness().write_text("".join([*lines, lines[0]]), encoding="utf-8")


def put_third(trail: Installation, note: str) -> None:
    trail.operate(f"UPDATE audit_checkpoint SET note = '{note}' WHERE number = 3")  # noqa: S608 - an attack


def sign_with_another_key(trail: Installation) -> None:
    last = read_checkpoint(trail.lines()[-1]["note"])
    put_third(trail, last.signed(load_keyring(trail.folder / "stranger")).note())


def change_checkpoint(trail: Installation) -> None:
    trail.operate("UPDATE audit_checkpoint SET note = replace(note, 'size: 30', 'size: 29') WHERE number = 3")


def sign_again(trail: Installation) -> None:
    """With the key: the same checkpoint with another time."""
    last = read_checkpoint(trail.lines()[-1]["note"])
    other = replace(last, at=last.at.replace(hour=0)).signed(trail.keyring)
    put_third(trail, other.note())


def delete_checkpoint(trail: Installation) -> None:
    trail.operate("DELETE FROM audit_checkpoint WHERE number = 2")


def change_text(trail: Installation) -> None:
    trail.operate("UPDATE audit_personal SET content = '李四' WHERE event_id = 3")


def drop_text(trail: Installation) -> None:
    trail.operate("DELETE FROM audit_personal WHERE event_id = 3")


def add_text(trail: Installation) -> None:
    trail.operate("INSERT INTO audit_personal SELECT 15, salt, content FROM audit_personal WHERE event_id = 3")


def change_leaf(trail: Installation) -> None:
    trail.operate("UPDATE audit_leaf SET hash = sha256('x') WHERE position = 22")


def exchange_log(trail: Installation) -> None:
    """With the key: another log altogether."""
    forget_tree(trail)
    trail.operate("TRUNCATE audit_event, audit_personal, audit_tree")
    trail.record(30)
    Keeper(trail.keyring, [], trail.clock).round()


FIFTEEN: dict[str, tuple[Callable[[Installation], None], str, int | None]] = {
    "edit": (edit, "event_changed", 12),
    "delete in the middle": (delete_middle, "event_deleted", 14),
    "tail cut": (cut_tail, "tail_cut", 26),
    "full rewrite with the key": (rewrite, "history_rewritten", 10),
    "fork, split view": (fork, "split_view", 30),
    "reorder": (reorder, "order_changed", 13),
    "insert in the past": (insert_in_past, "event_inserted", None),
    "back-date": (back_date, "back_dated", 30),
    "swapped subject": (swap_subject, "subject_swapped", 12),
    "restored old backup": (restore_backup, "restored_backup", 20),
    "rolled-back snapshot that went on": (roll_back, "rolled_back", 20),
    "leaf and node confused": (confuse_leaf_and_node, "leaf_is_node", 0),
    "replayed checkpoint": (replay_checkpoint, "checkpoint_replayed", None),
    "wrong key": (sign_with_another_key, "wrong_key", None),
    "side text changed": (change_text, "personal_text_changed", 2),
}
"""The tamperings every audit trail has to name: attack, code, first bad position."""

MORE: dict[str, tuple[Callable[[Installation], None], str, int | None]] = {
    "edit of a time": (edit_time, "event_changed", 7),
    "edit of a salt": (edit_salt, "event_changed", 7),
    "edit of many": (edit_many, "event_changed", 5),
    "delete with its leaf": (delete_middle_with_leaf, "event_deleted", 14),
    "delete and close the gap, with the key": (delete_and_rewrite, "history_rewritten", 10),
    "tail cut of events only": (cut_tail_of_events, "tail_cut", 26),
    "everything deleted": (empty, "tail_cut", 0),
    "dated ahead": (date_ahead, "dated_ahead", 30),
    "swapped subject and object": (swap_subject_and_object, "subject_swapped", 12),
    "rolled back to another size": (roll_back_to_another_size, "rolled_back", 20),
    "replay to a witness": (replay_to_witness, "checkpoint_replayed", None),
    "checkpoint changed": (change_checkpoint, "bad_signature", None),
    "checkpoint signed again": (sign_again, "checkpoint_changed", None),
    "checkpoint deleted": (delete_checkpoint, "checkpoint_deleted", None),
    "side text taken away in silence": (drop_text, "personal_text_missing", 2),
    "side text added": (add_text, "personal_text_added", 14),
    "leaf hash changed": (change_leaf, "leaf_changed", 22),
    "another log in its place": (exchange_log, "other_log", None),
}


FOLLOWING: dict[str, list[str]] = {"leaf and node confused": ["leaf_changed", "event_inserted"]}
"""What is named besides, because it follows."""

NEEDS_WITNESS = {
    "full rewrite with the key",
    "fork, split view",
    "restored old backup",
    "rolled-back snapshot that went on",
    "rolled back to another size",
    "delete and close the gap, with the key",
    "replay to a witness",
    "another log in its place",
    "checkpoint signed again",
}
"""What the database alone cannot show: only a checkpoint kept outside it does."""


@pytest.fixture
def trail(installation: Installation) -> Installation:
    installation.record(4, personal="张三来窗口查询")
    installation.build(6)
    installation.build(10)
    installation.build(10)
    assert [one.size for one in map(_note, installation.lines())] == [10, 20, 30]
    report = installation.verify()
    assert codes(report) == []
    assert report.trusted == 30
    return installation


def _note(line: dict[str, str]) -> Checkpoint:
    return read_checkpoint(line["note"])


@pytest.fixture(scope="module", autouse=True)
def summary(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    tried = [name for name in TALLY if name in FIFTEEN]
    capture = request.config.pluginmanager.getplugin("capturemanager")
    if tried and capture is not None:
        named = sum(TALLY[name] for name in tried)
        with capture.global_and_fixture_disabled():
            sys.stdout.write(f"\ntamperings named: {named} of {len(tried)}, and {len(TALLY) - len(tried)} more\n")


@pytest.mark.parametrize("name", [*FIFTEEN, *MORE])
def test_every_tampering_is_named(trail: Installation, name: str) -> None:
    attack, code, position = (FIFTEEN | MORE)[name]
    TALLY[name] = False
    attack(trail)
    report = trail.verify()
    assert not report.clean
    assert codes(report) == [code, *FOLLOWING.get(name, [])]
    assert report.findings[0].position == position
    alone = trail.verify(witnesses=())
    assert alone.notices == ("nothing_witnessed",)
    assert (codes(alone) == []) == (name in NEEDS_WITNESS), codes(alone)
    assert name in NEEDS_WITNESS or code in codes(alone)
    TALLY[name] = True


def test_there_are_fifteen_and_each_has_its_own_name() -> None:
    assert len(FIFTEEN) == 15
    assert len({code for _attack, code, _position in FIFTEEN.values()}) == 15


def test_a_changed_node_is_named(installation: Installation) -> None:
    installation.build(300)
    assert codes(installation.verify()) == []
    installation.operate("UPDATE audit_node SET hash = sha256('x')")
    (finding,) = installation.verify().findings
    assert (finding.code, finding.position, finding.detail) == ("node_changed", 0, "1:0")


def test_one_honest_witness_is_enough(trail: Installation) -> None:
    rewrite(trail)
    trail.witness("second").unlink()
    assert codes(trail.verify()) == ["history_rewritten"]


def test_every_finding_says_what_it_is_in_both_languages(trail: Installation) -> None:
    edit_many(trail)
    assert trail.verify().as_dict()["findings"] == [
        {
            "code": "event_changed",
            "message": "事件内容被改动",
            "message_en": "the content of an event was changed",
            "position": 5,
            "event": 6,
            "checkpoint": None,
            "detail": "",
            "count": 15,
        }
    ]
