"""Processes of a whole installation are killed under load: what was acknowledged is there, and nothing is twice.

``make chaos`` does the same fifty times and holds the installation to being ready again in less than half a minute.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.testing.faults import (
    Client,
    Guard,
    Handed,
    Killer,
    Ledger,
    Load,
    examine,
    processes,
    settle,
    verify,
)
from chengxin.testing.rig import Rig, build, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

VICTIMS = ("worker", "backend", "API end's child", "tree builder", "postmaster", "serve")
"""One of each kind; ``make chaos`` chooses among all there are."""


@pytest.fixture
def rig() -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="chengxin-kills-"))
    folder.chmod(0o755)
    try:
        yield build(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(1200)
def test_six_kills_under_load_lose_nothing_and_double_nothing(rig: Rig) -> None:
    ledger = Ledger()
    client = Client(rig, ledger)
    with Guard(rig) as guard:
        client.ready()
        killer = Killer(guard, seed=48)
        with Load(client):
            for victim in VICTIMS:
                time.sleep(killer.chance.random() * 2)
                assert killer.kill(victim) == victim
                client.ready()
        settle(client)
        found = examine(rig.url("superuser"), ledger)
        assert (found.lost, found.twice) == ((), ())
        assert verify(rig) == "clean"
        assert sum(killer.killed.values()) == len(VICTIMS)
        assert ledger.acknowledged > 2 * len(VICTIMS)
        look_through(rig, ledger)
    assert guard.ends, "a database that is gone and a killed parent end the service, and it is started again"


def look_through(rig: Rig, ledger: Ledger) -> None:
    """Show that the set checker finds what is gone, doubled or different: it would see a loss if there were one."""
    url = rig.url("superuser")
    ghost = Handed("ghost.csv", b"nothing", ("昆市监许〔2026〕1号",), batch_id=0, receipt={"lines": 1})
    assert "fact 昆市监许〔2026〕1号" in examine(url, Ledger(files=[ghost])).lost
    assert "answered nobody" in examine(url, Ledger(checks={"nobody": True})).lost
    assert examine(url, Ledger(contradictions=["x"])).twice == ("x",)
    done = next(one for one in ledger.files if one.receipt is not None)
    changed = Handed(done.name, done.content, done.numbers, done.batch_id, {**(done.receipt or {}), "lines": 0})
    assert examine(url, Ledger(files=[changed])).lost == (f"receipt {done.batch_id}",)
    with psycopg.connect(url) as connection:
        connection.execute(
            """INSERT INTO core.audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail)
            VALUES (now(), 'client', '1', '', 'batch.received', 'batch', %s, '{}')""",
            [str(done.batch_id)],
        )
    assert examine(url, ledger).twice == (f"received {done.batch_id}",)


def test_processes_and_ports_are_those_of_this_machine() -> None:
    me = {one.number: one for one in processes()}
    assert "python" in json.dumps([one.command for one in me.values()])
    assert all(one.parent in me or one.parent == 0 for one in me.values() if one.number != 1) or len(me) > 1
    assert len(set(free_ports(3))) == 3
