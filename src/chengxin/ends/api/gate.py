"""The gate of every operation: a live token, the operation's grant, the right kind of body of a bearable size."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ninja.security import HttpBearer

from chengxin.accounts.actor import Actor, client_actor
from chengxin.accounts.queries import client_by_token
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.ends.api.limits import load_limits

if TYPE_CHECKING:
    from django.http import HttpRequest

JSON = "application/json"
MULTIPART = "multipart/form-data"
LONGEST_TOKEN = 200
"""Characters of a token worth looking up; ours have 43."""


class WrongMediaType(ChengxinError):
    """A body of another kind than the operation reads."""


class BodyTooLarge(ChengxinError):
    """A body larger than the operation reads."""


class ClientToken(HttpBearer):
    """Lets a client in that holds a live token and the grant of ``operation``; the request's ``auth`` is the actor.

    Raises ``NotPermitted``, ``WrongMediaType`` and ``BodyTooLarge``, in this order and before the body is read.
    """

    def __init__(self, operation: str, accepts: str = "") -> None:
        super().__init__()
        self.operation = operation
        self.accepts = accepts

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return who acts, or None for a token nobody holds."""
        if not token or len(token) > LONGEST_TOKEN:
            return None
        client = client_by_token(token, system_now())
        if client is None:
            return None
        actor = client_actor(client)
        actor.require(self.operation)
        self._check_body(request)
        return actor

    def _check_body(self, request: HttpRequest) -> None:
        if not self.accepts:
            return
        if request.content_type != self.accepts:
            raise WrongMediaType(
                "wrong_media_type",
                f"请求体应为 {self.accepts}",
                f"the body must be {self.accepts}",
                where="Content-Type",
            )
        largest = load_limits().upload_bytes if self.accepts == MULTIPART else load_limits().json_bytes
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > largest:
            raise BodyTooLarge(
                "too_large",
                f"请求体超过 {largest} 字节，请拆分后再提交",
                f"the body is larger than {largest} bytes: split it",
                where="Content-Length",
            )


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in a request that passed the gate."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]
