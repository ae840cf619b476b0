"""The commands about the audit trail, as an operator, an auditor and a witness use them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.audit.keeping import Keeper
from chengxin.audit.witness import FileWitness, HttpWitness
from chengxin.base.clock import system_now
from chengxin.cli.audit import audit, make_keeper
from chengxin.cli.supervision import Program, Supervisor
from chengxin.crypto import Keyring, load_keyring
from chengxin.testing.making import make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Terminal


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return load_keyring(tmp_path / "keys")


@pytest.fixture
def events(terminal: Terminal, tmp_path: Path, keyring: Keyring) -> list[int]:
    """Four events, built and shown to the two witnesses an installation has by default."""
    assert terminal
    numbers = []
    for subject in range(1, 5):
        with transaction.atomic():
            numbers.append(
                record_event(
                    at=system_now(), actor=("officer", "zhang", "ks-scjg"), action="subject.read",
                    object_kind="subject", object_id=str(subject), purpose="资格审查",
                    legal_basis="政府采购法第22条", personal="张三",
                )
            )  # fmt: skip
    places = [FileWitness(tmp_path / "witness" / f"{name}.jsonl") for name in ("first", "second")]
    Keeper(keyring, places, system_now).round()
    connection.close()
    return numbers


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    held = json.loads(line)
    assert isinstance(held, dict)
    return held


def test_a_sound_trail_is_verified_with_the_installations_witnesses(terminal: Terminal, events: list[int]) -> None:
    done = terminal.run("audit", "verify", "--json")
    assert done.returncode == 0, done.stderr
    held = _json(done)
    assert held["clean"] is True
    assert (held["leaves"], held["trusted"], held["witnessed"]) == (len(events), len(events), 1)
    told = terminal.run("audit", "verify")
    assert "没有发现篡改 nothing was tampered with" in told.stdout


def test_tampering_is_named_and_the_exit_code_says_so(
    terminal: Terminal, events: list[int], tmp_path: Path, keyring: Keyring
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_event SET actor = 'li' WHERE id = %s", [events[2]])
    connection.close()
    keys = tmp_path / "trusted.pub"
    keys.write_text("".join(key.block() for key in keyring.public_keys("checkpoint")))
    witness = str(tmp_path / "witness" / "second.jsonl")
    done = terminal.run("audit", "verify", "--json", "--from-witness", witness, "--public-key", str(keys))
    assert done.returncode == 1
    (finding,) = _json(done)["findings"]
    assert (finding["code"], finding["event"], finding["position"]) == ("event_changed", events[2], 2)
    told = terminal.run("audit", "verify")
    assert told.returncode == 1
    assert "事件内容被改动" in told.stdout


def test_a_changed_fact_is_named_with_its_row_and_range(
    terminal: Terminal, events: list[int], tmp_path: Path, keyring: Keyring
) -> None:
    assert events
    make_record(1, make_subject(), recorded_at=system_now())
    places = [FileWitness(tmp_path / "witness" / f"{name}.jsonl") for name in ("first", "second")]
    Keeper(keyring, places, system_now, steps=make_keeper().steps).round()
    connection.close()
    told = terminal.run("audit", "verify")
    assert told.returncode == 0, told.stdout
    assert "1 行与封存时一致" in told.stdout
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_record DISABLE TRIGGER USER")
        cursor.execute("UPDATE records_record SET valid_until = '2026-01-06' WHERE id = 1")
    connection.close()
    done = terminal.run("audit", "verify", "--json")
    assert done.returncode == 1
    (finding,) = _json(done)["findings"]
    assert (finding["code"], finding["detail"]) == ("fact_changed", "records_record 1 (1-1)")
    assert "已封存的业务记录被改动" in terminal.run("audit", "verify").stdout


def test_a_witness_that_was_named_and_cannot_be_read_is_one_sentence(terminal: Terminal, events: list[int]) -> None:
    assert events
    done = terminal.run("audit", "verify", "--from-witness", "/nowhere/witness.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("错误：见证方 /nowhere/witness.jsonl 读不了")


def test_an_event_is_proven_and_its_proof_checked_offline(
    terminal: Terminal, events: list[int], tmp_path: Path
) -> None:
    done = terminal.run("audit", "proof", str(events[1]))
    assert done.returncode == 0, done.stderr
    path = tmp_path / "proof.json"
    path.write_text(done.stdout, encoding="utf-8")
    checked = terminal.run("audit", "check-proof", str(path))
    assert checked.returncode == 0, checked.stderr
    held = _json(checked)
    assert held["holds"] is True
    assert held["event"]["object"] == "2"
    path.write_text(done.stdout.replace('"position": 1', '"position": 2'), encoding="utf-8")
    checked = terminal.run("audit", "check-proof", str(path))
    assert checked.returncode == 1
    assert _json(checked)["trouble"] == "not_in_tree"
    path.write_text("nothing", encoding="utf-8")
    assert _json(terminal.run("audit", "check-proof", str(path)))["trouble"] == "unreadable"


def test_who_looked_is_listed_without_the_officers_name(terminal: Terminal, events: list[int]) -> None:
    assert events
    done = terminal.run("audit", "looks", "3", "--since", "2020-01-01")
    assert done.returncode == 0, done.stderr
    assert "ks-scjg" in done.stdout
    assert "政府采购法第22条" in done.stdout
    assert "zhang" not in done.stdout
    assert "ks-scjg" not in terminal.run("audit", "looks", "3", "--until", "2020-01-01").stdout


def test_a_text_is_erased_by_law_and_the_trail_stays_sound(terminal: Terminal, events: list[int]) -> None:
    done = terminal.run("audit", "erase-text", str(events[0]), "--legal-basis", "个人信息保护法第四十七条")
    assert done.returncode == 0, done.stderr
    assert "已删除，删除事件编号" in done.stderr
    assert terminal.run("audit", "erase-text", str(events[0]), "--legal-basis", "x").returncode == 2
    assert terminal.run("audit", "verify", "--json").returncode == 0


def test_the_state_says_whether_evidence_is_kept(terminal: Terminal, events: list[int]) -> None:
    done = terminal.run("audit", "state", "--json")
    assert done.returncode == 0, done.stderr
    held = _json(done)
    assert (held["state"], held["size"], held["waiting"], len(held["held_by"])) == ("kept", len(events), 0, 2)
    later = terminal.run("audit", "state", CHENGXIN_NOW="2099-01-01T00:00:00+08:00")
    assert later.returncode == 1
    assert "状态 state missing" in later.stdout


def test_the_keeper_runs_until_it_is_told_to_stop(terminal: Terminal, events: list[int], tmp_path: Path) -> None:
    with transaction.atomic():
        record_event(at=system_now(), actor=("operator", "cli", ""), action="x", object_kind="batch", object_id="1")
    connection.close()
    command = [sys.executable, "-m", "chengxin.cli.main", "audit", "keep"]
    with subprocess.Popen(command, env=terminal.environment) as keeper:
        until = time.monotonic() + 30
        witness = tmp_path / "witness" / "first.jsonl"
        while len(witness.read_text(encoding="utf-8").splitlines()) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(10) == 0
    held = _json(terminal.run("audit", "verify", "--json"))
    assert held["clean"] is True
    assert held["leaves"] == len(events) + 2, "the event, and the keeper's own beginning"


def _beginnings() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT detail::text FROM audit_event WHERE action = 'audit.keeper_began' ORDER BY id")
        found = [json.loads(row[0]) for row in cursor.fetchall()]
    connection.close()
    return found


def test_a_keeper_that_is_killed_comes_back_within_ten_seconds_and_records_the_gap(
    terminal: Terminal, events: list[int], tmp_path: Path
) -> None:
    assert events
    program = Program(
        "keeper", (sys.executable, "-m", "chengxin.cli.main", "audit", "keep"), terminal.environment,
        tmp_path / "evidence.log", restarts=True,
    )  # fmt: skip
    supervisor = Supervisor()
    try:
        supervisor.start(program)
        _until(lambda: len(_beginnings()) == 1, supervisor, 30)
        os.kill(supervisor.running["keeper"].pid, signal.SIGKILL)
        killed = time.monotonic()
        _until(lambda: len(_beginnings()) == 2, supervisor, 30)
        assert time.monotonic() - killed < 10
    finally:
        supervisor.stop()
    assert [one["gap_seconds"] is None or one["gap_seconds"] < 60 for one in _beginnings()] == [True, True]
    assert _beginnings()[1]["seen_at"] is not None
    assert _json(terminal.run("audit", "verify", "--json"))["clean"] is True


def _until(reached: Callable[[], bool], supervisor: Supervisor, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until
        supervisor.check()
        time.sleep(0.1)


@pytest.fixture
def remote(keyring: Keyring, tmp_path: Path) -> Iterator[str]:
    trusts = tmp_path / "platform.pub"
    trusts.write_text("".join(key.block() for key in keyring.public_keys("checkpoint")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "chengxin.cli.main", "audit", "witness", "--listen", f"127.0.0.1:{port}"]
    command += ["--folder", str(tmp_path / "remote"), "--public-key", str(trusts)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_"))}
    with subprocess.Popen(command, env=kept) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asked.request("GET", "/latest")
            asked.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            asked.close()
    raise AssertionError("the witness does not answer")


def test_a_witness_on_another_machine_keeps_and_is_verified_from(
    terminal: Terminal, events: list[int], keyring: Keyring, remote: str
) -> None:
    keeper = Keeper(keyring, [HttpWitness(remote, 10)], system_now)
    assert keeper.show() == 1
    connection.close()
    done = terminal.run("audit", "verify", "--json", "--from-witness", remote)
    assert done.returncode == 0, done.stderr
    assert _json(done)["trusted"] == len(events)


def test_the_measurement_has_its_help() -> None:
    assert "核验" in CliRunner().invoke(audit, ["verify", "--help"]).output
