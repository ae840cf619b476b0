"""USCCs by the million give the verdicts of one at a time."""

import string
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.identifiers import Uscc, Verdict, make_uscc, resident_id_check_character
from chengxin.kernel.identifiers.bulk import INVALID, SUSPECT, VALID, VERDICTS, make_usccs, validate_usccs
from chengxin.kernel.identifiers.checks import USCC_ALPHABET, USCC_SHAPE

GOOD = "91320583187588026H"

dirty = st.text(string.ascii_letters + string.digits + "０９ＡｈＩ -—\u200b\u3000\n\x00٣é", max_size=21)
shaped = st.from_regex(USCC_SHAPE, fullmatch=True)
built = st.builds(
    lambda head, region, body: make_uscc(head[0], head[1], region, body),
    st.text(USCC_ALPHABET, min_size=2, max_size=2),
    st.text(string.digits, min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
)
persons = st.builds(
    lambda home, born, tail: f"{home}0583{born:%Y%m%d}{tail:03}",
    st.sampled_from(["11", "32", "36", "91", "93", "20"]),
    st.dates(),
    st.integers(0, 999),
).map(lambda first17: (first17 + resident_id_check_character(first17[:17]))[:18] if len(first17) == 17 else first17)
any_code = dirty | shaped | built | persons | built.map(lambda code: f" {code.lower()}-")


def _one_by_one(codes: list[str]) -> list[Verdict]:
    return [Uscc.parse(code).verdict for code in codes]


def _named(verdicts: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[Verdict]:
    return [VERDICTS[int(verdict)] for verdict in verdicts]


@given(st.lists(any_code, max_size=30))
@settings(max_examples=200)
def test_many_at_once_judge_as_one_by_one(codes: list[str]) -> None:
    assert _named(validate_usccs(codes)) == _one_by_one(codes)


@given(st.lists(shaped | built | persons, min_size=1, max_size=30))
def test_arrays_of_text_and_of_bytes_judge_alike(codes: list[str]) -> None:
    expected = _one_by_one(codes)
    assert _named(validate_usccs(np.array(codes))) == expected
    assert _named(validate_usccs(np.array(codes).astype("S"))) == expected
    assert _named(validate_usccs(np.array(codes, dtype=object))) == expected


@given(st.lists(dirty.filter(lambda text: not text.endswith("\x00")), min_size=1, max_size=10))
def test_dirty_arrays_of_text_judge_alike(codes: list[str]) -> None:
    assert _named(validate_usccs(np.array(codes))) == _one_by_one(codes)


def test_the_numbers_of_the_verdicts() -> None:
    codes = [GOOD, "91320583187588026A", "9132O583187588026H", "", "９１３２０５８３187588026h", "362322198709086409"]
    verdicts = validate_usccs(codes)
    assert verdicts.dtype == np.uint8
    assert verdicts.tolist() == [VALID, SUSPECT, INVALID, INVALID, VALID, INVALID]


@pytest.mark.parametrize("codes", [[], np.array([], dtype="U18"), np.array([], dtype="S18")])
def test_no_codes_give_no_verdicts(codes: list[str]) -> None:
    assert validate_usccs(codes).tolist() == []


def test_bytes_that_are_no_ascii_are_invalid_and_never_raise() -> None:
    assert validate_usccs(np.array([b"\xff" * 18, b"91320583\xa0187588026H"])).tolist() == [INVALID, INVALID]


def test_a_slice_with_gaps_is_judged_like_the_list() -> None:
    codes = np.array([GOOD, "91320583187588026A"] * 4)
    assert validate_usccs(codes[::2]).tolist() == [VALID] * 4
    assert validate_usccs(codes.astype("S18")[1::2]).tolist() == [SUSPECT] * 4


def test_more_codes_than_one_chunk_keep_their_order() -> None:
    codes = [GOOD] * 20_000
    codes[8_191], codes[8_192], codes[19_999] = "x", "91320583187588026A", "362322198709086409"
    verdicts = validate_usccs(codes)
    assert np.flatnonzero(verdicts != VALID).tolist() == [8_191, 8_192, 19_999]
    assert verdicts[[8_191, 8_192, 19_999]].tolist() == [INVALID, SUSPECT, INVALID]


def _rehearsal(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    random = np.random.default_rng(20150901)
    return make_usccs(
        random.choice(np.array(["91", "92", "93", "N2"]), count),
        random.integers(320_500, 320_600, count),
        random.integers(0, 10**8 + 31**6, count),
    )


def test_made_codes_are_valid_one_by_one() -> None:
    codes = _rehearsal(2_000).tolist()
    assert set(_one_by_one(codes)) == {Verdict.VALID}


@given(
    st.lists(
        st.tuples(st.text(USCC_ALPHABET, min_size=2, max_size=2), st.integers(0, 999_999), st.integers(0, 10**8 - 1)),
        min_size=1,
        max_size=20,
    )
)
def test_made_codes_are_those_made_one_by_one(parts: list[tuple[str, int, int]]) -> None:
    heads, regions, bodies = zip(*parts, strict=True)
    made = make_usccs(np.array(heads), np.array(regions), np.array(bodies)).tolist()
    assert made == [make_uscc(h[0], h[1], f"{r:06}", f"{b:08}") for h, r, b in parts]


def test_serial_numbers_past_the_digits_become_codes_of_the_ma_kind() -> None:
    first, last = 10**8, 10**8 + 31**6 - 1
    made = make_usccs(np.array(["91"] * 2), np.array([320583] * 2), np.array([first, last])).tolist()
    assert [code[8:16] for code in made] == ["MA000000", "MAYYYYYY"]
    assert set(_one_by_one(made)) == {Verdict.VALID}


def test_different_bodies_never_share_a_code() -> None:
    bodies = np.r_[0:5_000, 10**8 : 10**8 + 5_000]
    made = make_usccs(np.full(10_000, "91"), np.full(10_000, 320583), bodies)
    assert len(set(made.tolist())) == 10_000


@pytest.mark.parametrize(
    ("heads", "regions", "bodies", "problem"),
    [
        (["91"], [1_000_000], [1], "region"),
        (["91"], [-1], [1], "region"),
        (["91"], [320583], [10**8 + 31**6], "body"),
        (["91"], [320583], [-1], "body"),
        (["9I"], [320583], [1], "two characters"),
        (["9"], [320583], [1], "two characters"),
        (["911"], [320583], [1], "two characters"),
        (["９1"], [320583], [1], "two characters"),
        (["91", "92"], [320583], [1], "same length"),
    ],
)
def test_codes_are_not_made_from_wrong_parts(
    heads: list[str], regions: list[int], bodies: list[int], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        make_usccs(np.array(heads), np.array(regions), np.array(bodies))


def test_no_parts_make_no_codes() -> None:
    empty = np.array([], dtype=np.int64)
    assert make_usccs(np.array([], dtype="U2"), empty, empty).tolist() == []


def test_many_at_once_are_at_least_fifty_times_as_fast_as_one_by_one() -> None:
    codes = _rehearsal(200_000).tolist()
    validate_usccs(codes[:10])
    bulk = min(_seconds(lambda: validate_usccs(codes)) for _ in range(5)) / len(codes)
    single = min(_seconds(lambda: _one_by_one(codes[:2_000])) for _ in range(3)) / 2_000
    assert bulk * 50 < single, f"{bulk * 1e6:.3f} µs against {single * 1e6:.1f} µs per code"


def test_a_million_codes_are_made_in_under_three_seconds() -> None:
    assert min(_seconds(lambda: _rehearsal(1_000_000)) for _ in range(2)) < 3


def _seconds(work: object) -> float:
    assert callable(work)
    start = time.process_time()
    work()
    return time.process_time() - start
