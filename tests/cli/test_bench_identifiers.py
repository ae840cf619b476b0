"""``chengxin bench identifiers`` times two ways that give the same verdicts about right and wrong codes."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from chengxin.cli import bench_identifiers
from chengxin.cli.bench_identifiers import IdentifierFigures, identifiers, made_codes, measure
from chengxin.kernel.identifiers.bulk import SUSPECT, VALID, validate_usccs

KEYS = [
    "codes",
    "seconds",
    "microseconds_per_code",
    "stdnum_codes",
    "stdnum_microseconds_per_code",
    "ratio",
]


def test_three_codes_in_four_are_right_and_none_stands_twice() -> None:
    codes = made_codes(4_000)
    assert len(set(codes)) == 4_000
    verdicts = validate_usccs(codes).tolist()
    assert verdicts.count(VALID) == 3_000
    assert verdicts.count(SUSPECT) == 1_000


def test_both_ways_call_the_same_codes_right() -> None:
    uscc = pytest.importorskip("stdnum.cn.uscc", reason="python-stdnum comes with the development requirements")
    codes = made_codes(2_000)
    ours = [verdict == VALID for verdict in validate_usccs(codes).tolist()]
    assert ours == [uscc.is_valid(code) for code in codes]


def test_a_small_measurement_gives_figures_that_belong_together() -> None:
    figures = measure(5_000)
    assert figures.codes == figures.stdnum_codes == 5_000
    assert figures.microseconds_per_code == pytest.approx(figures.seconds / figures.codes * 1e6, rel=0.2)
    assert figures.stdnum_microseconds_per_code is not None
    assert figures.ratio is not None
    # A hundredfold in practice: even the noisiest machine shows a tenth of it.
    assert figures.ratio > 5


def test_without_python_stdnum_the_bulk_figures_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("chengxin.cli.bench_identifiers.importlib.import_module", missing)
    figures = measure(1_000)
    assert (figures.stdnum_codes, figures.stdnum_microseconds_per_code, figures.ratio) == (0, None, None)
    assert figures.seconds > 0


def test_json_is_one_object_with_the_promised_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = IdentifierFigures(10, 0.5, 0.05, 10, 5.0, 100.0)
    monkeypatch.setattr(bench_identifiers, "measure", lambda _codes: figures)
    said = CliRunner().invoke(identifiers, ["--codes", "10", "--json"])
    assert said.exit_code == 0
    assert list(json.loads(said.stdout)) == KEYS
    assert json.loads(said.stdout) == asdict(figures)


def test_the_sentence_for_people_names_codes_and_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = IdentifierFigures(1_000_000, 0.1, 0.1, 50_000, 10.0, 100.0)
    monkeypatch.setattr(bench_identifiers, "measure", lambda _codes: figures)
    said = CliRunner().invoke(identifiers, [])
    assert "1,000,000 个代码" in said.stdout
    assert "100.0 倍" in said.stdout
