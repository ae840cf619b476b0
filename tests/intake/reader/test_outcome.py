"""What the reader says, in both languages, and how it travels between processes."""

import csv
import re
import string
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.intake.reader import FileRefused, Notice, Reading, Where, codes, sentence
from chengxin.intake.reader.outcome import refuse, shown

HAN = re.compile(r"[\u4e00-\u9fff]")


def catalogue() -> list[dict[str, str]]:
    path = resources.files("chengxin.intake.reader").joinpath("messages.csv")
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_code_is_listed_once() -> None:
    listed = [row["code"] for row in catalogue()]
    assert len(listed) == len(set(listed))
    assert codes("refusal") | codes("notice") | codes("flaw") == set(listed)


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row["code"])
def test_every_sentence_is_chinese_first_and_has_its_english(row: dict[str, str]) -> None:
    assert HAN.search(row["zh"])
    assert row["zh"].endswith("。")
    assert row["en"].endswith(".")
    assert not HAN.search(row["en"])
    assert fields(row["zh"]) == fields(row["en"])


@pytest.mark.parametrize("code", sorted(codes("refusal")))
def test_every_refusal_tells_what_to_do(code: str) -> None:
    text = next(row["zh"] for row in catalogue() if row["code"] == code)
    assert re.search(r"请|检查|改正|拆分|另存|断开", text), text


def test_a_refusal_names_the_place_in_both_languages() -> None:
    refusal = FileRefused("cell_formula", Where(sheet="名单", cell="B3"))
    assert str(refusal) == "工作表“名单”B3 单元格是公式。请复制后“选择性粘贴—数值”，再重新上传。"
    assert refusal.message_en == (
        "sheet “名单” cell B3 is a formula. Copy the sheet and paste it as values and upload again."
    )


def test_a_place_in_a_text_file_is_line_and_byte() -> None:
    place = Where(line=7, byte=1034)
    assert place.text("zh") == "第 7 行（字节偏移 1034）"
    assert place.text("en") == "line 7 (byte offset 1034)"
    assert Where(part="xl/styles.xml", line=2).text("zh") == "部件 xl/styles.xml 第 2 行"


def test_a_name_out_of_the_file_cannot_dress_up_the_message() -> None:
    assert shown("a\u202eb\nc") == "a·b·c"
    assert shown("长" * 50) == "长" * 40 + "…"
    text = FileRefused("header_duplicate", name="x{where}\u200b", first="A", second="B").message_zh
    assert "x{where}·" in text


def test_refuse_raises_with_its_details() -> None:
    with pytest.raises(FileRefused) as caught:
        refuse("too_many_rows", limit=3)
    assert caught.value.code == "too_many_rows"
    assert caught.value.details == {"limit": 3}
    assert caught.value.where is None


def test_an_unlisted_code_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        sentence("no_such_code", "zh")


def test_flaws_have_sentences_too() -> None:
    assert sentence("extra_cells", "zh").startswith("这一行的内容比表头多")
    assert codes("flaw") == {
        "extra_cells",
        "error_value",
        "control_character",
        "replacement_character",
        "date_out_of_range",
    }


NAME = st.text(max_size=200)  # longer ones are cut
PLACES = st.none() | st.builds(
    Where, line=st.none() | st.integers(1), byte=st.none() | st.integers(0), sheet=NAME, cell=NAME
)


@given(PLACES, st.dictionaries(st.sampled_from(["limit", "size", "part"]), st.integers() | NAME))
def test_a_refusal_survives_the_way_through_json(where: Where | None, details: dict[str, int | str]) -> None:
    refusal = FileRefused("limit_memory", where, **details)
    again = FileRefused.from_json(refusal.to_json())
    assert (again.code, again.where, again.details) == (refusal.code, where, details)


@given(st.lists(st.text(), min_size=1), st.integers(1), st.integers(0), PLACES)
def test_a_reading_survives_the_way_through_json(
    header: list[str], lines: int, blank: int, where: Where | None
) -> None:
    notices = (Notice("encoding_guessed"), Notice("numbers_damaged", where, (("size", 2),)))
    reading = Reading(tuple(header), "utf-8", lines, blank, notices)
    assert Reading.from_json(reading.to_json()) == reading


def test_an_endless_name_is_cut_on_its_way() -> None:
    refusal = FileRefused("zip_path", Where(sheet="s" * 10**6), part="p" * 10**6)
    assert len(str(refusal.to_json())) < 1_000
    assert len(refusal.message_zh) < 200


def test_a_notice_speaks_both_languages() -> None:
    notice = Notice("numbers_damaged", Where(sheet="S", cell="B2"), (("size", 3),))
    assert notice.message_zh.startswith("有 3 个数字单元格超过 15 位有效数字")
    assert "S" in notice.message_en
