"""Where the pairs are blocked and weighed: DuckDB in this process, or Apache Spark where one machine is not enough.

Both get the same settings, said in their own dialect by Splink, and leave the same table of predicted pairs.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from splink import Linker, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import EMTrainingException

from chengxin.base.errors import ChengxinError
from chengxin.linkage.blocks import TRAINING, rule
from chengxin.linkage.levels import retold, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb
    from splink.internals.splink_dataframe import SplinkDataFrame

    from chengxin.linkage.blocks import Pass
    from chengxin.linkage.levels import Chances

TABLES = ("a", "b")
"""The rows of a pass stand in DuckDB's tables ``pass_a`` and ``pass_b``."""

CANDIDATE = 0.01
"""Pairs of a lower probability are not looked at."""

LEARNT_FROM = (1_000, 1_000_000)
"""Pairs that weights are learnt from: at least, as fewer teach that what they lack never happens, and at most."""


NEVER = 1e-4
"""The least a weight may say of how often a level holds for one body: a register may lack what the next one has."""


class Engine(Protocol):
    """Learns the weights and predicts which pairs of the two registers may mean one body."""

    def train(self, duck: duckdb.DuckDBPyConnection, one: Pass, chances: Chances, spill: Path) -> dict[str, Any]:
        """Return the model learnt from the rows of a pass."""

    def predict(self, duck: duckdb.DuckDBPyConnection, one: Pass, model: dict[str, Any], spill: Path) -> str:
        """Return what DuckDB can select the predicted pairs of a pass from."""


class DuckEngine:
    """DuckDB, in this process and on every core."""

    def train(self, duck: duckdb.DuckDBPyConnection, one: Pass, chances: Chances, spill: Path) -> dict[str, Any]:  # noqa: ARG002 - the shape of an engine
        """Return the model."""
        linker = Linker(self._tables(duck), settings(chances, one.blocks, one.prior), log_level=logging.ERROR)
        return _train(linker, duck)

    def predict(self, duck: duckdb.DuckDBPyConnection, one: Pass, model: dict[str, Any], spill: Path) -> str:  # noqa: ARG002 - the shape of an engine
        """Return the table of predicted pairs."""
        linker = Linker(self._tables(duck), _told(model, one, "duckdb"), log_level=logging.ERROR)
        return linker.inference.predict(CANDIDATE, warning_mode="never").physical_name

    @staticmethod
    def _tables(duck: duckdb.DuckDBPyConnection) -> list[SplinkDataFrame]:
        engine = DuckDBAPI(duck)
        return [engine.register(f"pass_{one}", dataset_display_name=one) for one in TABLES]


class SparkEngine:
    """Apache Spark: the extra ``chengxin[spark]``. The master is ``CHENGXIN_SPARK``, by default this machine's cores.

    The rows and the pairs go over Parquet files in the output folder, which the cluster must be able to reach.

    Raises:
        ChengxinError: the extra is not installed.
    """

    def __init__(self) -> None:
        try:
            from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise ChengxinError(
                "spark_missing",
                "没有安装 Spark，请先运行 pip install 'chengxin[spark]'（需要 Java 17）",
                "Spark is not installed: run pip install 'chengxin[spark]' first (it needs Java 17)",
            ) from error
        self._sessions = SparkSession

    def train(self, duck: duckdb.DuckDBPyConnection, one: Pass, chances: Chances, spill: Path) -> dict[str, Any]:
        """Return the model."""
        with self._tables(duck, spill) as tables:
            made = settings(chances, one.blocks, one.prior, "spark")
            return _train(Linker(tables, made, log_level=logging.ERROR), duck)

    def predict(self, duck: duckdb.DuckDBPyConnection, one: Pass, model: dict[str, Any], spill: Path) -> str:
        """Return the Parquet files of predicted pairs."""
        with self._tables(duck, spill) as tables:
            linker = Linker(tables, _told(model, one, "spark"), log_level=logging.ERROR)
            found = linker.inference.predict(CANDIDATE, warning_mode="never").as_spark_dataframe()
            found.write.mode("overwrite").parquet(str(spill / f"pairs_{one.name}"))
        return f"read_parquet('{spill / f'pairs_{one.name}'}/*.parquet')"

    @contextmanager
    def _tables(self, duck: duckdb.DuckDBPyConnection, spill: Path) -> Iterator[list[SplinkDataFrame]]:
        """Give Spark the rows of the pass; its session ends with the block."""
        from splink.backends.spark import SparkAPI, similarity_jar_location  # noqa: PLC0415 - needs the extra

        spill.mkdir(parents=True, exist_ok=True)
        told = _configuration(os.environ.get("CHENGXIN_SPARK", "local[*]"), spill, similarity_jar_location())
        session = self._sessions.builder.config(map=told).getOrCreate()
        try:
            session.sparkContext.setLogLevel("ERROR")
            session.sparkContext.setCheckpointDir(str(spill / "checkpoints"))
            engine = SparkAPI(spark_session=session)  # type: ignore[no-untyped-call]
            tables = []
            for one in TABLES:
                path = spill / f"pass_{one}.parquet"
                duck.execute(f"COPY pass_{one} TO '{path}' (FORMAT parquet)").fetchall()
                tables.append(engine.register(session.read.parquet(str(path)), dataset_display_name=one))
            yield tables
        finally:
            session.stop()


def _configuration(master: str, spill: Path, jar: str) -> dict[str, str]:
    """Return what Spark is told: to write nothing outside ``spill``, and on one machine to listen to that machine only.

    Left alone, a driver listens on every address of its machine and makes ``spark-warehouse`` where it was started.
    """
    alone = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return {
        "spark.app.name": "chengxin link",
        "spark.master": master,
        "spark.jars": jar,
        "spark.sql.ansi.enabled": "false",
        "spark.sql.warehouse.dir": str(spill / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **(alone if master.startswith("local") and not master.startswith("local-cluster") else {}),
    }


ENGINES: dict[str, Callable[[], Engine]] = {"duckdb": DuckEngine, "spark": SparkEngine}


def _told(model: dict[str, Any], one: Pass, dialect: str) -> dict[str, Any]:
    """Return the trained model as this pass uses it."""
    rules = [block_on(key).create_blocking_rule_dict(dialect) for key in one.keys]
    return retold(model, rules, one.prior, one.same)


def _train(linker: Linker, duck: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Learn the weights from the registers and return the model as Splink keeps it.

    What the registers cannot teach keeps the weight it has, and no weight says that a thing never happens.
    """
    least, most = LEARNT_FROM
    pairs = duck.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM pass_a l JOIN pass_b r ON {rule(TRAINING)} LIMIT {least})"
    )
    if pairs.fetchall()[0][0] == least:
        with suppress(EMTrainingException):
            linker.training.estimate_parameters_using_expectation_maximisation(rule(TRAINING), max_pairs=most)
    model: dict[str, Any] = linker.misc.save_model_to_json()
    for level in (level for one in model["comparisons"] for level in one["comparison_levels"]):
        if "m_probability" in level:
            level["m_probability"] = max(level["m_probability"], NEVER)
    return model
