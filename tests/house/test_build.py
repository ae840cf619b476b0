"""The two commands a stranger needs: what they say when they cannot work, and what they promise to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "PYTHON"}}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=kept | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder with what the first steps need."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def python_that(folder: Path, answer: str) -> str:
    """Return a command that stands for a Python and gives ``answer``, a shell command, whatever it is asked."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return str(path)


def test_an_old_python_is_one_sentence_in_each_language_and_nothing_is_made(clone: Path) -> None:
    done = make(clone, "demo", f"PYTHON={python_that(clone, 'exit 1')}")
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert [line.partition("：")[0].partition(":")[0] for line in said] == ["错误", "Error"]
    assert "3.11" in said[0]
    assert "PYTHON=" in said[1]
    assert not (clone / ".venv").exists()


def test_a_python_without_venv_is_told_apart_from_an_old_one(clone: Path) -> None:
    python = python_that(clone, 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(clone, "demo", f"PYTHON={python}")
    assert done.returncode == 2
    assert "python3-venv" in done.stderr


def test_no_python_at_all_is_told_too(clone: Path) -> None:
    done = make(clone, "demo", PYTHON="")
    assert done.returncode == 2
    assert "3.11" in done.stderr


def test_dependencies_are_installed_with_hashes_and_the_package_without_a_network(clone: Path) -> None:
    steps = make(clone, "--dry-run", "demo", "ARGS=--no-serve").stdout
    assert re.search(r"install --require-hashes -r requirements/build\.lock -r requirements/runtime\.lock", steps)
    assert re.search(r"install --no-deps --no-build-isolation --no-index -e \.", steps)
    assert steps.rstrip().endswith(".venv/bin/chengxin demo --no-serve")
    assert "development.lock" not in steps


def test_the_tests_run_on_both_cores(clone: Path) -> None:
    steps = make(clone, "--dry-run", "test").stdout
    assert "requirements/development.lock" in steps
    assert "pytest -n 2 --dist worksteal" in steps


def test_a_second_run_installs_nothing(clone: Path) -> None:
    stamps = clone / ".venv"
    stamps.mkdir()
    for name in (".made", ".runtime"):
        (stamps / name).touch()
    assert "pip" not in make(clone, "--dry-run", "demo").stdout


def test_help_names_the_two_commands(clone: Path) -> None:
    said = make(clone).stdout
    assert "make demo" in said
    assert "make test" in said


def test_cleaning_never_takes_data_away(clone: Path) -> None:
    for part in ("src", "tests"):
        (clone / part).mkdir()
    kept = clone / "var" / "secrets.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    assert make(clone, "clean").returncode == 0
    assert kept.exists()


def test_the_build_stops_at_the_first_failing_step() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    steps = re.findall(r"^make (\w+)", text, flags=re.MULTILINE)
    assert steps == ["test", "lint", "types", "layers", "migrations", "sbom", "audit"]


def test_the_licence_is_the_one_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "license: Apache-2.0" in (ROOT / "publiccode.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_a_readme_promises_exactly_two_commands_and_its_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    block = re.search(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    assert block is not None
    assert [line.split("#")[0].strip() for line in block.group(1).splitlines()] == ["make demo", "make test"]


@pytest.mark.parametrize("path", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [one for one in links if not (path.parent / one).exists()] == []
