"""The gate of every operation: who sends it, whether it was granted, the right kind of body, some of the quota left.

In this order, and nothing of the operation happens before the last of them. A refusal leaves an audit event
(``problems.answer`` writes it) and nothing else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from ninja.security.base import AuthBase

from chengxin.accounts.client_queries import Caller, Grant, count_use
from chengxin.accounts.signatures import NotRecognised
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.ends.api.acting import act_as
from chengxin.ends.api.credentials import Credentials, has_body, identify, require_body
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.rates import headers_of, too_many
from chengxin.operations.watching.decisions import Seen, recognise

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from chengxin.accounts.actor import Actor

JSON = "application/json"
MULTIPART = "multipart/form-data"


class WrongMediaType(ChengxinError):
    """A body of another kind than the operation reads."""


class BodyTooLarge(ChengxinError):
    """A body larger than the operation reads."""


class ClientGate(AuthBase):
    """Lets a client in that proves who it is and holds the grant of ``operation``; the request's ``auth`` is the actor.

    Raises ``NotRecognised``, ``NotPermitted``, ``WrongMediaType``, ``BodyTooLarge``, ``NotRecognised`` for the body's
    digest, ``TooManyRequests`` and ``NotRecognised`` for a replay, in this order.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, operation: str, accepts: str = "") -> None:
        super().__init__()
        self.operation = operation
        self.accepts = accepts

    def __call__(self, request: HttpRequest) -> Actor:
        """Return who acts."""
        now = system_now()
        request.wanted = self.operation  # type: ignore[attr-defined]
        sent = identify(request, self.operation, now)
        request.caller = sent.caller  # type: ignore[attr-defined]
        act_as(sent.caller)
        recognise(request, Seen("client", str(sent.caller.client_id), sent.caller.organisation))
        grant = self._granted(sent.caller)
        self._check_body(request)
        self._admit(request, sent, grant, now)
        return sent.caller.actor()

    def _granted(self, caller: Caller) -> Grant:
        caller.actor().require(self.operation)
        if caller.grant is None:
            raise NotPermitted(
                "operation_not_granted",
                f"没有“{self.operation}”的权限，请联系信用中心开通",
                f"the operation {self.operation} is not granted; ask the credit centre",
            )
        return caller.grant

    def _admit(self, request: HttpRequest, sent: Credentials, grant: Grant, now: datetime) -> None:
        """Check the signed body, count the request and remember its nonce."""
        if sent.signed and has_body(request):
            require_body(request)
        use = count_use(
            grant,
            now,
            key_pk=sent.caller.key_pk if sent.signed else None,
            nonce=sent.nonce,
            kept=timedelta(seconds=load_limits().nonce_kept_seconds),
        )
        if use.replayed:
            raise NotRecognised(
                "replayed",
                "这个请求已经收到过（nonce 重复），没有再次办理；如需重发，请换新的 nonce 重新签名",
                "this very request was received before (its nonce is used) and nothing was done again: to send it "
                "once more, sign it with a new nonce",
                where="nonce",
            )
        request.admitted = not use.over  # type: ignore[attr-defined]
        request.rate_headers = headers_of(use, grant.per_minute, grant.per_day)  # type: ignore[attr-defined]
        if use.over:
            raise too_many(use.wait)

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


def grant_of(request: HttpRequest) -> Grant:
    """Return the grant by which a request passed the gate: ask it about items and purposes."""
    return cast("Grant", request.caller.grant)  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in a request that passed the gate."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]
