"""Organisations in three levels, officers with their duties, and API clients with named grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from chengxin.accounts.access import load_matrix
from chengxin.accounts.clients import ApiClient, ClientGrant, ClientKey, ClientNonce, ClientUse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = [
    "OVERSIGHT",
    "ApiClient",
    "Approval",
    "ClientGrant",
    "ClientKey",
    "ClientNonce",
    "ClientUse",
    "Officer",
    "OfficerManager",
    "Organisation",
    "OutsideIdentity",
    "SecondFactor",
]


class Organisation(models.Model):
    """A body that hands facts in or uses them (单位): city department, district, town, village or external agency."""

    class Level(models.TextChoices):
        """Level of government (层级)."""

        CITY = "city", "市级"
        TOWN = "town", "区镇"
        VILLAGE = "village", "村（街道、社区）"

    code = models.TextField(unique=True)
    uscc = models.TextField(unique=True)
    name = models.TextField()
    name_en = models.TextField()
    aliases = ArrayField(models.TextField(), default=list)
    level = models.TextField(choices=Level)
    kind = models.TextField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    hands_in = ArrayField(models.TextField(), default=list)
    registrar = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True, db_default=True)

    def __str__(self) -> str:
        """Return the name with the code."""
        return f"{self.name} ({self.code})"


OVERSIGHT = ("administrator", "security", "auditor")
"""The three duties that are held alone (三员); ``access.yaml`` says the same, and a test compares them."""


class OfficerManager(BaseUserManager["Officer"]):
    """Makes officers with hashed passwords."""

    def create_officer(
        self, *, username: str, password: str, name: str, organisation: Organisation, roles: Iterable[str] = ()
    ) -> Officer:
        """Make and save an officer who can log in with ``password`` and holds exactly these duties."""
        officer = self.model(username=username, name=name, organisation=organisation, roles=list(roles))
        officer.set_password(password)
        officer.save(using=self._db)
        return officer


class Officer(AbstractBaseUser):
    """A named person who works on the platform for one organisation, with one account and any number of duties.

    ``roles`` are keys of the access matrix; an oversight duty is held alone, by a CHECK of the database.
    ``staff_number`` (工号) is the organisation's own number for the person: unique in it, so that one person has one
    account; empty where the organisation has not said it. ``must_change_password`` is set whenever somebody else chose
    the password. A session belongs to one ``session_epoch``: counting it up
    ends every session of the officer.
    """

    username = models.TextField(unique=True)
    name = models.TextField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="officers")
    roles = ArrayField(models.TextField(), default=list, db_default=[])
    staff_number = models.TextField(default="", db_default="", blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False, db_default=False)
    password_changed_at = models.DateTimeField(null=True)
    session_epoch = models.IntegerField(default=0, db_default=0)

    objects: ClassVar[OfficerManager] = OfficerManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """Separation of duties (GB/T 22239-2019 8.1.10.2) and one account for one person, kept by the database."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(roles__overlap=list(OVERSIGHT)) | Q(roles__len=1),
                name="officer_oversight_alone",
            ),
            models.UniqueConstraint(
                fields=["organisation", "staff_number"],
                condition=~Q(staff_number=""),
                name="officer_one_person_one_account",
            ),
        ]

    def __str__(self) -> str:
        """Return name and duties."""
        duties = load_matrix().duties
        return f"{self.name}（{'、'.join(duties[role].name for role in self.roles if role in duties)}）"


class SecondFactor(models.Model):
    """Something an officer has besides the password: an authenticator app, a passkey, or one recovery code.

    ``secret`` is the TOTP key, sealed for this officer (``chengxin.crypto``, purpose ``mfa``), or a passkey's public
    key as COSE with its identifiers; a recovery code keeps only ``key``, the SHA-256 of 120 random bits. ``key`` of a
    passkey is its credential id. ``counter`` is the last time step accepted (TOTP), which is never accepted again, or
    the signature counter (passkey).
    """

    class Kind(models.TextChoices):
        """What it is."""

        TOTP = "totp", "动态口令"
        PASSKEY = "passkey", "通行密钥"
        RECOVERY = "recovery", "恢复码"

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="second_factors")
    kind = models.TextField(choices=Kind)
    name = models.TextField(default="", blank=True)
    key = models.TextField(default="", blank=True)
    secret = models.BinaryField(default=b"")
    counter = models.BigIntegerField(default=-1)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        """One authenticator app for an officer, and no credential twice."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["officer"], condition=Q(kind="totp"), name="second_factor_one_totp"),
            models.UniqueConstraint(fields=["kind", "key"], condition=~Q(key=""), name="second_factor_key_once"),
        ]

    def __str__(self) -> str:
        """Return what it is and whose."""
        return f"{self.get_kind_display()} {self.name} ({self.officer_id})"


class OutsideIdentity(models.Model):
    """An officer's account at the city's identity provider: recognised by issuer and subject id alone.

    It is registered beforehand by somebody who manages officers, never made or matched by name, telephone or e-mail.
    """

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="outside_identities")
    issuer = models.TextField()
    subject = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.TextField()

    class Meta:
        """One officer for a subject, one subject for an officer at each issuer."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="outside_identity_once"),
            models.UniqueConstraint(fields=["officer", "issuer"], name="outside_identity_one_each"),
        ]

    def __str__(self) -> str:
        """Return issuer and subject."""
        return f"{self.issuer} {self.subject}"


class Approval(models.Model):
    """One officer asks for something that needs two, another agrees or refuses, and it is used at most once.

    ``content`` is exactly what is to be done; ``digest`` is the SHA-256 of it in canonical form, by which an approval
    fits one act only. The asker never decides, the decider never uses it; the database refuses both too, and
    notes in ``used_in`` the transaction that used it, by which it knows what that transaction may do.
    """

    operation = models.TextField()
    object_kind = models.TextField()
    object_id = models.TextField()
    content = models.JSONField()
    digest = models.TextField()
    reason = models.TextField()
    asked_by = models.TextField()
    asked_by_kind = models.TextField()
    asked_for = models.TextField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    agreed = models.BooleanField(null=True)
    decided_by = models.TextField(default="", db_default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(default="", db_default="", blank=True)
    used_by = models.TextField(default="", db_default="", blank=True)
    used_at = models.DateTimeField(null=True)
    used_in = models.TextField(default="", db_default="", blank=True)

    class Meta:
        """Two different officers, one decision, used only when agreed."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="approval_never_ones_own"),
            models.CheckConstraint(
                condition=Q(used_by="") | ~Q(used_by=F("decided_by")), name="approval_decider_uses_not"
            ),
            models.CheckConstraint(
                condition=Q(agreed__isnull=True, decided_by="", decided_at__isnull=True)
                | (Q(agreed__isnull=False, decided_at__isnull=False) & ~Q(decided_by="")),
                name="approval_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, used_by="")
                | (Q(agreed__isnull=False, agreed=True, used_at__isnull=False) & ~Q(used_by="")),
                name="approval_used_only_agreed",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "object_kind", "object_id"], name="approval_of_object"),
        ]

    def __str__(self) -> str:
        """Return what was asked by whom."""
        return f"{self.operation} {self.object_kind}:{self.object_id} ({self.asked_by})"

    def state(self, now: datetime) -> str:
        """Return ``asked``, ``agreed``, ``refused``, ``used`` or ``expired`` at ``now``."""
        if self.used_at is not None:
            return "used"
        if self.agreed is False:
            return "refused"
        if now >= self.expires_at:
            return "expired"
        return "agreed" if self.agreed else "asked"
