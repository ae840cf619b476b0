"""Officers: made without any duty, closed at once, and set up by the operator where an installation begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actor import GRANT_DUTIES, MANAGE_OFFICERS, operator
from chengxin.accounts.events import LogInRenewed
from chengxin.accounts.models import Officer, Organisation
from chengxin.accounts.passwords import check_password, initial_password
from chengxin.accounts.queries import organisation_by_code
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.base.events import publish

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from chengxin.accounts.actor import Actor


def officer_for_change(username: str) -> Officer:
    """Return the officer, locked for the transaction; raise ``NotFound``."""
    found = Officer.objects.select_for_update(of=("self",)).select_related("organisation")
    held = found.filter(username=username).first()
    if held is None:
        raise NotFound(
            "unknown_officer", f"没有经办人“{username}”", f"there is no officer {username!r}", where=username
        )
    return held


def require_other_person(officer: Officer, roles: Iterable[str]) -> None:
    """Raise ``ChengxinError`` when an oversight duty would go to somebody who bears another account's name.

    Two accounts of one organisation under one name are the same person unless both have a staff number.
    """
    matrix = load_matrix()
    matrix.require_separate(roles)
    if not any(matrix.duties[role].oversight for role in roles):
        others = Officer.objects.filter(roles__overlap=[key for key, one in matrix.duties.items() if one.oversight])
    else:
        others = Officer.objects.exclude(roles=[])
    others = others.filter(name=officer.name, organisation=officer.organisation, is_active=True).exclude(pk=officer.pk)
    if officer.staff_number:
        others = others.filter(staff_number="")
    same = others.first()
    if same is not None:
        raise ChengxinError(
            "duties_not_separate",
            f"“{officer.name}”已有账号 {same.username}，管理、安全、审计岗位要由不同的人担任；同名的不同人请先登记工号",
            f"{officer.name} has the account {same.username} already: administrator, security officer and auditor are "
            "different people; where two people bear one name, enter their staff numbers first",
            where=officer.username,
        )


def shut_out(officer: Officer) -> None:
    """Take every duty, second factor and outside identity from ``officer`` and end the sessions."""
    officer.roles, officer.is_active = [], False
    officer.session_epoch += 1
    officer.save(update_fields=["roles", "is_active", "session_epoch"])
    officer.second_factors.all().delete()
    officer.outside_identities.all().delete()
    publish(LogInRenewed(officer.pk))


def note(actor: Actor, action: str, username: str, now: datetime, **detail: object) -> None:
    """Write the event ``action`` about the officer ``username``."""
    record_event(
        at=now,
        actor=(actor.kind, actor.id, actor.organisation),
        action=action,
        object_kind="officer",
        object_id=username,
        detail=detail,
    )


@dataclass(frozen=True)
class MakeOfficer:
    """Make an account without any duty, and a password that has to be changed at the first log-in.

    Raises ``NotPermitted``, ``NotFound`` for the organisation, and ``ChengxinError`` when the user name or the staff
    number is taken: one person has one account.
    """

    actor: Actor
    username: str
    name: str
    organisation: str
    staff_number: str
    now: datetime

    def check(self) -> Organisation:
        """Return the organisation, or raise."""
        self.actor.require(MANAGE_OFFICERS)
        organisation = organisation_by_code(self.organisation)
        for part, value in (("username", self.username), ("name", self.name), ("staff_number", self.staff_number)):
            require_written(part, value)
        return organisation

    def execute(self) -> tuple[Officer, str]:
        """Return the officer and the first password, which is shown this once and not kept."""
        organisation = self.check()
        password = initial_password()
        made = Officer(
            username=self.username,
            name=self.name,
            organisation=organisation,
            staff_number=self.staff_number,
            must_change_password=True,
        )
        made.set_password(password)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
                note(self.actor, "officer.made", self.username, self.now, organisation=organisation.code)
        except IntegrityError as error:
            raise ChengxinError(
                "officer_exists",
                f"用户名“{self.username}”或工号“{self.staff_number}”已有账号，一人一号，请直接使用原有账号",
                f"the user name {self.username!r} or the staff number {self.staff_number!r} has an account already: "
                "one person has one account",
                where=self.username,
            ) from error
        return made, password


@dataclass(frozen=True)
class WithdrawDuties:
    """Take duties away at once; it needs no second officer and counts from the officer's next request."""

    actor: Actor
    username: str
    roles: tuple[str, ...]
    reason: str
    now: datetime

    def check(self) -> None:
        """Raise ``NotPermitted`` unless the actor manages officers or grants duties, ``ChengxinError`` unexplained."""
        if not {MANAGE_OFFICERS, GRANT_DUTIES} & self.actor.operations:
            self.actor.require(MANAGE_OFFICERS)
        require_reason(self.reason)

    def execute(self) -> Officer:
        """Save and return the officer."""
        self.check()
        with transaction.atomic():
            officer = officer_for_change(self.username)
            officer.roles = [role for role in officer.roles if role not in self.roles]
            officer.save(update_fields=["roles"])
            taken = sorted(self.roles)
            note(self.actor, "officer.duties_withdrawn", self.username, self.now, roles=taken, reason=self.reason)
        return officer


