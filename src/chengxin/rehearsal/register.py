"""Registration rows: every body of a registrar once and sound, some again with a fault or news.

A damaged row never stands alone for its body: the sound row is there too, so that facts of other files
find it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chengxin.rehearsal import dates, vocabulary
from chengxin.rehearsal.bodies import pick, table_of
from chengxin.rehearsal.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from chengxin.base.city import Organisation
    from chengxin.rehearsal.bodies import Bodies
    from chengxin.rehearsal.vocabulary import Dirt


def bodies_of(bodies: Bodies, registrar: Organisation) -> NDArray[np.int64]:
    """Return the numbers of the registered bodies whose register this organisation keeps."""
    kinds = [place for place, each in enumerate(vocabulary.names().kinds) if each.kind in registrar.registers]
    return np.flatnonzero(np.isin(bodies.kind[: bodies.registered], kinds)).astype(np.int64)


def with_extras(
    body: NDArray[np.int64], extra: NDArray[np.int64], dirt: Sequence[Dirt], bodies: Bodies
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows' bodies and labels: each body once with label 0, and again right after it where soiled.

    Args:
        body: Numbers of bodies.
        extra: For each body 0 or 1 + the place of the dirt its second row has.
        dirt: The dirt registration rows can have.
        bodies: All bodies; only codes of digits alone can be damaged by a spreadsheet.
    """
    damaged = [place + 1 for place, each in enumerate(dirt) if each.kind == "excel_damaged"]
    extra = np.where(np.isin(extra, damaged) & ~np.isin(body, bodies.all_digits), 0, extra)
    counts = np.where(extra > 0, 2, 1)
    rows = np.repeat(body, counts)
    labels = np.zeros(rows.size, dtype=np.int64)
    labels[np.cumsum(counts)[extra > 0] - 1] = extra[extra > 0]
    return rows, labels


def make_sheet(registrar: Organisation, bodies: Bodies, body: NDArray[np.int64], style: str, today: date) -> Sheet:
    """Return the registration rows of ``body``, dates written in ``style``."""
    words = vocabulary.names()
    count = body.size
    tails = bodies.tables.tails
    uscc = bodies.usccs(body)
    days, shown = _days(bodies, body, style, today)
    clean: dict[str, Sequence[str]] = {
        "subject_name": bodies.names(body),
        "former_name": bodies.former_names(body),
        "english_name": [
            f"Rehearsal Body No. {n}, {bodies.city.name_en}" if n % 20 == 0 else "" for n in body.tolist()
        ],
        "subject_category": pick(table_of([kind.category for kind in words.kinds]), bodies.kind[body]),
        "uscc": uscc,
        "registration_number": bodies.registration_numbers(body),
        "organisation_code": [code[8:17] for code in uscc],
        "tax_number": uscc,
        "legal_representative": bodies.persons(body),
        "body_type": pick(table_of([tail.body_type for tail in tails]), bodies.tail[body]),
        "registered_capital": _capital(bodies, body),
        "registrar_name": [registrar.name] * count,
        "registrar_code": [registrar.uscc] * count,
        "address": bodies.addresses(body),
        "industry": pick(table_of([tail.industry for tail in tails]), bodies.tail[body]),
        "business_scope": pick(table_of([tail.scope for tail in tails]), bodies.tail[body]),
        "status": _states(body),
        "remarks": [""] * count,
        **days,
    }
    wanted = {column.key for column in vocabulary.layouts().columns["registration", "R1"]}
    return Sheet(
        item="registration",
        generation="R1",
        rows=count,
        clean={key: column for key, column in clean.items() if key in wanted},
        uscc=list(uscc),
        reported=[today.isoformat()] * count,
        late=[False] * count,
        shown=dict(shown),
    )


def _days(
    bodies: Bodies, body: NDArray[np.int64], style: str, today: date
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the date columns as they are true, and as they are written in ``style``."""
    started = bodies.established[body]
    now = dates.number(today)
    changed = np.minimum(started + body * 7_919 % 3_000, now)
    limited = body % 3 == 0
    ends = np.where(limited, dates.after_months(started, np.full(body.size, 360)), dates.OPEN_END)
    numbers = {"established_on": started, "valid_from": started, "valid_until": ends, "decided_on": changed}
    return (
        {key: dates.written(days, "dash") for key, days in numbers.items()},
        {key: dates.written(days, style) for key, days in numbers.items()},
    )


def _capital(bodies: Bodies, body: NDArray[np.int64]) -> list[str]:
    """Return registered capital in 万元; a branch has none, and neither has an individual business."""
    sums = pick(table_of(vocabulary.names().capital), body * 31 // 7 % len(vocabulary.names().capital))
    none = bodies.is_kind(body, "individual_business") | (bodies.parent[body] >= 0)
    return ["" if empty else each for each, empty in zip(sums, none.tolist(), strict=True)]


def _states(body: NDArray[np.int64]) -> list[str]:
    states = vocabulary.names().states
    steps = np.cumsum([weight for _, weight in states])
    steps = steps / steps[-1] * 1000
    return pick(table_of([text for text, _ in states]), np.searchsorted(steps, body * 389 % 1000, side="right"))
