"""A lawful change of name or number: one person, and what was before is shown to nobody; and the end by death."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from chengxin.accounts.actor import REGISTER_PRACTITIONERS
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.masking import mask_persons
from chengxin.practitioners.actions.look_up import CLOSED
from chengxin.practitioners.actions.register import WAY_IN
from chengxin.practitioners.attempts import REGISTER, locked_for_registering, note, one_at_a_time
from chengxin.practitioners.errors import FileNotTaken, NothingToShow, NumberWrong, TextHasNumber
from chengxin.practitioners.models import Person, Practitioner, SealedText
from chengxin.practitioners.receipt import ReturnedRow
from chengxin.practitioners.rows import RowRefused, judge_name, judge_number, licence_key, name_key
from chengxin.practitioners.sealed import FORMER_NAME, NUMBER, forget_name, had_name, persons_of, seal_text

if TYPE_CHECKING:
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor
    from chengxin.crypto import Keyring


@dataclass(frozen=True)
class Ground:
    """Why a person's identity is changed or closed: the law, and the document that says so (kind, number, issuer)."""

    legal_basis: str
    document: str

    def check(self) -> None:
        """Raise unless both are there and neither carries an identity number."""
        for where, text in (("legal_basis", self.legal_basis), ("document", self.document)):
            if not text.strip():
                raise ChengxinError(
                    "ground_missing",
                    "请写明法律依据和证明文书（种类、文号、机关），没有文书不能办理",
                    "state the legal basis and the document (kind, number, issuer)",
                    where=where,
                )
            if mask_persons(text) != text:
                raise TextHasNumber(where)


def _practitioner(actor: Actor, occupation: str, licence: str, now: datetime) -> Practitioner:
    """Return the practitioner of the actor's own register, or raise one answer for everything else."""
    actor.require(REGISTER_PRACTITIONERS)
    if locked_for_registering(actor, now):
        raise FileNotTaken(
            "registering_shut", "登记已暂停，请与信用中心联系", "registering is shut for now: ask the credit centre"
        )
    named = Practitioner.objects.filter(occupation=occupation, licence=licence_key(licence)).exclude(state=CLOSED)
    if not actor.everywhere:
        named = named.filter(organisation__code=actor.organisation)
    found = named.first()
    if found is None:
        raise NothingToShow
    return found


@dataclass(frozen=True)
class ChangeIdentity:
    """Give the person behind a licence another name, another number, or both.

    For a name by law (民法典 art. 1016), a corrected number, or a number that changed with the gender marker
    (居民身份证法 art. 11). The person's other practitioners follow where they bore the same name. The former name and
    number stay as blind indexes under seal: the old number leads to the same person, and neither is ever shown.

    Raises ``NotPermitted``, ``NothingToShow`` (also where the new number is another person's: that counts as an
    attempt), ``NumberWrong``, ``ChengxinError`` without a ground or a change, ``TextHasNumber``.
    """

    actor: Actor
    occupation: str
    licence: str = field(repr=False)
    ground: Ground
    now: datetime
    new_name: str = field(default="", repr=False)
    new_number: str = field(default="", repr=False)
    keyring: Keyring = field(default_factory=load_keyring, repr=False)

    def check(self) -> Practitioner:
        """Return the practitioner, or raise."""
        found = _practitioner(self.actor, self.occupation, self.licence, self.now)
        self.ground.check()
        if not self.new_name.strip() and not self.new_number.strip():
            raise ChengxinError("nothing_to_change", "请填写新姓名或新号码", "give the new name or the new number")
        return found

    def execute(self) -> None:
        """Change it, with the event; raise after the attempt is counted where the number is another person's."""
        name = self._judged(judge_name, self.new_name) if self.new_name.strip() else ""
        number = ""
        if self.new_number.strip():
            number = self._judged(lambda text: judge_number(text, legal_day(self.now)), self.new_number)
        with transaction.atomic():
            one_at_a_time(WAY_IN)
            there = self.check()
            others = persons_of(self.keyring, [number] if number else [])
            free = all(person == there.person_id for person in others.values())
            if free:
                self._change(there, name, number, known=bool(others))
            else:
                note(self.actor, REGISTER, self.now, found=False)
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="practitioner.identity_changed" if free else "practitioner.change_refused",
                object_kind="practitioner",
                object_id=str(there.id),
                detail={"name": bool(name), "number": bool(number), "document": self.ground.document.strip()},
                legal_basis=self.ground.legal_basis.strip(),
            )
        if not free:
            raise NothingToShow

    def _change(self, there: Practitioner, name: str, number: str, *, known: bool) -> None:
        person = there.person_id
        if number:
            self._change_number(there, number, known=known)
        if name and name_key(name) != there.name_key:
            if not had_name(self.keyring, person, there.name_key):
                seal_text(self.keyring, FORMER_NAME, there.name_key, person, self.now).save(force_insert=True)
            forget_name(self.keyring, person, name_key(name))
        if name:
            Practitioner.objects.filter(person_id=person, name_key=there.name_key).update(
                name=name, name_key=name_key(name), version=F("version") + 1, changed_at=self.now
            )

    def _change_number(self, there: Practitioner, number: str, *, known: bool) -> None:
        """Put the number in use; one the person bore before is put in use again."""
        own = SealedText.objects.filter(person_id=there.person_id, kind=NUMBER)
        if not known:
            own.update(current=False)
            made = seal_text(self.keyring, NUMBER, number, there.person_id, self.now, current=True)
            made.save(force_insert=True)
            return
        blinds = self.keyring.blinds("blind-index", f"number:{number}")
        own.update(current=False)
        own.filter(blind__in=blinds).update(current=True)

    @staticmethod
    def _judged(judge: object, text: str) -> str:
        assert callable(judge)  # noqa: S101 - one of the two judges of this module
        try:
            return str(judge(text))
        except RowRefused as refused:
            said = ReturnedRow(0, refused.column, refused.code)
            raise NumberWrong(refused.code, said.message_zh, said.message_en, where=refused.column) from None


@dataclass(frozen=True)
class CloseDeceased:
    """Close the person behind a licence who died: nothing is told any more, in any occupation.

    The near kin's own rights (个人信息保护法 art. 49) are not a look-up. Raises as ``ChangeIdentity`` does.
    """

    actor: Actor
    occupation: str
    licence: str = field(repr=False)
    ground: Ground
    died_on: date
    now: datetime

    def check(self) -> Practitioner:
        """Return the practitioner, or raise."""
        found = _practitioner(self.actor, self.occupation, self.licence, self.now)
        self.ground.check()
        if self.died_on > legal_day(self.now):
            raise ChengxinError(
                "day_in_future", "死亡日期晚于今天，请核对", "the day of death is in the future", where="died_on"
            )
        return found

    def execute(self) -> None:
        """Close it, with the event."""
        with transaction.atomic():
            one_at_a_time(WAY_IN)
            there = self.check()
            Person.objects.filter(id=there.person_id).update(closed_on=self.died_on)
            Practitioner.objects.filter(person_id=there.person_id).update(
                state=CLOSED, version=F("version") + 1, changed_at=self.now
            )
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="practitioner.closed",
                object_kind="practitioner",
                object_id=str(there.id),
                detail={"document": self.ground.document.strip()},
                legal_basis=self.ground.legal_basis.strip(),
            )
