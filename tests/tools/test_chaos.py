"""What ``make chaos`` calls sound, and how it says what it found."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.testing.faults import SERVED

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "kills": 50, "asked": 50, "ready_in_time": 50, "acknowledged": 900, "lost": 0, "twice": 0,
    "ready_seconds_max": 12.3, "slowest": "serve", "verify": "clean",
}  # fmt: skip


@pytest.fixture(scope="module")
def chaos() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chaos", ROOT / "tools" / "chaos.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_fifty_of_fifty_are_sound(chaos: ModuleType) -> None:
    assert chaos.sound(GOOD)


@pytest.mark.parametrize(
    "worse",
    [
        {"lost": 1}, {"twice": 1}, {"verify": "1: history_rewritten"}, {"ready_in_time": 49},
        {"kills": 49, "ready_in_time": 49},
    ],
)  # fmt: skip
def test_one_loss_one_double_one_finding_one_late_and_one_too_few_are_not(
    chaos: ModuleType, worse: dict[str, Any]
) -> None:
    assert not chaos.sound(GOOD | worse)


def test_the_sentence_says_n_of_n_and_the_slowest(chaos: ModuleType) -> None:
    said = chaos.sentence(GOOD | {"ready_in_time": 49})
    assert said.startswith("49 of 50 kills ready again in under 30 s")
    assert "12.3 s (serve)" in said
    assert "0 lost, 0 twice" in said


def test_an_argument_it_does_not_know_ends_it_before_anything_is_killed(
    chaos: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["chaos.py", "--kill", "all", "--everything"])
    with pytest.raises(SystemExit) as ended:
        chaos.main()
    assert ended.value.code == 2
    assert "--kills" in capsys.readouterr().err


def test_every_program_of_the_service_can_be_met() -> None:
    assert len(SERVED) == len(set(SERVED.values())) == 7
