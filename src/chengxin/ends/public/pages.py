"""The pages about the site itself, and the addresses that machines ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.templatetags.static import static

from chengxin.ends.public import show
from chengxin.ends.public.site import Moment, page, speaks_english

if TYPE_CHECKING:
    from django.http import HttpRequest

    from chengxin.kernel.publicity import PublicityClass

ROBOTS = "User-agent: *\nDisallow: /search/\nDisallow: /en/search/\nDisallow: /codes/?\nDisallow: /en/codes/?\n"


@page
def about(request: HttpRequest, moment: Moment) -> HttpResponse:
    """Show what is published and for how long, the rights of subjects, and how the site is made."""
    rules = show.publicity_rules()
    rule = rules.in_force(moment.day)
    english = speaks_english()
    return render(
        request,
        "public/about.html",
        {
            "state": moment.state,
            "rule": (rule.title_en if english else rule.title_zh) if rule else "",
            "uncertain": rule.uncertain if rule else False,
            "terms": [(_level(klass), term) for klass, term in rule.terms.items()] if rule else [],
            "cap_months": rules.hard_cap_months,
            "bases": show.catalogue().item(show.PENALTY).bases_in_force(moment.day),
            "api_address": getattr(settings, "API_ADDRESS", ""),
        },
    )


def _level(klass: PublicityClass) -> str:
    return klass.value.capitalize() if speaks_english() else klass.name_zh


def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view takes its request
    """Tell crawlers to leave the search alone; all else may be read."""
    response = HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view takes its request
    """Answer 200 when the database answers to this process's role, else the 503 of ``DatabaseAway``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    response = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view takes its request
    """Send browsers that ask for ``/favicon.ico`` to the mark."""
    return HttpResponse(
        status=302, headers={"Location": static("public/mark.svg"), "Cache-Control": "public, max-age=86400"}
    )
