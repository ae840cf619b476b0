"""HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530): the one profile that this API speaks.

One signature, without parameters on its components, over at least ``@method`` and the whole address (``@target-uri``,
or ``@authority`` with ``@path`` and ``@query``), with ``created``, ``expires``, ``nonce`` and ``keyid``; a request with
a body also covers ``content-type`` and ``content-digest``. What the profile leaves out is refused, not ignored, so a
header can be understood in one way only. Pure: no clock, no database, no settings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from hashlib import _Hash

LONGEST_FIELD = 4096
"""Characters of a Signature, Signature-Input or Content-Digest field that is read at all; ours have about 400."""

NONCE_LENGTH = (16, 64)
"""Characters of a nonce: 16 of base64 are 96 bits, enough that two never meet."""

ALGORITHMS = {"international": "ed25519", "national": "sm2-sm3"}
"""Suite -> ``alg``. ed25519 is RFC 9421's; SM2 with SM3 has no registered name, this one is ours."""

DIGESTS = {"sha-256": "sha256", "sha-512": "sha512"}
"""The algorithms RFC 9530 calls active, and their names in ``hashlib``."""

_LABEL = r"[a-z*][a-z0-9_.*-]{0,63}"
_TEXT = r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
_INPUT = re.compile(
    rf'(?P<label>{_LABEL})=\( *(?P<components>(?:"[^"\\]*"(?: +"[^"\\]*")*)?) *\)'
    rf"(?P<parameters>(?:; *{_LABEL}=(?:-?[0-9]{{1,15}}|{_TEXT}))*)"
)
_COMPONENT = re.compile(r'"([^"]*)"')
_PARAMETER = re.compile(rf"; *({_LABEL})=(-?[0-9]{{1,15}}|{_TEXT})")
_SIGNATURE = re.compile(rf"(?P<label>{_LABEL})=:(?P<value>[A-Za-z0-9+/]*={{0,2}}):")
_NAME = re.compile(r"@?[a-z][a-z0-9-]*")
_NONCE = re.compile(r"[A-Za-z0-9+/=_-]+")
_DIGEST = re.compile(r"([a-z0-9-]+)=:([A-Za-z0-9+/]*={0,2}):")


class NotRecognised(ChengxinError):
    """A request does not prove who sent it; ``code`` names the reason and is stable."""


@dataclass(frozen=True)
class Message:
    """A request as far as a signature can cover it; header names are lower case, ``query`` has no question mark."""

    method: str
    scheme: str
    authority: str
    path: str
    query: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def component(self, name: str) -> str:
        """Return the value of a component (RFC 9421 2.1 and 2.2); raise ``NotRecognised`` where there is none."""
        derived = {
            "@method": self.method,
            "@scheme": self.scheme,
            "@authority": self.authority,
            "@path": self.path,
            "@query": f"?{self.query}",
            "@request-target": self.path + (f"?{self.query}" if self.query else ""),
            "@target-uri": f"{self.scheme}://{self.authority}{self.path}" + (f"?{self.query}" if self.query else ""),
        }
        value = derived.get(name) if name.startswith("@") else self.headers.get(name)
        if value is None:
            raise malformed(name)
        value = value.strip(" \t")
        if not value.isascii() or not value.replace("\t", " ").isprintable():
            raise malformed(name)
        return value


@dataclass(frozen=True)
class Presented:
    """A signature as it came: what it says it covers, its parameters in their order, and its bytes."""

    label: str
    components: tuple[str, ...]
    parameters: tuple[tuple[str, int | str], ...]
    value: bytes

    def number(self, name: str) -> int | None:
        """Return a whole-number parameter, or None."""
        found = dict(self.parameters).get(name)
        return found if isinstance(found, int) else None

    def text(self, name: str) -> str:
        """Return a text parameter, or the empty text."""
        found = dict(self.parameters).get(name)
        return found if isinstance(found, str) else ""


def malformed(where: str) -> NotRecognised:
    """Return the refusal of a header that cannot be read or names what is not there."""
    return NotRecognised(
        "signature_malformed",
        "签名头写法不对，或签了请求里没有的部分；请对照接口说明“请求签名”一节",
        "a signature header cannot be read, or covers what the request does not have; see the guide on signing",
        where=where[:60],
    )


