"""The nightly job renews what is sealed and forgets old attempts; the limits are settings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chengxin.crypto import load_keyring, sealed_by
from chengxin.practitioners import settings
from chengxin.practitioners.models import Attempt, SealedText
from chengxin.practitioners.tasks import rotate_numbers

from .conftest import line

if TYPE_CHECKING:
    from .conftest import Register


def test_the_nightly_job_renews_and_forgets(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHENGXIN_KEYS", str(register.folder / "keys"))
    monkeypatch.setenv("CHENGXIN_NOW", register.now.isoformat())
    register.rows(line(1))
    load_keyring().rotate("sealed-number", register.now)
    for hours in (1, 49):
        Attempt.objects.create(at=register.now - timedelta(hours=hours), actor="officer:chen", kind="look", found=True)
    rotate_numbers(0)
    assert sealed_by(bytes(SealedText.objects.get().sealed)).startswith("sealed-number.2.")
    assert [one.at for one in Attempt.objects.all()] == [register.now - timedelta(hours=1)]


def test_a_limit_that_is_no_positive_whole_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    held = settings.load_settings()
    assert held.misses_before_lock == 5, "five misses lock: the promise of the safeguards"
    settings.load_settings.cache_clear()
    monkeypatch.setattr("yaml.safe_load", lambda _text: {"looks_per_hour": 0})
    with pytest.raises(ValueError, match="looks_per_hour"):
        settings.load_settings()
    settings.load_settings.cache_clear()
