"""The whole life of a fact, in any order of what can happen to it, against a model that is a plain dictionary.

100 lives of 30 steps unless ``CHENGXIN_LIFE_EXAMPLES`` and ``CHENGXIN_LIFE_STEPS`` say otherwise; ``make soak`` sets
``CHENGXIN_SOAK_EXAMPLES`` and ``CHENGXIN_SOAK_STEPS`` for long runs, in which a failure is made as short as it can be.
They are lived in four databases: the tests' processes share them, and no step waits for what a hundred lives left.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chengxin.accounts.actor import operator
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.checks.answer import answer_check, read_code
from chengxin.records.actions.apply_link import ApplyLink
from chengxin.records.actions.decide_link import DecideLink, UndoLink
from chengxin.records.actions.withdraw import AlreadyWithdrawn, WithdrawRecord
from chengxin.records.models import LinkDecision, LinkProposal, Record
from chengxin.records.review import Draft, propose
from chengxin.subjects.actions.change_carry_out import CarryOutChange
from chengxin.subjects.models import Change, Identifier
from chengxin.testing.city import uscc
from chengxin.testing.evidence import Installation

from .world import ISSUER, REVIEWER, Paper, World, events, in_force, key_of, public_rows, shown, versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXAMPLES = int(os.environ.get("CHENGXIN_SOAK_EXAMPLES", os.environ.get("CHENGXIN_LIFE_EXAMPLES", "100")))
STEPS = int(os.environ.get("CHENGXIN_SOAK_STEPS", os.environ.get("CHENGXIN_LIFE_STEPS", "30")))

PHASES = [Phase.generate, *([Phase.shrink] if "CHENGXIN_SOAK_EXAMPLES" in os.environ else [])]
"""Making a failure shorter takes minutes, each step in a database that keeps everything: only where there is time."""

PARTS = 4

BODIES, DOCUMENTS = 4, 5
places = st.integers(0, BODIES - 1)
documents = st.integers(0, DOCUMENTS - 1)
texts = st.sampled_from(["甲", "乙", "丙"])
days = st.sampled_from([None, 0, 1, 30])


@dataclass
class Held:
    """What the model knows of a document: the paper that counts, who handed it in, and whose it is.

    ``decided`` is the body a person tied it to; without one it is where its code is.
    """

    paper: Paper
    department: int
    subject: int | None
    decided: bool = False
    withdrawn: bool = False


@dataclass
class Done:
    """A merge that was carried out: which body went where, and what went along."""

    change: int
    source: int
    target: int
    codes: tuple[str, ...]
    papers: tuple[int, ...]
    standing: bool = True


@dataclass
class Seen:
    """An answer that was given."""

    known_at: datetime
    code: str
    day: date
    answer: Any


class Life(RuleBasedStateMachine):
    """Everything that can happen to five documents and four bodies."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.world.examples += 1
        self.world.morning()
        self.world.keep()
        first = self.world.examples * 100
        self.codes = [uscc(first + place) for place in range(BODIES)]
        self.spare = [uscc(first + 50 + place) for place in range(30)]
        self.bearer: dict[str, int] = {}
        self.held: dict[int, Held] = {}
        self.last: tuple[int, Paper] | None = None
        self.merges: list[Done] = []
        self.checks: dict[int, int] = {}
        self.asked = 0
        self.seen: list[Seen] = []
        self.counted = events()

    def teardown(self) -> None:
        self.world.morning()
        self.world.keep()
        if self.world.examples % 10 == 0:
            assert self.world.evidence.verify().findings == ()

    def paper(self, document: int, text: str, until: int | None) -> Paper:
        ends = None if until is None else self.world.today + timedelta(days=until)
        number = f"昆字〔2026〕{self.world.examples}{document:02}号"
        return Paper(
            number, self.codes[document % BODIES], ("licence", "penalty")[document % 2], text, self.world.today, ends
        )

    def name(self, code: str) -> str:
        return f"昆山{code}有限公司"

    def home(self, code: str) -> int | None:
        return self.bearer.get(code)

    @initialize()
    def begin(self) -> None:
        self.enter(0)
        self.hand_in(0, 0, "甲", None)

    @rule(place=places)
    def enter(self, place: int) -> None:
        """Register a body, or hand its entry in again; facts that waited for its code are tied (关联)."""
        code = self.codes[place]
        known = self.home(code)
        self.world.register(code, self.name(code))
        if known is None:
            self.bearer[code] = Identifier.objects.get(kind="uscc", value=code).subject_id
            for one in self.held.values():
                if one.paper.code == code and one.subject is None and not one.withdrawn:
                    one.subject = self.bearer[code]

    @rule(document=documents, department=st.integers(0, 1), text=texts, until=days)
    def hand_in(self, document: int, department: int, text: str, until: int | None) -> None:
        """Hand in: new, a correction, an older text that comes late, or one that another organisation contradicts."""
        paper = self.paper(document, text, until)
        before = self.held.get(document)
        added = self.world.hand_in(department, paper)
        counts = (added.accepted, added.updated, added.duplicate, added.turned_down)
        home = self.home(paper.code)
        if before is None:
            assert counts == (1, 0, 0, 0)
            self.held[document] = Held(paper, department, home)
        elif before.department != department and before.paper != paper:
            assert counts == (0, 0, 0, 1), "another organisation's words change nothing"
        elif before.department == department and before.withdrawn:
            assert counts == (0, 0, 0, 1), "what was withdrawn does not come back"
        elif before.paper == paper:
            assert counts == (0, 0, 1, 0)
        else:
            assert counts == (0, 1, 0, 0)
            before.paper = paper
            if before.decided and home != before.subject:
                home = before.subject
            else:
                before.decided = False
            before.subject = home
        self.last = (department, paper)

    @precondition(lambda self: self.last is not None)
    @rule()
    def deliver_again(self) -> None:
        """Deliver the last file a second time: nothing changes (I8)."""
        assert self.last is not None
        before = (versions(), public_rows())
        added = self.world.hand_in(self.last[0], self.last[1])
        assert (added.accepted, added.updated) == (0, 0)
        assert (versions(), public_rows()) == before

    def latest(self, document: int) -> Record:
        return Record.objects.filter(key=key_of(self.held[document].paper)).latest("version")

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 9))
    def withdraw(self, which: int) -> None:
        document = sorted(self.held)[which % len(self.held)]
        withdrawal = WithdrawRecord(operator(), self.latest(document).pk, "原决定被撤销", self.world.tick())
        if self.held[document].withdrawn:
            with pytest.raises(AlreadyWithdrawn):
                withdrawal.execute()
            return
        withdrawal.execute()
        self.held[document].withdrawn = True

    def untied(self) -> list[int]:
        return [key for key, one in sorted(self.held.items()) if one.subject is None and not one.withdrawn]

    @precondition(lambda self: self.untied() and self.bearer)
    @rule(which=st.integers(0, 9), whom=st.integers(0, 9))
    def decide(self, which: int, whom: int) -> None:
        """Let a reviewer tie a fact to a body by its name, and the worker's job run twice."""
        document = self.untied()[which % len(self.untied())]
        code = sorted(self.bearer)[whom % len(self.bearer)]
        fact = self.latest(document)
        row = {"subject_name": self.name(code)}
        propose(
            [
                Draft(
                    str(fact.key), fact.pk, fact.batch_id, fact.line, fact.item, fact.organisation_id, "wang",
                    "code_unknown", fact.identifier, row,
                )
            ],
            self.world.tick(),
        )  # fmt: skip
        proposal = LinkProposal.objects.get(fact_key=fact.key)
        wanted = self.bearer[code]
        if proposal.state != "open" or wanted not in proposal.candidates or wanted in proposal.refused:
            return
        decision = DecideLink(REVIEWER, proposal.pk, proposal.revision, "link", self.world.tick(), wanted).execute()
        first = ApplyLink(decision.pk, self.world.tick()).execute()
        assert ApplyLink(decision.pk, self.world.tick()).execute() == first
        assert first.outcome == "tied"
        self.held[document].subject, self.held[document].decided = wanted, True

    @rule(which=st.integers(0, 9))
    def take_back(self, which: int) -> None:
        """Let a reviewer take a decision back; the fact is nobody's again."""
        decided = [key for key, one in sorted(self.held.items()) if one.decided and not one.withdrawn]
        if not decided:
            return
        document = decided[which % len(decided)]
        decision = LinkDecision.objects.filter(fact_key=self.latest(document).key, outcome="link").latest("pk")
        undo = UndoLink(REVIEWER, decision.pk, "认定有误", self.world.tick()).execute()
        assert ApplyLink(undo.pk, self.world.tick()).execute().outcome == "untied"
        self.held[document].subject, self.held[document].decided = None, False
        for merge in self.merges:
            merge.papers = tuple(one for one in merge.papers if one != document)

    @precondition(lambda self: len(set(self.bearer.values())) > 1)
    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def merge(self, one: int, other: int) -> None:
        bodies = sorted(set(self.bearer.values()))
        source, target = bodies[one % len(bodies)], bodies[other % len(bodies)]
        if source == target:
            return
        change = self.world.officers.merge(source, target)
        assert CarryOutChange(change.pk, self.world.tick()).execute().done_at == change.done_at, "carried out once"
        codes = tuple(code for code, body in self.bearer.items() if body == source)
        papers = tuple(key for key, held in self.held.items() if held.subject == source)
        self.bearer |= dict.fromkeys(codes, target)
        for key in papers:
            self.held[key].subject = target
        self.merges.append(Done(change.pk, source, target, codes, papers))

    @precondition(lambda self: any(one.standing for one in self.merges))
    @rule(which=st.integers(0, 9))
    def undo(self, which: int) -> None:
        standing = [one for one in self.merges if one.standing]
        merge = standing[which % len(standing)]
        try:
            self.world.officers.undo(merge.change)
        except ChengxinError as refused:
            assert refused.code in {"later_change", "reissued_since"}  # noqa: PT017 - most undoings are allowed
            return
        merge.standing = False
        self.bearer |= dict.fromkeys(merge.codes, merge.source)
        for key, one in self.held.items():
            if one.subject == merge.target and (
                (one.decided and key in merge.papers) or (not one.decided and one.paper.code in merge.codes)
            ):
                one.subject = merge.source

    @precondition(lambda self: self.bearer and self.spare)
    @rule(which=st.integers(0, 9))
    def reissue(self, which: int) -> None:
        """Give a body another code; the old one goes on leading to it."""
        code = sorted(self.bearer)[which % len(self.bearer)]
        new = self.spare.pop()
        try:
            self.world.officers.reissue(self.bearer[code], code, new)
        except ChengxinError as refused:
            assert refused.code == "old_code_wrong"  # noqa: PT017 - a code is re-issued once
            return
        self.bearer[new] = self.bearer[code]

    @precondition(lambda self: self.bearer)
    @rule(which=st.integers(0, 9))
    def check(self, which: int) -> None:
        """Check a body: exactly one event, and the answer is the same for ever (I3, I10)."""
        code = sorted(self.bearer)[which % len(self.bearer)]
        before = events()
        self.world.tick()
        answer = self.world.check(code)
        assert events() == before + 1
        assert answer.subject is not None
        assert answer.subject.id == self.bearer[code]
        self.checks[answer.subject.id] = self.checks.get(answer.subject.id, 0) + 1
        self.compare(self.bearer[code], {one.document_number for one in answer.facts if one.item != "registration"})
        if self.world.now == self.world.latest:  # behind its own past the clock has no moment that stays as it is
            self.seen = [*self.seen[-2:], Seen(answer.as_of, code, answer.on, answer)]
        self.world.tick()

    @rule(step=st.sampled_from([1, 2, 40]))
    def days_pass(self, step: int) -> None:
        self.world.tick(days=step)
        self.world.keep()

    @precondition(lambda self: self.world.now == self.world.latest)
    @rule()
    def clock_goes_back(self) -> None:
        """Set the clock back by an hour; what was answered meanwhile is not compared any more."""
        self.world.tick(hours=-1)
        self.seen = [one for one in self.seen if one.known_at < self.world.now - timedelta(minutes=1)]

    def compare(self, subject: int, found: set[str]) -> None:
        """Compare with what the model says is in force today."""
        today = self.world.today
        expected = {
            one.paper.number
            for one in self.held.values()
            if one.subject == subject and not one.withdrawn
            and one.paper.start <= today and (one.paper.until is None or today <= one.paper.until)
        }  # fmt: skip
        assert found == expected

    @invariant()
    def every_channel_says_what_the_model_says(self) -> None:
        """Compare page, check and standing of every body with the model (I2, I6)."""
        for subject in set(self.bearer.values()):
            self.compare(subject, set(shown(subject, self.world.today)))
            self.compare(subject, set(in_force(subject, self.world.today, max(self.world.now, self.world.latest))))

    @invariant()
    def nothing_is_public_without_document_ground_and_issuer(self) -> None:
        """Look at every public row (I1), and for what no row may hold (I9, identity numbers)."""
        for subject in set(self.bearer.values()):
            for number, row in shown(subject, self.world.today).items():
                assert number
                assert row.fact.issuer == ISSUER
                assert row.fact.item == "licence" or row.fact.content["legal_ground"]
                assert "legal_representative_id_number" not in row.fact.content
                assert row.fact.link in {"uscc", "decision"}

    @invariant()
    def events_only_become_more(self) -> None:
        """Count (I4)."""
        now = events()
        assert now >= self.counted
        self.counted = now

    @invariant()
    def every_look_has_one_event(self) -> None:
        """Count the checks of each body (I3)."""
        for subject, count in self.checks.items():
            assert Event.objects.filter(action="check.answered", subject_id=subject).count() == count

    @invariant()
    def the_past_is_answered_as_it_was(self) -> None:
        """Ask again what was asked (I10)."""
        for one in self.seen:
            assert answer_check(read_code(one.code), one.day, one.known_at) == one.answer


@dataclass
class _Given:
    evidence: Installation
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.evidence)


@pytest.mark.timeout(86_400 if "CHENGXIN_SOAK_EXAMPLES" in os.environ else 900)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_to_a_fact_the_safeguards_hold(
    tmp_path: Path, database_url: Callable[[str], str], part: int
) -> None:
    Life.world = _Given(Installation(tmp_path, database_url("owner"), database_url("superuser"))).world
    lives = EXAMPLES // PARTS + (part < EXAMPLES % PARTS)
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=max(1, lives),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
            database=None,
        ),
    )
    assert Life.world.examples >= lives, "Hypothesis did not run out of lives"
    Life.world.keep()
    assert Life.world.evidence.verify().findings == ()
    assert Change.objects.filter(state="done").exists()
    assert Event.objects.filter(action="check.answered").exists()
