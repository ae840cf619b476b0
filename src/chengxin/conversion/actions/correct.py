"""Ask a registrar to correct or confirm a code, and answer as registrar: with a clock, for ever on file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chengxin.accounts.actor import ANSWER_CODES, CORRECT_CODES
from chengxin.accounts.models import Organisation
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.conversion.models import Conflict, Request
from chengxin.conversion.settings import load_settings
from chengxin.conversion.tasks import carry_out_later
from chengxin.intake.facts import work_calendar
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor

Answer = Request.Answer
State = Request.State

_LONGEST = 1000


class AlreadyAnswered(ChengxinError):
    """The request was answered, or needs no answer any more, after the officer's page was made."""


def unknown_request(number: int) -> NotFound:
    """Return the one refusal for a request that is not there and for another registrar's."""
    return NotFound(
        "unknown_code_request", f"没有编号为 {number} 的更正申请", f"there is no request {number}", where=str(number)
    )


@dataclass(frozen=True)
class AskCorrection:
    """Ask the registrar ``organisation`` (its code) to correct or confirm the codes of a conflict.

    The term runs in working days from today by the setting in force; it is provisional where it touches a year whose
    holidays are not announced. A second request to the same registrar while one is open is refused.

    Raises ``NotPermitted`` for who does not act for every organisation, ``NotFound``, and ``ChengxinError`` for an
    organisation that keeps no register, a conflict that is settled, or a request that is open already.
    """

    actor: Actor
    conflict_id: int
    organisation: str
    question: str
    now: datetime

    def check(self) -> tuple[Conflict, Organisation]:
        """Return the conflict, locked, and the registrar, or raise."""
        require_centre(self.actor)
        conflict = Conflict.objects.filter(pk=self.conflict_id).first()
        if conflict is None:
            raise NotFound(
                "unknown_conflict",
                f"没有编号为 {self.conflict_id} 的代码冲突",
                f"there is no conflict {self.conflict_id}",
                where=str(self.conflict_id),
            )
        if conflict.state == Conflict.State.SETTLED:
            raise ChengxinError("conflict_settled", "该冲突已了结，无须再问", "the conflict is settled already")
        registrar = Organisation.objects.filter(code=self.organisation, registrar=True, is_active=True).first()
        if registrar is None:
            raise ChengxinError(
                "no_registrar",
                "所选单位不是登记机关，请选择登记机关",
                "the organisation keeps no register: choose a registrar",
                where=self.organisation,
            )
        if Request.objects.filter(conflict=conflict, organisation=registrar, state=State.OPEN).exists():
            raise ChengxinError(
                "asked_already",
                "已向该登记机关提出申请，尚未答复，请等待或电话催办",
                "this registrar was asked already and has not answered yet",
                where=self.organisation,
            )
        return conflict, registrar

    def execute(self) -> Request:
        """Keep the request with its term; return it."""
        with transaction.atomic():
            conflict, registrar = self.check()
            today = legal_day(self.now)
            clock = load_settings().clock_on(today)
            due = work_calendar().add_working_days(today, clock.working_days)
            request = Request.objects.create(
                conflict=conflict,
                organisation=registrar,
                question=mask_persons(self.question.strip()[:_LONGEST]),
                asked_by=self.actor.id,
                asked_at=self.now,
                due_on=due.day,
                due_provisional=due.provisional,
                rule=clock.id,
            )
            conflict.state = Conflict.State.ASKED
            conflict.save(update_fields=["state"])
            _witness(self.actor, self.now, "codes.correction_asked", request, {"due_on": due.day.isoformat()})
        return request


