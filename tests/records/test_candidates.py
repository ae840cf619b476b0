"""Which bodies an officer is shown: found by a code or by a name, ranked, with reasons, and never decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import fold_name
from chengxin.records.candidates import CODE_KINDS, Asked, find_candidates
from chengxin.records.models import Record
from chengxin.records.review_settings import review_settings
from chengxin.subjects.models import Identifier, Name, Subject
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

pytestmark = pytest.mark.django_db

NAME = "昆山禾映科技有限公司"


def body(number: int, name: str = "", **codes: str) -> Subject:
    made = make_subject(name=name or f"昆山禾映{number}号科技有限公司", uscc=uscc(number), **codes)
    Name.objects.filter(subject=made).update(folded=fold_name(made.name))
    return made


def called(subject: Subject, kind: str, name: str, days: int = 0) -> None:
    Name.objects.create(
        subject=subject, kind=kind, name=name, folded=fold_name(name), first_seen_at=NOW + timedelta(days=days)
    )


def found(name: str = "", **codes: str) -> list[dict[str, Any]]:
    return find_candidates([Asked(name, codes)])[0]


def codes_of(candidate: dict[str, Any]) -> list[str]:
    return [one["code"] for one in candidate["reasons"]]


def test_a_candidate_shows_the_body_as_the_register_has_it() -> None:
    made = body(1, NAME, registration_number=registration_number(1))
    called(made, "former", "昆山禾映电子厂")
    (one,) = found(NAME)
    assert (one["subject_id"], one["name"], one["uscc"]) == (made.pk, NAME, uscc(1))
    assert (one["status"], one["registrar"]) == ("存续", "昆山市行政审批局")
    assert one["established_on"] == "2010-05-01"
    assert one["codes"] == [
        {"kind": "registration_number", "value": registration_number(1)},
        {"kind": "uscc", "value": uscc(1)},
    ]
    assert one["names"] == [{"kind": "current", "name": NAME}, {"kind": "former", "name": "昆山禾映电子厂"}]
    assert (one["matched_name"], one["matched_kind"], one["verdict"]) == (NAME, "current", "same")
    assert one["score"] == 1


@pytest.mark.parametrize("kind", CODE_KINDS)
def test_a_right_code_of_every_kind_finds_its_bearer_and_says_so(kind: str) -> None:
    values = {
        "uscc": uscc(1),
        "organisation_code": uscc(1)[8:17],
        "registration_number": registration_number(1),
        "tax_number": "320583187588026",
    }
    made = body(1, NAME, **{key: value for key, value in values.items() if key != "uscc"})
    (one,) = found("毫不相干有限公司", **{kind: values[kind]})
    assert (one["subject_id"], codes_of(one)[0]) == (made.pk, "code_borne")
    assert one["reasons"][0]["message"] == f"代码 {values[kind]} 登记在该主体名下"
    assert one["reasons"][0]["message_en"] == f"the code {values[kind]} is registered to this body"


def test_a_code_at_two_bodies_says_at_how_many_and_what_to_do() -> None:
    shared = registration_number(1)
    for number in (1, 2, 3):
        body(number, registration_number=shared)
    told = found("", registration_number=shared)
    assert len(told) == 3
    assert {one["reasons"][0]["message"] for one in told} == {
        f"代码 {shared} 在登记库中同时登记在 3 个主体名下，请核实属于哪一个"
    }


def test_a_slip_says_what_was_handed_in_and_what_was_meant() -> None:
    body(1, NAME)
    wrong = uscc(1)[:12] + ("7" if uscc(1)[12] != "7" else "8") + uscc(1)[13:]
    (one,) = found("", uscc=wrong)
    assert one["reasons"][0] == {
        "code": "code_one_slip",
        "message": f"所填代码 {wrong} 只差一处，就是该主体的代码 {uscc(1)}",
        "message_en": f"the code handed in, {wrong}, is one slip away from the body's code {uscc(1)}",
    }


def test_several_codes_of_one_body_are_several_reasons_for_it() -> None:
    made = body(1, NAME, registration_number=registration_number(1))
    (one,) = found(NAME, uscc=uscc(1), registration_number=registration_number(1))
    assert one["subject_id"] == made.pk
    assert codes_of(one)[:2] == ["code_borne", "code_borne"]
    assert len(one["reasons"]) > 2  # what the names say stands behind the codes


def test_codes_that_point_to_two_bodies_show_both() -> None:
    first, second = body(1), body(2, registration_number=registration_number(2))
    told = found("", uscc=uscc(1), registration_number=registration_number(2))
    assert sorted(one["subject_id"] for one in told) == [first.pk, second.pk]


def test_a_body_found_by_a_code_is_compared_by_its_best_name() -> None:
    made = body(1, "昆山云舫餐饮管理有限公司")
    called(made, "former", NAME)
    (one,) = found("昆山禾映科技有限责任公司", uscc=uscc(1))
    assert (one["matched_name"], one["matched_kind"], one["verdict"]) == (NAME, "former", "same")


def test_a_body_found_by_a_code_is_shown_even_where_its_names_differ_or_are_missing() -> None:
    made = body(1, "昆山云舫餐饮管理有限公司")
    (one,) = found(NAME, uscc=uscc(1))
    assert (one["subject_id"], one["verdict"]) == (made.pk, "different")
    Name.objects.all().delete()
    (one,) = found(NAME, uscc=uscc(1))
    assert (one["matched_name"], one["score"], one["names"]) == ("", 0, [])


def test_the_present_name_stands_first_and_no_more_names_than_a_page_holds() -> None:
    made = body(1, NAME)
    for number in range(review_settings().names_shown + 3):
        called(made, "alias" if number % 2 else "former", f"昆山旧名{number}号有限公司", number)
    (one,) = found("", uscc=uscc(1))
    assert one["names"][0] == {"kind": "current", "name": NAME}
    assert len(one["names"]) == review_settings().names_shown


def test_codes_the_platform_does_not_show_find_nobody_and_are_not_shown() -> None:
    made = body(1, NAME)
    Identifier.objects.create(subject=made, kind="internal", value=registration_number(7), first_seen_at=NOW)
    assert found("", registration_number=registration_number(7)) == []
    assert [one["kind"] for one in found(NAME)[0]["codes"]] == ["uscc"]


def test_a_body_without_a_day_of_foundation_shows_none() -> None:
    made = body(1, NAME)
    Subject.objects.filter(pk=made.pk).update(established_on=None)
    assert found(NAME)[0]["established_on"] == ""


def test_the_better_verdict_then_the_better_score_comes_first() -> None:
    for number, name in enumerate(("昆山禾映贸易有限公司", "禾映科技", "昆山禾映科技服务有限公司", NAME), start=1):
        body(number, name)
    told = found(NAME)
    assert len(told) > 1
    assert told[0]["name"] == NAME
    order = [(["same", "review"].index(one["verdict"]), -one["score"]) for one in told]
    assert order == sorted(order)


def test_bodies_that_nothing_tells_apart_come_in_the_order_of_their_numbers() -> None:
    made = [body(number, NAME).pk for number in (1, 2, 3)]
    assert [one["subject_id"] for one in found(NAME)] == made


def test_rows_that_say_the_same_get_the_same_answer_each_in_its_place() -> None:
    made = body(1, NAME)
    asked = [Asked(NAME, {}), Asked("", {}), Asked("", {"uscc": uscc(1)}), Asked(NAME, {})]
    told = find_candidates(asked)
    assert [[one["subject_id"] for one in some] for some in told] == [[made.pk], [], [made.pk], [made.pk]]
    assert told[0] == told[3]


def test_nothing_asked_is_nothing_found() -> None:
    assert find_candidates([]) == []
    assert find_candidates([Asked("", dict.fromkeys(CODE_KINDS, ""))]) == [[]]


@pytest.mark.parametrize("number", ["320583199001011234", "11010519491231002X", "110105194912310021"])
def test_a_number_that_may_be_a_persons_finds_nobody_in_any_field(number: str) -> None:
    made = body(1, NAME)
    Identifier.objects.create(subject=made, kind="tax_number", value=number, first_seen_at=NOW)
    for kind in CODE_KINDS:
        assert found("", **{kind: number}) == []


def test_looking_ties_nothing() -> None:
    body(1, NAME)
    found(NAME, uscc=uscc(1))
    assert not Record.objects.exists()
    assert Identifier.objects.count() == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=12), code=st.text(max_size=20))
def test_whatever_a_row_says_is_answered(name: str, code: str) -> None:
    told = find_candidates([Asked(name, {"uscc": code, "tax_number": code}), Asked("\x00", {"uscc": "\x00"})])
    assert told == [[], []]
