"""Cases for people to look at: codes that contradict each other, and a file that is too bad to be let in.

The files of ``rehearse`` soil single rows; what is here goes wrong between files, so that the pages on which officers
mend such things have something to show. The bodies are those of a rehearsal of the same city, seed, number and day.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chengxin.rehearsal import codes, register, tables, vocabulary
from chengxin.rehearsal.bodies import make_bodies
from chengxin.rehearsal.stage import Job, sheets

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from chengxin.base.city import City, Organisation
    from chengxin.rehearsal.bodies import Bodies

FEED_HEADER = ("企业名称", "统一社会信用代码", "工商登记码", "组织机构代码", "税务登记号")
"""Columns of the national feed as deployed platforms take it."""

ONE_IN = 2
"""Every second body that has older codes is in the feed: the conversion is under way, not done."""

HELD_ROWS = 120
HELD_DIRT = 10.0
"""Ten times the usual dirt sends back about every second row: no gate lets that in by itself."""

FAR_SERIAL = 90_000_001
"""Serial numbers that no body or document of a rehearsal has."""


@dataclass(frozen=True)
class CaseFile:
    """A file to hand in, by whom, and of which item; the national feed belongs to nobody and to no item."""

    path: Path
    organisation: str = ""
    item: str = ""


@dataclass(frozen=True)
class Cases:
    """What was written; None where the city is too small to have the case.

    ``registration`` states a registration number whose check digit is wrong. ``feed`` converts half of the older codes
    and contradicts the register: one code at two bodies, two codes at one body, an organisation code that is not the
    credit code's; one line is about a body nobody knows, one has a damaged credit code. ``held`` is so bad that a gate
    holds it.
    """

    registration: CaseFile | None
    feed: CaseFile
    held: CaseFile | None


def write_cases(city: City, *, seed: int, bodies: int, out: Path, today: date) -> Cases:
    """Write the cases of the rehearsal that ``rehearse`` makes of the same arguments; the same bytes each time."""
    made = make_bodies(city, seed=seed, count=bodies, today=today)
    out.mkdir(parents=True, exist_ok=True)
    return Cases(_registration(city, made, out, today), _feed(made, out), _held(city, made, out, today))


def _registration(city: City, bodies: Bodies, out: Path, today: date) -> CaseFile | None:
    """Write a register entry of a body that had no registration number, now with a wrong one."""
    for registrar in city.registrars():
        own = register.bodies_of(bodies, registrar)
        fitting = own[bodies.is_kind(own, "enterprise") & ~bodies.legacy[own] & (bodies.parent[own] < 0)]
        if not fitting.size:
            continue
        profile = replace(vocabulary.plan().registration[0], item="registration", generation="R1")
        sheet = register.make_sheet(registrar, bodies, fitting[:1], profile.dates, today)
        number = fresh_registration_number(bodies, 0)
        sheet.put(0, "registration_number", number[:14] + str((int(number[14]) + 1) % 10))
        path = out / f"{registrar.code}-registration-wrong-check.csv"
        with tables.open_table(path, profile) as table:
            table.write(sheet)
        return CaseFile(path, registrar.code, "registration")
    return None


def _feed(bodies: Bodies, out: Path) -> CaseFile:
    """Write the national feed."""
    known = np.flatnonzero(bodies.legacy[: bodies.registered]).astype(np.int64)
    apart, rest = known[:4], known[4:]
    rows = [*_converted(bodies, rest[::ONE_IN]), *_contradicting(bodies, apart), *_unusable(bodies)]
    path = out / "national-feed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FEED_HEADER)
        writer.writerows(rows)
    return CaseFile(path)


def _converted(bodies: Bodies, index: NDArray[np.int64]) -> list[tuple[str, ...]]:
    """Return lines that say what is so: the body's own older codes beside its credit code."""
    return [
        (name, uscc, number, uscc[8:17], _tax_number(bodies, uscc))
        for name, uscc, number in zip(
            bodies.names(index), bodies.usccs(index), bodies.registration_numbers(index), strict=True
        )
    ]


def _contradicting(bodies: Bodies, index: NDArray[np.int64]) -> list[tuple[str, ...]]:
    """Return a line for each kind of contradiction that so many bodies allow."""
    names, usccs, numbers = bodies.names(index), bodies.usccs(index), bodies.registration_numbers(index)
    found: list[tuple[str, ...]] = []
    if index.size > 1:
        found.append((names[0], usccs[0], numbers[1], usccs[0][8:17], ""))
        found.append((names[1], usccs[1], fresh_registration_number(bodies, 1), usccs[1][8:17], ""))
    if index.size:
        foreign = codes.organisation_codes(
            np.array([codes.NUMERIC_CAPACITY - 1], dtype=np.int64), np.array([True], dtype=np.bool_)
        )
        found.append((names[-1], usccs[-1], "", foreign.tobytes().decode("ascii"), ""))
    return found


def _unusable(bodies: Bodies) -> list[tuple[str, ...]]:
    """Return a line about a body in no register of the city, and one whose credit code lost a character."""
    index = np.array([bodies.registered], dtype=np.int64)
    name, uscc = bodies.names(index)[0], bodies.usccs(index)[0]
    return [
        (name, uscc, fresh_registration_number(bodies, 2), uscc[8:17], ""),
        (name, uscc[:-1], "", "", ""),
    ]


def _held(city: City, bodies: Bodies, out: Path, today: date) -> CaseFile | None:
    """Write a file of penalties that somebody should look at before any of it counts."""
    profile = next(one for one in vocabulary.plan().profiles if one.item == "penalty" and one.duty == "market")
    organisation = next(
        (one for one in city.handing_in("penalty") if one.duty == profile.duty and one.active_on(today)), None
    )
    if organisation is None:
        return None
    job = _job(organisation, profile)
    path = out / f"{organisation.code}-penalty-to-be-held.{profile.format}"
    with tables.open_table(path, profile) as table:
        for sheet in sheets(job, bodies, today, HELD_DIRT):
            table.write(sheet)
    return CaseFile(path, organisation.code, profile.item)


def _job(organisation: Organisation, profile: vocabulary.Profile) -> Job:
    """Return the file to write; its number is one no other file of a rehearsal has, and so are its documents'."""
    return Job(organisation, profile, 10_000, HELD_ROWS, FAR_SERIAL)


def fresh_registration_number(bodies: Bodies, turn: int) -> str:
    """Return a right registration number that nobody bears; another ``turn`` gives another one."""
    serial = np.array([FAR_SERIAL + turn], dtype=np.int64)
    return codes.as_text(codes.registration_numbers(bodies.city.region_code, serial))[0]


def _tax_number(bodies: Bodies, uscc: str) -> str:
    """Return the fifteen-character tax number of the time before: region and organisation code."""
    return f"{bodies.city.region_code}{uscc[8:17]}"
