"""The real API, served on loopback, against its own OpenAPI document: every check on, the stateful phase included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from chengxin.accounts.actor import OPERATIONS
from chengxin.ends.api.limits import Limits, load_limits
from chengxin.testing.ends import served
from chengxin.testing.making import make_batch, make_client, make_organisation, make_record, make_subject

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = os.environ.get("CHENGXIN_SCHEMATHESIS_EXAMPLES", "25")
"""Requests for each operation in each phase that draws them; more in a night's run."""

PHASES = "examples,coverage,fuzzing,stateful"


def _limits(folder: Path) -> str:
    """Write limits under which a flood of odd requests from one address is not cut off."""
    known = {name: getattr(load_limits(), name) for name in Limits.__dataclass_fields__}
    path = folder / "limits.yaml"
    path.write_text(yaml.safe_dump(known | {"address_per_minute": 1_000_000}), encoding="utf-8")
    return str(path)


@pytest.mark.timeout(400)
def test_no_check_of_schemathesis_fails(
    own_database: str, database_url: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert own_database
    own = make_organisation(hands_in=["licence", "penalty", "registration"])
    token = make_client(own, *OPERATIONS)
    make_batch(own)
    make_record(1, make_subject())
    with served("api", database_url("api"), tmp_path, CHENGXIN_API_LIMITS=_limits(tmp_path)) as (host, port):
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", f"http://{host}:{port}/api/v1/openapi.json",
                "--checks", "all", "--phases", PHASES, "--max-examples", EXAMPLES, "--seed", "20260302",
                "--header", f"Authorization: Bearer {token}", "--continue-on-failure", "--no-color",
                "--suppress-health-check", "all",
            ],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env=os.environ | {"SCHEMATHESIS_HOOKS": "domain_of_the_api", "PYTHONPATH": str(Path(__file__).parent)},
        )  # fmt: skip
    log = (tmp_path / "api.log").read_text(encoding="utf-8")
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2000:] + log[-3000:]
    assert "Traceback" not in log
    said = [line.strip() for line in done.stdout.splitlines()]
    with capsys.disabled():
        print(f"\nschemathesis, {PHASES}: {' · '.join(said[said.index('Test cases:') + 1 :])}")  # noqa: T201
