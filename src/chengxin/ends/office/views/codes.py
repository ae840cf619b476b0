"""Conversion of codes: the queue of conflicts, requests to registrars and their answers, progress."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.conversion.actions.correct import AnswerCorrection, AskCorrection
from chengxin.conversion.models import Conflict, Request
from chengxin.conversion.progress import Month, bulletin, by_kind, by_registrar, standing, total
from chengxin.conversion.queries import (
    conflict_by_id,
    conflict_counts,
    conflicts,
    overdue_count,
    request_by_id,
    requests,
)
from chengxin.conversion.registrars import registrar_named, registrars
from chengxin.conversion.settings import load_settings
from chengxin.ends.office.charts import WHOLE
from chengxin.ends.office.code_charts import progress_bars
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.views import errors
from chengxin.ends.office.views.bodies import kinds
from chengxin.ends.office.views.desk import months_before
from chengxin.kernel.calendar import legal_day

if TYPE_CHECKING:
    from django.http import HttpRequest

LONGEST_TEXT = 1000
"""Characters of a question, document or note that are read."""

MONTHS = 12
"""Months of the bulletin."""


def words() -> dict[str, str]:
    """Return kinds and states of conflicts and requests, answers, and kinds of bodies, in words."""
    return {
        "two_bodies": _("一码两主体"),
        "two_codes": _("一主体两码"),
        "segment_differs": _("组织机构代码与信用代码不符"),
        "wrong_check": _("校验码不符"),
        "open": _("待处理"),
        "asked": _("已请登记机关核实"),
        "answered": _("登记机关已答复"),
        "settled": _("已了结"),
        "lapsed": _("已无须答复"),
        "right_code": _("指明正确的代码"),
        "not_this_body": _("代码不属于该主体"),
        "one_body": _("实为同一主体"),
        "stays": _("代码无误，保持不变"),
        "register": _("登记库"),
        "legal_person": _("法人"),
        "unincorporated": _("非法人组织"),
        "individual_business": _("个体工商户"),
    }


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List conflicts and the requests still open, overdue ones first."""
    actor = actor_of(request)
    today = legal_day(system_now())
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    after = request.GET.get("after", "")
    if (state and state not in Conflict.State.values) or (kind and kind not in Conflict.Kind.values):
        raise Http404
    if after and not (after.isascii() and after.isdecimal()):
        raise Http404
    found, onward = conflicts(actor, state=state, kind=kind, after=int(after[:18]) if after else None)
    counts = conflict_counts(actor)
    context = {
        "conflicts": found,
        "after": onward,
        "state": state,
        "kind": kind,
        "states": Conflict.State.values,
        "conflict_kinds": [
            (one, sum(rows for (named, stood), rows in counts.items() if named == one and stood != "settled"))
            for one in Conflict.Kind.values
        ],
        "requests": requests(actor, today),
        "overdue": overdue_count(actor, today),
        "kinds": kinds(),
        "words": words(),
    }
    return render(request, "office/code_conflicts.html", context)


@require_safe
def conflict(request: HttpRequest, conflict_id: int) -> HttpResponse:
    """Show one conflict side by side, what was asked about it, and the form to ask."""
    return _conflict_page(request, conflict_id)


@require_POST
def ask(request: HttpRequest, conflict_id: int) -> HttpResponse:
    """Ask the registrar chosen."""
    actor = actor_of(request)
    question = request.POST.get("question", "")[:LONGEST_TEXT]
    try:
        AskCorrection(actor, conflict_id, request.POST.get("organisation", "")[:100], question, system_now()).execute()
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _conflict_page(request, conflict_id, refused=said(error))
    return redirect("code_conflict", conflict_id=conflict_id)


