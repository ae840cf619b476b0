"""The shapes that go in and out of the API; their descriptions are the reference that other systems' engineers read."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_day(value: object) -> object:
    """Let a day pass only as RFC 3339 writes it: a number would be read as seconds since 1970."""
    if value is None or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a day is written as 2026-03-02")


class Problem(Schema):
    """An error (RFC 9457). ``title`` and ``detail`` are Chinese, with English translations; ``code`` is stable."""

    type: str = Field(description="about:blank: the status says what kind of problem it is")
    status: int
    code: str = Field(description="stable, machine-readable")
    title: str
    title_en: str
    detail: str = Field(description="what is wrong and what to do next")
    detail_en: str
    where: str = Field("", description="the field, header or place that is wrong, where there is one")
    errors: list[dict[str, Any]] = Field(
        [], description="each single fault: code, where or position, message, message_en"
    )


class BatchOut(Schema):
    """A batch (批次): where it is on its way, and its receipt or the reason for which it was refused."""

    batch_id: int
    item: str
    state: Literal["received", "parsing", "checking", "linking", "held", "loading", "published", "refused"]
    already: bool = Field(False, description="true when this very file had been received before")
    location: str = Field(description="the address to ask for the state")
    filename: str
    received_at: str = Field(json_schema_extra={"format": "date-time"})
    finished_at: str | None = Field(None, json_schema_extra={"format": "date-time"})
    receipt: dict[str, Any] | None = Field(
        None, description="lines = accepted + updated + duplicate + quarantined; accepted + updated = linked + unlinked"
    )
    refusal: dict[str, Any] | None = Field(None, description="code, message, message_en, where")
    hold: dict[str, Any] | None = Field(
        None,
        description="why the batch waited for a second person: at, until, figures (measured, limit, off, message, "
        "message_en, ...) and rules that rows fail; its file is kept until then, nothing is loaded before the release",
    )


class IdentifierOut(Schema):
    """A code of a body. An old code leads to the body that bears it now, so the code asked for can be one of these."""

    kind: Literal["uscc", "registration_number", "organisation_code", "tax_number"]
    value: str
    ended_on: date | None = Field(None, description="legal day from which another code replaced this one")
    replaced_by: str = Field("", description="the code that replaced it")
    merged: bool = Field(False, description="it came with a body found to be this one, which was merged into it")


class NameOut(Schema):
    """A name of a body."""

    kind: str = Field(description="current, former or english")
    name: str


class SubjectOut(Schema):
    """A registered body (信用主体); natural persons are never among them."""

    uscc: str
    name: str
    kind: str = Field(description="legal_person, unincorporated or individual_business")
    status: str
    registrar: str
    established_on: date | None
    identifiers: list[IdentifierOut]
    names: list[NameOut]


class CheckIn(Schema):
    """The question of a credit check: one code, and what the answer is for."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        min_length=1,
        max_length=64,
        description="统一社会信用代码, or an older code of the body: 工商注册号, 组织机构代码, 税务登记号",
        json_schema_extra={"format": "body-code"},
    )
    purpose: str = Field(
        min_length=2,
        max_length=200,
        description="for which matter, on one line; it is kept and shown to the body",
        json_schema_extra={"format": "one-line"},
    )
    on: Annotated[date | None, BeforeValidator(_written_day)] = Field(
        None, description="the legal day asked about (Asia/Shanghai); today if absent"
    )


class FactOut(Schema):
    """A fact in force on the day asked about; ``content`` holds its public fields by field key of the catalogue."""

    record_id: int
    version: int
    item: str
    document_number: str
    decided_on: date | None
    issuer: str
    valid_from: date
    valid_until: date | None = Field(description="last day in force; null while open")
    content: dict[str, str]


class CheckOut(Schema):
    """The answer of a credit check.

    ``found``: the body is on file and ``facts`` is all that is in force and public, maybe nothing. ``not_found``: no
    body bears the code. A check that could not be made is an error with ``result: could_not_search``, never an empty
    list.
    """

    result: Literal["found", "not_found"]
    code: str
    subject: SubjectOut | None
    on: date
    as_of: str = Field(
        json_schema_extra={"format": "date-time"}, description="the platform's knowledge up to this moment counts"
    )
    items: list[str] = Field(description="the catalogue items this client may see, and the answer covers; * for all")
    facts: list[FactOut]
    notice_zh: str
    notice_en: str


class CheckProblem(Problem):
    """A check that could not be made: it says nothing about the body, least of all that there is no record."""

    result: Literal["could_not_search"]
    reason: Literal["database_unavailable", "evidence_unavailable", "ambiguous_code"]
    code: str
    subject: None = None
    facts: None = None
    as_of: str = Field(json_schema_extra={"format": "date-time"})


class HealthOut(Schema):
    """The process answers and so does its database."""

    status: Literal["ok"]
