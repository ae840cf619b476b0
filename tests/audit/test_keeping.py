"""The keeper builds in time, shows every checkpoint to the witnesses, and puts gaps and refusals on record."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import connection

from chengxin.audit import keeping
from chengxin.audit.checkpoint import read_checkpoint
from chengxin.audit.keeping import Keeper
from chengxin.audit.models import Event
from chengxin.audit.queries import evidence
from chengxin.audit.settings import load_settings
from chengxin.audit.store import read_tree
from chengxin.audit.tree import TreeHash
from chengxin.audit.witness import FileWitness
from chengxin.testing.ends import as_role
from chengxin.testing.evidence import Installation, codes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _tell_second_history(installation: Installation) -> None:
    last = read_checkpoint(installation.lines("second")[-1]["note"])
    other = replace(last, root=TreeHash().leaf(b"", b"other")).signed(installation.keyring)
    installation.witness("second").write_text(json.dumps({"note": other.note()}) + "\n", encoding="utf-8")


def test_the_beginning_of_a_keeper_is_an_event_that_says_how_long_nobody_kept_watch(installation: Installation) -> None:
    installation.keeper.begin()
    installation.clock.go(minutes=1)
    installation.keeper.round()
    installation.clock.go(seconds=7)
    Keeper(installation.keyring, installation.keeper.witnesses, installation.clock).begin()
    first, second = Event.objects.filter(action="audit.keeper_began").order_by("id")
    assert first.detail == {"seen_at": None, "gap_seconds": None}
    assert second.detail["gap_seconds"] == 7
    assert second.actor_kind == "keeper"
    installation.keeper.round()
    assert codes(installation.verify()) == []


def test_a_round_builds_everything_and_shows_the_last_checkpoint_to_every_witness(installation: Installation) -> None:
    installation.record(12)
    assert installation.keeper.round() == 12
    assert installation.keeper.troubles == {}
    assert installation.rows("SELECT witness, answer FROM audit_witnessing ORDER BY witness") == [
        (str(installation.witness("first")), "kept"),
        (str(installation.witness("second")), "kept"),
    ]
    assert evidence(installation.clock()).state == "kept"


def test_a_witness_that_was_away_gets_the_next_checkpoint(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    installation.build(2)
    held = installation.witness("second").read_text(encoding="utf-8")
    installation.witness("second").unlink()
    installation.witness("second").mkdir()
    with caplog.at_level(logging.WARNING):
        installation.build(2)
    assert installation.keeper.troubles == {str(installation.witness("second")): "witness_away"}
    assert "无法写入或没有应答" in caplog.text
    assert evidence(installation.clock()).state == "kept", "one witness is enough"
    installation.witness("second").rmdir()
    installation.witness("second").write_text(held, encoding="utf-8")
    installation.keeper.round()
    assert [read_checkpoint(one["note"]).number for one in installation.lines("second")] == [1, 2]
    assert installation.keeper.troubles == {}


def test_a_witness_that_refuses_is_an_alarm_on_record_once(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    installation.build(4)
    _tell_second_history(installation)
    with caplog.at_level(logging.CRITICAL):
        installation.build(4)
        installation.keeper.show()
    (event,) = Event.objects.filter(action="audit.witness_refused")
    assert event.object == "2"
    assert event.detail == {"code": "not_a_continuation", "witness": str(installation.witness("second"))}
    assert "报告安全管理员" in caplog.text


def test_without_any_witness_the_evidence_goes_late_and_then_missing(installation: Installation) -> None:
    installation.build(1)
    for place in installation.places:
        installation.witness(place).unlink()
        installation.witness(place).mkdir()
    installation.clock.go(seconds=90)
    installation.build(1)
    assert evidence(installation.clock()).state == "late"
    installation.clock.go(seconds=load_settings().refuse_after_seconds)
    found = evidence(installation.clock())
    assert (found.state, found.held_by, found.size, found.waiting) == ("missing", (), 2, 0)


def test_before_the_first_round_evidence_has_not_begun(installation: Installation) -> None:
    installation.record(2)
    found = evidence(installation.clock())
    assert (found.state, found.waiting) == ("not_begun", 2)


def test_the_clock_of_the_refusal_runs_from_the_first_start(installation: Installation) -> None:
    installation.keeper.begin()
    tree = read_tree()
    assert tree is not None
    assert tree.covered_at == installation.clock()


def test_the_keeper_works_with_the_rights_of_the_worker(installation: Installation) -> None:
    with as_role("worker"):
        installation.keeper.begin()
        installation.build(300)
        installation.build(3)
    assert codes(installation.verify()) == []


def test_it_runs_until_it_is_told_to_stop_and_waits_for_a_database_that_is_away(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "LOOK", 0.02)
    installation.record(3)
    stop = threading.Event()
    rounds: list[int] = []
    real = Keeper.round

    def counted(keeper: Keeper) -> int:
        rounds.append(real(keeper))
        if len(rounds) == 2:
            stop.set()
        return rounds[-1]

    away = iter([True, False])

    def begin(keeper: Keeper) -> None:
        if next(away, False):
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        Keeper.begin_for_real(keeper)  # type: ignore[attr-defined]

    monkeypatch.setattr(Keeper, "begin_for_real", Keeper.begin, raising=False)
    monkeypatch.setattr(Keeper, "begin", begin)
    monkeypatch.setattr(Keeper, "round", counted)
    monkeypatch.setattr(keeping, "load_settings", lambda: replace(load_settings(), interval_seconds=1))
    with caplog.at_level(logging.WARNING):
        installation.keeper.run(stop)
    assert rounds == [4, 0]
    assert "the database does not answer" in caplog.text


def test_a_broken_trail_is_said_and_not_signed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    installation.build(3)
    installation.operate("UPDATE audit_leaf SET hash = sha256('x') WHERE position = 1")
    installation.record(1)
    stop = threading.Event()
    monkeypatch.setattr(keeping, "LOOK", 0.02)
    monkeypatch.setattr(keeping, "load_settings", lambda: replace(load_settings(), interval_seconds=1))
    timer = threading.Timer(1.5, stop.set)
    timer.start()
    with caplog.at_level(logging.CRITICAL):
        installation.keeper.run(stop)
    timer.join()
    assert "已停止签发检查点" in caplog.text
    assert installation.rows("SELECT count(*) FROM audit_checkpoint") == [(1,)]


def test_a_witness_knows_its_own_name(tmp_path: Path) -> None:
    assert FileWitness(tmp_path / "a.jsonl").name == str(tmp_path / "a.jsonl")
