"""Assisted linking as its page shows it: row and body side by side, differences marked, causes in words."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from chengxin.catalogue import load_catalogue
from chengxin.ends.office.pages import english
from chengxin.kernel.names import fold_name
from chengxin.subjects.changes import moving_bodies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from chengxin.records.review_queries import DecisionView, ProposalView

CODES = ("uscc", "organisation_code", "registration_number", "tax_number")
"""Codes that row and body are compared by, in this order."""


@dataclass(frozen=True)
class Piece:
    """A piece of a text; ``differs`` where the text beside it says something else."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Line:
    """One field on a side: its label and its text in pieces."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Candidate:
    """A body to choose, with its key on the keyboard; ``moving`` is the change that is about to move it, if any."""

    key: int
    subject_id: int
    uscc: str
    name: tuple[Piece, ...]
    lines: tuple[Line, ...]
    verdict: str
    verdict_words: str
    per_cent: int
    reasons: tuple[str, ...]
    moving: int | None


@dataclass(frozen=True)
class Task:
    """A proposal ready to show: ``row`` is the side handed in, ``candidates`` the other.

    ``decidable`` says whether there is anything to decide; ``state`` tells in words why not.
    """

    view: ProposalView
    organisation: str
    cause: str
    decidable: bool
    state: str
    row: tuple[Line, ...]
    candidates: tuple[Candidate, ...]
    earlier: tuple[Decided, ...]


@dataclass(frozen=True)
class Decided:
    """A decision in words; ``reasons`` are those that the officer was shown."""

    view: DecisionView
    words: str
    effect: str
    reasons: tuple[str, ...]


def causes() -> dict[str, str]:
    """Return why something is tied to nobody, in words, by the proposal's cause."""
    return {
        "code_unknown": _("代码未在登记库中"),
        "code_at_two_bodies": _("同一代码登记在两个主体名下"),
        "code_missing": _("只有名称，没有代码（主体不明）"),
        "code_unusable": _("代码无法使用"),
        "codes_disagree": _("各代码指向不同主体"),
        "code_now_borne": _("已有决定，但该代码新登记在另一主体名下"),
        "refused_before": _("曾认定不是同一主体，现该代码登记在其名下"),
    }


def outcomes() -> dict[str, str]:
    """Return the outcomes of a decision in words."""
    return {
        "link": _("关联"),
        "not_same": _("不是同一主体"),
        "none": _("候选都不是"),
        "defer": _("暂缓"),
        "undo": _("撤销决定"),
    }


def states() -> dict[str, str]:
    """Return the states of a proposal in words."""
    return {
        "open": _("待关联"),
        "deferred": _("暂缓"),
        "waiting": _("等待主体登记"),
        "decided": _("已决定"),
        "closed": _("已按代码自动关联或已撤销"),
    }


def effects() -> dict[str, str]:
    """Return what came of a decision in words; empty for what needs no word."""
    return {
        "": _("正在办理"),
        "tied": _("已关联"),
        "imported": _("已入库并关联"),
        "untied": _("已解除关联"),
    }


def verdicts() -> dict[str, str]:
    """Return what comparing two names said, in words."""
    return {"same": _("名称一致"), "review": _("名称相近"), "different": _("名称不同")}


def tasks(views: Sequence[ProposalView], now: datetime) -> list[Task]:
    """Return proposals ready to show, with the changes that are about to move a body; one query for all of them."""
    shown = {int(body["subject_id"]) for view in views for body in view.candidates}
    moving = moving_bodies(shown, now)
    return [_task(view, moving) for view in views]


def _task(view: ProposalView, moving: Mapping[int, int]) -> Task:
    return Task(
        view=view,
        organisation=view.organisation_en if english() else view.organisation,
        cause=causes().get(view.cause, view.cause),
        decidable=view.state in {"open", "deferred"},
        state=states().get(view.state, view.state),
        row=_row_lines(view),
        candidates=tuple(
            _candidate(key, view, body, moving.get(body["subject_id"]))
            for key, body in enumerate(view.candidates, start=1)
        ),
        earlier=decided(view.earlier),
    )


