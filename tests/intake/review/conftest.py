"""The small city these tests live in, with a reviewer and what the worker does for the reviewer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import REVIEW_LINKS, Actor
from chengxin.intake.review.gather import propose_links
from chengxin.intake.review.hand_in import HandInRow
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.models import LinkDecision, LinkEffect, LinkProposal
from chengxin.testing.city import NOW, city, import_rows, registration_number, row, uscc

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.intake.receipt import Receipt

__all__ = ["city"]

REVIEWER = Actor("officer", "li", "ks-xyzx", frozenset({REVIEW_LINKS}), everywhere=True)


class Review:
    """A day at the credit centre: files come in, bodies are proposed, a reviewer decides, the worker carries out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now: datetime = NOW

    def register(self, *numbers: int, **changed: str) -> Receipt:
        """Register bodies by number."""
        rows = [row("registration", "G1", number, **changed) for number in numbers]
        return self.import_rows("registration", "G1", rows)

    def penalty(self, number: int = 1, **changed: str) -> Receipt:
        """Hand in one penalty about body ``number``, some values ``changed``."""
        return self.import_rows("penalty", "G3", [row("penalty", "G3", number, **changed)])

    def import_rows(self, item: str, generation: str, rows: list[dict[str, str]]) -> Receipt:
        """Hand rows in, an hour after what came before, and let the worker propose."""
        self.now += timedelta(hours=1)
        receipt = import_rows(self.folder, item, generation, rows, now=self.now)
        propose_links(receipt.batch_id, self.now)
        return receipt

    def decide(self, outcome: str = "link", subject: int | None = None, proposal: int | None = None) -> LinkDecision:
        """Decide about a proposal (the latest one) as the reviewer, and let the worker carry it out."""
        self.now += timedelta(minutes=1)
        found = LinkProposal.objects.get(pk=proposal) if proposal else LinkProposal.objects.latest("pk")
        decision = DecideLink(
            REVIEWER, found.pk, found.revision, outcome, self.now, subject, "须核实" if outcome == "defer" else ""
        ).execute()
        self.carry_out(decision)
        return decision

    def undo(self, decision: LinkDecision) -> LinkDecision:
        """Take a decision back and let the worker carry it out."""
        self.now += timedelta(minutes=1)
        undo = UndoLink(REVIEWER, decision.pk, "选错了主体", self.now).execute()
        self.carry_out(undo)
        return undo

    def carry_out(self, decision: LinkDecision) -> LinkEffect | None:
        """Do what the job of a decision does."""
        if decision.outcome == "undo":
            undone = LinkDecision.objects.get(undone_by=decision)
            return ApplyLink(decision.pk, self.now).execute() if undone.outcome == "link" else None
        if decision.outcome != "link":
            return None
        if decision.fact_key is None:
            return HandInRow(decision.pk, lambda: self.now).execute()
        return ApplyLink(decision.pk, self.now).execute()

    def name(self, number: int) -> str:
        """Return the registered name of body ``number``."""
        return str(row("registration", "G1", number)["subject_name"])


@pytest.fixture
def review(city: Any, tmp_path: Path) -> Review:
    assert city
    folder = tmp_path / "files"
    folder.mkdir()
    return Review(folder)


CODES = {"uscc": uscc, "registration_number": registration_number}
