"""The gate before loading: what is measured of a batch, what is usual, and whether the batch waits for a person.

Shares are compared in whole numbers, so a batch exactly at a limit passes on every machine. What is judged, and from
which day, stands in ``gate.yaml``.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING, Any

import yaml

from chengxin.base.errors import ChengxinError
from chengxin.catalogue import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Thresholds:
    """The limits that hold from one day on; ``gate.yaml`` says what each means. Shares are whole percents."""

    valid_from: date
    source: str
    least_rows: int
    sent_back_most: int
    linked_least: int
    any_sent_back: bool
    fill_of_usual_least: int
    fill_usual_least: int
    batches_least: int
    batches_most: int
    lines_most_times: int
    lines_least_percent: int
    keep_days: int
    fields: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Measures:
    """What was counted of a batch after checking and linking.

    ``linked`` is None where nothing could be tied. ``filled`` are rows with a value, by important field of the file's
    generation. ``correction`` marks a file of rows that were sent back before: how long it is says nothing.
    """

    lines: int
    sent_back: int
    linked: int | None
    filled: Mapping[str, int]
    correction: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the measures as their JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Usual:
    """What is usual for a department and item: medians of its last accepted batches.

    ``filled`` is in hundredths of a percent by field, and has no field that too few of them measured.
    """

    lines: int | None
    filled: Mapping[str, int]


@dataclass(frozen=True)
class Figure:
    """One thing measured beside its limit, in both languages; ``message`` says what is wrong where it is ``off``."""

    code: str
    label: str
    label_en: str
    measured: str
    limit: str
    limit_en: str
    off: bool
    message: str
    message_en: str

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as its JSON object."""
        return asdict(self)


NOTHING_USUAL = Usual(None, {})
"""What is usual where too few batches were accepted to say."""


