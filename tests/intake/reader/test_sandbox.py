"""The way in: hostile files harm only a throw-away process, and every answer is a reading or a refusal."""

import csv
import io
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.intake.reader import FileRefused, Limits, ReaderFailed, Reading, codes, read_table

Rows = Callable[[Path], list[list[str]]]
Make = Callable[..., bytes]
Parts = Callable[..., dict[str, str | bytes]]
SHARED = Path(os.environ.get("CHENGXIN_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
CORPUS = SHARED / "files"


def refused(path: Path, spool: Path, **options: Any) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read_table(path, spool, **options)
    assert not spool.exists()
    return caught.value


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.csv"


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "upload.bin") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def test_a_table_is_read_into_a_spool_only_this_account_can_read(
    put: Callable[..., Path], spool: Path, spool_rows: Rows
) -> None:
    reading = read_table(put("名称,代码\n甲,1\n".encode()), spool)
    assert reading == Reading(("名称", "代码"), "utf-8", 1, 0)
    assert spool_rows(spool) == [["2", "", "", "甲", "1"]]
    assert stat.S_IMODE(spool.stat().st_mode) == 0o600


def test_the_name_of_the_file_does_not_matter(put: Callable[..., Path], spool: Path, make_workbook: Make) -> None:
    assert read_table(put(b"a,b\n1,2\n", "book.xlsx"), spool).encoding == "utf-8"
    assert read_table(put(make_workbook(), "list.csv"), spool).encoding == "xlsx"
    html = put(b"<html><table></table></html>", "report.xlsx")
    assert refused(html, spool).message_zh.startswith("文件内容是网页（HTML）")


def test_an_unknown_encoding_is_a_programming_error(put: Callable[..., Path], spool: Path) -> None:
    with pytest.raises(ValueError, match="unknown encoding"):
        read_table(put(b"a\n1\n"), spool, encoding="latin-1")


def test_a_missing_file_is_an_error_of_the_caller(tmp_path: Path, spool: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none", spool)


def test_a_pipe_does_not_block(tmp_path: Path, spool: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe", spool).code == "not_a_file"


def test_a_refused_file_leaves_no_spool_behind(put: Callable[..., Path], spool: Path) -> None:
    spool.write_text("older content")
    assert refused(put("姓名\n张三\n".encode() * 9 + b'"'), spool).code == "quote_unclosed"


def test_billion_laughs_and_outside_entities_touch_nothing(
    put: Callable[..., Path], tmp_path: Path, spool: Path, make_package: Make, workbook_parts: Parts
) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("canary-4711")
    os.utime(canary, (1, 1))
    dtd = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{canary.as_uri()}"><!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>'
    parts = workbook_parts('<row r="1"><c t="str"><v>&e;</v></c></row>')
    parts["xl/worksheets/s1.xml"] = dtd + str(parts["xl/worksheets/s1.xml"])
    refusal = refused(put(make_package(parts)), spool)
    assert refusal.code == "xml_dtd"
    assert "未读取任何外部文件或网络地址" in refusal.message_zh
    assert canary.stat().st_atime == 1
    assert "4711" not in refusal.message_zh + refusal.message_en


def test_a_bomb_is_refused_before_a_process_is_started(
    put: Callable[..., Path], spool: Path, make_package: Make, workbook_parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_process(*_: object, **__: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    bomb = make_package({**workbook_parts(), "xl/worksheets/s1.xml": b"<a>" + b" " * 50_000_000})
    assert len(bomb) < 60_000
    assert refused(put(bomb), spool).code == "zip_bomb"


def test_too_much_computing_ends_only_the_child(
    put: Callable[..., Path], spool: Path, make_package: Make, workbook_parts: Parts
) -> None:
    row = "".join(f"<c><v>{number * 7919 % 100_003}</v></c>" for number in range(100))
    xml = "".join(f"<row>{row}</row>" for _ in range(5_000))
    path = put(make_package(workbook_parts(f"<row><c t='str'><v>a</v></c></row>{xml}"), zipfile.ZIP_STORED))
    refusal = refused(path, spool, limits=Limits(cpu_seconds=1))
    assert refusal.code == "limit_cpu"
    assert refusal.message_zh == "文件超出范围：读取它用完了允许的 1 秒计算时间，已停止。请拆分，或另存为 CSV 后上传。"


def test_too_much_memory_ends_only_the_child(
    put: Callable[..., Path], spool: Path, make_package: Make, workbook_parts: Parts
) -> None:
    parts = workbook_parts(strings="".join(f"<si><t>{number:x}</t></si>" for number in range(600_000)))
    path = put(make_package(parts, zipfile.ZIP_STORED))
    refusal = refused(path, spool, limits=Limits(address_space_bytes=40 << 20))
    assert refusal.code in ("limit_memory", "reader_died")
    assert refusal.message_zh.startswith("文件超出范围")


def test_a_child_that_hangs_is_ended(put: Callable[..., Path], spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real: Any = subprocess.Popen

    def sleeper(_: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        process: subprocess.Popen[bytes] = real([sys.executable, "-c", "import time; time.sleep(60)"], **options)
        started.append(process)
        return process

    monkeypatch.setattr(subprocess, "Popen", sleeper)
    begin = time.monotonic()
    refusal = refused(put(b"a\n1\n"), spool, limits=Limits(wall_seconds=1))
    assert refusal.code == "limit_wall"
    assert time.monotonic() - begin < 20
    assert started[0].returncode == -9


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("import os; os.kill(os.getpid(), 11)", "reader_died"),
        ("import os; os.kill(os.getpid(), 6)", "reader_died"),
        ("import os; os.kill(os.getpid(), 9)", "reader_died"),
        ("import os; os.kill(os.getpid(), 24)", "limit_cpu"),
        ("import os; os.kill(os.getpid(), 14)", "limit_wall"),
        ("import os; os.kill(os.getpid(), 15)", "ReaderFailed"),
        ("import sys; sys.exit(1)", "ReaderFailed"),
        ("print('no json')", "ReaderFailed"),
        ("print('{}')", "ReaderFailed"),
        ("print('[]')", "ReaderFailed"),
        ("""print('{"refused": {"code": "no_such", "where": null, "details": {}}}')""", "ReaderFailed"),
        ("""print('{"failed": "OSError 28"}'); import sys; sys.exit(70)""", "ReaderFailed"),
        ("""print('{"reading": {"header": []}}')""", "ReaderFailed"),
    ],
)
def test_every_end_of_the_child_has_a_meaning(
    put: Callable[..., Path], spool: Path, monkeypatch: pytest.MonkeyPatch, program: str, expected: str
) -> None:
    real: Any = subprocess.Popen

    def other(_: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        process: subprocess.Popen[bytes] = real([sys.executable, "-I", "-S", "-c", program], **options)
        return process

    monkeypatch.setattr(subprocess, "Popen", other)
    with pytest.raises((FileRefused, ReaderFailed)) as caught:
        read_table(put(b"a\n1\n"), spool)
    assert getattr(caught.value, "code", "ReaderFailed") == expected
    assert not spool.exists()


def test_the_child_sees_no_secret_of_its_parent(
    put: Callable[..., Path], spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    real: Any = subprocess.Popen

    def watched(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        seen.append(options)
        assert command[:4] == [sys.executable, "-I", "-m", "chengxin.intake.reader.child"]
        process: subprocess.Popen[bytes] = real(command, **options)
        return process

    monkeypatch.setenv("CHENGXIN_SECRET", "s3cret")
    monkeypatch.setattr(subprocess, "Popen", watched)
    read_table(put(b"a\n1\n"), spool)
    assert "CHENGXIN_SECRET" not in str(seen[0]["env"])
    assert seen[0]["start_new_session"] is True


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count descriptors")
def test_no_descriptor_is_left_behind(put: Callable[..., Path], spool: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    ends = [answer(put(data), spool)[0] for data in (b"a\n1\n", b"a,a\n1,2\n", b"")]
    assert ends == ["read", "header_duplicate", "file_empty"]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_large_text_file_takes_little_memory_and_comes_back_whole(put: Callable[..., Path], spool: Path) -> None:
    row = ",".join(["昆山某某有限公司", "行政处罚决定书", "2025-06-30"] * 10)
    header = ",".join(f"列{number}" for number in range(30))
    path = put((header + "\n" + (row + "\n") * 60_000).encode())
    assert path.stat().st_size > 30_000_000
    reading = read_table(path, spool, limits=Limits(address_space_bytes=120 << 20))
    assert reading.lines == 60_000
    with spool.open(encoding="utf-8", newline="") as lines:
        last = list(csv.reader(lines))[-1]
    assert last == ["60001", "", "", *row.split(",")]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.text(alphabet='ab汉,\n"', max_size=30).map(str.encode))
def test_any_bytes_give_a_reading_or_a_listed_refusal_through_the_process(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    code, text = answer(path, tmp_path / "spool")
    assert code in codes("refusal") | {"read"}
    assert text


def answer(path: Path, spool: Path) -> tuple[str, str]:
    try:
        reading = read_table(path, spool)
    except FileRefused as refusal:
        return refusal.code, refusal.message_zh
    return "read", reading.encoding


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of awkward files is not on this machine")
def test_every_file_of_the_corpus_is_read_or_refused_with_a_listed_reason(tmp_path: Path) -> None:
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    with ThreadPoolExecutor(2) as pool:
        spools = [tmp_path / str(number) for number in range(len(files))]
        answers = dict(zip(files, pool.map(answer, files, spools), strict=True))
    found = Counter(code for code, _ in answers.values())
    assert set(found) <= codes("refusal") | {"read"}
    assert not set(found) & {"limit_cpu", "limit_wall", "limit_memory", "limit_output", "reader_died"}
    assert found["read"] >= 140
    by_name = {path.relative_to(CORPUS).as_posix(): code for path, (code, _) in answers.items()}
    assert {code for name, code in by_name.items() if name.lower().endswith(".xls")} == {"kind_xls"}
    assert {code for name, code in by_name.items() if name.endswith(".ods")} == {"kind_ods"}
    assert by_name["sheetjs/sheet_visibility.xlsx"] == "sheet_hidden"
    assert by_name["sheetjs/merge_cells.xlsx"] == "cell_merged"
    assert by_name["sheetjs/phonetic_text.xlsx"] == "read"
    assert by_name["frictionless/data/table.csv.gz"] == "kind_archive"
    assert {code for name, code in by_name.items() if name.startswith("csv-spectrum/csvs/")} == {"read"}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of awkward files is not on this machine")
def test_the_cells_of_the_csv_spectrum_are_those_of_a_strict_parser(tmp_path: Path, spool_rows: Rows) -> None:
    for path in sorted((CORPUS / "csv-spectrum" / "csvs").glob("*.csv")):
        reading = read_table(path, tmp_path / "spool")
        text = path.read_bytes().decode()
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        kept = [row for row in expected[1:] if any(map(str.strip, row))]
        assert [row[3:] for row in spool_rows(tmp_path / "spool")] == kept, path.name
        assert reading.header == tuple(name.strip() for name in expected[0])
