"""Who acts: an officer, an API client or the operator at the command line, in one shape for permission and audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chengxin.accounts.access import load_matrix
from chengxin.base.errors import NotPermitted

if TYPE_CHECKING:
    from chengxin.accounts.models import Officer

SUBMIT = "batches.submit"
RELEASE = "batches.release"
READ_BATCHES = "batches.read"
READ_SUBJECTS = "subjects.read"
CHECK = "checks.run"
WITHDRAW = "records.withdraw"
REVIEW_LINKS = "links.review"
MERGE_BODIES = "bodies.merge"
SPLIT_BODIES = "bodies.split"
CONVERT_CODES = "codes.convert"
CORRECT_CODES = "codes.correct"
ANSWER_CODES = "codes.answer"
FOLLOW_CODES = "codes.follow"
CODE_PROGRESS = "codes.progress"
REGISTER_PRACTITIONERS = "practitioners.register"
READ_PRACTITIONERS = "practitioners.read"
CHANGE_PRACTITIONERS = "practitioners.change"
MANAGE_OFFICERS = "officers.manage"
GRANT_DUTIES = "duties.grant"
MANAGE_CLIENTS = "clients.manage"
DECIDE_APPROVALS = "approvals.decide"
READ_AUDIT = "audit.read"
RESTORE = "system.restore"

ALL_OPERATIONS: tuple[str, ...] = tuple(load_matrix().operations)
"""Every operation of the access matrix."""

OPERATIONS: tuple[str, ...] = tuple(key for key, one in load_matrix().operations.items() if one.clients)
"""Operations a grant to an API client may name (``clients: true`` in the access matrix)."""

ROLE_OPERATIONS: dict[str, frozenset[str]] = {role: load_matrix().allowed([role]) for role in load_matrix().duties}
"""What each duty of an officer may do; what is not listed is refused."""


@dataclass(frozen=True)
class Actor:
    """The one who acts. ``organisation`` is the organisation's code, or empty for the operator.

    ``everywhere`` is true for those who act for every organisation: the operator, the credit centre and the three
    duties of oversight.
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
    return Actor("operator", "cli", "", frozenset(ALL_OPERATIONS), everywhere=True)


def officer_actor(officer: Officer) -> Actor:
    """Return ``officer`` as an actor; an officer who left, or whose organisation was closed, may do nothing."""
    works = officer.is_active and officer.organisation.is_active
    roles = officer.roles if works else []
    matrix = load_matrix()
    return Actor(
        "officer",
        officer.username,
        officer.organisation.code,
        matrix.allowed(roles),
        everywhere=matrix.everywhere(roles),
    )
