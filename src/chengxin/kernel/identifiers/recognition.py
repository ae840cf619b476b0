"""Tells what a text is when nobody says which identifier it should be."""

import re
from dataclasses import replace
from datetime import date

from chengxin.kernel.identifiers.checks import (
    is_organisation_code,
    is_person,
    is_registration_number,
    looks_like_old_resident_id,
    looks_like_person,
    looks_like_resident_id,
    uscc_checks_agree,
)
from chengxin.kernel.identifiers.findings import Findings
from chengxin.kernel.identifiers.folding import fold_lookalikes, normalise
from chengxin.kernel.identifiers.identification import Identification
from chengxin.kernel.identifiers.legacy import (
    PublicInstitutionCertificate,
    RegistrationNumber,
    SocialOrganisationCertificate,
    TaxNumber,
)
from chengxin.kernel.identifiers.model import Known
from chengxin.kernel.identifiers.persons import (
    ForeignPermanentResidence,
    HmtResidencePermit,
    PersonNumber,
    ResidentId,
)
from chengxin.kernel.identifiers.repair import suggestions
from chengxin.kernel.identifiers.tables import authorities, permits, person_provinces
from chengxin.kernel.identifiers.uscc import OrganisationCode, Uscc

_CERTIFICATE_WORDS = ("社证字", "民证字", "基证字")
_OLD_FOREIGNER = re.compile(r"[A-Z]{3}[0-9]{12}")
_TWELVE_DIGITS = re.compile(r"1[0-9]{11}")
_NEAR_USCC = re.compile(r"[0-9A-Z]{17}|[0-9A-Z]{19}")
_NEAR_REGISTRATION = re.compile(r"[0-9]{14}|[0-9]{16}")
_NEAR_ORGANISATION = re.compile(r"[0-9]{7}[0-9X]|[0-9]{9}[0-9X]")
_DATED_LIKE_PERSON = re.compile(r"[0-9]{6}(?:19|20)[0-9]{6}.{4}")
_LONGEST = 64


def identify(text: str, *, known: Known | None = None, on: date | None = None) -> Identification:
    """Say what a text is and whether it is right. Total over every text: it never raises.

    The first two characters and both check characters decide between a body's code and a person's number: a
    number that is a right resident ID is a person's even if it also passes the USCC sum.

    Args:
        text: the text as found.
        known: the codes of bodies on file, as a container or predicate. With it, a code that is not right
            is compared with those one slip away; a repair is suggested when exactly one of them is known. A
            predicate's own errors are not caught.
        on: the day on which the tables and dates of birth are judged.

    >>> identify("91320583187588026H").verdict
    <Verdict.VALID: 'valid'>
    >>> identify("362322198709086409").kind
    <Kind.RESIDENT_ID: 'resident_id'>
    >>> identify("9132O583187588026H").suggestions
    ('91320583187588026H',)
    """
    found = _choose(normalise(text)).parse(text, on=on)
    if isinstance(found, RegistrationNumber) and looks_like_old_resident_id(found.normalised):
        findings = Findings(found.NAME_ZH, found.NAME_EN)
        findings.report("also_fits_person")
        found = replace(found, problems=(*found.problems, *findings.problems))
    return replace(found, suggestions=suggestions(found, known))


def may_be_personal(found: Identification) -> bool:
    """Tell whether what was identified is, or may be, a natural person's number and must stay unpublished."""
    return isinstance(found, PersonNumber) or looks_like_resident_id(found.normalised)


def _choose(code: str) -> type[Identification]:
    """Choose the kind to read a normalised text as; look-alikes are folded for the choice only."""
    if len(code) > _LONGEST:
        return Identification
    if code.startswith("事证") or _TWELVE_DIGITS.fullmatch(code):
        return PublicInstitutionCertificate
    if any(word in code for word in _CERTIFICATE_WORDS):
        return SocialOrganisationCertificate
    folded = fold_lookalikes(code)
    match len(folded):
        case 18:
            kind = _choose_of_18(folded)
        case 15:
            kind = _choose_of_15(code, folded)
        case 9:
            kind = OrganisationCode
        case _:
            kind = _choose_nearly(folded)
    return kind


def _choose_of_18(code: str) -> type[Identification]:
    if is_person(code):
        return _person_kind(code)
    if uscc_checks_agree(code) and code[0] in authorities():
        return Uscc
    if code[0] != "9" and (looks_like_person(code) or _dated_like_person(code)):
        return _person_kind(code)
    return Uscc


def _person_kind(code: str) -> type[Identification]:
    if code[0] == "9":
        return ForeignPermanentResidence
    if any(code.startswith(permit.prefix) for permit in permits()):
        return HmtResidencePermit
    return ResidentId


def _dated_like_person(code: str) -> bool:
    """Tell whether province and year of birth stand in place, even if the day or a letter is wrong."""
    return code[:2] in person_provinces() and _DATED_LIKE_PERSON.fullmatch(code) is not None


def _choose_of_15(code: str, folded: str) -> type[Identification]:
    if _OLD_FOREIGNER.fullmatch(code):
        return ForeignPermanentResidence
    if is_registration_number(folded):
        return RegistrationNumber
    if looks_like_old_resident_id(folded):
        return ResidentId
    if is_organisation_code(folded[6:]):
        return TaxNumber
    # A letter that only resembles a digit, such as B for 8, does not make a tax number of a registration number.
    boldly = fold_lookalikes(code, range(len(code)))
    return RegistrationNumber if folded.isdigit() or is_registration_number(boldly) else TaxNumber


def _choose_nearly(code: str) -> type[Identification]:
    """Choose the kind a text of no right length is nearest to: its length is then the problem named."""
    if _NEAR_USCC.fullmatch(code):
        return ResidentId if _dated_like_person(code[:17] + "0") and code[:14].isdigit() else Uscc
    if _NEAR_REGISTRATION.fullmatch(code):
        return RegistrationNumber
    return OrganisationCode if _NEAR_ORGANISATION.fullmatch(code) else Identification
