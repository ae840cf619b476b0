"""Which of the judged pairs are linked, and why the others wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chengxin.linkage.chance import KIND_SQL, weigh_kinds
from chengxin.linkage.details import levels_sql, odds_sql, reasons_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from chengxin.linkage.chance import Sampled
    from chengxin.linkage.details import Detail

BEST = 3
"""Candidates of a name that are judged, the likeliest first."""

MARGIN = 7.0
"""By how much a partner's weight (in bits) must exceed the next one's: 128 times likelier."""

SURE_ODDS = 999.0
"""Odds of a pair whose names differ in writing alone, before the details are asked."""

LINK_ODDS = 19.0
"""Odds from which a pair is linked: at most one in twenty of a kind is wrong. The kinds that come near it hold one
link in thirty at most, so that at least 998 of 1,000 links are right."""

REVIEW_ODDS = 0.1
"""Odds below which a pair is not even shown to a person: chance makes more than nine in ten of its kind."""

_DECIDED = "a BIGINT, b BIGINT, probability DOUBLE, score DOUBLE, verdict VARCHAR, why VARCHAR, codes VARCHAR"
CREATE = (
    "CREATE TABLE judged (a BIGINT, b BIGINT, verdict VARCHAR, score DOUBLE, codes VARCHAR, reasons VARCHAR)",
    f"CREATE TABLE link ({_DECIDED}, reasons VARCHAR)",
)
"""Tables that fill up over the passes."""

_PAIRS = """
CREATE OR REPLACE TABLE pair AS
WITH likely AS (
    SELECT CASE WHEN source_dataset_l = 'a' THEN row_l ELSE row_r END AS a,
        CASE WHEN source_dataset_l = 'a' THEN row_r ELSE row_l END AS b, match_probability AS probability,
        match_weight AS weight
    FROM {predicted}
    QUALIFY row_number() OVER (PARTITION BY a ORDER BY match_weight DESC, b) <= {best}
        OR row_number() OVER (PARTITION BY b ORDER BY match_weight DESC, a) = 1
), said AS (
    SELECT likely.*{levels} FROM likely{joins}
)
SELECT a, b, probability, weight, {odds} AS detail_odds, {codes} AS detail_codes, {words} AS detail_words FROM said
"""

_RANK = """
CREATE OR REPLACE TABLE ranked AS
WITH proposed AS (
    SELECT p.*, j.verdict, j.score, j.codes, j.reasons, {kind} AS kind,
        max(p.weight) FILTER (j.verdict = 'same') OVER (PARTITION BY p.a {others}) AS next_of_a,
        max(p.weight) FILTER (j.verdict = 'same') OVER (PARTITION BY p.b {others}) AS next_of_b
    FROM pair p JOIN judged j USING (a, b) JOIN register_a l ON l.row = p.a JOIN register_b r ON r.row = p.b
    WHERE j.verdict <> 'different'
)
SELECT *, verdict = 'same' AND coalesce(weight - next_of_a >= {margin}, true)
    AND coalesce(weight - next_of_b >= {margin}, true) AS clear
FROM proposed
"""

_OTHERS = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW"

_DECIDE = """
CREATE OR REPLACE TABLE decided AS
WITH weighed AS (
    SELECT r.*, coalesce(o.odds, {sure}) * detail_odds AS right_odds,
        clear AND right_odds >= {link} AS linked
    FROM ranked r LEFT JOIN kind_odds o USING (kind)
)
SELECT a, b, probability, score, verdict, linked,
    CASE WHEN linked THEN '' WHEN clear AND detail_odds < 1 THEN 'details' WHEN clear THEN 'crowded'
        WHEN verdict = 'same' THEN 'several' ELSE 'unclear' END AS why,
    concat_ws(' ', codes, nullif(detail_codes, '')) AS codes,
    concat_ws('；', nullif(rtrim(reasons, '。'), ''), nullif(detail_words, '')) || '。' AS reasons
FROM weighed WHERE verdict = 'same' OR right_odds >= {review}
"""


def take_pairs(
    duck: duckdb.DuckDBPyConnection, predicted: str, details: Sequence[Detail], model: Mapping[str, Any]
) -> None:
    """Leave the likeliest of the predicted pairs in the table ``pair``, with what the details say of each."""
    codes, words = reasons_sql(details)
    joins = " JOIN register_a l ON l.row = likely.a JOIN register_b r ON r.row = likely.b" if details else ""
    duck.execute(
        _PAIRS.format(
            predicted=predicted,
            best=BEST,
            levels=levels_sql(details),
            joins=joins,
            odds=odds_sql(details, model),
            codes=codes,
            words=words,
        )
    ).fetchall()


def decide(duck: duckdb.DuckDBPyConnection, sampled: Sampled, ours: int, theirs: int) -> None:
    """Decide the pairs of the table ``pair``: what is linked stands in ``decided``, and why the rest is not.

    Args:
        duck: holds the pairs, their judgements, and what ``sample_wrong`` left.
        sampled: what it returned.
        ours: rows of the first register in this pass.
        theirs: rows of the second.
    """
    duck.execute(_RANK.format(kind=KIND_SQL, others=_OTHERS, margin=MARGIN)).fetchall()
    weigh_kinds(duck, sampled, ours, theirs)
    duck.execute(_DECIDE.format(sure=SURE_ODDS, link=LINK_ODDS, review=REVIEW_ODDS)).fetchall()


def take_links(duck: duckdb.DuckDBPyConnection) -> int:
    """Add the links of ``decided`` to ``link``, leave what waits for a person in ``review``; return the new links."""
    columns = "a, b, probability, score, verdict, why, codes, reasons"
    duck.execute(f"INSERT INTO link SELECT {columns} FROM decided WHERE linked").fetchall()
    duck.execute(
        f"""CREATE OR REPLACE TABLE review AS SELECT {columns} FROM decided
        WHERE NOT linked AND a NOT IN (SELECT a FROM link) AND b NOT IN (SELECT b FROM link)"""
    ).fetchall()
    return int(duck.execute("SELECT count(*) FILTER (linked) FROM decided").fetchall()[0][0])
