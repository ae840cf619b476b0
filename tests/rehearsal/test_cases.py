"""The cases for officers: what contradicts contradicts on purpose, everything else is sound, and the bytes stay."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from typing import TYPE_CHECKING

import pytest

from chengxin.kernel.identifiers import OrganisationCode, RegistrationNumber, TaxNumber, Uscc, Verdict
from chengxin.kernel.text import fold_width
from chengxin.rehearsal import rehearse
from chengxin.rehearsal.cases import FEED_HEADER, HELD_ROWS, Cases, write_cases

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.base.city import City

TODAY = date(2026, 1, 5)
BODIES = 200


@pytest.fixture(scope="module")
def city() -> City:
    from chengxin.base.city import load_city  # noqa: PLC0415 - beside its one use

    return load_city("kunshan")


@pytest.fixture(scope="module")
def cases(city: City, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return write_cases(city, seed=3, bodies=BODIES, out=tmp_path_factory.mktemp("cases"), today=TODAY)


@pytest.fixture(scope="module")
def bodies(city: City, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Return the truth about the bodies of the rehearsal itself, by credit code."""
    out = tmp_path_factory.mktemp("city")
    rehearse(city, seed=3, bodies=BODIES, out=out, today=TODAY)
    with (out / "truth" / "bodies.csv").open(encoding="utf-8", newline="") as held:
        return {row["uscc"]: row for row in csv.DictReader(held)}


def feed_of(cases: Cases) -> list[dict[str, str]]:
    with cases.feed.path.open(encoding="utf-8", newline="") as held:
        return list(csv.DictReader(held))


def registered_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as held:
        return list(csv.DictReader(held))


def test_the_same_arguments_give_the_same_bytes(city: City, cases: Cases, tmp_path: Path) -> None:
    again = write_cases(city, seed=3, bodies=BODIES, out=tmp_path, today=TODAY)
    for one, other in ((again.registration, cases.registration), (again.feed, cases.feed), (again.held, cases.held)):
        assert one is not None
        assert other is not None
        digests = {hashlib.sha256(each.path.read_bytes()).hexdigest() for each in (one, other)}
        assert len(digests) == 1, one.path.name


def test_the_feed_speaks_about_the_bodies_of_the_rehearsal(cases: Cases, bodies: dict[str, dict[str, str]]) -> None:
    rows = feed_of(cases)
    assert list(rows[0]) == list(FEED_HEADER)
    known = [row for row in rows if row["统一社会信用代码"] in bodies]
    assert all(bodies[row["统一社会信用代码"]]["name"] == row["企业名称"] for row in known)
    assert [row["统一社会信用代码"] for row in rows if row not in known] == [rows[-1]["统一社会信用代码"]]
    strangers = [row for row in known if bodies[row["统一社会信用代码"]]["registered"] == "false"]
    assert len(strangers) == 1


def test_every_code_of_the_feed_is_right_by_its_standard_but_for_the_damaged_one(cases: Cases) -> None:
    *sound, damaged = feed_of(cases)
    for row in sound:
        assert Uscc.parse(row["统一社会信用代码"]).verdict is Verdict.VALID
        assert OrganisationCode.parse(row["组织机构代码"]).verdict is Verdict.VALID
        if row["工商登记码"]:
            assert RegistrationNumber.parse(row["工商登记码"]).verdict is Verdict.VALID
        if row["税务登记号"]:
            assert TaxNumber.parse(row["税务登记号"]).verdict is Verdict.VALID
    assert Uscc.parse(damaged["统一社会信用代码"]).verdict is Verdict.INVALID


def test_it_contradicts_the_register_once_in_each_way(cases: Cases, bodies: dict[str, dict[str, str]]) -> None:
    bearer = {row["registration_number"]: uscc for uscc, row in bodies.items() if row["registration_number"]}
    others, second, foreign = [], [], []
    for row in feed_of(cases):
        uscc, number = row["统一社会信用代码"], row["工商登记码"]
        own = bodies.get(uscc, {}).get("registration_number", "")
        if number in bearer and bearer[number] != uscc:
            others.append(uscc)
        elif own and number and number != own:
            second.append(uscc)
        if row["组织机构代码"] and row["组织机构代码"] != uscc[8:17]:
            foreign.append(uscc)
    assert (len(others), len(second), len(foreign)) == (1, 1, 1)
    assert len({*others, *second, *foreign}) == 3


def test_a_registration_number_fails_its_check_and_nothing_else_of_the_entry_is_wrong(
    cases: Cases, bodies: dict[str, dict[str, str]]
) -> None:
    assert cases.registration is not None
    (row,) = registered_rows(cases.registration.path)
    assert RegistrationNumber.parse(row["注册号"]).verdict is Verdict.SUSPECT
    assert bodies[row["统一社会信用代码"]] | {"name": row["企业名称"]} == bodies[row["统一社会信用代码"]]
    assert bodies[row["统一社会信用代码"]]["registration_number"] == ""
    assert cases.registration.item == "registration"


def test_the_file_to_be_held_is_long_enough_to_be_judged_and_bears_numbers_nobody_has(cases: Cases) -> None:
    assert cases.held is not None
    rows = registered_rows(cases.held.path)
    assert len(rows) >= HELD_ROWS
    numbers = [row["行政处罚决定书文号"] for row in rows if row["行政处罚决定书文号"]]
    assert all("9000" in fold_width(number) for number in numbers)
    assert (cases.held.organisation, cases.held.item) == ("ks-scjg", "penalty")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_city_too_small_for_a_case_goes_without_it(city: City, tmp_path: Path, count: int) -> None:
    small = write_cases(city, seed=1, bodies=count, out=tmp_path, today=TODAY)
    assert len(feed_of(small)) >= 2
    assert small.held is not None
    if small.registration is not None:
        assert registered_rows(small.registration.path)
