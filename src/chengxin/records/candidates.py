"""Which bodies a fact or row may be about: by a code that is nearly right, a code at two bodies, or a name.

What is found here is shown to a person and attaches nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chengxin.kernel.identifiers import identify, may_be_personal
from chengxin.kernel.names import Verdict, compare_names
from chengxin.records.review_settings import review_settings
from chengxin.subjects.models import Identifier, Name, Subject
from chengxin.subjects.search import search_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CODE_KINDS = ("uscc", "organisation_code", "registration_number", "tax_number")
"""Kinds of code that a row can bear and the register knows."""

_ORDER = {Verdict.SAME: 0, Verdict.REVIEW: 1, Verdict.DIFFERENT: 2}


@dataclass(frozen=True)
class Asked:
    """What a fact or row says of its body: its name, and its codes by kind as they were handed in."""

    name: str
    codes: Mapping[str, str]


@dataclass
class _Found:
    """A body on its way to being a candidate."""

    by_code: list[dict[str, str]] = field(default_factory=list)
    score: float = 0.0
    verdict: Verdict = Verdict.DIFFERENT
    name: str = ""
    name_kind: str = ""
    reasons: list[dict[str, str]] = field(default_factory=list)

    def rank(self) -> tuple[bool, int, float]:
        """Bodies found by a code come first, then the better verdict, then the better score."""
        return (not self.by_code, _ORDER[self.verdict], -self.score)


def find_candidates(asked: Sequence[Asked]) -> list[list[dict[str, Any]]]:
    """Return for each of ``asked`` the bodies it may be about, the likeliest first, as evidence for a page.

    At most ``candidates`` bodies of ``review.yaml``. A body that only a name finds counts where comparing the names
    gives ``same`` or ``review``. Each candidate has subject_id, name, uscc, status, registrar, established_on, names,
    codes, matched_name, matched_kind, score, verdict and reasons (code, message, message_en). The number of queries
    does not depend on how many are asked.
    """
    most = review_settings().candidates
    found: list[dict[int, _Found]] = [defaultdict(_Found) for _ in asked]
    _by_code(asked, found)
    names = sorted({one.name for one in asked if one.name})
    by_name = dict(zip(names, search_names(names, most), strict=True))
    for one, bodies in zip(asked, found, strict=True):
        for hit in by_name.get(one.name, ()):
            if hit.verdict is not Verdict.DIFFERENT:
                body = bodies[hit.subject_id]
                body.score, body.verdict = hit.score, hit.verdict
                body.name, body.name_kind = hit.name, hit.name_kind
                body.reasons = [reason.as_dict() for reason in hit.reasons]
    shown = _bodies({number for bodies in found for number in bodies})
    told = []
    for one, bodies in zip(asked, found, strict=True):
        for number in [number for number in bodies if number not in shown]:
            del bodies[number]
        for number, body in bodies.items():
            if not body.name:
                _compare(one.name, body, shown[number])
        ranked = sorted(bodies.items(), key=lambda pair: (pair[1].rank(), pair[0]))[:most]
        told.append([_evidence(body, shown[number]) for number, body in ranked])
    return told


def _by_code(asked: Sequence[Asked], found: Sequence[dict[int, _Found]]) -> None:
    """Add the bodies that bear one of the codes, or a code one slip away from it."""
    # The database knows no text with U+0000 in it, so nobody bears such a code.
    read = {code: identify(code) for one in asked for code in one.codes.values() if code and "\x00" not in code}
    read = {code: its for code, its in read.items() if not may_be_personal(its)}
    near = {code: _near(code) for code in read}
    wanted = {its.normalised for its in read.values()}.union(*near.values())
    bearers: dict[str, set[int]] = defaultdict(set)
    for value, subject in Identifier.objects.filter(kind__in=CODE_KINDS, value__in=wanted).values_list(
        "value", "subject_id"
    ):
        bearers[value].add(subject)
    meant: dict[str, tuple[str, ...]] = {}
    for code, its in read.items():
        borne = tuple(sorted(near[code] & bearers.keys()))
        # A slip is a suggestion only where one known code can be meant, as the kernel has it.
        meant[code] = (its.normalised,) if its.normalised in bearers else borne if len(borne) == 1 else ()
    for one, bodies in zip(asked, found, strict=True):
        for code in sorted({code for code in one.codes.values() if code}):
            for right in meant.get(code, ()):
                for subject in bearers.get(right, ()):
                    bodies[subject].by_code.append(_code_reason(read[code].normalised, right, len(bearers[right])))


def _near(code: str) -> set[str]:
    """Return the right codes for which the kernel would look among the bodies on file; empty for a right code."""
    asked: set[str] = set()

    def note(near: str) -> bool:
        asked.add(near)
        return False

    identify(code, known=note)
    return asked


def _code_reason(handed_in: str, right: str, bodies: int) -> dict[str, str]:
    if handed_in != right:
        return {
            "code": "code_one_slip",
            "message": f"所填代码 {handed_in} 只差一处，就是该主体的代码 {right}",
            "message_en": f"the code handed in, {handed_in}, is one slip away from the body's code {right}",
        }
    if bodies > 1:
        return {
            "code": "code_at_two_bodies",
            "message": f"代码 {right} 在登记库中同时登记在 {bodies} 个主体名下，请核实属于哪一个",
            "message_en": f"the code {right} stands at {bodies} bodies of the register: find out whose it is",
        }
    return {
        "code": "code_borne",
        "message": f"代码 {right} 登记在该主体名下",
        "message_en": f"the code {right} is registered to this body",
    }


def _bodies(numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return what a page shows of each body, in three queries."""
    numbers = list(numbers)
    shown: dict[int, dict[str, Any]] = {
        one["id"]: {
            "subject_id": one["id"],
            "name": one["name"],
            "uscc": one["uscc"],
            "status": one["status"],
            "registrar": one["registrar"],
            "established_on": one["established_on"].isoformat() if one["established_on"] else "",
            "names": [],
            "codes": [],
        }
        for one in Subject.objects.filter(pk__in=numbers).values(
            "id", "name", "uscc", "status", "registrar", "established_on"
        )
    }
    for subject, kind, value in (
        Identifier.objects.filter(subject__in=numbers, kind__in=CODE_KINDS)
        .order_by("kind", "value")
        .values_list("subject_id", "kind", "value")
    ):
        shown[subject]["codes"].append({"kind": kind, "value": value})
    for subject, kind, name in (
        Name.objects.filter(subject__in=numbers)
        .order_by("kind", "-first_seen_at", "name")
        .values_list("subject_id", "kind", "name")
    ):
        shown[subject]["names"].append({"kind": kind, "name": name})
    return shown


def _evidence(found: _Found, body: dict[str, Any]) -> dict[str, Any]:
    """Return the candidate as shown: the body, and what speaks for and against it."""
    names = sorted(body["names"], key=lambda one: one["kind"] != "current")
    return body | {
        "names": names[: review_settings().names_shown],
        "matched_name": found.name,
        "matched_kind": found.name_kind,
        "score": round(found.score, 3),
        "verdict": str(found.verdict),
        "reasons": [*found.by_code, *found.reasons],
    }


def _compare(name: str, found: _Found, body: dict[str, Any]) -> None:
    """Compare the name handed in with every name of a body that a code found, and keep the best comparison."""
    best = max(
        ((compare_names(name, one["name"]), one) for one in body["names"]),
        key=lambda pair: pair[0].score,
        default=None,
    )
    if best is not None:
        compared, one = best
        found.score, found.verdict = compared.score, compared.verdict
        found.name, found.name_kind = one["name"], one["kind"]
        found.reasons = [reason.as_dict() for reason in compared.reasons]
