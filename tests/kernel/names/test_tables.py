"""The tables behind names are whole: sources, days, no row twice, one usual character for each variant."""

from __future__ import annotations

from datetime import date
from importlib import resources

import pytest

from chengxin.kernel import names
from chengxin.kernel.names.tables import (
    branch_markers,
    county_names,
    doubled_on_purpose,
    form_lengths,
    forms,
    lookalikes,
    place_words,
    places,
    readings,
    remarks,
    resembling,
    rows,
    syllables,
    trade_fields,
    trade_lengths,
    used_in_brands,
    usual_characters,
    usual_in_names,
)

TABLES = sorted(one.name for one in (resources.files(names) / "data").iterdir() if one.name.endswith(".csv"))
OWN_WORDING = {"reasons.csv", "slips.csv"}


def text(name: str) -> str:
    return (resources.files(names) / "data" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [one for one in TABLES if one not in OWN_WORDING])
def test_every_table_names_its_source(name: str) -> None:
    head = "".join(line for line in text(name).splitlines() if line.startswith("#"))
    assert "source" in head or all(row["source"] for row in rows(name))


@pytest.mark.parametrize("name", TABLES)
def test_no_row_stands_twice(name: str) -> None:
    lines = [line for line in text(name).splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(set(lines))


def test_every_place_has_a_confidence_and_days_that_are_days() -> None:
    for row in rows("regions.csv"):
        assert row["confidence"] in {"read", "secondary", "recalled", "inferred"}
        for day in (row["from"], row["to"]):
            assert not day or date.fromisoformat(day) < date(2100, 1, 1)


def test_every_place_lies_in_one_that_is_there() -> None:
    shorts = {row["short"] for row in rows("regions.csv")}
    assert {row["within"] for row in rows("regions.csv")} - {""} <= shorts


def test_an_old_name_stays_readable() -> None:
    assert places()["襄樊市"].above == {"湖北", "中国"}
    assert places()["昆山县"].short == "昆山"


def test_a_variant_has_one_usual_character_and_that_is_usual() -> None:
    table = usual_characters()
    assert len(table) > 1700
    for code, usual in table.items():
        assert len(usual) == 1
        assert ord(usual) not in table
        assert chr(code) != usual


@pytest.mark.parametrize(
    ("variant", "usual"), ["東东", "臺台", "檯台", "裏里", "崑昆", "昇升", "髮发", "\uf900豈", "⽾耒"]
)
def test_usual_characters(variant: str, usual: str) -> None:
    expected = usual_characters().get(ord(usual), usual)
    assert usual_characters()[ord(variant)] == expected


@pytest.mark.parametrize("character", "乾著瞭")
def test_characters_that_names_use_beside_their_simple_ones_stay(character: str) -> None:
    assert ord(character) not in usual_characters()


def test_every_form_ends_in_a_character_it_is_found_by() -> None:
    for form in forms():
        assert len(form) in form_lengths()[form[-1]]


def test_no_branch_marker_that_always_counts_is_a_form() -> None:
    assert not set(branch_markers("always")) & set(forms())


def test_markers_come_longest_first() -> None:
    for where in ("always", "after_form"):
        lengths = [len(one) for one in branch_markers(where)]
        assert lengths == sorted(lengths, reverse=True)


def test_a_trade_word_belongs_to_one_field_and_has_two_characters_or_more() -> None:
    words = [word for row in rows("trades.csv") for word in row["words"].split()]
    assert len(words) == len(set(words)) == len(trade_fields())
    assert min(map(len, words)) >= 2
    assert len(words) > 900
    assert all(len(word) in trade_lengths()[word[-2:]] for word in words)


def test_the_readings_cover_the_usual_characters() -> None:
    level_one = [bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF)]
    assert set(level_one) <= set(syllables())
    assert syllables()["行"] == {"hang", "xing"}
    assert syllables()["鑫"] == {"xin"}


def test_looking_alike_goes_both_ways_and_never_to_itself() -> None:
    for one, group in lookalikes().items():
        assert one not in group
        assert all(one in lookalikes()[other] for other in group)


def test_remarks_and_labels_are_told_apart() -> None:
    whole, starting = remarks()
    assert whole["集团"] == "group"
    assert ("原", "former") in starting
    assert "名称" not in whole


def test_characters_doubled_on_purpose_are_single_characters() -> None:
    assert {"家", "香", "人"} <= doubled_on_purpose()
    assert all(len(one) == 1 for one in doubled_on_purpose())


def test_a_table_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        rows("nothing.csv")


def test_resembling_is_mutual_and_no_character_resembles_itself() -> None:
    for character, others in resembling().items():
        assert character not in others
        assert len(set(others)) == len(others)
        for other in others:
            assert character in resembling()[other]


def test_brands_use_common_characters_and_no_stray_ones() -> None:
    assert {"江", "海", "河", "华"} <= used_in_brands()
    assert not {"侮", "锥"} & used_in_brands()


def test_second_readings_only_add_to_the_first() -> None:
    assert all(syllables()[character] <= readings()[character] for character in syllables())
    assert {"huan", "hai"} <= readings()["还"]
    assert "hai" not in syllables()["还"]
    known = {one for group in syllables().values() for one in group}
    assert {one for group in readings().values() for one in group} == known


def test_counties_stand_beside_the_table_of_places_and_not_in_it() -> None:
    assert {"濉溪", "昔阳", "秦州"} <= county_names()
    assert not {place.short for place in places().values()} & county_names()
    assert not set(places()) & county_names()
    assert {len(name) for name in county_names()} == {2, 3, 4}
    assert county_names() < place_words()
    assert {"昆山", "庐山"} <= place_words()


def test_usual_characters_of_names_are_those_of_brands_trades_places_and_forms() -> None:
    assert used_in_brands() < usual_in_names()
    assert {"公", "苏", "泵", "缆"} <= usual_in_names()
    assert not {"侮", "杀", "辜"} & usual_in_names()
    assert all(len(one) == 1 for one in usual_in_names())
