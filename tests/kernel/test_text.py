"""What a clerk never sees must not change a fact, and Python and DuckDB must agree on what that is."""

import doctest
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel import text as module
from chengxin.kernel.text import (
    HORIZONTAL_SPACES,
    INVISIBLES,
    LINE_BREAKS,
    RADICALS,
    TRIMMED,
    RadicalNotice,
    character_class,
    clean_text,
    clean_text_sql,
    drop_invisible,
    find_controls,
    find_private_use,
    fold_for_reading,
    fold_for_reading_sql,
    fold_width,
    fold_width_sql,
    has_controls_sql,
    has_private_use_sql,
    map_radicals,
    map_radicals_sql,
    re2_class,
    sql_literal,
    translate_sql,
)

AWKWARD = (
    TRIMMED
    + "abc市场监管（）()［］，。；：！～￥￠￦"
    + "ＡＺａｚ０９"
    + "\x00\x01\x1b\x1f\x7f\x80\x9f'\"\\%_$^]-["
    + "⺀⺁⻳⼀⿕髟"
    + "\ue000\ue863\uf8ff\U000f0000\U0010fffd\U00020000😀\u0301"
)
# DuckDB stores UTF-8, which has no lone surrogates; everything else may reach a column.
STORABLE = st.text(
    st.one_of(st.sampled_from(AWKWARD), st.characters(exclude_categories=["Cs"])),
    max_size=12,
)
ANYTHING = st.text(st.one_of(st.sampled_from(AWKWARD + "\ud800\udfff"), st.characters()), max_size=12)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One connection for the module: opening one costs 20 ms, more than any example."""
    return duckdb.connect()


def in_duckdb(expression: str, values: Sequence[str | None]) -> list[object]:
    """Evaluate an expression over the column v, one row a value, in order."""
    rows = "SELECT unnest(?::VARCHAR[]) AS v, unnest(range(?)) AS i"
    query = f"SELECT {expression} FROM ({rows}) ORDER BY i"  # noqa: S608 - the expression is what is tested
    return [row[0] for row in connection().execute(query, [values, len(values)]).fetchall()]


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module).failed == 0


# ------------------------------------------------------------------ cleaning


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("   ", ""),
        ("昆山市", "昆山市"),
        ("　昆山市　", "昆山市"),
        ("\ufeff昆山市\u200b", "昆山市"),
        ("\r\n昆山市\t", "昆山市"),
        ("\u202a91320583\u202c", "91320583"),
        ("昆山  市", "昆山 市"),
        ("昆山　市", "昆山 市"),
        ("昆山\u00a0\t　市", "昆山 市"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("第一行\r\n\r\n第二行", "第一行\r\n\r\n第二行"),
        ("昆\u200b山", "昆\u200b山"),
        ("罚款，５０００元", "罚款，５０００元"),
        ("\x1f罚款", "\x1f罚款"),
        ("⼈民", "⼈民"),
    ],
)
def test_stored_text_is_trimmed_and_keeps_what_is_inside(typed: str, stored: str) -> None:
    assert clean_text(typed) == stored


@pytest.mark.parametrize("character", list(TRIMMED))
def test_every_character_of_the_set_is_trimmed_at_both_ends(character: str) -> None:
    assert clean_text(f"{character}甲乙{character}{character}") == "甲乙"


@pytest.mark.parametrize("character", list(HORIZONTAL_SPACES))
def test_every_width_of_space_inside_becomes_one_plain_space(character: str) -> None:
    assert clean_text(f"甲{character}{character}乙") == "甲 乙"


@pytest.mark.parametrize("character", list(LINE_BREAKS + INVISIBLES))
def test_line_breaks_and_invisible_characters_inside_stay_as_handed_in(character: str) -> None:
    assert clean_text(f"甲{character}乙") == f"甲{character}乙"


@given(ANYTHING)
def test_cleaning_twice_changes_nothing_more(value: str) -> None:
    once = clean_text(value)
    assert clean_text(once) == once


@given(ANYTHING)
def test_cleaning_never_touches_a_character_that_is_no_space(value: str) -> None:
    def solid(some: str) -> str:
        return "".join(character for character in some if character not in TRIMMED)

    assert solid(clean_text(value)) == solid(value)


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_cleans_as_python_does(values: list[str]) -> None:
    assert in_duckdb(clean_text_sql("v"), values) == [clean_text(value) for value in values]


def test_null_stays_null_in_every_text_expression() -> None:
    writers = (
        clean_text_sql,
        fold_width_sql,
        fold_for_reading_sql,
        map_radicals_sql,
        has_controls_sql,
        has_private_use_sql,
    )
    for write in writers:
        assert in_duckdb(write("v"), [None]) == [None]


def test_the_three_sets_of_characters_share_no_member() -> None:
    assert len(set(HORIZONTAL_SPACES + LINE_BREAKS + INVISIBLES)) == len(HORIZONTAL_SPACES + LINE_BREAKS + INVISIBLES)


def test_every_unicode_space_is_in_the_sets_or_is_a_control() -> None:
    spaces = {chr(code) for code in range(0x110000) if chr(code).isspace()}
    assert spaces - set(TRIMMED) == {"\x1c", "\x1d", "\x1e", "\x1f"}


# ------------------------------------------------------------------ width


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("ＡＢＣ", "ABC"),
        ("ａｂｃ", "abc"),
        ("０１２３４５６７８９", "0123456789"),
        ("（２０２６）", "(2026)"),
        ("！～", "!~"),
        ("，；：？", ",;:?"),
        ("　", " "),
        ("￠￡￢￣￤￥￦", "¢£¬¯¦¥₩"),
        ("。、〔〕《》", "。、〔〕《》"),
        ("昆山", "昆山"),
        ("ｱｲｳ", "ｱｲｳ"),
    ],
)
def test_full_width_is_folded_and_chinese_punctuation_proper_is_not(wide: str, narrow: str) -> None:
    assert fold_width(wide) == narrow


@pytest.mark.parametrize("code", range(0xFF01, 0xFF5F))
def test_full_width_ascii_folds_as_unicode_compatibility_says(code: int) -> None:
    assert fold_width(chr(code)) == unicodedata.normalize("NFKC", chr(code))


@given(ANYTHING)
def test_folding_keeps_the_length_so_that_positions_stay_true(value: str) -> None:
    assert len(fold_width(value)) == len(value)
    assert fold_width(fold_width(value)) == fold_width(value)


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_folds_width_as_python_does(values: list[str]) -> None:
    assert in_duckdb(fold_width_sql("v"), values) == [fold_width(value) for value in values]


# ------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" １２．５ 万元\n", "12.5 万元"),
        ("2026\u200b/1/2", "2026/1/2"),
        ("2026年\t1月　2日", "2026年 1月 2日"),
        ("\u200b\u200b", ""),
        ("a\r\nb", "a b"),
        ("\x00", "\x00"),
    ],
)
def test_parsers_read_a_plain_narrow_form(typed: str, read: str) -> None:
    assert fold_for_reading(typed) == read


@given(ANYTHING)
def test_the_reading_form_is_final_and_holds_no_awkward_space(value: str) -> None:
    read = fold_for_reading(value)
    assert fold_for_reading(read) == read
    assert not set(read) & (set(TRIMMED) - {" "})
    assert "  " not in read


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_reads_as_python_does(values: list[str]) -> None:
    assert in_duckdb(fold_for_reading_sql("v"), values) == [fold_for_reading(value) for value in values]


@given(ANYTHING)
def test_dropping_the_invisible_keeps_all_that_is_visible(value: str) -> None:
    assert drop_invisible(value) == "".join(character for character in value if character not in INVISIBLES)


# ------------------------------------------------------------------ findings


@pytest.mark.parametrize(
    ("value", "positions"),
    [
        ("", ()),
        ("陈䶮", ()),
        ("陈\ue863", (1,)),
        ("\ue000中\uf8ff", (0, 2)),
        ("\U000f0000\U0010fffd", (0, 1)),
        ("\ufffd", ()),
    ],
)
def test_private_use_characters_are_found_where_they_stand(value: str, positions: tuple[int, ...]) -> None:
    assert find_private_use(value) == positions


@pytest.mark.parametrize(
    ("value", "positions"),
    [
        ("", ()),
        ("第一行\n\t第二行\r\n", ()),
        ("\x00", (0,)),
        ("罚\x1b[31m款", (1,)),
        ("罚款\x7f\x9f", (2, 3)),
        ("\ud800", (0,)),
        ("\x85\x0b\x0c", ()),
        ("\x1c\x1d\x1e\x1f", (0, 1, 2, 3)),
    ],
)
def test_control_characters_are_found_where_they_stand(value: str, positions: tuple[int, ...]) -> None:
    assert find_controls(value) == positions


@given(ANYTHING)
def test_findings_agree_with_unicode_categories(value: str) -> None:
    categories = [unicodedata.category(character) for character in value]
    assert find_private_use(value) == tuple(i for i, found in enumerate(categories) if found == "Co")
    controls = tuple(
        i
        for i, found in enumerate(categories)
        if found in {"Cc", "Cs"} and value[i] not in HORIZONTAL_SPACES + LINE_BREAKS
    )
    assert find_controls(value) == controls


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_finds_what_python_finds(values: list[str]) -> None:
    assert in_duckdb(has_private_use_sql("v"), values) == [bool(find_private_use(value)) for value in values]
    assert in_duckdb(has_controls_sql("v"), values) == [bool(find_controls(value)) for value in values]


# ------------------------------------------------------------------ radicals


def test_a_radical_in_a_name_is_read_as_its_ideograph_with_a_notice() -> None:
    mapped, notices = map_radicals("陈\u2fbd⼈")
    assert mapped == "陈髟人"
    assert [(notice.position, notice.found) for notice in notices] == [(1, "\u2fbd"), (2, "⼈")]


def test_the_notice_says_what_where_and_what_to_do_in_both_languages() -> None:
    (notice,) = map_radicals("人⺠")[1]
    assert notice == RadicalNotice(1, "⺠", "民")
    assert notice.message_zh == "第 2 个字符“⺠”（U+2EA0）是部首符号，不是汉字，已按“民”处理，请核对。"
    assert notice.message_en == (
        "Character 2 '⺠' (U+2EA0) is a radical symbol, not an ideograph; it was read as '民', please check."
    )


def test_a_radical_without_an_ideograph_stays_and_is_reported() -> None:
    mapped, (notice,) = map_radicals("⺀")
    assert mapped == "⺀"
    assert notice.ideograph is None
    assert "没有对应的汉字" in notice.message_zh
    assert "stands for no ideograph" in notice.message_en


def test_text_without_radicals_comes_back_without_notice() -> None:
    assert map_radicals("昆山市市场监督管理局") == ("昆山市市场监督管理局", ())


@pytest.mark.parametrize("code", range(0x2F00, 0x2FD6))
def test_kangxi_radicals_map_as_unicode_compatibility_says(code: int) -> None:
    assert RADICALS[chr(code)] == unicodedata.normalize("NFKC", chr(code))


def test_every_assigned_radical_but_one_has_an_ideograph() -> None:
    assigned = {chr(code) for code in range(0x2E80, 0x2FE0) if unicodedata.category(chr(code)) == "So"}
    assert assigned - set(RADICALS) == {"⺀"}
    assert all("CJK UNIFIED IDEOGRAPH" in unicodedata.name(target) for target in RADICALS.values())


@given(ANYTHING)
def test_mapping_radicals_is_final_and_keeps_positions(value: str) -> None:
    mapped, notices = map_radicals(value)
    assert len(mapped) == len(value)
    assert map_radicals(mapped)[0] == mapped
    assert [notice.found for notice in notices] == [value[notice.position] for notice in notices]


@given(st.lists(STORABLE, max_size=20))
def test_duckdb_maps_radicals_as_python_does(values: list[str]) -> None:
    assert in_duckdb(map_radicals_sql("v"), values) == [map_radicals(value)[0] for value in values]


# ------------------------------------------------------------------ writing SQL


@given(STORABLE.filter(lambda value: "\x00" not in value))
def test_a_quoted_literal_reads_back_as_it_was(value: str) -> None:
    assert in_duckdb(sql_literal(value), [""]) == [value]


@given(st.lists(st.sampled_from(AWKWARD.replace("\x00", "")), min_size=1, max_size=8, unique=True), STORABLE)
def test_a_character_class_holds_exactly_its_members_in_both_engines(members: list[str], value: str) -> None:
    inside = [character for character in value if character in members]
    assert re.findall(character_class("".join(members)), value) == inside
    pattern = sql_literal(re2_class("".join(members)))
    assert in_duckdb(f"regexp_extract_all(v, {pattern})", [value]) == [inside]


@given(
    st.dictionaries(st.sampled_from(AWKWARD.replace("\x00", "")), st.sampled_from(["", "甲", "乙", "丙"]), max_size=30),
    st.lists(STORABLE, max_size=5),
)
def test_written_replacements_do_what_str_translate_does(pairs: dict[str, str], values: list[str]) -> None:
    table = str.maketrans(pairs)
    assert in_duckdb(translate_sql("v", pairs), values) == [value.translate(table) for value in values]


def test_replacements_that_run_into_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="also a source"):
        translate_sql("v", {"a": "b", "b": "c"})
