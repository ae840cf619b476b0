"""The parts of a workbook around its sheets: which sheets there are, shared texts and number formats.

Every XML part goes through :func:`walk`, which knows namespaces, refuses any DTD before it can declare an
entity, never opens anything outside the package, and compares the size that was declared with the size that
was read.
"""

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from chengxin.intake.reader.outcome import FileRefused, Where, refuse
from chengxin.intake.reader.values import date_kind, unescaped

_CHUNK_BYTES = 1 << 18
_MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_RELATION_ID = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"
_OBJECTS = (
    "xl/comments",
    "xl/threadedcomments/",
    "xl/media/",
    "xl/charts/",
    "xl/drawings/",
    "xl/pivottables/",
)
_ZIP_MAGIC, _OLE2_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OUTSIDE = ("externalLink", "connections")
_TRUE = ("1", "true", "on")

Handler = Callable[[dict[str, str]], None]
Ender = Callable[[], None]


def main_names(table: dict[str, Any]) -> dict[str, Any]:
    """Local names of SpreadsheetML turned into the qualified names of both its namespaces."""
    return {f"{space} {name}": value for name, value in table.items() for space in _MAIN}


@dataclass(frozen=True)
class Sheet:
    """One entry of the workbook: its name, its part, and whether the user sees it."""

    name: str
    part: str
    visible: bool


@dataclass(frozen=True)
class Workbook:
    """What the cells of any sheet refer to.

    Attributes:
        sheets: Worksheets in the order of their tabs.
        strings: Shared texts.
        kinds: For every cell style what :func:`values.date_kind` says of its number format.
        from_1904: Dates count from 1904.
        objects: First part with comments, pictures or charts, or ``""``.
    """

    sheets: tuple[Sheet, ...]
    strings: list[str]
    kinds: tuple[str, ...]
    from_1904: bool
    objects: str


