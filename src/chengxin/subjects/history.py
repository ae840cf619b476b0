"""Bodies through time: how a body stood on a day, and who bore a code, as the platform knew it at a moment.

Registration versions and moved rows are only ever added, so the same question about the past has one answer for ever:
what moved later is put back in the mind, the latest first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime

from chengxin.subjects.models import Change, Identifier, MovedRow, Name, Registration, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime


@dataclass(frozen=True)
class Code:
    """A code of a body: when it was first stated, and from which legal day another one replaced it, if one did."""

    kind: str
    value: str
    first_seen_at: datetime
    ended_at: datetime | None = None
    ended_on: date | None = None
    replaced_by: str = ""
    came_from: int | None = None


@dataclass(frozen=True)
class HeldName:
    """A name of a body (``current``, ``former`` or ``english``) and when it was first stated."""

    kind: str
    name: str
    first_seen_at: datetime


@dataclass(frozen=True)
class Version:
    """How a body stood by the register from ``valid_from`` on, known since ``recorded_at``."""

    name: str
    kind: str
    uscc: str
    status: str
    registrar: str
    established_on: date | None
    valid_from: date
    recorded_at: datetime
    basis: str
    identifier: str
    batch_id: int | None
    line: int | None


@dataclass(frozen=True)
class BodyOn:
    """A body on a day, as known at a moment.

    ``certain`` is false for a day before the earliest entry on file: that entry is given, and how the body stood on the
    day itself is not known. ``merged_into`` is the body this one had been merged into at the moment, or None.
    """

    subject_id: int
    version: Version
    certain: bool
    merged_into: int | None
    codes: tuple[Code, ...]
    names: tuple[HeldName, ...]


def body_on(subject_id: int, day: date, known_at: datetime) -> BodyOn | None:
    """Return the body as it stood on ``day`` by what was known at ``known_at``; None where nothing was known of it.

    Of the versions recorded by then, the latest one that speaks about the day counts: what is learned later overrides
    what was learned before, from its own day on.
    """
    known = versions(subject_id, known_at)
    if not known:
        return None
    speaking = [one for one in known if one.valid_from <= day]
    version = speaking[-1] if speaking else min(known, key=lambda one: one.valid_from)
    return BodyOn(
        subject_id=subject_id,
        version=version,
        certain=bool(speaking),
        merged_into=merged_into_at(subject_id, known_at),
        codes=codes_at(subject_id, known_at),
        names=_names(subject_id, known_at, known[-1].name),
    )


def versions(subject_id: int, known_at: datetime) -> tuple[Version, ...]:
    """Return how the body stood, version by version in the order in which they were recorded by ``known_at``.

    The order is that of the rows, not of their times: a clock that was set back gives the later one the earlier time.
    """
    rows = Registration.objects.filter(subject_id=subject_id, recorded_at__lte=known_at).order_by("pk")
    return tuple(
        Version(
            name=one.name,
            kind=one.kind,
            uscc=one.uscc,
            status=one.status,
            registrar=one.registrar,
            established_on=one.established_on,
            valid_from=one.valid_from,
            recorded_at=one.recorded_at,
            basis=one.basis,
            identifier=one.identifier,
            batch_id=one.batch_id,
            line=one.line,
        )
        for one in rows
    )


def codes_at(subject_id: int, known_at: datetime) -> tuple[Code, ...]:
    """Return the codes that led to the body at ``known_at``, by kind and value."""
    held = {
        (one.kind, one.value): Code(
            one.kind,
            one.value,
            one.first_seen_at,
            one.ended_at,
            one.ended_on,
            one.replaced_by,
            one.came_from_id,
        )
        for one in Identifier.objects.filter(subject_id=subject_id)
    }
    for moved in _moves_since("identifier", subject_id, known_at):
        key = (moved.before["kind"], moved.before["value"])
        if moved.to_subject_id == subject_id and not moved.absorbed:
            held.pop(key, None)
        if moved.from_subject_id == subject_id and not moved.kept:
            held[key] = _code(moved.before)
    known = [_as_known(one, known_at) for one in held.values() if one.first_seen_at <= known_at]
    return tuple(sorted(known, key=lambda one: (one.kind, one.value)))


def names_at(subject_id: int, known_at: datetime) -> tuple[HeldName, ...]:
    """Return the names on file for the body at ``known_at``: current, former, English."""
    known = versions(subject_id, known_at)
    return _names(subject_id, known_at, known[-1].name) if known else ()


def bearers_at(kind: str, value: str, known_at: datetime) -> tuple[int, ...]:
    """Return the bodies to which the code led at ``known_at``, by number; more than one: it named none of them."""
    touched = MovedRow.objects.filter(
        what="identifier", at__gt=known_at, before__kind=kind, before__value=value
    ).values_list("from_subject_id", "to_subject_id")
    candidates = set(Identifier.objects.filter(kind=kind, value=value).values_list("subject_id", flat=True))
    candidates.update(number for pair in touched for number in pair)
    return tuple(
        number
        for number in sorted(candidates)
        if any((one.kind, one.value) == (kind, value) for one in codes_at(number, known_at))
    )


def moved_since(known_at: datetime) -> bool:
    """Return whether any code or name went from one body to another after ``known_at``."""
    return MovedRow.objects.filter(at__gt=known_at).exists()


def merged_into_at(subject_id: int, known_at: datetime) -> int | None:
    """Return the body that ``subject_id`` had been merged into at ``known_at``, or None while it stood by itself.

    A merge and its undoing cancel out whatever their times: the clock may have been set back between them.
    """
    latest: int | None = None
    changes = Change.objects.filter(
        Q(kind="merge") | Q(kind="undo"), Q(source_id=subject_id) | Q(target_id=subject_id), done_at__lte=known_at
    ).select_related("undoes")
    held = list(changes.order_by("done_at", "pk"))
    undone = {change.undoes_id for change in held}
    for change in held:
        done = change.undoes
        if change.kind == "merge" and change.source_id == subject_id and change.pk not in undone:
            latest = change.target_id
        elif done is not None and done.kind == "split" and done.target_id == subject_id:
            latest = done.source_id
    return latest


def survivor(subject_id: int) -> int:
    """Return the body that ``subject_id`` leads to today: itself, or the end of the chain of merges."""
    here = subject_id
    while True:
        onward = Subject.objects.values_list("merged_into_id", flat=True).get(pk=here)
        if onward is None:
            return here
        here = onward


def _names(subject_id: int, known_at: datetime, current: str) -> tuple[HeldName, ...]:
    held = {
        (one.kind, one.name): HeldName(one.kind, one.name, one.first_seen_at)
        for one in Name.objects.filter(subject_id=subject_id)
    }
    for moved in _moves_since("name", subject_id, known_at):
        if moved.to_subject_id == subject_id and not moved.absorbed:
            for kind in ("current", "former", "english"):
                held.pop((kind, moved.before["name"]), None)
        if moved.from_subject_id == subject_id and not moved.kept:
            before = moved.before
            held[before["kind"], before["name"]] = HeldName(
                before["kind"], before["name"], _moment(before["first_seen_at"])
            )
    # What is current is what the version says: a row tells only what the name is today.
    known = {
        (one.kind if one.kind == "english" else "current" if one.name == current else "former", one.name): one
        for one in sorted(held.values(), key=lambda one: one.first_seen_at, reverse=True)
        if one.first_seen_at <= known_at
    }
    return tuple(replace(one, kind=kind) for (kind, _name), one in sorted(known.items()))


def _moves_since(what: str, subject_id: int, known_at: datetime) -> Iterable[MovedRow]:
    """Return the rows that went from or to the body after ``known_at``, the latest first."""
    return MovedRow.objects.filter(
        Q(from_subject_id=subject_id) | Q(to_subject_id=subject_id), what=what, at__gt=known_at
    ).order_by("-pk")


def _as_known(code: Code, known_at: datetime) -> Code:
    """Return the code without an end that was learned later."""
    if code.ended_at is not None and code.ended_at > known_at:
        return replace(code, ended_at=None, ended_on=None, replaced_by="")
    return code


def _code(before: dict[str, Any]) -> Code:
    ended_at = before.get("ended_at")
    ended_on = before.get("ended_on")
    return Code(
        before["kind"],
        before["value"],
        _moment(before["first_seen_at"]),
        _moment(ended_at) if ended_at else None,
        parse_date(ended_on) if ended_on else None,
        before.get("replaced_by") or "",
        before.get("came_from_id"),
    )


def _moment(text: str) -> datetime:
    """Return the moment that PostgreSQL wrote into JSON."""
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(f"no moment: {text}")
    return moment
