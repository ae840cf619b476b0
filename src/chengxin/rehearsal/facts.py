"""Licences and penalties: the draws of a stretch of rows, and the true columns made from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from chengxin.rehearsal import codes, dates, vocabulary
from chengxin.rehearsal.bodies import pick, random, table_of
from chengxin.rehearsal.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from chengxin.base.city import Organisation
    from chengxin.rehearsal.bodies import Bodies
    from chengxin.rehearsal.sheet import Cell
    from chengxin.rehearsal.vocabulary import Dirt, LicenceCase, PenaltyCase

    Matter: TypeAlias = tuple[dict[str, Sequence[str]], dict[str, NDArray[np.int64]]]

VARIANTS = 48
"""How many wordings of one kind of fact there are before they repeat."""

ISO_STYLES = ("dash", "cell")
"""Styles in which a day is written as it is kept; a date cell is made from that."""

COPIES = ("duplicate", "update")
"""Dirt that repeats an earlier row."""


@dataclass(frozen=True)
class FactFile:
    """One file of licences or penalties: who hands in what, in which generation, and how much."""

    organisation: Organisation
    item: str
    generation: str
    number: int
    rows: int
    first_serial: int
    duty: str
    dates: str


@dataclass
class Draws:
    """The numbers behind some rows; a row that repeats another takes all of them over."""

    body: NDArray[np.int64]
    decided: NDArray[np.int64]
    reported: NDArray[np.int64]
    late: NDArray[np.bool_]
    case: NDArray[np.int64]
    variant: NDArray[np.int64]
    fine: NDArray[np.int64]
    gains: NDArray[np.int64]
    serial: NDArray[np.int64]
    lead: NDArray[np.int64]
    extras: NDArray[np.float64]

    def copied(self, source: NDArray[np.int64]) -> Draws:
        """Return the draws in which each row is its ``source`` row."""
        return Draws(**{each.name: getattr(self, each.name)[source] for each in fields(self)})


@dataclass(frozen=True)
class Cases:
    """The kinds of decisions of one duty as arrays; ``wordings`` has ``VARIANTS`` texts for each case."""

    wordings: NDArray[np.object_]
    columns: dict[str, NDArray[np.object_]]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    fined: NDArray[np.bool_]
    gained: NDArray[np.bool_]
    months: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many cases there are."""
        return int(self.low.size)


def _wordings(templates: Sequence[str], seed: int) -> NDArray[np.object_]:
    held = vocabulary.texts()
    draw = random(seed, 9)
    made = [
        template.format(
            place=held.places[draw.integers(len(held.places))],
            goods=held.goods[draw.integers(len(held.goods))],
            count=int(draw.integers(1, 400)),
        )
        for template in templates
        for _ in range(VARIANTS)
    ]
    return table_of(made)


def _licence_cases(cases: Sequence[LicenceCase], seed: int) -> Cases:
    none = np.zeros(len(cases), dtype=np.int64)
    columns = {
        "project_name": table_of([case.project for case in cases]),
        "document_name": table_of([case.document for case in cases]),
        "licence_category": table_of([case.category for case in cases]),
        "certificate_name": table_of([case.certificate for case in cases]),
        "mark": table_of([case.number for case in cases]),
    }
    months = np.array([case.years * 12 for case in cases], dtype=np.int64)
    never = np.zeros(len(cases), dtype=np.bool_)
    return Cases(_wordings([case.content for case in cases], seed), columns, none, none, never, never, months)


