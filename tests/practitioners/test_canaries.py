"""Planted numbers are looked for everywhere the platform writes: nothing but their ciphertext is anywhere."""

from __future__ import annotations

import base64
import csv
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import psycopg
import pytest
from django.db import connection

from chengxin.accounts.actions.approvals import DecideApproval
from chengxin.audit.errors import EvidenceUnavailable
from chengxin.base.config import embedded_url, read_secrets
from chengxin.base.embedded import BINARIES
from chengxin.cli.database import embedded_server
from chengxin.crypto import load_keyring
from chengxin.operations.archive import KIND as LOG_KIND
from chengxin.operations.places import BackupFolder
from chengxin.operations.restoring import unpack
from chengxin.operations.sealed import SealedFile, open_file, read_signed
from chengxin.operations.taking import Manifest
from chengxin.practitioners.actions.change_identity import ChangeIdentity, Ground
from chengxin.practitioners.actions.rotate_numbers import RotateNumbers
from chengxin.practitioners.errors import NothingToShow, TextHasNumber
from chengxin.practitioners.models import SealedText
from chengxin.practitioners.sealed import open_text
from chengxin.testing.rig import build, own_environment

from .conftest import HEADER, id_number, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Register

FORMS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")


def traces(numbers: list[str]) -> list[bytes]:
    """Return what a number leaves behind where it leaks: its text, its digits as an integer, hex and base64 of them."""
    found: list[bytes] = []
    for number in numbers:
        for text in (number, number.lower(), number[:17]):
            found += [text.encode(form) for form in FORMS]
            found += [text.encode().hex().encode(), base64.b64encode(text.encode())[:20]]
        for order in ("little", "big"):
            found.append(int(number[:17]).to_bytes(8, order))
    return found


def searched(folder: Path, wanted: list[bytes]) -> tuple[int, list[str]]:
    """Return how many files of a folder were read, and those with a trace in them."""
    count, hits = 0, []
    for path in (Path(at, name) for at, _folders, names in os.walk(folder) for name in names):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            content = path.read_bytes()
        except (FileNotFoundError, PermissionError):
            continue  # gone meanwhile, as files of a running server go
        count += 1
        hits += [str(path) for one in wanted if one in content]
    return count, hits


def work(register: Register, canaries: list[str]) -> list[str]:
    """Do everything that touches numbers, right and wrong; return what was said about it."""
    said: list[str] = []
    rows = [line(number, number=canary) for number, canary in enumerate(canaries[:3], start=1)]
    wrong = line(7, number=canaries[3][:-1] + ("1" if canaries[3][-1] != "1" else "2"))
    receipt = register.rows(*rows, wrong, line(8, licence=canaries[4]), line(9, number="x" + canaries[3]))
    said.append(str(receipt.as_dict()) + repr(receipt))
    assert (receipt.added, len(receipt.returned)) == (3, 3)
    said.append(repr(register.look("LS00000001")))
    for asked in ({"licence": canaries[0]}, {"name": canaries[1], "employer_uscc": "91320583187588026H"}):
        with pytest.raises(TextHasNumber) as refused:
            register.look(**asked)
        said.append(str(refused.value))
    with pytest.raises(NothingToShow):
        register.look("LS99999999")
    from chengxin.accounts.actor import (  # noqa: PLC0415 - Django is set up by the fixtures
        CHANGE_PRACTITIONERS,
        DECIDE_APPROVALS,
        Actor,
        operator,
    )

    ground = Ground("居民身份证法 第十一条", "更正证明 昆公户〔2026〕9号")
    change = ChangeIdentity(
        operator(), "lawyer", "LS00000001", ground, register.now, new_number=canaries[4], keyring=register.keyring
    )
    second = Actor("officer", "wu", "centre", frozenset({CHANGE_PRACTITIONERS, DECIDE_APPROVALS}), everywhere=True)
    approval = change.ask("当事人申请")
    DecideApproval(second, approval.pk, agree=True, reason="已核对原件", now=register.now).execute()
    change.execute()
    register.keyring.rotate("sealed-number", register.now)
    register.keyring.rotate("blind-index", register.now)
    RotateNumbers(("system", "x", ""), register.now, register.keyring).execute()
    with connection.cursor() as cursor:  # statements that fail are written to the server's log with their values
        cursor.execute("ALTER TABLE practitioners_sealedtext ADD CONSTRAINT broken CHECK (made_at < '2026-04-01')")
        cursor.execute(
            "ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (action <> 'practitioner.looked_up') NOT VALID"
        )
    with pytest.raises(EvidenceUnavailable):
        register.look("LS00000001")
    register.later(days=60)
    with pytest.raises(Exception, match="broken") as failed:
        register.rows(line(30, number=canaries[3]))
    said.append(str(failed.value))
    return said


@pytest.fixture
def scratch(server_folder: Path) -> Iterator[Path]:
    """Give temporary files a folder of their own, so that what stays in it is this test's."""
    with tempfile.TemporaryDirectory(prefix="chengxin-canary-") as name, patch("tempfile.tempdir", name):
        assert server_folder.exists()
        yield Path(name)


