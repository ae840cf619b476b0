"""Coded values: every generation's spelling comes to one canonical value, and nothing else does."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue import CodeSet, SubjectKind, load_catalogue

if TYPE_CHECKING:
    from chengxin.catalogue import Catalogue

ARTICLE_9 = [
    "警告",
    "通报批评",
    "罚款",
    "没收违法所得",
    "没收非法财物",
    "暂扣许可证件",
    "降低资质等级",
    "吊销许可证件",
    "限制开展生产经营活动",
    "责令停产停业",
    "责令关闭",
    "限制从业",
    "行政拘留",
]


@pytest.mark.parametrize(
    ("key", "generation", "written", "label"),
    [
        ("subject_category", "G3", "法人及非法人组织", "法人及非法人组织"),
        ("subject_category", "G3", "法人和其他组织", "法人及非法人组织"),
        ("subject_category", "G3", "自然人", "自然人"),
        ("subject_category", "G3", "个体工商户", "个体工商户"),
        ("subject_category", "G3", " 个体工商户\u3000", "个体工商户"),
        ("subject_category", "G2", "01", "自然人"),
        ("subject_category", "G2", "02", "法人"),
        ("subject_category", "G2", "０３", "非法人组织"),
        ("subject_category", "R1", "04", "个体工商户"),
        ("licence_category", "G3", "普通", "普通"),
        ("licence_category", "G3", "普通许可", "普通"),
        ("licence_category", "G3", "01", "普通"),
        ("licence_category", "G3", "02", "特许"),
        ("licence_category", "G3", "03", "认可"),
        ("licence_category", "G3", "04", "核准"),
        ("licence_category", "G3", "05", "登记"),
        ("licence_category", "G3", "06", "其他"),
        ("licence_category", "G3", "其它", "其他"),
        ("penalty_kind", "G3", "罚款", "罚款"),
        ("penalty_kind", "G1", "吊销营业执照", "吊销许可证件"),
        ("penalty_kind", "G2", "吊销执照", "吊销许可证件"),
        ("penalty_kind", "G2", "暂扣执照", "暂扣许可证件"),
        ("penalty_kind", "G2", "暂扣或者吊销许可证", "暂扣或者吊销许可证"),
        ("penalty_kind", "G2", "暂扣或吊销执照", "暂扣或者吊销执照"),
        ("id_type", "G3", "身份证", "身份证"),
        ("id_type", "G3", "护照", "护照号"),
        ("id_type", "G3", "05", "外国人永久居留身份证"),
        ("status", "G1", "0", "有效"),
        ("status", "G1", "1", "撤销"),
        ("status", "G1", "2", "异议"),
        ("status", "G1", "3", "其他"),
        ("status", "G3", "1", "有效"),
        ("status", "G3", "2", "无效"),
        ("status", "G3", "有效", "有效"),
        ("registration_status", "R1", "在业", "存续"),
        ("registration_status", "R1", "开业", "存续"),
        ("registration_status", "R1", "存续（在营、开业、在册）", "存续"),
        ("registration_status", "R1", "吊销，未注销", "吊销"),
        ("registration_status", "R1", "吊销，已注销", "注销"),
        ("registration_status", "R1", "迁出", "迁出"),
    ],
)
def test_spellings(catalogue: Catalogue, key: str, generation: str, written: str, label: str) -> None:
    found = catalogue.code_set(key).canonical(written, generation)
    assert found is not None
    assert found.label == label


@pytest.mark.parametrize(
    ("key", "generation", "written"),
    [
        ("subject_category", "G3", "公司"),
        ("subject_category", "G3", ""),
        ("subject_category", "G3", "1"),
        ("subject_category", "G1", "01"),
        ("licence_category", "G1", "01"),
        ("licence_category", "G3", "非行政许可审批"),
        ("licence_category", "G3", "其他-"),
        ("licence_category", "G3", "普通-道路运输"),
        ("penalty_kind", "G3", "罚款五千元"),
        ("status", "G3", "0"),
        ("status", "G3", "3"),
        ("id_type", "G3", "06"),
        ("registration_status", "R1", "-"),
        ("registration_status", "R1", "仍注册"),
    ],
)
def test_what_is_outside_the_list_is_not_guessed(catalogue: Catalogue, key: str, generation: str, written: str) -> None:
    assert catalogue.code_set(key).canonical(written, generation) is None


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("其他-道路运输", "道路运输"),
        ("其他－道路运输", "道路运输"),
        ("其他—道路运输", "道路运输"),
        ("其他：道路运输", "道路运输"),
        ("其它-道路运输", "道路运输"),
        ("其他 - 道路 运输", "道路运输"),
        ("其他", ""),
    ],
)
def test_other_carries_its_annotation(catalogue: Catalogue, written: str, note: str) -> None:
    read = catalogue.code_set("licence_category").read(written, "G3")
    assert read is not None
    assert read.value.code == "other"
    assert read.annotation == note


def test_the_kinds_of_penalty_are_those_of_article_9(catalogue: Catalogue) -> None:
    code_set = catalogue.code_set("penalty_kind")
    current = [value.label for value in code_set.values if value.until_day is None and value.code != "other"]
    assert current == ARTICLE_9
    assert code_set.value("other").annotated


def test_kinds_new_in_2021_are_dated(catalogue: Catalogue) -> None:
    values = catalogue.code_set("penalty_kind").values
    new = {value.label for value in values if value.from_day == date(2021, 7, 15)}
    assert new == {"通报批评", "降低资质等级", "限制开展生产经营活动", "责令关闭", "限制从业"}


def test_older_names_say_which_kinds_they_may_stand_for(catalogue: Catalogue) -> None:
    code_set = catalogue.code_set("penalty_kind")
    older = [value for value in code_set.values if value.until_day == date(2021, 7, 14)]
    assert [value.means for value in older] == [("suspend_permit", "revoke_permit")] * 2
    assert all(code_set.value(code).until_day is None for value in older for code in value.means)


def test_categories_of_subject_mean_kinds_of_subject(catalogue: Catalogue) -> None:
    values = {value.code: value.means for value in catalogue.code_set("subject_category").values}
    assert values["legal_or_unincorporated"] == ("legal_person", "unincorporated")
    assert {kind for means in values.values() for kind in means} == set(SubjectKind) - {"practitioner"}


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("罚款", ("罚款",)),
        ("警告;罚款", ("警告", "罚款")),
        ("警告；罚款", ("警告", "罚款")),
        ("警告、罚款", ("警告", "罚款")),
        ("警告，罚款", ("警告", "罚款")),
        ("警告,罚款;没收违法所得", ("警告", "罚款", "没收违法所得")),
        ("警告； 罚款；", ("警告", "罚款")),
        ("；；", ()),
        ("", ()),
    ],
)
def test_a_cell_may_hold_several_kinds(catalogue: Catalogue, written: str, parts: tuple[str, ...]) -> None:
    assert catalogue.code_set("penalty_kind").split(written) == parts


def test_a_cell_of_a_single_value_is_not_parted(catalogue: Catalogue) -> None:
    written = "存续（在营、开业、在册）"
    assert catalogue.code_set("registration_status").split(written) == (written,)


@pytest.mark.parametrize(
    ("key", "generation", "is_open"),
    [
        ("licence_category", "G1", True),
        ("licence_category", "G3", False),
        ("penalty_kind", "G1", True),
        ("penalty_kind", "G2", False),
        ("subject_category", "G3", False),
        ("status", "G1", False),
        ("registration_status", "R1", False),
    ],
)
def test_open_lists_accept_what_they_do_not_know(
    catalogue: Catalogue, key: str, generation: str, *, is_open: bool
) -> None:
    assert catalogue.code_set(key).is_open(generation) is is_open


def test_a_value_that_is_not_there_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError, match="代码集“处罚类别”没有值 nothing"):
        catalogue.code_set("penalty_kind").value("nothing")


CODE_SETS = load_catalogue().code_sets


@pytest.mark.parametrize("code_set", CODE_SETS, ids=[one.key for one in CODE_SETS])
def test_every_spelling_comes_back_to_its_value(code_set: CodeSet) -> None:
    generations = {"*"}.union(*(value.spellings for value in code_set.values))
    for generation in generations:
        for value in code_set.values:
            for spelling in value.spelled_in(generation):
                assert code_set.canonical(spelling, generation) == value
                assert code_set.canonical(f" {spelling}\u3000", generation) == value
                assert code_set.table(generation)[spelling.replace("，", ",")] == value.code


@pytest.mark.parametrize("code_set", CODE_SETS, ids=[one.key for one in CODE_SETS])
def test_canonical_labels_are_their_own_spelling_in_every_generation(code_set: CodeSet) -> None:
    for value in code_set.values:
        for generation in ("*", "G1", "G2", "G3", "R1", "unheard"):
            found = code_set.canonical(value.label, generation)
            assert found is not None
            assert found.label == value.label
    labels = [value.label for value in code_set.values]
    assert len(labels) == len(set(labels))


@given(st.sampled_from(CODE_SETS), st.text(), st.sampled_from(["*", "G1", "G2", "G3", "R1"]))
def test_reading_is_total(code_set: CodeSet, text: str, generation: str) -> None:
    found = code_set.read(text, generation)
    assert found is None or found.value in code_set.values
    assert all(part == part.strip() and part for part in code_set.split(text))


@given(st.lists(st.sampled_from(ARTICLE_9), min_size=1), st.sampled_from([";", "；", "、", ",", "，", " ; "]))
def test_joined_kinds_come_apart_again(kinds: list[str], mark: str) -> None:
    code_set = load_catalogue().code_set("penalty_kind")
    parts = code_set.split(mark.join(kinds))
    assert list(parts) == kinds
    assert [code_set.canonical(part, "G3") for part in parts] == [code_set.canonical(one) for one in kinds]
