"""An error says in Chinese first what is wrong, where, and what to do."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.base.errors import ChengxinError, NotFound, NotPermitted


def test_the_reader_gets_chinese_first_and_the_program_gets_the_parts() -> None:
    error = ChengxinError("row_wrong", "第 3 行不对，请改正", "row 3 is wrong: mend it", where="row 3")
    assert str(error) == "第 3 行不对，请改正 (row 3 is wrong: mend it)"
    assert error.as_dict() == {
        "code": "row_wrong",
        "message": "第 3 行不对，请改正",
        "message_en": "row 3 is wrong: mend it",
        "where": "row 3",
    }


@given(st.text(), st.text(), st.text())
def test_an_error_without_a_place_has_an_empty_one(code: str, chinese: str, english: str) -> None:
    assert ChengxinError(code, chinese, english).as_dict()["where"] == ""


@pytest.mark.parametrize("kind", [ChengxinError, NotPermitted, NotFound])
def test_an_error_of_another_process_arrives_whole(kind: type[ChengxinError]) -> None:
    """The reader of handed-in files and the bulk jobs run in processes of their own."""
    error = kind("code", "中文", "english", where="here")
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - what this test itself has written
    assert type(arrived) is kind
    assert arrived.as_dict() == error.as_dict()
    assert str(arrived) == str(error)
