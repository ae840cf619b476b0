"""Suggests what a wrong code was meant to be. A suggestion is for a person to decide on; nothing applies it.

A suggestion needs exactly one candidate. Codes one slip away are looked for only among the bodies the
caller knows: a valid code alone proves little (one in 341 neighbours passes both checks by chance). Numbers
of persons are never searched for: a suggestion would give away that a person is on file.
"""

from collections.abc import Callable, Iterator

from chengxin.kernel.identifiers.checks import (
    USCC_ALPHABET,
    is_organisation_code,
    is_registration_number,
    uscc_checks_agree,
)
from chengxin.kernel.identifiers.folding import fold_lookalikes
from chengxin.kernel.identifiers.identification import Identification
from chengxin.kernel.identifiers.model import Kind, Known, Verdict

_DIGITS = "0123456789"
_NOWHERE = range(0)
_DIGIT_POSITIONS = {
    Kind.USCC: range(2, 8),
    Kind.REGISTRATION_NUMBER: range(15),
    Kind.TAX_NUMBER: range(6),
    Kind.RESIDENT_ID: range(17),
    Kind.HMT_RESIDENCE_PERMIT: range(17),
}


def _is_tax_number(code: str) -> bool:
    return code[:6].isdigit() and is_organisation_code(code[6:])


_SEARCHED: dict[Kind, tuple[str, Callable[[str], bool]]] = {
    Kind.USCC: (USCC_ALPHABET, uscc_checks_agree),
    Kind.ORGANISATION_CODE: (USCC_ALPHABET, is_organisation_code),
    Kind.REGISTRATION_NUMBER: (_DIGITS, is_registration_number),
    Kind.TAX_NUMBER: (USCC_ALPHABET, _is_tax_number),
}


def suggestions(found: Identification, known: Known | None) -> tuple[str, ...]:
    """Give the one code that a text not found right was probably meant to be, or nothing.

    Args:
        found: what the text was identified as.
        known: the codes of bodies on file. Without it only look-alikes that cannot stand in such a code are
            folded, and only when the result is entirely valid.
    """
    if found.verdict is Verdict.VALID:
        return ()
    kind, code = found.kind, found.normalised
    folded = fold_lookalikes(code, _DIGIT_POSITIONS.get(kind, _NOWHERE))
    searched = kind in _SEARCHED and known is not None
    if folded != code and type(found).parse(folded).verdict is Verdict.VALID:
        if not searched or _is_known(folded, known):
            return (folded,)
        return ()
    if not searched or _is_known(code, known):
        return ()
    alphabet, right = _SEARCHED[kind]
    candidates = {near for near in one_slip_away(code, alphabet) if right(near) and _is_known(near, known)}
    return tuple(candidates) if len(candidates) == 1 else ()


def _is_known(code: str, known: Known | None) -> bool:
    if known is None:
        return False
    return known(code) if callable(known) else code in known


def one_slip_away(code: str, alphabet: str) -> Iterator[str]:
    """Give every text one slip away: a character changed, lost or added, or two neighbours swapped.

    A text may come more than once; for 18 characters there are about 1,150.
    """
    for index in range(len(code) + 1):
        before, after = code[:index], code[index:]
        for character in alphabet:
            yield before + character + after
            if after:
                yield before + character + after[1:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
