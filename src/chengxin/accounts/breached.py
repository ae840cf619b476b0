"""Passwords that leaked elsewhere, looked up in a file the city names; nothing of it is loaded, nothing leaves.

The file is the one Have I Been Pwned publishes for download: a line for each password, its SHA-1 in hexadecimal, then
``:`` and how often it was seen, sorted by the digest; lines without the count do as well. It has tens of gigabytes, so
a look-up halves the file until one line is left: 36 seeks and reads of some hundred bytes for 40 GB. SHA-1 is what the
list is made with; it protects nothing here.

A list that is named and cannot be read lets no password through: who asked for it must not believe it is looked at.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chengxin.base.errors import ChengxinError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTING = "CHENGXIN_BREACHED_PASSWORDS"

LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::[0-9]{1,12})?\r?")
"""One line without its end: the digest in upper or lower case, and a count or none."""

LONGEST = 256
"""Bytes a line may have; the published ones have at most 54."""

SAMPLES = 512
"""Places at which the order of a list is looked at before it is trusted."""


@dataclass(frozen=True)
class BreachedList:
    """The list in ``path``: whether a password is in it, and whether it can be used at all."""

    path: Path

    def holds(self, password: str) -> bool:
        """Return whether the password is in the list.

        Compared is the UTF-8 text as it was typed: the list has passwords, not what they mean. Raises ``ChengxinError``
        when the list cannot be used; what is wrong with it, and where it lies, is for the doctor to say.
        """
        wanted = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        try:
            return self.find(wanted.upper().encode())
        except ChengxinError as error:
            raise ChengxinError(
                "password_check_away",
                "泄露口令名单现在不能用，暂时不接受新密码。请告诉系统管理员运行 chengxin doctor，改好后再试",
                "the list of breached passwords cannot be used now, so no new password is accepted: tell the "
                "administrator to run chengxin doctor, and try again once it is mended",
            ) from error

    def find(self, wanted: bytes) -> bool:
        """Return whether the digest ``wanted`` (40 upper-case signs) is in the list.

        Between two offsets it is known that every line that begins before the lower one is smaller, and every line
        that begins at or after the upper one is not.
        """
        with _Opened(self.path) as held:
            low, high = 0, held.size
            while low < high:
                middle = (low + high) // 2
                begin, digest = held.line_from(middle)
                if digest is None or begin >= high:
                    high = middle
                elif digest < wanted:
                    low = begin + 1
                else:
                    high = middle
            return held.line_from(low)[1] == wanted

    def require_usable(self) -> int:
        """Return the bytes of the list after a look at its order in many places.

        Raises ``ChengxinError`` when it cannot be read, is empty, holds a line that is no digest, or is not sorted.
        """
        with _Opened(self.path) as held:
            before = b""
            for digest in held.sampled():
                if digest < before:
                    raise _unusable(self.path, "没有按摘要排序", "is not sorted by the digest")
                before = digest
            if not before:
                raise _unusable(self.path, "是空的", "is empty")
            return held.size


class _Opened:
    """A list that is open for reading, and its size in bytes at that moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise _unreadable(path, error) from None
        held = os.fstat(self._handle)
        self.size = held.st_size
        if not stat.S_ISREG(held.st_mode):
            os.close(self._handle)
            raise _unusable(path, "不是文件", "is no file")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._handle)

    def line_from(self, offset: int) -> tuple[int, bytes | None]:
        """Return where the first line that begins at or after ``offset`` begins, and its digest; None at the end."""
        begin = offset
        if offset:  # a line begins here when the byte before ends one
            skipped = self._read(offset - 1).find(b"\n")
            if skipped < 0:
                return self._no_line(offset)
            begin = offset + skipped
        if begin >= self.size:
            return self.size, None
        line, end, _ = self._read(begin).partition(b"\n")
        fits = LINE.fullmatch(line)
        if fits is None or not (end or begin + len(line) == self.size):
            raise _unusable(
                self._path,
                f"第 {begin} 字节处的一行不是“SHA-1:次数”（NTLM 等其他摘要不能用）",
                f"has a line at byte {begin} that is no SHA-1 with a count (NTLM and other digests will not do)",
            )
        return begin, fits[1].upper()

    def sampled(self) -> Iterator[bytes]:
        """Yield digests in the order of the file: two at each of many places, and those of the last lines."""
        step, last = max(1, self.size // SAMPLES), -1
        places = [*range(0, self.size, step), max(0, self.size - LONGEST)]
        for number, place in enumerate(places):
            lines = 2 if number < len(places) - 1 else LONGEST
            begin, digest = self.line_from(max(place, last + 1))
            while digest is not None and lines:
                yield digest
                last, lines = begin, lines - 1
                begin, digest = self.line_from(begin + 1)

    def _no_line(self, offset: int) -> tuple[int, None]:
        if self.size - (offset - 1) > LONGEST:
            raise _unusable(
                self._path,
                f"第 {offset} 字节后的一行超过 {LONGEST} 字节",
                f"has a line of more than {LONGEST} bytes after byte {offset}",
            )
        return self.size, None

    def _read(self, offset: int) -> bytes:
        try:
            return os.pread(self._handle, LONGEST, offset)
        except OSError as error:
            raise _unreadable(self._path, error) from None


def breached_list(environment: Mapping[str, str]) -> BreachedList | None:
    """Return the list that ``CHENGXIN_BREACHED_PASSWORDS`` names, or None where none is."""
    given = environment.get(SETTING)
    return BreachedList(Path(given)) if given else None


def require_breached_list(environment: Mapping[str, str]) -> None:
    """Raise ``ChengxinError`` when a list is named and cannot be used: said at the start, not at the first password."""
    named = breached_list(environment)
    if named is not None:
        named.require_usable()


def _unreadable(path: Path, error: OSError) -> ChengxinError:
    reason = error.strerror or type(error).__name__
    return _unusable(path, f"读不了（{reason}）", f"cannot be read ({reason})")


def _unusable(path: Path, zh: str, en: str) -> ChengxinError:
    return ChengxinError(
        "breached_list_unusable",
        f"泄露口令名单 {path} {zh}；在改好以前任何新密码都不会被接受。请系统管理员检查设置 {SETTING} 和该文件",
        f"the list of breached passwords {path} {en}; no new password is accepted until that is mended: the "
        f"administrator looks at the setting {SETTING} and at the file",
        where=SETTING,
    )
