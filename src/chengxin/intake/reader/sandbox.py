"""The parent's side: judge by content, start the child, believe nothing but its answer."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from chengxin.intake.reader.content import inspect
from chengxin.intake.reader.decoding import ENCODINGS
from chengxin.intake.reader.limits import DEFAULT, Limits
from chengxin.intake.reader.outcome import FileRefused, Kind, ReaderFailed, Reading, codes

_CHILD = "chengxin.intake.reader.child"
_KEPT_VARIABLES = ("LD_LIBRARY_PATH",)


def read_table(source: Path, spool: Path, *, encoding: str = "auto", limits: Limits = DEFAULT) -> Reading:
    """Read a hostile file into a spool of rows; see :mod:`chengxin.intake.reader.spool` for its form.

    Args:
        source: The file as it was received; its name is not looked at.
        spool: File to write, readable by this account only; removed when the reading fails.
        encoding: ``auto``, or what the officer chose after the preview: ``utf-8``, ``utf-8-sig``, ``gb18030``
            or ``utf-16``. A workbook ignores it.
        limits: Bounds of the reading.

    Returns:
        Header, encoding, number of rows and notices.

    Raises:
        FileRefused: The file cannot be taken in, with what, where and what to do.
        ReaderFailed: The reader could not work; nothing is said about the file.
        ValueError: Unknown encoding.
        OSError: The source cannot be opened or the spool cannot be created.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding {encoding!r}; one of {', '.join(ENCODINGS)}")
    source_fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        kind = inspect(source_fd, limits)
        spool_fd = os.open(spool, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            return _run_again(source_fd, spool_fd, kind, encoding, limits)
        finally:
            os.close(spool_fd)
    except BaseException:
        spool.unlink(missing_ok=True)
        raise
    finally:
        os.close(source_fd)


class _Killed(Exception):
    """The child died of SIGKILL: of its file, of a machine out of memory, or of somebody's hand."""


def _run_again(source_fd: int, spool_fd: int, kind: Kind, encoding: str, limits: Limits) -> Reading:
    """Read; a child that was killed is started once more, because most of what kills is not the file."""
    try:
        return _run(source_fd, spool_fd, kind, encoding, limits)
    except _Killed:
        os.ftruncate(spool_fd, 0)
        for one in (source_fd, spool_fd):
            os.lseek(one, 0, os.SEEK_SET)
    try:
        return _run(source_fd, spool_fd, kind, encoding, limits)
    except _Killed:
        raise FileRefused("reader_died", signal=int(signal.SIGKILL)) from None


def _run(source_fd: int, spool_fd: int, kind: Kind, encoding: str, limits: Limits) -> Reading:
    size = os.fstat(source_fd).st_size
    wall = limits.wall_for(kind, size)
    order = {
        "source": source_fd,
        "spool": spool_fd,
        "kind": kind,
        "encoding": encoding,
        "limits": limits.to_json(),
        "cpu": limits.cpu_for(kind, size),
        "wall": wall,
        "output": limits.spool_for(kind),
    }
    process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
        [sys.executable, "-I", "-m", _CHILD, json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(source_fd, spool_fd),
        start_new_session=True,
        cwd="/",
        env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
    )
    try:
        answer, _ = process.communicate(timeout=wall)
    except subprocess.TimeoutExpired:
        raise FileRefused("limit_wall", limit=wall) from None
    finally:
        _end_group(process)
    if process.returncode == -signal.SIGKILL:
        raise _Killed
    if process.returncode < 0:
        raise _death(-process.returncode, limits.cpu_for(kind, size), wall)
    return _outcome(process.returncode, answer)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill whatever is left of the child's session; the group may be gone already."""
    with process:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _death(number: int, cpu: int, wall: int) -> FileRefused | ReaderFailed:
    """What a death by signal means."""
    if number == signal.SIGXCPU:
        return FileRefused("limit_cpu", limit=cpu)
    if number == signal.SIGALRM:
        return FileRefused("limit_wall", limit=wall)
    if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return ReaderFailed(f"the reader was stopped by signal {number}")
    return FileRefused("reader_died", signal=number)


def _outcome(status: int, answer: bytes) -> Reading:
    """The child's answer as a reading or an exception; a wrong shape is the reader's failure."""
    try:
        told: dict[str, Any] = json.loads(answer)
        if status == 0 and "reading" in told:
            return Reading.from_json(told["reading"])
        refusal = FileRefused.from_json(told["refused"]) if status == 0 else None
    except (ValueError, KeyError, TypeError) as error:
        raise ReaderFailed(f"the reader gave no answer (status {status})") from error
    if refusal is None or refusal.code not in codes("refusal"):
        raise ReaderFailed(f"the reader failed (status {status}): {told}")
    raise refusal
