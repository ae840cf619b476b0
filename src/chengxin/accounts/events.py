"""What the accounts tell the rooms above, in the transaction in which it happens (``base.events``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LogInRenewed:
    """What this officer logged in with holds no longer: a new password, a reset log-in, a closed account.

    Whatever remembers the officer by the old one (sessions, devices) has to forget it.
    """

    officer_id: int
