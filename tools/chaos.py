"""Kill processes of a whole installation under load, at random moments, and say what became of what was acknowledged.

``python tools/chaos.py [--kills 50] [--minutes 60] [--seed 1] [--data FOLDER]`` prints a JSON object, and a sentence
on stderr; exit code 1 if something acknowledged was lost, something is there twice, the evidence does not verify, it
took 30 s or more to be ready, or there were fewer kills than asked for: after ``--minutes`` nothing more is killed.
Ready means: the public page, a check, and a new file up to its receipt. ``load`` is the machine's at its highest, which
has to be known to read the seconds.
The folder is made anew in the place for temporary files and goes afterwards, unless one is given.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from chengxin.testing.faults import READY_LIMIT, Client, Guard, Killer, Ledger, Load, examine, settle, verify
from chengxin.testing.rig import build

LONGEST = 3.0
"""Seconds of load, at most, before the next kill."""


def run(folder: Path, kills: int, seed: int, minutes: float) -> dict[str, Any]:
    """Break the installation in ``folder`` so many times and return the figures."""
    began = time.monotonic()
    rig = build(folder)
    ledger = Ledger()
    client = Client(rig, ledger)
    chance = random.Random(seed)  # noqa: S311 - moments to kill at, nothing secret
    waits: list[tuple[float, str]] = []
    load = 0.0
    with Guard(rig) as guard:
        client.ready()
        killer = Killer(guard, seed)
        with Load(client):
            for turn in range(kills):
                if time.monotonic() - began > 60 * minutes:
                    break
                time.sleep(chance.random() * LONGEST)
                name = killer.kill()
                waits.append((client.ready(), name))
                load = max(load, os.getloadavg()[0])
                print(f"{turn + 1}/{kills} {name}: ready after {waits[-1][0]:.1f} s", file=sys.stderr, flush=True)
        settle(client)
        found = examine(rig.url("superuser"), ledger)
        said = verify(rig)
        slowest, of_whom = max(waits)
    in_time = sum(seconds < READY_LIMIT for seconds, _ in waits)
    return {
        "kills": len(waits),
        "asked": kills,
        "ready_in_time": in_time,
        "acknowledged": ledger.acknowledged,
        "lost": len(found.lost),
        "twice": len(found.twice),
        "ready_seconds_max": round(slowest, 1),
        "verify": said,
        "seed": seed,
        "slowest": of_whom,
        "ready_seconds_median": round(sorted(one for one, _ in waits)[len(waits) // 2], 1),
        "load": round(load, 1),
        "files": sum(one.batch_id is not None for one in ledger.files),
        "checks": sum(ledger.checks.values()),
        "killed": dict(sorted(killer.killed.items())),
        "service_restarts": len(guard.ends),
        "seconds": round(time.monotonic() - began),
        "examples": [*found.lost[:5], *found.twice[:5]],
    }


def sound(figures: dict[str, Any]) -> bool:
    """Return whether the figures are what is promised."""
    whole = figures["kills"] == figures["asked"] == figures["ready_in_time"]
    return bool(whole and figures["lost"] == figures["twice"] == 0 and figures["verify"] == "clean")


def sentence(figures: dict[str, Any]) -> str:
    """Return the figures in one line for people."""
    return (
        f"{figures['ready_in_time']} of {figures['asked']} kills ready again in under {READY_LIMIT:.0f} s, the slowest "
        f"after {figures['ready_seconds_max']} s ({figures['slowest']}); {figures['acknowledged']} acknowledged, "
        f"{figures['lost']} lost, {figures['twice']} twice; audit verify {figures['verify']}"
    )


def main() -> int:
    """Read the arguments, run, print, and return the exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=50)
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--data", type=Path)
    given = asked.parse_args()
    folder = given.data or Path(tempfile.mkdtemp(prefix="chengxin-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    try:
        figures = run(folder, given.kills, given.seed, given.minutes)
    finally:
        if given.data is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures, ensure_ascii=False))
    print(sentence(figures), file=sys.stderr)
    return 0 if sound(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
