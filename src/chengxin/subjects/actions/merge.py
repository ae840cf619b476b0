"""Ask that two bodies found to be one become one. Two people decide, the worker carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from chengxin.accounts.actor import MERGE_BODIES
from chengxin.base.errors import ChengxinError
from chengxin.subjects.actions.change import ask, require_everywhere, standing_subject
from chengxin.subjects.models import Change, Relation
from chengxin.subjects.preview import Preview, preview_merge

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.subjects.models import Subject


@dataclass(frozen=True)
class AskMerge:
    """Ask to merge ``source`` into ``target`` (合并主体): codes, names, relations and facts of ``source`` go over.

    Nothing moves before another officer has agreed to exactly the preview. Raises ``NotPermitted``, ``NotFound``, and
    ``ChengxinError`` for the same body twice, for a body that was merged already, for bodies that an established
    relation tells apart, for a survivor without a credit code when the other has one, and without a reason.
    """

    actor: Actor
    source_id: int
    target_id: int
    reason: str
    now: datetime

    def check(self) -> tuple[Subject, Subject]:
        """Return both bodies, or raise."""
        require_everywhere(self.actor, MERGE_BODIES)
        if self.source_id == self.target_id:
            raise ChengxinError(
                "same_body", "请选择两个不同的主体", "choose two different bodies", where=str(self.source_id)
            )
        source, target = standing_subject(self.source_id), standing_subject(self.target_id)
        related = Relation.objects.filter(
            Q(from_subject=source, to_subject=target) | Q(from_subject=target, to_subject=source), state="established"
        )
        if related.exists():
            raise ChengxinError(
                "related_bodies",
                "两个主体之间已确认有分支或承继关系，它们是不同的主体，不能合并；关系有误请先更正关系",
                "an established relation says that these are two bodies: mend the relation first if it is wrong",
                where=f"{source.pk}, {target.pk}",
            )
        if source.uscc and not target.uscc:
            raise ChengxinError(
                "merge_the_other_way",
                "保留的主体没有统一社会信用代码，请反过来合并：保留有代码的主体",
                "the body to stay has no credit code and the other has: merge the other way round",
                where=str(target.pk),
            )
        return source, target

    def preview(self) -> Preview:
        """Return what the merge would do; nothing is kept."""
        return preview_merge(*self.check())

    def execute(self) -> Change:
        """Keep the question with its preview and ask for the approval; return it."""
        source, target = self.check()
        return ask(self.actor, Change.Kind.MERGE, (source, target), {}, preview_merge(source, target), self)
