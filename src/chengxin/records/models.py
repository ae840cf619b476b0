"""Facts: immutable rows on two time axes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from chengxin.records.move_models import Move
from chengxin.records.review_models import LinkDecision, LinkEffect, LinkProposal

__all__ = ["LinkDecision", "LinkEffect", "LinkProposal", "Move", "Record"]


class Record(models.Model):
    """One version of one fact (信用记录).

    Legal time: ``valid_from`` to ``valid_until`` (both days included, no end = open). Registration time:
    ``recorded_at``. ``key`` is the same for all versions of a fact; the version with the highest ``version`` recorded
    by a moment is what the platform knew at that moment. ``kind``: ``new``, ``corrected`` (replaces a version),
    ``relinked`` (tied to a body later), ``moved`` (its body was merged or split) or ``withdrawn`` (its source document
    fell). Rows are never changed or deleted: a trigger refuses both.

    ``identifier`` is the code the fact was handed in under; ``link`` names the kind of identifier that tied it to the
    subject, empty while it is tied to nobody. ``due_on`` is the last day for handing the fact in (双公示), provisional
    when that year's holiday notice was not out. ``public``: whether the law lets it be shown at all.
    """

    id = models.BigIntegerField(primary_key=True)
    key = models.UUIDField()
    version = models.SmallIntegerField()
    kind = models.TextField()
    replaces = models.BigIntegerField(null=True)
    item = models.TextField()
    generation = models.TextField()
    subject_id = models.BigIntegerField(null=True)
    link = models.TextField(null=True)  # noqa: DJ001 - absent is not the same as empty in COPY
    identifier = models.TextField()
    organisation_id = models.IntegerField()
    batch_id = models.BigIntegerField()
    line = models.IntegerField()
    document_number = models.TextField()
    decided_on = models.DateField(null=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    rule = models.TextField(null=True)  # noqa: DJ001 - the id of the dated rule that gave the end, where one did
    due_on = models.DateField(null=True)
    due_provisional = models.BooleanField(default=False)
    public = models.BooleanField()
    recorded_at = models.DateTimeField()
    digest = models.UUIDField()
    content = models.JSONField()

    class Meta:
        """Found by fact, by subject, and — while tied to nobody — by the code it came under."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "version"], name="record_version_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject_id", "item"], name="record_subject"),
            models.Index(fields=["identifier"], name="record_unlinked", condition=models.Q(subject_id__isnull=True)),
        ]

    def __str__(self) -> str:
        """Return item, document number and version."""
        return f"{self.item} {self.document_number} v{self.version}"
