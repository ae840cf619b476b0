"""Take a code from a body whose registrar says that it is not the body's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError
from chengxin.base.events import publish
from chengxin.kernel.calendar import legal_day
from chengxin.subjects.actions.register import hold_register
from chengxin.subjects.events import CodesRefused, IdentifiersAdded
from chengxin.subjects.models import Change, Identifier, MovedRow, RefusedCode, Subject
from chengxin.subjects.preview import side

if TYPE_CHECKING:
    from datetime import datetime

_BEARER = """
INSERT INTO new_identifier SELECT min(subject_id), kind, value FROM subjects_identifier
WHERE kind = %s AND value = %s GROUP BY kind, value HAVING count(*) = 1
"""


@dataclass(frozen=True)
class RefuseCode:
    """End that the code ``kind:value`` is the body's, by the registrar's ``document``; a second time does nothing.

    The code is kept as refused, so no register entry and no feed gives it back, and as a moved row, so that the
    register can still be asked how it stood before. Facts that only this code tied are untied by a new version; where
    exactly one other body bears the code, they are tied to that one. ``actor`` is (kind, id, organisation) of who said
    so. Raises ``ChengxinError`` for a credit code (that is a re-issue or a split) and for a body's only code.
    """

    actor: tuple[str, str, str]
    subject_id: int
    kind: str
    value: str
    document: str
    now: datetime

    def execute(self) -> bool:
        """Refuse the code; return whether the body bore it."""
        with transaction.atomic():
            hold_register(alone=True)
            borne = Identifier.objects.filter(subject_id=self.subject_id, kind=self.kind, value=self.value).first()
            if borne is None:
                return False
            self._check()
            change = self._keep(borne)
            RefusedCode.objects.get_or_create(
                subject_id=self.subject_id, kind=self.kind, value=self.value, defaults={"change": change}
            )
            borne.delete()
            self._tell()
            record_event(
                at=self.now,
                actor=self.actor,
                action="subject.code_refused",
                object_kind="subject",
                object_id=str(self.subject_id),
                detail={"code": self.kind, "change": change.pk, "document": self.document},
            )
        return True

    def _check(self) -> None:
        if self.kind == "uscc":
            raise ChengxinError(
                "credit_code_kept",
                "统一社会信用代码不能这样更正，请办理代码换发或拆分主体",
                "a credit code is not corrected this way: take a re-issue or split the body",
                where=self.value,
            )
        if not Identifier.objects.filter(subject_id=self.subject_id).exclude(kind=self.kind, value=self.value).exists():
            raise ChengxinError(
                "last_code",
                "这是该主体唯一的代码，去掉后将无法识别该主体；请先登记其正确的代码",
                "this is the body's only code and nothing would identify it: register its right code first",
                where=self.value,
            )

    def _keep(self, borne: Identifier) -> Change:
        """Keep who said what, and the code as it stood."""
        subject = Subject.objects.get(pk=self.subject_id)
        others = Identifier.objects.filter(kind=self.kind, value=self.value).exclude(subject=subject)
        right = others.values_list("subject_id", flat=True).first()
        shown = {"kind": self.kind, "value": self.value, "there": False, "ends": True}
        change = Change.objects.create(
            kind=Change.Kind.REFUSAL,
            state=Change.State.DONE,
            source=subject,
            target_id=right,
            plan={"kind": self.kind, "value": self.value, "document": self.document},
            preview={
                "kind": "refusal",
                "undone": "",
                "plan": {},
                "sides": [side(subject)],
                "codes": [shown],
                "names": [],
                "relations": [],
                "rooms": [],
                "notices": [],
            },
            digest="",
            reason=self.document,
            asked_by=self.actor[1],
            asked_at=self.now,
            done_at=self.now,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(i) FROM subjects_identifier i WHERE id = %s", [borne.pk])
            before = cursor.fetchone()[0]
        MovedRow.objects.create(
            change=change,
            what="identifier",
            from_subject_id=self.subject_id,
            to_subject_id=right or self.subject_id,
            before=_as_json(before),
            absorbed=True,
            kept=False,
            at=self.now,
        )
        return change

    def _tell(self) -> None:
        """Tell the rooms above, first what the body lost, then what its one remaining bearer gains by it."""
        today = legal_day(self.now)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE refused_code (subject_id bigint, kind text, value text) ON COMMIT DROP")
            cursor.execute("INSERT INTO refused_code VALUES (%s, %s, %s)", [self.subject_id, self.kind, self.value])
            publish(CodesRefused(self.now, today))
            cursor.execute("CREATE TEMP TABLE new_identifier (subject_id bigint, kind text, value text) ON COMMIT DROP")
            cursor.execute(_BEARER, [self.kind, self.value])
            publish(IdentifiersAdded(self.now, today))
            cursor.execute("DROP TABLE refused_code, new_identifier")


def _as_json(value: object) -> object:
    """Return a JSON value whichever way the driver hands it over."""
    import json  # noqa: PLC0415 - only where the driver gives text

    return json.loads(value) if isinstance(value, str) else value
