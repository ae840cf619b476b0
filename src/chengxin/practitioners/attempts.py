"""How often somebody tried: limits for looking, and a lock for trying things out.

Counted in the same transaction as the answer, and kept when the answer is nothing: a miss costs as much as a hit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q

from chengxin.practitioners.models import Attempt
from chengxin.practitioners.settings import load_settings

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor

LOOK = "look"
REGISTER = "register"


def name_of(actor: Actor) -> str:
    """Return the actor as attempts name it; row security compares the same text."""
    return f"{actor.kind}:{actor.id}"


def one_at_a_time(what: str) -> None:
    """Hold ``what`` until the transaction ends: two at once cannot both be the last that the limit allows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('practitioners'), hashtext(%s))", [what])


def minutes_to_wait(actor: Actor, now: datetime) -> int:
    """Return for how many minutes the actor may not look, 0 for a look at once."""
    settings = load_settings()
    own = Attempt.objects.filter(actor=name_of(actor), kind=LOOK).order_by("-at")
    waits = (
        (own.all(), settings.looks_per_hour, timedelta(hours=1)),
        (own.all(), settings.looks_per_day, timedelta(days=1)),
        (own.filter(found=False), settings.misses_before_lock, timedelta(minutes=settings.lock_minutes)),
    )
    longest = timedelta()
    for attempts, most, period in waits:
        times = attempts.filter(at__gt=now - period).values_list("at", flat=True)[:most]
        if len(times) == most:
            longest = max(longest, times[most - 1] + period - now)
    return -(-int(longest.total_seconds()) // 60)


def locked_for_registering(actor: Actor, now: datetime) -> bool:
    """Return whether too many rows of the actor could not be registered lately."""
    settings = load_settings()
    since = now - timedelta(minutes=settings.lock_minutes)
    missed = Q(actor=name_of(actor), kind=REGISTER, found=False, at__gt=since)
    return Attempt.objects.filter(missed).count() >= settings.refused_rows_before_stop


def note(actor: Actor, kind: str, now: datetime, *, found: bool) -> None:
    """Count one attempt."""
    Attempt.objects.bulk_create([Attempt(at=now, actor=name_of(actor), kind=kind, found=found)])


def forget_old(now: datetime) -> int:
    """Remove attempts that no limit asks for any more and return how many went."""
    kept = timedelta(hours=load_settings().attempts_kept_hours)
    return Attempt.objects.filter(at__lte=now - kept).delete()[0]
