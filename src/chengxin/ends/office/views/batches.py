"""Batches: the list, one batch on its way and at its end, and the rows sent back."""

from __future__ import annotations

import tempfile
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.ends.office.pages import ENDED, STATES, actor_of, english
from chengxin.ends.office.views.errors import conflict
from chengxin.ends.office.views.upload import XLSX
from chengxin.intake.queries import batch_by_id, batches
from chengxin.intake.returned import FORMS, DownloadReturned, RuleCount, ViewReturned, failing_rules
from chengxin.intake.wording import rows_in_english, rules_in_english

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from chengxin.intake.queries import BatchView

ROWS_SHOWN = 20
"""Rows sent back that a batch's page shows; the file has them all."""

RULES_SHOWN = 8
"""Rules a batch's page names, those that most rows fail."""

STAGES = ("received", "parsing", "checking", "linking", "loading", "published")
"""A batch's way when nothing holds it up."""


@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    """Show the batches the officer may see, the newest first; ``after`` goes on where the page before ended."""
    after = request.GET.get("after", "")
    if after and not (after.isdecimal() and after.isascii()):
        raise Http404
    listed = batches(actor_of(request), after=int(after) if after else None)
    return render(request, "office/batches.html", {"listed": listed, "later_page": bool(after)})


@require_safe
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Show one batch; while it is under way the page asks for its state by itself."""
    view = batch_by_id(actor_of(request), batch_id)
    return render(request, "office/batch.html", _context(request, view) | {"already": "already" in request.GET})


@require_safe
def progress(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Return the page's changing part, or nothing (204) while the batch is where the page says it is."""
    view = batch_by_id(actor_of(request), batch_id)
    if view.state == request.GET.get("state"):
        return HttpResponse(status=204)
    return render(request, "office/batch_body.html", _context(request, view))


@require_safe
def returned(request: HttpRequest, batch_id: int, form: str) -> HttpResponseBase:
    """Return the rows sent back as a file to be mended and handed in again."""
    if form not in FORMS:
        raise Http404
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        DownloadReturned(actor_of(request), batch_id, form, system_now()).execute(cast("BinaryIO", kept))
    except (NotFound, NotPermitted):
        kept.close()
        raise
    except ChengxinError as error:
        kept.close()
        return conflict(request, error.message_en if english() else error.message_zh)
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    kind = XLSX if form == "xlsx" else "text/csv; charset=utf-8"
    return FileResponse(kept, as_attachment=True, filename=f"batch-{batch_id}-returned.{form}", content_type=kind)


def _context(request: HttpRequest, view: BatchView) -> dict[str, Any]:
    """Gather a batch's page; rows sent back are looked at only once it has ended, and the look is on file."""
    actor = actor_of(request)
    ended = view.state in ENDED
    sent_back = bool(view.receipt and view.receipt["quarantined"])
    # A held batch stands before loading; no stage of its way is under way.
    at = "loading" if view.state == "held" else view.state
    place = STAGES.index(at) if at in STAGES else 0
    rules = failing_rules(actor, view.id, RULES_SHOWN) if sent_back else ()
    rows = ViewReturned(actor, view.id, ROWS_SHOWN, system_now()).execute() if sent_back else ()
    held = (
        tuple(RuleCount(**{"rule": ""} | one) for one in view.hold["rules"]) if view.hold else ()
    )  # once without rule
    if english():
        rules, held = rules_in_english(view.item, rules), rules_in_english(view.item, held)
        rows = rows_in_english(view.item, rows)
    return {
        "batch": view,
        "ended": ended,
        "moving": not ended and not view.waits,
        "own": view.submitted_by == actor.id,
        "hold_until": datetime.fromisoformat(view.hold["until"]) if view.hold else None,
        "stages": [
            (STATES[state], "done" if number < place or ended else "current" if state == view.state else "waiting")
            for number, state in enumerate(STAGES)
        ],
        "accepted_and_updated": view.receipt["accepted"] + view.receipt["updated"] if view.receipt else 0,
        "rules": rules,
        "rows": rows,
        "hold_rules": held,
    }
