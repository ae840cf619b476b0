"""The pages about standards, made from their YAML files, and what is wrong with those files.

python tools/render_compliance.py write   write docs/compliance/*.md
python tools/render_compliance.py check   end with 1 when a file has a fault or a page is not the one its file makes

A row says what a clause or requirement asks for in our own words, how it stands, how it is met, and the tests that show
it. A row that is met names a test there is; any other row gives its reason.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "compliance"

ANSWERS = {
    "met": ("符合", "met"),
    "part": ("部分符合", "in part"),
    "operator": ("由运营方落实", "the operator's"),
    "not_applicable": ("不适用", "does not apply"),
    "not_met": ("不符合", "not met"),
}
"""How a row stands: key -> words in Chinese and English."""

NEED_A_TEST = {"met", "part"}


@dataclass(frozen=True)
class Page:
    """One page: the YAML it is made of, its own name, and what makes its text."""

    source: str
    name: str
    make: Callable[[dict[str, Any]], str]


def read(source: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return a YAML file of the folder."""
    held: dict[str, Any] = yaml.safe_load((folder / source).read_text(encoding="utf-8"))
    return held


def faults(row: dict[str, Any], wanted: tuple[str, ...], root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with a row: ``wanted`` are the texts it has to have."""
    name = row.get("id", "?")
    for key in wanted:
        if not str(row.get(key, "")).strip():
            yield f"{name}: {key} is missing"
    answer = row.get("answer", "")
    if answer not in ANSWERS:
        yield f"{name}: answer {answer!r} is none of {', '.join(ANSWERS)}"
    tests, code = row.get("tests", []), row.get("code", [])
    if answer in NEED_A_TEST and not tests:
        yield f"{name}: {answer}, and no test shows it"
    for one in tests:
        if not has_test(one, root):
            yield f"{name}: there is no test {one}"
    for one in code:
        if not (root / one).exists():
            yield f"{name}: there is no file {one}"


def has_test(named: str, root: Path = ROOT) -> bool:
    """Return whether ``path::name`` is a test function of a file of ours."""
    path, _, name = named.partition("::")
    file = root / path
    if not name or not path.startswith("tests/") or not file.is_file():
        return False
    return (
        re.search(rf"^\s*(?:async )?def {re.escape(name)}\(", file.read_text(encoding="utf-8"), re.MULTILINE)
        is not None
    )


def cell(text: object) -> str:
    """Return a text as a table's cell; between two Chinese characters no blank is left where a line ended."""
    joined = re.sub(r"(?<=[一-鿿，。；：、）”]) (?=[一-鿿（“])", "", " ".join(str(text).split()))
    return joined.replace("|", "\\|")


def shown(tests: list[str]) -> str:
    """Return tests as they stand in a table: file and name."""
    return "<br>".join(f"`{cell(one)}`" for one in tests) or "—"


def counted(rows: list[dict[str, Any]], language: int) -> str:
    """Return how many rows stand how."""
    told = [(words[language], sum(row["answer"] == key for row in rows)) for key, words in ANSWERS.items()]
    return (
        "，".join(f"{word} {count}" for word, count in told)
        if language == 0
        else ", ".join(f"{word} {count}" for word, count in told)
    )


def dengbao(held: dict[str, Any], *, chinese: bool) -> str:
    """Return the page about the clauses of GB/T 22239-2019, in one language."""
    lang, number = ("zh", 0) if chinese else ("en", 1)
    rows = [row for control in held["controls"] for row in control["clauses"]]
    lines = [f"# {held[f'title_{lang}']}", "", cell(held[f"note_{lang}"]), ""]
    lines += [f"{len(rows)} 条：{counted(rows, 0)}。" if chinese else f"{len(rows)} clauses: {counted(rows, 1)}."]
    for control in held["controls"]:
        lines += ["", f"## {control['id']} {control[lang]}", ""]
        lines += ["| 条款 | 要求（用我们自己的话） | 结论 | 怎样做到 | 测试 |" if chinese else
                  "| clause | what it asks, in our words | answer | how | test |", "|---|---|---|---|---|"]  # fmt: skip
        for row in control["clauses"]:
            how = cell(row[f"how_{lang}"])
            if todo := row.get(f"do_{lang}"):
                how += f" **{'运营方' if chinese else 'Operator'}**{'：' if chinese else ': '}{cell(todo)}"
            answer = ANSWERS[row["answer"]][number]
            tests = shown(row.get("tests", []))
            lines.append(f"| {row['id']} | {cell(row[f'asks_{lang}'])} | {answer} | {how} | {tests} |")
    return "\n".join(lines) + "\n"


def asvs(held: dict[str, Any]) -> str:
    """Return the page about OWASP ASVS 5.0."""
    rows = [row for chapter in held["chapters"] for row in chapter["requirements"]]
    lines = [f"# {held['title']}", "", cell(held["note"]), "", f"{len(rows)} requirements: {counted(rows, 1)}."]
    open_rows = [row for row in rows if row["answer"] in {"not_met", "part"}]
    lines += ["", "## What is open", "", "| requirement | answer | reason |", "|---|---|---|"]
    lines += [f"| {row['id']} | {ANSWERS[row['answer']][1]} | {cell(row['how'])} |" for row in open_rows]
    for chapter in held["chapters"]:
        lines += ["", f"## {chapter['id']} {chapter['name']}", ""]
        lines += ["| no. | level | what it asks, in our words | answer | how, or why not | code | test |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for row in chapter["requirements"]:
            code = "<br>".join(f"`{one}`" for one in row.get("code", [])) or "—"
            answer = ANSWERS[row["answer"]][1]
            lines.append(
                f"| {row['id']} | {row['level']} | {cell(row['asks'])} | {answer} | {cell(row['how'])} | {code} |"
                f" {shown(row.get('tests', []))} |"
            )
    return "\n".join(lines) + "\n"


PAGES = (
    Page("dengbao-level-3.yaml", "dengbao-level-3.zh-CN.md", lambda held: dengbao(held, chinese=True)),
    Page("dengbao-level-3.yaml", "dengbao-level-3.md", lambda held: dengbao(held, chinese=False)),
    Page("asvs-5.0.yaml", "asvs-5.0.md", asvs),
)


def all_faults() -> list[str]:
    """Return what is wrong with both files."""
    dengbao_rows = [row for control in read("dengbao-level-3.yaml")["controls"] for row in control["clauses"]]
    asvs_rows = [row for chapter in read("asvs-5.0.yaml")["chapters"] for row in chapter["requirements"]]
    found = [one for row in dengbao_rows for one in faults(row, ("asks_zh", "asks_en", "how_zh", "how_en"))]
    return found + [one for row in asvs_rows for one in faults(row, ("asks", "how", "level"))]


def main(arguments: list[str]) -> int:
    """Do what the one argument names."""
    if arguments not in (["write"], ["check"]):
        print(__doc__)
        return 2
    told = all_faults()
    for page in PAGES:
        path, text = FOLDER / page.name, page.make(read(page.source))
        if arguments == ["write"]:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            told.append(f"{page.name} is not the page its file makes: python tools/render_compliance.py write")
    print("\n".join(told) or "the pages fit their files")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
