"""Pages for what went wrong: plain words, what to do next, and nothing of the inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.template import loader
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True)
class Trouble:
    """What an error page says: a heading, what happened, what to do."""

    status: int
    title: str
    what: str
    todo: str


def trouble_page(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """Return the page of a trouble; it asks nothing of the database and repeats nothing of the address."""
    text = loader.render_to_string("public/error.html", {"trouble": trouble}, request)
    response = HttpResponse(text, status=trouble.status)
    response.headers["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the 400 page."""
    return trouble_page(
        request,
        Trouble(
            400,
            _("网址不完整或有误"),
            _("这个网址里的内容无法识别，可能在复制时缺了一段。"),
            _("请回到首页，从那里重新查询。"),
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the 404 page."""
    return trouble_page(
        request,
        Trouble(
            404,
            _("没有这个页面"),
            _("这里没有公示内容：网址可能有误，或者该主体、该信息未在本站公示。没有公示不等于没有记录。"),
            _("请核对网址，或者按名称、统一社会信用代码重新查询。"),
        ),
    )


def no_longer_published(request: HttpRequest) -> HttpResponse:
    """Return the 410 page of a fact whose publicity has ended; it says nothing about the fact."""
    return trouble_page(
        request,
        Trouble(
            410,
            _("该信息已不再公示"),
            _("公示期已满，或者发布单位已停止公示。本站不再提供其内容，其他网站也不应继续转载。"),
            _("需要了解主体的现有公示信息，请按名称或统一社会信用代码查询。"),
        ),
    )


def reading_only(request: HttpRequest) -> HttpResponse:
    """Return the 405 page: this site can be read, not written to."""
    response = trouble_page(
        request,
        Trouble(
            405,
            _("本站只供查阅"),
            _("这个请求的方式不被接受，本站不接收任何提交的数据。"),
            _("请回到首页查询。"),
        ),
    )
    response.headers["Allow"] = "GET, HEAD"
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """Return the 500 page."""
    return trouble_page(
        request,
        Trouble(
            500,
            _("页面暂时打不开"),
            _("本站出了故障，不是您的操作有误。工作人员能从日志里看到这次故障。"),
            _("请稍后再试。"),
        ),
    )


def database_away(request: HttpRequest) -> HttpResponse:
    """Return the 503 page: a search that could not be made is not a search without result."""
    response = trouble_page(
        request,
        Trouble(
            503,
            _("暂时查不到"),
            _("数据库暂时没有响应，本次没有查询。这不表示没有记录。"),
            _("请过一分钟再试。"),
        ),
    )
    response.headers["Retry-After"] = "60"
    return response
