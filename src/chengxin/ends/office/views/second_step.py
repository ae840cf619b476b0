"""The second step of a log-in: a code, a recovery code or a passkey; and the log-in by passkey alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from chengxin.accounts.passkeys import PasskeyRefused, begin_using, use_passkey
from chengxin.accounts.second_factors import factors_of, use_recovery_code, use_totp
from chengxin.base.clock import system_now
from chengxin.ends.office.devices import known_device
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.log_in import (
    LogInRefused,
    SecondStep,
    client_address,
    count_attempt,
    forgive,
    refusal,
    working_officers,
)
from chengxin.ends.office.pages import said
from chengxin.ends.office.people_forms import CodeForm
from chengxin.ends.office.sessions import ask_passkey, begin_session, pending, site_of, take_question

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.models import Officer


@login_not_required
@sensitive_post_parameters("code", "passkey")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask the officer whose password was right for a second factor, and begin the session once it is right."""
    now = system_now()
    waiting = pending(request, now)
    if waiting is None:
        return redirect(settings.LOGIN_URL)
    form = CodeForm(request.POST if "code" in request.POST else None)
    refused, status = "", 200
    if request.method == "POST" and ("passkey" in request.POST or form.is_valid()):
        try:
            how = _look(request, waiting.officer, str(form.data.get("code", "")), now)
        except LogInRefused as error:
            refused, status = said(error), 429 if error.code == "log_in_locked" else 403
        else:
            begin_session(request, waiting.officer, now, how, strong=True)
            return redirect(waiting.wanted or settings.LOGIN_REDIRECT_URL)
    factors = factors_of(waiting.officer)
    question = None
    if factors.has("passkey"):
        question = ask_passkey(request, begin_using(site_of(request), waiting.officer), now)
    context = {"form": form, "refused": refused, "factors": factors, "question": question}
    return render(request, "office/second_step.html", context, status=status)


def _look(request: HttpRequest, officer: Officer, code: str, now: datetime) -> str:
    """Return how the officer came in; raise ``LogInRefused``."""
    how: list[str] = []

    def by_code() -> bool:
        if use_totp(officer, code, now, keyring()):
            how.append("totp")
        elif use_recovery_code(officer, code, now):
            how.append("recovery")
        return bool(how)

    def by_passkey() -> bool:
        state = take_question(request, now)
        try:
            found = use_passkey(site_of(request), state, request.POST["passkey"], now)
        except PasskeyRefused:
            return False
        how.append("passkey")
        return found.pk == officer.pk

    step = SecondStep(officer, client_address(request), now, known_device(request, officer.username, now))
    step.execute(by_passkey if "passkey" in request.POST else by_code)
    return how[-1]


@login_not_required
@sensitive_post_parameters("passkey")
@require_POST
def passkey_log_in(request: HttpRequest) -> HttpResponse:
    """Ask for any passkey of this site, or log in the officer whose passkey answered: it is two factors at once."""
    now, refused, status = system_now(), "", 200
    if "passkey" in request.POST:
        state, address = take_question(request, now), client_address(request)
        try:
            device = known_device(request, "", now)
            attempt = count_attempt("", address, now, device)
            try:
                found = use_passkey(site_of(request), state, request.POST["passkey"], now)
            except PasskeyRefused as error:
                raise refusal("second_factor_failed", None, address, now, device) from error
            officer = working_officers().filter(pk=found.pk).first()
            if officer is None:
                raise refusal("log_in_failed", found, address, now, device)
            forgive(attempt)
            begin_session(request, officer, now, "passkey", strong=True)
            return redirect(settings.LOGIN_REDIRECT_URL)
        except LogInRefused as error:
            refused, status = said(error), 429 if error.code == "log_in_locked" else 403
    question = ask_passkey(request, begin_using(site_of(request), None), now)
    context = {"question": question, "refused": refused}
    return render(request, "office/passkey_log_in.html", context, status=status)
