"""Facts are compared with their seals row by row; any single column of any row tells."""

from __future__ import annotations

import uuid
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.records.sealing import SealTable, seal_facts
from chengxin.records.sealing_settings import SealedTable, sealing_settings
from chengxin.testing.evidence import Installation, codes
from chengxin.testing.making import make_record, make_subject
from chengxin.testing.sealed import next_minute, seal_two_minutes
from chengxin.verifier import facts
from chengxin.verifier.facts import _whole, spans
from chengxin.verifier.notes import read_keys, read_witness
from chengxin.verifier.seals import FAR, TABLES, Place, Seal, Sealed
from chengxin.verifier.verify import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OTHER = {
    "bigint": "coalesce({}, 0) + 1",
    "integer": "coalesce({}, 0) + 1",
    "smallint": "coalesce({}, 0) + 1",
    "numeric(4,3)": "coalesce({}, 0) + 0.001",
    "text": "coalesce({}, '') || ' '",
    "uuid": "coalesce(('f' || substring({0}::text FROM 2))::uuid, '00000000-0000-4000-8000-000000000000')",
    "boolean": "NOT coalesce({}, false)",
    "date": "coalesce({} + 1, '2026-01-01')",
    "timestamp with time zone": "coalesce({} + interval '1 microsecond', '2026-01-01')",
    "jsonb": "coalesce({}, '{{}}') || jsonb_build_array(1)",
}
"""Type -> another value than the one that is there, where there is one."""


@pytest.fixture
def installation(tmp_path: Path, database_url: Callable[[str], str]) -> Installation:
    return Installation(tmp_path, database_url("owner"), database_url("superuser"))


def seal(number: int = 1, table: str = "records_record") -> Seal:
    return Seal(number, number, table, number, ("id",), 1, 9, 9, 1, 0, "sha256", b"")


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=30), st.integers(1, 40))
def test_spans_cover_every_number_once_and_cut_no_piece(given_places: list[tuple[int, int]], rows: int) -> None:
    places = sorted(
        (Place(1, at, low, low + more, more + 1) for at, (low, more) in enumerate(given_places)),
        key=lambda one: (one.low, one.high),
    )
    made = list(spans(Sealed("records_record", {1: seal()}, places), rows))
    assert (made[0].low, made[-1].high) == (-FAR, FAR)
    assert all(left.high + 1 == right.low for left, right in pairwise(made))
    assert made[-1].seals == {}
    for place in places:
        holders = [one for one in made if one.low <= place.high and place.low <= one.high]
        assert len(holders) == 1
        assert place.seal in holders[0].seals


@given(st.integers(0, 1 << 40), st.integers(0, (1 << 32) - 1))
def test_the_whole_number_of_a_transaction_is_the_last_one_that_fits(now: int, back: int) -> None:
    then = max(0, now - back)
    assert _whole(then & 0xFFFFFFFF, now) == then


def columns(installation: Installation) -> list[tuple[str, SealedTable, str, str]]:
    """Return (name, table, column, type) of everything that is sealed."""
    rows = installation.rows(
        """SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
        WHERE a.attnum > 0 AND NOT a.attisdropped"""
    )
    types = {f"{table}.{column}": kind for table, column, kind in rows}
    return [
        (f"{one.name}.{column}", one, column, types[f"{one.name}.{column}"])
        for one in sealing_settings().tables
        for column in one.columns
    ]


def test_any_changed_column_of_any_row_is_found(installation: Installation) -> None:
    subject = seal_two_minutes(installation)
    make_record(61, subject, valid_until="2027-01-01", rule="licence", due_on="2026-03-09", key=uuid.uuid4())
    next_minute(installation)
    every = columns(installation)
    assert len(every) == 77
    assert {kind for *_, kind in every} == set(OTHER) | {"smallint"}
    rows = {
        one.name: [row[0] for row in installation.rows(f"SELECT {one.key} FROM {one.name}")]  # noqa: S608
        for one in sealing_settings().tables
    }
    tried: set[str] = set()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def change(data: st.DataObject) -> None:
        name, table, column, kind = data.draw(st.sampled_from([one for one in every if rows[one[1].name]]))
        number = data.draw(st.sampled_from(rows[table.name]))
        copy = f"CREATE TEMP TABLE was AS SELECT {column} AS old FROM {table.name} WHERE {table.key} = {number}"  # noqa: S608
        other = OTHER[kind].format(f'"{column}"')
        put = f'UPDATE {table.name} SET "{column}" = %s WHERE {table.key} = {number}'  # noqa: S608
        with psycopg.connect(installation.superuser_url, autocommit=True, options="-c search_path=core") as operator:
            operator.execute("SET session_replication_role = replica")
            operator.execute(copy.encode())
            operator.execute((put % other).encode())
            report = installation.verify()
            operator.execute((put % "(SELECT old FROM was)").encode())
        (finding,) = report.findings
        assert (finding.code, finding.count) == ("fact_changed", 1), name
        assert finding.detail.startswith(f"{table.name} {number} (")
        tried.add(name)

    change()
    assert len(tried) > 10
    assert codes(installation.verify()) == []


