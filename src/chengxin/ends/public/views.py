"""The pages about bodies and facts: home, search, a body, a fact, the two lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from chengxin.ends.public import show
from chengxin.ends.public.chart import draw, months_until
from chengxin.ends.public.errors import no_longer_published
from chengxin.ends.public.forms import read_fact_key, read_narrowing, read_search, write_fact_key
from chengxin.ends.public.site import Moment, page, speaks_english
from chengxin.publication import queries
from chengxin.publication.leads import lead_of, old_codes
from chengxin.publication.old_codes import codes_of_body

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest

LATEST = 5
"""Facts of each item on the home page."""

ON_BODY = 10
"""Facts of each item on a body's page."""

REGISTRATION_NUMBER = "registration_number"

LISTS = {show.LICENCE: "licences", show.PENALTY: "penalties"}
"""The name of each item's list among the addresses."""


@dataclass(frozen=True)
class Row:
    """A fact in a list, ready for the template."""

    listed: queries.ListedFact
    title: str

    @property
    def fact(self) -> queries.Fact:
        """The fact itself."""
        return self.listed.fact


@dataclass(frozen=True)
class Section:
    """Facts of one item on a page: rows, and addresses of what comes later and of the newest."""

    item: str
    name: str
    rows: tuple[Row, ...]
    more: str = ""
    newest: str = ""


@page
def home(request: HttpRequest, moment: Moment) -> HttpResponse:
    """Show what the site is, the search, totals, the chart and the latest facts."""
    since = months_until(moment.day)[0]
    figures = [{one.month: one.facts for one in queries.months(item, since)} for item in show.ITEMS]
    sections = [_section(item, queries.latest_facts(item, moment.day, limit=LATEST)) for item in show.ITEMS]
    return render(
        request,
        "public/home.html",
        {
            "state": moment.state,
            "totals": [(show.item_name(item), moment.state.facts.get(item, 0)) for item in show.ITEMS],
            "chart": draw(moment.day, figures),
            "sections": sections,
        },
    )


@page
def search(request: HttpRequest, moment: Moment) -> HttpResponse:
    """Show the bodies a question finds; a whole code leads straight to its body's page.

    A person's number is not looked for, not repeated on the page and not kept by any cache.
    """
    asked = read_search(request.GET)
    if asked.personal:
        request.unspoken = True  # type: ignore[attr-defined]
    elif asked.code and (queries.body_by_code(asked.code, moment.day) or lead_of(asked.code, moment.day)):
        response: HttpResponse = HttpResponseRedirect(reverse("body", args=[asked.code]))
        response.headers["Cache-Control"] = "no-store"
        return response
    hits = queries.search_bodies(asked.text, moment.day, after=asked.after)
    # Only when no name holds the text: a guess beside certain hits would be taken for one of them.
    guess = bool(asked.text) and not (hits.hits or asked.after or asked.personal or asked.too_short)
    likely = queries.likely_bodies(asked.text, moment.day, limit=LATEST) if guess else ()
    english = speaks_english()
    response = render(
        request,
        "public/search.html",
        {
            "state": moment.state,
            "asked": asked,
            "remarks": [en if english else zh for zh, en in asked.remarks],
            "hits": _shown(hits.hits),
            "likely": _shown(likely),
            "more": _address("search", q=asked.text, after=hits.after),
            "newest": _address("search", q=asked.text) if asked.after is not None else "",
        },
    )
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store" if asked.personal else "private, max-age=60"
    return response


def _shown(hits: tuple[queries.Hit, ...]) -> list[tuple[queries.Hit, str, str]]:
    """Return hits with the words for kind and status."""
    return [(hit, show.kind_name(hit.body.kind), show.status_name(hit.body.status)) for hit in hits]


