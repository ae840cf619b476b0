"""Approvals: what waits for this officer's decision, what the officer asked for, and carrying out what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chengxin.accounts.actions.approvals import DecideApproval
from chengxin.accounts.officers import approval_row, approvals_asked_by, approvals_to_decide
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.ends.office.carrying import CARRIED_OUT_HERE, is_ready
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.people_forms import DecisionForm, IdentityDecisionForm
from chengxin.ends.office.views import errors
from chengxin.practitioners.actions.change_identity import KIND as PRACTITIONER
from chengxin.practitioners.actions.change_identity import ConfirmIdentity

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """List what waits for this officer and what this officer asked for."""
    actor, now = actor_of(request), system_now()
    context = {"waiting": approvals_to_decide(actor, now), "asked": approvals_asked_by(actor, now)}
    return render(request, "office/approvals.html", context)


@sensitive_post_parameters("new_name", "new_number")
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Show one approval with exactly what it allows, and decide on it."""
    actor, now = actor_of(request), system_now()
    row = approval_row(actor, approval_id, now)
    twice = row.object_kind == PRACTITIONER and row.content.get("act") == "change"
    shape = IdentityDecisionForm if twice else DecisionForm
    form = shape(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        agree = given["decision"] == "agree"
        decision = DecideApproval(actor, approval_id, agree, given["reason"], now)
        try:
            if twice and agree:
                named = given["new_name"], given["new_number"]
                ConfirmIdentity(actor, row.content, now, *named, keyring()).execute()
            decision.execute()
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
        else:
            return redirect("approvals")
    context = {
        "row": row,
        "form": form,
        "refused": refused,
        "twice": twice,
        "own": row.asked_by == actor.id,
        "carry_out": is_ready(row, actor),
    }
    return render(request, "office/approval.html", context, status=400 if refused or form.errors else 200)


@require_POST
@sensitive_variables("done")
def carry_out(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Do what was agreed, once, in the name of the officer who asked for it."""
    actor, now = actor_of(request), system_now()
    row = approval_row(actor, approval_id, now)
    if not is_ready(row, actor):
        raise NotFound("approval_not_ready", "这项审批不能在这里办理", "this approval cannot be carried out here")
    try:
        done = CARRIED_OUT_HERE[row.object_kind](row, actor, now)
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return errors.conflict(request, said(error))
    if done.first:
        return render(request, "office/first_password.html", {"username": row.object_id, "first": done.first})
    return redirect(done.onward)
