"""Register a file of practitioners: right rows all in one transaction, the others go back with reasons."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from chengxin.accounts.actor import REGISTER_PRACTITIONERS
from chengxin.accounts.models import Organisation
from chengxin.audit.actions import record_event
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.crypto import load_keyring
from chengxin.kernel.calendar import legal_day
from chengxin.practitioners.attempts import REGISTER, locked_for_registering, note, one_at_a_time
from chengxin.practitioners.errors import FileNotTaken
from chengxin.practitioners.models import TakenFile
from chengxin.practitioners.occupations import occupation_in_force, require_registrar
from chengxin.practitioners.receipt import FileReceipt, ReturnedRow, receipt_of
from chengxin.practitioners.registering import Registering
from chengxin.practitioners.rows import RowRefused, columns_of, judge, missing_columns
from chengxin.practitioners.sealed import INDEX
from chengxin.practitioners.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from chengxin.accounts.actor import Actor
    from chengxin.crypto import Keyring
    from chengxin.practitioners.rows import Entry, Row

    OpenFile = Callable[[Path], AbstractContextManager["Opened"]]

AT_ONCE = 500
"""Rows whose persons are looked for with one query."""

WAY_IN = "practitioners.register"


@dataclass(frozen=True)
class Opened:
    """A file that was read in a process with limits: its header, and its rows once the columns are known.

    ``digest`` is the SHA-256 of exactly the bytes that were read.
    """

    header: tuple[str, ...]
    digest: str
    rows: Callable[[dict[str, int]], Iterator[Row]]


@dataclass(frozen=True)
class RegisterPractitioners:
    """Take in a file of practitioners of one occupation from the organisation that keeps their register.

    ``open_file`` reads a hostile file and leaves no copy of it behind (the sandboxed reader, handed in because it lives
    on a floor above). The same file again gives the first receipt.

    Raises ``NotPermitted``, ``NotFound`` for an unknown organisation, ``FileNotTaken`` where columns are missing or too
    many rows could not be registered: then nothing of the file is kept, and the way in is shut for a while.
    """

    actor: Actor
    organisation: str
    occupation: str
    path: Path
    now: datetime
    open_file: OpenFile = field(repr=False)
    keyring: Keyring = field(default_factory=load_keyring, repr=False)

    def check(self) -> Organisation:
        """Return the organisation, or raise."""
        self.actor.require(REGISTER_PRACTITIONERS, self.organisation)
        organisation = Organisation.objects.filter(code=self.organisation, is_active=True).first()
        if organisation is None:
            raise NotFound(
                "unknown_organisation",
                f"没有代码为 {self.organisation} 的单位，chengxin organisations 可列出",
                f"there is no organisation {self.organisation}",
                where="organisation",
            )
        occupation = occupation_in_force(self.occupation, legal_day(self.now))
        require_registrar(occupation, settings.CITY, self.organisation)
        if locked_for_registering(self.actor, self.now):
            raise _shut()
        return organisation

    def execute(self) -> FileReceipt:
        """Return what became of the file's lines."""
        organisation = self.check()
        with self.open_file(self.path) as opened:
            places = columns_of(opened.header)
            if missing := missing_columns(places):
                raise FileNotTaken(
                    "columns_missing",
                    f"缺少列：{'、'.join(missing)}，请补齐表头后重报",
                    f"columns are missing: {', '.join(missing)}",
                    where="header",
                )
            receipt, refused = self._take(organisation, opened, places)
        if receipt is None:
            raise _shut(refused)
        return receipt

    def _take(
        self, organisation: Organisation, opened: Opened, places: dict[str, int]
    ) -> tuple[FileReceipt | None, int]:
        """Register in one transaction; return no receipt where too many rows could not be registered, and how many."""
        with transaction.atomic():
            one_at_a_time(WAY_IN)
            first = self._first(organisation, opened.digest)
            if first is not None:
                return first, 0
            before = transaction.savepoint()
            work = Registering(self.keyring, organisation, self.occupation, self.now)
            returned = self._register(work, opened.rows(places))
            refused = sum(one.code == "not_registrable" for one in returned)
            stopped = refused >= load_settings().refused_rows_before_stop
            if stopped:
                transaction.savepoint_rollback(before)
            for _ in range(refused):
                note(self.actor, REGISTER, self.now, found=False)
            receipt = None if stopped else self._keep(organisation, opened.digest, work, returned)
            record_event(
                at=self.now,
                actor=(self.actor.kind, self.actor.id, self.actor.organisation),
                action="practitioners.refused" if receipt is None else "practitioners.registered",
                object_kind="practitioners_file",
                object_id=str(receipt.file) if receipt else "",
                detail={"organisation": self.organisation, "occupation": self.occupation}
                | (receipt.figures() if receipt else {}),
            )
        return receipt, refused

    def _register(self, work: Registering, rows: Iterator[Row]) -> list[ReturnedRow]:
        """Register the rows piece by piece and return those that go back, in the order of the file."""
        today = legal_day(self.now)
        returned: list[ReturnedRow] = []
        while piece := list(islice(rows, AT_ONCE)):
            entries: list[Entry] = []
            for row in piece:
                judged = _judged(row, today)
                if isinstance(judged, ReturnedRow):
                    returned.append(judged)
                else:
                    entries.append(judged)
            returned += work.take(entries)
        return sorted(returned, key=lambda one: one.line)

    def _first(self, organisation: Organisation, digest: str) -> FileReceipt | None:
        """Return the receipt the same file was given before."""
        found = TakenFile.objects.filter(
            organisation=organisation,
            occupation=self.occupation,
            blind__in=self.keyring.blinds(INDEX, f"file:{digest}"),
        ).first()
        return receipt_of(found.id, found.occupation, found.receipt) if found else None

    def _keep(
        self, organisation: Organisation, digest: str, work: Registering, returned: list[ReturnedRow]
    ) -> FileReceipt:
        lines = work.added + work.changed + work.same + len(returned)
        receipt = FileReceipt(
            uuid.uuid4(), self.occupation, lines, work.added, work.changed, work.same, tuple(returned)
        )
        TakenFile.objects.bulk_create(
            [
                TakenFile(
                    id=receipt.file,
                    organisation=organisation,
                    occupation=self.occupation,
                    blind=self.keyring.blind(INDEX, f"file:{digest}"),
                    receipt=receipt.kept(),
                    taken_at=self.now,
                )
            ]
        )
        return receipt


def _judged(row: Row, today: date) -> Entry | ReturnedRow:
    try:
        return judge(row, today)
    except RowRefused as refused:
        return ReturnedRow(row.line, refused.column, refused.code)


def _shut(refused: int = 0) -> ChengxinError:
    told = f"文件中有 {refused} 行无法登记，整份退回，没有入库；" if refused else ""
    told_en = f"{refused} rows of the file cannot be registered, nothing was kept; " if refused else ""
    minutes = load_settings().lock_minutes
    return FileNotTaken(
        "registering_shut",
        f"{told}登记已暂停约 {minutes} 分钟，请核对姓名、身份证号和执业证号，并与信用中心联系",
        f"{told_en}registering is shut for about {minutes} minutes: check the rows and ask the credit centre",
    )


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, for ``Opened``."""
    with path.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()