def read_signature(signature_input: str, signature: str) -> Presented:
    """Return the one signature in the two fields; raise ``NotRecognised`` (``signature_malformed``)."""
    if max(len(signature_input), len(signature)) > LONGEST_FIELD:
        raise malformed("Signature")
    described = _INPUT.fullmatch(signature_input.strip(" \t"))
    signed = _SIGNATURE.fullmatch(signature.strip(" \t"))
    if described is None:
        raise malformed("Signature-Input")
    if signed is None or signed["label"] != described["label"]:
        raise malformed("Signature")
    components = tuple(_COMPONENT.findall(described["components"]))
    names = [name for name, _ in _PARAMETER.findall(described["parameters"])]
    if len(set(components)) != len(components) or not all(_NAME.fullmatch(one) for one in components):
        raise malformed("Signature-Input")
    if len(set(names)) != len(names):
        raise malformed("Signature-Input")
    parameters = tuple((name, _bare(value)) for name, value in _PARAMETER.findall(described["parameters"]))
    return Presented(described["label"], components, parameters, _bytes(signed["value"], "Signature"))


def describe(components: tuple[str, ...], parameters: tuple[tuple[str, int | str], ...]) -> str:
    """Return ``@signature-params``: the inner list with its parameters, as RFC 9421 2.3 serialises it."""
    listed = " ".join(f'"{one}"' for one in components)
    return f"({listed})" + "".join(f";{name}={_shown(value)}" for name, value in parameters)


def signature_base(
    message: Message, components: tuple[str, ...], parameters: tuple[tuple[str, int | str], ...]
) -> bytes:
    """Return the bytes that are signed (RFC 9421 2.5); raise ``NotRecognised`` for a component that is not there."""
    lines = [f'"{name}": {message.component(name)}' for name in components]
    lines.append(f'"@signature-params": {describe(components, parameters)}')
    return "\n".join(lines).encode("ascii")


def require_profile(presented: Presented, *, has_body: bool) -> None:
    """Raise ``NotRecognised`` (``signature_incomplete``) unless the signature covers all that the profile asks."""
    covered = set(presented.components)
    wanted = {"@method"} | ({"content-type", "content-digest"} if has_body else set())
    missing = sorted(wanted - covered)
    if "@target-uri" not in covered and not {"@authority", "@path", "@query"} <= covered:
        missing.append("@target-uri")
    missing += [name for name in ("created", "expires") if presented.number(name) is None]
    missing += [name for name in ("nonce", "keyid") if not presented.text(name)]
    if missing:
        raise NotRecognised(
            "signature_incomplete",
            f"签名还应包含：{'、'.join(missing)}",
            f"the signature must also cover: {', '.join(missing)}",
            where="Signature-Input",
        )
    shortest, longest = NONCE_LENGTH
    nonce = presented.text("nonce")
    if not shortest <= len(nonce) <= longest or not _NONCE.fullmatch(nonce):
        raise malformed("nonce")


def require_time(presented: Presented, *, now: int, window: int) -> None:
    """Raise ``NotRecognised`` unless ``now`` (seconds since 1970) is within ``window`` of created, and not expired.

    ``signature_expired`` when its own end has passed, ``clock_skew`` when it was made too long ago or in the future:
    then one of the two clocks is wrong.
    """
    created, expires = presented.number("created") or 0, presented.number("expires") or 0
    if abs(now - created) > window:
        raise NotRecognised(
            "clock_skew",
            f"签名时间与平台时间相差 {abs(now - created)} 秒，超过 {window} 秒，请校准时钟后重新签名",
            f"the signature was made {abs(now - created)} s away from the platform's time, more than {window} s: "
            "set the clock and sign again",
            where="created",
        )
    if expires <= now or expires < created:
        raise NotRecognised(
            "signature_expired",
            "签名已过有效期，请重新签名后再发",
            "the signature has expired: sign the request again",
            where="expires",
        )


def read_digests(content_digest: str) -> dict[str, bytes]:
    """Return the digests this API knows of a Content-Digest field; raise ``NotRecognised`` when there is none."""
    members = [_DIGEST.fullmatch(one.strip(" \t")) for one in content_digest[: LONGEST_FIELD + 1].split(",")]
    found = {one[1]: _bytes(one[2], "Content-Digest") for one in members if one is not None and one[1] in DIGESTS}
    if len(content_digest) > LONGEST_FIELD or not all(members) or not found:
        raise wrong_digest()
    return found


def hashers(content_digest: str) -> dict[str, _Hash]:
    """Return an empty hash for each digest of the field; feed the body to all of them and compare in the end."""
    return {name: hashlib.new(DIGESTS[name]) for name in read_digests(content_digest)}


def wrong_digest() -> NotRecognised:
    """Return the refusal of a body that is not the one signed for."""
    return NotRecognised(
        "digest_wrong",
        "请求体与 Content-Digest 不符，内容在途中被改动或摘要算错，请重新计算并签名",
        "the body does not match Content-Digest: it was changed on the way, or the digest is wrong; sign it again",
        where="Content-Digest",
    )


def _bare(value: str) -> int | str:
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return int(value)


def _shown(value: int | str) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bytes(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise malformed(where) from None
