"""Numbers from before the unified code: registration and tax numbers, certificates without check."""

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from chengxin.kernel.identifiers.checks import (
    organisation_code_check_character,
    registration_number_check_digit,
)
from chengxin.kernel.identifiers.findings import DIGITS, LETTERS, Findings
from chengxin.kernel.identifiers.identification import Identification
from chengxin.kernel.identifiers.model import Kind
from chengxin.kernel.identifiers.tables import certificate_form, registration_classes
from chengxin.kernel.identifiers.uscc import Uscc

_REGISTRATION_SHAPE = (DIGITS,) * 15
_TAX_SHAPE = (*(DIGITS,) * 6, *(DIGITS | LETTERS,) * 8, DIGITS | {"X"})
_UNIFIED_TAX_LENGTH = 18


@dataclass(frozen=True)
class RegistrationNumber(Identification):
    """A 15-digit registration number 工商注册号 (GS 15-2006): registrar, sequence, check digit.

    >>> RegistrationNumber.parse("110108000000016").verdict
    <Verdict.VALID: 'valid'>
    """

    KIND: ClassVar[Kind] = Kind.REGISTRATION_NUMBER
    NAME_ZH: ClassVar[str] = "工商注册号"
    NAME_EN: ClassVar[str] = "registration number"

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:  # noqa: ARG003 - no dated table here
        if not findings.shape(code, _REGISTRATION_SHAPE):
            return
        zh, en = registration_classes()[code[6]]
        findings.part("region", 1, code[:6], *findings.region(code[:6], 1))
        findings.part("sequence", 7, code[6:14], f"顺序码，{zh}", f"sequence, {en}")
        findings.part("check", 15, code[14], "校验码", "check digit")
        expected = registration_number_check_digit(code[:14])
        if expected != code[14]:
            findings.report("check_character", 15, expected=expected, character=code[14])
        findings.derived["region"] = code[:6]


@dataclass(frozen=True)
class TaxNumber(Identification):
    """A tax number 纳税人识别号: the USCC (18 characters), or before it region + organisation code (15).

    The forms of 17, 18 and 20 characters made from a person's ID number are not read here: as 18 characters
    they are invalid because they name a person.

    >>> TaxNumber.parse("320583 18758802-6").derived["organisation_code"]
    '187588026'
    """

    KIND: ClassVar[Kind] = Kind.TAX_NUMBER
    NAME_ZH: ClassVar[str] = "纳税人识别号"
    NAME_EN: ClassVar[str] = "tax number"

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:
        if len(code) == _UNIFIED_TAX_LENGTH:
            unified = Uscc.parse(code, on=on)
            findings.problems.extend(unified.problems)
            findings.parts.extend(unified.parts)
            findings.derived.update({name: text for name, text in unified.derived.items() if name != "tax_number"})
            if unified.parts:
                findings.derived["uscc"] = code
            return
        if not findings.shape(code, _TAX_SHAPE):
            return
        findings.part("region", 1, code[:6], *findings.region(code[:6], 1))
        findings.part("organisation_code", 7, code[6:], "组织机构代码", "organisation code")
        findings.derived["region"] = code[:6]
        expected = organisation_code_check_character(code[6:14])
        if expected == code[14]:
            findings.derived["organisation_code"] = code[6:]
        else:
            findings.report("check_character", 15, expected=expected, character=code[14])


@dataclass(frozen=True)
class _Certificate(Identification):
    """A certificate number without a check character: only its form can be judged."""

    EXAMPLE: ClassVar[str] = ""

    @classmethod
    def _match(cls, code: str) -> re.Match[str] | None:
        return certificate_form(cls.KIND).pattern.fullmatch(code)

    @classmethod
    def _canonical(cls, code: str) -> str:
        match = cls._match(code)
        return certificate_form(cls.KIND).canonical.format_map(match.groupdict()) if match else code

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:  # noqa: ARG003 - no dated table here
        match = cls._match(code)
        if match is None:
            findings.report("form", example=cls.EXAMPLE)
            return
        groups = match.groupdict()
        if "region" in groups:
            start = match.start("region") + 1
            findings.part("region", start, groups["region"], *findings.region(groups["region"], start))
            findings.derived["region"] = groups["region"]
        findings.part("serial", match.start("serial") + 1, groups["serial"], "顺序号", "serial number")
        findings.report("no_check_character")


@dataclass(frozen=True)
class PublicInstitutionCertificate(_Certificate):
    """A certificate number of a public institution 事业单位证书号: twelve digits that start with 1.

    >>> PublicInstitutionCertificate.parse("事证第 132058300123 号").normalised
    '132058300123'
    """

    KIND: ClassVar[Kind] = Kind.PUBLIC_INSTITUTION_CERTIFICATE
    NAME_ZH: ClassVar[str] = "事业单位证书号"
    NAME_EN: ClassVar[str] = "public institution certificate number"
    EXAMPLE: ClassVar[str] = "事证第132058300123号"


@dataclass(frozen=True)
class SocialOrganisationCertificate(_Certificate):
    """A social organisation's registration certificate number 社会组织登记证号, as printed.

    >>> SocialOrganisationCertificate.parse("苏社证字 第0123号").normalised
    '苏社证字第0123号'
    """

    KIND: ClassVar[Kind] = Kind.SOCIAL_ORGANISATION_CERTIFICATE
    NAME_ZH: ClassVar[str] = "社会组织登记证号"
    NAME_EN: ClassVar[str] = "social organisation certificate number"
    EXAMPLE: ClassVar[str] = "苏社证字第0123号"
