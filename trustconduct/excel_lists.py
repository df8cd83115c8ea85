"""A list as an Excel workbook (.xlsx): one sheet, all cells text, none a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import chain

import xlsxwriter

from trustconduct.csv_lists import harmless

# What Excel refuses in the name of a sheet.
_NO_NAME = str.maketrans(dict.fromkeys(r"[]:*?/\'", " "))
# What XML can't hold; a program that pasted it would break the whole file.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def workbook(columns: Sequence[str], lines: Iterable[Sequence[object]], *, sheet: str) -> bytes:
    """The workbook. What people typed is text: a cell that would be a formula gets an
    apostrophe before it as well, for whoever saves it as another kind of file.
    """
    held = BytesIO()
    with xlsxwriter.Workbook(held, {"constant_memory": True}) as whole:
        page = whole.add_worksheet(sheet.translate(_NO_NAME)[:31])
        for row, line in enumerate(chain([columns], lines)):
            for column, cell in enumerate(line):
                page.write_string(row, column, _NO_XML.sub("", harmless(cell)))
    return held.getvalue()
