"""What a check answers: public fields only, in force only, and never anything about a person."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.catalogue import SubjectKind, load_catalogue
from chengxin.checks.answer import CodeRead, WrongCode, answer_check, public_content, read_code
from chengxin.kernel.identifiers import Verdict
from chengxin.subjects.queries import AmbiguousCode
from chengxin.testing.making import NOW, make_record, make_subject

DAY = date(2026, 3, 2)
USCC = "91320583187588026H"


def _code(value: str = USCC, kind: str = "uscc") -> CodeRead:
    return CodeRead(kind, value, Verdict.VALID, ())


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (USCC, "uscc", USCC),
        (" 91320583187588026h ", "uscc", USCC),
        ("187588026", "organisation_code", "187588026"),
        ("18758802-6", "organisation_code", "187588026"),
        ("110108000000016", "registration_number", "110108000000016"),
    ],
)
def test_a_code_is_understood_as_the_kind_it_is(text: str, kind: str, value: str) -> None:
    read = read_code(text)
    assert (read.kind, read.value, read.verdict) == (kind, value, Verdict.VALID)


def test_a_doubtful_code_is_read_with_its_doubts() -> None:
    read = read_code("91320583187588026A")
    assert read.verdict is Verdict.SUSPECT
    assert [one.code for one in read.problems] == ["check_character"]


@pytest.mark.parametrize("text", ["362322198709086409", "３６２３２２198709086409", "110101900101001"])
def test_a_personal_number_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(WrongCode) as raised:
        _refuse_or_look(text)
    assert raised.value.code == "personal_number"
    assert text not in str(raised.value)
    assert raised.value.where == ""


def _refuse_or_look(text: str) -> None:
    read = read_code(text)
    assert read.personal, "only a number that may also be a body's is looked up"
    raise WrongCode("personal_number", "由登记簿判断", "the register decides")


@pytest.mark.parametrize("text", ["", "昆山", "9132O583187588026H", "1; DROP TABLE", "=1+1", "9" * 64])
def test_a_malformed_code_says_what_is_wrong_with_it(text: str) -> None:
    with pytest.raises(WrongCode) as raised:
        read_code(text)
    assert raised.value.code == "invalid_code"
    assert raised.value.problems
    assert raised.value.message_zh.startswith("代码写法不对")


def test_only_the_kinds_asked_for_are_read() -> None:
    with pytest.raises(WrongCode):
        read_code("187588026", ("uscc",))


@given(st.text(max_size=30))
def test_every_text_is_a_code_or_is_refused_with_a_reason(text: str) -> None:
    try:
        read = read_code(text)
    except WrongCode as error:
        read, refused = None, error.code
    else:
        refused = ""
    assert (read is None) == (refused in {"personal_number", "invalid_code"})
    assert read is None or (read.value and read.verdict is not Verdict.INVALID)


@pytest.mark.django_db
def test_a_body_on_file_is_found_with_its_facts() -> None:
    subject = make_subject()
    make_record(1, subject)
    answer = answer_check(_code(), DAY, NOW)
    assert answer.result == "found"
    assert answer.subject is not None
    assert answer.subject.id == subject.pk
    (fact,) = answer.facts
    assert (fact.record_id, fact.item, fact.issuer) == (1, "licence", "昆山市市场监督管理局")
    assert (answer.on, answer.as_of) == (DAY, NOW)


@pytest.mark.django_db
def test_a_body_without_facts_is_found_and_a_code_of_nobody_is_not() -> None:
    make_subject()
    assert answer_check(_code(), DAY, NOW).result == "found"
    assert answer_check(_code(), DAY, NOW).facts == ()
    nobody = answer_check(_code("91320583MA1MABCD0X"), DAY, NOW)
    assert (nobody.result, nobody.subject, nobody.facts) == ("not_found", None, ())


@pytest.mark.django_db
def test_a_doubtful_code_of_nobody_is_a_slip_of_the_pen_and_not_a_clean_record() -> None:
    with pytest.raises(WrongCode) as raised:
        answer_check(read_code("91320583187588026A"), DAY, NOW)
    assert raised.value.code == "doubtful_code"


@pytest.mark.django_db
def test_a_doubtful_code_that_a_body_really_bears_finds_it() -> None:
    make_subject(uscc="91320583187588026A")
    assert answer_check(read_code("91320583187588026A"), DAY, NOW).result == "found"


@pytest.mark.django_db
def test_a_number_that_may_be_a_persons_finds_only_a_body_that_bears_it() -> None:
    both = CodeRead("registration_number", "320583600101001", Verdict.VALID, (), personal=True)
    with pytest.raises(WrongCode) as raised:
        answer_check(both, DAY, NOW)
    assert raised.value.code == "personal_number"
    make_subject(registration_number="320583600101001")
    assert answer_check(both, DAY, NOW).result == "found"


@pytest.mark.django_db
def test_a_code_at_two_bodies_gives_no_answer_about_either() -> None:
    make_subject(organisation_code="187588026")
    make_subject(name="昆山丙有限公司", uscc="91320583MA1MABCD0X", organisation_code="187588026")
    with pytest.raises(AmbiguousCode):
        answer_check(_code("187588026", "organisation_code"), DAY, NOW)


@pytest.mark.django_db
def test_identity_numbers_and_other_fields_that_are_not_public_never_leave() -> None:
    make_record(1, make_subject())
    (fact,) = answer_check(_code(), DAY, NOW).facts
    assert fact.content == {
        "subject_name": "昆山甲科技有限公司",
        "issuer_name": "昆山市市场监督管理局",
        "content": "食品经营",
    }


@pytest.mark.django_db
def test_asking_about_an_earlier_day_is_no_way_around_the_end_of_a_penaltys_publicity() -> None:
    subject = make_subject()
    ended = date(2026, 2, 1)
    make_record(1, subject, item="penalty", valid_until=ended)
    make_record(2, subject, item="licence", valid_until=ended)
    then = answer_check(_code(), date(2026, 1, 20), NOW)
    assert [fact.record_id for fact in then.facts] == [2]
    as_known_then = answer_check(_code(), date(2026, 1, 20), NOW - timedelta(0))
    assert as_known_then.facts == then.facts


@pytest.mark.django_db
def test_the_answer_as_of_an_earlier_moment_is_the_answer_that_was_given() -> None:
    subject = make_subject()
    make_record(1, subject)
    make_record(2, subject, item="penalty", valid_until=date(2026, 12, 31))
    given_then = answer_check(_code(), DAY, NOW)
    later = NOW + timedelta(days=3)
    same = {"key": uuid.UUID(int=1), "version": 2, "replaces": 1, "recorded_at": later}
    make_record(3, subject, kind="corrected", content={"content": "餐饮服务"}, **same)
    make_record(
        4, subject, key=uuid.UUID(int=2), version=2, kind="withdrawn", replaces=2, public=False, recorded_at=later
    )
    now = answer_check(_code(), DAY, later)
    assert [fact.content.get("content") for fact in now.facts] == ["餐饮服务"]
    assert answer_check(_code(), DAY, NOW) == given_then


@pytest.mark.parametrize("item", [item.key for item in load_catalogue().items])
def test_no_field_is_shown_for_a_kind_it_is_not_public_for(item: str) -> None:
    held = load_catalogue().item(item)
    everything = {field.key: "x" for field in held.fields} | {"withdrawal_reason": "x", "made_up": "x"}
    for kind in SubjectKind:
        shown = public_content(held, kind.value, everything)
        assert set(shown) == {field.key for field in held.public_fields(kind)}
    unknown = set(public_content(held, "something_new", everything))
    assert unknown == {
        field.key for field in held.fields if all(field.is_public_for(kind) for kind in held.subject_kinds)
    }
