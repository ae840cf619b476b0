"""Facts go with their body by new versions: each once, in the order of their numbers, and back the same way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chengxin.base.events import publish
from chengxin.records.actions.move_facts import moving_facts
from chengxin.records.models import Move, Record
from chengxin.records.queries import standing
from chengxin.records.unbound import MOST, UnboundFact, unbound_facts
from chengxin.subjects.events import BodyMove, MoveAsked, Moving
from chengxin.subjects.models import Subject
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_record, make_subject

pytestmark = pytest.mark.django_db

FAR = 10**9
DAY = date(2026, 6, 1)
LATE = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
A, B = uscc(1), uscc(2)
OLD = registration_number(1)


@pytest.fixture
def pair() -> tuple[int, int]:
    """Two bodies with facts of two items each, one of them corrected, one withdrawn."""
    register_bodies({"uscc": A, "registration_number": OLD}, {"uscc": B}, now=NOW)
    for item in ("licence", "penalty"):
        add_facts(
            *({"identifier": f"uscc:{code}", "number": n} for n, code in enumerate((A, B), 1)), now=NOW, item=item
        )
    add_facts({"identifier": f"registration_number:{OLD}", "number": 3}, now=NOW)
    add_facts({"identifier": f"uscc:{A}", "number": 1, "text": "更正"}, now=NOW)
    add_facts({"identifier": f"registration_number:{OLD}", "number": 3, "withdrawn": True}, now=NOW)
    first, second = Subject.objects.order_by("pk").values_list("pk", flat=True)
    return first, second


def latest() -> dict[str, Record]:
    held: dict[str, Record] = {}
    for one in Record.objects.order_by("version"):
        held[str(one.key)] = one
    return held


def asked(move: BodyMove) -> Moving:
    question = MoveAsked(move)
    publish(question)
    return next(one for one in question.found if one.room == "records")


def split(source: int, *codes: str, facts: tuple[str, ...] = ()) -> BodyMove:
    return BodyMove("split", source, None, codes, facts)


def test_what_a_preview_counts_is_what_moves(pair: tuple[int, int]) -> None:
    told = asked(BodyMove("merge", *pair))
    assert told.counts == {"licence": 2, "penalty": 1, "registration": 1}
    assert (told.zh, told.en) == ("信用记录", "facts")
    numbers = moving_facts(BodyMove("merge", *pair))
    change = TwoOfficers(NOW + timedelta(hours=1)).merge(*pair)
    assert sorted(Move.objects.filter(change_id=change.pk).values_list("replaced_id", flat=True)) == numbers
    assert len(numbers) == sum(told.counts.values())


def test_only_the_latest_version_of_a_fact_moves(pair: tuple[int, int]) -> None:
    corrected = Record.objects.filter(item="licence", kind="corrected").get()
    numbers = moving_facts(BodyMove("merge", *pair))
    assert corrected.pk in numbers
    assert corrected.replaces not in numbers


def test_a_withdrawn_fact_goes_along_and_stays_withdrawn(pair: tuple[int, int]) -> None:
    TwoOfficers(NOW + timedelta(hours=1)).merge(*pair)
    (moved,) = [one for one in latest().values() if one.kind == "withdrawn"]
    assert (moved.subject_id, moved.public, moved.version) == (pair[1], False, 3)
    assert moved.pk in set(Move.objects.values_list("record_id", flat=True))


def test_versions_of_one_item_are_numbered_in_one_run_in_the_order_of_the_facts(pair: tuple[int, int]) -> None:
    TwoOfficers(NOW + timedelta(hours=1)).merge(*pair)
    for item in ("licence", "penalty", "registration"):
        moved = list(
            Record.objects.filter(pk__in=Move.objects.values("record_id"), item=item)
            .order_by("pk")
            .values_list("pk", "replaces")
        )
        numbers = [number for number, _replaced in moved]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        replaced = [one for _number, one in moved if one is not None]
        assert replaced == sorted(replaced)


def test_a_split_moves_what_came_under_its_codes_and_nothing_else(pair: tuple[int, int]) -> None:
    told = asked(split(pair[0], f"registration_number:{OLD}"))
    assert told.counts == {"licence": 1}
    assert moving_facts(split(pair[0], "registration_number:none")) == []
    assert asked(split(pair[0])).counts == {}


def test_a_fact_chosen_by_its_key_moves_only_where_no_code_of_the_body_ties_it(pair: tuple[int, int]) -> None:
    subject = Subject.objects.get(pk=pair[0])
    stray = make_record(FAR + 1, subject, identifier="uscc:ELSEWHERE", link="decision")
    tied = next(one for one in latest().values() if one.identifier == f"uscc:{A}" and one.item == "penalty")
    foreign = next(one for one in latest().values() if one.subject_id == pair[1] and one.item == "penalty")
    chosen = split(pair[0], facts=(str(stray.key), str(tied.key), str(foreign.key)))
    assert moving_facts(chosen) == [stray.pk]


def test_the_digest_names_the_facts_that_stand_beside_as_well(pair: tuple[int, int]) -> None:
    before = asked(BodyMove("merge", *pair)).digest
    assert asked(BodyMove("merge", *pair)).digest == before
    add_facts({"identifier": f"uscc:{B}", "number": 8}, now=NOW)
    beside = asked(BodyMove("merge", *pair))
    assert beside.digest != before
    assert beside.counts == {"licence": 2, "penalty": 1, "registration": 1}


def test_documents_that_both_bodies_hold_are_counted_once_each_and_only_for_a_merge(pair: tuple[int, int]) -> None:
    assert asked(BodyMove("merge", *pair)).notices == ()
    for number in (1, 3):
        add_facts({"identifier": f"uscc:{B}", "number": number}, now=NOW)
    ((zh, en),) = asked(BodyMove("merge", *pair)).notices
    assert zh == "有 1 个文书号在两个主体名下都有记录，合并后会并列显示，请与报送单位核实是否重复报送"
    assert en.startswith("1 documents have facts at both bodies")  # number 3 was withdrawn at the first
    assert asked(split(pair[0], f"uscc:{A}")).notices == ()


def test_a_body_without_facts_moves_none_and_makes_no_version() -> None:
    first, second = make_subject(uscc=A), make_subject("昆山乙有限公司", B)
    before = Record.objects.count()
    change = TwoOfficers(NOW).merge(first.pk, second.pk)
    assert (change.state, Record.objects.count(), Move.objects.count()) == ("done", before, 0)


def test_there_and_back_a_fact_says_the_same_as_before(pair: tuple[int, int]) -> None:
    def said() -> dict[str, tuple[Any, ...]]:
        return {
            key: (one.subject_id, one.link, one.public, one.identifier, one.digest, one.content, one.valid_from)
            for key, one in latest().items()
        }

    before = said()
    stood = [standing(one, DAY, LATE) for one in pair]
    officers = TwoOfficers(NOW + timedelta(hours=1))
    officers.undo(officers.merge(*pair).pk)
    assert said() == before
    again = [standing(one, DAY, LATE) for one in pair]
    for old, new in zip(stood, again, strict=True):
        assert [(one.key, one.content) for one in old] == [(one.key, one.content) for one in new]


def test_facts_that_no_code_ties_are_shown_so_that_a_split_can_ask_about_them(pair: tuple[int, int]) -> None:
    subject = Subject.objects.get(pk=pair[0])
    assert unbound_facts(pair[0]) == ()
    stray = make_record(FAR + 1, subject, identifier="uscc:ELSEWHERE", link="decision", document_number="甲1号")
    make_record(FAR + 2, subject, identifier="", link="decision", item="registration")
    make_record(FAR + 3, subject, identifier="", link="decision", kind="withdrawn", public=False)
    (found,) = unbound_facts(pair[0])
    assert found == UnboundFact(str(stray.key), "licence", "甲1号", stray.decided_on, "uscc:ELSEWHERE")
    assert unbound_facts(pair[1]) == ()


def test_a_fact_whose_code_the_body_has_come_to_bear_is_no_stray(pair: tuple[int, int]) -> None:
    subject = Subject.objects.get(pk=pair[0])
    make_record(FAR + 1, subject, identifier="tax_number:320583187588026", link="decision")
    assert len(unbound_facts(pair[0])) == 1
    subject.identifiers.create(kind="tax_number", value="320583187588026", first_seen_at=NOW)
    assert unbound_facts(pair[0]) == ()


def test_stray_facts_come_by_item_the_latest_first_and_no_more_than_a_page_takes() -> None:
    subject = make_subject()
    days = [date(2026, 1, 1), None, date(2026, 2, 1)]
    for number, day in enumerate(days, start=1):
        make_record(FAR + number, subject, identifier="", decided_on=day, document_number=f"{number}号")
    make_record(FAR + 4, subject, identifier="", item="penalty", document_number="4号")
    assert [one.document_number for one in unbound_facts(subject.pk)] == ["3号", "1号", "2号", "4号"]
    for number in range(5, MOST + 9):
        make_record(FAR + number, subject, identifier="")
    assert len(unbound_facts(subject.pk)) == MOST
