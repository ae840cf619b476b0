"""The tables of this end: sessions, the devices officers use, and log-ins that failed or are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from chengxin.accounts.models import Officer

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


class LogInAttempt(models.Model):
    """A log-in that failed or is being tried; one that succeeds takes its row away.

    ``account`` is a keyed digest of what was typed as user name, because people type passwords there by mistake; it is
    empty where no name was typed. ``device`` is the number of the ``Device`` it was tried on, or None where the browser
    is not known as one of that officer's.
    """

    account = models.TextField()
    address = models.TextField()
    at = models.DateTimeField()
    device = models.BigIntegerField(null=True)

    class Meta:
        """Counted by account, by address and by device, the latest first."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "-at"], name="attempt_of_account"),
            models.Index(fields=["address", "-at"], name="attempt_from_address"),
            models.Index(fields=["device", "-at"], name="attempt_on_device"),
        ]

    def __str__(self) -> str:
        """Return when and from where."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.address}"


class Device(models.Model):
    """A browser in which an officer logged in completely; its cookie holds the secret whose SHA-256 is ``digest``.

    ``words`` are the browser and the system as a person would name them, ``network`` is the /24 or /48 of the last
    log-in: enough to recognise one's own machine by, too little to follow anybody with.
    """

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="devices")
    digest = models.TextField(unique=True)
    words = models.TextField(blank=True)
    network = models.TextField(blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        """Found by its officer, or by when it was last seen."""

        db_table = "office_device"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["last_seen"], name="device_last_seen")]

    def __str__(self) -> str:
        """Return what it is called."""
        return self.words


class OfficeSession(AbstractBaseSession):
    """A session; besides its signed content, what its officer recognises it by. It is erased with the row.

    All columns are copies of what the content says (``session_store``), None or empty before the officer is in.
    ``sitting`` names the session on the officer's own page, because its key is a secret.
    """

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, null=True, related_name="sessions")
    sitting = models.TextField(blank=True)
    began = models.DateTimeField(null=True)
    seen = models.DateTimeField(null=True)
    device = models.BigIntegerField(null=True)
    words = models.TextField(blank=True)
    network = models.TextField(blank=True)

    class Meta(AbstractBaseSession.Meta):
        """A table of its own."""

        db_table = "office_session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Return the store that reads and writes these rows."""
        from chengxin.ends.office.session_store import SessionStore  # noqa: PLC0415 - the store imports this module

        return SessionStore
