"""Persons in a regulated occupation, what is sealed about them, the files they came in, and who looked how often.

No column holds a figure about a person: no score, no grade, no count (国办发〔2020〕49号; a test walks the tables).
Keys are random, so that no number says how many there are.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from chengxin.accounts.models import Organisation


class Person(models.Model):
    """A natural person, known by nothing but sealed numbers; ``closed_on`` is the day of a death.

    Names stand at the practitioner: what one register says about a person is not told to another.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    made_at = models.DateTimeField()
    closed_on = models.DateField(null=True)

    def __str__(self) -> str:
        """Return the key; there is nothing else to say."""
        return str(self.id)


class SealedText(models.Model):
    """An identity number, or a name the person no longer bears, encrypted, with the blind index it is found by.

    ``sealed`` is bound to this table, column, row and person: carried elsewhere it does not open. ``current`` is the
    number in use; older numbers and names only lead to the person and are shown to nobody.
    """

    class Kind(models.TextChoices):
        """What is sealed."""

        NUMBER = "number", "公民身份号码"
        FORMER_NAME = "former_name", "原姓名"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sealed_texts")
    kind = models.TextField(choices=Kind)
    sealed = models.BinaryField()
    blind = models.BinaryField()
    current = models.BooleanField()
    made_at = models.DateTimeField()

    class Meta:
        """One row for each text, and one number in use for each person."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["blind"], name="sealed_text_once"),
            models.UniqueConstraint(fields=["person"], condition=models.Q(current=True), name="sealed_number_in_use"),
            models.CheckConstraint(
                condition=models.Q(kind="number") | models.Q(current=False), name="sealed_former_name"
            ),
        ]

    def __str__(self) -> str:
        """Return kind and key, never what is sealed."""
        return f"{self.kind} {self.id}"


class Practitioner(models.Model):
    """A person in one regulated occupation, as the department that keeps its register says.

    ``organisation`` is the registrar; ``employer_uscc`` names a body by its code or is empty; ``name_key`` is for
    comparing. ``valid_until`` is the last day, or None for no end. ``state`` is a key of ``file.yaml``, or ``closed``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="practitioners")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    occupation = models.TextField()
    licence = models.TextField()
    name = models.TextField()
    name_key = models.TextField()
    employer_uscc = models.TextField(blank=True)
    state = models.TextField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    version = models.IntegerField()
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        """A licence number is one person's in its occupation; a name leads on only with occupation and employer."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["occupation", "licence"], name="practitioner_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["name_key", "occupation", "employer_uscc"], name="practitioner_by_name")
        ]

    def __str__(self) -> str:
        """Return the occupation and the key, never the person's name: this text may land in a log."""
        return f"{self.occupation} {self.id}"


class TakenFile(models.Model):
    """A file of practitioners that was taken in: its keyed digest and its receipt, nothing of its content.

    A plain digest of a file with one row would give its number away to whoever tries them all.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    occupation = models.TextField()
    blind = models.BinaryField()
    receipt = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        """One row for each file, organisation and occupation."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "occupation", "blind"], name="practitioner_file_once")
        ]

    def __str__(self) -> str:
        """Return the key."""
        return str(self.id)


class Attempt(models.Model):
    """That somebody looked, or registered what could not be registered: kept for a day, to limit and to lock.

    Who looked at whom is in the audit trail; this says how often somebody tried, and nothing about persons.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    actor = models.TextField()
    kind = models.TextField()
    found = models.BooleanField()

    class Meta:
        """Asked by actor, kind and time."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["actor", "kind", "at"], name="practitioner_attempts")
        ]

    def __str__(self) -> str:
        """Return who tried what, and when."""
        return f"{self.actor} {self.kind} {self.at}"
