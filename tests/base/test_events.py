"""What happened on one floor is heard on the floors above, in the same transaction and in order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.base import events
from chengxin.base.events import publish, subscribe

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Published:
    """A fact was published."""

    record: int


@dataclass(frozen=True)
class Republished(Published):
    """A fact was published once more."""


@pytest.fixture(autouse=True)
def no_other_subscribers(monkeypatch: pytest.MonkeyPatch) -> None:
    empty: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(list)
    monkeypatch.setattr(events, "_subscribers", empty)


def test_subscribers_hear_in_the_order_in_which_they_subscribed() -> None:
    heard: list[tuple[str, int]] = []
    subscribe(Published, lambda event: heard.append(("first", event.record)))
    subscribe(Published, lambda event: heard.append(("second", event.record)))
    publish(Published(7))
    assert heard == [("first", 7), ("second", 7)]


def test_subscribing_twice_counts_once() -> None:
    heard: list[Published] = []
    subscribe(Published, heard.append)
    kept = heard.append
    subscribe(Published, kept)
    publish(Published(7))
    assert heard == [Published(7)]


def test_only_exactly_this_kind_is_heard() -> None:
    heard: list[Published] = []
    subscribe(Published, heard.append)
    publish(Republished(7))
    publish("nobody listens to this")
    assert heard == []


def test_an_error_of_a_subscriber_is_the_publishers_and_stops_the_rest() -> None:
    heard: list[Published] = []

    def fails(event: Published) -> None:
        raise ValueError(f"cannot show {event.record}")

    subscribe(Published, fails)
    subscribe(Published, heard.append)
    with pytest.raises(ValueError, match="cannot show 7"):
        publish(Published(7))
    assert heard == []


def test_who_subscribes_while_an_event_is_told_hears_the_next_one() -> None:
    heard: list[Published] = []

    def late(_event: Published) -> None:
        subscribe(Published, heard.append)

    subscribe(Published, late)
    publish(Published(1))
    assert heard == []
    publish(Published(2))
    assert heard == [Published(2)]
