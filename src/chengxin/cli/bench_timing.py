"""``chengxin bench timing``: whether operations on secrets take a time that tells something about them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from chengxin.base.embedded import scratch_server
from chengxin.cli.frame import both, output
from chengxin.cli.timing import Finding, Seen, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARE = 20
"""A measurement with a database is so many times rarer than one without."""

SLOW = 400
"""A log-in with the real password hash is so many times rarer."""

WORDS = {
    Seen.NOTHING: "没有差别 nothing seen",
    Seen.UNSURE: "尚难断定 unsure",
    Seen.DIFFERENCE: "有差别 difference",
}


@click.command(
    "timing",
    short_help="用时是否泄密 / constant time",
    help=both(
        "检验涉及秘密的运算用时是否随秘密变化（Welch t 检验，两类输入随机交替）；请在空闲的机器上运行。"
        "有差别时退出码为 1。",
        "Test whether the time of operations on secrets depends on them (Welch's t over two classes of inputs in "
        "random turn); run it on a quiet machine. Exit code 1 when a difference was seen.",
    ),
)
@click.option("--measurements", default=100_000, show_default=True, help="每项的次数 / measurements of each case")
@click.option("--without-database", is_flag=True, help="不测登录和令牌 / leave log-ins and tokens out")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
@click.pass_context
def timing(ctx: click.Context, measurements: int, without_database: bool, as_json: bool) -> None:  # noqa: FBT001 - click hands flags in by name
    """Print the figures."""
    from chengxin.cli.timing_cases import plain_cases

    found = [measure(case, measurements) for case in plain_cases()]
    if not without_database:
        found += with_database(measurements)
    if as_json:
        click.echo(json.dumps({"measurements": measurements, "findings": [asdict(one) for one in found]}))
    else:
        for one in found:
            output().print(
                f"{one.name}（{one.about}）: |t| {abs(one.t)}, n {one.measurements[0]:,} + {one.measurements[1]:,}, "
                f"中位数 medians {one.median_ns[0]:,} / {one.median_ns[1]:,} ns: {WORDS[one.seen]}"
            )
    ctx.exit(0 if all(one.right for one in found) else 1)


def with_database(measurements: int) -> list[Finding]:
    """Measure log-ins and tokens as the ends' own roles, in a database of their own, which goes afterwards."""
    with scratch_server() as server:
        environments = {
            role: os.environ
            | {
                "CHENGXIN_DATA": str(server.folder),
                "CHENGXIN_DATABASE_URL": server.url(role, "chengxin"),
                "DJANGO_SETTINGS_MODULE": f"chengxin.settings.{role}",
            }
            for role in ("owner", "office", "api")
        }
        _run(_PREPARE, environments["owner"])
        count = max(measurements // SHARE, 20)
        found = _run(_MEASURE, environments["office"], "log-in", "fast", str(count))
        found += _run(_MEASURE, environments["office"], "log-in", "real", str(max(measurements // SLOW, 20)))
        found += _run(_MEASURE, environments["office"], "code", "fast", str(measurements))
        return found + _run(_MEASURE, environments["api"], "token", "fast", str(count))


def _run(program: str, environment: Mapping[str, str], *arguments: str) -> list[Finding]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise click.ClickException(f"测速的进程出错 / a measured process failed: {' '.join(last)}")
    return [read_finding(json.loads(line)) for line in done.stdout.splitlines()]


def read_finding(held: Mapping[str, Any]) -> Finding:
    """Return a finding from its JSON."""
    values = dict(held)
    values["seen"] = Seen(values["seen"])
    values["expected"] = Seen(values["expected"]) if values["expected"] else None
    return Finding(**values | {name: tuple(values[name]) for name in ("measurements", "median_ns")})


TOKEN = "measured-token-of-a-client"  # noqa: S105 - of a database that lives for one measurement
OFFICERS = 50
FAST = "django.contrib.auth.hashers.MD5PasswordHasher"
"""Password hash of the log-ins that are many: what differs besides the hash shows within its time."""

_PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
from django.test import override_settings
from chengxin.testing import making
call_command("migrate", verbosity=0)
organisation = making.make_organisation()
making.make_client(organisation, "checks.run", token={TOKEN!r})
for hasher, letter in (({FAST!r}, "f"), ("django.contrib.auth.hashers.PBKDF2PasswordHasher", "r")):
    with override_settings(PASSWORD_HASHERS=[hasher]):
        for number in range({OFFICERS}):
            making.make_officer(organisation, f"{{letter}}officer{{number:03}}")
"""

_MEASURE = f"""
import json, sys
from dataclasses import asdict
import django
django.setup()
from django.test import override_settings
from chengxin.cli.timing import measure
from chengxin.cli.timing_cases import code_case, log_in_case, token_case
what, how, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
fast = how == "fast"
hashers = [{FAST!r} if fast else "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
names = [f"{{'f' if fast else 'r'}}officer{{number:03}}" for number in range({OFFICERS})]
title = "log-in without the password hash" if fast else "log-in"
cases = {{"log-in": lambda: log_in_case(names, title), "code": code_case, "token": lambda: token_case({TOKEN!r})}}
case = cases[what]()
with override_settings(PASSWORD_HASHERS=hashers):
    measure(case, 10, seed=0)
    print(json.dumps(asdict(measure(case, count))))
"""
