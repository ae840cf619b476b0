"""Every request of the API acts as its client, in every transaction, once the gate has found out which that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.base.context import arriving, become

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from chengxin.accounts.client_queries import Caller


def clients_act(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let every request begin as somebody who has just arrived: clients and their keys can be looked up, no more."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with arriving():
            return get_response(request)

    return middleware


def act_as(caller: Caller) -> None:
    """Go on as ``caller`` to the end of the request. The gate calls it as soon as the client is proved, not before."""
    become("client", str(caller.client_id), caller.organisation_pk)
