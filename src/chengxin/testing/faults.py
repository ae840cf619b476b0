"""A whole installation that is broken on purpose: its processes are killed while others hand data in and ask.

``Guard`` keeps ``chengxin serve`` running as a service manager does,
``Load`` hands files in and asks for checks and notes what it was told, ``Killer`` kills, and ``examine`` compares what
was told with what the database holds: acknowledged must be there, and nothing twice (a set checker, as in Jepsen).
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psycopg

from chengxin.testing.rig import own_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chengxin.testing.rig import Rig

RESTART = 1.0
"""Seconds after which a service manager starts again what ended."""

PATIENCE = 240.0
"""Seconds in which everything acknowledged has to have its receipt: a dead worker's job is given back to the queue
30 s after its last sign of life, by a job that runs every minute; a failed one is tried again 4, 16 and 64 s later."""

ANSWER = 10.0
"""Seconds a client waits for an answer before it asks again."""

ROWS = 3
"""Facts in a file: many small files meet more moments than a few large ones."""

WAITING = 2
"""Files a client has under way at most: beyond that it only asks, so that no kill meets a queue of its own making."""

READY_LIMIT = 30.0
"""Seconds in which the installation has to be ready again."""

OK, ACCEPTED = 200, 202


class Guard:
    """Keeps ``chengxin serve`` running: what ends is started again. ``ends`` holds the exit codes."""

    def __init__(self, rig: Rig, **environment: str) -> None:
        self.rig = rig
        self.environment = own_environment(rig.folder) | environment
        self.ends: list[int] = []
        self.stopping = threading.Event()
        self.process = self._start()
        self.thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look after the installation."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the installation in order; what does not stop within a minute is killed."""
        self.stopping.set()
        self.thread.join()
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "chengxin.cli.main", "serve", "--data", str(self.rig.folder)]
        with (self.rig.folder / "serve.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own program
                [*command, "--ports", ",".join(map(str, self.rig.ports))],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _keep(self) -> None:
        while not self.stopping.is_set():
            try:
                self.ends.append(self.process.wait(0.2))
            except subprocess.TimeoutExpired:
                continue
            if not self.stopping.wait(RESTART):
                self.process = self._start()


@dataclass
class Handed:
    """A file that was handed in: its documents' numbers, and what the platform said of it so far."""

    name: str
    content: bytes
    numbers: tuple[str, ...]
    batch_id: int | None = None
    receipt: dict[str, Any] | None = None
    refused: bool = False


@dataclass
class Ledger:
    """What the platform acknowledged, as its clients wrote it down; ``contradictions`` should stay empty."""

    files: list[Handed] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(100_000))

    @property
    def acknowledged(self) -> int:
        """Return how many answers were given: files taken in and checks."""
        return sum(one.batch_id is not None for one in self.files) + sum(self.checks.values())


