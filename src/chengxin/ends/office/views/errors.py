"""Pages for what went wrong: in the end's own style, with a next step, without internals."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.errors import NotFound, NotPermitted
from chengxin.ends.office.access import load_access
from chengxin.operations.watching.decisions import refuse

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PASSED_ON = (NotPermitted, NotFound, EvidenceUnavailable)
"""Refusals that are no answer to a form: they have pages of their own (``middleware.Refusals``)."""


def _page(request: HttpRequest, status: int, title: str, next_step: str) -> HttpResponse:
    """Return an error page. It knows no officer: the session may be what failed."""
    request.__dict__.pop("user", None)
    return render(request, "office/error.html", {"title": title, "next_step": next_step}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a request nobody should send."""
    return _page(request, 400, _("请求有误"), _("请返回工作台重新操作。"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer an officer whose duty does not cover what was asked."""
    return _page(request, 403, _("没有权限"), _("您的岗位不能办理这项业务，需要开通请联系信用中心。"))


def elsewhere(request: HttpRequest) -> HttpResponse:
    """Answer an administrator who is not in a network of administration."""
    step = _(
        "系统管理员和安全管理员只能在本市规定的管理网络内办理业务，请换到管理网络；网络有变动请联系运维人员修改设置。"
    )
    return _page(request, 403, _("不在管理网络内"), step)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a form that does not carry this session's token."""
    response = _page(request, 403, _("表单已过期"), _("请返回上一页刷新后重新提交；浏览器需要允许 Cookie。"))
    refuse(response, "stale_form")
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer an address that does not exist, and what belongs to another organisation, in the same words."""
    return _page(request, 404, _("没有找到"), _("请检查地址或编号；只能查看本单位的数据。"))


def conflict(request: HttpRequest, next_step: str) -> HttpResponse:
    """Answer what cannot be done now."""
    return _page(request, 409, _("现在不能办理"), next_step)


def too_large(request: HttpRequest) -> HttpResponse:
    """Answer an upload above the limit."""
    limit = load_access().upload_megabytes
    return _page(request, 413, _("文件过大"), _("单个文件不超过 %(limit)d MB，请拆分后分别报送。") % {"limit": limit})


def no_evidence(request: HttpRequest, error: EvidenceUnavailable) -> HttpResponse:
    """Answer that nothing about a subject is read or written while the audit trail cannot be kept."""
    chinese = (get_language() or "").startswith("zh")
    response = _page(request, 503, _("平台暂时不可用"), error.message_zh if chinese else error.message_en)
    response["Retry-After"] = "10"
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an error nobody foresaw, or a database that is away; Django has written it to the log."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        step = _("数据库没有应答，请稍后再试；已收到回执的数据不受影响。")
        response = _page(request, 503, _("平台暂时不可用"), step)
        response["Retry-After"] = "10"
        return response
    return _page(request, 500, _("平台内部错误"), _("错误已记录，请稍后再试；如仍出现请联系信用中心。"))
