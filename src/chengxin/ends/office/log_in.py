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
from django.db.models import Max

from chengxin.accounts.models import Officer
from chengxin.audit.actions import record_event
from chengxin.base.context import arriving
from chengxin.base.errors import ChengxinError
from chengxin.ends.office.access import load_access, trusted_proxies
from chengxin.ends.office.models import Device, LogInAttempt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
    one; what is tried meanwhile is not looked at and does not lengthen the lock. On a ``device`` the officer is known
    on (its number) failures are counted for that device alone: others neither lock it nor are locked by it. The count
    begins anew only once the officer is in (``welcome``): a second factor is guessed no more often than a password.
    Raises ``LogInRefused`` with ``log_in_failed`` or ``log_in_locked``.
    """

    username: str
    password: str
    address: str
    now: datetime
    device: int | None = None

    def execute(self) -> Officer:
        """Return the officer; the caller asks for the second factor or begins the session."""
        count_attempt(self.username, self.address, self.now, self.device)
        officer = Officer.objects.select_related("organisation").filter(username=self.username).first()
        if officer is None:
            make_password(
                self.password
            )  # the same work and the same questions as for an account, so time tells nothing
        right = officer is not None and officer.check_password(self.password)
        if officer is None or not right or not (officer.is_active and officer.organisation.is_active):
            raise refusal("log_in_failed", officer, self.address, self.now, self.device)
        return officer


@dataclass(frozen=True)
class SecondStep:
    """Look at a second factor of an officer whose password was right; it is counted like a password.

    ``look`` does the looking. Raises ``LogInRefused`` with ``second_factor_failed`` or ``log_in_locked``.
    """

    officer: Officer
    address: str
    now: datetime
    device: int | None = None

    def execute(self, look: Callable[[], bool]) -> None:
        """Return when the factor is right."""
        count_attempt(self.officer.username, self.address, self.now, self.device)
        if not look():
            raise refusal("second_factor_failed", self.officer, self.address, self.now, self.device)


def welcome(officer: Officer, address: str, now: datetime, how: str, device: int | None = None) -> None:
    """Note that ``officer`` is in by ``how`` (password, totp, passkey, recovery, outside) and begin to count anew.

    Only the count this log-in drew on: an officer at work on the own machine buys nobody elsewhere more guesses.
    """
    with transaction.atomic():
        if device is None:
            LogInAttempt.objects.filter(account=_digest(officer.username), device=None).delete()
        else:
            LogInAttempt.objects.filter(device=device).delete()
        LogInAttempt.objects.filter(at__lt=now - KEPT).delete()
        _event("officer.logged_in", officer, address, now, how)


def failures_elsewhere(officer: Officer, before: datetime) -> int:
    """Return how many log-ins of ``officer`` failed on devices nobody knows since the last one that did not.

    They are kept for a day; what was tried from ``before`` on belongs to the log-in under way.
    """
    last = Device.objects.filter(officer=officer).aggregate(at=Max("last_seen"))["at"]
    held = LogInAttempt.objects.filter(account=_digest(officer.username), device=None, at__lt=before)
    return held.filter(at__gte=last).count() if last else held.count()


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
    device: int | None = None

    def execute(self, change: Callable[[], Officer]) -> Officer:
        """Return what ``change`` returns."""
        attempt = count_attempt(self.officer.username, self.address, self.now, self.device)
        try:
            changed = change()
        except ChengxinError as error:
            if error.code == "old_password_wrong":
                with transaction.atomic():
                    _event("officer.old_password_wrong", self.officer, self.address, self.now, "")
            else:
                forgive(attempt)
            raise
        forgive(attempt)
        return changed


def count_attempt(username: str, address: str, now: datetime, device: int | None = None) -> int:
    """Count this attempt and return its number, or raise ``LogInRefused`` when what it is counted by is locked.

    It is counted by the known ``device``, else by account and address; by address alone where no name was given,
    because one account that stands for everybody could be locked for everybody.
    """
    account = _digest(username) if username else ""
    counts: list[dict[str, str | int | None]] = [{"device": device}]
    if device is None:
        counts = [{"account": account, "device": None}] if account else []
        counts.append({"address": address, "device": None})
    with transaction.atomic():
        with connection.cursor() as cursor:
            for key in sorted(f"{one}" for one in counts):
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        made = None
        if not any(_locked(now, one) for one in counts):
            made = LogInAttempt.objects.create(account=account, address=address, at=now, device=device)
    if made is None:
        held = Officer.objects.select_related("organisation").filter(username=username).first()
        raise refusal("log_in_locked", held, address, now, device)
    return int(made.pk)


def forgive(attempt: int) -> None:
    """Take back the attempt of this number: it was right and is no guess."""
    LogInAttempt.objects.filter(pk=attempt).delete()


def refusal(code: str, officer: Officer | None, address: str, now: datetime, device: int | None = None) -> LogInRefused:
    """Write the event of a refusal and return it, to be raised; ``device`` is the known device it was tried on."""
    with transaction.atomic():
        _event(f"officer.{code}", officer, address, now, "", device)
    if code == "log_in_locked":
        minutes = load_access().lock_minutes
        elsewhere = device is None
        return LogInRefused(
            code,
            f"登录失败次数过多，请 {minutes} 分钟后再试"
            f"{'，或在您以前登录过的设备上登录' if elsewhere else ''}；忘记密码请联系信用中心",
            f"too many failed log-ins: try again in {minutes} minutes"
            f"{', or log in on a device you logged in on before' if elsewhere else ''}; "
            "if you forgot your password, ask the centre",
        )
    if code == "second_factor_failed":
        return LogInRefused(
            code,
            "验证没有通过：口令每 30 秒变一次，可能刚刚变过，请输入应用里当前的口令，或一个没有用过的恢复码；"
            "若总是不通过，请把手机时间设为自动校准",
            "this did not verify: the code changes every 30 seconds and may have changed just now. Enter the one the "
            "app shows now, or a recovery code that was not used; if it goes on, let the telephone set its clock "
            "automatically",
        )
    return LogInRefused(
        code, "用户名或密码不正确，请重新输入", "user name or password is wrong: please enter them again"
    )


def _locked(now: datetime, whose: Mapping[str, str | int | None]) -> bool:
    access = load_access()
    lock = timedelta(minutes=access.lock_minutes)
    latest = LogInAttempt.objects.filter(**whose).order_by("-at").values_list("at", flat=True)
    times = list(latest[: access.failed_log_ins])
    if len(times) < access.failed_log_ins:
        return False
    return times[0] - times[-1] <= lock and now < times[0] + lock


def _event(
    action: str, officer: Officer | None, address: str, now: datetime, how: str, device: int | None = None
) -> None:
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
            detail={"address": address} | ({"how": how} if how else {}) | ({"device": device} if device else {}),
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
