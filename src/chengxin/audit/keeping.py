"""The keeper of the evidence: builds checkpoints in time, shows them to the witnesses, and says when either fails.

A process of its own, so that no import keeps it from its minute. It is started again when it is killed, and the first
thing it then does is to write down how long nobody kept watch (等保 GB/T 22239-2019, 8.1.4.3 d).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connection, transaction

from chengxin.audit.actions import record_event
from chengxin.audit.builder import BuildCheckpoint, unwitnessed, waiting_events
from chengxin.audit.errors import EvidenceBroken
from chengxin.audit.settings import load_settings
from chengxin.audit.store import begin_tree, read_tree, root_finder
from chengxin.audit.tree import consistency_path
from chengxin.audit.witness import WitnessAway, WitnessRefuses
from chengxin.crypto import WrongSignature

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from chengxin.audit.checkpoint import Checkpoint
    from chengxin.audit.witness import Witness
    from chengxin.crypto import Keyring

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks at how many events wait."""

ACTOR = ("keeper", "audit", "")


@dataclass
class Keeper:
    """Keeps the evidence with these keys and witnesses.

    ``steps`` are done before each checkpoint, so that their events are in it: each is told the time and returns whether
    it left something to do, which is done before the next minute (``behind``). ``troubles`` says what went wrong in the
    last round, by place; ``refused`` which refusals are on record already.
    """

    keyring: Keyring
    witnesses: Sequence[Witness]
    clock: Callable[[], datetime]
    steps: Sequence[Callable[[datetime], bool]] = ()
    behind: bool = False
    troubles: dict[str, str] = field(default_factory=dict)
    refused: set[tuple[str, int]] = field(default_factory=set)

    def begin(self) -> None:
        """Write down that the keeper begins, and since when none was seen: the gap is evidence too."""
        now = self.clock()
        with transaction.atomic():
            seen = begin_tree().seen_at
            record_event(
                at=now,
                actor=ACTOR,
                action="audit.keeper_began",
                object_kind="audit",
                object_id="",
                detail={
                    "seen_at": seen.isoformat() if seen else None,
                    "gap_seconds": max(0, round((now - seen).total_seconds())) if seen else None,
                },
            )
            self._seen(now)

    def round(self) -> int:
        """Build until nothing waits, show the last checkpoint to every witness, and return the events added.

        Raises ``EvidenceBroken`` when the stored tree is not what was signed: then somebody has to look first.
        """
        now = self.clock()
        self.work()
        added, more = 0, True
        while more:
            built = BuildCheckpoint(self.keyring, self.clock()).execute()
            added += built.added if built else 0
            more = built is not None and built.more
        held = self.show()
        with transaction.atomic():
            self._seen(now, covered=held >= min(load_settings().quorum, max(1, len(self.witnesses))))
        return added

    def work(self) -> None:
        """Do the steps; one that the database refuses is said and tried again next time, and checkpoints go on."""
        self.behind = False
        for step in self.steps:
            try:
                self.behind |= step(self.clock())
            except (DatabaseError, InterfaceError) as error:
                log.critical("a step before the checkpoint was refused: %s", type(error.__cause__ or error).__name__)
                connection.close()

    def show(self) -> int:
        """Show the last checkpoint to the witnesses that do not have it; return how many have it then."""
        self.troubles.clear()
        by_name = {one.name: one for one in self.witnesses}
        for name, checkpoint in list(unwitnessed(tuple(by_name))):
            try:
                answer = by_name[name].show(checkpoint, self._prover(checkpoint), self.clock())
            except WitnessAway as error:
                self.troubles[name] = error.code
                log.warning("%s", error)
            except (WitnessRefuses, WrongSignature) as error:
                self.troubles[name] = error.code
                log.critical("%s", error)
                self._note_refusal(name, checkpoint, error.code)
            else:
                self._note_answer(name, checkpoint, answer)
        return len(by_name) - len(self.troubles)

    def run(self, stop: threading.Event) -> None:
        """Keep the evidence until ``stop`` is set. A database that is away is waited for; nothing else is survived."""
        interval = load_settings().interval_seconds
        began, last = False, 0.0
        while not stop.is_set():
            try:
                if not began:
                    self.begin()
                    began = True
                due = time.monotonic() - last >= interval or not last
                if due or waiting_events(load_settings().leaves) >= load_settings().leaves:
                    last = time.monotonic()
                    self.round()
                elif self.behind:
                    self.work()
            except (DatabaseError, InterfaceError) as error:
                log.warning("the database does not answer: %s", type(error).__name__)
                connection.close()
            except EvidenceBroken as error:
                log.critical("%s", error)
                stop.wait(interval)
            stop.wait(LOOK)

    def _prover(self, checkpoint: Checkpoint) -> Callable[[int], list[bytes]]:
        def prove(old: int) -> list[bytes]:
            tree = read_tree()
            assert tree is not None  # noqa: S101 - there is a checkpoint
            return consistency_path(old, checkpoint.size, root_finder(tree))

        return prove

    def _note_answer(self, name: str, checkpoint: Checkpoint, answer: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO audit_witnessing (number, witness, at, answer) VALUES (%s, %s, %s, %s)
                ON CONFLICT DO NOTHING""",
                [checkpoint.number, name, self.clock(), answer],
            )

    def _note_refusal(self, name: str, checkpoint: Checkpoint, code: str) -> None:
        """Put the refusal on record once for each checkpoint: it is the alarm."""
        if (name, checkpoint.number) in self.refused:
            return
        with transaction.atomic():
            record_event(
                at=self.clock(),
                actor=ACTOR,
                action="audit.witness_refused",
                object_kind="checkpoint",
                object_id=str(checkpoint.number),
                detail={"code": code, "witness": name},
            )
        self.refused.add((name, checkpoint.number))

    def _seen(self, now: datetime, *, covered: bool = False) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE audit_tree SET seen_at = %s,
                    covered_at = CASE WHEN %s THEN %s ELSE coalesce(covered_at, %s) END""",
                [now, covered, now, now],
            )
