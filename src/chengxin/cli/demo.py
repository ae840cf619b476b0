"""``chengxin demo``: from nothing to a running platform with a rehearsal city in it; a second run just serves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from chengxin.base.clock import system_now
from chengxin.base.config import data_folder
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import embedded_server, enter, leave, renew
from chengxin.cli.demo_state import State, read_state, receipts_table, write_state
from chengxin.cli.frame import both, choose_data, interruptible, output, progress, tell
from chengxin.cli.programs import Ports
from chengxin.cli.serve import data_option, ports_option, run_migrations, serve_until_stopped, show_addresses
from chengxin.cli.supervision import Supervisor, require_free

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.base.embedded import EmbeddedServer
    from chengxin.cli.demo_state import Access
    from chengxin.cli.frame import Report
    from chengxin.cli.programs import Ports

SEED = 1
BODIES = 2000
"""The demo's city where nothing else is asked for: about 11,000 lines, imported in seconds."""


@click.command(
    short_help="演示：装好并启动 / try it: install and serve",
    help=both(
        "在数据目录里建好数据库，生成并导入一座演练城市，打印回执，启动公示端、政务端和接口端。再次运行沿用已有数据，几秒内可用。",
        "Make the database in the data folder, build and import a rehearsal city, print the receipts, and serve the "
        "three ends. A second run uses the same data and serves within seconds.",
    ),
)
@click.option("--no-serve", is_flag=True, help="打印回执后结束 / end after the receipts")
@click.option("--bodies", type=click.IntRange(1), help="主体数，默认 2000 / number of bodies, by default 2000")
@click.option("--seed", type=click.IntRange(0), help="种子，默认 1 / seed, by default 1")
@data_option
@ports_option
def demo(no_serve: bool, bodies: int | None, seed: int | None, data: Path | None, ports: Ports) -> None:  # noqa: FBT001 - click hands flags in by name
    """Prepare and serve; every step may be broken off and is taken up again by the next run."""
    choose_data(data)
    folder = data_folder()
    if any(name.startswith("CHENGXIN_DATABASE_URL") for name in os.environ):
        raise ChengxinError(
            "demo_is_embedded",
            "演示只用内置数据库：请取消环境变量 CHENGXIN_DATABASE_URL，或改用 chengxin serve",
            "the demo uses the embedded database only: unset CHENGXIN_DATABASE_URL, or use chengxin serve",
            where="CHENGXIN_DATABASE_URL",
        )
    if not no_serve:
        require_free(ports.as_dict())
    # Invented data behind random passwords on this machine alone: trying it should need no second device.
    os.environ.setdefault("CHENGXIN_SECOND_FACTOR", "optional")
    city = os.environ.get("CHENGXIN_CITY", "kunshan")
    with interruptible(), embedded_server(folder) as server:
        state = read_state(folder, city, system_now())
        if state is None:
            with progress() as report:
                state = prepare(folder, city, server, SEED if seed is None else seed, bodies or BODIES, report)
        require_same(folder, state, seed, bodies)
        output().print(receipts_table(state.lines))
        access = state.access
        if no_serve:
            show_access(access)
            return

        def announce() -> None:
            show_access(access)
            show_addresses(ports)

        renew(folder)
        serve_until_stopped(folder, server.lasting_url, ports, Supervisor(), announce)


def prepare(folder: Path, city_name: str, server: EmbeddedServer, seed: int, bodies: int, report: Report) -> State:
    """Bring database, log-ins and data to the demo's state; what an earlier run did is found and kept."""
    from chengxin.base.city import load_city

    steps = "准备数据库 database"
    report(steps, 0, 3)
    city = load_city(city_name)
    enter("owner", server.url("owner"))
    try:
        run_migrations()
        report(steps, 1, 3)
        from chengxin.accounts.actions.load_organisations import LoadOrganisations
        from chengxin.cli.demo_access import make_access
        from chengxin.cli.demo_city import build_files, import_files
        from chengxin.kernel.calendar import legal_day

        LoadOrganisations(city).execute()
        report(steps, 2, 3)
        access = make_access(folder, city, system_now())
        report(steps, 3, 3)
        today = legal_day(system_now())
        made = build_files(folder, city, seed=seed, bodies=bodies, today=today, report=report)
        enter("worker", server.url("worker"))
        state = State(made.seed, made.bodies, import_files(made.files, city, report), access)
        from chengxin.cli.demo_cases import ask_registrar, make_cases

        make_cases(folder, city, made, access, made.today, report)
        enter("office", server.url("office"))
        ask_registrar(access)
    finally:
        leave()
    write_state(folder, city_name, state)
    return state


def require_same(folder: Path, state: State, seed: int | None, bodies: int | None) -> None:
    """Raise ``ChengxinError`` when the folder holds another city than the one asked for: the two would mix."""
    for name, held, asked in (("seed", state.seed, seed), ("bodies", state.bodies, bodies)):
        if asked is not None and held != asked:
            raise ChengxinError(
                "other_demo_data",
                f"数据目录 {folder} 里已有另一套演练数据（{name}={held}），要用 {name}={asked} 请用 --data 换一个目录",
                f"{folder} holds another rehearsal ({name}={held}): choose another folder with --data",
                where=name,
            )


def show_access(access: Access) -> None:
    """Print the log-ins of the demo."""
    from chengxin.accounts.access import load_matrix

    console = output()
    console.print("政务端账号（本机随机生成） / office log-ins, random on this machine:")
    duties = load_matrix().duties
    width = max(len(one.username) for one in access.officers)
    for one in access.officers:
        console.print(
            f"  {one.username:<{width}}  {one.password}  {one.name} / {duties[one.role].name_en}", soft_wrap=True
        )
    console.print(f"接口令牌 / API token ({access.client_organisation}): {access.token}", soft_wrap=True)
    tell("以上数据均为虚构，仅供演示", "All data is invented, for demonstration only")