@page
def body(request: HttpRequest, moment: Moment, uscc: str) -> HttpResponse:
    """Show a body: its registration, other names, licences and penalties in force. An old code leads to it."""
    found = queries.body_by_code(uscc, moment.day)
    if found is None:
        return _lead_on(uscc, moment)
    old = old_codes(found.subject_id, moment.day)
    sections = []
    for item in show.ITEMS:
        after = read_fact_key(request.GET.get(item, ""))
        facts = queries.facts_of_body(found.subject_id, item, moment.day, after=after, limit=ON_BODY)
        here = reverse("body", args=[uscc])
        more = f"{here}?{urlencode({item: write_fact_key(facts.after)})}#{item}" if facts.after else ""
        sections.append(_section(item, facts, more, f"{here}#{item}" if after else ""))
    response = render(
        request,
        "public/body.html",
        {
            "state": moment.state,
            "body": found,
            "kind": show.kind_name(found.kind),
            "status": show.status_name(found.status),
            "grouped": show.grouped(found.uscc),
            "parts": show.code_parts(found.uscc),
            "lines": show.registration_lines(found.content, found.kind),
            "others": queries.other_names(found.subject_id),
            "old_codes": old,
            "numbers": [one for one in codes_of_body(found.subject_id, moment.day) if one.kind == REGISTRATION_NUMBER],
            "organisation_code": found.uscc[8:17],
            "came_by": next((one for one in old if one.code == request.GET.get("from")), None),
            "sections": sections,
        },
    )
    response.headers["X-Robots-Tag"] = "noarchive"
    return response


@page
def fact(request: HttpRequest, moment: Moment, record_id: int) -> HttpResponse:
    """Show one fact with all its public fields, its source, its rule and its dates."""
    found = queries.fact_by_id(record_id, moment.day)
    if found is None:
        if queries.fact_has_ended(record_id, moment.day):
            return no_longer_published(request)
        raise Http404
    response = render(
        request,
        "public/fact.html",
        {
            "state": moment.state,
            "row": Row(found, show.title(found.fact)),
            "item": show.item_name(found.fact.item),
            "kind": show.kind_name(found.kind),
            "heads": show.heads(found.fact.item),
            "address": request.build_absolute_uri(request.path),
            "lines": show.fact_lines(found.fact, found.kind),
            "source": show.source_of(found.fact),
            "tie": show.tie_of(found.fact),
            "reason": show.period_reason(found.fact, moment.day),
            "bases": _bases(found.fact.item, moment.day),
        },
    )
    until = found.fact.shown_until
    # Search engines drop the page on their own when the publicity ends.
    response.headers["X-Robots-Tag"] = f"noarchive, unavailable_after: {until}" if until else "noarchive"
    return response


@page
def facts(request: HttpRequest, moment: Moment, item: str) -> HttpResponse:
    """List facts of an item, the latest decision first, narrowed by organ and by text."""
    asked = read_narrowing(request.GET)
    if asked.personal:
        request.unspoken = True  # type: ignore[attr-defined]
    found = queries.latest_facts(item, moment.day, issuer=asked.issuer, text=asked.text, after=asked.after)
    kept = {"issuer": asked.issuer, "q": asked.text}
    section = _section(
        item,
        queries.FactList((), None) if asked.personal else found,
        "" if asked.personal else _address(LISTS[item], **kept, after=write_fact_key(found.after)),
        _address(LISTS[item], **kept) or reverse(LISTS[item]) if asked.after else "",
    )
    response = render(
        request,
        "public/list.html",
        {
            "state": moment.state,
            "section": section,
            "asked": asked,
            "here": LISTS[item],
            "issuers": queries.issuers(item),
        },
    )
    if asked.personal:
        response.headers["Cache-Control"] = "no-store"
    return response


def _lead_on(code: str, moment: Moment) -> HttpResponse:
    """Send whoever asks for an old code to the body it leads to, which says so; raise ``Http404`` for any other code.

    The answer is kept for a minute only: a merge can be undone.
    """
    lead = lead_of(code, moment.day)
    if lead is None:
        raise Http404
    address = f"{reverse('body', args=[lead.uscc])}?{urlencode({'from': lead.code})}"
    response: HttpResponse = HttpResponsePermanentRedirect(address)
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _section(item: str, found: queries.FactList, more: str = "", newest: str = "") -> Section:
    rows = tuple(Row(one, show.title(one.fact)) for one in found.rows)
    return Section(item, show.item_name(item), rows, more, newest)


def _address(name: str, **query: Any) -> str:  # noqa: ANN401 - whatever urlencode can write
    """Return the address of a page with what is set of its query; empty when ``after`` is asked for and unset."""
    if "after" in query and not query["after"]:
        return ""
    return f"{reverse(name)}?{urlencode({key: value for key, value in query.items() if value})}".rstrip("?")


def _bases(item: str, day: date) -> list[tuple[str, str]]:
    """Return (name with its number, article) of the legal bases in force on which facts of an item are published."""
    found = next((one for one in show.catalogue().items if one.key == item), None)
    return [(one.name, one.article) for one in found.bases_in_force(day)] if found else []
