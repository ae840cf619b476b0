"""Every action on accounts, duties and approvals refuses with its own code and a sentence that says what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction

from chengxin.accounts.actions.approvals import AskApproval, DecideApproval, NotApproved, use_approval
from chengxin.accounts.actions.grants import BindIdentity, GrantDuties, ResetLogIn
from chengxin.accounts.actions.officers import (
    CloseOfficer,
    MakeOfficer,
    SetOfficer,
    WithdrawDuties,
)
from chengxin.accounts.actions.organisations import CloseOrganisation
from chengxin.accounts.actions.own_account import ChangePassword
from chengxin.accounts.actor import Actor, officer_actor, operator
from chengxin.accounts.models import Approval, Officer, Organisation, OutsideIdentity
from chengxin.audit.models import Event
from chengxin.base.errors import ChengxinError, NotFound, NotPermitted
from chengxin.testing.making import NOW, PASSWORD, make_organisation

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

CHINESE = re.compile("[\u4e00-\u9fff]")
GOOD = "five unrelated words do well"


@dataclass(frozen=True)
class Office:
    """An administrator, a security officer, an auditor, a clerk and one whose account was closed."""

    market: Organisation
    boss: Actor
    guard: Actor
    clerk: Actor


@cache
def _hashed() -> str:
    """Return the hash of the password all of them have: made once, for it is slow on purpose."""
    return make_password(PASSWORD)


def _officer(market: Organisation, username: str, name: str, roles: list[str], **more: Any) -> Officer:
    return Officer.objects.create(
        username=username, name=name, organisation=market, roles=roles, password=_hashed(), **more
    )


@pytest.fixture
def office() -> Office:
    market = make_organisation()
    people = {}
    for username, name, role in (
        ("boss", "管一", "administrator"), ("guard", "安一", "security"), ("clerk", "报一", "submitter"),
    ):  # fmt: skip
        people[username] = officer_actor(_officer(market, username, name, [role]))
    _officer(market, "gone", "走了", [], is_active=False)
    return Office(market, people["boss"], people["guard"], people["clerk"])


def _refused(act: Callable[[], object]) -> ChengxinError:
    """Return the refusal of ``act``, having seen that it is told in both languages and leaves nothing behind."""
    before = _state()
    with pytest.raises(ChengxinError) as caught, transaction.atomic():
        act()
    assert _state() == before, "nothing half-done stays"
    error = caught.value
    assert CHINESE.search(error.message_zh)
    assert error.message_en
    assert not CHINESE.search(re.sub(r"['“].*?['”]|管一", "", error.message_en))
    assert set(error.as_dict()) == {"code", "message", "message_en", "where"}
    return error


def _state() -> list[Any]:
    kept: list[Any] = list(Officer.objects.order_by("pk").values_list())
    kept += list(Organisation.objects.order_by("pk").values_list("code", "is_active"))
    kept += list(Approval.objects.order_by("pk").values_list()) + list(OutsideIdentity.objects.values_list())
    return [*kept, Event.objects.count()]


def _make(office: Office, **changed: Any) -> MakeOfficer:
    values: dict[str, Any] = {
        "username": "new",
        "name": "新人",
        "organisation": "market",
        "staff_number": "A1",
        "now": NOW,
    } | changed
    return MakeOfficer(values.pop("actor", office.boss), **values)


@pytest.mark.parametrize(
    ("changed", "code", "where", "says"),
    [
        ({"username": ""}, "officer_incomplete", "username", "用户名、姓名和工号都要填写"),
        ({"username": " new"}, "officer_incomplete", "username", "前后不能有空格"),
        ({"username": "new\n"}, "officer_incomplete", "username", "前后不能有空格"),
        ({"username": "a\x00b"}, "officer_incomplete", "username", "用户名、姓名和工号都要填写"),
        ({"name": "\u3000"}, "officer_incomplete", "name", "用户名、姓名和工号都要填写"),
        ({"name": "张\u202e三"}, "officer_incomplete", "name", "用户名、姓名和工号都要填写"),
        ({"staff_number": ""}, "officer_incomplete", "staff_number", "用户名、姓名和工号都要填写"),
        ({"organisation": "nowhere"}, "unknown_organisation", "nowhere", "没有代码为“nowhere”的单位"),
        ({"username": "clerk"}, "officer_exists", "clerk", "一人一号，请直接使用原有账号"),
    ],
)
def test_an_account_that_cannot_be_made_is_refused(
    office: Office, changed: dict[str, str], code: str, where: str, says: str
) -> None:
    error = _refused(_make(office, **changed).execute)
    assert (error.code, error.where) == (code, where)
    assert says in error.message_zh


def test_a_staff_number_belongs_to_one_account_of_its_organisation(office: Office) -> None:
    made, password = _make(office).execute()
    assert made.must_change_password
    assert password not in str(list(Officer.objects.values()))
    assert _refused(_make(office, username="other").execute).code == "officer_exists"
    make_organisation("tax")
    other, _password = _make(office, username="other", organisation="tax").execute()
    assert other.staff_number == made.staff_number


@pytest.mark.parametrize("actor", ["guard", "clerk"])
def test_who_manages_no_officers_makes_closes_and_withdraws_nothing(office: Office, actor: str) -> None:
    by: Actor = getattr(office, actor)
    acts: list[Any] = [
        _make(office, actor=by),
        CloseOfficer(by, "clerk", "x", NOW),
        CloseOrganisation(by, "market", "x", NOW),
    ]
    if actor == "clerk":
        acts.append(WithdrawDuties(by, "guard", ("security",), "x", NOW))
    for act in acts:
        error = _refused(act.execute)
        assert isinstance(error, NotPermitted)
        assert (error.code, "请联系信用中心开通" in error.message_zh) == ("operation_not_granted", True)


@pytest.mark.parametrize("reason", ["", "   ", "\u3000\n"])
def test_taking_something_away_is_explained(office: Office, reason: str) -> None:
    for act in (
        CloseOfficer(office.boss, "clerk", reason, NOW),
        CloseOrganisation(office.boss, "market", reason, NOW),
        WithdrawDuties(office.boss, "clerk", ("submitter",), reason, NOW),
    ):
        error = _refused(act.execute)
        assert (error.code, error.message_zh, error.where) == ("reason_missing", "请写明理由", "reason")


def test_nobody_that_is_not_there_can_be_closed_or_changed(office: Office) -> None:
    for act in (
        CloseOfficer(office.boss, "nobody", "x", NOW).execute,
        WithdrawDuties(office.boss, "nobody", ("submitter",), "x", NOW).execute,
        lambda: GrantDuties(office.boss, "nobody", NOW, ("window",)).ask("x"),
        lambda: ResetLogIn(office.boss, "nobody", NOW).ask("x"),
        lambda: BindIdentity(office.boss, "nobody", NOW, "https://id.example", "7").ask("x"),
    ):
        error = _refused(act)
        assert isinstance(error, NotFound)
        assert (error.code, error.message_zh) == ("unknown_officer", "没有经办人“nobody”")
    assert _refused(CloseOrganisation(office.boss, "nowhere", "x", NOW).execute).code == "unknown_organisation"


def test_the_last_administrator_does_not_lock_the_door_from_outside(office: Office) -> None:
    error = _refused(CloseOfficer(office.boss, "boss", "下班", NOW).execute)
    assert (error.code, error.message_zh) == ("own_account", "不能停用自己的账号")


@pytest.mark.parametrize(
    ("roles", "code", "says"),
    [
        ((), "role_missing", "请选择岗位"),
        (("king",), "unknown_role", "没有岗位“king”，可用的有：submitter"),
        (("window", "auditor"), "duties_not_separate", "审计员不能兼任其他岗位"),
        (("administrator",), "duties_not_separate", "系统管理员不能兼任其他岗位"),
        (("security", "auditor"), "duties_not_separate", "不能兼任其他岗位，请把岗位分给不同的人"),
    ],
)
def test_duties_that_cannot_be_given_are_not_even_asked_for(
    office: Office, roles: tuple[str, ...], code: str, says: str
) -> None:
    for act in (
        lambda: GrantDuties(office.boss, "clerk", NOW, roles).ask("人手不足"),
        GrantDuties(office.boss, "clerk", NOW, roles).execute,
    ):
        error = _refused(act)
        assert error.code == code
        assert says in error.message_zh


def test_a_closed_account_gets_no_duty_before_it_gets_a_way_in(office: Office) -> None:
    error = _refused(lambda: GrantDuties(office.boss, "gone", NOW, ("reviewer",)).ask("回来了"))
    assert (error.code, error.message_zh, error.where) == ("officer_closed", "账号已停用，请先恢复登录", "gone")


@pytest.mark.parametrize(
    ("issuer", "subject"),
    [
        ("", "7"),
        ("http://id.example", "7"),
        ("id.example", "7"),
        ("HTTPS://id.example", "7"),
        ("https://id.example", " "),
    ],
)
def test_an_outside_identity_names_a_protected_address_and_a_subject(office: Office, issuer: str, subject: str) -> None:
    error = _refused(lambda: BindIdentity(office.boss, "clerk", NOW, issuer, subject).ask("统一认证"))
    assert (error.code, error.where) == ("identity_incomplete", "subject")
    assert error.message_zh == "请填写身份提供方地址（https://）和用户标识（sub）"


def test_an_outside_identity_is_one_officers(office: Office) -> None:
    holder = Officer.objects.get(username="guard")
    OutsideIdentity.objects.create(
        officer=holder, issuer="https://id.example", subject="7", made_at=NOW, made_by="boss"
    )
    error = _refused(lambda: BindIdentity(office.boss, "clerk", NOW, "https://id.example", "7").ask("统一认证"))
    assert (error.code, error.message_zh) == ("identity_taken", "这个外部账号已经登记给一位经办人")


def test_power_over_an_account_without_the_second_officer_is_refused_with_the_way_to_it(office: Office) -> None:
    for act in (
        GrantDuties(office.boss, "clerk", NOW, ("window",)),
        ResetLogIn(office.boss, "gone", NOW),
        BindIdentity(office.boss, "clerk", NOW, "https://id.example", "7"),
    ):
        error = _refused(act.execute)
        assert isinstance(error, NotApproved)
        assert error.code == "not_approved"
        assert "要由另一位经办人同意后才能办理：请先申请审批，内容有变动须重新申请" in error.message_zh
        assert error.where == act.username


@pytest.mark.parametrize("actor", ["guard", "clerk"])
def test_only_an_administrator_asks_for_power_over_accounts(office: Office, actor: str) -> None:
    by: Actor = getattr(office, actor)
    for act in (GrantDuties(by, "clerk", NOW, ("window",)), ResetLogIn(by, "gone", NOW)):
        assert isinstance(_refused(lambda act=act: act.ask("x")), NotPermitted)  # type: ignore[misc]


def _set(office: Office, **changed: Any) -> SetOfficer:
    values: dict[str, Any] = {
        "username": "first", "password": GOOD, "name": "头一位", "organisation": office.market, "roles": (), "now": NOW,
    } | changed  # fmt: skip
    return SetOfficer(**values)


@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"username": ""}, "officer_incomplete", "用户名、姓名和工号都要填写"),
        ({"username": " boss "}, "officer_incomplete", "前后不能有空格"),
        ({"name": " "}, "officer_incomplete", "用户名、姓名和工号都要填写"),
        ({"staff_number": " 7"}, "officer_incomplete", "前后不能有空格"),
        ({"password": "short"}, "password_too_short", "密码至少 12 个字符"),
        ({"password": "x" * 1001}, "password_too_long", "密码最多 1000 个字符"),
        ({"password": "kunshan2026!!!"}, "password_common", "这个密码太常见"),
        ({"password": "first-first-first"}, "password_common", "几个不相干的词连在一起就很好"),
        ({"roles": ("king",)}, "unknown_role", "没有岗位“king”"),
        ({"roles": ("auditor", "window")}, "duties_not_separate", "审计员不能兼任其他岗位"),
        ({"roles": ("window",)}, "duties_need_approval", "岗位须在政务端由管理员申请、安全管理员审批"),
    ],
)
def test_the_operator_too_is_refused_what_an_account_may_not_be(
    office: Office, changed: dict[str, Any], code: str, says: str
) -> None:
    error = _refused(_set(office, **changed).execute)
    assert error.code == code
    assert says in error.message_zh


def test_one_person_is_not_two_officers_who_watch_each_other(office: Office) -> None:
    Officer.objects.filter(username="guard").update(is_active=False)
    error = _refused(_set(office, name="管一", roles=("security",)).execute)
    assert error.code == "duties_not_separate"
    assert "“管一”已有账号 boss" in error.message_zh
    assert "同名的不同人请先登记工号" in error.message_zh


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("wrong", GOOD, "old_password_wrong", "old"),
        ("", GOOD, "old_password_wrong", "old"),
        (PASSWORD, PASSWORD, "password_unchanged", "new"),
        (PASSWORD, "short", "password_too_short", "clerk"),
        (PASSWORD, "clerk2026clerk2026", "password_common", "clerk"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_poor_one(
    office: Office, old: str, new: str, code: str, where: str
) -> None:
    assert office.clerk.id == "clerk"
    error = _refused(ChangePassword(Officer.objects.get(username="clerk"), old, new, NOW).execute)
    assert (error.code, error.where) == (code, where)


def _ask(actor: Actor, **changed: Any) -> Approval:
    values: dict[str, Any] = {
        "operation": "duties.grant", "object_kind": "officer.duties", "object_id": "clerk", "content": {"a": 1},
        "reason": "人手不足", "now": NOW,
    } | changed  # fmt: skip
    return AskApproval(actor, **values).execute()


@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"operation": "fly"}, "unknown_operation", "没有操作“fly”，可用的有：batches.submit"),
        ({"operation": "officers.manage"}, "approval_not_needed", "“管理经办人账号”不需要审批，可以直接办理"),
        ({"operation": "bodies.merge"}, "operation_not_granted", "没有“bodies.merge”的权限"),
        ({"reason": " "}, "reason_missing", "请写明申请理由"),
        ({"content": {"a": 0.5}}, "approval_content_wrong", "审批内容只能用文字、整数、真假、列表和对象"),
        ({"content": {"a": {1: 2}}}, "approval_content_wrong", "审批内容只能用文字、整数、真假、列表和对象"),
        ({"content": {"a": NOW}}, "approval_content_wrong", "datetime"),
        ({"content": {"a": b"x"}}, "approval_content_wrong", "bytes"),
    ],
)
def test_a_question_nobody_could_answer_is_not_put(
    office: Office, changed: dict[str, Any], code: str, says: str
) -> None:
    error = _refused(lambda: _ask(office.boss, **changed))
    assert error.code == code
    assert says in error.message_zh


def test_the_same_question_twice_is_refused_with_what_to_do(office: Office) -> None:
    _ask(office.boss)
    error = _refused(lambda: _ask(office.boss))
    assert (error.code, error.where) == ("approval_asked_already", "clerk")
    assert error.message_zh == "同样的申请已经提出，请等待审批或直接使用已同意的审批"
    assert _ask(office.boss, content={"a": 2}).pk, "another content is another question"


def _decide(actor: Actor, number: int, *, reason: str = "同意", after: int = 0) -> DecideApproval:
    return DecideApproval(actor, number, agree=True, reason=reason, now=NOW + timedelta(hours=after))


def test_a_decision_nobody_may_take_is_refused_each_for_its_own_reason(office: Office) -> None:
    asked = _ask(office.boss)
    both = Actor("officer", "boss", "market", frozenset({"approvals.decide", "duties.grant"}), everywhere=True)
    elsewhere = Actor("officer", "li", "tax", frozenset({"approvals.decide", "duties.grant"}))
    for actor, code, says in (
        (both, "own_approval", "自己的申请要由另一位经办人审批"),
        (operator(), "own_approval", "自己的申请要由另一位经办人审批"),
        (office.clerk, "operation_not_granted", "没有“approvals.decide”的权限"),
        (office.boss, "operation_not_granted", "没有“approvals.decide”的权限"),
        (elsewhere, "other_organisation", "只能办理本单位的业务"),
    ):
        error = _refused(_decide(actor, asked.pk).execute)
        assert (error.code, says in error.message_zh) == (code, True), actor
    error = _refused(_decide(office.guard, asked.pk + 1).execute)
    assert (error.code, error.message_zh) == ("unknown_approval", f"没有编号为 {asked.pk + 1} 的审批")
    error = _refused(_decide(office.guard, asked.pk, reason="\t").execute)
    assert (error.code, error.message_zh) == ("reason_missing", "请写明审批意见")
    error = _refused(_decide(office.guard, asked.pk, after=72).execute)
    assert (error.code, error.message_zh) == ("already_decided", "这项申请已经审批或已过期，请重新申请")
    _decide(office.guard, asked.pk, after=71).execute()
    assert _refused(_decide(office.guard, asked.pk, after=71).execute).code == "already_decided"


def test_an_approval_is_used_by_who_may_do_it_and_by_nobody_else(office: Office) -> None:
    _decide(office.guard, _ask(office.boss).pk).execute()

    def use(actor: Actor, after: int = 0, **changed: Any) -> Callable[[], Approval]:
        values: dict[str, Any] = {
            "operation": "duties.grant", "object_kind": "officer.duties", "object_id": "clerk", "content": {"a": 1},
        } | changed  # fmt: skip
        return lambda: use_approval(actor, now=NOW + timedelta(hours=after), **values)

    for act, code in (
        (use(office.clerk), "operation_not_granted"),
        (use(office.guard), "not_approved"),
        (use(office.boss, after=72), "not_approved"),
        (use(office.boss, content={"a": 2}), "not_approved"),
        (use(office.boss, content={"a": "1"}), "not_approved"),
        (use(office.boss, content={"a": True}), "not_approved"),
        (use(office.boss, content={"a": 1, "b": None}), "not_approved"),
        (use(office.boss, object_id="clerk "), "not_approved"),
        (use(office.boss, object_kind="officer.reset"), "not_approved"),
    ):
        assert _refused(act).code == code
    lost = Actor("officer", "boss", "market", frozenset())
    assert _refused(use(lost)).code == "operation_not_granted", "who lost the duty meanwhile does nothing"
    with transaction.atomic():
        assert use(office.boss, after=71)().used_by == "boss"
    assert _refused(use(office.boss)).code == "not_approved", "an agreement is good for once"
