"""Days, moments, figures and covered numbers as the templates of the public end write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chengxin.ends.public.forms import mask_person_numbers
from chengxin.ends.public.site import LEGAL_ZONE, speaks_english

if TYPE_CHECKING:
    from datetime import date, datetime

register = template.Library()

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""English names, written out so that no server's locale changes a page."""


@register.filter
def day(value: date | None) -> str:
    """Write a day in words, marked up for machines; nothing for no day."""
    if value is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), _in_words(value))


@register.filter
def iso(value: date | None) -> str:
    """Write a day as 2026-04-01, for columns of dates; nothing for no day."""
    return "" if value is None else format_html('<time datetime="{0}">{0}</time>', value.isoformat())


@register.filter
def moment(value: datetime | None) -> str:
    """Write a moment in Shanghai's time; nothing for none."""
    if value is None:
        return ""
    local = value.astimezone(LEGAL_ZONE)
    return format_html(
        '<time datetime="{}">{}{}{}</time>',
        local.isoformat(timespec="minutes"),
        _in_words(local),
        ", " if speaks_english() else " ",
        f"{local:%H:%M}",
    )


@register.filter
def month(value: date) -> str:
    """Write a month: 2026年4月, or April 2026."""
    return f"{MONTHS[value.month - 1]} {value.year}" if speaks_english() else f"{value.year}年{value.month}月"


@register.filter
def number(value: int) -> str:
    """Write a figure with its thousands parted."""
    return f"{value:,}"


@register.filter
def covered(value: str) -> str:
    """Cover what looks like a person's identity number in a text; it stays to be escaped."""
    return mask_person_numbers(str(value))


@register.filter
def breakable(value: str) -> SafeString:
    """Write a code in groups that a narrow screen may part, without adding anything to what is copied."""
    groups = (value[:2], value[2:8], value[8:17], value[17:]) if len(value) == _CODE_LENGTH else (value,)
    return format_html_join(SafeString("<wbr>"), '<span class="group">{}</span>', ((group,) for group in groups))


_CODE_LENGTH = 18


def _in_words(value: date) -> str:
    if speaks_english():
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"
