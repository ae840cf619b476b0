"""A database administrator who changes facts themselves: superuser, triggers off, also with the worker's rights.

Fifty facts, a decided link and a registration were sealed in two minutes. Each attack has to be named by its code, with
the first row that differs and the range that was sealed with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chengxin.records.sealing import seal_facts
from chengxin.testing.evidence import Installation, codes
from chengxin.testing.sealed import next_minute, seal_two_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = """key, version, kind, replaces, item, generation, subject_id, link, identifier, organisation_id, batch_id,
    line, document_number, decided_on, valid_from, valid_until, rule, due_on, due_provisional, public, recorded_at,
    digest, content"""

FORGED = f"""INSERT INTO records_record (id, {COLUMNS}) SELECT %s, {COLUMNS.replace("key,", "gen_random_uuid(),", 1)}
FROM records_record WHERE id = 7"""  # noqa: S608 - an attack


def edit_content(trail: Installation) -> None:
    trail.operate("""UPDATE records_record SET content = content || '{"content": "药品经营"}' WHERE id = 12""")


def edit_end(trail: Installation) -> None:
    trail.operate("UPDATE records_record SET valid_until = '2026-02-01' WHERE id = 12")


def edit_end_to_infinity(trail: Installation) -> None:
    trail.operate("UPDATE records_record SET valid_until = 'infinity', recorded_at = '-infinity' WHERE id = 12")


def give_to_another_body(trail: Installation) -> None:
    trail.operate("UPDATE records_record SET subject_id = 99 WHERE id = 41")


def hide(trail: Installation) -> None:
    trail.operate("UPDATE records_record SET public = false WHERE id BETWEEN 3 AND 9")


def delete_version(trail: Installation) -> None:
    trail.operate("DELETE FROM records_record WHERE id = 33")


def delete_last(trail: Installation) -> None:
    trail.operate("DELETE FROM records_record WHERE id > 58")


def insert_old(trail: Installation) -> None:
    trail.operate(FORGED % 25)


def insert_before_everything(trail: Installation) -> None:
    trail.operate(FORGED % -3)


def edit_decision(trail: Installation) -> None:
    trail.operate("UPDATE records_linkdecision SET subject_id = 99, officer = 'wang' WHERE id = 1")


def edit_effect(trail: Installation) -> None:
    trail.operate("UPDATE records_linkeffect SET outcome = 'tied' WHERE id = 1")


def edit_registration(trail: Installation) -> None:
    trail.operate("UPDATE subjects_registration SET status = '注销' WHERE id = 1")


def delete_move(trail: Installation) -> None:
    trail.operate("DELETE FROM records_move")


def swap_contents(trail: Installation) -> None:
    trail.operate(
        """UPDATE records_record a SET content = b.content || '{"x": 1}', document_number = b.document_number
        FROM records_record b WHERE (a.id, b.id) IN ((15, 45), (45, 15))"""
    )


def swap_numbers(trail: Installation) -> None:
    """Two facts exchange their numbers: the rows are whole, and stand in each other's place."""
    trail.operate(
        "UPDATE records_record SET id = 1000 WHERE id = 15",
        "UPDATE records_record SET id = 15 WHERE id = 45",
        "UPDATE records_record SET id = 45 WHERE id = 1000",
    )


def edit_with_piece(trail: Installation) -> None:
    """The digest beside the facts is made to fit as well; the event is not."""
    edit_end(trail)
    trail.operate(
        "UPDATE records_sealpiece SET digest = sha256('fits'), marks = decode(repeat('00', 8 * rows), 'hex') "
        "WHERE sealed = 'records_record' AND seal = 1"
    )


def shrink_piece(trail: Installation) -> None:
    """A fact and its place in the piece are gone."""
    delete_version(trail)
    trail.operate(
        """UPDATE records_sealpiece SET ids = ids - '{[33,34)}', rows = rows - 1, marks = substring(marks FOR 232)
        WHERE sealed = 'records_record' AND seal = 1"""
    )


