"""Where a request comes from. What a sender claims about itself counts only when a proxy of the city says so.

``CHENGXIN_PROXY_ADDRESSES`` lists the addresses and networks of the city's own proxies (``10.0.0.7, 10.1.0.0/24``);
without it ``X-Forwarded-For`` and the header with a client's certificate are never believed.
"""

from __future__ import annotations

import os
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from django.http import HttpRequest

Network: TypeAlias = "IPv4Network | IPv6Network"

SETTING = "CHENGXIN_PROXY_ADDRESSES"
CERTIFICATE_HEADER = "X-Client-Cert-SHA256"
"""Header in which a proxy that ended mutual TLS passes on the client certificate's SHA-256, 64 hexadecimal digits.

The proxy has to replace it in every request, so that no sender can write it.
"""

_SEEN_AS = {4: 24, 6: 48}
"""Bits of an address that are kept in events: enough to see an attack, not a person."""

_COUNTED_AS = {4: 32, 6: 64}
"""Bits of an address that count as one sender: a whole /64 usually belongs to one."""


def proxies() -> tuple[Network, ...]:
    """Return the networks of the city's proxies; raise ``ChengxinError`` for a setting that cannot be read."""
    return _networks(os.environ.get(SETTING, ""))


@cache
def _networks(setting: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one.strip()) for one in setting.split(",") if one.strip())
    except ValueError:
        raise ChengxinError(
            "setting_wrong",
            f"设置 {SETTING} 应为以逗号分隔的 IP 地址或网段",
            f"the setting {SETTING} must be IP addresses or networks, separated by commas",
            where=SETTING,
        ) from None


def from_proxy(request: HttpRequest) -> bool:
    """Return whether one of the city's proxies passed the request on."""
    return _is_proxy(str(request.META.get("REMOTE_ADDR", "")))


def client_address(request: HttpRequest) -> str:
    """Return the address the request comes from: the last one in the chain that is no proxy of the city."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    passed = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",") if one.strip()]
    while passed and _is_proxy(address):
        address = passed.pop()
    return address


def sender(address: str) -> str:
    """Return what counts as one sender: an IPv4 address, or an IPv6 network of 64 bits."""
    return _network(address, _COUNTED_AS)


def network_seen(address: str) -> str:
    """Return the network of an address as it goes on file: 24 bits of IPv4, 48 of IPv6; empty for what is none."""
    return _network(address, _SEEN_AS)


def _is_proxy(address: str) -> bool:
    try:
        return any(ip_address(address) in network for network in proxies())
    except ValueError:
        return False


def _network(address: str, bits: dict[int, int]) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((found, bits[found.version]), strict=False))
