"""Characters as numbers, and how they sound."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.names.search.characters import (
    CODES,
    alike,
    beginning,
    code_of,
    codes_of,
    initials,
    readings,
    sounding,
    usual_text,
)
from chengxin.kernel.names.tables import syllables


def points(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_many_characters_have_the_codes_of_each(text: str) -> None:
    each = [code_of(usual_text(one)) if usual_text(one) else 0 for one in text]
    assert codes_of(points(text)).tolist() == each


def test_brackets_signs_and_blanks_have_no_code_and_width_and_case_do_not_matter() -> None:
    assert set(codes_of(points("（）()·-　 \u200b\ud800\x00，*")).tolist()) == {0}
    assert codes_of(points("ａＡa")).tolist() == [65, 65, 65]
    assert codes_of(points("業业")).tolist() == [ord("业")] * 2


def test_a_character_beyond_the_basic_plane_has_a_code_of_16_bits() -> None:
    assert 0 < code_of("\U00020000") < CODES
    assert code_of("\U00020000") != code_of("昆")


@given(st.text(max_size=30))
def test_usual_text_is_settled(text: str) -> None:
    assert usual_text(usual_text(text)) == usual_text(text)


def test_the_usual_reading_stands_first_and_others_behind_it() -> None:
    assert readings()["昆"] == ("kun",)
    assert readings()["行"][:2] == ("xing", "hang")
    assert set(readings()["长"]) == {"chang", "zhang"}
    assert readings()["绿"][0] == "lv"


def test_the_readings_of_names_are_those_of_the_table_of_names() -> None:
    for character, known in syllables().items():
        assert set(readings()[character]) == known


def test_every_reading_is_plain_letters() -> None:
    assert all(one.isascii() and one.islower() and one.isalpha() for one in sounding())


def test_characters_that_sound_or_look_alike_stand_together() -> None:
    assert ord("岳") in alike("月").tolist()
    assert ord("未") in alike("末").tolist()
    assert alike("A").tolist() == [ord("A")]


def test_an_initial_is_the_first_letter_of_the_usual_reading_and_letters_and_figures_are_their_own() -> None:
    table = initials()
    assert [int(table[ord(one)]) for one in "昆山KS1"] == [11, 19, 11, 19, 28]
    assert int(table[0]) == 0
    assert ord("昆") in beginning()["K"].tolist()
    assert ord("K") in beginning()["K"].tolist()
