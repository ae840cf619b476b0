"""Whatever is sealed comes back; whatever is changed does not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.crypto import Keyring, load_keyring
from chengxin.operations.sealed import BackupDamaged, Compressing, open_file, read_signed, seal_file, write_signed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sealed")


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return load_keyring(tmp_path_factory.mktemp("keys") / "keys")


@given(plain=st.binary(max_size=3000), times=st.sampled_from([1, 2000]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_sealed_comes_back(folder: Path, keyring: Keyring, plain: bytes, times: int) -> None:
    sealed = seal_file(keyring, io.BytesIO(plain * times), folder, "a.cxs", "1")
    out = io.BytesIO()
    open_file(keyring, folder, sealed, "1", out)
    assert out.getvalue() == plain * times
    assert sealed.plain_bytes == len(plain) * times


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bit_can_be_changed(folder: Path, keyring: Keyring, at: int, bit: int) -> None:
    sealed = seal_file(keyring, io.BytesIO(bytes(range(256)) * 40), folder, "b.cxs", "1")
    held = bytearray((folder / "b.cxs").read_bytes())
    held[at % len(held)] ^= 1 << bit
    (folder / "b.cxs").write_bytes(held)
    with pytest.raises(BackupDamaged):
        open_file(keyring, folder, sealed, "1", io.BytesIO())


def test_a_file_of_another_cluster_does_not_open(folder: Path, keyring: Keyring) -> None:
    sealed = seal_file(keyring, io.BytesIO(b"x"), folder, "c.cxs", "1")
    with pytest.raises(BackupDamaged):
        open_file(keyring, folder, sealed, "2", io.BytesIO())


def test_a_failure_leaves_no_half_file(folder: Path, keyring: Keyring) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        seal_file(keyring, Broken(), folder, "d.cxs", "1")
    assert [path.name for path in folder.iterdir() if "d.cxs" in path.name or "draft" in path.name] == []


@given(pieces=st.lists(st.integers(1, 5000), max_size=20))
@settings(deadline=None)
def test_a_reader_may_ask_for_any_number_of_bytes(pieces: list[int]) -> None:
    whole = Compressing(io.BytesIO(b"abc" * 5000))
    parts = Compressing(io.BytesIO(b"abc" * 5000))
    taken = b"".join(parts.read(size) for size in pieces) + parts.read(1 << 20)
    assert taken == whole.read(1 << 20)


def test_a_signed_statement_is_of_its_kind_only(folder: Path, keyring: Keyring) -> None:
    path = folder / "one.json"
    write_signed(path, "kind/1", {"甲": 1}, keyring)
    keys = keyring.public_keys("receipt")
    assert read_signed(path, "kind/1", keys) == {"甲": 1}
    with pytest.raises(BackupDamaged):
        read_signed(path, "kind/2", keys)
    path.write_text(path.read_text(encoding="utf-8").replace("kind/1", "kind/2"), encoding="utf-8")
    with pytest.raises(BackupDamaged):
        read_signed(path, "kind/2", keys)
