"""The catalogue's commands: lint, show and diff."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from shutil import copytree

import pytest

from chengxin.cli import main

CATALOGUE = Path(str(resources.files("chengxin.catalogue")))


@pytest.fixture
def own_catalogue(tmp_path: Path) -> Path:
    for part in ("items", "codes"):
        copytree(CATALOGUE / part, tmp_path / part)
    for one in CATALOGUE.glob("*.yaml"):
        (tmp_path / one.name).write_bytes(one.read_bytes())
    return tmp_path


def test_the_shipped_catalogue_has_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["catalogue", "lint"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "没有问题" in said.err


def test_an_item_whose_basis_is_not_yet_in_force_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.run(["catalogue", "lint", "--on", "1980-01-01"])
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "[no_statutory_basis]" in said
    assert "1980-01-01" in said


def test_a_catalogue_of_ones_own_is_checked(own_catalogue: Path) -> None:
    assert main.run(["catalogue", "lint", "--folder", str(own_catalogue)]) == 0


def test_a_broken_catalogue_is_one_sentence_with_the_place(
    own_catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (own_catalogue / "items" / "penalty.yaml").open("a", encoding="utf-8") as out:
        out.write("\nsurprise: 1\n")
    assert main.run(["catalogue", "lint", "--folder", str(own_catalogue)]) == 2
    said = capsys.readouterr().err
    assert "penalty.yaml" in said
    assert "surprise" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("item", "name"), [("licence", "行政许可"), ("penalty", "行政处罚"), ("registration", "登记")])
def test_an_item_is_shown_with_its_bases_and_fields(item: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["catalogue", "show", item]) == 0
    said = capsys.readouterr().out
    assert name in said.splitlines()[0]
    assert "## 依据 Legal bases" in said
    assert "## 字段 Fields" in said


def test_an_item_nobody_knows_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["catalogue", "show", "score"]) == 2
    said = capsys.readouterr().err
    assert "score" in said
    assert "penalty" in said


def test_an_item_does_not_differ_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["catalogue", "diff", "penalty", str(CATALOGUE / "items" / "penalty.yaml")]) == 0
    assert "没有差异" in capsys.readouterr().out


def test_what_differs_between_a_key_and_a_file_is_listed(
    own_catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = own_catalogue / "items" / "penalty.yaml"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("name_en:", "name_en: Changed", 1).replace("ChangedA", "Changed A"), "utf-8")
    assert main.run(["catalogue", "diff", "penalty", str(changed)]) == 0
    said = capsys.readouterr().out
    assert "name_en" in said
    assert "Changed" in said
