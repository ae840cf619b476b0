"""What a restore to an earlier moment lost: the events after it, and the rights that changed since.

Rights that were taken away after that moment would come back with the old data: they are taken away again. What else
changed about officers, clients and organisations is named, for somebody to look at. The later events are read from the
live system where it answers, else from the archive, replayed to its end in a scratch folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from chengxin.accounts.actions.clients import WithdrawFromClient
from chengxin.accounts.actions.officers import CloseOfficer, WithdrawDuties
from chengxin.accounts.actions.organisations import CloseOrganisation
from chengxin.accounts.actor import operator
from chengxin.base.config import embedded_url, read_secrets
from chengxin.base.errors import ChengxinError
from chengxin.operations.restoring import Target, rebuild, scratch_room
from chengxin.operations.taking import Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from chengxin.crypto import Keyring
    from chengxin.operations.places import BackupFolder

KINDS = ("officer", "client", "organisation")
"""Objects that have rights."""

COMINGS_AND_GOINGS = (
    "officer.logged_in", "officer.logged_out", "officer.log_in_failed", "officer.log_in_locked",
    "officer.old_password_wrong", "officer.sessions_ended", "officer.asked_again", "officer.device_new",
    "officer.device_removed",
)  # fmt: skip
"""Events about officers that change nobody's rights; an event that is not among them is looked at."""

NEAR = 10_000
"""Events back from the last one that are compared one by one: numbers are given before a transaction commits."""

REASON = "恢复到此前时间点之后，按原决定再次收回"


@dataclass(frozen=True)
class Known:
    """The events a restored system has: the number of the last, and all numbers shortly before it."""

    last: int
    near: tuple[int, ...]


@dataclass(frozen=True)
class RightsEvent:
    """One thing that changed the rights of an officer, a client or an organisation."""

    at: datetime
    action: str
    kind: str
    object: str
    detail: Mapping[str, Any]

    @property
    def whose(self) -> str:
        """Return whose rights: kind and name."""
        return f"{self.kind}:{self.object}"


@dataclass(frozen=True)
class Lost:
    """What happened after the moment a system was restored to.

    ``source`` says who knows: ``live``, ``archive`` (up to the last piece of the log) or ``nobody``.
    """

    source: str
    events: int = 0
    until: datetime | None = None
    by_action: Mapping[str, int] = field(default_factory=dict)
    rights: tuple[RightsEvent, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """Return whose rights changed, each once, in order."""
        return tuple(dict.fromkeys(one.whose for one in self.rights))

    def as_dict(self) -> dict[str, Any]:
        """Return it for the record of the restore."""
        return {
            "source": self.source,
            "events": self.events,
            "until": self.until.isoformat() if self.until else None,
            "by_action": dict(self.by_action),
            "rights_changed": list(self.changed),
        }


def read_known(url: str) -> Known:
    """Return which events the restored system at ``url`` (the owner's address) has."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id FROM core.audit_event ORDER BY id DESC LIMIT %s", [NEAR]).fetchall()
    numbers = tuple(int(row[0]) for row in rows)
    return Known(max(numbers, default=0), numbers)


def read_lost(url: str, known: Known, source: str) -> Lost:
    """Return what the later system at ``url`` (the owner's address) has beyond ``known``."""
    beyond = "FROM core.audit_event WHERE id > %(first)s AND id <> ALL(%(near)s)"
    given = {
        "first": known.last - NEAR,
        "near": list(known.near),
        "kinds": list(KINDS),
        "not": list(COMINGS_AND_GOINGS),
    }
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        counts = connection.execute(
            f"SELECT action, count(*), max(at) {beyond} GROUP BY action ORDER BY action".encode(), given
        ).fetchall()
        changed = connection.execute(
            f"""SELECT at, action, object_kind, object, detail {beyond}
            AND object_kind = ANY(%(kinds)s) AND action <> ALL(%(not)s) ORDER BY id""".encode(),
            given,
        ).fetchall()
    return Lost(
        source,
        sum(int(row[1]) for row in counts),
        max((row[2] for row in counts), default=None),
        {str(row[0]): int(row[1]) for row in counts},
        tuple(RightsEvent(*row) for row in changed),
    )


def lost_by_the_archive(folder: BackupFolder, keyring: Keyring, room: Path, known: Known) -> Lost:
    """Return what the archive has beyond ``known``: it is replayed to its end in a scratch folder within ``room``.

    The folder holds the data in clear meanwhile, and goes whatever happens.
    """
    manifest = Manifest.read(folder, folder.labels()[-1], keyring.public_keys("receipt"))
    with scratch_room(".later-", room) as held:
        scratch = held / "later"
        built = rebuild(folder, manifest, keyring, scratch, Target())
        built.server.start()
        try:
            return read_lost(embedded_url(scratch, "owner", read_secrets(scratch)), known, "archive")
        finally:
            built.server.stop()


def withdraw_again(lost: Lost, now: datetime) -> tuple[str, ...]:
    """Take away again, in the database Django is connected to, what was taken away; return what was, in order.

    Nobody gets a right back by a restore, also where it was given again afterwards: that is for two officers to repeat.
    What the restored system does not know, or does not have to take, was made or given after the moment.
    """
    done = []
    for one in lost.rights:
        try:
            taken = _withdraw(one, now)
        except ChengxinError:
            continue
        if taken:
            done.append(f"{one.action} {one.object}")
    return tuple(dict.fromkeys(done))


def _withdraw(one: RightsEvent, now: datetime) -> bool:
    """Do again what ``one`` did where it took rights away; return whether it did."""
    actor, detail = operator(), one.detail
    if one.action == "officer.closed":
        CloseOfficer(actor, one.object, REASON, now).execute()
    elif one.action == "officer.duties_withdrawn":
        WithdrawDuties(actor, one.object, tuple(detail.get("roles", ())), REASON, now).execute()
    elif one.action == "client.withdrawn":
        WithdrawFromClient(
            actor, int(one.object), now, detail.get("operation", ""), detail.get("key", ""), REASON
        ).execute()
    elif one.action == "organisation.closed":
        CloseOrganisation(actor, one.object, REASON, now).execute()
    else:
        return False
    return True


def sentences(lost: Lost, again: tuple[str, ...]) -> tuple[str, str]:
    """Return what to say about it, in Chinese and in English."""
    if lost.source == "nobody":
        zh = (
            "恢复点之后发生了什么无从得知（现有系统没有应答，也没有更晚的日志）：请逐一核对全部经办人和接口调用方的权限"
        )
        en = (
            "nobody knows what happened after that moment (no live system, no later log): check the rights of every "
            "officer and client"
        )
    elif not lost.events:
        zh, en = "恢复点之后没有审计事件，没有丢失", "there are no events after that moment: nothing is lost"
    else:
        until = lost.until.isoformat() if lost.until else "—"
        zh = (
            f"恢复点之后的 {lost.events} 条审计事件（最后一条 {until}）不在恢复后的系统里。"
            f"此后收回的权限已再次收回 {len(again)} 项；权限有过变动、须逐一核对的：{'、'.join(lost.changed) or '—'}"
        )
        en = (
            f"{lost.events} events after that moment (the last at {until}) are not in the restored system. Rights "
            f"taken away since were taken away again ({len(again)}); changed since, to be checked: "
            f"{', '.join(lost.changed) or '-'}"
        )
    return zh, en
