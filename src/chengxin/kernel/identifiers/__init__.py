"""Identifiers of Chinese organisations and persons: validate, explain, derive, suggest a repair.

``identify`` says what a text is when nobody knows; the value types read a text as one kind. Nothing here
raises for dirty text. ``bulk`` does the same for arrays of codes and ``sql`` inside DuckDB; both give the
verdicts of ``Uscc``.

>>> from chengxin.kernel.identifiers import identify
>>> identify("９１３２０５８３-187588026h").normalised
'91320583187588026H'
"""

from chengxin.kernel.identifiers.checks import (
    looks_like_resident_id,
    organisation_code_check_character,
    registration_number_check_digit,
    resident_id_check_character,
    uscc_check_character,
)
from chengxin.kernel.identifiers.folding import normalise
from chengxin.kernel.identifiers.identification import Identification
from chengxin.kernel.identifiers.legacy import (
    PublicInstitutionCertificate,
    RegistrationNumber,
    SocialOrganisationCertificate,
    TaxNumber,
)
from chengxin.kernel.identifiers.model import Kind, Known, Part, Problem, Severity, Verdict
from chengxin.kernel.identifiers.persons import (
    ForeignPermanentResidence,
    HmtResidencePermit,
    PersonNumber,
    ResidentId,
)
from chengxin.kernel.identifiers.recognition import identify, may_be_personal
from chengxin.kernel.identifiers.uscc import OrganisationCode, Uscc, make_uscc

__all__ = [
    "ForeignPermanentResidence",
    "HmtResidencePermit",
    "Identification",
    "Kind",
    "Known",
    "OrganisationCode",
    "Part",
    "PersonNumber",
    "Problem",
    "PublicInstitutionCertificate",
    "RegistrationNumber",
    "ResidentId",
    "Severity",
    "SocialOrganisationCertificate",
    "TaxNumber",
    "Uscc",
    "Verdict",
    "identify",
    "looks_like_resident_id",
    "make_uscc",
    "may_be_personal",
    "normalise",
    "organisation_code_check_character",
    "registration_number_check_digit",
    "resident_id_check_character",
    "uscc_check_character",
]
