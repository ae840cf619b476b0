"""Carry out what a registrar answered: codes are refused to bodies, facts follow, the queue settles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.models import Conflict, Pair, Request
from chengxin.conversion.registrars import is_called
from chengxin.subjects.actions.refuse_code import RefuseCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

Answer = Request.Answer


@dataclass(frozen=True)
class CarryOutAnswer:
    """Carry out the answer to request ``request_id``; a second time changes nothing.

    A registrar speaks about the bodies of its own register: a code is refused at a body that another one registers only
    by that one's answer. What feeds said against the answer is refused as well. What cannot be done (a credit code, a
    body's only code) is kept as the request's outcome. Raises ``NotFound``.
    """

    request_id: int
    now: datetime

    def execute(self) -> Request:
        """Refuse the codes, look for conflicts again, and keep what came of it."""
        with transaction.atomic():
            request = (
                Request.objects.select_for_update(of=("self",))
                .select_related("conflict", "organisation")
                .filter(pk=self.request_id, state=Request.State.ANSWERED)
                .first()
            )
            if request is None:
                raise NotFound(
                    "unknown_code_request",
                    f"没有编号为 {self.request_id}、已答复的更正申请",
                    f"there is no answered request {self.request_id}",
                )
            if request.carried_out_at is None:
                request.outcome = self._apply(request)
                request.carried_out_at = self.now
                request.save(update_fields=["outcome", "carried_out_at"])
                record_event(
                    at=self.now,
                    actor=("officer", request.answered_by, request.organisation.code),
                    action="codes.answer_carried_out",
                    object_kind="code_request",
                    object_id=str(request.pk),
                    detail={"conflict": request.conflict_id, "refused": len(request.outcome["refused"])},
                )
                FindConflicts(self.now).execute()
        return request

    def _apply(self, request: Request) -> dict[str, Any]:
        outcome: dict[str, Any] = {"refused": [], "left": []}
        for member in wrong_members(request):
            told = {"subject_id": member["subject_id"], "uscc": member["uscc"], "code": member["code"]}
            if member["source"] != "register":
                self._refuse_pair(request.conflict.code_kind, member)
                outcome["refused"].append(told | {"source": member["source"]})
            elif member["registrar"] and not is_called(request.organisation, member["registrar"]):
                outcome["left"].append(told | {"why": "other_registrar", "registrar": member["registrar"]})
            else:
                outcome["left" if (why := self._refuse(request, member)) else "refused"].append(told | {"why": why})
        return outcome

    def _refuse(self, request: Request, member: dict[str, Any]) -> str:
        """Refuse the code at the body; return why not, or nothing."""
        try:
            with transaction.atomic():
                RefuseCode(
                    ("officer", request.answered_by, request.organisation.code),
                    int(member["subject_id"]),
                    request.conflict.code_kind,
                    member["code"],
                    request.document,
                    self.now,
                ).execute()
        except ChengxinError as refusal:
            return refusal.code
        Pair.objects.filter(
            kind=request.conflict.code_kind, value=member["code"], uscc=member["uscc"], refused_at=None
        ).update(refused_at=self.now)
        return ""

    def _refuse_pair(self, kind: str, member: dict[str, Any]) -> None:
        Pair.objects.filter(kind=kind, value=member["code"], uscc=member["uscc"], refused_at=None).update(
            refused_at=self.now
        )


def wrong_members(request: Request) -> Iterator[dict[str, Any]]:
    """Yield who bears what the answer says is wrong, from the conflict's evidence."""
    two_codes = request.conflict.kind == Conflict.Kind.TWO_CODES
    for member in request.conflict.evidence:
        if request.answer == Answer.NOT_THIS_BODY:
            wrong = member["subject_id"] == request.subject_id and (not request.code or member["code"] == request.code)
        elif two_codes:
            wrong = member["code"] != request.code
        else:
            wrong = member["subject_id"] != request.subject_id
        if wrong:
            yield member
