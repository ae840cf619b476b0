"""What two people agree to is named by a digest: whatever changes at either body, the digest is another one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from chengxin.records.models import Record
from chengxin.subjects.actions.reissue import preview_reissue
from chengxin.subjects.models import Change, Identifier, Name, RefusedCode, Relation, Subject
from chengxin.subjects.preview import Preview, preview_merge, preview_split, preview_undo, side, undoing
from chengxin.testing.bodies import TwoOfficers, add_facts, register_bodies
from chengxin.testing.city import registration_number, uscc
from chengxin.testing.making import NOW, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

A, B = uscc(1), uscc(2)
OLD = registration_number(1)
LATER = NOW + timedelta(hours=1)
PLAN = {"codes": [["registration_number", OLD]], "names": [], "name": "昆山甲有限公司", "facts": []}


@pytest.fixture
def pair(db: None) -> tuple[Subject, Subject]:  # noqa: ARG001 - the database
    register_bodies(
        {"uscc": A, "name": "昆山甲有限公司", "registration_number": OLD, "english": "A Ltd"},
        {"uscc": B, "name": "昆山乙有限公司"},
        now=NOW,
    )
    add_facts({"identifier": f"uscc:{A}", "number": 1}, {"identifier": f"uscc:{B}", "number": 2}, now=NOW)
    return Subject.objects.get(uscc=A), Subject.objects.get(uscc=B)


def digest_of_merge() -> str:
    return preview_merge(Subject.objects.get(uscc=A), Subject.objects.get(uscc=B)).digest


def made(model: type[Model], **values: Any) -> Callable[[Subject], object]:
    return lambda body: model._default_manager.create(subject=body, first_seen_at=NOW, **values)


def relate(body: Subject) -> object:
    other = make_subject(uscc=uscc(9))
    return Relation.objects.create(
        kind="branch_of", from_subject=body, to_subject=other, state="proposed", evidence="x", made_at=NOW
    )


CHANGES: dict[str, Callable[[Subject], object]] = {
    "a code more": made(Identifier, kind="tax_number", value="320583187588026"),
    "a name more": made(Name, kind="former", name="昆山旧有限公司", folded="昆山旧有限公司"),
    "a code less": lambda body: Identifier.objects.filter(subject=body, kind="organisation_code").delete(),
    "another state": lambda body: Subject.objects.filter(pk=body.pk).update(status="注销"),
    "another registrar": lambda body: Subject.objects.filter(pk=body.pk).update(registrar="太仓"),
    "another kind": lambda body: Subject.objects.filter(pk=body.pk).update(kind="individual"),
    "another day": lambda body: Subject.objects.filter(pk=body.pk).update(established_on=date(2001, 1, 1)),
    "a fact more": lambda body: add_facts({"identifier": f"uscc:{body.uscc}", "number": 7}, now=LATER),
    "a fact corrected": lambda body: add_facts(
        {"identifier": f"uscc:{body.uscc}", "number": 1 if body.uscc == A else 2, "text": "更正"}, now=LATER
    ),
    "a fact withdrawn": lambda body: add_facts(
        {"identifier": f"uscc:{body.uscc}", "number": 1 if body.uscc == A else 2, "withdrawn": True}, now=LATER
    ),
    "a relation": relate,
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("which", [0, 1], ids=["at the one that goes", "at the one that stays"])
def test_whatever_changes_at_either_body_changes_what_was_agreed_to(
    pair: tuple[Subject, Subject], which: int, what: str
) -> None:
    before = digest_of_merge()
    assert digest_of_merge() == before
    with transaction.atomic():
        CHANGES[what](pair[which])
        assert digest_of_merge() != before


def test_what_happens_to_other_bodies_changes_nothing(pair: tuple[Subject, Subject]) -> None:
    assert len(pair) == 2
    before = digest_of_merge()
    register_bodies({"uscc": uscc(3)}, now=LATER)
    add_facts({"identifier": f"uscc:{uscc(3)}", "number": 3}, {"identifier": f"uscc:{uscc(8)}", "number": 4}, now=LATER)
    register_bodies({"uscc": A, "name": "昆山甲有限公司", "registration_number": OLD, "english": "A Ltd"}, now=LATER)
    assert digest_of_merge() == before


def test_the_two_directions_of_a_merge_are_two_agreements(pair: tuple[Subject, Subject]) -> None:
    assert preview_merge(*pair).digest != preview_merge(*pair[::-1]).digest


def test_a_split_is_named_by_what_was_chosen(pair: tuple[Subject, Subject]) -> None:
    chosen: list[dict[str, Any]] = [{}, {"names": ["昆山甲有限公司"]}, {"name": "A Ltd"}, {"codes": []}]
    assert len({preview_split(pair[0], PLAN | changed).digest for changed in chosen}) == len(chosen)


def test_a_split_says_that_the_new_body_waits_for_an_entry_of_its_own(pair: tuple[Subject, Subject]) -> None:
    content = preview_split(pair[0], PLAN).content
    assert [zh for zh, _en in content["notices"]] == ["拆分出的主体在其登记信息到达之前不在公示端显示"]
    assert [one["value"] for one in content["codes"]] == [OLD]
    assert [one["id"] for one in content["sides"]] == [pair[0].pk]


def test_codes_and_names_that_both_bear_are_told_apart_from_new_ones(pair: tuple[Subject, Subject]) -> None:
    register_bodies(
        {"uscc": B, "name": "昆山乙有限公司", "registration_number": OLD, "former": "昆山甲有限公司"}, now=LATER
    )
    content = preview_merge(*pair).content
    assert {one["value"]: (one["there"], one["ends"]) for one in content["codes"]} == {
        A: (False, True),
        A[8:17]: (False, False),
        OLD: (True, False),
    }
    assert {one["name"]: one["there"] for one in content["names"]} == {"昆山甲有限公司": True, "A Ltd": False}


def notices(source: Subject, target: Subject) -> list[str]:
    return [zh for zh, en in preview_merge(source, target).content["notices"] if en]


def test_two_credit_codes_a_branchs_name_and_an_earlier_split_are_things_to_think_of(
    pair: tuple[Subject, Subject],
) -> None:
    codes = "两个主体各有统一社会信用代码：只有换发代码或登记错误才会是同一主体，请附登记机关的说明"
    branch = "其中一个名称是分支机构的名称：分支机构与所属单位是不同的主体"
    split = "此前的拆分认定过其中的代码不属于同一主体"
    assert notices(*pair) == [codes]
    Subject.objects.filter(pk=pair[0].pk).update(uscc="", name="昆山乙有限公司玉山分公司")
    pair[0].refresh_from_db()
    assert notices(*pair) == [branch]
    change = Change.objects.create(
        kind="split",
        state="done",
        source=pair[0],
        plan={},
        preview={},
        digest="",
        reason="x",
        asked_by="x",
        asked_at=NOW,
    )
    RefusedCode.objects.create(subject=pair[1], kind="registration_number", value=OLD, change=change)
    assert notices(*pair) == [branch, split]


def test_a_document_that_both_hold_is_told_as_perhaps_handed_in_twice(pair: tuple[Subject, Subject]) -> None:
    add_facts({"identifier": f"uscc:{B}", "number": 1}, now=LATER)
    told = notices(*pair)
    assert "有 1 个文书号在两个主体名下都有记录，合并后会并列显示，请与报送单位核实是否重复报送" in told


def test_a_side_shows_how_the_body_stands_with_codes_and_names_in_order(pair: tuple[Subject, Subject]) -> None:
    shown = side(pair[0])
    assert (shown["id"], shown["uscc"], shown["status"], shown["established_on"]) == (pair[0].pk, A, "存续", "")
    assert shown["codes"] == sorted(shown["codes"])
    assert shown["names"] == [["current", "昆山甲有限公司"], ["english", "A Ltd"]]
    assert side(make_subject(uscc=uscc(7)))["established_on"] == "2010-05-01"


def test_undoing_shows_what_goes_back_and_a_change_not_carried_out_has_nothing_to_undo(
    pair: tuple[Subject, Subject],
) -> None:
    officers = TwoOfficers(LATER)
    change = officers.merge(pair[0].pk, pair[1].pk)
    content = preview_undo(change).content
    assert (content["kind"], content["undone"], content["plan"]) == ("undo", "merge", {"undoes": change.pk})
    assert {one["value"] for one in content["codes"]} == {A, A[8:17], OLD}
    assert [one["id"] for one in content["sides"]] == [pair[1].pk, pair[0].pk]
    move = undoing(change)
    assert (move.kind, move.source, move.target, move.undoes) == ("undo", pair[1].pk, pair[0].pk, change.pk)
    with pytest.raises(ValueError, match="was not carried out"):
        undoing(Change(pk=404, target=None))


def test_a_re_issue_shows_the_code_that_ends(pair: tuple[Subject, Subject]) -> None:
    plan = {"old": A, "new": uscc(5), "on": "2026-03-01", "document": "函"}
    content = preview_reissue(pair[0], plan).content
    assert content["codes"] == [{"kind": "uscc", "value": A, "there": False, "ends": True}]
    assert preview_reissue(pair[0], plan | {"on": "2026-03-02"}).digest != preview_reissue(pair[0], plan).digest


def test_looking_changes_nothing(pair: tuple[Subject, Subject]) -> None:
    before = [list(model._default_manager.order_by("pk").values()) for model in (Subject, Identifier, Name, Record)]
    preview_merge(*pair)
    preview_split(pair[0], PLAN)
    after = [list(model._default_manager.order_by("pk").values()) for model in (Subject, Identifier, Name, Record)]
    assert after == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("甲乙ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text("甲乙abc", max_size=2), JSON, max_size=4))
def test_the_digest_depends_on_what_is_said_and_not_on_the_order_of_saying(content: dict[str, Any]) -> None:
    turned = dict(reversed(list(content.items())))
    assert Preview(content).digest == Preview(turned).digest
    assert Preview(content | {"extra": 1}).digest != Preview(content | {"extra": 2}).digest
    assert len(Preview(content).digest) == 64
