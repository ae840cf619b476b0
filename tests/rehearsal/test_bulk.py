"""Big single files: the bodies of the one are the bodies of the other."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import openpyxl
import pytest

from chengxin.base.city import load_city
from chengxin.base.errors import ChengxinError
from chengxin.catalogue import load_catalogue, recognise_header
from chengxin.kernel.identifiers import Uscc, Verdict
from chengxin.rehearsal import bulk, write_penalty_file, write_registration_file

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as held:
        return list(csv.DictReader(held))


def test_a_clean_file_is_clean(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    write_penalty_file(path, seed=1, rows=2_000, bodies=300, dirt=0)
    rows = rows_of(path)
    assert len(rows) == 2_000
    assert len({row["行政处罚决定书文号"] for row in rows}) == 2_000
    assert {Uscc.parse(row["统一社会信用代码"]).verdict for row in rows} == {Verdict.VALID}
    assert all(row["罚款金额（万元）"] for row in rows if "罚款" in row["处罚类别"])


def test_dirt_is_a_dial(tmp_path: Path) -> None:
    suspects = []
    for share in (0.0, 1.0, 5.0):
        path = tmp_path / f"p{share}.csv"
        write_penalty_file(path, seed=1, rows=2_000, bodies=300, dirt=share)
        verdicts = [Uscc.parse(row["统一社会信用代码"]).verdict for row in rows_of(path)]
        suspects.append(sum(verdict is not Verdict.VALID for verdict in verdicts))
    assert suspects[0] == 0
    assert 20 < suspects[1] < 100
    assert suspects[2] > 3 * suspects[1]


def test_penalties_fall_on_the_bodies_of_the_register(tmp_path: Path) -> None:
    write_penalty_file(tmp_path / "p.csv", seed=8, rows=1_000, bodies=400, dirt=0)
    write_registration_file(tmp_path / "r.csv", seed=8, bodies=400, dirt=0)
    register = {row["统一社会信用代码"]: row["企业名称"] for row in rows_of(tmp_path / "r.csv")}
    commercial = 0
    for row in rows_of(tmp_path / "p.csv"):
        code = row["统一社会信用代码"]
        if code.startswith("9"):
            commercial += 1
            assert register[code] == row["行政相对人名称"]
    assert commercial > 800


def test_the_register_holds_firms_individual_businesses_and_cooperatives(tmp_path: Path) -> None:
    write_registration_file(tmp_path / "r.csv", seed=2, bodies=1_000, dirt=0)
    starts = {row["统一社会信用代码"][:2] for row in rows_of(tmp_path / "r.csv")}
    assert starts == {"91", "92", "93"}


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
def test_every_generation_is_recognised(tmp_path: Path, generation: str) -> None:
    path = tmp_path / "p.csv"
    write_penalty_file(path, seed=1, rows=20, bodies=50, generation=generation)
    match = recognise_header(load_catalogue().item("penalty"), list(rows_of(path)[0]))
    assert match.generation == generation


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_encoding_reads_back(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "p.csv"
    write_penalty_file(path, seed=1, rows=50, bodies=50, encoding=encoding)
    assert rows_of(path, encoding)[0]["处罚机关"] == "昆山市市场监督管理局"


def test_a_name_that_ends_so_gives_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "p.xlsx"
    write_penalty_file(path, seed=1, rows=30, bodies=50)
    assert openpyxl.load_workbook(path)["数据"].max_row == 31


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_penalty_file(tmp_path / name, seed=6, rows=21_000, bodies=100)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_registers_of_one_seed_are_the_same_whatever_the_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030"):
        write_registration_file(tmp_path / encoding, seed=2, bodies=200, encoding=encoding)
    assert rows_of(tmp_path / "utf-8") == rows_of(tmp_path / "gb18030", "gb18030")


def test_no_decision_lies_after_the_day_given(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    write_penalty_file(path, seed=1, rows=500, bodies=50, dirt=0, today=date(2024, 6, 30))
    days = [row["处罚决定日期"] for row in rows_of(path)]
    assert max(days) <= "2024/06/30"
    assert min(days) >= "2021/"


def test_a_city_without_a_market_regulator_has_no_benchmark_files() -> None:
    city = replace(load_city("kunshan"), organisations=())
    with pytest.raises(ChengxinError) as caught:
        bulk._organisation(city, "penalty")
    assert caught.value.code == "rehearsal_no_regulator"
    assert "昆山市" in caught.value.message_zh
