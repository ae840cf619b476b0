"""The audit trail: events that are only ever added."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One thing somebody did or saw (审计事件), written in the transaction of what it witnesses.

    ``detail`` holds codes, counts and references, never the content of a fact about a person.
    """

    at = models.DateTimeField()
    actor_kind = models.TextField()
    actor = models.TextField()
    organisation = models.TextField()
    action = models.TextField()
    object_kind = models.TextField()
    object = models.TextField()
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        """Return who did what to what."""
        return (
            f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_kind}:{self.actor} {self.action} {self.object_kind}:{self.object}"
        )
