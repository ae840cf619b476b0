"""Amounts of money as departments write them, read exactly into 万元 (ten thousand units of the currency).

Never through a float: digits become ``Decimal`` and the unit moves the point. The words for units and
currencies and the size of the field are data (``data/amounts.yaml``).

>>> parse_amount("5,000元")
Amount(wan=Decimal('0.5'), currency='CNY')
>>> parse_amount("500万美元")
Amount(wan=Decimal('500'), currency='USD')
"""

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import Enum
from importlib import resources
from typing import Any, Final

import yaml

from chengxin.kernel.text import fold_for_reading

_WAN: Final = 10_000
# Wide enough that no amount that passes the length check is ever rounded.
_EXACT: Final = Context(prec=60)
_QUOTED: Final = 40
_LONGEST: Final = 100


class AmountUnit(Enum):
    """The unit a bare number is meant in; the field's definition knows it."""

    YUAN = "元"
    WAN = "万元"


class AmountFault(Enum):
    """Why a text is no amount; the value is the code that reports and statistics carry."""

    EMPTY = "amount-empty"
    NEGATIVE = "amount-negative"
    SEPARATORS = "amount-separators"
    SCIENTIFIC = "amount-scientific"
    CHINESE_NUMERALS = "amount-chinese-numerals"
    VAGUE = "amount-vague"
    CURRENCIES = "amount-currencies"
    UNIT = "amount-unit"
    TOO_FINE = "amount-too-fine"
    TOO_LARGE = "amount-too-large"
    UNREADABLE = "amount-unreadable"


_MESSAGES: Final[dict[AmountFault, tuple[str, str]]] = {
    AmountFault.EMPTY: ("金额为空，请填写数字。", "The amount is empty; enter a number."),
    AmountFault.NEGATIVE: (
        "金额“{text}”为负数，请对照文书改正。",
        "The amount '{text}' is negative; correct it after the document.",
    ),
    AmountFault.SEPARATORS: (
        "金额“{text}”的千位分隔符位置不对，请去掉分隔符。",
        "The thousands separators of '{text}' are misplaced; leave them out.",
    ),
    AmountFault.SCIENTIFIC: (
        "金额“{text}”被表格改成了科学计数法，请把该列设为文本格式后重新填写。",
        "The spreadsheet turned '{text}' into scientific notation; make the column text and enter it again.",
    ),
    AmountFault.CHINESE_NUMERALS: (
        "金额“{text}”用汉字书写，请改用阿拉伯数字。",
        "The amount '{text}' is written in Chinese numerals; write it in digits.",
    ),
    AmountFault.VAGUE: (
        "金额“{text}”不是确切数额，请按文书填写确切金额。",
        "The amount '{text}' is not exact; enter the exact sum of the document.",
    ),
    AmountFault.CURRENCIES: (
        "金额“{text}”写了不同的币种，请只保留一种。",
        "The amount '{text}' names different currencies; keep one.",
    ),
    AmountFault.UNIT: (
        "金额“{text}”写了币种，没有写单位，请写明“元”或“万元”。",
        "The amount '{text}' names a currency but no unit; add 元 or 万元.",
    ),
    AmountFault.TOO_FINE: (
        "金额“{text}”小于分，请核对数字和单位。",
        "The amount '{text}' is finer than a fen; check number and unit.",
    ),
    AmountFault.TOO_LARGE: (
        "金额“{text}”超出字段长度，请核对数字和单位。",
        "The amount '{text}' does not fit the field; check number and unit.",
    ),
    AmountFault.UNREADABLE: (
        "“{text}”不是可识别的金额，请填写数字，例如 12.5万元。",
        "'{text}' cannot be read as an amount; enter a number, like 12.5万元.",
    ),
}


