"""An identifier ties a fact to its body; a name never does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import connection

from chengxin.intake.models import QuarantinedRow
from chengxin.records.models import Record
from chengxin.subjects.models import Identifier, Subject
from chengxin.testing.city import NOW, import_rows, registration_number, row, uscc, write_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chengxin.testing.city import Row

LATER = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


def register(folder: Path, *rows: Row) -> None:
    import_rows(folder, "registration", "R1", rows)


def subject(number: int) -> int:
    return Subject.objects.get(name=f"昆山演练{number}号有限公司").pk


def ties() -> dict[str, tuple[int | None, str | None, str]]:
    """Return by document number: the body, the kind of code that tied it, and the code it is filed under."""
    rows = Record.objects.exclude(item="registration").order_by("version")
    return {one.document_number: (one.subject_id, one.link, one.identifier) for one in rows}


def document(number: int) -> str:
    return f"昆市监罚〔2026〕{number}号"


@pytest.mark.usefixtures("city")
def test_each_kind_of_code_ties(tmp_path: Path) -> None:
    register(
        tmp_path,
        row("registration", "R1", 1),
        row("registration", "R1", 2, uscc="", organisation_code="732569886"),
        row("registration", "R1", 3, tax_number="320583732569887"),
    )
    rows = [
        row("penalty", "G3", 1, document_number=document(1)),
        row("penalty", "G3", 1, document_number=document(2), uscc="", registration_number=registration_number(1)),
        row(
            "penalty", "G3", 1, document_number=document(3), uscc="", organisation_code=f"{uscc(1)[8:16]}-{uscc(1)[16]}"
        ),
        row("penalty", "G3", 2, document_number=document(4), uscc="", organisation_code="73256988-6"),
        row("penalty", "G3", 3, document_number=document(5), uscc="", tax_number="320583732569887"),
        row("penalty", "G3", 1, document_number=document(6), uscc=f" {uscc(1).lower()} "),
    ]
    receipt = import_rows(tmp_path, "penalty", "G3", rows)
    assert (receipt.linked, receipt.unlinked, receipt.quarantined) == (6, 0, 0)
    assert ties() == {
        document(1): (subject(1), "uscc", f"uscc:{uscc(1)}"),
        document(2): (subject(1), "registration_number", f"registration_number:{registration_number(1)}"),
        document(3): (subject(1), "organisation_code", f"organisation_code:{uscc(1)[8:17]}"),
        document(4): (subject(2), "organisation_code", "organisation_code:732569886"),
        document(5): (subject(3), "tax_number", "tax_number:320583732569887"),
        document(6): (subject(1), "uscc", f"uscc:{uscc(1)}"),
    }


@pytest.mark.usefixtures("city")
def test_the_organisation_code_inside_a_credit_code_ties_a_body_known_by_it_alone(tmp_path: Path) -> None:
    code = uscc(7)
    register(tmp_path, row("registration", "R1", 7, uscc="", registration_number="", organisation_code=code[8:17]))
    import_rows(tmp_path, "penalty", "G3", [row("penalty", "G3", 7)])
    assert ties() == {document(7): (subject(7), "organisation_code", f"uscc:{code}")}


@pytest.mark.usefixtures("city")
def test_a_right_name_without_a_code_ties_nothing(tmp_path: Path) -> None:
    register(tmp_path, row("registration", "R1", 1))
    rows = [
        row("penalty", "G3", 1, uscc=""),
        row("penalty", "G3", 1, uscc="", document_number=document(2), institution_certificate_number="事证第1号"),
    ]
    receipt = import_rows(tmp_path, "penalty", "G3", rows)
    assert (receipt.quarantined, receipt.linked, receipt.unlinked) == (1, 0, 1)
    assert [one["rule"] for one in QuarantinedRow.objects.get().findings] == ["identity_missing"]
    assert ties() == {document(2): (None, None, "institution_certificate_number:事证第1号")}


@pytest.mark.usefixtures("city")
def test_one_decision_about_two_bodies_is_two_facts_also_when_only_certificates_tell_them_apart(tmp_path: Path) -> None:
    one = row("penalty", "G3", 1, uscc="", social_organisation_certificate_number="民证1")
    other = one | {"subject_name": "昆山演练2号协会", "social_organisation_certificate_number": "民证2"}
    assert import_rows(tmp_path, "penalty", "G3", [one, other]).accepted == 2


@pytest.mark.usefixtures("city")
def test_codes_that_name_two_bodies_send_the_row_back(tmp_path: Path) -> None:
    register(tmp_path, row("registration", "R1", 1), row("registration", "R1", 2))
    rows = [row("penalty", "G3", 1, registration_number=registration_number(2)), row("penalty", "G3", 2)]
    receipt = import_rows(tmp_path, "penalty", "G3", rows)
    assert (receipt.linked, receipt.quarantined) == (1, 1)
    finding = QuarantinedRow.objects.get().findings[0]
    assert (finding["rule"], finding["value"]) == ("identifiers_disagree", uscc(1))
    assert finding["message"] == "该行的几个代码指向登记库中不同的主体，请核对"


@pytest.mark.usefixtures("city")
def test_a_credit_code_of_an_unknown_body_is_not_overruled_by_a_lesser_code(tmp_path: Path) -> None:
    register(tmp_path, row("registration", "R1", 1))
    slip = row("penalty", "G3", 2, registration_number=registration_number(1))
    assert import_rows(tmp_path, "penalty", "G3", [slip]).unlinked == 1
    assert ties() == {document(2): (None, None, f"uscc:{uscc(2)}")}


@pytest.mark.usefixtures("city")
def test_a_code_at_two_bodies_ties_nothing(tmp_path: Path) -> None:
    shared = registration_number(5)
    register(tmp_path, *(row("registration", "R1", number, registration_number=shared) for number in (1, 2)))
    assert Identifier.objects.filter(value=shared).count() == 2
    rows = [row("penalty", "G3", 1, uscc="", registration_number=shared)]
    assert import_rows(tmp_path, "penalty", "G3", rows).unlinked == 1
    own = [row("penalty", "G3", 2, registration_number=shared)]
    assert import_rows(tmp_path, "penalty", "G3", own).linked == 1
    assert ties()[document(2)][0] == subject(2)


@pytest.mark.usefixtures("city")
def test_a_suspect_code_is_taken_where_the_register_knows_it_and_asked_about_elsewhere(tmp_path: Path) -> None:
    sound = uscc(1)
    suspect = sound[:17] + ("0" if sound[17] != "0" else "1")
    register(tmp_path, row("registration", "R1", 1))
    Identifier.objects.create(subject_id=subject(1), kind="uscc", value=suspect, first_seen_at=NOW)
    rows = [row("penalty", "G3", 1, uscc=suspect), row("penalty", "G3", 2, uscc=uscc(2)[:17] + "I")]
    unknown = uscc(3)[:17] + ("0" if uscc(3)[17] != "0" else "1")
    receipt = import_rows(tmp_path, "penalty", "G3", [*rows, row("penalty", "G3", 3, uscc=unknown)])
    assert (receipt.linked, receipt.quarantined) == (1, 2)
    found = {one.findings[0]["value"]: [each["rule"] for each in one.findings] for one in QuarantinedRow.objects.all()}
    assert found == {unknown: ["uscc_suspect"], uscc(2)[:17] + "I": ["uscc_invalid"]}


def published() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_id FROM publication.fact ORDER BY 1")
        return [number for (number,) in cursor.fetchall()]


@pytest.mark.usefixtures("city")
def test_facts_that_wait_are_tied_and_shown_by_a_later_registration(tmp_path: Path) -> None:
    tax = "320583732569887"
    codes = {
        1: ("uscc", uscc(1)),
        2: ("registration_number", registration_number(2)),
        3: ("organisation_code", uscc(3)[8:17]),
        4: ("tax_number", tax),
    }
    waiting = [row("penalty", "G3", number, **{"uscc": "", kind: code}) for number, (kind, code) in codes.items()]
    assert import_rows(tmp_path, "penalty", "G3", waiting).unlinked == 4
    assert published() == []
    entries = [row("registration", "R1", number, tax_number=tax if number == 4 else "") for number in (1, 2, 3, 4, 5)]
    import_rows(tmp_path, "registration", "R1", entries, now=LATER)
    for number, (kind, code) in codes.items():
        first, tied = Record.objects.filter(document_number=document(number)).order_by("version")
        assert (first.version, first.kind, first.subject_id, first.recorded_at) == (1, "new", None, NOW)
        assert (first.identifier, tied.identifier) == (f"{kind}:{code}", f"{kind}:{code}")
        assert (tied.version, tied.kind, tied.replaces, tied.recorded_at) == (2, "relinked", first.pk, LATER)
        assert (tied.subject_id, tied.link, tied.content) == (subject(number), kind, first.content)
    assert published() == list(Record.objects.filter(kind="relinked").order_by("pk").values_list("pk", flat=True))
    # The registration changed nothing in what the facts say: the same row is known, and one that differs corrects it.
    again = import_rows(tmp_path, "penalty", "G3", [waiting[0], waiting[1] | {"facts": "更正"}], 备用="x")
    assert (again.duplicate, again.updated, again.linked) == (1, 1, 1)


CHILD = """
import sys, django
from datetime import datetime
from pathlib import Path
django.setup()
from chengxin.accounts.actor import operator
from chengxin.intake.actions.import_file import ImportFile
now = datetime.fromisoformat(sys.argv[2])
print(ImportFile(operator(), "ks-scjg", "penalty", Path(sys.argv[1]), lambda: now).execute().linked)
"""


def test_a_fact_does_not_miss_the_body_that_is_registered_at_the_same_moment(
    city: Path, tmp_path: Path, database_url: Callable[[str], str]
) -> None:
    path = write_file(tmp_path / "a.csv", "penalty", "G3", [row("penalty", "G3", 1)])
    settings = {"CHENGXIN_DATABASE_URL": database_url("worker"), "DJANGO_SETTINGS_MODULE": "chengxin.settings.worker"}
    command = [sys.executable, "-c", CHILD, str(path), NOW.isoformat()]
    with psycopg.connect(database_url("owner"), options="-c search_path=core,publication") as registrar:
        # As a registration does it: the lock, the body, and much later the commit.
        registrar.execute("SELECT pg_advisory_xact_lock(hashtext('subjects.register'), 0)")
        registrar.execute(
            "INSERT INTO subjects_subject VALUES (1, 'legal_person', '甲', %s, '存续', '', NULL, now(), now())",
            [uscc(1)],
        )
        registrar.execute("INSERT INTO subjects_identifier VALUES (1, 'uscc', %s, now(), 1)", [uscc(1)])
        environment = os.environ | settings | {"CHENGXIN_DATA": str(city)} | {"CHENGXIN_WEB_KEY": "key of a test"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            _wait_for_lock(database_url("owner"))
            registrar.commit()
            assert child.stdout.read().strip() == "1"


def _wait_for_lock(url: str) -> None:
    """Return once somebody waits for an advisory lock."""
    until = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as watcher:
        while time.monotonic() < until:
            row = watcher.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ).fetchone()
            if row != (0,):
                return
            time.sleep(0.05)
    raise TimeoutError("nobody waits")
