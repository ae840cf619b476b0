"""Backup and restore to a moment: later facts are gone, and that is said; rights withdrawn stay withdrawn."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from chengxin.base.config import embedded_url, read_secrets
from chengxin.cli.database import embedded_server
from chengxin.testing.city import ORGANISATION, row, write_file
from chengxin.testing.rig import Rig, build, own_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(900)  # two backups, a restore and a replay on a busy machine

ONE, OTHER, CLERK = "gao", "an", "wang"
"""An administrator, a security officer, and a clerk of a window whose account is closed too late for the restore."""

ACT = """
import sys
from chengxin.cli.database import reach
with reach("owner"):
    from chengxin.accounts.actor import operator
    from chengxin.accounts.actions.clients import WithdrawFromClient
    from chengxin.accounts.actions.officers import CloseOfficer, SetOfficer
    from chengxin.accounts.models import ApiClient
    from chengxin.accounts.queries import organisation_by_code
    from chengxin.base.clock import system_now
    exec(sys.argv[1])
"""

SET_UP = f"""
home = organisation_by_code("{ORGANISATION}")
for username, name, role in (("{CLERK}", "王三", "window"), ("{ONE}", "高一", "administrator"), ("{OTHER}", "安二", "security")):
    SetOfficer(username, "Keep-This-Long-Secret-7", name, home, (role,), system_now(), staff_number=username).execute()
"""  # noqa: E501 - a program of its own

CLOSE = f"""
CloseOfficer(operator(), "{CLERK}", "调离岗位", system_now()).execute()
WithdrawFromClient(operator(), ApiClient.objects.get().pk, system_now(), "checks.run").execute()
"""


@dataclass(frozen=True)
class Story:
    """What happened: the installation, the restored one, what the restore said, and its record."""

    rig: Rig
    restored: Path
    said: str
    record: dict[str, Any]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the restored database holds."""
        with embedded_server(self.restored):
            url = embedded_url(self.restored, "superuser", read_secrets(self.restored))
            with psycopg.connect(url, options="-c search_path=core,publication") as connection:
                return connection.execute(query.encode()).fetchall()


