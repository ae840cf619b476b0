"""What a command prints for programs has exactly the promised keys; what it refuses is one sentence and code 2."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chengxin.cli import main
from chengxin.crypto import load_keyring

if TYPE_CHECKING:
    from pathlib import Path

REGISTER = "统一社会信用代码,名称,kind\n91320583187588026H,昆山金石科技有限公司,current\n9132,昆山旧名厂,former\n"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own: a command may make it, and a refused one may not."""
    folder = tmp_path / "var"
    monkeypatch.setenv("CHENGXIN_DATA", str(folder))
    monkeypatch.delenv("CHENGXIN_KEYS", raising=False)
    return folder


def _lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main.run(arguments) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the sentence of a refusal: code 2, Chinese first, English second, nothing where results go."""
    assert main.run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    chinese, english = said.err.splitlines()[0], said.err.splitlines()[-1]
    assert chinese.startswith(("错误：", "命令写法不对"))
    assert english.startswith("Error: ")
    assert "Traceback" not in said.err
    return said.err


def _file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_a_code_is_told_with_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    valid, broken = _lines(capsys, "identify", "91320583187588026H", "9132058", "--json")
    for one in (valid, broken):
        assert {"input", "normalised", "kind", "verdict", "problems"} <= set(one)
    assert (valid["verdict"], broken["verdict"]) == ("valid", "invalid")
    assert valid["problems"] == []
    assert {frozenset(problem) for problem in broken["problems"]} == {frozenset({"code", "message", "position"})}


def test_codes_are_told_one_a_line_in_the_order_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    listed = _file(tmp_path, "codes.txt", "\n187588026\n\n  330521000000057  \n")
    told = _lines(capsys, "identify", "91320583187588026H", "--file", listed, "--json")
    assert [one["input"] for one in told] == ["91320583187588026H", "187588026", "330521000000057"]


def test_two_names_are_told_with_their_verdict_and_reasons(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pairs = _file(tmp_path, "pairs.csv", "名称1,名称2\n昆山金石厂,昆山水月厂\n")
    told = _lines(capsys, "compare-names", "昆山金石有限公司", "昆山金石有限公司", "--file", pairs, "--json")
    assert [(one["a"], one["b"]) for one in told] == [
        ("昆山金石有限公司", "昆山金石有限公司"), ("昆山金石厂", "昆山水月厂"),
    ]  # fmt: skip
    assert told[0]["verdict"] == "same"
    for one in told:
        assert {"a", "b", "verdict", "score", "reasons"} <= set(one)
        assert all({"message", "message_en"} <= set(reason) for reason in one["reasons"])


def test_each_name_is_answered_with_candidates_of_exactly_these_keys(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    register = _file(tmp_path, "register.csv", REGISTER)
    told = _lines(capsys, "match", "昆山金石科技有限公司", "旧名", "没有这家", "--register", register, "--json")
    assert [set(one) for one in told] == [{"input", "candidates"}] * 3
    for one in (candidate for held in told for candidate in held["candidates"]):
        assert set(one) == {"subject", "name", "name_kind", "verdict", "score", "reasons"}
        assert all({"message", "message_en"} <= set(reason) for reason in one["reasons"])
    assert told[0]["candidates"][0]["subject"] == "91320583187588026H"
    assert {one["name_kind"] for one in told[1]["candidates"]} == {"former"}
    assert told[2]["candidates"] == []


def test_every_row_of_the_access_matrix_has_exactly_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    for row in _lines(capsys, "access-matrix", "--json"):
        assert set(row) == {
            "end", "entrance", "method", "needs", "everywhere", "anybody", "client_with_grant", "duties",
        }  # fmt: skip
        assert {type(opens) for opens in row["duties"].values()} == {bool}
        assert row["anybody"] == (row["needs"] == "public")


def test_two_registers_are_linked_into_exactly_the_promised_files_and_keys(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = _file(tmp_path, "a.csv", "id,名称\n1,昆山金石科技有限公司\n2,昆山水月贸易有限公司\n")
    second = _file(tmp_path, "b.csv", "id,名称\n7,昆山金石科技有限公司\n")
    known = _file(tmp_path, "known.csv", "a_id,b_id\n1,7\n")
    out = tmp_path / "out"
    (told,) = _lines(capsys, "link", first, second, "--out", str(out), "--id-a", "id", "--id-b", "id", "--json")
    assert set(told) >= {"files", "first", "second", "compared", "links", "review", "quality"}
    assert (told["files"], told["first"], told["second"], told["quality"]) == (["a.csv", "b.csv"], 2, 1, None)
    assert {one.name for one in out.iterdir()} >= {
        "links.csv", "review.csv", "sample.csv", "report.html", "report.json", "counts.json",
    }  # fmt: skip
    (again,) = _lines(capsys, "link-report", str(out), "--known", known, "--json")
    assert {name: again[name] for name in told if name != "quality"} == {
        name: value for name, value in told.items() if name != "quality"
    }
    assert again["quality"]["recall"] is not None
    assert json.loads((out / "report.json").read_text(encoding="utf-8")) == again


@pytest.mark.parametrize("content", ["nonsense", "{}", b"\xff\xfe", "[" * 200_000, "[]", '{"proof": 1}'])
def test_a_proof_that_is_none_is_answered_in_the_form_of_one_that_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | bytes
) -> None:
    assert main.run(["audit", "check-proof", _file(tmp_path, "proof.json", content)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"holds": False, "trouble": "unreadable", "event": {}, "at": None, "checkpoint": None}


def test_keys_that_are_none_are_refused_and_not_taken_for_tampering(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path
) -> None:
    proof = _file(tmp_path, "proof.json", "{}")
    for content in ("", "a letter", b"\xff\xfe\x00", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        wrong = _file(tmp_path, "key.pub", content)
        for command in (("verify",), ("check-proof", proof)):
            told = _refused(capsys, "audit", *command, "--public-key", wrong)
            assert "key.pub 里没有公钥，请用 chengxin keys public checkpoint 导出的文件" in told
    assert not data.exists(), "nothing was started for it"


def test_the_keys_of_a_purpose_are_what_stdout_holds_and_nothing_else(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    assert main.run(["keys", "public", "checkpoint"]) == 0
    said = capsys.readouterr()
    assert said.out == "".join(one.block() for one in load_keyring(data / "keys").public_keys("checkpoint"))
    assert main.run(["keys", "rotate", "checkpoint"]) == 0
    said = capsys.readouterr()
    current, before = load_keyring(data / "keys").public_keys("checkpoint")
    assert said.out == f"{current.key_id}\n"
    assert (current.state, before.state) == ("current", "retired")
    assert "请马上备份密钥目录" in said.err


@pytest.mark.parametrize("content", ["名称\n" + "甲" * 140_000, '名称\n"甲' + "乙" * 140_000 + "\n丙\n"])
def test_a_cell_longer_than_any_name_is_said_with_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    register = _file(tmp_path, "long.csv", content)
    told = _refused(capsys, "match", "昆山", "--register", register)
    assert "long.csv 第 2 行读不下去，请检查引号是否成对" in told
    assert "long.csv" in _refused(capsys, "compare-names", "--file", register)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("match",), "没有给出名称"),
        (("identify",), "没有给出代码"),
        (("compare-names",), "没有给出名称"),
        (("compare-names", "甲"), "要比较的名称应为两个，现给出 1 个"),
        (("compare-names", "甲", "乙", "丙"), "要比较的名称应为两个，现给出 3 个"),
        (("match", "甲", "--top", "0"), "命令写法不对"),
        (("match", "甲", "--top", "101"), "命令写法不对"),
        (("match", "甲", "--register", "none.csv"), "命令写法不对"),
        (("access-matrix", "more"), "命令写法不对"),
        (("keys", "rotate", "everything"), "没有密钥用途“everything”，可选："),
        (("keys", "public", ""), "没有密钥用途“”，可选："),
        (("bodies", "show"), "命令写法不对"),
        (("bodies", "show", "x", "--on", "2026-02-30"), "日期写法应为 2026-01-02"),
        (("bodies", "show", "x", "--on", "gestern"), "日期写法应为 2026-01-02"),
        (("audit", "proof", "0"), "命令写法不对"),
        (("audit", "looks", "-1"), "命令写法不对"),
        (("audit", "looks", "1", "--since", "26.1.2026"), "命令写法不对"),
        (("audit", "looks", "1", "--limit", "1001"), "命令写法不对"),
        (("audit", "verify", "--processes", "0"), "命令写法不对"),
        (("audit", "verify", "--public-key", "none.pub"), "命令写法不对"),
        (("audit", "erase-text", "1"), "命令写法不对"),
        (("client", "make", "x"), "命令写法不对"),
        (("client", "make", "x", "--org", "y", "--days", "0"), "命令写法不对"),
        (("client", "grant", "1", "checks.run", "--item", "*"), "命令写法不对"),
        (("client", "grant", "1", "checks.run", "--item", "*", "--purpose", "*", "--per-day", "0"), "命令写法不对"),
        (("client", "key", "one", "x"), "命令写法不对"),
        (("officer", "set", "zhang"), "命令写法不对"),
        (("officer", "set", "zhang", "--name", "张", "--org", "x", "--role", "king"), "命令写法不对"),
        (("import", "x.csv", "--item", "licence", "--org", "x", "--release"), "--release 和 --reason 须一起使用"),
        (("import", "x.csv", "--item", "licence", "--org", "x", "--reason", "急"), "--release 和 --reason 须一起使用"),
        (("batch", "1", "--returned", "rows.txt"), "退回行只能写成 .xlsx 或 .csv，不能写成 rows.txt"),
        (("batch", "1", "--returned", "rows"), "退回行只能写成 .xlsx 或 .csv，不能写成 rows"),
        (("bench", "nothing"), "命令写法不对"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_started(
    capsys: pytest.CaptureFixture[str], data: Path, command: tuple[str, ...], says: str
) -> None:
    assert says in _refused(capsys, *command)
    assert not data.exists()


def test_a_folder_that_holds_no_linking_has_no_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    for content in (None, "", "[]", "{}", '{"first_file": "a", "second_file": "b", "strange": 1}', "null"):
        if content is not None:
            (folder / "counts.json").write_text(content, encoding="utf-8")
        told = _refused(capsys, "link-report", str(folder))
        assert "里没有 chengxin link 的结果，请给出它的 --out 文件夹" in told
        assert {one.name for one in folder.iterdir()} <= {"counts.json"}


def test_a_linking_that_cannot_begin_leaves_no_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = _file(tmp_path, "good.csv", "名称\n昆山金石科技有限公司\n")
    out = tmp_path / "out"
    for first, more, says in (
        (_file(tmp_path, "empty.csv", ""), (), "empty.csv 没有“主体名称”"),
        (_file(tmp_path, "bytes.csv", b"\xff\xff"), (), "bytes.csv 不是 UTF-8 或 GB18030 编码的文本"),
        (good, ("--name-a", "全名"), "good.csv 没有“全名”列，现有列：名称；请用选项指明列名"),
        (good, ("--id-b", "编号"), "good.csv 没有“编号”列"),
        (good, ("--sample", "-1"), "命令写法不对"),
        (good, ("--engine", "abacus"), "命令写法不对"),
    ):
        assert says in _refused(capsys, "link", first, good, "--out", str(out), *more)
        assert not out.exists()
    blocked = _file(tmp_path, "file", "x")
    told = _refused(capsys, "link", good, good, "--out", f"{blocked}/out")
    assert "写不进去" in told


def test_a_key_file_that_cannot_be_made_is_refused_without_showing_a_key(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    there = _file(tmp_path, "there.key", "mine")
    for place in (there, str(tmp_path / "no" / "such.key"), str(tmp_path)):
        told = _refused(capsys, "api-key", place)
        assert "已有的私钥不会被覆盖，请换一个文件名" in told
        assert "BEGIN" not in told
    assert (tmp_path / "there.key").read_text(encoding="utf-8") == "mine"
    assert "命令写法不对" in _refused(capsys, "api-key", str(tmp_path / "x"), "--suite", "rot13")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["there.key"]


@pytest.mark.parametrize("purpose", ["sealed-number", "blind-index", "backup"])
def test_a_key_that_is_secret_has_no_public_half_to_export(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, purpose: str
) -> None:
    out = tmp_path / "public.pem"
    assert "错误" in _refused(capsys, "keys", "public", purpose, "--out", str(out))
    assert not out.exists()
