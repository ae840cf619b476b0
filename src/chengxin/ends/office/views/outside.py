"""Leave for the city's identity provider, and come back.

The session's cookie is not sent along when another site leads back here, so what was asked is kept in a signed cookie
of its own, and the page after it goes on by itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from chengxin.accounts.second_factors import factors_of
from chengxin.base.clock import system_now
from chengxin.base.errors import NotFound
from chengxin.ends.office.log_in import client_address, refusal
from chengxin.ends.office.outside import ASKING, Exchange, OutsideRefused, Provider, Question, outside_provider
from chengxin.ends.office.pages import said
from chengxin.ends.office.sessions import begin_pending, begin_session

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SALT = "chengxin.office.outside"


@login_not_required
@require_safe
def leave(request: HttpRequest) -> HttpResponse:
    """Send the officer to the provider."""
    provider, question = _provider(), Question.new(system_now())
    try:
        address = Exchange(provider, question, _back(request)).leave()
    except OutsideRefused as error:
        return _page(request, said(error), "", 503)
    response = _page(request, "", address, 200)
    response.set_cookie(
        _cookie(),
        signing.dumps(asdict(question), salt=SALT),
        max_age=int(ASKING.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@login_not_required
@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Begin the session of the officer the provider vouches for."""
    provider, now = _provider(), system_now()
    try:
        held = signing.loads(request.COOKIES.get(_cookie(), ""), salt=SALT, max_age=ASKING)
        question = Question(**held)
    except signing.BadSignature:
        question = Question.new(now)
    try:
        officer, strong = Exchange(provider, question, _back(request)).come_back(
            request.GET.get("state", ""), request.GET.get("code", ""), now
        )
    except OutsideRefused as error:
        refusal(error.code, None, client_address(request), now)
        response = _page(request, said(error), "", 403)
    else:
        if factors_of(officer).listed and not strong:
            begin_pending(request, officer, now, "")
            response = _page(request, "", reverse("second_step"), 200)
        else:
            begin_session(request, officer, now, "outside", strong=strong)
            response = _page(request, "", reverse("desk"), 200)
    response.delete_cookie(_cookie(), samesite="Lax")
    return response


def _cookie() -> str:
    """Return the cookie's name; over TLS it is bound to this host."""
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}chengxin-outside"


def _provider() -> Provider:
    found = outside_provider()
    if found is None:
        raise NotFound("no_provider", "没有设置统一身份认证", "no identity provider is set")
    return found


def _back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("outside_back"))


def _page(request: HttpRequest, refused: str, onward: str, status: int) -> HttpResponse:
    return render(request, "office/outside.html", {"refused": refused, "onward": onward}, status=status)
