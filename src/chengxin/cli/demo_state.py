"""What a finished demo leaves beside its data, so that the next run can serve at once without asking the database."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "demo-state.json"

COUNTS = {
    "lines": "行数\nlines",
    "accepted": "新增\naccepted",
    "updated": "更新\nupdated",
    "duplicate": "重复\nduplicate",
    "quarantined": "退回\nreturned",
    "linked": "已关联\nlinked",
    "unlinked": "未关联\nunlinked",
}
"""Columns of the table of receipts, by the receipt's part."""


@dataclass(frozen=True)
class Line:
    """One line of the table of receipts; ``counts`` by the keys of ``COUNTS``."""

    file: str
    organisation: str
    counts: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class LogIn:
    """One officer of the demo, with the password in clear: it opens invented data only."""

    username: str
    password: str
    name: str
    organisation: str
    role: str


@dataclass(frozen=True)
class Access:
    """What the demo prints for trying it: officers, and the token of one organisation's API client (ISO 8601 end)."""

    officers: tuple[LogIn, ...]
    token: str
    client_organisation: str
    token_until: str


@dataclass(frozen=True)
class State:
    """A finished demo: what it was made of and what it prints."""

    seed: int
    bodies: int
    lines: tuple[Line, ...]
    access: Access


def fingerprint(folder: Path, city: str) -> str:
    """Return a digest of all that a finished demo rests on: this cluster, this city, these tables and rights.

    The file ``PG_VERSION`` is written once, when a cluster is made: its time tells one cluster from another.
    """
    version = folder / "postgres" / "PG_VERSION"
    made = version.stat().st_mtime_ns if version.exists() else 0
    digest = hashlib.sha256(f"{made} {city}".encode())
    for path in sorted(_schema_files()):
        digest.update(str(path.name).encode() + path.read_bytes())
    return digest.hexdigest()


def _schema_files() -> Iterable[Path]:
    package = Path(str(resources.files("chengxin")))
    for pattern in ("*/migrations/*.py", "ends/*/migrations/*.py", "*/*.sql", "ends/*/*.sql", "base/cities/*.yaml"):
        yield from package.glob(pattern)


def read_state(folder: Path, city: str, now: datetime) -> State | None:
    """Return the finished demo of ``folder``; None when there is none, or something it rests on has changed."""
    path = folder / FILE
    if not path.exists():
        return None
    held = json.loads(path.read_text(encoding="utf-8"))
    if held["fingerprint"] != fingerprint(folder, city):
        return None
    access = held["access"]
    if datetime.fromisoformat(access["token_until"]) <= now:
        return None
    officers = tuple(LogIn(**one) for one in access.pop("officers"))
    lines = tuple(Line(**one) for one in held["lines"])
    return State(held["seed"], held["bodies"], lines, Access(officers=officers, **access))


def write_state(folder: Path, city: str, state: State) -> None:
    """Keep ``state`` (mode 0600: it holds the demo's passwords)."""
    write_private(folder / FILE, {"fingerprint": fingerprint(folder, city), **asdict(state)})


def write_private(path: Path, held: object) -> None:
    """Write ``held`` as JSON that only the installing user can read, all of it or nothing."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(held, out, ensure_ascii=False, indent=1)
    part.replace(path)


def receipts_table(lines: Iterable[Line]) -> Table:
    """Return the receipts as a table with a last line of sums."""
    shown = tuple(lines)
    table = Table(title="回执 Receipts", show_footer=True)
    table.add_column("文件\nfile", footer="合计 total", overflow="fold")
    table.add_column("单位\norganisation", overflow="fold")
    for name, head in COUNTS.items():
        table.add_column(head, footer=f"{sum(one.counts[name] for one in shown):,}", justify="right")
    table.add_column("秒\nseconds", footer=f"{sum(one.seconds for one in shown):.1f}", justify="right")
    for one in shown:
        table.add_row(one.file, one.organisation, *(f"{one.counts[name]:,}" for name in COUNTS), f"{one.seconds:.1f}")
    return table
