"""Carry out a change that two people agreed to: once, whole, and only what was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.accounts.actions.approvals import use_approval
from chengxin.accounts.actor import officer_actor
from chengxin.accounts.models import Officer
from chengxin.base.errors import ChengxinError
from chengxin.base.events import publish
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.names import fold_name
from chengxin.subjects.actions.change import OBJECT_KIND, approval_content, note, operation_of
from chengxin.subjects.actions.register import hold_register
from chengxin.subjects.actions.reissue import preview_reissue
from chengxin.subjects.events import BodiesChanged, BodiesMoved, BodyMove, IdentifiersAdded
from chengxin.subjects.models import Change, Identifier, RefusedCode, Registration, Subject
from chengxin.subjects.moving import copy_name, move_everything, move_some, take_back
from chengxin.subjects.preview import Preview, preview_merge, preview_split, preview_undo, undoing

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor


@dataclass(frozen=True)
class CarryOutChange:
    """Carry out the change ``change_id``, as the officer who asked for it, if another one agreed to its preview.

    The register is held alone meanwhile. When anything that the preview showed is different now, nothing moves and the
    change is ``outdated``: it has to be looked at and asked for again. A change that has ended is left as it is. Raises
    ``NotApproved``, and ``NotPermitted`` when the asker may not do it any more.
    """

    change_id: int
    now: datetime

    def execute(self) -> Change:
        """Carry out and return the change."""
        with transaction.atomic():
            hold_register(alone=True)
            change = Change.objects.select_for_update().get(pk=self.change_id)
            if change.state != Change.State.ASKED:
                return change
            actor = _asker(change)
            if _preview(change) != change.digest:
                change.state = Change.State.OUTDATED
                change.save(update_fields=["state"])
                note(change, "outdated", actor, self.now)
                return change
            operation = operation_of(change.kind, change.undoes.kind if change.undoes else "")
            use_approval(actor, operation, OBJECT_KIND, str(change.pk), approval_content(change), self.now)
            touched = _Work(change, self.now, legal_day(self.now)).execute()
            change.state = Change.State.DONE
            change.done_at = self.now
            change.trouble = None
            change.save(update_fields=["state", "done_at", "target", "trouble"])
            publish(BodiesChanged(touched, self.now, legal_day(self.now)))
            note(change, "done", actor, self.now, touched)
        return change


@dataclass(frozen=True)
class _Work:
    """What each kind of change does to the register, and what it tells the floors above."""

    change: Change
    now: datetime
    today: date

    def execute(self) -> tuple[int, ...]:
        """Do it and return the bodies it touched."""
        done = {"merge": self.merge, "split": self.split, "reissue": self.reissue, "undo": self.undo}
        return done[self.change.kind]()

    def merge(self) -> tuple[int, ...]:
        """Take everything of the source to the target; the source's row points there."""
        source, target = self.change.source_id, self._target()
        current = Subject.objects.values_list("uscc", flat=True).get(pk=target)
        move_everything(self.change.pk, source, target, current, self.now, self.today)
        Subject.objects.filter(pk=source).update(merged_into=target, changed_at=self.now)
        self._tell(BodyMove("merge", source, target))
        return source, target

    def split(self) -> tuple[int, ...]:
        """Make a body of the codes and names chosen; no register entry gives one body the other's codes again."""
        plan = self.change.plan
        codes = [(kind, value) for kind, value in plan["codes"]]
        made = self._make(self.change.source, codes, plan["name"])
        self.change.target = made
        written = tuple(f"{kind}:{value}" for kind, value in codes)
        moved = [name for name in plan["names"] if name != plan["name"]]
        move_some(self.change.pk, self.change.source_id, made.pk, written, moved, self.now)
        copy_name(self.change.pk, self.change.source_id, made.pk, plan["name"], fold_name(plan["name"]), self.now)
        staying = Identifier.objects.filter(subject=self.change.source_id).values_list("kind", "value")
        for subject, refused in ((self.change.source_id, codes), (made.pk, staying)):
            RefusedCode.objects.bulk_create(
                [
                    RefusedCode(subject_id=subject, kind=kind, value=value, change=self.change)
                    for kind, value in refused
                ],
                ignore_conflicts=True,
            )
        self._tell(BodyMove("split", self.change.source_id, made.pk, written, tuple(plan["facts"])))
        return self.change.source_id, made.pk

    def reissue(self) -> tuple[int, ...]:
        """End the old code, give the body the new one, and tie the facts that waited for it."""
        plan, subject = self.change.plan, self.change.source
        on = date.fromisoformat(plan["on"])
        Identifier.objects.filter(subject=subject, kind="uscc", value=plan["old"]).update(
            ended_at=self.now, ended_on=on, replaced_by=plan["new"]
        )
        subject.uscc, subject.changed_at = plan["new"], self.now
        subject.save(update_fields=["uscc", "changed_at"])
        _keep_version(subject, on, self.now, "reissue", f"uscc:{plan['new']}")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE new_identifier (subject_id bigint, kind text, value text) ON COMMIT DROP")
            cursor.execute(
                """WITH added AS (
                    INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at, last_seen_at)
                    SELECT %(subject)s, v.kind, v.value, %(now)s, %(now)s
                    FROM (VALUES ('uscc', %(new)s), ('organisation_code', substr(%(new)s, 9, 9))) AS v (kind, value)
                    WHERE NOT EXISTS (SELECT 1 FROM subjects_identifier o WHERE o.kind = v.kind AND o.value = v.value
                        AND o.subject_id <> %(subject)s)
                    ON CONFLICT (kind, value, subject_id) DO NOTHING RETURNING subject_id, kind, value)
                INSERT INTO new_identifier SELECT subject_id, kind, value FROM added""",
                {"subject": subject.pk, "new": plan["new"], "now": self.now},
            )
            publish(IdentifiersAdded(self.now, self.today))
            cursor.execute("DROP TABLE new_identifier")
        return (subject.pk,)

    def undo(self) -> tuple[int, ...]:
        """Put back what the undone change moved; of a split, the body that was made goes into the one it came from."""
        undone = self.change.undoes
        if undone is None or undone.target_id is None:
            raise LookupError(f"change {self.change.pk} undoes nothing")
        move = undoing(undone)
        take_back(self.change.pk, undone.pk, self.now)
        if undone.kind == Change.Kind.MERGE:
            Subject.objects.filter(pk=undone.source_id).update(merged_into=None, changed_at=self.now)
        else:
            current = undone.source.uscc
            move_everything(self.change.pk, undone.target_id, undone.source_id, current, self.now, self.today)
            Subject.objects.filter(pk=undone.target_id).update(merged_into=undone.source_id, changed_at=self.now)
        undone.state = Change.State.UNDONE
        undone.save(update_fields=["state"])
        self._tell(move)
        return undone.source_id, undone.target_id

    def _tell(self, move: BodyMove) -> None:
        publish(BodiesMoved(move, self.change.pk, self.now, self.today))

    def _target(self) -> int:
        if self.change.target_id is None:
            raise LookupError(f"change {self.change.pk} has no target")
        return self.change.target_id

    def _make(self, source: Subject, codes: list[tuple[str, str]], name: str) -> Subject:
        """Return the body split off: as the latest entry under one of its codes says, else as the one it comes from."""
        written = [f"{kind}:{value}" for kind, value in codes]
        entry = (
            Registration.objects.filter(subject_id=source.pk, identifier__in=written)
            .order_by("-recorded_at", "-pk")
            .first()
        )
        stated = entry or source
        live = Identifier.objects.filter(subject=source, kind="uscc", ended_at__isnull=True)
        usccs = [value for kind, value in codes if kind == "uscc" and live.filter(value=value).exists()]
        ended = [value for kind, value in codes if kind == "uscc"]
        made = Subject.objects.create(
            kind=stated.kind,
            name=name,
            uscc=(usccs or ended or [""])[0],
            status=stated.status,
            registrar=stated.registrar,
            established_on=stated.established_on,
            made_at=self.now,
            changed_at=self.now,
        )
        _keep_version(made, self.today, self.now, "split", written[0])
        return made


