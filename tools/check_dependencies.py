"""What the platform is made of, and whether anything in it has a known hole.

python tools/check_dependencies.py sbom    write build/sbom.cdx.json (CycloneDX 1.6) from requirements/runtime.lock
python tools/check_dependencies.py audit   ask the vulnerability service of the Python package index

Exit code of ``audit``: 1 when something was found; 0 when nothing was, and also when the service was not reached, which
is then said in so many words: a build must not depend on another's server, and must not claim that it asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "runtime.lock"
SBOM = ROOT / "build" / "sbom.cdx.json"
NOT_REACHED = "NOT REACHED: the vulnerability service did not answer, so nobody looked for known holes this time"
PATIENCE = 15


def program(name: str) -> str:
    """Return the program of the development requirements beside this Python."""
    return str(Path(sys.executable).with_name(name))


def write_sbom(lock: Path = LOCK, out: Path = SBOM) -> int:
    """Write the list of parts, which carries no time and no number of its own: the same lock gives the same file."""
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
    parts = json.loads(out.read_text(encoding="utf-8"))["components"]
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
    verdict, lines = judge(done.stdout, done.stderr)
    print("\n".join(lines))
    return verdict


def judge(said: str, errors: str) -> tuple[int, list[str]]:
    """Return exit code and lines for what pip-audit said: holes are 1, nothing found and nobody reached are 0.

    An error that is not about reaching the service is 1: a lock that cannot be read is no clean one.
    """
    try:
        parts = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        away = (
            "ConnectionError",
            "Connection",
            "timed out",
            "Timeout",
            "Max retries",
            "resolve",
            "ServiceError",
            "503",
        )
        last = errors.strip().splitlines()[-1] if errors.strip() else "nothing said"
        if any(sign in errors for sign in away):
            return 0, [NOT_REACHED, last]
        return 1, [f"pip-audit failed: {last}"]
    skipped = [f"{one['name']}: not looked at: {one['skip_reason']}" for one in parts if "skip_reason" in one]
    if parts and len(skipped) == len(parts):
        return 0, [NOT_REACHED, skipped[0]]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one in parts
        for hole in one.get("vulns", ())
    ]
    return (1 if holes else 0), [*skipped, *holes, f"{len(parts)} parts asked about, {len(holes)} known holes"]


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
