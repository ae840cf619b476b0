"""Laws of the quality report: no label invents a figure, and one more right label never makes it worse."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.linkage.files import HEADER, read_csv, write_csv
from chengxin.linkage.quality import BANDS, LABEL, band_of, draw_sample, measure_quality, wilson

PROBABILITIES = st.lists(st.floats(0, 1), max_size=25)


def write(folder: Path, links: list[float], review: int = 0) -> None:
    """Write a linking: pair number n links a-n with b-n; the pairs for review are called r-n."""
    rows = [(f"a{n}", "甲", f"b{n}", "乙", one, 1.0, "same", "", "", "") for n, one in enumerate(links)]
    left = [(f"r{n}", "丙", f"s{n}", "丁", 0.5, 0.5, "review", "unclear", "", "") for n in range(review)]
    write_csv(folder / "links.csv", HEADER, rows)
    write_csv(folder / "review.csv", HEADER, left)


def label(folder: Path, labels: list[str]) -> Path:
    rows = list(read_csv(folder / "sample.csv"))
    path = folder / "labelled.csv"
    given_ones = [*labels, *[""] * len(rows)]
    lines = [[*[row[one] for one in (*HEADER, "stratum")], text] for row, text in zip(rows, given_ones, strict=False)]
    write_csv(path, (*HEADER, "stratum", LABEL), lines)
    return path


@given(st.floats(0, 1))
def test_every_probability_belongs_to_exactly_one_band(probability: float) -> None:
    band = band_of(probability)
    low = float(band.removeprefix("≥"))
    assert low in BANDS
    assert low <= probability
    assert all(not (low < other <= probability) for other in BANDS)


@given(st.integers(0, 300), st.integers(0, 300))
def test_right_and_wrong_are_two_sides_of_one_interval(good: int, bad: int) -> None:
    right, wrong = wilson(good, good + bad), wilson(bad, good + bad)
    assert right.low == pytest.approx(1 - wrong.high)
    assert right.high == pytest.approx(1 - wrong.low)


@given(st.integers(0, 200), st.integers(1, 200))
def test_one_more_right_label_never_lowers_the_share_or_its_lower_end(good: int, bad: int) -> None:
    before, after = wilson(good, good + bad), wilson(good + 1, good + bad)
    assert after.low >= before.low
    assert after.high >= before.high


@settings(max_examples=30, deadline=None)
@given(links=PROBABILITIES, review=st.integers(0, 5), size=st.integers(0, 40), seed=st.integers(0, 9))
def test_the_sample_holds_each_pair_once_and_only_pairs_of_the_linking(
    links: list[float], review: int, size: int, seed: int
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, links, review)
        drawn = draw_sample(folder, size, seed)
        rows = list(read_csv(folder / "sample.csv"))
    pairs = [(row["a_id"], row["b_id"]) for row in rows]
    assert drawn == len(rows) == len(set(pairs))
    assert set(pairs) <= {(f"a{n}", f"b{n}") for n in range(len(links))} | {(f"r{n}", f"s{n}") for n in range(review)}
    for row in rows:
        stratum = "review" if row["a_id"].startswith("r") else band_of(float(row["probability"]))
        assert row["stratum"] == stratum
        assert row[LABEL] == ""
    if links or review:
        assert rows  # even a sample of nothing shows one pair of each band


@settings(max_examples=30, deadline=None)
@given(links=PROBABILITIES, labels=st.lists(st.sampled_from(["1", "0", "是", "否", " YES ", ""]), max_size=25))
def test_precision_is_a_share_and_its_lower_end_is_no_higher(links: list[float], labels: list[str]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, links, 2)
        draw_sample(folder, 100, 1)
        quality = measure_quality(folder, label(folder, labels))
    said = [one for one in labels[: len(links) + 2] if one.strip()]
    assert quality.sampled <= len(said)
    if quality.precision is None:
        assert quality.precision_low is None
        assert all(not band.right.all for band in quality.bands)
    else:
        assert quality.precision_low is not None
        assert 0 <= quality.precision_low <= quality.precision + 1e-9 <= 1 + 1e-9
    assert sum(band.links for band in quality.bands) == len(links)
    assert json.loads(json.dumps(quality.as_dict()))["sampled"] == quality.sampled


def test_a_linking_that_found_nothing_has_no_precision_and_no_band(tmp_path: Path) -> None:
    write(tmp_path, [])
    assert draw_sample(tmp_path, 10, 1) == 0
    quality = measure_quality(tmp_path)
    assert (quality.precision, quality.bands, quality.sampled) == (None, (), 0)
    assert quality.review.value is None


def test_a_band_nobody_sampled_does_not_count_as_wrong(tmp_path: Path) -> None:
    write(tmp_path, [0.9999] * 2 + [0.5] * 98)
    quality = measure_quality(tmp_path, known=[("a0", "b0")])
    assert {band.name: band.right.all for band in quality.bands} == {"≥0.999": 1, "≥0.0": 0}
    assert quality.precision == 1


@pytest.mark.parametrize("text", ["1", "是", "同", "Yes", " y ", "TRUE"])
def test_a_person_may_say_yes_in_several_ways(tmp_path: Path, text: str) -> None:
    write(tmp_path, [0.95])
    draw_sample(tmp_path, 1, 1)
    assert measure_quality(tmp_path, label(tmp_path, [text])).precision == 1


@pytest.mark.parametrize("text", ["0", "否", "异", "No", " n ", "FALSE"])
def test_a_person_may_say_no_in_several_ways(tmp_path: Path, text: str) -> None:
    write(tmp_path, [0.95])
    draw_sample(tmp_path, 1, 1)
    assert measure_quality(tmp_path, label(tmp_path, [text])).precision == 0


def test_an_unclear_label_is_told_with_line_and_what_to_write(tmp_path: Path) -> None:
    write(tmp_path, [0.95, 0.96])
    draw_sample(tmp_path, 10, 1)
    with pytest.raises(ChengxinError) as refused:
        measure_quality(tmp_path, label(tmp_path, ["1", "2"]))
    assert refused.value.code == "label_unclear"
    assert refused.value.where == "labelled.csv:3"
    assert (
        refused.value.message_zh == "labelled.csv 第 3 行的标注“2”看不懂，请填 1（同一主体）或 0（不是），不确定的留空"
    )


def test_labels_of_a_person_outweigh_known_pairs_for_precision(tmp_path: Path) -> None:
    write(tmp_path, [0.95])
    draw_sample(tmp_path, 1, 1)
    quality = measure_quality(tmp_path, label(tmp_path, ["0"]), known=[("a0", "b0")])
    assert quality.precision == 0
    assert quality.recall is not None
    assert quality.recall.value == 1


def test_known_pairs_that_no_link_speaks_about_give_recall_and_no_precision(tmp_path: Path) -> None:
    write(tmp_path, [0.95])
    quality = measure_quality(tmp_path, known=[("elsewhere", "b7")])
    assert (quality.precision, quality.sampled) == (None, 0)
    assert quality.recall is not None
    assert (quality.recall.good, quality.recall.all) == (0, 1)
