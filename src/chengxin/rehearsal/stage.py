"""The whole rehearsal: bodies, files, truth and manifest of one city from one seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from chengxin.base.errors import ChengxinError
from chengxin.rehearsal import dirt, facts, register, tables, vocabulary
from chengxin.rehearsal.bodies import Bodies, make_bodies, random
from chengxin.rehearsal.truth import Expected, FactTruth, RehearsalFile, write_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from chengxin.base.city import City, Organisation
    from chengxin.rehearsal.sheet import Sheet
    from chengxin.rehearsal.vocabulary import Profile

    Progress: TypeAlias = Callable[[str, int, int], None]

CHUNK = 20_000
"""Rows held in memory at a time; part of what the seed means, because each chunk draws its own numbers."""


@dataclass(frozen=True)
class Rehearsal:
    """What was written: ``out/files``, ``out/truth`` and ``out/manifest.json``."""

    out: Path
    manifest: Path
    bodies: int
    files: tuple[RehearsalFile, ...]

    @property
    def lines(self) -> int:
        """How many lines all files have, headers left out."""
        return sum(each.expected.lines for each in self.files)


@dataclass(frozen=True)
class Job:
    """One file to write: whose it is, how it looks, and what is in it."""

    organisation: Organisation
    profile: Profile
    number: int
    rows: int
    first_serial: int = 1

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.organisation.code}-{self.profile.item}-{self.profile.generation}.{self.profile.format}"


def sheets(job: Job, bodies: Bodies, today: date, share: float = 1.0) -> Iterator[Sheet]:
    """Yield the file's rows, soiled, some ``CHUNK`` at a time; ``share`` multiplies the rates of dirt."""
    profile = job.profile
    hand = dirt.Handwriting(profile.format == "xlsx", profile.dates)
    kinds = dirt.fitting(profile.item, profile.generation)
    registered = (
        register.bodies_of(bodies, job.organisation) if profile.item == "registration" else np.empty(0, dtype=np.int64)
    )
    file = facts.FactFile(
        job.organisation,
        profile.item,
        profile.generation,
        job.number,
        job.rows,
        job.first_serial,
        profile.duty,
        profile.dates,
    )
    for first in range(0, job.rows, CHUNK):
        draw = random(bodies.seed, 1, job.number, first)
        labels = dirt.draw_labels(kinds, min(CHUNK, job.rows - first), share, draw)
        if profile.item == "registration":
            body, labels = register.with_extras(registered[first : first + CHUNK], labels, kinds, bodies)
            sheet = register.make_sheet(job.organisation, bodies, body, profile.dates, today)
        else:
            draws = facts.draw_rows(file, bodies, kinds, labels, first, today)
            sheet = facts.make_sheet(file, bodies, draws)
        dirt.soil(sheet, kinds, labels, hand, bodies, draw, share)
        yield sheet


def write_file(
    job: Job, bodies: Bodies, folder: Path, today: date, truth: FactTruth, progress: Progress | None
) -> RehearsalFile:
    """Write one file and its truth; return what is expected of it."""
    path = folder / job.name
    expected = Expected()
    done = 0
    with tables.open_table(path, job.profile) as table:
        for sheet in sheets(job, bodies, today):
            table.write(sheet)
            truth.write(job.name, expected.lines + 2, sheet)
            expected.add(sheet)
            done = min(done + CHUNK, job.rows)
            if progress is not None:
                progress(job.name, done, job.rows)
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    profile = job.profile
    return RehearsalFile(
        path=path,
        item=profile.item,
        organisation=job.organisation.code,
        generation=profile.generation,
        format=profile.format,
        encoding=profile.encoding,
        headers=profile.headers,
        sha256=digest,
        expected=expected,
    )


def _fitted(profile: Profile, rows: int) -> Profile:
    """Return the profile, as CSV where a workbook would be longer than a department can open."""
    if profile.format == "xlsx" and rows > vocabulary.plan().xlsx_max_rows:
        dates = "dash" if profile.dates == "cell" else profile.dates
        return replace(profile, format="csv", encoding="utf-8-sig", dates=dates)
    return profile


