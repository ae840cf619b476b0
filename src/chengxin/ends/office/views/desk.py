"""The desk: what an organisation sees first, and how punctual it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chengxin.accounts.actor import (
    DECIDE_APPROVALS,
    MANAGE_OFFICERS,
    READ_BATCHES,
    READ_SUBJECTS,
    RELEASE,
    REVIEW_LINKS,
)
from chengxin.accounts.models import Organisation
from chengxin.accounts.officers import approvals_to_decide
from chengxin.base.clock import system_now
from chengxin.ends.office.charts import WHOLE, bars
from chengxin.ends.office.pages import actor_of, officer_of
from chengxin.intake.queries import batches, held_batches, punctuality
from chengxin.kernel.calendar import legal_day
from chengxin.records.review_queries import queue_counts

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.actor import Actor

LATEST = 5
"""Batches shown on the desk."""

MONTHS = 12
"""Months of decisions shown on the page about punctuality, the present one included."""


BEGIN_AT = ((MANAGE_OFFICERS, "officers"), (DECIDE_APPROVALS, "approvals"), (READ_SUBJECTS, "bodies"))
"""Where officers begin who do not look at batches, by the first operation they hold."""


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Show the organisation's latest batches and this month's punctuality; other duties begin at pages of their own."""
    actor = actor_of(request)
    if READ_BATCHES not in actor.operations:
        return redirect(next((page for need, page in BEGIN_AT if need in actor.operations), "account"))
    month = legal_day(system_now()).replace(day=1)
    own = officer_of(request).organisation
    context = {
        "latest": batches(actor, limit=LATEST),
        "bars": bars(punctuality(actor, own.code, since=month)),
        "whole": WHOLE,
        "month": month,
        "hands_in": own.hands_in,
        "everywhere": actor.everywhere,
        "todo": todo(actor, system_now()),
    }
    return render(request, "office/desk.html", context)


@dataclass(frozen=True)
class Waiting:
    """Work that waits for the officer: what it is, the name of its page, how much; ``more`` where there is more."""

    words: str
    page: str
    count: int
    more: bool = False


def todo(actor: Actor, now: datetime) -> tuple[Waiting, ...]:
    """Return the work that waits for ``actor``, by the duties held; what has nothing waiting is left out."""
    found = []
    if REVIEW_LINKS in actor.operations:
        found.append(Waiting(_("待关联"), "links", queue_counts(actor).get("open", 0)))
    if RELEASE in actor.operations:
        listed = held_batches(actor)
        found.append(Waiting(_("待复核的批次"), "held", len(listed.rows), more=listed.after is not None))
    if DECIDE_APPROVALS in actor.operations:
        found.append(Waiting(_("等待我审批"), "approvals", len(approvals_to_decide(actor, now))))
    return tuple(one for one in found if one.count)


@require_safe
def punctuality_page(request: HttpRequest) -> HttpResponse:
    """Show twelve months of punctuality by item; those who act everywhere may choose another organisation."""
    actor = actor_of(request)
    own = officer_of(request).organisation
    reporting = tuple(Organisation.objects.exclude(hands_in=[]).order_by("name")) if actor.everywhere else ()
    # Who hands nothing in has nothing of its own to show: the page begins with the first that does.
    first = reporting[0].code if reporting and not own.hands_in else own.code
    code = request.GET.get("organisation", first) if actor.everywhere else own.code
    chosen = own if code == own.code else next((one for one in reporting if one.code == code), None)
    if chosen is None:
        raise Http404
    since = months_before(legal_day(system_now()), MONTHS - 1)
    found = bars(punctuality(actor, chosen.code, since=since))
    context = {
        "chosen": chosen,
        "choices": reporting,
        "items": [(item, [one for one in found if one.item == item]) for item in sorted({one.item for one in found})],
        "whole": WHOLE,
        "since": since,
    }
    return render(request, "office/punctuality.html", context)


def months_before(day: date, count: int) -> date:
    """Return the first day of the month ``count`` months before the month of ``day``.

    >>> from datetime import date
    >>> months_before(date(2026, 3, 31), 3)
    datetime.date(2025, 12, 1)
    """
    months = day.year * 12 + day.month - 1 - count
    return day.replace(year=months // 12, month=months % 12 + 1, day=1)
