"""The rehearsal's data files: what they hold fits together, and with the catalogue."""

from __future__ import annotations

import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.city import BODY_KINDS, ITEMS, load_city
from chengxin.catalogue import load_catalogue
from chengxin.intake.rulebook import rulebook
from chengxin.rehearsal import vocabulary

PENALTY_KINDS_OF_ARTICLE_9 = {
    "警告", "通报批评", "罚款", "没收违法所得", "没收非法财物", "暂扣许可证件", "降低资质等级", "吊销许可证件",
    "限制开展生产经营活动", "责令停产停业", "责令关闭", "限制从业", "行政拘留", "其他",
}  # fmt: skip


class TestLayouts:
    @pytest.mark.parametrize("item", ["licence", "penalty"])
    @pytest.mark.parametrize("generation", vocabulary.GENERATIONS)
    def test_every_column_is_a_field_of_the_catalogue(self, item: str, generation: str) -> None:
        known = {field.key for field in load_catalogue().item(item).fields}
        columns = vocabulary.layouts().columns[item, generation]
        assert {column.key for column in columns} <= known

    def test_registration_has_every_field_of_the_catalogue(self) -> None:
        # Which code was re-issued stands in its own statement, not in the rehearsal's plain registers.
        known = {field.key for field in load_catalogue().item("registration").fields} - {"former_uscc"}
        assert {column.key for column in vocabulary.layouts().columns["registration", "R1"]} == known

    def test_no_list_names_a_column_twice(self) -> None:
        for columns in vocabulary.layouts().columns.values():
            for names in zip(*((each.key, each.chinese, each.code) for each in columns), strict=True):
                assert len(names) == len(set(names))

    @pytest.mark.parametrize(("item", "start"), [("licence", "XK_"), ("penalty", "CF_")])
    def test_codes_begin_as_the_standard_has_them(self, item: str, start: str) -> None:
        shared = {"DFBM", "SJC", "BZ"}
        for generation in vocabulary.GENERATIONS:
            columns = vocabulary.layouts().columns[item, generation]
            assert all(column.code.startswith(start) or column.code in shared for column in columns)

    def test_a_column_of_the_departments_own_is_marked_as_carried(self) -> None:
        assert vocabulary.layouts().carried.startswith("flex_")


class TestPlan:
    def test_every_generation_encoding_and_style_of_header_is_handed_in(self) -> None:
        profiles = vocabulary.plan().profiles
        for item in ("licence", "penalty"):
            assert {each.generation for each in profiles if each.item == item} == {"G1", "G2", "G3"}
        assert {each.encoding for each in profiles} == {"utf-8", "utf-8-sig", "gb18030", "xlsx"}
        assert {each.headers for each in profiles} == {"chinese", "codes", "noted"}
        assert {each.dates for each in profiles} == {"dash", "slash", "plain", "cell"}
        assert any(each.moved for each in profiles)

    def test_the_shares_of_an_items_files_add_up(self) -> None:
        for item in ("licence", "penalty"):
            shares = [each.share for each in vocabulary.plan().profiles if each.item == item]
            assert sum(shares) == pytest.approx(1)

    def test_kunshan_has_an_organ_for_every_profile(self) -> None:
        city = load_city("kunshan")
        for each in vocabulary.plan().profiles:
            assert [one for one in city.handing_in(each.item) if one.duty == each.duty], each

    def test_date_cells_are_for_workbooks_only(self) -> None:
        plan = vocabulary.plan()
        assert all(each.format == "xlsx" for each in (*plan.profiles, *plan.registration) if each.dates == "cell")


