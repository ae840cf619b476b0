"""The kernel's comparison of names as Splink's levels, in SQL that DuckDB and Spark both understand.

Each comparison is one thing that ``chengxin.kernel.names.compare_names`` asks of two names, from the strongest
agreement to the decisive difference; the registers' details stand beside them. Splink learns from the two registers
how much each level says; what a small or clean pair of registers cannot teach keeps the weight given here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import splink.comparison_level_library as levels
from splink import SettingsCreator, block_on
from splink.comparison_library import CustomComparison

from chengxin.linkage.blocks import key_of
from chengxin.linkage.details import chances_of, detail_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

    from chengxin.linkage.blocks import Block
    from chengxin.linkage.details import Detail

_REST = 0.02
"""Least chance of a comparison's last level: in a register of a few names the others would leave it nothing."""

_PLACES = 2_000
"""Kinds of place that are compared pair by pair: the commonest."""

_TRADES = 1_000
"""Kinds of trade that are compared pair by pair: the commonest."""

DIALECT = "duckdb"
"""The dialect the conditions are written in; Splink translates them by sqlglot for Spark."""

ONE_CHARACTER = {"duckdb": 3, "spark": 1}
"""Levenshtein distance of one Chinese character: DuckDB counts bytes of UTF-8, Spark characters."""

CORE = (
    "名称相同",
    "无字号、其余相同",
    "字号行业相同",
    "字号行业同音",
    "换位或叠字",
    "差一字",
    "字号相同、行业详略",
    "字号相同、行业缺",
    "字号相同、行业不同",
    "其他",
)
"""Labels of the core's levels, in their order; what stands between the second and the third is a missing core."""

SAME = {
    "first": (0.45, 0.01, 0.34, 0.05, 0.04, 0.05, 0.025, 0.025, 0.005, 0.005),
    "second": (0.05, 0.02, 0.1, 0.23, 0.19, 0.22, 0.09, 0.06, 0.02, 0.02),
}
"""How often each level of ``CORE`` holds for the two names of one body: in all pairs, and in those that a first pass
over names that differ in writing alone has left."""


@dataclass(frozen=True)
class Chances:
    """How often two different bodies of these registers agree by chance, for each level.

    ``slip`` is counted on brands of two characters, which are the commonest and collide most; ``inside``, ``missing``
    and ``other`` are the shares of bodies of one brand whose trades contain each other, of which one is missing, and
    whose trades differ. ``details`` holds the levels of each detail by its name.
    """

    folded: float
    bare: float
    core: float
    sounds: float
    bag: float
    slip: float
    inside: float
    missing: float
    other: float
    place: float
    nested: float
    form: float
    branch: float
    figures: float
    details: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def count_chances(duck: duckdb.DuckDBPyConnection, table: str, details: Iterable[Detail] = ()) -> Chances:
    """Count the chances inside one register: it holds a body once, so two of its rows are two bodies.

    Random pairs of both registers would count true pairs as chance: a core that hardly any two bodies share is shared
    by the two writings of one body far more often.
    """
    rows: int = _one(duck, f"SELECT count(*) FROM {table}")
    pairs = max(rows * (rows - 1), 1)

    def agreeing(*columns: str, where: str = "true") -> float:
        present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        found = _one(
            duck,
            f"""SELECT coalesce(sum(each * (each - 1)), 0)::DOUBLE FROM
            (SELECT count(*) AS each FROM {table} WHERE {present} AND {where} GROUP BY {", ".join(columns)})""",
        )
        return float(found) / pairs

    least: float = 1 / pairs
    core, sounds, bag = agreeing("core"), agreeing("sounds"), agreeing("bag")
    short = "length(brand) = 2"
    slip = sum(agreeing(one, "trade", where=short) for one in ("brand_first", "brand_last"))
    slip -= 2 * agreeing("core", where=f"{short} AND trade IS NOT NULL")
    brand = max(agreeing("brand") - core, least)
    inside, missing = _shares_of_trades(duck, table)
    return Chances(
        folded=max(agreeing("folded"), least),
        bare=max(agreeing("bare"), least),
        core=max(core, least),
        sounds=max(sounds - core, least),
        bag=max(bag - core, least),
        slip=max(slip - (sounds - core) - (bag - core), sounds - core, least),
        inside=max(brand * inside, least),
        missing=max(brand * missing, least),
        other=max(brand * (1 - inside - missing), least),
        place=max(agreeing("place"), least),
        nested=max(_nested(duck, table) / pairs, least),
        form=max(agreeing("form"), least),
        branch=max(agreeing("branch"), least),
        figures=max(agreeing("figures"), least),
        details=chances_of(duck, table, details),
    )


def _shares_of_trades(duck: duckdb.DuckDBPyConnection, table: str) -> tuple[float, float]:
    """Return how often, of two rows whose trades are not the same, one trade contains the other or is missing."""
    rows, same, inside, none = duck.execute(
        f"""WITH kind AS (SELECT trade, count(*)::DOUBLE AS each FROM {table} GROUP BY trade ORDER BY each DESC, trade
        LIMIT {_TRADES})
        SELECT (SELECT sum(each) FROM kind), (SELECT sum(each * each) FROM kind),
        (SELECT coalesce(sum(l.each * r.each), 0) FROM kind l JOIN kind r ON l.trade <> r.trade
            AND (contains(l.trade, r.trade) OR contains(r.trade, l.trade))),
        coalesce((SELECT sum(each) FROM kind WHERE trade IS NULL), 0)"""
    ).fetchall()[0]
    differing = max((rows or 0) ** 2 - (same or 0), 1.0)
    return inside / differing, 2 * none * max((rows or 0) - none, 0) / differing


