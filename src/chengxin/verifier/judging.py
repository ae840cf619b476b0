"""Decides what happened: compares the log that was read with what was signed and what the witnesses keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.verifier.findings import Finding, Findings
from chengxin.verifier.merkle import Hash, root_of_peaks
from chengxin.verifier.notes import Kept, Key, Note, signature_trouble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOTHING_BEFORE = "0" * 64


@dataclass(frozen=True)
class StoredNote:
    """A checkpoint of the database: the columns beside it, and its text."""

    number: int
    size: int
    note: Note


@dataclass
class Roots:
    """The peaks of the whole log at each size of interest: ``computed`` from events, ``stored`` from leaf hashes."""

    make: Hash
    computed: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    stored: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)

    def of_events(self, size: int) -> bytes:
        """Return the root over the first ``size`` events."""
        return root_of_peaks(self.make, self.computed.get(size, []))

    def of_leaves(self, size: int) -> bytes:
        """Return the root over the first ``size`` stored leaf hashes."""
        return root_of_peaks(self.make, self.stored.get(size, []))


@dataclass
class Signed:
    """Checkpoints whose signatures hold: the database's own by number, and those of all witnesses together."""

    own: dict[int, Note] = field(default_factory=dict)
    witnessed: dict[int, Note] = field(default_factory=dict)
    replayed: bool = False

    @property
    def last_own(self) -> Note | None:
        """Return the database's last checkpoint."""
        return self.own[max(self.own)] if self.own else None

    @property
    def last_witnessed(self) -> Note | None:
        """Return the last checkpoint that a witness keeps."""
        return self.witnessed[max(self.witnessed)] if self.witnessed else None


def judge_notes(stored: Sequence[StoredNote], kept: Sequence[Kept], keys: Mapping[str, Key], found: Findings) -> Signed:
    """Return the checkpoints that hold; name those that do not, that are gone, or that were used twice."""
    signed = Signed()
    for witness in kept:
        _judge_witness(witness, keys, signed, found)
    before: StoredNote | None = None
    for one in stored:
        trouble = signature_trouble(keys, one.note.signed, one.note.signature)
        if trouble:
            found.add(Finding(trouble, checkpoint=one.number, detail=one.note.signature.split(":")[1:2][0]))
            before = one
            continue
        if one.note.number != one.number:
            found.add(Finding("checkpoint_replayed", checkpoint=one.number, detail=f"= {one.note.number}"))
            signed.replayed = True
            continue
        _judge_place(one, before, found)
        signed.own[one.number] = one.note
        before = one
    _judge_gone(signed, stored, found)
    return signed


def _judge_witness(witness: Kept, keys: Mapping[str, Key], signed: Signed, found: Findings) -> None:
    last: Note | None = None
    for note in witness.notes:
        trouble = signature_trouble(keys, note.signed, note.signature)
        if trouble:
            found.add(Finding(trouble, checkpoint=note.number, detail=witness.name))
            continue
        if last is not None and (note.number < last.number or note.size < last.size):
            found.add(Finding("checkpoint_replayed", checkpoint=note.number, detail=witness.name))
            continue
        known = signed.witnessed.get(note.number)
        same_size = next((one for one in (last, known) if one is not None and one.size == note.size), None)
        if (known is not None and known.text != note.text) or (same_size is not None and same_size.root != note.root):
            found.add(Finding("split_view", position=note.size, checkpoint=note.number, detail=witness.name))
            continue
        signed.witnessed[note.number] = note
        last = note


def _judge_place(one: StoredNote, before: StoredNote | None, found: Findings) -> None:
    """Name a checkpoint whose columns differ from its text, or that does not follow the one before."""
    if one.size != one.note.size:
        found.add(Finding("checkpoint_changed", checkpoint=one.number, detail="size"))
    if before is None:
        if one.number == 1 and one.note.previous != NOTHING_BEFORE:
            found.add(Finding("checkpoint_changed", checkpoint=1, detail="previous"))
        return
    if before.number == one.number - 1 and one.note.previous != before.note.digest:
        found.add(Finding("checkpoint_changed", checkpoint=before.number, detail="previous"))
    if one.note.origin != before.note.origin:
        found.add(Finding("other_log", checkpoint=one.number))