def delete_seal(trail: Installation) -> None:
    edit_end(trail)
    trail.operate("DELETE FROM records_sealpiece WHERE sealed = 'records_record' AND seal = 1")


def seal_again(trail: Installation) -> None:
    """The old seal is taken away and forgotten, and the platform itself seals the changed facts."""
    edit_end(trail)
    trail.operate(
        "DELETE FROM records_sealpiece WHERE sealed = 'records_record' AND seal = 1",
        "UPDATE records_sealing SET settled = 0 WHERE sealed = 'records_record'",
    )
    next_minute(trail)


def seal_inserted(trail: Installation) -> None:
    """The platform is made to look again where everything was settled, and seals what was put in."""
    insert_old(trail)
    trail.operate("UPDATE records_sealing SET settled = 0 WHERE sealed = 'records_record'")
    next_minute(trail)


def invent_seal(trail: Installation) -> None:
    insert_old(trail)
    trail.operate(
        """INSERT INTO records_sealpiece (sealed, seal, piece, high, ids, rows, digest, marks)
        VALUES ('records_record', 9, 1, 25, '{[25,26)}', 1, sha256('x'), decode('0000000000000000', 'hex'))"""
    )


def cover_twice(trail: Installation) -> None:
    """The platform is made to forget that it sealed, keeping the digests: every fact is sealed once more."""
    trail.operate(
        "UPDATE records_sealing SET settled = 0 WHERE sealed = 'records_record'",
        "UPDATE records_sealpiece SET high = 0 WHERE sealed = 'records_record'",
    )
    next_minute(trail)


def empty(trail: Installation) -> None:
    trail.operate("TRUNCATE records_record")


def drop_column(trail: Installation) -> None:
    trail.operate("ALTER TABLE records_record DROP COLUMN content CASCADE")


def drop_table(trail: Installation) -> None:
    trail.operate("DROP TABLE records_move CASCADE")


def drop_seals(trail: Installation) -> None:
    trail.operate("DROP TABLE records_sealpiece")


ATTACKS: dict[str, tuple[Callable[[Installation], None], dict[str, tuple[str, int]]]] = {
    "content edited": (edit_content, {"fact_changed": ("records_record 12 (1-40)", 1)}),
    "end edited": (edit_end, {"fact_changed": ("records_record 12 (1-40)", 1)}),
    "times set to infinity": (edit_end_to_infinity, {"fact_changed": ("records_record 12 (1-40)", 1)}),
    "given to another body": (give_to_another_body, {"fact_changed": ("records_record 41 (41-60)", 1)}),
    "several hidden": (hide, {"fact_changed": ("records_record 3 (1-40)", 7)}),
    "version deleted": (delete_version, {"fact_deleted": ("records_record 33 (1-40)", 1)}),
    "last ones deleted": (delete_last, {"fact_deleted": ("records_record 59 (41-60)", 2)}),
    "put into a sealed range": (insert_old, {"fact_inserted": ("records_record 25 (1-40)", 1)}),
    "put before everything": (insert_before_everything, {"fact_inserted": ("records_record -3 (1-40)", 1)}),
    "decision edited": (edit_decision, {"fact_changed": ("records_linkdecision 1 (1-1)", 1)}),
    "effect edited": (edit_effect, {"fact_changed": ("records_linkeffect 1 (1-1)", 1)}),
    "registration edited": (edit_registration, {"fact_changed": ("subjects_registration 1 (1-1)", 1)}),
    "move deleted": (delete_move, {"fact_deleted": ("records_move 60 (60-60)", 1)}),
    "contents swapped": (swap_contents, {"fact_changed": ("records_record 15 (1-40)", 2)}),
    "numbers swapped": (swap_numbers, {"fact_changed": ("records_record 15 (1-40)", 2)}),
    "digests made to fit": (edit_with_piece, {"seal_changed": ("records_record 1-40", 1)}),
    "deleted with its place": (shrink_piece, {"seal_changed": ("records_record 1-40", 1)}),
    "seal deleted": (delete_seal, {"seal_missing": ("records_record 1-40", 1)}),
    "sealed again by the platform": (
        seal_again,
        {"seal_missing": ("records_record 1-40", 1), "sealed_late": ("records_record 1 (1-40)", 1)},
    ),
    "sealed after it was put in": (seal_inserted, {"sealed_late": ("records_record 25 (25-25)", 1)}),
    "seal invented": (
        invent_seal,
        {"fact_inserted": ("records_record 25 (1-40)", 1), "seal_invented": ("records_record seal 9", 1)},
    ),
    "everything sealed twice": (
        cover_twice,
        {"sealed_twice": ("records_record 1 (1-60)", 1), "sealed_late": ("records_record 1 (1-60)", 1)},
    ),
    "table emptied": (empty, {"fact_deleted": ("records_record 1 (1-40)", 50)}),
    "column dropped": (drop_column, {"fact_changed": ("records_record 1 (1-40)", 50)}),
    "table dropped": (drop_table, {"fact_deleted": ("records_move 60 (60-60)", 1)}),
    "digests dropped": (drop_seals, {"seal_missing": ("records_record 1-40", 6)}),
}
"""Name -> the attack, and what is named: code -> first place and how many."""