class Package:
    """A package whose directory was already found harmless."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._by_name = {info.filename.lower(): info for info in file.infolist()}
        self.walked: set[str] = set()

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._by_name

    def names(self) -> list[str]:
        """Names of the members, lower case, sorted."""
        return sorted(self._by_name)

    def chunks(self, part: str) -> Iterator[bytes]:
        """The content of a member piece by piece.

        Raises:
            FileRefused: It is missing or damaged, or has another size than declared.
        """
        info = self._by_name.get(part.lower())
        if info is None:
            refuse("xlsx_broken", Where(part=part), problem="缺失 (missing)")
        size = 0
        try:
            with self._file.open(info) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    size += len(chunk)
                    yield chunk
        except zipfile.BadZipFile as error:
            refuse("zip_size_lie" if "CRC" in str(error) else "zip_broken", part=part)
        except (zlib.error, EOFError, NotImplementedError):
            refuse("zip_broken", part=part)
        if size != info.file_size:
            refuse("zip_size_lie", part=part)

    def check_rest(self) -> None:
        """Look into every member that was not needed: sizes, DTDs, and files inside files.

        Raises:
            FileRefused: Any of these.
        """
        for part in self.names():
            if part in self.walked or part.endswith("/"):
                continue
            if part.endswith((".xml", ".rels")):
                self._check_unused(part)
                continue
            first = b""
            for chunk in self.chunks(part):
                first = first or chunk[:4]
            if first in (_ZIP_MAGIC, _OLE2_MAGIC):
                refuse("zip_nested", part=part)

    def _check_unused(self, part: str) -> None:
        """Walk a part that nothing refers to."""
        try:
            walk(self, part)
        except FileRefused as refusal:
            # a part that nothing refers to may be ill-formed; it must not be hostile
            if refusal.code != "xlsx_broken":
                raise


def walk(
    package: Package,
    part: str,
    starts: dict[str, Handler] | None = None,
    ends: dict[str, Ender] | None = None,
    text: Callable[[str], object] | None = None,
) -> None:
    """Run the events of one XML part past handlers; nothing is kept.

    Args:
        package: The workbook.
        part: Name of the part.
        starts: Handlers by qualified element name, called with the attributes.
        ends: Handlers by qualified element name.
        text: Called with all character data.

    Raises:
        FileRefused: A DTD, bad XML, or a lying or missing part.
    """
    package.walked.add(part.lower())
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = lambda *_: refuse("xml_dtd", part=part)
    parser.EntityDeclHandler = lambda *_: refuse("xml_dtd", part=part)
    if starts:
        first = starts.get

        def start(name: str, attributes: dict[str, str]) -> None:
            handler = first(name)
            if handler is not None:
                handler(attributes)

        parser.StartElementHandler = start
    if ends:
        last = ends.get

        def end(name: str) -> None:
            handler = last(name)
            if handler is not None:
                handler()

        parser.EndElementHandler = end
    if text:
        parser.CharacterDataHandler = text
    try:
        for chunk in package.chunks(part):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        refuse("xlsx_broken", Where(line=error.lineno, part=part), problem="XML 有误 (bad XML)")


def open_workbook(package: Package) -> Workbook:
    """Read everything but the sheets.

    Raises:
        FileRefused: No workbook in the package, macros by content type, external links, or damage.
    """
    _check_content_types(package)
    part = next((target for kind, target in _relations(package, "").values() if kind == "officeDocument"), "")
    if not part or part not in package:
        raise FileRefused("kind_zip")
    related = _relations(package, part)
    for kind, target in related.values():
        if kind == "vbaProject":
            raise FileRefused("kind_macro")
        if kind in _OUTSIDE:
            raise FileRefused("xlsx_external", part=target)
    sheets: list[Sheet] = []
    flags: list[bool] = []

    def sheet(attributes: dict[str, str]) -> None:
        identity = next((attributes[name] for name in _RELATION_ID if name in attributes), "")
        kind, target = related.get(identity, ("", ""))
        if kind == "worksheet":
            visible = attributes.get("state", "visible") == "visible"
            sheets.append(Sheet(attributes.get("name", ""), target, visible))
        elif kind.lower().endswith("macrosheet"):
            refuse("kind_macro")

    handlers: dict[str, Handler] = {
        "sheet": sheet,
        "workbookPr": lambda attributes: flags.append(attributes.get("date1904") in _TRUE),
        "externalReference": lambda _: refuse("xlsx_external", part=part),
    }
    walk(package, part, main_names(handlers))
    if not sheets:
        raise FileRefused("header_missing")
    targets = dict(related.values())
    strings = _strings(package, targets["sharedStrings"]) if targets.get("sharedStrings", "") in package else []
    kinds = _styles(package, targets["styles"]) if targets.get("styles", "") in package else ()
    objects = next((name for name in package.names() if name.startswith(_OBJECTS)), "")
    return Workbook(tuple(sheets), strings, kinds, any(flags), objects)


def _check_content_types(package: Package) -> None:
    """Refuse a workbook that calls itself one with macros."""
    space = "http://schemas.openxmlformats.org/package/2006/content-types "

    def declared(attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").lower()
        if "macroenabled" in kind:
            refuse("kind_macro")

    # an extension's default type says nothing about what is inside: some writers list types they never use
    walk(package, "[Content_Types].xml", {space + "Override": declared})


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Inner relationships of a part: identity to (last word of the type, name of the target)."""
    folder, name = posixpath.split(part)
    rels = posixpath.join(folder, "_rels", name + ".rels")
    found: dict[str, tuple[str, str]] = {}

    def relation(attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        full = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        found[attributes.get("Id", "")] = (kind, full)

    if rels in package:
        walk(package, rels, {_RELATIONS: relation})
    return found


def _strings(package: Package, part: str) -> list[str]:
    """Shared texts; phonetic runs (``rPh``), which tell how a name is read, are no part of the text."""
    strings: list[str] = []
    pieces: list[str] = []
    collected: list[str] = []
    phonetic: list[bool] = []

    def take() -> None:
        if not phonetic:
            collected.append("".join(pieces))

    def finish() -> None:
        strings.append(unescaped("".join(collected)))
        collected.clear()

    starts: dict[str, Handler] = {"t": lambda _: pieces.clear(), "rPh": lambda _: phonetic.append(True)}
    ends: dict[str, Ender] = {"t": take, "rPh": phonetic.clear, "si": finish}
    walk(package, part, main_names(starts), main_names(ends), pieces.append)
    return strings


def _styles(package: Package, part: str) -> tuple[str, ...]:
    """For each cell style, in order, whether its format shows a date."""
    codes: dict[int, str] = {}
    formats: list[int] = []
    inside: list[bool] = []

    def number(attributes: dict[str, str], name: str) -> int:
        text = attributes.get(name, "0")
        return int(text) if text.isascii() and text.isdigit() else 0

    def form(attributes: dict[str, str]) -> None:
        codes[number(attributes, "numFmtId")] = attributes.get("formatCode", "")

    def style(attributes: dict[str, str]) -> None:
        if inside:
            formats.append(number(attributes, "numFmtId"))

    starts: dict[str, Handler] = {"numFmt": form, "cellXfs": lambda _: inside.append(True), "xf": style}
    ends: dict[str, Ender] = {"cellXfs": inside.clear}
    walk(package, part, main_names(starts), main_names(ends))
    return tuple(date_kind(identity, codes.get(identity, "")) for identity in formats)
