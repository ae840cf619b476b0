"""Many processes and threads at once: one key, no lost row, every signature good."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.crypto.conftest import MADE, ring

from chengxin.crypto import Keyring, Signature, context_of, load_keyring, sealed_by, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STARTER = """
import json, pathlib, sys, time
from chengxin.crypto import load_keyring
folder, gate = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
print("ready", flush=True)
while not gate.exists():
    time.sleep(0.0005)
made = load_keyring(folder)
print(json.dumps([one.key_id for one in made.facts()] + [made.blind("blind-index", "x").hex()]), flush=True)
"""

ROTATOR = """
import datetime, pathlib, sys, time
from chengxin.crypto import load_keyring
folder, gate = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
made = load_keyring(folder)
print("ready", flush=True)
while not gate.exists():
    time.sleep(0.0005)
for _ in range(5):
    print(made.rotate("receipt", datetime.datetime.now(datetime.UTC)).version, flush=True)
"""


def at_once(count: int, program: str, folder: Path, gate: Path) -> list[list[str]]:
    """Run ``program`` in so many processes that set off together; return the lines each printed."""
    started = [
        subprocess.Popen([sys.executable, "-c", program, folder, gate], stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        gate.touch()
        printed = [one.communicate(timeout=60)[0].splitlines() for one in started]
    finally:
        for one in started:
            one.kill()
            one.wait()
    assert [one.returncode for one in started] == [0] * count
    return printed


@pytest.mark.parametrize("attempt", range(2))
def test_processes_that_start_at_once_for_the_first_time_share_one_key(
    suite_name: str, folder: Path, tmp_path: Path, attempt: int
) -> None:
    printed = at_once(5, STARTER, folder, tmp_path / f"gate-{attempt}")
    assert len({line for lines in printed for line in lines}) == 1
    made = load_keyring(folder)
    facts = made.facts()
    assert json.loads(printed[0][0]) == [one.key_id for one in facts] + [made.blind("blind-index", "x").hex()]
    assert {(one.version, one.suite) for one in facts} == {(1, suite_name)}
    assert len([one for one in folder.iterdir() if not one.name.startswith(".lock")]) == len(facts) + 1


def test_rotations_by_processes_at_once_take_turns(folder: Path, tmp_path: Path) -> None:
    made = ring(folder, "international")
    printed = at_once(4, ROTATOR, folder, tmp_path / "gate")
    assert sorted(int(line) for lines in printed for line in lines) == list(range(2, 22))
    receipts = [one for one in made.facts() if one.purpose == "receipt"]
    assert [one.version for one in receipts] == list(range(21, 0, -1))
    assert [one.state for one in receipts] == ["current"] + ["retired"] * 20


def test_a_start_broken_off_at_any_moment_is_taken_up_by_the_next(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    for number in range(8):
        place = folder / str(number)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        started = subprocess.Popen(
            [sys.executable, "-c", STARTER, place, tmp_path / "gate"], stdout=subprocess.PIPE, text=True
        )
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        time.sleep(number * 0.002)
        started.kill()
        started.communicate()
        sealed = load_keyring(place).seal("backup", b"x", b"c")
        assert load_keyring(place).open("backup", sealed, b"c") == b"x"


def test_fifty_signatures_on_each_of_twenty_five_threads_all_verify(keyring: Keyring) -> None:
    keys = keyring.public_keys("checkpoint")

    def sign(thread: int) -> list[tuple[bytes, Signature]]:
        messages = [f"{thread} {number}".encode() for number in range(50)]
        return [(one, keyring.sign("checkpoint", one)) for one in messages]

    with ThreadPoolExecutor(25) as pool:
        signed = [one for part in pool.map(sign, range(25)) for one in part]
        checked = list(pool.map(lambda one: verify(keys, *one), signed))
    assert len(checked) == 1250
    assert len({one.value for _, one in signed}) == 1250


@dataclass
class Traffic:
    """Threads that write and read rows until told to stop, and keep what went wrong."""

    made: Keyring
    rows: dict[str, tuple[bytes, bytes, bytes]] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, writer: int) -> None:
        for number in itertools.count():
            if self.over.wait(0.001):  # as many rows as are checked in a moment afterwards
                return
            name, plain = f"{writer}-{number}", f"{number:018d}"
            sealed = self.made.seal("sealed-number", plain.encode(), context_of("person", "id", name))
            self.rows[name] = (plain.encode(), sealed, self.made.blind("blind-index", plain))

    def read(self, _reader: int) -> None:
        while not self.over.is_set():
            self.check(self.made, list(self.rows)[-50:])

    def check(self, keyring: Keyring, names: list[str]) -> set[str]:
        """Open these rows with ``keyring``; return the ids of the keys that had sealed them."""
        for name in names:
            plain, sealed, blind = self.rows[name]
            assert keyring.open("sealed-number", sealed, context_of("person", "id", name)) == plain
            assert blind in keyring.blinds("blind-index", plain.decode())
        return {sealed_by(self.rows[name][1]) for name in names}

    def start(self, work: Callable[[int], None], number: int) -> threading.Thread:
        def watched() -> None:
            try:
                work(number)
            except BaseException as error:  # noqa: BLE001 - the test's own thread raises it
                self.failures.append(error)

        thread = threading.Thread(target=watched)
        thread.start()
        return thread


def test_rotation_while_threads_read_and_write_loses_nothing(suite_name: str, folder: Path) -> None:
    made = ring(folder, suite_name)
    other = ring(folder, suite_name)  # as another process has it
    traffic = Traffic(made)
    threads = [traffic.start(traffic.write, one) for one in range(3)]
    threads += [traffic.start(traffic.read, one) for one in range(2)]
    for turn in range(10):
        time.sleep(0.05)
        (made, other)[turn % 2].rotate("sealed-number", MADE)
        (other, made)[turn % 2].rotate("blind-index", MADE)
    time.sleep(0.05)
    traffic.over.set()
    for one in threads:
        one.join()
    assert traffic.failures == []
    used = traffic.check(load_keyring(folder), list(traffic.rows))
    assert len(used) >= 8  # the writers did write between the rotations


def test_a_seal_made_just_before_a_rotation_elsewhere_is_reencrypted_by_the_job(suite_name: str, folder: Path) -> None:
    made, other = ring(folder, suite_name), ring(folder, suite_name)
    rows = {str(number): made.seal("sealed-number", b"330106199001011234", str(number).encode()) for number in range(9)}
    other.rotate("sealed-number", MADE)
    for name, sealed in rows.items():
        if not made.is_current("sealed-number", sealed):
            plain = made.open("sealed-number", sealed, name.encode())
            rows[name] = made.seal("sealed-number", plain, name.encode())
    assert all(other.is_current("sealed-number", one) for one in rows.values())
    (folder / "sealed-number.1.key").unlink()
    destroyed = load_keyring(folder)
    assert {destroyed.open("sealed-number", one, name.encode()) for name, one in rows.items()} == {
        b"330106199001011234"
    }


def test_a_child_process_of_a_fork_draws_other_nonces(keyring: Keyring) -> None:
    if threading.active_count() > 1:
        pytest.skip("other threads run: a fork would be unsafe")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, keyring.seal("sealed-number", b"", b"c"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 1000)
    os.close(reading)
    os.close(writing)
    assert keyring.open("sealed-number", theirs, b"c") == b""
    assert keyring.seal("sealed-number", b"", b"c") != theirs
