"""A mapping file lets a foreign table in: what it names is read, what it does not name is reported."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue import (
    CatalogueError,
    HeaderNotRecognised,
    load_catalogue,
    load_mapping,
    load_shipped_mapping,
    recognise_header,
    shipped_mappings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from chengxin.catalogue import Catalogue, Item

MAPPING = """\
item: registration
generation: R1
columns:
  Firm: subject_name
  Code: uscc
  State: status
blanks: ['-']
values:
  status: {alive: 存续, dead: 注销, unclear: ''}
defaults:
  registrar_name: 市场监督管理局
  subject_category: 法人
ignore: [Staff]
"""

SHARED_DATA = Path(os.environ.get("CHENGXIN_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))

EXPORTS = {
    "company_search_export": ("company/aiqicha_export_top200.csv", 200),
    "enterprise_master_table": ("company/pi_admin_enterprises.csv", 337),
}


@pytest.fixture
def mapping_file(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(old: str = "", new: str = "") -> Path:
        assert old in MAPPING
        file = tmp_path / "firms.yaml"
        file.write_text(MAPPING.replace(old, new, 1) if old else MAPPING, encoding="utf-8")
        return file

    return write


def test_a_mapping_without_a_name_is_called_after_its_file(mapping_file: Callable[[str, str], Path]) -> None:
    mapping = load_mapping(mapping_file("", ""))
    assert (mapping.key, mapping.name, mapping.name_en) == ("firms", "firms", "firms")
    assert mapping.columns == {"Firm": "subject_name", "Code": "uscc", "State": "status"}
    assert mapping.ignore == ("Staff",)


def test_a_foreign_header_is_read_through_its_mapping(
    mapping_file: Callable[[str, str], Path], registration: Item
) -> None:
    mapping = load_mapping(mapping_file("", ""))
    header = ["STATE", " firm ", "Staff", "Colour", "Ｃｏｄｅ", "flex_x"]
    match = recognise_header(registration, header, mapping=mapping)
    assert match.generation == "R1"
    assert dict(match.columns) == {"status": 0, "subject_name": 1, "uscc": 4}
    assert match.ignored == ("Staff",)
    assert match.unknown == ("Colour",)
    assert match.carried == ("flex_x",)
    assert match.mapping is mapping
    assert match.missing_required == ()


def test_with_a_mapping_only_the_mapping_speaks(mapping_file: Callable[[str, str], Path], registration: Item) -> None:
    mapping = load_mapping(mapping_file("", ""))
    match = recognise_header(registration, ["Firm", "State", "统一社会信用代码"], mapping=mapping)
    assert "uscc" not in match.columns
    assert match.unknown == ("统一社会信用代码",)
    assert [group.key for group in match.missing_one_of] == ["identity"]


def test_a_default_stands_in_for_a_required_column(
    mapping_file: Callable[[str, str], Path], registration: Item
) -> None:
    text = "defaults:\n  status: 存续\n"
    file = mapping_file("  State: status\n", "")
    file.write_text(file.read_text(encoding="utf-8").replace("defaults:\n", text), encoding="utf-8")
    match = recognise_header(registration, ["Firm", "Code"], mapping=load_mapping(file))
    assert match.missing_required == ()


def test_a_missing_column_of_the_mapping_is_reported(
    mapping_file: Callable[[str, str], Path], registration: Item
) -> None:
    mapping = load_mapping(mapping_file("", ""))
    match = recognise_header(registration, ["Firm", "Code"], mapping=mapping)
    assert [field.key for field in match.missing_required] == ["status"]


def test_a_file_that_does_not_fit_its_mapping_is_refused(
    mapping_file: Callable[[str, str], Path], registration: Item
) -> None:
    mapping = load_mapping(mapping_file("", ""))
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(registration, ["企业名称", "登记状态"], mapping=mapping)
    assert caught.value.code == "not_this_item"
    assert "对照文件“firms”不符" in caught.value.message_zh


def test_a_mapping_serves_its_own_item_only(mapping_file: Callable[[str, str], Path], penalty: Item) -> None:
    mapping = load_mapping(mapping_file("", ""))
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(penalty, ["Firm"], mapping=mapping)
    assert caught.value.code == "mapping_for_other_item"
    assert caught.value.looks_like == "registration"


def test_one_foreign_column_twice_is_refused(mapping_file: Callable[[str, str], Path], registration: Item) -> None:
    mapping = load_mapping(mapping_file("", ""))
    with pytest.raises(HeaderNotRecognised) as caught:
        recognise_header(registration, ["Firm", "State", "FIRM"], mapping=mapping)
    assert caught.value.code == "duplicate_column"
    assert "“Firm”" in caught.value.message_zh
    assert "“FIRM”" in caught.value.message_zh


@pytest.mark.parametrize(
    ("field", "foreign", "ours"),
    [
        ("status", "alive", "存续"),
        ("status", " dead ", "注销"),
        ("status", "unclear", ""),
        ("status", "moved", "moved"),
        ("status", "-", ""),
        ("status", "", ""),
        ("subject_name", "alive", "alive"),
        ("subject_name", " 某公司 ", " 某公司 "),
        ("subject_name", "-", ""),
        ("registrar_name", "", "市场监督管理局"),
        ("registrar_name", "-", "市场监督管理局"),
        ("registrar_name", "税务局", "税务局"),
    ],
)
def test_values_are_translated(mapping_file: Callable[[str, str], Path], field: str, foreign: str, ours: str) -> None:
    assert load_mapping(mapping_file("", "")).translate(field, foreign) == ours


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("item: registration", "item: gossip", "unknown_item", "item"),
        ("item: registration\n", "", "missing_key", "item"),
        ("generation: R1", "generation: G1", "unknown_generation", "generation"),
        ("generation: R1\n", "", "missing_key", "generation"),
        ("ignore: [Staff]", "ignored: [Staff]", "unknown_key", "ignored"),
        ("  Firm: subject_name", "  Firm: firm_name", "unknown_field", "columns.Firm"),
        ("  Code: uscc", "  Code: subject_name", "two_columns_for_one_field", "columns.Code"),
        ("  Code: uscc", "  FIRM: uscc", "two_columns_for_one_field", "columns.FIRM"),
        ("  Code: uscc", "  Code: 5", "wrong_type", "columns.Code"),
        ("  Code: uscc", "  Firm: uscc", "duplicate_key", "line 5"),
        ("ignore: [Staff]", "ignore: [staff, STATE]", "column_also_ignored", "columns.State"),
        ("  registrar_name: 市场监督管理局", "  status: 存续", "default_for_mapped_field", "defaults.status"),
        ("  registrar_name: 市场监督管理局", "  mood: 好", "unknown_field", "defaults.mood"),
        (
            "  subject_category: 法人",
            "  subject_category: 公司",
            "value_outside_code_set",
            "defaults.subject_category",
        ),
        ("  status: {alive: 存续", "  mood: {alive: 存续", "unknown_field", "values.mood"),
        ("alive: 存续", "alive: 活着", "value_outside_code_set", "values.status.alive"),
        ("alive: 存续", "alive: 1", "wrong_type", "values.status.alive"),
        ("blanks: ['-']", "blanks: '-'", "wrong_type", "blanks"),
        (
            "columns:\n  Firm: subject_name\n  Code: uscc\n  State: status\n",
            "columns: {}\n",
            "missing_key",
            "columns",
        ),
    ],
)
def test_a_mapping_that_is_wrong_says_where(
    mapping_file: Callable[[str, str], Path], old: str, new: str, code: str, path: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_mapping(mapping_file(old, new))
    assert caught.value.code == code
    assert caught.value.path == path
    assert caught.value.file.name == "firms.yaml"


def test_a_value_outside_the_code_set_lists_what_is_possible(
    mapping_file: Callable[[str, str], Path],
) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_mapping(mapping_file("alive: 存续", "alive: 活着"))
    assert caught.value.message_zh.startswith("“活着”不在代码集“登记状态”之内，可用：存续、歇业")


def test_a_spelling_of_the_code_set_is_good_enough(mapping_file: Callable[[str, str], Path]) -> None:
    assert load_mapping(mapping_file("alive: 存续", "alive: 在业")).translate("status", "alive") == "在业"


def test_shipped_mappings_are_listed_and_load(catalogue: Catalogue) -> None:
    assert shipped_mappings() == ("company_search_export", "enterprise_master_table")
    for key in shipped_mappings():
        mapping = load_shipped_mapping(key)
        assert mapping.key == key
        assert {"subject_name", "uscc", "status"} <= set(mapping.columns.values())
        assert catalogue.item(mapping.item).generation(mapping.generation)


def test_a_mapping_that_is_not_shipped_is_named() -> None:
    with pytest.raises(KeyError, match="没有自带的对照文件 nothing"):
        load_shipped_mapping("nothing")


@pytest.mark.parametrize("key", EXPORTS)
def test_real_exports_are_read_through_their_mapping(key: str, registration: Item) -> None:
    name, rows = EXPORTS[key]
    file = SHARED_DATA / name
    if not file.exists():
        pytest.skip(f"the export {name} is not here; set CHENGXIN_SHARED_DATA to the folder that holds it")
    with file.open(encoding="utf-8-sig", newline="") as handle:
        header, *lines = list(csv.reader(handle))
    mapping = load_shipped_mapping(key)
    match = recognise_header(registration, header, mapping=mapping)
    assert match.unknown == ()
    assert match.missing_required == ()
    assert match.missing_one_of == ()
    assert set(match.columns) == set(mapping.columns.values())
    assert len(lines) == rows
    statuses = load_catalogue().code_set("registration_status")
    texts = {mapping.translate("status", line[match.columns["status"]]) for line in lines}
    # One export holds a line of junk whose state is the letter a; the checks hold it back.
    assert {text for text in texts if text and statuses.canonical(text, "R1") is None} <= {"a"}


@given(st.sampled_from(["status", "uscc", "subject_name", "registrar_name"]), st.text())
def test_translating_is_total_and_keeps_what_it_does_not_know(field: str, text: str) -> None:
    mapping = load_shipped_mapping("enterprise_master_table")
    found = mapping.translate(field, text)
    assert found in {text, "", "存续"}
    if found != text:
        assert text.strip() in {"-", "", "仍注册"}
