"""The doctor at the work under way, in a database of the test's own: what it says, and when it says nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.operations.doctor import Complaint, Patient, Severity
from chengxin.operations.doctor.backups import archive_behind
from chengxin.operations.doctor.database import clocks_differ, keys_lost, pending, roles_away
from chengxin.operations.doctor.switches import bearer_allowed, city_wrong, password_only, severity
from chengxin.operations.doctor.work import (
    NOTICE_MONTH,
    batches_stuck,
    calendar_missing,
    checkpoint_old,
    facts_unsealed,
    served,
    worker_silent,
)
from chengxin.operations.places import BackupFolder, remember_folder
from chengxin.operations.settings import load_settings
from chengxin.records.sealing_settings import sealing_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

    Asked = Callable[..., Patient]


@pytest.fixture
def patient(tmp_path: Path, database_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Return what makes a patient of this test's own database."""
    monkeypatch.delenv("CHENGXIN_BACKUPS", raising=False)
    made: list[Patient] = []

    def make(**more: object) -> Patient:
        held: dict[str, object] = {
            "data": tmp_path, "keys": tmp_path / "keys", "urls": {"owner": database_url("owner")},
            "now": datetime.now(UTC), "environment": {},
        }  # fmt: skip
        made.append(Patient(**held | more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def away(tmp_path: Path, **more: object) -> Patient:
    """Return an installation whose database is away."""
    held: dict[str, object] = {
        "data": tmp_path, "keys": tmp_path / "keys", "urls": {}, "now": datetime(2026, 3, 2, tzinfo=UTC),
        "environment": {},
    }  # fmt: skip
    return Patient(**held | more)  # type: ignore[arg-type]


def only(found: Iterator[Complaint]) -> Complaint:
    (one,) = found
    return one


def test_a_worker_lives_falls_silent_and_comes_back(
    patient: Asked, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    owner = connect_as("owner")
    assert only(worker_silent(patient())).severity is Severity.NOTE
    owner.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    assert list(worker_silent(patient())) == []
    limit = timedelta(seconds=load_settings().worker_silence_seconds)
    late = patient(now=datetime.now(UTC) + limit + timedelta(seconds=5))
    found = only(worker_silent(late))
    assert (found.code, found.severity) == ("worker_silent", Severity.WRONG)
    assert "log/worker.log" in found.mend_zh
    assert not served(late)
    owner.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 minute')")
    assert list(worker_silent(late)) == [], "one worker that lives is enough"


def test_a_served_installation_owes_checkpoints_and_an_archive(
    patient: Asked, connect_as: Callable[[str], psycopg.Connection], tmp_path: Path
) -> None:
    owner = connect_as("owner")
    assert list(checkpoint_old(patient())) == [], "nothing is owed while nothing is served"
    owner.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 minute')")
    found = only(checkpoint_old(patient()))
    assert (found.code, "从来没有检查点交到见证方" in found.zh, "for ever" in found.en) == (
        "checkpoint_old",
        True,
        True,
    )
    assert "四小时后" in found.mend_zh

    folder = BackupFolder(tmp_path / "backups")
    folder.claim("1")
    remember_folder(tmp_path, folder.root)
    note = tmp_path / "archive.json"
    now = datetime.now(UTC)
    for text in ("", "[]", "{}", '{"at": 5, "error": ""}', '{"at": "2026-03-02T10:00:00", "error": ""}', "null"):
        note.write_text(text, encoding="utf-8")
        said = [one for one in archive_behind(patient()) if one.code == "archive_behind"]
        assert [one.en for one in said] == ["the database's log is not archived (the archive is silent)"], text
    note.write_text(json.dumps({"at": now.isoformat(), "behind": 0, "error": ""}), encoding="utf-8")
    assert [one.code for one in archive_behind(patient(now=now))] == ["archive_slot_lost"]
    note.write_text(json.dumps({"at": now.isoformat(), "behind": 0, "error": "disk_full"}), encoding="utf-8")
    (_slot, said_why) = archive_behind(patient(now=now))
    assert (said_why.where, "（disk_full）" in said_why.zh) == ("disk_full", True)


def test_a_served_installation_owes_seals_of_its_facts(
    patient: Asked, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    owner = connect_as("owner")
    owner.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 day')")
    assert list(facts_unsealed(patient())) == [], "before the first round nothing is owed"
    owner.execute(
        "INSERT INTO records_sealing (sealed, sealed_at) VALUES ('records_move', now()), ('records_record', NULL)"
    )
    found = only(facts_unsealed(patient()))
    assert (found.code, found.severity) == ("facts_unsealed", Severity.WATCH)
    assert "还没有全部封存" in found.zh
    owner.execute("UPDATE records_sealing SET sealed_at = now()")
    assert list(facts_unsealed(patient())) == []
    late = patient(now=datetime.now(UTC) + timedelta(seconds=sealing_settings().late_seconds + 5))
    found = only(facts_unsealed(late))
    assert found.severity is Severity.WRONG
    assert "log/evidence.log" in found.mend_en
    owner.execute("DELETE FROM procrastinate_workers")
    assert list(facts_unsealed(late)) == [], "nothing is owed while nothing is served"


def test_the_structure_of_the_database_is_compared_both_ways(
    patient: Asked, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    owner = connect_as("owner")
    assert list(pending(patient())) == []
    owner.execute("DELETE FROM django_migrations WHERE app = 'audit' AND name = '0001_initial'")
    owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '9999_later', now())")
    owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('foreign', '9999_other', now())")
    behind, ahead = pending(patient())
    assert (behind.code, behind.where) == ("migrations_pending", "audit.0001_initial")
    assert behind.mend_zh == "先备份，再运行 chengxin migrate"
    assert (ahead.code, ahead.where) == ("database_newer", "audit.9999_later")
    assert "与数据库同版本或更新的程序" in ahead.mend_zh


def test_clocks_are_compared_unless_a_moment_stands_in(patient: Asked) -> None:
    assert list(clocks_differ(patient())) == []
    found = only(clocks_differ(patient(now=datetime.now(UTC) - timedelta(minutes=3), embedded=False)))
    assert (found.code, found.severity) == ("clocks_differ", Severity.WRONG)
    assert "chrony" in found.mend_zh
    far = {"now": datetime(2020, 1, 1, tzinfo=UTC), "environment": {"CHENGXIN_NOW": "2020-01-01T00:00:00+00:00"}}
    assert list(clocks_differ(patient(**far))) == []


def test_a_new_database_names_no_key_no_client_and_no_batch(patient: Asked) -> None:
    for check in (keys_lost, bearer_allowed, batches_stuck):
        assert list(check(patient())) == []


def test_every_role_that_cannot_log_in_is_named_without_its_password(tmp_path: Path) -> None:
    address = "postgresql://chengxin_api:hidden-word@127.0.0.1:1/chengxin"
    found = list(roles_away(away(tmp_path, urls={"api": address})))
    assert {one.where for one in found} == {"owner", "worker", "office", "api", "public"}
    assert not any("hidden-word" in str(one.as_dict()) for one in found)
    assert all(one.severity is Severity.WRONG and "log/postgres.log" in one.mend_zh for one in found)


def test_without_a_database_only_what_says_so_speaks(tmp_path: Path) -> None:
    held = away(tmp_path)
    for check in (pending, keys_lost, clocks_differ, batches_stuck, checkpoint_old, bearer_allowed):
        assert list(check(held)) == []
    assert only(worker_silent(held)).code == "not_served"


@pytest.mark.parametrize(
    ("now", "years"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), []),
        (datetime(2031, 6, 1, tzinfo=UTC), [("2031", Severity.WRONG)]),
        (datetime(2031, NOTICE_MONTH, 1, tzinfo=UTC), [("2031", Severity.WRONG), ("2032", Severity.WATCH)]),
        (datetime(2030, 12, 31, 17, tzinfo=UTC), [("2031", Severity.WRONG)]),
    ],
    ids=["known", "unknown", "in December the next one too", "the legal day is Shanghai's"],
)
def test_a_year_without_holidays_is_told_and_the_next_one_late_in_the_year(
    tmp_path: Path, now: datetime, years: list[tuple[str, Severity]]
) -> None:
    found = list(calendar_missing(away(tmp_path, now=now)))
    assert [(one.where, one.severity) for one in found] == years
    assert all("期限只能暂定" in one.zh for one in found)


def test_a_city_that_is_not_there_is_wrong_and_makes_every_switch_wrong(tmp_path: Path) -> None:
    held = away(tmp_path, environment={"CHENGXIN_CITY": "nowhere", "CHENGXIN_SECOND_FACTOR": "optional"})
    assert only(city_wrong(held)).code == "city_wrong"
    assert severity(held) is Severity.WRONG
    assert only(password_only(held)).severity is Severity.WRONG


@pytest.mark.parametrize("value", ["", "required", "Optional", "optional "])
def test_only_the_word_itself_lets_officers_in_with_a_password_alone(tmp_path: Path, value: str) -> None:
    assert list(password_only(away(tmp_path, environment={"CHENGXIN_SECOND_FACTOR": value}))) == []
