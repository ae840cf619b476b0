"""What every page has: who is logged in, the city's wording, and the words of things in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from chengxin.accounts.actor import (
    ANSWER_CODES,
    CODE_PROGRESS,
    CORRECT_CODES,
    DECIDE_APPROVALS,
    MANAGE_CLIENTS,
    MANAGE_OFFICERS,
    MERGE_BODIES,
    READ_AUDIT,
    READ_BATCHES,
    READ_PRACTITIONERS,
    READ_SUBJECTS,
    RELEASE,
    REVIEW_LINKS,
    SUBMIT,
    officer_actor,
)
from chengxin.accounts.models import Officer
from chengxin.accounts.officers import duty_name
from chengxin.base.city import load_city
from chengxin.base.clock import system_now
from chengxin.catalogue import load_catalogue
from chengxin.ends.office.sessions import notice_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from chengxin.accounts.actor import Actor
    from chengxin.base.errors import ChengxinError

STATES: Mapping[str, _StrPromise] = {
    "received": _("已接收"),
    "parsing": _("解析"),
    "checking": _("校验"),
    "linking": _("关联"),
    "held": _("待复核"),
    "loading": _("入库"),
    "published": _("已完成"),
    "refused": _("已退回"),
}
"""States of a batch as officers read them."""

FACTORS: Mapping[str, _StrPromise] = {"totp": _("动态口令"), "passkey": _("通行密钥"), "recovery": _("恢复码")}
"""Kinds of second factors as officers read them."""

APPROVAL_STATES: Mapping[str, _StrPromise] = {
    "asked": _("等待审批"),
    "agreed": _("已同意，待办理"),
    "refused": _("不同意"),
    "used": _("已办理"),
    "expired": _("已过期"),
}
"""States of an approval as officers read them."""

ENDED = ("published", "refused")
"""States after which nothing happens to a batch any more."""


def english() -> bool:
    """Return whether the reader chose English."""
    return (get_language() or "").startswith("en")


def item_name(key: str) -> str:
    """Return the name of a catalogue item in the reader's language."""
    item = load_catalogue().item(key)
    return item.name_en if english() else item.name


def officer_of(request: HttpRequest) -> Officer:
    """Return the officer who is logged in; only for views behind the log-in."""
    return cast("Officer", request.user)


def actor_of(request: HttpRequest) -> Actor:
    """Return the officer who is logged in, as an actor."""
    return officer_actor(officer_of(request))


def organisation_name(code: str, name: str) -> str:
    """Return an organisation's name in the reader's language; ``name`` where the city does not know the code."""
    if not english():
        return name
    return next((one.name_en for one in load_city(settings.CITY).organisations if one.code == code), name)


def said(error: ChengxinError) -> str:
    """Return an error's sentence in the reader's language."""
    return error.message_en if english() else error.message_zh


def form_page(
    request: HttpRequest, form: Form, refused: str, *, title: str, button: str, lead: str = ""
) -> HttpResponse:
    """Return the page of one form; its status is 400 where the form or the platform (``refused``) did not take it."""
    context = {"form": form, "refused": refused, "title": title, "lead": lead, "button": button}
    return render(request, "office/form.html", context, status=400 if refused or form.errors else 200)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give templates the officer, if one is logged in, and the city's wording.

    An error page can come before anybody looked at the session: then there is no officer on it.
    """
    user = getattr(request, "user", None)
    officer = user if isinstance(user, Officer) else None
    actor = officer_actor(officer) if officer else None
    operations = actor.operations if actor else frozenset[str]()
    wording = load_city(settings.CITY).wording
    return {
        "officer": officer,
        "organisation": (officer.organisation.name_en if english() else officer.organisation.name) if officer else "",
        "role": " · ".join(duty_name(role, english=english()) for role in officer.roles) if officer else "",
        "may_read": READ_BATCHES in operations,
        "may_submit": SUBMIT in operations and officer is not None and bool(officer.organisation.hands_in),
        "may_release": RELEASE in operations,
        "may_review": REVIEW_LINKS in operations,
        "may_look_up": READ_SUBJECTS in operations,
        "may_correct": CORRECT_CODES in operations and actor is not None and actor.everywhere,
        "may_answer": ANSWER_CODES in operations,
        "may_progress": CODE_PROGRESS in operations,
        "may_change_bodies": MERGE_BODIES in operations and actor is not None and actor.everywhere,
        "may_see_practitioners": READ_PRACTITIONERS in operations,
        "may_manage": MANAGE_OFFICERS in operations,
        "may_manage_clients": MANAGE_CLIENTS in operations,
        "may_audit": READ_AUDIT in operations,
        "may_decide": DECIDE_APPROVALS in operations,
        "site": wording.site_name_en if english() else wording.site_name,
        "centre": wording.centre_name_en if english() else wording.centre_name,
        "banner": wording.rehearsal_banner_en if english() else wording.rehearsal_banner,
        "english": english(),
        "log_in_notice": notice_of(request, system_now()) if officer else None,
    }
