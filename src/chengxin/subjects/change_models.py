"""What happens to bodies through time: versions of their registration, relations, and decided merges and splits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Registration(models.Model):
    """How a body stood by the register, one version for each change (登记信息版本). Rows are added, never changed.

    ``valid_from`` is the legal day from which the entry speaks (its day of approval where it states one),
    ``recorded_at`` the moment the platform learned it; ``basis`` is what said so: ``registration``, ``reissue``,
    ``split``, or ``carried`` for what was on file before versions were kept. ``identifier`` (``kind:value``) is the
    code the entry came under, ``batch_id`` and ``line`` where it stands.
    """

    subject_id = models.BigIntegerField()
    kind = models.TextField()
    name = models.TextField()
    uscc = models.TextField()
    status = models.TextField()
    registrar = models.TextField()
    established_on = models.DateField(null=True)
    valid_from = models.DateField()
    recorded_at = models.DateTimeField()
    basis = models.TextField()
    identifier = models.TextField(blank=True)
    batch_id = models.BigIntegerField(null=True)
    line = models.IntegerField(null=True)

    class Meta:
        """Read by body, the latest knowledge first."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject_id", "recorded_at"], name="registration_of_subject")
        ]

    def __str__(self) -> str:
        """Return name, state and the day it speaks from."""
        return f"{self.name} {self.status} {self.valid_from}"


class Relation(models.Model):
    """What one body is to another (主体关系): ``from_subject`` is a branch or a successor of ``to_subject``.

    A relation carries nothing over: no fact of one body is shown at, or counts for, the other. A proposal says nothing
    yet; only registration data or a person establishes. ``manner`` of a succession is 合并, 分立 or 承继.
    """

    class Kind(models.TextChoices):
        """Kinds of relation; another name of the same body is none."""

        BRANCH_OF = "branch_of", "分支机构"
        SUCCESSOR_OF = "successor_of", "承继"

    class State(models.TextChoices):
        """Where the relation stands."""

        PROPOSED = "proposed", "待确认"
        ESTABLISHED = "established", "已确认"
        REFUSED = "refused", "已否定"

    kind = models.TextField(choices=Kind)
    from_subject = models.ForeignKey("subjects.Subject", on_delete=models.PROTECT, related_name="relations")
    to_subject = models.ForeignKey("subjects.Subject", on_delete=models.PROTECT, related_name="relations_back")
    manner = models.TextField(blank=True)
    state = models.TextField(choices=State)
    from_day = models.DateField(null=True)
    until_day = models.DateField(null=True)
    document = models.TextField(blank=True)
    evidence = models.TextField()
    made_at = models.DateTimeField()
    decided_by = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        """One row for each pair and kind; nobody is related to itself."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "from_subject", "to_subject"], name="relation_once"),
            models.CheckConstraint(
                condition=~models.Q(from_subject=models.F("to_subject")), name="relation_between_two_bodies"
            ),
        ]

    def __str__(self) -> str:
        """Return kind and both ends."""
        return f"{self.from_subject_id} {self.kind} {self.to_subject_id}"


class Change(models.Model):
    """A merge, a split, a re-issued code, the undoing of one of the first two, or a refused code (主体变更).

    ``source`` gives and ``target`` receives; a split's target is made when it is carried out. ``plan`` is what the
    officer chose, ``preview`` what was shown, ``digest`` the SHA-256 of both: two people agree to exactly that.
    """

    class Kind(models.TextChoices):
        """What is done."""

        MERGE = "merge", "合并主体"
        SPLIT = "split", "拆分主体"
        REISSUE = "reissue", "代码换发"
        UNDO = "undo", "撤销变更"
        REFUSAL = "refusal", "代码更正"

    class State(models.TextChoices):
        """Where it stands; ``outdated``: something changed since the preview, so it has to be asked again."""

        ASKED = "asked", "待审批"
        DONE = "done", "已办理"
        OUTDATED = "outdated", "已失效"
        UNDONE = "undone", "已撤销"

    kind = models.TextField(choices=Kind)
    state = models.TextField(choices=State)
    source = models.ForeignKey("subjects.Subject", on_delete=models.PROTECT, related_name="changes_from")
    target = models.ForeignKey("subjects.Subject", on_delete=models.PROTECT, null=True, related_name="changes_to")
    plan = models.JSONField()
    preview = models.JSONField()
    digest = models.TextField()
    reason = models.TextField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    approval_id = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(null=True)
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    trouble = models.JSONField(null=True)

    class Meta:
        """Read by state, and by body, the latest first."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "-id"], name="change_state")]

    def __str__(self) -> str:
        """Return number, kind and state."""
        return f"{self.pk} {self.kind} {self.state}"


class MovedRow(models.Model):
    """One row of the register that a change took from one body to another, as it was before: what undoing goes by.

    ``what`` is the table: ``identifier``, ``name``, ``relation`` or ``refused_code``. ``absorbed``: the receiver had
    the same already, so nothing new was made there; ``kept``: the giver keeps its own, so nothing was taken there.
    """

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="moved")
    what = models.TextField()
    from_subject_id = models.BigIntegerField()
    to_subject_id = models.BigIntegerField()
    before = models.JSONField()
    absorbed = models.BooleanField(default=False)
    kept = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        """Read by body to tell what it bore at an earlier moment."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["at"], name="moved_at"),
            models.Index(fields=["from_subject_id", "at"], name="moved_from"),
            models.Index(fields=["to_subject_id", "at"], name="moved_to"),
        ]

    def __str__(self) -> str:
        """Return what moved and where."""
        return f"{self.what} {self.from_subject_id}>{self.to_subject_id}"


class RefusedCode(models.Model):
    """A code that is known not to be the subject's, by a split or its registrar: no register entry gives it back."""

    subject = models.ForeignKey("subjects.Subject", on_delete=models.PROTECT, related_name="refused_codes")
    kind = models.TextField()
    value = models.TextField()
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="refused_codes")

    class Meta:
        """Said once for each body and code."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "kind", "value"], name="refused_code_once")
        ]

    def __str__(self) -> str:
        """Return whose it is not."""
        return f"{self.kind}:{self.value}"
