"""Events become leaves without gaps, whoever commits late; nothing is signed that breaks with the past."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from chengxin.audit.builder import BuildCheckpoint, waiting_events
from chengxin.audit.checkpoint import read_checkpoint
from chengxin.audit.errors import EvidenceBroken
from chengxin.audit.store import read_tree
from chengxin.testing.evidence import Installation, codes

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

INSERT = """INSERT INTO core.audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail)
VALUES ('2026-03-02 10:00+08', 'officer', 'li', 'market', 'subject.read', 'subject', '9', '{}') RETURNING id"""


def test_events_become_leaves_and_a_signed_checkpoint(installation: Installation) -> None:
    installation.build(5)
    assert installation.rows("SELECT position FROM audit_leaf ORDER BY event_id") == [(0,), (1,), (2,), (3,), (4,)]
    ((note,),) = installation.rows("SELECT note FROM audit_checkpoint")
    checkpoint = read_checkpoint(note)
    assert (checkpoint.number, checkpoint.size, checkpoint.previous) == (1, 5, "0" * 64)
    checkpoint.require_signature(installation.keyring.public_keys("checkpoint"))
    assert [line["note"] for line in installation.lines("first")] == [note]
    assert installation.lines("second") == installation.lines("first")
    report = installation.verify()
    assert codes(report) == []
    assert (report.events, report.leaves, report.checkpoints, report.witnessed, report.trusted) == (5, 5, 1, 1, 5)


def test_checkpoints_follow_each_other(installation: Installation) -> None:
    for count in (3, 300, 1, 700):
        installation.build(count)
    notes = [read_checkpoint(row[0]) for row in installation.rows("SELECT note FROM audit_checkpoint ORDER BY number")]
    assert [one.size for one in notes] == [3, 303, 304, 1004]
    assert [one.previous for one in notes[1:]] == [one.digest() for one in notes[:-1]]
    assert codes(installation.verify()) == []
    assert installation.rows("SELECT level, number FROM audit_node ORDER BY 2") == [(1, 0), (1, 1), (1, 2)]


def test_nothing_new_needs_no_checkpoint(installation: Installation) -> None:
    installation.build(2)
    assert installation.keeper.round() == 0
    assert installation.rows("SELECT count(*) FROM audit_checkpoint") == [(1,)]


def test_an_empty_log_has_a_checkpoint_too(installation: Installation) -> None:
    installation.keeper.round()
    assert installation.rows("SELECT number, size FROM audit_checkpoint") == [(1, 0)]
    assert codes(installation.verify()) == []


def test_an_event_that_commits_late_gets_a_later_position_and_none_is_skipped(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    late, later = connect_as("owner"), connect_as("owner")
    late.autocommit = later.autocommit = False
    first = late.execute(INSERT).fetchone()
    numbers = installation.build(3, patient=False)
    last = later.execute(INSERT).fetchone()
    late.commit()
    installation.build(2, patient=False)
    later.commit()
    installation.build(1, patient=False)
    placed = dict(installation.rows("SELECT event_id, position FROM audit_leaf"))
    assert first is not None
    assert last is not None
    assert [placed[one] for one in numbers] == [0, 1, 2]
    assert placed[first[0]] == 3
    assert placed[last[0]] == 6
    assert sorted(placed.values()) == list(range(8))
    assert codes(installation.verify()) == []


def test_of_two_builders_one_builds(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    installation.record(3)
    other = connect_as("owner")
    other.autocommit = False
    other.execute("SELECT pg_advisory_xact_lock(%s)", [0x6368656E67786975])
    build = BuildCheckpoint(installation.keyring, installation.clock())
    assert build.execute() is None
    other.rollback()
    built = build.execute()
    assert built is not None
    assert built.added == 3


def test_two_builders_at_once_never_fork_the_tree(installation: Installation) -> None:
    installation.record(40)
    errors: list[BaseException] = []

    def build() -> None:
        try:
            for _ in range(20):
                BuildCheckpoint(installation.keyring, installation.clock(), leaves=3).execute()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)
        finally:
            connection.close()

    builders = [threading.Thread(target=build) for _ in range(3)]
    for one in builders:
        one.start()
    for one in builders:
        one.join()
    assert errors == []
    installation.keeper.round()
    assert installation.rows("SELECT count(*), max(position) FROM audit_leaf") == [(40, 39)]
    assert codes(installation.verify()) == []


def test_a_full_checkpoint_is_followed_by_the_next(installation: Installation) -> None:
    installation.record(7)
    sizes = []
    more = True
    while more:
        built = BuildCheckpoint(installation.keyring, installation.clock(), leaves=3).execute()
        assert built is not None
        sizes.append(built.checkpoint.size)
        more = built.more
    assert sizes == [3, 6, 7]
    assert waiting_events(10) == 0


def test_many_events_of_one_transaction_do_not_stop_at_the_limit(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    owner = connect_as("owner")
    with owner.transaction():
        for _ in range(8):
            owner.execute(INSERT)
    installation.record(1)
    for expected in (3, 6, 9):
        built = BuildCheckpoint(installation.keyring, installation.clock(), leaves=3).execute()
        assert built is not None
        assert built.checkpoint.size == expected
    assert waiting_events(10) == 0


def test_a_clock_set_back_does_not_take_a_checkpoint_into_the_past(installation: Installation) -> None:
    installation.build(2)
    installation.clock.go(hours=-1)
    installation.build(2)
    first, second = installation.rows("SELECT at FROM audit_checkpoint ORDER BY number")
    assert second >= first
    assert codes(installation.verify()) == []


def test_a_cluster_made_from_a_dump_starts_counting_again_and_no_event_is_lost(installation: Installation) -> None:
    installation.build(3)
    installation.operate("UPDATE audit_tree SET horizon = '999999999999'")
    installation.build(2)
    assert installation.rows("SELECT count(*) FROM audit_leaf") == [(5,)]
    tree = read_tree()
    assert tree is not None
    assert tree.horizon < 999_999_999_999
    assert codes(installation.verify()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_leaf SET hash = sha256('x') WHERE position = 2",
        "DELETE FROM audit_leaf WHERE position = 4",
        "UPDATE audit_tree SET size = 4",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET note = replace(note, 'size: 5', 'size: 4')",
    ],
)
def test_nothing_is_signed_that_does_not_continue_what_was_signed(installation: Installation, statement: str) -> None:
    installation.build(5)
    installation.operate(statement)
    installation.record(1)
    with pytest.raises(Exception, match=r"检查点|缺少数据|签名不符") as caught:
        BuildCheckpoint(installation.keyring, installation.clock()).execute()
    assert isinstance(caught.value, EvidenceBroken) or caught.type.__name__ == "WrongSignature"
    assert installation.rows("SELECT count(*) FROM audit_leaf")[0][0] <= 5


def test_the_national_suite_builds_an_sm3_tree_signed_with_sm2(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_CRYPTO_SUITE", "national")
    national = Installation(
        installation.folder / "national", installation.owner_url, installation.superuser_url, installation.clock
    )
    national.record(2, personal="张三")
    national.build(3)
    ((note,),) = national.rows("SELECT note FROM audit_checkpoint")
    assert read_checkpoint(note).hash == "sm3"
    assert read_checkpoint(note).signature.startswith("national:")
    report = national.verify()
    assert codes(report) == []
    assert report.trusted == 5
    national.operate("UPDATE audit_event SET actor = 'li' WHERE id = 1")
    assert codes(national.verify()) == ["event_changed"]


def test_a_key_that_was_rotated_still_counts(installation: Installation) -> None:
    installation.build(2)
    installation.keyring.rotate("checkpoint", installation.clock())
    installation.build(2)
    keys = {read_checkpoint(row[0]).signature for row in installation.rows("SELECT note FROM audit_checkpoint")}
    assert {one.split(":")[1].split(".")[1] for one in keys} == {"1", "2"}
    assert codes(installation.verify()) == []


def test_events_of_before_the_tree_are_its_first_leaves_however_old(installation: Installation) -> None:
    installation.record(4, at=installation.clock() - timedelta(days=400))
    installation.build(2)
    assert codes(installation.verify()) == []
