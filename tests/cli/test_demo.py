"""The demo: from nothing to a running platform; again, and it serves at once; broken off, and it goes on."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from chengxin.base.config import database_url as address
from chengxin.base.embedded import EmbeddedServer

if TYPE_CHECKING:
    from typing import Self

BODIES = "30"
PATIENCE = 120.0
TABLES = (
    "core.records_record", "core.subjects_subject", "core.intake_batch", "core.accounts_organisation",
    "core.accounts_officer", "core.accounts_apiclient", "publication.fact", "publication.body_name",
    "core.conversion_feed", "core.conversion_pair", "core.conversion_conflict", "core.conversion_request",
    "core.records_linkproposal", "core.subjects_relation",
)  # fmt: skip
NOW = "2026-03-02T10:00:00+08:00"


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_"))}
    return kept | {"CHENGXIN_DATA": str(folder), "CHENGXIN_NOW": NOW}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "chengxin.cli.main", *arguments]


def prepare(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("demo", "--no-serve", "--bodies", BODIES),
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE * 2,
    )


def contents(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return what a demo's database holds, by counts that do not depend on when it was filled."""
    monkeypatch.setenv("CHENGXIN_DATA", str(folder))
    server = EmbeddedServer(folder)
    server.start()
    try:
        with psycopg.connect(address("owner")) as connection:
            counted = {}
            for table in TABLES:
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
                row = connection.execute(query).fetchone()
                assert row is not None
                counted[table] = row[0]
            states = connection.execute(
                "SELECT item, state, receipt ->> 'lines', receipt ->> 'accepted' FROM core.intake_batch ORDER BY sha256"
            ).fetchall()
    finally:
        server.stop()
    return {**counted, "batches": states}


@pytest.fixture(scope="module")
def made(installation: Path) -> subprocess.CompletedProcess[str]:
    done = prepare(installation)
    assert done.returncode == 0, done.stderr
    return done


