"""Link two registers of names and write down what was found."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from chengxin.base.errors import ChengxinError
from chengxin.linkage.blocks import BLOCKING, FIRST, Pass, count_true, lay_out, prior_of
from chengxin.linkage.chance import sample_wrong
from chengxin.linkage.columns import pool, tables_of
from chengxin.linkage.deciding import CREATE, decide, take_links, take_pairs
from chengxin.linkage.details import columns_sql, shared
from chengxin.linkage.engines import DuckEngine
from chengxin.linkage.files import HEADER, KNOWN, write_csv
from chengxin.linkage.judging import judge_all
from chengxin.linkage.levels import count_chances

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from chengxin.linkage.details import Detail
    from chengxin.linkage.engines import Engine
    from chengxin.linkage.reading import Register

MEMORY = "3GB"
"""What DuckDB keeps in memory at most; the rest goes to the output folder's own temporary files."""

FILES = {"links.csv": "link", "review.csv": "review"}
"""The files and the tables they are written from."""


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
    pair is linked only when that comparison says ``same``, neither name has a second partner that comes near it, and
    neither chance (``chance.py``) nor the registers' details speak against it; other likely pairs go to
    ``review.csv``. Links are proposals about names: they attach no fact.

    Writes ``links.csv``, ``review.csv`` and ``model.json`` (the weights, as Splink keeps them).
    """

    first: Register
    second: Register
    out: Path
    report: Callable[[str, int, int], None] = field(default=_nobody)
    engine: Engine = field(default_factory=DuckEngine)

    @property
    def details(self) -> tuple[Detail, ...]:
        """Return what both registers say about a body besides its name."""
        return shared(self.first.details, self.second.details)

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
        with duckdb.connect() as duck, pool() as workers:
            duck.execute(f"SET memory_limit = '{MEMORY}'")
            duck.execute("SET temp_directory = ?", [str(self.out / "spill")])
            duck.execute("SET enable_progress_bar = false")
            for statement in CREATE:
                duck.execute(statement).fetchall()
            self._load(duck, workers)
            self._link(duck, workers)
            compared = int(duck.execute("SELECT count(*) FROM judged").fetchall()[0][0])
            counts = {name: self._write(duck, name, table) for name, table in FILES.items()}
        shutil.rmtree(self.out / "spill", ignore_errors=True)
        return Linked(
            first=len(self.first.names),
            second=len(self.second.names),
            compared=compared,
            links=counts["links.csv"],
            review=counts["review.csv"],
        )

    def _load(self, duck: duckdb.DuckDBPyConnection, workers: Executor) -> None:
        """Bring both registers with the columns of their names into the database; a name is parsed once."""
        numbers: dict[str, int] = {}
        for register in (self.first, self.second):
            for name in register.names:
                numbers.setdefault(name, len(numbers))
        done = 0

        def told(more: int) -> None:
            nonlocal done
            done += more
            self.report("解析名称 parse", done, len(numbers))

        for number, part in enumerate(tables_of(list(numbers), told, workers)):
            made = "CREATE TABLE parsed AS" if number == 0 else "INSERT INTO parsed"
            duck.register("part", part)
            duck.execute(f"{made} SELECT * EXCLUDE (name) FROM part").fetchall()
        for table, register in (("a", self.first), ("b", self.second)):
            raw = {"row": pa.array(range(len(register.names)), pa.int64())}
            raw["number"] = pa.array([numbers[name] for name in register.names], pa.int64())
            for one in self.details:
                raw[f"raw_{one.name}"] = pa.array(register.details[one.name], pa.string())
            duck.register("part", pa.table(raw))
            duck.execute(
                f"""CREATE TABLE register_{table} AS SELECT part.row, parsed.* EXCLUDE (row){columns_sql(self.details)}
                FROM part JOIN parsed ON parsed.row = part.number ORDER BY part.row"""
            ).fetchall()
        duck.unregister("part")
        duck.execute("DROP TABLE parsed").fetchall()

    def _link(self, duck: duckdb.DuckDBPyConnection, workers: Executor) -> None:
        """Leave links and pairs for review in the tables ``link`` and ``review``, by two passes."""
        self.report("估计权重 weigh", 0, 1)
        true = count_true(duck)
        ours, theirs = len(self.first.names), len(self.second.names)
        one = Pass("first", FIRST, prior_of(true, ours, theirs), "first")
        larger, names = ("a", self.first.names) if ours >= theirs else ("b", self.second.names)
        chances = count_chances(duck, f"register_{larger}", self.details)
        lay_out(duck, one, self.details)
        model = self.engine.train(duck, one, chances, self.out / "spill")
        (self.out / "model.json").write_text(json.dumps(model, ensure_ascii=False, indent=1), encoding="utf-8")
        self.report("估计权重 weigh", 1, 1)
        sampled = sample_wrong(duck, larger, names, workers, lambda *step: self.report("数同册近名 neighbours", *step))
        for label in ("初次比对 compare", "再次比对 compare again"):
            self.report(label, 0, 1)
            predicted = self.engine.predict(duck, one, model, self.out / "spill")
            take_pairs(duck, predicted, self.details, model)
            self._judge(duck, workers, label)
            decide(duck, sampled, ours, theirs)
            true = max(true - take_links(duck), 0)
            one = Pass("second", BLOCKING, 0.0, "second")
            ours, theirs = lay_out(duck, one, self.details)
            if not ours or not theirs:
                return
            one = Pass("second", BLOCKING, prior_of(true, ours, theirs), "second")

    def _judge(self, duck: duckdb.DuckDBPyConnection, workers: Executor, label: str) -> None:
        """Add the kernel's judgement of each pair that has none to the table ``judged``."""
        found = duck.execute("SELECT a, b FROM pair ANTI JOIN judged USING (a, b) ORDER BY a, b").fetchall()
        pairs = [(a, b, self.first.names[a], self.second.names[b]) for a, b in found]
        done = 0

        def told(more: int) -> None:
            nonlocal done
            done += more
            self.report(label, done, len(pairs))

        for part in judge_all(pairs, told, workers):
            duck.register("part", part)
            duck.execute("INSERT INTO judged SELECT * FROM part").fetchall()

    def _write(self, duck: duckdb.DuckDBPyConnection, name: str, table: str) -> int:
        """Write the pairs of a table and return how many there are."""
        rows = duck.execute(
            f"""SELECT a, b, round(probability, 6), score, verdict, why, codes, reasons FROM {table}
            ORDER BY a, probability DESC, b"""
        ).fetchall()
        lines = (
            (self.first.ids[a], self.first.names[a], self.second.ids[b], self.second.names[b], *rest)
            for a, b, *rest in rows
        )
        write_csv(self.out / name, HEADER, lines)
        self.report("写出结果 write", len(rows), len(rows))
        return len(rows)
