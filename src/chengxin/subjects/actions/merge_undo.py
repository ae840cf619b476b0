"""Ask that a merge or a split is undone: everything goes back where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from chengxin.base.errors import ChengxinError
from chengxin.subjects.actions.change import ask, change_by_id, operation_of, require_everywhere
from chengxin.subjects.models import Change, Identifier
from chengxin.subjects.preview import Preview, preview_undo

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor

REVERSIBLE = ("merge", "split")


@dataclass(frozen=True)
class AskUndo:
    """Ask to undo the change ``change_id`` (撤销变更): its rows go back as they were, and so do its facts.

    A fact that arrived since stays where an identifier ties it: under a code that goes back it goes back with it. What
    changed since (a correction, a withdrawal) stays changed. Raises ``NotPermitted``, ``NotFound``, and
    ``ChengxinError`` for a change that is not carried out or is none of the two, where a later change touched one of
    the bodies, where a code that would go back was re-issued since, and without a reason.
    """

    actor: Actor
    change_id: int
    reason: str
    now: datetime

    def check(self) -> Change:
        """Return the change to be undone, or raise."""
        change = change_by_id(self.actor, self.change_id)
        require_everywhere(self.actor, operation_of(change.kind))
        if change.kind not in REVERSIBLE or change.state != Change.State.DONE:
            raise ChengxinError(
                "not_to_be_undone",
                "只有已办理的合并和拆分可以撤销",
                "only a merge or split that was carried out can be undone",
                where=str(change.pk),
            )
        bodies = [change.source_id, change.target_id]
        later = (
            Change.objects.filter(Q(source__in=bodies) | Q(target__in=bodies), state=Change.State.DONE)
            .exclude(kind=Change.Kind.UNDO)
            .filter(Q(done_at__gt=change.done_at) | Q(done_at=change.done_at, pk__gt=change.pk))
            .order_by("pk")
            .first()
        )
        if later is not None:
            raise ChengxinError(
                "later_change",
                f"之后的变更 {later.pk} 涉及同一主体，请先撤销它；不能撤销的改用拆分",
                f"the later change {later.pk} touches one of the bodies: undo that first, or use a split",
                where=str(later.pk),
            )
        if change.kind == Change.Kind.MERGE:
            self._check_codes(change)
        return change

    def preview(self) -> Preview:
        """Return what the undoing would do; nothing is kept."""
        return preview_undo(self.check())

    def execute(self) -> Change:
        """Keep the question with its preview and ask for the approval; return it."""
        change = self.check()
        return ask(self.actor, Change.Kind.UNDO, (change.source, change.target), {}, preview_undo(change), self, change)

    def _check_codes(self, change: Change) -> None:
        """Raise where a code that came by the merge was replaced since: its chain goes on at the survivor."""
        replaced = Identifier.objects.filter(
            subject=change.target_id, came_from=change.source_id, ended_at__gt=change.done_at
        ).first()
        if replaced is not None:
            raise ChengxinError(
                "reissued_since",
                f"合并后 {replaced.value} 已换发为 {replaced.replaced_by}，不能撤销合并，请改用拆分",
                f"since the merge {replaced.value} was replaced by {replaced.replaced_by}: use a split instead",
                where=replaced.value,
            )
