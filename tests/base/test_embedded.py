"""The embedded server starts for every user in every folder, or says in one sentence why not."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from chengxin.base import embedded
from chengxin.base.config import ROLES, read_secrets, socket_folder
from chengxin.base.embedded import BINARIES, SERVER_USER, EmbeddedServer, scratch_server
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.geteuid() == 0
STRANGER = 65_534
"""The user number of nobody, who stands for any user that is not root."""

LONG = "a-folder-with-a-long-name-" * 5


@pytest.fixture(scope="module")
def short_folder() -> Iterator[Path]:
    """Give a short folder that other users can pass through: pytest's own are closed to them and long."""
    folder = Path(tempfile.mkdtemp(prefix="cx-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(short_folder: Path) -> Iterator[EmbeddedServer]:
    """Give a server in a folder whose name has everything that a shell or a list of folders would trip over."""
    made = EmbeddedServer(short_folder / """数据 $HOME `id` 'a' "b" c""")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(made.folder)


def _who(server: EmbeddedServer, role: str) -> str:
    with psycopg.connect(server.url(role)) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def _setting(server: EmbeddedServer, name: str) -> str:
    with psycopg.connect(server.url("superuser")) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def _pid(server: EmbeddedServer) -> int:
    return int((server.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])


def _gone(pid: int) -> bool:
    """Wait until the process has ended; a zombie that nobody collects has ended too."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if " Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"):
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def _as_stranger(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user who is not root; skip where that cannot be done."""
    python = [sys.executable, *command]
    if not ROOT:
        prefix: list[str] = []
    elif setpriv := shutil.which("setpriv"):
        prefix = [setpriv, f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
        probe = subprocess.run([*prefix, sys.executable, "-c", "import chengxin"], check=False, capture_output=True)
        if probe.returncode != 0:
            pytest.skip("another user cannot run this Python: its folder is closed to them")
    else:
        pytest.skip("there is no setpriv to become another user with")
    return subprocess.run(
        [*prefix, *python], env=os.environ | environment, cwd="/", capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("role", ["superuser", *ROLES])
def test_every_role_logs_in_with_its_own_password_only(server: EmbeddedServer, role: str) -> None:
    assert _who(server, role) == ("postgres" if role == "superuser" else f"chengxin_{role}")
    held = read_secrets(server.folder)
    other = held.passwords["public" if role != "public" else "worker"]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url(role).replace(held.passwords[role], other))


def test_the_server_listens_on_no_network_and_logs_no_values(server: EmbeddedServer) -> None:
    assert _setting(server, "listen_addresses") == ""
    assert _setting(server, "log_statement") == "none"
    assert _setting(server, "log_parameter_max_length") == "0"
    assert _setting(server, "log_parameter_max_length_on_error") == "0"
    assert _setting(server, "TimeZone") == "Asia/Shanghai"
    with psycopg.connect(server.url("worker")) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT %s::integer / 0", [320583199001])
    assert "320583199001" not in server.log.read_text(encoding="utf-8", errors="replace")


def test_a_statement_that_fails_is_logged_without_its_text_and_without_the_row(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("worker")) as connection:
        connection.execute("CREATE TEMP TABLE planted (number text CHECK (length(number) < 3), name text UNIQUE)")
        connection.execute("INSERT INTO planted VALUES ('1', '李planted')")
        for wrong in ("'320583199002', 'x'", "'2', '李planted'", "NULL, (SELECT '320583199003' FROM nowhere)"):
            with pytest.raises(psycopg.Error), connection.transaction():
                connection.execute(f"INSERT INTO planted VALUES ({wrong})".encode())  # noqa: S608 - values written into the text are what is tried
    text = server.log.read_text(encoding="utf-8", errors="replace")
    assert 'violates check constraint "planted_number_check"' in text, "the error itself stays in the log"
    for value in ("320583199002", "李planted", "320583199003", "STATEMENT:", "DETAIL:"):
        assert value not in text


def test_cluster_and_secrets_are_closed_to_other_users(server: EmbeddedServer) -> None:
    assert stat.S_IMODE(server.cluster.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.folder / "secrets.json").stat().st_mode) == 0o600
    if ROOT:
        assert server.cluster.stat().st_uid == pwd.getpwnam(SERVER_USER).pw_uid


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the groups of a process")
@pytest.mark.skipif(not ROOT, reason="only root has groups to lose")
def test_the_server_of_root_keeps_nothing_of_root(server: EmbeddedServer) -> None:
    status = Path(f"/proc/{_pid(server)}/status").read_text(encoding="utf-8")
    held = dict(line.split(":", 1) for line in status.splitlines())
    account = pwd.getpwnam(SERVER_USER)
    assert held["Uid"].split() == [str(account.pw_uid)] * 4
    assert held["Gid"].split() == [str(account.pw_gid)] * 4
    assert held["Groups"].split() == []


def test_a_second_start_on_a_running_server_is_harmless(server: EmbeddedServer) -> None:
    pid, secrets = _pid(server), (server.folder / "secrets.json").read_bytes()
    second = EmbeddedServer(server.folder)
    second.start()
    assert second.running()
    assert not second.started_here
    assert _pid(server) == pid
    assert (server.folder / "secrets.json").read_bytes() == secrets
    assert _who(second, "worker") == "chengxin_worker"


def test_stopped_and_started_again_it_has_what_it_had(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("superuser"), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS one")
    server.stop()
    assert not server.running()
    assert not server.started_here
    server.stop()  # once more is harmless
    with pytest.raises(psycopg.OperationalError):
        _who(server, "worker")
    server.start()
    with psycopg.connect(server.url("superuser")) as connection:
        assert connection.execute("SELECT one FROM kept").fetchall() == [(7,)]


def test_a_password_that_was_changed_by_hand_is_set_right_at_the_next_start(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("superuser"), autocommit=True) as connection:
        connection.execute("ALTER ROLE chengxin_worker PASSWORD 'other' SUPERUSER")
    server.start()
    assert _who(server, "worker") == "chengxin_worker"
    with psycopg.connect(server.url("superuser")) as connection:
        held = connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper AND rolname LIKE 'chengxin%'")
        assert held.fetchall() == []


def test_killed_with_minus_9_it_starts_again(server: EmbeddedServer) -> None:
    pid = _pid(server)
    os.kill(pid, signal.SIGKILL)
    assert _gone(pid)
    assert not server.running(), "its mark is left, but there is no such process"
    server.start()
    assert server.running()
    assert _pid(server) != pid
    assert _who(server, "worker") == "chengxin_worker"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux tells what program a number has")
def test_a_number_that_went_to_another_program_does_not_pass_for_the_server(server: EmbeddedServer) -> None:
    """In a container that was started again, numbers begin anew and soon belong to somebody else."""
    pid = _pid(server)
    mark = (server.cluster / "postmaster.pid").read_text(encoding="utf-8")
    os.kill(pid, signal.SIGKILL)
    assert _gone(pid)
    account = server._account()
    user, group = account or (None, None)
    other = subprocess.Popen(["sleep", "60"], user=user, group=group)
    try:
        (server.cluster / "postmaster.pid").write_text(mark.replace(str(pid), str(other.pid), 1), encoding="utf-8")
        lock = socket_folder(server.folder) / ".s.PGSQL.5432.lock"
        lock.write_text(lock.read_text(encoding="utf-8").replace(str(pid), str(other.pid), 1), encoding="utf-8")
        assert not server.running()
        server.start()
        assert _who(server, "worker") == "chengxin_worker"
        assert other.poll() is None, "the other program is left alone"
    finally:
        other.kill()
        other.wait()


def test_a_making_that_was_interrupted_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n", encoding="utf-8")

    def killed(self: EmbeddedServer, program: str, *_arguments: str, **_environment: str) -> None:
        raise KeyboardInterrupt(f"{program} in {self.folder}")

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedServer, "_run", killed)
        with pytest.raises(KeyboardInterrupt, match="initdb"):
            EmbeddedServer(folder).start()
    assert not (folder / "postgres" / "PG_VERSION").exists(), "what is unfinished does not look finished"
    made = EmbeddedServer(folder)
    made.start()
    try:
        assert _setting(made, "listen_addresses") == ""
        assert not (folder / "postgres.new").exists()
    finally:
        made.stop()


def test_under_a_very_long_path_the_socket_is_elsewhere_and_still_private(short_folder: Path) -> None:
    made = EmbeddedServer(short_folder / LONG)
    sockets = socket_folder(made.folder)
    assert not sockets.is_relative_to(made.folder)
    made.start()
    try:
        assert _who(made, "public") == "chengxin_public"
        held = sockets.lstat()
        assert stat.S_IMODE(held.st_mode) == 0o700
        assert held.st_uid == (pwd.getpwnam(SERVER_USER).pw_uid if ROOT else os.geteuid())
        if ROOT:
            seen = _as_stranger("-c", f"import os; print(os.listdir({str(sockets)!r}))")
            assert "PermissionError" in seen.stderr
        sockets.chmod(0o777)
        made.start()
        assert stat.S_IMODE(sockets.lstat().st_mode) == 0o700, "opened by somebody, it is closed again"
    finally:
        made.stop()
    assert not sockets.exists(), "what stands outside the data folder goes when the server does"


@pytest.mark.skipif(not ROOT, reason="only root can make a folder that belongs to somebody else")
def test_a_socket_folder_that_somebody_else_made_first_is_refused(tmp_path: Path) -> None:
    made = EmbeddedServer(tmp_path / LONG)
    sockets = socket_folder(made.folder)
    sockets.mkdir(mode=0o777)
    os.chown(sockets, STRANGER, STRANGER)
    try:
        with pytest.raises(ChengxinError) as caught:
            made.start()
        assert caught.value.code == "socket_folder_taken"
        assert caught.value.where == str(sockets)
        assert "较短的数据目录" in caught.value.message_zh
        assert sockets.lstat().st_uid == STRANGER, "nor is it taken over"
    finally:
        sockets.rmdir()


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    made = EmbeddedServer(tmp_path / LONG)
    sockets = socket_folder(made.folder)
    (tmp_path / "elsewhere").mkdir()
    sockets.symlink_to(tmp_path / "elsewhere")
    try:
        with pytest.raises(ChengxinError) as caught:
            made.start()
        assert caught.value.code == "socket_folder_taken"
    finally:
        sockets.unlink()


START = """
import sys
from pathlib import Path
from chengxin.base.embedded import EmbeddedServer
from chengxin.base.errors import ChengxinError
server = EmbeddedServer(Path(sys.argv[1]))
try:
    held = server.start()
    import psycopg
    with psycopg.connect(server.url("worker")) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0])
    server.stop()
except ChengxinError as error:
    print(error.code, error.where)
    print(error.message_zh)
"""


def test_a_user_who_is_not_root_starts_it_as_themselves(short_folder: Path) -> None:
    folder = short_folder / "theirs"
    folder.mkdir()
    if ROOT:
        os.chown(folder, STRANGER, STRANGER)
    done = _as_stranger("-c", START, str(folder))
    assert done.stdout == "chengxin_worker\n", done.stderr
    owner = STRANGER if ROOT else os.geteuid()
    assert {one.stat().st_uid for one in folder.rglob("*")} == {owner}
    for name in ("run", "postgres"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    # Root may lend a hand later, and takes nothing over.
    made = EmbeddedServer(folder)
    made.start()
    made.stop()
    assert _as_stranger("-c", START, str(folder)).stdout == "chengxin_worker\n"


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(short_folder: Path) -> None:
    folder = short_folder / "read-only"
    folder.mkdir(mode=0o555)
    done = _as_stranger("-c", START, str(folder))
    first, sentence = done.stdout.splitlines()
    assert first == f"folder_not_writable {folder}"
    assert sentence == f"数据目录 {folder} 不能写入（Permission denied），请换一个目录：CHENGXIN_DATA=目录 make demo"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("missing", ["postgres", "run"])
def test_a_folder_that_can_be_written_only_in_part_is_the_same_sentence(short_folder: Path, missing: str) -> None:
    folder = short_folder / f"without-{missing}"
    for name in ("log", "inbox", "run", "postgres"):
        if name != missing:
            (folder / name).mkdir(parents=True)
            if ROOT:
                os.chown(folder / name, STRANGER, STRANGER)
    folder.chmod(0o555)
    done = _as_stranger("-c", START, str(folder))
    assert done.stdout.splitlines()[0] == f"folder_not_writable {folder}", done.stderr
    folder.chmod(0o755)


def test_a_file_where_the_folder_should_be_is_the_same_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ChengxinError) as caught:
        EmbeddedServer(tmp_path / "file" / "data").start()
    assert caught.value.code == "folder_not_writable"
    assert "Not a directory" in caught.value.message_en


@pytest.mark.skipif(not ROOT, reason="needs an installation of somebody else")
def test_the_installation_of_another_user_is_one_clear_sentence(server: EmbeddedServer) -> None:
    server.log.parent.chmod(0o777)  # the one folder the starter tries to write in
    done = _as_stranger("-c", START, str(server.folder))
    assert done.stdout.splitlines()[0] == f"secrets_unreadable {server.folder / 'secrets.json'}", done.stderr
    assert "请用安装平台的账号运行" in done.stdout


def test_a_server_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path) -> None:
    made = EmbeddedServer(tmp_path / "data")
    made.start()
    made.stop()
    with (made.cluster / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(ChengxinError) as caught:
        made.start()
    assert caught.value.code == "database_did_not_start"
    assert caught.value.where == str(made.log)
    assert "no_such_setting" in caught.value.message_zh
    made.stop()


def test_a_tool_that_fails_or_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChengxinError, match="initdb") as caught:
        EmbeddedServer(tmp_path)._run("initdb", "--no-such-option")
    assert "no-such-option" in caught.value.message_zh
    monkeypatch.setattr(embedded, "BINARIES", tmp_path)
    with pytest.raises(ChengxinError, match="pg_ctl") as caught:
        EmbeddedServer(tmp_path)._run("pg_ctl")
    assert caught.value.code == "database_tool_failed"


def test_without_the_wheel_the_reader_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ChengxinError) as caught:
        embedded._binaries()
    assert caught.value.code == "database_not_installed"
    assert "make demo" in caught.value.message_zh


def test_a_scratch_server_goes_with_its_folder_however_the_block_ends() -> None:
    seen: list[tuple[EmbeddedServer, int]] = []

    def work() -> None:
        with scratch_server() as made:
            assert _who(made, "owner") == "chengxin_owner"
            seen.append((made, _pid(made)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    (made, pid), *_ = seen
    assert _gone(pid)
    assert not made.folder.exists()


def test_a_start_that_fails_half_way_leaves_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise psycopg.OperationalError("no roles today")

    monkeypatch.setattr(embedded, "make_roles", refuse)
    made = EmbeddedServer(tmp_path / "data")
    with pytest.raises(psycopg.OperationalError, match="no roles today"):
        made.start()
    assert not made.running()


def test_the_programs_are_those_of_the_wheel() -> None:
    said = subprocess.run([BINARIES / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    assert said.startswith("postgres (PostgreSQL) ")
    assert int(said.split()[2].split(".")[0]) >= 15
