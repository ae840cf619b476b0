"""Where an officer works: the network, and the browser with its system, as coarse as recognising one's own needs."""

from __future__ import annotations

import ipaddress
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

IPV4_BITS, IPV6_BITS = 24, 48
"""Bits of an address that name its network: an office's range, and what a provider gives one site (RFC 6177, 2)."""

LONGEST = 1000
"""Characters of a User-Agent that are looked at."""

Marks = tuple[tuple[str, str], ...]


def network_of(address: str) -> str:
    """Return the /24 or /48 of an address, or nothing for what is no address.

    >>> network_of("10.3.7.9"), network_of("::ffff:10.3.7.9"), network_of("2001:db8:1:2::3"), network_of("")
    ('10.3.7.0/24', '10.3.7.0/24', '2001:db8:1::/48', '')
    """
    found = read_address(address)
    if found is None:
        return ""
    bits = IPV4_BITS if isinstance(found, ipaddress.IPv4Address) else IPV6_BITS
    return str(ipaddress.ip_network((found, bits), strict=False))


def read_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address without its zone, an IPv4 address in IPv6's clothes as what it is, or None for no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return found if isinstance(found, ipaddress.IPv4Address) else found.ipv4_mapped or found


def words_of(agent: str) -> str:
    """Return what a person would call the browser and system of a User-Agent, as far as the marks know them.

    >>> words_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36")
    'Chrome · Windows'
    >>> words_of("curl/8")
    ''
    """
    read = agent[:LONGEST]
    named = (_first(read, marks) for marks in _marks())
    return " · ".join(name for name in named if name)


def words_of_request(request: HttpRequest) -> str:
    """Return what a person would call the browser that sent ``request``."""
    return words_of(str(request.headers.get("User-Agent", "")))


def _first(agent: str, marks: Marks) -> str:
    return next((name for mark, name in marks if mark in agent), "")


@cache
def _marks() -> tuple[Marks, Marks]:
    """Return the marks of browsers and of systems from ``browsers.yaml``."""
    text = (resources.files("chengxin.ends.office") / "browsers.yaml").read_text(encoding="utf-8")
    held = yaml.safe_load(text)
    return _pairs(held["browsers"]), _pairs(held["systems"])


def _pairs(rows: Sequence[Sequence[str]]) -> Marks:
    return tuple((str(mark), str(name)) for mark, name in rows)
