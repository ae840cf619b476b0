"""Invented bodies: nobody's name, nobody's code, the same for the same seed."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.base.city import City, load_city
from chengxin.base.errors import ChengxinError
from chengxin.kernel.identifiers import Uscc, Verdict
from chengxin.rehearsal import dates, vocabulary
from chengxin.rehearsal.bodies import Bodies, make_bodies, random

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 1, 5)


def everyone(bodies: Bodies) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(bodies.uscc.size, dtype=np.int64)


class TestNames:
    def test_no_two_bodies_bear_one_name_now_or_before(self, bodies: Bodies) -> None:
        index = everyone(bodies)
        names = bodies.names(index) + [name for name in bodies.former_names(index) if name]
        assert len(names) == len(set(names))

    def test_no_name_is_a_real_firms_name(self, bodies: Bodies, shared_data: Path) -> None:
        real: set[str] = set()
        for folder in ("names", "company"):
            for path in sorted((shared_data / folder).glob("*.csv")):
                with path.open(encoding="utf-8-sig", newline="") as held:
                    real.update(cell for row in csv.reader(held) for cell in row)
        index = everyone(bodies)
        assert len(real) > 3_000
        assert not real & {*bodies.names(index), *bodies.former_names(index)} - {""}

    def test_the_character_table_has_no_doubles_and_only_gb18030(self) -> None:
        characters = vocabulary.names().characters
        assert len(characters) == len(set(characters)) >= 160
        assert characters.encode("gb18030").decode("gb18030") == characters

    def test_some_names_need_gb18030_and_not_just_gbk(self, bodies: Bodies) -> None:
        rare = [name for name in bodies.names(everyone(bodies)) if "䶮" in name or "㼆" in name]
        assert rare
        with pytest.raises(UnicodeEncodeError):
            rare[0].encode("gbk")

    def test_firms_are_named_by_the_grammar_of_firms(self, bodies: Bodies) -> None:
        index = everyone(bodies)
        firms = index[bodies.is_kind(index, "enterprise") & (bodies.parent < 0)]
        shape = re.compile(r"((昆山市?|江苏|苏州)\w{3,4}|\w{3,4}（昆山）)\w+(有限公司|有限责任公司|股份有限公司)")
        assert all(shape.fullmatch(name) for name in bodies.names(firms))
        assert any("（昆山）" in name for name in bodies.names(firms))

    def test_individual_businesses_are_named_after_their_town(self, bodies: Bodies) -> None:
        index = everyone(bodies)
        names = bodies.names(index[bodies.is_kind(index, "individual_business")])
        assert all(name.startswith("昆山") for name in names)
        assert any("周市镇" in name for name in names)
        assert not any("公司" in name for name in names)

    def test_a_branch_bears_its_firms_name_and_no_firm_has_two(self, bodies: Bodies) -> None:
        branches = np.flatnonzero(bodies.parent >= 0).astype(np.int64)
        assert branches.size > 30
        names, mains = bodies.names(branches), bodies.names(bodies.parent[branches])
        assert all(name.startswith(main) and name.endswith("分公司") for name, main in zip(names, mains, strict=True))
        assert len(set(bodies.parent[branches].tolist())) == branches.size
        assert (bodies.parent[bodies.parent[branches]] < 0).all()

    def test_some_firms_had_another_name_before(self, bodies: Bodies) -> None:
        index = everyone(bodies)
        former = bodies.former_names(index)
        renamed = [(now, before) for now, before in zip(bodies.names(index), former, strict=True) if before]
        assert 30 < len(renamed) < 300
        assert all(now != before for now, before in renamed)

    def test_names_do_not_depend_on_who_is_asked_for(self, bodies: Bodies) -> None:
        index = everyone(bodies)
        assert bodies.names(index[500:520]) == bodies.names(index)[500:520]
        assert bodies.addresses(index[500:520]) == bodies.addresses(index)[500:520]
        assert bodies.persons(index[500:520]) == bodies.persons(index)[500:520]

    def test_a_move_changes_the_address(self, bodies: Bodies) -> None:
        index = everyone(bodies)[:200]
        moved = [a != b for a, b in zip(bodies.addresses(index), bodies.addresses(index, turn=1), strict=True)]
        assert sum(moved) > 190

    def test_persons_have_chinese_names_of_two_or_three_characters(self, bodies: Bodies) -> None:
        assert all(re.fullmatch(r"[\u4e00-\u9fff]{2,3}", name) for name in bodies.persons(everyone(bodies)))


class TestCodes:
    def test_every_code_is_valid_and_nobody_shares_one(self, bodies: Bodies) -> None:
        made = bodies.usccs(everyone(bodies))
        assert len(set(made)) == len(made)
        assert {Uscc.parse(code).verdict for code in made} == {Verdict.VALID}

    def test_the_first_two_characters_say_what_a_body_is(self, bodies: Bodies) -> None:
        kinds = vocabulary.names().kinds
        for code, kind in zip(bodies.usccs(everyone(bodies)), bodies.kind.tolist(), strict=True):
            assert code[:2] == kinds[kind].prefix

    def test_every_kind_occurs_in_about_its_share(self, bodies: Bodies) -> None:
        counts = Counter(bodies.kind.tolist())
        for place, kind in enumerate(vocabulary.names().kinds):
            assert counts[place] / bodies.kind.size == pytest.approx(kind.share, abs=0.03)

    def test_codes_of_digits_only_are_found(self, bodies: Bodies) -> None:
        made = bodies.usccs(everyone(bodies))
        digits = [place for place, code in enumerate(made[: bodies.registered]) if code.isdigit()]
        assert bodies.all_digits.tolist() == digits
        assert len(digits) > 150

    def test_only_commercial_bodies_have_a_fifteen_digit_number(self, bodies: Bodies) -> None:
        index = everyone(bodies)
        for code, number in zip(bodies.usccs(index), bodies.registration_numbers(index), strict=True):
            assert number == "" or (len(number) == 15 and code[:2] in ("91", "92", "93"))

    def test_fifteen_digit_numbers_are_not_shared(self, bodies: Bodies) -> None:
        held = [number for number in bodies.registration_numbers(everyone(bodies)) if number]
        assert len(held) == len(set(held)) > 1_000


class TestMaking:
    def test_the_register_holds_as_many_as_asked_and_some_are_unknown_to_it(self, bodies: Bodies) -> None:
        assert bodies.registered == 3_000
        assert bodies.uscc.size == 3_060

    @settings(max_examples=10)
    @given(st.integers(0, 2**32), st.integers(1, 60))
    def test_same_seed_same_bodies(self, seed: int, count: int) -> None:
        town = load_city("kunshan")
        first, second = (make_bodies(town, seed=seed, count=count, today=TODAY) for _ in range(2))
        index = everyone(first)
        assert first.usccs(index) == second.usccs(index)
        assert first.names(index) == second.names(index)
        assert first.established.tolist() == second.established.tolist()

    def test_another_seed_gives_other_names_and_codes(self, city: City, bodies: Bodies) -> None:
        other = make_bodies(city, seed=12, count=3_000, today=TODAY)
        index = everyone(bodies)
        assert not set(bodies.names(index)) & set(other.names(index))
        assert len(set(bodies.usccs(index)) & set(other.usccs(index))) < 20

    def test_nobody_was_established_in_the_future(self, bodies: Bodies) -> None:
        assert bodies.established.max() < dates.number(TODAY)
        assert bodies.established.min() > 0

    @pytest.mark.parametrize("count", [0, -1, 10**8])
    def test_a_number_of_bodies_that_cannot_be_named_is_refused(self, city: City, count: int) -> None:
        with pytest.raises(ChengxinError) as caught:
            make_bodies(city, seed=1, count=count, today=TODAY)
        assert caught.value.code == "rehearsal_size"
        assert f"演练主体数 {count} 不在" in caught.value.message_zh

    def test_a_million_bodies_can_be_named(self) -> None:
        size = len(vocabulary.names().characters)
        assert size**3 > 2 * 1_020_000

    def test_one_body_is_enough(self, city: City) -> None:
        alone = make_bodies(city, seed=3, count=1, today=TODAY)
        assert len(alone.names(np.array([0]))) == 1

    def test_random_numbers_depend_on_seed_and_path_only(self) -> None:
        assert random(1, 2, 3).integers(1000, size=5).tolist() == random(1, 2, 3).integers(1000, size=5).tolist()
        assert random(1, 2, 3).integers(1000, size=5).tolist() != random(1, 2, 4).integers(1000, size=5).tolist()
