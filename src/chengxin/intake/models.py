"""Batches and the rows sent back to be mended."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from chengxin.accounts.models import Organisation


class Batch(models.Model):
    """One file handed in by one organisation for one item (批次).

    The SHA-256 of the file with organisation and item is its identity: the same file again is the same batch, unless
    the earlier one was refused. ``state`` moves through ``State``; ``receipt`` is set once, when the facts are in.
    ``measures`` is what the gate counted; ``hold`` why the batch waited for a person, if it did (``gate.py``).
    """

    class State(models.TextChoices):
        """Where the batch is on its way (环节)."""

        RECEIVED = "received", "已接收"
        PARSING = "parsing", "解析"
        CHECKING = "checking", "校验"
        LINKING = "linking", "关联"
        HELD = "held", "待复核"
        LOADING = "loading", "入库"
        PUBLISHED = "published", "已完成"
        REFUSED = "refused", "已退回"

    sha256 = models.TextField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="batches")
    item = models.TextField()
    filename = models.TextField()
    encoding_asked = models.TextField(default="auto")
    mapping = models.TextField(blank=True)
    bytes = models.BigIntegerField()
    channel = models.TextField()
    submitted_by = models.TextField()
    state = models.TextField(choices=State)
    received_at = models.DateTimeField()
    state_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    lines = models.IntegerField(null=True)
    receipt = models.JSONField(null=True)
    refusal = models.JSONField(null=True)
    header = ArrayField(models.TextField(), null=True)
    notices = models.JSONField(default=list)
    measures = models.JSONField(null=True)
    hold = models.JSONField(null=True)

    class Meta:
        """A file counts once for each organisation and item."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["sha256", "organisation", "item"],
                condition=~models.Q(state="refused"),
                name="batch_once",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "-id"], name="batch_of_organisation")
        ]

    def __str__(self) -> str:
        """Return the batch number."""
        return f"{self.pk} {self.item} {self.state}"


class HoldDecision(models.Model):
    """What a second person decided about a held batch (复核决定): once, with a reason, and never changed."""

    class Outcome(models.TextChoices):
        """What the releaser chose."""

        RELEASE = "release", "放行入库"
        SEND_BACK = "send_back", "退回"

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="decision")
    outcome = models.TextField(choices=Outcome)
    reason = models.TextField()
    decided_by = models.TextField()
    decided_by_kind = models.TextField()
    decided_for = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return batch and outcome."""
        return f"{self.batch_id} {self.outcome}"


class QuarantinedRow(models.Model):
    """A row that was not taken in (疑问数据): its own cells and its findings.

    A finding has rule, field, value, message and what was expected.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="quarantined")
    line = models.IntegerField()
    cells = models.JSONField()
    findings = models.JSONField()

    class Meta:
        """Read back in the order of the file."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["batch", "line"], name="quarantined_row_once")
        ]

    def __str__(self) -> str:
        """Return batch and line."""
        return f"{self.batch_id}:{self.line}"


class Timeliness(models.Model):
    """How punctual one batch's new facts were (双公示时效), by month of decision: handed in on time or late."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="timeliness")
    item = models.TextField()
    month = models.DateField()
    reported = models.IntegerField()
    on_time = models.IntegerField()
    late = models.IntegerField()
    provisional = models.IntegerField()

    def __str__(self) -> str:
        """Return month and counts."""
        return f"{self.month:%Y-%m} {self.on_time}/{self.reported}"
