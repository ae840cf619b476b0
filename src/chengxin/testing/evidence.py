"""What tests of the evidence share: an audit trail with events, a keeper, two witnesses, and a malicious operator."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.audit.keeping import Keeper
from chengxin.audit.witness import FileWitness
from chengxin.crypto import Keyring, load_keyring
from chengxin.records.sealing import seal_facts
from chengxin.testing.making import NOW
from chengxin.verifier.notes import Kept, read_keys, read_witness
from chengxin.verifier.verify import Verification

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chengxin.verifier.findings import Report


PATIENCE = 30
"""Seconds a transaction of another test may take."""


@dataclass
class Clock:
    """Time that the test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def go(self, **step: float) -> datetime:
        """Let time pass (or go back) by a ``timedelta`` and return the new time."""
        self.now += timedelta(**step)
        return self.now


@dataclass
class Installation:
    """An audit trail with a keeper, its witnesses in files, and the way of a malicious operator into it."""

    folder: Path
    owner_url: str
    superuser_url: str
    clock: Clock = field(default_factory=Clock)
    places: tuple[str, ...] = ("first", "second")

    def __post_init__(self) -> None:
        """Make the keys, the witnesses and the keeper."""
        self.keyring: Keyring = load_keyring(self.folder / "keys")
        witnesses = [FileWitness(self.witness(one)) for one in self.places]
        self.keeper = Keeper(self.keyring, witnesses, self.clock, steps=(seal_facts,))

    def witness(self, name: str = "first") -> Path:
        """Return the file of a witness."""
        return self.folder / "witness" / f"{name}.jsonl"

    def record(self, count: int = 1, **more: Any) -> list[int]:  # noqa: ANN401 - an event's own fields
        """Write events, each in a transaction and a second of its own, about subjects 1, 2, 3 and so on."""
        numbers = []
        for step in range(count):
            given: dict[str, Any] = {
                "at": self.clock.go(seconds=1),
                "actor": ("officer", "zhang", "market"),
                "action": "subject.read",
                "object_kind": "subject",
                "object_id": str(step + 1),
                "subject_id": step + 1,
                "purpose": "资格审查",
                "detail": {"name": 'a\\b\t"c"\n', "n": step},
            }
            with transaction.atomic():
                numbers.append(record_event(**(given | more)))
        return numbers

    def build(self, count: int = 10, *, patient: bool = True) -> list[int]:
        """Write events and have them built and witnessed; not ``patient`` where a transaction is open on purpose."""
        numbers = self.record(count)
        if patient:
            self._wait_for_others()
        self.clock.go(minutes=1)
        self.keeper.round()
        return numbers

    def _wait_for_others(self) -> None:
        """Wait until no transaction of the server, another test's included, is older than what was just written.

        The builder leaves open what could still be joined by a transaction under way, in whichever database.
        """
        until = time.monotonic() + PATIENCE
        while self.rows("SELECT max(xid) >= pg_snapshot_xmin(pg_current_snapshot()) FROM audit_event") == [(True,)]:
            if time.monotonic() > until:
                raise TimeoutError("another transaction of this server has been open for too long")
            time.sleep(0.02)

    def operate(self, *statements: str) -> None:
        """Do what a malicious operator does: as superuser, with every trigger and foreign key switched off."""
        connection.close()
        with psycopg.connect(self.superuser_url, autocommit=True, options="-c search_path=core") as operator:
            operator.execute("SET session_replication_role = replica")
            for one in statements:
                operator.execute(one.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds, as superuser."""
        with psycopg.connect(self.superuser_url, options="-c search_path=core") as operator:
            return operator.execute(query.encode()).fetchall()

    def verify(self, *kept: Kept, keys: str = "", witnesses: tuple[str, ...] | None = None) -> Report:
        """Verify with this installation's keys and what its witnesses keep."""
        connection.close()
        places = self.places if witnesses is None else witnesses
        held = [read_witness(str(self.witness(one))) for one in places if self.witness(one).exists()]
        text = keys or "".join(key.block() for key in self.keyring.public_keys("checkpoint"))
        return Verification(self.owner_url, read_keys(text), [*held, *kept], processes=1).run()

    def lines(self, name: str = "first") -> list[dict[str, str]]:
        """Return the lines of a witness's file."""
        return [json.loads(line) for line in self.witness(name).read_text(encoding="utf-8").splitlines()]


def codes(report: Report) -> list[str]:
    """Return the kinds of tampering a report names."""
    return [one.code for one in report.findings]