class TestNames:
    def test_every_kind_of_body_has_a_registrar_and_the_shares_add_up(self) -> None:
        kinds = vocabulary.names().kinds
        assert {kind.kind for kind in kinds} == set(BODY_KINDS)
        assert sum(kind.share for kind in kinds) == pytest.approx(1)
        assert all(kind.tails for kind in kinds)

    def test_subject_categories_and_states_are_in_the_catalogues_code_sets(self) -> None:
        categories = load_catalogue().code_set("subject_category")
        states = load_catalogue().code_set("registration_status")
        assert all(categories.read(kind.category, "R1") for kind in vocabulary.names().kinds)
        assert all(states.read(text, "R1") for text, _ in vocabulary.names().states)

    def test_words_of_persons_and_roads_are_chinese_and_not_doubled(self) -> None:
        words = vocabulary.names()
        for held in (words.surnames, words.given):
            assert len(held) == len(set(held)) > 50
        for held in (words.surnames, words.given, words.roads):
            assert all("\u4e00" <= letter <= "\u9fff" for letter in held)
        assert len(words.roads) % 2 == 0

    def test_ends_of_names_differ_between_kinds(self) -> None:
        ends: dict[str, str] = {}
        for kind in vocabulary.names().kinds:
            for tail in kind.tails:
                assert ends.setdefault(tail.text, kind.prefix) == kind.prefix

    def test_every_end_of_a_name_tells_industry_scope_and_type(self) -> None:
        for kind in vocabulary.names().kinds:
            for tail in kind.tails:
                assert tail.industry
                assert tail.scope
                assert tail.body_type
                assert tail.weight > 0

    def test_shares_are_shares(self) -> None:
        assert set(vocabulary.names().shares) == {
            "bracket_share",
            "branch_share",
            "four_share",
            "legacy_share",
            "numeric_share",
            "rename_share",
        }
        assert all(0 < share < 1 for share in vocabulary.names().shares.values())

    def test_capital_is_an_amount(self) -> None:
        assert all(Decimal(each) > 0 for each in vocabulary.names().capital)


class TestDirt:
    def test_rates_leave_most_rows_sound(self) -> None:
        held = vocabulary.dirt_rates()
        assert 0 < sum(each.rate for each in held.main) < 0.2
        assert sum(rate for _, rate in held.surface) < 0.2

    def test_what_is_held_back_names_the_rule_and_nothing_else_does(self) -> None:
        for each in vocabulary.dirt_rates().main:
            assert (each.outcome == "quarantined") == bool(each.rule), each
            assert not (each.linked and each.outcome == "quarantined")
            assert set(each.items) <= set(ITEMS)

    def test_every_rule_named_is_in_the_platforms_rulebook(self) -> None:
        held = rulebook()
        written = {rule.id for rule in held.written}
        generated = {wording.id for wording in held.generated.values()}
        for each in vocabulary.dirt_rates().main:
            shapes = {each.rule, each.rule.replace("uscc", "{field}"), each.rule.replace("identity", "{field}")}
            assert not each.rule or each.rule in written or shapes & generated, each.rule

    def test_a_written_rule_speaks_about_every_list_its_dirt_is_found_in(self) -> None:
        written = {rule.id: rule for rule in rulebook().written}
        for each in vocabulary.dirt_rates().main:
            if each.rule in written:
                for item in each.items:
                    for generation in each.generations or vocabulary.GENERATIONS:
                        assert written[each.rule].applies(item, generation)

    def test_brackets_come_in_pairs_of_two_and_are_not_the_right_ones(self) -> None:
        for pair in vocabulary.dirt_rates().brackets:
            assert len(pair) == 2
            assert pair != "〔〕"

    def test_impossible_dates_have_the_shape_of_dates(self) -> None:
        for day in vocabulary.dirt_rates().impossible_dates:
            assert [len(part) for part in day.split("-")] == [4, 2, 2]

    def test_every_outcome_a_receipt_counts_occurs(self) -> None:
        outcomes = {each.outcome for each in vocabulary.dirt_rates().main}
        assert outcomes == {"accepted", "updated", "duplicate", "quarantined"}

    @pytest.mark.parametrize("item", ["licence", "penalty"])
    def test_fields_left_out_are_required_in_every_generation(self, item: str) -> None:
        held = load_catalogue().item(item)
        for key in vocabulary.dirt_rates().required[item]:
            assert held.field(key).required >= set(vocabulary.GENERATIONS)

    def test_late_is_beyond_any_seven_working_days_and_in_time_is_within(self) -> None:
        held = vocabulary.dirt_rates()
        assert held.in_time_days <= 6
        assert held.late_days[0] >= 7 + 4 + 9

    def test_the_region_of_invented_persons_does_not_exist(self) -> None:
        assert vocabulary.dirt_rates().person_region.startswith("99")
        assert vocabulary.dirt_rates().foreign_issuer["region"].startswith("99")

    def test_a_dirt_of_some_generations_fits_no_other(self) -> None:
        fine = next(each for each in vocabulary.dirt_rates().main if each.kind == "fine_without_amount")
        assert fine.fits("penalty", "G3")
        assert not fine.fits("penalty", "G1")
        assert not fine.fits("licence", "G3")


