"""What a merge, a split or an undoing would do, to be read and agreed to before it is done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from chengxin.base.events import publish
from chengxin.kernel.names import parse_name
from chengxin.subjects.events import BodyMove, MoveAsked
from chengxin.subjects.models import Identifier, Name, RefusedCode, Relation, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chengxin.subjects.models import Change


@dataclass(frozen=True)
class Preview:
    """Both bodies side by side and what would go from one to the other; ``digest`` names exactly this.

    ``content`` is plain JSON: ``sides`` (two bodies with codes and names), ``codes``, ``names`` and ``relations`` that
    move, ``rooms`` (facts, public rows …, with counts and a digest each), ``notices`` (what to think of first).
    """

    content: dict[str, Any]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content in canonical form."""
        text = json.dumps(self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def preview_merge(source: Subject, target: Subject) -> Preview:
    """Return what merging ``source`` into ``target`` would do."""
    held = set(Identifier.objects.filter(subject=target).values_list("kind", "value"))
    borne = set(Name.objects.filter(subject=target).values_list("name", flat=True))
    codes = [
        {"kind": kind, "value": value, "there": (kind, value) in held, "ends": _ends(kind, value, target)}
        for kind, value in _codes(source)
    ]
    names = [{"kind": kind, "name": name, "there": name in borne} for kind, name in _names(source)]
    move = BodyMove("merge", source.pk, target.pk)
    return _preview(move, (source, target), codes, names, _merge_notices(source, target))


def preview_split(source: Subject, plan: dict[str, Any]) -> Preview:
    """Return what splitting ``plan`` (codes, names, name, facts) off ``source`` would do."""
    codes = [{"kind": kind, "value": value, "there": False, "ends": False} for kind, value in plan["codes"]]
    names = [{"kind": "former", "name": name, "there": False} for name in plan["names"]]
    move = BodyMove(
        "split", source.pk, None, tuple(f"{kind}:{value}" for kind, value in plan["codes"]), tuple(plan["facts"])
    )
    notices = [
        (
            "拆分出的主体在其登记信息到达之前不在公示端显示",
            "the body split off is not shown to the public until a register entry of its own arrives",
        )
    ]
    return _preview(move, (source,), codes, names, notices, plan=plan)


def preview_undo(change: Change) -> Preview:
    """Return what undoing the merge or split ``change`` would do: everything goes back where it came from."""
    move = undoing(change)
    giver, receiver = Subject.objects.get(pk=change.target_id or 0), Subject.objects.get(pk=change.source_id)
    moved = [one.before for one in change.moved.filter(what="identifier").order_by("pk")]
    codes = [{"kind": one["kind"], "value": one["value"], "there": False, "ends": False} for one in moved]
    named = [one.before for one in change.moved.filter(what="name").order_by("pk")]
    names = [{"kind": one["kind"], "name": one["name"], "there": False} for one in named]
    return _preview(move, (giver, receiver), codes, names, [], plan={"undoes": change.pk})


def undoing(change: Change) -> BodyMove:
    """Return the move that takes ``change`` back."""
    if change.target_id is None:
        raise ValueError(f"change {change.pk} was not carried out")
    moved = change.moved.filter(what="identifier").order_by("pk")
    codes = tuple(f"{one.before['kind']}:{one.before['value']}" for one in moved if not one.absorbed)
    return BodyMove("undo", change.target_id, change.source_id, codes, (), change.pk, change.kind)


def side(subject: Subject) -> dict[str, Any]:
    """Return a body as one side of a preview: how it stands, its codes and names."""
    return {
        "id": subject.pk,
        "name": subject.name,
        "uscc": subject.uscc,
        "kind": subject.kind,
        "status": subject.status,
        "registrar": subject.registrar,
        "established_on": subject.established_on.isoformat() if subject.established_on else "",
        "merged_into": subject.merged_into_id,
        "codes": [list(pair) for pair in _codes(subject)],
        "names": [list(pair) for pair in _names(subject)],
    }


def _preview(
    move: BodyMove,
    sides: Iterable[Subject],
    codes: list[dict[str, Any]],
    names: list[dict[str, Any]],
    notices: list[tuple[str, str]],
    plan: dict[str, Any] | None = None,
) -> Preview:
    asked = MoveAsked(move)
    publish(asked)
    numbers = [number for number in (move.source, move.target) if number is not None]
    relations = Relation.objects.filter(Q(from_subject__in=numbers) | Q(to_subject__in=numbers)).order_by("pk")
    rooms = sorted(asked.found, key=lambda one: one.room)
    return Preview(
        {
            "kind": move.kind,
            "undone": move.undone,
            "plan": plan or {},
            "sides": [side(one) for one in sides],
            "codes": codes,
            "names": names,
            "relations": [
                {
                    "id": one.pk,
                    "kind": one.kind,
                    "from": one.from_subject_id,
                    "to": one.to_subject_id,
                    "state": one.state,
                }
                for one in relations
            ],
            "rooms": [
                {"room": one.room, "zh": one.zh, "en": one.en, "counts": one.counts, "digest": one.digest}
                for one in rooms
            ],
            "notices": [list(pair) for pair in [*notices, *(pair for one in rooms for pair in one.notices)]],
        }
    )


def _codes(subject: Subject) -> list[tuple[str, str]]:
    return sorted(Identifier.objects.filter(subject=subject).values_list("kind", "value"))


def _names(subject: Subject) -> list[tuple[str, str]]:
    return sorted(Name.objects.filter(subject=subject).values_list("kind", "name"))


def _ends(kind: str, value: str, target: Subject) -> bool:
    """Return whether a merge ends the code: the survivor has another credit code of its own."""
    return kind == "uscc" and target.uscc not in {"", value}


def _merge_notices(source: Subject, target: Subject) -> list[tuple[str, str]]:
    """Return what two people should think of before they agree that two bodies are one."""
    found = []
    if source.uscc and target.uscc and source.uscc != target.uscc:
        found.append(
            (
                "两个主体各有统一社会信用代码：只有换发代码或登记错误才会是同一主体，请附登记机关的说明",
                "both bodies have a credit code: only a re-issue or an error of the register makes them one body",
            )
        )
    if bool(parse_name(source.name).branch) != bool(parse_name(target.name).branch):
        found.append(
            (
                "其中一个名称是分支机构的名称：分支机构与所属单位是不同的主体",
                "one of the names is a branch's: a branch and its parent are different bodies",
            )
        )
    refused = RefusedCode.objects.filter(subject__in=[source, target]).values_list("kind", "value")
    if set(refused) & {*_codes(source), *_codes(target)}:
        found.append(
            (
                "此前的拆分认定过其中的代码不属于同一主体",
                "an earlier split found that these codes are not one body's",
            )
        )
    return found
