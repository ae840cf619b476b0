"""The report of a linking is one page that needs nothing else and says no more than the sample does."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.linkage.linking import Linked
from chengxin.linkage.page import render
from chengxin.linkage.quality import Band, Quality, Share, wilson

LINKED = Linked(first=1_234_567, second=89_012, compared=45_678, links=31_415, review=926)


def quality(*bands: Band, known: bool = False, precision: float | None = 0.9876) -> Quality:
    share = wilson(9, 10)
    return Quality(
        sampled=2_500,
        precision=precision,
        precision_low=None if precision is None else precision - 0.01,
        bands=bands,
        review=wilson(3, 12),
        recall=share if known else None,
        in_review=wilson(1, 10) if known else None,
    )


class _Tags(HTMLParser):
    """Notes every tag that is open and every address a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href", "action"}]
        if tag not in {"meta", "br", "rect", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"rect", "path"}:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def read(page: str) -> _Tags:
    tags = _Tags()
    tags.feed(page)
    tags.close()
    return tags


@pytest.mark.parametrize("measured", [None, quality(), quality(Band("≥0.9", 3, wilson(1, 2)), known=True)])
def test_the_page_is_whole_html_and_fetches_nothing(measured: Quality | None) -> None:
    page = render(LINKED, measured, "甲.csv", "乙.csv")
    tags = read(page)
    assert (tags.open, tags.wrong, tags.fetched) == ([], [], [])
    assert page.startswith('<!doctype html>\n<html lang="zh-CN">')
    assert "url(" not in page
    assert "<script" not in page


def test_the_counts_are_written_with_thousands_and_named_in_both_languages() -> None:
    page = render(LINKED, None, "甲.csv", "乙.csv")
    assert "甲.csv（1,234,567）× 乙.csv（89,012）" in page
    assert "<td>比对的名称对 pairs compared</td><td>45,678</td>" in page
    assert "<td>已关联 linked</td><td>31,415</td>" in page
    assert "<td>待人工核实 left to a person</td><td>926</td>" in page


def test_every_page_says_that_a_link_attaches_nothing_to_anybody() -> None:
    for measured in (None, quality()):
        page = render(LINKED, measured, "甲.csv", "乙.csv")
        assert "关联只是名称上的建议，不能据以将任何信息归到主体名下；须凭代码或经人工核实。" in page
        assert "it attaches no fact to anybody" in page


def test_without_a_labelled_sample_the_page_says_what_to_do_and_shows_no_figure() -> None:
    page = render(LINKED, None, "甲.csv", "乙.csv")
    assert "请在 sample.csv 最后一列填 1 或 0，再运行 chengxin link-report。" in page
    assert "查准率" not in page
    assert "<svg" not in page


def test_recall_is_shown_only_where_pairs_were_known() -> None:
    unknown, known = (render(LINKED, quality(known=one), "甲.csv", "乙.csv") for one in (False, True))
    assert "查全率" not in unknown
    assert "在待核实中 in review" not in unknown
    assert "<td>查全率 recall</td><td>90.00 %</td>" in known
    assert "<td>在待核实中 in review</td><td>10.00 %</td>" in known


def test_a_share_that_nobody_sampled_is_a_dash_and_not_a_nought() -> None:
    page = render(LINKED, quality(Band("≥0.9", 7, wilson(0, 0)), precision=None), "甲.csv", "乙.csv")
    assert "<td>查准率 precision</td><td>—</td><td>≥ —</td>" in page
    assert page.count("<rect") == 0
    assert "M150.0 16H550.0" in page  # everything from 0 to 1 is possible


def test_a_band_where_no_sampled_link_is_right_is_drawn_with_no_width() -> None:
    page = render(LINKED, quality(Band("≥0.9", 7, wilson(0, 4))), "甲.csv", "乙.csv")
    assert '<rect x="150" y="9" width="0.0"' in page
    assert ">0.00 %</text>" in page


def test_each_band_has_its_line_its_links_and_its_share() -> None:
    bands = tuple(Band(name, links, wilson(links, links)) for name, links in (("≥0.999", 1_500), ("≥0.9", 30)))
    page = render(LINKED, quality(*bands), "甲.csv", "乙.csv")
    assert [one in page for one in ("≥0.999（1,500）", "≥0.9（30）")] == [True, True]
    assert 'viewBox="0 0 600 62"' in page
    assert page.count("100.00 %") == 2
    assert 'aria-label="各概率段关联正确的比例"' in page


def test_the_interval_stands_beside_every_share_that_is_estimated() -> None:
    page = render(LINKED, quality(known=True), "甲.csv", "乙.csv")
    for share in (wilson(9, 10), wilson(1, 10), wilson(3, 12)):
        assert f"{share.low * 100:.2f} % – {share.high * 100:.2f} %" in page
    assert "抽样真值 2,500 对" in page


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_of_a_file_becomes_part_of_the_page(first: str, second: str) -> None:
    tags = read(render(LINKED, None, first, second))
    assert (tags.open, tags.wrong, tags.fetched) == ([], [], [])


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=4))
def test_no_bar_leaves_the_picture_whatever_was_sampled(sampled: list[tuple[int, int]]) -> None:
    shares: list[Share] = [wilson(good, good + bad) for good, bad in sampled]
    page = render(LINKED, quality(*(Band("≥0.9", 1, one) for one in shares)), "甲.csv", "乙.csv")
    widths = [float(one) for one in re.findall(r'width="([\d.]+)" height="14"', page)]
    assert all(0 <= one <= 400 for one in widths)
    assert len(widths) == sum(one.value is not None for one in shares)
    for low, high in re.findall(r"M([\d.]+) \d+H([\d.]+)", page):
        assert 150 <= float(low) <= float(high) <= 550