class Client:
    """A client of the API end that asks again where it got no answer, or one of trouble."""

    def __init__(self, rig: Rig, ledger: Ledger) -> None:
        self.rig = rig
        self.ledger = ledger

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, Any]:
        """Send one request; return status and answer, or (0, None) where none came."""
        asked = http.client.HTTPConnection("127.0.0.1", self.rig.ports[2], timeout=ANSWER)
        headers = {"Authorization": f"Bearer {self.rig.token}", "Content-Type": kind, "X-Request-ID": uuid.uuid4().hex}
        try:
            asked.request(method, f"/api/v1{path}", body or None, headers)
            answer = asked.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            asked.close()

    def write(self) -> Handed:
        """Write a new file of facts that nobody handed in before."""
        from chengxin.testing.city import row, write_file  # noqa: PLC0415 - loads the catalogue

        numbers = [next(self.ledger.counter) for _ in range(ROWS)]
        rows = [
            row("licence", "G3", number, uscc=self.rig.codes[number % len(self.rig.codes)], subject_name="昆山演练")
            for number in numbers
        ]
        path = write_file(self.rig.folder / "files" / f"{numbers[0]}.csv", "licence", "G3", rows)
        made = Handed(path.name, path.read_bytes(), tuple(one["document_number"] for one in rows))
        self.ledger.files.append(made)
        return made

    def hand_in(self, one: Handed) -> bool:
        """Send the file once; return whether it was acknowledged, and note where that contradicts what was said."""
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="item"\r\n\r\nlicence\r\n--{edge}\r\n'
        head += f'Content-Disposition: form-data; name="file"; filename="{one.name}"\r\nContent-Type: text/csv\r\n\r\n'
        body = head.encode() + one.content + f"\r\n--{edge}--\r\n".encode()
        status, answer = self.ask("POST", "/batches", body, f"multipart/form-data; boundary={edge}")
        if status not in (OK, ACCEPTED):
            return False
        if one.batch_id not in (None, answer["batch_id"]):
            self.ledger.contradictions.append(f"{one.name}: batch {one.batch_id}, then {answer['batch_id']}")
        one.batch_id = answer["batch_id"]
        self.note(one, answer)
        return True

    def look(self, one: Handed) -> bool:
        """Ask for the receipt once; return whether it, or a refusal, is there."""
        status, answer = self.ask("GET", f"/batches/{one.batch_id}")
        if status == OK:
            self.note(one, answer)
        return one.receipt is not None or one.refused

    def note(self, one: Handed, answer: dict[str, Any]) -> None:
        """Write the receipt down; a refusal and a receipt that changed are contradictions."""
        if answer["refusal"] and not one.refused:
            one.refused = True
            self.ledger.contradictions.append(f"{one.name}: refused, {answer['refusal']['code']}")
        if one.receipt is not None and answer["receipt"] != one.receipt:
            self.ledger.contradictions.append(f"{one.name}: its receipt changed")
        one.receipt = one.receipt or answer["receipt"]

    def check(self) -> bool:
        """Ask about a body for a purpose of its own; return whether there was an answer."""
        purpose = f"故障演练 {uuid.uuid4().hex}"
        self.ledger.checks[purpose] = False
        code = self.rig.codes[len(self.ledger.checks) % len(self.rig.codes)]
        status, _ = self.ask("POST", "/checks", json.dumps({"code": code, "purpose": purpose}).encode())
        self.ledger.checks[purpose] = status == OK
        return status == OK

    def public_page(self) -> bool:
        """Return whether the public end shows its first page."""
        asked = http.client.HTTPConnection("127.0.0.1", self.rig.ports[0], timeout=ANSWER)
        try:
            asked.request("GET", "/")
            return asked.getresponse().status == OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()

    def ready(self, patience: float = 120.0) -> float:
        """Return the seconds until everything works: page, check, and a new file up to its receipt.

        Raises ``TimeoutError`` where that does not come about.
        """
        began = time.monotonic()
        probe = self.write()
        steps: list[Callable[[], bool]] = [
            self.public_page, self.check, lambda: self.hand_in(probe), lambda: self.look(probe)
        ]  # fmt: skip
        while steps:
            if steps[0]():
                del steps[0]
            elif time.monotonic() - began > patience:
                raise TimeoutError(f"not ready after {patience} s; {len(steps)} steps left")
            else:
                time.sleep(0.1)
        return time.monotonic() - began


class Load:
    """Threads that hand files in and ask for checks until the block ends; every answer is written down."""

    def __init__(self, client: Client, threads: int = 2, pause: float = 0.3) -> None:
        self.client = client
        self.pause = pause
        self.stopping = threading.Event()
        self.troubles: list[BaseException] = []
        targets = [self._hand_in] * threads + [self._check]
        self.threads = [threading.Thread(target=self._run, args=(one,), daemon=True) for one in targets]

    def __enter__(self) -> Self:
        """Begin."""
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and raise what went wrong in a thread."""
        self.stopping.set()
        for one in self.threads:
            one.join()
        if self.troubles:
            raise self.troubles[0]

    def _run(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            self.troubles.append(error)

    def _hand_in(self) -> None:
        waiting: list[Handed] = []
        while not self.stopping.wait(self.pause):
            waiting = [each for each in waiting if not self.client.look(each)]
            if len(waiting) >= WAITING:
                continue
            one = self.client.write()
            while not self.client.hand_in(one):
                if self.stopping.wait(self.pause):
                    return
            waiting.append(one)
            if len(self.client.ledger.files) % 5 == 0:
                self.client.hand_in(one)  # a client that does not trust the line: the same answer again

    def _check(self) -> None:
        while not self.stopping.wait(self.pause):
            self.client.check()


@dataclass(frozen=True)
class Process:
    """A process of the machine: its number, its parent's, and how it was called."""

    number: int
    parent: int
    command: str


