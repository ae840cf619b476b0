"""The shipped items: lengths, types, disclosure, roles, versions and legal bases, pinned."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from chengxin.catalogue import BasisKind, Disclosure, FieldType, Item, Nature, SubjectKind

if TYPE_CHECKING:
    from chengxin.catalogue import Catalogue

NEVER_KEPT = {
    "legal_representative_id_type",
    "legal_representative_id_number",
    "person_id_type",
    "person_id_number",
}


@pytest.mark.parametrize(
    ("item", "key", "length"),
    [
        ("licence", "subject_name", 200),
        ("licence", "subject_category", 100),
        ("licence", "uscc", 18),
        ("licence", "registration_number", 50),
        ("licence", "social_organisation_certificate_number", 50),
        ("licence", "legal_representative", 50),
        ("licence", "legal_representative_id_number", 64),
        ("licence", "document_name", 64),
        ("licence", "document_number", 128),
        ("licence", "licence_category", 256),
        ("licence", "certificate_name", 64),
        ("licence", "licence_number", 64),
        ("licence", "content", 4000),
        ("licence", "issuer_name", 200),
        ("licence", "issuer_code", 18),
        ("licence", "source_name", 200),
        ("licence", "source_code", 18),
        ("licence", "decided_on", None),
        ("penalty", "subject_name", 200),
        ("penalty", "document_number", 128),
        ("penalty", "violation_type", 2000),
        ("penalty", "facts", 2000),
        ("penalty", "legal_ground", 2048),
        ("penalty", "penalty_kind", 255),
        ("penalty", "penalty_content", 4000),
        ("penalty", "revoked_certificate", 200),
        ("penalty", "issuer_name", 255),
        ("penalty", "source_name", 200),
        ("penalty", "public_until", None),
    ],
)
def test_lengths_are_those_of_deployed_tables(catalogue: Catalogue, item: str, key: str, length: int | None) -> None:
    assert catalogue.item(item).field(key).max_length == length


@pytest.mark.parametrize(
    ("item", "key", "kind"),
    [
        ("licence", "uscc", FieldType.USCC),
        ("licence", "issuer_code", FieldType.USCC),
        ("licence", "decided_on", FieldType.DATE),
        ("licence", "document_number", FieldType.CODE),
        ("licence", "licence_category", FieldType.ENUM),
        ("licence", "content", FieldType.TEXT),
        ("penalty", "fine_amount", FieldType.AMOUNT),
        ("penalty", "confiscated_amount", FieldType.AMOUNT),
        ("penalty", "penalty_kind", FieldType.ENUM),
        ("penalty", "public_until", FieldType.DATE),
        ("registration", "registered_capital", FieldType.AMOUNT),
        ("registration", "established_on", FieldType.DATE),
        ("registration", "status", FieldType.ENUM),
        ("registration", "organisation_code", FieldType.CODE),
    ],
)
def test_types(catalogue: Catalogue, item: str, key: str, kind: FieldType) -> None:
    assert catalogue.item(item).field(key).type is kind


def test_amounts_are_in_ten_thousand_yuan(catalogue: Catalogue) -> None:
    amounts = [field for item in catalogue.items for field in item.fields if field.type is FieldType.AMOUNT]
    assert {field.unit for field in amounts} == {"万元"}
    assert len(amounts) == 3


def test_only_the_kinds_of_penalty_may_share_a_cell(catalogue: Catalogue) -> None:
    shared = {(item.key, field.key) for item in catalogue.items for field in item.fields if field.multiple}
    assert shared == {("penalty", "penalty_kind"), ("penalty", "penalty_kind_2")}


def test_no_item_is_open_to_natural_persons(catalogue: Catalogue) -> None:
    bodies = (SubjectKind.LEGAL_PERSON, SubjectKind.UNINCORPORATED, SubjectKind.INDIVIDUAL_BUSINESS)
    assert {item.subject_kinds for item in catalogue.items} == {bodies}


@pytest.mark.parametrize("item", ["licence", "penalty"])
def test_identity_numbers_of_persons_are_dropped_on_arrival(catalogue: Catalogue, item: str) -> None:
    fields = catalogue.item(item).fields
    assert {field.key for field in fields if not field.keep} == NEVER_KEPT
    assert {field.key for field in fields if field.disclosure is Disclosure.NEVER} == NEVER_KEPT


def test_no_item_requires_what_it_drops(catalogue: Catalogue) -> None:
    dropped = [field for item in catalogue.items for field in item.fields if not field.keep]
    assert dropped
    assert not any(field.required or field.required_if for field in dropped)


def test_what_a_licence_page_may_show(licence: Item) -> None:
    assert [field.key for field in licence.public_fields()] == [
        "subject_name",
        "subject_category",
        "uscc",
        "registration_number",
        "document_name",
        "document_number",
        "project_name",
        "licence_category",
        "certificate_name",
        "licence_number",
        "content",
        "decided_on",
        "valid_from",
        "valid_until",
        "issuer_name",
        "issuer_code",
        "status",
        "source_name",
        "source_code",
    ]


def test_what_a_penalty_page_may_show(penalty: Item) -> None:
    assert [field.key for field in penalty.public_fields()] == [
        "subject_name",
        "subject_category",
        "uscc",
        "registration_number",
        "document_number",
        "penalty_name",
        "violation_type",
        "facts",
        "legal_ground",
        "penalty_kind",
        "penalty_kind_2",
        "penalty_content",
        "fine_amount",
        "confiscated_amount",
        "revoked_certificate",
        "decided_on",
        "valid_until",
        "public_until",
        "issuer_name",
        "issuer_code",
        "status",
        "source_name",
        "source_code",
    ]


def test_address_and_representative_are_public_for_companies_only(registration: Item) -> None:
    company = {field.key for field in registration.public_fields(SubjectKind.LEGAL_PERSON)}
    shop = {field.key for field in registration.public_fields(SubjectKind.INDIVIDUAL_BUSINESS)}
    partnership = {field.key for field in registration.public_fields(SubjectKind.UNINCORPORATED)}
    assert company - shop == {"address", "legal_representative"}
    assert shop == partnership
    assert shop < company


@pytest.mark.parametrize("item", ["licence", "penalty"])
def test_the_representative_of_a_decision_is_not_published(catalogue: Catalogue, item: str) -> None:
    assert catalogue.item(item).field("legal_representative").disclosure is Disclosure.SHARED


def test_free_remarks_are_not_published(catalogue: Catalogue) -> None:
    assert {item.field("remarks").disclosure for item in catalogue.items} == {Disclosure.SHARED}


def test_nothing_is_public_for_a_natural_person_by_accident(registration: Item) -> None:
    public = {field.key for field in registration.public_fields(SubjectKind.NATURAL_PERSON)}
    assert not public & {"address", "legal_representative"}


@pytest.mark.parametrize("item", ["licence", "penalty"])
def test_decisions_are_under_double_publicity(catalogue: Catalogue, item: str) -> None:
    assert catalogue.item(item).double_publicity
    assert not catalogue.item("registration").double_publicity


def test_only_penalties_are_negative_and_they_are_kept_five_years(catalogue: Catalogue) -> None:
    negative = [item for item in catalogue.items if item.nature is Nature.NEGATIVE]
    assert [item.key for item in negative] == ["penalty"]
    assert negative[0].retention_years == 5


@pytest.mark.parametrize(
    ("item", "role", "field"),
    [
        ("licence", "subject_name", "subject_name"),
        ("licence", "title", "document_name"),
        ("licence", "title_otherwise", "project_name"),
        ("licence", "document_number", "document_number"),
        ("licence", "decided_on", "decided_on"),
        ("licence", "valid_from", "valid_from"),
        ("licence", "valid_until", "valid_until"),
        ("licence", "issuer_name", "issuer_name"),
        ("licence", "issuer_code", "issuer_code"),
        ("penalty", "subject_name", "subject_name"),
        ("penalty", "title", "violation_type"),
        ("penalty", "title_otherwise", "penalty_name"),
        ("penalty", "valid_from", "decided_on"),
        ("penalty", "valid_until", "valid_until"),
        ("registration", "title", "body_type"),
        ("registration", "document_number", None),
        ("registration", "issuer_name", "registrar_name"),
        ("registration", "issuer_code", "registrar_code"),
    ],
)
def test_roles(catalogue: Catalogue, item: str, role: str, field: str | None) -> None:
    assert catalogue.item(item).roles.as_dict()[role] == field


def test_every_generation_of_a_decision_has_a_title(catalogue: Catalogue) -> None:
    for item in (catalogue.item("licence"), catalogue.item("penalty")):
        titles = [item.field(key) for key in (item.roles.title, item.roles.title_otherwise) if key]
        for generation in item.generations:
            assert any(generation.key in field.required for field in titles)


def test_a_body_is_identified_by_at_least_one_code(catalogue: Catalogue) -> None:
    for item in catalogue.items:
        assert [group.key for group in item.one_of] == ["identity"]
        assert item.one_of[0].fields[0] == "uscc"
        assert "subject_name" not in item.one_of[0].fields


def test_the_representative_of_a_legal_person_is_required_on_licences_since_2018(licence: Item) -> None:
    condition = licence.field("legal_representative").required_if
    assert condition is not None
    assert condition.field == "subject_category"
    assert set(condition.values) == {"legal_person", "unincorporated", "legal_or_unincorporated"}
    assert condition.generations == {"G2", "G3"}


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2015, 1, 1), 1),
        (date(2018, 6, 30), 1),
        (date(2018, 7, 1), 2),
        (date(2020, 12, 31), 2),
        (date(2021, 1, 1), 3),
        (date(2026, 6, 1), 3),
    ],
)
def test_the_version_on_a_day(penalty: Item, day: date, version: int) -> None:
    assert penalty.version_on(day).version == version


def test_before_the_first_version_there_is_none(penalty: Item) -> None:
    with pytest.raises(KeyError, match="2014-12-31 尚未列入目录"):
        penalty.version_on(date(2014, 12, 31))


def test_generations_follow_each_other_without_a_gap(catalogue: Catalogue) -> None:
    for item in catalogue.items:
        for before, after in zip(item.generations, item.generations[1:], strict=False):
            assert before.until_day is not None
            assert (after.from_day - before.until_day).days == 1
        assert item.generations[-1].until_day is None


@pytest.mark.parametrize(
    ("item", "name", "kind", "day", "in_force"),
    [
        ("penalty", "中华人民共和国行政处罚法", BasisKind.LAW, date(2021, 7, 14), False),
        ("penalty", "中华人民共和国行政处罚法", BasisKind.LAW, date(2021, 7, 15), True),
        ("licence", "中华人民共和国行政许可法", BasisKind.LAW, date(2004, 7, 1), True),
        ("penalty", "江苏省社会信用条例", BasisKind.LOCAL_REGULATION, date(2021, 12, 31), False),
        ("penalty", "江苏省社会信用条例", BasisKind.LOCAL_REGULATION, date(2022, 1, 1), True),
        ("registration", "企业信息公示暂行条例", BasisKind.REGULATION, date(2014, 10, 1), True),
        (
            "registration",
            "中华人民共和国市场主体登记管理条例",
            BasisKind.REGULATION,
            date(2022, 2, 28),
            False,
        ),
    ],
)
def test_legal_bases_have_their_day(
    catalogue: Catalogue, item: str, name: str, kind: BasisKind, day: date, *, in_force: bool
) -> None:
    [basis] = [one for one in catalogue.item(item).legal_bases if one.name == name]
    assert basis.kind is kind
    assert basis.in_force(day) is in_force
    assert (basis in catalogue.item(item).bases_in_force(day)) is in_force


def test_every_definition_names_its_source(catalogue: Catalogue) -> None:
    for item in catalogue.items:
        assert item.retention.source
        assert all(one.source for one in item.generations)
        assert all(one.source for one in item.versions)
        assert all(one.number for one in item.legal_bases)
    assert all(one.source for one in catalogue.code_sets)
