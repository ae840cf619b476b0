"""Words on the pages of power: events, clients, organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext as _

from chengxin.accounts.actions.clients import KIND
from chengxin.accounts.actions.organisations import ReopenOrganisation
from chengxin.accounts.clients import EVERYTHING
from chengxin.ends.office import pages
from chengxin.ends.office.audit_words import load_audit_words
from chengxin.ends.office.templatetags.office import item_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from chengxin.accounts.officers import ApprovalRow
    from chengxin.accounts.organisations import OrganisationRow
    from chengxin.audit.trail import EventRow

register = template.Library()

MINUTE = 60
HOUR = 60 * MINUTE


@register.filter
def action_name(action: str) -> str:
    """Return an event's action in words; one without words stands for itself."""
    names = load_audit_words().actions.get(action)
    return names[pages.english()] if names else action


@register.filter
def actor_name(row: EventRow) -> str:
    """Return who acted: the kind in words, and the name or number."""
    names = load_audit_words().actors.get(row.actor_kind)
    kind = names[pages.english()] if names else row.actor_kind
    return f"{kind} {row.actor}".rstrip()


@register.filter
def place_name(code: str, places: Mapping[str, str]) -> str:
    """Return an organisation's name by its code; a code nobody bears stands for itself."""
    return places.get(code, code)


@register.filter
def items_in_words(items: tuple[str, ...]) -> str:
    """Return a grant's items or purposes in words."""
    return _("、").join(_("全部") if one == EVERYTHING else item_name(one) for one in items)


@register.filter
def client_state(state: str) -> str:
    """Return a client's state in words."""
    names = {
        "live": _("在用"),
        "closed": _("已停用"),
        "expired": _("已到期"),
        "organisation_closed": _("单位已停用"),
    }
    return names.get(state, state)


@register.filter
def kind_name(kind: str) -> str:
    """Return what an organisation is, in words."""
    names = {
        "department": _("部门"),
        "district": _("开发区、园区"),
        "town": _("区镇"),
        "community": _("村、社区"),
        "external": _("外部机构"),
        "court": _("法院"),
        "centre": _("信用中心"),
    }
    return names.get(kind, kind)


@register.filter
def level_name(level: str) -> str:
    """Return an organisation's level in words."""
    return {"city": _("市级"), "town": _("区镇"), "village": _("村（街道、社区）")}.get(level, level)


@register.filter
def own_name(row: OrganisationRow) -> str:
    """Return an organisation's name in the reader's language."""
    return row.name_en if pages.english() else row.name


@register.filter
def evidence_state(state: str) -> str:
    """Return in words whether evidence is being kept."""
    names = {
        "kept": _("正常保存"),
        "late": _("检查点延迟"),
        "missing": _("证据中断，个人信息已停止读写"),
        "not_begun": _("尚未开始"),
    }
    return names.get(state, state)


@register.filter
def lag(span: timedelta) -> str:
    """Return how long ago something was, as people say it: seconds, minutes or hours, rounded down."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < MINUTE:
        return _("%(count)d 秒") % {"count": seconds}
    if seconds < HOUR:
        return _("%(count)d 分钟") % {"count": seconds // MINUTE}
    return _("%(count)d 小时") % {"count": seconds // HOUR}


@register.filter
def object_of(row: ApprovalRow) -> str:
    """Return what an approval is about, in words."""
    if row.object_kind == KIND:
        return _("接口调用方 %(number)s") % {"number": row.object_id}
    if row.object_kind == ReopenOrganisation.kind:
        return _("单位 %(code)s") % {"code": row.object_id}
    if row.object_kind == "practitioner":
        return _("执业人员 %(licence)s") % {"licence": row.content.get("licence", row.object_id)}
    return row.object_id
