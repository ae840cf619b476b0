"""The operator registers a file of practitioners and renews what is sealed."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

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
