"""The city's organisations as a tree, who works where, and closing one or opening it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from chengxin.accounts.actions.organisations import CloseOrganisation, ReopenOrganisation
from chengxin.accounts.organisations import EXTERNAL, organisation_detail, organisation_tree
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.people_forms import ReasonForm
from chengxin.ends.office.views import errors

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Show the tree, and the external agencies beside it."""
    rows = organisation_tree(actor_of(request))
    outside = next((place for place, one in enumerate(rows) if not one.depth and one.kind == EXTERNAL), len(rows))
    context = {"inside": rows[:outside], "outside": rows[outside:]}
    return render(request, "office/organisations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    """Show one organisation; close it at once, or ask that it is opened again."""
    actor = actor_of(request)
    found = organisation_detail(actor, code)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        reason, now = form.cleaned_data["reason"], system_now()
        try:
            if request.POST.get("do") == "close":
                CloseOrganisation(actor, found.row.code, reason, now).execute()
                return redirect("organisation", code=found.row.code)
            ReopenOrganisation(actor, found.row.code, now).ask(reason)
            return redirect("approvals")
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
    context = {"found": found, "row": found.row, "form": form, "refused": refused, "own": code == actor.organisation}
    return render(request, "office/organisation.html", context, status=400 if refused or form.errors else 200)
