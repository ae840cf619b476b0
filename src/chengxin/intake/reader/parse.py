"""The whole reading inside one process; the throw-away child runs this, and fuzz tests do."""

import errno
import zipfile
from typing import BinaryIO

from chengxin.intake.reader.delimited import read_delimited
from chengxin.intake.reader.limits import Limits
from chengxin.intake.reader.outcome import FileRefused, Kind, Notice, Reading, Where
from chengxin.intake.reader.sheet import first_content, read_sheet
from chengxin.intake.reader.spool import Spool
from chengxin.intake.reader.workbook import Package, Sheet, Workbook, open_workbook


def parse(fd_in: int, fd_out: int, kind: Kind, encoding: str, limits: Limits) -> Reading:
    """Read an open file into an open spool, in this process and without limits of its own on time and memory.

    Args:
        fd_in: The source, readable and seekable.
        fd_out: The spool, writable and seekable; what it held is dropped.
        kind: What :func:`content.inspect` said.
        encoding: One of :data:`decoding.ENCODINGS`; a workbook ignores it.
        limits: Bounds of the reading.

    Returns:
        The reading.

    Raises:
        FileRefused: The file cannot be taken in; also when memory or the spool's size limit are used up.
        OSError: The spool cannot be written for another reason, such as a full disk.
    """
    try:
        with open(fd_in, "rb", closefd=False) as stream:
            if kind == "xlsx":
                return _read_workbook(stream, fd_out, limits)
            return read_delimited(stream, fd_out, encoding, limits)
    except MemoryError:
        raise FileRefused("limit_memory") from None
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise FileRefused("limit_output", limit=limits.spool_for(kind)) from None


def _read_workbook(stream: BinaryIO, fd_out: int, limits: Limits) -> Reading:
    try:
        file = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError):
        raise FileRefused("zip_broken", part="directory") from None
    with file:
        package = Package(file)
        book = open_workbook(package)
        for sheet in book.sheets:
            if not sheet.visible and first_content(package, book, sheet, limits):
                raise FileRefused("sheet_hidden", Where(sheet=sheet.name))
        spool = Spool(fd_out, "xlsx", limits)
        _read_only_sheet(package, book, limits, spool)
        package.check_rest()
    notices = (Notice("objects_ignored", details=(("part", book.objects),)),) if book.objects else ()
    return spool.finish("xlsx", notices)


def _read_only_sheet(package: Package, book: Workbook, limits: Limits, spool: Spool) -> None:
    """Read the one visible sheet with content; a second one is refused."""
    chosen: Sheet | None = None
    for sheet in book.sheets:
        if not sheet.visible:
            continue
        if chosen is None:
            read_sheet(package, book, sheet, limits, spool)
            chosen = sheet if spool.header else None
        elif first_content(package, book, sheet, limits):
            raise FileRefused("sheet_several", first=chosen.name, second=sheet.name)
