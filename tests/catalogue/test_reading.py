"""YAML is read strictly: what is misspelt, repeated or of the wrong type is refused where it stands."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.catalogue.reading import CatalogueError, Section, read_section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
def section(tmp_path: Path) -> Callable[[str], Section]:
    def write(text: str) -> Section:
        file = tmp_path / "thing.yaml"
        file.write_text(text, encoding="utf-8")
        return read_section(file)

    return write


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        read_section(tmp_path / "nowhere.yaml")
    assert caught.value.code == "unreadable"
    assert caught.value.file.name == "nowhere.yaml"
    assert "nowhere.yaml" in str(caught.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "gbk.yaml"
    file.write_bytes("key: 行政处罚".encode("gb18030"))
    with pytest.raises(CatalogueError) as caught:
        read_section(file)
    assert caught.value.code == "unreadable"
    assert "UTF-8" in caught.value.message_zh


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("key: [1, 2", "not_yaml"),
        ("key: 'open", "not_yaml"),
        ("\tkey: 1", "not_yaml"),
        ("key: !!python/object:os.system x", "not_yaml"),
        ("key: !unheard x", "not_yaml"),
        ("key: !!bool x", "not_yaml"),
        ("key: !!int x", "not_yaml"),
        ("key: !!timestamp x", "not_yaml"),
        ("? [a]\n: b", "not_yaml"),
        ("? {a: b}\n: c", "not_yaml"),
        ("key: 2026-02-30", "not_yaml"),
        ("[" * 700, "not_yaml"),
        ("- one\n- two", "wrong_type"),
        ("just text", "wrong_type"),
        ("", "wrong_type"),
        ("1: one", "wrong_type"),
        ("true: one", "wrong_type"),
    ],
)
def test_what_is_no_mapping_with_text_keys_is_refused(section: Callable[[str], Section], text: str, code: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("a: 1\nb: 2\na: 3", "a", 3),
        ("top:\n  x: 1\n  x: 1", "x", 3),
        ("list:\n  - {x: 1, x: 2}", "x", 2),
        ("'a': 1\na: 1", "a", 2),
    ],
)
def test_a_repeated_key_is_an_error_that_names_its_line(
    section: Callable[[str], Section], text: str, key: str, line: int
) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(text)
    assert caught.value.code == "duplicate_key"
    assert f"“{key}”" in caught.value.message_zh
    assert f"'{key}'" in caught.value.message_en
    assert caught.value.path == f"line {line}"


def test_an_unknown_key_names_file_path_and_key(section: Callable[[str], Section]) -> None:
    below = section("fields:\n  - {key: a}\n  - {kay: b}").sections("fields")[1]
    with pytest.raises(CatalogueError) as caught:
        below.only("key", "label")
    problem = caught.value
    assert problem.code == "unknown_key"
    assert problem.file.name == "thing.yaml"
    assert problem.path == "fields[1].kay"
    assert problem.message_zh == "不认识的键“kay”，可用的键：key、label。"
    assert problem.message_en == "Unknown key 'kay'; known keys: key, label."
    assert str(problem).startswith("thing.yaml fields[1].kay: ")


def test_known_keys_pass(section: Callable[[str], Section]) -> None:
    top = section("a: x\nb: y")
    top.only("a", "b", "c")
    assert top.text("a") == "x"


def test_a_missing_key_is_named(section: Callable[[str], Section]) -> None:
    with pytest.raises(CatalogueError) as caught:
        section("top: {a: x}").section("top").text("b")
    assert caught.value.code == "missing_key"
    assert caught.value.path == "top.b"
    assert caught.value.message_zh == "缺少“b”。"


def test_null_counts_as_missing(section: Callable[[str], Section]) -> None:
    top = section("a: null\nb:")
    assert not top.has("a")
    assert not top.has("b")
    assert top.text_or_none("a") is None
    assert top.text_or("b", "default") == "default"
    with pytest.raises(CatalogueError, match="missing"):
        top.text("a")


@pytest.mark.parametrize("written", ["01", "1", "1.5", "true", "2026-01-01", "''", "'  '", "[a]", "{a: b}"])
def test_a_code_must_be_written_as_text(section: Callable[[str], Section], written: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(f"a: {written}").text("a")
    assert caught.value.code == "wrong_type"
    assert caught.value.path == "a"


def test_a_quoted_code_keeps_its_leading_zero(section: Callable[[str], Section]) -> None:
    assert section("a: '01'").text("a") == "01"
    assert section("a: ['01', '02']").texts("a") == ("01", "02")


@pytest.mark.parametrize("written", ["0", "-3", "1.5", "true", "'5'", "five", "[5]"])
def test_a_count_must_be_a_whole_number_above_zero(section: Callable[[str], Section], written: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(f"a: {written}").whole_or_none("a")
    assert caught.value.code == "wrong_type"


def test_counts_are_read(section: Callable[[str], Section]) -> None:
    top = section("a: 5\nb: null")
    assert top.whole("a") == 5
    assert top.whole_or_none("b") is None
    with pytest.raises(CatalogueError, match="missing"):
        top.whole("b")


@pytest.mark.parametrize("written", ["2026", "'2026-01-01'", "2026-01-01 10:00:00", "January", "[2026-01-01]"])
def test_a_day_must_be_a_day(section: Callable[[str], Section], written: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(f"a: {written}").day("a")
    assert caught.value.code == "wrong_type"
    assert "YYYY-MM-DD" in caught.value.message_zh


def test_days_are_read(section: Callable[[str], Section]) -> None:
    top = section("a: 2026-02-28\nb: null")
    assert top.day("a") == date(2026, 2, 28)
    assert top.day_or_none("b") is None
    with pytest.raises(CatalogueError, match="missing"):
        top.day("b")


@pytest.mark.parametrize("written", ["2026-02-30", "2026-13-01"])
def test_an_impossible_day_is_no_day(section: Callable[[str], Section], written: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(f"a: {written}")
    assert caught.value.code == "not_yaml"
    assert "must be in" in caught.value.message_en or "out of range" in caught.value.message_en


def test_flags_are_true_or_false(section: Callable[[str], Section]) -> None:
    top = section("a: true\nb: false\nc: 'true'\nd: 1")
    assert top.flag("a") is True
    assert top.flag("b") is False
    assert top.flag("z", default=True) is True
    for key in ("c", "d"):
        with pytest.raises(CatalogueError, match="true"):
            top.flag(key)
    with pytest.raises(CatalogueError, match="missing"):
        top.flag("z")


def test_a_choice_lists_what_is_possible(section: Callable[[str], Section]) -> None:
    top = section("a: red\nb: green\nc: [red, blue]\nd: [red, green]")
    assert top.choice("a", Colour) is Colour.RED
    assert top.choices("c", Colour) == (Colour.RED, Colour.BLUE)
    assert top.choices("z", Colour) == ()
    with pytest.raises(CatalogueError) as caught:
        top.choice("b", Colour)
    assert caught.value.message_zh == "“green”不在可选值之内：red、blue。"
    with pytest.raises(CatalogueError) as caught:
        top.choices("d", Colour)
    assert caught.value.code == "unknown_value"
    assert caught.value.path == "d"


@pytest.mark.parametrize("written", ["one", "[1]", "['']", "[[a]]", "{a: b}", "[a, null]"])
def test_a_list_of_texts_holds_texts(section: Callable[[str], Section], written: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        section(f"a: {written}").texts("a")
    assert caught.value.code == "wrong_type"


def test_a_list_says_nothing_twice(section: Callable[[str], Section]) -> None:
    with pytest.raises(CatalogueError) as caught:
        section("a: [x, y, x]").texts("a")
    assert caught.value.code == "duplicate_value"
    assert caught.value.message_zh == "“x”重复。"


def test_sections_are_a_list_of_mappings(section: Callable[[str], Section]) -> None:
    top = section("a: [{x: one}, {x: two}]\nb: {x: one}\nc: [one]")
    assert [one.text("x") for one in top.sections("a")] == ["one", "two"]
    assert [one.path for one in top.sections("a")] == ["a[0]", "a[1]"]
    assert top.sections("z") == ()
    for key in ("b", "c"):
        with pytest.raises(CatalogueError) as caught:
            top.sections(key)
        assert caught.value.code == "wrong_type"


def test_a_text_map_keeps_empty_text(section: Callable[[str], Section]) -> None:
    top = section("a: {x: '', y: two}\nb: {x: 1}")
    assert top.text_map("a") == {"x": "", "y": "two"}
    assert top.text_map("z") == {}
    with pytest.raises(CatalogueError) as caught:
        top.text_map("b")
    assert caught.value.path == "b.x"


def test_one_line_can_serve_several_generations(section: Callable[[str], Section]) -> None:
    found = section("a: {'*': [all], G1: [one], 'G1, G2': [both]}").by_generation("a")
    assert found == {"*": ("all",), "G1": ("one", "both"), "G2": ("both",)}
    assert section("b: x").by_generation("a") == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])).filter(str.strip),
    )
)
def test_every_text_survives_the_way_through_yaml(tmp_path: Path, values: dict[str, str]) -> None:
    file = tmp_path / "thing.yaml"
    file.write_text(yaml.safe_dump({"top": values}, allow_unicode=True), encoding="utf-8")
    assert read_section(file).text_map("top") == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    file = tmp_path / "thing.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        outcome = "read" if all(isinstance(key, str) for key in read_section(file).values) else "odd key"
    except CatalogueError as problem:
        outcome = problem.code if problem.message_zh and problem.message_en else "no reason"
    assert outcome in {"read", "unreadable", "not_yaml", "duplicate_key", "wrong_type"}
