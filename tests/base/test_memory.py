"""What a process has loaded is left alone by the collector, what comes later is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import gc, weakref
from chengxin.base.memory import settle
class Part: pass
def ring():
    one, other = Part(), Part()
    one.other, other.other = other, one
    return weakref.ref(one)
kept = settle()
assert kept == gc.get_freeze_count() > 1000, kept
later = ring()
assert later() is not None
assert gc.collect() >= 2
assert later() is None, "what comes later is collected"
assert settle() >= kept
print("sound")
"""


def test_what_is_loaded_is_left_alone_and_what_comes_later_is_collected() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("sound\n", "")


@pytest.mark.parametrize("end", ["public", "office", "api"])
def test_every_end_settles_before_it_answers(end: str) -> None:
    asked = f"import gc\nimport chengxin.ends.{end}.wsgi\nprint(gc.get_freeze_count() > 10_000)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