def _keep_version(subject: Subject, valid_from: date, now: datetime, basis: str, identifier: str) -> None:
    Registration.objects.create(
        subject_id=subject.pk,
        kind=subject.kind,
        name=subject.name,
        uscc=subject.uscc,
        status=subject.status,
        registrar=subject.registrar,
        established_on=subject.established_on,
        valid_from=valid_from,
        recorded_at=now,
        basis=basis,
        identifier=identifier,
    )


def _preview(change: Change) -> str:
    """Return the digest of what the change would do now; empty where it cannot be done any more."""
    bodies = [change.source, *([change.target] if change.target else [])]
    if change.kind != Change.Kind.UNDO and any(one.merged_into_id is not None for one in bodies):
        return ""
    found: Preview
    if change.kind == Change.Kind.MERGE and change.target is not None:
        found = preview_merge(change.source, change.target)
    elif change.kind == Change.Kind.SPLIT:
        found = preview_split(change.source, change.plan)
    elif change.kind == Change.Kind.REISSUE:
        found = preview_reissue(change.source, change.plan)
    elif change.undoes is not None and change.undoes.state == Change.State.DONE:
        found = preview_undo(change.undoes)
    else:
        return ""
    return found.digest


def _asker(change: Change) -> Actor:
    """Return the officer who asked, with the duties of today."""
    columns = ("username", "organisation", "roles", "is_active")
    officer = (
        Officer.objects.select_related("organisation")
        .only(*columns, "organisation__code", "organisation__is_active")
        .filter(username=change.asked_by)
        .first()
    )
    if officer is None:
        raise ChengxinError(
            "unknown_officer",
            f"没有经办人 {change.asked_by}，请重新申请",
            f"there is no officer {change.asked_by}: ask again",
            where=change.asked_by,
        )
    return officer_actor(officer)