@pytest.fixture
def trail(installation: Installation) -> Installation:
    seal_two_minutes(installation)
    report = installation.verify()
    assert codes(report) == []
    assert (report.facts, report.unsealed) == (54, 0)
    assert report.seals >= 6, "one a table and minute; a connection that just begins makes another one later"
    return installation


@pytest.mark.parametrize("name", ATTACKS)
def test_every_tampering_with_facts_is_named(trail: Installation, name: str) -> None:
    attack, expected = ATTACKS[name]
    attack(trail)
    report = trail.verify()
    assert not report.clean
    assert {one.code: (one.detail, one.count) for one in report.findings} == expected
    assert {one.code for one in trail.verify(witnesses=()).findings} == set(expected), "the database alone shows it"


def test_the_place_of_a_fact_is_the_event_that_vouches_for_it(trail: Installation) -> None:
    give_to_another_body(trail)
    (finding,) = trail.verify().findings
    ((event, position),) = trail.rows(
        """SELECT e.id, l.position FROM audit_event e JOIN audit_leaf l ON l.event_id = e.id
        WHERE e.action = 'records.sealed' AND e.object = 'records_record' AND e.detail @> '{"seal": 2}'"""
    )
    assert (finding.event, finding.position) == (event, position)
    assert finding.as_dict()["message"] == "已封存的业务记录被改动"


def test_whoever_changes_the_event_as_well_is_found_by_the_tree(trail: Installation) -> None:
    edit_with_piece(trail)
    trail.operate(
        """UPDATE audit_event SET detail = detail || '{"digest": "00"}'
        WHERE action = 'records.sealed' AND object = 'records_record' AND detail @> '{"seal": 1}'"""
    )
    assert set(codes(trail.verify())) == {"event_changed", "seal_changed"}


def test_an_event_that_is_no_seal_any_more_is_named(trail: Installation) -> None:
    trail.operate("UPDATE audit_event SET detail = '{}' WHERE action = 'records.sealed' AND object = 'records_move'")
    report = trail.verify()
    assert set(codes(report)) == {"event_changed", "seal_changed", "seal_invented"}
    assert report.unsealed == 1


def test_a_fact_that_never_was_is_sealed_like_any_other_and_only_its_own_times_tell(trail: Installation) -> None:
    """What sealing cannot show: a row put in at the end, before the next minute, is new to the platform too."""
    trail.operate(FORGED % 61)
    seal_facts(trail.clock())
    assert trail.verify().clean
