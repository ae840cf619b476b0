"""The throw-away process that touches the content of a hostile file.

Started as ``python -I -m chengxin.intake.reader.child ORDER``, where ORDER is JSON. It gives up every right
it does not need before the first byte is read: limits on memory, time, output and descriptors, no core file,
no new process, no network. When it dies, nothing else does.
"""

import codecs
import contextlib
import ctypes
import fcntl
import gc
import json
import os
import resource
import signal
import sys
from typing import Any, NoReturn

from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused
from chengxin.intake.reader.parse import parse

_SOURCE_FD, _SPOOL_FD = 3, 4
_FIRST_FREE_FD = 5
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CODECS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp437", "ascii", "latin-1")
FAILED = 70  # EX_SOFTWARE: the reader failed, the file is not to blame


def main(arguments: list[str]) -> int:
    """Read one file and answer on standard output.

    Args:
        arguments: One JSON object: ``source`` and ``spool`` (descriptors), ``kind``, ``encoding``,
            ``limits``, ``cpu``, ``wall`` and ``output`` (seconds, seconds, bytes).

    Returns:
        0 with ``{"reading": …}`` or ``{"refused": …}`` on standard output, 70 with ``{"failed": …}``.
    """
    order: dict[str, Any] = json.loads(arguments[0])
    limits = Limits.from_json(order["limits"])
    take_descriptors(order["source"], order["spool"])
    confine(limits.address_space_bytes, order["cpu"], order["wall"], order["output"])
    gc.disable()  # the process is short and makes no cycles; collecting cost 1 s of 11 for a million rows
    status = 0
    try:
        reading = parse(_SOURCE_FD, _SPOOL_FD, order["kind"], order["encoding"], limits)
        answer: dict[str, Any] = {"reading": reading.to_json()}
    except FileRefused as refusal:
        answer = {"refused": refusal.to_json()}
    except OSError as error:
        answer, status = {"failed": f"{type(error).__name__} {error.errno}"}, FAILED
    os.write(1, json.dumps(answer).encode())
    return status


def take_descriptors(source: int, spool: int) -> None:
    """Move the two files to fixed descriptors, so that no free number is left below the limit."""
    source = fcntl.fcntl(source, fcntl.F_DUPFD, 64)
    spool = fcntl.fcntl(spool, fcntl.F_DUPFD, 64)
    os.dup2(source, _SOURCE_FD)
    os.dup2(spool, _SPOOL_FD)
    os.closerange(_FIRST_FREE_FD, max(source, spool) + 1)


def confine(memory: int, cpu: int, wall: int, output: int) -> None:
    """Give up rights for good; after this nothing can be opened, so codecs are loaded first.

    Args:
        memory: Address space, bytes.
        cpu: CPU seconds; SIGXCPU ends the process.
        wall: Wall seconds; SIGALRM ends the process even when its parent is gone.
        output: Largest file it may write, bytes.
    """
    for name in _CODECS:
        codecs.lookup(name)
    _leave_network()
    bounds = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_FSIZE: (output, output),
        resource.RLIMIT_NPROC: (0, 0),
        # every number below is taken: the kernel refuses any further file or socket
        resource.RLIMIT_NOFILE: (_FIRST_FREE_FD, _FIRST_FREE_FD),
    }
    for bound, wanted in bounds.items():
        hard = resource.getrlimit(bound)[1]
        ceiling = [value if hard == resource.RLIM_INFINITY else min(value, hard) for value in wanted]
        resource.setrlimit(bound, (ceiling[0], ceiling[1]))
    signal.alarm(wall)


def _leave_network() -> None:
    """Move to an empty network where the kernel allows it; the descriptor limit holds anyway."""
    sys.addaudithook(_no_sockets)
    with contextlib.suppress(AttributeError):  # a C library without unshare
        unshare = ctypes.CDLL(None).unshare
        if unshare(_CLONE_NEWNET) != 0:
            unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _no_sockets(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.system")):
        _forbid(event)


def _forbid(event: str) -> NoReturn:
    raise PermissionError(event)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
