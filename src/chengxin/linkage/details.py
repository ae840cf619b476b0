"""What two registers say about a body besides its name: who leads it, when it was founded, where it is.

Details say which of several bodies of one name is meant, and contradict a name that fits by chance. They are read only
where both registers have them, are used for comparing alone, and are written into no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chengxin.kernel.dates import date_sql
from chengxin.kernel.text import fold_for_reading_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb


@dataclass(frozen=True)
class Level:
    """One way in which a detail of two rows may agree.

    Attributes:
        condition: SQL over ``_l`` and ``_r`` columns, the same in DuckDB and Spark.
        code: code of the reason, and ``zh`` its wording for an officer.
        same: how often it holds for the two rows of one body, until the registers teach better.
        counted: the columns whose agreement within one register says how often it holds by chance.
    """

    condition: str
    code: str
    zh: str
    same: float
    counted: tuple[str, ...]


@dataclass(frozen=True)
class Detail:
    """A kind of detail: the headers it is known by, its columns as SQL over the raw text, and its levels.

    ``columns`` are (name, DuckDB's SQL over the raw column); the first of them is NULL where there is nothing to
    compare. ``comparable`` is an extra condition without which two values say nothing about each other. ``differs`` is
    the code and the wording where no level holds.
    """

    name: str
    headers: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    levels: tuple[Level, ...]
    differs: tuple[str, str]
    comparable: str = "true"


_ADDRESS_HEAD = "^.*(省|市|区|县|镇|乡|街道)"
"""What names the places of an address; behind it stand street and number."""


def _bare(raw: str) -> str:
    """Return SQL for a raw column without blanks and signs; NULL where nothing is left."""
    return f"nullif(regexp_replace({fold_for_reading_sql(raw)}, '[\\s·.,，。()（）-]', '', 'g'), '')"


def _street(raw: str) -> str:
    return f"nullif(regexp_replace({_bare(raw)}, '{_ADDRESS_HEAD}', ''), '')"


def _door(raw: str) -> str:
    return f"nullif(array_to_string(regexp_extract_all({_street(raw)}, '[0-9]+'), '|'), '')"


def _region(raw: str) -> str:
    """Return SQL for the first six digits of a code, or the narrowest place of a name, each with its kind before it."""
    code, name = f"'c' || substr({_bare(raw)}, 1, 6)", f"regexp_extract({_bare(raw)}, '([^省市区县]+)[省市区县]?$', 1)"
    return f"CASE WHEN regexp_full_match({_bare(raw)}, '[0-9]{{6,12}}') THEN {code} ELSE 'n' || nullif({name}, '') END"


DETAILS = (
    Detail(
        name="person",
        headers=(
            "法定代表人",
            "法定代表人姓名",
            "负责人",
            "负责人姓名",
            "经营者",
            "经营者姓名",
            "投资人",
            "legal_person",
        ),
        columns=(("person", _bare("raw_person")),),
        levels=(Level("person_l = person_r", "person_same", "法定代表人相同", 0.9, ("person",)),),
        differs=("person_differs", "法定代表人不同"),
    ),
    Detail(
        name="founded",
        headers=("成立日期", "注册日期", "设立日期", "登记日期", "established", "founded"),
        columns=(("founded", f"CAST({date_sql('raw_founded')} AS VARCHAR)"),),
        levels=(Level("founded_l = founded_r", "founded_same", "成立日期相同", 0.93, ("founded",)),),
        differs=("founded_differs", "成立日期不同"),
    ),
    Detail(
        name="region",
        headers=("行政区划", "区划", "所属区县", "所在区县", "区县", "行政区划代码", "region"),
        columns=(("region", _region("raw_region")),),
        levels=(Level("region_l = region_r", "region_same", "行政区划相同", 0.9, ("region",)),),
        differs=("region_differs", "行政区划不同"),
        comparable="substr(region_l, 1, 1) = substr(region_r, 1, 1)",
    ),
    Detail(
        name="address",
        headers=("住所", "地址", "注册地址", "经营场所", "住所地址", "经营地址", "通讯地址", "address"),
        columns=(("address", _street("raw_address")), ("door", _door("raw_address"))),
        levels=(
            Level("address_l = address_r", "address_same", "地址相同", 0.6, ("address",)),
            Level("door_l = door_r", "door_same", "门牌号相同", 0.15, ("door",)),
        ),
        differs=("address_differs", "地址不同"),
    ),
)
"""The details that are known, each named as its main column. A region is compared only with a region of the same
writing: six digits of GB/T 2260, or a name, of which the narrowest place counts."""


def detail_named(name: str) -> Detail:
    """Return the detail of a name.

    Raises:
        KeyError: there is no such detail.
    """
    return next((one for one in DETAILS if one.name == name), None) or _unknown(name)


def _unknown(name: str) -> Detail:
    raise KeyError(name)


def shared(first: Iterable[str], second: Iterable[str]) -> tuple[Detail, ...]:
    """Return the details that both registers have, in a fixed order."""
    ours, theirs = set(first), set(second)
    return tuple(one for one in DETAILS if one.name in ours & theirs)


def columns_sql(details: Iterable[Detail]) -> str:
    """Return the select list that reads raw columns ``raw_<name>`` into the columns that are compared."""
    return "".join(f", {sql} AS {column}" for one in details for column, sql in one.columns)


def chances_of(duck: duckdb.DuckDBPyConnection, table: str, details: Iterable[Detail]) -> dict[str, tuple[float, ...]]:
    """Count in one register how often each level of each detail holds for two rows that both have the detail."""
    found = {}
    for one in details:
        taken = 0.0
        chances = []
        for level in one.levels:
            column = level.counted[0]
            agreeing, rows = duck.execute(
                f"""SELECT coalesce(sum(each * (each - 1)), 0)::DOUBLE, coalesce(sum(each), 0)::DOUBLE
                FROM (SELECT count(*) AS each FROM {table} WHERE {column} IS NOT NULL GROUP BY {column})"""
            ).fetchall()[0]
            pairs = max(rows * (rows - 1), 1.0)
            chance = max(agreeing / pairs - taken, 1 / pairs)
            taken += chance
            chances.append(chance)
        found[one.name] = tuple(chances)
    return found


def levels_sql(details: Iterable[Detail]) -> str:
    """Return the select list that says at which level each detail of the rows ``l`` and ``r`` agrees.

    ``level_<name>`` is counted from below: nought where none holds, NULL where there is nothing to compare.
    """
    made = []
    for one in details:
        names = sorted((column for column, _sql in one.columns), key=len, reverse=True)
        whens = [f"WHEN ({one.name}_l IS NULL OR {one.name}_r IS NULL OR NOT ({one.comparable})) THEN NULL"]
        whens += [f"WHEN {level.condition} THEN {len(one.levels) - at}" for at, level in enumerate(one.levels)]
        said = f"CASE {' '.join(whens)} ELSE 0 END"
        for column in names:
            said = said.replace(f"{column}_l", f"l.{column}").replace(f"{column}_r", f"r.{column}")
        made.append(f", {said} AS level_{one.name}")
    return "".join(made)


def reasons_sql(details: Iterable[Detail]) -> tuple[str, str]:
    """Return two SQL texts over the columns ``level_<name>``: the codes, and the wordings, of what details say."""
    codes: list[str] = []
    words: list[str] = []
    for one in details:
        cases = [(len(one.levels) - at, level.code, level.zh) for at, level in enumerate(one.levels)]
        cases.append((0, *one.differs))
        for texts, place in ((codes, 1), (words, 2)):
            whens = " ".join(f"WHEN {case[0]} THEN '{case[place]}'" for case in cases)
            texts.append(f"CASE level_{one.name} {whens} END")
    return (
        f"concat_ws(' ', {', '.join(['NULL', *codes])})",
        f"concat_ws('；', {', '.join(['NULL', *words])})",
    )


def odds_sql(details: Iterable[Detail], model: Mapping[str, Any]) -> str:
    """Return as SQL how many times likelier the details of a pair are for one body than for two, by the model."""
    factors = ["1.0::DOUBLE"]
    comparisons = {one["output_column_name"]: one["comparison_levels"] for one in model["comparisons"]}
    for one in details:
        levels = [level for level in comparisons[one.name] if not level.get("is_null_level")]
        whens = [
            f"WHEN {len(levels) - 1 - at} THEN {level['m_probability'] / level['u_probability']!r}"
            for at, level in enumerate(levels)
        ]
        factors.append(f"(CASE level_{one.name} {' '.join(whens)} ELSE 1.0 END)")
    return " * ".join(factors)