def plan_jobs(city: City, bodies: Bodies, rows: Mapping[str, int], today: date) -> tuple[Job, ...]:
    """Return the files to write, registers first, because facts are tied to what registers say.

    Args:
        city: Its organisations fill the plan's profiles; a profile nobody fits has no file.
        bodies: The bodies the registers hold.
        rows: How many licences and penalties; a file's share of them is the profile's.
        today: Organisations gone by then hand nothing in.
    """
    plan = vocabulary.plan()
    jobs: list[Job] = []
    for place, registrar in enumerate(city.registrars()):
        count = int(register.bodies_of(bodies, registrar).size)
        if count:
            profile = _fitted(plan.registration[place % len(plan.registration)], count)
            jobs.append(Job(registrar, profile, len(jobs), count))
    for item in ("licence", "penalty"):
        jobs += _fact_jobs(city, item, rows[item], len(jobs), today)
    return tuple(jobs)


def _fact_jobs(city: City, item: str, rows: int, number: int, today: date) -> list[Job]:
    takers: list[tuple[Organisation, Profile]] = []
    for profile in vocabulary.plan().profiles:
        fitting = (
            each
            for each in city.handing_in(item)
            if each.duty == profile.duty and each.active_on(today) and profile.item == item
        )
        taker = next(fitting, None)
        if taker is not None:
            takers.append((taker, profile))
    total = sum(profile.share for _, profile in takers)
    jobs: list[Job] = []
    left = rows
    for place, (taker, profile) in enumerate(takers):
        last = place == len(takers) - 1
        count = left if last else min(left, round(rows * profile.share / total))
        left -= count
        if count:
            first = 1 + sum(job.rows for job in jobs if job.organisation is taker)
            jobs.append(Job(taker, _fitted(profile, count), number + len(jobs), count, first))
    return jobs


def _counts(bodies: int, rows: Mapping[str, int] | None) -> dict[str, int]:
    plan = vocabulary.plan()
    counts = {
        "licence": round(bodies * plan.licences_per_body),
        "penalty": round(bodies * plan.penalties_per_body),
    }
    for item, count in (rows or {}).items():
        if item not in counts or count < 0:
            raise ChengxinError(
                "rehearsal_rows",
                f"演练行数 {item}={count} 不对：只能写 licence 和 penalty，且不能为负；登记数由主体数决定",
                f"rows of {item}={count}: only licence and penalty may be given, and not below zero",
                where=item,
            )
        counts[item] = count
    return counts


def rehearse(
    city: City,
    *,
    seed: int,
    bodies: int,
    out: Path,
    today: date,
    rows: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> Rehearsal:
    """Write a rehearsal of ``city`` to ``out``: the departments' files and the truth beside them.

    The same arguments give the same bytes. Decisions lie in the three years up to ``today``.

    Args:
        city: Whose organisations hand in.
        seed: Any number from 0; other seeds give another city.
        bodies: How many bodies the registers hold.
        out: Folder to write to; made when missing, files of the same names are overwritten.
        today: The day on which everything is handed in.
        rows: How many licences and penalties, by item; by default three and one and a half per body.
        progress: Called with a file's name, the rows done and the rows it will have (before repeated ones).

    Raises:
        ChengxinError: ``bodies`` or ``rows`` cannot be.
    """
    counts = _counts(bodies, rows)
    made = make_bodies(city, seed=seed, count=bodies, today=today)
    files, truths = out / "files", out / "truth"
    for folder in (files, truths):
        folder.mkdir(parents=True, exist_ok=True)
    write_bodies(truths / "bodies.csv", made)
    with FactTruth(truths / "facts.csv") as truth:
        written = tuple(
            write_file(job, made, files, today, truth, progress) for job in plan_jobs(city, made, counts, today)
        )
    manifest = out / "manifest.json"
    held = {
        "city": city.key,
        "seed": seed,
        "today": today.isoformat(),
        "bodies": bodies,
        "unregistered_bodies": int(made.uscc.size) - bodies,
        "notice": city.wording.rehearsal_banner,
        "notice_en": city.wording.rehearsal_banner_en,
        "files": [each.as_dict() for each in written],
    }
    manifest.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Rehearsal(out, manifest, bodies, written)
