"""Registered bodies with their identifiers and names through time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Subject(models.Model):
    """A registered body (信用主体): one row for ever, whatever it is called and whatever code it carries later."""

    kind = models.TextField()
    name = models.TextField()
    uscc = models.TextField()
    status = models.TextField()
    registrar = models.TextField()
    established_on = models.DateField(null=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        """Looked up by code and, for new registrations, by name."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["uscc"], name="subject_uscc")]

    def __str__(self) -> str:
        """Return name and code."""
        return f"{self.name} {self.uscc}"


class Identifier(models.Model):
    """A code that names a subject (标识): 统一社会信用代码, 工商注册号, 组织机构代码 or 税务登记号.

    One code may stand at two subjects when registers disagree; such a code then links nothing until a person decides.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.TextField()
    value = models.TextField()
    first_seen_at = models.DateTimeField()

    class Meta:
        """One row for each subject, kind and value; found by kind and value."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "value", "subject"], name="identifier_once")
        ]

    def __str__(self) -> str:
        """Return kind and value."""
        return f"{self.kind}:{self.value}"


class Name(models.Model):
    """A name a subject bears or bore (名称): ``current``, ``former`` or ``english``. ``folded`` is for comparing."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="names")
    kind = models.TextField()
    name = models.TextField()
    folded = models.TextField()
    first_seen_at = models.DateTimeField()

    class Meta:
        """One row for each subject, kind and name."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "kind", "name"], name="name_once")
        ]

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.kind}:{self.name}"
