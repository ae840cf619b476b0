"""``chengxin bodies``: one body of the register, as it stood on a day and as it was known."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.cli.database import reach
from chengxin.cli.frame import both, choose_data, output
from chengxin.cli.identify import cell, print_json
from chengxin.cli.serve import data_option
from chengxin.kernel.calendar import legal_day
from chengxin.kernel.identifiers import normalise

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chengxin.subjects.history import BodyOn
    from chengxin.subjects.relations import RelationView

KINDS = {
    "uscc": "统一社会信用代码 credit code",
    "registration_number": "注册号 registration number",
    "organisation_code": "组织机构代码 organisation code",
    "tax_number": "税务登记号 tax number",
    "current": "现用名 current",
    "former": "曾用名 former",
    "english": "英文名 English",
}
"""Kinds of codes and names as the table shows them."""

ROLES = {
    "branch": "分支机构 branch",
    "parent": "所属单位 parent",
    "successor": "承继单位 successor",
    "predecessor": "原单位 predecessor",
}
"""What a related body is, as the table shows it."""


@click.group(short_help="登记主体 / bodies of the register", help=both("登记库中的主体。", "Bodies of the register."))
def bodies() -> None:
    """Hold the commands about bodies."""


@bodies.command(
    "show",
    short_help="按代码查看一个主体 / show one body by a code",
    help=both(
        "按代码查看一个主体在某一天的登记情况：名称、状态、登记机关、历次代码和名称、主体关系。旧代码也能查到。",
        "Show how the body that bears a code stood on a day: name, state, registrar, its codes and names through time, "
        "its relations. An old code finds it too.",
    ),
)
@click.argument("code", metavar="CODE")
@click.option("--on", "day", metavar="DAY", help="哪一天，如 2026-01-02，默认今天 / day, as 2026-01-02")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
@data_option
def show(code: str, day: str | None, data: Path | None, *, as_json: bool) -> None:
    """Print one body; the look is on file."""
    now = system_now()
    on = _day(day) if day else legal_day(now)
    choose_data(data)
    with reach("owner"):
        found, relations = _look_up(normalise(code), on, now)
    if as_json:
        print_json(_as_dict(found, relations, on))
        return
    output().print(_table(found, relations, on))


def _look_up(code: str, on: date, now: datetime) -> tuple[BodyOn, tuple[RelationView, ...]]:
    """Return the body that bears ``code`` as it stood, with its relations; raise ``NotFound``."""
    from django.db import transaction

    from chengxin.accounts.actor import READ_SUBJECTS, operator
    from chengxin.audit.actions import record_event
    from chengxin.subjects.history import body_on
    from chengxin.subjects.queries import IDENTIFIER_KINDS, subject_by_identifier
    from chengxin.subjects.relations import relations_of

    actor = operator()
    actor.require(READ_SUBJECTS)
    with transaction.atomic():
        for kind in IDENTIFIER_KINDS:
            subject = subject_by_identifier(kind, code)
            found = body_on(subject.id, on, now) if subject else None
            if found is not None:
                record_event(
                    at=now,
                    actor=(actor.kind, actor.id, actor.organisation),
                    action="subject.viewed",
                    object_kind="subject",
                    object_id=str(found.subject_id),
                )
                return found, relations_of(found.subject_id, on)
    raise NotFound(
        "unknown_body",
        f"登记库中没有代码为“{code}”的主体，请核对代码",
        f"no body of the register bears the code {code!r}: check the code",
        where=code,
    )


def _as_dict(found: BodyOn, relations: tuple[RelationView, ...], on: date) -> dict[str, Any]:
    version = found.version
    return {
        "subject": found.subject_id,
        "on": on.isoformat(),
        "certain": found.certain,
        "name": version.name,
        "kind": version.kind,
        "uscc": version.uscc,
        "status": version.status,
        "registrar": version.registrar,
        "established_on": version.established_on.isoformat() if version.established_on else None,
        "valid_from": version.valid_from.isoformat(),
        "known_since": version.recorded_at.isoformat(),
        "codes": [
            {
                "kind": one.kind,
                "value": one.value,
                "ended_on": one.ended_on.isoformat() if one.ended_on else None,
                "replaced_by": one.replaced_by,
                "merged": one.came_from is not None,
            }
            for one in found.codes
        ],
        "names": [{"kind": one.kind, "name": one.name} for one in found.names],
        "relations": [
            {
                "role": one.role,
                "name": one.other_name,
                "uscc": one.other_uscc,
                "state": one.state,
                "manner": one.manner,
                "from": one.from_day.isoformat() if one.from_day else None,
                "until": one.until_day.isoformat() if one.until_day else None,
            }
            for one in relations
        ],
    }


def _table(found: BodyOn, relations: tuple[RelationView, ...], on: date) -> Table:
    version = found.version
    table = Table(title=f"{version.name}  {on}", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    if not found.certain:
        note = f"登记信息自 {version.valid_from} 起，此前情况不详 / the register speaks from that day on"
        table.add_row("注意 note", cell(note))
    table.add_row("登记状态 status", cell(version.status))
    table.add_row("登记机关 registrar", cell(version.registrar))
    table.add_row("成立日期 established", str(version.established_on or ""))
    for one in found.codes:
        text = f"{one.value} → {one.replaced_by}（{one.ended_on}）" if one.replaced_by else one.value
        table.add_row(KINDS.get(one.kind, one.kind), cell(text))
    for name in found.names:
        table.add_row(KINDS.get(name.kind, name.kind), cell(name.name))
    for relation in relations:
        state = "" if relation.state == "established" else "（待确认 proposed）"
        table.add_row(ROLES[relation.role], cell(f"{relation.other_name} {relation.other_uscc}{state}"))
    return table


def _day(text: str) -> date:
    """Return the day written like 2026-01-02; other spellings of ISO 8601 (20260102, 2026-W01-5) are refused.

    Python reads them from 3.11 on, but a day is asked about in one spelling everywhere: in files, pages and addresses.
    """
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)  # noqa: TRY301 - one refusal for both ways to be wrong
        return date.fromisoformat(text)
    except ValueError as error:
        raise ChengxinError(
            "day_wrong",
            f"日期写法应为 2026-01-02，现在是“{text}”",
            f"write the day like 2026-01-02, not {text!r}",
            where="--on",
        ) from error
