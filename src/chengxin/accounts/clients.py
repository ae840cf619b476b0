"""Other systems that call the API: the client, what it was granted, its keys, and what it has used."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

EVERYTHING = "*"
"""In a grant's items or purposes: all of them. A grant that names nothing allows nothing."""

CERTIFICATE = "certificate"
"""The ``suite`` of a key that is the certificate of a mutual TLS connection."""


class ApiClient(models.Model):
    """Another system that calls the API for an organisation (接口调用方). By itself it may do nothing.

    What it may do stands in its grants, how it proves who it is in its keys. ``allow_bearer`` lets it show a token
    instead of signing: rehearsals need that, production should not. Only the SHA-256 of the token is held: a token is
    256 random bits, so a fast hash gives nothing away.
    """

    name = models.TextField()
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="api_clients")
    token_digest = models.TextField(unique=True, null=True)  # noqa: DJ001 - no token is not the empty token
    allow_bearer = models.BooleanField(default=False, db_default=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Return the client's name."""
        return self.name


class ClientGrant(models.Model):
    """One operation that a client may do (授权): for which items and purposes, how often, until when.

    At most one live grant for an operation; a new one replaces it. ``approval`` is the number of the approval by the
    second officer, or None for a grant made by the operator at the command line of the platform's own machine.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="grants")
    operation = models.TextField()
    items = ArrayField(models.TextField())
    purposes = ArrayField(models.TextField())
    per_minute = models.IntegerField()
    per_day = models.IntegerField()
    made_at = models.DateTimeField()
    made_by = models.TextField()
    approval = models.BigIntegerField(null=True)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """One live grant for each operation; a quota is a positive number."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["client", "operation"], condition=models.Q(revoked_at=None), name="client_grant_live_once"
            ),
            models.CheckConstraint(
                condition=models.Q(per_minute__gt=0, per_day__gt=0), name="client_grant_quota_positive"
            ),
        ]

    def __str__(self) -> str:
        """Return the operation granted."""
        return self.operation


class ClientKey(models.Model):
    """The public key, or the certificate, by which a client proves who it is (公钥).

    ``suite`` is international (Ed25519), national (SM2) or ``certificate``; ``public_key`` is PEM, empty for a
    certificate. ``fingerprint`` is the SHA-256 of the SubjectPublicKeyInfo, or of the certificate, in hexadecimal;
    two clients never share one. ``key_id`` is what a signature names.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="keys")
    key_id = models.TextField(unique=True)
    suite = models.TextField()
    public_key = models.TextField()
    fingerprint = models.TextField(unique=True)
    made_at = models.DateTimeField()
    made_by = models.TextField()
    approval = models.BigIntegerField(null=True)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Return the name that signatures use."""
        return self.key_id


class ClientNonce(models.Model):
    """A number used once: no request that bears it again is accepted before ``forget_at``."""

    pk = models.CompositePrimaryKey("key_id", "nonce")
    key = models.ForeignKey(ClientKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    nonce = models.TextField()
    forget_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Return the number."""
        return self.nonce


class ClientUse(models.Model):
    """How often a grant was used in the legal day and the minute of its last use: one row, counted in place."""

    grant = models.OneToOneField(ClientGrant, on_delete=models.CASCADE, primary_key=True, related_name="use")
    day = models.DateField()
    day_count = models.IntegerField()
    minute = models.DateTimeField()
    minute_count = models.IntegerField()

    def __str__(self) -> str:
        """Return the day's count."""
        return f"{self.day}: {self.day_count}"
