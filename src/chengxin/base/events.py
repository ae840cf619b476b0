"""Typed domain events: a lower floor tells the floors above what happened, inside the same transaction.

A subscriber runs at once and in the publisher's transaction, so what it writes is committed or rolled back with
what it heard of. A subscriber's error is the publisher's error: nothing half-done stays.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E")

_subscribers: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(kind: type[E], handler: Callable[[E], None]) -> None:
    """Call ``handler`` with every event of exactly this ``kind``; subscribing twice counts once."""
    if handler not in _subscribers[kind]:
        _subscribers[kind].append(handler)


def publish(event: object) -> None:
    """Hand ``event`` to its subscribers in the order in which they subscribed."""
    for handler in tuple(_subscribers[type(event)]):
        handler(event)
