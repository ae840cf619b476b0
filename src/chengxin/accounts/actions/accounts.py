"""Make officers and API clients."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.models import ApiClient, Officer
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.models import Organisation


@dataclass(frozen=True)
class SetOfficer:
    """Make the officer ``username``, or give an existing one this name, organisation, role and password."""

    username: str
    password: str
    name: str
    organisation: Organisation
    role: str

    def check(self) -> None:
        """Raise ``ChengxinError`` for a role that does not exist or a password under twelve characters."""
        if self.role not in Officer.Role.values:
            known = Officer.Role.values
            raise ChengxinError(
                "unknown_role",
                f"没有岗位“{self.role}”，可用的有：{'、'.join(known)}",
                f"there is no role {self.role!r}; there are: {', '.join(known)}",
                where=self.role,
            )
        if len(self.password) < 12:  # noqa: PLR2004 - OWASP ASVS 5.0, 6.2.1 asks for at least 8, recommends 15
            raise ChengxinError(
                "password_too_short",
                "密码至少 12 个字符，请换一个更长的",
                "a password has at least 12 characters: choose a longer one",
                where=self.username,
            )

    def execute(self) -> Officer:
        """Save and return the officer."""
        self.check()
        with transaction.atomic():
            found = Officer.objects.select_for_update().filter(username=self.username).first()
            officer = found or Officer(username=self.username)
            officer.name, officer.organisation, officer.role = self.name, self.organisation, self.role
            officer.set_password(self.password)
            officer.save()
        return officer


@dataclass(frozen=True)
class MakeApiClient:
    """Make a client of the API with exactly these ``grants`` until ``expires_at``."""

    name: str
    organisation: Organisation
    grants: tuple[str, ...]
    now: datetime
    expires_at: datetime

    def check(self) -> None:
        """Raise ``ChengxinError`` for a grant that names no operation or an end that is not ahead."""
        for grant in self.grants:
            if grant not in OPERATIONS:
                raise ChengxinError(
                    "unknown_operation",
                    f"没有操作“{grant}”，可用的有：{'、'.join(OPERATIONS)}",
                    f"there is no operation {grant!r}; there are: {', '.join(OPERATIONS)}",
                    where=grant,
                )
        if self.expires_at <= self.now:
            raise ChengxinError(
                "already_expired",
                f"接口调用方“{self.name}”的到期时间已过，请给一个将来的时间",
                f"the client {self.name!r} would have ended already: give an end in the future",
                where=self.name,
            )

    def execute(self) -> tuple[ApiClient, str]:
        """Return the client and its token; the token is shown this once and not kept."""
        self.check()
        token = secrets.token_urlsafe(32)
        client = ApiClient.objects.create(
            name=self.name,
            organisation=self.organisation,
            token_digest=hashlib.sha256(token.encode()).hexdigest(),
            grants=list(self.grants),
            made_at=self.now,
            expires_at=self.expires_at,
        )
        return client, token
