"""The operations of the API: hand in files and follow them, look a body up, check a body."""

import tempfile
from dataclasses import replace
from typing import IO, Annotated, Any, BinaryIO, Literal, cast

from django.db import connection, transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Status
from ninja.files import UploadedFile
from ninja.params.functions import File as File_
from ninja.params.functions import Form as Form_
from ninja.params.functions import Path as Path_

from chengxin.accounts.actor import CHECK, READ_BATCHES, READ_SUBJECTS, SUBMIT
from chengxin.accounts.clients import EVERYTHING
from chengxin.audit.actions import record_event
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.catalogue import load_catalogue, shipped_mappings
from chengxin.checks.actions.check_one import CheckOne
from chengxin.checks.answer import CheckAnswer, read_code
from chengxin.ends.api.gate import JSON, MULTIPART, ClientGate, actor_of, grant_of
from chengxin.ends.api.schemas import (
    BatchOut,
    CheckIn,
    CheckOut,
    CheckProblem,
    FactOut,
    HealthOut,
    IdentifierOut,
    NameOut,
    Problem,
    SubjectOut,
)
from chengxin.intake.actions.receive import ENCODINGS, ReceiveFile
from chengxin.intake.queries import BatchView, batch_by_id, unknown_batch
from chengxin.intake.returned import DownloadReturned
from chengxin.kernel.calendar import LEGAL_ZONE
from chengxin.subjects.queries import SubjectView, subject_by_identifier

router = Router()

NOTICE_ZH = (
    "本结果如实列出平台依法归集、在核查日期有效且可公开的信息，来源为各条所列机关；平台不据此作出任何决定，"
    "是否采用由使用单位依法判断。主体对信息有异议的，可免费向信用中心或来源单位提出。"
)
NOTICE_EN = (
    "These are the public facts in force on the day asked about, as the organs named handed them in. The platform "
    "decides nothing by them: what follows is for the user to decide by law. The body may object to any fact, free of "
    "charge, at the credit centre or the organ."
)

READING: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404, 405, 422, 429, 500, 503), Problem)
SENDING: dict[Any, Any] = READING | {413: Problem, 415: Problem}
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    "submit_batch": {
        "item": {"enum": sorted(one.key for one in load_catalogue().items)},
        "encoding": {"enum": list(ENCODINGS)},
        "mapping": {"enum": ["", *shipped_mappings()]},
    },
    "read_subject": {"uscc": {"format": "uscc"}},
}
"""What the document adds about fields of an operation whose values are data of the catalogue or a standard's code."""

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.post(
    "/batches",
    auth=ClientGate(SUBMIT, MULTIPART),
    response={202: BatchOut, 200: BatchOut} | SENDING,
    operation_id="submit_batch",
    url_name="submit_batch",
    summary="Hand in a file",
    openapi_extra={"x-grant": SUBMIT},
)
def submit_batch(
    request: HttpRequest,
    response: HttpResponse,
    file: Annotated[UploadedFile, File_(description="XLSX or CSV: one header row, one fact a row")],
    item: Annotated[str, Form_(max_length=64, description="key of the catalogue item")],
    encoding: Annotated[str, Form_(max_length=16, description="of a CSV file")] = "auto",
    mapping: Annotated[str, Form_(max_length=64, description="a shipped mapping for foreign headers")] = "",
) -> Status[BatchOut]:
    """Take a file in for the client's organisation and queue its import.

    202 with the new batch; 200 with the earlier one and its receipt when this very file was received before: sending
    again is safe.
    """
    actor = actor_of(request)
    grant_of(request).require_item(item)
    if mapping and mapping not in shipped_mappings():
        raise ChengxinError(
            "unknown_mapping",
            f"没有名为“{mapping}”的对照文件，可选：{'、'.join(shipped_mappings())}",
            f"no mapping {mapping!r}; there are: {', '.join(shipped_mappings())}",
            where="mapping",
        )
    received = ReceiveFile(
        actor=actor,
        organisation=actor.organisation,
        item=item,
        filename=file.name or "",
        content=file,  # type: ignore[arg-type]
        channel="api",
        now=system_now(),
        encoding=encoding,
        mapping=mapping,
        queue=True,
    ).execute()
    sees_it = replace(actor, operations=actor.operations | {READ_BATCHES})  # who handed a file in may see it arrive
    batch = _batch(batch_by_id(sees_it, received.batch_id), already=received.already)
    response["Location"] = batch.location
    return Status(200 if received.already else 202, batch)


@router.get(
    "/batches/{int:batch_id}",
    auth=ClientGate(READ_BATCHES),
    response={200: BatchOut} | READING,
    operation_id="read_batch",
    url_name="read_batch",
    summary="Follow a batch",
    openapi_extra={"x-grant": READ_BATCHES},
)
def read_batch(request: HttpRequest, batch_id: int) -> BatchOut:
    """Return the state of a batch of the client's organisation, with its receipt or refusal once it has ended."""
    with transaction.atomic():
        view = _granted_batch(request, batch_id)
        _looked(request, "batch.read", "batch", view.id)
    return _batch(view)


