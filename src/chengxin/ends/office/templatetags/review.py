"""What the pages of assisted linking and of bodies need beside the office's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()


@register.filter
def entry(words: Mapping[str, str], key: str) -> str:
    """Return the words for ``key``; a key without words stands for itself.

    >>> entry({"uscc": "统一社会信用代码"}, "uscc"), entry({}, "x")
    ('统一社会信用代码', 'x')
    """
    return words.get(key, key)


@register.filter
def code_of(identifier: str) -> str:
    """Return the code of an identifier that is kept with its kind before it.

    >>> code_of("uscc:91320583924342289Q"), code_of("")
    ('91320583924342289Q', '')
    """
    return identifier.rpartition(":")[2]
