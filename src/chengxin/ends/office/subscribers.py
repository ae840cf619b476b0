"""What this end does when something happens in a room below."""

from __future__ import annotations

from chengxin.accounts.events import LogInRenewed
from chengxin.base.events import subscribe
from chengxin.ends.office.models import Device, OfficeSession


def start() -> None:
    """Subscribe; once is enough, and twice is the same."""
    subscribe(LogInRenewed, forget)


def forget(event: LogInRenewed) -> None:
    """Forget the officer's devices and end the officer's sessions, in the publisher's transaction."""
    Device.objects.filter(officer_id=event.officer_id).delete()
    OfficeSession.objects.filter(officer_id=event.officer_id).delete()
