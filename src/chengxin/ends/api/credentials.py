"""Who sends a request: by its signature, by the certificate of its connection, or by a token where one is allowed."""

from __future__ import annotations

import hmac
import re
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chengxin.accounts.client_queries import Caller, caller_by_certificate, caller_by_key, caller_by_token
from chengxin.accounts.signatures import (
    ALGORITHMS,
    Message,
    NotRecognised,
    Presented,
    hashers,
    malformed,
    read_digests,
    read_signature,
    require_profile,
    require_time,
    signature_base,
    wrong_digest,
)
from chengxin.crypto.errors import WrongSignature
from chengxin.crypto.suite import suite_named
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.proxies import CERTIFICATE_HEADER, from_proxy

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

LONGEST_TOKEN = 200
"""Characters of a token worth looking up; ours have 43."""

_FINGERPRINT = re.compile(r"[0-9a-fA-F]{64}")
_PIECE = 1 << 20


@dataclass(frozen=True)
class Credentials:
    """Who sent the request and by which nonce, empty where nothing was signed."""

    caller: Caller
    nonce: str = ""

    @property
    def signed(self) -> bool:
        """Whether the request bears a signature, which covers its body too."""
        return bool(self.nonce)


def identify(request: HttpRequest, operation: str, now: datetime) -> Credentials:
    """Return who sent the request; nothing is written and the body is not read.

    A certificate and a signature in one request have to be of the same client. Raises ``NotRecognised`` with a code
    that names the reason.
    """
    certified = _by_certificate(request, operation, now)
    if "Signature" in request.headers or "Signature-Input" in request.headers:
        found = _by_signature(request, operation, now)
        if certified is not None and certified.client_id != found.caller.client_id:
            raise NotRecognised(
                "certificate_of_another",
                "连接所用证书不属于签名的调用方，请使用本单位的证书和私钥",
                "the connection's certificate is not of the client that signed: use your own certificate and key",
                where=CERTIFICATE_HEADER,
            )
        return found
    if certified is not None:
        return Credentials(certified)
    if "Authorization" in request.headers:
        return Credentials(_by_token(request, operation, now))
    raise NotRecognised(
        "signature_missing",
        "请求没有签名，请按接口说明签名后再发",
        "the request is not signed: sign it as the guide says",
        where="Signature",
    )


def require_body(request: HttpRequest) -> None:
    """Read the body of a signed request and raise ``NotRecognised`` (``digest_wrong``) unless it is the one signed.

    The body goes through the hashes piece by piece into a file of its own, from which Django then reads it: nothing is
    parsed before it is known to be authentic, and a large upload stays out of memory.
    """
    field = request.headers.get("Content-Digest", "")
    expected = read_digests(field)
    states = hashers(field)
    kept: Any = tempfile.TemporaryFile()  # noqa: SIM115 - read until the answer is given, then closed by the end
    request.kept_body = kept  # type: ignore[attr-defined]
    while piece := request.read(_PIECE):
        for state in states.values():
            state.update(piece)
        kept.write(piece)
    kept.seek(0)
    request._stream = kept  # noqa: SLF001 - Django offers no other way to hand a body on
    request._read_started = False  # type: ignore[attr-defined]  # noqa: SLF001 - the same
    if not all(hmac.compare_digest(state.digest(), expected[name]) for name, state in states.items()):
        raise wrong_digest()


def has_body(request: HttpRequest) -> bool:
    """Return whether the request says that it has a body."""
    return str(request.META.get("CONTENT_LENGTH") or "0") != "0"


def message_of(request: HttpRequest) -> Message:
    """Return the request as it was sent, before Django decoded its address."""
    raw = str(request.META.get("RAW_URI") or request.get_full_path())
    path, _, query = (raw if raw.startswith("/") else request.get_full_path()).partition("?")
    scheme = str(request.scheme)
    authority = request.get_host().lower().removesuffix(":443" if scheme == "https" else ":80")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Message(str(request.method), scheme, authority, path, query, headers)


def _by_signature(request: HttpRequest, operation: str, now: datetime) -> Credentials:
    presented = read_signature(request.headers.get("Signature-Input", ""), request.headers.get("Signature", ""))
    require_profile(presented, has_body=has_body(request))
    caller = caller_by_key(presented.text("keyid"), operation, now)
    if caller is None:
        raise _unknown_key("keyid")
    _require_fit(request, presented, caller)
    require_time(presented, now=int(now.timestamp()), window=load_limits().signature_window_seconds)
    return Credentials(_live(caller, "keyid"), presented.text("nonce"))


def _require_fit(request: HttpRequest, presented: Presented, caller: Caller) -> None:
    if presented.text("alg") not in {"", ALGORITHMS[caller.suite]}:
        raise malformed("alg")
    base = signature_base(message_of(request), presented.components, presented.parameters)
    try:
        suite_named(caller.suite).verify(caller.public_key, base, presented.value)
    except WrongSignature:
        raise NotRecognised(
            "signature_wrong",
            "签名与请求内容或登记的公钥不符：请核对地址、请求头、私钥和 SM2 标识",
            "the signature does not fit the request and the key on file: check address, headers, private key and, "
            "for SM2, its distinguishing identifier",
            where="Signature",
        ) from None


def _by_certificate(request: HttpRequest, operation: str, now: datetime) -> Caller | None:
    fingerprint = request.headers.get(CERTIFICATE_HEADER, "").strip()
    if not fingerprint:
        return None
    if not from_proxy(request):
        raise NotRecognised(
            "certificate_not_trusted",
            "证书信息只能由本市的代理服务器转交，请求不能自己声明",
            "only the city's own proxies pass a certificate on; a request cannot claim one",
            where=CERTIFICATE_HEADER,
        )
    known = _FINGERPRINT.fullmatch(fingerprint)
    caller = caller_by_certificate(fingerprint.lower(), operation, now) if known else None
    if caller is None:
        raise _unknown_key(CERTIFICATE_HEADER)
    return _live(caller, CERTIFICATE_HEADER)


def _by_token(request: HttpRequest, operation: str, now: datetime) -> Caller:
    kind, _, token = request.headers["Authorization"].partition(" ")
    usable = kind.lower() == "bearer" and 0 < len(token) <= LONGEST_TOKEN
    caller = caller_by_token(token, operation, now) if usable else None
    if caller is None or not caller.live:
        raise NotRecognised(
            "not_authenticated",
            "访问令牌无效，请核对令牌；正式接入请改用请求签名",
            "no live token: check it; in production, sign your requests",
            where="Authorization",
        )
    if not caller.allow_bearer:
        raise NotRecognised(
            "bearer_not_allowed",
            "该调用方须对请求签名，不能使用令牌",
            "this client has to sign its requests; its token is not accepted",
            where="Authorization",
        )
    return caller


def _live(caller: Caller, where: str) -> Caller:
    if not caller.key_live:
        raise NotRecognised(
            "key_ended",
            "该公钥或证书已到期或被收回，请联系信用中心登记新的",
            "the key or certificate has ended or was withdrawn: have a new one registered",
            where=where,
        )
    if not caller.live:
        raise NotRecognised(
            "client_ended",
            "该调用方已到期或被停用，请联系信用中心",
            "the client has ended or was withdrawn: ask the credit centre",
            where=where,
        )
    return caller


def _unknown_key(where: str) -> NotRecognised:
    return NotRecognised(
        "unknown_key",
        "平台没有登记这把公钥或证书，请核对 keyid 或联系信用中心",
        "this key or certificate is not on file: check keyid, or ask the credit centre",
        where=where,
    )
