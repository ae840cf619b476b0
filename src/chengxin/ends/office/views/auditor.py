"""The audit trail for its auditor: events by what they are about, one event with its proof, and nothing to change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from chengxin.accounts.actions.read_audit import FetchProof, ReadEvent, ReadEventText, ReadTrail
from chengxin.accounts.actor import READ_AUDIT
from chengxin.accounts.models import Organisation
from chengxin.accounts.purpose import Purpose, PurposeWrong
from chengxin.audit.proofs import NotYetProvable
from chengxin.audit.trail import TrailQuestion
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.ends.office.charts import WHOLE
from chengxin.ends.office.day_charts import day_chart
from chengxin.ends.office.pages import actor_of, english, said
from chengxin.ends.office.power_forms import PurposeForm, TrailForm, end_of
from chengxin.ends.office.views import errors
from chengxin.kernel.calendar import LEGAL_ZONE, legal_day
from chengxin.kernel.identifiers import normalise
from chengxin.subjects.queries import IDENTIFIER_KINDS, subject_by_identifier

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

DAYS = 7
"""Days shown to who asks for no period."""

LONGEST_NUMBER = 12
"""Digits of a subject's own number; what is longer is a code."""


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    """Show a page of events with the days of the period as a chart, and whether evidence is being kept."""
    actor = actor_of(request)
    actor.require(READ_AUDIT)
    now = system_now()
    today = legal_day(now)
    places = {one.code: one.name_en if english() else one.name for one in Organisation.objects.order_by("name")}
    asked = request.GET.copy()
    asked.setdefault("since", (today - timedelta(days=DAYS - 1)).isoformat())
    asked.setdefault("until", today.isoformat())
    form = TrailForm(places.items(), asked)
    context: dict[str, Any] = {"form": form, "places": places, "whole": WHOLE}
    if not form.is_valid():
        return render(request, "office/audit.html", context, status=400)
    try:
        question = _question(form.cleaned_data)
        found = ReadTrail(actor, question, now, _after(request)).execute()
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return render(request, "office/audit.html", context | {"refused": said(error)}, status=400)
    asked.pop("after", None)
    context |= {
        "found": found,
        "chart": day_chart(found.days),
        "kept": asked.urlencode(),
        "first": "after" not in request.GET,
        "onward": f"{found.page.after[0].isoformat()}_{found.page.after[1]}" if found.page.after else "",
        "lag": (now - found.evidence.covered_at) if found.evidence.covered_at else None,
    }
    return render(request, "office/audit.html", context)


@sensitive_post_parameters("purpose_text")
@sensitive_variables("text")
@require_http_methods(["GET", "HEAD", "POST"])
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """Show one event; by POST, for a purpose and a case, the text beside it."""
    actor, now = actor_of(request), system_now()
    form = PurposeForm(legal_day(now), request.POST if request.method == "POST" else None)
    text, refused, status = "", "", 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        purpose = Purpose(given["purpose"], given["purpose_text"], given["case_number"])
        try:
            row, text = ReadEventText(actor, event_id, purpose, now).execute()
        except PurposeWrong as error:
            form.add_error(error.where, said(error))
        except NotFound as error:
            if error.code != "no_text":
                raise
            refused, status = said(error), 404
    if not text:
        row = ReadEvent(actor, event_id, now).execute()
        status = 422 if form.errors else status
    context = {"row": row, "form": form, "text": text, "refused": refused}
    return render(request, "office/audit_event.html", context, status=status)


@require_safe
def proof(request: HttpRequest, event_id: int) -> HttpResponse:
    """Return the proof that one event is in the log, as a file."""
    try:
        found = FetchProof(actor_of(request), event_id, system_now()).execute()
    except NotYetProvable as error:
        return errors.conflict(request, said(error))
    response = JsonResponse(found.as_dict())
    response["Content-Disposition"] = f'attachment; filename="chengxin-event-{event_id}.json"'
    return response


def _question(given: dict[str, Any]) -> TrailQuestion:
    """Return the form's question; both its days count, so the period ends with the second."""
    return TrailQuestion(
        since=datetime.combine(given["since"], datetime.min.time(), LEGAL_ZONE),
        until=end_of(given["until"]),
        actor=given["actor"].strip(),
        organisation=given["organisation"],
        action=given["action"].strip(),
        subject_id=_subject(given["subject"]),
        case_number=given["case_number"].strip(),
    )


def _subject(written: str) -> int | None:
    """Return the number of the body that bears the code, or that has this number; None where nothing was written."""
    code = normalise(written)
    if not code:
        return None
    if code.isascii() and code.isdecimal() and len(code) <= LONGEST_NUMBER:
        return int(code)
    for kind in IDENTIFIER_KINDS:
        found = subject_by_identifier(kind, code)
        if found is not None:
            return found.id
    raise ChengxinError(
        "unknown_body",
        f"登记库中没有代码为“{code}”的主体，请核对代码",
        f"no body of the register bears the code {code!r}: check the code",
        where="subject",
    )


def _after(request: HttpRequest) -> tuple[datetime, int] | None:
    """Return where the page begins: ``after=MOMENT_NUMBER``."""
    text = request.GET.get("after", "")
    if not text:
        return None
    moment, _sign, number = text.partition("_")
    try:
        at = parse_datetime(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not (number.isascii() and number.isdecimal()):
        raise Http404(_("没有找到"))
    return at, int(number[:18])
