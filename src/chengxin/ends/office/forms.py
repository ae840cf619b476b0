"""The two forms of the office end: log in, and hand a file in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from chengxin.catalogue import load_shipped_mapping, shipped_mappings
from chengxin.ends.office.pages import english, item_name

if TYPE_CHECKING:
    from collections.abc import Sequence

ENCODINGS = (
    ("auto", _("自动识别（推荐）")),
    ("utf-8", "UTF-8"),
    ("gb18030", "GB18030 / GBK"),
    ("utf-16", "UTF-16"),
)
"""What an officer may say of a CSV file's encoding."""


class LogInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(
        max_length=150,
        label=_("用户名"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("请填写用户名")},
    )
    password = forms.CharField(
        max_length=1000,
        strip=False,
        label=_("密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("请填写密码")},
    )


class UploadForm(forms.Form):
    """One file for one item that the officer's organisation hands in."""

    item = forms.ChoiceField(
        label=_("报送目录"), widget=forms.RadioSelect, error_messages={"required": _("请选择报送目录")}
    )
    file = forms.FileField(
        label=_("文件"),
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("请选择要报送的文件"), "empty": _("文件是空的，请检查后重新选择")},
    )
    encoding = forms.ChoiceField(label=_("CSV 文件编码"), choices=ENCODINGS, required=False)
    mapping = forms.ChoiceField(label=_("表头对照"), required=False)

    def __init__(self, items: Sequence[str], *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        choices = [(key, item_name(key)) for key in items]
        self.fields["item"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["item"].initial = choices[0][0]
        known = [load_shipped_mapping(key) for key in shipped_mappings()]
        self.fields["mapping"].choices = [("", _("不使用，按标准表头识别"))] + [  # type: ignore[attr-defined]
            (one.key, one.name_en if english() else one.name) for one in known if one.item in items
        ]
