"""An officer's own account: password, second factors, recovery codes."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import qrcode  # type: ignore[import-untyped]
from django.conf import settings
from django.contrib.auth import logout, update_session_auth_hash
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from qrcode.image.svg import SvgPathImage  # type: ignore[import-untyped]

from chengxin.accounts.actions.own_account import ChangePassword
from chengxin.accounts.passkeys import add_passkey as save_passkey
from chengxin.accounts.passkeys import begin_adding
from chengxin.accounts.second_factors import (
    add_totp as save_totp,
)
from chengxin.accounts.second_factors import (
    factors_of,
    make_recovery_codes,
    new_totp_secret,
    remove_factor,
    totp_address,
    totp_text,
)
from chengxin.base.city import load_city
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.crypto import context_of
from chengxin.ends.office.access import second_factor_required
from chengxin.ends.office.devices import devices_of, known_device
from chengxin.ends.office.doubt import freshly_logged_in
from chengxin.ends.office.forms import LogInForm
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.log_in import LogInRefused, OwnPassword, client_address
from chengxin.ends.office.pages import form_page, officer_of, said
from chengxin.ends.office.people_forms import CodeForm, PasskeyForm, PasswordForm
from chengxin.ends.office.sessions import (
    DEVICE,
    EPOCH,
    STRONG,
    ask_passkey,
    notice_of,
    site_of,
    sittings_of,
    take_question,
)
from chengxin.ends.office.views import errors

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.models import Officer

SETTING_UP = "totp"
"""Key of a session: the sealed key of an authenticator app that is being set up."""


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show the officer's own account; where a second factor is missing, it says so and leads to one."""
    return _account_page(request, "")


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the officer's own password; other sessions of the officer end, and every device is forgotten."""
    officer = officer_of(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        given, now = form.cleaned_data, system_now()
        change = ChangePassword(officer, given["old"], given["new"], now)
        device = known_device(request, officer.username, now)
        try:
            changed = OwnPassword(officer, client_address(request), now, device).execute(change.execute)
        except LogInRefused as error:
            logout(request)  # five wrong passwords: whoever sits here is asked who it is
            return render(request, "office/log_in.html", {"form": LogInForm(), "refused": said(error)}, status=429)
        except errors.PASSED_ON:
            raise
        except ChengxinError as error:
            refused = said(error)
        else:
            update_session_auth_hash(request, changed)
            request.session[EPOCH] = changed.session_epoch
            request.session.pop(DEVICE, None)  # every device was forgotten; this one is new with the next request
            return redirect("account")
    return form_page(
        request,
        form,
        refused,
        title=_("修改密码"),
        lead=_("首次登录或密码由他人设置时，须先改成自己的密码。") if officer.must_change_password else "",
        button=_("修改密码"),
    )


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@freshly_logged_in
def add_totp(request: HttpRequest) -> HttpResponse:
    """Set an authenticator app up: show its key as a QR code, and keep it once the app's code is right."""
    officer = officer_of(request)
    secret = _secret_being_set_up(request, officer)
    form = CodeForm(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            save_totp(officer, secret, form.cleaned_data["code"], system_now(), keyring())
        except ChengxinError as error:
            refused = said(error)
        else:
            del request.session[SETTING_UP]
            return _enrolled(request, officer)
    issuer = load_city(settings.CITY).wording.site_name
    context = {
        "form": form,
        "refused": refused,
        "picture": _picture(totp_address(secret, officer.username, issuer)),
        "text": totp_text(secret),
    }
    return render(request, "office/totp.html", context, status=400 if refused or form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@freshly_logged_in
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Register a passkey of the officer's device."""
    officer, now = officer_of(request), system_now()
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        state = take_question(request, now)
        try:
            save_passkey(site_of(request), officer, state, given["passkey"], given["name"], now)
        except ChengxinError as error:
            refused = said(error)
        else:
            return _enrolled(request, officer)
    question = ask_passkey(request, begin_adding(site_of(request), officer), now)
    context = {"form": form, "refused": refused, "question": question}
    return render(request, "office/passkey.html", context, status=400 if refused or form.errors else 200)


@require_POST
@freshly_logged_in
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them this once."""
    officer = officer_of(request)
    if not factors_of(officer).listed:
        return redirect("account")
    return render(request, "office/recovery_codes.html", {"codes": make_recovery_codes(officer, system_now())})


@require_POST
@freshly_logged_in
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Take one of the officer's own second factors away."""
    try:
        remove_factor(officer_of(request), factor_id, system_now(), needed=second_factor_required())
    except ChengxinError as error:
        return _account_page(request, said(error))
    return redirect("account")


def _account_page(request: HttpRequest, refused: str) -> HttpResponse:
    """Return the account page, with what was ``refused`` on it: status 400 then."""
    officer, now = officer_of(request), system_now()
    factors = factors_of(officer)
    context = {
        "factors": factors,
        "missing": second_factor_required() and not request.session.get(STRONG),
        "few_codes": bool(factors.listed) and not factors.recovery_left,
        "refused": refused,
        "sittings": sittings_of(request, officer, now),
        "devices": devices_of(officer, request.session.get(DEVICE), now),
        "log_ins": notice_of(request, now),
    }
    return render(request, "office/account.html", context, status=400 if refused else 200)


def _enrolled(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Go on after a factor was set up: with the first one come recovery codes, shown this once."""
    request.session[STRONG] = True
    request.session.cycle_key()
    if factors_of(officer).recovery_left:
        return redirect("account")
    return render(request, "office/recovery_codes.html", {"codes": make_recovery_codes(officer, system_now())})


def _secret_being_set_up(request: HttpRequest, officer: Officer) -> bytes:
    """Return the key being set up, kept in the session under seal, or a new one."""
    context = context_of("session", SETTING_UP, str(officer.pk))
    held = request.session.get(SETTING_UP)
    if held and request.method == "POST":
        return keyring().open("mfa", base64.b64decode(held), context)
    secret = new_totp_secret()
    request.session[SETTING_UP] = base64.b64encode(keyring().seal("mfa", secret, context)).decode()
    return secret


def _picture(address: str) -> str:
    """Return the QR code of ``address`` as the address of a picture."""
    out = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage).save(out)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