class AmountError(ValueError):
    """A text that is no exact amount.

    Attributes:
        fault: the reason.
        text: what was handed in.
        message_zh: what is wrong and what to do, in Chinese; ``str(error)`` is this.
        message_en: the same in English.
    """

    def __init__(self, fault: AmountFault, text: str) -> None:
        """Build both messages for ``text``, cut to 40 characters in the quotation."""
        quoted = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
        self.fault = fault
        self.text = text
        self.message_zh, self.message_en = (message.format(text=quoted) for message in _MESSAGES[fault])
        super().__init__(self.message_zh)


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount.

    Attributes:
        wan: the amount in 万 (ten thousand) units of the currency, at most 12 digits before the point and 6
            behind it, without trailing zeros.
        currency: its ISO 4217 code.
    """

    wan: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class AmountForms:
    """The data of ``data/amounts.yaml``, ready for use.

    Attributes:
        integer_digits: digits the field has before the point.
        fraction_digits: digits behind it; the last is one fen.
        multipliers: multiplier word to its factor over one unit of the currency.
        currencies: currency word, in capitals, to its ISO 4217 code.
        vague: words that make an amount a guess.
        shape: the accepted shape, over folded text in capitals without spaces.
    """

    integer_digits: int
    fraction_digits: int
    multipliers: dict[str, int]
    currencies: dict[str, str]
    vague: tuple[str, ...]
    shape: re.Pattern[str]


def _any_of(words: list[str]) -> str:
    """Write an alternation that tries longer words first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _load_forms() -> AmountForms:
    """Read the data file that ships with the package."""
    source = resources.files("chengxin.kernel").joinpath("data/amounts.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)
    currencies = {word: code for code, words in data["currencies"].items() for word in words}
    money = _any_of(list(currencies))
    shape = (
        rf"(?P<before>{money})?(?P<number>[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+|(?=\.))(?P<fraction>\.[0-9]+)?"
        rf"(?P<multiplier>{_any_of([word for word in data['multipliers'] if word])})?"
        rf"(?P<behind>{money})?(?P<plain>{_any_of(data['plain_units'])})?"
        rf"(?P<last>{money}|\((?:{money})\))?(?:{_any_of(data['closing_words'])})?"
    )
    return AmountForms(
        integer_digits=data["field"]["integer_digits"],
        fraction_digits=data["field"]["fraction_digits"],
        multipliers=data["multipliers"],
        currencies=currencies,
        vague=tuple(data["vague_words"]),
        shape=re.compile(shape),
    )


_FORMS: Final = _load_forms()
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9.]+E[+-]?[0-9]+.*")
_CHINESE: Final = re.compile("[〇零一二三四五六七八九十两壹贰叁肆伍陆柒捌玖拾佰仟]")
_SPACE_BETWEEN_DIGITS: Final = re.compile(r"[0-9.,] +(?=[0-9.,])")


def parse_amount(text: str, *, unit: AmountUnit = AmountUnit.WAN) -> Amount:
    """Read an amount as a department wrote it.

    Widths, spaces around words, thousands separators in groups of three, 元/万元/亿元 and currency words
    before or behind the number are understood. A unit in the text wins over ``unit``; a currency behind the
    number, as in ``5000美元``, means single units of it. A currency before a bare number (``￥5000``)
    is refused where the field is in 万元: it may mean either, and the two differ ten-thousandfold.

    Args:
        text: the cell's text.
        unit: what a number without any word means; the field's definition says so.

    Raises:
        AmountError: with the reason; nothing else, whatever the text.

    >>> parse_amount("１２．５万元").wan
    Decimal('12.5')
    >>> parse_amount("5000", unit=AmountUnit.YUAN).wan
    Decimal('0.5')
    """
    folded = fold_for_reading(text).upper()
    spaced = _SPACE_BETWEEN_DIGITS.search(folded) is not None
    bare = folded.replace(" ", "")
    match = _FORMS.shape.fullmatch(bare) if len(bare) <= _LONGEST and not spaced else None
    if match is None:
        raise AmountError(_fault_of(bare), text)
    words = {match["before"], match["behind"], (match["last"] or "").strip("()")}
    codes = {_FORMS.currencies[word] for word in words if word}
    if len(codes) > 1:
        raise AmountError(AmountFault.CURRENCIES, text)
    if match["before"] and not match["multiplier"] and not match["plain"] and unit is AmountUnit.WAN:
        raise AmountError(AmountFault.UNIT, text)
    named = match["multiplier"] or match["plain"] or match["behind"]
    factor = _FORMS.multipliers[match["multiplier"] or ""] if named or unit is AmountUnit.YUAN else _WAN
    digits = Decimal(match["number"].replace(",", "") + (match["fraction"] or ""))
    wan = _EXACT.divide(_EXACT.multiply(digits, Decimal(factor)), Decimal(_WAN))
    return Amount(_fitted(wan, text), codes.pop() if codes else "CNY")


def _fitted(wan: Decimal, text: str) -> Decimal:
    """Give the amount without trailing zeros, or refuse one that the field would cut."""
    if wan >= Decimal(10) ** _FORMS.integer_digits:
        raise AmountError(AmountFault.TOO_LARGE, text)
    plain = wan.normalize(_EXACT)
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _FORMS.fraction_digits:
        raise AmountError(AmountFault.TOO_FINE, text)
    return plain.quantize(Decimal(1), context=_EXACT) if plain == plain.to_integral_value() else plain


def _fault_of(bare: str) -> AmountFault:
    """Name the reason why the accepted shape does not fit; the first sign found decides."""
    if len(bare) > _LONGEST:
        return AmountFault.TOO_LARGE if bare.isdigit() else AmountFault.UNREADABLE
    signs = (
        (AmountFault.EMPTY, not bare),
        (AmountFault.NEGATIVE, bare[:1] in ("-", "\u2212", "(") and _FORMS.shape.match(bare[1:])),
        (AmountFault.SCIENTIFIC, _SCIENTIFIC.fullmatch(bare)),
        (AmountFault.VAGUE, any(word in bare for word in _FORMS.vague)),
        (AmountFault.SEPARATORS, "," in bare and _FORMS.shape.fullmatch(bare.replace(",", ""))),
        (AmountFault.CHINESE_NUMERALS, _CHINESE.search(bare)),
    )
    return next((fault for fault, found in signs if found), AmountFault.UNREADABLE)
