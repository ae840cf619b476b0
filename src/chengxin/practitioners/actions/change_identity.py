"""A lawful change of name or number: one person, and what was before is shown to nobody; and the end by death.

Both take two: one asks, another officer reads the document and agrees, and then it is carried out. An approval keeps no
new name and no number, only keyed digests: whoever agrees and whoever carries out types them from the document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from chengxin.accounts.actions.approvals import AskApproval, use_approval
from chengxin.accounts.actor import CHANGE_PRACTITIONERS
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.crypto import load_keyring
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import normalise
from chengxin.kernel.masking import mask_persons
from chengxin.practitioners.actions.look_up import CLOSED, Question, asking
from chengxin.practitioners.actions.register import WAY_IN
from chengxin.practitioners.attempts import (
    LOOK,
    REGISTER,
    locked_for_registering,
    minutes_to_wait,
    name_of,
    note,
    one_at_a_time,
)
from chengxin.practitioners.errors import (
    FileNotTaken,
    IdentityDiffers,
    NothingToShow,
    NumberWrong,
    TextHasNumber,
    TooManyLooks,
)
from chengxin.practitioners.models import Person, Practitioner, SealedText
from chengxin.practitioners.receipt import ReturnedRow
from chengxin.practitioners.rows import RowRefused, judge_name, judge_number, licence_key, name_key
from chengxin.practitioners.sealed import FORMER_NAME, NUMBER, forget_name, had_name, persons_of, seal_text

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import QuerySet

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Approval
    from chengxin.crypto import Keyring

KIND = "practitioner"
"""``object_kind`` of events and approvals about one practitioner."""


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

    def content(self) -> dict[str, str]:
        """Return both parts, as an approval names them."""
        return {"legal_basis": self.legal_basis.strip(), "document": self.document.strip()}


def _ask(act: ChangeIdentity | CloseDeceased, reason: str) -> Approval:
    """Ask another officer to agree to ``act``; the reason is kept in the open, so it names no number either.

    Whether a licence is there is told as a look-up tells it: counted in the transaction that finds out, hit or miss.
    """
    act.actor.require(CHANGE_PRACTITIONERS)
    if mask_persons(reason) != reason:
        raise TextHasNumber("reason")
    act.judge()
    content = act.content()
    with transaction.atomic():
        one_at_a_time(name_of(act.actor))
        wait, found = minutes_to_wait(act.actor, act.now), None
        if not wait:
            with asking(Question(act.occupation, act.licence).key):
                found = _named(act.actor, act.occupation, act.licence, act.now).values_list("id", flat=True).first()
            note(act.actor, LOOK, act.now, found=found is not None)
    if wait:
        raise TooManyLooks(wait)
    if found is None:
        raise NothingToShow
    return AskApproval(act.actor, CHANGE_PRACTITIONERS, KIND, str(found), content, reason, act.now).execute()


def _named(actor: Actor, occupation: str, licence: str, now: datetime) -> QuerySet[Practitioner]:
    """Return the practitioner of the actor's own register, if it is there, or raise while registering is shut."""
    actor.require(CHANGE_PRACTITIONERS)
    if locked_for_registering(actor, now):
        raise FileNotTaken(
            "registering_shut", "登记已暂停，请与信用中心联系", "registering is shut for now: ask the credit centre"
        )
    named = Practitioner.objects.filter(occupation=occupation, licence=licence_key(licence)).exclude(state=CLOSED)
    return named if actor.everywhere else named.filter(organisation__code=actor.organisation)


def _practitioner(actor: Actor, occupation: str, licence: str, now: datetime) -> Practitioner:
    """Return the practitioner of the actor's own register, or raise one answer for everything else."""
    found = _named(actor, occupation, licence, now).first()
    if found is None:
        raise NothingToShow
    return found


def digest_of(keyring: Keyring, licence: str, part: str, text: str) -> str:
    """Return what an approval keeps of a new name or number (``part``): a keyed digest bound to the licence, or ''."""
    bound = f"approval:{licence_key(licence)}:{part}:{text}"
    return keyring.blind("blind-index", bound).hex() if text else ""


