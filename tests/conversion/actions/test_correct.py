"""A registrar is asked, has a term, answers, and the register and the facts follow."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import Actor, operator
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.conversion.actions.carry_out import CarryOutAnswer
from chengxin.conversion.actions.correct import AlreadyAnswered, AnswerCorrection, AskCorrection
from chengxin.conversion.actions.find_conflicts import FindConflicts
from chengxin.conversion.mapping import convert
from chengxin.conversion.models import Conflict, Pair, Request
from chengxin.conversion.queries import conflicts, overdue_count, request_by_id, requests
from chengxin.records.models import Record
from chengxin.subjects.history import bearers_at
from chengxin.subjects.models import Change, Identifier, RefusedCode, Subject
from chengxin.testing.bodies import add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_organisation, make_subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chengxin.accounts.models import Organisation

NUMBER = registration_number(1)
ANSWERING = Actor("officer", "li", "scjg", frozenset({"codes.answer", "codes.follow"}))
LATER = NOW + timedelta(days=2)


@pytest.fixture(autouse=True)
def registrar(own_database: str) -> Organisation:
    assert own_database
    return make_organisation("scjg", name="昆山市市场监督管理局", aliases=["市场监管局"], registrar=True)


def two_bodies(**more: str) -> tuple[Subject, Subject]:
    """Make two bodies of the registrar that bear one registration number."""
    names = {"registration_number": NUMBER} | more
    one = make_subject("昆山甲有限公司", uscc(1), **names)
    two = make_subject("昆山乙有限公司", uscc(2), **names)
    Subject.objects.update(registrar="市场监管局")
    FindConflicts(NOW).execute()
    return one, two


def ask(organisation: str = "scjg", now: datetime = NOW) -> Request:
    return AskCorrection(operator(), Conflict.objects.get().pk, organisation, "请核实注册号", now).execute()


def answer(request: Request, kind: str, who: Actor = ANSWERING, **more: Any) -> Request:
    given = {"document": "昆市监函〔2026〕8号"} | more
    return AnswerCorrection(who, request.pk, kind, LATER, **given).execute()


def test_the_term_runs_in_working_days_by_the_setting_and_is_dated() -> None:
    two_bodies()
    request = ask()
    # Ten working days after Monday 2 March 2026: no holiday lies between.
    assert (request.due_on, request.due_provisional) == (date(2026, 3, 16), False)
    assert request.rule == "answer_clock 2015-10-01: 10"
    assert Conflict.objects.get().state == "asked"
    assert Event.objects.get(action="codes.correction_asked").detail["organisation"] == "scjg"


def test_a_term_that_touches_a_year_without_announced_holidays_is_provisional() -> None:
    two_bodies()
    assert ask(now=datetime.fromisoformat("2031-12-24T10:00:00+08:00")).due_provisional


def test_the_right_body_keeps_the_code_and_the_facts_follow_as_versions() -> None:
    one, two = two_bodies()
    add_facts({"identifier": f"registration_number:{NUMBER}", "number": "昆许〔2026〕1号"}, now=NOW)
    Record.objects.filter(item="licence")  # tied to nobody: the code names two bodies
    assert Record.objects.get(item="licence").subject_id is None
    request = answer(ask(), "right_code", subject_id=two.pk)
    done = CarryOutAnswer(request.pk, LATER).execute()
    assert [one_["code"] for one_ in (done.outcome or {})["refused"]] == [NUMBER]
    assert list(Identifier.objects.filter(value=NUMBER).values_list("subject_id", flat=True)) == [two.pk]
    assert RefusedCode.objects.get().subject_id == one.pk
    assert Record.objects.filter(item="licence").latest("version").subject_id == two.pk
    assert Conflict.objects.get().state == "settled"
    assert convert([("registration_number", NUMBER)])[0].uscc == uscc(2)
    assert bearers_at("registration_number", NUMBER, LATER - timedelta(hours=1)) == (one.pk, two.pk)
    assert Change.objects.get().kind == "refusal"
    assert CarryOutAnswer(request.pk, LATER).execute().carried_out_at == LATER
    assert Event.objects.filter(action="subject.code_refused").count() == 1


def test_facts_that_only_the_refused_code_tied_are_untied_at_once() -> None:
    register_bodies({"uscc": uscc(1), "registration_number": NUMBER, "organisation_code": uscc(2)[8:17]}, now=NOW)
    waiting, own = f"organisation_code:{uscc(2)[8:17]}", f"uscc:{uscc(1)}"
    add_facts({"identifier": waiting, "number": 1}, {"identifier": own, "number": 2}, now=NOW)
    Subject.objects.update(registrar="昆山市市场监督管理局")
    FindConflicts(NOW).execute()
    subject = Subject.objects.get()
    request = answer(ask(), "not_this_body", subject_id=subject.pk)
    CarryOutAnswer(request.pk, LATER).execute()
    latest = {r.identifier: r for r in Record.objects.filter(item="licence").order_by("version")}
    assert latest[waiting].subject_id is None
    assert latest[waiting].version == 2
    assert (latest[own].subject_id, latest[own].version) == (subject.pk, 1)
    register_bodies({"uscc": uscc(1), "organisation_code": uscc(2)[8:17]}, now=LATER, entries=False)
    assert not Identifier.objects.filter(value=uscc(2)[8:17]).exists()


def test_of_two_codes_the_wrong_one_goes() -> None:
    body = make_subject(uscc=uscc(1), registration_number=NUMBER)
    Identifier.objects.create(subject=body, kind="registration_number", value=registration_number(2), first_seen_at=NOW)
    Subject.objects.update(registrar="市场监管局")
    FindConflicts(NOW).execute()
    CarryOutAnswer(answer(ask(), "right_code", code=registration_number(2)).pk, LATER).execute()
    assert list(Identifier.objects.filter(kind="registration_number").values_list("value", flat=True)) == [
        registration_number(2)
    ]


def test_a_registrar_takes_no_code_from_another_registrars_body() -> None:
    one, two = two_bodies()
    Subject.objects.filter(pk=one.pk).update(registrar="昆山市民政局")
    FindConflicts(NOW).execute()
    done = CarryOutAnswer(answer(ask(), "right_code", subject_id=two.pk).pk, LATER).execute()
    assert [each["why"] for each in (done.outcome or {})["left"]] == ["other_registrar"]
    assert Identifier.objects.filter(value=NUMBER).count() == 2
    assert Conflict.objects.get().state == "answered"


def test_what_a_feed_said_against_the_answer_is_believed_no_more(tmp_path: Any) -> None:
    from chengxin.conversion.models import Feed  # noqa: PLC0415 - the models beside it are used everywhere

    assert tmp_path
    body = make_subject(uscc=uscc(1), registration_number=NUMBER)
    feed = Feed.objects.create(
        source="x", filename="x", sha256="", lines=1, added=0, known=0, conflict=1, sent_back=0, made_by="", made_at=NOW
    )
    Pair.objects.create(
        uscc=uscc(2), kind="registration_number", value=NUMBER, source="x", feed=feed, line=2, first_seen_at=NOW
    )
    FindConflicts(NOW).execute()
    assert convert([("registration_number", NUMBER)])[0].state == "ambiguous"
    CarryOutAnswer(answer(ask(), "right_code", subject_id=body.pk).pk, LATER).execute()
    assert Pair.objects.get().refused_at == LATER
    assert convert([("registration_number", NUMBER)])[0].uscc == uscc(1)
    assert Conflict.objects.get().state == "settled"


def test_a_code_that_stays_as_it_is_needs_a_document_and_settles() -> None:
    two_bodies()
    request = ask()
    with pytest.raises(ChengxinError) as refused:
        answer(request, "stays", document=" ")
    assert refused.value.code == "document_missing"
    answer(request, "stays")
    assert (Conflict.objects.get().state, Conflict.objects.get().how) == ("settled", "stays")
    FindConflicts(LATER).execute()
    assert Conflict.objects.get().state == "settled"
    assert Identifier.objects.filter(value=NUMBER).count() == 2


def test_two_bodies_that_are_one_are_left_to_a_merge() -> None:
    two_bodies()
    answer(ask(), "one_body", document="")
    assert Conflict.objects.get().state == "answered"
    assert Identifier.objects.filter(value=NUMBER).count() == 2


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("maybe", {}, "unknown_answer"),
        ("right_code", {}, "body_missing"),
        ("not_this_body", {"subject_id": 999}, "body_missing"),
    ],
)
def test_an_answer_that_lacks_what_it_needs_is_refused(kind: str, more: Mapping[str, Any], code: str) -> None:
    two_bodies()
    request = ask()
    with pytest.raises(ChengxinError) as refused:
        answer(request, kind, **more)
    assert refused.value.code == code
    assert Request.objects.get().state == "open"


def test_a_credit_code_is_never_taken_away_by_an_answer() -> None:
    wrong = uscc(1)[:17] + ("0" if uscc(1)[17] != "0" else "1")
    body = make_subject(uscc=wrong)
    FindConflicts(NOW).execute()
    with pytest.raises(ChengxinError) as refused:
        answer(ask(), "not_this_body", subject_id=body.pk)
    assert refused.value.code == "credit_code_kept"


def test_only_the_registrar_asked_answers_and_only_the_centre_asks() -> None:
    _one, two = two_bodies()
    make_organisation("mzj", registrar=True)
    request = ask()
    other = Actor("officer", "wang", "mzj", frozenset({"codes.answer", "codes.follow"}))
    with pytest.raises(NotFound):
        answer(request, "right_code", other, subject_id=two.pk)
    with pytest.raises(NotPermitted):
        answer(request, "stays", Actor("officer", "li", "scjg", frozenset()))
    with pytest.raises(NotPermitted):
        AskCorrection(ANSWERING, 1, "scjg", "", NOW).execute()
    with pytest.raises(NotPermitted):
        conflicts(Actor("officer", "li", "scjg", frozenset({"codes.correct"})))
    with pytest.raises(NotFound):
        request_by_id(other, request.pk, date(2026, 3, 2))


def test_a_request_is_answered_once_and_asked_once() -> None:
    two_bodies()
    request = ask()
    with pytest.raises(ChengxinError) as twice:
        ask()
    assert twice.value.code == "asked_already"
    answer(request, "stays")
    with pytest.raises(AlreadyAnswered):
        answer(request, "stays")


def test_an_organisation_without_a_register_is_not_asked() -> None:
    two_bodies()
    make_organisation("tax")
    with pytest.raises(ChengxinError) as refused:
        ask("tax")
    assert refused.value.code == "no_registrar"


def test_overdue_requests_come_first() -> None:
    two_bodies()
    ask()
    make_subject("昆山丙有限公司", uscc(3), organisation_code=uscc(4)[8:17])
    FindConflicts(NOW).execute()
    newer = Conflict.objects.get(kind="segment_differs")
    AskCorrection(operator(), newer.pk, "scjg", "", NOW + timedelta(days=7)).execute()
    listed = requests(ANSWERING, date(2026, 3, 17))
    assert [(one.due_on, one.overdue) for one in listed] == [(date(2026, 3, 16), True), (date(2026, 3, 23), False)]
    assert overdue_count(ANSWERING, date(2026, 3, 17)) == 1
    assert overdue_count(ANSWERING, date(2026, 3, 16)) == 0


def test_a_request_lapses_when_its_conflict_is_gone() -> None:
    _one, two = two_bodies()
    request = ask()
    Identifier.objects.filter(subject=two, value=NUMBER).delete()
    FindConflicts(LATER).execute()
    request.refresh_from_db()
    assert request.state == "lapsed"
