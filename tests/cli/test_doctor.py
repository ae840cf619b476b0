"""``chengxin doctor`` as it is typed: the order of what it says, its exit code, and that it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chengxin.cli.doctor import SICK, SIGNS, show
from chengxin.operations.doctor import ALL_CHECKS, Complaint, Patient, Severity, examine
from chengxin.operations.doctor.frame import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg


def run(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``chengxin doctor`` about the folder ``data``, and nothing else of this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHENGXIN_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", "doctor", "--data", str(data), *arguments],
        env=kept | {"COLUMNS": "200"} | more,
        capture_output=True,
        text=True,
        check=False,
    )


def complaint(severity: Severity, code: str = "x_y") -> Complaint:
    return Complaint(code, severity, f"坏了 {code}", f"broken {code}", f"修好 {code}", f"mend {code}", "here")


def test_every_severity_has_its_sign_and_the_worst_comes_first() -> None:
    assert set(SIGNS) == {one.value for one in Severity}
    assert list(SIGNS) == ["wrong", "watch", "note"]
    assert SICK != 0


def test_complaints_are_shown_worst_first_with_their_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    found = [complaint(Severity.NOTE, "c"), complaint(Severity.WATCH, "b"), complaint(Severity.WRONG, "a")]
    show(found, 24, 1)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] in "✗!·"] == ["✗ 坏了 a  [a]", "! 坏了 b  [b]", "· 坏了 c  [c]"]
    assert lines[1:3] == ["  broken a", "  办法 mend: 修好 a / mend a"]
    assert not any("修好 c" in line for line in lines), "what is right in a rehearsal needs no mending"
    assert lines[-1] == "24 项检查 checks：1 个问题须处理 to be mended"


def test_nothing_wrong_is_said_in_so_many_words(capsys: pytest.CaptureFixture[str]) -> None:
    show([], 24, 0)
    assert capsys.readouterr().out == "24 项检查 checks：没有问题 nothing is wrong\n"


def test_brackets_in_a_complaint_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show([Complaint("x", Severity.WRONG, "[bold]甲[/bold]", "[red]", "m[1]", "m[2]")], 1, 1)
    shown = capsys.readouterr().out
    assert "[bold]甲[/bold]" in shown
    assert "m[1] / m[2]" in shown


def test_a_folder_without_an_installation_is_examined_told_and_left_as_it_is(tmp_path: Path) -> None:
    done = run(tmp_path, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["healthy"], said["checks"]) == (SICK, False, len(ALL_CHECKS))
    codes = [one["code"] for one in said["found"]]
    assert codes.count("database_away") == 5
    assert {"keys_missing", "not_served", "backup_missing"} <= set(codes)
    assert list(tmp_path.iterdir()) == []
    for one in said["found"]:
        assert one.keys() == {"code", "severity", "zh", "en", "mend_zh", "mend_en", "where"}
        assert all(one[name] for name in ("code", "severity", "zh", "en", "mend_zh", "mend_en"))


def test_a_note_about_backups_that_cannot_be_read_is_one_complaint_among_the_others(tmp_path: Path) -> None:
    (tmp_path / "backups.json").write_text("{", encoding="utf-8")
    (tmp_path / "backups.json").chmod(0o600)
    done = run(tmp_path)
    assert done.returncode == SICK
    assert "[backup_note_unreadable]" in done.stdout
    assert "[keys_missing]" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_complaint_is_a_dictionary_of_words() -> None:
    held = complaint(Severity.WATCH).as_dict()
    assert held == {
        "code": "x_y", "severity": "watch", "zh": "坏了 x_y", "en": "broken x_y", "mend_zh": "修好 x_y",
        "mend_en": "mend x_y", "where": "here",
    }  # fmt: skip
    assert json.loads(json.dumps(held)) == held


def test_checks_are_made_in_their_order_and_each_has_a_title_in_both_languages() -> None:
    for one in ALL_CHECKS:
        assert any("\u4e00" <= character <= "\u9fff" for character in one.zh)
        assert one.en.isascii()
        assert one.look.__doc__
    codes = [one.code for one in ALL_CHECKS]
    assert codes.index("database_away") < codes.index("migrations_pending") < codes.index("isolation_broken")
    assert codes.index("keys_missing") < codes.index("backup_old") < codes.index("rehearsal_old")


def test_the_connection_is_closed_even_when_a_check_fails(tmp_path: Path, database_url: Callable[[str], str]) -> None:
    from chengxin.base.clock import system_now  # noqa: PLC0415 - only here

    patient = Patient(tmp_path, tmp_path / "keys", {"owner": database_url("owner")}, system_now())
    held: list[psycopg.Connection | None] = []

    def broken(one: Patient) -> Iterator[Complaint]:
        held.append(one.owner)
        yield complaint(Severity.NOTE)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        examine(patient, [Check("x", "甲", "a", broken)])
    assert held[0] is not None
    assert held[0].closed


def test_a_table_or_column_that_is_not_there_yet_answers_nothing(
    tmp_path: Path, database_url: Callable[[str], str]
) -> None:
    from chengxin.base.clock import system_now  # noqa: PLC0415 - only here

    patient = Patient(tmp_path, tmp_path / "keys", {"owner": database_url("owner")}, system_now())
    assert patient.migrated
    assert patient.ask("SELECT no_such_column FROM audit_tree", default="—") == "—"
    assert patient.rows("SELECT 1 FROM no_such_table") == ()
    assert patient.ask("SELECT 7") == 7, "an error does not spoil what is asked next"
    patient.close()
    away = Patient(tmp_path, tmp_path / "keys", {}, system_now())
    assert (away.owner, away.migrated, away.ask("SELECT 1", default=0)) == (None, False, 0)
    away.close()
