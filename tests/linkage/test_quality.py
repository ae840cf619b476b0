"""The quality report says what a sample can say: shares with their intervals, each band by its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.linkage.files import HEADER, known_pairs, read_csv, write_csv
from chengxin.linkage.linking import Linked
from chengxin.linkage.page import render
from chengxin.linkage.quality import band_of, draw_sample, measure_quality, wilson

if TYPE_CHECKING:
    from pathlib import Path

REVIEW = [("9", "y", 0.6)]


def _folder(folder: Path, links: int = 40) -> Path:
    """Make a linking: links 0 to 39, the even ones sure, and one pair for review."""
    rows = [(str(n), f"b{n}", 0.9995 if n % 2 == 0 else 0.95) for n in range(links)]
    for name, held in (("links.csv", rows), ("review.csv", REVIEW)):
        write_csv(folder / name, HEADER, [(a, f"甲{a}", b, f"乙{b}", p, 1.0, "same", "", "", "") for a, b, p in held])
    return folder


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_narrows_with_more(good: int, more: int) -> None:
    of = good + more
    share = wilson(good, of)
    assert 0 <= share.low <= share.high <= 1
    if of:
        assert share.value is not None
        assert share.low - 1e-9 <= share.value <= share.high + 1e-9
        wide, narrow = share.high - share.low, wilson(good * 4, of * 4)
        assert narrow.high - narrow.low <= wide
    else:
        assert (share.value, share.low, share.high) == (None, 0, 1)


def test_the_interval_is_the_published_one() -> None:
    # Wilson's interval for 81 of 263 at 95 %: 0.2553 to 0.3662 (Newcombe 1998, Stat. Med. 17:857, table I, method 3).
    share = wilson(81, 263)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


def test_bands_part_at_their_lower_ends() -> None:
    assert [band_of(p) for p in (1.0, 0.999, 0.9989, 0.99, 0.9, 0.1)] == [
        "≥0.999",
        "≥0.999",
        "≥0.99",
        "≥0.99",
        "≥0.9",
        "≥0.0",
    ]


def test_the_sample_takes_from_every_band_and_can_be_drawn_again(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert draw_sample(folder, 30, 5) == 21
    first = (folder / "sample.csv").read_bytes()
    strata = [row["stratum"] for row in read_csv(folder / "sample.csv")]
    assert (strata.count("≥0.999"), strata.count("≥0.9"), strata.count("review")) == (10, 10, 1)
    draw_sample(folder, 30, 5)
    assert (folder / "sample.csv").read_bytes() == first
    draw_sample(folder, 30, 6)
    assert (folder / "sample.csv").read_bytes() != first


def _label(folder: Path, right: dict[str, str]) -> Path:
    rows = list(read_csv(folder / "sample.csv"))
    labelled = folder / "labelled.csv"
    write_csv(labelled, tuple(rows[0]), [[*list(row.values())[:-1], right.get(row["stratum"], "")] for row in rows])
    return labelled


def test_precision_weighs_each_band_by_its_links(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    draw_sample(folder, 30, 5)
    quality = measure_quality(folder, _label(folder, {"≥0.999": "是", "≥0.9": "0", "review": "1"}))
    assert quality.precision == pytest.approx(0.5)  # both bands have twenty links: one all right, one all wrong
    assert quality.precision_low is not None
    assert quality.precision_low < 0.5
    assert (quality.review.good, quality.review.all, quality.sampled) == (1, 1, 21)
    assert quality.recall is None


def test_rows_without_a_label_do_not_count(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    draw_sample(folder, 30, 5)
    quality = measure_quality(folder, _label(folder, {"≥0.999": "1"}))
    assert (quality.sampled, quality.precision) == (10, 1.0)


def test_a_label_nobody_understands_is_named_with_its_line(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    draw_sample(folder, 30, 5)
    with pytest.raises(ChengxinError) as refused:
        measure_quality(folder, _label(folder, {"≥0.999": "也许"}))
    assert refused.value.code == "label_unclear"
    assert "也许" in refused.value.message_zh


def test_known_pairs_give_precision_and_recall(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    known = [("0", "b0"), ("1", "b1"), ("2", "elsewhere"), ("9", "y"), ("77", "b77")]
    quality = measure_quality(folder, known=known)
    # Links 0 and 1 are right, 2 and 9 are linked to another partner; 9's true partner waits in review.
    assert quality.recall is not None
    assert quality.in_review is not None
    assert (quality.recall.good, quality.recall.all) == (2, 5)
    assert quality.in_review.good == 1
    assert {band.name: (band.right.good, band.right.all) for band in quality.bands} == {
        "≥0.999": (1, 2),
        "≥0.9": (1, 2),
    }


def test_a_file_of_known_pairs_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    write_csv(path, ("left", "right"), [("1", "2")])
    with pytest.raises(ChengxinError) as refused:
        known_pairs(path)
    assert refused.value.code == "known_pairs_columns"
    write_csv(path, ("a_id", "b_id"), [("+1", "2")])
    assert known_pairs(path) == [("+1", "2")]


def test_the_page_shows_the_figures_and_makes_names_of_files_inert(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    quality = measure_quality(folder, known=[("0", "b0"), ("1", "b1")])
    page = render(Linked(100, 90, 60, 40, 1), quality, "<script>.csv", "b.csv")
    assert "<script>" not in page
    assert "100.00 %" in page
    assert "查全率 recall" in page
    assert page.count("<rect") == 2
    assert "link-report" in render(Linked(100, 90, 60, 40, 1), None, "a.csv", "b.csv")
