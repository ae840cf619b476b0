"""Whatever the order in which transactions write, commit or give up: each event has one place, and all verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.audit.builder import BuildCheckpoint, waiting_events
from chengxin.audit.store import read_edge, read_tree, root_finder
from chengxin.audit.tree import TreeHash, consistency_path, continues
from chengxin.testing.evidence import Installation, codes

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

INSERT = """INSERT INTO core.audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail)
VALUES ('2026-03-02 10:00+08', 'officer', 'li', 'market', 'subject.read', 'subject', '9', '{}')"""

steps = st.lists(
    st.tuples(st.sampled_from(["write", "write", "write", "commit", "give up", "build"]), st.integers(0, 3)),
    max_size=40,
)


def test_every_committed_event_has_exactly_one_place(
    installation: Installation, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    writers = [connect_as("owner") for _ in range(4)]
    for one in writers:
        one.autocommit = False

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps, st.integers(1, 5))
    def any_order(taken: list[tuple[str, int]], leaves: int) -> None:
        for step, number in taken:
            if step == "write":
                writers[number].execute(INSERT)
            elif step == "commit":
                writers[number].commit()
            elif step == "give up":
                writers[number].rollback()
            else:
                BuildCheckpoint(installation.keyring, installation.clock.go(seconds=1), leaves).execute()
        for one in writers:
            one.commit()
        while waiting_events(1):
            BuildCheckpoint(installation.keyring, installation.clock.go(seconds=1), leaves).execute()

    any_order()
    ((events,),) = installation.rows("SELECT count(*) FROM audit_event")
    ((placed, distinct, last),) = installation.rows(
        "SELECT count(*), count(DISTINCT event_id), coalesce(max(position), -1) FROM audit_leaf"
    )
    assert placed == distinct == events == last + 1
    installation.keeper.show()
    assert codes(installation.verify()) == []


def test_the_stored_tree_gives_the_root_and_every_proof(installation: Installation) -> None:
    installation.build(200)
    installation.build(330)
    tree = read_tree()
    assert tree is not None
    hashes = [bytes(row[0]) for row in installation.rows("SELECT hash FROM audit_leaf ORDER BY position")]
    hashing = TreeHash(tree.hash)
    assert read_edge(tree).root() == hashing.root(hashes)
    root_of = root_finder(tree)
    for low, high in ((0, 1), (0, 256), (256, 512), (256, 530), (512, 530), (0, 530), (128, 192), (528, 530)):
        assert root_of(low, high) == hashing.root(hashes[low:high]), (low, high)
    for old in (1, 200, 255, 256, 257, 512, 529, 530):
        path = consistency_path(old, 530, root_of)
        assert continues(hashing, (old, hashing.root(hashes[:old])), (530, hashing.root(hashes)), path)
    connection.close()
