"""What officers do to their own accounts: change the password, end every session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.accounts.actions.officers import note, officer_for_change
from chengxin.accounts.actor import officer_actor
from chengxin.accounts.events import LogInRenewed
from chengxin.accounts.passwords import check_password
from chengxin.base.errors import ChengxinError
from chengxin.base.events import publish

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.models import Officer


@dataclass(frozen=True)
class ChangePassword:
    """Give the officer the password ``new``; every session that knew the old one ends.

    Raises ``ChengxinError`` when ``old`` is wrong, ``new`` is the same, or a password nobody should have. The officer
    is logged in; the office end counts wrong guesses at ``old`` like failed log-ins.
    """

    officer: Officer
    old: str
    new: str
    now: datetime

    def check(self) -> None:
        """Raise unless the password can be changed so."""
        if not self.officer.check_password(self.old):
            raise ChengxinError(
                "old_password_wrong",
                "现在的密码不正确，请重新输入",
                "the present password is wrong: enter it again",
                where="old",
            )
        if self.new == self.old:
            raise ChengxinError(
                "password_unchanged",
                "新密码和现在的密码一样，请换一个",
                "the new password is the present one: choose another",
                where="new",
            )
        check_password(self.new, self.officer.username)

    def execute(self) -> Officer:
        """Save and return the officer."""
        self.check()
        with transaction.atomic():
            held = officer_for_change(self.officer.username)
            held.set_password(self.new)
            held.must_change_password, held.password_changed_at = False, self.now
            held.save(update_fields=["password", "must_change_password", "password_changed_at"])
            publish(LogInRenewed(held.pk))
            note(officer_actor(held), "officer.password_changed", held.username, self.now)
        return held


@dataclass(frozen=True)
class EndSessions:
    """End every session of the officer, wherever it is."""

    officer: Officer
    now: datetime

    def execute(self) -> Officer:
        """Save and return the officer."""
        with transaction.atomic():
            held = officer_for_change(self.officer.username)
            held.session_epoch += 1
            held.save(update_fields=["session_epoch"])
            note(officer_actor(held), "officer.sessions_ended", held.username, self.now)
        return held