class TestTexts:
    def test_every_duty_of_the_plan_has_its_matter(self) -> None:
        texts = vocabulary.texts()
        for each in vocabulary.plan().profiles:
            cases = texts.licences if each.item == "licence" else texts.penalties
            assert cases[each.duty]

    def test_penalties_are_of_the_kinds_the_law_lists(self) -> None:
        texts = vocabulary.texts()
        used = {kind for cases in texts.penalties.values() for case in cases for kind in case.kinds}
        assert used <= PENALTY_KINDS_OF_ARTICLE_9
        assert used <= set(texts.phrases)

    @pytest.mark.parametrize("generation", vocabulary.GENERATIONS)
    def test_the_catalogue_reads_every_kind_as_each_generation_spells_it(self, generation: str) -> None:
        texts = vocabulary.texts()
        spelled = texts.spellings.get(generation, {})
        codes = load_catalogue().code_set("penalty_kind")
        for kind in texts.phrases:
            assert codes.read(spelled.get(kind, kind), generation), kind

    def test_fields_of_the_standard_are_kept_short_enough(self) -> None:
        licence, penalty = (load_catalogue().item(item) for item in ("licence", "penalty"))
        texts = vocabulary.texts()
        for cases in texts.licences.values():
            for case in cases:
                assert len(case.document) <= (licence.field("document_name").max_length or 0)
                assert len(case.certificate) <= (licence.field("certificate_name").max_length or 0)
        for breaches in texts.penalties.values():
            for breach in breaches:
                assert len(breach.ground) <= (penalty.field("legal_ground").max_length or 0)

    def test_licence_categories_are_in_the_catalogues_code_set(self) -> None:
        categories = load_catalogue().code_set("licence_category")
        for cases in vocabulary.texts().licences.values():
            assert all(categories.read(case.category, "G3") for case in cases)

    def test_heavier_penalties_are_stated_to_be_public_for_longer(self) -> None:
        for cases in vocabulary.texts().penalties.values():
            for case in cases:
                assert 3 <= case.months <= 36
                assert case.months > 3 or "吊销许可证件" not in case.kinds

    def test_the_fine_is_named_before_the_gains(self) -> None:
        for cases in vocabulary.texts().penalties.values():
            for case in cases:
                if {"罚款", "没收违法所得"} <= set(case.kinds):
                    assert case.kinds.index("罚款") < case.kinds.index("没收违法所得")

    def test_templates_have_no_gaps_but_the_known_ones(self) -> None:
        texts = vocabulary.texts()
        templates = [case.content for cases in texts.licences.values() for case in cases]
        templates += [case.facts for cases in texts.penalties.values() for case in cases]
        for template in templates:
            gaps = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
            assert gaps <= {"place", "goods", "count"}

    def test_every_ground_names_a_law(self) -> None:
        for cases in vocabulary.texts().penalties.values():
            assert all(case.ground.startswith("《") and "》" in case.ground for case in cases)

    def test_fines_lie_between_the_smallest_and_the_largest_sum(self) -> None:
        yuan, _ = vocabulary.amounts()
        for cases in vocabulary.texts().penalties.values():
            assert all(yuan[0] <= case.yuan[0] < case.yuan[1] <= yuan[-1] for case in cases)


class TestAmounts:
    @pytest.mark.parametrize(
        ("yuan", "said"),
        [("5000", "0.5"), ("10000", "1"), ("100000", "10"), ("128.5", "0.01285"), ("100", "0.01"), ("0", "0")],
    )
    def test_yuan_become_ten_thousands(self, yuan: str, said: str) -> None:
        assert vocabulary.in_ten_thousands(Decimal(yuan)) == said

    @given(st.decimals(0, 10**9, places=2, allow_nan=False, allow_infinity=False))
    def test_nothing_is_lost(self, yuan: Decimal) -> None:
        text = vocabulary.in_ten_thousands(yuan)
        assert Decimal(text) * 10_000 == yuan
        assert "E" not in text
        assert not text.endswith(".")

    def test_sums_rise_and_pair_with_their_texts(self) -> None:
        yuan, texts = vocabulary.amounts()
        assert list(yuan) == sorted(set(yuan))
        assert [Decimal(text) * 10_000 for text in texts] == list(yuan)
