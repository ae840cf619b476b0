"""Processes start, answer, are watched, and stop together."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chengxin.base.errors import ChengxinError
from chengxin.cli import supervision
from chengxin.cli.frame import interruptible
from chengxin.cli.supervision import ProcessEnded, Program, Supervisor, answers, require_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2])); self.end_headers()
    def log_message(self, *_): pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(folder: Path, name: str, code: str, *arguments: str, port: int = 0) -> Program:
    return Program(name, (sys.executable, "-c", code, *arguments), dict(os.environ), folder / f"{name}.log", port)


@contextmanager
def supervised() -> Iterator[Supervisor]:
    made = Supervisor()
    try:
        yield made
    finally:
        made.stop()


def nothing(_label: str, _done: int, _total: int) -> None:
    return


def test_a_program_is_ready_when_it_answers(tmp_path: Path) -> None:
    port = free_port()
    told: list[tuple[int, int]] = []
    with supervised() as held:
        held.start(program(tmp_path, "end", SERVER, str(port), "404", port=port))
        held.start(program(tmp_path, "worker", SLEEPER))
        held.wait_until_ready(lambda _label, done, total: told.append((done, total)))
        assert answers(port)
    assert told[-1] == (1, 1)
    assert not answers(port)


def test_a_server_that_only_fails_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "PATIENCE", 1.0)
    port = free_port()
    with supervised() as held:
        held.start(program(tmp_path, "end", SERVER, str(port), "503", port=port))
        with pytest.raises(ProcessEnded, match="迟迟没有响应"):
            held.wait_until_ready(nothing)


def test_when_one_program_ends_the_watch_says_which_and_why(tmp_path: Path) -> None:
    with supervised() as held:
        held.start(program(tmp_path, "office", SLEEPER))
        held.start(program(tmp_path, "worker", "import sys; sys.exit('找不到表')"))
        with pytest.raises(ProcessEnded) as caught:
            held.watch()
    assert "进程 worker 意外退出" in caught.value.message_zh
    assert "找不到表" in caught.value.message_zh
    assert caught.value.where == "worker"


def test_a_program_that_ends_before_it_answers_is_told_at_once(tmp_path: Path) -> None:
    begun = time.monotonic()
    with supervised() as held:
        held.start(program(tmp_path, "api", "raise SystemExit(1)", port=free_port()))
        with pytest.raises(ProcessEnded, match="api"):
            held.wait_until_ready(nothing)
    assert time.monotonic() - begun < supervision.PATIENCE / 2


def test_stopping_ends_every_program(tmp_path: Path) -> None:
    held = Supervisor()
    for name in ("public", "office", "api"):
        held.start(program(tmp_path, name, SLEEPER))
    started = list(held.running.values())
    held.stop()
    assert [one.poll() is not None for one in started] == [True, True, True]
    assert held.running == {}


def test_a_program_deaf_to_sigterm_is_killed_after_its_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "GRACE", 0.5)
    held = Supervisor()
    held.start(program(tmp_path, "deaf", STUBBORN))
    process = held.running["deaf"]
    until = time.monotonic() + 20
    while "deaf" not in (tmp_path / "deaf.log").read_text() and time.monotonic() < until:
        time.sleep(0.02)
    held.stop()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN])
def test_ctrl_c_ends_the_watch_also_where_a_shell_had_it_ignored(tmp_path: Path, before: signal.Handlers) -> None:
    """A shell that starts a program in the background lets it ignore SIGINT: commands listen all the same."""
    held_before = signal.signal(signal.SIGINT, before)
    try:
        with supervised() as held:
            held.start(program(tmp_path, "public", SLEEPER))
            # Sent by the watch itself: a timer could fire before it has begun.
            held.require = lambda: os.kill(os.getpid(), signal.SIGINT)
            with pytest.raises(KeyboardInterrupt), interruptible():
                held.watch()
            assert held.running["public"].poll() is None, "Ctrl-C is for the supervisor to hear"
        assert held.running == {}
        assert signal.getsignal(signal.SIGINT) == before
    finally:
        signal.signal(signal.SIGINT, held_before)


def test_a_program_does_not_hear_the_ctrl_c_meant_for_its_supervisor(tmp_path: Path) -> None:
    with supervised() as held:
        held.start(program(tmp_path, "public", SLEEPER))
        assert os.getpgid(held.running["public"].pid) != os.getpgid(os.getpid())


def test_what_a_program_says_is_kept_in_its_log(tmp_path: Path) -> None:
    with supervised() as held:
        held.start(program(tmp_path, "worker", "import sys; print('out'); print('err', file=sys.stderr)"))
        held.running["worker"].wait()
    assert sorted((tmp_path / "worker.log").read_text().split()) == ["err", "out"]


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(ChengxinError) as caught:
            require_free({"public": free_port(), "office": port})
    assert caught.value.code == "port_taken"
    assert f"端口 {port}（office）" in caught.value.message_zh
    assert "--ports" in caught.value.message_zh
    assert "--ports" in caught.value.message_en


def test_a_port_left_a_moment_ago_is_free_again() -> None:
    port = free_port()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        server.bind(("127.0.0.1", port))
        server.listen()
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0] as accepted:
            accepted.close()
    assert require_free({"public": port}) is None  # type: ignore[func-returns-value]


def test_a_program_that_restarts_comes_back_with_the_others_undisturbed(tmp_path: Path) -> None:
    with supervised() as held:
        held.start(program(tmp_path, "worker", SLEEPER))
        held.start(replace(program(tmp_path, "keeper", SLEEPER), restarts=True))
        worker, keeper = held.running["worker"].pid, held.running["keeper"].pid
        os.kill(keeper, signal.SIGKILL)
        until = time.monotonic() + 10
        while held.running["keeper"].pid == keeper and time.monotonic() < until:
            held.check()
            time.sleep(0.05)
        assert held.running["keeper"].pid != keeper
        assert held.running["keeper"].poll() is None
        assert held.running["worker"].pid == worker


def test_a_program_that_restarts_and_never_lives_ends_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "RESTART_EVERY", 0.0)
    with supervised() as held:
        held.start(replace(program(tmp_path, "keeper", "raise SystemExit(1)"), restarts=True))
        with pytest.raises(ProcessEnded, match="keeper"):
            held.watch()
    assert len(held.starts["keeper"]) == supervision.SHORT_LIVES


SERVER_WITH_A_CHILD = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(str(os.getppid()).encode())
    def log_message(self, *_): pass
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
if os.fork():
    os.wait()
server.serve_forever()
"""
"""As gunicorn does: a parent that waits, and a child that serves on the port the parent opened."""