@dataclass(frozen=True)
class CloseOfficer:
    """Close an account at once: no duty, no second factor, no session is left, and nothing comes back with it.

    Raises ``NotPermitted`` also for one's own account: the last administrator would shut the door from outside.
    """

    actor: Actor
    username: str
    reason: str
    now: datetime

    def check(self) -> None:
        """Raise unless the actor may."""
        self.actor.require(MANAGE_OFFICERS)
        if self.actor.id == self.username:
            raise NotPermitted(
                "own_account", "不能停用自己的账号", "one's own account is closed by another administrator"
            )
        require_reason(self.reason)

    def execute(self) -> Officer:
        """Save and return the officer."""
        self.check()
        with transaction.atomic():
            officer = officer_for_change(self.username)
            shut_out(officer)
            note(self.actor, "officer.closed", self.username, self.now, reason=self.reason)
        return officer


@dataclass(frozen=True)
class SetOfficer:
    """Make the officer ``username`` as the operator, or give an existing one this name, organisation and password.

    Duties can be given this way only until the installation has an administrator and a security officer: from then on
    they are granted by one and approved by the other. An officer who was shut out stays shut out.
    """

    username: str
    password: str
    name: str
    organisation: Organisation
    roles: tuple[str, ...]
    now: datetime
    staff_number: str = ""
    must_change: bool = False

    def check(self) -> None:
        """Raise ``ChengxinError`` without a name, for duties that do not go together, and for a poor password."""
        for part, value in (("username", self.username), ("name", self.name)):
            require_written(part, value)
        if self.staff_number:
            require_written("staff_number", self.staff_number)
        load_matrix().require_separate(self.roles)
        check_password(self.password, self.username)

    def execute(self) -> Officer:
        """Save and return the officer."""
        self.check()
        with transaction.atomic():
            found = Officer.objects.select_for_update().filter(username=self.username).first()
            officer = found or Officer(username=self.username)
            officer.name, officer.organisation = self.name, self.organisation
            officer.staff_number = self.staff_number or officer.staff_number
            added = set(self.roles) - set(officer.roles)
            if added and not setting_up():
                raise ChengxinError(
                    "duties_need_approval",
                    "系统管理员和安全管理员都已到位，岗位须在政务端由管理员申请、安全管理员审批",
                    "there are an administrator and a security officer: duties are asked for and approved in the "
                    "office end",
                    where=self.username,
                )
            require_other_person(officer, self.roles)
            officer.roles = list(self.roles)
            officer.set_password(self.password)
            officer.must_change_password, officer.password_changed_at = self.must_change, self.now
            officer.save()
            publish(LogInRenewed(officer.pk))
            note(operator(), "officer.set", self.username, self.now, roles=sorted(self.roles))
        return officer


def setting_up() -> bool:
    """Return whether an active administrator or an active security officer is still missing."""
    active = Officer.objects.filter(is_active=True, organisation__is_active=True)
    return not all(active.filter(roles__contains=[role]).exists() for role in ("administrator", "security"))


def require_written(part: str, value: str) -> None:
    """Raise ``ChengxinError`` for a part of an account that is empty, not printable, or has spaces around it."""
    if not value.strip() or not value.isprintable() or value != value.strip():
        raise ChengxinError(
            "officer_incomplete",
            "用户名、姓名和工号都要填写，前后不能有空格",
            "user name, name and staff number are all needed, without spaces around them",
            where=part,
        )


def require_reason(reason: str) -> None:
    """Raise ``ChengxinError`` without a reason."""
    if not reason.strip():
        raise ChengxinError("reason_missing", "请写明理由", "state the reason", where="reason")
