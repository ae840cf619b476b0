"""Log in: count first, then look at the password, and leave an event whichever way it goes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from chengxin.accounts.models import Officer
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.access import load_access, trusted_proxies
from chengxin.ends.office.models import LogInAttempt

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

KEPT = timedelta(days=1)
"""How long a failed log-in is counted at all."""


class LogInRefused(ChengxinError):
    """The log-in failed, in words that do not tell whether the name or the password was wrong."""


class OfficerBackend:
    """Finds the officer of a session anew for each request, so that a right withdrawn is withdrawn at once."""

    def get_user(self, user_id: int) -> Officer | None:
        """Return the officer with the organisation, or None when the account was closed."""
        return Officer.objects.select_related("organisation").filter(pk=user_id, is_active=True).first()


@dataclass(frozen=True)
class LogIn:
    """Log ``username`` in from ``address`` and return the officer.

    The attempt is counted before the password is looked at, so that attempts at the same moment count too. Five
    failures of an account or from an address within 15 minutes (``access.yaml``) lock it for 15 minutes from the last
    one; what is tried meanwhile is not looked at and does not lengthen the lock. Raises ``LogInRefused`` with
    ``log_in_failed`` or ``log_in_locked``.
    """

    username: str
    password: str
    address: str
    now: datetime

    def execute(self) -> Officer:
        """Return the officer; the caller begins the session."""
        account = _digest(self.username)
        self._count(account)
        officer = Officer.objects.select_related("organisation").filter(username=self.username).first()
        if officer is None or not officer.is_active:
            make_password(self.password)  # the same work as for a real account, so time tells nothing
            raise self._refused("log_in_failed", officer)
        if not officer.check_password(self.password):
            raise self._refused("log_in_failed", officer)
        with transaction.atomic():
            LogInAttempt.objects.filter(account=account).delete()
            LogInAttempt.objects.filter(at__lt=self.now - KEPT).delete()
            self._event("officer.logged_in", officer)
        return officer

    def _count(self, account: str) -> None:
        """Count this attempt, or raise when the account or the address is locked."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                for key in sorted((f"account {account}", f"address {self.address}")):
                    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
            locked = self._locked(account=account) or self._locked(address=self.address)
            if not locked:
                LogInAttempt.objects.create(account=account, address=self.address, at=self.now)
        if locked:
            raise self._refused("log_in_locked", Officer.objects.filter(username=self.username).first())

    def _locked(self, **whose: str) -> bool:
        access = load_access()
        lock = timedelta(minutes=access.lock_minutes)
        latest = LogInAttempt.objects.filter(**whose).order_by("-at").values_list("at", flat=True)
        times = list(latest[: access.failed_log_ins])
        if len(times) < access.failed_log_ins:
            return False
        return times[0] - times[-1] <= lock and self.now < times[0] + lock

    def _refused(self, code: str, officer: Officer | None) -> LogInRefused:
        with transaction.atomic():
            self._event(f"officer.{code}", officer)
        if code == "log_in_locked":
            minutes = load_access().lock_minutes
            return LogInRefused(
                code,
                f"登录失败次数过多，请 {minutes} 分钟后再试；忘记密码请联系信用中心",
                f"too many failed log-ins: try again in {minutes} minutes; if you forgot your password, ask the centre",
            )
        return LogInRefused(
            code, "用户名或密码不正确，请重新输入", "user name or password is wrong: please enter them again"
        )

    def _event(self, action: str, officer: Officer | None) -> None:
        """Write the event; of a name nobody bears nothing is kept, because it may be a mistyped password."""
        who = officer.username if officer else ""
        record_event(
            at=self.now,
            actor=("officer", who, officer.organisation.code if officer else ""),
            action=action,
            object_kind="officer",
            object_id=who,
            detail={"address": self.address},
        )


def client_address(request: HttpRequest) -> str:
    """Return where a request comes from.

    Of X-Forwarded-For only the entries that the city's own proxies added count (``trusted_proxies``, from the right):
    everything before them is what the sender claims.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    trusted = trusted_proxies()
    if not trusted:
        return direct
    passed = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",") if one.strip()]
    chain = [*passed, direct]
    return chain[max(len(chain) - 1 - trusted, 0)]


def _digest(username: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), username.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
