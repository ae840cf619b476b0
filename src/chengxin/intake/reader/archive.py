"""The directory of a package is judged before anything in it is unpacked.

The directory is walked by hand (APPNOTE 6.3.10, 4.3.12 and 4.3.16) because a library would build an object
for each of millions of claimed members first.
"""

import os
import struct
from collections import Counter
from dataclasses import dataclass

from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused

_END = struct.Struct("<4s4H2IH")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL_BYTES = 30
_MAX_COMMENT = 65_535
_MAX_DIRECTORY_BYTES = 1 << 20
_ZIP64_LOCATOR_BYTES = 20
_STORED, _DEFLATED = 0, 8
_FLAG_ENCRYPTED, _FLAG_UTF8 = 0x2041, 0x800
_UNIX = 3
_FILE_TYPE, _SYMLINK = 0o170000, 0o120000
_NESTED = (
    ".zip",
    ".7z",
    ".rar",
    ".gz",
    ".jar",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".xls",
    ".docx",
    ".docm",
    ".doc",
    ".pptx",
)
_EXTERNAL = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/", "xl/webextensions/")
_MACROS = ("xl/vbaproject.bin", "xl/macrosheets/", "xl/dialogsheets/")


@dataclass(frozen=True)
class Member:
    """One entry of the directory: name, sizes in bytes and where its local header starts."""

    name: str
    packed: int
    unpacked: int
    offset: int


def check_package(fd: int, size: int, limits: Limits) -> None:
    """Refuse a package that is no plain workbook, or whose directory is hostile.

    Args:
        fd: Open file.
        size: Its size in bytes.
        limits: Members, sizes and ratio allowed.

    Raises:
        FileRefused: With the reason; nothing has been unpacked.
    """
    members = _directory(fd, size, limits)
    _check_sizes(members, limits)
    names = {member.name.lower() for member in members}
    if len(names) != len(members):
        counted = Counter(member.name.lower() for member in members)
        raise FileRefused("zip_duplicate", part=counted.most_common(1)[0][0])
    _check_purpose(names)


def _directory(fd: int, size: int, limits: Limits) -> list[Member]:
    """All entries of the directory; they must fill it exactly and not share bytes."""
    start, length, count = _end_record(fd, size)
    if count > limits.zip_members:
        raise FileRefused("zip_too_many", size=count, limit=limits.zip_members)
    data = os.pread(fd, length, start)
    members, at = [], 0
    for _ in range(count):
        if len(data) - at < _ENTRY.size:
            raise FileRefused("zip_broken", part="directory")
        member, at = _member(data, at)
        members.append(member)
    if at != length:
        raise FileRefused("zip_broken", part="directory")
    end = start
    for member in sorted(members, key=lambda m: m.offset, reverse=True):
        if member.offset + _LOCAL_BYTES + member.packed > end:
            raise FileRefused("zip_size_lie", part=member.name)
        end = member.offset
    return members


def _end_record(fd: int, size: int) -> tuple[int, int, int]:
    """Start, length and number of entries of the directory; ZIP64 is refused, 200 MB need none."""
    tail_at = max(0, size - _MAX_COMMENT - _END.size - _ZIP64_LOCATOR_BYTES)
    tail = os.pread(fd, size - tail_at, tail_at)
    at = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - _END.size + 4))
    if at < 0:
        raise FileRefused("zip_broken", part="end")
    _, disk, first_disk, here, count, length, start, comment = _END.unpack_from(tail, at)
    whole = at + _END.size + comment == len(tail)
    tight = start + length == tail_at + at and length <= _MAX_DIRECTORY_BYTES
    zip64 = at >= _ZIP64_LOCATOR_BYTES and tail[at - _ZIP64_LOCATOR_BYTES :].startswith(b"PK\x06\x07")
    if disk or first_disk or here != count or not whole or not tight or zip64:
        raise FileRefused("zip_broken", part="end")
    return start, length, count


def _member(data: bytes, at: int) -> tuple[Member, int]:
    """One entry of the directory and where the next begins."""
    entry = _ENTRY.unpack_from(data, at)
    signature, made_by, _, flags, method = entry[:5]
    packed, unpacked, name_bytes, extra_bytes, comment_bytes = entry[8:13]
    attributes, offset = entry[15], entry[16]
    raw = data[at + _ENTRY.size : at + _ENTRY.size + name_bytes]
    name = raw.decode("utf-8" if flags & _FLAG_UTF8 else "cp437", "backslashreplace")
    if signature != b"PK\x01\x02":
        raise FileRefused("zip_broken", part="directory")
    if flags & _FLAG_ENCRYPTED:
        raise FileRefused("kind_encrypted")
    if method not in (_STORED, _DEFLATED):
        raise FileRefused("zip_broken", part=name)
    if not name or name.startswith("/") or "\\" in name or ":" in name or "\x00" in name or ".." in name.split("/"):
        raise FileRefused("zip_path", part=name)
    if made_by >> 8 == _UNIX and attributes >> 16 & _FILE_TYPE == _SYMLINK:
        raise FileRefused("zip_link", part=name)
    if method == _STORED and packed != unpacked:
        raise FileRefused("zip_size_lie", part=name)
    return Member(name, packed, unpacked, offset), at + _ENTRY.size + name_bytes + extra_bytes + comment_bytes


def _check_sizes(members: list[Member], limits: Limits) -> None:
    """Ratio of each member and of all together, then the total."""
    total = sum(member.unpacked for member in members)
    packed = sum(member.packed for member in members)
    for member in [*members, Member("*", packed, total, 0)]:
        if member.unpacked > max(limits.zip_ratio_floor_bytes, limits.zip_ratio * member.packed):
            ratio = member.unpacked // max(1, member.packed)
            raise FileRefused("zip_bomb", part=member.name, ratio=ratio, limit=limits.zip_ratio)
    if total > limits.zip_total_bytes:
        raise FileRefused("zip_too_large", size=total, limit=limits.zip_total_bytes)


def _check_purpose(names: set[str]) -> None:
    """What the package is for, told by the members it has."""
    ordered = sorted(names)

    def some(*starts: str) -> str:
        return next((name for name in ordered if name.startswith(starts)), "")

    if "mimetype" in names and "content.xml" in names:
        raise FileRefused("kind_ods")
    if some("word/", "ppt/"):
        raise FileRefused("kind_document")
    if some("xl/workbook.bin"):
        raise FileRefused("kind_xlsb")
    if some(*_MACROS):
        raise FileRefused("kind_macro")
    if "[content_types].xml" not in names:
        raise FileRefused("kind_zip")
    if some(*_EXTERNAL):
        raise FileRefused("xlsx_external", part=some(*_EXTERNAL))
    nested = next((name for name in ordered if name.endswith(_NESTED)), "")
    if nested:
        raise FileRefused("zip_nested", part=nested)
