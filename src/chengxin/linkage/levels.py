"""The kernel's comparison of names as Splink's levels, in SQL that DuckDB and Spark both understand.

Each comparison is one thing that ``chengxin.kernel.names.compare_names`` asks of two names, from the strongest
agreement to the decisive difference. Splink learns from the two registers how much each level says; what a small or
clean pair of registers cannot teach keeps the weight given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import splink.comparison_level_library as levels
from splink import SettingsCreator, block_on
from splink.comparison_library import CustomComparison

if TYPE_CHECKING:
    import duckdb
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

_LEAST = 1e-9
_PLACES = 2_000
"""Kinds of place that are compared pair by pair: the commonest."""

DIALECT = "duckdb"
"""The dialect the conditions are written in; Splink translates them by sqlglot for Spark."""

ONE_CHARACTER = {"duckdb": 3, "spark": 1}
"""Levenshtein distance of one Chinese character: DuckDB counts bytes of UTF-8, Spark characters."""

BLOCKING = (
    ("core",),
    ("brand", "place"),
    ("sounds",),
    ("bag",),
    ("ends",),
    ("brand_first", "trade", "place"),
    ("brand_last", "trade", "place"),
    ("brand", "trade"),
)
"""Columns that must agree for two names to be compared at all: those of at least one line. A slip in one character
leaves the ends of the core, or one side of the brand with its trade; a homophone leaves the sounds; a swapped or
doubled character leaves the bag; a missing trade or place leaves the rest."""

TRAINING = ("sounds",)
"""The block in which the weights of place, form, branch and figures are learnt. Those of the core stay as given: every
block of names that share most of their core is full of other bodies next door, which would teach that slips are rare.
"""

SURE = (("folded",), ("brand", "trade", "place"))
"""Blocks that hold next to nothing but true pairs, for the share of true pairs among all."""


@dataclass(frozen=True)
class Chances:
    """How often two different bodies of these registers agree by chance, for each level that is counted exactly."""

    core: float
    sounds: float
    bag: float
    brand: float
    place: float
    nested: float
    form: float
    branch: float
    figures: float


def count_chances(duck: duckdb.DuckDBPyConnection, table: str) -> Chances:
    """Count the chances inside one register: it holds a body once, so two of its rows are two bodies.

    Random pairs of both registers would count true pairs as chance: a core that hardly any two bodies share is shared
    by the two writings of one body far more often.
    """
    rows: int = _one(duck, f"SELECT count(*) FROM {table}")
    pairs = max(rows * (rows - 1), 1)

    def agreeing(*columns: str) -> float:
        present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        found = _one(
            duck,
            f"""SELECT coalesce(sum(each * (each - 1)), 0)::DOUBLE FROM
            (SELECT count(*) AS each FROM {table} WHERE {present} GROUP BY {", ".join(columns)})""",
        )
        return float(found) / pairs

    core = agreeing("core")
    nested = _one(
        duck,
        f"""WITH kind AS (SELECT place, places, count(*) AS each FROM {table} WHERE place IS NOT NULL
        GROUP BY ALL ORDER BY each DESC LIMIT {_PLACES})
        SELECT coalesce(sum(l.each * r.each), 0)::DOUBLE / {pairs} FROM kind l JOIN kind r ON l.place <> r.place
        AND (contains(r.places, '|' || l.place || '|') OR contains(l.places, '|' || r.place || '|'))""",
    )
    least: float = 1 / pairs
    return Chances(
        core=max(core, least),
        sounds=max(agreeing("sounds") - core, least),
        bag=max(agreeing("bag") - core, least),
        brand=max(agreeing("brand") - core, least),
        place=max(agreeing("place"), least),
        nested=max(float(nested), least),
        form=max(agreeing("form"), least),
        branch=max(agreeing("branch"), least),
        figures=max(agreeing("figures"), least),
    )


def _one(duck: duckdb.DuckDBPyConnection, sql: str) -> Any:  # noqa: ANN401 - what the database gives
    """Return the only value a query gives; the result is read to its end, as the next query needs it."""
    return duck.execute(sql).fetchall()[0][0]


def _level(condition: str, label: str, same: float, chance: float) -> ComparisonLevelCreator:
    """Return a level with its weights to begin with: how often it holds for one body, and for two by chance."""
    level = levels.CustomLevel(condition, label, DIALECT)
    return level.configure(m_probability=same, u_probability=chance)


def _else(same: float, chance: float) -> ComparisonLevelCreator:
    return levels.ElseLevel().configure(m_probability=same, u_probability=chance)


def _either(column: str) -> ComparisonLevelCreator:
    level = levels.CustomLevel(f"{column}_l IS NULL OR {column}_r IS NULL", f"{column} 缺", DIALECT)
    return level.configure(is_null_level=True)


Levels: TypeAlias = "list[ComparisonLevelCreator | dict[str, Any]]"


def _rest(*chances: float) -> float:
    """Return what other levels leave of one; never nothing."""
    return max(1 - sum(chances), _LEAST)


def comparisons(by_chance: Chances, engine: str = DIALECT) -> list[CustomComparison]:
    """Return the comparisons: core (brand and trade), place, legal form, branch and figures."""
    inside = "position(trade_l IN trade_r) > 0 OR position(trade_r IN trade_l) > 0"
    slip = f"least(length(core_l), length(core_r)) >= 4 AND levenshtein(core_l, core_r) <= {ONE_CHARACTER[engine]}"
    nested = "position('|' || place_l || '|' IN places_r) > 0 OR position('|' || place_r || '|' IN places_l) > 0"
    chance = by_chance
    third = chance.brand / 3
    core: Levels = [
        _either("core"),
        _level("core_l = core_r", "字号行业相同", 0.8, chance.core),
        _level("sounds_l = sounds_r", "字号行业同音", 0.05, chance.sounds),
        _level("bag_l = bag_r", "换位或叠字", 0.04, chance.bag),
        _level(slip, "差一字", 0.04, chance.sounds * 2),
        _level(f"brand_l = brand_r AND ({inside})", "字号相同、行业详略", 0.03, third),
        _level("brand_l = brand_r AND (trade_l IS NULL OR trade_r IS NULL)", "字号相同、行业缺", 0.03, third),
        _level("brand_l = brand_r", "字号相同、行业不同", 0.005, chance.brand),
        _else(0.005, _rest(chance.core, chance.sounds * 3, chance.bag, chance.brand * 2)),
    ]
    place: Levels = [
        _either("place"),
        _level("place_l = place_r", "地名相同", 0.9, chance.place),
        _level(nested, "地名相含", 0.09, chance.nested),
        _else(0.01, _rest(chance.place, chance.nested)),
    ]
    form: Levels = [
        _either("form"),
        _level("form_l = form_r", "形式相同", 0.85, chance.form),
        _else(0.15, _rest(chance.form)),
    ]
    branch: Levels = [
        _level("branch_l = branch_r", "分支相同", 0.999, chance.branch),
        _else(0.001, _rest(chance.branch)),
    ]
    figures: Levels = [
        _level("figures_l = figures_r", "序数相同", 0.999, chance.figures),
        _else(0.001, _rest(chance.figures)),
    ]
    named: dict[str, Levels] = {"core": core, "place": place, "form": form, "branch": branch, "figures": figures}
    return [CustomComparison(held, name) for name, held in named.items()]


def settings(by_chance: Chances, engine: str = DIALECT) -> SettingsCreator:
    """Return Splink's settings for two registers of names."""
    return SettingsCreator(
        link_type="link_only",
        unique_id_column_name="row",
        comparisons=list(comparisons(by_chance, engine)),
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKING],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def rule(columns: tuple[str, ...]) -> str:
    """Return a blocking rule as SQL."""
    return " AND ".join(f"l.{column} = r.{column}" for column in columns)