def _nested(duck: duckdb.DuckDBPyConnection, table: str) -> float:
    """Return how many ordered pairs of rows name places of which one contains the other."""
    found = _one(
        duck,
        f"""WITH kind AS (SELECT place, places, count(*) AS each FROM {table} WHERE place IS NOT NULL
        GROUP BY ALL ORDER BY each DESC, place, places LIMIT {_PLACES})
        SELECT coalesce(sum(l.each * r.each), 0)::DOUBLE FROM kind l JOIN kind r ON l.place <> r.place
        AND (contains(r.places, '|' || l.place || '|') OR contains(l.places, '|' || r.place || '|'))""",
    )
    return float(found)


def _one(duck: duckdb.DuckDBPyConnection, sql: str) -> Any:  # noqa: ANN401 - what the database gives
    """Return the only value a query gives; the result is read to its end, as the next query needs it."""
    return duck.execute(sql).fetchall()[0][0]


Levels: TypeAlias = "list[ComparisonLevelCreator | dict[str, Any]]"
Said: TypeAlias = "tuple[str, str, float, float]"
"""A level: its condition, its label, and how often it holds for one body and for two by chance."""


def _levels(said: Sequence[Said], otherwise: float, missing: str = "", after: int = 0) -> Levels:
    """Return levels whose chances sum to one, the rest being the last level's.

    Args:
        said: the levels, from the strongest agreement.
        otherwise: how often none of them holds for one body.
        missing: condition under which there is nothing to compare; it stands behind the first ``after`` levels.
        after: see ``missing``.
    """
    sum_of_all = sum(chance for *_, chance in said)
    scale = min(1.0, (1 - _REST) / sum_of_all)
    made: Levels = []
    for condition, label, same, chance in said:
        level = levels.CustomLevel(condition, label, DIALECT)
        made.append(level.configure(m_probability=same, u_probability=chance * scale))
    made.append(levels.ElseLevel().configure(m_probability=otherwise, u_probability=1 - sum_of_all * scale))
    if missing:
        made.insert(after, levels.CustomLevel(missing, "缺", DIALECT).configure(is_null_level=True))
    return made


def _either(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def _core(chance: Chances, engine: str) -> Levels:
    inside = "position(trade_l IN trade_r) > 0 OR position(trade_r IN trade_l) > 0"
    conditions = (
        "folded_l = folded_r",
        "bare_l = bare_r",
        "core_l = core_r",
        "sounds_l = sounds_r",
        "bag_l = bag_r",
        f"least(length(core_l), length(core_r)) >= 3 AND levenshtein(core_l, core_r) <= {ONE_CHARACTER[engine]}",
        f"brand_l = brand_r AND ({inside})",
        "brand_l = brand_r AND (trade_l IS NULL OR trade_r IS NULL)",
        "brand_l = brand_r",
    )
    counted = (
        chance.folded,
        chance.bare,
        chance.core,
        chance.sounds,
        chance.bag,
        chance.slip,
        chance.inside,
        chance.missing,
        chance.other,
    )
    *same, otherwise = SAME["first"]
    return _levels(list(zip(conditions, CORE, same, counted, strict=False)), otherwise, _either("core"), after=2)


def comparisons(by_chance: Chances, engine: str = DIALECT) -> list[CustomComparison]:
    """Return the comparisons: core (brand and trade), place, legal form, branch, figures, and the details."""
    nested = "position('|' || place_l || '|' IN places_r) > 0 OR position('|' || place_r || '|' IN places_l) > 0"
    chance = by_chance
    place = [("place_l = place_r", "地名相同", 0.9, chance.place), (nested, "地名相含", 0.09, chance.nested)]
    named: dict[str, Levels] = {
        "core": _core(chance, engine),
        "place": _levels(place, 0.01, _either("place")),
        "form": _levels([("form_l = form_r", "形式相同", 0.85, chance.form)], 0.15, _either("form")),
        "branch": _levels([("branch_l = branch_r", "分支相同", 0.999, chance.branch)], 0.001),
        "figures": _levels([("figures_l = figures_r", "序数相同", 0.999, chance.figures)], 0.001),
    }
    for name, chances in chance.details.items():
        detail = detail_named(name)
        said = [(one.condition, one.zh, one.same, each) for one, each in zip(detail.levels, chances, strict=True)]
        missing = f"{_either(name)} OR NOT ({detail.comparable})"
        named[name] = _levels(said, 1 - sum(one.same for one in detail.levels), missing)
    return [CustomComparison(held, name) for name, held in named.items()]


def settings(by_chance: Chances, blocks: Iterable[Block], prior: float, engine: str = DIALECT) -> SettingsCreator:
    """Return Splink's settings for two registers of names whose share of true pairs is ``prior``."""
    return SettingsCreator(
        link_type="link_only",
        unique_id_column_name="row",
        probability_two_random_records_match=prior,
        comparisons=list(comparisons(by_chance, engine)),
        blocking_rules_to_generate_predictions=[block_on(key_of(block)) for block in blocks],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def retold(model: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]], prior: float, same: str) -> dict[str, Any]:
    """Return a trained model for another pass: its own blocks, share of true pairs, and weights of the core."""
    weights = dict(zip(CORE, SAME[same], strict=True))
    told = {**model, "probability_two_random_records_match": prior, "blocking_rules_to_generate_predictions": blocks}
    told["comparisons"] = [
        one
        if one["output_column_name"] != "core"
        else {
            **one,
            "comparison_levels": [
                level
                if level.get("is_null_level")
                else {**level, "m_probability": weights.get(level.get("label_for_charts", ""), weights["其他"])}
                for level in one["comparison_levels"]
            ],
        }
        for one in model["comparisons"]
    ]
    return told
