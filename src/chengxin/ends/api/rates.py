"""How often somebody may ask: counts by minute in memory, for senders nobody knows and for events about refusals.

What a known client may do is counted in the database (``accounts.client_queries.count_use``). Here it is about those
who are not let in: their count costs no statement, so that being refused costs the platform less than asking. Each
process counts for itself: with two, a sender may try twice as often at most.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from chengxin.accounts.client_queries import Use

MINUTE = 60


class TooManyRequests(ChengxinError):
    """Somebody asks more often than allowed; ``wait`` is the number of seconds after which asking makes sense."""

    wait = 1


def too_many(wait: int) -> TooManyRequests:
    """Return the refusal of one request too many."""
    error = TooManyRequests(
        "too_many_requests",
        f"请求过于频繁或已用完当日次数，请在 {wait} 秒后重试；需要更多次数请联系信用中心",
        f"too many requests, or none left for the day: try again in {wait} s; for a larger quota ask the credit centre",
    )
    error.wait = wait
    return error


class Counts:
    """Counts by name within the minute, of at most ``remembered`` names; safe between threads.

    When there are more names, the one that was counted longest ago is forgotten: an attacker with very many addresses
    gains a few tries, the platform's memory stays as it is.
    """

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._held: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def count(self, name: str, minute: int) -> int:
        """Count one more of ``name`` in the minute and return how many there are."""
        with self._lock:
            of_minute, number = self._held.pop(name, (minute, 0))
            number = number + 1 if of_minute == minute else 1
            self._held[name] = (minute, number)
            if len(self._held) > self._remembered:
                self._held.popitem(last=False)
            return number

    def counted(self, name: str, minute: int) -> int:
        """Return how many of ``name`` were counted in the minute."""
        with self._lock:
            of_minute, number = self._held.get(name, (minute, 0))
            return number if of_minute == minute else 0


def headers_of(use: Use, per_minute: int, per_day: int) -> dict[str, str]:
    """Return RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers): quota, window, what is left."""
    return {
        "RateLimit-Policy": f'"minute";q={per_minute};w={MINUTE}, "day";q={per_day};w=86400',
        "RateLimit": f'"minute";r={use.minute_left};t={use.minute_ends}, "day";r={use.day_left};t={use.day_ends}',
    }
