"""Leader, founding date, region and address: read however they are written, told to the officer, never written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.linkage.blocks import BLOCKING
from chengxin.linkage.columns import table_of
from chengxin.linkage.details import (
    DETAILS,
    chances_of,
    columns_sql,
    detail_named,
    levels_sql,
    odds_sql,
    reasons_sql,
    shared,
)
from chengxin.linkage.files import read_csv
from chengxin.linkage.levels import count_chances
from chengxin.linkage.levels import settings as splink_settings
from chengxin.linkage.linking import LinkRegisters
from chengxin.linkage.reading import Register, read_register

if TYPE_CHECKING:
    from pathlib import Path

BASE = "昆山禾映科技有限公司"
BRANDS = [one + other for one in "云翔蓓俊" for other in "舫沈陈琪"]
NOTHING = {"person": "", "founded": "", "region": "", "address": ""}


def columns(*rows: dict[str, str]) -> list[dict[str, Any]]:
    """Return the columns that are compared, of rows as a register writes them."""
    raw = {f"raw_{one.name}": [row.get(one.name, "") for row in rows] for one in DETAILS}
    with duckdb.connect() as duck:
        duck.register("part", pa.table(raw))
        found = duck.execute(f"SELECT {columns_sql(DETAILS).removeprefix(', ')} FROM part")  # noqa: S608 - the room's columns
        names = [one[0] for one in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def said(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Return the codes of what the details of two rows say about each other."""
    codes, _words = reasons_sql(DETAILS)
    with duckdb.connect() as duck:
        for table, row in (("l", one), ("r", other)):
            duck.register("part", pa.table({f"raw_{each.name}": [row.get(each.name, "")] for each in DETAILS}))
            duck.execute(f"CREATE TABLE {table} AS SELECT 1 AS row{columns_sql(DETAILS)} FROM part").fetchall()  # noqa: S608 - the same
        levels = f"SELECT 1{levels_sql(DETAILS)} FROM l, r"  # noqa: S608 - the room's columns
        return str(duck.execute(f"SELECT {codes} FROM ({levels})").fetchall()[0][0]).split()  # noqa: S608 - the same


@pytest.mark.parametrize(
    ("detail", "column", "written", "read"),
    [
        ("person", "person", "　张 三 ", "张三"),
        ("person", "person", "阿·买提", "阿买提"),
        ("founded", "founded", "2020年1月2日", "2020-01-02"),
        ("founded", "founded", "2020/1/2", "2020-01-02"),
        ("founded", "founded", "去年", None),
        ("region", "region", "江苏省苏州市昆山市", "n昆山"),
        ("region", "region", "昆山", "n昆山"),
        ("region", "region", "320583", "c320583"),
        ("region", "region", "320583100000", "c320583"),
        ("address", "address", "江苏省昆山市玉山镇前进路２０９号", "前进路209号"),
        ("address", "door", "前进路209号3幢", "209|3"),
        ("address", "door", "前进路", None),
    ],
)
def test_a_detail_is_read_whichever_way_an_office_writes_it(
    detail: str, column: str, written: str, read: str | None
) -> None:
    assert columns({detail: written})[0][column] == read


def test_an_empty_cell_is_nothing_to_compare() -> None:
    assert set(columns(NOTHING)[0].values()) == {None}
    assert said(NOTHING, NOTHING) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=4, max_size=4))
def test_no_text_of_any_kind_stops_the_reading(texts: list[str]) -> None:
    clean = [text.encode("utf-8", "ignore").decode().replace("\x00", "") for text in texts]
    row = columns(dict(zip(NOTHING, clean, strict=True)))[0]
    assert set(row) == {"person", "founded", "region", "address", "door"}
    assert all(value is None or value for value in row.values())


@pytest.mark.parametrize(
    ("one", "other", "codes"),
    [
        ({"person": "张三"}, {"person": "张 三"}, ["person_same"]),
        ({"person": "张三"}, {"person": "李四"}, ["person_differs"]),
        ({"person": "张三"}, {"person": ""}, []),
        ({"founded": "2020-01-02"}, {"founded": "2020年1月2日"}, ["founded_same"]),
        ({"founded": "2020-01-02"}, {"founded": "2020-01-03"}, ["founded_differs"]),
        ({"region": "昆山市"}, {"region": "江苏省昆山市"}, ["region_same"]),
        ({"region": "昆山市"}, {"region": "320583"}, []),
        ({"address": "昆山市前进路209号"}, {"address": "前进路209号"}, ["address_same"]),
        ({"address": "前进中路209号"}, {"address": "前进路209号"}, ["door_same"]),
        ({"address": "前进路209号"}, {"address": "青阳路7号"}, ["address_differs"]),
    ],
)
def test_two_details_agree_differ_or_say_nothing(one: dict[str, str], other: dict[str, str], codes: list[str]) -> None:
    assert said(one, other) == codes == said(other, one)


def test_only_what_both_registers_have_is_compared_in_a_fixed_order() -> None:
    assert [one.name for one in shared(["address", "person", "other"], ["person", "founded", "address"])] == [
        "person",
        "address",
    ]
    assert shared([], ["person"]) == ()
    assert [detail_named(one.name) for one in DETAILS] == list(DETAILS)
    with pytest.raises(KeyError):
        detail_named("score")


