"""Merge and split bodies, take a re-issued code, undo: look at it side by side, ask, and let another officer agree."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chengxin.accounts.actor import MERGE_BODIES, READ_SUBJECTS
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.ends.office.body_charts import timeline
from chengxin.ends.office.pages import actor_of, english, said
from chengxin.ends.office.views import errors
from chengxin.ends.office.views.bodies import body_of, keep_look, kinds
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import normalise
from chengxin.records.unbound import unbound_facts
from chengxin.subjects.actions.change import change_by_id, decide, hand_over, require_everywhere
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.actions.merge_undo import AskUndo
from chengxin.subjects.actions.reissue import ReissueCode
from chengxin.subjects.actions.split import AskSplit
from chengxin.subjects.changes import ChangeView, change_view, changes
from chengxin.subjects.history import body_on, versions
from chengxin.subjects.relations import relations_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from chengxin.subjects.models import Change
    from chengxin.subjects.preview import Preview

LONGEST_TEXT = 1000
"""Characters of a reason or document that are read."""


@require_safe
def change_list(request: HttpRequest) -> HttpResponse:
    """List the changes of bodies, the latest first."""
    actor = actor_of(request)
    require_everywhere(actor, MERGE_BODIES)
    return render(request, "office/body_changes.html", {"changes": changes(), "words": words()})


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Choose two bodies, show what merging them would do, and ask for it."""
    actor = actor_of(request)
    require_everywhere(actor, MERGE_BODIES)
    given = {name: normalise(_text(request, name)) for name in ("source", "target")} | {
        "reason": _text(request, "reason")
    }
    context: dict[str, Any] = {"given": given, "words": words(), "kinds": kinds()}
    if given["source"] and given["target"]:
        try:
            source, target = body_of(given["source"]), body_of(given["target"])
            asking = AskMerge(actor, source.id, target.id, given["reason"], system_now())
            if request.method == "POST":
                return redirect("body_change", change_id=asking.execute().pk)
            context |= _shown(asking.preview())
        except EvidenceUnavailable:
            raise
        except ChengxinError as error:
            return _refuse(request, "office/body_merge.html", context, error)
    return render(request, "office/body_merge.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest) -> HttpResponse:
    """Choose what is another body's, show what splitting it off would do, and ask for it."""
    actor = actor_of(request)
    require_everywhere(actor, MERGE_BODIES)
    context: dict[str, Any] = {"code": normalise(_text(request, "code")), "words": words(), "kinds": kinds()}
    asked = request.POST if request.method == "POST" else request.GET
    try:
        if context["code"]:
            body = body_of(context["code"])
            context |= {"body": body, "facts": unbound_facts(body.id), "given": asked}
            context |= {f"{name}_chosen": asked.getlist(name) for name in ("codes", "names", "facts")}
            if asked.getlist("codes"):
                pairs = [one.partition(":") for one in asked.getlist("codes")]
                codes = tuple((kind, value) for kind, _sign, value in pairs)
                names, facts = tuple(asked.getlist("names")), tuple(asked.getlist("facts"))
                name, reason = _text(request, "name"), _text(request, "reason")
                asking = AskSplit(actor, body.id, codes, names, name, facts, reason, system_now())
                if request.method == "POST":
                    return redirect("body_change", change_id=asking.execute().pk)
                context |= _shown(asking.preview())
    except (NotFound, ChengxinError) as error:
        return _refuse(request, "office/body_split.html", context, error)
    return render(request, "office/body_split.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: HttpRequest) -> HttpResponse:
    """Take the registrar's statement that a code was re-issued, and ask for it."""
    actor = actor_of(request)
    require_everywhere(actor, MERGE_BODIES)
    given = {name: _text(request, name) for name in ("old", "new", "on", "document", "reason")}
    context: dict[str, Any] = {"given": given, "words": words(), "kinds": kinds()}
    if request.method == "POST":
        try:
            body = body_of(normalise(given["old"]))
            asking = ReissueCode(
                actor,
                body.id,
                given["old"],
                given["new"],
                day_of(given["on"]),
                given["document"],
                given["reason"],
                system_now(),
            )
            return redirect("body_change", change_id=asking.execute().pk)
        except (NotFound, ChengxinError) as error:
            return _refuse(request, "office/body_reissue.html", context, error)
    return render(request, "office/body_reissue.html", context)


@require_safe
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Show a change: what was asked for, what it moves, where it stands."""
    actor = actor_of(request)
    return _change_page(request, change_view(change_by_id(actor, change_id)))


@require_POST
def decide_change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Agree to a change or refuse it; agreed, it goes to the worker at once."""
    actor = actor_of(request)
    try:
        agree = _text(request, "decision") == "agree"
        decide(actor, change_id, agree=agree, reason=_text(request, "reason"), now=system_now())
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _change_page(request, change_view(change_by_id(actor, change_id)), refused=said(error))
    return redirect("body_change", change_id=change_id)


@require_POST
def carry_out_change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Hand a change that was agreed to elsewhere to the worker."""
    actor = actor_of(request)
    try:
        hand_over(actor, change_id, system_now())
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _change_page(request, change_view(change_by_id(actor, change_id)), refused=said(error))
    return redirect("body_change", change_id=change_id)


@require_POST
def undo_change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Ask that a change is undone, and go to that question."""
    actor = actor_of(request)
    try:
        asked: Change = AskUndo(actor, change_id, _text(request, "reason"), system_now()).execute()
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _change_page(request, change_view(change_by_id(actor, change_id)), refused=said(error))
    return redirect("body_change", change_id=asked.pk)


@require_safe
def history(request: HttpRequest, code: str) -> HttpResponse:
    """Show a body's codes and names through time, its register entries one after the other, and its relations."""
    actor = actor_of(request)
    actor.require(READ_SUBJECTS)
    now = system_now()
    body = body_of(normalise(code))
    keep_look(actor, body.id, now)
    known = versions(body.id, now)
    stood = body_on(body.id, legal_day(now), now)
    context = {
        "body": body,
        "code": code,
        "versions": tuple(reversed(known)),
        "chart": timeline(known, stood.codes if stood else (), legal_day(now)),
        "relations": relations_of(body.id),
        "kinds": kinds(),
        "words": words(),
        "may_change": MERGE_BODIES in actor.operations and actor.everywhere,
    }
    return render(request, "office/body_history.html", context)


def words() -> dict[str, str]:
    """Return kinds and states of changes, rooms, relations and bases of entries, in words."""
    return {
        "merge": _("合并主体"),
        "split": _("拆分主体"),
        "reissue": _("代码换发"),
        "undo": _("撤销变更"),
        "refusal": _("代码更正"),
        "asked": _("等待审批"),
        "agreed": _("已同意，等待办理"),
        "not_agreed": _("不同意"),
        "expired": _("审批已过期"),
        "done": _("已办理"),
        "outdated": _("已失效：预览之后数据有变，请重新申请"),
        "undone": _("已撤销"),
        "page": _("公示页面"),
        "registration": _("登记信息"),
        "carried": _("既有登记"),
        "branch": _("分支机构"),
        "parent": _("所属单位"),
        "successor": _("承继单位"),
        "predecessor": _("原单位"),
        "proposed": _("待确认"),
        "established": _("已确认"),
        "refused": _("已否定"),
    }


def _change_page(request: HttpRequest, view: ChangeView, refused: str = "") -> HttpResponse:
    actor = actor_of(request)
    context = {
        "change": view,
        "refused": refused,
        "words": words(),
        "kinds": kinds(),
        "may_decide_this": view.state == "asked" and view.asked_by != actor.id,
        "may_undo": view.state == "done" and view.kind in {"merge", "split"},
        **_sides(view.preview),
    }
    return render(request, "office/body_change.html", context, status=409 if refused else 200)


def _shown(preview: Preview) -> dict[str, Any]:
    return {"preview": preview.content, "digest": preview.digest, **_sides(preview.content)}


def _sides(content: dict[str, Any]) -> dict[str, Any]:
    """Return what templates show of a preview, in the reader's language."""
    place = 1 if english() else 0
    key = "en" if english() else "zh"
    return {
        "preview": content,
        "notices": [pair[place] for pair in content["notices"]],
        "rooms": [(one[key], one["counts"]) for one in content["rooms"]],
    }


def _refuse(request: HttpRequest, template: str, context: dict[str, Any], error: ChengxinError) -> HttpResponse:
    if isinstance(error, NotPermitted):
        raise error
    return render(request, template, context | {"refused": said(error)}, status=422)


def _text(request: HttpRequest, name: str) -> str:
    sent = request.POST if request.method == "POST" else request.GET
    return str(sent.get(name, "")).strip()[:LONGEST_TEXT]


def day_of(text: str) -> date:
    """Return the day a date field sent, or raise."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ChengxinError(
            "day_wrong", "请填写日期，例如 2026-01-02", "give a date, for example 2026-01-02", where="on"
        ) from error
