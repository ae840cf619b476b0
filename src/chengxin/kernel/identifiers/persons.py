"""Numbers of natural persons: resident ID (GB 11643), permits of its form, the old foreigners' card.

Two rules of the house show here. A 15-digit number is never turned into 18 digits in place; the 18-digit
form is only derived beside it. And the sex that a sequence number encodes is not read: no fact the platform
holds needs it.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from chengxin.kernel.identifiers.checks import (
    OLD_RESIDENT_ID_LENGTH,
    birth_date,
    resident_id_check_character,
)
from chengxin.kernel.identifiers.findings import DIGITS, LETTERS, Findings
from chengxin.kernel.identifiers.identification import Identification
from chengxin.kernel.identifiers.model import Kind
from chengxin.kernel.identifiers.tables import Permit, permits, person_provinces, setting
from chengxin.kernel.identifiers.uscc import was_rounded

_SHAPE = (*(DIGITS,) * 17, DIGITS | {"X"})
_OLD_SHAPE = (DIGITS,) * 15
_OLD_FOREIGN_SHAPE = (*(LETTERS,) * 3, *(DIGITS,) * 12)
_MASKED_FROM, _MASKED_TO = 6, -1


@dataclass(frozen=True)
class PersonNumber(Identification):
    """What the numbers of natural persons share: a date of birth, and that they are shown masked."""

    @property
    def born(self) -> date | None:
        """Give the date of birth the number carries, None where it carries none that exists."""
        text = self.derived.get("birth_date")
        return date.fromisoformat(text) if text else None

    @property
    def masked(self) -> str:
        """Give the number for display: only region and check character can be read.

        >>> ResidentId.parse("11010519491231002X").masked
        '110105***********X'
        """
        hidden = len(self.normalised[_MASKED_FROM:_MASKED_TO])
        return self.normalised[:_MASKED_FROM] + "*" * hidden + self.normalised[_MASKED_FROM + hidden :]

    def is_minor(self, on: date) -> bool:
        """Tell whether the person is under age on a day; a number without a date of birth gives False.

        The day of majority itself counts as of age.
        """
        born = self.born
        if born is None:
            return False
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) < setting("majority_age")


def _examine_birth(digits: str, position: int, on: date | None, findings: Findings) -> None:
    born = birth_date(digits)
    findings.part("birth_date", position, digits, "出生日期", "date of birth")
    if born is None:
        findings.report("birth_date_impossible", position, value=digits)
    elif on is not None and born > on:
        findings.report("birth_date_in_future", position, value=digits)
    else:
        findings.derived["birth_date"] = born.isoformat()


def _examine_check(code: str, findings: Findings) -> None:
    findings.part("sequence", 15, code[14:17], "顺序码", "sequence")
    findings.part("check", 18, code[17], "校验码", "check character")
    expected = resident_id_check_character(code[:17])
    if expected == code[17]:
        return
    findings.report("check_character", 18, expected=expected, character=code[17])
    if code.isdigit() and was_rounded(code):
        findings.report("person_number_rounded")


@dataclass(frozen=True)
class ResidentId(PersonNumber):
    """A resident ID number 公民身份号码 (GB 11643-1999), 18 characters, or the old form of 15 digits.

    >>> ResidentId.parse("330102200403064").derived["resident_id"]
    '33010219200403064X'
    >>> ResidentId.parse("321083197812162119").verdict
    <Verdict.VALID: 'valid'>
    """

    KIND: ClassVar[Kind] = Kind.RESIDENT_ID
    NAME_ZH: ClassVar[str] = "公民身份号码"
    NAME_EN: ClassVar[str] = "resident ID number"

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:
        if len(code) == OLD_RESIDENT_ID_LENGTH:
            cls._examine_old(code, on, findings)
            return
        if not findings.shape(code, _SHAPE):
            return
        _examine_home(code[:6], findings)
        permit = _permit(code)
        if permit is not None:
            findings.report("other_document", 1, other_zh=permit.name_zh, other_en=permit.name_en)
        _examine_birth(code[6:14], 7, on, findings)
        _examine_check(code, findings)

    @classmethod
    def _examine_old(cls, code: str, on: date | None, findings: Findings) -> None:
        if not findings.shape(code, _OLD_SHAPE):
            return
        _examine_home(code[:6], findings)
        findings.report("fifteen_digits")
        born = birth_date("19" + code[6:12])
        findings.part("birth_date", 7, code[6:12], "出生日期（19××年）", "date of birth (19xx)")
        findings.part("sequence", 13, code[12:], "顺序码", "sequence")
        if born is None:
            findings.report("birth_date_impossible", 7, value=code[6:12])
            return
        if on is not None and born > on:
            findings.report("birth_date_in_future", 7, value=code[6:12])
            return
        first17 = code[:6] + "19" + code[6:]
        findings.derived["birth_date"] = born.isoformat()
        findings.derived["resident_id"] = first17 + resident_id_check_character(first17)


def _examine_home(region: str, findings: Findings) -> None:
    if region[:2] in person_provinces():
        findings.part("region", 1, region, *findings.region(region, 1))
        return
    findings.report("region_unknown", 1, region=region)
    findings.part("region", 1, region, "行政区划码（省级代码未知）", "region code (unknown province)")


def _permit(code: str) -> Permit | None:
    return next((permit for permit in permits() if code.startswith(permit.prefix)), None)


@dataclass(frozen=True)
class HmtResidencePermit(PersonNumber):
    """A residence permit 港澳台居民居住证 for Hong Kong, Macau or Taiwan residents, from 81, 82 or 83 on.

    >>> HmtResidencePermit.parse("830000200209060065").parts[0].meaning_en
    'residence permit for Taiwan residents'
    """

    KIND: ClassVar[Kind] = Kind.HMT_RESIDENCE_PERMIT
    NAME_ZH: ClassVar[str] = "港澳台居民居住证号码"
    NAME_EN: ClassVar[str] = "residence permit number"

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:
        if not findings.shape(code, _SHAPE):
            return
        permit = _permit(code)
        if permit is None or permit.kind != cls.KIND:
            prefixes = "、".join(known.prefix for known in permits() if known.kind == cls.KIND)
            findings.report("prefix", 1, expected=prefixes, value=code[:6])
            return
        findings.part("region", 1, code[:6], permit.name_zh, permit.name_en)
        _examine_birth(code[6:14], 7, on, findings)
        _examine_check(code, findings)


@dataclass(frozen=True)
class ForeignPermanentResidence(PersonNumber):
    """A number of a foreigner's permanent residence card 外国人永久居留身份证: 18 digits from 9 on, or 15.

    The old form is three letters of nationality, four digits of region, six of birth, a sequence digit and
    a check digit. How that check digit is computed is not published, so it is not judged.

    >>> ForeignPermanentResidence.parse("932682198501010017").part("nationality")
    '682'
    """

    KIND: ClassVar[Kind] = Kind.FOREIGN_PERMANENT_RESIDENCE
    NAME_ZH: ClassVar[str] = "外国人永久居留身份证号码"
    NAME_EN: ClassVar[str] = "foreigner's permanent residence number"

    @classmethod
    def _examine(cls, code: str, on: date | None, findings: Findings) -> None:
        if len(code) == OLD_RESIDENT_ID_LENGTH:
            cls._examine_old(code, findings)
            return
        if not findings.shape(code, _SHAPE):
            return
        if code[0] != "9":
            findings.report("prefix", 1, expected="9", value=code[0])
            return
        findings.part("foreigner", 1, code[0], "外国人标识", "mark of a foreigner")
        findings.part("region", 2, code[1:3], *findings.region(code[1:3], 2))
        findings.part("nationality", 4, code[3:6], "国籍数字代码", "numeric code of nationality")
        _examine_birth(code[6:14], 7, on, findings)
        _examine_check(code, findings)

    @classmethod
    def _examine_old(cls, code: str, findings: Findings) -> None:
        if not findings.shape(code, _OLD_FOREIGN_SHAPE):
            return
        findings.part("nationality", 1, code[:3], "国籍字母代码", "letter code of nationality")
        findings.part("region", 4, code[3:7], *findings.region(code[3:7], 4))
        findings.part("birth_date", 8, code[7:13], "出生日期（年份两位）", "date of birth (two digits of year)")
        # The century is not written: the day is possible when it exists in either one.
        if not any(birth_date(century + code[7:13]) for century in ("19", "20")):
            findings.report("birth_date_impossible", 8, value=code[7:13])
        findings.part("sequence", 14, code[13:], "顺序码和校验码", "sequence and check digit")
        findings.report("no_check_character")
