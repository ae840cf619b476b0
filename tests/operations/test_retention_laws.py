"""Laws of what is kept: the newest always, the rest by its age, and the log that a kept backup needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.crypto import Keyring, load_keyring
from chengxin.operations.places import BackupFolder
from chengxin.operations.retention import Expired, expire, moment_of, too_old
from chengxin.operations.sealed import write_signed
from chengxin.operations.server import SEGMENT, next_segment
from chengxin.operations.settings import load_settings
from chengxin.operations.taking import KIND, Manifest
from chengxin.operations.verifying import gap

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3_000_000_000).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def label_of(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


@settings(deadline=None, max_examples=50)
@given(MOMENTS)
def test_a_label_says_when_the_backup_began(moment: datetime) -> None:
    assert moment_of(label_of(moment)) == moment


@settings(deadline=None, max_examples=50)
@given(st.lists(MOMENTS, min_size=2, max_size=6))
def test_labels_in_order_of_their_letters_are_in_order_of_time(moments: list[datetime]) -> None:
    assert sorted(map(label_of, moments)) == [label_of(one) for one in sorted(moments)]


LABELS = st.lists(MOMENTS, max_size=20, unique=True).map(lambda held: [label_of(one) for one in sorted(held)])


@settings(deadline=None, max_examples=50)
@given(labels=LABELS, now=MOMENTS, days=st.integers(0, 20000), least=st.integers(1, 6))
def test_the_newest_backup_never_goes_whatever_the_clock_says(
    labels: list[str], now: datetime, days: int, least: int
) -> None:
    gone = too_old(labels, now, days, least)
    assert not labels or labels[-1] not in gone
    assert len(labels) - len(gone) >= min(least, len(labels))
    assert list(gone) == labels[: len(gone)], "what goes is the oldest, without holes"


@settings(deadline=None, max_examples=50)
@given(labels=LABELS, now=MOMENTS, days=st.integers(0, 20000), more=st.integers(0, 5000), least=st.integers(1, 6))
def test_whoever_keeps_for_longer_keeps_more(
    labels: list[str], now: datetime, days: int, more: int, least: int
) -> None:
    assert set(too_old(labels, now, days + more, least)) <= set(too_old(labels, now, days, least))
    assert set(too_old(labels, now, days, least + 1)) <= set(too_old(labels, now, days, least))
    assert set(too_old(labels, now, days, least)) <= set(too_old(labels, now + timedelta(days=more), days, least))


@settings(deadline=None, max_examples=50)
@given(labels=LABELS, days=st.integers(0, 400), least=st.integers(1, 4))
def test_removing_twice_at_one_moment_removes_nothing_more(labels: list[str], days: int, least: int) -> None:
    gone = too_old(labels, NOW, days, least)
    assert too_old([one for one in labels if one not in gone], NOW, days, least) == ()


def test_a_backup_exactly_as_old_as_is_kept_stays_and_a_second_later_goes() -> None:
    labels = [label_of(NOW - timedelta(days=35)), label_of(NOW)]
    assert too_old(labels, NOW, 35, 1) == ()
    assert too_old(labels, NOW + timedelta(seconds=1), 35, 1) == (labels[0],)


def test_a_clock_that_ran_backwards_removes_nothing() -> None:
    labels = [label_of(NOW + timedelta(days=day)) for day in range(5)]
    assert too_old(labels, NOW - timedelta(days=4000), 1, 1) == ()


@pytest.mark.parametrize(
    "start", [datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13)], ids=lambda one: one.strftime("%m")
)
def test_logs_stay_for_six_months_whichever_these_are(start: datetime) -> None:
    """网络安全法 art. 21 (3) asks for no less than six months; a leap year's and a usual year's."""
    for year in (2024, 2025):
        begin = start.replace(year=year)
        month = begin.month + 6
        end = begin.replace(year=year + (month > 12), month=(month - 1) % 12 + 1)
        assert (end - begin).days <= load_settings().log_days


def test_the_last_backups_span_more_than_the_days_between_two_of_them() -> None:
    held = load_settings()
    assert held.backups_least >= 2
    assert held.backup_days > held.rehearsal_days * 2
    assert held.backup_hours > 24


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return load_keyring(tmp_path_factory.mktemp("keys") / "keys", clock=lambda: NOW)


def put(folder: BackupFolder, keyring: Keyring, ages: list[int]) -> list[str]:
    """Put backups of these ages in days there, the oldest resting on the first piece of the log, and ten pieces."""
    labels = []
    name = "0000000100000000000000FA"
    for age in ages:
        label = label_of(NOW - timedelta(days=age))
        folder.base(label).mkdir()
        manifest = Manifest(
            label=label, system="1", timeline=1, postgres=1, chengxin="1", began_at="", ended_at="",
            first_segment=name, point=label, last_segment=next_segment(name), files=(), counts_before={},
            counts_after={}, key_ids=(),
        )  # fmt: skip
        write_signed(folder.base(label) / "manifest.json", KIND, manifest.statement(), keyring)
        labels.append(label)
        for _ in range(2):
            for suffix in (".json", ".cxs"):
                (folder.wal / f"{name}{suffix}").touch()
            name = next_segment(name)
    return labels


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ages=st.sets(st.integers(0, 90), min_size=1, max_size=5).map(lambda held: sorted(held, reverse=True)))
def test_every_backup_that_is_kept_keeps_the_whole_log_it_needs(
    tmp_path_factory: pytest.TempPathFactory, keyring: Keyring, ages: list[int]
) -> None:
    folder = BackupFolder(tmp_path_factory.mktemp("held"))
    folder.claim("1")
    labels = put(folder, keyring, ages)
    keys = keyring.public_keys("receipt")
    gone = expire(folder, keys, NOW)
    assert folder.labels() == tuple(one for one in labels if one not in gone.labels)
    assert folder.labels()[-1] == labels[-1]
    held = {path.stem for path in folder.wal.glob("*.json") if SEGMENT.fullmatch(path.stem)}
    for label in folder.labels():
        manifest = Manifest.read(folder, label, keys)
        assert gap(held, manifest.first_segment, manifest.last_segment) == ""
    assert gone.segments == 2 * len(gone.labels)
    assert expire(folder, keys, NOW) == Expired((), 0)


def test_an_empty_folder_has_nothing_to_remove(tmp_path: Path, keyring: Keyring) -> None:
    folder = BackupFolder(tmp_path / "held")
    folder.claim("1")
    assert expire(folder, keyring.public_keys("receipt"), NOW) == Expired((), 0)


def test_histories_of_timelines_stay_when_the_log_goes(tmp_path: Path, keyring: Keyring) -> None:
    folder = BackupFolder(tmp_path / "held")
    folder.claim("1")
    put(folder, keyring, [80, 70, 10, 0])
    for suffix in (".json", ".cxs"):
        (folder.wal / f"00000002.history{suffix}").touch()
    assert expire(folder, keyring.public_keys("receipt"), NOW).segments == 4
    assert (folder.wal / "00000002.history.json").exists()
    assert (folder.wal / "00000002.history.cxs").exists()


def test_log_is_not_removed_on_the_word_of_a_manifest_that_nobody_signed(tmp_path: Path, keyring: Keyring) -> None:
    folder = BackupFolder(tmp_path / "held")
    folder.claim("1")
    labels = put(folder, keyring, [80, 10, 0])
    path = folder.base(labels[1]) / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"timeline": 1', '"timeline": 2'), encoding="utf-8")
    before = sorted(folder.wal.iterdir())
    with pytest.raises(ChengxinError) as caught:
        expire(folder, keyring.public_keys("receipt"), NOW)
    assert caught.value.code == "backup_damaged"
    assert sorted(folder.wal.iterdir()) == before
