"""Where the pairs are blocked and weighed: DuckDB in this process, or Apache Spark where one machine is not enough.

Both get the same settings, said in their own dialect by Splink, and leave the same table of predicted pairs.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from splink import Linker
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import EMTrainingException

from chengxin.base.errors import ChengxinError
from chengxin.linkage.levels import SURE, TRAINING, rule, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from chengxin.linkage.levels import Chances

TABLES = ("a", "b")
"""The two registers stand in DuckDB's tables ``register_a`` and ``register_b``."""

CANDIDATE = 0.01
"""Pairs of a lower probability are not looked at."""


class Engine(Protocol):
    """Predicts which pairs of the two registers may mean one body."""

    def predict(self, duck: duckdb.DuckDBPyConnection, chances: Chances, spill: Path) -> tuple[str, dict[str, Any]]:
        """Return what DuckDB can select the predicted pairs from, and the trained model."""


class DuckEngine:
    """DuckDB, in this process and on every core."""

    def predict(self, duck: duckdb.DuckDBPyConnection, chances: Chances, spill: Path) -> tuple[str, dict[str, Any]]:  # noqa: ARG002 - the shape of an engine
        """Return the table of predicted pairs and the model."""
        engine = DuckDBAPI(duck)
        registers = [engine.register(f"register_{one}", dataset_display_name=one) for one in TABLES]
        linker = Linker(registers, settings(chances), log_level=logging.ERROR)
        model = _train(linker, duck)
        return linker.inference.predict(CANDIDATE, warning_mode="never").physical_name, model


class SparkEngine:
    """Apache Spark: the extra ``chengxin[spark]``. The master is ``CHENGXIN_SPARK``, by default this machine's cores.

    The registers and the pairs go over Parquet files in the output folder, which the cluster must be able to reach.

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

    def predict(self, duck: duckdb.DuckDBPyConnection, chances: Chances, spill: Path) -> tuple[str, dict[str, Any]]:
        """Return the Parquet files of predicted pairs and the model."""
        from splink.backends.spark import SparkAPI, similarity_jar_location  # noqa: PLC0415 - needs the extra

        spill.mkdir(parents=True, exist_ok=True)
        builder = self._sessions.builder.appName("chengxin link").master(os.environ.get("CHENGXIN_SPARK", "local[*]"))
        builder = builder.config("spark.jars", similarity_jar_location()).config("spark.sql.ansi.enabled", "false")
        builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        session = builder.getOrCreate()
        try:
            session.sparkContext.setLogLevel("ERROR")
            session.sparkContext.setCheckpointDir(str(spill / "checkpoints"))
            engine = SparkAPI(spark_session=session)  # type: ignore[no-untyped-call]
            registers = []
            for one in TABLES:
                path = spill / f"register_{one}.parquet"
                duck.execute(f"COPY register_{one} TO '{path}' (FORMAT parquet)").fetchall()
                registers.append(engine.register(session.read.parquet(str(path)), dataset_display_name=one))
            linker = Linker(registers, settings(chances, "spark"), log_level=logging.ERROR)
            model = _train(linker, duck)
            found = linker.inference.predict(CANDIDATE, warning_mode="never").as_spark_dataframe()
            found.write.mode("overwrite").parquet(str(spill / "pairs"))
        finally:
            session.stop()
        return f"read_parquet('{spill / 'pairs'}/*.parquet')", model


ENGINES: dict[str, Callable[[], Engine]] = {"duckdb": DuckEngine, "spark": SparkEngine}


def _train(linker: Linker, duck: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Learn the weights from the registers and return the model as Splink keeps it.

    What the registers cannot teach keeps the weight it has: without a sure pair Splink would learn that there are
    none (and fail at the logarithm of nought), and it refuses to learn from no pair at all and from sure pairs that are
    all the pairs there are.
    """
    if any(
        duck.execute(f"SELECT 1 FROM register_a l JOIN register_b r ON {rule(one)} LIMIT 1").fetchall() for one in SURE
    ):
        with suppress(ValueError):
            linker.training.estimate_probability_two_random_records_match([rule(one) for one in SURE], recall=0.8)
    with suppress(EMTrainingException):
        linker.training.estimate_parameters_using_expectation_maximisation(rule(TRAINING), max_pairs=1e6)
    model: dict[str, Any] = linker.misc.save_model_to_json()
    return model
