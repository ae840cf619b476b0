"""The forms of the pages of power: questions to the audit trail, API clients, organisations."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from chengxin.accounts.actor import OPERATIONS
from chengxin.accounts.clients import EVERYTHING
from chengxin.accounts.officers import operation_name
from chengxin.accounts.purpose import LONGEST_TEXT, load_reasons
from chengxin.accounts.quota import usual_quota
from chengxin.catalogue import load_catalogue
from chengxin.ends.office.pages import english, item_name
from chengxin.ends.office.people_forms import ReasonForm, _line
from chengxin.kernel.calendar import LEGAL_ZONE
from chengxin.kernel.masking import mask_persons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrPromise

    from chengxin.accounts.client_rows import ClientRow

LONGEST_DAYS = 366
"""A grant or key for longer is nobody's to remember; the command line has the same limit."""

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""Outside these a day has no neighbour in some time zone that a computer can name."""

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def _day(label: _StrPromise) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        error_messages={"required": _("请填写日期"), "invalid": _("日期写法不对，应为 2026-03-02 的样子")},
    )


def end_of(day: date) -> datetime:
    """Return the end of a legal day, which is the first moment after it.

    >>> from datetime import date
    >>> end_of(date(2026, 3, 2)).isoformat()
    '2026-03-03T00:00:00+08:00'
    """
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), LEGAL_ZONE)


class TrailForm(forms.Form):
    """What an auditor asks the trail for; days are legal days, and both count."""

    since = _day(_("起始日期"))
    until = _day(_("截止日期"))
    actor = forms.CharField(label=_("行为人（用户名或调用方编号）"), max_length=150, required=False)
    organisation = forms.ChoiceField(label=_("单位"), required=False)
    action = forms.CharField(label=_("行为（如 officer 或 officer.logged_in）"), max_length=60, required=False)
    subject = forms.CharField(label=_("主体（代码或主体编号）"), max_length=40, required=False)
    case_number = forms.CharField(label=_("案件或办件编号"), max_length=60, required=False)

    def __init__(self, organisations: Iterable[tuple[str, str]], *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.fields["organisation"].choices = [("", _("全部")), *organisations]  # type: ignore[attr-defined]
        for name in ("actor", "action", "subject", "case_number"):
            self.fields[name].widget.attrs.update(PLAIN)

    def clean(self) -> dict[str, Any]:
        """Refuse numbers of persons: a question stands in the address, and is on file."""
        held = dict(super().clean() or {})
        for name in ("actor", "action", "subject", "case_number"):
            if held.get(name) and mask_persons(held[name]) != held[name]:
                self.add_error(name, _("此处不能填写身份证号或电话"))
        return held


class PurposeForm(forms.Form):
    """Why a text about a person is read."""

    purpose = forms.ChoiceField(label=_("查询目的"))
    purpose_text = _line(_("具体事由（本人可以看到）"), _("请填写此项"), LONGEST_TEXT)
    case_number = _line(_("案件或办件编号"), _("请填写此项"), 60)

    def __init__(self, day: date, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (one.code, one.name_en if english() else one.name) for one in load_reasons().values() if one.in_force(day)
        ]
        self.fields["purpose"].initial = "audit"


class EndingForm(forms.Form):
    """What ends on a day: the last day on which it counts, at most ``LONGEST_DAYS`` ahead."""

    ends_on = _day(_("最后一天"))

    def __init__(self, today: date, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.today = today

    def clean_ends_on(self) -> date:
        """Refuse a day that is past or too far ahead."""
        day: date = self.cleaned_data["ends_on"]
        if not self.today <= day <= self.today + timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError(_("日期应在今天之后、一年之内"))
        return day


class ClientForm(EndingForm):
    """A new API client, which may do nothing yet."""

    name = _line(_("名称"), _("请填写名称"))
    organisation = _line(_("单位代码"), _("请填写单位代码"))
    allow_bearer = forms.BooleanField(label=_("发放令牌（只供演练；正式使用请登记公钥）"), required=False)
    field_order = ("name", "organisation", "ends_on", "allow_bearer")


class ClientKeyForm(EndingForm, ReasonForm):
    """A client's public key or certificate."""

    pem = forms.CharField(
        label=_("公钥或证书（PEM）"),
        max_length=8000,
        widget=forms.Textarea(attrs=PLAIN | {"rows": 6}),
        error_messages={"required": _("请填写公钥或证书")},
    )
    field_order = ("pem", "ends_on", "reason")

    def clean_pem(self) -> str:
        """Return the PEM with the line ends it has everywhere but in a browser's form."""
        return str(self.cleaned_data["pem"]).replace("\r\n", "\n")


class ClientGrantForm(EndingForm, ReasonForm):
    """One operation for a client, with what it is for and how often."""

    operation = forms.ChoiceField(label=_("操作"))
    items = forms.MultipleChoiceField(
        label=_("事项"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("请选择事项")}
    )
    purposes = forms.CharField(
        label=_("用途，每行一个；全部用途写 *"),
        max_length=2000,
        widget=forms.Textarea(attrs=PLAIN | {"rows": 3}),
        error_messages={"required": _("请填写用途")},
    )
    per_minute = forms.IntegerField(label=_("每分钟次数"), min_value=1)
    per_day = forms.IntegerField(label=_("每日次数"), min_value=1)
    field_order = ("operation", "items", "purposes", "per_minute", "per_day", "ends_on", "reason")

    def __init__(self, today: date, *args: object, **more: object) -> None:
        super().__init__(today, *args, **more)
        quota = usual_quota()
        self.fields["per_minute"].initial, self.fields["per_day"].initial = quota.per_minute, quota.per_day
        self.fields["operation"].choices = [  # type: ignore[attr-defined]
            (one, operation_name(one, english=english())) for one in OPERATIONS
        ]
        items = [(one.key, item_name(one.key)) for one in load_catalogue().items]
        self.fields["items"].choices = [(EVERYTHING, _("全部事项")), *items]  # type: ignore[attr-defined]

    def clean_purposes(self) -> tuple[str, ...]:
        """Return the purposes line by line."""
        lines = str(self.cleaned_data["purposes"]).splitlines()
        return tuple(dict.fromkeys(one.strip() for one in lines if one.strip()))


class TakeForm(ReasonForm):
    """A grant or key to take away from a client at once."""

    what = forms.ChoiceField(
        label=_("收回什么"), widget=forms.RadioSelect, error_messages={"required": _("请选择要收回的授权或公钥")}
    )
    field_order = ("what", "reason")

    def __init__(self, client: ClientRow, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            *(
                (f"operation {one.operation}", operation_name(one.operation, english=english()))
                for one in client.grants
            ),
            *((f"key {one.key_id}", one.key_id) for one in client.keys),
        ]
