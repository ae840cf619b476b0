"""Why somebody looks at a person's data: a purpose of the list, in words, and the case it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

LONGEST_TEXT = 500
"""Characters the explanation may have; it is read by the person it is about."""


class PurposeWrong(ChengxinError):
    """The purpose is missing, unknown, not in force, unexplained, or tied to no case."""


@dataclass(frozen=True)
class Reason:
    """A purpose of the list (``purposes.yaml``): its names, the days it is in force, and the shape of case numbers."""

    code: str
    name: str
    name_en: str
    start: date
    end: date | None
    case_number: str
    source: str

    def in_force(self, day: date) -> bool:
        """Return whether the purpose may be named on ``day``; both ends count."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True)
class Purpose:
    """Why an officer looks at one person's data, shown to that person afterwards.

    ``code`` is of the list, ``text`` says it in the officer's words, ``case_number`` names the case on the officer's
    desk: a look that belongs to no case is no part of anybody's duty (个人信息保护法 art. 6).
    """

    code: str
    text: str
    case_number: str

    def check(self, day: date) -> Reason:
        """Return the entry of the list, or raise ``PurposeWrong``; ``where`` names the part that is wrong.

        ``day`` is the legal day on which the look takes place.
        """
        reason = load_reasons().get(self.code)
        if reason is None or not reason.in_force(day):
            known = [one for one in load_reasons().values() if one.in_force(day)]
            raise PurposeWrong(
                "purpose_unknown",
                f"请选择查询目的，可用的有：{'、'.join(one.name for one in known)}",
                f"choose a purpose; there are: {', '.join(one.code for one in known)}",
                where="purpose",
            )
        text = self.text.strip()
        if not text or len(text) > LONGEST_TEXT or not text.isprintable():
            raise PurposeWrong(
                "purpose_unexplained",
                f"请用一行文字说明查询的具体事由，不超过 {LONGEST_TEXT} 字；本人可以看到",
                f"say in one line of at most {LONGEST_TEXT} characters what for; the person can read it",
                where="purpose_text",
            )
        if not re.fullmatch(reason.case_number, self.case_number):
            raise PurposeWrong(
                "case_number_wrong",
                "请填写案件或办件编号（4 至 60 个字符），没有编号的查询不能进行",
                "give the number of the case (4 to 60 characters): nothing is looked up without one",
                where="case_number",
            )
        return reason


@cache
def load_reasons() -> Mapping[str, Reason]:
    """Return the purposes by code."""
    text = (resources.files("chengxin.accounts") / "purposes.yaml").read_text(encoding="utf-8")
    return {
        one["code"]: Reason(
            one["code"], one["name"], one["en"], one["from"], one["until"], one["case_number"], one["source"]
        )
        for one in yaml.safe_load(text)
    }
