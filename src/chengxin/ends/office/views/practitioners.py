"""One practitioner at a time, for a purpose and a case: asked by POST, so that no address ever names a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chengxin.accounts.actor import CHANGE_PRACTITIONERS, READ_PRACTITIONERS
from chengxin.accounts.purpose import LONGEST_TEXT, Purpose, PurposeWrong, load_reasons
from chengxin.base.clock import system_now
from chengxin.ends.office.pages import actor_of, english, said
from chengxin.kernel.calendar import legal_day
from chengxin.practitioners.actions.look_up import LookUp, PractitionerView, Question
from chengxin.practitioners.errors import NothingToShow, TextHasNumber, TooManyLooks
from chengxin.practitioners.occupations import load_occupations
from chengxin.practitioners.rows import load_file_form

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

LONGEST = 100


def line(label: _StrPromise, longest: int = LONGEST, *, required: bool = False) -> forms.CharField:
    """Return a field for one line that no browser keeps or corrects."""
    return forms.CharField(
        max_length=longest,
        label=label,
        required=required,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("请填写此项")},
    )


class LookForm(forms.Form):
    """Who is meant, and why somebody wants to know."""

    occupation = forms.ChoiceField(label=_("执业类别"))
    licence = line(_("执业证号"))
    name = line(_("姓名（没有证号时填写）"))
    employer = line(_("执业单位统一社会信用代码（与姓名一起填写）"))
    purpose = forms.ChoiceField(label=_("查询目的"))
    purpose_text = line(_("具体事由（本人可以看到）"), LONGEST_TEXT, required=True)
    case_number = line(_("案件或办件编号"), required=True)

    def __init__(self, day: date, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        in_force = [one for one in load_occupations().values() if one.in_force(day)]
        self.fields["occupation"].choices = [  # type: ignore[attr-defined]
            (one.key, one.name_en if english() else one.name) for one in in_force
        ]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (one.code, one.name_en if english() else one.name) for one in load_reasons().values() if one.in_force(day)
        ]


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Ask for one practitioner; whatever the answer is, the question is on file."""
    actor = actor_of(request)
    actor.require(READ_PRACTITIONERS)
    now = system_now()
    form = LookForm(legal_day(now), request.POST) if request.method == "POST" else LookForm(legal_day(now))
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, status=200 if request.method != "POST" else 422)
    given = form.cleaned_data
    question = Question(given["occupation"], given["licence"], given["name"], given["employer"])
    purpose = Purpose(given["purpose"], given["purpose_text"], given["case_number"])
    try:
        found = LookUp(actor, question, purpose, now).execute()
    except (PurposeWrong, TextHasNumber) as error:
        form.add_error(error.where if error.where in form.fields else None, said(error))
        return _page(request, form, status=422)
    except NothingToShow as error:
        return _page(request, form, refused=said(error), status=404)
    except TooManyLooks as error:
        response = _page(request, form, refused=said(error), status=429)
        response["Retry-After"] = str(error.minutes * 60)
        return response
    return _page(request, LookForm(legal_day(now)), found=found)


def _page(
    request: HttpRequest,
    form: LookForm,
    found: PractitionerView | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "found": found,
        "refused": refused,
        "facts": _facts(found) if found else [],
        "may_change": CHANGE_PRACTITIONERS in actor_of(request).operations,
    }
    response = render(request, "office/practitioners.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _facts(found: PractitionerView) -> list[tuple[_StrPromise, str]]:
    """Return what is shown, label by label."""
    occupation = load_occupations()[found.occupation]
    state = load_file_form()["states"][found.state]
    return [
        (_("执业类别"), occupation.name_en if english() else occupation.name),
        (_("执业证号"), found.licence),
        (_("姓名"), found.name),
        (_("执业单位统一社会信用代码"), found.employer_uscc or str(_("无"))),
        (_("执业状态"), str(state["en"] if english() else state["name"])),
        (_("有效期自"), str(found.valid_from or _("未载明"))),
        (_("有效期至"), str(found.valid_until or _("未载明"))),
        (_("登记机关"), found.registrar_en if english() else found.registrar),
    ]
