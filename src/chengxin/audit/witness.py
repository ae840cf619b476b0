"""Witnesses: places outside the database that keep checkpoints and refuse a second history.

A witness compares what it is shown with the last checkpoint it keeps: the same log, not smaller, not another root for
the same size, and proven to continue what it has. It needs no access to the platform. One is a file that is only added
to, the other answers over HTTP and signs what it accepted with a key of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chengxin.audit.checkpoint import Checkpoint, NoCheckpoint, read_checkpoint
from chengxin.audit.tree import TreeHash, continues
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from typing import IO

    from chengxin.crypto import PublicKey

Prove = "Callable[[int], Sequence[bytes]]"
LARGEST = 65_536
"""Bytes of an answer that are read from a witness."""


class WitnessRefuses(ChengxinError):
    """A witness keeps a checkpoint that contradicts this one; ``code`` says how. Somebody has to look at once."""


class WitnessAway(ChengxinError):
    """A witness cannot be reached or written at the moment."""


class Witness(Protocol):
    """Keeps checkpoints outside the database."""

    @property
    def name(self) -> str:
        """Return the path or address under which its answers are filed."""
        ...

    def show(self, checkpoint: Checkpoint, prove: Callable[[int], Sequence[bytes]], now: datetime) -> str:
        """Have ``checkpoint`` kept and return the witness's answer.

        ``prove`` gives the proof that the checkpoint's tree continues the one of a given size. Raises
        ``WitnessRefuses`` and ``WitnessAway``.
        """
        ...


def require_continuation(last: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Return when ``new`` continues ``last``; raise ``WitnessRefuses`` with what is wrong otherwise."""
    if last is None:
        return
    if new.origin != last.origin or new.hash != last.hash:
        raise _refusal("other_log", new, last, "属于另一份审计日志", "belongs to another log")
    if new.size < last.size or new.number < last.number:
        raise _refusal("tree_shrank", new, last, "比已见证的小", "is smaller than what was witnessed")
    if new.size == last.size and new.root != last.root:
        raise _refusal("split_view", new, last, "同样大小却有另一个根", "has another root for the same size")
    if new.number == last.number and new.note() != last.note():
        raise _refusal("split_view", new, last, "同一编号却有另一份内容", "has another text for the same number")
    if not continues(TreeHash(new.hash), (last.size, last.root), (new.size, new.root), proof):
        raise _refusal("not_a_continuation", new, last, "不是已见证内容的延续", "does not continue what was witnessed")


def _refusal(code: str, new: Checkpoint, last: Checkpoint, zh: str, en: str) -> WitnessRefuses:
    return WitnessRefuses(
        code,
        f"见证方拒绝检查点 {new.number}（{new.size} 条）：{zh}（已见证 {last.number}，{last.size} 条）。"
        "请保留现场，运行 chengxin audit verify，并报告安全管理员",
        f"the witness refuses checkpoint {new.number} ({new.size} events): it {en} (number {last.number}, {last.size} "
        "events). Keep everything as it is, run chengxin audit verify, and tell the security officer",
        where=str(new.number),
    )


@dataclass(frozen=True)
class FileWitness:
    """A text file that is only added to: one JSON object a line with the checkpoint's text and when it came.

    Every line is on the disk before the answer is given. The file may lie on another machine's disk or a write-once
    medium; two writers take turns by a lock on it. ``keys`` are the log's public keys, checked where they are given.
    """

    path: Path
    keys: tuple[PublicKey, ...] = ()

    @property
    def name(self) -> str:
        """Return the path."""
        return str(self.path)

    def show(self, checkpoint: Checkpoint, prove: Callable[[int], Sequence[bytes]], now: datetime) -> str:
        """Add the checkpoint, unless it is the last line already; see ``Witness``."""
        if self.keys:
            checkpoint.require_signature(self.keys)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                last = _last(file)
                if last is not None and last.note() == checkpoint.note():
                    return "kept"
                proof = prove(last.size) if last is not None and 0 < last.size < checkpoint.size else []
                require_continuation(last, checkpoint, proof)
                line = json.dumps({"at": now.isoformat(), "note": checkpoint.note()}, ensure_ascii=False)
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _away(self.name, error.strerror or "") from error
        return "kept"

    def checkpoints(self) -> Iterable[Checkpoint]:
        """Yield what the file keeps, oldest first; raise ``NoCheckpoint`` for a line that is none."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                yield _read_line(line)

    def last(self) -> Checkpoint | None:
        """Return the last checkpoint; None where there is none."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            return _last(file)


