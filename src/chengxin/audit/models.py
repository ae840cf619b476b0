"""The audit trail: events that are only ever added."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One thing somebody did or saw (审计事件), written in the transaction of what it witnesses.

    ``detail`` holds codes, counts and references, never the content of a fact about a person; what may have to be
    erased one day lies in a table beside this one, and ``personal_digest`` is all the event keeps of it. ``purpose``,
    ``case_number``, ``legal_basis`` and ``channel`` say why somebody looked at ``subject_id``.

    Two more columns are the database's own: ``salt``, 128 random bits of the event's leaf, and ``xid``, the transaction
    that wrote it. The tables of leaves, nodes, checkpoints and erasable texts are in migration 0003.
    """

    at = models.DateTimeField()
    actor_kind = models.TextField()
    actor = models.TextField()
    organisation = models.TextField()
    action = models.TextField()
    object_kind = models.TextField()
    object = models.TextField()
    detail = models.JSONField(default=dict)
    purpose = models.TextField(default="", db_default="")
    case_number = models.TextField(default="", db_default="")
    legal_basis = models.TextField(default="", db_default="")
    channel = models.TextField(default="", db_default="")
    subject_id = models.BigIntegerField(null=True)
    personal_digest = models.TextField(null=True)  # noqa: DJ001 - without a text there is no digest, not an empty one

    class Meta:
        """The indexes by which a subject's own view and the auditor's pages are found; the tree's are in 0003."""

        indexes = (
            models.Index(
                fields=["subject_id", "at", "id"],
                name="audit_event_subject",
                condition=models.Q(subject_id__isnull=False),
            ),
            models.Index(fields=["at", "id"], name="audit_event_time"),
            models.Index(
                fields=["case_number", "at", "id"], name="audit_event_case", condition=~models.Q(case_number="")
            ),
        )

    def __str__(self) -> str:
        """Return who did what to what."""
        return (
            f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_kind}:{self.actor} {self.action} {self.object_kind}:{self.object}"
        )
