"""What every page knows: the city, the language and its counterpart, and how long the page may be kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.safestring import mark_safe

from chengxin.base.city import City, load_city
from chengxin.base.clock import system_now
from chengxin.ends.public.assets import build
from chengxin.kernel.calendar import legal_day
from chengxin.publication.queries import PublicState, public_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    P = ParamSpec("P")

FRESH = 60
"""Seconds a page may be kept: an objection has to be visible within a minute."""

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")

ENGLISH = "en"

# Marks source texts on English pages.
_CHINESE = mark_safe(' lang="zh-Hans"')


@dataclass(frozen=True)
class Moment:
    """When and on what ground a page is answered: the legal day, and the state of the public store."""

    day: date
    state: PublicState


@dataclass(frozen=True)
class Names:
    """The city's names in the language of the page."""

    city: str
    site: str
    centre: str
    banner: str


@cache
def the_city(name: str) -> City:
    """Return the city's profile; it is read once for each process."""
    return load_city(name)


def names(city: City) -> Names:
    """Return the city's names in the active language."""
    words = city.wording
    if speaks_english():
        return Names(city.name_en, words.site_name_en, words.centre_name_en, words.rehearsal_banner_en)
    return Names(city.name, words.site_name, words.centre_name, words.rehearsal_banner)


def speaks_english() -> bool:
    """Tell whether the page is in English."""
    return translation.get_language() == ENGLISH


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every template the city's names, the language and the way to the same page in the other one."""
    english = speaks_english()
    return {
        "names": names(the_city(settings.CITY)),
        "english": english,
        "path": request.path,
        "zh": _CHINESE if english else "",
        "html_lang": "en" if english else "zh-Hans",
        "other_lang": "zh-Hans" if english else "en",
        "other_address": _counterpart(request, settings.LANGUAGE_CODE if english else ENGLISH),
    }


def _counterpart(request: HttpRequest, language: str) -> str:
    """Return this page in the other language, its query included; the home page where there is none.

    A request marked ``unspoken`` has something in its query that must not be repeated.
    """
    query = "" if getattr(request, "unspoken", False) else request.META.get("QUERY_STRING", "")
    try:
        match = resolve(request.path_info)
        with translation.override(language):
            address = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
    except (Resolver404, NoReverseMatch):
        with translation.override(language):
            return reverse("home")
    return f"{address}?{query}" if query else address


def page(
    view: Callable[Concatenate[HttpRequest, Moment, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Make a view that answers for the present legal day, from the store's state, with caching headers.

    The tag of a page changes when the store changes, at midnight in Shanghai, and with the software. It is read
    before the page's own queries, so a page can be newer than its tag and never older.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        now = system_now()
        moment = Moment(legal_day(now), public_state())
        tag = _tag(request, moment)
        response: HttpResponseBase | None = get_conditional_response(request, etag=tag)
        if response is None:
            response = view(request, moment, *args, **kwargs)
        if response.headers.get("Cache-Control") is None:
            response.headers["Cache-Control"] = f"public, max-age={_seconds_fresh(now)}"
            response.headers["ETag"] = tag
        return response

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", answer)


def _tag(request: HttpRequest, moment: Moment) -> str:
    changed = moment.state.changed_at
    parts = (request.build_absolute_uri(), moment.day.isoformat(), changed.isoformat() if changed else "", build())
    return f'W/"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]}"'


def _seconds_fresh(now: datetime) -> int:
    """Return how long a page may be kept: never past midnight, when the facts of yesterday may have ended."""
    local = now.astimezone(LEGAL_ZONE)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), LEGAL_ZONE)
    return min(FRESH, int((midnight - local).total_seconds()))
