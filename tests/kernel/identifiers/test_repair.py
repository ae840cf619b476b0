"""Suggestions: exactly one, of a known body, never of a person, never applied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.kernel.identifiers import Kind, Verdict, identify, make_uscc
from chengxin.kernel.identifiers.checks import USCC_ALPHABET, uscc_checks_agree
from chengxin.kernel.identifiers.repair import one_slip_away

GOOD = "91320583187588026H"
OTHER = "923205835532929127"
KNOWN = frozenset({GOOD, OTHER})


@pytest.mark.parametrize(
    "slipped",
    [
        "91320583187588026A",
        "91320583187588028H",
        "91320583178588026H",
        "9132058318758802H",
        "91320583187588026HH",
        "913205831875880026H",
        "19320583187588026H",
        "9132058318758802GH",
        "91320583L87588026H",
        "9132O583187588026H",
        "9l320583187588026H",
        "91320583I875880Z6H",
        "９１３２Ｏ５８３１８７５８８０２６Ｈ",
        "9132О583187588026Н",
    ],
)
def test_one_slip_away_from_a_known_body_is_suggested(slipped: str) -> None:
    found = identify(slipped, known=KNOWN)
    assert found.verdict is not Verdict.VALID
    assert found.suggestions == (GOOD,)
    assert found.normalised != GOOD, "a suggestion is never applied"


@pytest.mark.parametrize("slipped", ["91320583187588026A", "9132058318758802H", "91320583178588026H"])
def test_without_known_bodies_nothing_is_searched(slipped: str) -> None:
    assert identify(slipped).suggestions == ()
    assert identify(slipped, known=()).suggestions == ()
    assert identify(slipped, known={OTHER}).suggestions == ()


def test_lookalikes_are_folded_without_known_bodies_when_all_then_agrees() -> None:
    assert identify("9132O583I87588O26H").suggestions == (GOOD,)
    assert identify("9132O583I87588O26A").suggestions == ()


def test_folded_lookalikes_of_an_unknown_body_are_not_suggested_when_bodies_are_known() -> None:
    assert identify("9132O583187588026H", known={OTHER}).suggestions == ()


def test_two_slips_are_too_many() -> None:
    assert identify("91320583178588026A", known=KNOWN).suggestions == ()


def test_two_candidates_are_no_suggestion() -> None:
    wrong = "91320583187588026A"
    near = sorted(code for code in one_slip_away(wrong, USCC_ALPHABET) if uscc_checks_agree(code))
    one, other = GOOD, next(code for code in near if code != GOOD)
    assert identify(wrong, known={one}).suggestions == (one,)
    assert identify(wrong, known={other}).suggestions == (other,)
    assert identify(wrong, known={one, other}).suggestions == ()


def test_a_known_code_with_a_wrong_check_character_is_left_as_it_is() -> None:
    registered = "91350211M00013FA1N"
    right = "91350211M00013FA13"
    found = identify(registered, known={registered, right})
    assert found.verdict is Verdict.SUSPECT
    assert found.suggestions == ()
    assert identify(registered, known={right}).suggestions == (right,)


def test_a_valid_code_needs_no_suggestion_even_when_unknown() -> None:
    assert identify(GOOD, known={OTHER}).suggestions == ()


def test_known_bodies_may_be_a_predicate() -> None:
    asked: list[str] = []

    def known(code: str) -> bool:
        asked.append(code)
        return code == GOOD

    assert identify("91320583187588026A", known=known).suggestions == (GOOD,)
    assert len(asked) < 20, "the register is asked only about codes that agree with their checks"


@pytest.mark.parametrize("person", ["11010519491231002X", "110105491231002", "81000019980902013X"])
def test_persons_are_never_searched_for(person: str) -> None:
    slipped = person[:-2] + ("0" if person[-2] != "0" else "1") + person[-1]
    assert identify(slipped, known={person}).suggestions == ()
    assert identify(slipped, known=lambda _: True).suggestions == ()


def test_a_lookalike_in_a_persons_number_is_folded_without_asking_any_register() -> None:
    asked: list[str] = []
    found = identify("11O10519491231002X", known=lambda code: not asked.append(code))  # type: ignore[func-returns-value]
    assert found.suggestions == ("11010519491231002X",)
    assert asked == []


@pytest.mark.parametrize(
    ("slipped", "right", "kind"),
    [
        ("61399181-3", "613991812", Kind.ORGANISATION_CODE),
        ("6139918-2", "613991812", Kind.ORGANISATION_CODE),
        ("370000400002289", "370000400002298", Kind.REGISTRATION_NUMBER),
        ("37000040000229B", "370000400002298", Kind.REGISTRATION_NUMBER),
        ("37000040000298", "370000400002298", Kind.REGISTRATION_NUMBER),
        ("320583MA1MABCD0", "320583MA1MABCD6", Kind.TAX_NUMBER),
    ],
)
def test_older_numbers_are_repaired_too(slipped: str, right: str, kind: Kind) -> None:
    found = identify(slipped, known={right})
    assert found.kind is kind
    assert found.suggestions == (right,)


@given(st.text("0123456789AH", min_size=1, max_size=6))
def test_every_kind_of_slip_is_among_the_candidates(code: str) -> None:
    near = set(one_slip_away(code, "0123456789AH"))
    for index in range(len(code)):
        assert code[:index] + code[index + 1 :] in near
        assert code[:index] + "A" + code[index + 1 :] in near
        assert code[:index] + "A" + code[index:] in near
        assert code[:index] + code[index] + code[index:] in near
    for index in range(len(code) - 1):
        assert code[:index] + code[index + 1] + code[index] + code[index + 2 :] in near


@given(st.text("0123456789AH", min_size=1, max_size=6))
def test_candidates_differ_in_length_by_at_most_one(code: str) -> None:
    assert {abs(len(near) - len(code)) for near in one_slip_away(code, "0123456789AH")} <= {0, 1}


def test_the_candidates_of_a_uscc_are_about_eleven_hundred() -> None:
    assert 1_100 < len(list(one_slip_away(GOOD, USCC_ALPHABET))) < 1_250


@given(
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
    st.integers(0, 17),
    st.sampled_from(USCC_ALPHABET),
)
def test_any_one_wrong_character_finds_the_one_known_body(body: str, position: int, character: str) -> None:
    right = make_uscc("9", "1", "320583", body)
    slipped = right[:position] + character + right[position + 1 :]
    found = identify(slipped, known={right})
    if found.kind is Kind.USCC and found.verdict is not Verdict.VALID:
        assert found.suggestions == (right,)
