"""Whatever a person types into the search by name is answered: nothing, far too much, or signs of every script."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import Verdict, fold_name
from chengxin.subjects.models import Name, Subject
from chengxin.subjects.relations import parent_name
from chengxin.subjects.search import MANY, search_names
from chengxin.testing.making import NOW

NAME = "昆山市禾映电子科技有限公司"


def registered(name: str, kind: str = "current") -> int:
    subject = Subject.objects.create(
        kind="legal_person", name=name, uscc="", status="存续", registrar="x", made_at=NOW, changed_at=NOW
    )
    Name.objects.create(subject=subject, kind=kind, name=name, folded=fold_name(name), first_seen_at=NOW)
    return subject.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked",
    [
        "",
        " ",
        "　　",
        "\x00",
        "\n\t",
        "%",
        "_",
        "'; DROP TABLE subjects_name; --",
        "()（）【】",
        "有限公司",
        "😀" * 10,
        "\u202e昆山",
        "\u200b\ufeff",
        "ﷺ",
        "A" * 5_000,
        "昆" * 5_000,
        "١٢٣",
        "𠮷野家",
        "e\u0301cole",
    ],
    ids=range(19),
)
def test_no_text_breaks_the_search_or_finds_what_it_does_not_name(asked: str) -> None:
    registered("苏州云舫餐饮管理有限公司")
    (found,) = search_names([asked])
    assert all(one.verdict is not Verdict.SAME for one in found)
    assert all(0 <= one.score < 0.85 for one in found)


@pytest.mark.django_db
def test_nothing_asked_is_nothing_answered() -> None:
    assert search_names([]) == []


@pytest.mark.django_db
def test_an_empty_register_has_no_candidate_for_one_name_or_for_very_many() -> None:
    assert search_names([NAME]) == [[]]
    assert search_names([NAME] * (MANY + 1)) == [[]] * (MANY + 1)


@pytest.mark.django_db
def test_one_name_asked_many_times_is_answered_the_same_every_time() -> None:
    made = registered(NAME)
    few, many = search_names([NAME] * 3), search_names([NAME] * (MANY + 1))
    assert {tuple(one.subject_id for one in found) for found in [*few, *many]} == {(made,)}
    assert {found[0].score for found in [*few, *many]} == {1.0}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked",
    [
        "昆山市禾映電子科技有限公司",
        "  昆山市 禾映电子 科技有限公司 ",
        "昆山市禾映电子科技有限公司\u200b",
        "昆山市禾映電子科技有限責任公司",
        "禾映（昆山）电子科技有限公司",
    ],
)
def test_another_writing_of_the_same_name_compares_as_the_same(asked: str) -> None:
    made = registered(NAME)
    best = search_names([asked])[0][0]
    assert (best.subject_id, best.verdict, best.name) == (made, Verdict.SAME, NAME)
    assert best.score >= 0.85


@pytest.mark.django_db
def test_two_bodies_of_one_name_are_both_shown_and_in_the_same_order_every_time() -> None:
    made = {registered(NAME), registered(NAME)}
    found = search_names([NAME])[0]
    assert {one.subject_id for one in found} == made
    assert [search_names([NAME])[0] for _ in range(3)] == [found] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("top", [1, 2, 3])
def test_no_more_bodies_than_wanted_are_told(top: int) -> None:
    for _ in range(4):
        registered(NAME)
    assert len(search_names([NAME], top)[0]) == top


@pytest.mark.django_db
def test_a_name_that_is_good_at_once_costs_one_statement() -> None:
    registered(NAME)
    with CaptureQueriesContext(connection) as captured:
        search_names([NAME] * 10)
    assert len(captured) == 1


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.text(max_size=30), max_size=4))
def test_every_list_of_texts_has_an_answer_for_each_in_order(asked: list[str]) -> None:
    found = search_names(asked, 3)
    assert len(found) == len(asked)
    for some in found:
        assert [one.score for one in some] == sorted((one.score for one in some), reverse=True)
        assert len({one.subject_id for one in some}) == len(some) <= 3


@given(st.text(max_size=40))
def test_what_is_no_branchs_name_has_no_parent_and_a_parent_is_never_the_name_itself(name: str) -> None:
    parent = parent_name(name)
    assert parent == "" or parent != fold_name(name)


@given(st.sampled_from(["昆山禾映科技有限公司", "苏州云舫餐饮管理有限公司", "江苏昆山农村商业银行股份有限公司"]),
       st.sampled_from(["玉山", "花桥", "张浦"]), st.sampled_from(["分公司", "分店", "营业部"]))  # fmt: skip
def test_a_parents_name_and_its_place_read_back_to_the_parent(parent: str, place: str, kind: str) -> None:
    assert parent_name(parent + place + kind) in {fold_name(parent), ""}
    assert parent_name(parent + place + "分公司") == fold_name(parent)
    assert parent_name(parent) == ""
