"""The answer to a credit check, without the question who asks: pure reads, so an old answer can be given again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chengxin.base.errors import ChengxinError
from chengxin.catalogue import Nature, SubjectKind, load_catalogue
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import (
    Kind,
    Uscc,
    Verdict,
    identify,
    looks_like_resident_id,
    may_be_personal,
)
from chengxin.records.queries import StandingFact, standing
from chengxin.subjects.queries import IDENTIFIER_KINDS, SubjectView, subject_by_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from chengxin.catalogue import Item
    from chengxin.kernel.identifiers import Problem

Result = Literal["found", "not_found"]


class WrongCode(ChengxinError):
    """A code that cannot be a body's: ``problems`` say what is wrong and where."""

    def __init__(self, code: str, message_zh: str, message_en: str, problems: tuple[Problem, ...] = ()) -> None:
        self.problems = problems
        super().__init__(code, message_zh, message_en)


@dataclass(frozen=True)
class CodeRead:
    """A code as it was understood: its kind (of ``subjects.queries.IDENTIFIER_KINDS``), its normal form, any doubt.

    ``personal``: it also has the shape of a person's number, so it is not repeated unless a body bears it.
    """

    kind: str
    value: str
    verdict: Verdict
    problems: tuple[Problem, ...]
    personal: bool = False


@dataclass(frozen=True)
class CheckedFact:
    """A fact in an answer; ``content`` holds its public fields only."""

    record_id: int
    version: int
    item: str
    document_number: str
    decided_on: date | None
    issuer: str
    valid_from: date
    valid_until: date | None
    content: Mapping[str, str]


@dataclass(frozen=True)
class CheckAnswer:
    """What is on file: ``found`` with the body and its facts in force (maybe none), or ``not_found``.

    ``on`` is the legal day asked about, ``as_of`` the moment up to which the platform's knowledge counts.
    """

    result: Result
    code: str
    subject: SubjectView | None
    on: date
    as_of: datetime
    facts: tuple[CheckedFact, ...]


def read_code(text: str, kinds: tuple[str, ...] = IDENTIFIER_KINDS) -> CodeRead:
    """Return ``text`` understood as a code of one of ``kinds``.

    Raises:
        WrongCode: ``personal_number`` for what is a person's number, which is not repeated; ``invalid_code`` with the
            problems of the kind it comes closest to.
    """
    found = identify(text)
    # A registration number of an individual business can have the shape of an old resident ID; the register decides.
    ambiguous = found.kind is Kind.REGISTRATION_NUMBER and found.verdict is not Verdict.INVALID
    if not ambiguous and (may_be_personal(found) or looks_like_resident_id(found.normalised)):
        raise _personal()
    if found.kind not in kinds or found.verdict is Verdict.INVALID:
        asked = found if found.kind in kinds else Uscc.parse(text)
        raise WrongCode(
            "invalid_code",
            "代码写法不对，请核对：" + "；".join(one.message_zh for one in asked.problems),
            "the code is malformed, check it: " + "; ".join(one.message_en for one in asked.problems),
            asked.problems,
        )
    return CodeRead(str(found.kind), found.normalised, found.verdict, found.problems, may_be_personal(found))


def _personal() -> WrongCode:
    return WrongCode(
        "personal_number",
        "这像是个人证件号码；平台不提供自然人查询，请填写单位的统一社会信用代码",
        "this looks like a personal number; natural persons cannot be looked up here: give the code of a body",
    )


def answer_check(code: CodeRead, on_day: date, known_at: datetime, items: frozenset[str] | None = None) -> CheckAnswer:
    """Return what is on file about the body with ``code``: facts in force on ``on_day``, as known at ``known_at``.

    Of a negative item only what is also still in force on the day of ``known_at`` is given: asking about an earlier
    day is no way around the end of publicity (国办发〔2025〕22号). With ``items`` only facts of these
    catalogue items are given: the asker was granted no others.

    Raises:
        AmbiguousCode: the code stands at two bodies.
        WrongCode: ``doubtful_code``: nobody bears the code and its check character disagrees, so it is a slip of the
            pen sooner than a body without entries.
    """
    subject = subject_by_identifier(code.kind, code.value, known_at)
    if subject is None:
        _refuse_doubtful(code)
        return CheckAnswer("not_found", code.value, None, on_day, known_at, ())
    catalogue = load_catalogue()
    today = legal_day(known_at)
    facts = tuple(
        checked_fact(fact, catalogue.item(fact.item), subject.kind)
        for fact in standing(subject.id, on_day, known_at)
        if (items is None or fact.item in items) and not _ended(fact, catalogue.item(fact.item), today)
    )
    return CheckAnswer("found", code.value, subject, on_day, known_at, facts)


def checked_fact(fact: StandingFact, item: Item, kind: str) -> CheckedFact:
    """Return ``fact`` with the fields that are public for a body of this ``kind``."""
    content = public_content(item, kind, fact.content)
    issuer = content.get(item.roles.issuer_name or "", "")
    return CheckedFact(
        record_id=fact.record_id,
        version=fact.version,
        item=fact.item,
        document_number=fact.document_number,
        decided_on=fact.decided_on,
        issuer=issuer,
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
        content=content,
    )


def public_content(item: Item, kind: str, content: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of ``content`` that are public for ``kind``; for a kind nobody knows, those public for all."""
    known = {each.value for each in SubjectKind}
    kinds = (SubjectKind(kind),) if kind in known else item.subject_kinds
    return {
        field.key: content[field.key]
        for field in item.fields
        if field.key in content and all(field.is_public_for(each) for each in kinds)
    }


def _refuse_doubtful(code: CodeRead) -> None:
    """Raise for a code nobody bears that is more likely a person's number or a slip of the pen than a body's."""
    if code.personal:
        raise _personal()
    if code.verdict is Verdict.SUSPECT:
        raise WrongCode(
            "doubtful_code",
            "没有主体使用该代码，且代码本身有疑问，请核对：" + "；".join(one.message_zh for one in code.problems),
            "no body bears this code and the code is doubtful, check it: "
            + "; ".join(one.message_en for one in code.problems),
            code.problems,
        )


def _ended(fact: StandingFact, item: Item, today: date) -> bool:
    return item.nature is Nature.NEGATIVE and fact.valid_until is not None and fact.valid_until < today
