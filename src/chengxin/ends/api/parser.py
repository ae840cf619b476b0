"""Read a JSON body strictly: what two readers could understand differently is refused (RFC 8259, section 4 and 6)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ninja.parser import Parser

from chengxin.base.errors import ChengxinError
from chengxin.ends.api.limits import load_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LONGEST_NUMBER = re.compile(rb"[0-9]{40}")


class UnreadableBody(ChengxinError):
    """A body that is no JSON object, or a JSON text with two meanings; ``where`` names the place if there is one."""


class StrictParser(Parser):
    """The parser of the API: duplicate keys, NaN and Infinity, deep nesting and huge numbers are errors."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the object in the request's body; raise ``UnreadableBody``."""
        return strict_json(request.body, load_limits().json_depth)


def strict_json(body: bytes, depth: int) -> dict[str, Any]:
    """Return the JSON object that ``body`` (UTF-8) holds, at most ``depth`` levels deep.

    Raises:
        UnreadableBody: ``too_deep``, ``duplicate_key``, ``not_a_number``, ``not_json`` or ``not_an_object``.
    """
    bare = _STRING.sub(b'""', body)
    if _depth(bare) > depth:
        raise UnreadableBody("too_deep", f"JSON 嵌套超过 {depth} 层", f"the JSON is nested deeper than {depth} levels")
    if _LONGEST_NUMBER.search(bare):
        raise UnreadableBody("not_a_number", "JSON 里的数字过长", "a number in the JSON is too long")
    try:
        held = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        place = error.pos if isinstance(error, json.JSONDecodeError) else error.start
        raise UnreadableBody(
            "not_json",
            f"请求体不是正确的 JSON（第 {place + 1} 处）",
            f"the body is not proper JSON (at {place + 1})",
            where=str(place + 1),
        ) from error
    if not isinstance(held, dict):
        raise UnreadableBody("not_an_object", "请求体应为 JSON 对象", "the body must be a JSON object")
    return held


def _depth(bare: bytes) -> int:
    """Return how deep brackets and braces nest in a JSON text whose strings were emptied."""
    deepest = level = 0
    for sign in bare:
        if sign in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif sign in b"]}":
            level -= 1
    return deepest


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise UnreadableBody(
            "duplicate_key",
            f"JSON 里“{twice[:40]}”出现了两次",
            f"the JSON names {twice[:40]!r} twice",
            where=twice[:40],
        )
    return held


def _no_constant(name: str) -> None:
    raise UnreadableBody("not_a_number", f"JSON 里不能有 {name}", f"{name} is not a JSON number", where=name)