def _penalty_cases(cases: Sequence[PenaltyCase], generation: str, seed: int) -> Cases:
    held = vocabulary.texts()
    names = held.spellings.get(generation, {})
    kinds = [[names.get(kind, kind) for kind in case.kinds] for case in cases]
    contents = ["，".join(["责令改正违法行为", *(held.phrases[kind] for kind in case.kinds)]) + "。" for case in cases]
    heads, middles, ends = [], [], []
    for content in contents:
        head, _, rest = content.partition("{yuan}")
        middle, _, end = rest.partition("{gains}")
        if not rest:
            head, _, end = content.partition("{gains}")
        heads.append(head)
        middles.append(middle)
        ends.append(end)
    yuan = np.array([float(each) for each in vocabulary.amounts()[0]])
    revoked = ["见决定书所列许可证件" if any("许可" in kind for kind in case.kinds) else "" for case in cases]
    columns = {
        "penalty_name": table_of([f"{case.type}案" for case in cases]),
        "violation_type": table_of([case.type for case in cases]),
        "legal_ground": table_of([case.ground for case in cases]),
        "penalty_kind": table_of([each[0] if generation == "G1" else ";".join(each) for each in kinds]),
        "penalty_kind_2": table_of([";".join(each[1:]) for each in kinds]),
        "revoked_certificate": table_of(revoked),
        "head": table_of(heads),
        "middle": table_of(middles),
        "end": table_of(ends),
    }
    return Cases(
        wordings=_wordings([case.facts for case in cases], seed),
        columns=columns,
        low=np.searchsorted(yuan, [case.yuan[0] for case in cases]).astype(np.int64),
        high=np.searchsorted(yuan, [case.yuan[1] for case in cases], side="right").astype(np.int64),
        fined=np.array(["罚款" in case.kinds for case in cases]),
        gained=np.array(["没收违法所得" in case.kinds for case in cases]),
        months=np.array([case.months for case in cases], dtype=np.int64),
    )


@lru_cache(maxsize=64)
def cases_of(item: str, generation: str, duty: str, seed: int) -> Cases:
    """Return the kinds of decisions of a duty, worded with this seed."""
    held = vocabulary.texts()
    if item == "licence":
        return _licence_cases(held.licences[duty], seed)
    return _penalty_cases(held.penalties[duty], generation, seed)


def sources(labels: NDArray[np.int64], copies: NDArray[np.bool_], draw: np.random.Generator) -> NDArray[np.int64]:
    """Return for each row the row it repeats: itself, or for a copy an earlier row that is all right.

    No row is repeated twice, so that what a repetition changes is never undone by another. A copy that
    finds no such row becomes an ordinary row: its label is set to 0 in place.

    Args:
        labels: The rows' dirt, 0 for none.
        copies: Which rows repeat another.
        draw: Where to start looking.
    """
    source = np.arange(labels.size, dtype=np.int64)
    plain = np.flatnonzero(labels == 0)
    used: set[int] = set()
    rows = np.flatnonzero(copies)
    steps = draw.integers(1, 200, size=rows.size).tolist()
    for row, ahead, step in zip(rows.tolist(), np.searchsorted(plain, rows).tolist(), steps, strict=True):
        found = max(ahead - step, 0)
        while found < ahead and found in used:
            found += 1
        if found >= ahead:
            labels[row] = 0
            continue
        used.add(found)
        source[row] = plain[found]
    return source


