"""What searching by name promises: the body is found however it is called, and the reasons say why."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengxin.kernel.names import Verdict
from chengxin.kernel.names.search import Candidate, NameIndex

NAMES = (
    (1, "昆山市禾映电子科技有限公司", "current"),
    (2, "昆山市禾映电子科技有限公司苏州分公司", "current"),
    (3, "上海农村商业银行股份有限公司", "current"),
    (4, "贵州茅台酒股份有限公司", "current"),
    (5, "江苏昆山农村商业银行股份有限公司", "current"),
    (6, "昆山启岳精密机械有限公司", "current"),
    (6, "昆山启岳五金厂", "former"),
    (7, "京东方科技集团股份有限公司", "current"),
    (8, "昆山市第一中学", "current"),
    (9, "昆山市第二中学", "current"),
    (10, "花桥镇禾映小吃店", "current"),
    (11, "Heying Electronics (Kunshan) Co., Ltd.", "english"),
    (12, "广东电力发展股份有限公司", "current"),
    (13, "太仓嘉铭物流有限公司", "current"),
    (14, "苏州嘉铭电子科技（昆山）有限公司", "current"),
    (15, "昆山川博金属制品有限公司", "current"),
    (16, "昆山博川金属制品有限公司", "current"),
)


@pytest.fixture(scope="module")
def index() -> NameIndex[int]:
    return NameIndex(NAMES)


def best(index: NameIndex[int], text: str) -> Candidate[int]:
    return index.search(text)[0]


def codes(candidate: Candidate[int]) -> set[str]:
    return {reason.code for reason in candidate.reasons}


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        ("茅台", 4),
        ("贵州茅台", 4),
        ("沪农商行", 3),
        ("昆山农商行", 5),
        ("昆山农商银行", 5),
        ("京东方A", 7),
        ("京东方", 7),
        ("*ST茅台", 4),
        ("粤电力A", 12),
        ("启岳精密", 6),
        ("启岳五金厂", 6),
        ("一中", 8),
        ("昆山一中", 8),
        ("二中", 9),
        ("第二中学", 9),
        ("maotai", 4),
        ("guizhoumaotai", 4),
        ("gzmt", 4),
        ("kunshan qiyue", 6),
        ("ksqy", 6),
        ("昆山qiyue", 6),
        ("ks启岳", 6),
        ("qiyuejingmi", 6),
        ("jiaming wuliu", 13),
        ("tcjm", 13),
        ("HEYING ELECTRONICS", 11),
        ("heying electronics kunshan", 11),
        ("嘉铭（昆山）", 14),
        ("嘉铭电子昆山", 14),
    ],
)
def test_a_short_name_a_part_an_abbreviation_and_pinyin_find_the_body(
    index: NameIndex[int], asked: str, body: int
) -> None:
    assert best(index, asked).id == body


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        ("昆山启月精密机械有限公司", 6),  # sounds alike
        ("昆山启岳精密机戒有限公司", 6),  # sounds alike in the trade
        ("昆山启岳精机械有限公司", 6),  # one lost
        ("昆山启启岳精密机械有限公司", 6),  # one doubled
        ("昆山启岳密精机械有限公司", 6),  # two swapped
        ("昆山啓嶽精密機械有限公司", 6),  # traditional
        ("太仓嘉铭物流", 13),  # form lost
        ("江苏省太仓市嘉铭物流有限责任公司", 13),  # province added, form long
        ("嘉名物流", 13),  # a short name that sounds alike
        ("贵卅茅台酒股份有限公司", 4),  # looks alike
        ("昆山博川金属制品有限公司", 16),  # two brands that mirror one another
    ],
)
def test_a_slip_of_typing_does_not_hide_the_body(index: NameIndex[int], asked: str, body: int) -> None:
    assert best(index, asked).id == body


def test_the_whole_name_is_found_as_the_same_and_leads(index: NameIndex[int]) -> None:
    for body, name, _kind in NAMES:
        found = best(index, name)
        assert (found.id, found.verdict) == (body, Verdict.SAME)
        assert found.score >= 0.85


def test_branch_and_parent_are_two_candidates_and_the_one_asked_for_leads(index: NameIndex[int]) -> None:
    parent, branch = index.search("昆山市禾映电子科技有限公司")[:2]
    assert (parent.id, parent.verdict) == (1, Verdict.SAME)
    assert (branch.id, branch.verdict) == (2, Verdict.DIFFERENT)
    assert "branch_and_parent" in codes(branch)
    asked_for = index.search("昆山市禾映电子科技有限公司苏州分公司")
    assert [one.id for one in asked_for[:2]] == [2, 1]


def test_a_short_name_brings_the_parent_before_its_branch_and_says_that_the_branch_is_another(
    index: NameIndex[int],
) -> None:
    found = {one.id: one for one in index.search("禾映电子")}
    assert found[1].score > found[2].score
    assert found[1].verdict is Verdict.REVIEW
    assert found[2].verdict is Verdict.DIFFERENT
    assert "branch_found" in codes(found[2])


def test_a_short_name_never_attaches_by_itself(index: NameIndex[int]) -> None:
    for asked in ("茅台", "沪农商行", "maotai", "ksqy", "禾映"):
        assert best(index, asked).verdict is Verdict.REVIEW
        assert best(index, asked).score < 0.85


def test_the_reasons_say_in_words_how_the_body_was_found(index: NameIndex[int]) -> None:
    wanted = {
        "茅台": "contained",
        "昆山农商行": "abbreviated",
        "maotai": "pinyin",
        "ksqy": "initials",
        "嘉名物流": "slip",
        "京东方A": "mark_ignored",
        "沪农商行": "place_letter",
        "启岳五金": "former_name",
    }
    for asked, code in wanted.items():
        candidate = best(index, asked)
        assert code in codes(candidate), asked
        for reason in candidate.reasons:
            assert reason.message_zh.endswith("。")
            assert reason.message_en.endswith(".")


def test_the_reason_of_a_place_letter_names_the_place(index: NameIndex[int]) -> None:
    messages = [reason.message_zh for reason in best(index, "沪农商行").reasons]
    assert "“沪”是“上海”的简称。" in messages
    assert not any("读音或字形相近" in one for one in messages)


def test_a_body_of_two_names_is_given_once_by_the_better_one(index: NameIndex[int]) -> None:
    found = [one for one in index.search("启岳五金厂") if one.id == 6]
    assert [(one.name, one.name_kind) for one in found] == [("昆山启岳五金厂", "former")]


def test_no_more_candidates_than_asked_for_and_the_best_first(index: NameIndex[int]) -> None:
    for top in (1, 2, 5):
        found = index.search("昆山", top)
        assert len(found) == min(top, 5)
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_nothing_finds_nothing() -> None:
    assert NameIndex[int]([]).search("茅台") == []
    assert NameIndex[int]([]).containing("茅台") == []
    assert NameIndex([(1, "", "current")]).search("茅台") == []
    full = NameIndex([(1, "贵州茅台酒股份有限公司", "current")])
    assert len(full) == 1
    for asked in ("", "   ", "（）", "·", "\x00", "\ud800"):
        assert full.search(asked) == []


def test_two_characters_are_found_wherever_they_stand_page_by_page(index: NameIndex[int]) -> None:
    wanted = {name for _, name, _ in NAMES if "昆山" in name}
    seen: list[str] = []
    after = -1
    while page := index.containing("昆山", after=after, limit=3):
        assert len(page) <= 3
        seen += [name for _, _, name in page]
        after = page[-1][0]
    assert sorted(seen) == sorted(wanted)


def test_a_longer_part_is_found_only_where_it_stands_in_one_piece(index: NameIndex[int]) -> None:
    assert {one for _, one, _ in index.containing("农村商业银行")} == {3, 5}
    assert index.containing("农商行") == []
    assert index.containing("台") == []
    assert {one for _, one, _ in index.containing("科技（昆山）")} == {14}


CHARACTERS = st.sampled_from(
    "昆山市禾映电子科技有限公司分上海农村商业银行茅台酒股份（）()ABkunshan*第一二·　 \U00020000\ud800\x00"
)
TEXTS = st.one_of(st.text(max_size=40), st.text(CHARACTERS, max_size=40))


@settings(deadline=None)
@given(TEXTS)
def test_every_text_has_an_answer(index: NameIndex[int], text: str) -> None:
    found = index.search(text)
    assert len(found) <= 5
    assert len({one.id for one in found}) == len(found)
    for one in found:
        assert 0 <= one.score <= 1
        assert one.reasons
    assert len(index.containing(text)) <= len(NAMES)


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_names_of_any_kind_can_be_indexed_and_a_name_finds_itself(names: list[str]) -> None:
    index = NameIndex((place, name, "current") for place, name in enumerate(names))
    for name in names:
        found = index.search(name, top=len(names))
        if found:
            assert found[0].score >= max(one.score for one in found)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([name for _, name, _ in NAMES]), st.integers(0, 20), st.integers(2, 6))
def test_every_part_of_a_name_is_found_in_it(index: NameIndex[int], name: str, start: int, length: int) -> None:
    part = name[start : start + length]
    letters = [one for one in part if one.isalnum()]
    if len(letters) < 2:
        return
    assert name in {found for _, _, found in index.containing(part)}


def test_a_wrong_character_in_a_brand_of_two_is_found_by_what_stands_around_it() -> None:
    index = NameIndex([(1, "昆山禾映科技有限公司", "current"), (2, "昆山嘉铭科技有限公司", "current")])
    assert best(index, "昆山禾杓科技有限公司").id == 1
