"""Words and numbers as the office's pages show them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.translation import gettext as _

from chengxin.accounts.clients import EVERYTHING
from chengxin.accounts.officers import duty_name, operation_name
from chengxin.catalogue import load_catalogue
from chengxin.ends.office import pages
from chengxin.kernel.calendar import LEGAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chengxin.intake.queries import BatchView

register = template.Library()

KIB = 1024


@register.filter
def item_name(key: str) -> str:
    """Return an item's name; a key that has left the catalogue stands for itself."""
    known = {item.key for item in load_catalogue().items}
    return pages.item_name(key) if key in known else key


@register.filter
def organisation_of(batch: BatchView) -> str:
    """Return the name of the organisation that handed ``batch`` in."""
    return pages.organisation_name(batch.organisation, batch.organisation_name)


@register.filter
def state_name(state: str) -> str:
    """Return a batch's state in words."""
    return str(pages.STATES.get(state, state))


@register.filter
def said(error: Mapping[str, Any]) -> str:
    """Return an error's message in the reader's language (``message`` or ``message_en``)."""
    return str(error.get("message_en" if pages.english() else "message", ""))


@register.filter
def size(count: int) -> str:
    """Return a number of bytes as people say it.

    >>> size(900), size(153_600)
    ('900 B', '150 KB')
    """
    if count < KIB:
        return f"{count} B"
    if count < KIB * KIB:
        return f"{count // KIB} KB"
    return f"{count / KIB / KIB:.1f} MB"


@register.filter
def encoding_name(encoding: str) -> str:
    """Return what a receipt's encoding is called."""
    return _("Excel 工作簿") if encoding == "xlsx" else encoding.upper()


@register.filter
def device_name(words: str) -> str:
    """Return what a device is called: browser and system, or that they are not known."""
    return words or _("未知设备")


@register.filter
def duty(role: str) -> str:
    """Return a duty in words."""
    return duty_name(role, english=pages.english())


@register.filter
def operation(key: str) -> str:
    """Return an operation in words."""
    return operation_name(key, english=pages.english())


@register.filter
def factor_name(kind: str) -> str:
    """Return a kind of second factor in words."""
    return str(pages.FACTORS.get(kind, kind))


@register.filter
def approval_state(state: str) -> str:
    """Return the state of an approval in words."""
    return str(pages.APPROVAL_STATES.get(state, state))


@register.filter
def parts(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the parts of a JSON object with their names: a template's ``.items`` would be a part of that name."""
    return list(content.items())


@register.filter
def content_name(key: str) -> str:
    """Return what a part of an approval's content is called; a part without words stands for itself."""
    names = {
        "username": _("用户名"),
        "roles": _("岗位"),
        "reset": _("重置登录"),
        "issuer": _("身份提供方地址"),
        "subject": _("用户标识（sub）"),
        "kind": _("种类"),
        "change": _("主体变更"),
        "digest": _("内容摘要（SHA-256）"),
        "act": _("办理"),
        "operation": _("操作"),
        "items": _("事项"),
        "purposes": _("用途"),
        "per_minute": _("每分钟次数"),
        "per_day": _("每日次数"),
        "ends_at": _("截止"),
        "suite": _("密钥种类"),
        "fingerprint": _("指纹（SHA-256）"),
        "pem": _("公钥或证书（PEM）"),
        "organisation": _("单位"),
        "reopen": _("恢复"),
        "occupation": _("执业类别"),
        "licence": _("执业证号"),
        "new_name": _("新姓名的加密摘要"),
        "new_number": _("新身份证号的加密摘要"),
        "died_on": _("死亡日期"),
        "legal_basis": _("法律依据"),
        "document": _("证明文书"),
    }
    return names.get(key, key)


@register.filter
def in_words(value: object, key: str) -> str:
    """Return a value of an approval's content as one reads it; duties by their names, yes instead of true."""
    if key == "roles" and isinstance(value, list):
        return _("、").join(duty_name(str(one), english=pages.english()) for one in value)
    if key == "operation":
        return operation(str(value))
    if key == "items" and isinstance(value, list):
        return _("、").join(_("全部") if one == EVERYTHING else item_name(str(one)) for one in value)
    if key == "act":
        return {"grant": _("授权"), "key": _("登记公钥"), "change": _("变更身份"), "close": _("死亡注销")}.get(
            str(value), str(value)
        )
    if key == "ends_at":
        return f"{datetime.fromisoformat(str(value)).astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M}"
    return _("是") if value is True else plain(value)


@register.filter
def plain(value: object) -> str:
    """Return a value of an approval's content as one reads it: a list by its parts, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _("、").join(plain(one) for one in value)
    return as_json(value)


@register.filter
def as_json(value: object) -> str:
    """Return ``value`` as JSON, for an attribute that a script reads; the template escapes it."""
    return json.dumps(value, ensure_ascii=False)
