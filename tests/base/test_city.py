"""The city's profile: what the shipped city promises, and how a wrong file is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.city import (
    BODY_KINDS,
    ITEMS,
    KINDS,
    LEVELS,
    City,
    CityError,
    load_city,
    read_yaml,
    shipped_cities,
)
from chengxin.base.errors import ChengxinError, NotFound
from chengxin.kernel.calendar import LocalDay
from chengxin.kernel.identifiers import Uscc, Verdict

if TYPE_CHECKING:
    from pathlib import Path

SMALL = """\
key: small
name: 小城市
name_short: 小城
name_en: Small
region_code: "990100"
region_note: invented
province: 某省
prefecture: 某市
mark: 小
source: invented
uscc_note: invented
wording:
  site_name: 诚信小城
  site_name_en: Credit Small
  centre_name: 小城市公共信用信息中心
  centre_name_en: Small Credit Centre
  rehearsal_banner: 演练数据
  rehearsal_banner_en: Rehearsal data
local_days:
  - {day: 2026-03-02, working: false, source: 小城市人民政府办公室通知}
organisations:
  - code: xc-scjg
    name: 小城市市场监督管理局
    name_en: Market Regulation
    level: city
    kind: department
    uscc: "11320583R00000509D"
    items: [registration, penalty]
    registers: [enterprise]
    duty: market
    mark: 小市监
  - code: xc-east
    name: 东镇人民政府
    name_en: East Town
    aliases: [东镇]
    level: town
    kind: town
    uscc: "11320583R00000605N"
  - code: xc-lane
    name: 东镇里弄社区居民委员会
    name_en: Lane Community
    level: village
    parent: xc-east
    kind: community
    uscc: "55320583R000007362"
