"""Telling what a text is when nobody says so."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.identifiers import (
    Kind,
    PersonNumber,
    Uscc,
    Verdict,
    identify,
    looks_like_resident_id,
    make_uscc,
    may_be_personal,
    normalise,
    registration_number_check_digit,
    resident_id_check_character,
)

CASES = [
    ("91320583187588026H", Kind.USCC, Verdict.VALID),
    ("９１３２０５８３-1875 88026h", Kind.USCC, Verdict.VALID),
    ("121200004013590816", Kind.USCC, Verdict.VALID),
    ("113205839616894686", Kind.USCC, Verdict.VALID),
    ("523205839109801596", Kind.USCC, Verdict.VALID),
    ("N2320583501346843C", Kind.USCC, Verdict.VALID),
    ("91350211M00013FA1N", Kind.USCC, Verdict.SUSPECT),
    ("9132O583187588026H", Kind.USCC, Verdict.INVALID),
    ("91320583V87588026H", Kind.USCC, Verdict.INVALID),
    ("9132058318758802H", Kind.USCC, Verdict.INVALID),
    ("91320583187588026HH", Kind.USCC, Verdict.INVALID),
    ("000000000000000000", Kind.USCC, Verdict.SUSPECT),
    ("362322198709086409", Kind.RESIDENT_ID, Verdict.VALID),
    ("321083197812162119", Kind.RESIDENT_ID, Verdict.VALID),
    ("33010219200403064x", Kind.RESIDENT_ID, Verdict.VALID),
    ("330102192004030640", Kind.RESIDENT_ID, Verdict.SUSPECT),
    ("330102192013010640", Kind.RESIDENT_ID, Verdict.INVALID),
    ("3301022011022000D6", Kind.RESIDENT_ID, Verdict.INVALID),
    ("33O10219200403064X", Kind.RESIDENT_ID, Verdict.INVALID),
    ("33010219200403064", Kind.RESIDENT_ID, Verdict.INVALID),
    ("320583199001011264", Kind.RESIDENT_ID, Verdict.INVALID),
    ("150102880730303", Kind.RESIDENT_ID, Verdict.VALID),
    ("111111111111111", Kind.RESIDENT_ID, Verdict.VALID),
    ("81000019980902013X", Kind.HMT_RESIDENCE_PERMIT, Verdict.VALID),
    ("820000200009100032", Kind.HMT_RESIDENCE_PERMIT, Verdict.VALID),
    ("830000200209060065", Kind.HMT_RESIDENCE_PERMIT, Verdict.VALID),
    ("932682198501010017", Kind.FOREIGN_PERMANENT_RESIDENCE, Verdict.VALID),
    ("USA320085010112", Kind.FOREIGN_PERMANENT_RESIDENCE, Verdict.VALID),
    ("61399181-2", Kind.ORGANISATION_CODE, Verdict.VALID),
    ("613991813", Kind.ORGANISATION_CODE, Verdict.SUSPECT),
    ("61399181", Kind.ORGANISATION_CODE, Verdict.INVALID),
    ("110108000000016", Kind.REGISTRATION_NUMBER, Verdict.VALID),
    ("110108990000019", Kind.REGISTRATION_NUMBER, Verdict.SUSPECT),
    ("11010899000001", Kind.REGISTRATION_NUMBER, Verdict.INVALID),
    ("37000040000229B", Kind.REGISTRATION_NUMBER, Verdict.INVALID),
    ("320583187588026", Kind.TAX_NUMBER, Verdict.VALID),
    ("320583MA1MABCD6", Kind.TAX_NUMBER, Verdict.VALID),
    ("320583MA1MABCD0", Kind.TAX_NUMBER, Verdict.SUSPECT),
    ("事证第132058300123号", Kind.PUBLIC_INSTITUTION_CERTIFICATE, Verdict.VALID),
    ("132058300123", Kind.PUBLIC_INSTITUTION_CERTIFICATE, Verdict.VALID),
    ("事证第13205号", Kind.PUBLIC_INSTITUTION_CERTIFICATE, Verdict.INVALID),
    ("苏社证字第0123号", Kind.SOCIAL_ORGANISATION_CERTIFICATE, Verdict.VALID),
    ("3.20583E+17", Kind.UNKNOWN, Verdict.INVALID),
    ("", Kind.UNKNOWN, Verdict.INVALID),
    ("-", Kind.UNKNOWN, Verdict.INVALID),
    ("无", Kind.UNKNOWN, Verdict.INVALID),
    ("P174468(6)", Kind.UNKNOWN, Verdict.INVALID),
    ("昆山市诚信科技有限公司", Kind.UNKNOWN, Verdict.INVALID),
]


@pytest.mark.parametrize(("text", "kind", "verdict"), CASES)
def test_each_text_is_what_it_is(text: str, kind: Kind, verdict: Verdict) -> None:
    found = identify(text)
    assert (found.kind, found.verdict) == (kind, verdict)
    assert found.input == text


anything = st.text(st.characters(exclude_categories=()))
code_like = st.text("0123456789ABCXYZOISVabcxo０１９ＡＸ -—\u200b\u3000.+E号第事证社字٣𝟗\x00\n", max_size=24)


@given(anything | code_like)
@settings(max_examples=1_000)
def test_identify_answers_for_every_text(text: str) -> None:
    found = identify(text)
    assert found.input == text
    assert (found.verdict is Verdict.INVALID) == any(p.severity == "error" for p in found.problems)
    for problem in found.problems:
        assert problem.position is None or 1 <= problem.position <= len(found.normalised)
    assert set(found.as_dict()) == {
        "input",
        "normalised",
        "kind",
        "verdict",
        "problems",
        "derived",
        "suggestions",
    }


@given(anything | code_like, st.dates(), st.sets(code_like, max_size=4))
def test_identify_answers_with_every_day_and_register(text: str, on: date, known: set[str]) -> None:
    found = identify(text, on=on, known=known)
    assert set(found.suggestions) <= known | {found.normalised} or found.kind in {
        Kind.RESIDENT_ID,
        Kind.HMT_RESIDENCE_PERMIT,
        Kind.FOREIGN_PERMANENT_RESIDENCE,
    }
    assert len(found.suggestions) <= 1


@given(code_like)
def test_what_was_normalised_is_identified_as_the_same(text: str) -> None:
    once = identify(text)
    again = identify(once.normalised)
    assert (again.kind, again.verdict, again.normalised) == (once.kind, once.verdict, once.normalised)


@given(code_like)
def test_a_text_identified_as_a_uscc_gets_the_verdict_of_a_uscc(text: str) -> None:
    found = identify(text)
    if found.kind is Kind.USCC:
        assert found.verdict is Uscc.parse(text).verdict
        assert found.problems == Uscc.parse(text).problems


@pytest.mark.parametrize("text", ["9" * 1_000_000, "证" * 100_000, "社证字" * 1_000, "\ud800" * 18, "\x00" * 18])
def test_monstrous_texts_are_answered_in_few_words(text: str) -> None:
    found = identify(text)
    assert found.verdict is Verdict.INVALID
    assert sum(len(problem.message) for problem in found.problems) < 5_000


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 999), st.sampled_from(["11", "32", "36", "51"]))
def test_a_right_resident_id_is_never_taken_for_a_body(born: date, sequence: int, home: str) -> None:
    first17 = f"{home}0583{born:%Y%m%d}{sequence:03}"
    found = identify(first17 + resident_id_check_character(first17))
    assert isinstance(found, PersonNumber)
    assert may_be_personal(found)


@given(
    st.sampled_from(["91", "92", "93", "N2", "A1", "Y1"]),
    st.integers(0, 999_999),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8),
)
def test_a_right_uscc_of_the_great_registers_is_never_taken_for_a_person(pair: str, region: int, body: str) -> None:
    found = identify(make_uscc(pair[0], pair[1], f"{region:06}", body))
    assert (found.kind, found.verdict) == (Kind.USCC, Verdict.VALID)


def test_a_registration_number_that_looks_like_an_old_id_says_so() -> None:
    body = "11010849123100"
    found = identify(body + registration_number_check_digit(body))
    assert found.kind is Kind.REGISTRATION_NUMBER
    assert found.verdict is Verdict.VALID
    assert [problem.code for problem in found.problems] == ["also_fits_person"]
    assert may_be_personal(found)


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("91320583187588026H", False),
        ("370000400002298", False),
        ("61399181-2", False),
        ("11010519491231002X", True),
        ("110105194912310020", True),
        ("110105491231002", True),
        ("USA320085010112", True),
        ("932682198501010017", True),
        ("无", False),
    ],
)
def test_what_may_be_personal_must_stay_unpublished(text: str, *, personal: bool) -> None:
    assert may_be_personal(identify(text)) == personal


@given(code_like)
def test_whatever_looks_like_a_resident_id_may_be_personal(text: str) -> None:
    if looks_like_resident_id(normalise(text)):
        assert may_be_personal(identify(text))


def test_the_day_reaches_tables_and_birthdays() -> None:
    assert identify("91320583187588026H", on=date(2015, 1, 1)).problems[0].code == "category_unknown"
    assert identify("11010519491231002X", on=date(1949, 1, 1)).verdict is Verdict.INVALID
