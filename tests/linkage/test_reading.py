"""Registers come as offices have them: other encodings, other headers, gaps; what is wrong is said with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.linkage.reading import read_register

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "序号,企业名称\n甲,昆山禾映科技有限公司\n乙,\n丙,昆山云舫餐饮管理有限公司\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_names_are_found_under_a_known_header_in_any_of_the_usual_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(TEXT.encode(encoding))
    register = read_register(path)
    assert register.names == ["昆山禾映科技有限公司", "昆山云舫餐饮管理有限公司"]
    assert register.ids == ["2", "4"]
    assert read_register(path, id_column="序号").ids == ["甲", "丙"]


def _refusal(path: Path, content: bytes, **options: str) -> ChengxinError:
    path.write_bytes(content)
    with pytest.raises(ChengxinError) as refused:
        read_register(path, **options)
    return refused.value


def test_what_is_wrong_with_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    assert _refusal(path, b"\xff\xff\xff\xff").code == "register_encoding"
    missing = _refusal(path, "甲,乙\n1,2\n".encode())
    assert missing.code == "register_column_missing"
    assert "甲、乙" in missing.message_zh
    assert _refusal(path, TEXT.encode(), name_column="店名").code == "register_column_missing"
    assert _refusal(path, b"").code == "register_column_missing"
    assert _refusal(path, "名称\n\n".encode()).code == "register_empty"
    twice = _refusal(path, "编号,名称\n1,甲公司\n1,乙公司\n".encode(), id_column="编号")
    assert (twice.code, twice.where) == ("register_id_twice", "register.csv:1")
    torn = _refusal(path, '名称\n"昆山禾映\n'.encode())
    assert (torn.code, torn.where.partition(":")[0]) == ("register_no_csv", "register.csv")


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=st.binary(max_size=200))
def test_no_bytes_raise_anything_but_the_refusals(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(content)
    try:
        read_register(path)
    except ChengxinError as refused:
        assert refused.message_zh  # noqa: PT017 - either outcome is right, and no other error is
