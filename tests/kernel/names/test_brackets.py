"""Brackets are taken out with what stands in them, and a sign without partner is dropped."""

from __future__ import annotations

import pytest

from chengxin.kernel.names.brackets import take_brackets


@pytest.mark.parametrize(
    ("folded", "text", "contents", "unclosed"),
    [
        ("昆山禾映", "昆山禾映", (), False),
        ("禾映(昆山)食品", "禾映食品", ("昆山",), False),
        ("禾映(昆山)食品(集团)", "禾映食品", ("昆山", "集团"), False),
        ("禾映((昆山)苏州)食品", "禾映食品", ("昆山苏州",), False),
        ("禾映()食品", "禾映食品", ("",), False),
        ("禾映(昆山食品", "禾映昆山食品", (), True),
        ("禾映)昆山食品", "禾映昆山食品", (), True),
        (")(", "", (), True),
        ("", "", (), False),
    ],
)
def test_brackets(folded: str, text: str, contents: tuple[str, ...], unclosed: bool) -> None:  # noqa: FBT001 - a case
    assert take_brackets(folded) == (text, contents, unclosed)
