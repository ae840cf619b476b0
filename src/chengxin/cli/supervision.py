"""Start the processes of an installation, wait until they answer, watch them, and stop them in order."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from chengxin.cli.frame import Report

LOOK = 0.1
"""Seconds between two looks at the processes."""

GRACE = 15.0
"""Seconds a process gets to finish its requests after SIGTERM; what still runs then is killed."""

PATIENCE = 60.0
"""Seconds a process gets to answer its first request."""

SERVER_TROUBLE = 500
"""HTTP status from which an answer means that the process is not ready (RFC 9110, 15.6)."""


RESTART_EVERY = 1.0
"""Seconds between two starts of a program that is started again."""

SHORT_LIVES = 5
"""After so many starts without living for ``PATIENCE`` a program that is started again counts as broken."""


@dataclass(frozen=True)
class Program:
    """A process to run: its arguments, its whole environment, and the port on which it answers (0 for none).

    One that ``restarts`` is started again when it ends by itself: the others go on meanwhile. That begins once the
    whole has been ready; what ends before it ever answered is broken, and trying again would only hide why.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    port: int = 0
    restarts: bool = False


class ProcessEnded(ChengxinError):
    """A process ended that nobody had stopped."""


@dataclass
class Supervisor:
    """Runs programs together: one that restarts is started again by itself, another takes all of them along."""

    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)
    require: Callable[[], None] | None = None
    """Mends what is no program of ours but what all of them rest on, the database, or raises when it cannot."""

    def start(self, program: Program) -> None:
        """Start ``program`` on a leash, in a session of its own: Ctrl-C is for the supervisor to hear."""
        with program.log.open("ab") as log:
            self.running[program.name] = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                [sys.executable, "-m", "chengxin.cli.leash", str(os.getpid()), *program.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(program.environment),
                start_new_session=True,
            )  # fmt: skip
        self.programs[program.name] = program
        self.starts.setdefault(program.name, []).append(time.monotonic())

    def wait_until_ready(self, report: Report) -> None:
        """Return once every program with a port answers; raise ``ChengxinError`` when one ends or stays silent."""
        waiting = [one for one in self.programs.values() if one.port]
        whole, until = len(waiting), time.monotonic() + PATIENCE
        while waiting:
            self.check(mend=False)
            waiting = [one for one in waiting if not answers(one.port)]
            report("启动服务 starting", whole - len(waiting), whole)
            if waiting and time.monotonic() > until:
                raise _trouble(waiting[0], "迟迟没有响应", "does not answer")
            if waiting:
                time.sleep(LOOK)

    def check(self, *, mend: bool = True) -> None:
        """Start again what restarts; raise ``ProcessEnded`` when another program, or the database, has gone.

        Without ``mend`` a program that has a port is not started again either.
        """
        if self.require is not None:
            self.require()
        for name, process in tuple(self.running.items()):
            if not _ended(process):
                continue
            program, now = self.programs[name], time.monotonic()
            recent = self.starts[name] = [start for start in self.starts[name] if now - start < PATIENCE]
            hopeless = len(recent) >= SHORT_LIVES or (program.port and not mend)
            if not program.restarts or hopeless:
                raise _trouble(program, "意外退出", "ended unexpectedly")
            if not recent or now - recent[-1] >= RESTART_EVERY:
                self.start(program)

    def kill(self, name: str) -> None:
        """Kill a program with everything in its session; one that restarts is started again by the next look."""
        process = self.running.get(name)
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def watch(self) -> None:
        """Look after the programs until one ends by itself (``ProcessEnded``) or a signal ends the watch."""
        while True:
            self.check()
            time.sleep(LOOK)

    def stop(self) -> None:
        """Stop every program: SIGTERM to all, time to finish, then SIGKILL to the whole session."""
        with undisturbed():
            for process in self.running.values():
                if process.poll() is None:
                    process.terminate()
            until = time.monotonic() + GRACE
            for process in self.running.values():
                try:
                    process.wait(max(0.0, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            self.running.clear()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a program has ended, and kill what it left behind in its session.

    The children of a server that was killed hold its port for seconds, and the next one could not begin.
    """
    if process.poll() is None:
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return True


def _trouble(program: Program, zh: str, en: str) -> ProcessEnded:
    lines = program.log.read_text(encoding="utf-8", errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "—")
    return ProcessEnded(
        "process_ended",
        f"进程 {program.name} {zh}，其余进程已停止；日志 {program.log} 的最后一行：{last}",
        f"the process {program.name} {en}, the others were stopped; the last line of {program.log} is above",
        where=program.name,
    )


def answers(port: int) -> bool:
    """Return whether the process behind ``port`` serves requests: any HTTP answer that is no server error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"User-Agent": "chengxin"})
        return connection.getresponse().status < SERVER_TROUBLE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def require_free(ports: Mapping[str, int]) -> None:
    """Raise ``ChengxinError`` naming the first of ``ports`` (name -> port) that something else listens on."""
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ChengxinError(
                    "port_taken",
                    f"端口 {port}（{name}）不能使用（{error.strerror}），"
                    "请停止占用它的程序，或用 --ports 公示端,政务端,接口端 换一组端口",
                    f"port {port} ({name}) cannot be used ({error.strerror}): stop what uses it, or choose others with "
                    "--ports PUBLIC,OFFICE,API",
                    where=str(port),
                ) from error