def free_ports() -> tuple[int, int, int]:
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    first, second, third = (int(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    return first, second, third


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


class Demo:
    """A demo that serves; ``children`` are the processes it started itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports()
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            command("demo", "--ports", ",".join(map(str, self.ports))),
            env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if "Ctrl-C" in line:
                break
        self.seconds = time.monotonic() - self.begun
        if "Ctrl-C" not in self.said[-1]:
            pytest.fail("".join(self.said) + self.process.communicate(timeout=60)[1])
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=60)

    def end(self) -> int:
        """Wait for the demo to end, and for every process it had; return its exit code."""
        self.process.communicate(timeout=60)
        _, left = psutil.wait_procs(self.children, timeout=30)
        assert left == []
        return self.process.returncode

    def database_is_down(self, seconds: float = 30.0) -> bool:
        server = EmbeddedServer(self.folder)
        until = time.monotonic() + seconds
        while server.running() and time.monotonic() < until:
            time.sleep(0.1)
        return not server.running()


def test_the_first_run_prints_the_receipts_and_the_log_ins(made: subprocess.CompletedProcess[str]) -> None:
    assert "回执 Receipts" in made.stdout
    assert "ks-scjg-registration-R1.csv" in made.stdout
    assert "合计 total" in made.stdout
    assert re.search(r"ks-xyzx\s+\S{16}\s", made.stdout)
    assert "API token" in made.stdout
    assert "Traceback" not in made.stderr


def test_the_log_ins_are_kept_for_the_installing_user_only(
    made: subprocess.CompletedProcess[str], installation: Path
) -> None:
    for name in ("demo-access.json", "demo-state.json", "secrets.json"):
        assert (installation / name).stat().st_mode & 0o077 == 0
    held = json.loads((installation / "demo-access.json").read_text(encoding="utf-8"))
    assert [one["role"] for one in held["officers"]] == [
        "submitter", "submitter", "submitter", "centre",
        "releaser", "reviewer", "centre", "window", "auditor", "administrator", "security",
    ]  # fmt: skip
    assert all(one["password"] in made.stdout for one in held["officers"])


def test_every_page_of_the_officers_has_something_to_look_at(
    made: subprocess.CompletedProcess[str], installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made.returncode == 0
    held = contents(installation, monkeypatch)
    empty = [table for table in TABLES if table.startswith("core.") and not held[table]]
    assert empty in ([], ["core.subjects_relation"])  # so small a city may have no branch
    assert "held" in {state for _item, state, *_rest in held["batches"]}  # type: ignore[attr-defined]


def test_a_second_run_prints_the_same_and_adds_nothing(
    made: subprocess.CompletedProcess[str], installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(installation, monkeypatch)
    again = prepare(installation)
    assert again.returncode == 0
    assert again.stdout == made.stdout
    assert contents(installation, monkeypatch) == before


def test_a_run_that_has_lost_its_note_finds_everything_done(
    made: subprocess.CompletedProcess[str], installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(installation, monkeypatch)
    (installation / "demo-state.json").unlink()
    again = prepare(installation)
    assert again.stdout == made.stdout, again.stderr
    assert contents(installation, monkeypatch) == before


def test_another_city_in_the_same_folder_is_refused(made: subprocess.CompletedProcess[str], installation: Path) -> None:
    assert made.returncode == 0
    done = subprocess.run(
        command("demo", "--no-serve", "--seed", "99"), env=environment(installation), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--data" in done.stderr


def test_a_run_broken_off_goes_on_and_ends_in_the_same_state(
    made: subprocess.CompletedProcess[str], installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = contents(installation, monkeypatch)
    assert made.returncode == 0
    folder = installation.with_name("broken-off")
    for delay in (2.5, 4.0, 6.0):
        broken = subprocess.Popen(
            command("demo", "--no-serve", "--bodies", BODIES), env=environment(folder), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            broken.wait(delay)
        except subprocess.TimeoutExpired:
            broken.send_signal(signal.SIGTERM)
        _, told = broken.communicate(timeout=60)
        assert broken.returncode in {0, 130}, told
        assert not EmbeddedServer(folder).running()
    done = prepare(folder)
    assert done.returncode == 0, done.stderr
    assert contents(folder, monkeypatch) == whole


def test_it_serves_the_three_ends_and_ctrl_c_stops_everything(
    made: subprocess.CompletedProcess[str], installation: Path
) -> None:
    assert made.returncode == 0
    with Demo(installation) as demo:
        public, office, api = demo.ports
        assert status(public, "/") == 200
        assert status(office, "/") in {200, 302}
        assert status(api, "/api/v1/healthz") == 200
        assert f"http://127.0.0.1:{public}/" in "".join(demo.said)
        demo.process.send_signal(signal.SIGINT)
        assert demo.end() == 0
        assert demo.database_is_down()
        with pytest.raises(ConnectionRefusedError):
            status(public, "/")


def call(port: int, path: str, token: str, body: bytes | None = None, kind: str = "") -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", **({"Content-Type": kind} if kind else {})}
    try:
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        held = json.loads(answer.read())
        assert answer.status < 300, held
        assert isinstance(held, dict)
        return held
    finally:
        connection.close()


def test_a_file_handed_in_over_the_api_is_imported_by_the_worker(
    made: subprocess.CompletedProcess[str], installation: Path
) -> None:
    assert made.returncode == 0
    held = json.loads((installation / "demo-state.json").read_text(encoding="utf-8"))
    token = held["access"]["token"]
    header, *rows = (installation / "demo" / "files" / "ks-scjg-penalty-G3.csv").read_bytes().splitlines(keepends=True)
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = (
        part % (b"item", b"", b"penalty") + part % (b"file", b'; filename="again.csv"', header + rows[0]) + b"--x--\r\n"
    )
    with Demo(installation) as demo:
        port = demo.ports[2]
        batch = call(port, "/api/v1/batches", token, body, "multipart/form-data; boundary=x")
        until = time.monotonic() + 60
        while batch["state"] not in {"published", "refused"} and time.monotonic() < until:
            time.sleep(0.2)
            batch = call(port, f"/api/v1/batches/{batch['batch_id']}", token)
        assert batch["state"] == "published", batch


def test_each_process_has_its_own_database_address_only(
    made: subprocess.CompletedProcess[str], installation: Path
) -> None:
    assert made.returncode == 0
    with Demo(installation) as demo:
        try:
            passwords = json.loads((installation / "secrets.json").read_text())["passwords"]
            seen = {}
            for child in demo.children:
                held = child.environ()
                settings = held.get("DJANGO_SETTINGS_MODULE", "")
                if settings.startswith("chengxin.settings."):
                    role = settings.rpartition(".")[2]
                    parts = conninfo_to_dict(held["CHENGXIN_DATABASE_URL"])
                    seen[role] = (parts["user"], Path(str(parts["passfile"])).name)
                    everything = "\n".join(held.values())
                    assert not any(password in everything for password in passwords.values())
            roles = ("public", "office", "api", "worker")
            assert seen == {role: (f"chengxin_{role}", f"{role}.pgpass") for role in roles}
        finally:
            demo.process.send_signal(signal.SIGTERM)
            assert demo.end() == 0
        assert demo.database_is_down()


def _api_end_of(demo: Demo) -> psutil.Process:
    """Return the process of the API end that the demo itself started."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for one in demo.children:
            if one.ppid() == demo.process.pid and "chengxin.ends.api.wsgi:application" in one.cmdline():
                return one
        time.sleep(0.05)
    raise AssertionError("the demo runs no API end")


def _answers_again(port: int, path: str, seconds: float = 60) -> None:
    """Wait until the page behind ``port`` is there."""
    until = time.monotonic() + seconds
    while True:
        try:
            assert status(port, path) == 200
        except (OSError, http.client.HTTPException, AssertionError):
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return


def _postmaster(installation: Path) -> int:
    """Return the number of the database's process, or 0 while there is none."""
    try:
        return int((installation / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    except (OSError, IndexError):
        return 0


def test_a_process_that_dies_comes_back_alone(made: subprocess.CompletedProcess[str], installation: Path) -> None:
    assert made.returncode == 0
    with Demo(installation) as demo:
        api = _api_end_of(demo)
        others = [one for one in demo.children if one.ppid() == demo.process.pid and one != api]
        api.kill()
        api.wait(10)
        _answers_again(demo.ports[2], "/api/v1/healthz")
        assert all(one.is_running() for one in others)
        assert demo.process.poll() is None
        demo.process.send_signal(signal.SIGINT)
        assert demo.end() == 0
        assert demo.database_is_down()


def test_a_database_that_dies_comes_back_and_the_ends_with_it(
    made: subprocess.CompletedProcess[str], installation: Path
) -> None:
    assert made.returncode == 0
    with Demo(installation) as demo:
        api = _api_end_of(demo)
        killed = _postmaster(installation)
        os.kill(killed, signal.SIGKILL)
        until = time.monotonic() + 60
        while _postmaster(installation) in {killed, 0}:
            assert time.monotonic() < until
            time.sleep(0.1)
        _answers_again(demo.ports[0], "/")
        assert api.is_running()
        demo.process.send_signal(signal.SIGINT)
        assert demo.end() == 0
        assert demo.database_is_down()


def test_killed_with_minus_9_it_leaves_nothing_running(
    made: subprocess.CompletedProcess[str], installation: Path
) -> None:
    assert made.returncode == 0
    with Demo(installation) as demo:
        demo.process.send_signal(signal.SIGKILL)
        demo.end()
        assert demo.database_is_down()


def test_a_taken_port_is_one_sentence_before_anything_starts(installation: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            command("demo", "--ports", f"{port},1,2"), env=environment(installation.with_name("none")),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert not installation.with_name("none").exists()


def test_an_outside_database_is_not_used_for_a_demo(installation: Path) -> None:
    given = environment(installation) | {"CHENGXIN_DATABASE_URL": "postgresql://somebody@else/data"}
    done = subprocess.run(command("demo", "--no-serve"), env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "chengxin serve" in done.stderr


def test_serve_without_an_installation_says_what_to_do(installation: Path) -> None:
    ports = ",".join(map(str, free_ports()))
    empty = installation.with_name("empty")
    done = subprocess.run(
        command("serve", "--ports", ports), env=environment(empty), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "chengxin demo" in done.stderr
