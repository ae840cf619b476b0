"""The words in which identifiers are judged: kind, verdict, severity, problem, part."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import StrEnum

Known = Container[str] | Callable[[str], bool]
"""The codes of bodies on file: anything that answers ``code in known``, or a predicate."""


class Kind(StrEnum):
    """The kinds of identifier that can be told apart."""

    USCC = "uscc"
    ORGANISATION_CODE = "organisation_code"
    REGISTRATION_NUMBER = "registration_number"
    TAX_NUMBER = "tax_number"
    PUBLIC_INSTITUTION_CERTIFICATE = "public_institution_certificate"
    SOCIAL_ORGANISATION_CERTIFICATE = "social_organisation_certificate"
    RESIDENT_ID = "resident_id"
    HMT_RESIDENCE_PERMIT = "hmt_residence_permit"
    FOREIGN_PERMANENT_RESIDENCE = "foreign_permanent_residence"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """``valid``: all agrees. ``suspect``: something disagrees, ask a person. ``invalid``: wrong shape."""

    VALID = "valid"
    SUSPECT = "suspect"
    INVALID = "invalid"


class Severity(StrEnum):
    """How a problem bears on the verdict: error makes it invalid, warning suspect, note nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Problem:
    """One thing to say about a code; ``position`` counts from 1 in the normalised text."""

    code: str
    message_zh: str
    message_en: str
    position: int | None
    severity: Severity

    @property
    def message(self) -> str:
        """Give both wordings on one line, Chinese first."""
        return f"{self.message_zh} {self.message_en}"


@dataclass(frozen=True)
class Part:
    """One section of a code: its name, its first position (from 1), its text and what that text means."""

    name: str
    start: int
    text: str
    meaning_zh: str
    meaning_en: str
