"""Names in bulk: where the brand begins and where the legal form does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names.search.characters import code_of, usual_text
from chengxin.kernel.names.search.encoding import Encoded, encode


def text_of(encoded: Encoded, row: int) -> str:
    return "".join(chr(one) for one in encoded.codes[encoded.starts[row] : encoded.starts[row + 1]].tolist())


def parts(name: str) -> tuple[str, str, str]:
    encoded = encode([name])
    text = text_of(encoded, 0)
    brand, core_end = int(encoded.brand[0]), int(encoded.core_end[0])
    return text[:brand], text[brand:core_end], text[core_end:]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("昆山市禾映电子科技有限公司", ("昆山市", "禾映电子科技", "有限公司")),
        ("江苏省昆山市禾映股份有限公司", ("江苏省昆山市", "禾映", "股份有限公司")),
        ("禾映电子集团股份有限公司", ("", "禾映电子", "集团股份有限公司")),
        ("嘉铭电子（昆山）有限公司", ("", "嘉铭电子昆山", "有限公司")),
        ("昆山市", ("", "昆山市", "")),
        ("有限公司", ("", "有限公司", "")),
        ("", ("", "", "")),
    ],
)
def test_places_in_front_and_the_legal_form_behind_are_found(name: str, expected: tuple[str, str, str]) -> None:
    assert parts(name) == expected


def test_joint_stock_companies_groups_and_branches_are_marked() -> None:
    encoded = encode(
        ["禾映股份有限公司", "禾映集团有限公司", "禾映有限公司", "禾映股份有限公司昆山分公司", "中国工商银行昆山支行"]
    )
    assert encoded.joint_stock.tolist() == [True, True, False, False, False]
    assert encoded.branch.tolist() == [False, False, False, True, True]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=[]), max_size=20), max_size=6))
def test_every_list_of_texts_is_encoded_name_by_name(names: list[str]) -> None:
    encoded = encode(names)
    assert encoded.size == len(names)
    for row, name in enumerate(names):
        wanted = [code for one in usual_text(name) if (code := code_of(one))]
        assert encoded.codes[encoded.starts[row] : encoded.starts[row + 1]].tolist() == wanted
        assert 0 <= encoded.brand[row] <= encoded.core_end[row] <= len(wanted)


def test_many_names_are_encoded_as_one_by_one() -> None:
    names = [f"昆山市第{number}中学" for number in range(140_000)]
    encoded = encode(names)
    for row in (0, 131_071, 131_072, 139_999):
        assert text_of(encoded, row) == names[row]


def test_names_in_another_order_keep_their_parts() -> None:
    names = ["昆山市禾映有限公司", "", "上海嘉铭股份有限公司昆山分公司"]
    turned = encode(names).reordered(np.array([2, 0, 1]))
    straight = encode([names[2], names[0], names[1]])
    assert turned.codes.tolist() == straight.codes.tolist()
    for column in ("starts", "brand", "core_end", "joint_stock", "branch"):
        assert getattr(turned, column).tolist() == getattr(straight, column).tolist()


def test_the_matrix_holds_a_name_a_column_with_nothing_behind_its_end() -> None:
    encoded = encode(["昆山", "禾映电子"])
    matrix = encoded.matrix(np.array([1, 0]), 3)
    assert matrix.shape == (3, 2)
    assert matrix[:, 0].tolist() == [ord(one) for one in "禾映电"]
    assert matrix[:, 1].tolist() == [ord("昆"), ord("山"), 0]
    assert encoded.lengths.tolist() == [2, 4]
    assert encoded.lengths_of(np.array([1])).tolist() == [4]
