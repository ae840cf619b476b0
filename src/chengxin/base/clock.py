"""The one place that asks the machine for the time; everything else is told."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from chengxin.base.errors import ChengxinError


def system_now() -> datetime:
    """Return the present moment, aware; ``CHENGXIN_NOW`` (ISO 8601 with an offset) stands in for it in rehearsals.

    Raises ``ChengxinError`` when that setting is no moment or leaves its offset out.
    """
    given = os.environ.get("CHENGXIN_NOW")
    if not given:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ChengxinError(
            "setting_wrong",
            f"设置 CHENGXIN_NOW 的值“{given}”不是带时区的时间，请写成 2026-03-02T10:00:00+08:00 这样",
            f"the setting CHENGXIN_NOW ({given!r}) is no time with an offset: write it like 2026-03-02T10:00:00+08:00",
            where="CHENGXIN_NOW",
        )
    return moment
