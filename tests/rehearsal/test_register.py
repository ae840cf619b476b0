"""Registers: every body once and sound, whatever else is wrong beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.rehearsal import dirt, register, vocabulary

if TYPE_CHECKING:
    from chengxin.base.city import City
    from chengxin.rehearsal.bodies import Bodies
    from chengxin.rehearsal.sheet import Sheet

TODAY = date(2026, 1, 5)
KINDS = dirt.fitting("registration", "R1")
KIND_COUNT = len(KINDS)


def sheet_of(city: City, bodies: Bodies, style: str = "dash") -> Sheet:
    organ = city.organisation("ks-scjg")
    return register.make_sheet(organ, bodies, register.bodies_of(bodies, organ), style, TODAY)


class TestWho:
    def test_every_registered_body_is_in_exactly_one_register(self, city: City, bodies: Bodies) -> None:
        held = np.concatenate([register.bodies_of(bodies, organ) for organ in city.registrars()])
        assert sorted(held.tolist()) == list(range(bodies.registered))

    @pytest.mark.parametrize(
        ("code", "starts"),
        [("ks-scjg", ("91", "92", "93")), ("ks-bb", ("12",)), ("ks-mzj", ("51", "52"))],
    )
    def test_each_registrar_keeps_its_own_kinds(
        self, city: City, bodies: Bodies, code: str, starts: tuple[str, ...]
    ) -> None:
        held = bodies.usccs(register.bodies_of(bodies, city.organisation(code)))
        assert held
        assert all(each.startswith(starts) for each in held)

    def test_an_organ_without_a_register_keeps_nobody(self, city: City, bodies: Bodies) -> None:
        assert register.bodies_of(bodies, city.organisation("ks-cgj")).size == 0


class TestExtras:
    @given(st.lists(st.integers(0, KIND_COUNT), min_size=1, max_size=200))
    def test_every_body_has_one_sound_row_and_its_second_follows_at_once(self, held: list[int]) -> None:
        from chengxin.base.city import load_city  # noqa: PLC0415 - fixtures do not mix with given
        from chengxin.rehearsal.bodies import make_bodies  # noqa: PLC0415 - the same

        bodies = make_bodies(load_city("kunshan"), seed=2, count=200, today=TODAY)
        body = np.arange(len(held), dtype=np.int64)
        rows, labels = register.with_extras(body, np.array(held, dtype=np.int64), KINDS, bodies)
        assert rows[labels == 0].tolist() == body.tolist()
        for place in np.flatnonzero(labels).tolist():
            assert rows[place - 1] == rows[place]
            assert labels[place - 1] == 0
            assert labels[place] == held[int(rows[place])]

    def test_codes_with_letters_are_not_damaged_by_spreadsheets(self, bodies: Bodies) -> None:
        place = [each.kind for each in KINDS].index("excel_damaged") + 1
        body = np.arange(200, dtype=np.int64)
        rows, labels = register.with_extras(body, np.full(200, place, dtype=np.int64), KINDS, bodies)
        again = rows[labels == place].tolist()
        assert again == [each for each in bodies.all_digits.tolist() if each < 200]


class TestSheet:
    def test_it_has_the_columns_of_the_list(self, city: City, bodies: Bodies) -> None:
        columns = {column.key for column in vocabulary.layouts().columns["registration", "R1"]}
        assert set(sheet_of(city, bodies).clean) == columns

    def test_codes_of_a_body_agree(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies)
        assert list(sheet.clean["uscc"]) == sheet.uscc == list(sheet.clean["tax_number"])
        assert [code[8:17] for code in sheet.uscc] == list(sheet.clean["organisation_code"])

    def test_names_are_the_bodies_names_with_the_former_ones_beside(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies)
        body = register.bodies_of(bodies, city.organisation("ks-scjg"))
        assert list(sheet.clean["subject_name"]) == bodies.names(body)
        assert list(sheet.clean["former_name"]) == bodies.former_names(body)
        assert any(sheet.clean["former_name"])

    def test_individual_businesses_are_called_so_and_have_no_capital(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies)
        for code, category, kind, capital in zip(
            sheet.uscc,
            sheet.clean["subject_category"],
            sheet.clean["body_type"],
            sheet.clean["registered_capital"],
            strict=True,
        ):
            if code.startswith("92"):
                assert (category, kind, capital) == ("个体工商户", "个体工商户", "")
            else:
                assert category == "法人"

    def test_capital_is_an_amount_or_empty(self, city: City, bodies: Bodies) -> None:
        held = [each for each in sheet_of(city, bodies).clean["registered_capital"] if each]
        assert len(held) > 1_000
        assert all(Decimal(each) > 0 for each in held)

    def test_days_are_in_order_and_none_is_in_the_future(self, city: City, bodies: Bodies) -> None:
        clean = sheet_of(city, bodies).clean
        for started, changed, until in zip(
            clean["established_on"], clean["decided_on"], clean["valid_until"], strict=True
        ):
            assert started <= changed <= TODAY.isoformat() < "2099-12-31"
            assert started < until
        assert "2099-12-31" in clean["valid_until"]

    def test_days_are_shown_in_the_files_style(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies, "slash")
        for key in ("established_on", "valid_from", "valid_until", "decided_on"):
            assert list(sheet.shown[key]) == [day.replace("-", "/") for day in sheet.clean[key]]

    def test_most_bodies_exist_and_every_state_occurs(self, city: City, bodies: Bodies) -> None:
        states = list(sheet_of(city, bodies).clean["status"])
        existing = sum(state in ("存续", "在业", "开业") for state in states)
        assert 0.85 < existing / len(states) < 0.99
        assert set(states) == {text for text, _ in vocabulary.names().states}

    def test_the_registrar_signs_every_row(self, city: City, bodies: Bodies) -> None:
        sheet = sheet_of(city, bodies)
        assert set(sheet.clean["registrar_name"]) == {"昆山市市场监督管理局"}
        assert set(sheet.clean["registrar_code"]) == {city.organisation("ks-scjg").uscc}