def test_planted_numbers_are_found_nowhere(
    register: Register, canaries: list[str], scratch: Path, server_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wanted = traces(canaries)
    said = work(register, canaries)
    opened = {open_text(register.keyring, one) for one in SealedText.objects.all()}
    assert opened == {*canaries[:3], canaries[4]}, "they are there, sealed"
    texts = {"answers": "\n".join(said), "logs of the application": caplog.text}
    url = embedded_url(server_folder, "superuser", read_secrets(server_folder), connection.settings_dict["NAME"])
    dumped = subprocess.run([str(BINARIES / "pg_dump"), "--no-owner", url], capture_output=True, check=True)
    assert b"practitioners_sealedtext" in dumped.stdout
    hits = [f"{where}: {one!r}" for where, text in texts.items() for one in wanted if one in text.encode()]
    hits += [f"dump: {one!r}" for one in wanted if one in dumped.stdout]
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("CHECKPOINT")
        activity = str(session.execute("SELECT query FROM pg_stat_activity").fetchall())
        loaded = session.execute("SELECT to_regclass('pg_stat_statements')").fetchone()
        if loaded is not None and loaded[0]:
            activity += str(session.execute("SELECT query FROM pg_stat_statements").fetchall())
    hits += [f"statements: {one!r}" for one in wanted if one in activity.encode()]
    count, found = searched(server_folder, wanted)
    assert any(path.stat().st_size for path in server_folder.rglob("pg_wal/*") if path.is_file())
    assert count > 100, "tables, WAL and logs of the server were read"
    assert hits + found + searched(scratch, wanted)[1] == []


def test_the_search_finds_what_is_planted_in_the_open(register: Register, server_folder: Path) -> None:
    """The instrument itself, with a number that the other test does not look for."""
    planted = id_number(777, "19671117", "110105")
    assert register
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE leak (number text)")
        cursor.execute("INSERT INTO leak VALUES (%s)", [planted])
        with pytest.raises(Exception, match="integer"):
            cursor.execute("INSERT INTO leak SELECT %s::integer", [planted])
        cursor.execute("DROP TABLE leak")
    _count, found = searched(server_folder, traces([planted]))
    assert any("pg_wal" in one for one in found)
    assert any("log" in Path(one).parts for one in found), "the server's log has statements that failed"


def run(folder: Path, *arguments: str) -> str:
    """Run ``chengxin`` on the installation in ``folder``; return everything it said."""
    done = subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", *arguments],
        env=own_environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def hand_in(folder: Path, *rows: dict[str, str]) -> str:
    """Register a file of lawyers, and take the file away again as a department would."""
    given = folder / "files" / "lawyers.csv"
    with given.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    said = run(folder, "practitioners", "import", str(given), "--org", "ks-sfj", "--occupation", "lawyer", "--json")
    given.unlink()
    return said


def unpacked(folder: Path, backups: BackupFolder, into: Path) -> None:
    """Open everything a thief would have who has the backups and the keys for backups: files and log."""
    keyring = load_keyring(folder / "keys")
    label = backups.labels()[-1]
    manifest = Manifest.read(backups, label, keyring.public_keys("receipt"))
    for number, packed in enumerate(manifest.files):
        (into / f"{number}").mkdir(parents=True)
        unpack(keyring, backups.base(label), packed, manifest.system, into / f"{number}")
    (into / "wal").mkdir()
    for note in backups.wal.glob("*.json"):
        sealed = SealedFile.read(read_signed(note, LOG_KIND, keyring.public_keys("receipt"))["file"])
        with (into / "wal" / note.stem).open("xb") as out:
            open_file(keyring, backups.wal, sealed, manifest.system, out)


@pytest.fixture
def room() -> Iterator[Path]:
    """Yield a folder under a short path, for an installation, its backups, and what is in them."""
    made = Path(tempfile.mkdtemp(dir="/tmp", prefix="chengxin-canary-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.timeout(900)
def test_planted_numbers_are_in_no_backup_neither_sealed_nor_unpacked(canaries: list[str], room: Path) -> None:
    """A real backup by the command: one number before it, one after it, which is in the log alone, and wrong rows."""
    folder, backups = room / "var", BackupFolder(room / "backups")
    folder.mkdir(mode=0o755)
    rig = build(folder, bodies=2)
    wrong = canaries[2][:-1] + ("1" if canaries[2][-1] != "1" else "2")
    said = hand_in(folder, line(1, number=canaries[0]), line(2, number=wrong), line(3, licence=canaries[3]))
    run(folder, "backup", "--to", str(backups.root))
    leaked = id_number(778, "19671117", "110105")
    with embedded_server(folder):
        hand_in(folder, line(4, number=canaries[1]))
        with psycopg.connect(rig.url("superuser"), autocommit=True) as session:
            kept = session.execute("SELECT count(*) FROM core.practitioners_sealedtext").fetchone()
            session.execute("CREATE TABLE public.leak AS SELECT %s::text AS number", [leaked])
    run(folder, "backup", "--keep-all")
    assert kept is not None
    assert kept[0] >= 2, "the numbers are there, sealed"
    unpacked(folder, backups, room / "open")
    wanted = traces([*canaries[:4], wrong])
    assert [one for one in wanted if one in said.encode()] == []
    sealed, found = searched(backups.root, [*wanted, *traces([leaked])])
    assert (sealed > 3, found) == (True, [])
    opened, found = searched(room / "open", wanted)
    assert (opened > 100, found) == (True, [])
    there = {Path(one).relative_to(room / "open").parts[0] for one in searched(room / "open", [leaked.encode()])[1]}
    assert there >= {"0", "wal"}, "a number that lies in the open is found in the cluster and in the log"
