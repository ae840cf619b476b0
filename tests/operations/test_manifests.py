"""What is signed stays what was signed: manifests, pieces of the log, and records of practice."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.base.errors import ChengxinError
from chengxin.crypto import Keyring, load_keyring
from chengxin.operations.archive import KIND as LOG_KIND
from chengxin.operations.archive import Archive
from chengxin.operations.places import BackupFolder
from chengxin.operations.sealed import BackupDamaged, as_statement, read_signed, seal_file, write_signed
from chengxin.operations.server import next_segment
from chengxin.operations.taking import KIND, Manifest
from chengxin.operations.verifying import Verified, verify_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SYSTEM = "7000000000000000001"
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
FIRST = "0000000100000000000000FD"


class Backups:
    """A folder with two base backups of two files each, and the log from the first to the last."""

    def __init__(self, room: Path) -> None:
        self.keyring: Keyring = load_keyring(room / "keys", clock=lambda: NOW)
        self.folder = BackupFolder(room / "backups")
        self.folder.claim(SYSTEM)
        self.staging = room / "var"
        names = [FIRST]
        for _ in range(4):
            names.append(next_segment(names[-1]))
        self.segments = names
        self.log(*names)
        self.labels = [self.base(day, names[2 * day], names[2 * day + 1]) for day in range(2)]

    def log(self, *names: str) -> None:
        """Archive pieces of the log."""
        (self.staging / "wal").mkdir(parents=True, exist_ok=True)
        for name in names:
            (self.staging / "wal" / name).write_bytes(name.encode() * 100)
        assert Archive(self.staging, self.folder, self.keyring, SYSTEM, lambda: NOW).seal_whole() == list(names)

    def base(self, day: int, first: str, last: str) -> str:
        """Make a base backup."""
        label = (NOW + timedelta(days=day)).strftime("%Y%m%dT%H%M%SZ")
        self.folder.base(label).mkdir()
        files = tuple(
            seal_file(self.keyring, io.BytesIO(f"{label} {name}".encode() * 50), self.folder.base(label), name, SYSTEM)
            for name in ("cluster.tar.cxs", "beside-before.tar.cxs")
        )
        manifest = Manifest(
            label=label, system=SYSTEM, timeline=1, postgres=170000, chengxin="1", began_at=NOW.isoformat(),
            ended_at=NOW.isoformat(), first_segment=first, point=label, last_segment=last, files=files,
            counts_before={"core.a": 1}, counts_after={"core.a": 2}, key_ids=("receipt.1.00000000",),
        )  # fmt: skip
        self.write(label, manifest.statement())
        return label

    def write(self, label: str, statement: dict[str, Any]) -> None:
        """Sign a statement as the manifest of a backup."""
        write_signed(self.manifest(label), KIND, statement, self.keyring)

    def manifest(self, label: str) -> Path:
        """Return where the manifest lies."""
        return self.folder.base(label) / "manifest.json"

    def verify(self) -> Verified:
        """Look at everything."""
        return verify_folder(self.folder, self.keyring)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("backups")
    Backups(room)
    return room


@pytest.fixture
def backups(made: Path, tmp_path: Path) -> Backups:
    """Return a copy that a test may break."""
    room = tmp_path / "room"
    shutil.copytree(made, room)
    held = object.__new__(Backups)
    held.keyring = load_keyring(room / "keys")
    held.folder = BackupFolder(room / "backups")
    held.staging = room / "var"
    held.labels = list(held.folder.labels())
    held.segments = sorted(path.stem for path in held.folder.wal.glob("*.json"))
    return held


def test_a_whole_folder_is_counted_and_nothing_is_wrong_with_it(backups: Backups) -> None:
    found = backups.verify()
    assert found.findings == ()
    assert found.labels == tuple(backups.labels)
    assert (found.files, found.segments) == (4, 5)
    held = [*backups.folder.root.rglob("*.cxs")]
    assert found.bytes == sum(path.stat().st_size for path in held)


def test_a_manifest_comes_back_as_it_was_signed(backups: Backups) -> None:
    keys = backups.keyring.public_keys("receipt")
    held = Manifest.read(backups.folder, backups.labels[0], keys)
    assert held.label == backups.labels[0]
    assert (held.counts_before, held.counts_after) == ({"core.a": 1}, {"core.a": 2})
    backups.write(backups.labels[0], held.statement())
    assert Manifest.read(backups.folder, backups.labels[0], keys) == held


def test_a_manifest_written_in_another_order_is_the_same_manifest(backups: Backups) -> None:
    path = backups.manifest(backups.labels[0])
    held = json.loads(path.read_text(encoding="utf-8"))
    turned = {name: held[name] for name in reversed(held)}
    turned["statement"] = {name: held["statement"][name] for name in reversed(held["statement"])}
    path.write_text(json.dumps(turned), encoding="utf-8")
    assert backups.verify().findings == ()


def reversed_files(statement: dict[str, Any]) -> None:
    statement["files"].reverse()


def extra_file(statement: dict[str, Any]) -> None:
    statement["files"].append({**statement["files"][0], "name": "extra.cxs"})


def fewer_files(statement: dict[str, Any]) -> None:
    statement["files"].pop()


def other_digest(statement: dict[str, Any]) -> None:
    statement["files"][0]["sha256"] = "0" * 64


def other_count(statement: dict[str, Any]) -> None:
    statement["counts_after"]["core.a"] = 3


def other_point(statement: dict[str, Any]) -> None:
    statement["point"] = "20990101T000000Z"


@pytest.mark.parametrize(
    "change",
    [reversed_files, extra_file, fewer_files, other_digest, other_count, other_point],
    ids=lambda one: one.__name__,
)
def test_no_word_of_a_manifest_can_be_changed(backups: Backups, change: Callable[[dict[str, Any]], None]) -> None:
    path = backups.manifest(backups.labels[1])
    held = json.loads(path.read_text(encoding="utf-8"))
    change(held["statement"])
    path.write_text(json.dumps(held), encoding="utf-8")
    (found,) = backups.verify().findings
    assert found.where == str(path)
    assert "的签名不对" in found.zh
    assert "请换另一份备份并报告安全管理员" in found.zh
    assert "wrong signature" in found.en


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"statement": {}}', '{"kind": 1, "statement": 2, "signature": "x"}']
)
def test_a_manifest_that_is_none_is_a_finding_and_the_other_backup_is_still_looked_at(
    backups: Backups, text: str
) -> None:
    backups.manifest(backups.labels[0]).write_text(text, encoding="utf-8")
    found = backups.verify()
    assert [one.where for one in found.findings] == [str(backups.manifest(backups.labels[0]))]
    assert found.files == 2


def test_a_manifest_of_bytes_that_are_no_text_is_a_finding(backups: Backups) -> None:
    backups.manifest(backups.labels[0]).write_bytes(b"\xff\xfe\x00")
    (found,) = backups.verify().findings
    assert "读不了" in found.zh


def test_one_byte_of_a_file_that_changed_is_found_and_named(backups: Backups) -> None:
    path = backups.folder.base(backups.labels[0]) / "cluster.tar.cxs"
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    (found,) = backups.verify().findings
    assert (found.where, "摘要与清单不符" in found.zh) == (str(path), True)


@pytest.mark.parametrize("size", [0, 10, -1])
def test_a_file_that_was_cut_is_found(backups: Backups, size: int) -> None:
    path = backups.folder.base(backups.labels[0]) / "cluster.tar.cxs"
    path.write_bytes(path.read_bytes()[:size])
    assert [one.where for one in backups.verify().findings] == [str(path)]


def test_a_missing_file_is_named_as_missing(backups: Backups) -> None:
    path = backups.folder.base(backups.labels[0]) / "beside-before.tar.cxs"
    path.unlink()
    (found,) = backups.verify().findings
    assert (found.where, "不见了" in found.zh, "is missing" in found.en) == (str(path), True, True)


def test_files_of_two_backups_that_changed_places_are_both_found(backups: Backups) -> None:
    one, other = (backups.folder.base(label) / "cluster.tar.cxs" for label in backups.labels)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert {found.where for found in backups.verify().findings} == {str(one), str(other)}


def test_a_signed_manifest_cannot_be_made_to_name_another_file_of_the_same_bytes(backups: Backups) -> None:
    """The name of a file is part of what seals it."""
    label = backups.labels[0]
    held = Manifest.read(backups.folder, label, backups.keyring.public_keys("receipt"))
    (backups.folder.base(label) / "renamed.cxs").write_bytes(
        (backups.folder.base(label) / held.files[0].name).read_bytes()
    )
    backups.write(label, replace(held, files=(replace(held.files[0], name="renamed.cxs"),)).statement())
    (found,) = backups.verify().findings
    assert "解不开" in found.zh


def test_a_file_beside_the_backup_that_nobody_signed_changes_nothing(backups: Backups) -> None:
    (backups.folder.base(backups.labels[0]) / "extra.cxs").write_bytes(b"x")
    (backups.folder.root / "base" / "notes").mkdir()
    (backups.folder.root / "base" / "20260302T010000Z-old").mkdir()
    assert backups.verify().findings == ()


def test_a_manifest_signed_by_another_installation_is_refused(backups: Backups, tmp_path: Path) -> None:
    stranger = load_keyring(tmp_path / "stranger", clock=lambda: NOW)
    held = Manifest.read(backups.folder, backups.labels[0], backups.keyring.public_keys("receipt"))
    write_signed(backups.manifest(backups.labels[0]), KIND, held.statement(), stranger)
    with pytest.raises(BackupDamaged) as caught:
        Manifest.read(backups.folder, backups.labels[0], backups.keyring.public_keys("receipt"))
    assert caught.value.code == "backup_damaged"
    assert len(verify_folder(backups.folder, stranger).findings) > 1, "a stranger's keys open nothing"


def test_a_backup_signed_before_its_key_was_replaced_stays_good(backups: Backups) -> None:
    for purpose in ("receipt", "backup"):
        backups.keyring.rotate(purpose, NOW)
    assert backups.verify().findings == ()


def test_a_note_of_the_log_is_no_manifest_although_it_is_signed(backups: Backups) -> None:
    note = backups.folder.wal / f"{backups.segments[0]}.json"
    backups.manifest(backups.labels[0]).write_bytes(note.read_bytes())
    (found,) = backups.verify().findings
    assert "不是要找的文件" in found.zh


def test_a_piece_of_the_log_that_is_missing_is_a_gap_that_is_named(backups: Backups) -> None:
    gone = backups.segments[3]
    for suffix in (".json", ".cxs"):
        (backups.folder.wal / f"{gone}{suffix}").unlink()
    found = backups.verify()
    assert {one.where for one in found.findings} == {backups.labels[1], str(backups.folder.wal)}
    for one in found.findings:
        assert f"日志缺少 {gone}" in one.zh
        assert "请马上做一次新备份" in one.zh


def test_a_gap_before_the_first_backup_that_is_kept_is_none(backups: Backups) -> None:
    shutil.rmtree(backups.folder.base(backups.labels[0]))
    for suffix in (".json", ".cxs"):
        (backups.folder.wal / f"{backups.segments[0]}{suffix}").unlink()
    assert backups.verify().findings == ()


def test_a_piece_without_its_bytes_and_a_piece_with_other_bytes_are_found(backups: Backups) -> None:
    first, second = (backups.folder.wal / f"{name}.cxs" for name in backups.segments[:2])
    first.unlink()
    second.write_bytes(second.read_bytes() + b"x")
    assert {one.where for one in backups.verify().findings} == {str(first), str(second)}


def test_pieces_that_changed_names_are_found(backups: Backups) -> None:
    first, second = (backups.folder.wal / f"{name}.json" for name in backups.segments[:2])
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    held = read_signed(first, LOG_KIND, backups.keyring.public_keys("receipt"))
    assert held["file"]["name"] == second.with_suffix(".cxs").name
    (backups.folder.wal / f"{backups.segments[0]}.cxs").unlink()
    second.write_bytes(kept)
    assert backups.verify().findings != ()


def test_another_history_never_overwrites_a_piece(backups: Backups) -> None:
    name = backups.segments[0]
    sealed = (backups.folder.wal / f"{name}.cxs").read_bytes()
    (backups.staging / "wal" / name).write_bytes(b"another history")
    with pytest.raises(BackupDamaged) as caught:
        Archive(backups.staging, backups.folder, backups.keyring, SYSTEM, lambda: NOW).seal_whole()
    assert "另一段历史的日志" in caught.value.message_zh
    assert (backups.folder.wal / f"{name}.cxs").read_bytes() == sealed
    assert (backups.staging / "wal" / name).exists()


def test_a_folder_without_a_base_backup_says_so(tmp_path: Path, backups: Backups) -> None:
    empty = BackupFolder(tmp_path / "empty")
    empty.claim(SYSTEM)
    (found,) = verify_folder(empty, backups.keyring).findings
    assert (found.zh, found.en) == ("还没有做过备份", "there is no base backup yet")


def test_what_is_no_folder_of_backups_is_refused_with_the_way_to_make_one(tmp_path: Path, backups: Backups) -> None:
    with pytest.raises(ChengxinError) as caught:
        verify_folder(BackupFolder(tmp_path), backups.keyring)
    assert caught.value.code == "no_backup_folder"
    assert "chengxin backup --to 目录" in caught.value.message_zh


def test_every_piece_of_a_statement_is_a_plain_value(backups: Backups) -> None:
    held = Manifest.read(backups.folder, backups.labels[0], backups.keyring.public_keys("receipt"))
    assert json.loads(json.dumps(held.statement())) == held.statement()
    assert as_statement(held.files[0]).keys() == {"name", "bytes", "sha256", "plain_bytes", "plain_sha256"}


def test_a_statement_that_cannot_be_put_in_its_place_leaves_no_draft_behind(backups: Backups) -> None:
    path = backups.folder.root / "taken.json"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_signed(path, KIND, {"a": 1}, backups.keyring)
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".draft")] == []
