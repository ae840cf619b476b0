"""The doctor asks to check the rights after a restore, until the record of it has been put away."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.operations.doctor import Patient, Severity
from chengxin.operations.doctor.backups import CHECKS, restore_unchecked

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def found(folder: Path, record: object = None) -> list[dict[str, str]]:
    if record is not None:
        text = record if isinstance(record, str) else json.dumps(record)
        (folder / "restore.json").write_text(text, encoding="utf-8")
    patient = Patient(folder, folder / "keys", {}, NOW, {})
    return [one.as_dict() for one in restore_unchecked(patient)]


def record(source: str, *changed: str) -> dict[str, Any]:
    return {"at": "2026-03-01T00:00:00+00:00", "lost": {"source": source, "rights_changed": list(changed)}}


def test_an_installation_that_was_never_restored_has_nothing_to_check(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_whose_rights_changed_is_named(tmp_path: Path) -> None:
    (complaint,) = found(tmp_path, record("archive", "officer:wang", "client:3"))
    assert "officer:wang、client:3" in complaint["zh"]
    assert "2026-03-01" in complaint["en"]
    assert complaint["severity"] == Severity.WATCH
    assert complaint["where"].endswith("restore.json")


def test_what_nobody_knows_is_said_to_be_unknown(tmp_path: Path) -> None:
    (complaint,) = found(tmp_path, record("nobody"))
    assert "全部经办人" in complaint["zh"]
    assert "every officer and client" in complaint["en"]


def test_a_restore_that_lost_no_rights_is_no_complaint(tmp_path: Path) -> None:
    assert found(tmp_path, record("live")) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "x"}', '{"at": 1, "lost": 5}'])
def test_a_record_that_cannot_be_read_is_taken_for_not_known(tmp_path: Path, text: str) -> None:
    (complaint,) = found(tmp_path, text)
    assert complaint["code"] == "restore_unchecked"
    assert "全部经办人" in complaint["zh"]


def test_it_is_among_the_checks() -> None:
    assert restore_unchecked in [one.look for one in CHECKS]
