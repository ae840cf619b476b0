"""Errors of the API as problem details (RFC 9457): one shape for every one of them, Chinese first, no internals."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from chengxin.accounts.signatures import NotRecognised
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.checks.answer import WrongCode
from chengxin.ends.api.gate import BodyTooLarge, WrongMediaType
from chengxin.ends.api.parser import UnreadableBody
from chengxin.ends.api.rates import TooManyRequests
from chengxin.ends.api.refusals import refusals
from chengxin.kernel.calendar import LEGAL_ZONE
from chengxin.operations.watching.decisions import refuse
from chengxin.subjects.queries import AmbiguousCode

if TYPE_CHECKING:
    from django.http import HttpRequest

MEDIA_TYPE = "application/problem+json"

TITLES: dict[int, tuple[str, str, str]] = {
    400: ("bad_request", "请求有误", "Bad request"),
    401: ("not_authenticated", "不能确认是谁发来的请求", "The sender is not recognised"),
    403: ("not_permitted", "没有权限", "Not permitted"),
    404: ("not_found", "没有找到", "Not found"),
    405: ("method_not_allowed", "该地址不支持这种方法", "Method not allowed"),
    409: ("conflict", "当前状态下不能办理", "Conflict"),
    413: ("too_large", "请求过大", "Request too large"),
    415: ("wrong_media_type", "请求体的类型不对", "Wrong media type"),
    422: ("not_valid", "内容不符合要求", "Not valid"),
    429: ("too_many_requests", "请求过于频繁", "Too many requests"),
    500: ("internal_error", "平台内部错误", "Internal error"),
    503: ("unavailable", "平台暂时无法查询", "Temporarily unavailable"),
}
"""For each status: the code where no more exact one is known, and the title in Chinese and English."""

DETAILS: dict[int, tuple[str, str]] = {
    400: ("请检查请求的写法", "check how the request is written"),
    401: ("请按接口说明对请求签名", "sign the request as the guide says"),
    403: (
        "该调用方没有这项操作的授权，请联系信用中心",
        "the operation is not granted; ask the credit centre",
    ),
    404: ("没有这个地址或这条数据", "there is nothing at this address"),
    405: ("请查看 openapi.json 中该地址支持的方法", "see openapi.json for the methods of this address"),
    409: ("请稍后再试", "try again later"),
    413: ("请拆分后再提交", "split it and send the parts"),
    415: ("请查看 openapi.json 中该操作的请求体类型", "see openapi.json for the operation's body"),
    422: ("请按 errors 改正后重试", "mend what errors names and try again"),
    429: ("请在 Retry-After 所示的秒数后重试", "try again after as many seconds as Retry-After says"),
    500: ("错误已记录，请稍后再试", "the error is on record; try again later"),
    503: ("数据库没有应答；这不等于没有记录，请稍后再试", "the database does not answer; this does not mean no record"),
}
"""For each status: what to do next, where nothing more exact is known."""

STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (EvidenceUnavailable, 503),
    (NotRecognised, 401),
    (TooManyRequests, 429),
    (NotPermitted, 403),
    (NotFound, 404),
    (AmbiguousCode, 409),
    (BodyTooLarge, 413),
    (WrongMediaType, 415),
    (UnreadableBody, 400),
    (ChengxinError, 422),
    (RequestDataTooBig, 413),
    (TooManyFieldsSent, 413),
    (TooManyFilesSent, 413),
    (AuthenticationError, 401),
    (HttpError, 400),
    (ValidationError, 422),
    (OperationalError, 503),
    (InterfaceError, 503),
)
"""The status an error becomes; the first that fits counts."""

WANTED = 'sig=("@method" "@target-uri" "content-type" "content-digest");created;expires;nonce;keyid'
"""What a signature has to cover, told with every 401 (RFC 9421 5.1); the last two components go with a body."""

NOTED = (NotRecognised, NotPermitted, TooManyRequests, NotFound)
"""Refusals that become audit events; among them what is not there or not the asker's, for who probes for it."""

CONFLICTS = frozenset({"batch_under_way"})
"""Codes of errors that pass by themselves: 409 instead of 422."""


