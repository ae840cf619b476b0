"""Switches that are right in a rehearsal and wrong in earnest: which it is, the city's banner says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chengxin.base.city import load_city
from chengxin.base.errors import ChengxinError
from chengxin.operations.doctor.frame import Check, Complaint, Patient, Severity

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


CHECKS = (
    Check("rehearsal_banner", "演练横幅", "the rehearsal banner", city_wrong),
    Check("password_only", "第二因素", "second factors", password_only),
    Check("bearer_allowed", "令牌调用", "bearer tokens", bearer_allowed),
)
