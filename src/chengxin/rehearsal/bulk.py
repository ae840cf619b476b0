"""Single big files for benchmarks: the same makers as the rehearsal, without truth."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from chengxin.base.city import City, load_city
from chengxin.base.errors import ChengxinError
from chengxin.rehearsal import register, tables
from chengxin.rehearsal.bodies import make_bodies
from chengxin.rehearsal.stage import Job, sheets
from chengxin.rehearsal.vocabulary import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from chengxin.base.city import Organisation
    from chengxin.rehearsal.bodies import Bodies

TODAY = date(2026, 1, 5)
"""Day the benchmark files are written as of, unless another is given: fixed, so that seeds mean something."""


def _organisation(city: City, item: str) -> Organisation:
    """Return the city's market regulator: the one organisation that has both a register and penalties."""
    for each in city.handing_in(item):
        if each.duty == "market":
            return each
    raise ChengxinError(
        "rehearsal_no_regulator",
        f"城市 {city.name} 没有报送 {item} 且 duty 为 market 的单位，请在城市文件中补上",
        f"the city {city.name_en} has no organisation with duty market that hands in {item}",
        where=city.key,
    )


def _write(path: Path, job: Job, bodies: Bodies, today: date, dirt: float) -> None:
    with tables.open_table(path, job.profile) as table:
        for sheet in sheets(job, bodies, today, dirt):
            table.write(sheet)


def _profile(path: Path, item: str, generation: str, encoding: str) -> Profile:
    book = path.suffix.lower() == ".xlsx"
    return Profile(
        item=item,
        generation=generation,
        format="xlsx" if book else "csv",
        encoding="xlsx" if book else encoding,
        headers="chinese",
        dates="slash" if item == "penalty" else "dash",
        duty="market",
    )


def write_penalty_file(  # noqa: PLR0913 - a benchmark's dials, each by name
    path: Path,
    *,
    seed: int,
    rows: int,
    bodies: int,
    generation: str = "G3",
    dirt: float = 0.2,
    encoding: str = "utf-8",
    today: date = TODAY,
) -> None:
    """Write one big file of penalties; XLSX when the name ends so, CSV otherwise.

    The bodies are those of ``write_registration_file`` with the same seed and number.

    Args:
        path: The file.
        seed: Same seed, same bytes.
        rows: How many lines.
        bodies: How many bodies they fall on.
        generation: ``G1``, ``G2`` or ``G3``.
        dirt: Share of the usual dirt; 0 gives a clean file, 1 the rehearsal's usual one.
        encoding: Of a CSV: ``utf-8``, ``utf-8-sig`` or ``gb18030``.
        today: Last day of the decisions.
    """
    city = load_city("kunshan")
    made = make_bodies(city, seed=seed, count=bodies, today=today)
    job = Job(_organisation(city, "penalty"), _profile(path, "penalty", generation, encoding), 0, rows)
    _write(path, job, made, today, dirt)


def write_registration_file(
    path: Path, *, seed: int, bodies: int, dirt: float = 0.2, encoding: str = "utf-8", today: date = TODAY
) -> None:
    """Write the register of the city's market regulator: the firms, individual businesses and cooperatives.

    They are some nine in ten of ``bodies``; the arguments are those of ``write_penalty_file``.
    """
    city = load_city("kunshan")
    made = make_bodies(city, seed=seed, count=bodies, today=today)
    registrar = _organisation(city, "registration")
    count = int(register.bodies_of(made, registrar).size)
    _write(path, Job(registrar, _profile(path, "registration", "R1", encoding), 0, count), made, today, dirt)
