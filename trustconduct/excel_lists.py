"""A list as an Excel workbook (.xlsx, ECMA-376): one sheet, all cells text, none a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from trustconduct.csv_lists import harmless

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _relationship(kind: str, target: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_PACKAGE}">'
        f'<Relationship Id="r1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )


def workbook(columns: Sequence[str], lines: Iterable[Sequence[object]], *, sheet: str) -> bytes:
    """The workbook. What people typed is text: a cell that would be a formula gets an
    apostrophe before it as well, for whoever saves it as another kind of file.
    """
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as whole:
        whole.writestr("[Content_Types].xml", _TYPES)
        whole.writestr("_rels/.rels", _relationship("officeDocument", "xl/workbook.xml"))
        whole.writestr(
            "xl/workbook.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
            f'<sheets><sheet name="{escape(sheet[:31])}" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        whole.writestr(
            "xl/_rels/workbook.xml.rels", _relationship("worksheet", "worksheets/sheet1.xml")
        )
        with whole.open("xl/worksheets/sheet1.xml", "w") as file:
            file.write(
                f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}">'
                "<sheetData>".encode()
            )
            file.write(_row(columns))
            for line in lines:
                file.write(_row(line))
            file.write(b"</sheetData></worksheet>")
    return held.getvalue()


def _row(cells: Sequence[object]) -> bytes:
    each = (
        f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_NO_XML.sub("", text))}</t></is></c>'
        for text in (harmless(cell) for cell in cells)
    )
    return f"<row>{''.join(each)}</row>".encode()
