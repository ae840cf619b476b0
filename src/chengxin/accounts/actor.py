"""Who acts: an officer, an API client or the operator at the command line, in one shape for permission and audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.base.errors import NotPermitted

if TYPE_CHECKING:
    from chengxin.accounts.models import ApiClient, Officer

SUBMIT = "batches.submit"
READ_BATCHES = "batches.read"
READ_SUBJECTS = "subjects.read"
CHECK = "checks.run"
OPERATIONS = (SUBMIT, READ_BATCHES, READ_SUBJECTS, CHECK)
"""Operations a grant may name."""

ROLE_OPERATIONS: dict[str, frozenset[str]] = {
    "submitter": frozenset({SUBMIT, READ_BATCHES, READ_SUBJECTS}),
    "centre": frozenset({SUBMIT, READ_BATCHES, READ_SUBJECTS, CHECK}),
    "auditor": frozenset({READ_BATCHES}),
}
"""What each duty of an officer may do; what is not listed is refused."""


@dataclass(frozen=True)
class Actor:
    """The one who acts. ``organisation`` is the organisation's code, or empty for the operator.

    ``everywhere`` is true for those who act for every organisation: the operator and the credit centre.
    """

    kind: str
    id: str
    organisation: str
    operations: frozenset[str]
    everywhere: bool = False

    def require(self, operation: str, organisation: str | None = None) -> None:
        """Raise ``NotPermitted`` unless the actor may do ``operation`` (for ``organisation``)."""
        if operation not in self.operations:
            raise NotPermitted(
                "operation_not_granted",
                f"没有“{operation}”的权限，请联系信用中心开通",
                f"the operation {operation} is not granted; ask the credit centre",
            )
        if organisation is not None and not self.everywhere and organisation != self.organisation:
            raise NotPermitted(
                "other_organisation",
                "只能办理本单位的业务",
                "you may act for your own organisation only",
            )


def operator() -> Actor:
    """Return the operator at the command line of the platform's own machine."""
    return Actor("operator", "cli", "", frozenset(OPERATIONS), everywhere=True)


def officer_actor(officer: Officer) -> Actor:
    """Return ``officer`` as an actor; an inactive officer may do nothing."""
    allowed = ROLE_OPERATIONS.get(officer.role, frozenset()) if officer.is_active else frozenset()
    return Actor(
        "officer",
        officer.username,
        officer.organisation.code,
        allowed,
        everywhere=officer.role in {"centre", "auditor"},
    )


def client_actor(client: ApiClient) -> Actor:
    """Return ``client`` as an actor with exactly its grants."""
    return Actor("client", str(client.pk), client.organisation.code, frozenset(client.grants))
