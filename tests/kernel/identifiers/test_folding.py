"""What is folded in silence and what never is."""

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers.folding import REMOVED, REPLACED, fold_lookalikes, normalise

CODE = "91320583187588026H"
ASCII_CODE_CHARACTERS = string.ascii_uppercase + string.digits


@pytest.mark.parametrize(
    "dirty",
    [
        "91320583187588026h",
        " 91320583187588026H ",
        "9132 0583 1875 8802 6H",
        "91320583-18758802-6-H",
        "９１３２０５８３１８７５８８０２６Ｈ",
        "９１３２０５８３１８７５８８０２６ｈ",
        "91320583187588026H\n",
        "\t91320583187588026H\r\n",
        "91320583\u00a0187588026H",
        "91320583\u3000187588026H",
        "\ufeff91320583187588026H",
        "91320583\u200b187588026H",
        "91320583\u200d187588026\u2060H",
        "\u202a91320583187588026H\u202c",
        "91320583\u00ad187588026H",
        "91320583－187588026—H",
        "91320583\u2011187588026\u2212H",
    ],
)
def test_width_case_space_and_hyphen_fold_in_silence(dirty: str) -> None:
    assert normalise(dirty) == CODE


@pytest.mark.parametrize("kept", ["9132O583187588026H", "１３Ｏ", "㈠", "٣٢", "𝟗𝟏", "①", "Ⅸ", "_", ".", "'", "\x00"])
def test_nothing_else_is_folded_in_silence(kept: str) -> None:
    assert normalise(kept) == kept.translate({0xFF11: "1", 0xFF13: "3", 0xFF2F: "O"})


@pytest.mark.parametrize(("letter", "upper"), [("ß", "SS"), ("ı", "I"), ("ſ", "S"), ("ŉ", "ʼN")])
def test_only_ascii_letters_change_case(letter: str, upper: str) -> None:
    assert letter.upper() == upper, "Unicode's own upper case would make an ASCII letter of it"
    assert normalise(letter) == letter


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_no_small_letter_space_or_hyphen_is_left(text: str) -> None:
    left = set(normalise(text))
    assert not left & set(string.ascii_lowercase)
    assert not left & set(string.whitespace)
    assert not {ord(character) for character in left} & REMOVED


@given(st.text(ASCII_CODE_CHARACTERS))
def test_clean_text_is_left_alone(text: str) -> None:
    assert normalise(text) == text


@given(st.text(ASCII_CODE_CHARACTERS), st.data())
def test_sprinkled_dirt_leaves_no_trace(text: str, data: st.DataObject) -> None:
    dirt = data.draw(st.lists(st.sampled_from(sorted(REMOVED)), min_size=len(text), max_size=len(text)))
    dirty = "".join(character.lower() + chr(code) for character, code in zip(text, dirt, strict=True))
    assert normalise(dirty) == text


def test_what_is_replaced_is_what_unicode_calls_the_same_character() -> None:
    for code, replacement in REPLACED.items():
        assert unicodedata.normalize("NFKC", chr(code)).upper() == replacement_text(replacement)


def replacement_text(code: int) -> str:
    return chr(code)


def test_every_white_space_of_unicode_is_removed() -> None:
    white = {code for code in range(0x110000) if chr(code).isspace()}
    assert white <= REMOVED


def test_nothing_is_both_replaced_and_removed() -> None:
    assert not set(REPLACED) & REMOVED


@pytest.mark.parametrize(
    ("dirty", "folded"),
    [
        ("9132O583I87588O26H", "91320583187588026H"),
        ("9132О583187588026Н", "91320583187588026H"),
        ("Z15", "215"),
        ("〇", "0"),
        ("1×", "1X"),
        ("V", "V"),
        ("", ""),
    ],
)
def test_lookalikes_fold_when_asked(dirty: str, folded: str) -> None:
    assert fold_lookalikes(dirty) == folded


def test_letters_that_codes_use_fold_only_where_digits_stand() -> None:
    assert fold_lookalikes("BLQ") == "BLQ"
    assert fold_lookalikes("BLQ", range(2)) == "81Q"


@given(st.text(ASCII_CODE_CHARACTERS))
def test_folding_lookalikes_keeps_every_position(text: str) -> None:
    assert len(fold_lookalikes(text, range(len(text)))) == len(text)
    assert fold_lookalikes(fold_lookalikes(text)) == fold_lookalikes(text)
