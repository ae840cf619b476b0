"""End a fact because its source document fell: a version that says so, never a deletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.accounts.actor import SUBMIT
from chengxin.accounts.models import Organisation
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.base.events import publish
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.masking import mask_persons
from chengxin.records.actions.add import reserve_ids
from chengxin.records.events import RecordsAdded
from chengxin.records.models import Record

if TYPE_CHECKING:
    from datetime import datetime

    from chengxin.accounts.actor import Actor


class AlreadyWithdrawn(ChengxinError):
    """A withdrawal of the fact is on file."""


@dataclass(frozen=True)
class WithdrawRecord:
    """End a fact's publicity and use because its source document was annulled, changed or found void.

    Clock: three working days, 行政处罚法 art. 48 and 85. Raises ``NotFound``, ``NotPermitted`` when the actor's
    organisation did not hand the fact in, ``AlreadyWithdrawn``, and ``ChengxinError`` without a reason.
    """

    actor: Actor
    record_id: int
    reason: str
    now: datetime

    def check(self) -> Record:
        """Return the fact's latest version, or raise."""
        named = Record.objects.filter(pk=self.record_id).first()
        if named is None:
            raise NotFound(
                "unknown_record", f"没有编号为 {self.record_id} 的记录", f"there is no record {self.record_id}"
            )
        latest = Record.objects.filter(key=named.key).order_by("-version")[0]
        organisation = Organisation.objects.get(pk=latest.organisation_id)
        self.actor.require(SUBMIT, organisation.code)
        if latest.kind == "withdrawn":
            raise AlreadyWithdrawn(
                "already_withdrawn",
                f"{latest.document_number} 已经撤销",
                f"{latest.document_number} is withdrawn already",
            )
        if not self.reason.strip():
            raise ChengxinError(
                "reason_missing",
                "请写明撤销理由，撤销时须公开理由",
                "state the reason: it is published with the withdrawal",
            )
        return latest

    def execute(self) -> Record:
        """Add the withdrawal and return it."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    """SELECT pg_advisory_xact_lock(hashtext('records.add'), hashtext(item)) FROM records_record
                    WHERE id = %s""",
                    [self.record_id],
                )
            latest = self.check()
            withdrawal = Record(
                **Record.objects.values().get(pk=latest.pk)
                | {
                    "id": reserve_ids(1),
                    "version": latest.version + 1,
                    "kind": "withdrawn",
                    "replaces": latest.pk,
                    "public": False,
                    "recorded_at": self.now,
                    "content": {**latest.content, "withdrawal_reason": mask_persons(self.reason.strip())},
                }
            )
            withdrawal.save(force_insert=True)
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="record.withdrawn",
                object_kind="record",
                object_id=str(latest.pk),
                detail={"withdrawal": withdrawal.pk},
            )
            publish(
                RecordsAdded(
                    withdrawal.item, withdrawal.pk, withdrawal.pk, (), replacing=True, today=legal_day(self.now)
                )
            )
        return withdrawal
