"""``chengxin bench``: measurements an operator can repeat on the machine that will carry the city."""

from __future__ import annotations

import click

from chengxin.cli.bench_audit import audit
from chengxin.cli.bench_identifiers import identifiers
from chengxin.cli.bench_intake import intake
from chengxin.cli.bench_isolation import isolation
from chengxin.cli.bench_link import link
from chengxin.cli.bench_names import names
from chengxin.cli.bench_timing import timing
from chengxin.cli.frame import both


@click.group("bench", short_help="测速 / measurements", help=both("在本机重复测速。", "Measure on this machine."))
def group() -> None:
    """Hold the measurements; each is a command of its own."""


group.add_command(audit)
group.add_command(identifiers)
group.add_command(intake)
group.add_command(isolation)
group.add_command(link)
group.add_command(names)
group.add_command(timing)