@dataclass(frozen=True)
class AnswerCorrection:
    """Answer a request as the registrar it was sent to; the worker carries the answer out.

    ``answer`` is ``right_code`` (with ``subject_id`` for one code at two bodies, or ``code`` for two codes at one
    body), ``not_this_body`` (with ``subject_id``), ``one_body`` or ``stays`` (with the ``document`` that says so).

    Raises ``NotPermitted`` for who may not answer, ``NotFound`` for another registrar's request, ``AlreadyAnswered``,
    and ``ChengxinError`` for an answer that lacks what it needs.
    """

    actor: Actor
    request_id: int
    answer: str
    now: datetime
    subject_id: int | None = None
    code: str = ""
    document: str = ""
    note: str = ""

    def check(self) -> Request:
        """Return the request, locked, or raise."""
        self.actor.require(ANSWER_CODES)
        request = (
            Request.objects.select_for_update(of=("self",))
            .select_related("conflict", "organisation")
            .filter(pk=self.request_id)
            .first()
        )
        if request is None or request.organisation.code != self.actor.organisation:
            raise unknown_request(self.request_id)
        if request.state != State.OPEN:
            raise AlreadyAnswered(
                "already_answered",
                "该申请已经答复或已无须答复，请刷新页面",
                "the request was answered or needs no answer any more: load the page again",
            )
        self._check_answer(request.conflict)
        return request

    def execute(self) -> Request:
        """Keep the answer, move the conflict, and hand over what changes the register."""
        with transaction.atomic():
            request = self.check()
            request.state = State.ANSWERED
            request.answer = self.answer
            request.subject_id = self.subject_id
            request.code = self.code
            request.document = mask_persons(self.document.strip()[:_LONGEST])
            request.note = mask_persons(self.note.strip()[:_LONGEST])
            request.answered_by, request.answered_at = self.actor.id, self.now
            request.save(
                update_fields=[
                    "state",
                    "answer",
                    "subject_id",
                    "code",
                    "document",
                    "note",
                    "answered_by",
                    "answered_at",
                ]
            )
            self._move(request.conflict)
            if self.answer in (Answer.RIGHT_CODE, Answer.NOT_THIS_BODY):
                carry_out_later(request.pk)
            late = legal_day(self.now) > request.due_on
            _witness(self.actor, self.now, "codes.correction_answered", request, {"answer": self.answer, "late": late})
        return request

    def _move(self, conflict: Conflict) -> None:
        waiting = Request.objects.filter(conflict=conflict, state=State.OPEN).exists()
        if self.answer == Answer.STAYS and not waiting:
            conflict.state, conflict.how, conflict.settled_at = Conflict.State.SETTLED, "stays", self.now
        elif conflict.state != Conflict.State.SETTLED:
            conflict.state = Conflict.State.ANSWERED
        conflict.save(update_fields=["state", "how", "settled_at"])

    def _check_answer(self, conflict: Conflict) -> None:
        bodies, codes = set(conflict.subjects), {one["code"] for one in conflict.evidence}
        chosen = self.answer in (Answer.RIGHT_CODE, Answer.NOT_THIS_BODY)
        if self.answer not in Answer.values:
            raise ChengxinError("unknown_answer", "请选择一种答复", "choose one of the answers", where="answer")
        if chosen and conflict.code_kind == "uscc":
            raise ChengxinError(
                "credit_code_kept",
                "统一社会信用代码不能这样更正：换发的请办理代码换发，两个主体的请办理拆分或合并",
                "a credit code is not corrected this way: take a re-issue, or split or merge the bodies",
                where=conflict.value,
            )
        if self.answer == Answer.RIGHT_CODE and conflict.kind == Conflict.Kind.TWO_CODES:
            if self.code not in codes:
                raise ChengxinError("code_missing", "请选择正确的代码", "choose the right code", where="code")
        elif chosen and self.subject_id not in bodies:
            raise ChengxinError("body_missing", "请选择主体", "choose the body", where="subject")
        if chosen or self.answer == Answer.STAYS:
            if not self.document.strip():
                raise ChengxinError(
                    "document_missing", "请写明依据的文书号", "name the document this rests on", where="document"
                )
        elif len(bodies) < _TWO:
            raise ChengxinError(
                "not_two_bodies", "该冲突只涉及一个主体", "the conflict concerns one body only", where="answer"
            )


_TWO = 2


def require_centre(actor: Actor) -> None:
    """Raise ``NotPermitted`` unless the actor asks registrars on behalf of every organisation."""
    actor.require(CORRECT_CODES)
    if not actor.everywhere:
        raise NotPermitted(
            "not_for_everybody",
            "代码冲突由信用中心统一向登记机关核实",
            "conflicts are taken up with registrars by the credit centre for everybody",
        )


def _witness(actor: Actor, now: datetime, action: str, request: Request, detail: dict[str, Any]) -> None:
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=action,
        object_kind="code_request",
        object_id=str(request.pk),
        detail={"conflict": request.conflict_id, "organisation": request.organisation.code} | detail,
    )
