"""Words and numbers as the office's pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.translation import gettext as _

from chengxin.catalogue import load_catalogue
from chengxin.ends.office import pages

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()

KIB = 1024


@register.filter
def item_name(key: str) -> str:
    """Return an item's name; a key that has left the catalogue stands for itself."""
    known = {item.key for item in load_catalogue().items}
    return pages.item_name(key) if key in known else key


@register.filter
def state_name(state: str) -> str:
    """Return a batch's state in words."""
    return str(pages.STATES.get(state, state))


@register.filter
def said(error: Mapping[str, Any]) -> str:
    """Return an error's message in the reader's language (``message`` or ``message_en``)."""
    return str(error.get("message_en" if pages.english() else "message", ""))


@register.filter
def size(count: int) -> str:
    """Return a number of bytes as people say it.

    >>> size(900), size(153_600)
    ('900 B', '150 KB')
    """
    if count < KIB:
        return f"{count} B"
    if count < KIB * KIB:
        return f"{count // KIB} KB"
    return f"{count / KIB / KIB:.1f} MB"


@register.filter
def encoding_name(encoding: str) -> str:
    """Return what a receipt's encoding is called."""
    return _("Excel 工作簿") if encoding == "xlsx" else encoding.upper()
