"""Erase the text of an event because the law says so: the evidence that something was there stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound

if TYPE_CHECKING:
    from datetime import datetime

ERASED = "audit.text_erased"


@dataclass(frozen=True)
class EraseEventText:
    """Erase the personal text of event ``event_id``; ``actor`` is (kind, id, organisation code).

    个人信息保护法 art. 47: personal information is deleted once its purpose is gone, consent is withdrawn or its
    handling was unlawful. The event keeps a digest over the text and a salt that is erased with it, so nobody can find
    the text by trying, and every proof still verifies. The erasure is an event itself, in the same transaction; the
    database refuses one without. Raises ``NotFound`` where no text is, and ``ChengxinError`` without a legal basis.
    """

    event_id: int
    legal_basis: str
    actor: tuple[str, str, str]
    now: datetime

    def check(self) -> None:
        """Raise unless there is a text and a law to erase it by."""
        if not self.legal_basis.strip():
            raise ChengxinError(
                "legal_basis_missing",
                "请写明删除的法律依据，例如：个人信息保护法第四十七条",
                "name the law the text is erased by, for example: PIPL article 47",
                where="legal_basis",
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM audit_personal WHERE event_id = %s", [self.event_id])
            if cursor.fetchone() is None:
                raise NotFound(
                    "no_text",
                    f"审计事件 {self.event_id} 没有可删除的文字，或已经删除",
                    f"the audit event {self.event_id} has no text to erase, or it is erased already",
                )

    def execute(self) -> int:
        """Erase the text and return the number of the event that says so."""
        with transaction.atomic():
            self.check()
            number = record_event(
                at=self.now,
                actor=self.actor,
                action=ERASED,
                object_kind="event",
                object_id=str(self.event_id),
                legal_basis=self.legal_basis.strip(),
            )
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM audit_personal WHERE event_id = %s", [self.event_id])
        return number
