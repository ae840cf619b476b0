"""Published codes of real bodies and published test numbers, read in place and never copied."""

import csv
import os
from pathlib import Path

import pytest

from chengxin.kernel.identifiers import (
    Kind,
    OrganisationCode,
    RegistrationNumber,
    ResidentId,
    TaxNumber,
    Uscc,
    Verdict,
    identify,
)
from chengxin.kernel.identifiers.bulk import VALID, validate_usccs

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("CHENGXIN_SHARED_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared data are not here: set CHENGXIN_SHARED_DATA to their folder"
)


def _rows(name: str) -> list[dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _codes() -> list[str]:
    return (SHARED / "identifiers" / "uscc_valid.txt").read_text(encoding="utf-8").split()


def test_every_published_uscc_is_identified_as_valid() -> None:
    wrong = [code for code in _codes() if (identify(code).kind, identify(code).verdict) != (Kind.USCC, Verdict.VALID)]
    assert wrong == []


def test_every_published_uscc_is_valid_in_bulk() -> None:
    assert set(validate_usccs(_codes()).tolist()) == {VALID}


def test_no_slip_in_a_published_uscc_goes_unnoticed_and_each_finds_its_way_home() -> None:
    codes = _codes()
    known = frozenset(codes)
    for number, code in enumerate(codes):
        position = 9 + number % 7
        slipped = code[:position] + ("0" if code[position] != "0" else "1") + code[position + 1 :]
        found = identify(slipped, known=known)
        assert found.verdict is not Verdict.VALID
        assert found.suggestions == (code,)


def test_the_numbers_of_well_known_firms_agree_with_each_other() -> None:
    for row in _rows("company/aiqicha_export_top200.csv"):
        uscc = Uscc.parse(row["统一社会信用代码"])
        assert uscc.verdict is Verdict.VALID
        assert uscc.organisation_code.normalised == OrganisationCode.parse(row["组织机构代码"]).normalised
        assert TaxNumber.parse(row["纳税人识别号"]).derived["uscc"] == uscc.normalised


def test_registration_numbers_of_well_known_firms_pass_their_check_but_for_one() -> None:
    numbers = [row["注册号"] for row in _rows("company/aiqicha_export_top200.csv") if row["注册号"] != "-"]
    failing = [number for number in numbers if RegistrationNumber.parse(number).verdict is not Verdict.VALID]
    assert len(numbers) == 199
    assert len(failing) == 1


def test_codes_of_suppliers_are_valid_blank_or_explained() -> None:
    verdicts = [identify(row["uscc"]) for row in _rows("company/pi_admin_enterprises.csv")]
    assert sum(found.verdict is Verdict.VALID for found in verdicts) > 300
    assert all(found.problems for found in verdicts if found.verdict is not Verdict.VALID)


DISPUTED = {"valid per issue I88YKM (1911-11-11)": "valid", "valid if case-insensitive": "valid", "convert": "valid"}


def test_published_vectors_of_persons_numbers() -> None:
    for row in _rows("identifiers/resident_id_vectors.csv"):
        if row["kind"] in {"HK id", "TW id"}:
            assert identify(row["value"]).kind is Kind.UNKNOWN, "cards of other territories are not read"
            continue
        expected = DISPUTED.get(row["expect"], row["expect"])
        found = ResidentId.parse(row["value"]) if row["kind"].startswith("ric") else identify(row["value"])
        assert found.verdict == expected, row
