"""What cannot be done to bodies is refused with a stable code, a sentence in Chinese, and the place it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.accounts.actor import ALL_OPERATIONS, MERGE_BODIES, REVIEW_LINKS, SPLIT_BODIES, Actor, operator
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.subjects.actions.change import change_by_id, decide, hand_over, operation_of, standing_subject
from chengxin.subjects.actions.merge import AskMerge
from chengxin.subjects.actions.merge_undo import AskUndo
from chengxin.subjects.actions.refuse_code import RefuseCode
from chengxin.subjects.actions.reissue import ReissueCode
from chengxin.subjects.actions.relate import RefuseRelation, RelateBodies
from chengxin.subjects.actions.split import AskSplit
from chengxin.subjects.models import Change, Identifier, MovedRow, RefusedCode, Relation, Subject
from chengxin.testing.bodies import TwoOfficers, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

A, B, C = uscc(1), uscc(2), uscc(3)
OLD = registration_number(1)
CENTRE = Actor("officer", "li", "centre", frozenset({MERGE_BODIES, SPLIT_BODIES, REVIEW_LINKS}), everywhere=True)
BUREAU = replace(CENTRE, organisation="bureau", everywhere=False)
CLERK = replace(CENTRE, operations=frozenset({"batches.submit"}))
DAY = date(2026, 3, 1)


@pytest.fixture
def pair() -> tuple[int, int]:
    """Two bodies with a credit code each; the first has an old number and an earlier name too."""
    register_bodies({"registration_number": OLD, "name": "昆山老店有限公司"}, now=NOW - timedelta(days=9))
    register_bodies(
        {"uscc": A, "registration_number": OLD, "name": "昆山新店有限公司"},
        {"uscc": B, "name": "昆山乙有限公司"},
        now=NOW,
    )
    return Subject.objects.get(uscc=A).pk, Subject.objects.get(uscc=B).pk


def refusal(act: Callable[[], object]) -> ChengxinError:
    before = (Change.objects.count(), MovedRow.objects.count(), Relation.objects.count())
    with pytest.raises(ChengxinError) as refused:
        act()
    assert (Change.objects.count(), MovedRow.objects.count(), Relation.objects.count()) == before
    assert refused.value.message_en
    return refused.value


def merge(source: int, target: int, actor: Actor = CENTRE) -> Callable[[], object]:
    return AskMerge(actor, source, target, "同一主体", NOW).check


def reissue(subject: int, actor: Actor = CENTRE, **more: Any) -> Callable[[], object]:
    values: dict[str, Any] = {"old": A, "new": C, "on": DAY, "document": "函", "reason": "换发", "now": NOW}
    return ReissueCode(actor, subject, **(values | more)).check


def split(subject: int, codes: tuple[tuple[str, str], ...], **more: Any) -> Callable[[], object]:
    values: dict[str, Any] = {"names": (), "name": "昆山老店有限公司", "facts": (), "reason": "x", "now": NOW}
    return AskSplit(more.pop("actor", CENTRE), subject, codes, **(values | more)).check


def relate(pair: tuple[int, int], **more: Any) -> Callable[[], object]:
    values: dict[str, Any] = {"kind": "branch_of", "from_id": pair[0], "to_id": pair[1], "from_day": DAY}
    values |= {"document": "文书", "now": NOW}
    return RelateBodies(more.pop("actor", CENTRE), **(values | more)).check


def test_a_body_is_not_merged_into_itself(pair: tuple[int, int]) -> None:
    told = refusal(merge(pair[0], pair[0]))
    assert (told.code, told.message_zh, told.where) == ("same_body", "请选择两个不同的主体", str(pair[0]))


def test_the_body_that_has_a_credit_code_is_the_one_to_stay(pair: tuple[int, int]) -> None:
    register_bodies({"registration_number": registration_number(5)}, now=NOW)
    codeless = Subject.objects.get(uscc="").pk
    told = refusal(merge(pair[0], codeless))
    assert told.code == "merge_the_other_way"
    assert told.message_zh == "保留的主体没有统一社会信用代码，请反过来合并：保留有代码的主体"
    assert told.where == str(codeless)
    assert [one.pk for one in AskMerge(CENTRE, codeless, pair[0], "x", NOW).check()] == [codeless, pair[0]]


@pytest.mark.parametrize("kind", ["branch_of", "successor_of"])
def test_bodies_that_an_established_relation_tells_apart_are_not_merged_either_way(
    pair: tuple[int, int], kind: str
) -> None:
    relation = Relation.objects.create(
        kind=kind, from_subject_id=pair[0], to_subject_id=pair[1], state="established", evidence="x", made_at=NOW
    )
    for source, target in (pair, pair[::-1]):
        told = refusal(merge(source, target))
        assert told.code == "related_bodies"
        assert told.message_zh == "两个主体之间已确认有分支或承继关系，它们是不同的主体，不能合并；关系有误请先更正关系"
        assert told.where == f"{source}, {target}"
    for state in ("proposed", "refused"):  # a proposal says nothing yet, a refused one says nothing at all
        Relation.objects.filter(pk=relation.pk).update(state=state)
        assert len(AskMerge(CENTRE, *pair, "x", NOW).check()) == 2


def test_a_body_that_is_not_there_or_was_merged_away_is_told_with_where_to_go(pair: tuple[int, int]) -> None:
    told = refusal(lambda: standing_subject(404))
    assert isinstance(told, NotFound)
    assert (told.code, told.message_zh, told.where) == ("unknown_subject", "没有编号为 404 的主体", "404")
    Subject.objects.filter(pk=pair[0]).update(merged_into=pair[1])
    for act in (merge(*pair), reissue(pair[0]), split(pair[0], ()), relate(pair), merge(pair[1], pair[0])):
        told = refusal(act)
        assert told.code == "merged_already"
        assert told.message_zh == f"主体 {pair[0]} 已并入主体 {pair[1]}，请改选后者"
        assert told.where == str(pair[0])


@pytest.mark.parametrize(
    ("more", "code", "sentence", "where"),
    [
        ({"new": A}, "codes_wrong", "请填写两个不同的、写法正确的统一社会信用代码", A),
        ({"new": A.lower()}, "codes_wrong", "请填写两个不同的、写法正确的统一社会信用代码", A.lower()),
        ({"new": ""}, "codes_wrong", "请填写两个不同的、写法正确的统一社会信用代码", ""),
        ({"old": "昆山"}, "codes_wrong", "请填写两个不同的、写法正确的统一社会信用代码", C),
        ({"on": date(2026, 3, 3)}, "day_to_come", "换发日期 2026-03-03 还没有到", "on"),
        ({"document": " \n"}, "document_missing", "请写明登记机关的换发文书", "document"),
        ({"old": uscc(8)}, "old_code_wrong", f"{uscc(8)} 不是该主体现行的统一社会信用代码", uscc(8)),
        ({"old": B}, "old_code_wrong", f"{B} 不是该主体现行的统一社会信用代码", B),
    ],
)
def test_a_re_issue_is_refused_for(
    pair: tuple[int, int], more: dict[str, Any], code: str, sentence: str, where: str
) -> None:
    told = refusal(reissue(pair[0], **more))
    assert (told.code, told.message_zh, told.where) == (code, sentence, where)


def test_a_re_issue_of_today_is_taken_and_codes_are_read_as_people_write_them(pair: tuple[int, int]) -> None:
    asked = ReissueCode(CENTRE, pair[0], f" {A.lower()} ", C.lower(), date(2026, 3, 2), " 函 ", "换发", NOW)
    assert asked.check().pk == pair[0]
    assert asked.plan() == {"old": A, "new": C, "on": "2026-03-02", "document": "函"}


def test_a_new_code_that_another_body_bears_points_to_the_merge(pair: tuple[int, int]) -> None:
    told = refusal(reissue(pair[0], new=B))
    assert told.code == "code_taken"
    assert told.message_zh == f"{B} 已登记在主体 {pair[1]} 名下；若两者确为同一主体，请办理合并"


def test_a_code_that_was_replaced_does_not_come_back(pair: tuple[int, int]) -> None:
    Identifier.objects.create(
        subject_id=pair[0], kind="uscc", value=C, first_seen_at=NOW, ended_at=NOW, ended_on=DAY, replaced_by=A
    )
    told = refusal(reissue(pair[0]))
    assert (told.code, told.message_zh) == ("code_circle", f"{C} 是该主体已被替代的旧代码，不能再换发回来")
    told = refusal(reissue(pair[0], old=C, new=uscc(9)))
    assert told.code == "old_code_wrong"


CREDIT, PART, NUMBER = ("uscc", A), ("organisation_code", A[8:17]), ("registration_number", OLD)


@pytest.mark.parametrize(
    ("codes", "more", "code", "sentence"),
    [
        ((), {}, "codes_wrong", "请选择属于该主体的代码，至少一个、不能是全部"),
        ((CREDIT, PART, NUMBER), {}, "codes_wrong", "请选择属于该主体的代码，至少一个、不能是全部"),
        ((NUMBER, ("uscc", B)), {}, "codes_wrong", "请选择属于该主体的代码，至少一个、不能是全部"),
        (
            (CREDIT, NUMBER),
            {},
            "organisation_code_apart",
            f"组织机构代码 {A[8:17]} 是统一社会信用代码的一部分，须与其一同移走或留下",
        ),
        (
            (CREDIT, PART),
            {},
            "code_has_to_stay",
            f"{A} 是该主体现行登记信息所用的代码，须留在原主体；请改为拆分另一方的代码",
        ),
        ((NUMBER,), {"name": ""}, "names_wrong", "请从该主体用过的名称中选择，现用名称不能移走"),
        ((NUMBER,), {"name": "昆山乙有限公司"}, "names_wrong", "请从该主体用过的名称中选择，现用名称不能移走"),
        (
            (NUMBER,),
            {"names": ("昆山新店有限公司",)},
            "names_wrong",
            "请从该主体用过的名称中选择，现用名称不能移走",
        ),
    ],
)
def test_a_split_is_refused_for(
    pair: tuple[int, int], codes: tuple[tuple[str, str], ...], more: dict[str, Any], code: str, sentence: str
) -> None:
    told = refusal(split(pair[0], codes, **more))
    assert (told.code, told.message_zh) == (code, sentence)
    assert told.where


def test_a_split_may_keep_the_present_name_for_both_and_is_kept_in_order(pair: tuple[int, int]) -> None:
    asked = AskSplit(CENTRE, pair[0], (NUMBER,), (), "昆山新店有限公司", ("b", "a"), "x", NOW)
    assert asked.check().pk == pair[0]
    assert asked.plan() == {"codes": [list(NUMBER)], "names": [], "name": "昆山新店有限公司", "facts": ["a", "b"]}


@pytest.mark.parametrize(
    ("more", "code", "sentence", "where"),
    [
        (
            {"kind": "guarantor_of"},
            "relation_wrong",
            "请选择两个不同的主体和关系种类；承继须注明合并、分立或承继",
            "kind",
        ),
        (
            {"kind": "branch_of", "manner": "合并"},
            "relation_wrong",
            "请选择两个不同的主体和关系种类；承继须注明合并、分立或承继",
            "kind",
        ),
        ({"document": "\t"}, "document_missing", "请写明依据的文书", "document"),
        ({"until_day": date(2026, 2, 28)}, "days_backwards", "结束日期早于开始日期", "until_day"),
    ],
)
def test_a_relation_is_refused_for(
    pair: tuple[int, int], more: dict[str, Any], code: str, sentence: str, where: str
) -> None:
    told = refusal(relate(pair, **more))
    assert (told.code, told.message_zh, told.where) == (code, sentence, where)


def test_a_relation_that_ends_on_its_first_day_is_one(pair: tuple[int, int]) -> None:
    assert relate(pair, until_day=DAY)() is None
    assert relate(pair, kind="successor_of", manner="分立")() is None


def test_a_relation_decided_before_is_no_proposal_any_more(pair: tuple[int, int]) -> None:
    relation = RelateBodies(CENTRE, "branch_of", *pair, DAY, "文书", NOW).execute()
    told = refusal(lambda: RefuseRelation(CENTRE, relation.pk, NOW).execute())
    assert (told.code, told.message_zh) == ("no_proposal", "这一关系不是待确认的建议")
    told = refusal(lambda: RelateBodies(CENTRE, "branch_of", *pair, DAY, "文书", NOW).execute())
    assert (told.code, told.message_zh) == ("related_already", "这一关系已经确认")
    told = refusal(relate(pair[::-1]))
    assert (told.code, told.message_zh) == ("relation_backwards", "相反方向的同种关系已经确认，请先更正")
    told = refusal(lambda: RefuseRelation(CENTRE, 404, NOW).execute())
    assert (told.code, told.message_zh) == ("unknown_relation", "没有编号为 404 的关系")


def test_a_credit_code_is_never_taken_away_as_a_wrong_one(pair: tuple[int, int]) -> None:
    told = refusal(RefuseCode(("operator", "cli", ""), pair[0], "uscc", A, "函", NOW).execute)
    assert told.code == "credit_code_kept"
    assert told.message_zh == "统一社会信用代码不能这样更正，请办理代码换发或拆分主体"
    assert not RefusedCode.objects.exists()


def test_a_bodys_only_code_is_not_taken_away() -> None:
    register_bodies({"registration_number": OLD}, now=NOW)
    told = refusal(RefuseCode(("operator", "cli", ""), Subject.objects.get().pk, *NUMBER, "函", NOW).execute)
    assert told.code == "last_code"
    assert told.message_zh == "这是该主体唯一的代码，去掉后将无法识别该主体；请先登记其正确的代码"
    assert told.where == OLD


def test_who_sees_only_some_of_the_facts_changes_no_body(pair: tuple[int, int]) -> None:
    for act in (merge(*pair, BUREAU), reissue(pair[0], BUREAU), split(pair[0], (NUMBER,), actor=BUREAU)):
        told = refusal(act)
        assert isinstance(told, NotPermitted)
        assert (told.code, told.message_zh) == (
            "centre_only",
            "合并、拆分和换发涉及多个单位的数据，由信用中心办理",
        )


def test_who_lacks_the_duty_is_told_so_before_anything_about_the_bodies() -> None:
    acts = (merge(1, 1, CLERK), reissue(404, CLERK), split(404, (), actor=CLERK), relate((1, 1), actor=CLERK))
    for act in acts:
        assert refusal(act).code == "operation_not_granted"
    assert refusal(lambda: RefuseRelation(CLERK, 404, NOW).execute()).code == "operation_not_granted"
    for look in (lambda: change_by_id(CLERK, 404), lambda: AskUndo(CLERK, 404, "x", NOW).check()):
        assert refusal(look).code == "operation_not_granted"


@pytest.mark.parametrize("operation", [MERGE_BODIES, SPLIT_BODIES])
def test_who_may_do_one_of_the_two_may_look_at_changes(operation: str) -> None:
    actor = replace(CENTRE, operations=frozenset({operation}))
    told = refusal(lambda: change_by_id(actor, 404))
    assert (told.code, told.message_zh, told.where) == ("unknown_change", "没有编号为 404 的变更", "404")


def test_a_change_is_handed_over_only_with_an_approval_that_stands(pair: tuple[int, int]) -> None:
    officers = TwoOfficers(NOW)
    change = AskMerge(officers.asker, *pair, "同一主体", officers.later()).execute()
    sentence = "这项变更还没有另一位经办人的有效审批，或已经办理"
    told = refusal(lambda: hand_over(officers.asker, change.pk, officers.later()))
    assert (told.code, told.message_zh, told.where) == ("not_approved", sentence, str(change.pk))
    decide(officers.decider, change.pk, agree=True, reason="核实", now=officers.later())
    assert hand_over(officers.asker, change.pk, officers.later()).pk == change.pk
    assert refusal(lambda: hand_over(officers.asker, change.pk, NOW + timedelta(days=400))).code == "not_approved"
    Change.objects.filter(pk=change.pk).update(state="done")
    assert refusal(lambda: hand_over(officers.asker, change.pk, officers.later())).code == "not_approved"


def test_only_a_merge_or_split_that_was_carried_out_can_be_undone(pair: tuple[int, int]) -> None:
    officers = TwoOfficers(NOW)
    asked = AskMerge(officers.asker, *pair, "同一主体", officers.later()).execute()
    reissued = officers.reissue(pair[0], A, C)
    for change in (asked, reissued):
        told = refusal(AskUndo(officers.asker, change.pk, "有误", officers.later()).check)
        assert (told.code, told.message_zh) == ("not_to_be_undone", "只有已办理的合并和拆分可以撤销")
        assert told.where == str(change.pk)


def test_the_operation_of_a_change_is_that_of_what_it_does_or_undoes() -> None:
    assert [operation_of(kind) for kind in ("merge", "reissue", "split")] == [MERGE_BODIES, MERGE_BODIES, SPLIT_BODIES]
    assert [operation_of("undo", kind) for kind in ("merge", "split")] == [MERGE_BODIES, SPLIT_BODIES]
    assert {MERGE_BODIES, SPLIT_BODIES} <= set(ALL_OPERATIONS)
    assert operator().everywhere
