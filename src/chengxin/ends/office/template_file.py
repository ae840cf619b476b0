"""The empty file a department fills in: the current list's header, every cell text, one sheet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import xlsxwriter  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from chengxin.catalogue import Field, Item


def template_fields(item: Item) -> tuple[Field, ...]:
    """Return the fields of the item's current list that a department fills in.

    A field whose value is dropped on arrival is left out unless the list requires it: what is not asked for is not
    sent (个人信息保护法 art. 6).
    """
    current = item.generations[-1].key
    return tuple(one for one in item.fields_in(current) if one.keep or current in one.required)


def template_header(item: Item) -> tuple[str, ...]:
    """Return the header of the empty file, in the words the catalogue recognises as the current list."""
    current = item.generations[-1].key
    names = [(field, field.names_in(current)) for field in template_fields(item)]
    return tuple(field.label if field.label in known else known[0] for field, known in names)


def template_file(item: Item) -> bytes:
    """Return the workbook; the headers of required fields are bold on a tint."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    text = book.add_format({"num_format": "@"})
    plain = book.add_format({"num_format": "@", "bottom": 1})
    needed = book.add_format({"num_format": "@", "bottom": 1, "bold": True, "bg_color": "#DCE6F1"})
    sheet = book.add_worksheet(item.name)
    sheet.freeze_panes(1, 0)
    current = item.generations[-1].key
    header = template_header(item)
    sheet.set_column(0, len(header) - 1, 22, text)
    for column, (field, name) in enumerate(zip(template_fields(item), header, strict=True)):
        sheet.write_string(0, column, name, needed if current in field.required else plain)
    book.close()
    return out.getvalue()
