"""A mapping file: how a foreign table's headers and values read in our words.

A file that no standard describes (a search site's export, another system's dump) is taken in by naming its
columns once, in YAML. With a mapping only the mapping speaks: a foreign header that happens to look like ours
may mean something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from chengxin.catalogue.folding import fold_header
from chengxin.catalogue.loader import Catalogue, load_catalogue
from chengxin.catalogue.reading import Section, read_section
from chengxin.catalogue.safeguards import PACKAGE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chengxin.catalogue.codes import CodeSet
    from chengxin.catalogue.model import Item


@dataclass(frozen=True)
class ForeignMapping:
    """How one kind of foreign table is read as an item.

    Attributes:
        key: name of the mapping.
        name: Chinese name of the kind of table.
        name_en: English name.
        item: key of the item its rows become.
        generation: generation whose required marks apply.
        columns: foreign header to field key.
        values: by field, foreign value to our value.
        defaults: by field, the value of a field the table has no column for.
        ignore: foreign headers that are not read, by name.
        blanks: texts that stand for an empty cell in every column, e.g. ``-``.
    """

    key: str
    name: str
    name_en: str
    item: str
    generation: str
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, str]
    ignore: tuple[str, ...]
    blanks: tuple[str, ...]

    def translate(self, field: str, text: str) -> str:
        """Our value for a foreign cell: empty for a blank, the mapped value, else the text unchanged.

        An empty cell of a field with a default becomes the default.
        """
        bare = text.strip()
        if bare in self.blanks or not bare:
            return self.defaults.get(field, "")
        return self.values.get(field, {}).get(bare, text)


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mappings that come with the package, sorted."""
    return tuple(sorted(file.stem for file in (PACKAGE_FOLDER / "mappings").glob("*.yaml")))


def load_shipped_mapping(key: str) -> ForeignMapping:
    """Read a mapping that comes with the package; raises ``KeyError`` listing the known names."""
    known = shipped_mappings()
    if key not in known:
        names = ", ".join(known)
        raise KeyError(f"没有自带的对照文件 {key}（可用：{names}） / no shipped mapping '{key}' (known: {names})")
    return load_mapping(PACKAGE_FOLDER / "mappings" / f"{key}.yaml")


def load_mapping(path: Path, catalogue: Catalogue | None = None) -> ForeignMapping:
    """Read a mapping file and check it against a catalogue (None: the package's own).

    Raises:
        CatalogueError: not well formed; or ``unknown_item``, ``unknown_generation``, ``unknown_field``,
            ``two_columns_for_one_field``, ``column_also_ignored``, ``default_for_mapped_field`` or
            ``value_outside_code_set``.
    """
    known = catalogue or load_catalogue()
    top = read_section(path)
    top.only("key", "name", "name_en", "item", "generation", "columns", "values", "defaults", "ignore", "blanks")
    item = _item(top, known)
    values = _values(top)
    found = ForeignMapping(
        key=top.text_or("key", path.stem),
        name=top.text_or("name", path.stem),
        name_en=top.text_or("name_en", path.stem),
        item=item.key,
        generation=top.text("generation"),
        columns=MappingProxyType(top.text_map("columns")),
        values=MappingProxyType(values),
        defaults=MappingProxyType(top.text_map("defaults")),
        ignore=top.texts("ignore"),
        blanks=top.texts("blanks"),
    )
    _check_columns(top, found)
    _check_fields(top, found, item)
    _check_values(top, found, item, known)
    return found


def _item(top: Section, known: Catalogue) -> Item:
    """The item the mapping names, whose generations include the one it names."""
    key, generation = top.text("item"), top.text("generation")
    item = next((one for one in known.items if one.key == key), None)
    if item is None:
        names = [one.key for one in known.items]
        raise top.wrong(
            "unknown_item",
            "item",
            f"目录中没有事项“{key}”，可用：{'、'.join(names)}。",
            f"The catalogue has no item '{key}'; known: {', '.join(names)}.",
        )
    names = [one.key for one in item.generations]
    if generation not in names:
        raise top.wrong(
            "unknown_generation",
            "generation",
            f"事项“{item.name}”没有字段版本“{generation}”，可用：{'、'.join(names)}。",
            f"Item '{key}' has no generation '{generation}'; known: {', '.join(names)}.",
        )
    return item


def _values(top: Section) -> dict[str, Mapping[str, str]]:
    if not top.has("values"):
        return {}
    below = top.section("values")
    return {field: MappingProxyType(below.text_map(field)) for field in below.values}


def _check_columns(top: Section, found: ForeignMapping) -> None:
    if not found.columns:
        raise top.wrong("missing_key", "columns", "“columns”不能为空。", "'columns' must not be empty.")
    ignored = {fold_header(name).key for name in found.ignore}
    by_field: dict[str, str] = {}
    by_header: dict[str, str] = {}
    for header, field in found.columns.items():
        folded = fold_header(header).key
        if folded in ignored:
            raise top.wrong(
                "column_also_ignored",
                f"columns.{header}",
                f"列“{header}”既有对照又列入 ignore，请只保留一处。",
                f"Column '{header}' is both mapped and ignored; keep one.",
            )
        first = by_field.setdefault(field, header)
        twin = by_header.setdefault(folded, header)
        if first != header or twin != header:
            other = first if first != header else twin
            raise top.wrong(
                "two_columns_for_one_field",
                f"columns.{header}",
                f"列“{other}”与“{header}”对应同一字段，请只保留一列。",
                f"Columns '{other}' and '{header}' mean one field; keep one.",
            )
        if field in found.defaults:
            raise top.wrong(
                "default_for_mapped_field",
                f"defaults.{field}",
                f"字段 {field} 已有对照列“{header}”；空值请在数据中补齐，不要用默认值掩盖。",
                f"Field '{field}' already has column '{header}'; fill gaps in the data, not by a default.",
            )


def _check_fields(top: Section, found: ForeignMapping, item: Item) -> None:
    known = {one.key for one in item.fields}
    mapped = [(f"columns.{header}", field) for header, field in found.columns.items()]
    others = [(f"{part}.{field}", field) for part in ("values", "defaults") for field in getattr(found, part)]
    for path, field in mapped + others:
        if field not in known:
            raise top.wrong(
                "unknown_field",
                path,
                f"事项“{item.name}”没有字段“{field}”。",
                f"Item '{item.key}' has no field '{field}'.",
            )


def _check_values(top: Section, found: ForeignMapping, item: Item, known: Catalogue) -> None:
    """A value the mapping produces must be one the field's code set knows; empty means no value."""
    produced = [
        (f"values.{field}.{foreign}", field, ours)
        for field, pairs in found.values.items()
        for foreign, ours in pairs.items()
    ] + [(f"defaults.{field}", field, ours) for field, ours in found.defaults.items()]
    for path, field, ours in produced:
        code_set = _code_set(item, field, known)
        if code_set is None or not ours or code_set.is_open(found.generation):
            continue
        if code_set.canonical(ours, found.generation) is None:
            labels = [one.label for one in code_set.values]
            raise top.wrong(
                "value_outside_code_set",
                path,
                f"“{ours}”不在代码集“{code_set.name}”之内，可用：{'、'.join(labels)}。",
                f"'{ours}' is not in code set '{code_set.key}'; known: {', '.join(labels)}.",
            )


def _code_set(item: Item, field: str, known: Catalogue) -> CodeSet | None:
    key = item.field(field).code_set
    return known.code_set(key) if key else None
