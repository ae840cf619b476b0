"""``chengxin identify`` and ``chengxin compare-names``: an answer a clerk reads, and one a program reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chengxin.cli import main
from chengxin.cli.identify import lines_of, pairs_of, speakable
from chengxin.kernel.identifiers import identify
from chengxin.kernel.names import compare_names

if TYPE_CHECKING:
    from pathlib import Path

CODE = "91320583187588026H"
TYPO = "9132O583187588026H"
A, B = "昆山禾映食品有限公司", "昆山市禾映食品有限责任公司"


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_code_is_explained_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["identify", CODE]) == 0
    said = capsys.readouterr().out
    assert "统一社会信用代码" in said
    assert "有效 valid" in said
    assert "187588026" in said
    assert said.index("种类") < said.index("kind")


def test_a_wrong_code_says_where_and_what_it_may_have_been(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["identify", TYPO]) == 0
    said = capsys.readouterr().out
    assert "无效 invalid" in said
    assert "第 5 位" in said
    assert CODE in said
    assert "Position 5" in said


def test_codes_in_json_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["identify", "--json", CODE, TYPO, "110105491231002"]) == 0
    found = objects(capsys.readouterr().out)
    assert [one["input"] for one in found] == [CODE, TYPO, "110105491231002"]
    assert found[0] == identify(CODE).as_dict()
    assert set(found[1]) == {"input", "normalised", "kind", "verdict", "problems", "derived", "suggestions"}
    assert found[1]["suggestions"] == [CODE]


def test_codes_come_from_a_file_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "codes.txt"
    file.write_text(f"\ufeff{CODE}\n\n  {TYPO}  \r\n", encoding="utf-8")
    assert main.run(["identify", "123", "--file", str(file), "--json"]) == 0
    assert [one["input"] for one in objects(capsys.readouterr().out)] == ["123", CODE, TYPO]


@pytest.mark.parametrize("command", ["identify", "compare-names"])
def test_nothing_given_is_refused_with_what_to_do(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([command]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "--file" in said.err
    assert said.err.startswith("错误：没有给出")


@pytest.mark.parametrize("command", ["identify", "compare-names"])
def test_a_file_that_is_not_there_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([command, "--file", "no-such-file"]) == 2
    assert "no-such-file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["identify", "compare-names"])
def test_a_file_in_no_known_encoding_is_refused_with_the_byte(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(b"a,b\n\x81\xff\xff")
    assert main.run([command, "--file", str(file)]) == 2
    said = capsys.readouterr().err
    assert "broken.csv" in said
    assert "UTF-8" in said
    assert "字节" in said


def test_two_names_are_compared_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["compare-names", A, B]) == 0
    said = capsys.readouterr().out
    assert "相同 same" in said
    assert "行政区划写法不同" in said
    assert "The place is written differently" in said


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ("昆山禾映食品有限公司苏州分公司", "不同 different"),
        ("昆山禾香食品有限公司", "待核 review"),
    ],
)
def test_the_verdict_is_told_in_words(other: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["compare-names", A, other]) == 0
    assert word in capsys.readouterr().out


def test_a_comparison_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["compare-names", A, B, "--json"]) == 0
    found = objects(capsys.readouterr().out)
    assert found == [{"a": A, "b": B, **compare_names(A, B).as_dict()}]
    assert set(found[0]) == {"a", "b", "verdict", "score", "reasons"}


@pytest.mark.parametrize("names", [[A], [A, B, A]])
def test_one_name_or_three_are_refused(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["compare-names", *names]) == 2
    said = capsys.readouterr().err
    assert f"现给出 {len(names)} 个" in said
    assert "quotes" in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("heading", ["", "a,b\n", "名称1,名称2\n", "A,B,note\n"])
def test_pairs_come_from_a_file(
    encoding: str, heading: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(f'{heading}{A},{B},注\n\n"昆山,禾映",{A}\n'.encode(encoding))
    assert main.run(["compare-names", "--json", "--file", str(file)]) == 0
    found = objects(capsys.readouterr().out)
    assert [(one["a"], one["b"]) for one in found] == [(A, B), ("昆山,禾映", A)]


def test_a_row_with_one_column_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(f"a,b\n{A},{B}\n{A}\n", encoding="utf-8")
    assert main.run(["compare-names", "--file", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "第 3 行" in said.err
    assert "line 3" in said.err


def test_a_file_of_headings_only_has_nothing_to_compare(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("a,b\n", encoding="utf-8")
    assert list(pairs_of(file)) == []
    assert main.run(["compare-names", "--file", str(file)]) == 2


def test_a_heading_counts_only_in_the_first_line(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(f"{A},{B}\na,b\n", encoding="utf-8")
    assert list(pairs_of(file)) == [(A, B), ("a", "b")]


def test_blank_lines_are_no_codes(tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    file.write_text("\n 1 \n\t\n2", encoding="utf-8")
    assert list(lines_of(file)) == ["1", "2"]


def test_square_brackets_in_a_name_are_no_style(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["compare-names", "昆山[red]禾映[/red]", "昆山[/]禾映"]) == 0
    assert "[red]" in capsys.readouterr().out


def test_bytes_that_are_no_text_do_not_end_in_a_traceback() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
    for more in ([], ["--json"]):
        done = subprocess.run(
            [
                sys.executable.encode(),
                b"-m",
                b"chengxin.cli.main",
                b"compare-names",
                b"\xff\xfe",
                b"x",
                *map(str.encode, more),
            ],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        assert done.stdout


def test_what_cannot_be_written_is_marked() -> None:
    assert speakable("昆山") == "昆山"
    assert speakable("\udcff昆山") == "?昆山"
