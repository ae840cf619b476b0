"""API clients, as those manage them who may: made with nothing, given keys and grants by two, taken from by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from chengxin.accounts.actions.clients import AddClientKey, GrantOperation, MakeApiClient, WithdrawFromClient
from chengxin.accounts.actor import MANAGE_CLIENTS
from chengxin.accounts.client_rows import client_row, client_rows
from chengxin.accounts.queries import organisation_by_code
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.ends.office.pages import actor_of, form_page, said
from chengxin.ends.office.people_forms import ReasonForm
from chengxin.ends.office.power_forms import ClientForm, ClientGrantForm, ClientKeyForm, TakeForm, end_of
from chengxin.ends.office.views import errors
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.actor import Actor


@require_safe
def clients(request: HttpRequest) -> HttpResponse:
    """List every client with what it may do and what it used today."""
    return render(request, "office/clients.html", {"rows": client_rows(actor_of(request), system_now())})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def new_client(request: HttpRequest) -> HttpResponse:
    """Make a client that may do nothing yet; where it has a token, show it this once."""
    actor, now = actor_of(request), system_now()
    actor.require(MANAGE_CLIENTS)
    form = ClientForm(legal_day(now), request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made, token = MakeApiClient(
                actor,
                given["name"],
                organisation_by_code(given["organisation"]),
                now,
                end_of(given["ends_on"]),
                given["allow_bearer"],
            ).execute()
        except NotFound as error:  # the organisation is a field of the form
            refused = said(error)
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
        else:
            if token:
                return render(request, "office/client_token.html", {"client": made, "token": token})
            return redirect("client", client_id=made.pk)
    return form_page(
        request,
        form,
        refused,
        title=_("新建接口调用方"),
        lead=_("新的调用方没有任何权限；公钥和授权由另一位经办人审批后才生效。"),
        button=_("新建调用方"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def client(request: HttpRequest, client_id: int) -> HttpResponse:
    """Show one client, and do or ask for what its forms say."""
    actor, now = actor_of(request), system_now()
    row = client_row(actor, client_id, now)
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    today = legal_day(now)

    def posted(name: str) -> Any:  # noqa: ANN401 - what a form takes
        return request.POST if asked == name else None

    forms = {
        "grant": ClientGrantForm(today, posted("grant"), prefix="grant"),
        "key": ClientKeyForm(today, posted("key"), prefix="key"),
        "take": TakeForm(row, posted("take"), prefix="take"),
        "close": ReasonForm(posted("close"), prefix="close"),
    }
    refused = ""
    if asked in forms and forms[asked].is_valid():
        try:
            return redirect(_do(actor, client_id, asked, forms[asked].cleaned_data, now))
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
    wrong = bool(refused) or (asked in forms and bool(forms[asked].errors))
    context = {"row": row, "forms": forms, "refused": refused}
    return render(request, "office/client.html", context, status=400 if wrong else 200)


def _do(actor: Actor, client_id: int, asked: str, given: dict[str, Any], now: datetime) -> str:
    """Do what needs one officer, ask for what needs two; return the address to go on to."""
    if asked == "grant":
        GrantOperation(
            actor,
            client_id,
            given["operation"],
            tuple(given["items"]),
            given["purposes"],
            given["per_minute"],
            given["per_day"],
            end_of(given["ends_on"]),
            now,
        ).ask(given["reason"])
        return reverse("approvals")
    if asked == "key":
        AddClientKey(actor, client_id, given["pem"], end_of(given["ends_on"]), now).ask(given["reason"])
        return reverse("approvals")
    kind, _sign, name = str(given.get("what", "")).partition(" ")
    WithdrawFromClient(
        actor,
        client_id,
        now,
        operation=name if kind == "operation" else "",
        key_id=name if kind == "key" else "",
        reason=given["reason"],
    ).execute()
    return reverse("client", args=[client_id])
