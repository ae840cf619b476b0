"""A changed name or number is one person, what was before is shown to nobody, the dead are closed; each takes two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actions.approvals import DecideApproval, NotApproved
from chengxin.accounts.actor import CHANGE_PRACTITIONERS, DECIDE_APPROVALS, Actor
from chengxin.accounts.models import Approval
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.practitioners.actions.change_identity import ChangeIdentity, CloseDeceased, ConfirmIdentity, Ground
from chengxin.practitioners.errors import (
    FileNotTaken,
    IdentityDiffers,
    NothingToShow,
    NumberWrong,
    TextHasNumber,
    TooManyLooks,
)
from chengxin.practitioners.models import Attempt, Person, Practitioner, SealedText
from chengxin.practitioners.sealed import persons_of
from chengxin.testing.making import make_organisation

from .conftest import EMPLOYER, id_number, line

if TYPE_CHECKING:
    from .conftest import Register

GROUND = Ground("中华人民共和国民法典 第一千零一十六条", "变更更正证明 昆公户〔2026〕8号 昆山市公安局")
CLERK = Actor("officer", "sun", "ks-sfj", frozenset({CHANGE_PRACTITIONERS}))
STRANGER = replace(CLERK, id="qian", organisation="ks-scjg")
SECOND = Actor("officer", "wu", "ks-sfj", frozenset({CHANGE_PRACTITIONERS, DECIDE_APPROVALS}))


@pytest.fixture
def held(register: Register) -> Register:
    register.rows(line(1, name="李建国"), line(2))
    return register


def given(held: Register, licence: str = "LS00000001", **changed: Any) -> ChangeIdentity:
    return replace(ChangeIdentity(CLERK, "lawyer", licence, GROUND, held.now, keyring=held.keyring), **changed)


def agree(act: ChangeIdentity | CloseDeceased) -> Approval:
    """Let one officer ask and a second one agree."""
    return DecideApproval(SECOND, act.ask("当事人申请").pk, agree=True, reason="已核对原件", now=act.now).execute()


def change(held: Register, licence: str = "LS00000001", **changed: Any) -> None:
    act = given(held, licence, **changed)
    agree(act)
    act.execute()


def test_nothing_is_changed_by_one_officer_alone(held: Register) -> None:
    act = given(held, new_name="李静")
    with pytest.raises(NotApproved):
        act.execute()
    asked = act.ask("当事人申请")
    with pytest.raises(NotApproved):
        act.execute()
    with pytest.raises(NotPermitted):
        DecideApproval(replace(CLERK, operations=SECOND.operations), asked.pk, True, "x", held.now).execute()
    DecideApproval(SECOND, asked.pk, agree=False, reason="与文书不符", now=held.now).execute()
    with pytest.raises(NotApproved):
        act.execute()
    assert held.look("LS00000001").name == "李建国"


def test_what_was_agreed_is_what_is_done_once(held: Register) -> None:
    act = given(held, new_name="李静", new_number=id_number(500))
    agree(act)
    others: tuple[dict[str, Any], ...] = (
        {"new_name": "李婧"},
        {"new_number": id_number(501)},
        {"new_number": ""},
        {"licence": "LS00000002"},
        {"ground": replace(GROUND, document="另一份文书")},
    )
    for other in others:
        with pytest.raises(NotApproved):
            replace(act, **other).execute()
    with pytest.raises(NotApproved):
        replace(act, actor=SECOND).execute()
    act.execute()
    with pytest.raises(NotApproved):
        act.execute()
    assert held.look("LS00000001").name == "李静"


def test_an_approval_keeps_neither_the_new_name_nor_the_number(held: Register) -> None:
    act = given(held, new_name="李静", new_number=id_number(500))
    agree(act)
    kept = str(list(Approval.objects.values())) + str(list(Event.objects.values()))
    assert "李静" not in kept
    assert id_number(500) not in kept
    content = Approval.objects.get().content
    assert len(content["new_name"]) == len(content["new_number"]) == 32
    other = given(held, "LS00000002", new_name="李静").content()
    assert other["new_name"] != content["new_name"], "one name under two licences is not seen to be one"
    with pytest.raises(TextHasNumber):
        act.ask(f"核对 {id_number(500)}")


def test_who_agrees_has_read_the_document_and_nobody_tries_numbers_out(held: Register) -> None:
    content = given(held, new_name="李静", new_number=id_number(500)).content()
    confirm = ConfirmIdentity(SECOND, content, held.now, "李 静", id_number(500).lower(), held.keyring)
    confirm.execute()
    with pytest.raises(NotPermitted):
        replace(confirm, actor=replace(SECOND, operations=frozenset())).execute()
    wrongs: tuple[dict[str, Any], ...] = (
        {"new_name": "李婧"},
        {"new_name": ""},
        {"new_number": ""},
        {"new_number": id_number(1)},
    )
    for wrong in wrongs:
        with pytest.raises(IdentityDiffers) as refused:
            replace(confirm, **wrong).execute()
        assert id_number(1) not in str(refused.value)
    with pytest.raises(IdentityDiffers):
        replace(confirm, new_number="x").execute()
    with pytest.raises(TooManyLooks):
        confirm.execute()
    replace(confirm, now=held.now.replace(hour=held.now.hour + 2)).execute()


def test_an_approval_is_asked_for_by_who_may_and_about_who_is_there(held: Register) -> None:
    with pytest.raises(NothingToShow):
        given(held, "LS1", new_name="李静").ask("x")
    with pytest.raises(NotPermitted):
        given(held, new_name="李静", actor=replace(CLERK, operations=frozenset())).ask("x")
    assert not Approval.objects.exists()


def test_asking_tells_who_is_there_as_a_look_up_does_counted_and_locked_after_five(held: Register) -> None:
    asked = given(held, new_name="李静")
    with pytest.raises(ChengxinError):
        replace(asked, new_name="").ask("x")
    assert not Attempt.objects.filter(kind="look").exists(), "nobody was looked for"
    for other in ({"licence": "LS1"}, {"licence": ""}, {"occupation": "doctor"}, {"actor": STRANGER}):
        with pytest.raises(NothingToShow):
            replace(asked, **other).ask("x")
    assert list(Attempt.objects.values_list("kind", "found")) == [("look", False)] * 4
    with pytest.raises(NothingToShow):
        replace(asked, licence="LS9").ask("x")
    with pytest.raises(NothingToShow):
        replace(asked, licence="LS8").ask("x")
    with pytest.raises(TooManyLooks):
        asked.ask("当事人申请")
    assert not Approval.objects.exists()
    later = replace(asked, now=held.now.replace(hour=held.now.hour + 2))
    assert later.ask("当事人申请").content == asked.content()
    with pytest.raises(ChengxinError, match="已经提出"):
        later.ask("当事人申请")
    assert Attempt.objects.filter(actor="officer:sun", kind="look", found=True).count() == 2


def test_a_new_name_is_shown_and_the_old_one_finds_nothing_and_is_nowhere(held: Register) -> None:
    change(held, new_name="李建红")
    assert held.look("LS00000001").name == "李建红"
    assert held.look(name="李建红", employer_uscc=EMPLOYER).licence == "LS00000001"
    with pytest.raises(NothingToShow):
        held.look(name="李建国", employer_uscc=EMPLOYER)
    event = Event.objects.get(action="practitioner.identity_changed")
    assert (event.legal_basis, event.detail["name"], event.detail["number"]) == (GROUND.legal_basis, True, False)
    assert "李建" not in str(event.detail)
    assert Person.objects.count() == 2


def test_a_new_number_is_the_same_person_and_the_old_number_leads_to_them(held: Register) -> None:
    change(held, new_number=id_number(500).lower())
    persons = persons_of(held.keyring, [id_number(1), id_number(500), id_number(2)])
    assert persons[id_number(1)] == persons[id_number(500)] != persons[id_number(2)]
    assert [one.current for one in SealedText.objects.filter(person=persons[id_number(1)]).order_by("made_at")] == [
        False,
        True,
    ]
    receipt = held.rows(line(1, name="李建国", licence="LS900"), line(3))
    assert receipt.added == 2, "a file under the old number registers the same person"
    assert Person.objects.count() == 3


def test_a_gender_marker_changes_name_and_number_at_once_in_every_occupation(held: Register) -> None:
    make_organisation("ks-scjg")
    pharmacist = {"organisation": "ks-scjg", "occupation": "pharmacist"}
    held.rows(line(1, name="李建国", licence="YS1"), **pharmacist)
    change(held, new_name="李静", new_number=id_number(500))
    assert {one.name for one in Practitioner.objects.filter(person=Practitioner.objects.get(licence="YS1").person)} == {
        "李静"
    }
    returned = held.rows(line(1, name="李建国", licence="YS2"), **pharmacist).returned
    assert [one.code for one in returned] == ["not_registrable"], "the old name does not come back under a new licence"
    assert held.rows(line(500, name="李静", licence="YS2"), **pharmacist).added == 1


def test_back_to_the_old_name_and_number(held: Register) -> None:
    change(held, new_name="李静", new_number=id_number(500))
    change(held, new_name="李建国", new_number=id_number(1))
    assert held.look("LS00000001").name == "李建国"
    assert held.rows(line(1, name="李建国", licence="LS7")).added == 1
    in_use = SealedText.objects.get(person=Practitioner.objects.get(licence="LS7").person, current=True)
    assert bytes(in_use.blind) == held.keyring.blind("blind-index", f"number:{id_number(1)}")
    change(held, new_name="李静")
    change(held, new_name="李建国")
    change(held, new_name="李静")
    assert SealedText.objects.filter(kind="former_name").count() == 1


def test_another_persons_number_is_the_generic_answer_counted_and_locked_after_five(held: Register) -> None:
    for _ in range(5):
        act = given(held, new_number=id_number(2))
        agree(act)
        with pytest.raises(NothingToShow) as refused:
            act.execute()
        assert refused.value.as_dict() == NothingToShow().as_dict()
    assert Attempt.objects.filter(actor="officer:sun", found=False).count() == 5
    assert Event.objects.filter(action="practitioner.change_refused").count() == 5
    with pytest.raises(FileNotTaken, match="暂停"):
        change(held, new_name="李静")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({}, ChengxinError),
        ({"new_number": "320583198001010000"}, NumberWrong),
        ({"new_name": "李\ue863"}, NumberWrong),
        ({"new_name": "李静", "ground": Ground(" ", "文书")}, ChengxinError),
        ({"new_name": "李静", "ground": Ground("法", "")}, ChengxinError),
        ({"new_name": "李静", "ground": Ground("法", f"证明 {id_number(1)}")}, TextHasNumber),
        ({"new_name": "李静", "actor": replace(CLERK, operations=frozenset())}, NotPermitted),
        ({"new_name": "李静", "licence": "LS1"}, NothingToShow),
        ({"new_name": "李静", "actor": replace(CLERK, organisation="ks-scjg")}, NothingToShow),
    ],
)
def test_what_is_refused_changes_nothing(held: Register, changed: dict[str, Any], error: type[Exception]) -> None:
    before = list(Practitioner.objects.order_by("licence").values())
    with pytest.raises(error) as refused:
        change(held, **changed)
    assert id_number(1) not in str(refused.value)
    assert list(Practitioner.objects.order_by("licence").values()) == before


def test_who_died_is_closed_in_every_register_and_cannot_be_registered_again(held: Register) -> None:
    closing = CloseDeceased(CLERK, "lawyer", "LS00000001", GROUND, held.now.date(), held.now)
    with pytest.raises(NotApproved):
        closing.execute()
    agree(closing)
    with pytest.raises(NotApproved):
        replace(closing, died_on=date(2026, 1, 1)).execute()
    closing.execute()
    with pytest.raises(NothingToShow):
        held.look("LS00000001")
    assert held.look("LS00000002")
    returned = held.rows(line(1, name="李建国"), line(1, name="李建国", licence="LS8")).returned
    assert [one.code for one in returned] == ["not_registrable"] * 2
    with pytest.raises(NothingToShow):
        closing.execute()
    assert Event.objects.filter(action="practitioner.closed").count() == 1


def test_nobody_dies_tomorrow(held: Register) -> None:
    tomorrow = held.now.date().replace(day=held.now.day + 1)
    with pytest.raises(ChengxinError, match="晚于今天"):
        CloseDeceased(CLERK, "lawyer", "LS00000001", GROUND, tomorrow, held.now).execute()
