"""Ask that a practitioner's identity is changed by law, or closed after a death: a second officer has to agree.

The office only asks: what is sealed about a person is out of its reach, so the operator carries out what was agreed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chengxin.accounts.actor import CHANGE_PRACTITIONERS
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.ends.office.keys import keyring
from chengxin.ends.office.pages import actor_of, english, form_page, said
from chengxin.ends.office.views.practitioners import line
from chengxin.kernel.calendar import legal_day
from chengxin.practitioners.actions.change_identity import ChangeIdentity, CloseDeceased, Ground
from chengxin.practitioners.errors import TooManyLooks
from chengxin.practitioners.occupations import load_occupations

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from django.http import HttpRequest, HttpResponse

    from chengxin.accounts.actor import Actor
    from chengxin.accounts.models import Approval

LONGEST_GROUND = 300


class GroundForm(forms.Form):
    """Whose identity is meant, and the law and the document that say so."""

    occupation = forms.ChoiceField(label=_("执业类别"))
    licence = line(_("执业证号"), required=True)
    legal_basis = line(_("法律依据"), LONGEST_GROUND, required=True)
    document = line(_("证明文书（种类、文号、机关）"), LONGEST_GROUND, required=True)
    reason = line(_("申请理由"), LONGEST_GROUND, required=True)

    def __init__(self, day: date, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        in_force = [one for one in load_occupations().values() if one.in_force(day)]
        self.fields["occupation"].choices = [  # type: ignore[attr-defined]
            (one.key, one.name_en if english() else one.name) for one in in_force
        ]


class ChangeForm(GroundForm):
    """A new name, a new number, or both."""

    new_name = line(_("证明文书上的新姓名（没有变更的不填）"))
    new_number = line(_("证明文书上的新身份证号（没有变更的不填）"))
    field_order = ("occupation", "licence", "new_name", "new_number")


class CloseForm(GroundForm):
    """The day of a death."""

    died_on = forms.DateField(
        label=_("死亡日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("请填写此项")},
    )
    field_order = ("occupation", "licence", "died_on")


class Askable(Protocol):
    """What is asked for and takes two."""

    def ask(self, reason: str) -> Approval:
        """Ask another officer to agree."""


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Ask that a practitioner gets another name or number."""
    return _asked(request, ChangeForm, _changed, str(_("申请变更执业人员身份")))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Ask that a practitioner who died is closed."""
    return _asked(request, CloseForm, _closed, str(_("申请死亡注销")))


def _changed(actor: Actor, given: dict[str, Any], now: datetime) -> Askable:
    return ChangeIdentity(
        actor,
        given["occupation"],
        given["licence"],
        Ground(given["legal_basis"], given["document"]),
        now,
        new_name=given["new_name"],
        new_number=given["new_number"],
        keyring=keyring(),
    )


def _closed(actor: Actor, given: dict[str, Any], now: datetime) -> Askable:
    ground = Ground(given["legal_basis"], given["document"])
    return CloseDeceased(actor, given["occupation"], given["licence"], ground, given["died_on"], now)


def _asked(
    request: HttpRequest,
    shape: type[GroundForm],
    act: Callable[[Actor, dict[str, Any], datetime], Askable],
    title: str,
) -> HttpResponse:
    """Show the form and ask; what is refused is said above it, in the words that tell nothing of any person."""
    actor, now = actor_of(request), system_now()
    actor.require(CHANGE_PRACTITIONERS)
    day = legal_day(now)
    form = shape(day, request.POST) if request.method == "POST" else shape(day)
    refused, minutes = "", 0
    if request.method == "POST" and form.is_valid():
        try:
            act(actor, form.cleaned_data, now).ask(form.cleaned_data["reason"])
        except (EvidenceUnavailable, NotPermitted):
            raise
        except ChengxinError as error:  # that nobody is there is an answer to the form, too
            refused, minutes = said(error), error.minutes if isinstance(error, TooManyLooks) else 0
        else:
            return redirect("approvals")
    lead = _("另一位经办人对照证明文书核对同意后，由运维人员办理。新姓名和新号码只保存加密摘要，办理前不会改动登记。")
    response = form_page(request, form, refused, title=title, lead=str(lead), button=str(_("提交申请")))
    if minutes:
        response.status_code, response["Retry-After"] = 429, str(minutes * 60)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
