"""The floors hold, and the tool that says so would notice a step upwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of the project on the package in ``tree``."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / ".importlinter"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_floors_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("kernel/amounts.py", "import chengxin.base.errors", "Floors"),
        ("kernel/amounts.py", "import django.db", "The kernel is plain Python"),
        ("subjects/models.py", "import chengxin.records.models", "Floors"),
        ("accounts/models.py", "import chengxin.catalogue.model", "Floors"),
        ("audit/models.py", "import chengxin.accounts.models", "Floors"),
        ("crypto/keyring.py", "import chengxin.audit.models", "Floors"),
        ("verifier/judging.py", "import chengxin.audit.tree", "The verifier of the audit trail"),
        ("publication/queries.py", "import chengxin.intake.models", "Floors"),
        ("ends/public/apps.py", "import chengxin.records.models", "The public end"),
        ("ends/api/apps.py", "import chengxin.ends.office.apps", "The three ends"),
        ("records/models.py", "import chengxin.settings.common", "Settings"),
        ("catalogue/model.py", "import duckdb", "The catalogue is data"),
    ],
)
def test_a_forbidden_import_is_caught(tmp_path: Path, module: str, statement: str, contract: str) -> None:
    package = tmp_path / "src" / "chengxin"
    shutil.copytree(ROOT / "src" / "chengxin", package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    changed = package / module
    changed.write_text(changed.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert any(line.startswith(contract) and "BROKEN" in line for line in done.stdout.splitlines()), done.stdout


def test_imports_for_types_only_count_too(tmp_path: Path) -> None:
    package = tmp_path / "src" / "chengxin"
    shutil.copytree(ROOT / "src" / "chengxin", package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    changed = package / "kernel" / "amounts.py"
    hidden = "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import chengxin.base.errors\n"
    changed.write_text(changed.read_text(encoding="utf-8") + hidden, encoding="utf-8")
    assert lint_imports(tmp_path).returncode != 0
