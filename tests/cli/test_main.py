"""The command line finds its commands, explains them in two languages, and answers every refusal with a code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from chengxin.base.errors import ChengxinError
from chengxin.cli import main
from chengxin.cli.supervision import ProcessEnded

if TYPE_CHECKING:
    from collections.abc import Iterator

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{3,} [a-z]{2,}")


def every_command(name: str, held: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, held
    if isinstance(held, click.Group):
        context = click.Context(held)
        for one in held.list_commands(context):
            found = held.get_command(context, one)
            assert found is not None
            yield from every_command(f"{name} {one}", found)


COMMANDS = dict(every_command("chengxin", main.command))


def test_the_commands_are_the_promised_ones() -> None:
    assert set(COMMANDS) >= {
        "chengxin demo", "chengxin serve", "chengxin migrate", "chengxin import", "chengxin batch",
        "chengxin organisations", "chengxin catalogue lint", "chengxin catalogue show", "chengxin catalogue diff",
        "chengxin rehearse", "chengxin officer set", "chengxin client make", "chengxin worker", "chengxin bench",
    }  # fmt: skip


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself_in_both_languages(name: str) -> None:
    help_text = COMMANDS[name].help or ""
    chinese, _, english = help_text.partition("\n\n")
    assert CHINESE.search(chinese), help_text
    assert ENGLISH.search(english), help_text
    assert not CHINESE.search(english), help_text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_explains_itself_in_both_languages(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option) and parameter.name != "version":
            told = parameter.help or ""
            assert CHINESE.search(told), f"{name} --{parameter.name}: {told}"
            assert re.search(r"/ .*[a-z]", told), f"{name} --{parameter.name}: {told}"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_is_printed_and_ends_well(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*name.split()[1:], "--help"]) == 0
    assert "Usage: chengxin" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["import"], ["import", "x.csv"], ["demo", "--ports", "1,2"], ["batch", "one"]]
)
def test_a_command_written_wrongly_is_refused_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "命令写法不对" in said.err
    assert "Error:" in said.err


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ChengxinError("x", "出错了", "it went wrong"), 2),
        (ProcessEnded("x", "进程退出", "a process ended"), 3),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.FileError("x.csv", "denied"), 2),
    ],
)
def test_every_way_to_end_has_its_code(
    raised: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise raised

    failing = click.Command("demo", callback=fail)
    monkeypatch.setattr(main.command, "get_command", lambda _context, _name: failing)
    assert main.run(["demo"]) == code
    said = capsys.readouterr().err
    assert CHINESE.search(said)
    assert "Traceback" not in said


def test_a_mistake_of_ours_is_not_hidden_behind_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    failing = click.Command("demo", callback=fail)
    monkeypatch.setattr(main.command, "get_command", lambda _context, _name: failing)
    with pytest.raises(ZeroDivisionError):
        main.run(["demo"])


def test_the_version_is_the_packages() -> None:
    done = CliRunner().invoke(main.command, ["--version"])
    assert done.exit_code == 0
    assert re.search(r"chengxin.* \d+\.\d+\.\d+", done.output)
