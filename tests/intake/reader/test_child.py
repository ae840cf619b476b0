"""The throw-away process keeps no right it does not need."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from chengxin.intake.reader import DEFAULT
from chengxin.intake.reader.child import FAILED

CONFINED = """
import os, sys
from chengxin.intake.reader.child import confine, take_descriptors
import socket
source = os.open(sys.argv[1], os.O_RDONLY)
spool = os.open(sys.argv[2], os.O_RDWR)
take_descriptors(source, spool)
confine({memory}, {cpu}, {wall}, {output})
{body}
"""


def confined(tmp_path: Path, body: str, **limits: int) -> "subprocess.CompletedProcess[str]":
    """Run statements in a confined process."""
    for name in ("source", "spool"):
        (tmp_path / name).write_text("secret")
    bounds = {"memory": 1 << 30, "cpu": 20, "wall": 20, "output": 1 << 20} | limits
    code = CONFINED.format(body=textwrap.dedent(body), **bounds)
    return subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path / "source"), str(tmp_path / "spool")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_nothing_can_be_opened_connected_or_started(tmp_path: Path) -> None:
    result = confined(
        tmp_path,
        """
        def attempt(what):
            try:
                what()
            except OSError as error:
                return type(error).__name__
            return "allowed"
        print(attempt(lambda: open("/etc/passwd")))
        print(attempt(lambda: os.open("/etc/passwd", os.O_RDONLY)))
        print(attempt(lambda: socket.socket()))
        print(attempt(lambda: socket.create_connection(("127.0.0.1", 9))))
        print(attempt(os.fork))
        print(attempt(lambda: os.system("true")))
        print(attempt(os.pipe))
        print(os.pread(3, 6, 0).decode(), os.pread(4, 6, 0).decode())
        """,
    )
    *attempts, content = result.stdout.splitlines()
    assert len(attempts) == 7, result.stderr
    assert set(attempts) <= {"OSError", "PermissionError", "BlockingIOError"}
    assert content == "secret secret"


def test_memory_cpu_time_and_output_end_it(tmp_path: Path) -> None:
    memory = confined(tmp_path, "bytearray(1 << 30)", memory=400 << 20)
    assert "MemoryError" in memory.stderr
    assert confined(tmp_path, "while True: pass", cpu=1).returncode == -24
    assert confined(tmp_path, "import time; time.sleep(30)", wall=1).returncode == -14
    output = confined(tmp_path, "os.write(4, b'x' * 5000)\nos.write(4, b'y')", output=4096)
    assert "File too large" in output.stderr


def test_no_core_file_is_left(tmp_path: Path) -> None:
    result = confined(tmp_path, "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    assert result.stdout.strip() == "(0, 0)"


def order(source: int, spool: int, **changes: object) -> str:
    return json.dumps(
        {
            "source": source,
            "spool": spool,
            "kind": "csv",
            "encoding": "auto",
            "limits": DEFAULT.to_json(),
            "cpu": 10,
            "wall": 20,
            "output": 1 << 20,
        }
        | changes
    )


def run(source: int, spool: int, **changes: object) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-I", "-m", "chengxin.intake.reader.child", order(source, spool, **changes)],
        pass_fds=(source, spool),
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_answer_is_one_json_object() -> None:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
        source.write("名称\n甲\n".encode())
        source.flush()
        result = run(source.fileno(), spool.fileno())
        assert (result.returncode, result.stderr) == (0, b"")
        assert json.loads(result.stdout)["reading"]["header"] == ["名称"]
        assert os.pread(spool.fileno(), 99, 0) == '2,"","","甲"\n'.encode()


def test_a_refusal_is_an_answer_too() -> None:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
        source.write(b"a,a\n1,2\n")
        source.flush()
        result = run(source.fileno(), spool.fileno())
        assert result.returncode == 0
        assert json.loads(result.stdout)["refused"]["code"] == "header_duplicate"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_failure_of_the_machine_is_told_apart() -> None:
    with tempfile.TemporaryFile() as source, Path("/dev/full").open("wb") as spool:
        source.write(b"a\n1\n")
        source.flush()
        result = run(source.fileno(), spool.fileno())
        assert result.returncode == FAILED
        assert "failed" in json.loads(result.stdout)
