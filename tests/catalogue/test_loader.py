"""Loading a catalogue: strict about every key, and never without the package's own safeguards."""

from __future__ import annotations

import shutil
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from chengxin.catalogue import CatalogueError, Disclosure, load_catalogue, load_code_set, load_item
from chengxin.catalogue.safeguards import PACKAGE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = """\
key: colour
name: 颜色
name_en: colour
source: test
open: []
separators: ''
values:
  - {code: red, label: 红, label_en: red, spellings: {'*': [赤], G1: ['1']}}
  - {code: blue, label: 蓝, label_en: blue, spellings: {G2: ['1']}}
"""


@pytest.fixture
def codes_file(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(old: str, new: str) -> Path:
        assert old in CODES
        folder = tmp_path / "codes"
        folder.mkdir(exist_ok=True)
        file = folder / "colour.yaml"
        file.write_text(CODES.replace(old, new, 1), encoding="utf-8")
        return file

    return write


def test_the_package_has_three_items_and_their_code_sets() -> None:
    catalogue = load_catalogue()
    assert [item.key for item in catalogue.items] == ["licence", "penalty", "registration"]
    assert [one.key for one in catalogue.code_sets] == [
        "id_type",
        "licence_category",
        "penalty_kind",
        "registration_status",
        "status",
        "subject_category",
    ]


def test_the_package_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


def test_a_folder_is_read_afresh(tmp_path: Path) -> None:
    for part in ("items", "codes"):
        shutil.copytree(PACKAGE_FOLDER / part, tmp_path / part)
    first, second = load_catalogue(tmp_path), load_catalogue(tmp_path)
    assert first is not second
    assert first == second == load_catalogue()


def test_what_is_not_in_the_catalogue_is_named_with_what_is() -> None:
    catalogue = load_catalogue()
    with pytest.raises(KeyError, match="目录中没有事项 gossip（可用：licence, penalty, registration）"):
        catalogue.item("gossip")
    with pytest.raises(KeyError, match="the catalogue has no code set 'mood'"):
        catalogue.code_set("mood")


def test_a_folder_without_items_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(tmp_path)
    assert caught.value.code == "empty_catalogue"


def test_two_files_cannot_define_one_item(honour_file: Callable[[str, str], Path]) -> None:
    file = honour_file("", "")
    shutil.copy(file, file.with_name("second.yaml"))
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(file.parent.parent)
    assert caught.value.code == "duplicate_key"
    assert caught.value.message_zh == "“honour”已由 honour.yaml 定义。"
    assert caught.value.file.name == "second.yaml"


def test_a_city_cannot_replace_the_safeguards(honour_file: Callable[[str, str], Path]) -> None:
    folder = honour_file("", "").parent.parent
    (folder / "safeguards.yaml").write_text("statutory_kinds: [department_rule]", encoding="utf-8")
    assert load_catalogue(folder).safeguards == load_catalogue().safeguards


def test_a_small_item_is_read_as_written(honour_file: Callable[[str, str], Path]) -> None:
    item = load_item(honour_file("", ""))
    assert item.key == "honour"
    assert item.name == "荣誉"
    assert item.retention_years == 5
    assert item.disclosure is Disclosure.SHARED
    assert item.field("body").disclosure is Disclosure.SHARED
    assert item.field("body").required == {"H1"}
    assert item.field("body").keep
    assert item.field("body").public_for is None
    assert item.field("uscc").names_in("H1") == ("代码",)
    assert item.roles.subject_name == "body"
    assert item.roles.issuer_code is None
    assert item.one_of[0].fields == ("uscc",)
    assert isinstance(item.field("body").aliases, MappingProxyType)


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("nature: positive", "natur: positive", "unknown_key", "natur"),
        ("nature: positive", "nature: excellent", "unknown_value", "nature"),
        ("nature: positive\n", "", "missing_key", "nature"),
        ("name: 荣誉", "name: 5", "wrong_type", "name"),
        ("name: 荣誉\n", "name: 荣誉\nname: 荣誉\n", "duplicate_key", "line 3"),
        ("double_publicity: false", "double_publicity: 'no'", "wrong_type", "double_publicity"),
        ("double_publicity: false\n", "", "missing_key", "double_publicity"),
        ("[legal_person]", "[martian]", "unknown_value", "subject_kinds"),
        ("[legal_person]", "[]", "missing_key", "subject_kinds"),
        ("[legal_person]", "legal_person", "wrong_type", "subject_kinds"),
        ("disclosure: shared", "disclosure: everyone", "unknown_value", "disclosure"),
        ("from: 2020-01-01, note: first", "from: '2020'", "wrong_type", "versions[0].from"),
        ("version: 1, ", "", "missing_key", "versions[0].version"),
        ("version: 1, ", "version: 0, ", "wrong_type", "versions[0].version"),
        ("{key: H1, ", "{", "missing_key", "generations[0].key"),
        ("{key: H1, ", "{key: H1, colour: red, ", "unknown_key", "generations[0].colour"),
        ("until: null, source", "until: 2019-12-31, source", "period_reversed", "generations[0].until"),
        ("kind: law", "kind: habit", "unknown_value", "legal_bases[0].kind"),
        ("kind: law, ", "", "missing_key", "legal_bases[0].kind"),
        ("number: 第一号, ", "", "missing_key", "legal_bases[0].number"),
        ("kind: law", "kind: law, rank: 1", "unknown_key", "legal_bases[0].rank"),
        ("article: 第一条", "article: 1", "wrong_type", "legal_bases[0].article"),
        ("retention: {years: 5", "retention: {years: ever", "wrong_type", "retention.years"),
        ("retention: {years: 5", "retention: {years: -1", "wrong_type", "retention.years"),
        ("counted_from: day of the honour, ", "", "missing_key", "retention.counted_from"),
        ("  subject_name: body", "  hero: body", "unknown_key", "roles.hero"),
        ("fields: [uscc]}", "fields: uscc}", "wrong_type", "one_of[0].fields"),
        ("label: 单位, ", "", "missing_key", "fields[0].label"),
        ("type: text", "type: poem", "unknown_value", "fields[0].type"),
        ("type: text", "type: text, max_length: long", "wrong_type", "fields[0].max_length"),
        ("type: text", "type: text, colour: red", "unknown_key", "fields[0].colour"),
        ("type: text", "type: text, keep: maybe", "wrong_type", "fields[0].keep"),
        ("type: text", "type: text, disclosure: all", "unknown_value", "fields[0].disclosure"),
        ("type: text", "type: text, public_for: [dogs]", "unknown_value", "fields[0].public_for"),
        ("type: text", "type: text, pattern: '['", "bad_pattern", "fields[0].pattern"),
        (
            "type: text",
            "type: text, required_if: {values: [x]}",
            "missing_key",
            "fields[0].required_if.field",
        ),
        ("type: text", "type: text, required_if: yes", "wrong_type", "fields[0].required_if"),
        ("required: [H1]", "required: [H2]", "unknown_generation", "fields[0].required"),
        ("required: [H1]", "required: [H1, H1]", "duplicate_value", "fields[0].required"),
        ("aliases: {H1: [代码]}", "aliases: {H9: [代码]}", "unknown_generation", "fields[1].aliases"),
        ("aliases: {H1: [代码]}", "aliases: {H1: 代码}", "wrong_type", "fields[1].aliases.H1"),
        ("key: uscc", "key: body", "duplicate_key", "fields[1]"),
    ],
)
def test_an_item_that_is_not_well_formed_is_refused_where_it_is_wrong(
    honour_file: Callable[[str, str], Path], old: str, new: str, code: str, path: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_item(honour_file(old, new))
    assert caught.value.code == code
    assert caught.value.path == path
    assert caught.value.file.name == "honour.yaml"
    assert caught.value.message_zh
    assert caught.value.message_en


def test_a_condition_names_known_generations(honour_file: Callable[[str, str], Path]) -> None:
    old, new = "type: text", "type: text, required_if: {field: uscc, values: [x], generations: [H7]}"
    with pytest.raises(CatalogueError) as caught:
        load_item(honour_file(old, new))
    assert caught.value.code == "unknown_generation"
    assert "H7" in caught.value.message_zh


def test_a_condition_without_generations_holds_in_every_one(honour_file: Callable[[str, str], Path]) -> None:
    item = load_item(honour_file("type: text", "type: text, required_if: {field: uscc, values: [x]}"))
    condition = item.field("body").required_if
    assert condition is not None
    assert condition.generations == {"H1"}
    assert condition.values == ("x",)


def test_an_unstated_retention_can_be_read_so_that_the_lint_can_refuse_it(
    honour_file: Callable[[str, str], Path],
) -> None:
    assert load_item(honour_file("{years: 5, ", "{")).retention_years is None


def test_a_code_set_is_read_as_written(codes_file: Callable[[str, str], Path]) -> None:
    code_set = load_code_set(codes_file("key: colour", "key: colour"))
    assert code_set.table("G1") == {"红": "red", "赤": "red", "1": "red", "蓝": "blue"}
    assert code_set.table("G2") == {"红": "red", "赤": "red", "1": "blue", "蓝": "blue"}
    assert code_set.table("G3") == {"红": "red", "赤": "red", "蓝": "blue"}
    assert not code_set.is_open()


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("source: test\n", "", "missing_key", "source"),
        ("open: []", "opened: []", "unknown_key", "opened"),
        ("separators: ''", "separators: 5", "wrong_type", "separators"),
        ("code: blue", "code: red", "duplicate_key", "values[1]"),
        ("label: 蓝, ", "", "missing_key", "values[1].label"),
        ("label: 蓝", "label: 蓝, shade: dark", "unknown_key", "values[1].shade"),
        ("G1: ['1']", "G1: [1]", "wrong_type", "values[0].spellings.G1"),
        ("G2: ['1']", "G1: ['1']", "ambiguous_spelling", "values"),
        ("G2: ['1']", "'*': [赤]", "ambiguous_spelling", "values"),
        ("label: 蓝", "label: 红", "ambiguous_spelling", "values"),
        ("label: 蓝", "label: 蓝, means: [red]", "unknown_value", "values[1].means"),
        ("label: 蓝", "label: 蓝, from: 2021-01-01, until: 2020-01-01", "period_reversed", "values[1].until"),
    ],
)
def test_a_code_set_that_is_not_well_formed_is_refused_where_it_is_wrong(
    codes_file: Callable[[str, str], Path], old: str, new: str, code: str, path: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_code_set(codes_file(old, new))
    assert caught.value.code == code
    assert caught.value.path == path


def test_an_ambiguous_spelling_names_both_values(codes_file: Callable[[str, str], Path]) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_code_set(codes_file("G2: ['1']", "G1: ['１']"))
    assert caught.value.message_zh == "在 G1 中“１”同时表示 red 和 blue。"


def test_means_is_checked_against_its_vocabulary(codes_file: Callable[[str, str], Path]) -> None:
    file = codes_file("open: []", "open: []\nvocabulary: self")
    text = file.read_text(encoding="utf-8").replace("label: 蓝", "label: 蓝, means: [red]")
    file.write_text(text, encoding="utf-8")
    assert load_code_set(file).value("blue").means == ("red",)
    file.write_text(text.replace("[red]", "[green]"), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_code_set(file)
    assert caught.value.message_zh == "“green”没有定义。"


def test_every_shipped_file_is_free_of_things_nobody_reads() -> None:
    items = sorted((PACKAGE_FOLDER / "items").iterdir())
    codes = sorted((PACKAGE_FOLDER / "codes").iterdir())
    assert {file.suffix for file in items + codes} == {".yaml"}
    assert [load_item(file).key for file in items] == [file.stem for file in items]
    assert [load_code_set(file).key for file in codes] == [file.stem for file in codes]
