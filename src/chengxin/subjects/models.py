"""Registered bodies with their identifiers and names through time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from chengxin.subjects.change_models import Change, MovedRow, RefusedCode, Registration, Relation

__all__ = ["Change", "Identifier", "MovedRow", "Name", "RefusedCode", "Registration", "Relation", "Subject"]


class Subject(models.Model):
    """A registered body (信用主体): one row for ever, whatever it is called and whatever code it carries later.

    ``merged_into`` is set while the row is found to be the same body as another: its codes and names stand there then,
    and the row stays as a signpost.
    """

    kind = models.TextField()
    name = models.TextField()
    uscc = models.TextField()
    status = models.TextField()
    registrar = models.TextField()
    established_on = models.DateField(null=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False, related_name="merged")

    class Meta:
        """Looked up by code and, for new registrations, by name."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["uscc"], name="subject_uscc"),
            models.Index(fields=["merged_into"], name="subject_merged", condition=models.Q(merged_into__isnull=False)),
        ]

    def __str__(self) -> str:
        """Return name and code."""
        return f"{self.name} {self.uscc}"


class Identifier(models.Model):
    """A code that names a subject (标识): 统一社会信用代码, 工商注册号, 组织机构代码 or 税务登记号.

    One code may stand at two subjects when registers disagree; such a code then links nothing until a person decides.

    ``last_seen_at`` is when a register last stated the code, to ``SEEN_AGAIN`` (actions/register.py). ``ended_at``: the
    code was replaced by ``replaced_by`` from the legal day ``ended_on`` on; it still leads to the body, and facts
    handed in under it attach, but no register entry under it changes the body. ``came_from`` is the subject that bore
    the code until it was merged into this one.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.TextField()
    value = models.TextField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True)
    replaced_by = models.TextField(default="", db_default="", blank=True)
    came_from = models.ForeignKey(
        Subject, on_delete=models.PROTECT, null=True, db_index=False, related_name="codes_given"
    )

    class Meta:
        """One row for each subject, kind and value; found by kind and value."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "value", "subject"], name="identifier_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["value"], name="identifier_ended", condition=models.Q(ended_at__isnull=False))
        ]

    def __str__(self) -> str:
        """Return kind and value."""
        return f"{self.kind}:{self.value}"


class Name(models.Model):
    """A name a subject bears or bore (名称): ``current``, ``former`` or ``english``. ``folded`` is for comparing.

    ``last_seen_at`` and ``came_from`` are as in ``Identifier``; ``ended_at`` is when a current name became a former
    one.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="names")
    kind = models.TextField()
    name = models.TextField()
    folded = models.TextField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    came_from = models.ForeignKey(
        Subject, on_delete=models.PROTECT, null=True, db_index=False, related_name="names_given"
    )

    class Meta:
        """One row for each subject, kind and name."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "kind", "name"], name="name_once")
        ]

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.kind}:{self.name}"
