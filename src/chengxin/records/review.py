"""Propose links (人工辅助关联): a name or a damaged code puts a task into the queue, and a person decides.

Proposals are made in pieces, each in its own transaction. Making them again changes nothing that is decided.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from chengxin.kernel.names import fold_name
from chengxin.records.candidates import CODE_KINDS, Asked, find_candidates
from chengxin.records.models import LinkProposal
from chengxin.records.refusals import refused_bodies, with_survivors
from chengxin.records.review_settings import review_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

State = LinkProposal.State

UNDECIDED = (State.OPEN, State.DEFERRED, State.WAITING)
"""States in which a proposal follows what the register learns."""


@dataclass(frozen=True)
class Draft:
    """A fact or a row sent back for which bodies are to be proposed.

    Attributes:
        fact_key: the fact, or None for a row sent back.
        record_id: the fact's latest version, or None.
        batch_id: the batch it came in.
        line: its line there.
        item: key of the catalogue item.
        organisation_id: who handed it in.
        submitted_by: the officer or client that handed it in; that one does not decide.
        cause: why it is tied to nobody, as ``code_unknown`` or ``code_missing``.
        identifier: the code it is filed under as ``kind:value``, or empty.
        row: what an officer sees of it, by field key; nothing about persons.
    """

    fact_key: str | None
    record_id: int | None
    batch_id: int
    line: int
    item: str
    organisation_id: int
    submitted_by: str
    cause: str
    identifier: str
    row: Mapping[str, str]

    @property
    def asked(self) -> Asked:
        """Return the name and the codes for which bodies are looked for."""
        return Asked(self.row.get("subject_name", ""), {kind: self.row.get(kind, "") for kind in CODE_KINDS})


def propose(drafts: Sequence[Draft], now: datetime) -> int:
    """Make a proposal for every draft that has none yet and return how many were made.

    A proposal nobody has decided gets the evidence of the new draft (a corrected fact); a decided one stays as it is.
    A body that was found not to be the same before is not proposed. Without a candidate the proposal waits until the
    register knows more.
    """
    made = 0
    piece = review_settings().piece
    for start in range(0, len(drafts), piece):
        made += _propose_piece(drafts[start : start + piece], now)
    return made


def _propose_piece(drafts: Sequence[Draft], now: datetime) -> int:
    with transaction.atomic():
        held = _held(drafts)
        wanted = [one for one in drafts if _place(one) not in held or held[_place(one)].state in UNDECIDED]
        found = find_candidates([one.asked for one in wanted])
        refused = refused_bodies((one.identifier, fold_name(one.asked.name)) for one in wanted)
        fresh = []
        for one, bodies in zip(wanted, found, strict=True):
            known = held.get(_place(one))
            proposal = known or LinkProposal(made_at=now, revision=0, state=State.OPEN)
            _fill(proposal, one)
            if known is None:
                _remember(proposal, bodies, refused[(proposal.identifier, proposal.name_key)])
            if settle(proposal, dict(one.row), bodies, now):
                if known is None:
                    fresh.append(proposal)
                else:
                    proposal.save()
        LinkProposal.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _remember(proposal: LinkProposal, bodies: Sequence[dict[str, Any]], refused: frozenset[int]) -> None:
    """Leave out what was found not to be the same; a body that bears the very code by now is asked about once more."""
    bearing = _bearing(proposal, bodies)
    proposal.refused = sorted(refused - bearing)
    if refused & bearing:
        proposal.cause = "refused_before"


def _remember_again(proposal: LinkProposal, bodies: Sequence[dict[str, Any]], refused: frozenset[int]) -> None:
    """Leave out what is known by now not to be the same; a body that was asked about once more stays asked about.

    What is left out is reckoned anew each time, so a merge adds the body that is now the same, and its undoing takes
    that one away again.
    """
    if proposal.cause != "refused_before":
        proposal.refused = sorted(refused)
        return
    own = frozenset(proposal.refused)
    asked_again = _bearing(proposal, bodies) - own
    proposal.refused = sorted((with_survivors(own) & refused) - asked_again)


def _bearing(proposal: LinkProposal, bodies: Sequence[dict[str, Any]]) -> frozenset[int]:
    """Return those of ``bodies`` that bear the very code of the proposal."""
    code = proposal.identifier.partition(":")[2]
    return frozenset(one["subject_id"] for one in bodies if code and code in {held["value"] for held in one["codes"]})


def settle(proposal: LinkProposal, row: Mapping[str, Any], bodies: Sequence[dict[str, Any]], now: datetime) -> bool:
    """Put the evidence into the proposal and say whether anything changed; the caller saves it.

    A proposal with a body left to choose is open (or stays deferred), one without waits.
    """
    evidence = {"row": dict(row), "candidates": list(bodies)}
    digest = evidence_digest(evidence)
    candidates = [one["subject_id"] for one in bodies]
    left = [one for one in candidates if one not in proposal.refused]
    state = State.WAITING if not left else State.DEFERRED if proposal.state == State.DEFERRED else State.OPEN
    if (proposal.digest, proposal.state) == (digest, state) and proposal.pk is not None:
        return False
    proposal.evidence, proposal.digest, proposal.candidates = evidence, digest, candidates
    proposal.state = state
    proposal.revision += 1
    proposal.changed_at = now
    return True


def evidence_digest(evidence: Mapping[str, Any]) -> str:
    """Return the SHA-256 of evidence as JSON with sorted keys and no spaces (RFC 8785 without numbers' fine print)."""
    text = json.dumps(evidence, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def refresh(now: datetime, bodies: Iterable[int] | None = None) -> int:
    """Look for bodies again for what nobody has decided, and return how many proposals changed.

    With ``bodies`` only the proposals that show one of them, or leave one out, are looked at.

    A proposal that was answered with "none of these" comes back when a body appears that was not among those shown;
    its decision stays on file and is shown with it.
    """
    changed = 0
    for numbers in _pieces_to_refresh(bodies):
        with transaction.atomic():
            held = list(LinkProposal.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
            held = [one for one in held if one.state in UNDECIDED or one.outcome == "none"]
            found = find_candidates([_asked(one) for one in held])
            refused = refused_bodies((one.identifier, one.name_key) for one in held)
            for proposal, candidates in zip(held, found, strict=True):
                left_out = proposal.refused
                _remember_again(proposal, candidates, refused[(proposal.identifier, proposal.name_key)])
                new = {one["subject_id"] for one in candidates} - set(proposal.candidates) - set(proposal.refused)
                if proposal.state == State.DECIDED and not new:
                    continue
                settled = settle(proposal, proposal.evidence["row"], candidates, now)
                if settled or proposal.refused != left_out:
                    proposal.revision += not settled
                    proposal.outcome = ""
                    proposal.save()
                    changed += 1
    return changed


def _pieces_to_refresh(bodies: Iterable[int] | None) -> Iterator[list[int]]:
    """Yield the numbers of proposals to look at again, a piece at a time."""
    last, piece = 0, review_settings().piece
    concerned = Q()
    if bodies is not None:
        numbers = sorted(set(bodies))
        concerned = Q(candidates__overlap=numbers) | Q(refused__overlap=numbers)
    while True:
        found = list(
            LinkProposal.objects.filter(concerned, pk__gt=last)
            .filter(Q(state__in=UNDECIDED) | Q(state=State.DECIDED, outcome="none"))
            .order_by("pk")
            .values_list("pk", flat=True)[:piece]
        )
        if not found:
            return
        yield found
        last = found[-1]


def _asked(proposal: LinkProposal) -> Asked:
    row = proposal.evidence["row"]
    return Asked(proposal.name, {kind: row.get(kind, "") for kind in CODE_KINDS})


def _place(one: Draft | LinkProposal) -> tuple[str, int, int]:
    """Return what a proposal is about, in one shape for drafts and proposals."""
    return (str(one.fact_key), 0, 0) if one.fact_key else ("", one.batch_id, one.line)


def _held(drafts: Sequence[Draft]) -> dict[tuple[str, int, int], LinkProposal]:
    """Return the proposals that are there for these drafts, locked."""
    keys = [one.fact_key for one in drafts if one.fact_key]
    rows = {(one.batch_id, one.line) for one in drafts if not one.fact_key}
    locked = LinkProposal.objects.select_for_update()
    held = list(locked.filter(fact_key__in=keys).order_by("pk")) if keys else []
    if rows:
        batches = {batch for batch, _ in rows}
        about_rows = locked.filter(fact_key__isnull=True, batch_id__in=batches).order_by("pk")
        held += [one for one in about_rows if (one.batch_id, one.line) in rows]
    return {_place(one): one for one in held}


def _fill(proposal: LinkProposal, draft: Draft) -> None:
    """Put what the draft says into the proposal, its evidence aside."""
    for name in ("fact_key", "record_id", "batch_id", "line", "item", "organisation_id", "submitted_by", "cause"):
        setattr(proposal, name, getattr(draft, name))
    proposal.name = draft.asked.name
    proposal.name_key = fold_name(draft.asked.name)
    proposal.identifier = draft.identifier
