"""The doctor asks the kernel whether a time service keeps the clock, and says what hangs on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.operations.test_doctor_machine import only, patient

import chengxin
from chengxin.operations.doctor import Severity
from chengxin.operations.doctor.clock import clock_adrift
from chengxin.operations.doctor.frame import clock_synchronised


@pytest.fixture
def earnest(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a city whose pages carry no banner of a rehearsal."""
    text = (Path(chengxin.__file__).parent / "base" / "cities" / "kunshan.yaml").read_text(encoding="utf-8")
    held = yaml.safe_load(text)
    held["wording"]["rehearsal_banner"] = held["wording"]["rehearsal_banner_en"] = ""
    (tmp_path / "earnest.yaml").write_text(yaml.safe_dump(held, allow_unicode=True), encoding="utf-8")
    return {"CHENGXIN_CITY": str(tmp_path / "earnest.yaml")}


def test_a_clock_nobody_keeps_is_to_be_watched_and_the_reason_is_the_thirty_seconds(
    tmp_path: Path, earnest: dict[str, str]
) -> None:
    found = only(list(clock_adrift(patient(tmp_path, environment=earnest, synchronised=lambda: False))))
    assert (found.code, found.severity) == ("clock_adrift", Severity.WATCH)
    assert "30 秒" in found.zh
    assert "chrony" in found.mend_zh
    assert "timedatectl" in found.mend_en


def test_in_a_rehearsal_it_is_a_note(tmp_path: Path) -> None:
    assert only(list(clock_adrift(patient(tmp_path, synchronised=lambda: False)))).severity is Severity.NOTE


@pytest.mark.parametrize("state", [True, None])
def test_a_kept_clock_and_one_that_cannot_be_asked_are_not_complained_about(
    tmp_path: Path, *, state: bool | None
) -> None:
    assert list(clock_adrift(patient(tmp_path, synchronised=lambda: state))) == []


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_the_kernel_is_asked_and_says_what_its_own_header_says(tmp_path: Path) -> None:
    said = clock_synchronised()
    assert said in (True, False)
    # The C compiler's own layout of struct timex is the other witness.
    source = tmp_path / "ask.c"
    source.write_text(
        "#include <sys/timex.h>\n#include <stdio.h>\n#include <stddef.h>\nint main(void) { struct timex held = {0};"
        ' adjtimex(&held); printf("%zu %d", offsetof(struct timex, status), !(held.status & STA_UNSYNC)); }',
        encoding="utf-8",
    )
    try:
        subprocess.run(["cc", str(source), "-o", str(tmp_path / "ask")], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no C compiler on this machine")
    answer = subprocess.run([str(tmp_path / "ask")], check=True, capture_output=True, text=True).stdout
    assert answer == f"40 {int(said)}"
