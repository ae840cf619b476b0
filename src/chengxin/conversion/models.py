"""The mapping from older codes, what is wrong with codes, and what registrars were asked about it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from chengxin.accounts.models import Organisation


class Feed(models.Model):
    """A file of the national feed (下发数据): lines = added + known + conflict + sent back."""

    source = models.TextField()
    filename = models.TextField()
    sha256 = models.TextField()
    lines = models.IntegerField()
    added = models.IntegerField()
    known = models.IntegerField()
    conflict = models.IntegerField()
    sent_back = models.IntegerField()
    made_by = models.TextField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return source and file."""
        return f"{self.source} {self.filename}"


class Pair(models.Model):
    """An older code and the credit code that a feed says it became (新旧代码对照).

    The body may be unknown to the register. ``refused_at``: the registrar said that the two do not belong together.
    """

    uscc = models.TextField()
    kind = models.TextField()
    value = models.TextField()
    name = models.TextField(blank=True)
    source = models.TextField()
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, db_index=False, related_name="pairs")
    line = models.IntegerField()
    first_seen_at = models.DateTimeField()
    refused_at = models.DateTimeField(null=True)

    class Meta:
        """Said once, however often it is fed; found by the older code and by the credit code."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "value", "uscc"], name="conversion_pair_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["uscc"], name="conversion_pair_uscc")]

    def __str__(self) -> str:
        """Return old and new code."""
        return f"{self.kind}:{self.value}>{self.uscc}"


class Conflict(models.Model):
    """Something that cannot be right about codes (代码冲突), found over all codes at once.

    ``key`` names the conflict for ever; ``subjects`` are the bodies concerned, ``evidence`` who bears what by which
    source, ``digest`` its fingerprint. A settled conflict comes back when it is found again after it was gone, or when
    what was confirmed has changed; ``returned`` counts that.
    """

    class Kind(models.TextChoices):
        """What is wrong."""

        TWO_BODIES = "two_bodies", "一码两主体"
        TWO_CODES = "two_codes", "一主体两码"
        SEGMENT = "segment_differs", "组织机构代码与信用代码不符"
        WRONG_CHECK = "wrong_check", "校验码不符"

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", "待处理"
        ASKED = "asked", "已请登记机关核实"
        ANSWERED = "answered", "登记机关已答复"
        SETTLED = "settled", "已了结"

    key = models.TextField(unique=True)
    kind = models.TextField(choices=Kind)
    code_kind = models.TextField()
    value = models.TextField(blank=True)
    subjects = ArrayField(models.BigIntegerField(), default=list)
    registrar = models.TextField(blank=True)
    evidence = models.JSONField()
    digest = models.TextField()
    state = models.TextField(choices=State, default=State.OPEN)
    how = models.TextField(blank=True, default="")
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    returned = models.IntegerField(default=0)

    class Meta:
        """Read by state, the latest first."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "-id"], name="conversion_conflict_state")
        ]

    def __str__(self) -> str:
        """Return what is wrong with which code."""
        return f"{self.kind} {self.code_kind}:{self.value}"


class Request(models.Model):
    """A registrar is asked to correct or confirm a code (更正申请), with a clock; it belongs to that registrar.

    ``answer``: ``right_code`` (``subject_id`` and ``code`` say which), ``not_this_body`` (``subject_id``), ``one_body``
    (to be merged) or ``stays`` (``document`` says why). ``lapsed``: the conflict was gone before anybody answered.
    """

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", "待答复"
        ANSWERED = "answered", "已答复"
        LAPSED = "lapsed", "已无须答复"

    class Answer(models.TextChoices):
        """What a registrar can say."""

        RIGHT_CODE = "right_code", "指明正确的代码"
        NOT_THIS_BODY = "not_this_body", "代码不属于该主体"
        ONE_BODY = "one_body", "实为同一主体"
        STAYS = "stays", "代码无误，保持不变"

    conflict = models.ForeignKey(Conflict, on_delete=models.PROTECT, related_name="requests")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="code_requests")
    state = models.TextField(choices=State, default=State.OPEN)
    question = models.TextField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    due_provisional = models.BooleanField()
    rule = models.TextField()
    answer = models.TextField(choices=Answer, blank=True, default="")
    subject_id = models.BigIntegerField(null=True)
    code = models.TextField(blank=True, default="")
    document = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    answered_by = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    carried_out_at = models.DateTimeField(null=True)
    outcome = models.JSONField(null=True)

    class Meta:
        """One open request for each conflict and registrar; read by organisation, the first due first."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "conflict"], condition=models.Q(state="open"), name="conversion_request_open"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "state", "due_on"], name="conversion_request_due")
        ]

    def __str__(self) -> str:
        """Return number and state."""
        return f"{self.pk} {self.state}"
