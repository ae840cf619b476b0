"""Held batches: the list of those that wait for a second person, and that person's decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chengxin.accounts.actor import RELEASE
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.views.errors import conflict
from chengxin.intake.actions.release_batch import ReleaseBatch
from chengxin.intake.queries import held_batches

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LONGEST_REASON = 1000
"""Characters of a reason that are read."""

CHOICES = {"release": True, "send_back": False}
"""What the form's two buttons say."""


@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """List the batches that wait for a decision, the newest first, of the officer's organisation or of all."""
    after = request.GET.get("after", "")
    if after and not (after.isdecimal() and after.isascii()):
        raise Http404
    listed = held_batches(actor_of(request), after=int(after) if after else None)
    return render(request, "office/held.html", {"listed": listed, "later_page": bool(after)})


@require_POST
def decide(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Keep the decision and show the batch, which goes on its way at once."""
    actor = actor_of(request)
    actor.require(RELEASE)
    chosen = request.POST.get("decision", "")
    if chosen not in CHOICES:
        raise Http404
    reason = request.POST.get("reason", "")[:LONGEST_REASON]
    try:
        ReleaseBatch(actor, batch_id, release=CHOICES[chosen], reason=reason, now=system_now()).execute()
    except (NotFound, NotPermitted):
        raise
    except ChengxinError as error:
        return conflict(request, said(error))
    return redirect("batch", batch_id=batch_id)
