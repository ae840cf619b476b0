"""What differs between row and body is marked, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chengxin.ends.office.review_show import causes, compare, effects, outcomes, verdicts
from chengxin.ends.office.templatetags.review import entry
from chengxin.records.models import LinkDecision

NAMES = st.text(alphabet="昆山市甲乙丙丁有限公司（）()ABCabc ", max_size=20)


def marked(text: str, other: str) -> str:
    return "".join(f"[{one.text}]" if one.differs else one.text for one in compare(text, other))


def test_the_differing_characters_are_marked() -> None:
    assert marked("昆山甲乙科技有限公司", "昆山甲丙科技有限公司") == "昆山甲[乙]科技有限公司"
    assert marked("91320583MA1X", "91320583MA1Y") == "91320583MA1[X]"


def test_the_way_of_writing_is_no_difference() -> None:
    assert marked("昆山（甲）有限公司", "昆山(甲)有限公司") == "昆山（甲）有限公司"
    assert marked("ＡＢＣ有限公司", "abc有限公司") == "ＡＢＣ有限公司"


def test_beside_nothing_nothing_is_marked() -> None:
    assert marked("91320583MA1X", "") == "91320583MA1X"


@given(NAMES, NAMES)
def test_the_pieces_are_the_text_and_equal_texts_have_no_mark(text: str, other: str) -> None:
    assert "".join(one.text for one in compare(text, other)) == text
    assert not any(one.differs for one in compare(text, text))


def test_every_outcome_has_words() -> None:
    assert set(outcomes()) == set(LinkDecision.Outcome.values)
    assert entry(effects(), "tied") == "已关联"
    assert entry(verdicts(), "review") == "名称相近"
    assert entry(causes(), "unheard_of") == "unheard_of"
