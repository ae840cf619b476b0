"""The mapping is given out: code by code, and as a signed file that anybody can verify."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from chengxin.accounts.actor import operator
from chengxin.audit.models import Event
from chengxin.conversion.files import ExportMapping, public_keys
from chengxin.conversion.mapping import convert
from chengxin.conversion.package import CSV, SIGNATURE, MappingWrong, verify_package
from chengxin.crypto import load_keyring
from chengxin.subjects.models import Identifier
from chengxin.testing.bodies import register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CHENGXIN_KEYS", str(folder))


def test_an_older_code_leads_to_todays_credit_code(feeds: Any) -> None:
    register_bodies({"uscc": uscc(1), "registration_number": registration_number(1)}, now=NOW)
    register_bodies({"uscc": uscc(2), "former_uscc": uscc(1)}, now=NOW + timedelta(days=1))
    feeds.bring({"uscc": uscc(5), "registration_number": registration_number(5)})
    make_subject("昆山丙有限公司", "", registration_number=registration_number(3))
    asked = [
        ("registration_number", registration_number(1)),
        ("organisation_code", uscc(1)[8:17]),
        ("uscc", uscc(1)),
        ("registration_number", registration_number(5)),
        ("registration_number", registration_number(3)),
        ("registration_number", registration_number(9)),
    ]
    found = convert(asked)
    assert [(one.kind, one.value) for one in found] == asked
    assert [(one.state, one.uscc, one.registered) for one in found] == [
        ("converted", uscc(2), True),
        ("converted", uscc(2), True),
        ("converted", uscc(2), True),
        ("converted", uscc(5), False),
        ("unknown", "", True),
        ("unknown", "", False),
    ]
    assert found[3].source == "国家下发"


def test_a_code_at_two_bodies_is_ambiguous_and_gives_none(feeds: Any) -> None:
    number = registration_number(1)
    make_subject(uscc=uscc(1), registration_number=number)
    make_subject("昆山乙有限公司", uscc(2), registration_number=number)
    feeds.bring({"uscc": uscc(7), "organisation_code": uscc(8)[8:17]})
    found = convert([("registration_number", number), ("organisation_code", uscc(8)[8:17])])
    assert [(one.state, one.uscc) for one in found] == [("ambiguous", "")] * 2


def _package(tmp_path: Path) -> Path:
    register_bodies(
        {"uscc": uscc(1), "registration_number": registration_number(1), "tax_number": "=1+1"},
        {"uscc": uscc(2)},
        now=NOW,
        entries=False,
    )
    folder = tmp_path / "package"
    made = ExportMapping(operator(), NOW).to_folder(folder)
    assert made.rows == 4
    return folder


def test_the_signed_file_holds_what_is_certain_and_verifies(feeds: Any, tmp_path: Path) -> None:
    assert feeds
    folder = _package(tmp_path)
    rows = list(csv.DictReader(io.StringIO((folder / CSV).read_text(encoding="utf-8"))))
    assert {(one["kind"], one["old_code"], one["uscc"]) for one in rows} == {
        ("registration_number", registration_number(1), uscc(1)),
        ("organisation_code", uscc(1)[8:17], uscc(1)),
        ("organisation_code", uscc(2)[8:17], uscc(2)),
        ("tax_number", "'=1+1", uscc(1)),
    }
    assert verify_package(folder, public_keys()).rows == 4
    assert Event.objects.get(action="codes.exported").detail["rows"] == 4


def test_the_zip_is_the_same_package(feeds: Any, tmp_path: Path) -> None:
    assert feeds
    folder = _package(tmp_path)
    out = io.BytesIO()
    ExportMapping(operator(), NOW).to_zip(out)
    place = tmp_path / "mapping.zip"
    place.write_bytes(out.getvalue())
    assert verify_package(place, public_keys()).rows == 4
    with zipfile.ZipFile(place) as archive:
        assert archive.read(CSV) == (folder / CSV).read_bytes()


def test_what_is_wrong_is_named(feeds: Any, tmp_path: Path) -> None:
    assert feeds
    folder = _package(tmp_path)
    right, signature = (folder / CSV).read_bytes(), (folder / SIGNATURE).read_text(encoding="utf-8")
    trusted = public_keys()
    other = tmp_path / "other-keys"
    other.mkdir(mode=0o700)
    strange = "".join(key.block() for key in load_keyring(other).public_keys("mapping"))

    def named(keys: str = trusted) -> str:
        with pytest.raises(MappingWrong) as wrong:
            verify_package(folder, keys)
        return wrong.value.code

    assert named(strange) == "signature_wrong"
    assert named("no key") == "no_public_key"
    (folder / CSV).write_bytes(right[:-3] + bytes([right[-3] ^ 1]) + right[-2:])
    assert named() == "content_changed"
    (folder / CSV).unlink()
    assert named() == "file_missing"
    (folder / CSV).write_bytes(right)
    (folder / SIGNATURE).write_text(signature.replace("rows 4", "rows 5"), encoding="utf-8")
    assert named() == "signature_wrong"
    (folder / SIGNATURE).write_text("x", encoding="utf-8")
    assert named() == "signature_unreadable"


def test_the_file_is_written_in_flat_memory(feeds: Any, tmp_path: Path) -> None:
    assert feeds
    body = make_subject(uscc=uscc(1))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at)
            SELECT %s, 'registration_number', lpad(n::text, 15, '0'), now() FROM generate_series(1, 60000) n""",
            [body.pk],
        )
    load_keyring()
    tracemalloc.start()
    made = ExportMapping(operator(), NOW).to_folder(tmp_path / "large")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.rows == Identifier.objects.exclude(kind="uscc").count()
    assert (tmp_path / "large" / CSV).stat().st_size > 3_000_000
    assert peak < 2_000_000
