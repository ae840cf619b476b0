"""Leaked passwords are looked up in a file as it is published: every one of it is found, and no other."""

from __future__ import annotations

import hashlib
import os
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengxin.accounts import breached
from chengxin.accounts.breached import BreachedList, breached_list, require_breached_list
from chengxin.accounts.passwords import check_password
from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from pathlib import Path

LINES = 100_000
GOOD = "correct horse battery staple"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def listed(path: Path, lines: list[str], end: str = "\n", *, last: bool = True) -> BreachedList:
    path.write_bytes((end.join(lines) + (end if last and lines else "")).encode())
    return BreachedList(path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> BreachedList:
    """A list of 100,000 passwords in the form that is published: sorted, counts of one to eight figures, CRLF."""
    drawn = random.Random(1)  # noqa: S311 - counts of a test
    lines = sorted(
        f"{digest(f'password {number}')}:{drawn.randint(1, 10 ** drawn.randint(1, 8))}" for number in range(LINES)
    )
    return listed(tmp_path_factory.mktemp("breached") / "pwned.txt", lines, "\r\n")


def test_every_hundredth_of_a_published_list_is_found_and_the_first_and_the_last(published: BreachedList) -> None:
    lines = published.path.read_bytes().splitlines()
    assert len(lines) == LINES
    for number in range(0, LINES, 100):
        assert published.holds(f"password {number}")
    assert published.find(lines[0][:40])
    assert published.find(lines[-1][:40])


@given(st.integers(0, LINES - 1))
def test_whatever_is_in_the_list_is_found(published: BreachedList, number: int) -> None:
    assert published.holds(f"password {number}")


@given(st.text(max_size=40))
def test_what_is_not_in_the_list_is_not_found(published: BreachedList, password: str) -> None:
    assert not published.holds(f"no {password}")


def test_a_look_up_reads_a_few_lines_and_not_the_file(published: BreachedList, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    pread = os.pread

    def counting(handle: int, size: int, offset: int) -> bytes:
        read.append(size)
        return pread(handle, size, offset)

    monkeypatch.setattr("os.pread", counting)
    assert published.holds("password 77")
    size = published.path.stat().st_size
    assert size > 4_000_000
    assert len(read) <= 2 * size.bit_length() + 2, "logarithmic"
    assert sum(read) < 16_384


@given(
    st.sets(st.binary(min_size=20, max_size=20), min_size=1, max_size=60),
    st.lists(st.sampled_from(["", ":1", ":27", ":123456789012"]), min_size=1, max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
    st.binary(min_size=20, max_size=20),
)
def test_lines_of_any_length_ending_and_case_are_found_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    held: set[bytes],
    counts: list[str],
    end: str,
    last: bool,  # noqa: FBT001 - drawn
    lower: bool,  # noqa: FBT001 - drawn
    other: bytes,
) -> None:
    digests = sorted(one.hex() if lower else one.hex().upper() for one in held)
    lines = [f"{one}{counts[at % len(counts)]}" for at, one in enumerate(digests)]
    made = listed(tmp_path_factory.getbasetemp() / "any.txt", lines, end, last=last)
    assert made.require_usable() == made.path.stat().st_size
    for one in held:
        assert made.find(one.hex().upper().encode())
    assert made.find(other.hex().upper().encode()) == (other in held)


def test_the_ends_of_the_order_are_found_too(tmp_path: Path) -> None:
    made = listed(tmp_path / "few.txt", ["0" * 40, "F" * 40])
    assert made.find(b"0" * 40)
    assert made.find(b"F" * 40)
    assert not made.find(b"0" * 39 + b"1")
    assert not made.find(b"F" * 39 + b"E")


def refusal(path: Path) -> ChengxinError:
    with pytest.raises(ChengxinError) as caught:
        BreachedList(path).require_usable()
    assert (caught.value.code, caught.value.where) == ("breached_list_unusable", "CHENGXIN_BREACHED_PASSWORDS")
    assert str(path) in caught.value.message_zh
    return caught.value


def test_a_list_that_is_missing_empty_or_a_folder_is_said(tmp_path: Path) -> None:
    assert "读不了" in refusal(tmp_path / "none.txt").message_zh
    (tmp_path / "empty.txt").touch()
    assert "是空的" in refusal(tmp_path / "empty.txt").message_zh
    assert "is no file" in refusal(tmp_path).message_en


def test_a_pipe_is_no_list_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "不是文件" in refusal(tmp_path / "pipe").message_zh


def test_a_list_sorted_by_how_often_it_was_seen_is_refused(published: BreachedList, tmp_path: Path) -> None:
    lines = published.path.read_text(encoding="ascii").splitlines()
    by_count = sorted(lines, key=lambda line: -int(line.partition(":")[2]))
    assert "没有按摘要排序" in refusal(listed(tmp_path / "by-count.txt", by_count).path).message_zh


def test_an_unsorted_end_is_noticed(published: BreachedList, tmp_path: Path) -> None:
    lines = published.path.read_text(encoding="ascii").splitlines()
    assert "not sorted" in refusal(listed(tmp_path / "end.txt", [*lines, lines[0]]).path).message_en


@pytest.mark.parametrize(
    "line",
    [
        "8846F7EAEE8FB117AD06BDD830B7586C:5",
        "password",
        "",
        "G" * 40,
        "0" * 41,
        f"{'0' * 40}:",
        f"{'0' * 40}:x",
        "0" * 999,
    ],
)
def test_ntlm_and_other_lines_are_no_list(tmp_path: Path, line: str) -> None:
    assert refusal(listed(tmp_path / "wrong.txt", ["0" * 40, line, "F" * 40]).path)


def test_a_leaked_password_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_password(GOOD, "zhang")
    monkeypatch.setenv("CHENGXIN_BREACHED_PASSWORDS", str(listed(tmp_path / "leaked.txt", [f"{digest(GOOD)}:3"]).path))
    with pytest.raises(ChengxinError) as caught:
        check_password(GOOD, "zhang")
    assert (caught.value.code, caught.value.where) == ("password_breached", "zhang")
    assert "泄露" in caught.value.message_zh
    assert "choose another" in caught.value.message_en
    check_password(GOOD + "!", "zhang")


def test_while_a_named_list_cannot_be_used_no_password_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHENGXIN_BREACHED_PASSWORDS", str(tmp_path / "gone.txt"))
    with pytest.raises(ChengxinError) as caught:
        check_password(GOOD, "zhang")
    assert caught.value.code == "password_check_away"
    assert "系统管理员" in caught.value.message_zh
    assert str(tmp_path) not in caught.value.message_zh + caught.value.message_en, (
        "where it lies is not an officer's business"
    )


def test_a_list_that_breaks_in_the_middle_is_noticed_by_the_look_up(tmp_path: Path) -> None:
    made = listed(tmp_path / "middle.txt", ["0" * 40, "?" * 54, "F" * 40])
    with pytest.raises(ChengxinError) as caught:
        made.holds(GOOD)
    assert caught.value.code == "password_check_away"


def test_without_the_setting_there_is_no_list_and_with_it_the_start_looks(tmp_path: Path) -> None:
    assert breached_list({}) is None
    assert breached_list({breached.SETTING: ""}) is None
    require_breached_list({})
    with pytest.raises(ChengxinError):
        require_breached_list({breached.SETTING: str(tmp_path / "none.txt")})
    require_breached_list({breached.SETTING: str(listed(tmp_path / "good.txt", ["0" * 40]).path)})