def parent_of(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return int(answer.read())


def until(true: Callable[[], bool], held: Supervisor, seconds: float = 20) -> None:
    """Let the supervisor look until something is true."""
    late = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < late
        held.check()
        time.sleep(0.05)


def test_an_end_that_is_killed_comes_back_on_its_port_and_the_others_stay(tmp_path: Path) -> None:
    port = free_port()
    with supervised() as held:
        held.start(program(tmp_path, "worker", SLEEPER))
        held.start(replace(program(tmp_path, "api", SERVER_WITH_A_CHILD, str(port), port=port), restarts=True))
        held.wait_until_ready(nothing)
        first, worker = parent_of(port), held.running["worker"].pid
        assert first == held.running["api"].pid
        os.kill(first, signal.SIGKILL)  # its child lives, and holds the port
        until(lambda: held.running["api"].pid != first, held)
        held.wait_until_ready(nothing)
        assert parent_of(port) == held.running["api"].pid != first
        assert held.running["worker"].pid == worker


def test_an_end_that_never_answered_is_not_tried_again(tmp_path: Path) -> None:
    with supervised() as held:
        held.start(replace(program(tmp_path, "api", "raise SystemExit('坏了')", port=free_port()), restarts=True))
        with pytest.raises(ProcessEnded, match="坏了"):
            held.wait_until_ready(nothing)
        assert len(held.starts["api"]) == 1


def test_a_program_killed_by_its_supervisor_is_started_again_and_one_that_is_not_there_is_no_matter(
    tmp_path: Path,
) -> None:
    with supervised() as held:
        held.start(replace(program(tmp_path, "worker", SLEEPER), restarts=True))
        first = held.running["worker"]
        held.kill("worker")
        assert first.poll() == -signal.SIGKILL
        held.kill("worker")
        held.kill("nobody")
        until(lambda: held.running["worker"].pid != first.pid, held)
        assert held.running["worker"].poll() is None