def _judge_gone(signed: Signed, stored: Sequence[StoredNote], found: Findings) -> None:
    """Name the checkpoints missing before the last one the database has."""
    present = {one.number for one in stored}
    last = max(present, default=0)
    gone = sorted(set(range(1, last + 1)) - present)
    if gone:
        found.add(Finding("checkpoint_deleted", checkpoint=gone[0], count=len(gone)))
    if signed.own:
        origin = next(iter(signed.own.values())).origin
        strangers = [number for number, note in signed.witnessed.items() if note.origin != origin]
        for number in strangers:  # nothing else of theirs can be compared
            found.add(Finding("other_log", checkpoint=number))
            del signed.witnessed[number]


def judge_history(signed: Signed, roots: Roots, leaves: int, breaks: int | None, found: Findings) -> int:
    """Compare the log with every checkpoint that holds; name what differs and return the size that can be trusted."""
    good = 0
    wanted = {note.size: note for note in signed.own.values()} | {note.size: note for note in signed.witnessed.values()}
    trusted = 0
    witnessed = {note.size for note in signed.witnessed.values()}
    for size in sorted(wanted):
        if size > leaves:
            _judge_missing(signed, leaves, found)
            break
        if roots.of_leaves(size) == wanted[size].root or roots.of_events(size) == wanted[size].root:
            good = size
            trusted = size if size in witnessed else trusted
            continue
        _judge_divergence(signed, wanted[size], good, breaks, found)
        break
    for number, note in signed.own.items():
        other = signed.witnessed.get(number)
        if other is not None and other.text != note.text and not _explained(found):
            found.add(Finding("checkpoint_changed", checkpoint=number))
    return trusted


HISTORIES = frozenset({"history_rewritten", "rolled_back", "restored_backup", "tail_cut", "order_changed"})
LEAVES = frozenset({"event_deleted", "leaf_is_node", "event_changed", "leaf_changed", "subject_swapped"})


def _explained(found: Findings) -> bool:
    return not HISTORIES.isdisjoint(found.held)


def _judge_missing(signed: Signed, leaves: int, found: Findings) -> None:
    """The log is shorter than a checkpoint says: cut, or older as a whole."""
    if not LEAVES.isdisjoint(found.held):
        return  # a shorter tree out of changed leaves is named by those
    own, witnessed = signed.last_own, signed.last_witnessed
    if own is None or own.size > leaves:
        found.add(Finding("tail_cut", leaves, detail=f"{leaves} < {own.size if own else '?'}"))
        return
    ahead = witnessed.size if witnessed else 0
    older = all(signed.witnessed.get(number, note).text == note.text for number, note in signed.own.items())
    code = "restored_backup" if older else "rolled_back"
    found.add(Finding(code, leaves, checkpoint=own.number, detail=f"{leaves} < {ahead}"))


def _judge_divergence(signed: Signed, note: Note, good: int, breaks: int | None, found: Findings) -> None:
    """Neither the events nor the stored leaves have the root that was signed: name how that came about."""
    if not LEAVES.isdisjoint(found.held):
        return  # the leaf that is wrong has been named, and its root follows from it
    if breaks is not None and breaks >= good:
        found.add(Finding("order_changed", breaks, checkpoint=note.number))
        return
    others = [one for number, one in signed.own.items() if _differs(signed, number, one)]
    witnessed = signed.last_witnessed
    later = witnessed is not None and bool(others) and all(one.at > witnessed.at for one in others)
    code = "rolled_back" if later else "history_rewritten"
    found.add(Finding(code, good, checkpoint=note.number, detail=f"{good}-{note.size}"))


def _differs(signed: Signed, number: int, note: Note) -> bool:
    other = signed.witnessed.get(number)
    return other is not None and other.text != note.text
