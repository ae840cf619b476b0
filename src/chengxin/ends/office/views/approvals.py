"""Approvals: what waits for this officer's decision, what the officer asked for, and carrying out what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chengxin.accounts.actions.approvals import DecideApproval
from chengxin.accounts.actions.grants import BindIdentity, GrantDuties, ResetLogIn
from chengxin.accounts.actor import GRANT_DUTIES
from chengxin.accounts.officers import approval_row, approvals_asked_by, approvals_to_decide
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.people_forms import DecisionForm
from chengxin.ends.office.views import errors

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.officers import ApprovalRow

CARRIED_OUT_HERE = {GrantDuties.kind, ResetLogIn.kind, BindIdentity.kind}
"""Kinds of objects whose agreed approvals the asker carries out on this page; others are used where they belong."""


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """List what waits for this officer and what this officer asked for."""
    actor, now = actor_of(request), system_now()
    context = {"waiting": approvals_to_decide(actor, now), "asked": approvals_asked_by(actor, now)}
    return render(request, "office/approvals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Show one approval with exactly what it allows, and decide on it."""
    actor, now = actor_of(request), system_now()
    row = approval_row(actor, approval_id, now)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        agree = form.cleaned_data["decision"] == "agree"
        try:
            DecideApproval(actor, approval_id, agree, form.cleaned_data["reason"], now).execute()
        except (NotPermitted, NotFound):
            raise
        except ChengxinError as error:
            refused = said(error)
        else:
            return redirect("approvals")
    context = {
        "row": row,
        "form": form,
        "refused": refused,
        "own": row.asked_by == actor.id,
        "carry_out": _is_ready(row, actor),
    }
    return render(request, "office/approval.html", context, status=400 if refused or form.errors else 200)


@require_POST
@sensitive_variables("first")
def carry_out(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Do what was agreed, once, in the name of the officer who asked for it."""
    actor, now = actor_of(request), system_now()
    row = approval_row(actor, approval_id, now)
    if not _is_ready(row, actor):
        raise NotFound("approval_not_ready", "这项审批不能在这里办理", "this approval cannot be carried out here")
    try:
        first = _do(row, actor, now)
    except (NotPermitted, NotFound):
        raise
    except ChengxinError as error:
        return errors.conflict(request, said(error))
    if first:
        return render(request, "office/first_password.html", {"username": row.object_id, "first": first})
    return redirect("officer", username=row.object_id)


def _is_ready(row: ApprovalRow, actor: Actor) -> bool:
    mine = row.asked_by == actor.id and row.operation == GRANT_DUTIES
    return mine and row.state == "agreed" and row.object_kind in CARRIED_OUT_HERE


def _do(row: ApprovalRow, actor: Actor, now: datetime) -> str:
    """Do it; return a first password to show, or nothing."""
    username = row.object_id
    if row.object_kind == ResetLogIn.kind:
        return ResetLogIn(actor, username, now).execute()[1]
    if row.object_kind == GrantDuties.kind:
        GrantDuties(actor, username, now, tuple(row.content["roles"])).execute()
    else:
        BindIdentity(actor, username, now, row.content["issuer"], row.content["subject"]).execute()
    return ""
