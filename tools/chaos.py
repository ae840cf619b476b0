"""Kill processes of a whole installation under load, at random moments, and say what became of what was acknowledged.

``python tools/chaos.py [--kills 50] [--minutes 60] [--seed 1] [--data FOLDER]`` prints one JSON object; exit code 1 if
something acknowledged was lost, something is there twice, the evidence does not verify, or it took 30 s or more to be
ready. After ``--minutes`` nothing more is killed, and the figures say how many kills there were.
The folder is made anew in the place for temporary files and goes afterwards, unless one is given.
"""

from __future__ import annotations

import argparse
import json
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
                print(f"{turn + 1}/{kills} {name}: ready after {waits[-1][0]:.1f} s", file=sys.stderr, flush=True)
        settle(client)
        found = examine(rig.url("superuser"), ledger)
        said = verify(rig)
        slowest, of_whom = max(waits)
    return {
        "kills": sum(killer.killed.values()),
        "acknowledged": ledger.acknowledged,
        "lost": len(found.lost),
        "twice": len(found.twice),
        "ready_seconds_max": round(slowest, 1),
        "verify": said,
        "seed": seed,
        "slowest": of_whom,
        "ready_seconds_median": round(sorted(one for one, _ in waits)[len(waits) // 2], 1),
        "files": sum(one.batch_id is not None for one in ledger.files),
        "checks": sum(ledger.checks.values()),
        "killed": dict(sorted(killer.killed.items())),
        "service_restarts": len(guard.ends),
        "seconds": round(time.monotonic() - began),
        "examples": [*found.lost[:5], *found.twice[:5]],
    }


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
    sound = figures["lost"] == figures["twice"] == 0 and figures["verify"] == "clean"
    return 0 if sound and figures["ready_seconds_max"] < READY_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