MANY = """INSERT INTO core.records_record (id, key, version, kind, item, generation, identifier, organisation_id,
    batch_id, line, document_number, valid_from, due_provisional, public, recorded_at, digest, content)
SELECT n, gen_random_uuid(), 1, 'new', 'licence', 'G3', '', 1, 1, n, n::text, '2026-01-05', false, true,
    '2026-03-02 10:00+08', gen_random_uuid(), '{}' FROM generate_series(1, 4000) n"""


def test_many_spans_are_read_side_by_side_and_judged_as_one(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY)
    next_minute(installation)
    monkeypatch.setattr(facts, "spans", partial(spans, rows=300))
    installation.operate("UPDATE records_record SET line = 0 WHERE id IN (5, 1700, 3999)")
    keys = read_keys("".join(key.block() for key in installation.keyring.public_keys("checkpoint")))
    kept = [read_witness(str(installation.witness()))]
    report = Verification(installation.owner_url, keys, kept, processes=2).run()
    (finding,) = report.findings
    assert (finding.code, finding.detail, finding.count) == ("fact_changed", "records_record 5 (1-4000)", 3)
    assert (report.facts, report.seals, report.unsealed) == (3997, 1, 0)


def test_the_newest_facts_without_a_seal_are_a_number_and_no_finding(installation: Installation) -> None:
    subject = seal_two_minutes(installation)
    for number in (61, 62, 63):
        make_record(number, subject)
    report = installation.verify()
    assert (codes(report), report.facts, report.unsealed) == ([], 54, 3)
    assert report.as_dict()["unsealed"] == 3


def test_facts_that_checkpoints_went_by_for_too_long_without_a_seal_are_a_finding(installation: Installation) -> None:
    subject = seal_two_minutes(installation)
    installation.keeper.steps = ()
    for number in (61, 62):
        make_record(number, subject)
    installation.build(1)
    installation.clock.go(seconds=3600)
    installation.build(1)
    (finding,) = installation.verify().findings
    assert (finding.code, finding.count) == ("facts_not_sealed", 2)
    assert int(finding.detail.removesuffix(" s")) > 3600
    installation.keeper.steps = (seal_facts,)
    next_minute(installation)
    assert codes(installation.verify()) == []


def test_facts_of_before_a_column_was_added_verify_by_the_columns_they_were_sealed_with(
    installation: Installation,
) -> None:
    seal_two_minutes(installation)
    installation.operate("ALTER TABLE records_move ADD COLUMN why text DEFAULT 'merge'")
    installation.operate("INSERT INTO records_move VALUES (61, 60, 1, 1, 'split')")
    moves = sealing_settings().tables[1]
    later = SealedTable(moves.name, moves.key, (*moves.columns, "why"))
    SealTable(later, installation.clock.go(minutes=1)).execute()
    next_minute(installation)
    report = installation.verify()
    assert (codes(report), report.facts) == ([], 55)
    installation.operate("UPDATE records_move SET why = 'no'")
    (finding,) = installation.verify().findings
    assert (finding.code, finding.detail, finding.count) == ("fact_changed", "records_move 61 (61-61)", 1)


def test_what_is_verified_is_what_is_sealed() -> None:
    """The verifier's own list: who takes a table out of the platform's settings does not take it out of here."""
    assert {one.name: one.key for one in sealing_settings().tables} == TABLES


def test_an_installation_that_never_sealed_says_how_much_has_no_seal(installation: Installation) -> None:
    make_record(1, make_subject())
    installation.operate("DROP TABLE records_sealpiece, records_sealing")
    installation.keeper.steps = ()
    installation.build(1)
    report = installation.verify()
    assert (codes(report), report.facts, report.seals, report.unsealed) == ([], 0, 0, 1)
