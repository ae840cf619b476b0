"""An audit trail of its own for the tests of the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chengxin.testing.evidence import Installation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def installation(tmp_path: Path, database_url: Callable[[str], str]) -> Installation:
    """Return an empty audit trail with keys and two witnesses."""
    return Installation(tmp_path, database_url("owner"), database_url("superuser"))
