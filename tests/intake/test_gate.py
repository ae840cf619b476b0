"""What the gate finds off: an oracle in fractions, the laws of its limits, and a strict reading of its file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from statistics import median_low
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.intake.gate import (
    NOTHING_USUAL,
    Measures,
    Usual,
    is_off,
    judge,
    load_thresholds,
    read,
    thresholds_on,
    usual,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.intake.gate import Thresholds

FIELDS = ("uscc", "fine_amount")
LIMITS = thresholds_on(date(2026, 3, 2))


@st.composite
def measures(draw: st.DrawFn) -> Measures:
    lines = draw(st.integers(0, 400))
    sent_back = draw(st.integers(0, lines))
    return Measures(
        lines,
        sent_back,
        draw(st.none() | st.integers(0, lines - sent_back)),
        {field: draw(st.integers(0, lines)) for field in FIELDS},
        correction=draw(st.booleans()),
    )


@st.composite
def limits(draw: st.DrawFn) -> Thresholds:
    share = st.integers(0, 100)
    return replace(
        LIMITS,
        least_rows=draw(st.integers(1, 200)),
        sent_back_most=draw(share),
        linked_least=draw(share),
        any_sent_back=draw(st.booleans()),
        fill_of_usual_least=draw(share),
        fill_usual_least=draw(share),
        lines_most_times=draw(st.integers(1, 20)),
        lines_least_percent=draw(share),
    )


ordinary = st.builds(
    Usual,
    st.none() | st.integers(1, 1000),
    st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 10_000)),
)


def off(measured: Measures, held: Usual, by: Thresholds) -> set[str]:
    return {one.code for one in judge("penalty", measured, held, by) if one.off}


def expected(measured: Measures, held: Usual, by: Thresholds) -> set[str]:
    """Say the same in fractions, one sentence a limit."""
    found = set()
    if by.any_sent_back and measured.sent_back:
        found.add("sent_back")
    if measured.lines < by.least_rows:
        return found
    if Fraction(measured.sent_back, measured.lines) > Fraction(by.sent_back_most, 100):
        found.add("sent_back")
    sound = measured.lines - measured.sent_back
    if measured.linked is not None and sound and Fraction(measured.linked, sound) < Fraction(by.linked_least, 100):
        found.add("linked")
    if measured.correction:
        return found
    for field, rate in held.filled.items():
        before, now = Fraction(rate, 10_000), Fraction(measured.filled[field], measured.lines)
        if before >= Fraction(by.fill_usual_least, 100) and now < before * Fraction(by.fill_of_usual_least, 100):
            found.add(f"fill_{field}")
    if held.lines is not None and not (
        held.lines * Fraction(by.lines_least_percent, 100) <= measured.lines <= held.lines * by.lines_most_times
    ):
        found.add("lines")
    return found


@given(measures(), ordinary, limits())
def test_a_batch_is_off_exactly_where_fractions_say_so(measured: Measures, held: Usual, by: Thresholds) -> None:
    assert off(measured, held, by) == expected(measured, held, by)
    assert is_off(judge("penalty", measured, held, by)) == bool(expected(measured, held, by))


@given(measures(), ordinary, limits())
def test_one_more_row_sent_back_never_makes_a_file_better(measured: Measures, held: Usual, by: Thresholds) -> None:
    if measured.sent_back < measured.lines:
        worse = replace(measured, sent_back=measured.sent_back + 1, linked=None)
        assert off(replace(measured, linked=None), held, by) <= off(worse, held, by)


@given(measures(), ordinary, limits())
def test_a_stricter_limit_never_lets_more_through(measured: Measures, held: Usual, by: Thresholds) -> None:
    stricter = replace(by, sent_back_most=max(0, by.sent_back_most - 1), linked_least=min(100, by.linked_least + 1))
    assert off(measured, held, by) <= off(measured, held, stricter)


@given(measures(), ordinary, limits())
def test_a_file_of_few_rows_is_held_only_where_any_row_sent_back_holds(
    measured: Measures, held: Usual, by: Thresholds
) -> None:
    patient = replace(by, least_rows=measured.lines + 1, any_sent_back=False)
    assert off(measured, held, patient) == set()
    strict = off(measured, held, replace(patient, any_sent_back=True))
    assert strict == ({"sent_back"} if measured.sent_back else set())


@given(st.integers(100, 5000), st.integers(0, 30), st.integers(50, 100))
def test_a_file_like_those_before_it_passes(lines: int, bad: int, tied: int) -> None:
    sent_back = lines * bad // 100
    measured = Measures(lines, sent_back, -(-(lines - sent_back) * tied // 100), dict.fromkeys(FIELDS, lines // 2))
    held = usual([measured.as_dict()] * LIMITS.batches_least, LIMITS)
    assert held.lines == lines
    assert off(measured, held, LIMITS) == set()


@given(st.lists(measures(), max_size=20))
def test_what_is_usual_is_the_median_of_the_latest_that_are_no_corrections(batches: list[Measures]) -> None:
    own = [one for one in batches if not one.correction and one.lines][: LIMITS.batches_most]
    held = usual([one.as_dict() for one in batches], LIMITS)
    if len(own) < LIMITS.batches_least:
        assert held == NOTHING_USUAL
    else:
        assert held.lines == median_low([one.lines for one in own])
        assert set(held.filled) == set(FIELDS)


def test_a_batch_from_before_the_gate_counts_with_its_rows_alone() -> None:
    assert usual([{"lines": 7}] * LIMITS.batches_least, LIMITS) == Usual(7, {})


def test_the_sentences_give_the_figures_and_the_limits() -> None:
    measured = Measures(300, 126, 80, {"fine_amount": 30})
    figures = {one.code: one for one in judge("penalty", measured, Usual(10, {"fine_amount": 9000}), LIMITS)}
    assert figures["sent_back"].measured == "42.0%（126/300）"
    assert figures["sent_back"].message == "300 行中有 126 行未通过校验（42.0%），超过 30% 的界限"
    assert "only 80 of 174 sound rows are tied to a registered body (45.9%)" in figures["linked"].message_en
    assert figures["fill_fine_amount"].message.endswith("只有 10.0% 的行填了内容，本单位通常为 90.0%")
    assert figures["lines"].limit == "1 至 100（通常 10）"
    assert all(one.off for one in figures.values())


def test_a_share_below_the_whole_never_reads_as_the_whole() -> None:
    figure = judge("penalty", Measures(100_000, 99_999, None, {}), NOTHING_USUAL, LIMITS)[0]
    assert figure.measured.startswith("99.9%")


def test_what_ships_holds_a_third_sent_back_and_lets_the_usual_dirt_in() -> None:
    assert LIMITS.source
    assert not LIMITS.any_sent_back
    dirty = Measures(300_000, 6_000, 290_000, {})
    assert off(dirty, NOTHING_USUAL, LIMITS) == set()
    assert off(replace(dirty, sent_back=100_000, linked=200_000), NOTHING_USUAL, LIMITS) == {"sent_back"}
    assert off(replace(dirty, linked=146_999), NOTHING_USUAL, LIMITS) == {"linked"}
    assert off(replace(dirty, linked=147_000), NOTHING_USUAL, LIMITS) == set()


def shipped() -> dict[str, Any]:
    held = {name: getattr(LIMITS, name) for name in LIMITS.__dataclass_fields__ if name != "valid_from"}
    return held | {"from": LIMITS.valid_from, "fields": {item: list(keys) for item, keys in LIMITS.fields.items()}}


def test_the_last_entry_that_has_begun_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = shipped() | {"from": date(2027, 1, 1), "sent_back_most": 5}
    own = tmp_path / "gate.yaml"
    own.write_text(yaml.safe_dump([later, shipped()], allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("CHENGXIN_GATE", str(own))
    load_thresholds.cache_clear()
    try:
        days = (date(2015, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
        assert [thresholds_on(day).sent_back_most for day in days] == [30, 30, 5]
    finally:
        load_thresholds.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sent_back_most", 101),
        ("linked_least", -1),
        ("least_rows", 0),
        ("keep_days", True),
        ("any_sent_back", 1),
        ("source", " "),
        ("lines_most_times", "10"),
        ("fields", {"penalty": ["nothing"]}),
        ("fields", {"nothing": []}),
        ("spare", 1),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ChengxinError) as refused:
        read([shipped() | {name: value}])
    assert (refused.value.code, refused.value.where) == ("gate_file_wrong", name)


@pytest.mark.parametrize("held", [[], [{"from": date(2026, 1, 1)}]])
def test_a_file_without_its_limits_is_refused(held: list[dict[str, Any]]) -> None:
    with pytest.raises(ChengxinError):
        read(held)