@router.get(
    "/batches/{int:batch_id}/returned",
    auth=ClientGate(READ_BATCHES),
    response=READING | {409: Problem},
    operation_id="download_returned",
    url_name="download_returned",
    summary="Fetch the rows sent back",
    openapi_extra={
        "x-grant": READ_BATCHES,
        "responses": {
            200: {
                "description": "the department's own columns with line, rules, what is wrong and what was expected",
                "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()},
            }
        },
    },
)
def download_returned(request: HttpRequest, batch_id: int, format: Literal["csv", "xlsx"] = "xlsx") -> FileResponse:  # noqa: A002 - the parameter's public name
    """Return the rows sent back as a file that can be mended and handed in again."""
    _granted_batch(request, batch_id)
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        DownloadReturned(actor_of(request), batch_id, format, system_now()).execute(cast("BinaryIO", kept))
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    name = f"batch-{batch_id}-returned.{format}"
    return FileResponse(kept, as_attachment=True, filename=name, content_type=MEDIA_TYPES[format])


@router.get(
    "/subjects/{uscc}",
    auth=ClientGate(READ_SUBJECTS),
    response={200: SubjectOut} | READING | {409: Problem},
    operation_id="read_subject",
    url_name="read_subject",
    summary="Look a registered body up",
    openapi_extra={"x-grant": READ_SUBJECTS},
)
def read_subject(
    request: HttpRequest,
    uscc: Annotated[str, Path_(description="统一社会信用代码 (GB 32100)")],
) -> SubjectOut:
    """Return the body that bears this 统一社会信用代码. Natural persons cannot be looked up."""
    code = read_code(uscc[:100], ("uscc",))
    with transaction.atomic():
        subject = subject_by_identifier(code.kind, code.value)
        if subject is None:
            raise NotFound(
                "unknown_subject",
                "没有使用该代码的主体，请核对代码；没有查到不等于没有登记",
                "no body on file bears this code: check it; not on file does not mean not registered",
            )
        _looked(request, "subject.read", "subject", subject.id)
    return _subject(subject)


@router.post(
    "/checks",
    auth=ClientGate(CHECK, JSON),
    response={200: CheckOut} | SENDING | {409: CheckProblem, 503: CheckProblem},
    operation_id="check_one",
    url_name="check_one",
    summary="Check one body",
    openapi_extra={"x-grant": CHECK},
)
def check_one(request: HttpRequest, asked: CheckIn) -> CheckOut:
    """Return the public facts about one body in force on a day. Who asked, for what, and what was answered is kept."""
    grant = grant_of(request)
    grant.require_purpose(asked.purpose)
    items = grant.item_filter()
    answer = CheckOne(actor_of(request), asked.code, asked.purpose, asked.on, system_now(), items).execute()
    return _check(answer, sorted(items) if items is not None else [EVERYTHING])


@router.get("/healthz", auth=None, response={200: HealthOut, 503: Problem}, operation_id="healthz", url_name="healthz")
def healthz(request: HttpRequest) -> HealthOut:  # noqa: ARG001 - ninja hands it in
    """Say whether the process and its database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HealthOut(status="ok")


def _granted_batch(request: HttpRequest, batch_id: int) -> BatchView:
    """Return the batch, or the same refusal for one that does not exist, is another's, or is of an item not granted."""
    view = batch_by_id(actor_of(request), batch_id)
    if not grant_of(request).allows_item(view.item):
        raise unknown_batch(batch_id)
    return view


def _looked(request: HttpRequest, action: str, kind: str, number: int) -> None:
    """Put on file that the client saw something; inside the transaction that read it."""
    actor = actor_of(request)
    who = (actor.kind, actor.id, actor.organisation)
    record_event(at=system_now(), actor=who, action=action, object_kind=kind, object_id=str(number))


def _batch(view: BatchView, *, already: bool = False) -> BatchOut:
    return BatchOut(
        batch_id=view.id,
        item=view.item,
        state=view.state,  # type: ignore[arg-type]
        already=already,
        location=reverse("api:read_batch", kwargs={"batch_id": view.id}),
        filename=view.filename,
        received_at=view.received_at.astimezone(LEGAL_ZONE).isoformat(),
        finished_at=view.finished_at.astimezone(LEGAL_ZONE).isoformat() if view.finished_at else None,
        receipt=dict(view.receipt) if view.receipt else None,
        refusal=dict(view.refusal) if view.refusal else None,
        hold=dict(view.hold) if view.hold else None,
    )


def _subject(view: SubjectView) -> SubjectOut:
    return SubjectOut(
        uscc=view.uscc,
        name=view.name,
        kind=view.kind,
        status=view.status,
        registrar=view.registrar,
        established_on=view.established_on,
        identifiers=[
            IdentifierOut(
                kind=one.kind,  # type: ignore[arg-type]
                value=one.value,
                ended_on=one.ended_on,
                replaced_by=one.replaced_by,
                merged=one.merged,
            )
            for one in view.identifiers
        ],
        names=[NameOut(kind=one.kind, name=one.name) for one in view.names],
    )


def _check(answer: CheckAnswer, items: list[str]) -> CheckOut:
    return CheckOut(
        result=answer.result,
        code=answer.code,
        subject=_subject(answer.subject) if answer.subject else None,
        on=answer.on,
        as_of=answer.as_of.astimezone(LEGAL_ZONE).isoformat(),
        items=items,
        facts=[
            FactOut(
                record_id=fact.record_id,
                version=fact.version,
                item=fact.item,
                document_number=fact.document_number,
                decided_on=fact.decided_on,
                issuer=fact.issuer,
                valid_from=fact.valid_from,
                valid_until=fact.valid_until,
                content=dict(fact.content),
            )
            for fact in answer.facts
        ],
        notice_zh=NOTICE_ZH,
        notice_en=NOTICE_EN,
    )
