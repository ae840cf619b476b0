"""A body found to be two: facts follow the codes they came under, and the split can be undone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from chengxin.base.errors import ChengxinError, NotPermitted
from chengxin.publication.queries import body_by_code
from chengxin.records.models import Record
from chengxin.records.queries import standing
from chengxin.subjects.actions.split import AskSplit
from chengxin.subjects.history import body_on, codes_at, merged_into_at, names_at
from chengxin.subjects.models import Identifier, Name, RefusedCode, Subject
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_officer, make_organisation, make_record

pytestmark = pytest.mark.usefixtures("own_database")

DAY = date(2026, 6, 1)
LATE = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
OLD = registration_number(1)
OLD_NAME, NEW_NAME = "昆山老店有限公司", "昆山新店有限公司"


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + timedelta(hours=1))


@pytest.fixture
def body() -> Subject:
    """A body known by an old number, taken for the bearer of a credit code later, with facts under each."""
    register_bodies({"registration_number": OLD, "name": OLD_NAME}, now=NOW)
    add_facts({"identifier": f"registration_number:{OLD}", "number": 1}, now=NOW)
    register_bodies({"uscc": uscc(1), "registration_number": OLD, "name": NEW_NAME}, now=NOW + timedelta(minutes=1))
    add_facts({"identifier": f"uscc:{uscc(1)}", "number": 2}, now=NOW + timedelta(minutes=2))
    return Subject.objects.get()


def facts_at(subject: int, known_at: datetime = LATE) -> list[str]:
    return sorted(fact.document_number for fact in standing(subject, DAY, known_at) if fact.document_number)


def split(officers: TwoOfficers, body: Subject) -> Subject:
    change = officers.split(body.pk, [("registration_number", OLD)], OLD_NAME, names=(OLD_NAME,))
    assert change.state == "done"
    assert change.target is not None
    return change.target


def test_facts_go_with_the_code_they_came_under(officers: TwoOfficers, body: Subject) -> None:
    made = split(officers, body)
    assert facts_at(body.pk) == ["昆字〔2026〕2号"]
    assert facts_at(made.pk) == ["昆字〔2026〕1号"]
    assert (made.name, made.uscc, made.status) == (OLD_NAME, "", "存续")
    assert set(Name.objects.values_list("subject", "kind", "name")) == {
        (body.pk, "current", NEW_NAME),
        (made.pk, "current", OLD_NAME),
        (body.pk, "former", OLD_NAME),
    }
    assert list(Identifier.objects.filter(subject=made).values_list("value", flat=True)) == [OLD]


def test_what_a_name_alone_could_tell_stays_known_at_the_first_body(officers: TwoOfficers, body: Subject) -> None:
    then = officers.now
    before = (
        codes_at(body.pk, then),
        names_at(body.pk, then),
        body_on(body.pk, DAY, then),
        standing(body.pk, DAY, then),
    )
    split(officers, body)
    assert (
        codes_at(body.pk, then), names_at(body.pk, then), body_on(body.pk, DAY, then), standing(body.pk, DAY, then)
    ) == before  # fmt: skip


def test_a_register_entry_does_not_join_again_what_was_split(officers: TwoOfficers, body: Subject) -> None:
    made = split(officers, body)
    register_bodies({"uscc": uscc(1), "registration_number": OLD, "name": NEW_NAME}, now=officers.later())
    assert set(Identifier.objects.filter(value=OLD).values_list("subject", flat=True)) == {made.pk}
    add_facts({"identifier": f"registration_number:{OLD}", "number": 3}, now=officers.later())
    assert facts_at(made.pk) == ["昆字〔2026〕1号", "昆字〔2026〕3号"]


def test_the_body_split_off_is_public_once_an_entry_of_its_own_arrives(officers: TwoOfficers, body: Subject) -> None:
    made = split(officers, body)
    shown = body_by_code(uscc(1), DAY)
    assert shown is not None
    register_bodies({"uscc": uscc(7), "registration_number": OLD, "name": OLD_NAME}, now=officers.later())
    own = body_by_code(uscc(7), DAY)
    assert own is not None
    assert (own.subject_id, shown.subject_id) == (made.pk, body.pk)


def test_a_fact_that_no_code_ties_can_be_chosen_and_one_that_a_code_ties_cannot(
    officers: TwoOfficers, body: Subject
) -> None:
    stray = make_record(10_001, body, identifier="", link="decision", document_number="昆字〔2026〕9号")
    tied = Record.objects.get(document_number="昆字〔2026〕2号")
    chosen = (str(stray.key), str(tied.key))
    change = officers.split(body.pk, [("registration_number", OLD)], OLD_NAME, facts=chosen)
    assert change.target is not None
    assert facts_at(change.target.pk) == ["昆字〔2026〕1号", "昆字〔2026〕9号"]
    assert facts_at(body.pk) == ["昆字〔2026〕2号"]


def test_undoing_a_split_brings_everything_together_again(officers: TwoOfficers, body: Subject) -> None:
    stood = facts_at(body.pk)
    held = sorted(Identifier.objects.values_list("subject", "kind", "value", "first_seen_at"))
    named = sorted(Name.objects.values_list("subject", "kind", "name", "first_seen_at"))
    change = officers.split(body.pk, [("registration_number", OLD)], OLD_NAME, names=(OLD_NAME,))
    made = change.target
    assert made is not None
    add_facts({"identifier": f"registration_number:{OLD}", "number": 3}, now=officers.later())
    officers.undo(change.pk)
    assert facts_at(body.pk) == sorted([*stood, "昆字〔2026〕3号"])
    assert facts_at(made.pk) == []
    assert sorted(Identifier.objects.values_list("subject", "kind", "value", "first_seen_at")) == held
    assert sorted(Name.objects.values_list("subject", "kind", "name", "first_seen_at")) == named
    made.refresh_from_db()
    assert made.merged_into_id == body.pk
    assert merged_into_at(made.pk, officers.now) == body.pk
    assert not RefusedCode.objects.exists()


def test_what_was_merged_wrongly_can_be_split_when_it_can_no_longer_be_undone(officers: TwoOfficers) -> None:
    register_bodies(*({"uscc": uscc(one)} for one in (1, 2, 3)), now=NOW)
    add_facts(*({"identifier": f"uscc:{uscc(one)}", "number": one} for one in (1, 2, 3)), now=NOW)
    first, second, third = Subject.objects.order_by("pk")
    officers.merge(first.pk, second.pk)
    officers.merge(third.pk, second.pk)
    own = [("uscc", uscc(1)), ("organisation_code", uscc(1)[8:17])]
    made = officers.split(second.pk, own, first.name, names=(first.name,)).target
    assert made is not None
    assert facts_at(made.pk) == ["昆字〔2026〕1号"]
    assert facts_at(second.pk) == ["昆字〔2026〕2号", "昆字〔2026〕3号"]
    assert (made.uscc, made.name) == (uscc(1), first.name)


def test_what_cannot_be_split_is_refused_with_a_reason(officers: TwoOfficers, body: Subject) -> None:
    def refusal(
        codes: list[tuple[str, str]], name: str = OLD_NAME, names: tuple[str, ...] = (), reason: str = "x"
    ) -> str:
        with pytest.raises(ChengxinError) as refused:
            AskSplit(officers.asker, body.pk, tuple(codes), names, name, (), reason, officers.now).execute()
        return refused.value.code

    code, number = ("uscc", uscc(1)), ("registration_number", OLD)
    part = ("organisation_code", uscc(1)[8:17])
    assert refusal([]) == "codes_wrong"
    assert refusal([code, number, part]) == "codes_wrong"
    assert refusal([("uscc", uscc(5))]) == "codes_wrong"
    assert refusal([code]) == "organisation_code_apart"
    assert refusal([part]) == "organisation_code_apart"
    assert refusal([code, part]) == "code_has_to_stay"
    assert refusal([number], name="昆山别人有限公司") == "names_wrong"
    assert refusal([number], names=(NEW_NAME,)) == "names_wrong"
    assert refusal([number], reason=" ") == "reason_missing"


def test_only_the_credit_centre_splits(body: Subject) -> None:
    from chengxin.accounts.actor import officer_actor  # noqa: PLC0415

    actor = officer_actor(make_officer(make_organisation("bureau"), "clerk", "submitter"))
    with pytest.raises(NotPermitted):
        AskSplit(actor, body.pk, (("registration_number", OLD),), (), OLD_NAME, (), "x", NOW).execute()
