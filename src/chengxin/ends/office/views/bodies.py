"""A body as officers see it: codes, names through time, facts with why they are its, and every decision about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chengxin.accounts.actor import READ_SUBJECTS
from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.base.errors import NotFound
from chengxin.ends.office.pages import actor_of, english
from chengxin.ends.office.review_show import causes, outcomes
from chengxin.kernel.identifiers import normalise
from chengxin.records.links import LinkKey, facts_held, links_of_subject
from chengxin.subjects.history import codes_at, names_at, survivor
from chengxin.subjects.queries import (
    IDENTIFIER_KINDS,
    AmbiguousCode,
    subject_by_identifier,
    subject_by_number,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.actor import Actor
    from chengxin.subjects.queries import SubjectView


def kinds() -> dict[str, str]:
    """Return what ties a fact, in words: the kinds of code, the register's own entry, a person's decision."""
    return {
        "uscc": _("统一社会信用代码"),
        "organisation_code": _("组织机构代码"),
        "registration_number": _("工商注册号"),
        "tax_number": _("税务登记号"),
        "registration": _("登记信息"),
        "decision": _("人工核实"),
    }


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Ask for a code and go to the body that bears it."""
    actor = actor_of(request)
    actor.require(READ_SUBJECTS)
    code = normalise(request.GET.get("code", "")[:100])
    refused = ""
    if code:
        try:
            found = body_of(code)
        except AmbiguousCode as error:
            refused = error.message_en if english() else error.message_zh
        except NotFound as error:
            refused = error.message_en if english() else error.message_zh
        else:
            return redirect("body", code=found.uscc or code)
    return render(request, "office/bodies.html", {"code": code, "refused": refused}, status=404 if refused else 200)


@require_safe
def body(request: HttpRequest, code: str) -> HttpResponse:
    """Show one body; the look is on file with its number."""
    actor = actor_of(request)
    actor.require(READ_SUBJECTS)
    now = system_now()
    found = body_of(normalise(code))
    keep_look(actor, found.id, now)
    context = {
        "body": found,
        "code": code,
        "now_part_of": _now_part_of(code, found.id),
        "codes": codes_at(found.id, now),
        "names": names_at(found.id, now),
        "facts": facts_held(found.id, after=_fact_key(request)),
        "links": links_of_subject(found.id, after=_link_key(request)),
        "kinds": kinds(),
        "acts": outcomes() | {"tied": _("按代码关联"), "moved": _("随合并或拆分转入"), "left": _("解除关联")},
        "causes": causes(),
    }
    return render(request, "office/body.html", context)


def body_of(code: str) -> SubjectView:
    """Return the body that bears ``code``, whatever kind of code it is; raise ``NotFound`` where none does.

    Raises ``AmbiguousCode`` for a code at two bodies. ``#12`` is the body of that number, also one that was merged: two
    bodies can share every code they have.
    """
    if code.startswith("#") and code[1:].isascii() and code[1:].isdecimal():
        return subject_by_number(int(code[1:19]))
    for kind in IDENTIFIER_KINDS:
        found = subject_by_identifier(kind, code)
        if found is not None:
            return found
    raise NotFound(
        "unknown_body",
        f"登记库中没有代码为“{code}”的主体，请核对代码",
        f"no body of the register bears the code {code!r}: check the code",
        where=code,
    )


def keep_look(actor: Actor, subject_id: int, now: datetime) -> None:
    """Put on file that the officer looked at the body."""
    with transaction.atomic():
        record_event(
            at=now,
            actor=(actor.kind, actor.id, actor.organisation),
            action="subject.viewed",
            object_kind="subject",
            object_id=str(subject_id),
        )


@dataclass(frozen=True)
class Elsewhere:
    """The body that another one was merged into, and what leads to it."""

    code: str
    name: str


def _now_part_of(code: str, subject_id: int) -> Elsewhere | None:
    """Return the body that this one was merged into; a code never leads to such a body, only its number does."""
    here = survivor(subject_id) if code.startswith("#") else subject_id
    return Elsewhere(f"#{here}", subject_by_number(here).name) if here != subject_id else None


def _fact_key(request: HttpRequest) -> tuple[date | None, int] | None:
    """Return where the list of facts goes on: ``facts=DAY_RECORD``, the day empty for a fact without one."""
    text = request.GET.get("facts", "")
    if not text:
        return None
    day, _sign, number = text.partition("_")
    try:
        return (parse_date(day) if day else None), int(number)
    except ValueError as error:
        raise Http404 from error


def _link_key(request: HttpRequest) -> LinkKey | None:
    """Return where the list of links goes on: ``links=MOMENT_RANK_NUMBER``."""
    text = request.GET.get("links", "")
    if not text:
        return None
    try:
        moment, rank, number = text.split("_")
        at = parse_datetime(moment)
        if at is None or at.tzinfo is None:
            raise Http404
        return LinkKey(at, int(rank), int(number))
    except ValueError as error:
        raise Http404 from error
