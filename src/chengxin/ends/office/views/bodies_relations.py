"""What bodies are to each other: seen at a body, proposed, and confirmed by a document or refused by an officer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chengxin.accounts.actor import READ_SUBJECTS, REVIEW_LINKS
from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.ends.office.pages import actor_of, said
from chengxin.ends.office.views import errors
from chengxin.ends.office.views.bodies import body_of, keep_look
from chengxin.ends.office.views.bodies_merge import day_of, words
from chengxin.kernel.identifiers import normalise
from chengxin.subjects.actions.relate import MANNERS, ProposeRelation, RefuseRelation, RelateBodies
from chengxin.subjects.changes import moving_bodies
from chengxin.subjects.relations import proposed_relations, relation_by_id, relations_of

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from chengxin.subjects.relations import ProposedRelation

LONGEST_TEXT = 1000
"""Characters of a reason or document that are read."""

ROLES = {
    "parent": ("branch_of", True),
    "branch": ("branch_of", False),
    "predecessor": ("successor_of", True),
    "successor": ("successor_of", False),
}
"""What another body can be to this one: the kind of relation, and whether it is said of this body about the other."""


@require_safe
def of_body(request: HttpRequest, code: str) -> HttpResponse:
    """Show a body's relations and, to who may decide on them, the way to a new one."""
    return _body_page(request, code)


@require_POST
def relate(request: HttpRequest, code: str) -> HttpResponse:
    """Propose a relation, or establish it by a document, and go to it."""
    actor = actor_of(request)
    actor.require(REVIEW_LINKS)
    role, other_code = _sent(request, "role"), normalise(_sent(request, "other"))
    if role not in ROLES:
        return _body_page(request, code, refused=_("请选择关系种类。"))
    kind, outward = ROLES[role]
    now, manner, text = system_now(), _sent(request, "manner"), _sent(request, "document")
    try:
        ends = (body_of(normalise(code)).id, body_of(other_code).id)
        one, other = ends if outward else ends[::-1]
        if _sent(request, "step") == "propose":
            made = ProposeRelation(actor, kind, one, other, text, now, manner).execute()
        else:
            days = (day_of(_sent(request, "from_day")), _day_or_none(_sent(request, "until_day")))
            made = RelateBodies(actor, kind, one, other, days[0], text, now, manner, days[1]).execute()
    except NotPermitted:
        raise
    except ChengxinError as error:
        return _body_page(request, code, refused=said(error))
    return redirect("relation", relation_id=made.pk)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """List the relations that wait for a person, the oldest first."""
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdecimal()):
        raise Http404
    found, onward = proposed_relations(actor_of(request), after=int(after[:18]))
    return render(request, "office/body_relations_waiting.html", {"found": found, "after": onward, "words": _words()})


@require_safe
def one(request: HttpRequest, relation_id: int) -> HttpResponse:
    """Show one relation with both bodies, and the ways to decide on it."""
    return _relation_page(request, relation_by_id(actor_of(request), relation_id))


@require_POST
def confirm(request: HttpRequest, relation_id: int) -> HttpResponse:
    """Establish the relation by a document from a day on, or say when it ended."""
    actor = actor_of(request)
    held = relation_by_id(actor, relation_id)
    manner = _sent(request, "manner") if held.kind == "successor_of" else ""
    try:
        days = (day_of(_sent(request, "from_day")), _day_or_none(_sent(request, "until_day")))
        document = _sent(request, "document")
        RelateBodies(
            actor, held.kind, held.one.id, held.other.id, days[0], document, system_now(), manner, days[1]
        ).execute()
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _relation_page(request, held, refused=said(error))
    return redirect("relation", relation_id=relation_id)


@require_POST
def refuse(request: HttpRequest, relation_id: int) -> HttpResponse:
    """Say that the relation does not hold, and go on to what else waits."""
    actor = actor_of(request)
    held = relation_by_id(actor, relation_id)
    try:
        RefuseRelation(actor, relation_id, system_now()).execute()
    except errors.PASSED_ON:
        raise
    except ChengxinError as error:
        return _relation_page(request, held, refused=said(error))
    return redirect("relations")


def _words() -> dict[str, str]:
    return words() | {"branch_of": _("分支机构"), "successor_of": _("承继单位")}


def _body_page(request: HttpRequest, code: str, refused: str = "") -> HttpResponse:
    """Show the body's relations; with ``role`` and ``other`` asked for, both bodies side by side and the form."""
    actor = actor_of(request)
    actor.require(READ_SUBJECTS)
    found = body_of(normalise(code))
    if request.method != "POST":
        keep_look(actor, found.id, system_now())
    given = {name: _sent(request, name) for name in ("role", "other", "manner", "from_day", "until_day", "document")}
    other = None
    if given["other"] and given["role"] in ROLES:
        try:
            other = body_of(normalise(given["other"]))
        except ChengxinError as error:
            refused = refused or said(error)
    context: dict[str, Any] = {
        "body": found,
        "code": code,
        "relations": relations_of(found.id),
        "other": other,
        "given": given,
        "roles": list(ROLES),
        "manners": MANNERS if given["role"] in {"predecessor", "successor"} else (),
        "refused": refused,
        "may_decide_relations": REVIEW_LINKS in actor.operations,
        "words": _words(),
    }
    return render(request, "office/body_relations.html", context, status=422 if refused else 200)


def _relation_page(request: HttpRequest, held: ProposedRelation, refused: str = "") -> HttpResponse:
    moving = moving_bodies([held.one.id, held.other.id], system_now())
    context = {
        "relation": held,
        "sides": (held.one, held.other),
        "given": {name: _sent(request, name) for name in ("manner", "from_day", "until_day", "document")},
        "manners": MANNERS if held.kind == "successor_of" else (),
        "moving": max(moving.values(), default=None),
        "refused": refused,
        "words": _words(),
    }
    return render(request, "office/body_relation.html", context, status=422 if refused else 200)


def _day_or_none(text: str) -> date | None:
    return day_of(text) if text else None


def _sent(request: HttpRequest, name: str) -> str:
    sent = request.POST if request.method == "POST" else request.GET
    return str(sent.get(name, "")).strip()[:LONGEST_TEXT]
