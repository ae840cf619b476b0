"""Browsers and networks are named as coarsely as recognising one's own needs."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.office.whereabouts import network_of, read_address, words_of


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/149.0 Safari/537.36 Edg/149.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15", "Safari · macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) MicroMessenger/8.0 Safari/604.1", "微信 · iOS"),
        ("Mozilla/5.0 (X11; UOS; Linux x86_64) Gecko/20100101 Firefox/150.0", "Firefox · UOS"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/149.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("x" * 5000 + "Chrome/1", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent: str, words: str) -> None:
    assert words_of(agent) == words


@given(st.integers(1, 999), st.integers(1, 999))
def test_a_browser_that_was_brought_up_to_date_is_the_same(before: int, after: int) -> None:
    said = [words_of(f"Mozilla/5.0 (Windows NT 10.0) Chrome/{number}.0 Safari/537.36") for number in (before, after)]
    assert said[0] == said[1] == "Chrome · Windows"


@given(st.ip_addresses())
def test_an_address_is_in_its_network_and_the_network_hides_which(address: object) -> None:
    network = ipaddress.ip_network(network_of(str(address)))
    assert read_address(str(address)) in network
    assert network.num_addresses >= 256


@given(st.ip_addresses(v=4))
def test_an_address_is_the_same_whichever_way_it_is_written(address: object) -> None:
    assert network_of(f"::ffff:{address}") == network_of(str(address))


@given(st.text(max_size=30))
def test_whatever_stands_there_is_an_address_or_nothing(text: str) -> None:
    assert (network_of(text) == "") == (read_address(text) is None)


def test_a_zone_does_not_matter() -> None:
    assert network_of("fe80::1%eth0") == "fe80::/48"
