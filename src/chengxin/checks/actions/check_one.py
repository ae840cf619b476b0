"""Check one body: the answer and the event that says who asked stand or fall together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.accounts.actor import CHECK
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.checks.answer import CheckAnswer, CodeRead, answer_check, read_code
from chengxin.kernel.calendar import legal_day
from chengxin.records.queries import known_by

if TYPE_CHECKING:
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor

PURPOSE_LENGTH = (2, 200)
"""Characters a stated purpose has: enough to name a matter, too few to carry a file."""


@dataclass(frozen=True)
class CheckOne:
    """Look up the body with ``code`` for a stated ``purpose``: its facts in force on ``on_day`` (None: today).

    ``items`` are the catalogue items the asker was granted, None for all of them; the answer holds no others.

    The audit event is written in the transaction of the reading: no event, no answer. Raises ``NotPermitted``,
    ``WrongCode``, ``AmbiguousCode``, and ``ChengxinError`` for a purpose that is none or a day yet to come.
    """

    actor: Actor
    code: str
    purpose: str
    on_day: date | None
    now: datetime
    items: frozenset[str] | None = None

    def check(self) -> CodeRead:
        """Return the code as understood, or raise."""
        self.actor.require(CHECK)
        shortest, longest = PURPOSE_LENGTH
        if not shortest <= len(self.purpose.strip()) <= longest or not self.purpose.isprintable():
            raise ChengxinError(
                "purpose_missing",
                f"请写明核查用途（{shortest} 至 {longest} 字，不能换行），例如：政府采购投标资格审查",
                f"state the purpose of the check in {shortest} to {longest} characters on one line",
                where="purpose",
            )
        today = legal_day(self.now)
        if self.on_day is not None and self.on_day > today:
            raise ChengxinError(
                "day_to_come",
                f"核查日期 {self.on_day} 还没有到，请填写 {today} 或更早的日期",
                f"the day {self.on_day} is yet to come: give {today} or an earlier one",
                where="on",
            )
        return read_code(self.code)

    def execute(self) -> CheckAnswer:
        """Return the answer, with its event on file."""
        code = self.check()
        with transaction.atomic():
            known_at = known_by(code.kind, code.value, self.now)
            answer = answer_check(code, self.on_day or legal_day(self.now), known_at, self.items)
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="check.answered",
                object_kind="subject",
                object_id=str(answer.subject.id) if answer.subject else "",
                purpose=self.purpose.strip(),
                detail={
                    "code": answer.code,
                    "purpose": self.purpose.strip(),
                    "on": answer.on.isoformat(),
                    "result": answer.result,
                    "records": [fact.record_id for fact in answer.facts],
                },
            )
        return answer
