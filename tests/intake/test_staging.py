"""A department's cells become one clean text per field: dates, amounts, codes and coded values in one form each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengxin.intake.staging import CANONICAL_DOCUMENT
from chengxin.kernel.documents import normalise_document_number
from chengxin.testing.city import row, uscc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Stage = Callable[..., Any]


def one_field(staged: Stage, key: str, texts: list[str], item: str = "penalty", generation: str = "G3") -> list[str]:
    """Return what the texts of one field become in ``staged``, in their order."""
    made = staged(item, generation, [row(item, generation, number, **{key: text}) for number, text in enumerate(texts)])
    return [value for (value,) in made.select(f"SELECT {key} FROM staged ORDER BY row_number")]  # noqa: S608


CASES = {
    "decided_on": {
        "2026-02-27": "2026-02-27",
        "2026/2/7": "2026-02-07",
        "20260227": "2026-02-27",
        "2026年2月27日": "2026-02-27",
        "２０２６－０２－２７": "2026-02-27",
        "2099/12/31": "长期",
        "2026-02-30": "",
        "不详": "",
    },
    "fine_amount": {
        "1.5": "1.5",
        "1.50": "1.5",
        "15000元": "1.5",
        "１．５万元": "1.5",
        "1,234.5": "1234.5",
        "0": "0",
        "很多": "",
    },
    "subject_category": {"法人": "法人", "02": "法人", "个体户": "个体工商户", " 企业法人 ": "法人", "外星人": ""},
    "penalty_kind": {
        "罚款": "罚款",
        "警告；罚款": "警告;罚款",
        "罚款，没收违法所得": "罚款;没收违法所得",
        "吊销营业执照": "吊销许可证件",
        "其他-责令改正": "其他-责令改正",
        "罚金": "",
    },
    "uscc": {
        uscc(1): uscc(1),
        uscc(1).lower(): uscc(1),
        f" {uscc(1)[:6]} {uscc(1)[6:]}\u200b": uscc(1),
        "".join(chr(ord(sign) + 0xFEE0) for sign in uscc(1)): uscc(1),
        "不详": "不详",
    },
    "document_number": {
        "昆市监罚〔2026〕1号": "昆市监罚〔2026〕1号",
        "昆市监罚[2026]1号": "昆市监罚〔2026〕1号",
        "昆市监罚（2026）1号": "昆市监罚〔2026〕1号",
        "昆市监罚【２０２６】１号": "昆市监罚〔2026〕1号",
    },
    "facts": {"  甲 乙  ": "甲 乙", "\u200b甲\ufeff": "甲", "⼈民": "人民"},
}


@pytest.mark.parametrize("key", CASES)
def test_each_kind_of_field_is_brought_to_one_form(staged: Stage, key: str) -> None:
    assert one_field(staged, key, list(CASES[key])) == list(CASES[key].values())


def test_every_field_of_the_item_is_there_whatever_the_list_holds(staged: Stage) -> None:
    made = staged("penalty", "G1", [row("penalty", "G1")])
    columns = [name for name, *_ in made.select("DESCRIBE staged")]
    assert columns == ["row_number", *(field.key for field in made.item.fields)]
    assert made.select("SELECT violation_type, issuer_code FROM staged") == [("", "")]


def test_what_could_not_be_read_keeps_its_text_and_the_readers_sentence(staged: Stage) -> None:
    made = staged("penalty", "G3", [row("penalty", "G3", 1, decided_on="2026-02-30", fine_amount="很多")])
    assert made.select("SELECT decided_on, fine_amount FROM cleaned") == [("2026-02-30", "很多")]
    faults = dict(made.select("SELECT field, fault FROM reading WHERE fault <> ''"))
    assert set(faults) == {"decided_on", "fine_amount"}
    assert "2026-02-30" in faults["decided_on"]


def test_the_raw_rows_are_the_departments_cells(staged: Stage) -> None:
    written = row("penalty", "G3", 1, facts="  甲 乙  ", uscc=uscc(1).lower())
    made = staged("penalty", "G3", [written])
    (cells,) = made.select(f"SELECT {', '.join(f'c{place}' for place in range(len(written)))} FROM raw")  # noqa: S608
    assert list(cells) == list(written.values())


def test_codes_are_judged_once_for_each_text(staged: Stage) -> None:
    suspect = uscc(2)[:17] + ("0" if uscc(2)[17] != "0" else "1")
    rows = [row("penalty", "G3", number, uscc=code) for number, code in enumerate((uscc(1), uscc(1), suspect, "甲"))]
    made = staged("penalty", "G3", rows)
    judged = made.select("SELECT text, verdict FROM judged WHERE field = 'uscc' ORDER BY verdict DESC")
    assert judged == [(uscc(1), "valid"), (suspect, "suspect"), ("甲", "invalid")]


def test_columns_may_stand_in_any_order_under_their_code_names(staged: Stage, tmp_path: Path) -> None:
    names = "CF_SY CF_WSH CF_XDR_MC CF_YJ CF_CFLB CF_NR CF_JDRQ CF_CFJG CF_XDR_SHXYM CF_WFXW CF_YXQ CF_CFJGDM CF_SJLY"
    cells = ["甲", "昆罚[2026]1号", "乙", "丙", "罚款", "丁", "20260227", "戊"]
    path = tmp_path / "codes.csv"
    path.write_text(f"{names.replace(' ', ',')},CF_SJLYDM,CF_XDR_LB\n{','.join(cells)}\n", encoding="gb18030")
    made = staged("penalty", "G3", [], path=path)
    assert made.match.generation == "G3"
    query = "SELECT facts, document_number, subject_name, decided_on FROM staged"
    assert made.select(query) == [("甲", "昆罚〔2026〕1号", "乙", "2026-02-27")]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.from_regex(CANONICAL_DOCUMENT.replace("[一-鿿]", "[昆市监罚]"), fullmatch=True))
def test_a_document_number_that_is_not_read_is_already_in_its_form(number: str) -> None:
    assert normalise_document_number(number) == number


def test_rows_with_a_radical_are_counted_and_others_are_not(staged: Stage) -> None:
    texts = ["⼈民", "人民", "甲⼄⼄", "", "⼀"]
    rows = [row("penalty", "G3", number, facts=text, remarks=text) for number, text in enumerate(texts)]
    made = staged("penalty", "G3", rows)
    assert made.select("SELECT row_number FROM rows WHERE radical ORDER BY 1") == [(2,), (4,), (6,)]


def test_the_place_of_what_is_wrong_with_a_code_is_told_once_a_text(staged: Stage) -> None:
    sound = uscc(1)
    odd = [sound[:4] + "O" + sound[5:], sound[:17] + "Z", sound[:12], sound]
    made = staged("penalty", "G3", [row("penalty", "G3", number, uscc=text) for number, text in enumerate(odd)])
    told = dict(made.select("SELECT text, why FROM judged WHERE field = 'uscc'"))
    assert told[odd[0]].startswith("第 5 位是“O”")
    assert told[odd[1]].startswith("第 18 位是“Z”")
    assert told[odd[2]] == "", "its length is what the rule itself says"
    assert told[sound] == ""
