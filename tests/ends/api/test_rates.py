"""Limits by grant and by address: counted, told, and not got round by a header somebody writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts.actor import CHECK, OPERATIONS, READ_BATCHES
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError
from chengxin.ends.api.limits import load_limits
from chengxin.ends.api.proxies import SETTING, client_address, from_proxy, network_seen, proxies, sender
from chengxin.ends.api.rates import Counts
from chengxin.testing.making import NOW, make_client

if TYPE_CHECKING:
    from chengxin.accounts.models import Organisation


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_NOW", NOW.replace(second=15).isoformat())


def _limits(monkeypatch: pytest.MonkeyPatch, api: Any, tmp_path: Any, **changed: int) -> Any:
    """Return a new browser for an end with these limits."""
    import dataclasses  # noqa: PLC0415

    import yaml  # noqa: PLC0415

    path = tmp_path / "limits.yaml"
    path.write_text(yaml.safe_dump(dataclasses.asdict(load_limits()) | changed), encoding="utf-8")
    monkeypatch.setenv("CHENGXIN_API_LIMITS", str(path))
    load_limits.cache_clear()
    return type(api)()


@pytest.fixture(autouse=True)
def _forget() -> Any:
    yield
    load_limits.cache_clear()


def test_a_grant_is_used_up_and_says_when_to_come_back(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, READ_BATCHES, per_minute=2)
    left = [api.get("/batches/1", token)["RateLimit"] for _ in range(2)]
    assert [one.partition(";t=")[0] for one in left] == ['"minute";r=1', '"minute";r=0']
    over = api.get("/batches/1", token)
    assert (over.status_code, over.json()["code"], over["Retry-After"]) == (429, "too_many_requests", "45")
    assert over["RateLimit"].startswith('"minute";r=0;t=45')
    assert over["Content-Type"] == "application/problem+json"
    assert Event.objects.filter(action="api.refused", detail__code="too_many_requests").count() == 1


def test_a_thousand_checks_a_minute_get_sixty_answers(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, CHECK, per_minute=60)
    asked = {"code": "91320583187588026H", "purpose": "政府采购"}
    answers = [api.post("/checks", asked, token) for _ in range(100)]
    assert [one.status_code for one in answers].count(200) == 60
    assert all("facts" not in one.json() for one in answers[60:])


def test_one_operations_quota_is_not_anothers(api: Any, organisation: Organisation) -> None:
    token = make_client(organisation, *OPERATIONS, per_minute=1)
    assert api.get("/batches/1", token).status_code == 404
    assert api.get("/batches/1", token).status_code == 429
    assert api.get("/subjects/91320583187588026H", token).status_code == 404


def test_an_address_that_is_not_let_in_is_stopped_before_anybody_looks(
    api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, organisation: Organisation
) -> None:
    token = make_client(organisation, READ_BATCHES)
    api = _limits(monkeypatch, api, tmp_path, address_per_minute=5)
    codes = [api.get("/batches/1", "wrong").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert api.get("/batches/1", token).status_code == 429, "whatever else comes from there"
    other = api.raw("GET", "/batches/1", {"Authorization": f"Bearer {token}"}, REMOTE_ADDR="192.0.2.9")
    assert other.status_code == 404
    monkeypatch.setenv("CHENGXIN_NOW", NOW.replace(minute=1).isoformat())
    assert api.get("/batches/1", token).status_code == 404


def test_who_is_let_in_is_not_counted_by_address(
    api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, organisation: Organisation
) -> None:
    token = make_client(organisation, READ_BATCHES)
    api = _limits(monkeypatch, api, tmp_path, address_per_minute=2)
    assert [api.get("/batches/1", token).status_code for _ in range(6)] == [404] * 6


def test_a_written_header_is_no_new_address(
    api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, organisation: Organisation
) -> None:
    assert organisation
    api = _limits(monkeypatch, api, tmp_path, address_per_minute=3)
    codes = [
        api.raw("GET", "/batches/1", {"X-Forwarded-For": f"203.0.113.{number}"}).status_code for number in range(5)
    ]
    assert codes == [401] * 3 + [429] * 2
    monkeypatch.setenv(SETTING, "127.0.0.1")
    codes = [
        api.raw("GET", "/batches/1", {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.7"}).status_code
        for number in range(5)
    ]
    assert codes == [401] * 3 + [429] * 2, "behind the proxy the address it saw counts, not those before it"


def test_a_flood_of_refusals_is_no_flood_of_events(
    api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, organisation: Organisation
) -> None:
    assert organisation
    api = _limits(monkeypatch, api, tmp_path, refusals_per_minute=4)
    for _ in range(30):
        assert api.raw("GET", "/batches/1", {}, REMOTE_ADDR="198.51.100.200").status_code == 401
    assert Event.objects.filter(action="api.refused").count() == 4
    monkeypatch.setenv("CHENGXIN_NOW", NOW.replace(minute=2).isoformat())
    api.raw("GET", "/batches/1", {}, REMOTE_ADDR="198.51.100.200")
    assert Event.objects.latest("pk").detail["not_told"] == 26


def _request(direct: str, passed: str = "") -> Any:
    headers = {"X-Forwarded-For": passed} if passed else {}
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=direct)


@pytest.mark.parametrize(
    ("direct", "passed", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "192.0.2.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "192.0.2.1, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "nonsense", "nonsense"),
        ("10.0.0.7", "10.0.0.8", "10.0.0.8"),
    ],
)
def test_of_a_chain_only_what_the_citys_proxies_saw_counts(
    monkeypatch: pytest.MonkeyPatch, direct: str, passed: str, address: str
) -> None:
    monkeypatch.setenv(SETTING, "10.0.0.0/24")
    assert client_address(_request(direct, passed)) == address
    assert from_proxy(_request(direct)) == direct.startswith("10.")


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60))
def test_whatever_stands_in_the_header_nothing_breaks(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SETTING, "127.0.0.1, ::1")
        found = client_address(_request("127.0.0.1", text))
        assert sender(found) == "" or "/" in sender(found)
        assert network_seen(found) == "" or "/" in network_seen(found)


@pytest.mark.parametrize("setting", ["nonsense", "10.0.0.0/33", "10.0.0.1/24", "10.0.0.1;10.0.0.2"])
def test_a_setting_that_names_no_networks_stops_the_process(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(SETTING, setting)
    with pytest.raises(ChengxinError, match=SETTING):
        proxies()


def test_an_ipv6_sender_is_its_network() -> None:
    assert sender("2001:db8:1:2:3::4") == sender("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert sender("192.0.2.1") == "192.0.2.1/32"
    assert network_seen("2001:db8:1:2::4") == "2001:db8:1::/48"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=60))
def test_counts_are_exact_while_there_is_room(events: list[tuple[str, int]]) -> None:
    counts, expected = Counts(6), dict[str, tuple[int, int]]()
    for name, minute in sorted(events, key=lambda one: one[1]):
        held = expected.get(name, (minute, 0))
        expected[name] = (minute, held[1] + 1 if held[0] == minute else 1)
        assert counts.count(name, minute) == expected[name][1]
    for name, (minute, number) in expected.items():
        assert counts.counted(name, minute) == number
        assert counts.counted(name, minute + 1) == 0


def test_memory_stays_as_it_is_however_many_come() -> None:
    counts = Counts(100)
    for number in range(10_000):
        counts.count(str(number), 1)
    assert counts.counted("0", 1) == 0
    assert counts.counted("9999", 1) == 1
    assert len(counts._held) == 100