@dataclass(frozen=True)
class ChangeIdentity:
    """Give the person behind a licence another name, another number, or both.

    For a name by law (民法典 art. 1016), a corrected number, or a number that changed with the gender marker
    (居民身份证法 art. 11). The person's other practitioners follow where they bore the same name. The former name and
    number stay as blind indexes under seal: the old number leads to the same person, and neither is ever shown.

    Raises ``NotPermitted``, ``NotApproved`` before anything is looked for, ``NothingToShow`` (also where the new number
    is another person's: that counts as an attempt and uses the approval up), ``NumberWrong``, ``ChengxinError`` without
    a ground or a change, ``TextHasNumber``.
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
        self.judge()
        return found

    def judge(self) -> None:
        """Raise for what can be said without looking at anybody: no ground, nothing to change."""
        self.ground.check()
        if not self.new_name.strip() and not self.new_number.strip():
            raise ChengxinError(
                "nothing_to_change", "请填写新姓名或新号码", "give the new name or the new number", where="new_name"
            )

    def content(self) -> dict[str, Any]:
        """Return what will be done, as the approval binds it; raise ``NumberWrong``."""
        name, number = self._said()
        return {
            "act": "change",
            "occupation": self.occupation,
            "licence": licence_key(self.licence),
            "new_name": digest_of(self.keyring, self.licence, "name", name_key(name)),
            "new_number": digest_of(self.keyring, self.licence, "number", number),
            **self.ground.content(),
        }

    def ask(self, reason: str) -> Approval:
        """Ask another officer to agree; whose number it is, if anybody's, is not looked at."""
        return _ask(self, reason)

    def _said(self) -> tuple[str, str]:
        """Return the new name and number as they are kept, '' for one that stays."""
        name = self._judged(judge_name, self.new_name) if self.new_name.strip() else ""
        number = ""
        if self.new_number.strip():
            number = self._judged(lambda text: judge_number(text, legal_day(self.now)), self.new_number)
        return name, number

    def execute(self) -> None:
        """Change it, with the event; raise after the attempt is counted where the number is another person's."""
        name, number = self._said()
        with transaction.atomic():
            one_at_a_time(WAY_IN)
            there = self.check()
            use_approval(self.actor, CHANGE_PRACTITIONERS, KIND, str(there.id), self.content(), self.now)
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
                object_kind=KIND,
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
        self.judge()
        return found

    def judge(self) -> None:
        """Raise for what can be said without looking at anybody: no ground, a day to come."""
        self.ground.check()
        if self.died_on > legal_day(self.now):
            raise ChengxinError(
                "day_in_future", "死亡日期晚于今天，请核对", "the day of death is in the future", where="died_on"
            )

    def content(self) -> dict[str, Any]:
        """Return what will be done, as the approval binds it."""
        return {
            "act": "close",
            "occupation": self.occupation,
            "licence": licence_key(self.licence),
            "died_on": self.died_on.isoformat(),
            **self.ground.content(),
        }

    def ask(self, reason: str) -> Approval:
        """Ask another officer to agree."""
        return _ask(self, reason)

    def execute(self) -> None:
        """Close it, with the event."""
        with transaction.atomic():
            one_at_a_time(WAY_IN)
            there = self.check()
            use_approval(self.actor, CHANGE_PRACTITIONERS, KIND, str(there.id), self.content(), self.now)
            Person.objects.filter(id=there.person_id).update(closed_on=self.died_on)
            Practitioner.objects.filter(person_id=there.person_id).update(
                state=CLOSED, version=F("version") + 1, changed_at=self.now
            )
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="practitioner.closed",
                object_kind=KIND,
                object_id=str(there.id),
                detail={"document": self.ground.document.strip()},
                legal_basis=self.ground.legal_basis.strip(),
            )


@dataclass(frozen=True)
class ConfirmIdentity:
    """Let the officer who is to agree say the new name and number as they read them in the document.

    ``content`` is the approval's. What differs is counted like a look-up that led nowhere: five of them lock, so nobody
    finds a number out by trial. Raises ``NotPermitted``, ``TooManyLooks`` and ``IdentityDiffers``.
    """

    actor: Actor
    content: dict[str, Any]
    now: datetime
    new_name: str = field(default="", repr=False)
    new_number: str = field(default="", repr=False)
    keyring: Keyring = field(default_factory=load_keyring, repr=False)

    def execute(self) -> None:
        """Return when both are what was asked for."""
        self.actor.require(CHANGE_PRACTITIONERS)
        licence = str(self.content["licence"])
        said = {
            "new_name": digest_of(self.keyring, licence, "name", name_key(self.new_name)),
            "new_number": digest_of(self.keyring, licence, "number", normalise(self.new_number)),
        }
        right = all(self.content[key] == digest for key, digest in said.items())
        with transaction.atomic():
            one_at_a_time(name_of(self.actor))
            wait = minutes_to_wait(self.actor, self.now)
            if not wait:
                note(self.actor, LOOK, self.now, found=right)
        if wait:
            raise TooManyLooks(wait)
        if not right:
            raise IdentityDiffers
