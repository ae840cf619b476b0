"""Look one practitioner up: a whole question, a purpose with a case number, an event, one answer or none."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.accounts.actor import READ_PRACTITIONERS
from chengxin.audit.actions import record_event
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import normalise
from chengxin.kernel.masking import mask_persons
from chengxin.practitioners.attempts import LOOK, minutes_to_wait, name_of, note, one_at_a_time
from chengxin.practitioners.errors import NothingToShow, TextHasNumber, TooManyLooks
from chengxin.practitioners.models import Practitioner
from chengxin.practitioners.occupations import occupation_in_force
from chengxin.practitioners.rows import licence_key, name_key

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.purpose import Purpose

CLOSED = "closed"
"""State of a practitioner about whom nothing is told any more."""


@dataclass(frozen=True)
class Question:
    """Who is meant: by licence number, or by name and employer (its 统一社会信用代码), always in one occupation."""

    occupation: str
    licence: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    employer_uscc: str = ""

    @property
    def key(self) -> str:
        """Return the question as row security compares it, or an empty text where it is not a whole question."""
        licence, name, employer = licence_key(self.licence), name_key(self.name), normalise(self.employer_uscc)
        if licence:
            return f"{self.occupation}\n{licence}"
        return f"{self.occupation}\n{name}\n{employer}" if name and employer else ""


@dataclass(frozen=True)
class PractitionerView:
    """What is told about a practitioner, in this occupation alone; no number and no key of the person."""

    occupation: str
    licence: str
    name: str
    employer_uscc: str
    state: str
    valid_from: date | None
    valid_until: date | None
    registrar: str
    registrar_en: str


@dataclass(frozen=True)
class LookUp:
    """Show one practitioner to an officer who says why.

    Raises ``NotPermitted``; ``PurposeWrong``; ``TextHasNumber`` where a question or purpose carries an identity number;
    ``NothingToShow`` for everything that leads to no single practitioner; ``TooManyLooks`` past a limit;
    ``EvidenceUnavailable``: no event, no answer.
    """

    actor: Actor
    question: Question
    purpose: Purpose
    now: datetime

    def check(self) -> str:
        """Return the purpose as the event keeps it, or raise."""
        self.actor.require(READ_PRACTITIONERS)
        today = legal_day(self.now)
        reason = self.purpose.check(today)
        occupation_in_force(self.question.occupation, today)
        asked = self.question
        for where, text in (
            ("purpose_text", self.purpose.text),
            ("case_number", self.purpose.case_number),
            ("licence", licence_key(asked.licence)),
            ("name", name_key(asked.name)),
        ):
            if mask_persons(text) != text:
                raise TextHasNumber(where)
        return f"{reason.name}：{self.purpose.text.strip()}"

    def execute(self) -> PractitionerView:
        """Return the one practitioner; whatever the answer is, it is counted and on file."""
        purpose = self.check()
        view: PractitionerView | None = None
        with transaction.atomic():
            one_at_a_time(name_of(self.actor))
            wait = minutes_to_wait(self.actor, self.now)
            found: uuid.UUID | None = None
            if not wait:
                found, view = self._find()
                note(self.actor, LOOK, self.now, found=view is not None)
            asked = self.question
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="practitioner.look_refused" if wait else "practitioner.looked_up",
                object_kind="practitioner",
                object_id=str(found or ""),
                detail={
                    "occupation": asked.occupation,
                    "by": "licence" if asked.licence.strip() else "name",
                    "answered": view is not None,
                },
                purpose=purpose,
                case_number=self.purpose.case_number,
                personal=asked.key or None,
            )
        if wait:
            raise TooManyLooks(wait)
        if view is None:
            raise NothingToShow
        return view

    def _find(self) -> tuple[uuid.UUID | None, PractitionerView | None]:
        """Return the key and the view of the one practitioner the question means; two are as good as none."""
        asked = self.question
        if not asked.key:
            return None, None
        named = Practitioner.objects.filter(occupation=asked.occupation).exclude(state=CLOSED)
        if licence := licence_key(asked.licence):
            named = named.filter(licence=licence)
        else:
            named = named.filter(name_key=name_key(asked.name), employer_uscc=normalise(asked.employer_uscc))
        with asking(asked.key):
            rows = list(
                named.values_list(
                    "id", "occupation", "licence", "name", "employer_uscc", "state", "valid_from", "valid_until",
                    "organisation__name", "organisation__name_en",
                )[:2]
            )  # fmt: skip
        if len(rows) != 1:
            return None, None
        return rows[0][0], PractitionerView(*rows[0][1:])


@contextmanager
def asking(key: str) -> Iterator[None]:
    """Tell row security which question this is, for the block: without one the office sees no practitioner at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('chengxin.practitioner', %s, true)", [key])
        yield
        cursor.execute("SELECT set_config('chengxin.practitioner', '', true)")