"""


@pytest.fixture(scope="module")
def kunshan() -> City:
    return load_city("kunshan")


def small(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """Write the small city with some texts changed; every change must hit."""
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> CityError:
    with pytest.raises(CityError) as caught:
        load_city(path)
    return caught.value


class TestTheShippedCity:
    def test_it_is_kunshan_with_its_region_code_marked_as_recalled(self, kunshan: City) -> None:
        assert (kunshan.name, kunshan.name_short, kunshan.name_en) == ("昆山市", "昆山", "Kunshan")
        assert kunshan.region_code == "320583"
        assert "recalled" in kunshan.region_note
        assert "invented" in kunshan.uscc_note

    def test_its_pages_say_whose_they_are_and_that_the_data_are_invented(self, kunshan: City) -> None:
        wording = kunshan.wording
        assert wording.site_name == "诚信昆山"
        assert wording.centre_name == "昆山市公共信用信息中心"
        assert "演练数据" in wording.rehearsal_banner
        assert "Rehearsal data" in wording.rehearsal_banner_en

    def test_every_organisation_code_is_valid_and_nobodys(self, kunshan: City) -> None:
        for each in kunshan.organisations:
            assert Uscc.parse(each.uscc).verdict is Verdict.VALID, each.code
            assert each.uscc[8:11] == "R00"

    def test_codes_and_names_belong_to_one_organisation_each(self, kunshan: City) -> None:
        for values in (
            [each.code for each in kunshan.organisations],
            [each.uscc for each in kunshan.organisations],
            [name for each in kunshan.organisations for name in (each.name, *each.aliases)],
        ):
            assert len(values) == len(set(values))

    @pytest.mark.parametrize(
        "name",
        [
            "组织部", "宣传部", "编办", "法院", "检察院", "发改委", "经信委", "教育局", "科技局",
            "公安局", "民政局", "司法局", "财政局", "人社局", "国土资源局", "住建局", "规划局",
            "城管局", "交通运输局", "水利局", "农委", "商务局", "文广新局", "卫计委", "体育局",
            "环保局", "旅游局", "审计局", "安监局", "市场监管局", "统计局", "物价局", "法制办",
            "国资办", "海关", "出入境检验检疫局", "人民银行", "银监办", "国税局", "地税局", "供电公司",
            "电信局", "中国移动", "中国联通",
        ],
    )  # fmt: skip
    def test_every_organ_of_the_plans_second_annex_is_there_under_the_plans_name(
        self, kunshan: City, name: str
    ) -> None:
        assert [each.code for each in kunshan.organisations if name in each.aliases]

    def test_the_four_districts_and_the_towns_stand_at_the_middle_level(self, kunshan: City) -> None:
        towns = {name for each in kunshan.at_level("town") for name in each.aliases}
        assert {"昆山开发区", "昆山高新区", "花桥经济开发区", "旅游度假区"} <= towns
        assert {"张浦镇", "周市镇", "陆家镇", "巴城镇", "千灯镇", "淀山湖镇", "周庄镇", "锦溪镇"} <= towns

    def test_towns_the_plan_does_not_name_are_marked_as_recalled(self, kunshan: City) -> None:
        recalled = {each.aliases[0] for each in kunshan.at_level("town") if "recalled" in each.note}
        assert recalled == {"周市镇", "陆家镇", "巴城镇", "千灯镇", "淀山湖镇", "周庄镇", "锦溪镇"}

    def test_the_two_pilots_stand_under_the_organs_the_plan_names(self, kunshan: City) -> None:
        assert [each.aliases for each in kunshan.children("ks-kfq")] == [("蓬朗街道",)]
        assert [each.aliases for each in kunshan.children("ks-zp")] == [("大直社区",)]
        assert {each.level for each in kunshan.children("ks-zp")} == {"village"}

    def test_each_kind_of_body_has_exactly_one_registrar(self, kunshan: City) -> None:
        kept = [kind for each in kunshan.registrars() for kind in each.registers]
        assert sorted(kept) == sorted(BODY_KINDS)
        assert all("registration" in each.items for each in kunshan.registrars())

    def test_organs_that_hand_in_decisions_have_a_word_for_their_document_numbers(self, kunshan: City) -> None:
        for item in ("licence", "penalty"):
            deciding = kunshan.handing_in(item)
            assert len(deciding) > 10
            assert all(each.mark for each in deciding)

    def test_no_two_organs_share_a_word_for_document_numbers(self, kunshan: City) -> None:
        marks = [each.mark for each in kunshan.organisations if each.mark]
        assert len(marks) == len(set(marks))

    def test_a_registrar_hands_in_its_register(self, kunshan: City) -> None:
        assert kunshan.handing_in("registration") == kunshan.registrars()

    def test_an_item_nobody_hands_in_has_no_organs(self, kunshan: City) -> None:
        assert kunshan.handing_in("scores") == ()

    def test_organs_below_stand_under_organs_above(self, kunshan: City) -> None:
        for level, above in (("village", "town"), ("town", "city")):
            for each in kunshan.at_level(level):
                if each.parent is not None:
                    assert kunshan.organisation(each.parent).level in (above, level)
        assert sum(len(kunshan.at_level(level)) for level in LEVELS) == len(kunshan.organisations)

    def test_an_organ_without_children_has_none(self, kunshan: City) -> None:
        assert kunshan.children("ks-pl") == ()

    def test_the_centre_stands_under_the_credit_office(self, kunshan: City) -> None:
        (centre,) = kunshan.children("ks-xyb")
        assert (centre.kind, centre.name) == ("centre", kunshan.wording.centre_name)

    def test_the_tax_bureaus_of_the_plan_are_one_today(self, kunshan: City) -> None:
        today = date(2026, 1, 5)
        for code in ("ks-gsj", "ks-dsj"):
            former = kunshan.organisation(code)
            assert former.successor == "ks-swj-gj"
            assert not former.active_on(today)
        assert kunshan.organisation("ks-swj-gj").active_on(today)

    def test_an_organ_is_found_by_slug_and_by_code(self, kunshan: City) -> None:
        found = kunshan.organisation("ks-scjg")
        assert found.name == "昆山市市场监督管理局"
        assert kunshan.organisation(found.uscc) is found

    def test_an_unknown_organ_is_not_found_and_the_reader_learns_which(self, kunshan: City) -> None:
        with pytest.raises(NotFound) as caught:
            kunshan.organisation("ks-nobody")
        assert caught.value.code == "organisation_unknown"
        assert caught.value.where == "ks-nobody"
        assert caught.value.message_zh.startswith("昆山市没有代码为“ks-nobody”的单位")

    def test_organs_merged_since_the_plan_point_at_what_followed(self, kunshan: City) -> None:
        before, after = date(2018, 4, 19), date(2018, 4, 20)
        quarantine = kunshan.organisation("ks-ciq")
        assert quarantine.active_on(before)
        assert not quarantine.active_on(after)
        assert kunshan.organisation(quarantine.successor or "").aliases == ("海关",)

    def test_a_renamed_organ_whose_day_is_not_recalled_counts_as_gone(self, kunshan: City) -> None:
        assert not kunshan.organisation("ks-hbj").active_on(date(2026, 1, 5))
        assert kunshan.organisation("ks-sthj").active_on(date(2026, 1, 5))

    def test_every_word_is_from_the_closed_lists(self, kunshan: City) -> None:
        assert {each.level for each in kunshan.organisations} == set(LEVELS)
        assert {each.kind for each in kunshan.organisations} == set(KINDS)
        assert {item for each in kunshan.organisations for item in each.items} == set(ITEMS)

    def test_it_has_no_holidays_of_its_own(self, kunshan: City) -> None:
        assert kunshan.local_days == ()

    def test_nobody_can_change_it_by_accident(self, kunshan: City) -> None:
        with pytest.raises(FrozenInstanceError):
            kunshan.name = "别处"  # type: ignore[misc]

    def test_it_is_read_once(self, kunshan: City) -> None:
        assert load_city("kunshan") is kunshan

    @settings(deadline=None)  # the first call reads the file
    @given(st.text(max_size=20))
    def test_any_text_finds_an_organ_or_says_there_is_none(self, text: str) -> None:
        city = load_city("kunshan")
        try:
            found = city.organisation(text)
        except NotFound as error:
            assert error.where == text  # noqa: PT017 - either answer is right; this one must name the text
        else:
            assert text in (found.code, found.uscc)


class TestAnotherCity:
    def test_another_city_is_another_file(self, tmp_path: Path) -> None:
        city = load_city(small(tmp_path))
        assert city.key == "small"
        assert [each.code for each in city.handing_in("penalty")] == ["xc-scjg"]
        assert [each.code for each in city.children("xc-east")] == ["xc-lane"]

    def test_a_path_may_be_given_as_text(self, tmp_path: Path) -> None:
        assert load_city(str(small(tmp_path))).name == "小城市"

    def test_its_own_holidays_are_the_kernels_local_days(self, tmp_path: Path) -> None:
        days = load_city(small(tmp_path)).local_days
        assert days == (LocalDay(date(2026, 3, 2), working=False, source="小城市人民政府办公室通知"),)

    def test_the_shipped_cities_are_named_when_one_is_unknown(self) -> None:
        with pytest.raises(CityError) as caught:
            load_city("atlantis")
        assert caught.value.code == "city_unknown"
        assert "kunshan" in caught.value.message_zh
        assert shipped_cities() == ("kunshan",)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        missing = tmp_path / "none.yaml"
        error = refused(missing)
        assert error.code == "city_file_unreadable"
        assert error.where == str(missing)

    def test_a_file_that_is_not_utf8_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "small.yaml"
        path.write_bytes(SMALL.encode("gb18030"))
        assert refused(path).code == "city_file_unreadable"


class TestAWrongFile:
    @pytest.mark.parametrize(
        ("change", "place", "said"),
        [
            (("province: 某省\n", ""), "small.yaml.province", "缺少这一项"),
            (("province: 某省\n", "province: 某省\ncolour: 蓝\n"), "small.yaml", "有不认识的项：colour"),
            (("province: 某省", 'province: ""'), "small.yaml.province", "不能为空"),
            (('region_code: "990100"', "region_code: 990100"), "small.yaml.region_code", "类型不对"),
            (('region_code: "990100"', 'region_code: "99010"'), "small.yaml.region_code", "写法不对"),
            (('region_code: "990100"', 'region_code: "９９０１００"'), "small.yaml.region_code", "写法不对"),
            (("key: small", "key: Small"), "small.yaml.key", "写法不对"),
            (("  site_name: 诚信小城\n", ""), "small.yaml: wording.site_name", "缺少这一项"),
            (("working: false", "working: 0"), "small.yaml: local_days[0].working", "类型不对"),
            (("kind: town", "kind: castle"), "small.yaml: organisations[1].kind", "“castle”不在允许的值里"),
            (("level: town", "level: region"), "small.yaml: organisations[1].level", "不在允许的值里"),
            (
                ("items: [registration, penalty]", "items: [scores]"),
                "small.yaml: organisations[0].items",
                "scores",
            ),
            (("aliases: [东镇]", "aliases: [1]"), "small.yaml: organisations[1].aliases", "应全是文字"),
            (
                ('"11320583R00000605N"', '"11320583R00000605M"'),
                "small.yaml: organisations[1].uscc",
                "校验码不对",
            ),
            (
                ('"11320583R00000605N"', '"11320583R00000605O"'),
                "small.yaml: organisations[1].uscc",
                "写法不对",
            ),
            (("code: xc-east", "code: xc-scjg"), "small.yaml: xc-scjg", "“xc-scjg”已属于 xc-scjg"),
            (("[东镇]", "[小城市市场监督管理局]"), "small.yaml: xc-east", "已属于 xc-scjg"),
            (("parent: xc-east", "parent: xc-west"), "small.yaml: xc-lane", "指向的单位 xc-west 不存在"),
            (("parent: xc-east", "parent: xc-lane"), "small.yaml: xc-lane", "指向的单位 xc-lane 不存在"),
            (("level: village", "level: city"), "small.yaml: xc-lane", "层级高于上级单位 xc-east"),
        ],
    )
    def test_it_is_refused_with_the_place_and_what_is_wrong(
        self, tmp_path: Path, change: tuple[str, str], place: str, said: str
    ) -> None:
        error = refused(small(tmp_path, change))
        assert error.code == "city_file_wrong"
        assert error.where == place
        assert said in error.message_zh
        assert error.message_zh.endswith("请改正后重试")
        assert error.message_en.startswith("city file: ")

    def test_two_keepers_of_one_register_are_refused(self, tmp_path: Path) -> None:
        change = ("aliases: [东镇]", "aliases: [东镇]\n    registers: [enterprise]")
        assert "register of enterprise" in refused(small(tmp_path, change)).message_zh

    def test_a_holiday_written_twice_is_refused(self, tmp_path: Path) -> None:
        line = "  - {day: 2026-03-02, working: false, source: 小城市人民政府办公室通知}\n"
        error = refused(small(tmp_path, (line, line + line)))
        assert "同一天写了两次" in error.message_zh

    def test_a_key_written_twice_is_refused_with_its_line(self, tmp_path: Path) -> None:
        error = refused(small(tmp_path, ("name: 小城市\n", "name: 小城市\nname: 大城市\n")))
        assert error.code == "yaml_broken"
        assert error.where == "small.yaml:3"
        assert "key 'name' is written twice" in error.message_zh

    def test_broken_yaml_is_refused_with_its_line(self, tmp_path: Path) -> None:
        error = refused(small(tmp_path, ("mark: 小\n", "mark: [小\n")))
        assert error.code == "yaml_broken"
        assert error.where.startswith("small.yaml:")

    def test_a_key_that_is_a_list_is_refused(self) -> None:
        with pytest.raises(CityError) as caught:
            read_yaml("? [a, b]\n: 1\n", "odd.yaml")
        assert caught.value.where.startswith("odd.yaml:1")

    @pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
    def test_a_file_that_is_no_mapping_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "small.yaml"
        path.write_text(text, encoding="utf-8")
        assert "应为键值表" in refused(path).message_zh

    @given(
        st.sampled_from(sorted(yaml.safe_load(SMALL))),
        st.one_of(st.none(), st.integers(), st.floats(), st.binary()),
    )
    def test_no_value_of_a_wrong_type_passes(self, key: str, value: object) -> None:
        from chengxin.base import city as module  # noqa: PLC0415 - the reader behind load_city, without a file

        held = yaml.safe_load(SMALL)
        held[key] = value
        with pytest.raises(ChengxinError) as caught:
            module._read_city(held, "small.yaml")
        assert key in caught.value.where