def problem(status: int, error: Exception | None = None, **more: object) -> HttpResponse:
    """Return the problem response for ``status``, in the words of ``error`` where it is one of ours."""
    code, title, title_en = TITLES.get(status, TITLES[500] if status >= 500 else TITLES[400])  # noqa: PLR2004
    detail, detail_en = DETAILS.get(status, DETAILS[500] if status >= 500 else DETAILS[400])  # noqa: PLR2004
    body: dict[str, Any] = {"type": "about:blank", "status": status, "code": code, "title": title, "title_en": title_en}
    if isinstance(error, ChengxinError):
        body |= {"code": error.code, "detail": error.message_zh, "detail_en": error.message_en, "where": error.where}
    else:
        body |= {"detail": detail, "detail_en": detail_en}
    if isinstance(error, WrongCode):
        body["errors"] = [
            {"code": one.code, "message": one.message_zh, "message_en": one.message_en, "position": one.position}
            for one in error.problems
        ]
    if isinstance(error, ValidationError):
        body["errors"] = [_field_error(one) for one in error.errors]
    response = HttpResponse(json.dumps(body | more, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)
    refuse(response, str(body["code"]))
    if status == 401:  # noqa: PLR2004
        response["WWW-Authenticate"] = "Bearer"
        response["Accept-Signature"] = WANTED
    if isinstance(error, TooManyRequests):
        response["Retry-After"] = str(error.wait)
    if status == 503:  # noqa: PLR2004
        response["Retry-After"] = "10"
    return response


def status_of(error: Exception) -> int:
    """Return the status that ``error`` becomes; 500 for what nobody foresaw."""
    if isinstance(error, ChengxinError) and error.code in CONFLICTS:
        return 409
    return next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)


def answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """Return the problem response for ``error``; a check that could not be made says so in its own shape too."""
    if isinstance(error, type):
        return problem(500)
    cause = error.__cause__
    if isinstance(error, HttpError) and isinstance(cause, (ChengxinError, RequestDataTooBig)):
        error = cause  # the framework wraps what its parser raises
    error = _noted(request, error)
    status = error.status_code if isinstance(error, HttpError) else status_of(error)
    match = request.resolver_match
    if status in {409, 503} and match is not None and match.url_name == "check_one":
        return problem(
            status,
            error,
            result="could_not_search",
            subject=None,
            facts=None,
            as_of=system_now().astimezone(LEGAL_ZONE).isoformat(),
            reason=_reason(error),
        )
    return problem(status, error)


def _noted(request: HttpRequest, error: Exception) -> Exception:
    """Put a refusal on file and return it; where that cannot be done, return why: nothing is refused unseen."""
    if not isinstance(error, NOTED):
        return error
    wanted, caller = getattr(request, "wanted", ""), getattr(request, "caller", None)
    try:
        refusals.note(request, wanted, error.code, caller, system_now())
    except (EvidenceUnavailable, OperationalError, InterfaceError) as missing:
        return missing
    return error


def _reason(error: Exception) -> str:
    if isinstance(error, AmbiguousCode):
        return "ambiguous_code"
    return "evidence_unavailable" if isinstance(error, EvidenceUnavailable) else "database_unavailable"


def bad_request(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what Django itself refuses (a host or a form nobody should send)."""
    return problem(status_of(exception) if isinstance(exception, RequestDataTooBig | TooManyFieldsSent) else 400)


def forbidden(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer what Django itself forbids."""
    return problem(403)


def not_found(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer an address that does not exist."""
    return problem(404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an error nobody foresaw, or a database that is away; Django has written it to the log."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError | EvidenceUnavailable):
        return answer(request, error)
    return problem(500)


def _field_error(error: dict[str, Any]) -> dict[str, object]:
    where = ".".join(str(part) for part in error.get("loc", ()))
    return {
        "code": str(error.get("type", "")),
        "where": where,
        "message": f"{where}：{_WORDS.get(str(error.get('type')), '写法不对')}",
        "message_en": f"{where}: {error.get('msg', 'not valid')}",
    }


_WORDS = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项",
    "string_type": "应为文字",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "literal_error": "不在允许的值里",
}
"""The framework's kinds of error in Chinese; the rest are malformed."""
