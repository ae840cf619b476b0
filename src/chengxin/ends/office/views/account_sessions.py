"""An officer's own sessions and devices: ended and removed by the officer, after a recent log-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from chengxin.accounts.actions.own_account import EndSessions
from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.base.errors import NotFound
from chengxin.ends.office.devices import remove_device
from chengxin.ends.office.doubt import freshly_logged_in
from chengxin.ends.office.models import OfficeSession
from chengxin.ends.office.pages import officer_of
from chengxin.ends.office.sessions import DEVICE, SITTING

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


@require_POST
@freshly_logged_in
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of the officer, this one too."""
    officer = officer_of(request)
    with transaction.atomic():
        EndSessions(officer, system_now()).execute()
        OfficeSession.objects.filter(officer=officer).delete()
    logout(request)
    return redirect(settings.LOGIN_URL)


@require_POST
@freshly_logged_in
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of the officer but this one."""
    others = OfficeSession.objects.filter(officer=officer_of(request)).exclude(session_key=request.session.session_key)
    _end(request, others)
    return redirect("account")


@require_POST
@freshly_logged_in
def end_session(request: HttpRequest, sitting: str) -> HttpResponse:
    """End one session of the officer, by its name on the account page; this one means to log out."""
    if not _end(request, OfficeSession.objects.filter(officer=officer_of(request), sitting=sitting)):
        raise NotFound("unknown_session", "没有这次登录，或已经结束", "there is no such session, or it has ended")
    return _onward(request, here=sitting == request.session.get(SITTING))


@require_POST
@freshly_logged_in
def remove(request: HttpRequest, device_id: int) -> HttpResponse:
    """Forget one of the officer's devices; its sessions end."""
    if not remove_device(officer_of(request), device_id, system_now()):
        raise NotFound("unknown_device", "没有这台设备", "there is no such device")
    return _onward(request, here=device_id == request.session.get(DEVICE))


def _end(request: HttpRequest, sessions: QuerySet[OfficeSession]) -> int:
    """End ``sessions`` of the officer, on file; return how many there were."""
    officer = officer_of(request)
    with transaction.atomic():
        ended, _kinds = sessions.delete()
        if ended:
            record_event(
                at=system_now(),
                actor=("officer", officer.username, officer.organisation.code),
                action="officer.sessions_ended",
                object_kind="officer",
                object_id=officer.username,
                detail={"count": ended},
            )
    return ended


def _onward(request: HttpRequest, *, here: bool) -> HttpResponse:
    """Go back to the account, or to the log-in when this session is what ended (``here``)."""
    if not here:
        return redirect("account")
    logout(request)
    return redirect(settings.LOGIN_URL)
