"""What the platform is made of, and whether anything in it has a known hole.

python tools/check_dependencies.py sbom    write build/sbom.cdx.json (CycloneDX 1.6) from requirements/runtime.lock
python tools/check_dependencies.py audit   ask the vulnerability service of the Python package index

``audit`` has four outcomes, each with its word in front of the last line: ``NONE KNOWN`` and ``COULD NOT ASK`` end with
0, ``HOLES`` and ``FAILED`` with 1. A service that is away or answers 503 must not stop a build, and a build must not
claim that it asked: nothing but an answer about every part makes ``NONE KNOWN``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "runtime.lock"
SBOM = ROOT / "build" / "sbom.cdx.json"
PATIENCE = 15
"""Seconds the service gets for each part."""

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", re.MULTILINE)

AWAY = re.compile(
    r"^(?:requests\.exceptions|urllib3\.exceptions|http\.client|socket|ssl|pip_audit\._service\.interface)\.\w+"
    r"|^(?:ConnectionError|ConnectionRefusedError|ConnectionResetError|TimeoutError)\b"
    r"|Could not connect to \S+ vulnerability feed|PyPI is not redirecting properly"
    r"|Tip: your network may be blocking this service",
    re.MULTILINE,
)
"""How pip-audit 2.x ends when its service is away or answers with an error: an exception of the way there, at the start
of a line as Python prints it, or its own sentence. A word like "connection" inside a message proves nothing."""


NOBODY_LOOKED = "nobody looked for known holes in them this time; this is not a clean result"


class Outcome(Enum):
    """What a search for known holes came to."""

    NONE_KNOWN = "NONE KNOWN"
    HOLES = "HOLES"
    COULD_NOT_ASK = "COULD NOT ASK"
    FAILED = "FAILED"

    @property
    def exit_code(self) -> int:
        """Return whether the build stops here."""
        return 1 if self in {Outcome.HOLES, Outcome.FAILED} else 0

    def said(self, what: str) -> str:
        """Return the line that tells the outcome."""
        return f"{self.value}: {what}"


def program(name: str) -> str:
    """Return the program of the development requirements beside this Python."""
    return str(Path(sys.executable).with_name(name))


def write_sbom(lock: Path = LOCK, out: Path = SBOM) -> int:
    """Write the list of parts, which carries no time and no number of its own: the same lock gives the same file.

    A list without parts, or with fewer than the lock names, is none: it is refused and not left lying about.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603 - a program of our development requirements
        [
            program("cyclonedx-py"), "requirements", str(lock), "--pyproject", str(ROOT / "pyproject.toml"),
            "--mc-type", "application", "--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON",
            "--output-file", str(out),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        print(done.stderr.strip())
        return 1
    wanted = {one.lower() for one in PIN.findall(lock.read_text(encoding="utf-8"))}
    parts = {str(one["name"]).lower() for one in json.loads(out.read_text(encoding="utf-8")).get("components", ())}
    missing = sorted(wanted - parts)
    if not parts or missing:
        out.unlink()
        print(f"no list of parts: {lock.name} names {len(wanted)}, the list {len(parts)}; missing: {missing[:5]}")
        return 1
    print(f"{len(parts)} parts in {out.name}")
    return 0


def audit(lock: Path = LOCK) -> int:
    """Ask for known holes in what ``lock`` names."""
    done = subprocess.run(  # noqa: S603 - a program of our development requirements
        [
            program("pip-audit"), "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json",
            "--timeout", str(PATIENCE), "-r", str(lock),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    outcome, lines = judge(done.stdout, done.stderr)
    print("\n".join(lines))
    return outcome.exit_code


def judge(said: str, errors: str) -> tuple[Outcome, list[str]]:
    """Return the outcome and what to print for what pip-audit said (its JSON) and complained about.

    An error that is not about the way to the service is ``FAILED``: a lock that cannot be read is no clean one.
    """
    try:
        parts = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = errors.strip().splitlines()[-1] if errors.strip() else "nothing said"
        if AWAY.search(errors):
            return Outcome.COULD_NOT_ASK, [last, Outcome.COULD_NOT_ASK.said(NOBODY_LOOKED)]
        return Outcome.FAILED, [Outcome.FAILED.said(f"pip-audit: {last}")]
    if not parts:
        return Outcome.FAILED, [Outcome.FAILED.said("pip-audit asked about no part at all")]
    skipped = [f"{one['name']}: not looked at: {one['skip_reason']}" for one in parts if "skip_reason" in one]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one in parts
        for hole in one.get("vulns", ())
    ]
    asked = len(parts) - len(skipped)
    if holes:
        return Outcome.HOLES, [*skipped, *holes, Outcome.HOLES.said(f"{len(holes)} in {asked} parts")]
    if skipped:
        told = f"about {len(skipped)} of {len(parts)} parts, so {NOBODY_LOOKED}" if asked else NOBODY_LOOKED
        return Outcome.COULD_NOT_ASK, [*skipped, Outcome.COULD_NOT_ASK.said(told)]
    return Outcome.NONE_KNOWN, [Outcome.NONE_KNOWN.said(f"{asked} parts asked about, no known hole")]


def main(arguments: list[str]) -> int:
    """Do what the one argument names."""
    if arguments == ["sbom"]:
        return write_sbom()
    if arguments == ["audit"]:
        return audit()
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
