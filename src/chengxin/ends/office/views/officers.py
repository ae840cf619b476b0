"""Officers, as administrators manage them: made without duties, given duties by two, closed by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actions.grants import BindIdentity, GrantDuties, ResetLogIn
from chengxin.accounts.actions.officers import CloseOfficer, MakeOfficer, WithdrawDuties
from chengxin.accounts.actor import MANAGE_OFFICERS
from chengxin.accounts.officers import officer_row, officer_rows
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.ends.office.pages import actor_of, form_page, said
from chengxin.ends.office.people_forms import DutiesForm, IdentityForm, OfficerForm, ReasonForm
from chengxin.ends.office.views import errors

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.actor import Actor


@require_safe
def officers(request: HttpRequest) -> HttpResponse:
    """List every account."""
    actor_of(request).require(MANAGE_OFFICERS)
    return render(request, "office/officers.html", {"rows": officer_rows()})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("first")
def new_officer(request: HttpRequest) -> HttpResponse:
    """Make an account without duties and show its first password, this once."""
    actor = actor_of(request)
    actor.require(MANAGE_OFFICERS)
    form = OfficerForm(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            made, first = MakeOfficer(actor, now=system_now(), **form.cleaned_data).execute()
        except NotFound as error:  # the organisation is a field of the form
            refused = said(error)
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
        else:
            return render(request, "office/first_password.html", {"username": made.username, "first": first})
    return form_page(
        request,
        form,
        refused,
        title=_("新建经办人账号"),
        lead=_("新账号没有任何岗位；岗位由管理员申请、安全管理员审批后才生效。"),
        button=_("新建账号"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def officer(request: HttpRequest, username: str) -> HttpResponse:
    """Show one account, and do or ask for what its forms say."""
    actor = actor_of(request)
    row = officer_row(actor, username)
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    posted = request.POST if asked else None
    free = [role for role in load_matrix().duties if role not in row.roles]
    forms = {
        "grant": DutiesForm(free, posted if asked == "grant" else None, prefix="grant"),
        "withdraw": DutiesForm(row.roles, posted if asked == "withdraw" else None, prefix="withdraw"),
        "reset": ReasonForm(posted if asked == "reset" else None, prefix="reset"),
        "bind": IdentityForm(posted if asked == "bind" else None, prefix="bind"),
        "close": ReasonForm(posted if asked == "close" else None, prefix="close"),
    }
    refused = ""
    if asked in forms and forms[asked].is_valid():
        try:
            return redirect(_do(actor, username, asked, forms[asked].cleaned_data))
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
    wrong = bool(refused) or (asked in forms and bool(forms[asked].errors))
    context = {"row": row, "forms": forms, "refused": refused, "asked": asked}
    return render(request, "office/officer.html", context, status=400 if wrong else 200)


def _do(actor: Actor, username: str, asked: str, given: dict[str, object]) -> str:
    """Do what needs one officer, ask for what needs two; return the address to go on to."""
    now, reason = system_now(), str(given["reason"])
    roles = tuple(str(role) for role in given.get("roles", ()))  # type: ignore[attr-defined]
    if asked == "close":
        CloseOfficer(actor, username, reason, now).execute()
        return reverse("officer", args=[username])
    if asked == "withdraw":
        WithdrawDuties(actor, username, roles, reason, now).execute()
        return reverse("officer", args=[username])
    if asked == "grant":
        GrantDuties(actor, username, now, roles).ask(reason)
    elif asked == "bind":
        BindIdentity(actor, username, now, str(given["issuer"]), str(given["subject"])).ask(reason)
    else:
        ResetLogIn(actor, username, now).ask(reason)
    return reverse("approvals")
