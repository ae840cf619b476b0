"""Assisted linking (人工辅助关联): what is proposed, what people decided, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class LinkProposal(models.Model):
    """A fact or a row sent back that may belong to one of a few bodies: one task for one officer (待关联).

    It is about a fact (``fact_key``) or about a row (``batch_id`` and ``line``, ``fact_key`` empty). ``evidence`` is
    what an officer sees: ``row`` (what was handed in, nothing about persons) and ``candidates``; ``digest`` is its
    SHA-256. ``candidates`` are the bodies' numbers in the same order, ``refused`` those among all bodies that are known
    not to be it. ``outcome`` is that of the decision that stands. ``revision`` grows with every change: a decision
    names the revision that its officer saw.
    """

    class State(models.TextChoices):
        """Where the proposal stands."""

        OPEN = "open", "待关联"
        DEFERRED = "deferred", "暂缓"
        WAITING = "waiting", "等待主体登记"
        DECIDED = "decided", "已决定"
        CLOSED = "closed", "已自动关联"

    fact_key = models.UUIDField(null=True)
    record_id = models.BigIntegerField(null=True)
    batch_id = models.BigIntegerField()
    line = models.IntegerField()
    item = models.TextField()
    organisation_id = models.IntegerField()
    submitted_by = models.TextField()
    cause = models.TextField()
    name = models.TextField()
    name_key = models.TextField()
    identifier = models.TextField(blank=True)
    evidence = models.JSONField()
    digest = models.TextField()
    candidates = ArrayField(models.BigIntegerField())
    refused = ArrayField(models.BigIntegerField(), default=list)
    state = models.TextField(choices=State)
    outcome = models.TextField(blank=True)
    note = models.TextField(blank=True)
    revision = models.IntegerField(default=1)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        """One proposal for each fact or row; read in the order of the queue, and by code and name for its memory."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["fact_key"], condition=models.Q(fact_key__isnull=False), name="proposal_of_fact_once"
            ),
            models.UniqueConstraint(
                fields=["batch_id", "line"], condition=models.Q(fact_key__isnull=True), name="proposal_of_row_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "id"], name="proposal_queue"),
            models.Index(fields=["identifier"], name="proposal_identifier"),
            models.Index(fields=["name_key"], name="proposal_name"),
        ]

    def __str__(self) -> str:
        """Return number, item and name."""
        return f"{self.pk} {self.item} {self.name}"


class LinkDecision(models.Model):
    """What a person decided about a proposal, for ever: rows are added, never changed or deleted (a trigger refuses).

    ``outcome``: ``link`` (it is about ``subject_id``), ``not_same`` (it is not about ``subject_id``, remembered),
    ``none`` (none of the candidates), ``defer`` (not now, with a reason) or ``undo`` (takes ``undoes`` back).
    ``revision`` and ``evidence`` are what the officer saw; ``rule``, ``score``, ``verdict`` and ``reasons`` are those
    shown for the body chosen.
    """

    class Outcome(models.TextChoices):
        """What was decided."""

        LINK = "link", "关联到该主体"
        NOT_SAME = "not_same", "不是同一主体"
        NONE = "none", "都不是"
        DEFER = "defer", "暂缓"
        UNDO = "undo", "撤销决定"

    proposal = models.ForeignKey(LinkProposal, on_delete=models.PROTECT, related_name="decisions")
    revision = models.IntegerField()
    outcome = models.TextField(choices=Outcome)
    fact_key = models.UUIDField(null=True)
    record_id = models.BigIntegerField(null=True)
    batch_id = models.BigIntegerField()
    line = models.IntegerField()
    item = models.TextField()
    subject_id = models.BigIntegerField(null=True)
    rule = models.TextField()
    identifier = models.TextField(blank=True)
    name_key = models.TextField()
    score = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    verdict = models.TextField(blank=True)
    reasons = models.JSONField(default=list)
    evidence = models.JSONField()
    digest = models.TextField()
    note = models.TextField(blank=True)
    actor_kind = models.TextField()
    officer = models.TextField()
    organisation = models.TextField()
    decided_at = models.DateTimeField()
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        """Found by subject, and by code or name for what is remembered."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject_id", "-id"], name="decision_subject"),
            models.Index(
                fields=["identifier", "subject_id"],
                name="decision_not_same",
                condition=models.Q(outcome="not_same"),
            ),
        ]

    def __str__(self) -> str:
        """Return number and outcome."""
        return f"{self.pk} {self.outcome}"


class LinkEffect(models.Model):
    """What a decision came to: the version of a fact it made, or why it made none. Added once, never changed."""

    decision = models.OneToOneField(LinkDecision, on_delete=models.PROTECT, related_name="effect")
    outcome = models.TextField()
    record_id = models.BigIntegerField(null=True)
    batch_id = models.BigIntegerField(null=True)
    message = models.TextField(blank=True)
    message_en = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        """A version of a fact leads back to the decision that made it."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["record_id"], name="effect_record")]

    def __str__(self) -> str:
        """Return decision and outcome."""
        return f"{self.decision_id} {self.outcome}"
