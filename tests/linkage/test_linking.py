"""Two registers without shared codes: what is linked, what goes to a person, and what never meets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import pytest
import sqlglot

from chengxin.base.errors import ChengxinError
from chengxin.linkage.blocks import BLOCKING, SURE, TRAINING
from chengxin.linkage.columns import COLUMNS, table_of
from chengxin.linkage.engines import ENGINES, _configuration
from chengxin.linkage.files import HEADER, read_csv
from chengxin.linkage.levels import comparisons, count_chances, settings
from chengxin.linkage.linking import Linked, LinkRegisters
from chengxin.linkage.reading import Register
from chengxin.rehearsal.details import invent
from chengxin.rehearsal.registers import make_two_registers

BASE = [
    "昆山禾映科技有限公司",
    "昆山云舫餐饮管理有限公司",
    "苏州翔陈装饰工程有限公司",
    "常熟蓓俊模塑科技有限公司",
    "太仓翔沈电子科技有限公司",
]


def _register(name: str, names: list[str], details: dict[str, list[str]] | None = None) -> Register:
    return Register(Path(name), [f"{name}{number}" for number in range(len(names))], names, details or {})


def _link(
    folder: Path, first: list[str], second: list[str]
) -> tuple[Linked, set[tuple[str, str]], list[dict[str, str]]]:
    found = LinkRegisters(_register("a", first), _register("b", second), folder / "out").execute()
    links = {(row["a_name"], row["b_name"]) for row in read_csv(folder / "out" / "links.csv")}
    return found, links, list(read_csv(folder / "out" / "review.csv"))


def test_the_same_body_written_otherwise_is_linked_and_its_neighbours_are_not(tmp_path: Path) -> None:
    second = [
        "江苏省昆山市禾映科技有限责任公司",
        "昆山云舫餐饮管理有限公司苏州分公司",
        "苏州翔陈医疗器械有限公司",
        "蓓俊（常熟）模塑科技有限公司",
        "太仓翔沈電子科技有限公司",
    ]
    found, links, _review = _link(tmp_path, BASE, second)
    assert links == {
        ("昆山禾映科技有限公司", "江苏省昆山市禾映科技有限责任公司"),
        ("常熟蓓俊模塑科技有限公司", "蓓俊（常熟）模塑科技有限公司"),
        ("太仓翔沈电子科技有限公司", "太仓翔沈電子科技有限公司"),
    }
    assert (found.first, found.second, found.links) == (5, 5, 3)


def test_a_name_with_two_possible_partners_goes_to_a_person_with_both(tmp_path: Path) -> None:
    second = ["昆山禾映科技有限责任公司", "昆山市禾映科技有限公司", *BASE[1:]]
    _found, links, review = _link(tmp_path, BASE, second)
    assert all(one != BASE[0] for one, _other in links)
    assert {(row["b_name"], row["why"]) for row in review} == {(name, "several") for name in second[:2]}
    assert len(links) == 4


def test_what_the_names_do_not_decide_goes_to_a_person_with_reasons_in_chinese(tmp_path: Path) -> None:
    _found, links, review = _link(tmp_path, [*BASE, "昆山永鸣科技有限公司"], [*BASE, "昆山鸣永科技有限公司"])
    assert len(links) == 5
    assert [(row["a_name"], row["why"]) for row in review] == [("昆山永鸣科技有限公司", "unclear")]
    assert review[0]["reasons"]
    assert review[0]["verdict"] == "review"


def test_the_files_name_rows_as_their_registers_do_and_keep_the_weights(tmp_path: Path) -> None:
    _link(tmp_path, BASE, BASE[::-1])
    rows = list(read_csv(tmp_path / "out" / "links.csv"))
    assert tuple(rows[0]) == HEADER
    assert {(row["a_id"], row["b_id"]) for row in rows} == {(f"a{n}", f"b{4 - n}") for n in range(5)}
    model = json.loads((tmp_path / "out" / "model.json").read_text(encoding="utf-8"))
    assert model["link_type"] == "link_only"


def test_a_formula_in_a_name_is_inert_in_the_files_and_comes_back_as_it_was(tmp_path: Path) -> None:
    evil = "=HYPERLINK昆山禾映科技有限公司"
    _link(tmp_path, [*BASE, evil], [*BASE, evil])
    text = (tmp_path / "out" / "links.csv").read_text(encoding="utf-8-sig")
    assert f",'{evil}" in text
    assert evil in {row["a_name"] for row in read_csv(tmp_path / "out" / "links.csv")}


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("keep me")
    with pytest.raises(ChengxinError) as refused:
        _link(tmp_path, BASE, BASE)
    assert refused.value.code == "output_not_empty"
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["thesis.docx"]


def test_two_invented_registers_are_linked_nearly_whole_and_nearly_without_fault(tmp_path: Path) -> None:
    made = make_two_registers(7, 3_000)
    _found, _links, _review = _link(tmp_path, made.first, made.second)
    truth = {(f"a{a}", f"b{b}") for a, b in made.same.tolist()}
    links = {(row["a_id"], row["b_id"]) for row in read_csv(tmp_path / "out" / "links.csv")}
    assert len(links & truth) / len(links) > 0.995
    assert len(links & truth) / len(truth) > 0.95


def test_chance_is_counted_inside_one_register_where_no_two_rows_are_one_body() -> None:
    with duckdb.connect() as duck:
        duck.register("part", table_of([*BASE, "苏州禾映科技有限公司"], 0))
        chances = count_chances(duck, "part")
    assert chances.core == pytest.approx(2 / 30)  # 禾映科技 in 昆山 and in 苏州: one pair, both ways, of 30
    assert chances.place == pytest.approx(4 / 30)  # 昆山 twice, 苏州 twice
    assert chances.form == 1


def test_every_rule_and_level_names_columns_that_exist_and_can_be_said_to_spark() -> None:
    for rule in (*BLOCKING, *SURE, TRAINING):
        assert set(rule) <= set(COLUMNS)
    with duckdb.connect() as duck:
        duck.register("part", table_of(BASE, 0))
        chances = count_chances(duck, "part")
    spark = settings(chances, BLOCKING, 0.01, "spark").create_settings_dict("spark")
    conditions = [level["sql_condition"] for each in spark["comparisons"] for level in each["comparison_levels"]]
    assert any("LEVENSHTEIN" in one and "<= 1" in one for one in conditions)
    for condition in conditions:
        if condition != "ELSE":
            assert sqlglot.parse_one(condition, dialect="spark") is not None
    assert [one.create_output_column_name() for one in comparisons(chances)] == [
        "core",
        "place",
        "form",
        "branch",
        "figures",
    ]


def test_spark_finds_what_duckdb_finds_and_writes_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="Apache Spark is an extra: pip install 'chengxin[spark]'")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    made = make_two_registers(7, 300)
    held, other = invent(7, made)
    first, second = (_register("a", made.first, held), _register("b", made.second, other))
    for name, engine in ENGINES.items():
        LinkRegisters(first, second, tmp_path / name, engine=engine()).execute()
    assert list((tmp_path / "here").iterdir()) == []
    for file in ("links.csv", "review.csv"):
        found = {name: list(read_csv(tmp_path / name / file)) for name in ENGINES}
        assert found["spark"] == found["duckdb"]
    assert len(list(read_csv(tmp_path / "spark" / "links.csv"))) > 200


@pytest.mark.parametrize(
    ("master", "alone"),
    [("local[*]", True), ("local", True), ("local-cluster[2,1,1024]", False), ("spark://one:7077", False)],
)
def test_spark_on_one_machine_listens_to_that_machine_only(tmp_path: Path, master: str, alone: bool) -> None:  # noqa: FBT001 - of the table
    told = _configuration(master, tmp_path, "levels.jar")
    assert told["spark.master"] == master
    assert (told.get("spark.driver.bindAddress") == told.get("spark.driver.host") == "127.0.0.1") is alone
    assert Path(told["spark.sql.warehouse.dir"]).parent == tmp_path


def test_without_the_extra_spark_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ChengxinError) as refused:
        ENGINES["spark"]()
    assert refused.value.code == "spark_missing"
