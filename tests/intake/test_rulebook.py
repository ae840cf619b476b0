"""A rule, its file and its test share a stem, and every rule says what is wrong in two languages."""

from __future__ import annotations

import string
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chengxin.catalogue import load_catalogue
from chengxin.intake.checking import PERSON_RULE
from chengxin.intake.rulebook import rulebook

if TYPE_CHECKING:
    from chengxin.intake.rulebook import WrittenRule

RULES = resources.files("chengxin.intake") / "rules"
CHINESE = {chr(code) for code in range(0x4E00, 0x9FFF)}


def test_every_rule_has_its_file_and_every_file_its_rule_and_test() -> None:
    stems = {entry.name.removesuffix(".sql") for entry in RULES.iterdir() if entry.name.endswith(".sql")}
    tests = {path.stem.removeprefix("test_") for path in (Path(__file__).parent / "rules").glob("test_*.py")}
    assert stems == {one.id for one in rulebook().written} == tests


@pytest.mark.parametrize("rule", rulebook().written, ids=lambda rule: rule.id)
def test_a_written_rule_says_what_is_wrong_where_it_applies_and_why(rule: WrittenRule) -> None:
    known = {item.key: {one.key for one in item.generations} for item in load_catalogue().items}
    assert rule.items
    assert set(rule.items) <= set(known)
    assert all(set(rule.generations) <= known[item] for item in rule.items)
    assert CHINESE & set(rule.message)
    assert rule.message_en.isascii()
    assert rule.source
    assert "SELECT row_number" in rule.sql
    assert rule.sql.startswith("-- ")


def test_every_other_wording_is_in_both_languages_and_fills_only_known_places() -> None:
    for name, wording in {**rulebook().generated, **rulebook().other}.items():
        places = {place for _, place, _, _ in string.Formatter().parse(wording.id + wording.message) if place}
        assert places <= {"field", "label", "most"}, name
        assert CHINESE & set(wording.expected), name
        # The sentence of an unreadable value is the reader's own.
        assert (wording.message == "") == (name in {"not_a_date", "not_an_amount", "not_in_code_set"}), name


def test_a_rule_applies_to_its_items_and_generations() -> None:
    fine = next(one for one in rulebook().written if one.id == "penalty_fine_needs_amount")
    assert [fine.applies("penalty", one) for one in ("G1", "G2", "G3")] == [False, True, True]
    assert not fine.applies("licence", "G3")
    person = next(one for one in rulebook().written if one.id == PERSON_RULE)
    assert all(person.applies(item, "G1") for item in ("licence", "penalty"))


def test_a_file_without_its_rule_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "catalogue.yaml").write_text((RULES / "catalogue.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    for one in rulebook().written[1:]:
        (folder / f"{one.id}.sql").write_text(one.sql, encoding="utf-8")
    (folder / "stray.sql").write_text("SELECT 1", encoding="utf-8")
    monkeypatch.setattr("chengxin.intake.rulebook.resources.files", lambda _package: tmp_path)
    with pytest.raises(ValueError, match=f"{rulebook().written[0].id}, stray|stray, {rulebook().written[0].id}"):
        rulebook.__wrapped__()
