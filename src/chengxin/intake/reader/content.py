"""What a file is, by its content and never by its name: magic bytes only, nothing is parsed here."""

import os
import re
import stat
import struct

from chengxin.intake.reader.archive import check_package
from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused, Kind

_HEAD_BYTES = 65_536
_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "kind_pdf"),
    (b"{\\rtf", "kind_document"),
    (b"\x1f\x8b", "kind_archive"),
    (b"BZh", "kind_archive"),
    (b"\xfd7zXZ\x00", "kind_archive"),
    (b"7z\xbc\xaf\x27\x1c", "kind_archive"),
    (b"Rar!\x1a\x07", "kind_archive"),
    (b"\x28\xb5\x2f\xfd", "kind_archive"),
    (b"\x89PNG", "kind_binary"),
    (b"\xff\xd8\xff", "kind_binary"),
    (b"GIF8", "kind_binary"),
    (b"PAR1", "kind_binary"),
    (b"SQLite format 3\x00", "kind_binary"),
    (b"\x7fELF", "kind_binary"),
    (b"\x00\x00\xfe\xff", "encoding_unsupported"),
    (b"\xff\xfe\x00\x00", "encoding_unsupported"),
    # BIFF2 to BIFF5 streams of Excel 2 to 5 without a compound file round them
    (b"\x09\x00\x04\x00", "kind_xls"),
    (b"\x09\x02\x06\x00", "kind_xls"),
    (b"\x09\x04\x06\x00", "kind_xls"),
    (b"\x09\x08\x08\x00", "kind_xls"),
    (b"\x09\x08\x10\x00", "kind_xls"),
)
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta|style|script|div|title)\b", re.IGNORECASE)
_JSON = re.compile(rb'\{\s*(?:"|\})|\[\s*[\[\{]')
_MIN_ZERO_SHARE = 4


def inspect(fd: int, limits: Limits) -> Kind:
    """Decide what kind of table the open file is.

    Args:
        fd: Open file; its position is not moved.
        limits: Size and package limits.

    Returns:
        ``csv`` for text, ``xlsx`` for a workbook whose package directory is harmless.

    Raises:
        FileRefused: Anything else; the sentence says what it is and how to save it.
    """
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused("not_a_file")
    if status.st_size > limits.max_file_bytes:
        raise FileRefused("file_too_large", size=status.st_size, limit=limits.max_file_bytes)
    head = os.pread(fd, _HEAD_BYTES, 0)
    if head.startswith(_ZIP):
        check_package(fd, status.st_size, limits)
        return "xlsx"
    if head.startswith(_OLE2):
        raise FileRefused(_compound_kind(fd, head))
    for magic, code in _MAGICS:
        if head.startswith(magic):
            raise FileRefused(code)
    code = _text_refusal(head)
    if code:
        raise FileRefused(code)
    return "csv"


def _text_refusal(head: bytes) -> str:
    """Code for text that is no table, or an empty string."""
    if head.startswith(_UTF16_BOMS):
        start = head.decode("utf-16", "ignore").encode("ascii", "ignore").lstrip()
    else:
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if head.count(0) * _MIN_ZERO_SHARE > len(head):
            return "encoding_unsupported" if _looks_like_utf16(head) else "kind_binary"
    code = ""
    if not head:
        code = "file_empty"
    elif _HTML.match(start) or start.startswith(b"MIME-Version:"):
        code = "kind_html"
    elif start.startswith((b"<?xml", b"<!DOCTYPE")):
        code = "kind_html" if _HTML.search(start[:2048]) else "kind_xml"
    elif _JSON.match(start):
        code = "kind_json"
    return code


def _looks_like_utf16(head: bytes) -> bool:
    """Zeros on one side of the byte pairs only: Latin text in UTF-16 without its mark."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return min(even, odd) * 10 < max(even, odd)


def _compound_kind(fd: int, head: bytes) -> str:
    """Tell an old workbook from an encrypted new one by the first directory sector ([MS-CFB] 2.2, 2.6)."""
    shift, first = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 48)[0]
    if shift not in (9, 12):
        return "kind_ole2"
    names = os.pread(fd, 1 << shift, (first + 1) << shift)
    # a protected BIFF workbook has a FILEPASS record instead; it is an .xls first of all, and refused as one
    for name, code in (
        ("EncryptedPackage", "kind_encrypted"),
        ("Workbook", "kind_xls"),
        ("Book", "kind_xls"),
    ):
        if name.encode("utf-16-le") in names:
            return code
    return "kind_ole2"
