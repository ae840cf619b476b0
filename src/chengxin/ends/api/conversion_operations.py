"""Operations about older codes: what one became, what many became, and the whole mapping as a signed file."""

import tempfile
from datetime import date
from typing import IO, Annotated, Any, BinaryIO, Literal, cast

from django.db import transaction
from django.http import FileResponse, HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Path as Path_
from pydantic import ConfigDict, Field

from chengxin.accounts.actor import CONVERT_CODES
from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.conversion.files import ExportMapping
from chengxin.conversion.mapping import Conversion, convert
from chengxin.conversion.reading import may_be_a_person, personal_number, read_old_code
from chengxin.conversion.settings import load_settings
from chengxin.ends.api.gate import JSON, ClientGate, actor_of
from chengxin.ends.api.schemas import Problem

router = Router()

READING: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404, 405, 422, 429, 500, 503), Problem)
SENDING: dict[Any, Any] = READING | {413: Problem, 415: Problem}

MOST = load_settings().bulk_codes

OldKind = Literal["registration_number", "organisation_code", "tax_number", "uscc"]

FIELDS: dict[str, dict[str, dict[str, Any]]] = {"convert_code": {"value": {"format": "old-code"}}}
"""What the document adds about fields whose values are codes of a standard."""


class OldCodeIn(Schema):
    """An older code to be converted."""

    model_config = ConfigDict(extra="forbid")

    kind: OldKind
    value: str = Field(min_length=1, max_length=64)


class BulkIn(Schema):
    """Older codes to be converted at once."""

    model_config = ConfigDict(extra="forbid")

    codes: list[OldCodeIn] = Field(min_length=1, max_length=MOST)


class ConversionOut(Schema):
    """What an older code became.

    ``converted``: ``uscc`` is the credit code. ``unknown``: nobody states one; this does not mean that there is none.
    ``ambiguous``: the code stands at two bodies until that is settled, and no code is given. ``invalid`` (in bulk
    only): the text is no code of the kind, ``message`` says why.
    """

    kind: OldKind
    value: str = Field(description="normalised; empty where it was a person's number")
    state: Literal["converted", "unknown", "ambiguous", "invalid"]
    uscc: str = ""
    registered: bool = Field(
        False, description="a body of the city's register bears the code; else a feed alone says so"
    )
    source: str = Field("", description="register, or the feed the pair came with")
    since: date | None = Field(None, description="legal day on which the pair was first seen")
    message: str = ""
    message_en: str = ""


class BulkOut(Schema):
    """The answers, one for each code, in the order asked."""

    codes: list[ConversionOut]


@router.get(
    "/codes/file",
    auth=ClientGate(CONVERT_CODES),
    response=READING,
    operation_id="mapping_file",
    url_name="mapping_file",
    summary="Fetch the whole mapping, signed",
    openapi_extra={
        "x-grant": CONVERT_CODES,
        "responses": {
            200: {
                "description": "mapping.csv (kind, old_code, uscc, source, since), its signature, and the public keys",
                "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    },
)
def mapping_file(request: HttpRequest) -> FileResponse:
    """Return the signed mapping as a zip; take the public key from elsewhere to verify it."""
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        ExportMapping(actor_of(request), system_now()).to_zip(cast("BinaryIO", kept))
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    return FileResponse(kept, as_attachment=True, filename="mapping.zip", content_type="application/zip")


@router.post(
    "/codes/bulk",
    auth=ClientGate(CONVERT_CODES, JSON),
    response={200: BulkOut} | SENDING,
    operation_id="convert_codes",
    url_name="convert_codes",
    summary="Convert many older codes",
    openapi_extra={"x-grant": CONVERT_CODES},
)
def convert_codes(request: HttpRequest, asked: BulkIn) -> BulkOut:
    """Return what up to 1,000 older codes became; one that is malformed is answered so and spoils no other."""
    read: list[tuple[str, str] | ConversionOut] = [_read(one) for one in asked.codes]
    codes = [one for one in read if isinstance(one, tuple)]
    with transaction.atomic():
        found = dict(zip(codes, convert(codes), strict=True))
        converted = sum(1 for one in found.values() if one.state == "converted")
        _looked(request, "bulk", {"asked": len(read), "converted": converted}, None)
    return BulkOut(codes=[_out(found[one]) if isinstance(one, tuple) else one for one in read])


@router.get(
    "/codes/{kind}/{value}",
    auth=ClientGate(CONVERT_CODES),
    response={200: ConversionOut} | READING,
    operation_id="convert_code",
    url_name="convert_code",
    summary="Convert one older code",
    openapi_extra={"x-grant": CONVERT_CODES},
)
def convert_code(
    request: HttpRequest,
    kind: OldKind,
    value: Annotated[str, Path_(description="the older code, or a credit code that may have been replaced")],
) -> ConversionOut:
    """Return the credit code that an older code became; a replaced credit code leads to the one of today."""
    code = read_old_code(kind, value[:100])
    with transaction.atomic():
        found = convert([(kind, code)])[0]
        if _unspeakable(found):
            raise personal_number()
        _looked(request, kind, {"state": found.state}, found.subject_id)
    return _out(found)


def _read(one: OldCodeIn) -> tuple[str, str] | ConversionOut:
    try:
        return one.kind, read_old_code(one.kind, one.value)
    except ChengxinError as refusal:
        return _invalid(one.kind, "" if refusal.code == "personal_number" else one.value, refusal)


def _unspeakable(found: Conversion) -> bool:
    """Return whether nobody bears the code and it may be a person's number: then it is not repeated."""
    return found.state == "unknown" and not found.registered and may_be_a_person(found.value)


def _invalid(kind: OldKind, value: str, refusal: ChengxinError) -> ConversionOut:
    said = {"message": refusal.message_zh, "message_en": refusal.message_en}
    return ConversionOut.model_validate({"kind": kind, "value": value, "state": "invalid"} | said)


def _out(found: Conversion) -> ConversionOut:
    if _unspeakable(found):
        return _invalid(cast("OldKind", found.kind), "", personal_number())
    return ConversionOut(
        kind=cast("OldKind", found.kind),
        value=found.value,
        state=found.state,
        uscc=found.uscc,
        registered=found.registered,
        source=found.source,
        since=found.since,
    )


def _looked(request: HttpRequest, what: str, detail: dict[str, Any], subject_id: int | None) -> None:
    """Put on file that the client asked; inside the transaction that answered."""
    actor = actor_of(request)
    record_event(
        at=system_now(),
        actor=(actor.kind, actor.id, actor.organisation),
        action="codes.converted",
        object_kind="code_mapping",
        object_id=what,
        detail=detail,
        subject_id=subject_id,
    )
