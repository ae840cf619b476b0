"""Makers of files, good and hostile, and a reading in this process, for all tests of the reader."""

import csv
import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chengxin.intake.reader import DEFAULT, FileRefused, Limits, Reading
from chengxin.intake.reader.content import inspect
from chengxin.intake.reader.parse import parse

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT_TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
ROOT_RELS = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
TWO_ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>甲</t></is></c></row>'
)


def _rows(fd: int) -> list[list[str]]:
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, encoding="utf-8", newline="", closefd=False) as spool:
        return list(csv.reader(spool, strict=True))


@pytest.fixture(scope="session")
def spool_rows() -> Callable[[Path], list[list[str]]]:
    """The records of a spool file."""

    def rows(path: Path) -> list[list[str]]:
        with path.open("rb") as spool:
            return _rows(spool.fileno())

    return rows


@pytest.fixture(scope="session")
def read_inline() -> Callable[..., tuple[Reading, list[list[str]]]]:
    """Read bytes in this process: the reading and the records of its spool."""

    def read(data: bytes, encoding: str = "auto", limits: Limits = DEFAULT) -> tuple[Reading, list[list[str]]]:
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
            source.write(data)
            source.flush()
            kind = inspect(source.fileno(), limits)
            reading = parse(source.fileno(), spool.fileno(), kind, encoding, limits)
            return reading, _rows(spool.fileno())

    return read


@pytest.fixture(scope="session")
def refusal(read_inline: Callable[..., tuple[Reading, list[list[str]]]]) -> Callable[..., FileRefused]:
    """The refusal that bytes meet when read in this process."""

    def refuse(data: bytes, encoding: str = "auto", limits: Limits = DEFAULT) -> FileRefused:
        with pytest.raises(FileRefused) as caught:
            read_inline(data, encoding, limits)
        return caught.value

    return refuse


@pytest.fixture(scope="session")
def attempt(
    read_inline: Callable[..., tuple[Reading, list[list[str]]]],
) -> Callable[..., tuple[Reading | FileRefused, list[list[str]]]]:
    """Read bytes in this process: the reading and its records, or the refusal and none."""

    def outcome(data: bytes) -> tuple[Reading | FileRefused, list[list[str]]]:
        try:
            return read_inline(data)
        except FileRefused as refused:
            return refused, []

    return outcome


@pytest.fixture(scope="session")
def make_package() -> Callable[..., bytes]:
    """A ZIP with the given members."""

    def make(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as file:
            for name, content in parts.items():
                file.writestr(name, content)
        return out.getvalue()

    return make


@pytest.fixture(scope="session")
def workbook_parts() -> Callable[..., dict[str, str | bytes]]:
    """Members of a workbook with the given sheet XML; hostile tests change single ones."""

    def parts(
        rows: str = TWO_ROWS,
        *,
        before: str = "",
        after: str = "",
        strings: str = "",
        styles: str = "",
        properties: str = "",
        more: Mapping[str, tuple[str, str]] | None = None,
    ) -> dict[str, str | bytes]:
        """``more``: further sheets as name to (state, rows)."""
        sheets = {"名单": ("visible", rows), **(more or {})}
        listed, relations = "", ""
        made: dict[str, str | bytes] = {"[Content_Types].xml": CONTENT_TYPES, "_rels/.rels": ROOT_RELS}
        for number, (name, (state, content)) in enumerate(sheets.items(), 1):
            listed += f'<sheet name="{name}" sheetId="{number}" state="{state}" r:id="s{number}"/>'
            relations += f'<Relationship Id="s{number}" Type="{OFFICE}/worksheet" Target="worksheets/s{number}.xml"/>'
            head, tail = (before, after) if number == 1 else ("", "")
            made[f"xl/worksheets/s{number}.xml"] = (
                f'<worksheet xmlns="{MAIN}">{head}<sheetData>{content}</sheetData>{tail}</worksheet>'
            )
        if strings:
            made["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
            relations += f'<Relationship Id="st" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        if styles:
            made["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
            relations += f'<Relationship Id="sy" Type="{OFFICE}/styles" Target="styles.xml"/>'
        made["xl/workbook.xml"] = (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets></workbook>'
        )
        made["xl/_rels/workbook.xml.rels"] = (
            f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>'
        )
        return made

    return parts


@pytest.fixture(scope="session")
def make_workbook(
    make_package: Callable[..., bytes], workbook_parts: Callable[..., dict[str, str | bytes]]
) -> Callable[..., bytes]:
    """A workbook of hand-written XML; takes what ``workbook_parts`` takes."""

    def make(rows: str = TWO_ROWS, **options: object) -> bytes:
        return make_package(workbook_parts(rows, **options))

    return make
