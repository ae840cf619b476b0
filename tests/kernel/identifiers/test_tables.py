"""The dated tables: complete, sourced, and in agreement with one another."""

from datetime import date

import pytest

from chengxin.kernel.identifiers import tables

TABLES = [
    "authority_categories.csv",
    "certificates.csv",
    "checks.csv",
    "permits.csv",
    "provinces.csv",
    "registration_classes.csv",
    "settings.csv",
]
CONFIDENCE = {"read", "secondary", "recalled", "inferred"}


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_its_source_and_how_sure_it_is(name: str) -> None:
    rows = tables.rows(name)
    assert rows
    for row in rows:
        assert None not in row, f"a row of {name} has too many columns: {row}"
        assert row["source"], row
        assert row["confidence"] in CONFIDENCE, row


@pytest.mark.parametrize("name", [*TABLES, "lookalikes.csv", "messages.csv"])
def test_no_table_has_two_rows_for_one_key(name: str) -> None:
    keys = [next(iter(row.values())) for row in tables.rows(name)]
    assert len(keys) == len(set(keys))


def test_the_uscc_scheme_is_that_of_the_standard() -> None:
    scheme = tables.check_scheme("uscc")
    assert len(scheme.alphabet) == scheme.modulus == 31
    assert not set("IOSVZ") & set(scheme.alphabet)
    assert scheme.weights == tuple(pow(3, i, 31) for i in range(17))


def test_the_resident_weights_are_powers_of_two() -> None:
    assert tables.check_scheme("resident_id").weights == tuple(pow(2, 17 - i, 11) for i in range(17))


def test_the_organisation_scheme_has_eight_weights_and_36_characters() -> None:
    scheme = tables.check_scheme("organisation_code")
    assert (len(scheme.weights), len(scheme.alphabet), scheme.modulus) == (8, 36, 11)


def test_an_unknown_scheme_setting_or_form_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="luhn"):
        tables.check_scheme("luhn")
    with pytest.raises(KeyError, match="shoe_size"):
        tables.setting("shoe_size")
    with pytest.raises(KeyError, match="passport"):
        tables.certificate_form("passport")


def test_every_pair_is_written_in_the_uscc_alphabet_and_in_both_languages() -> None:
    alphabet = tables.check_scheme("uscc").alphabet
    for pair, row in tables.authority_categories().items():
        assert len(pair) == 2
        assert set(pair) <= set(alphabet)
        assert row.authority_zh
        assert row.authority_en.isascii()
        assert row.category_zh
        assert row.category_en.isascii()


def test_one_first_character_is_one_authority() -> None:
    names: dict[str, set[str]] = {}
    for pair, row in tables.authority_categories().items():
        names.setdefault(pair[0], set()).add(row.authority_zh)
    assert all(len(found) == 1 for found in names.values())
    assert set(names) == tables.authorities()


def test_pairs_of_the_standard_are_in_force_from_its_day_on() -> None:
    enterprise = tables.authority_categories()["91"]
    assert enterprise.valid_from == date(2015, 10, 1)
    assert not enterprise.in_force(date(2015, 9, 30))
    assert enterprise.in_force(date(2015, 10, 1))
    assert enterprise.in_force(None)


def test_a_pair_of_unknown_day_counts_as_in_force() -> None:
    village = tables.authority_categories()["54"]
    assert (village.valid_from, village.confidence) == (None, "secondary")
    assert village.in_force(date(2016, 1, 1))


def test_a_pair_that_has_ended_is_in_force_through_its_last_day() -> None:
    enterprise = tables.authority_categories()["91"]
    ended = tables.AuthorityCategory(
        "91", "", "", "", "", date(2015, 10, 1), date(2020, 12, 31), enterprise.source, "read"
    )
    assert ended.in_force(date(2020, 12, 31))
    assert not ended.in_force(date(2021, 1, 1))


def test_the_provinces_are_34_and_the_national_registrar() -> None:
    assert len(tables.person_provinces()) == 34
    assert set(tables.provinces()) - tables.person_provinces() == {"10"}
    assert tables.provinces()["32"].name_zh == "江苏省"


def test_every_permit_kind_is_a_kind() -> None:
    kinds = {permit.kind for permit in tables.permits()}
    assert kinds == {"hmt_residence_permit", "foreign_permanent_residence"}


def test_registration_classes_cover_every_first_digit() -> None:
    assert set(tables.registration_classes()) == set("0123456789")
    assert tables.registration_classes()["4"] == ("外资企业", "foreign-invested enterprise")


def test_lookalikes_fold_into_the_uscc_alphabet_and_never_from_it_outside_digits() -> None:
    alphabet = set(tables.check_scheme("uscc").alphabet)
    anywhere, digits = tables.lookalikes()
    assert set(anywhere.values()) <= alphabet
    assert not {chr(code) for code in anywhere} & alphabet
    assert anywhere.items() <= digits.items()
    only_digits = {code: folded for code, folded in digits.items() if code not in anywhere}
    assert all(folded.isdigit() for folded in only_digits.values())