def usual(batches: Sequence[Mapping[str, Any]], limits: Thresholds) -> Usual:
    """Return what is usual by the measures (as JSON) of accepted batches, the latest first.

    Corrections do not count; a field counts in the batches that measured it.
    """
    own = [one for one in batches if not one.get("correction") and one["lines"]][: limits.batches_most]
    if len(own) < limits.batches_least:
        return NOTHING_USUAL
    rates: dict[str, list[int]] = {}
    for one in own:
        for field, filled in one.get("filled", {}).items():
            rates.setdefault(field, []).append(10_000 * filled // one["lines"])
    known = {field: median_low(held) for field, held in rates.items() if len(held) >= limits.batches_least}
    return Usual(median_low([one["lines"] for one in own]), known)


def judge(item: str, measured: Measures, held_usual: Usual, limits: Thresholds) -> tuple[Figure, ...]:
    """Return every figure that was judged; the batch waits for a person when one of them is off."""
    enough = measured.lines >= limits.least_rows
    found = [_sent_back(measured, limits, enough=enough)]
    sound = measured.lines - measured.sent_back
    if enough and measured.linked is not None and sound:
        found.append(_linked(measured.linked, sound, limits))
    if enough and not measured.correction:
        found += [
            _fill(item, field, measured, held_usual.filled[field], limits)
            for field in measured.filled
            if held_usual.filled.get(field, -1) >= 100 * limits.fill_usual_least
        ]
        if held_usual.lines is not None:
            found.append(_lines(measured.lines, held_usual.lines, limits))
    return tuple(found)


def is_off(figures: Sequence[Figure]) -> bool:
    """Return whether the batch waits for a person."""
    return any(one.off for one in figures)


def _sent_back(measured: Measures, limits: Thresholds, *, enough: bool) -> Figure:
    share = _percent(measured.sent_back, measured.lines)
    too_many = enough and 100 * measured.sent_back > limits.sent_back_most * measured.lines
    any_one = limits.any_sent_back and measured.sent_back > 0
    most = 0 if limits.any_sent_back else limits.sent_back_most
    return Figure(
        "sent_back",
        "退回行占比",
        "rows sent back",
        f"{share}（{measured.sent_back}/{measured.lines}）",
        f"不超过 {most}%",
        f"at most {most}%",
        too_many or any_one,
        f"{measured.lines} 行中有 {measured.sent_back} 行未通过校验（{share}），超过 {most}% 的界限",
        f"{measured.sent_back} of {measured.lines} rows failed a check ({share}); the limit is {most}%",
    )


def _linked(linked: int, sound: int, limits: Thresholds) -> Figure:
    share = _percent(linked, sound)
    return Figure(
        "linked",
        "关联率",
        "rows tied to a body",
        f"{share}（{linked}/{sound}）",
        f"不低于 {limits.linked_least}%",
        f"at least {limits.linked_least}%",
        100 * linked < limits.linked_least * sound,
        f"通过校验的 {sound} 行中只有 {linked} 行按代码关联到登记主体（{share}），低于 {limits.linked_least}% 的界限",
        f"only {linked} of {sound} sound rows are tied to a registered body ({share}); "
        f"the limit is {limits.linked_least}%",
    )


def _fill(item: str, field: str, measured: Measures, rate: int, limits: Thresholds) -> Figure:
    """Compare the fill rate of a field with what is usual: ``rate`` in hundredths of a percent."""
    known = load_catalogue().item(item).field(field)
    share, before = _percent(measured.filled[field], measured.lines), _percent(rate, 10_000)
    least = _percent(rate * limits.fill_of_usual_least, 1_000_000)
    return Figure(
        f"fill_{field}",
        f"填报率：{known.label}",
        f"fill rate: {known.label_en}",
        share,
        f"不低于 {least}（通常 {before}）",
        f"at least {least} (usually {before})",
        1_000_000 * measured.filled[field] < rate * limits.fill_of_usual_least * measured.lines,
        f"“{known.label}”只有 {share} 的行填了内容，本单位通常为 {before}",
        f"only {share} of the rows have {known.label_en}; your organisation's usual rate is {before}",
    )


def _lines(lines: int, ordinary: int, limits: Thresholds) -> Figure:
    most = ordinary * limits.lines_most_times
    least = -(-ordinary * limits.lines_least_percent // 100)
    return Figure(
        "lines",
        "行数",
        "rows",
        str(lines),
        f"{least} 至 {most}（通常 {ordinary}）",
        f"{least} to {most} (usually {ordinary})",
        not least <= lines <= most,
        f"文件有 {lines} 行，本单位此目录通常为 {ordinary} 行",
        f"the file has {lines} rows; your organisation's usual number for this item is {ordinary}",
    )


def _percent(part: int, whole: int) -> str:
    """Return a share with one decimal, rounded down: 99.99 % must not read 100 %."""
    tenths = 1000 * part // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"


def thresholds_on(day: date) -> Thresholds:
    """Return the limits on a legal day; the first entry also speaks for the days before it."""
    held = load_thresholds()
    return next((one for one in reversed(held) if one.valid_from <= day), held[0])


@cache
def load_thresholds() -> tuple[Thresholds, ...]:
    """Return the limits of ``CHENGXIN_GATE`` (a file), else those of the package, by first day; see ``read``."""
    given = os.environ.get("CHENGXIN_GATE")
    path = Path(given) if given else Path(str(resources.files("chengxin.intake") / "gate.yaml"))
    return read(yaml.safe_load(path.read_text(encoding="utf-8")))


WHOLE = 100
"""Percents of a whole."""

SHARES = ("sent_back_most", "linked_least", "fill_of_usual_least", "fill_usual_least", "lines_least_percent")


def read(held: list[dict[str, Any]]) -> tuple[Thresholds, ...]:
    """Return the limits in a file's content.

    Raises:
        ChengxinError: a limit is missing, unknown or out of its range, or a field is not the item's.
    """
    found = []
    for entry in held:
        values = {**entry, "valid_from": entry.get("from")}
        values.pop("from", None)
        for field in fields(Thresholds):
            if not _sound(field.name, values.get(field.name)):
                raise _wrong(field.name)
        strange = set(values) - {field.name for field in fields(Thresholds)}
        if strange:
            raise _wrong(min(strange))
        found.append(
            Thresholds(**(values | {"fields": {item: tuple(keys) for item, keys in values["fields"].items()}}))
        )
    if not found:
        raise _wrong("from")
    return tuple(sorted(found, key=lambda one: one.valid_from))


def _sound(name: str, value: object) -> bool:
    """Return whether a limit has a value it can have."""
    if name == "valid_from":
        return isinstance(value, date)
    if name == "source":
        return isinstance(value, str) and bool(value.strip())
    if name == "any_sent_back":
        return isinstance(value, bool)
    if name == "fields":
        known = {one.key: {field.key for field in one.fields} for one in load_catalogue().items}
        held = value if isinstance(value, dict) else {"": ()}
        return all(item in known and set(keys) <= known[item] for item, keys in held.items())
    if type(value) is not int:
        return False
    return 0 <= value <= WHOLE if name in SHARES else value >= 1


def _wrong(name: str) -> ChengxinError:
    return ChengxinError(
        "gate_file_wrong",
        f"入库复核界限文件里的 {name} 缺失、不认识或超出范围",
        f"{name} in the file of the gate's limits is missing, unknown or out of its range",
        where=name,
    )
