"""Two bodies found to be one: previewed, agreed to by two people, carried out as versions, and undone exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from chengxin.accounts.actions.approvals import NotApproved
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.records.models import Move, Record
from chengxin.records.queries import standing
from chengxin.subjects.actions.change import decide
from chengxin.subjects.actions.change_carry_out import CarryOutChange
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.history import bearers_at, codes_at, merged_into_at, names_at, survivor
from chengxin.subjects.models import Change, Identifier, MovedRow, Name, Relation, Subject
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_officer, make_organisation

pytestmark = pytest.mark.usefixtures("own_database")

DAY = date(2026, 6, 1)
LATE = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def officers() -> TwoOfficers:
    return TwoOfficers(NOW + timedelta(hours=1))


@pytest.fixture
def pair() -> tuple[Subject, Subject]:
    """Two register entries, each with facts of its own."""
    register_bodies(
        {
            "uscc": uscc(1),
            "name": "昆山旧名有限公司",
            "registration_number": registration_number(1),
            "english": "Old Ltd",
        },
        {"uscc": uscc(2), "name": "昆山新名有限公司"},
        now=NOW,
    )
    add_facts(
        {"identifier": f"uscc:{uscc(1)}", "number": 1},
        {"identifier": f"registration_number:{registration_number(1)}", "number": 2},
        {"identifier": f"uscc:{uscc(2)}", "number": 3},
        now=NOW,
    )
    add_facts({"identifier": f"uscc:{uscc(1)}", "number": 4}, now=NOW, item="penalty")
    return Subject.objects.get(uscc=uscc(1)), Subject.objects.get(uscc=uscc(2))


def facts_at(subject: int, known_at: datetime = LATE) -> list[str]:
    return sorted(fact.document_number for fact in standing(subject, DAY, known_at) if fact.document_number)


def number(given: int) -> str:
    return f"昆字〔2026〕{given}号"


def public() -> dict[str, list[Any]]:
    """Return the public rows of every table, without the numbers that name versions."""
    found = {}
    with connection.cursor() as cursor:
        for table, columns in {
            "fact": "subject_id, item, document_number, decided_on, issuer, shown_from, shown_until, content",
            "body": "*",
            "body_name": "*",
            "leads_on": "*",
            "monthly": "*",
        }.items():
            cursor.execute(f"SELECT {columns} FROM publication.{table} ORDER BY 1, 2, 3")  # noqa: S608 - tables named above
            found[table] = cursor.fetchall()
        cursor.execute("SELECT bodies FROM publication.state")
        found["bodies"] = cursor.fetchall()
    return found


def held() -> dict[str, list[Any]]:
    """Return every code and name with all its columns but the one that says when it was last stated."""
    return {
        model.__name__: sorted(
            (tuple(sorted((key, str(value)) for key, value in row.items() if key != "last_seen_at")))
            for row in model.objects.values()
        )
        for model in (Identifier, Name)
    }


def test_codes_names_and_facts_go_over_and_the_merged_row_points_the_way(
    officers: TwoOfficers, pair: tuple[Subject, Subject]
) -> None:
    source, target = pair
    change = officers.merge(source.pk, target.pk)
    assert change.state == "done"
    assert facts_at(target.pk) == [number(one) for one in (1, 2, 3, 4)]
    assert facts_at(source.pk) == []
    source.refresh_from_db()
    assert source.merged_into_id == target.pk
    assert survivor(source.pk) == target.pk
    codes = {one.value: one for one in Identifier.objects.filter(subject=target)}
    assert set(codes) == {uscc(1), uscc(2), uscc(1)[8:17], uscc(2)[8:17], registration_number(1)}
    assert codes[uscc(1)].replaced_by == uscc(2)
    assert codes[uscc(1)].came_from_id == source.pk
    assert not Identifier.objects.filter(subject=source).exists()
    names = set(Name.objects.filter(subject=target).values_list("kind", "name"))
    assert names == {("current", "昆山新名有限公司"), ("former", "昆山旧名有限公司"), ("english", "Old Ltd")}


def test_facts_move_as_versions_and_nothing_is_changed_or_deleted(
    officers: TwoOfficers, pair: tuple[Subject, Subject]
) -> None:
    before = {one.pk: one for one in Record.objects.all()}
    change = officers.merge(pair[0].pk, pair[1].pk)
    after = {one.pk: one for one in Record.objects.all()}
    for pk, one in before.items():
        assert all(
            getattr(after[pk], name.attname) == getattr(one, name.attname) for name in Record._meta.concrete_fields
        )
    made = [one for pk, one in after.items() if pk not in before]
    assert len(made) == 4
    for one in made:
        replaced = before[one.replaces or 0]
        assert (one.kind, one.subject_id, one.version) == ("moved", pair[1].pk, replaced.version + 1)
        same = (
            "key",
            "link",
            "identifier",
            "item",
            "digest",
            "content",
            "valid_from",
            "valid_until",
            "batch_id",
            "line",
        )
        assert all(getattr(one, name) == getattr(replaced, name) for name in same)
        move = Move.objects.get(pk=one.pk)
        assert (move.replaced_id, move.change_id, move.from_subject_id) == (replaced.pk, change.pk, pair[0].pk)


def test_the_public_pages_follow_in_the_same_step(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    before = public()
    officers.merge(pair[0].pk, pair[1].pk)
    after = public()
    assert [row[0] for row in after["body"]] == [pair[1].pk]
    assert after["bodies"] == [(1,)]
    assert {row[0] for row in after["fact"]} == {pair[1].pk}
    # Only whose they are has changed: the same rows, shown from the same day, counted in the same months.
    assert sorted(row[1:] for row in after["fact"]) == sorted(row[1:] for row in before["fact"])
    assert after["monthly"] == before["monthly"]
    assert [(row[0], row[1], row[2]) for row in after["leads_on"]] == [(uscc(1), pair[1].pk, "merged")]


def test_a_register_entry_that_came_along_speaks_for_nobody(
    officers: TwoOfficers, pair: tuple[Subject, Subject]
) -> None:
    officers.merge(pair[0].pk, pair[1].pk)
    entries = [fact for fact in standing(pair[1].pk, DAY, LATE) if fact.item == "registration"]
    assert [one.content["uscc"] for one in entries] == [uscc(2)]


def test_the_past_is_answered_as_it_was(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    source, target = pair
    then = officers.now
    before = (standing(source.pk, DAY, then), standing(target.pk, DAY, then), codes_at(source.pk, then))
    named = (names_at(source.pk, then), names_at(target.pk, then), codes_at(target.pk, then))
    change = officers.merge(source.pk, target.pk)
    assert (standing(source.pk, DAY, then), standing(target.pk, DAY, then), codes_at(source.pk, then)) == before
    assert (names_at(source.pk, then), names_at(target.pk, then), codes_at(target.pk, then)) == named
    assert bearers_at("uscc", uscc(1), then) == (source.pk,)
    assert bearers_at("uscc", uscc(1), officers.now) == (target.pk,)
    assert merged_into_at(source.pk, then) is None
    assert merged_into_at(source.pk, officers.now) == target.pk
    officers.undo(change.pk)
    assert (standing(source.pk, DAY, then), standing(target.pk, DAY, then), codes_at(source.pk, then)) == before
    assert merged_into_at(source.pk, officers.now) is None


def test_undoing_a_merge_gives_back_exactly_what_was(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    shown, kept = public(), held()
    stood = [facts_at(one.pk) for one in pair]
    links = {one.key: (one.subject_id, one.link, one.public) for one in Record.objects.order_by("version")}
    change = officers.merge(pair[0].pk, pair[1].pk)
    undo = officers.undo(change.pk)
    assert undo.state == "done"
    change.refresh_from_db()
    assert change.state == "undone"
    assert public() == shown
    assert held() == kept
    assert [facts_at(one.pk) for one in pair] == stood
    assert {one.key: (one.subject_id, one.link, one.public) for one in Record.objects.order_by("version")} == links
    assert survivor(pair[0].pk) == pair[0].pk


def test_facts_that_arrived_since_go_where_their_code_goes(
    officers: TwoOfficers, pair: tuple[Subject, Subject]
) -> None:
    source, target = pair
    change = officers.merge(source.pk, target.pk)
    add_facts(
        {"identifier": f"uscc:{uscc(1)}", "number": 11},
        {"identifier": f"uscc:{uscc(2)}", "number": 12},
        {"identifier": f"uscc:{uscc(1)}", "number": 1, "text": "更正"},
        {"identifier": f"registration_number:{registration_number(1)}", "number": 2, "withdrawn": True},
        now=officers.later(),
    )
    assert facts_at(target.pk) == sorted(number(one) for one in (1, 3, 4, 11, 12))
    officers.undo(change.pk)
    assert facts_at(source.pk) == sorted(number(one) for one in (1, 4, 11))
    assert facts_at(target.pk) == sorted(number(one) for one in (3, 12))
    corrected = [fact for fact in standing(source.pk, DAY, LATE) if fact.document_number == number(1)]
    assert [one.content["text"] for one in corrected] == ["更正"]
    withdrawn = Record.objects.filter(document_number=number(2)).order_by("-version")[0]
    assert (withdrawn.kind, withdrawn.subject_id, withdrawn.public) == ("withdrawn", source.pk, False)


def test_a_code_both_bodies_bore_is_given_back_to_both(officers: TwoOfficers) -> None:
    shared = registration_number(7)
    register_bodies(*({"uscc": uscc(one), "registration_number": shared} for one in (1, 2)), now=NOW)
    source, target = Subject.objects.order_by("pk")
    kept = held()
    change = officers.merge(source.pk, target.pk)
    assert Identifier.objects.filter(value=shared).count() == 1
    add_facts({"identifier": f"registration_number:{shared}", "number": 1}, now=officers.later())
    officers.undo(change.pk)
    assert held() == kept
    # It was tied while the code was one body's, and nobody knows better since: it stays.
    assert facts_at(target.pk) == [number(1)]


def test_chains_of_merges_lead_to_the_last_and_are_undone_from_the_last(officers: TwoOfficers) -> None:
    register_bodies(*({"uscc": uscc(one)} for one in (1, 2, 3)), now=NOW)
    add_facts(*({"identifier": f"uscc:{uscc(one)}", "number": one} for one in (1, 2, 3)), now=NOW)
    first, second, third = Subject.objects.order_by("pk")
    shown, kept = public(), held()
    one = officers.merge(first.pk, second.pk)
    between = (public(), held())
    two = officers.merge(second.pk, third.pk)
    assert survivor(first.pk) == third.pk
    assert facts_at(third.pk) == [number(each) for each in (1, 2, 3)]
    with pytest.raises(ChengxinError) as refused:
        officers.undo(one.pk)
    assert refused.value.code == "later_change"
    officers.undo(two.pk)
    assert (public(), held()) == between
    officers.undo(one.pk)
    assert (public(), held()) == (shown, kept)


def test_the_preview_shows_everything_that_would_move_and_moves_nothing(
    officers: TwoOfficers, pair: tuple[Subject, Subject]
) -> None:
    before = (held(), public(), Record.objects.count())
    preview = AskMerge(officers.asker, pair[0].pk, pair[1].pk, "同一主体", officers.now).preview()
    assert (held(), public(), Record.objects.count()) == before
    rooms = {one["room"]: one["counts"] for one in preview.content["rooms"]}
    assert rooms["records"] == {"licence": 2, "penalty": 1, "registration": 1}
    assert rooms["publication"] == {"licence": 2, "penalty": 1, "page": 1}
    codes = {one["value"]: one["ends"] for one in preview.content["codes"]}
    assert codes == {uscc(1): True, uscc(1)[8:17]: False, registration_number(1): False}
    assert any("各有统一社会信用代码" in zh for zh, _en in preview.content["notices"])
    assert [one["id"] for one in preview.content["sides"]] == [pair[0].pk, pair[1].pk]


@pytest.mark.parametrize("what", ["fact", "code", "name"])
def test_what_changed_since_the_preview_is_not_moved_unseen(
    officers: TwoOfficers, pair: tuple[Subject, Subject], what: str
) -> None:
    source, target = pair
    change = AskMerge(officers.asker, source.pk, target.pk, "同一主体", officers.later()).execute()
    if what == "fact":
        add_facts({"identifier": f"uscc:{uscc(1)}", "number": 21}, now=officers.later())
    elif what == "code":
        register_bodies({"uscc": uscc(2), "name": target.name, "tax_number": uscc(2)}, now=officers.later())
    else:
        register_bodies({"uscc": uscc(1), "name": "昆山又一名有限公司"}, now=officers.later())
    before = held()
    assert officers.carry_out(change).state == "outdated"
    assert held() == before
    assert officers.merge(source.pk, target.pk).state == "done"


def test_nothing_moves_before_another_officer_has_agreed(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    change = AskMerge(officers.asker, pair[0].pk, pair[1].pk, "同一主体", officers.later()).execute()
    with pytest.raises(NotApproved):
        CarryOutChange(change.pk, officers.later()).execute()
    with pytest.raises(NotPermitted):
        decide(officers.asker, change.pk, agree=True, reason="我同意", now=officers.later())
    decide(officers.decider, change.pk, agree=False, reason="不是同一主体", now=officers.later())
    with pytest.raises(NotApproved):
        CarryOutChange(change.pk, officers.later()).execute()
    assert Change.objects.get().state == "asked"
    assert not MovedRow.objects.exists()


def test_carrying_out_twice_is_carrying_out_once(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    change = officers.merge(pair[0].pk, pair[1].pk)
    after = (held(), public(), Record.objects.count())
    assert CarryOutChange(change.pk, officers.later()).execute().state == "done"
    assert (held(), public(), Record.objects.count()) == after


def test_only_the_credit_centre_merges(pair: tuple[Subject, Subject]) -> None:
    from chengxin.accounts.actor import officer_actor  # noqa: PLC0415

    bureau = make_organisation("bureau")
    for role in ("reviewer", "submitter", "window"):
        actor = officer_actor(make_officer(bureau, role, role))
        with pytest.raises(NotPermitted):
            AskMerge(actor, pair[0].pk, pair[1].pk, "同一主体", NOW).execute()


def test_what_cannot_be_merged_is_refused_with_a_reason(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    source, target = pair
    register_bodies({"registration_number": registration_number(9)}, now=NOW)
    codeless = Subject.objects.get(uscc="")

    def refusal(one: int, other: int, reason: str = "同一主体") -> str:
        with pytest.raises(ChengxinError) as refused:
            AskMerge(officers.asker, one, other, reason, officers.now).execute()
        return refused.value.code

    assert refusal(source.pk, source.pk) == "same_body"
    assert refusal(source.pk, codeless.pk) == "merge_the_other_way"
    assert refusal(source.pk, target.pk, " ") == "reason_missing"
    with pytest.raises(NotFound):
        AskMerge(officers.asker, source.pk, 10**9, "同一主体", officers.now).execute()
    Relation.objects.create(
        kind="branch_of", from_subject=source, to_subject=target, state="established", evidence="x", made_at=NOW
    )
    assert refusal(target.pk, source.pk) == "related_bodies"
    Relation.objects.all().update(state="refused")
    officers.merge(source.pk, target.pk)
    assert refusal(source.pk, codeless.pk) == "merged_already"
    assert officers.merge(codeless.pk, target.pk).state == "done"


def test_relations_follow_and_come_back(officers: TwoOfficers, pair: tuple[Subject, Subject]) -> None:
    source, target = pair
    register_bodies({"uscc": uscc(5)}, now=NOW)
    branch = Subject.objects.get(uscc=uscc(5))
    for parent in (source, target):
        Relation.objects.create(
            kind="branch_of", from_subject=branch, to_subject=parent, state="proposed", evidence="x", made_at=NOW
        )
    Relation.objects.create(
        kind="successor_of", from_subject=source, to_subject=branch, state="established", evidence="x", made_at=NOW
    )
    before = list(Relation.objects.order_by("pk").values())
    change = officers.merge(source.pk, target.pk)
    pairs = set(Relation.objects.values_list("kind", "from_subject", "to_subject"))
    assert pairs == {("branch_of", branch.pk, target.pk), ("successor_of", target.pk, branch.pk)}
    officers.undo(change.pk)
    assert list(Relation.objects.order_by("pk").values()) == before
