"""Hand a file in, and the empty file to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from chengxin.accounts.actor import SUBMIT
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.catalogue import load_catalogue
from chengxin.ends.office.access import load_access
from chengxin.ends.office.forms import UploadForm
from chengxin.ends.office.pages import actor_of, english, officer_of
from chengxin.ends.office.template_file import template_file, template_header
from chengxin.intake.actions.receive import ReceiveFile

if TYPE_CHECKING:
    from django.http import HttpRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form, or take the file in and go to its batch; the same file again goes to the batch it was."""
    actor = actor_of(request)
    own = officer_of(request).organisation
    actor.require(SUBMIT, own.code)
    posted = request.method == "POST"
    form = UploadForm(own.hands_in, request.POST, request.FILES) if posted else UploadForm(own.hands_in)
    refused = ""
    if posted and form.is_valid():
        given = form.cleaned_data
        try:
            received = ReceiveFile(
                actor=actor,
                organisation=own.code,
                item=given["item"],
                filename=given["file"].name,
                content=given["file"],
                channel="office",
                now=system_now(),
                encoding=given["encoding"] or "auto",
                mapping=given["mapping"],
                queue=True,
            ).execute()
        except ChengxinError as error:
            refused = error.message_en if english() else error.message_zh
        else:
            address = reverse("batch", kwargs={"batch_id": received.batch_id})
            return redirect(f"{address}?already=1" if received.already else address)
    items = [load_catalogue().item(key) for key in own.hands_in]
    context = {
        "form": form,
        "refused": refused,
        "items": items,
        "headers": [(item, template_header(item)) for item in items],
        "limit": load_access().upload_megabytes,
    }
    return render(request, "office/upload.html", context, status=422 if posted else 200)


@require_safe
def empty_file(request: HttpRequest, item: str) -> HttpResponse:  # noqa: ARG001 - Django hands it in
    """Return the empty workbook of an item's current list."""
    if item not in {one.key for one in load_catalogue().items}:
        raise Http404
    made = template_file(load_catalogue().item(item))
    response = HttpResponse(made, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{item}-template.xlsx"'
    return response
