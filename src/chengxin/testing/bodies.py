"""Bodies and facts for tests about merges and splits: registered and added by the rooms' own actions, without files."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chengxin.kernel.calendar import legal_day
from chengxin.testing.making import make_officer, make_organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from chengxin.accounts.actor import Actor
    from chengxin.records.actions.add import Added
    from chengxin.subjects.models import Change

_EMPTY = {"kind": "legal_person", "name": "", "status": "存续", "registrar": "昆山市行政审批局"}


def register_bodies(*rows: Mapping[str, Any], now: datetime, entries: bool = True) -> dict[int, str]:
    """Register ``rows`` (columns of ``STAGED``) in one file; return the lines that changed nothing, with their rule.

    A row without a name is called after its code. With ``entries`` each body's register entry becomes a fact, as an
    import would make it.
    """
    import duckdb  # noqa: PLC0415 - loaded with the plugin of every test run, used by few
    from django.db import transaction  # noqa: PLC0415

    from chengxin.kernel.names import fold_name  # noqa: PLC0415
    from chengxin.subjects.actions.register import STAGED, RegisterBodies  # noqa: PLC0415

    with duckdb.connect() as duck:
        columns = ", ".join(f"{name} {'DATE' if kind == 'date' else kind}" for name, kind in STAGED.items())
        duck.execute(f"CREATE TABLE bodies ({columns})")
        for line, given in enumerate(rows, start=2):
            code = given.get("uscc") or given.get("registration_number") or given.get("organisation_code")
            values: dict[str, Any] = _EMPTY | {"line": line, "name": f"昆山{code}有限公司"} | dict(given)
            if values.get("uscc") and not values.get("organisation_code"):
                values["organisation_code"] = values["uscc"][8:17]
            for name in ("name", "former", "english"):
                folded = "folded" if name == "name" else f"{name}_folded"
                values[folded] = fold_name(str(values.get(name, "")))
            texts = [values.get(name, None if kind == "date" else "") for name, kind in STAGED.items()]
            duck.execute(f"INSERT INTO bodies VALUES ({', '.join('?' for _ in STAGED)})", texts)  # noqa: S608 - columns
        with transaction.atomic():
            RegisterBodies(duck, now, legal_day(now), 1).execute()
            refused: dict[int, str] = dict(duck.execute("SELECT line, rule FROM superseded ORDER BY line").fetchall())
            if entries:
                _add_entries(duck, now)
        return refused


def add_facts(
    *rows: Mapping[str, Any], now: datetime, item: str = "licence", organisation: int = 1, batch: int = 1
) -> Added:
    """Add facts of ``item``: each row has ``identifier`` (``kind:value``), ``number`` and what replaces defaults.

    A fact is tied as linking would tie it: by its identifier, if that stands at one body alone. ``text`` is what it
    says, so another text under the same number and identifier is a correction.
    """
    import duckdb  # noqa: PLC0415
    from django.db import connection, transaction  # noqa: PLC0415

    from chengxin.records.actions.add import AddRecords  # noqa: PLC0415
    from chengxin.subjects.actions.register import hold_register  # noqa: PLC0415

    today = legal_day(now)
    with duckdb.connect() as duck, transaction.atomic():
        hold_register()
        _fact_tables(duck)
        for line, given in enumerate(rows, start=2):
            kind, _, value = str(given["identifier"]).partition(":")
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT min(subject_id), count(*) FROM subjects_identifier WHERE kind = %s AND value = %s",
                    [kind, value],
                )
                subject, bearers = cursor.fetchone()
            tied = subject if bearers == 1 else None
            number = f"昆字〔2026〕{given['number']}号"
            content = {"text": given.get("text", ""), "issuer_name": "昆山市市场监督管理局", "document_number": number}
            key = uuid.uuid5(uuid.NAMESPACE_OID, f"{item} {number} {given['identifier']}")
            _stage(
                duck,
                line,
                key,
                str(given["identifier"]),
                tied,
                kind if tied else None,
                number,
                (given.get("from", today), given.get("until"), given.get("withdrawn", False)),
                content,
            )
        return AddRecords(duck, item, "G3", organisation, batch, now, today).execute()


@dataclass
class TwoOfficers:
    """Two officers of the credit centre, of whom one asks and the other agrees; time goes on with every step."""

    now: datetime
    asker: Actor = field(init=False)
    decider: Actor = field(init=False)

    def __post_init__(self) -> None:
        """Make the officers."""
        from chengxin.accounts.actor import officer_actor  # noqa: PLC0415

        centre = make_organisation("centre")
        self.asker = officer_actor(make_officer(centre, "asker", "centre"))
        self.decider = officer_actor(make_officer(centre, "decider", "centre"))

    def later(self, **delta: float) -> datetime:
        """Let time pass, a minute unless told otherwise, and return the moment."""
        self.now += timedelta(**(delta or {"minutes": 1}))
        return self.now

    def merge(self, source: int, target: int) -> Change:
        """Merge ``source`` into ``target``, from the asking to the end."""
        from chengxin.subjects.actions.merge import AskMerge  # noqa: PLC0415

        return self.carry_out(AskMerge(self.asker, source, target, "同一主体", self.later()).execute())

    def split(self, subject: int, codes: Iterable[tuple[str, str]], name: str, **more: Any) -> Change:  # noqa: ANN401
        """Split ``codes`` off ``subject`` under ``name``, from the asking to the end."""
        from chengxin.subjects.actions.split import AskSplit  # noqa: PLC0415

        values = {"names": (), "facts": ()} | more
        asked = AskSplit(
            self.asker, subject, tuple(codes), values["names"], name, values["facts"], "两个主体", self.later()
        )
        return self.carry_out(asked.execute())

    def undo(self, change: int) -> Change:
        """Undo a change, from the asking to the end."""
        from chengxin.subjects.actions.merge_undo import AskUndo  # noqa: PLC0415

        return self.carry_out(AskUndo(self.asker, change, "认定有误", self.later()).execute())

    def reissue(self, subject: int, old: str, new: str, on: date | None = None) -> Change:
        """Let ``new`` replace ``old``, from the asking to the end."""
        from chengxin.subjects.actions.reissue import ReissueCode  # noqa: PLC0415

        now = self.later()
        day = on or legal_day(now)
        asked = ReissueCode(self.asker, subject, old, new, day, "昆市监函〔2026〕1号", "换发", now)
        return self.carry_out(asked.execute())

    def carry_out(self, change: Change) -> Change:
        """Let the other officer agree, and carry the change out as the worker does."""
        from chengxin.subjects.actions.change import decide  # noqa: PLC0415
        from chengxin.subjects.actions.change_carry_out import CarryOutChange  # noqa: PLC0415

        decide(self.decider, change.pk, agree=True, reason="核实无误", now=self.later())
        return CarryOutChange(change.pk, self.later()).execute()


def _add_entries(duck: Any, now: datetime) -> None:  # noqa: ANN401 - a DuckDB connection
    from chengxin.records.actions.add import AddRecords  # noqa: PLC0415

    rows = duck.execute(
        """SELECT line, r.subject_id, CASE WHEN uscc <> '' THEN 'uscc:' || uscc
        WHEN registration_number <> '' THEN 'registration_number:' || registration_number
        ELSE 'organisation_code:' || organisation_code END, name, uscc, status, established_on
        FROM bodies JOIN registered r USING (line) ORDER BY line"""
    ).fetchall()
    _fact_tables(duck)
    for line, subject, identifier, name, code, status, established_on in rows:
        with duck.cursor() as counting:
            key = counting.execute(
                "SELECT md5(concat_ws(chr(31), 'registration', ?::VARCHAR))::UUID", [subject]
            ).fetchone()[0]
        content = {"subject_name": name, "uscc": code, "status": status}
        start = established_on or legal_day(now)
        _stage(duck, line, key, identifier, subject, "registration", "", (start, None, False), content)
    AddRecords(duck, "registration", "R1", 1, 1, now, legal_day(now)).execute()


def _fact_tables(duck: Any) -> None:  # noqa: ANN401 - a DuckDB connection
    duck.execute(
        """CREATE TABLE facts (line INTEGER, key UUID, identifier VARCHAR, subject_id BIGINT, link VARCHAR,
        document_number VARCHAR, decided_on DATE, valid_from DATE, valid_until DATE, rule VARCHAR, due_on DATE,
        due_provisional BOOLEAN, public BOOLEAN, withdrawn BOOLEAN, digest UUID);
        CREATE TABLE fact_content (line INTEGER, content VARCHAR)"""
    )


def _stage(  # noqa: PLR0913, PLR0917 - a fact has this many sides
    duck: Any,  # noqa: ANN401 - a DuckDB connection
    line: int,
    key: uuid.UUID,
    identifier: str,
    subject: int | None,
    link: str | None,
    number: str,
    days: tuple[date, date | None, bool],
    content: Mapping[str, str],
) -> None:
    start, until, withdrawn = days
    digest = uuid.uuid5(uuid.NAMESPACE_OID, f"{content} {start} {until} {withdrawn}")
    values = [line, key, identifier, subject, link, number, start, start, until, None, None, False, True, withdrawn]
    duck.execute(f"INSERT INTO facts VALUES ({', '.join('?' * 15)})", [*values, digest])  # noqa: S608 - marks only
    duck.execute("INSERT INTO fact_content VALUES (?, ?)", [line, json.dumps(content, ensure_ascii=False)])
