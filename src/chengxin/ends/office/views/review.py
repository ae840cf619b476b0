"""Assisted linking (人工辅助关联): the queue, one decision a request, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.catalogue import load_catalogue
from chengxin.ends.office.pages import actor_of, english, item_name
from chengxin.ends.office.review_show import causes, decided, states, tasks
from chengxin.ends.office.views.errors import conflict
from chengxin.records.actions.decide_link import AlreadyDecided, DecideLink, UndoLink
from chengxin.records.review_queries import (
    QueueFilter,
    decision_view,
    proposal,
    proposals,
    queue_counts,
    recent_decisions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from chengxin.records.review_queries import ProposalView

STATES = ("open", "deferred", "waiting", "decided")
"""States of the queue an officer can ask for."""

COUNTED = ("open", "deferred", "waiting")
"""States whose numbers stand above the queue."""

BY_SCRIPT = "fetch"
"""Value of X-Requested-With by which the page's own script asks; its answers are JSON."""


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show the queue: the first proposals are on the page, the rest follows while the officer works."""
    wanted = _filter(request)
    actor = actor_of(request)
    views, after = proposals(actor, wanted)
    _seen(request, views)
    context = {
        "tasks": tasks(views, system_now()),
        "after": after,
        "wanted": wanted,
        "counts": _counts(request),
        "states": [(one, states()[one]) for one in STATES],
        "recent": decided(recent_decisions(actor)),
        "items": [(one.key, item_name(one.key)) for one in load_catalogue().items if one.roles.document_number],
        "causes": causes().items(),
        "single": False,
    }
    return render(request, "office/links.html", context)


@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """Return the next proposals as a piece of the page; 204 when there are none left."""
    after = request.GET.get("after", "")
    if not (after.isascii() and after.isdecimal()):
        raise Http404
    views, onward = proposals(actor_of(request), _filter(request), after=int(after[:18]))
    if not views:
        return HttpResponse(status=204)
    _seen(request, views)
    context = {"tasks": tasks(views, system_now()), "after": onward}
    return render(request, "office/link_tasks.html", context)


@require_safe
def one(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Show one proposal with everything that was decided about it."""
    view = proposal(actor_of(request), proposal_id)
    _seen(request, [view])
    return render(request, "office/links.html", {"tasks": tasks([view], system_now()), "after": None, "single": True})


@require_POST
def decide(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Keep a decision and answer with what came of it; the page's script goes on to the next proposal by itself."""
    subject = request.POST.get("subject", "")
    revision = request.POST.get("revision", "")
    action = DecideLink(
        actor=actor_of(request),
        proposal_id=proposal_id,
        revision=int(revision[:9]) if revision.isascii() and revision.isdecimal() else 0,
        outcome=request.POST.get("outcome", ""),
        now=system_now(),
        subject_id=int(subject[:18]) if subject.isascii() and subject.isdecimal() else None,
        note=request.POST.get("note", "")[:500],
    )
    try:
        decision = action.execute()
    except (NotFound, NotPermitted):
        if not _by_script(request):
            raise
        return _refusal(request, proposal_id, _("不能办理：没有权限，或者该数据由您本人报送。"), 403)
    except ChengxinError as error:
        return _refused(request, proposal_id, error)
    return _done(request, proposal_id, decision.pk)


@require_POST
def undo(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take a decision back."""
    actor = actor_of(request)
    before = decision_view(actor, decision_id)
    reason = request.POST.get("reason", "").strip()[:500] or _("经办人当场撤回")
    try:
        UndoLink(actor, decision_id, reason, system_now()).execute()
    except (NotFound, NotPermitted):
        raise
    except ChengxinError as error:
        return _refused(request, before.proposal_id, error)
    return _done(request, before.proposal_id, decision_id)


def _counts(request: HttpRequest) -> dict[str, int]:
    counts = queue_counts(actor_of(request))
    return {state: counts.get(state, 0) for state in COUNTED}


def _done(request: HttpRequest, proposal_id: int, decision_id: int) -> HttpResponse:
    """Answer a decision that was kept: JSON for the script, the queue for a browser without one."""
    if not _by_script(request):
        return redirect("links")
    actor = actor_of(request)
    view = proposal(actor, proposal_id)
    told = decided([decision_view(actor, decision_id)])[0]
    return JsonResponse(
        {
            "decision": decision_id,
            "proposal": proposal_id,
            "state": view.state,
            "html": _task_part(request, view) if view.state == "open" else "",
            "counts": _counts(request),
            "recent": _part(request, "office/link_decided.html", {"one": told}),
            "said": _("已撤销：%(name)s") % {"name": told.view.name}
            if told.view.undone
            else f"{told.words}：{told.view.subject_name or told.view.name} {told.view.subject_uscc}".rstrip(),
        }
    )


def _refused(request: HttpRequest, proposal_id: int, error: ChengxinError) -> HttpResponse:
    """Answer a decision that was not kept: what happened, and the proposal as it stands now."""
    sentence = error.message_en if english() else error.message_zh
    return _refusal(request, proposal_id, sentence, 409 if isinstance(error, AlreadyDecided) else 422)


def _refusal(request: HttpRequest, proposal_id: int, sentence: str, status: int) -> HttpResponse:
    if not _by_script(request):
        return conflict(request, sentence)
    try:
        view = proposal(actor_of(request), proposal_id)
    except NotFound:
        return JsonResponse({"said": sentence, "html": "", "state": ""}, status=status)
    still = view.state in {"open", "deferred"}
    html = _task_part(request, view) if still else ""
    return JsonResponse({"said": sentence, "html": html, "state": view.state}, status=status)


def _task_part(request: HttpRequest, view: ProposalView) -> str:
    return _part(request, "office/link_task.html", {"task": tasks([view], system_now())[0]})


def _part(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    return render_to_string(template, context, request)


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == BY_SCRIPT


def _filter(request: HttpRequest) -> QueueFilter:
    """Return what of the queue the address asks for; what it does not know is not found."""
    state = request.GET.get("state", "open") or "open"
    item, cause = request.GET.get("item", ""), request.GET.get("cause", "")
    if state not in STATES or (cause and cause not in causes()):
        raise Http404
    return QueueFilter(text=request.GET.get("q", "")[:100], item=item, cause=cause, state=state)


def _seen(request: HttpRequest, views: Sequence[ProposalView]) -> None:
    """Put on file that the officer saw these proposals: one event for a page of them."""
    if not views:
        return
    actor = actor_of(request)
    with transaction.atomic():
        record_event(
            at=system_now(),
            actor=(actor.kind, actor.id, actor.organisation),
            action="link.viewed",
            object_kind="link_proposal",
            object_id=f"{views[0].id}-{views[-1].id}" if len(views) > 1 else str(views[0].id),
            detail={"proposals": len(views)},
        )
