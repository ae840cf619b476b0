"""Licences and penalties as they truly are, before anything goes wrong with them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.documents import normalise_document_number
from chengxin.kernel.identifiers import ResidentId, Verdict
from chengxin.rehearsal import dates, dirt, facts, vocabulary
from chengxin.rehearsal.bodies import random

if TYPE_CHECKING:
    from chengxin.base.city import City
    from chengxin.rehearsal.bodies import Bodies
    from chengxin.rehearsal.sheet import Sheet

TODAY = date(2026, 1, 5)
ROWS = 1_500
DUTIES = {"licence": "market", "penalty": "market"}


def file_of(city: City, item: str, generation: str, style: str = "dash") -> facts.FactFile:
    organ = city.organisation("ks-scjg")
    return facts.FactFile(organ, item, generation, 3, ROWS, 101, DUTIES[item], style)


def drawn(city: City, bodies: Bodies, item: str, generation: str, kind: str = "") -> facts.Draws:
    """Return draws of sound rows, or of rows that all have one dirt."""
    kinds = dirt.fitting(item, generation)
    place = [each.kind for each in kinds].index(kind) + 1 if kind else 0
    labels = np.full(ROWS, place, dtype=np.int64)
    return facts.draw_rows(file_of(city, item, generation), bodies, kinds, labels, 0, TODAY)


def sheet_of(city: City, bodies: Bodies, item: str, generation: str, style: str = "dash") -> Sheet:
    return facts.make_sheet(file_of(city, item, generation, style), bodies, drawn(city, bodies, item, generation))


class TestSources:
    @given(st.lists(st.integers(0, 3), max_size=80), st.integers(0, 2**32))
    def test_a_copy_repeats_an_earlier_sound_row_and_no_row_is_repeated_twice(self, held: list[int], seed: int) -> None:
        labels = np.array(held, dtype=np.int64)
        copies = np.isin(labels, [1, 2])
        source = facts.sources(labels, copies, random(seed))
        repeated = [int(source[row]) for row in range(labels.size) if source[row] != row]
        assert len(repeated) == len(set(repeated))
        for row in range(labels.size):
            if source[row] == row:
                assert labels[row] == (0 if held[row] in (1, 2) else held[row])
            else:
                assert source[row] < row
                assert held[int(source[row])] == 0
                assert labels[row] == held[row] in (1, 2)

    def test_a_copy_with_nothing_before_it_becomes_an_ordinary_row(self) -> None:
        labels = np.array([1, 0], dtype=np.int64)
        assert facts.sources(labels, labels == 1, random(0)).tolist() == [0, 1]
        assert labels.tolist() == [0, 0]


class TestDraws:
    def test_decisions_lie_in_the_last_three_years_and_none_in_the_future(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G3")
        now = dates.number(TODAY)
        assert draws.decided.max() <= now
        assert draws.decided.min() >= now - 3 * 365 - 200
        assert (draws.decided > now - 183).sum() > ROWS / 4

    def test_late_rows_are_late_and_the_others_are_in_time(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G3")
        lag = draws.reported - draws.decided
        assert 30 <= draws.late.sum() <= 200
        assert lag[draws.late].min() >= 30
        assert lag[~draws.late].max() <= 6
        assert draws.reported.max() <= dates.number(TODAY)

    def test_document_numbers_are_never_given_twice(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G3")
        assert sorted(draws.serial.tolist()) == list(range(101, 101 + ROWS))

    def test_future_decisions_lie_in_the_future(self, city: City, bodies: Bodies) -> None:
        assert drawn(city, bodies, "penalty", "G3", "future_date").decided.min() > dates.number(TODAY)

    def test_unknown_bodies_are_in_no_register(self, city: City, bodies: Bodies) -> None:
        assert drawn(city, bodies, "penalty", "G3", "unknown_body").body.min() >= bodies.registered

    def test_only_codes_of_digits_are_damaged_by_spreadsheets(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G3", "excel_damaged")
        assert all(code.isdigit() for code in bodies.usccs(draws.body))

    def test_only_bodies_with_an_old_number_are_named_by_it(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G1", "legacy_code_only")
        assert all(bodies.registration_numbers(draws.body))

    def test_only_fines_lack_their_amount(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G3", "fine_without_amount")
        cases = facts.cases_of("penalty", "G3", "market", bodies.seed)
        assert cases.fined[draws.case].all()

    def test_some_bodies_meet_the_organ_more_often_than_others(self, city: City, bodies: Bodies) -> None:
        counts = Counter(drawn(city, bodies, "licence", "G3").body.tolist())
        assert counts.most_common(1)[0][1] >= 4

    def test_a_register_without_digit_codes_has_none_damaged(self, city: City, bodies: Bodies) -> None:
        from dataclasses import replace  # noqa: PLC0415 - only here

        kinds = dirt.fitting("penalty", "G3")
        place = [each.kind for each in kinds].index("excel_damaged") + 1
        labels = np.full(20, place, dtype=np.int64)
        without = replace(bodies, all_digits=np.empty(0, dtype=np.int64))
        facts.draw_rows(file_of(city, "penalty", "G3"), without, kinds, labels, 0, TODAY)
        assert labels.tolist() == [0] * 20


@pytest.mark.parametrize("item", ["licence", "penalty"])
@pytest.mark.parametrize("generation", vocabulary.GENERATIONS)
class TestEveryList:
    def test_it_has_exactly_its_columns_and_every_column_its_rows(
        self, city: City, bodies: Bodies, item: str, generation: str
    ) -> None:
        sheet = sheet_of(city, bodies, item, generation)
        assert set(sheet.clean) == {each.key for each in vocabulary.layouts().columns[item, generation]}
        assert {len(column) for column in sheet.clean.values()} == {ROWS}
        assert set(sheet.shown) <= set(sheet.clean)

    def test_the_document_number_is_the_organs_and_in_its_normal_form(
        self, city: City, bodies: Bodies, item: str, generation: str
    ) -> None:
        sheet = sheet_of(city, bodies, item, generation)
        mark = {"licence": "昆市监许", "penalty": "昆市监罚"}[item]
        for number, day in zip(sheet.clean["document_number"], sheet.clean["decided_on"], strict=True):
            assert re.fullmatch(rf"{mark}〔{day[:4]}〕\d+号", number)
            assert normalise_document_number(number) == number

    def test_the_body_is_named_and_its_code_is_the_true_one(
        self, city: City, bodies: Bodies, item: str, generation: str
    ) -> None:
        sheet = sheet_of(city, bodies, item, generation)
        assert list(sheet.clean["uscc"]) == sheet.uscc
        assert all(sheet.clean["subject_name"])
        assert all(sheet.clean["legal_representative"])
        for code, own in zip(sheet.uscc, sheet.clean["organisation_code"], strict=True):
            assert own in ("", code[8:17])

    def test_the_issuer_is_the_organ_that_hands_in(
        self, city: City, bodies: Bodies, item: str, generation: str
    ) -> None:
        sheet = sheet_of(city, bodies, item, generation)
        assert set(sheet.clean["issuer_name"]) == {"昆山市市场监督管理局"}
        if generation != "G1":
            assert set(sheet.clean["issuer_code"]) == {city.organisation("ks-scjg").uscc}
            assert sheet.clean["source_code"] == sheet.clean["issuer_code"]

    def test_no_gap_of_a_template_is_left(self, city: City, bodies: Bodies, item: str, generation: str) -> None:
        sheet = sheet_of(city, bodies, item, generation)
        for column in sheet.clean.values():
            assert not any("{" in cell or "}" in cell for cell in column)


class TestPenalties:
    def test_amounts_stand_in_the_text_in_yuan_and_in_the_column_in_ten_thousands(
        self, city: City, bodies: Bodies
    ) -> None:
        clean = sheet_of(city, bodies, "penalty", "G3").clean
        said = 0
        for content, fine in zip(clean["penalty_content"], clean["fine_amount"], strict=True):
            found = re.search(r"处罚款人民币([\d.]+)元", content)
            assert bool(found) == bool(fine)
            if found:
                said += 1
                assert Decimal(found[1]) == Decimal(fine) * 10_000
        assert said > ROWS / 2

    def test_gains_are_taken_only_where_the_kind_says_so(self, city: City, bodies: Bodies) -> None:
        clean = sheet_of(city, bodies, "penalty", "G3").clean
        for kinds, gains, content in zip(
            clean["penalty_kind"], clean["confiscated_amount"], clean["penalty_content"], strict=True
        ):
            assert ("没收违法所得" in kinds.split(";")) == bool(gains) == ("没收违法所得人民币" in content)

    def test_fines_keep_to_their_bounds(self, city: City, bodies: Bodies) -> None:
        draws = drawn(city, bodies, "penalty", "G3")
        cases = facts.cases_of("penalty", "G3", "market", bodies.seed)
        assert (draws.fine >= cases.low[draws.case]).all()
        assert (draws.fine < cases.high[draws.case]).all()

    def test_older_lists_use_the_names_of_their_time(self, city: City, bodies: Bodies) -> None:
        now = ";".join(sheet_of(city, bodies, "penalty", "G3").clean["penalty_kind"])
        before = ";".join(sheet_of(city, bodies, "penalty", "G2").clean["penalty_kind"])
        assert "吊销许可证件" in now
        assert "暂扣或者吊销许可证" not in now
        assert "暂扣或者吊销许可证" in before
        assert "吊销许可证件" not in before

    def test_the_oldest_list_has_two_columns_of_kinds_and_no_amounts(self, city: City, bodies: Bodies) -> None:
        clean = sheet_of(city, bodies, "penalty", "G1").clean
        assert "fine_amount" not in clean
        assert not any(";" in kind for kind in clean["penalty_kind"])
        assert any(clean["penalty_kind_2"])

    def test_publicity_never_ends_before_the_decision(self, city: City, bodies: Bodies) -> None:
        clean = sheet_of(city, bodies, "penalty", "G3").clean
        for decided, until in zip(clean["decided_on"], clean["public_until"], strict=True):
            assert decided < until <= f"{int(decided[:4]) + 4}"

    def test_the_matter_was_found_before_it_was_decided(self, city: City, bodies: Bodies) -> None:
        clean = sheet_of(city, bodies, "penalty", "G3").clean
        for text, decided in zip(clean["facts"], clean["decided_on"], strict=True):
            found = re.match(r"(\d+)年(\d+)月(\d+)日检查发现，", text)
            assert found is not None
            assert date(int(found[1]), int(found[2]), int(found[3])) < date.fromisoformat(decided)


class TestLicences:
    def test_a_licence_runs_for_whole_years_or_without_end(self, city: City, bodies: Bodies) -> None:
        clean = sheet_of(city, bodies, "licence", "G3").clean
        assert clean["valid_from"] == clean["decided_on"]
        assert "2099-12-31" in clean["valid_until"]
        assert all(a < b for a, b in zip(clean["valid_from"], clean["valid_until"], strict=True))

    def test_licence_numbers_carry_the_citys_region(self, city: City, bodies: Bodies) -> None:
        numbers = sheet_of(city, bodies, "licence", "G3").clean["licence_number"]
        assert all(re.fullmatch(r"[A-Z]{2}320583\d{7}", number) for number in numbers)

    def test_bodies_of_each_kind_are_called_what_the_standard_calls_them(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies, "licence", "G3")
        for code, category in zip(sheet.uscc, sheet.clean["subject_category"], strict=True):
            assert category == ("个体工商户" if code.startswith("92") else "法人及非法人组织")

    def test_certificates_of_institutions_and_social_organisations_fit_their_columns(
        self, city: City, bodies: Bodies
    ) -> None:
        sheet = sheet_of(city, bodies, "licence", "G2")
        for key, starts in (
            ("institution_certificate_number", ("12",)),
            ("social_organisation_certificate_number", ("51", "52")),
        ):
            held = [(code, number) for code, number in zip(sheet.uscc, sheet.clean[key], strict=True) if number]
            assert held
            assert all(len(number) == 12 and code.startswith(starts) for code, number in held)

    def test_dates_are_shown_in_the_files_style(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies, "licence", "G1", "slash")
        for key in ("decided_on", "valid_until", "updated_at"):
            assert sheet.shown[key] == [day.replace("-", "/") for day in sheet.clean[key]]

    def test_the_oldest_list_writes_its_states_and_when_it_was_reported(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies, "licence", "G1")
        assert set(sheet.shown["status"]) == {"0"}
        assert list(sheet.clean["updated_at"]) == sheet.reported
        assert set(sheet_of(city, bodies, "licence", "G3").shown["status"]) == {"1"}


class TestCases:
    @pytest.mark.parametrize("duty", sorted(vocabulary.texts().penalties))
    @pytest.mark.parametrize("generation", vocabulary.GENERATIONS)
    def test_every_penalty_is_put_together_whole(self, duty: str, generation: str) -> None:
        cases = facts.cases_of("penalty", generation, duty, 1)
        assert cases.wordings.size == cases.size * facts.VARIANTS
        for place in range(cases.size):
            head, middle, end = (cases.columns[part][place] for part in ("head", "middle", "end"))
            assert head.startswith("责令改正违法行为")
            assert (head + middle + end).endswith("。")
            assert head.endswith("罚款人民币") == bool(cases.fined[place])
            assert ("没收违法所得人民币" in head + middle) == bool(cases.gained[place])
            assert cases.low[place] <= cases.high[place]

    @pytest.mark.parametrize("duty", sorted(vocabulary.texts().licences))
    def test_every_licence_has_its_words(self, duty: str) -> None:
        cases = facts.cases_of("licence", "G3", duty, 1)
        assert cases.size >= 1
        assert not cases.fined.any()
        for key in ("project_name", "document_name", "licence_category", "mark"):
            assert all(cases.columns[key])

    def test_wordings_depend_on_the_seed(self) -> None:
        first, second = (facts.cases_of("penalty", "G3", "market", seed) for seed in (1, 2))
        assert first.wordings.tolist() != second.wordings.tolist()
        assert first.columns["violation_type"].tolist() == second.columns["violation_type"].tolist()


class TestInventedNumbers:
    @settings(deadline=None)
    @given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20))
    def test_they_have_a_right_check_character_and_a_wrong_region(self, seeds: list[int]) -> None:
        for number in facts.invented_numbers(np.array(seeds, dtype=np.int64)):
            assert number.startswith("99")
            assert ResidentId.parse(number).verdict is not Verdict.INVALID
            assert date(1950, 1, 1) < date(int(number[6:10]), int(number[10:12]), int(number[12:14])) < TODAY
