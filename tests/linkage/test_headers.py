"""Which column holds the names, and which row is called what: by the file's own header, or as the clerk says."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError
from chengxin.kernel.names import fold_name
from chengxin.linkage.reading import NAME_HEADERS, Register, read_register


def read(folder: Path, text: str, **options: str) -> Register:
    path = folder / "名册.csv"
    path.write_text(text, encoding="utf-8")
    return read_register(path, **options)


def refusal(folder: Path, text: str, **options: str) -> dict[str, str]:
    with pytest.raises(ChengxinError) as refused:
        read(folder, text, **options)
    return refused.value.as_dict()


@pytest.mark.parametrize("header", NAME_HEADERS)
def test_every_usual_header_of_names_is_known(tmp_path: Path, header: str) -> None:
    assert read(tmp_path, f"x,{header}\n1,昆山禾映科技有限公司\n").names == ["昆山禾映科技有限公司"]


@pytest.mark.parametrize(("first", "second"), list(pairwise(NAME_HEADERS)))
def test_of_two_known_headers_the_surer_one_holds_the_names(tmp_path: Path, first: str, second: str) -> None:
    assert read(tmp_path, f"{second},{first}\n乙公司,甲公司\n").names == ["甲公司"]


def test_a_header_that_is_asked_for_wins_over_every_known_one(tmp_path: Path) -> None:
    register = read(tmp_path, "名称,店名\n甲公司,乙小店\n", name_column="店名")
    assert (register.names, register.ids) == (["乙小店"], ["2"])


def test_blanks_around_headers_names_and_ids_do_not_count(tmp_path: Path) -> None:
    register = read(tmp_path, " 编号 , 名称 \n 7 , 甲公司 \n", id_column="编号")
    assert (register.names, register.ids) == (["甲公司"], ["7"])


def test_a_name_of_blanks_or_signs_alone_is_no_name(tmp_path: Path) -> None:
    register = read(tmp_path, "名称\n甲公司\n   \n　\n乙公司\n")
    assert register.names == ["甲公司", "乙公司"]
    assert register.ids == ["2", "5"]


def test_a_line_that_is_too_short_has_no_name_and_does_not_stop_the_others(tmp_path: Path) -> None:
    register = read(tmp_path, "编号,地址,名称\n1,昆山\n2,昆山,甲公司\n")
    assert (register.ids, register.names) == (["3"], ["甲公司"])


def test_a_line_too_short_for_its_id_is_called_by_its_line(tmp_path: Path) -> None:
    register = read(tmp_path, "名称,编号\n甲公司,x\n乙公司\n", id_column="编号")
    assert register.ids == ["x", "3"]


def test_a_name_over_several_lines_is_one_name_and_the_next_row_keeps_its_line(tmp_path: Path) -> None:
    register = read(tmp_path, '名称\n"昆山\n甲公司"\n乙公司\n')
    assert register.names == ["昆山\n甲公司", "乙公司"]
    assert register.ids == ["3", "4"]


def test_two_rows_may_bear_one_name_but_never_one_id(tmp_path: Path) -> None:
    assert read(tmp_path, "名称\n甲公司\n甲公司\n").ids == ["2", "3"]
    assert refusal(tmp_path, "编号,名称\n9,甲公司\n8,丙公司\n9,乙公司\n", id_column="编号") == {
        "code": "register_id_twice",
        "message": "名册.csv 的编号“9”出现两次，请给出唯一的编号列或不指定编号列",
        "message_en": "the id '9' stands twice in 名册.csv: name a column of unique ids, or none",
        "where": "名册.csv:9",
    }


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    told = refusal(tmp_path, "甲,乙\n1,2\n", name_column="店名")
    assert told["code"] == "register_column_missing"
    assert told["message"] == "名册.csv 没有“店名”列，现有列：甲、乙；请用选项指明列名"
    assert refusal(tmp_path, "名称\n甲公司\n", id_column="编号")["message"].startswith("名册.csv 没有“编号”列")
    assert "现有列：无" in refusal(tmp_path, "")["message"]


def test_a_register_without_one_name_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "名称,编号\n,1\n,2\n") == {
        "code": "register_empty",
        "message": "名册.csv 中没有名称",
        "message_en": "there is no name in 名册.csv",
        "where": "名册.csv",
    }


def test_an_open_quote_is_told_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    told = refusal(tmp_path, '名称\n甲公司\n"乙公司\n丙公司\n')
    assert told["code"] == "register_no_csv"
    assert told["message"].endswith("不是完整的 CSV，请检查引号后重新导出")


def test_an_unknown_encoding_is_told_with_the_two_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "名册.csv"
    path.write_bytes("名称\n甲公司\n".encode("utf-16"))
    with pytest.raises(ChengxinError) as refused:
        read_register(path)
    assert refused.value.code in {"register_encoding", "register_column_missing", "register_no_csv"}
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ChengxinError) as refused:
        read_register(path)
    assert refused.value.message_zh == "名册.csv 不是 UTF-8 或 GB18030 编码的文本，请另存为 UTF-8 的 CSV"


@given(st.lists(st.text(alphabet="昆山禾映 ,\"'\n，=", max_size=8), min_size=1, max_size=6))
def test_a_register_that_a_program_wrote_is_read_name_for_name(names: list[str]) -> None:
    wanted = [name.strip() for name in names if fold_name(name.strip())]
    quoted = "".join('"' + name.replace('"', '""') + '",x\n' for name in names)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "名册.csv"
        path.write_bytes(("名称,编号\n" + quoted).encode())
        if not wanted:
            with pytest.raises(ChengxinError):
                read_register(path)
            return
        assert read_register(path).names == wanted
