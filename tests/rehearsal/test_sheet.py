"""A sheet keeps what is true apart from what is written."""

from __future__ import annotations

from chengxin.rehearsal.sheet import Sheet
from chengxin.rehearsal.vocabulary import Dirt


def sheet_of(*names: str) -> Sheet:
    return Sheet(
        item="penalty",
        generation="G3",
        rows=len(names),
        clean={"subject_name": names},
        uscc=["x"] * len(names),
        reported=["2026-01-05"] * len(names),
        late=[False] * len(names),
    )


def dirt_of(kind: str, outcome: str, rule: str = "", *, linked: bool = False) -> Dirt:
    return Dirt(kind, 0.1, outcome, linked, rule, ("penalty",), ())


def test_what_is_written_starts_as_what_is_true() -> None:
    assert sheet_of("甲", "乙").written("subject_name") == ["甲", "乙"]


def test_writing_something_else_leaves_the_truth_alone() -> None:
    sheet = sheet_of("甲", "乙")
    sheet.written("subject_name")[0] = "丙"
    assert list(sheet.clean["subject_name"]) == ["甲", "乙"]
    assert sheet.written("subject_name") == ["丙", "乙"]


def test_columns_shared_between_fields_are_not_changed_for_each_other() -> None:
    shared = ["甲", "乙"]
    sheet = sheet_of("甲", "乙")
    sheet.clean = {"issuer_name": shared, "source_name": shared}
    sheet.put(0, "issuer_name", "丙")
    assert list(sheet.clean["issuer_name"]) == ["丙", "乙"]
    assert list(sheet.clean["source_name"]) == ["甲", "乙"]


def test_what_is_put_is_both_true_and_written() -> None:
    sheet = sheet_of("甲", "乙")
    sheet.put(1, "subject_name", "丁")
    assert list(sheet.clean["subject_name"]) == ["甲", "丁"]
    assert list(sheet.shown["subject_name"]) == ["甲", "丁"]


def test_nothing_is_put_into_a_column_the_list_lacks() -> None:
    sheet = sheet_of("甲")
    sheet.put(0, "fine_amount", "1")
    assert "fine_amount" not in sheet.clean
    assert "fine_amount" not in sheet.shown


def test_rows_are_expected_to_be_taken_in_and_linked_unless_something_is_wrong() -> None:
    sheet = sheet_of("甲", "乙")
    assert sheet.outcome == ["accepted", "accepted"]
    assert sheet.linked == [True, True]
    sheet.expect(1, dirt_of("missing_required", "quarantined", "{field}_required"), "facts")
    assert sheet.outcome == ["accepted", "quarantined"]
    assert sheet.linked == [True, False]
    assert sheet.rule == {1: "facts_required"}


def test_the_main_dirt_is_named_first() -> None:
    sheet = sheet_of("甲")
    sheet.kinds[0] = ["stray_spaces"]
    sheet.expect(0, dirt_of("update", "updated", linked=True))
    assert sheet.kinds[0] == ["update", "stray_spaces"]
    assert sheet.rule == {}
