"""Switches that are right in a rehearsal and wrong in earnest: which it is, the city's banner says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chengxin.base.city import load_city
from chengxin.base.config import proxies_in_front
from chengxin.base.errors import ChengxinError
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity
from chengxin.operations.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


def rehearsing(patient: Patient) -> bool:
    """Return whether the city's pages say that this is a rehearsal with invented data."""
    return bool(load_city(patient.environment.get("CHENGXIN_CITY") or "kunshan").wording.rehearsal_banner)


def severity(patient: Patient) -> Severity:
    """Return how bad a switch for rehearsals is here; where nobody can tell, it is meant in earnest."""
    try:
        return Severity.NOTE if rehearsing(patient) else Severity.WRONG
    except ChengxinError:
        return Severity.WRONG


def city_wrong(patient: Patient) -> Iterator[Complaint]:
    """Look whether the city's profile can be read, and whether its pages carry the banner of a rehearsal."""
    try:
        if rehearsing(patient):
            yield Complaint(
                "rehearsal_banner",
                Severity.NOTE,
                "页面顶部显示演练横幅",
                "the pages carry the banner of a rehearsal",
                "正式运行时在城市配置里去掉 rehearsal_banner",
                "for real use take rehearsal_banner out of the city's profile",
            )
    except ChengxinError as error:
        yield Complaint(
            "city_wrong",
            Severity.WRONG,
            error.message_zh,
            error.message_en,
            "改正 CHENGXIN_CITY 或城市配置文件",
            "correct CHENGXIN_CITY or the city's profile",
            error.where,
        )


def password_only(patient: Patient) -> Iterator[Complaint]:
    """Look whether officers may log in with a password alone."""
    if patient.environment.get("CHENGXIN_SECOND_FACTOR") == "optional":
        yield Complaint(
            "password_only",
            severity(patient),
            "CHENGXIN_SECOND_FACTOR=optional：经办人可以只用口令登录",
            "officers may log in with a password alone",
            "去掉该设置，重启政务端",
            "take the setting away and restart the office end",
            "CHENGXIN_SECOND_FACTOR",
        )


def bearer_allowed(patient: Patient) -> Iterator[Complaint]:
    """Look for API clients that may send a bearer token instead of a signature."""
    names = [
        str(row[0])
        for row in patient.rows("SELECT name FROM accounts_apiclient WHERE allow_bearer AND revoked_at IS NULL")
    ]
    if names:
        yield Complaint(
            "bearer_allowed",
            severity(patient),
            f"接口调用方可以只凭令牌调用：{'、'.join(names[:5])}",
            f"API clients may use a bearer token: {names[:5]}",
            "让调用方改用签名请求，然后收回 allow_bearer",
            "let the client sign its requests, then take allow_bearer away",
            names[0],
        )


def accounts_idle(patient: Patient) -> Iterator[Complaint]:
    """Look for accounts that may log in and have not for long: people leave, and their accounts should too."""
    days = load_settings().idle_account_days
    since = (patient.now - timedelta(days=days)).isoformat()
    names = [
        str(row[0])
        for row in patient.rows(
            "SELECT username FROM accounts_officer"
            f" WHERE is_active AND coalesce(last_login, password_changed_at) < '{since}' ORDER BY 1"
        )
    ]
    if names:
        yield Complaint(
            "accounts_idle",
            Severity.WATCH,
            f"{len(names)} 个账号 {days} 天没有登录：{'、'.join(names[:5])}",
            f"{len(names)} accounts have not logged in for {days} days: {names[:5]}",
            "与其单位核对，不再需要的由系统管理员在政务端停用",
            "ask their organisation; an administrator closes those not needed in the office end",
            names[0],
        )


def proxies_wrong(patient: Patient) -> Iterator[Complaint]:
    """Look whether the number of proxies in front can be read: the office end does not start otherwise."""
    try:
        proxies_in_front(patient.environment)
    except ChengxinError as error:
        yield Complaint(
            "proxies_wrong",
            Severity.WRONG,
            error.message_zh,
            error.message_en,
            "改为代理服务器的个数，没有就去掉该设置，然后重启政务端",
            "set the number of proxies, or take the setting away where there is none, and restart the office end",
            error.where,
        )


CHECKS = (
    Check("rehearsal_banner", "演练横幅", "the rehearsal banner", city_wrong),
    Check("password_only", "第二因素", "second factors", password_only),
    Check("bearer_allowed", "令牌调用", "bearer tokens", bearer_allowed),
    Check("accounts_idle", "长期不用的账号", "accounts nobody uses", accounts_idle),
    Check("proxies_wrong", "代理服务器个数", "the number of proxies", proxies_wrong),
)
