"""The ``chengxin`` command: finds the command meant, and turns every refusal into one sentence and a code."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import click

from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import REFUSED, both, report_error, require_speech, tell
from chengxin.cli.supervision import ProcessEnded

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "demo:demo",
    "serve": "serve:serve",
    "migrate": "serve:migrate",
    "worker": "serve:worker",
    "import": "handing_in:import_file",
    "batch": "handing_in:batch",
    "organisations": "people:organisations",
    "officer": "people:officer",
    "client": "clients:client",
    "api-key": "api_request:api_key",
    "api-request": "api_request:api_request",
    "access-matrix": "access_matrix:access_matrix",
    "catalogue": "catalogue:catalogue",
    "bodies": "bodies:bodies",
    "codes": "codes:codes",
    "practitioners": "practitioners:practitioners",
    "identify": "identify:identify",
    "compare-names": "identify:compare",
    "match": "match:match",
    "link": "link:link",
    "link-report": "link:link_report",
    "rehearse": "rehearse:rehearse_city",
    "keys": "keys:keys",
    "database-passwords": "database_passwords:database_passwords",
    "backup": "backup:backup",
    "verify-backup": "backup:verify_backup",
    "restore": "backup:restore",
    "archive": "backup:archive",
    "doctor": "doctor:doctor",
    "health": "health:health",
    "metrics": "health:metrics",
    "audit": "audit:audit",
    "bench": "bench:group",
}
"""Command -> module of this package and object in it; a module is imported when its command is asked for."""

ENDED = 3
"""Exit code when a process that should run ended by itself."""

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells have it."""


class LazyGroup(click.Group):
    """A group whose commands are imported one by one: ``--help`` of one does not wait for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands' names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of this name, or None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found = getattr(importlib.import_module(f"chengxin.cli.{module}"), name)
        return found if isinstance(found, click.Command) else None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=both(
        "诚信：一座城市的公共信用信息平台。各命令加 --help 看用法。",
        "Chengxin, a city's public credit information platform. Every command explains itself with --help.",
    ),
)
@click.version_option(package_name="chengxin", prog_name="chengxin")
def command() -> None:
    """Hold the commands; it does nothing by itself."""


def run(arguments: Sequence[str]) -> int:
    """Run the command line ``arguments`` and return the exit code.

    0 done, 1 done but something was found (lint, a refused file), 2 refused with a sentence, 3 a
    process ended by itself, 130 interrupted.
    """
    try:
        result = command.main(list(arguments), prog_name="chengxin", standalone_mode=False)
    except ChengxinError as error:
        report_error(error)
        return ENDED if isinstance(error, ProcessEnded) else REFUSED
    except click.UsageError as error:
        usage = error.ctx.get_usage() if error.ctx else ""
        tell(f"命令写法不对，加 --help 看用法。{usage}", f"Error: {error.format_message()}")
        return REFUSED
    except click.ClickException as error:
        tell(f"错误：{error.format_message()}", f"Error: {error.format_message()}")
        return REFUSED
    except (KeyboardInterrupt, click.Abort):
        tell(
            "已中断；再次运行同一命令会接着做完",
            "Interrupted: the same command goes on where this one stopped",
        )
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run the command line of this process."""
    require_speech()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
