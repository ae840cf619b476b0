"""The operator registers a file of practitioners and renews what is sealed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chengxin.accounts.actions.approvals import DecideApproval
from chengxin.accounts.actor import CHANGE_PRACTITIONERS, DECIDE_APPROVALS, Actor
from chengxin.accounts.models import Approval
from chengxin.kernel.identifiers.checks import resident_id_check_character
from chengxin.practitioners.models import Practitioner, SealedText

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Terminal

HEADER = ["姓名", "身份证号", "执业证号", "状态"]


def number(order: int) -> str:
    first = f"32058319800101{order:03d}"
    return first + resident_id_check_character(first)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "律师.csv"
    with path.open("w", encoding="utf-8", newline="") as held:
        writer = csv.writer(held)
        writer.writerow(HEADER)
        writer.writerow(["李明", number(1), "LS1", "有效"])
        writer.writerow(["王芳", number(2), "LS2", ""])
        writer.writerow(["张伟", "320583800101003", "LS3", "有效"])
    return path


def take(terminal: Terminal, file: Path, *more: str) -> tuple[int, str, str]:
    done = terminal.run("practitioners", "import", str(file), "--org", "ks-sfj", "--occupation", "lawyer", *more)
    assert number(1) not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_file_is_registered_and_rotated(terminal: Terminal, file: Path) -> None:
    code, out, err = take(terminal, file, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [told[key] for key in ("lines", "added", "changed", "same")] == [3, 2, 0, 0]
    assert [(row["line"], row["code"], row["column"]) for row in told["returned"]] == [
        (4, "number_fifteen", "公民身份号码")
    ]
    assert Practitioner.objects.count() == 2
    _code, table, _err = take(terminal, file)
    assert "新增 2" in table
    assert "15 位旧身份证号" in table.replace("\n", "")
    for purpose in ("sealed-number", "blind-index"):
        assert terminal.run("keys", "rotate", purpose).returncode == 0
    done = terminal.run("practitioners", "rotate", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"seen": 2, "renewed": 2, "wrong": []})
    assert json.loads(take(terminal, file, "--json")[1]) == told, "the same file, after the rotation too"


def test_a_row_that_was_tampered_with_is_exit_code_1(terminal: Terminal, file: Path) -> None:
    take(terminal, file)
    SealedText.objects.update(sealed=b"nothing that was sealed")
    done = terminal.run("practitioners", "rotate")
    assert done.returncode == 1
    assert "异常 2" in done.stdout


def test_a_refusal_is_a_sentence(terminal: Terminal, file: Path) -> None:
    done = terminal.run("practitioners", "import", str(file), "--org", "ks-scjg", "--occupation", "lawyer")
    assert done.returncode == 2
    assert "登记机关" in done.stdout + done.stderr


GROUND = ("--occupation", "lawyer", "--licence", "LS1", "--legal-basis", "民法典", "--document", "昆公户〔2026〕8号")


def change(terminal: Terminal, typed: str, *more: str) -> tuple[int, str]:
    """Run the command with what is typed at its prompts, in a session that has no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", "practitioners", "change-identity", *GROUND, *more],
        env=terminal.environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout + done.stderr


def agree() -> None:
    approval = Approval.objects.latest("pk")
    centre = Actor("officer", "wu", "centre", frozenset({CHANGE_PRACTITIONERS, DECIDE_APPROVALS}), everywhere=True)
    DecideApproval(centre, approval.pk, agree=True, reason="已核对原件", now=datetime.now(UTC)).execute()


def test_a_name_is_changed_by_two_and_typed_each_time(terminal: Terminal, file: Path) -> None:
    take(terminal, file)
    typed = f"李静\n{number(7)}\n"
    code, said = change(terminal, typed)
    assert code == 2
    assert "先申请审批" in said
    code, said = change(terminal, typed, "--ask", "当事人申请")
    assert code == 0, said
    assert "申请 1 已提出" in said
    agree()
    assert change(terminal, f"李婧\n{number(7)}\n")[0] == 2
    code, said = change(terminal, typed)
    assert code == 0, said
    assert Practitioner.objects.get(licence="LS1").name == "李静"
    assert number(7) not in said
    assert number(7) not in str(list(Approval.objects.values()))
    assert SealedText.objects.count() == 4, "two numbers, one of them former, a former name, and the other person's"


def test_who_died_is_closed_by_two(terminal: Terminal, file: Path) -> None:
    take(terminal, file)
    command = ("practitioners", "close-deceased", *GROUND, "--died-on", "2026-01-05")
    assert terminal.run(*command).returncode == 2
    assert terminal.run(*command, "--ask", "家属报告").returncode == 0
    agree()
    done = terminal.run(*command)
    assert done.returncode == 0, done.stderr
    assert Practitioner.objects.get(licence="LS1").state == "closed"
    assert terminal.run(*command).returncode == 2