def decided(views: Iterable[DecisionView]) -> tuple[Decided, ...]:
    """Return decisions in words; what the worker has to say of one is said as it stands."""
    words, ends = outcomes(), effects()
    told = []
    for one in views:
        waits = one.outcome not in {"link", "undo"}
        message = one.message_en if english() else one.message
        effect = "" if waits else message or ends.get(one.effect, one.effect)
        reasons = tuple(each["message_en" if english() else "message"] for each in one.reasons if "message" in each)
        told.append(Decided(one, words.get(one.outcome, one.outcome), effect, reasons))
    return tuple(told)


def compare(text: str, other: str) -> tuple[Piece, ...]:
    """Return ``text`` in pieces, those marked that ``other`` lacks. Width, case and brackets' shape do not count.

    >>> [(one.text, one.differs) for one in compare("昆山甲公司", "昆山乙公司")]
    [('昆山', False), ('甲', True), ('公司', False)]
    """
    if not other:
        return (Piece(text, differs=False),)
    folded, beside = fold_name(text), fold_name(other)
    if len(folded) != len(text):  # folding drops spaces: the places would not fit
        return (Piece(text, differs=folded != beside),)
    blocks = SequenceMatcher(None, folded, beside, autojunk=False).get_matching_blocks()
    pieces, at = [], 0
    for block in blocks:
        if block.a > at:
            pieces.append(Piece(text[at : block.a], differs=True))
        if block.size:
            pieces.append(Piece(text[block.a : block.a + block.size], differs=False))
        at = block.a + block.size
    return tuple(pieces)


def _row_lines(view: ProposalView) -> tuple[Line, ...]:
    """Return what was handed in, each field under its label, codes compared with the first candidate's."""
    labels = _labels(view.item)
    best = view.candidates[0] if view.candidates else {}
    codes = {one["kind"]: one["value"] for one in best.get("codes", ())}
    # The database keeps no order of keys: codes come first, then the fields as the item has them.
    places = {key: place for place, key in enumerate((*CODES, *labels))}
    return tuple(
        Line(labels.get(key, key), compare(text, codes.get(key, "")) if key in CODES else (Piece(text, differs=False),))
        for key, text in sorted(view.row.items(), key=lambda pair: places.get(pair[0], len(places)))
        if key != "subject_name"
    )


def _labels(item: str) -> Mapping[str, str]:
    fields = load_catalogue().item(item).fields
    return {one.key: one.label_en if english() else one.label for one in fields}


def _candidate(key: int, view: ProposalView, body: Mapping[str, Any], moving: int | None) -> Candidate:
    labels = _labels("registration")
    lines = [
        Line(labels.get(one["kind"], one["kind"]), compare(one["value"], view.row.get(one["kind"], "")))
        for one in sorted(body["codes"], key=lambda one: CODES.index(one["kind"]))
        # Since 2015 registers print the credit code in the place of the tax number too: that says nothing new.
        if one["kind"] == "uscc" or one["value"] != body["uscc"]
    ]
    former = [one["name"] for one in body["names"] if one["kind"] == "former"]
    plain = (
        (_("登记状态"), body["status"]),
        (_("登记机关"), body["registrar"]),
        (_("成立日期"), body["established_on"]),
        (_("曾用名"), "；".join(former)),
    )
    lines += [Line(label, (Piece(text, differs=False),)) for label, text in plain if text]
    return Candidate(
        key=key,
        subject_id=body["subject_id"],
        uscc=body["uscc"],
        name=compare(body["name"], view.name),
        lines=tuple(lines),
        verdict=body["verdict"],
        verdict_words=verdicts().get(body["verdict"], body["verdict"]),
        per_cent=round(body["score"] * 100),
        reasons=_reasons(body["reasons"], body["matched_name"], body["name"]),
        moving=moving,
    )


def _reasons(reasons: Sequence[Mapping[str, str]], matched: str, current: str) -> tuple[str, ...]:
    """Return the reasons in the reader's language; a name other than the current one is named."""
    told = [one["message_en"] if english() else one["message"] for one in reasons]
    if matched and matched != current:
        told.insert(0, _("对照的是其另一名称：%(name)s") % {"name": matched})
    return tuple(told)
