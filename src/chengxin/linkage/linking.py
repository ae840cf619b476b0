"""Link two registers of names and write down what was found."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from chengxin.base.errors import ChengxinError
from chengxin.linkage.columns import tables_of
from chengxin.linkage.engines import DuckEngine
from chengxin.linkage.files import HEADER, KNOWN, write_csv
from chengxin.linkage.judging import JUDGED, judge_all
from chengxin.linkage.levels import count_chances

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chengxin.linkage.engines import Engine
    from chengxin.linkage.reading import Register

BEST = 3
"""Candidates of a name that are judged, the likeliest first."""

MEMORY = "3GB"
"""What DuckDB keeps in memory at most; the rest goes to the output folder's own temporary files."""

_PAIRS = """
CREATE TABLE pair AS
SELECT CASE WHEN source_dataset_l = 'a' THEN row_l ELSE row_r END AS a,
    CASE WHEN source_dataset_l = 'a' THEN row_r ELSE row_l END AS b, match_probability AS probability, match_weight
FROM {predicted}
QUALIFY row_number() OVER (PARTITION BY a ORDER BY match_weight DESC, b) <= {best}
    OR row_number() OVER (PARTITION BY b ORDER BY match_weight DESC, a) = 1
"""

_DECIDE = """
CREATE TABLE decided AS
WITH proposed AS (
    SELECT p.*, j.verdict, j.score, j.codes, j.reasons,
        count(*) FILTER (verdict = 'same') OVER (PARTITION BY a) AS sames_of_a,
        count(*) FILTER (verdict = 'same') OVER (PARTITION BY b) AS sames_of_b
    FROM pair p JOIN judged j USING (a, b) WHERE j.verdict <> 'different'
), ranked AS (
    SELECT *, verdict = 'same' AND sames_of_a = 1 AND sames_of_b = 1 AS linked FROM proposed
)
SELECT r.*, CASE WHEN linked THEN '' WHEN verdict = 'same' THEN 'several' ELSE 'unclear' END AS why FROM ranked r
WHERE linked OR (a NOT IN (SELECT a FROM ranked WHERE linked) AND b NOT IN (SELECT b FROM ranked WHERE linked))
"""

_FILES = {
    "links.csv": "linked",
    "review.csv": "NOT linked",
}


@dataclass(frozen=True)
class Linked:
    """What linking found: names in each register, pairs compared, pairs linked, and pairs left to a person."""

    first: int
    second: int
    compared: int
    links: int
    review: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts as plain values for JSON."""
        return dict(vars(self))


def _nobody(_label: str, _done: int, _all: int) -> None:
    """Hear of progress and say nothing."""


@dataclass(frozen=True)
class LinkRegisters:
    """Link the names of two registers that share no codes, and write the result into the folder ``out``.

    Splink finds the pairs that may mean one body and how likely each is; the kernel's comparison has the last word. A
    pair is linked only when that comparison says ``same`` and neither name has a second such partner; other likely
    pairs go to ``review.csv``. Links are proposals about names: they attach no fact.

    Writes ``links.csv``, ``review.csv`` and ``model.json`` (the weights, as Splink keeps them).
    """

    first: Register
    second: Register
    out: Path
    report: Callable[[str, int, int], None] = field(default=_nobody)
    engine: Engine = field(default_factory=DuckEngine)

    def check(self) -> None:
        """Raise ``ChengxinError`` when the output folder holds something else already."""
        if self.out.exists() and any(one.name not in KNOWN for one in self.out.iterdir()):
            raise ChengxinError(
                "output_not_empty",
                f"输出文件夹 {self.out} 里有其他文件，请换一个空文件夹",
                f"the output folder {self.out} holds other files: name an empty one",
                where=str(self.out),
            )

    def execute(self) -> Linked:
        """Link, write the files and return the counts."""
        self.check()
        self.out.mkdir(parents=True, exist_ok=True)
        logging.getLogger("splink").setLevel(logging.ERROR)
        with duckdb.connect() as duck:
            duck.execute(f"SET memory_limit = '{MEMORY}'")
            duck.execute("SET temp_directory = ?", [str(self.out / "spill")])
            duck.execute("SET enable_progress_bar = false")
            for table, register in (("a", self.first), ("b", self.second)):
                self._load(duck, table, register)
            compared = self._predict(duck)
            self._judge(duck)
            duck.execute(_DECIDE)
            counts = {name: self._write(duck, name, which) for name, which in _FILES.items()}
        shutil.rmtree(self.out / "spill", ignore_errors=True)
        return Linked(
            first=len(self.first.names),
            second=len(self.second.names),
            compared=compared,
            links=counts["links.csv"],
            review=counts["review.csv"],
        )

    def _load(self, duck: duckdb.DuckDBPyConnection, table: str, register: Register) -> None:
        """Bring a register's names with their columns and its own row names into the database."""
        done = 0
        label = f"解析名称 parse {register.path.name}"

        def told(more: int) -> None:
            nonlocal done
            done += more
            self.report(label, done, len(register.names))

        for number, part in enumerate(tables_of(register.names, told)):
            made = f"CREATE TABLE register_{table} AS" if number == 0 else f"INSERT INTO register_{table}"
            duck.register("part", part)
            duck.execute(f"{made} SELECT * FROM part").fetchall()
            duck.unregister("part")

    def _predict(self, duck: duckdb.DuckDBPyConnection) -> int:
        """Leave the likely pairs in the table ``pair`` and return how many there are."""
        self.report("估计权重 weigh", 0, 2)
        larger = "a" if len(self.first.names) >= len(self.second.names) else "b"
        chances = count_chances(duck, f"register_{larger}")
        self.report("估计权重 weigh", 1, 2)
        predicted, model = self.engine.predict(duck, chances, self.out / "spill")
        (self.out / "model.json").write_text(json.dumps(model, ensure_ascii=False, indent=1), encoding="utf-8")
        duck.execute(_PAIRS.format(predicted=predicted, best=BEST)).fetchall()
        self.report("估计权重 weigh", 2, 2)
        return int(duck.execute("SELECT count(*) FROM pair").fetchall()[0][0])

    def _judge(self, duck: duckdb.DuckDBPyConnection) -> None:
        """Leave the kernel's judgement of each pair in the table ``judged``."""
        found = duck.execute("SELECT a, b FROM pair ORDER BY a, b").fetchall()
        pairs = [(a, b, self.first.names[a], self.second.names[b]) for a, b in found]
        done = 0

        def told(more: int) -> None:
            nonlocal done
            done += more
            self.report("比对名称 compare", done, len(pairs))

        duck.register("part", JUDGED.empty_table())
        duck.execute("CREATE TABLE judged AS SELECT * FROM part").fetchall()
        for part in judge_all(pairs, told):
            duck.register("part", part)
            duck.execute("INSERT INTO judged SELECT * FROM part").fetchall()

    def _write(self, duck: duckdb.DuckDBPyConnection, name: str, which: str) -> int:
        """Write the decided pairs that are ``which`` and return how many there are."""
        rows = duck.execute(
            f"""SELECT a, b, round(probability, 6), score, verdict, why, codes, reasons FROM decided WHERE {which}
            ORDER BY a, probability DESC, b"""
        ).fetchall()
        lines = (
            (self.first.ids[a], self.first.names[a], self.second.ids[b], self.second.names[b], *rest)
            for a, b, *rest in rows
        )
        write_csv(self.out / name, HEADER, lines)
        return len(rows)
