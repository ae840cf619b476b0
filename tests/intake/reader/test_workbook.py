"""The parts of a workbook round its sheets."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from chengxin.intake.reader import FileRefused, Reading
from chengxin.intake.reader.workbook import Package, open_workbook

Parts = dict[str, str | bytes]
Read = Callable[..., tuple[Reading, list[list[str]]]]
Refusal = Callable[..., FileRefused]
Make = Callable[..., bytes]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)


@pytest.fixture
def opened(make_package: Make, workbook_parts: Callable[..., Parts]) -> Callable[..., Package]:
    def package(**options: object) -> Package:
        return Package(zipfile.ZipFile(io.BytesIO(make_package(workbook_parts(**options)))))

    return package


def test_sheets_keep_their_order_and_their_visibility(opened: Callable[..., Package]) -> None:
    book = open_workbook(opened(more={"字典": ("hidden", ""), "参数": ("veryHidden", ""), "附表": ("visible", "")}))
    assert [(sheet.name, sheet.visible) for sheet in book.sheets] == [
        ("名单", True),
        ("字典", False),
        ("参数", False),
        ("附表", True),
    ]


def test_phonetic_runs_are_no_text(opened: Callable[..., Package]) -> None:
    strings = (
        "<si><t>漢字</t><rPh sb='0' eb='2'><t>カンジ</t></rPh></si>"
        "<si><r><t>甲 </t></r><r><t xml:space='preserve'> 乙</t></r><rPh><t>x</t></rPh></si><si><t/></si>"
        "<si><t>a_x000D_b</t></si>"
    )
    assert open_workbook(opened(strings=strings)).strings == ["漢字", "甲  乙", "", "a\rb"]


def test_styles_tell_dates(opened: Callable[..., Package]) -> None:
    styles = (
        '<numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="x"/></cellXfs>'
    )
    assert open_workbook(opened(styles=styles)).kinds == ("", "date", "date", "")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False)])
def test_the_date_system_is_read(opened: Callable[..., Package], value: str, *, expected: bool) -> None:
    assert open_workbook(opened(properties=f'<workbookPr date1904="{value}"/>')).from_1904 is expected


def test_comments_and_pictures_are_mentioned(
    read_inline: Read, make_package: Make, workbook_parts: Callable[..., Parts]
) -> None:
    reading, _ = read_inline(make_package({**workbook_parts(), "xl/comments1.xml": "<x/>"}))
    assert [n.code for n in reading.notices] == ["objects_ignored"]


@pytest.mark.parametrize(
    "part",
    [
        "xl/workbook.xml",
        "xl/worksheets/s1.xml",
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/theme/t.xml",
        "docProps/a.xml",
    ],
)
def test_a_dtd_in_any_part_is_refused_with_the_true_reason(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts], part: str
) -> None:
    parts = workbook_parts()
    parts[part] = LAUGHS + str(parts.get(part, "<x>&d;</x>"))
    refused = refusal(make_package(parts))
    assert refused.code == "xml_dtd"
    assert "DTD" in refused.message_zh
    assert str(refused.details["part"]).lower() == part.lower()


def test_a_dtd_in_utf16_is_seen(refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts]) -> None:
    xml = '<?xml version="1.0" encoding="utf-16"?>' + LAUGHS + "<x>&d;</x>"
    assert refusal(make_package({**workbook_parts(), "xl/t.xml": xml.encode("utf-16")})).code == "xml_dtd"


def test_a_bad_part_that_nothing_uses_is_no_reason_to_refuse(
    read_inline: Read, make_package: Make, workbook_parts: Callable[..., Parts]
) -> None:
    assert read_inline(make_package({**workbook_parts(), "custom/x.xml": "<a><b></a>"}))[0].lines == 1


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/s1.xml", "xl/_rels/workbook.xml.rels"])
def test_bad_xml_in_a_part_that_counts_is_refused_with_its_name(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts], part: str
) -> None:
    refused = refusal(make_package({**workbook_parts(), part: "<a><b></a>"}))
    assert refused.code == "xlsx_broken"
    assert part in refused.message_zh


def test_a_sheet_that_is_listed_but_missing_is_refused(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts]
) -> None:
    parts = workbook_parts()
    del parts["xl/worksheets/s1.xml"]
    refused = refusal(make_package(parts))
    assert refused.code == "xlsx_broken"
    assert "缺失" in refused.message_zh


def test_a_package_without_a_workbook_is_no_workbook(refusal: Refusal, make_package: Make) -> None:
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    assert refusal(make_package({"[Content_Types].xml": f'<Types xmlns="{space}"/>'})).code == "kind_zip"


def test_macros_by_content_type_are_refused(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts]
) -> None:
    parts = workbook_parts()
    types = str(parts["[Content_Types].xml"])
    changed = types.replace(
        "openxmlformats-officedocument.spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"
    )
    assert changed != types
    assert refusal(make_package({**parts, "[Content_Types].xml": changed})).code == "kind_macro"


@pytest.mark.parametrize(
    ("kind", "code"),
    [("vbaProject", "kind_macro"), ("externalLink", "xlsx_external"), ("connections", "xlsx_external")],
)
def test_macros_and_links_under_other_names_are_found_by_their_relation(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts], kind: str, code: str
) -> None:
    parts = workbook_parts()
    rels = str(parts["xl/_rels/workbook.xml.rels"])
    extra = f'<Relationship Id="z" Type="http://x/{kind}" Target="other/z.xml"/></Relationships>'
    parts["xl/_rels/workbook.xml.rels"] = rels.replace("</Relationships>", extra)
    parts["xl/other/z.xml"] = "<x/>"
    assert refusal(make_package(parts)).code == code


def test_an_external_reference_in_the_workbook_is_refused(refusal: Refusal, make_workbook: Make) -> None:
    properties = "<externalReferences><externalReference/></externalReferences>"
    assert refusal(make_workbook(properties=properties)).code == "xlsx_external"


def test_a_checksum_that_does_not_fit_is_refused(refusal: Refusal, make_workbook: Make) -> None:
    data = bytearray(make_workbook())
    name = b"xl/worksheets/s1.xml"
    local, central = data.index(name), data.rindex(name)
    data[local - 30 + 14 : local - 30 + 18] = data[central - 46 + 16 : central - 46 + 20] = struct.pack("<I", 1)
    refused = refusal(bytes(data))
    assert (refused.code, refused.details["part"]) == ("zip_size_lie", name.decode())


def test_a_member_that_is_longer_than_declared_is_refused(refusal: Refusal, make_workbook: Make) -> None:
    data = bytearray(make_workbook())
    name = b"xl/worksheets/s1.xml"
    local, central = data.index(name), data.rindex(name)
    data[local - 30 + 22 : local - 30 + 26] = data[central - 46 + 24 : central - 46 + 28] = struct.pack("<I", 90)
    assert refusal(bytes(data)).code in ("zip_size_lie", "xlsx_broken")


def test_a_member_that_is_shorter_than_declared_is_refused(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts]
) -> None:
    data = bytearray(make_package({**workbook_parts(), "xl/media/a.bin": b"x" * 50}))
    central = data.rindex(b"xl/media/a.bin")
    data[central - 46 + 24 : central - 46 + 28] = struct.pack("<I", 60)
    assert refusal(bytes(data)).code == "zip_size_lie"


def test_spoilt_compressed_bytes_are_refused(refusal: Refusal, make_workbook: Make) -> None:
    data = bytearray(make_workbook())
    start = data.index(b"xl/worksheets/s1.xml") + len(b"xl/worksheets/s1.xml")
    data[start : start + 20] = b"\xff" * 20
    assert refusal(bytes(data)).code == "zip_broken"


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_document_inside_is_found_by_content(
    refusal: Refusal, make_package: Make, workbook_parts: Callable[..., Parts], magic: bytes
) -> None:
    assert refusal(make_package({**workbook_parts(), "xl/media/image1.png": magic + b"x" * 30})).code == "zip_nested"


def test_the_strict_namespace_is_read_as_well(
    read_inline: Read, make_package: Make, workbook_parts: Callable[..., Parts]
) -> None:
    parts = {
        name: str(content)
        .replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace(
            "http://schemas.openxmlformats.org/officeDocument/2006",
            "http://purl.oclc.org/ooxml/officeDocument",
        )
        for name, content in workbook_parts().items()
    }
    assert read_inline(make_package(parts))[0].header == ("名称",)


def test_elements_of_other_namespaces_are_not_content(read_inline: Read, make_workbook: Make) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>名称</v></c></row><row r="2"><c r="A2" t="str"><v>甲</v></c></row>'
        '<y:row xmlns:y="urn:other" r="3"><y:c r="A3" t="str"><y:v>鬼</y:v></y:c></y:row>'
    )
    assert read_inline(make_workbook(rows))[1] == [["2", "", "", "甲"]]
