"""The one place that asks the machine for the time; everything else is told."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def system_now() -> datetime:
    """Return the present moment, aware; ``CHENGXIN_NOW`` (ISO 8601 with an offset) stands in for it in rehearsals."""
    given = os.environ.get("CHENGXIN_NOW")
    return datetime.fromisoformat(given) if given else datetime.now(UTC)
