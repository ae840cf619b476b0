"""The safeguards are data: what they refuse is written down here a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chengxin.catalogue import BasisKind, CatalogueError, SubjectKind
from chengxin.catalogue.safeguards import (
    PACKAGE_FOLDER,
    ContentKind,
    ForbiddenKind,
    ProtectedKind,
    field_names,
    load_safeguards,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.catalogue import Item

OWN = load_safeguards()
FORBIDDEN = {kind.key: kind for kind in OWN.forbidden}
PROTECTED = {kind.key: kind for kind in OWN.protected}


def test_departmental_rules_alone_are_not_enough() -> None:
    assert set(OWN.statutory_kinds) == set(BasisKind) - {BasisKind.DEPARTMENT_RULE}


def test_negative_facts_and_facts_about_persons_have_a_cap_of_five_years() -> None:
    assert (OWN.negative_years, OWN.person_years) == (5, 5)


def test_the_six_kinds_the_regulations_name_are_forbidden_in_every_item() -> None:
    everywhere = {kind.key for kind in OWN.forbidden if not kind.subject_kinds}
    assert everywhere == {"religion", "genes", "fingerprints", "blood", "health"}
    names = "".join(kind.name for kind in OWN.forbidden)
    for word in ("宗教信仰", "基因", "指纹", "血型", "疾病", "病史"):
        assert word in names


def test_scores_and_daily_life_are_forbidden_for_people() -> None:
    people = (SubjectKind.NATURAL_PERSON, SubjectKind.PRACTITIONER)
    assert FORBIDDEN["score"].subject_kinds == people
    assert FORBIDDEN["daily_life"].subject_kinds == people


def test_identity_numbers_are_public_for_nobody() -> None:
    assert set(PROTECTED["identity_number"].never_public_for) == set(SubjectKind)


@pytest.mark.parametrize("key", ["address", "telephone"])
def test_addresses_and_telephones_of_people_are_not_public(key: str) -> None:
    assert set(PROTECTED[key].never_public_for) == {
        SubjectKind.INDIVIDUAL_BUSINESS,
        SubjectKind.PRACTITIONER,
        SubjectKind.NATURAL_PERSON,
    }


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("religion", "宗教信仰"),
        ("religion", "是否信教"),
        ("religion", "religious_belief"),
        ("genes", "基因检测结果"),
        ("genes", "dna_profile"),
        ("genes", "DNA样本"),
        ("fingerprints", "指纹编号"),
        ("fingerprints", "人脸照片"),
        ("fingerprints", "biometric_hash"),
        ("blood", "血型"),
        ("blood", "blood_type"),
        ("health", "疾病"),
        ("health", "既往病史"),
        ("health", "medical_history"),
        ("health", "Disease"),
        ("score", "信用评分"),
        ("score", "信用得分"),
        ("score", "信用等级"),
        ("score", "全市排名"),
        ("score", "失信次数"),
        ("score", "违法行为次数"),
        ("score", "负面信息条数"),
        ("score", "信用码颜色及红黄标识"),
        ("score", "credit_score"),
        ("score", "negative_count"),
        ("score", "star"),
        ("score", "PERCENTILE"),
        ("daily_life", "水费欠缴金额"),
        ("daily_life", "闯红灯记录"),
        ("daily_life", "信访情况"),
        ("daily_life", "出行轨迹"),
        ("daily_life", "utility_bills"),
    ],
)
def test_forbidden_content_is_known_by_its_name(key: str, name: str) -> None:
    assert FORBIDDEN[key].found_in(name) == name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("genes", "转基因生物安全证书"),
        ("health", "疾病预防控制机构"),
        ("religion", "宗教活动场所登记证号"),
        ("score", "执业证书编号"),
        ("score", "underscored"),
        ("score", "startup"),
        ("score", "account"),
        ("score", "discount"),
        ("blood", "bloodhound"),
        ("daily_life", "导游证号"),
    ],
)
def test_ordinary_names_are_not_taken_for_forbidden_ones(key: str, name: str) -> None:
    assert FORBIDDEN[key].found_in(name) is None


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("identity_number", "法定代表人身份证号"),
        ("identity_number", "证件号码"),
        ("identity_number", "person_id_number"),
        ("identity_number", "passport"),
        ("telephone", "联系电话"),
        ("telephone", "手机号"),
        ("telephone", "mobile_phone"),
        ("address", "家庭住址"),
        ("address", "注册地址"),
        ("address", "registered_address"),
    ],
)
def test_protected_content_is_known_by_its_name(key: str, name: str) -> None:
    assert PROTECTED[key].found_in(name) == name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("identity_number", "社会组织登记证号"),
        ("identity_number", "许可证件号"),
        ("identity_number", "事业单位证书号"),
        ("telephone", "许可机关"),
        ("address", "登记机关"),
    ],
)
def test_numbers_of_bodies_are_not_identity_numbers(key: str, name: str) -> None:
    assert PROTECTED[key].found_in(name) is None


def test_the_name_that_gave_it_away_is_handed_back() -> None:
    kind = ContentKind("x", "某", "some", ("秘密", r"\bsecret\b"), "test")
    assert kind.found_in("名称", "公开秘密") == "公开秘密"
    assert kind.found_in("name", "top_SECRET_code") == "top_SECRET_code"
    assert kind.found_in("name", "secretary") is None
    assert kind.found_in() is None


def test_a_ban_concerns_items_open_to_the_kinds_it_names(penalty: Item) -> None:
    everyone = ForbiddenKind("x", "某", "some", ("秘密",), "test", (), items=False)
    people = ForbiddenKind("x", "某", "some", ("秘密",), "test", (SubjectKind.NATURAL_PERSON,), items=False)
    bodies = ForbiddenKind("x", "某", "some", ("秘密",), "test", (SubjectKind.LEGAL_PERSON,), items=False)
    assert everyone.applies_to(penalty)
    assert not people.applies_to(penalty)
    assert bodies.applies_to(penalty)


def test_a_field_is_known_by_all_its_names(penalty: Item) -> None:
    names = field_names(penalty.field("fine_amount"))
    assert {"罚款金额", "Amount of the fine", "fine_amount", "CF_NR_FK"} <= set(names)


def test_every_kind_names_its_source_and_has_patterns() -> None:
    assert all(kind.source and kind.patterns and kind.name_en for kind in OWN.content_kinds)
    assert len(OWN.content_kinds) == len({kind.key for kind in OWN.content_kinds})
    assert any(isinstance(kind, ProtectedKind) for kind in OWN.content_kinds)


def test_the_own_safeguards_are_read_once() -> None:
    assert load_safeguards() is OWN


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("statutory_kinds: [law,", "statutory_kinds: [custom,", "unknown_value"),
        ("negative_years: 5", "negative_years: forever", "wrong_type"),
        ("  negative_years: 5\n", "", "missing_key"),
        ("limits:", "limit:", "unknown_key"),
        ("- key: religion", "- kay: religion", "unknown_key"),
        ("'宗教信仰', '信教'", "'(', '信教'", "bad_pattern"),
        ("'身份证', ", "'[', ", "bad_pattern"),
        ("subject_kinds: [natural_person, practitioner]", "subject_kinds: [nobody]", "unknown_value"),
        ("    items: true", "    items: perhaps", "wrong_type"),
    ],
)
def test_safeguards_that_are_not_well_formed_are_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = (PACKAGE_FOLDER / "safeguards.yaml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "safeguards.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_safeguards(file)
    assert caught.value.code == code