def processes() -> list[Process]:
    """Return the machine's processes (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # gone meanwhile
                state = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
                called = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                found.append(Process(int(entry.name), int(state[1]), called))
    return found


SERVED = {
    "worker": "chengxin.cli.main worker",
    "tree builder": "chengxin.cli.main audit keep",
    "archive": "chengxin.cli.main archive",
    "database's keeper": "chengxin.cli.keeper",
    "public end": "chengxin.ends.public.wsgi",
    "office end": "chengxin.ends.office.wsgi",
    "API end": "chengxin.ends.api.wsgi",
}
"""Processes that ``chengxin serve`` starts, by how they are called."""


class Killer:
    """Kills processes of an installation with SIGKILL, at random from a seed."""

    def __init__(self, guard: Guard, seed: int) -> None:
        self.guard = guard
        self.chance = random.Random(seed)  # noqa: S311 - whom to kill when, nothing secret
        self.killed: Counter[str] = Counter()

    def targets(self) -> dict[str, list[int]]:
        """Return who can be killed now, by what it is."""
        everybody = processes()
        serve = self.guard.process.pid
        found: dict[str, list[int]] = {"serve": [serve]}
        for name, called in SERVED.items():
            own = [one.number for one in everybody if one.parent == serve and called in one.command]
            found[name] = own
            found[f"{name}'s child"] = [one.number for one in everybody if own and one.parent == own[0]]
        with contextlib.suppress(OSError, ValueError, IndexError):  # no server at this moment
            mark = self.guard.rig.folder / "postgres" / "postmaster.pid"
            postmaster = int(mark.read_text(encoding="utf-8").split()[0])
            family = [one for one in everybody if one.parent == postmaster]
            found["postmaster"] = [one.number for one in everybody if one.number == postmaster]
            found["backend"] = [one.number for one in family if "chengxin_" in one.command]
            found["database's own process"] = [one.number for one in family if "chengxin_" not in one.command]
        return {name: numbers for name, numbers in found.items() if numbers}

    def kill(self, name: str = "") -> str:
        """Kill one process: of the kind ``name``, or of a kind chosen at random. Return the kind."""
        while True:
            there = self.targets()
            chosen = name or self.chance.choice(sorted(there))
            if chosen in there:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.chance.choice(sorted(there[chosen])), signal.SIGKILL)
                    self.killed[chosen] += 1
                    return chosen
            time.sleep(0.1)


@dataclass(frozen=True)
class Outcome:
    """What the set checker found: names of what was acknowledged and is gone, and of what is there twice."""

    lost: tuple[str, ...]
    twice: tuple[str, ...]


def settle(client: Client, patience: float = PATIENCE) -> None:
    """Wait until every acknowledged file has its receipt, or raise ``TimeoutError``."""
    until = time.monotonic() + patience
    waiting = [one for one in client.ledger.files if one.batch_id is not None]
    while waiting := [one for one in waiting if not client.look(one)]:
        if time.monotonic() > until:
            raise TimeoutError(f"without a receipt: {[one.name for one in waiting]}")
        time.sleep(0.5)


_COUNTS = {
    "fact": "SELECT document_number, count(*) FROM core.records_record WHERE item = 'licence' GROUP BY 1",
    "shown": "SELECT document_number, count(*) FROM publication.fact GROUP BY 1",
    "batch": "SELECT sha256, count(*) FROM core.intake_batch GROUP BY 1",
    "received": "SELECT object, count(*) FROM core.audit_event WHERE action = 'batch.received' GROUP BY 1",
    "imported": "SELECT object, count(*) FROM core.audit_event WHERE action = 'batch.imported' GROUP BY 1",
    "answered": "SELECT purpose, count(*) FROM core.audit_event WHERE action = 'check.answered' GROUP BY 1",
}


def examine(url: str, ledger: Ledger) -> Outcome:
    """Compare the ledger with the database behind ``url`` (the superuser's: nothing is hidden from it)."""
    with psycopg.connect(url) as connection:
        held: dict[str, dict[str, int]] = {
            name: dict(connection.execute(query.encode()).fetchall()) for name, query in _COUNTS.items()
        }
        kept = connection.execute("SELECT id, receipt FROM core.intake_batch").fetchall()
        receipts: dict[int, Any] = dict(kept)
    twice = [f"{name} {key}" for name, counts in held.items() for key, count in counts.items() if count > 1]
    answered = held["answered"]
    lost = [f"answered {purpose}" for purpose, told in ledger.checks.items() if told and purpose not in answered]
    for one in ledger.files:
        if one.batch_id is None or one.refused:
            continue
        lost += [f"{name} {number}" for number in one.numbers for name in ("fact", "shown") if number not in held[name]]
        batch = {"batch": hashlib.sha256(one.content).hexdigest(), "received": str(one.batch_id)}
        batch["imported"] = str(one.batch_id)
        lost += [f"{name} {key}" for name, key in batch.items() if key not in held[name]]
        if one.receipt is not None and receipts.get(one.batch_id) != one.receipt:
            lost.append(f"receipt {one.batch_id}")
    return Outcome(tuple(lost), (*twice, *ledger.contradictions))


def verify(rig: Rig) -> str:
    """Run ``chengxin audit verify``; return ``clean``, or what it said."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "chengxin.cli.main", "audit", "verify", "--json", "--data", str(rig.folder)],
        env=own_environment(rig.folder), check=False, capture_output=True, text=True,
    )  # fmt: skip
    return "clean" if done.returncode == 0 else f"{done.returncode}: {done.stdout}{done.stderr}".strip()
