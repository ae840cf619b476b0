"""Places are found where they stand in a name, and the places of two names relate as the map says."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.regions import (
    Relation,
    leading_places,
    most_specific,
    names_county,
    places_only,
    relate,
    trailing_place,
)
from chengxin.kernel.names.tables import Place, places


def chain(text: str) -> tuple[Place, ...]:
    _, found, _ = leading_places(text)
    return found


@pytest.mark.parametrize(
    ("text", "taken", "shorts"),
    [
        ("昆山市禾映", "昆山市", ("昆山",)),
        ("昆山禾映", "昆山", ("昆山",)),
        ("江苏省苏州市昆山市玉山镇禾映", "江苏省苏州市昆山市玉山镇", ("江苏", "苏州", "昆山", "玉山")),
        ("江苏昆山禾映", "江苏昆山", ("江苏", "昆山")),
        ("江苏省禾映", "江苏省", ("江苏",)),
        ("中国江苏禾映", "中国江苏", ("中国", "江苏")),
        ("昆山开发区禾映", "昆山开发区", ("昆山开发区",)),
        ("新疆维吾尔自治区禾映", "新疆维吾尔自治区", ("新疆",)),
        ("彩龙县禾映", "彩龙县", ("彩龙",)),
        ("昆山东新村村民委员会", "昆山东新村", ("昆山", "东新")),
        ("禾映", "", ()),
        ("玉山禾映", "", ()),
        ("", "", ()),
        ("大连大连港", "大连", ("大连",)),
        ("昆山超市", "昆山", ("昆山",)),
        ("上海新城市科技", "上海", ("上海",)),
        ("昆山市人民社区服务", "昆山市", ("昆山",)),
        ("江苏江阴农村商业银行", "江苏江阴", ("江苏", "江阴")),
        ("襄樊市禾映", "襄樊市", ("襄樊",)),
        ("武进市禾映", "武进市", ("武进",)),
        ("昆山县水泥厂", "昆山县", ("昆山",)),
    ],
)
def test_the_places_at_the_start(text: str, taken: str, shorts: tuple[str, ...]) -> None:
    at, found, _ = leading_places(text)
    assert text[:at] == taken
    assert tuple(one.short for one in found) == shorts


def test_a_place_that_no_table_knows_is_told() -> None:
    assert leading_places("彩龙县禾映")[2]
    assert not leading_places("昆山市禾映")[2]


def test_an_unknown_place_lies_in_the_known_ones_before_it() -> None:
    found = chain("江苏省昆山市东新镇禾映")
    assert found[-1].short == "东新"
    assert {"江苏", "昆山", "苏州", "中国"} <= found[-1].above


@pytest.mark.parametrize(
    ("text", "place", "at"),
    [
        ("禾映电子昆山", "昆山", 4),
        ("禾映电子昆山市", "昆山", 4),
        ("禾映苏州", "苏州", 2),
    ],
)
def test_a_place_at_the_end(text: str, place: str, at: int) -> None:
    found = trailing_place(text)
    assert found is not None
    assert (found.place.short, found.at) == (place, at)


@pytest.mark.parametrize("text", ["昆山", "新昆山", "禾映电子", "", "禾"])
def test_a_place_at_the_end_needs_a_name_before_it(text: str) -> None:
    assert trailing_place(text) is None


def test_a_bracket_is_a_place_only_where_it_says_nothing_else() -> None:
    assert [one.short for one in places_only("江苏昆山")] == ["江苏", "昆山"]
    assert places_only("昆山厂") == ()
    assert places_only("") == ()


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("昆山", "昆山市", Relation.EQUAL),
        ("", "", Relation.EQUAL),
        ("江苏昆山", "昆山", Relation.WIDENED),
        ("江苏苏州昆山", "江苏昆山", Relation.WIDENED),
        ("中国昆山", "昆山", Relation.WIDENED),
        ("昆山", "", Relation.MISSING),
        ("江苏", "昆山", Relation.NESTED),
        ("苏州", "昆山", Relation.NESTED),
        ("中国", "昆山", Relation.NESTED),
        ("昆山", "昆山玉山镇", Relation.NESTED),
        ("昆山", "太仓", Relation.DIFFERS),
        ("江苏", "浙江", Relation.DIFFERS),
        ("扬州", "泰州", Relation.DIFFERS),
        ("昆山花桥镇", "昆山千灯镇", Relation.DIFFERS),
        ("彩龙县", "彩凤县", Relation.DIFFERS),
        ("昆山东新镇", "太仓东新镇", Relation.DIFFERS),
        ("江苏东新县", "东新县", Relation.WIDENED),
    ],
)
def test_how_places_relate(one: str, other: str, relation: Relation) -> None:
    assert relate(chain(one), chain(other)) is relation
    assert relate(chain(other), chain(one)) is relation


def test_the_narrowest_place_counts() -> None:
    assert most_specific(chain("江苏省苏州市昆山市")) == {"昆山"}
    assert most_specific(()) == frozenset()


def test_every_place_but_the_country_lies_in_another() -> None:
    table = places()
    assert {place.short for place in table.values() if not place.above} == {"中国"}
    assert all(place.short not in place.above for place in table.values())


def test_the_home_region_is_in_the_table_down_to_its_towns() -> None:
    for town in ("玉山镇", "巴城镇", "周市镇", "陆家镇", "花桥镇", "淀山湖镇", "张浦镇", "周庄镇", "千灯镇", "锦溪镇"):
        assert {"昆山", "苏州", "江苏", "中国"} <= places()[town].above


def test_the_table_has_every_province_and_the_prefectures() -> None:
    under_the_country = {place.short for place in places().values() if place.above == {"中国"}}
    assert len(under_the_country) == 34
    prefectures = {place.short for place in places().values() if len(place.above) == 2}
    assert len(prefectures) > 330


@pytest.mark.parametrize(
    ("text", "at", "named"),
    [
        ("濉溪禾映", 0, True),
        ("濉溪禾映", 1, True),
        ("濉溪禾映", 2, False),
        ("安徽濉溪", 3, True),
        ("昆山禾映", 0, False),
        ("门头沟", 2, True),
        ("", 0, False),
    ],
)
def test_a_county_is_found_where_a_character_belongs_to_its_name(text: str, at: int, named: bool) -> None:  # noqa: FBT001 - a case
    assert names_county(text, at) is named
