"""What is wrong with a row, in English. Findings are kept in Chinese, the language of the departments that mend them.

The English follows from the rule and the item, so rows that were sent back years ago have it too. What a reader says of
one text (which day does not exist) has its rule's general sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from chengxin.catalogue import load_catalogue
from chengxin.intake.reader import sentence
from chengxin.intake.rulebook import rulebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chengxin.catalogue import Item
    from chengxin.intake.queries import Finding, ReturnedRow
    from chengxin.intake.returned import RuleCount

ROW_FLAWS = ("extra_cells", "error_value", "control_character", "replacement_character", "date_out_of_range")
"""Flaws of a whole row that the reader reports; each is a rule ``row_…``."""

FIELDS = {"整行": "the whole row", "主体代码": "codes of the body"}
"""Names in a finding's place for a field that are no field's."""


@dataclass(frozen=True)
class Said:
    """What a rule says in English: what is wrong, and what was expected."""

    message: str
    expected: str


def rules_in_english(item: str, rules: Iterable[RuleCount]) -> tuple[RuleCount, ...]:
    """Return rules of a batch of ``item``, with their counts, in English.

    A rule that is not kept any more, or an item that has left the catalogue, stays as it was said at the time.
    """
    said, fields = _sentences(item), _fields(item)
    return tuple(
        replace(
            one,
            field=fields.get(one.field, one.field),
            message=said[one.rule].message if one.rule in said else one.message,
        )
        for one in rules
    )


def rows_in_english(item: str, rows: Iterable[ReturnedRow]) -> tuple[ReturnedRow, ...]:
    """Return rows sent back of a batch of ``item`` with their findings in English; their cells stay as handed in."""
    said, fields = _sentences(item), _fields(item)
    return tuple(replace(row, findings=tuple(_finding(one, said, fields) for one in row.findings)) for row in rows)


def _finding(one: Finding, said: Mapping[str, Said], fields: Mapping[str, str]) -> Finding:
    field, known = fields.get(one.field, one.field), said.get(one.rule)
    if known is None:
        return replace(one, field=field)
    return replace(one, field=field, message=known.message, expected=known.expected)


@cache
def _fields(item: str) -> Mapping[str, str]:
    """Return the English names of an item's fields and groups by their Chinese ones."""
    found = _item(item)
    if found is None:
        return FIELDS
    return (
        FIELDS
        | {field.label: field.label_en for field in found.fields}
        | {group.label: group.label_en for group in found.one_of}
    )


@cache
def _sentences(item: str) -> Mapping[str, Said]:
    """Return what every rule that can speak about ``item`` says, by the rule's id."""
    rules = rulebook()
    said = {f"row_{flaw}": Said(sentence(flaw, "en"), "one whole row that fits the header") for flaw in ROW_FLAWS}
    said |= {one.id: Said(one.message_en, one.expected_en) for one in rules.written}
    said |= {key: Said(one.message_en, one.expected_en) for key, one in rules.other.items()}
    found = _item(item)
    return said | (dict(_generated(found)) if found is not None else {})


def _generated(item: Item) -> Iterator[tuple[str, Said]]:
    for wording in rulebook().generated.values():
        for field in item.fields:
            told = {"field": field.label_en, "most": field.max_length}
            yield (
                wording.id.format(field=field.key),
                Said(wording.message_en.format(**told), wording.expected_en.format(**told)),
            )
    missing = rulebook().generated["group_missing"]
    for group in item.one_of:
        told = {"field": group.label_en}
        yield (
            missing.id.format(field=group.key),
            Said(missing.message_en.format(**told), missing.expected_en.format(**told)),
        )


def _item(key: str) -> Item | None:
    return next((one for one in load_catalogue().items if one.key == key), None)