def test_chance_is_counted_among_rows_that_have_the_detail() -> None:
    with duckdb.connect() as duck:
        people = ["张三", "张三", "李四", None]
        duck.register("part", pa.table({"person": pa.array(people, pa.string())}))
        assert chances_of(duck, "part", [detail_named("person")])["person"] == pytest.approx((2 / 6,))


def model() -> dict[str, Any]:
    with duckdb.connect() as duck:
        duck.register("part", table_of([BASE, "苏州云舫餐饮管理有限公司"], 0))
        duck.register("raw", pa.table({f"raw_{one.name}": ["", ""] for one in DETAILS}))
        duck.execute(
            f"CREATE TABLE held AS SELECT part.*{columns_sql(DETAILS)} FROM part POSITIONAL JOIN raw"  # noqa: S608 - the room's columns
        ).fetchall()
        made = splink_settings(count_chances(duck, "held", DETAILS), BLOCKING, 0.1, "spark")
    told: dict[str, Any] = made.create_settings_dict("spark")
    return told


def test_every_level_of_a_detail_can_be_said_to_spark() -> None:
    told = {str(one["output_column_name"]): one["comparison_levels"] for one in model()["comparisons"]}
    assert list(told)[-4:] == [one.name for one in DETAILS]
    for one in DETAILS:
        assert len(told[one.name]) == len(one.levels) + 2  # one for what is missing, one for what differs
        for level in told[one.name][:-1]:
            assert sqlglot.parse_one(str(level["sql_condition"]), dialect="spark") is not None


def test_agreement_raises_the_odds_difference_lowers_them_and_a_gap_leaves_them() -> None:
    held = {
        "comparisons": [
            {
                "output_column_name": "person",
                "comparison_levels": [
                    {"is_null_level": True},
                    {"m_probability": 0.9, "u_probability": 0.1},
                    {"m_probability": 0.1, "u_probability": 0.9},
                ],
            }
        ]
    }
    odds = odds_sql([detail_named("person")], held)
    with duckdb.connect() as duck:
        rows = duck.execute(
            f"SELECT {odds} FROM (VALUES (1, 1), (2, 0), (3, NULL)) AS v(n, level_person) ORDER BY n"  # noqa: S608 - the room's SQL
        ).fetchall()
    assert [row[0] for row in rows] == [pytest.approx(9), pytest.approx(1 / 9), 1]
    assert odds_sql([], held) == "1.0::DOUBLE"


def register(name: str, rows: list[tuple[str, str, str]], folder: Path) -> Register:
    path = folder / f"{name}.csv"
    text = "名称,法定代表人,成立日期\n" + "".join(",".join(row) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return read_register(path)


def test_details_say_which_of_two_bodies_of_one_name_is_meant(tmp_path: Path) -> None:
    first = register("a", [("老王面馆", "王伟", "2015-03-02"), ("老王面馆", "王芳", "2019-07-08")], tmp_path)
    second = register("b", [("老王面馆", "王芳", "2019年7月8日"), ("老王面馆", "王伟", "2015年3月2日")], tmp_path)
    assert first.details == {"person": ["王伟", "王芳"], "founded": ["2015-03-02", "2019-07-08"]}
    LinkRegisters(first, second, tmp_path / "out").execute()
    rows = list(read_csv(tmp_path / "out" / "links.csv"))
    assert {(row["a_id"], row["b_id"]) for row in rows} == {("2", "3"), ("3", "2")}
    assert all("法定代表人相同；成立日期相同" in row["reasons"] for row in rows)


def test_details_that_speak_against_the_very_name_leave_it_to_a_person(tmp_path: Path) -> None:
    others = [(f"昆山{brand}贸易有限公司", f"{brand}君", f"20{at:02}-01-02") for at, brand in enumerate(BRANDS)]
    first = register("a", [("老王面馆", "王伟", "2015-03-02"), *others], tmp_path)
    second = register("b", [("老王面馆", "李娜", "2021-11-30"), *others], tmp_path)
    LinkRegisters(first, second, tmp_path / "out").execute()
    (row,) = list(read_csv(tmp_path / "out" / "review.csv"))
    assert (row["a_name"], row["why"], row["verdict"]) == ("老王面馆", "details", "same")
    assert row["codes"] == "identical person_differs founded_differs"
    assert row["reasons"].endswith("法定代表人不同；成立日期不同。")
    assert len(list(read_csv(tmp_path / "out" / "links.csv"))) == len(BRANDS)


def test_no_file_of_a_linking_holds_a_person_or_an_address(tmp_path: Path) -> None:
    rows = [(BASE, "欧阳暮雪", "2015-03-02"), ("昆山云舫餐饮管理有限公司", "司徒南风", "2016-03-02")]
    LinkRegisters(register("a", rows, tmp_path), register("b", rows, tmp_path), tmp_path / "out").execute()
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) == 3
    assert not any(person in text for text in written for person in ("欧阳暮雪", "司徒南风"))