def _last(file: IO[bytes]) -> Checkpoint | None:
    """Return the checkpoint of the last line, reading from the end; a half line of a crash is no line."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return None
    start = max(0, size - 2 * LARGEST)
    file.seek(start)
    held = file.read()
    whole, newline, rest = held.rpartition(b"\n")
    if rest:  # the machine stopped within a line: nobody was told that it is kept
        file.truncate(start + len(whole) + len(newline))
    lines = whole.splitlines()
    return _read_line(lines[-1]) if lines else None


def _read_line(line: bytes) -> Checkpoint:
    try:
        return read_checkpoint(str(json.loads(line)["note"]))
    except (ValueError, KeyError, TypeError):
        raise NoCheckpoint(
            "witness_damaged",
            "见证文件中有一行不是检查点，请保留该文件并报告安全管理员",
            "a line of the witness's file is no checkpoint: keep the file and tell the security officer",
        ) from None


def _away(name: str, why: str) -> WitnessAway:
    return WitnessAway(
        "witness_away",
        f"见证方 {name} 无法写入或没有应答（{why}），请检查其磁盘或网络",
        f"the witness {name} cannot be written or does not answer ({why}): check its disk or the network",
        where=name,
    )


@dataclass(frozen=True)
class HttpWitness:
    """A witness on another machine, reached at ``address`` (``https://witness.example/``); see ``witness_app``."""

    address: str
    seconds: float

    @property
    def name(self) -> str:
        """Return the address."""
        return self.address

    def show(self, checkpoint: Checkpoint, prove: Callable[[int], Sequence[bytes]], now: datetime) -> str:  # noqa: ARG002 - it has a clock of its own
        """Ask how far the witness is, and hand the checkpoint in with the proof from there; return its signature."""
        latest = self._ask("latest", None)
        old = int(latest.get("size", 0))
        proof = prove(old) if 0 < old < checkpoint.size else []
        body = {"note": checkpoint.note(), "proof": [one.hex() for one in proof]}
        return str(self._ask("checkpoints", json.dumps(body).encode())["signature"])

    def _ask(self, path: str, body: bytes | None) -> dict[str, Any]:
        address = f"{self.address.rstrip('/')}/{path}"
        asked = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - set by the operator
        try:
            with urllib.request.urlopen(asked, timeout=self.seconds) as answer:  # noqa: S310 - the same
                held = json.loads(answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except (OSError, ValueError) as error:
            raise _away(self.address, str(getattr(error, "reason", "") or type(error).__name__)) from error
        if not isinstance(held, dict):
            raise _away(self.address, "JSON")
        return held

    def _refused(self, error: urllib.error.HTTPError) -> ChengxinError:
        try:
            held = json.loads(error.read(LARGEST))
            code, zh, en = (str(held[key]) for key in ("code", "message", "message_en"))
        except (ValueError, KeyError, TypeError):
            return _away(self.address, f"HTTP {error.code}")
        kind = WitnessRefuses if error.code == CONFLICT else WitnessAway
        return kind(code, zh, en, where=self.address)


CONFLICT = 409
"""HTTP status of a refusal (RFC 9110, 15.5.10)."""


def witness_at(place: str, seconds: float, keys: tuple[PublicKey, ...] = ()) -> Witness:
    """Return the witness at ``place``: an address that begins with http, or the path of a file."""
    if place.startswith(("http://", "https://")):
        return HttpWitness(place, seconds)
    return FileWitness(Path(place), keys)
