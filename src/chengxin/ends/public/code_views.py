"""旧码换新码: from an older code of a body to its unified social credit code of today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.shortcuts import render

from chengxin.ends.public.forms import holds_person_number, is_person_number, read_question
from chengxin.ends.public.site import Moment, page, speaks_english
from chengxin.kernel.identifiers import OrganisationCode, RegistrationNumber, Uscc, Verdict, normalise
from chengxin.publication.leads import lead_of
from chengxin.publication.old_codes import BodyCode, body_by_old_code
from chengxin.publication.queries import body_by_code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from chengxin.kernel.identifiers import Identification

READERS: Mapping[int, tuple[str, type[Identification]]] = {
    9: ("organisation_code", OrganisationCode),
    13: ("registration_number", RegistrationNumber),
    15: ("registration_number", RegistrationNumber),
    18: ("uscc", Uscc),
}
"""Length of a code -> its kind and what reads it. Registration numbers of before 2007 have thirteen digits."""

UNCHECKED = 13
"""Length of registration numbers without a check digit: only what the register bears tells whether one is right."""


@dataclass(frozen=True)
class Question:
    """A code that a visitor asks about: cleaned, of a kind, with what is wrong with it as (Chinese, English).

    ``personal``: it was a person's number, which is kept and shown nowhere.
    """

    text: str = ""
    kind: str = ""
    code: str = ""
    personal: bool = False
    remarks: tuple[tuple[str, str], ...] = ()


@page
def codes(request: HttpRequest, moment: Moment) -> HttpResponse:
    """Answer which credit code a registration number, organisation code or replaced credit code became."""
    asked = read_code_question(request.GET.get("code", ""))
    found = find(asked, moment.day) if asked.kind else None
    if found is None and asked.text and _may_be_a_person(asked.text):
        asked = Question(personal=True)
    if asked.personal:
        request.unspoken = True  # type: ignore[attr-defined]
    english = speaks_english()
    response = render(
        request,
        "public/codes.html",
        {
            "state": moment.state,
            "asked": asked,
            "found": found,
            "same": found is not None and asked.kind == "uscc" and found.code == found.uscc,
            "remarks": [en if english else zh for zh, en in asked.remarks],
        },
    )
    if request.GET.get("code"):
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store" if asked.personal else "private, max-age=60"
    return response


def read_code_question(text: str) -> Question:
    """Return what a visitor's text asks about.

    A registration number can have the shape of an old identity number: one with a right check digit is looked for, and
    forgotten where no published body bears it.
    """
    shown = read_question(text)
    code = normalise(shown)
    if not code:
        return Question()
    kind, reader = READERS.get(len(code), ("", Uscc))
    found = reader.parse(code)
    known = kind == "registration_number" and found.verdict is Verdict.VALID
    if not known and _may_be_a_person(shown):
        return Question(personal=True)
    if not kind:
        return Question(text=shown)
    remarks = () if len(code) == UNCHECKED else tuple((one.message_zh, one.message_en) for one in found.problems)
    return Question(shown, kind, code, remarks=remarks)


def find(asked: Question, day: date) -> BodyCode | None:
    """Return the published body that the code leads to, or None."""
    if asked.kind != "uscc":
        return body_by_old_code(asked.kind, asked.code, day)
    lead = lead_of(asked.code, day)
    body = body_by_code(lead.uscc if lead else asked.code, day)
    if body is None:
        return None
    return BodyCode("uscc", asked.code, body.uscc, body.name, body.subject_id, lead.since if lead else day)


def _may_be_a_person(text: str) -> bool:
    return is_person_number(text) or holds_person_number(text)
