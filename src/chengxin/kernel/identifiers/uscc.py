"""The unified social credit code (GB 32100-2015) and the organisation code inside it (GB 11714-1997)."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from chengxin.kernel.identifiers.checks import (
    USCC_ALPHABET,
    is_person,
    organisation_code_check_character,
    uscc_check_character,
)
from chengxin.kernel.identifiers.findings import DIGITS, LETTERS, Findings
from chengxin.kernel.identifiers.identification import Identification
from chengxin.kernel.identifiers.model import Kind
from chengxin.kernel.identifiers.tables import authorities, authority_categories

_ALPHABET = frozenset(USCC_ALPHABET)
_USCC_SHAPE = (*(_ALPHABET,) * 2, *(DIGITS,) * 6, *(_ALPHABET,) * 10)
_ORGANISATION_SHAPE = (*(DIGITS | LETTERS,) * 8, DIGITS | {"X"})


@dataclass(frozen=True)
class OrganisationCode(Identification):
    """An organisation code 组织机构代码: eight characters and a check character, printed with a hyphen.

    >>> OrganisationCode.parse("61399181-2").verdict
    <Verdict.VALID: 'valid'>
    """

    KIND: ClassVar[Kind] = Kind.ORGANISATION_CODE
    NAME_ZH: ClassVar[str] = "组织机构代码"
    NAME_EN: ClassVar[str] = "organisation code"

    @property
    def hyphenated(self) -> str:
        """Give the paper form, ``XXXXXXXX-X``."""
        return f"{self.normalised[:8]}-{self.normalised[8:]}"

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:  # noqa: ARG003 - no dated table here
        if not findings.shape(code, _ORGANISATION_SHAPE):
            return
        findings.part("body", 1, code[:8], "本体代码", "body")
        findings.part("check", 9, code[8], "校验码", "check character")
        expected = organisation_code_check_character(code[:8])
        if expected != code[8]:
            findings.report("check_character", 9, expected=expected, character=code[8])


@dataclass(frozen=True)
class Uscc(Identification):
    """A unified social credit code 统一社会信用代码: 18 characters given to a body once and for life.

    >>> Uscc.parse("91320583187588026h").verdict
    <Verdict.VALID: 'valid'>
    >>> Uscc.parse("91320583ma1mabcd0x").verdict
    <Verdict.SUSPECT: 'suspect'>
    >>> Uscc.parse("9132O583187588026H").problems[0].position
    5
    """

    KIND: ClassVar[Kind] = Kind.USCC
    NAME_ZH: ClassVar[str] = "统一社会信用代码"
    NAME_EN: ClassVar[str] = "unified social credit code"

    @property
    def authority_category(self) -> str:
        """Give the first two characters, registering authority and kind of body: they decide what it is."""
        return self.part("authority") + self.part("category")

    @property
    def region(self) -> str:
        """Give the six digits of the registering authority's region, as of the year of registration."""
        return self.part("region")

    @property
    def organisation_code(self) -> OrganisationCode:
        """Give positions 9–17 as the organisation code they are."""
        return OrganisationCode.parse(self.part("organisation_code"))

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:
        if not findings.shape(code, _USCC_SHAPE):
            return
        if is_person(code):
            findings.report("is_personal_number")
            return
        _examine_category(code, on, findings)
        meaning = findings.region(code[2:8], 3)
        findings.part("region", 3, code[2:8], *meaning)
        _examine_organisation_code(code[8:17], findings)
        findings.part("check", 18, code[17], "校验码", "check character")
        expected = uscc_check_character(code[:17])
        if expected != code[17]:
            findings.report("check_character", 18, expected=expected, character=code[17])
            if code.isdigit() and was_rounded(code):
                findings.report("code_rounded")
        findings.derived.update(region=code[2:8], tax_number=code)


def _examine_category(code: str, on: date | None, findings: Findings) -> None:
    row = authority_categories().get(code[:2])
    if code[0] not in authorities():
        findings.report("authority_unknown", 1, character=code[0])
    elif row is None or not row.in_force(on):
        findings.report("category_unknown", 2, pair=code[:2])
    if row is None:
        findings.part("authority", 1, code[0], "登记管理部门", "registering authority")
        findings.part("category", 2, code[1], "机构类别（表中没有）", "kind of body (not in the table)")
        return
    findings.part("authority", 1, code[0], f"登记管理部门，{row.authority_zh}", f"registered by: {row.authority_en}")
    findings.part("category", 2, code[1], f"机构类别，{row.category_zh}", f"kind of body: {row.category_en}")


def _examine_organisation_code(code: str, findings: Findings) -> None:
    findings.part("organisation_code", 9, code, "主体标识码（组织机构代码）", "body's own code (organisation code)")
    expected = organisation_code_check_character(code[:8])
    if expected == code[8]:
        findings.derived["organisation_code"] = code
    else:
        findings.report("embedded_organisation_code", 17, expected=expected, character=code[8])


def was_rounded(digits: str) -> bool:
    """Tell whether a long number survives a trip through a 64-bit float, as numbers from a spreadsheet do.

    Spreadsheets keep 15 or 17 significant digits; of 18-digit numbers typed as text only about one in 64
    passes.

    >>> was_rounded("320583199001011264"), was_rounded("320583199001011234")
    (True, False)
    """
    return int(float(digits)) == int(digits) or digits.endswith("000")


def make_uscc(authority: str, category: str, region: str, body8: str) -> str:
    """Build a valid USCC from its parts; both check characters are computed.

    >>> make_uscc("9", "1", "320583", "18758802")
    '91320583187588026H'

    Raises:
        ValueError: if a part has the wrong length or a character that may not stand there.
    """
    first16 = authority + category + region + body8
    lengths = (len(authority), len(category), len(region), len(body8))
    if lengths != (1, 1, 6, 8):
        raise ValueError(f"authority, category, region and body need 1, 1, 6 and 8 characters, not {lengths}")
    for position, (character, allowed) in enumerate(zip(first16, _USCC_SHAPE, strict=False), start=1):
        if character not in allowed:
            raise ValueError(f"character {character!r} may not stand at position {position} of a USCC")
    first17 = first16 + organisation_code_check_character(body8)
    return first17 + uscc_check_character(first17)
