"""Read an older code that somebody asks about: its kind is given, its writing is not trusted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.conversion.settings import load_settings
from chengxin.kernel.identifiers import (
    Kind,
    OrganisationCode,
    RegistrationNumber,
    TaxNumber,
    Uscc,
    Verdict,
    identify,
    looks_like_resident_id,
    may_be_personal,
    normalise,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chengxin.kernel.identifiers import Identification

READERS: Mapping[str, type[Identification]] = {
    "registration_number": RegistrationNumber,
    "organisation_code": OrganisationCode,
    "tax_number": TaxNumber,
    "uscc": Uscc,
}
"""What reads a code of each kind."""

LONGEST = 64
"""Characters of a code that are read."""


def may_be_a_person(code: str) -> bool:
    """Return whether a normalised code has the shape of a person's number.

    A sound registration number can have it too: such a code is looked up, and not repeated where nobody bears it.
    """
    return may_be_personal(identify(code)) or looks_like_resident_id(code)


def personal_number() -> ChengxinError:
    """Return the refusal of a person's number."""
    return ChengxinError(
        "personal_number",
        "这像是自然人的证件号码；平台不提供自然人查询，请填写单位的代码",
        "this looks like a personal number; natural persons cannot be looked up here: give the code of a body",
        where="value",
    )


def read_old_code(kind: str, text: str) -> str:
    """Return ``text`` as a normalised code of ``kind``, which can be looked up.

    A code whose check character disagrees passes: registers bear such codes.

    Raises:
        ChengxinError: ``personal_number`` for what is a person's number, which is not repeated; ``invalid_code`` for
            what has not the shape of the kind.
    """
    code = normalise(text[: LONGEST + 1])
    found = READERS[kind].parse(code)
    whole = identify(code)
    own = found.verdict is Verdict.VALID and whole.kind in {Kind.REGISTRATION_NUMBER, Kind.USCC, Kind.TAX_NUMBER}
    if not own and may_be_a_person(code):
        raise personal_number()
    accepted = any(re.fullmatch(form, code) for form in load_settings().unchecked.get(kind, ()))
    if found.verdict is Verdict.INVALID and not accepted:
        raise ChengxinError(
            "invalid_code",
            "代码写法不对，请核对：" + "；".join(one.message_zh for one in found.problems),
            "the code is malformed, check it: " + "; ".join(one.message_en for one in found.problems),
            where="value",
        )
    return code if accepted else found.normalised
