"""A forgiven slip is trusted as far as the bodies of the register itself let it be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from chengxin.linkage.chance import BLOCKS, KIND_SQL, Sampled, sample_wrong, weigh_kinds
from chengxin.linkage.columns import COLUMNS, table_of
from chengxin.linkage.files import read_csv
from chengxin.linkage.linking import LinkRegisters
from chengxin.linkage.reading import Register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "昆山禾映科技有限公司"
SOUND = "昆山禾应科技有限公司"


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as held:
        yield held


def sampled(duck: duckdb.DuckDBPyConnection, names: list[str]) -> tuple[Sampled, dict[str, int]]:
    duck.register("names", table_of(names, 0))
    duck.execute("CREATE OR REPLACE TABLE register_a AS SELECT * FROM names").fetchall()
    steps: list[tuple[int, int]] = []
    found = sample_wrong(duck, "a", names, None, lambda *step: steps.append(step))
    assert all(0 <= done <= total for done, total in steps)
    return found, dict(duck.execute("SELECT kind, pairs FROM wrong").fetchall())


def test_two_bodies_that_sound_alike_are_counted_both_ways(duck: duckdb.DuckDBPyConnection) -> None:
    found, wrong = sampled(duck, [BASE, SOUND, "苏州云舫餐饮管理有限公司"])
    assert found == Sampled(rows=3, others=2)
    assert wrong == {"brand_misspelt/2/sound": 2}


@pytest.mark.parametrize(
    "names",
    [
        [BASE, BASE],
        [BASE, "昆山云舫餐饮管理有限公司"],
        [BASE, "昆山市禾映科技有限责任公司"],
        [BASE],
    ],
    ids=["the same name twice", "another body", "the same name written otherwise", "one name"],
)
def test_what_is_no_slip_counts_for_nothing(duck: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    _found, wrong = sampled(duck, names)
    assert wrong == {}


def test_a_longer_brand_is_a_kind_of_its_own(duck: duckdb.DuckDBPyConnection) -> None:
    _found, wrong = sampled(duck, ["昆山禾映晨科技有限公司", "昆山禾应晨科技有限公司", BASE, SOUND])
    assert wrong == {"brand_misspelt/3/sound": 2, "brand_misspelt/2/sound": 2, "brand_unclear/2": 4}


def test_a_large_register_is_sampled_evenly(duck: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chengxin.linkage.chance.PAIRS", 20)
    names = [f"昆山{brand}{sign}科技有限公司" for sign in "甲乙丙丁戊己庚辛壬癸" for brand in ("禾映", "禾应")]
    found, wrong = sampled(duck, names)
    assert 0 < found.rows < len(names)
    assert found.others == len(names) - 1
    assert sum(wrong.values()) <= found.rows * found.others


def test_blocks_that_are_searched_for_slips_hold_no_pairs_of_one_core() -> None:
    assert ("core",) not in BLOCKS
    assert {column for block in BLOCKS for column in block} <= set(COLUMNS)


def ranked(duck: duckdb.DuckDBPyConnection, right: int, wrong: int) -> None:
    """Lay out ``right`` clear pairs of one kind, of which ``wrong`` was counted inside the register."""
    duck.execute(
        f"""CREATE TABLE ranked AS SELECT range AS a, range AS b, 'slip' AS kind, 'same' AS verdict, true AS clear
        FROM range({right})"""  # noqa: S608 - a number
    ).fetchall()
    duck.execute(f"CREATE TABLE wrong AS SELECT 'slip' AS kind, {wrong} AS pairs").fetchall()


def odds(duck: duckdb.DuckDBPyConnection, seen: Sampled, rows: int) -> tuple[float, float]:
    weigh_kinds(duck, seen, rows, rows)
    expected, found = duck.execute("SELECT expected, odds FROM kind_odds").fetchall()[0]
    return expected, found


def test_expected_wrong_pairs_grow_with_the_pairs_that_are_possible(duck: duckdb.DuckDBPyConnection) -> None:
    ranked(duck, right=100, wrong=10)
    seen = Sampled(rows=1000, others=999)
    small, kindly = odds(duck, seen, 1000)
    large, harshly = odds(duck, seen, 3000)
    assert small == pytest.approx(10 * 1000 / 999 * 0.9 * 0.9)  # one row in ten has a partner
    assert kindly == pytest.approx((100 - small) / small)
    assert large > 9 * small
    assert harshly < kindly


def test_where_chance_explains_every_pair_hardly_one_is_taken_to_be_right(duck: duckdb.DuckDBPyConnection) -> None:
    ranked(duck, right=5, wrong=1000)
    expected, found = odds(duck, Sampled(rows=1000, others=999), 1000)
    assert expected > 900
    assert 0 < found < 0.01


def test_a_kind_that_chance_never_makes_has_no_odds_against_it(duck: duckdb.DuckDBPyConnection) -> None:
    ranked(duck, right=5, wrong=3)
    duck.execute("UPDATE wrong SET kind = 'another'").fetchall()
    weigh_kinds(duck, Sampled(rows=10, others=9), 10, 10)
    assert duck.execute("SELECT count(*) FROM kind_odds").fetchall() == [(0,)]


def test_writing_alone_is_of_no_kind(duck: duckdb.DuckDBPyConnection) -> None:
    duck.register("names", table_of([BASE], 0))
    kinds = duck.execute(
        f"SELECT {KIND_SQL} FROM names l, names r, (VALUES ('identical'), ('form_written place_written')) v(codes)"  # noqa: S608 - the room's SQL
    ).fetchall()
    assert kinds == [(None,), (None,)]


def link(folder: Path, first: list[str], second: list[str]) -> tuple[set[str], dict[str, str]]:
    registers = [
        Register(folder / name, [str(number) for number in range(len(names))], names)
        for name, names in (("a", first), ("b", second))
    ]
    LinkRegisters(registers[0], registers[1], folder / "out").execute()
    links = {row["a_name"] for row in read_csv(folder / "out" / "links.csv")}
    return links, {row["a_name"]: row["why"] for row in read_csv(folder / "out" / "review.csv")}


def test_a_slip_is_forgiven_in_a_small_town_and_asked_about_in_a_crowded_one(tmp_path: Path) -> None:
    (tmp_path / "town").mkdir()
    (tmp_path / "city").mkdir()
    town = [BASE, "昆山云舫餐饮管理有限公司", "苏州翔陈装饰工程有限公司"]
    links, review = link(tmp_path / "town", town, [SOUND, *town[1:]])
    assert (links, review) == (set(town), {})
    crowd = [f"昆山{one}{other}科技有限公司" for one in "禾荷和河合" for other in "映应英影鹰"]
    city = [name for name in crowd if name not in {BASE, SOUND}]
    links, review = link(tmp_path / "city", [BASE, *city], [SOUND, *city])
    assert links == set(city)
    assert review == {BASE: "crowded"}
