"""Brackets in a folded name: what stands in them, and what is left."""

from __future__ import annotations

from typing import NamedTuple


class Unbracketed(NamedTuple):
    """A name without its brackets: ``text``, the closed brackets' contents, and whether a sign had no partner."""

    text: str
    contents: tuple[str, ...]
    unclosed: bool


def take_brackets(folded: str) -> Unbracketed:
    """Take the brackets out of a folded name; a bracket in a bracket belongs to the outer one.

    A sign without partner is dropped and what follows it stays in the name.

    >>> take_brackets("嘉铭电子科技(昆山)有限公司")
    Unbracketed(text='嘉铭电子科技有限公司', contents=('昆山',), unclosed=False)
    """
    if "(" not in folded and ")" not in folded:
        return Unbracketed(folded, (), unclosed=False)
    kept: list[str] = []
    opened: list[int] = []
    contents: list[tuple[int, str]] = []
    unclosed = False
    for sign in folded:
        if sign == "(":
            opened.append(len(kept))
        elif sign != ")":
            kept.append(sign)
        elif not opened:
            unclosed = True
        else:
            start = opened.pop()
            if not opened:
                contents.append((start, "".join(kept[start:])))
                del kept[start:]
    if opened:
        unclosed = True
    return Unbracketed("".join(kept), tuple(content for _, content in contents), unclosed)