def draw_rows(
    file: FactFile, bodies: Bodies, dirt: Sequence[Dirt], labels: NDArray[np.int64], first: int, today: date
) -> Draws:
    """Return the draws of the rows ``first`` and following, as many as there are ``labels``.

    ``labels`` holds for each row 0 or 1 + the place of its dirt in ``dirt``; rows whose dirt cannot be
    (no body with a code of digits only, say) are set to 0 in place.
    """
    draw = random(bodies.seed, 2, file.number, first)
    count, now, rates = labels.size, dates.number(today), vocabulary.dirt_rates()
    kinds = {each.kind: place + 1 for place, each in enumerate(dirt)}
    cases = cases_of(file.item, file.generation, file.duty, bodies.seed)
    body = (bodies.registered * draw.random(count) ** 1.4).astype(np.int64)
    _special_bodies(body, bodies, kinds, labels, draw)
    case = draw.integers(cases.size, size=count)
    unpaid = labels == kinds.get("fine_without_amount", -1)
    fined = np.flatnonzero(cases.fined)
    if fined.size:
        case[unpaid] = fined[draw.integers(fined.size, size=int(unpaid.sum()))]
    else:
        labels[unpaid] = 0
    late = (draw.random(count) < rates.late_rate) & (labels == 0)
    lag = np.where(late, draw.integers(*rates.late_days, size=count), draw.integers(rates.in_time_days + 1, size=count))
    span = vocabulary.plan().years * 365
    decided = now - (draw.random(count) ** 1.7 * span).astype(np.int64)
    decided = np.where(late, np.minimum(decided, now - lag), decided)
    ahead = labels == kinds.get("future_date", -1)
    decided[ahead] = now + draw.integers(1, 90, size=int(ahead.sum()))
    low, high = cases.low[case], cases.high[case]
    made = Draws(
        body=body,
        decided=decided,
        reported=np.minimum(decided + lag, now),
        late=late,
        case=case,
        variant=draw.integers(VARIANTS, size=count),
        fine=low + (draw.random(count) * (high - low)).astype(np.int64),
        gains=draw.integers(len(vocabulary.amounts()[0]) // 2, size=count),
        serial=file.first_serial + codes.shuffled(np.arange(first, first + count), file.rows, file.number * 31 + 7),
        lead=draw.integers(10, 60, size=count),
        extras=draw.random((count, 4)),
    )
    copies = np.isin(labels, [kinds[kind] for kind in COPIES if kind in kinds])
    return made.copied(sources(labels, copies, draw))


def _special_bodies(
    body: NDArray[np.int64],
    bodies: Bodies,
    kinds: dict[str, int],
    labels: NDArray[np.int64],
    draw: np.random.Generator,
) -> None:
    """Give rows with certain dirt the bodies it needs: unregistered, all digits, with a legacy number."""
    unknown = np.arange(bodies.registered, bodies.uscc.size)
    legacy = np.flatnonzero(bodies.legacy[: bodies.registered])
    for kind, pool in (
        ("unknown_body", unknown),
        ("excel_damaged", bodies.all_digits),
        ("legacy_code_only", legacy),
    ):
        rows = labels == kinds.get(kind, -1)
        if pool.size:
            body[rows] = pool[draw.integers(pool.size, size=int(rows.sum()))]
        else:
            labels[rows] = 0


def make_sheet(file: FactFile, bodies: Bodies, draws: Draws) -> Sheet:
    """Return the true columns of the rows, and those the file writes differently (days, states)."""
    matter, days = (_licence if file.item == "licence" else _penalty)(file, bodies, draws)
    count = draws.body.size
    clean = _identity(file, bodies, draws) | matter
    clean["issuer_name"] = [file.organisation.name] * count
    clean["status"] = ["有效"] * count
    clean["remarks"] = [""] * count
    days["decided_on"] = draws.decided
    if file.generation == "G1":
        clean["region_code"] = [bodies.city.region_code] * count
        days["updated_at"] = draws.reported
    else:
        clean["issuer_code"] = [file.organisation.uscc] * count
        clean["source_name"] = clean["issuer_name"]
        clean["source_code"] = clean["issuer_code"]
    wanted = {column.key for column in vocabulary.layouts().columns[file.item, file.generation]}
    days = {key: numbers for key, numbers in days.items() if key in wanted}
    clean |= {key: dates.written(numbers, "dash") for key, numbers in days.items()}
    shown: dict[str, Sequence[Cell]] = {
        key: dates.written(numbers, file.dates) for key, numbers in days.items() if file.dates not in ISO_STYLES
    }
    if "status" in wanted:
        shown["status"] = ["0" if file.generation == "G1" else "1"] * count
    return Sheet(
        item=file.item,
        generation=file.generation,
        rows=count,
        clean={key: column for key, column in clean.items() if key in wanted},
        uscc=bodies.usccs(draws.body),
        reported=dates.written(draws.reported, "dash"),
        late=draws.late.tolist(),
        shown=shown,
    )


def _identity(file: FactFile, bodies: Bodies, draws: Draws) -> dict[str, Sequence[str]]:
    body = draws.body
    count = body.size
    uscc = bodies.usccs(body)
    some = draws.extras < np.array([0.3, 0.2, 0.5, 0.15])
    empty = [""] * count
    own = bodies.is_kind(body, "individual_business")
    numbers = bodies.registration_numbers(body)
    always = draws.extras[:, 0] < (1.0 if file.generation == "G1" else 0.3)
    clean: dict[str, Sequence[str]] = {
        "subject_name": bodies.names(body),
        "subject_category": np.where(own, "个体工商户", "法人及非法人组织").tolist(),
        "uscc": uscc,
        "registration_number": [a if b else "" for a, b in zip(numbers, always.tolist(), strict=True)],
        "organisation_code": [a[8:17] if b else "" for a, b in zip(uscc, some[:, 1].tolist(), strict=True)],
        "legal_representative": bodies.persons(body),
        "person_id_type": empty,
        "person_id_number": empty,
        "tax_number": empty,
    }
    if file.generation == "G1":
        return clean
    for key, kind, lead in (
        ("institution_certificate_number", "institution", f"1{bodies.city.region_code}"),
        ("social_organisation_certificate_number", "social_organisation", f"5{bodies.city.region_code}"),
    ):
        shown = (bodies.is_kind(body, kind) & some[:, 2]).tolist()
        clean[key] = [f"{lead}{n % 100_000:05d}" if b else "" for n, b in zip(body.tolist(), shown, strict=True)]
    holders = some[:, 3].tolist()
    clean["legal_representative_id_type"] = ["身份证" if each else "" for each in holders]
    clean["legal_representative_id_number"] = _numbers(body, some[:, 3])
    return clean


def _numbers(seeds: NDArray[np.int64], wanted: NDArray[np.bool_]) -> list[str]:
    """Return identity numbers nobody bears where ``wanted``, empty texts elsewhere."""
    found = iter(invented_numbers(seeds[wanted]))
    return [next(found) if each else "" for each in wanted.tolist()]


def invented_numbers(seeds: NDArray[np.int64]) -> list[str]:
    """Return identity numbers in a region that does not exist, one for each number."""
    births = dates.written(3_650 + seeds * 7_919 % 14_000, "plain")
    return codes.resident_numbers(vocabulary.dirt_rates().person_region, births, seeds % 1_000)


def _licence(file: FactFile, bodies: Bodies, draws: Draws) -> Matter:
    cases = cases_of(file.item, file.generation, file.duty, bodies.seed)
    clean: dict[str, Sequence[str]] = {
        key: pick(table, draws.case) for key, table in cases.columns.items() if key != "mark"
    }
    region = bodies.city.region_code
    marks = pick(cases.columns["mark"], draws.case)
    clean["licence_number"] = [f"{a}{region}{b:07d}" for a, b in zip(marks, draws.serial.tolist(), strict=True)]
    clean["document_number"] = _document_numbers(file, draws)
    clean["content"] = pick(cases.wordings, draws.case * VARIANTS + draws.variant)
    months = cases.months[draws.case]
    until = np.where(months == 0, dates.OPEN_END, dates.after_months(draws.decided, months))
    return clean, {"valid_from": draws.decided, "valid_until": until}


def _penalty(file: FactFile, bodies: Bodies, draws: Draws) -> Matter:
    cases = cases_of(file.item, file.generation, file.duty, bodies.seed)
    parts = ("head", "middle", "end")
    clean: dict[str, Sequence[str]] = {
        key: pick(table, draws.case) for key, table in cases.columns.items() if key not in parts
    }
    clean["document_number"] = _document_numbers(file, draws)
    found = pick(cases.wordings, draws.case * VARIANTS + draws.variant)
    days = dates.written(draws.decided - draws.lead, "chinese")
    clean["facts"] = [f"{day}检查发现，{what}。" for day, what in zip(days, found, strict=True)]
    yuan, amounts = vocabulary.amounts()
    nothing = len(yuan)
    fine = np.where(cases.fined[draws.case], draws.fine, nothing)
    gains = np.where(cases.gained[draws.case], draws.gains, nothing)
    texts, sums = table_of([*map(str, yuan), ""]), table_of([*amounts, ""])
    head, middle, end = (pick(cases.columns[part], draws.case) for part in parts)
    clean["penalty_content"] = [
        a + b + c + d + e
        for a, b, c, d, e in zip(head, pick(texts, fine), middle, pick(texts, gains), end, strict=True)
    ]
    clean["fine_amount"] = pick(sums, fine)
    clean["confiscated_amount"] = pick(sums, gains)
    until = dates.after_months(draws.decided, cases.months[draws.case])
    return clean, {"valid_until": until, "public_until": until}


def _document_numbers(file: FactFile, draws: Draws) -> list[str]:
    suffix = vocabulary.texts().suffixes[file.item]
    mark = f"{file.organisation.mark or file.organisation.name}{suffix}"
    years = dates.years(draws.decided).tolist()
    return [f"{mark}〔{year}〕{serial}号" for year, serial in zip(years, draws.serial.tolist(), strict=True)]
