"""Log in: count first, then look at what was given, and leave an event whichever way it goes."""

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
from chengxin.base.context import arriving
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.access import load_access, trusted_proxies
from chengxin.ends.office.models import LogInAttempt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest

KEPT = timedelta(days=1)
"""How long a failed log-in is counted at all."""


class LogInRefused(ChengxinError):
    """The log-in failed, in words that do not tell whether the name or the password was wrong."""


class OfficerBackend:
    """Finds the officer of a session anew for each request, so that a right withdrawn is withdrawn at once."""

    def get_user(self, user_id: int) -> Officer | None:
        """Return the officer with the organisation, or None when the account or the organisation was closed."""
        return working_officers().filter(pk=user_id).first()


def working_officers() -> QuerySet[Officer]:
    """Return the officers who may log in, with their organisations."""
    return Officer.objects.select_related("organisation").filter(is_active=True, organisation__is_active=True)


@dataclass(frozen=True)
class LogIn:
    """Look at ``username`` and ``password`` given from ``address`` and return the officer they belong to.

    The attempt is counted before the password is looked at, so that attempts at the same moment count too. Five
    failures of an account or from an address within 15 minutes (``access.yaml``) lock it for 15 minutes from the last
    one; what is tried meanwhile is not looked at and does not lengthen the lock. The count begins anew only once the
    officer is in (``welcome``): a second factor is guessed no more often than a password. Raises ``LogInRefused`` with
    ``log_in_failed`` or ``log_in_locked``.
    """

    username: str
    password: str
    address: str
    now: datetime

    def execute(self) -> Officer:
        """Return the officer; the caller asks for the second factor or begins the session."""
        count_attempt(self.username, self.address, self.now)
        officer = working_officers().filter(username=self.username).first()
        if officer is None:
            make_password(self.password)  # the same work as for a real account, so time tells nothing
            closed = Officer.objects.select_related("organisation").filter(username=self.username).first()
            raise refusal("log_in_failed", closed, self.address, self.now)
        if not officer.check_password(self.password):
            raise refusal("log_in_failed", officer, self.address, self.now)
        return officer


@dataclass(frozen=True)
class SecondStep:
    """Look at a second factor of an officer whose password was right; it is counted like a password.

    ``look`` does the looking. Raises ``LogInRefused`` with ``second_factor_failed`` or ``log_in_locked``.
    """

    officer: Officer
    address: str
    now: datetime

    def execute(self, look: Callable[[], bool]) -> None:
        """Return when the factor is right."""
        count_attempt(self.officer.username, self.address, self.now)
        if not look():
            raise refusal("second_factor_failed", self.officer, self.address, self.now)


def welcome(officer: Officer, address: str, now: datetime, how: str) -> None:
    """Note that ``officer`` is in by ``how`` (password, totp, passkey, recovery, outside) and begin to count anew."""
    with transaction.atomic():
        LogInAttempt.objects.filter(account=_digest(officer.username)).delete()
        LogInAttempt.objects.filter(at__lt=now - KEPT).delete()
        _event("officer.logged_in", officer, address, now, how)


@dataclass(frozen=True)
class OwnPassword:
    """Let an officer who is logged in change the password; a wrong present one is counted like a failed log-in.

    An open session is not its owner: who sits down at it guesses the password no more often than at the log-in. Only
    this attempt is forgiven when the password was right, so it buys no more guesses at a code either. Raises
    ``LogInRefused`` (``log_in_locked``) and whatever ``change`` raises.
    """

    officer: Officer
    address: str
    now: datetime

    def execute(self, change: Callable[[], Officer]) -> Officer:
        """Return what ``change`` returns."""
        attempt = count_attempt(self.officer.username, self.address, self.now)
        try:
            changed = change()
        except ChengxinError as error:
            if error.code == "old_password_wrong":
                with transaction.atomic():
                    _event("officer.old_password_wrong", self.officer, self.address, self.now, "")
            else:
                LogInAttempt.objects.filter(pk=attempt).delete()
            raise
        LogInAttempt.objects.filter(pk=attempt).delete()
        return changed


def count_attempt(username: str, address: str, now: datetime) -> int:
    """Count this attempt and return its number, or raise ``LogInRefused`` when account or address are locked."""
    account = _digest(username)
    with transaction.atomic():
        with connection.cursor() as cursor:
            for key in sorted((f"account {account}", f"address {address}")):
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        locked = _locked(now, account=account) or _locked(now, address=address)
        made = None if locked else LogInAttempt.objects.create(account=account, address=address, at=now)
    if made is None:
        held = Officer.objects.select_related("organisation").filter(username=username).first()
        raise refusal("log_in_locked", held, address, now)
    return int(made.pk)


def refusal(code: str, officer: Officer | None, address: str, now: datetime) -> LogInRefused:
    """Write the event of a refusal and return it, to be raised."""
    with transaction.atomic():
        _event(f"officer.{code}", officer, address, now, "")
    if code == "log_in_locked":
        minutes = load_access().lock_minutes
        return LogInRefused(
            code,
            f"登录失败次数过多，请 {minutes} 分钟后再试；忘记密码请联系信用中心",
            f"too many failed log-ins: try again in {minutes} minutes; if you forgot your password, ask the centre",
        )
    if code == "second_factor_failed":
        return LogInRefused(
            code,
            "验证没有通过，请输入应用里当前的口令，或一个没有用过的恢复码",
            "this did not verify: enter the code the app shows now, or a recovery code that was not used",
        )
    return LogInRefused(
        code, "用户名或密码不正确，请重新输入", "user name or password is wrong: please enter them again"
    )


def _locked(now: datetime, **whose: str) -> bool:
    access = load_access()
    lock = timedelta(minutes=access.lock_minutes)
    latest = LogInAttempt.objects.filter(**whose).order_by("-at").values_list("at", flat=True)
    times = list(latest[: access.failed_log_ins])
    if len(times) < access.failed_log_ins:
        return False
    return times[0] - times[-1] <= lock and now < times[0] + lock


def _event(action: str, officer: Officer | None, address: str, now: datetime, how: str) -> None:
    """Write the event; of a name nobody bears nothing is kept, because it may be a mistyped password.

    Whoever logs in has only arrived, also in a browser in which another officer is logged in.
    """
    who = officer.username if officer else ""
    with arriving():
        record_event(
            at=now,
            actor=("officer", who, officer.organisation.code if officer else ""),
            action=action,
            object_kind="officer",
            object_id=who,
            detail={"address": address} | ({"how": how} if how else {}),
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
