"""Ask that a body's new credit code is taken in place of its old one, by a statement of the registrar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chengxin.accounts.actor import MERGE_BODIES
from chengxin.base.errors import ChengxinError
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import Uscc, Verdict
from chengxin.subjects.actions.change import ask, require_everywhere, standing_subject
from chengxin.subjects.models import Change, Identifier
from chengxin.subjects.preview import Preview, side

if TYPE_CHECKING:
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor
    from chengxin.subjects.models import Subject


class CodeTaken(ChengxinError):
    """The new code is borne by another body: whether the two are one is for a merge to decide."""


@dataclass(frozen=True)
class ReissueCode:
    """Ask that ``new`` replaces ``old`` as the credit code of a body from the day ``on`` (换发、重新赋码).

    The body keeps its row, its facts and its history; the old code goes on leading to it. ``document`` is what says so.
    Raises ``NotPermitted``, ``NotFound``, ``CodeTaken``, and ``ChengxinError`` for codes that are malformed or equal,
    for an old code that is not the body's or was replaced before, for a new code that the body bore before (a circle),
    for a day to come, and without a document or reason.
    """

    actor: Actor
    subject_id: int
    old: str
    new: str
    on: date
    document: str
    reason: str
    now: datetime

    def check(self) -> Subject:
        """Return the body, or raise."""
        require_everywhere(self.actor, MERGE_BODIES)
        subject = standing_subject(self.subject_id)
        old, new = Uscc.parse(self.old), Uscc.parse(self.new)
        if Verdict.INVALID in {old.verdict, new.verdict} or old.normalised == new.normalised:
            raise ChengxinError(
                "codes_wrong",
                "请填写两个不同的、写法正确的统一社会信用代码",
                "give two different, well-formed credit codes",
                where=self.new,
            )
        if self.on > legal_day(self.now):
            raise ChengxinError(
                "day_to_come", f"换发日期 {self.on} 还没有到", f"the day {self.on} is yet to come", where="on"
            )
        if not self.document.strip():
            raise ChengxinError(
                "document_missing",
                "请写明登记机关的换发文书",
                "name the registrar's document that says so",
                where="document",
            )
        self._check_chain(subject, old.normalised, new.normalised)
        return subject

    def plan(self) -> dict[str, Any]:
        """Return what was stated, as it is kept."""
        return {
            "old": Uscc.parse(self.old).normalised,
            "new": Uscc.parse(self.new).normalised,
            "on": self.on.isoformat(),
            "document": self.document.strip(),
        }

    def preview(self) -> Preview:
        """Return what the re-issue would do; nothing is kept."""
        return preview_reissue(self.check(), self.plan())

    def execute(self) -> Change:
        """Keep the question with its preview and ask for the approval; return it."""
        subject = self.check()
        plan = self.plan()
        return ask(self.actor, Change.Kind.REISSUE, (subject, None), plan, preview_reissue(subject, plan), self)

    def _check_chain(self, subject: Subject, old: str, new: str) -> None:
        borne = {one.value: one for one in Identifier.objects.filter(subject=subject, kind="uscc")}
        if old not in borne or borne[old].ended_at is not None:
            raise ChengxinError(
                "old_code_wrong",
                f"{old} 不是该主体现行的统一社会信用代码",
                f"{old} is not a credit code that this body bears today",
                where=old,
            )
        if new in borne and borne[new].ended_at is not None:
            raise ChengxinError(
                "code_circle",
                f"{new} 是该主体已被替代的旧代码，不能再换发回来",
                f"{new} is an earlier code of this body that was replaced: codes do not go round in a circle",
                where=new,
            )
        other = Identifier.objects.filter(kind="uscc", value=new).exclude(subject=subject).first()
        if other is not None:
            raise CodeTaken(
                "code_taken",
                f"{new} 已登记在主体 {other.subject_id} 名下；若两者确为同一主体，请办理合并",
                f"{new} is borne by body {other.subject_id}: if both are one body, merge them",
                where=new,
            )


def preview_reissue(subject: Subject, plan: dict[str, Any]) -> Preview:
    """Return what a re-issue would do, to be read and agreed to."""
    return Preview(
        {
            "kind": "reissue",
            "undone": "",
            "plan": plan,
            "sides": [side(subject)],
            "codes": [{"kind": "uscc", "value": plan["old"], "there": False, "ends": True}],
            "names": [],
            "relations": [],
            "rooms": [],
            "notices": [],
        }
    )
