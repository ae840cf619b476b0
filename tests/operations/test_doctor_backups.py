"""The doctor at the backups: their age, the practice of restoring them, the keys they need."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.crypto import Keyring, load_keyring
from chengxin.operations.doctor import Complaint, Patient, Severity, examine
from chengxin.operations.doctor.backups import CHECKS, archive_behind, backup_keys_lost, backup_old, rehearsal_old
from chengxin.operations.places import BackupFolder, remember_folder
from chengxin.operations.sealed import write_signed
from chengxin.operations.settings import load_settings
from chengxin.operations.taking import KIND, Manifest
from chengxin.operations.verifying import RECORD, Rehearsal

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
PRACTISED = Rehearsal(
    label="20260302T010000Z", began_at="", ended_at="", seconds=12.0, last_change="", tables=40, rows=900,
    differing=(), audit="clean", audit_said="", machine="2 cores",
)  # fmt: skip


def label_of(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


class Installation:
    """A data folder with keys, and a folder of backups that it goes to."""

    def __init__(self, room: Path) -> None:
        self.data = room / "var"
        self.data.mkdir()
        self.keyring: Keyring = load_keyring(self.data / "keys", clock=lambda: NOW)
        self.folder = BackupFolder(room / "backups")
        self.folder.claim("7000000000000000001")
        remember_folder(self.data, self.folder.root)

    def back_up(self, moment: datetime, *, keys: tuple[str, ...] | None = None) -> str:
        """Put a finished backup there that began at ``moment``."""
        label = label_of(moment)
        self.folder.base(label).mkdir()
        key_ids = keys if keys is not None else tuple(one.key_id for one in self.keyring.facts())
        manifest = Manifest(
            label=label, system="7000000000000000001", timeline=1, postgres=170000, chengxin="1", began_at="",
            ended_at="", first_segment="0" * 24, point=label, last_segment="0" * 24, files=(), counts_before={},
            counts_after={}, key_ids=key_ids,
        )  # fmt: skip
        write_signed(self.folder.base(label) / "manifest.json", KIND, manifest.statement(), self.keyring)
        return label

    def practise(self, ended: datetime, **more: object) -> None:
        """Put the record of a restore for practice there."""
        held = asdict(replace(PRACTISED, ended_at=ended.isoformat())) | {"differing": [], "findings": []} | more
        write_signed(self.folder.rehearsals / f"{label_of(ended)}-x.json", RECORD, held, self.keyring)

    def patient(self, **more: object) -> Patient:
        """Return it as the doctor sees it, without a database."""
        held: dict[str, object] = {
            "data": self.data, "keys": self.data / "keys", "urls": {}, "now": NOW, "environment": {},
        }  # fmt: skip
        return Patient(**held | more)  # type: ignore[arg-type]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("CHENGXIN_BACKUPS", raising=False)
    return Installation(tmp_path)


def only(found: list[Complaint]) -> Complaint:
    (one,) = found
    return one


def test_a_fresh_backup_is_nothing_to_speak_of_until_its_hours_are_over(installation: Installation) -> None:
    installation.back_up(NOW)
    last = NOW + timedelta(hours=load_settings().backup_hours)
    assert list(backup_old(installation.patient(now=last))) == []
    found = only(list(backup_old(installation.patient(now=last + timedelta(seconds=1)))))
    assert (found.code, found.severity) == ("backup_old", Severity.WRONG)
    assert label_of(NOW) in found.zh
    assert "chengxin-backup.timer" in found.mend_zh


def test_the_newest_backup_counts_whatever_lies_beside_it(installation: Installation) -> None:
    installation.back_up(NOW - timedelta(days=90))
    installation.back_up(NOW - timedelta(hours=1))
    assert list(backup_old(installation.patient())) == []


def test_a_backup_that_was_not_finished_is_none(installation: Installation) -> None:
    label = installation.back_up(NOW)
    (installation.folder.base(label) / "manifest.json").unlink()
    found = only(list(backup_old(installation.patient())))
    assert (found.code, "—" in found.zh) == ("backup_old", True)


def test_a_folder_of_backups_that_is_not_mounted_is_told_as_missing(installation: Installation) -> None:
    remember_folder(installation.data, installation.data / "unmounted")
    found = only(list(backup_old(installation.patient())))
    assert (found.code, found.severity) == ("backup_missing", Severity.WATCH)
    assert "另一台机器的磁盘" in found.mend_zh


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"folder": 5}', "null"])
def test_a_note_about_the_folder_that_cannot_be_read_stops_no_other_check(
    installation: Installation, text: str
) -> None:
    (installation.data / "backups.json").write_text(text, encoding="utf-8")
    found = only(examine(installation.patient(), CHECKS))
    assert (found.code, found.severity) == ("backup_note_unreadable", Severity.WRONG)
    assert found.where == str(installation.data / "backups.json")
    assert "chengxin backup --to" in found.zh


def test_an_outside_database_is_backed_up_by_its_own_tools(installation: Installation) -> None:
    (installation.data / "backups.json").unlink()
    assert examine(installation.patient(embedded=False), CHECKS) == []


def test_a_backup_that_nobody_ever_restored_is_watched(installation: Installation) -> None:
    installation.back_up(NOW)
    found = only(list(rehearsal_old(installation.patient())))
    assert (found.code, found.severity) == ("rehearsal_old", Severity.WATCH)
    assert found.zh.endswith("从未")
    assert found.en.endswith("never")


def test_practice_grows_old_after_its_days(installation: Installation) -> None:
    installation.back_up(NOW)
    installation.practise(NOW)
    last = NOW + timedelta(days=load_settings().rehearsal_days)
    assert list(rehearsal_old(installation.patient(now=last))) == []
    found = only(list(rehearsal_old(installation.patient(now=last + timedelta(days=1)))))
    assert f"{load_settings().rehearsal_days + 1} 天前" in found.zh


@pytest.mark.parametrize(
    "wrong",
    [{"differing": ["core.a 1 ≠ 2–2"]}, {"findings": ["base/x"]}, {"audit": "found"}],
    ids=lambda one: next(iter(one)),
)
def test_practice_that_failed_in_any_way_is_told(installation: Installation, wrong: dict[str, object]) -> None:
    installation.back_up(NOW)
    installation.practise(NOW - timedelta(hours=2))
    installation.practise(NOW - timedelta(hours=1), **wrong)
    found = only(list(rehearsal_old(installation.patient())))
    assert (found.code, found.severity, found.where) == ("rehearsal_failed", Severity.WRONG, PRACTISED.label)
    assert "马上做一次新备份" in found.mend_zh
    installation.practise(NOW)
    assert list(rehearsal_old(installation.patient())) == [], "a later practice that passed heals it"


def test_practice_whose_trail_could_not_be_asked_still_passed() -> None:
    assert replace(PRACTISED, audit="skipped").passed
    assert not replace(PRACTISED, audit="found").passed


def test_a_record_signed_by_another_installation_is_no_record(installation: Installation, tmp_path: Path) -> None:
    installation.back_up(NOW)
    stranger = load_keyring(tmp_path / "other-keys", clock=lambda: NOW)
    write_signed(installation.folder.rehearsals / "20260302T010000Z-x.json", RECORD, asdict(PRACTISED), stranger)
    found = only(list(rehearsal_old(installation.patient())))
    assert (found.code, found.severity) == ("rehearsal_unreadable", Severity.WRONG)
    assert "报告安全管理员" in found.mend_zh


def test_the_keys_of_the_last_backup_are_all_there(installation: Installation) -> None:
    installation.back_up(NOW)
    assert list(backup_keys_lost(installation.patient())) == []


def test_a_key_of_the_last_backup_that_is_gone_is_named(installation: Installation) -> None:
    installation.back_up(NOW - timedelta(days=1), keys=("backup.8.00000000",))
    installation.back_up(NOW, keys=("backup.9.00000000", "receipt.9.00000000"))
    found = list(backup_keys_lost(installation.patient()))
    assert [one.where for one in found] == ["backup.9.00000000", "receipt.9.00000000"]
    assert all("从密钥副本恢复" in one.mend_zh for one in found)


def test_a_key_that_was_only_replaced_is_not_lost(installation: Installation) -> None:
    installation.back_up(NOW)
    installation.keyring.rotate("backup", NOW + timedelta(days=1))
    assert list(backup_keys_lost(installation.patient())) == []


def test_a_manifest_that_was_changed_is_told_with_its_file(installation: Installation) -> None:
    path = installation.folder.base(installation.back_up(NOW)) / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("170000", "180000"), encoding="utf-8")
    found = only(list(backup_keys_lost(installation.patient())))
    assert (found.code, found.where) == ("backup_unreadable", str(path))
    assert "签名不对" in found.zh


def test_without_keys_the_checks_of_backups_say_nothing_and_make_none(installation: Installation) -> None:
    installation.back_up(NOW)
    keys = installation.data / "none"
    keys.mkdir(mode=0o700)
    patient = installation.patient(keys=keys)
    assert [*rehearsal_old(patient), *backup_keys_lost(patient)] == []
    assert list(keys.iterdir()) == []


def test_without_a_database_the_slot_of_the_archive_is_told_as_lost(installation: Installation) -> None:
    found = only(list(archive_behind(installation.patient())))
    assert (found.code, found.severity) == ("archive_slot_lost", Severity.WRONG)
    assert "有缺口" in found.zh


def test_a_folder_named_by_the_environment_is_the_one_looked_at(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = BackupFolder(tmp_path / "other")
    other.claim("7000000000000000001")
    monkeypatch.setenv("CHENGXIN_BACKUPS", str(other.root))
    installation.back_up(NOW)
    assert only(list(backup_old(installation.patient()))).where == str(other.root)
    held = json.loads((installation.data / "backups.json").read_text(encoding="utf-8"))
    assert held == {"folder": str(installation.folder.root)}
