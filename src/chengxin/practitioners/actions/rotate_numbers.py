"""Seal and index every number anew under the current keys, in small pieces, while reading and writing go on."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.audit.actions import record_event
from chengxin.crypto import WrongSeal, load_keyring
from chengxin.practitioners.models import SealedText
from chengxin.practitioners.sealed import INDEX, SEAL, context, indexed, open_text

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.crypto import Keyring

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Rows in one transaction: a registration waits for at most so many."""


@dataclass(frozen=True)
class Rotated:
    """What a rotation saw: rows, rows made anew, and the keys of rows that are not what was sealed there."""

    seen: int
    renewed: int
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class RotateNumbers:
    """Re-seal and re-index what is under older keys; run again, it does nothing more.

    A row that does not open, or whose index is not its own text's, was moved or changed in the database: it is left as
    it is and reported by an event and in the log. Safe at any time and more than once at a time: every look-up asks
    under all keys, and a row that a writer made under an older key in between is found and renewed by the next run.
    """

    actor: tuple[str, str, str]
    now: datetime
    keyring: Keyring = field(default_factory=load_keyring, repr=False)
    at_once: int = AT_ONCE

    def execute(self) -> Rotated:
        """Go through all rows in the order of their keys and return what was seen."""
        after, seen, renewed = uuid.UUID(int=0), 0, 0
        wrong: list[str] = []
        while True:
            with transaction.atomic():
                rows = list(SealedText.objects.select_for_update().filter(id__gt=after).order_by("id")[: self.at_once])
                changed = [row for row in rows if self._renew(row, wrong)]
                SealedText.objects.bulk_update(changed, ["sealed", "blind"])
            if not rows:
                break
            after, seen, renewed = rows[-1].id, seen + len(rows), renewed + len(changed)
        if wrong or renewed:
            self._report(renewed, wrong)
        return Rotated(seen, renewed, tuple(wrong))

    def _renew(self, row: SealedText, wrong: list[str]) -> bool:
        """Give ``row`` what the current keys make of its text; return whether that is something else."""
        try:
            text = open_text(self.keyring, row)
        except WrongSeal:
            wrong.append(str(row.id))
            return False
        value = indexed(row.kind, text, row.person_id)
        blinds = self.keyring.blinds(INDEX, value)
        if bytes(row.blind) not in blinds:
            wrong.append(str(row.id))
            return False
        if self.keyring.is_current(SEAL, bytes(row.sealed)) and bytes(row.blind) == blinds[0]:
            return False
        row.sealed = self.keyring.seal(SEAL, text.encode("utf-8"), context(row.id, row.person_id))
        row.blind = blinds[0]
        return True

    def _report(self, renewed: int, wrong: list[str]) -> None:
        with transaction.atomic():
            if renewed:
                self._event("practitioners.numbers_rotated", "", {"rows": renewed})
            for row_id in wrong:
                log.critical("the sealed row %s is not what was sealed there", row_id)
                self._event("practitioners.sealed_row_wrong", row_id, {})

    def _event(self, action: str, row_id: str, detail: dict[str, int]) -> None:
        record_event(
            at=self.now, actor=self.actor, action=action, object_kind="sealed_row", object_id=row_id, detail=detail
        )
