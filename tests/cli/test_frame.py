"""Every sentence reaches its reader, in both languages, or the command says why it cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import (
    REFUSED,
    both,
    choose_data,
    interruptible,
    output,
    progress,
    report_error,
    tell,
    undisturbed,
)


def run(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "chengxin.cli.main", *arguments],
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )


def test_a_help_text_has_both_languages_chinese_first() -> None:
    assert both("中文。", "English.") == "中文。\n\nEnglish."


def test_sentences_go_to_stderr_and_leave_stdout_to_results(capsys: pytest.CaptureFixture[str]) -> None:
    tell("正在停止", "Stopping")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "正在停止\nStopping\n"


def test_an_error_is_one_sentence_in_each_language_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    report_error(ChengxinError("x", "端口 8000 被占用，请换一个", "port 8000 is taken, choose another", where="8000"))
    assert capsys.readouterr().err.splitlines() == [
        "错误：端口 8000 被占用，请换一个",
        "Error: port 8000 is taken, choose another",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1"])
def test_a_locale_that_cannot_show_chinese_ends_with_one_sentence(encoding: str) -> None:
    done = run(["--help"], PYTHONIOENCODING=encoding)
    assert done.returncode == REFUSED
    said = done.stderr.decode()
    assert "不能显示中文" in said
    assert "LC_ALL=C.UTF-8" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk"])
def test_a_locale_that_can_show_chinese_is_used(encoding: str) -> None:
    done = run(["--help"], PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert "公共信用信息平台" in done.stdout.decode(encoding)


@pytest.mark.parametrize("locale", ["C", "POSIX", "zh_CN.UTF-8", "xx_XX.UTF-8"])
def test_a_locale_the_machine_does_not_have_does_no_harm(locale: str) -> None:
    done = run(["--help"], LC_ALL=locale, LANG=locale)
    assert done.returncode == 0
    assert "公共信用信息平台" in done.stdout.decode()


def test_without_a_terminal_no_bar_is_drawn_and_tables_keep_their_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as report:
        report("导入", 1, 3)
        report("导入", 3, 3)
        report("另一步", 0, 0)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip() == ""
    assert output().width == 150


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_ends_a_block_the_way_ctrl_c_does(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    tidied = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
        finally:
            tidied.append(number)

    with pytest.raises(KeyboardInterrupt), interruptible():
        work()
    assert tidied == [number]
    assert signal.getsignal(number) is before


def test_a_library_cannot_turn_ctrl_c_into_an_error_of_its_own() -> None:
    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("query interrupted") from None

    with pytest.raises(KeyboardInterrupt), interruptible():
        work()


def test_an_error_nobody_asked_for_stays_an_error() -> None:
    with pytest.raises(ZeroDivisionError), interruptible():
        raise ZeroDivisionError


def test_an_orderly_stop_is_not_broken_off_by_a_second_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGINT)
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        reached = True
    assert reached
    assert signal.getsignal(signal.SIGINT) is before


def test_the_data_folder_of_the_option_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = tmp_path_factory.mktemp("given")
    monkeypatch.setenv("CHENGXIN_DATA", "elsewhere")
    choose_data(None)
    assert os.environ["CHENGXIN_DATA"] == "elsewhere"
    choose_data(given)
    assert os.environ["CHENGXIN_DATA"] == str(given)