def run(folder: Path, *arguments: str, good: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", *arguments],
        env=own_environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or not good, done.stderr + done.stdout
    return done


def act(folder: Path, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ACT, code], env=own_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def keep_evidence(folder: Path, seconds: float = 30) -> None:
    """Run the keeper until both witnesses have one more checkpoint."""
    witness = folder / "witness" / "second.jsonl"
    before = witness.read_text(encoding="utf-8").count("\n") if witness.exists() else 0
    keeper = subprocess.Popen(
        [sys.executable, "-m", "chengxin.cli.main", "audit", "keep"], env=own_environment(folder), stderr=sys.stderr
    )
    until = time.monotonic() + seconds
    while not witness.exists() or witness.read_text(encoding="utf-8").count("\n") == before:
        assert time.monotonic() < until
        time.sleep(0.1)
    keeper.terminate()
    assert keeper.wait(30) == 0


def hand_in(folder: Path, number: int, code: str) -> None:
    made = row("licence", "G3", number, uscc=code, subject_name="昆山演练")
    path = write_file(folder / "files" / f"{number}.csv", "licence", "G3", [made])
    run(folder, "import", str(path), "--item", "licence", "--org", ORGANISATION)


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """Back up; a fact; the moment; another fact, an account closed, a grant withdrawn; restore to the moment."""
    room = Path(tempfile.mkdtemp(dir="/tmp", prefix="chengxin-point-"))
    room.chmod(0o755)
    try:
        folder = room / "var"
        folder.mkdir(mode=0o755)
        rig = build(folder, bodies=2)
        act(folder, SET_UP)
        run(folder, "backup", "--to", str(room / "backups"))
        hand_in(folder, 1, rig.codes[0])
        keep_evidence(folder)
        time.sleep(1.1)
        moment = datetime.now(UTC)
        time.sleep(1.1)
        hand_in(folder, 2, rig.codes[1])
        act(folder, CLOSE)
        keep_evidence(folder)
        run(folder, "backup", "--keep-all")  # closes the log, so that the archive has all of it
        done = run(
            room, "restore", "--from", str(room / "backups"), "--into", str(room / "new"), "--data",
            str(room / "nothing"), "--keys", str(folder / "keys"), "--to-time", moment.isoformat(),
            "--approved-by", ONE, "--approved-by", OTHER,
        )  # fmt: skip
        record = json.loads((room / "new" / "restore.json").read_text(encoding="utf-8"))
        yield Story(rig, room / "new", done.stderr, record)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def test_what_was_there_at_the_moment_is_there_and_nothing_later(story: Story) -> None:
    facts = story.rows("SELECT document_number FROM records_record WHERE item = 'licence'")
    shown = story.rows("SELECT document_number FROM fact WHERE item = 'licence'")
    assert facts == shown == [(row("licence", "G3", 1)["document_number"],)]


def test_the_restored_system_says_what_was_lost(story: Story) -> None:
    lost = story.record["lost"]
    assert lost["source"] == "archive", "no live system answered"
    assert lost["by_action"]["batch.imported"] == 1
    assert lost["by_action"]["officer.closed"] == 1
    assert lost["events"] == sum(lost["by_action"].values())
    assert lost["rights_changed"][0] == f"officer:{CLERK}"
    assert f"恢复点之后的 {lost['events']} 条审计事件" in story.said
    assert f"officer:{CLERK}" in story.said
    ((detail,),) = story.rows("SELECT detail FROM audit_event WHERE action = 'system.restored'")
    assert detail["lost"] == lost


def test_rights_withdrawn_after_the_moment_do_not_come_back(story: Story) -> None:
    rows = story.rows("SELECT username, is_active, roles FROM accounts_officer")
    held = {name: (active, roles) for name, active, roles in rows}
    assert held == {CLERK: (False, []), ONE: (True, ["administrator"]), OTHER: (True, ["security"])}
    ended = "SELECT operation FROM accounts_clientgrant WHERE revoked_at IS NOT NULL"
    assert story.rows(ended) == [("checks.run",)]
    assert story.record["withdrawn_again"][0] == f"officer.closed {CLERK}"
    assert len(story.record["withdrawn_again"]) == 2


def test_the_evidence_of_the_restored_system_is_sound_and_its_witness_knows_of_more(story: Story) -> None:
    assert run(story.restored, "audit", "verify").returncode == 0
    witness = story.rig.folder / "witness" / "first.jsonl"
    told = run(story.restored, "audit", "verify", "--json", "--from-witness", str(witness), good=False)
    assert told.returncode == 1
    assert {one["code"] for one in json.loads(told.stdout)["findings"]} <= {"restored_backup", "rolled_back"}


def test_the_doctor_asks_to_check_the_rights_until_somebody_has(story: Story) -> None:
    def found() -> list[dict[str, str]]:
        told = json.loads(run(story.restored, "doctor", "--json", good=False).stdout)
        return [one for one in told["found"] if one["code"] == "restore_unchecked"]

    (complaint,) = found()
    assert CLERK in complaint["zh"]
    assert "restore.json" in complaint["mend_zh"]
    kept = story.restored / "restore.json"
    kept.rename(kept.with_name("restore-checked.json"))
    assert found() == []
    kept.with_name("restore-checked.json").rename(kept)


def test_nothing_of_the_replay_in_clear_is_left(story: Story) -> None:
    left = {one.name for one in story.restored.parent.iterdir()}
    assert {"backups", "new", "var"} <= left <= {"backups", "new", "nothing", "var"}


def test_facts_are_as_they_were_sealed_and_sealing_goes_on(story: Story) -> None:
    sealed = "SELECT rows FROM records_sealing WHERE sealed = 'records_record'"
    ((before,),) = story.rows(sealed)
    assert before > 0
    (story.restored / "files").mkdir(exist_ok=True)
    hand_in(story.restored, 3, story.rig.codes[1])
    keep_evidence(story.restored)
    told = json.loads(run(story.restored, "audit", "verify", "--json").stdout)
    assert (told["findings"], told["unsealed"]) == ([], 0)
    ((after,),) = story.rows(sealed)
    assert (after, story.rows("SELECT count(*) FROM records_record")) == (before + 1, [(after,)])
