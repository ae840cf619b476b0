"""The one table of this end besides its sessions: log-ins that failed or are under way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LogInAttempt(models.Model):
    """A log-in that failed or is being tried; one that succeeds takes its row away.

    ``account`` is a keyed digest of what was typed as user name, because people type passwords there by mistake.
    """

    account = models.TextField()
    address = models.TextField()
    at = models.DateTimeField()

    class Meta:
        """Counted by account and by address, the latest first."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "-at"], name="attempt_of_account"),
            models.Index(fields=["address", "-at"], name="attempt_from_address"),
        ]

    def __str__(self) -> str:
        """Return when and from where."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.address}"
