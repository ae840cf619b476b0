"""Recognise which item, and which generation of its list, the header of a file belongs to.

Columns are found by name, in any order. Three generations of the licence and penalty lists are in use at
once, and one bare name can mean different fields: 代码_2 is the organisation code in the list of 2015 and the
registration number since 2018. So the generation is settled first, by what it explains of the header.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from chengxin.catalogue.folding import FoldedHeader, fold_header, fold_value
from chengxin.catalogue.loader import Catalogue, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chengxin.catalogue.mapping import ForeignMapping
    from chengxin.catalogue.model import Field, Item, OneOf

CARRIED_PREFIXES = ("flex_", "自留_")
"""Columns a department keeps for itself: carried through unread."""


class HeaderNotRecognised(ValueError):
    """A header that is not, or not safely, this item's.

    Attributes:
        code: ``empty_header``, ``not_this_item``, ``other_item``, ``duplicate_column``, ``wrong_unit`` or
            ``mapping_for_other_item``.
        message_zh: what is wrong, where, and what to do, in Chinese.
        message_en: the same in English.
        looks_like: key of the item it looks like, when there is one.
    """

    def __init__(self, code: str, message_zh: str, message_en: str, *, looks_like: str | None = None) -> None:
        self.code = code
        self.message_zh = message_zh
        self.message_en = message_en
        self.looks_like = looks_like
        super().__init__(f"{message_zh} / {message_en}")


@dataclass(frozen=True)
class HeaderMatch:
    """What a header means for an item.

    Attributes:
        generation: key of the generation recognised.
        columns: field key to column index (0-based), in the order of the file.
        unknown: headers nothing is known about; their values are lost unless somebody acts.
        carried: headers with a ``flex_`` or 自留_ prefix, carried through unread.
        ignored: headers left out by name, by the item or the mapping.
        missing_required: required fields of the generation without a column or a default.
        missing_one_of: groups of which no field has a column or a default.
        mapping: the mapping used, or None.
    """

    generation: str
    columns: Mapping[str, int]
    unknown: tuple[str, ...]
    carried: tuple[str, ...]
    ignored: tuple[str, ...]
    missing_required: tuple[Field, ...]
    missing_one_of: tuple[OneOf, ...]
    mapping: ForeignMapping | None = None


@dataclass(frozen=True)
class _Trial:
    """The header read as one generation of an item."""

    item: Item
    generation: str
    fields: Mapping[int, str]
    ignored: tuple[int, ...]
    defaults: frozenset[str]
    order: int

    @property
    def found(self) -> frozenset[str]:
        return frozenset(self.fields.values())

    @property
    def missing(self) -> tuple[Field, ...]:
        have = self.found | self.defaults
        return tuple(one for one in self.item.required_in(self.generation) if one.key not in have)

    @property
    def missing_groups(self) -> tuple[OneOf, ...]:
        have = self.found | self.defaults
        return tuple(one for one in self.item.one_of if not have & set(one.fields))

    @property
    def rank(self) -> tuple[int, int, bool, int]:
        """More fields explained, fewer columns doubled, nothing required missing, the later list."""
        doubled = len(self.fields) - len(self.found)
        return (len(self.found), -doubled, not self.missing, self.order)

    @property
    def plausible(self) -> bool:
        """At least one column, and at least half of the required fields: fewer is another kind of file."""
        return bool(self.fields) and 2 * len(self.missing) <= len(self.item.required_in(self.generation))


def alias_table(item: Item, generation: str) -> Mapping[str, str]:
    """Folded header name to field key, for one generation of an item."""
    return {fold_header(name).key: field.key for field in item.fields for name in field.names_in(generation)}


def recognise_header(
    item: Item,
    header: Sequence[str],
    *,
    mapping: ForeignMapping | None = None,
    catalogue: Catalogue | None = None,
) -> HeaderMatch:
    """Read a header as an item's.

    Args:
        item: the item the file was handed in for.
        header: the header cells, as in the file.
        mapping: how a foreign table's columns read; then only the mapping speaks.
        catalogue: where to look for the item the file may really belong to; None is the package's own.

    Raises:
        HeaderNotRecognised: it is not this item's file (saying which other item it looks like), two columns
            mean one field, or an amount is in another unit.
    """
    folded = [fold_header(one) for one in header]
    if not any(one.key for one in folded):
        raise HeaderNotRecognised(
            "empty_header",
            "文件第一行没有列名，请在第一行写明各列名称。",
            "The first row has no column names; name every column in the first row.",
        )
    carried = tuple(at for at, one in enumerate(header) if fold_value(one).startswith(CARRIED_PREFIXES))
    if mapping is not None:
        trial = _by_mapping(item, folded, carried, mapping)
    else:
        trial = _best(item, folded, carried)
        _must_be_this_item(trial, folded, carried, catalogue or load_catalogue())
    _no_doubles(trial, header)
    _right_units(trial, header, folded)
    columns = {field: at for at, field in sorted(trial.fields.items())}
    read = {*trial.fields, *carried, *trial.ignored}
    return HeaderMatch(
        generation=trial.generation,
        columns=MappingProxyType(columns),
        unknown=tuple(one for at, one in enumerate(header) if at not in read and folded[at].key),
        carried=tuple(header[at] for at in carried),
        ignored=tuple(header[at] for at in trial.ignored),
        missing_required=trial.missing,
        missing_one_of=trial.missing_groups,
        mapping=mapping,
    )


def guess_item(header: Sequence[str], catalogue: Catalogue | None = None) -> Item | None:
    """The item a header looks most like, or None when it looks like none of them."""
    folded = [fold_header(one) for one in header]
    carried = tuple(at for at, one in enumerate(header) if fold_value(one).startswith(CARRIED_PREFIXES))
    trials = [_best(one, folded, carried) for one in (catalogue or load_catalogue()).items]
    trials = [one for one in trials if one.plausible]
    return max(trials, key=lambda one: len(one.found)).item if trials else None


def _best(item: Item, folded: Sequence[FoldedHeader], carried: Sequence[int]) -> _Trial:
    """Read the header as every generation of the item and keep the one that explains most."""
    ignorable = {fold_header(one).key for one in item.ignored_headers}
    dated = sorted(item.generations, key=lambda one: one.from_day)
    trials = []
    for order, generation in enumerate(dated):
        table = alias_table(item, generation.key)
        fields = {at: table[one.key] for at, one in enumerate(folded) if one.key in table and at not in carried}
        ignored = tuple(at for at, one in enumerate(folded) if one.key in ignorable and at not in fields)
        trials.append(_Trial(item, generation.key, fields, ignored, frozenset(), order))
    return max(trials, key=lambda one: one.rank)


def _by_mapping(item: Item, folded: Sequence[FoldedHeader], carried: Sequence[int], mapping: ForeignMapping) -> _Trial:
    if mapping.item != item.key:
        raise HeaderNotRecognised(
            "mapping_for_other_item",
            f"对照文件“{mapping.name}”用于事项 {mapping.item}，不能用于“{item.name}”，请改选事项或对照文件。",
            f"Mapping '{mapping.key}' is for item '{mapping.item}', not '{item.key}'; choose another item or mapping.",
            looks_like=mapping.item,
        )
    table = {fold_header(name).key: field for name, field in mapping.columns.items()}
    ignorable = {fold_header(one).key for one in mapping.ignore}
    fields = {at: table[one.key] for at, one in enumerate(folded) if one.key in table and at not in carried}
    ignored = tuple(at for at, one in enumerate(folded) if one.key in ignorable)
    trial = _Trial(item, mapping.generation, fields, ignored, frozenset(mapping.defaults), 0)
    if not trial.plausible:
        raise HeaderNotRecognised(
            "not_this_item",
            f"表头与对照文件“{mapping.name}”不符：只认出 {len(trial.found)} 列，缺少 {_labels(trial)}。"
            "请核对文件与对照文件是否配套。",
            f"The header does not fit mapping '{mapping.key}': {len(trial.found)} columns known, "
            f"missing {_labels_en(trial)}. Check that file and mapping belong together.",
        )
    return trial


def _must_be_this_item(
    trial: _Trial, folded: Sequence[FoldedHeader], carried: Sequence[int], catalogue: Catalogue
) -> None:
    """Refuse a header that another item explains better, or that this one hardly explains at all."""
    others = [_best(one, folded, carried) for one in catalogue.items if one.key != trial.item.key]
    better = [one for one in others if one.plausible and len(one.found) > len(trial.found)]
    item = trial.item
    if better:
        other = max(better, key=lambda one: len(one.found)).item
        raise HeaderNotRecognised(
            "other_item",
            f"表头不像“{item.name}”，更像“{other.name}”。请改选事项“{other.name}”后重新提交。",
            f"The header looks like '{other.name_en}' rather than '{item.name_en}'. "
            f"Choose item '{other.key}' and hand the file in again.",
            looks_like=other.key,
        )
    if not trial.plausible:
        raise HeaderNotRecognised(
            "not_this_item",
            f"表头不像“{item.name}”：只认出 {len(trial.found)} 列，缺少必填列 {_labels(trial)}。"
            "请核对所选事项，或为外来表头提供对照文件。",
            f"The header does not look like '{item.name_en}': {len(trial.found)} columns known, "
            f"required columns missing: {_labels_en(trial)}. "
            "Check the item, or give a mapping file for foreign headers.",
        )


def _labels(trial: _Trial) -> str:
    return "、".join(f"“{one.label}”" for one in trial.missing)


def _labels_en(trial: _Trial) -> str:
    return ", ".join(one.label_en for one in trial.missing)


def _no_doubles(trial: _Trial, header: Sequence[str]) -> None:
    """Two columns for one field: nobody can tell which one is meant, so both are named."""
    first: dict[str, int] = {}
    for at, field in sorted(trial.fields.items()):
        before = first.setdefault(field, at)
        if before != at:
            label = trial.item.field(field).label
            raise HeaderNotRecognised(
                "duplicate_column",
                f"第 {before + 1} 列“{header[before].strip()}”与第 {at + 1} 列“{header[at].strip()}”"
                f"都表示“{label}”，请删除其中一列。",
                f"Column {before + 1} '{header[before].strip()}' and column {at + 1} '{header[at].strip()}' "
                f"both mean '{field}'; remove one.",
            )


def _right_units(trial: _Trial, header: Sequence[str], folded: Sequence[FoldedHeader]) -> None:
    """An amount in 元 read as 万元 is wrong by four digits, so the unit in a header must be the field's."""
    for at, key in sorted(trial.fields.items()):
        field, unit = trial.item.field(key), folded[at].unit
        if field.unit and unit and unit != field.unit:
            raise HeaderNotRecognised(
                "wrong_unit",
                f"第 {at + 1} 列“{header[at].strip()}”的单位是{unit}，应为{field.unit}，请换算后重新提交。",
                f"Column {at + 1} '{header[at].strip()}' is in {unit}, but must be in {field.unit}; "
                "convert it and hand the file in again.",
            )
