"""``chengxin link`` and ``chengxin link-report``: two files in, links, a sample to label and a report out."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from chengxin.cli.bench_link import LinkFigures, link, measure
from chengxin.cli.main import run
from chengxin.linkage.files import read_csv, write_csv
from chengxin.rehearsal.registers import DIRT, SHARES, make_two_registers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _files(folder: Path, count: int = 60) -> tuple[Path, Path, Path]:
    made = make_two_registers(3, count)
    paths = folder / "甲册.csv", folder / "乙册.csv", folder / "known.csv"
    for path, names in zip(paths, (made.first, made.second), strict=False):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("名称",), *((name,) for name in names)])
    write_csv(paths[2], ("a_id", "b_id"), [(a + 2, b + 2) for a, b in made.same.tolist()])
    return paths


def test_two_registers_are_linked_sampled_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, known = _files(tmp_path)
    out = tmp_path / "out"
    assert run(["link", str(first), str(second), "--out", str(out), "--known", str(known), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == ["甲册.csv", "乙册.csv"]
    assert said["links"] > 40
    assert said["quality"]["precision"] == 1.0
    assert "甲册.csv" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads((out / "report.json").read_text(encoding="utf-8")) == said
    rows = list(read_csv(out / "sample.csv"))
    labelled = tmp_path / "labelled.csv"
    write_csv(labelled, tuple(rows[0]), [[*list(row.values())[:-1], "1"] for row in rows])
    assert run(["link-report", str(out), "--labels", str(labelled)]) == 0
    assert "precision 1.0000" in capsys.readouterr().out


def test_linking_without_truth_says_how_to_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, _known = _files(tmp_path)
    assert run(["link", str(first), str(second), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "已关联 linked" in said.out
    assert "sample.csv" in said.err
    assert "sample.csv" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_file_without_names_is_refused_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, _known = _files(tmp_path)
    first.write_text("甲\n1\n", encoding="utf-8")
    assert run(["link", str(first), str(second), "--out", str(tmp_path / "out")]) == 2
    assert "没有“主体名称" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_measurement_compares_with_the_truth() -> None:
    figures = measure(400)
    assert figures.names == 400
    assert figures.precision > 0.98
    assert figures.recall > 0.9
    assert figures.recall + figures.in_review <= 1
    assert figures.peak_rss_mib > 50


def test_the_measurement_is_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = LinkFigures(10, 1.0, 20, 9, 8, 1.0, 0.9, 0.1, 100, 2)
    monkeypatch.setattr("chengxin.cli.bench_link.measure", lambda _names: figures)
    link.main(["--names", "10", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["recall"] == 0.9
    link.main(["--names", "10"], standalone_mode=False)
    assert "查准率" in capsys.readouterr().out


def test_the_invented_registers_are_the_same_for_a_seed_and_true_to_their_truth() -> None:
    made, again = make_two_registers(5, 500), make_two_registers(5, 500)
    assert (made.first, made.second, made.dirt) == (again.first, again.second, again.dirt)
    assert len(made.same) == 400
    assert len(set(made.same[:, 1].tolist())) == 400
    clean = [pair for pair, kind in zip(made.same.tolist(), made.dirt, strict=True) if kind == "clean"]
    assert len(clean) > 100
    assert all(made.first[a] == made.second[b] for a, b in clean)
    assert set(made.dirt) <= set(DIRT) == set(SHARES)


def test_the_measurement_with_details_says_so_and_where_the_time_went(capsys: pytest.CaptureFixture[str]) -> None:
    figures = measure(400, details=True)
    assert figures.details
    assert figures.precision > 0.99
    assert figures.recall + figures.in_review > 0.97
    assert figures.cpu_seconds > 0
    assert next(iter(figures.steps)) == "解析名称 parse"
    assert sum(figures.steps.values()) <= figures.seconds + 0.5
    assert "解析名称 parse: " in capsys.readouterr().err


def test_the_command_asks_for_details(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[int, bool]] = []

    def heard(names: int, *, details: bool = False) -> object:
        asked.append((names, details))
        return measure(20)

    monkeypatch.setattr("chengxin.cli.bench_link.measure", heard)
    link.main(["--names", "20", "--details", "--json"], standalone_mode=False)
    assert asked == [(20, True)]
    assert json.loads(capsys.readouterr().out)["names"] == 20
