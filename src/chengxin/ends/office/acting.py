"""Every request of the office acts as its officer, in every transaction, whether its page thinks of it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.dateparse import parse_datetime

from chengxin.accounts.actor import officer_actor
from chengxin.base.clock import system_now
from chengxin.base.context import arriving, become
from chengxin.ends.office.sessions import BEGAN
from chengxin.operations.watching.decisions import Seen, age_class, recognise

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from chengxin.accounts.models import Officer


def officers_act(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Tell the database who acts: the officer logged in, or somebody who has just arrived.

    It stands right behind the middleware that finds the officer of the session; what comes before it reads sessions
    and accounts only.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with arriving():
            if request.user.is_authenticated:
                officer = cast("Officer", request.user)
                actor = officer_actor(officer)
                become(actor.kind, actor.id, officer.organisation_id, everywhere=actor.everywhere)
                began = parse_datetime(str(request.session.get(BEGAN, "")))
                age = age_class(system_now() - began) if began else ""
                recognise(request, Seen(actor.kind, actor.id, actor.organisation, age))
            return get_response(request)

    return middleware