@require_safe
def request_list(request: HttpRequest) -> HttpResponse:
    """List the requests to the officer's own organisation, overdue ones first, and those answered."""
    actor = actor_of(request)
    today = legal_day(system_now())
    context = {
        "requests": requests(actor, today),
        "answered": requests(actor, today, state="answered"),
        "overdue": overdue_count(actor, today),
        "kinds": kinds(),
        "words": words(),
    }
    return render(request, "office/code_requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def one_request(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show a request with who bears what, and take the registrar's answer."""
    if request.method != "POST":
        return _request_page(request, request_id)
    subject = request.POST.get("subject", "")
    answer = AnswerCorrection(
        actor_of(request),
        request_id,
        request.POST.get("answer", ""),
        system_now(),
        subject_id=int(subject[:18]) if subject.isascii() and subject.isdecimal() else None,
        code=request.POST.get("code", "")[:100],
        document=request.POST.get("document", "")[:LONGEST_TEXT],
        note=request.POST.get("note", "")[:LONGEST_TEXT],
    )
    try:
        answer.execute()
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _request_page(request, request_id, refused=said(error))
    return redirect("code_request", request_id=request_id)


@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """Show how far conversion has come, by registrar and kind, and twelve months of the bulletin."""
    now = system_now()
    rows = standing(actor_of(request), now)
    named = words()
    months = bulletin(actor_of(request), months_before(legal_day(now), MONTHS - 1), legal_day(now), now)
    context = {
        "total": progress_bars([("", total(rows))])[0],
        "registrars": progress_bars((one.registrar or _("未载明"), one) for one in by_registrar(rows)),
        "body_kinds": progress_bars((named.get(one.kind, one.kind), one) for one in by_kind(rows)),
        "months": tuple(reversed(months)),
        "whole": WHOLE,
        "as_of": now,
    }
    return render(request, "office/code_progress.html", context)


@require_safe
def bulletin_file(request: HttpRequest, form: str) -> HttpResponse:
    """Return twelve months of the bulletin as CSV or JSON; figures of the city, nothing about one body."""
    now = system_now()
    today = legal_day(now)
    months = [_record(one) for one in bulletin(actor_of(request), months_before(today, MONTHS - 1), today, now)]
    if form == "json":
        note = load_settings().wrong_rate_on(today).note
        return JsonResponse({"as_of": now.isoformat(), "note": note, "months": months})
    if form != "csv":
        raise Http404
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(months[0]))
    writer.writeheader()
    writer.writerows(months)
    response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="code-conversion.csv"'
    return response


def _record(one: Month) -> dict[str, Any]:
    return {
        "month": f"{one.month:%Y-%m}",
        "new_bodies": one.new_bodies,
        "converted": one.converted,
        "new_pairs": one.new_pairs,
        "bodies": one.bodies,
        "with_uscc": one.with_uscc,
        "share": round(one.share, 2),
        "wrong": one.wrong,
        "wrong_rate": round(one.wrong_rate, 2),
    }


def _conflict_page(request: HttpRequest, conflict_id: int, refused: str = "") -> HttpResponse:
    found, asked = conflict_by_id(actor_of(request), conflict_id, legal_day(system_now()))
    choices = registrars()
    guess = registrar_named(found.registrar, choices)
    context = {
        "conflict": found,
        "asked": asked,
        "registrars": choices,
        "guess": guess.code if guess else "",
        "kinds": kinds(),
        "words": words(),
        "refused": refused,
        "question": request.POST.get("question", "")[:LONGEST_TEXT],
    }
    return render(request, "office/code_conflict.html", context, status=422 if refused else 200)


def _request_page(request: HttpRequest, request_id: int, refused: str = "") -> HttpResponse:
    actor = actor_of(request)
    view = request_by_id(actor, request_id, legal_day(system_now()))
    bearers = view.conflict.bearers
    context = {
        "asked": view,
        "bodies": {one.subject_id: one for one in bearers if one.subject_id is not None}.values(),
        "codes": sorted({one.code for one in bearers}),
        "answers": Request.Answer.values,
        "given": request.POST,
        "kinds": kinds(),
        "words": words(),
        "refused": refused,
    }
    return render(request, "office/code_request.html", context, status=422 if refused else 200)
