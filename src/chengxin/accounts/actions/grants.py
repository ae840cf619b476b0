"""What gives somebody power over an account: duties, a new way in, an outside identity. Each needs two officers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import IntegrityError, transaction

from chengxin.accounts.access import load_matrix
from chengxin.accounts.actions.approvals import AskApproval, use_approval
from chengxin.accounts.actions.officers import note, officer_for_change, require_other_person
from chengxin.accounts.actor import GRANT_DUTIES, MANAGE_OFFICERS
from chengxin.accounts.events import LogInRenewed
from chengxin.accounts.models import OutsideIdentity
from chengxin.accounts.passwords import initial_password
from chengxin.base.errors import ChengxinError
from chengxin.base.events import publish

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Approval, Officer


@dataclass(frozen=True)
class _Granting:
    """What the three have in common: an administrator asks, a security officer agrees, the administrator does it."""

    kind: ClassVar[str]
    actor: Actor
    username: str
    now: datetime

    def content(self) -> dict[str, Any]:
        """Return what will be done, as the approval binds it."""
        raise NotImplementedError

    def check(self) -> Officer:
        """Return the officer, locked, or raise; only inside a transaction."""
        self.actor.require(GRANT_DUTIES)
        self.actor.require(MANAGE_OFFICERS)
        return officer_for_change(self.username)

    def ask(self, reason: str) -> Approval:
        """Ask a security officer to agree; what could not be done anyway is not asked."""
        with transaction.atomic():
            self.check()
            return AskApproval(
                self.actor, GRANT_DUTIES, self.kind, self.username, self.content(), reason, self.now
            ).execute()

    def approved(self) -> Officer:
        """Use the approval and return the officer, locked; raise ``NotApproved``."""
        officer = self.check()
        use_approval(self.actor, GRANT_DUTIES, self.kind, self.username, self.content(), self.now)
        return officer


@dataclass(frozen=True)
class GrantDuties(_Granting):
    """Add duties to an officer's, with the agreement of a security officer.

    Raises ``NotPermitted``, ``NotFound``, ``NotApproved``, and ``ChengxinError`` for duties that do not exist, do not
    go together, or would give one person two oversight duties.
    """

    kind: ClassVar[str] = "officer.duties"
    roles: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        """Return the officer and the duties to add."""
        return {"username": self.username, "roles": sorted(set(self.roles))}

    def check(self) -> Officer:
        """Return the officer, locked, or raise."""
        officer = super().check()
        if not self.roles:
            raise ChengxinError("role_missing", "请选择岗位", "choose a duty", where="roles")
        wanted = [*officer.roles, *(role for role in self.roles if role not in officer.roles)]
        load_matrix().require_separate(wanted)
        require_other_person(officer, wanted)
        if not officer.is_active:
            raise ChengxinError(
                "officer_closed",
                "账号已停用，请先恢复登录",
                "the account is closed: give it a new way in first",
                where=self.username,
            )
        return officer

    def execute(self) -> Officer:
        """Save and return the officer."""
        with transaction.atomic():
            officer = self.approved()
            officer.roles = [*officer.roles, *(role for role in self.roles if role not in officer.roles)]
            officer.save(update_fields=["roles"])
            note(self.actor, "officer.duties_granted", self.username, self.now, roles=sorted(self.roles))
        return officer


@dataclass(frozen=True)
class ResetLogIn(_Granting):
    """Give an officer who lost the password or the second factor a new first password; a closed account opens again.

    Whoever can do this alone can become anybody, so it needs two. Second factors and outside identities go, the
    sessions end, and the duties stay as they are: none for an account that was closed.
    """

    kind: ClassVar[str] = "officer.reset"

    def content(self) -> dict[str, Any]:
        """Return the officer."""
        return {"username": self.username, "reset": True}

    def execute(self) -> tuple[Officer, str]:
        """Return the officer and the new password, shown this once."""
        password = initial_password()
        with transaction.atomic():
            officer = self.approved()
            officer.set_password(password)
            officer.is_active, officer.must_change_password = True, True
            officer.password_changed_at = self.now
            officer.session_epoch += 1
            officer.save(
                update_fields=[
                    "password", "is_active", "must_change_password", "password_changed_at", "session_epoch"
                ]
            )  # fmt: skip
            officer.second_factors.all().delete()
            officer.outside_identities.all().delete()
            publish(LogInRenewed(officer.pk))
            note(self.actor, "officer.log_in_reset", self.username, self.now)
        return officer, password


@dataclass(frozen=True)
class BindIdentity(_Granting):
    """Register the officer's account at the city's identity provider, by issuer and subject id."""

    kind: ClassVar[str] = "officer.identity"
    issuer: str
    subject: str

    def content(self) -> dict[str, Any]:
        """Return the officer and the account."""
        return {"username": self.username, "issuer": self.issuer, "subject": self.subject}

    def check(self) -> Officer:
        """Return the officer, locked, or raise ``ChengxinError`` when a part is missing or somebody has it."""
        officer = super().check()
        if not self.issuer.startswith("https://") or not self.subject.strip():
            raise ChengxinError(
                "identity_incomplete",
                "请填写身份提供方地址（https://）和用户标识（sub）",
                "give the identity provider's address (https://) and the subject id (sub)",
                where="subject",
            )
        if OutsideIdentity.objects.filter(issuer=self.issuer, subject=self.subject).exists():
            raise self._taken()
        return officer

    def execute(self) -> Officer:
        """Save and return the officer."""
        try:
            with transaction.atomic():
                officer = self.approved()
                OutsideIdentity.objects.filter(officer=officer, issuer=self.issuer).delete()
                OutsideIdentity.objects.create(
                    officer=officer,
                    issuer=self.issuer,
                    subject=self.subject,
                    made_at=self.now,
                    made_by=self.actor.id,
                )
                note(self.actor, "officer.identity_bound", self.username, self.now, issuer=self.issuer)
        except IntegrityError as error:
            raise self._taken() from error
        return officer

    def _taken(self) -> ChengxinError:
        return ChengxinError(
            "identity_taken",
            "这个外部账号已经登记给一位经办人",
            "this outside account is registered for an officer already",
            where="subject",
        )
