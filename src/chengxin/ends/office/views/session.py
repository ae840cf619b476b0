"""Log in, log out, choose the language, and the health check: the only pages without a log-in before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import connection, transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chengxin.accounts.second_factors import factors_of
from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.ends.office.devices import known_device
from chengxin.ends.office.forms import LogInForm
from chengxin.ends.office.log_in import LogIn, LogInRefused, client_address
from chengxin.ends.office.outside import outside_provider
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.sessions import begin_pending, begin_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

AGAIN: Mapping[str, _StrPromise] = {
    "1": _("修改登录方式前请重新登录。"),
    "network": _("您的网络在登录后变了，办理这项业务前请重新登录，再次完成第二步验证。"),
    "browser": _("您的浏览器在登录后变了，办理这项业务前请重新登录，再次完成第二步验证。"),
    "device": _("这台设备是新设备，办理这项业务前请重新登录，再次完成第二步验证。"),
}
"""Why somebody who was logged in is asked to log in once more."""


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or look at the password and go on: to the second factor, or where the officer wanted to go."""
    wanted = str(request.POST.get("next") or request.GET.get("next") or "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = ""
    if request.user.is_authenticated and request.method != "POST":
        return redirect(wanted or settings.LOGIN_REDIRECT_URL)
    form = LogInForm(request.POST if request.method == "POST" else None)
    refused, status = "", 200
    if request.method == "POST" and form.is_valid():
        now = system_now()
        try:
            username = form.cleaned_data["username"]
            device = known_device(request, username, now)
            officer = LogIn(username, form.cleaned_data["password"], client_address(request), now, device).execute()
        except LogInRefused as error:
            status = 429 if error.code == "log_in_locked" else 403
            refused = said(error)
        else:
            if factors_of(officer).listed:
                begin_pending(request, officer, now, wanted)
                return redirect("second_step")
            begin_session(request, officer, now, "password", strong=False)
            return redirect(wanted or settings.LOGIN_REDIRECT_URL)
    context = {
        "form": form,
        "refused": refused,
        "next": wanted,
        "ended": "ended" in request.GET,
        "again": AGAIN.get(request.GET.get("again", "")),
        "outside": outside_provider(),
    }
    return render(request, "office/log_in.html", context, status=status)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session, on file."""
    actor = actor_of(request)
    with transaction.atomic():
        record_event(
            at=system_now(),
            actor=(actor.kind, actor.id, actor.organisation),
            action="officer.logged_out",
            object_kind="officer",
            object_id=actor.id,
        )
        logout(request)
    response = redirect(settings.LOGIN_URL)
    response["Clear-Site-Data"] = '"cache", "storage"'  # cookies end with the session; OWASP ASVS 5.0, 14.3.1
    return response


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language chosen and go back to the page it was chosen on."""
    back = str(request.POST.get("next", ""))
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    chosen = str(request.POST.get("language", ""))
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Strict",
        )
    return response


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django hands it in
    """Say whether the process and its database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")
