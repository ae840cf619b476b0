"""The forms about accounts: passwords, second factors, officers, duties and approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from chengxin.accounts.access import load_matrix
from chengxin.accounts.officers import duty_name
from chengxin.ends.office.pages import english

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrPromise

LONGEST = 1000


def _password(label: _StrPromise, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        max_length=LONGEST,
        strip=False,
        label=label,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": _("请填写密码")},
    )


def _line(label: _StrPromise, missing: _StrPromise, longest: int = 150) -> forms.CharField:
    return forms.CharField(
        max_length=longest,
        label=label,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": missing},
    )


class PasswordForm(forms.Form):
    """The officer's own password: the old one, and the new one twice."""

    old = _password(_("现在的密码"), "current-password")
    new = _password(_("新密码（至少 12 个字符）"), "new-password")
    again = _password(_("再次输入新密码"), "new-password")

    def clean(self) -> dict[str, str]:
        """Refuse two new passwords that differ."""
        held = dict(super().clean() or {})
        if held.get("new") and held.get("again") and held["new"] != held["again"]:
            self.add_error("again", _("两次输入的新密码不一样"))
        return held


class CodeForm(forms.Form):
    """Six digits of an authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=60,
        label=_("动态口令或恢复码"),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false", "autocapitalize": "off"}
        ),
        error_messages={"required": _("请填写口令")},
    )


class PasskeyForm(forms.Form):
    """A browser's answer about a passkey, and what its owner calls it."""

    name = _line(_("名称，例如“办公电脑”"), _("请给通行密钥起个名称"), 60)
    passkey = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class OfficerForm(forms.Form):
    """A new account."""

    username = _line(_("用户名"), _("请填写用户名"))
    name = _line(_("姓名"), _("请填写姓名"))
    organisation = _line(_("单位代码"), _("请填写单位代码"))
    staff_number = _line(_("工号"), _("请填写工号"))


class ReasonForm(forms.Form):
    """Why something is done to an account, or asked for."""

    reason = _line(_("理由"), _("请写明理由"), 500)


class DutiesForm(ReasonForm):
    """Duties to add or take away, and why."""

    roles = forms.MultipleChoiceField(
        label=_("岗位"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("请选择岗位")}
    )
    field_order = ("roles", "reason")

    def __init__(self, roles: Iterable[str], *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.fields["roles"].choices = [  # type: ignore[attr-defined]
            (role, duty_name(role, english=english())) for role in roles
        ]


class IdentityForm(ReasonForm):
    """An account at the city's identity provider."""

    issuer = _line(_("身份提供方地址"), _("请填写身份提供方地址"), 300)
    subject = _line(_("用户标识（sub）"), _("请填写用户标识"), 300)
    field_order = ("issuer", "subject", "reason")


class DecisionForm(forms.Form):
    """A decision on an approval and the reason for it."""

    reason = _line(_("审批意见"), _("请写明审批意见"), 500)
    decision = forms.ChoiceField(choices=[("agree", ""), ("refuse", "")])


class IdentityDecisionForm(DecisionForm):
    """A decision on a practitioner's new identity: who agrees types it from the document, once more."""

    new_name = forms.CharField(
        max_length=100,
        required=False,
        label=_("证明文书上的新姓名（没有变更的不填）"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    new_number = forms.CharField(
        max_length=40,
        required=False,
        label=_("证明文书上的新身份证号（没有变更的不填）"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def all_duties() -> tuple[str, ...]:
    """Return the keys of every duty, in the order of the access matrix."""
    return tuple(load_matrix().duties)
