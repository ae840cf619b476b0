"""``chengxin match``: candidates a clerk reads and a program reads, from the register or from a file."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from chengxin.cli import main, match
from chengxin.cli.match import register_of
from chengxin.kernel.names import Verdict
from chengxin.kernel.names.search.explaining import reason
from chengxin.subjects import search
from chengxin.subjects.search import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROWS = """统一社会信用代码,名称,kind
91320583A,昆山市禾映电子科技有限公司,current
91320583A,昆山禾映电子厂,former
91310000B,上海农村商业银行股份有限公司,current
"""


@pytest.fixture
def register(tmp_path: Path) -> Path:
    file = tmp_path / "register.csv"
    file.write_text(ROWS, encoding="utf-8")
    return file


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_of_names_is_searched_without_a_database(register: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["match", "沪农商行", "heying", "--register", str(register), "--json"]) == 0
    bank, firm = objects(capsys.readouterr().out)
    assert bank["input"] == "沪农商行"
    best = bank["candidates"][0]  # type: ignore[index]
    assert (best["subject"], best["verdict"]) == ("91310000B", "review")
    assert "place_letter" in {one["code"] for one in best["reasons"]}
    assert {"code", "message", "message_en"} == set(best["reasons"][0])
    assert firm["candidates"][0]["subject"] == "91320583A"  # type: ignore[index]


def test_a_former_name_leads_to_the_body(register: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["match", "禾映电子厂", "--register", str(register), "--json"]) == 0
    best = objects(capsys.readouterr().out)[0]["candidates"][0]  # type: ignore[index]
    assert (best["subject"], best["name_kind"]) == ("91320583A", "former")


def test_the_table_says_what_was_found_and_why_chinese_first(
    register: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["match", "禾映", "没有这样的名称吧", "--register", str(register)]) == 0
    said = capsys.readouterr().out
    assert "91320583A" in said
    assert "待核 review" in said
    assert said.index("名称中含有") < said.index("The name holds")
    assert "没有找到 nothing found" in said


def test_names_may_come_from_a_file_and_no_more_candidates_than_asked(
    register: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "names.txt"
    file.write_text("禾映\n\n昆山农村商业银行\n", encoding="gb18030")
    assert main.run(["match", "--file", str(file), "--register", str(register), "--top", "1", "--json"]) == 0
    found = objects(capsys.readouterr().out)
    assert [one["input"] for one in found] == ["禾映", "昆山农村商业银行"]
    assert all(len(one["candidates"]) == 1 for one in found)  # type: ignore[arg-type]


def test_nothing_to_look_for_is_refused_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["match"]) == 2
    assert "没有给出名称" in capsys.readouterr().err


def test_a_row_that_is_too_short_is_named_by_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "short.csv"
    file.write_text("id,name\n1,昆山禾映有限公司\n2\n", encoding="utf-8")
    assert main.run(["match", "禾映", "--register", str(file)]) == 2
    assert "第 3 行" in capsys.readouterr().err


def test_a_file_without_headings_is_a_list_of_names(tmp_path: Path) -> None:
    file = tmp_path / "plain.csv"
    file.write_text("昆山禾映有限公司\n\n上海嘉铭有限公司\n", encoding="utf-8")
    assert list(register_of(file)) == [(1, "昆山禾映有限公司", "current"), (3, "上海嘉铭有限公司", "current")]
    file.write_text("", encoding="utf-8")
    assert list(register_of(file)) == []


def test_without_a_file_the_register_of_bodies_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, ...]] = []
    roles: list[str] = []

    @contextmanager
    def reach(role: str) -> Iterator[None]:
        roles.append(role)
        yield

    def answer(names: Sequence[str], top: int) -> list[list[Candidate]]:
        asked.append((*names, str(top)))
        found = Candidate(7, "昆山禾映有限公司", "current", 0.8, Verdict.REVIEW, (reason("contained", "禾映"),))
        return [[found] for _ in names]

    monkeypatch.setattr(match, "reach", reach)
    monkeypatch.setattr(search, "search_names", answer)
    assert main.run(["match", "禾映", "--top", "3", "--json"]) == 0
    assert (roles, asked) == (["office"], [("禾映", "3")])
    assert objects(capsys.readouterr().out)[0]["candidates"][0]["subject"] == 7  # type: ignore[index]


@pytest.mark.parametrize("said", ["previous", "旧称", "当前", "CURRENTLY"])
def test_a_kind_of_name_that_is_none_is_named_with_its_line_and_what_is_possible(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    file = tmp_path / "kinds.csv"
    file.write_text(f"name,kind\n昆山禾映有限公司,current\n\n昆山禾映电子厂,{said}\n", encoding="utf-8")
    assert main.run(["match", "禾映", "--register", str(file)]) == 2
    told = capsys.readouterr().err
    assert "第 4 行" in told
    assert said in told
    for possible in ("current", "former", "english", "曾用名"):
        assert possible in told


def test_kinds_of_names_are_read_in_both_languages_and_none_is_the_name_of_today(tmp_path: Path) -> None:
    file = tmp_path / "kinds.csv"
    file.write_text("name,name_kind\n甲,现用名\n乙,曾用名\n丙,English\n丁, \n戊,FORMER\n", encoding="utf-8")
    assert [kind for _number, _name, kind in register_of(file)] == ["current", "former", "english", "current", "former"]
