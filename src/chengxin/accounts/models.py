"""Organisations in three levels, officers with a role by duty, and API clients with named grants."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models


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

    def __str__(self) -> str:
        """Return the name with the code."""
        return f"{self.name} ({self.code})"


class OfficerManager(BaseUserManager["Officer"]):
    """Makes officers with hashed passwords."""

    def create_officer(
        self, *, username: str, password: str, name: str, organisation: Organisation, role: str
    ) -> Officer:
        """Make and save an officer who can log in with ``password``."""
        officer = self.model(username=username, name=name, organisation=organisation, role=role)
        officer.set_password(password)
        officer.save(using=self._db)
        return officer


class Officer(AbstractBaseUser):
    """A named person who works on the platform for one organisation, in one duty (经办人)."""

    class Role(models.TextChoices):
        """Duties that exist so far (岗位)."""

        SUBMITTER = "submitter", "报送员"
        CENTRE = "centre", "信用中心专员"
        AUDITOR = "auditor", "审计员"

    username = models.TextField(unique=True)
    name = models.TextField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="officers")
    role = models.TextField(choices=Role)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[OfficerManager] = OfficerManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        """Return name and duty."""
        return f"{self.name}（{self.get_role_display()}）"


class ApiClient(models.Model):
    """Another system that calls the API for an organisation (接口调用方), with operations granted one by one.

    Only the SHA-256 of the token is held: a token is 256 random bits, so a fast hash gives nothing away.
    """

    name = models.TextField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="api_clients")
    token_digest = models.TextField(unique=True)
    grants = ArrayField(models.TextField(), default=list)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Return the client's name."""
        return self.name
