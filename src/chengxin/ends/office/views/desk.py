"""The desk: what an organisation sees first, and how punctual it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from chengxin.accounts.actor import DECIDE_APPROVALS, MANAGE_OFFICERS, READ_BATCHES
from chengxin.accounts.models import Organisation
from chengxin.base.clock import system_now
from chengxin.ends.office.charts import WHOLE, bars
from chengxin.ends.office.pages import actor_of, officer_of
from chengxin.intake.queries import batches, punctuality
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

LATEST = 5
"""Batches shown on the desk."""

MONTHS = 12
"""Months of decisions shown on the page about punctuality, the present one included."""


BEGIN_AT = ((MANAGE_OFFICERS, "officers"), (DECIDE_APPROVALS, "approvals"))
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
    }
    return render(request, "office/desk.html", context)


@require_safe
def punctuality_page(request: HttpRequest) -> HttpResponse:
    """Show twelve months of punctuality by item; those who act everywhere may choose another organisation."""
    actor = actor_of(request)
    own = officer_of(request).organisation
    code = request.GET.get("organisation", own.code) if actor.everywhere else own.code
    reporting = tuple(Organisation.objects.exclude(hands_in=[]).order_by("name")) if actor.everywhere else ()
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
