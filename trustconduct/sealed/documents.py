"""PDFs made anew: the pages that one sees, and nothing that acts, hides or points elsewhere."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name, Pdf, Stream

from trustconduct.sealed.answers import Refused

MOST_PAGES = 300
MOST_UNPACKED = 400 * 1024 * 1024  # bytes; a viewer would have to hold them
# What acts, hides a file, names its maker or points out of the document, wherever it stands.
DROPPED = (
    "/A",
    "/AA",
    "/AF",
    "/Alternates",
    "/Annots",
    "/B",
    "/EF",
    "/FFilter",
    "/JS",
    "/JavaScript",
    "/LastModified",
    "/Launch",
    "/Metadata",
    "/Movie",
    "/OPI",
    "/OpenAction",
    "/PieceInfo",
    "/PresSteps",
    "/Ref",
    "/RichMedia",
    "/Sound",
    "/StructParent",
    "/StructParents",
    "/Thumb",
    "/URI",
    "/XFA",
)


def clean_document(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The document's pages in a new document. Forms and notes become part of the page."""
    try:
        with Pdf.open(io.BytesIO(content)) as source:
            if source.is_encrypted:
                raise Refused("encrypted")
            if not 0 < len(source.pages) <= MOST_PAGES:
                raise Refused("pages" if len(source.pages) else "broken")
            _flatten(source)
            with Pdf.new() as made:
                made.pages.extend(source.pages)
                _strip(made)
                out = io.BytesIO()
                made.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate,
                          deterministic_id=True)  # fmt: skip
                return {"media_type": "application/pdf", "pages": len(made.pages)}, out.getvalue()
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError) as broken:
        if isinstance(broken, Refused):
            raise
        raise Refused("broken") from None


def _flatten(source: Pdf) -> None:
    """Draw what stands in forms and notes onto the page: they are dropped afterwards."""
    if "/AcroForm" in source.Root and "/XFA" in source.Root.AcroForm:
        del source.Root.AcroForm["/XFA"]
    source.generate_appearance_streams()
    source.flatten_annotations("screen")


def _strip(made: Pdf) -> None:
    for name in list(made.Root.keys()):
        if name not in ("/Type", "/Pages"):
            del made.Root[name]
    unpacked = 0
    for thing in made.objects:
        if isinstance(thing, Stream):
            if "/F" in thing:  # its bytes stand in another file, it says
                raise Refused("broken")
            unpacked += _unpacked(thing)
            if unpacked > MOST_UNPACKED:
                raise Refused("bomb")
        _drop(thing, 0)


def _drop(thing: Any, depth: int) -> None:
    """Take every dropped name out of a thing and of what is written inside it."""
    if depth > 50 or not isinstance(thing, Dictionary | Stream | pikepdf.Array):
        return
    if isinstance(thing, pikepdf.Array):
        inside = list(thing)
    else:
        for name in DROPPED:
            if name in thing and not (name in _LETTERS and _is_font_thing(thing)):
                del thing[name]
        inside = [thing[name] for name in list(thing.keys())]
    for each in inside:
        if isinstance(each, pikepdf.Object) and not each.is_indirect:
            _drop(each, depth + 1)


# In a font's list of glyphs these are letters.
_LETTERS = ("/A", "/B")


def _is_font_thing(thing: Any) -> bool:
    return all(isinstance(thing[name], Stream) for name in _LETTERS if name in thing)


def _unpacked(stream: Any) -> int:
    """How many bytes a viewer makes of a stream. A picture inside loses its own particulars."""
    filters = stream.get("/Filter", [])
    names = [str(each) for each in (filters if isinstance(filters, pikepdf.Array) else [filters])]
    if names and names[-1] == "/DCTDecode":
        raw = stream.read_raw_bytes()
        for name in names[:-1]:
            if name != "/FlateDecode":
                raise Refused("broken")
            raw = zlib.decompress(raw)
        stream.write(_without_particulars(raw), filter=Name.DCTDecode)
        return int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) * 4
    if names and names[-1] in ("/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode"):
        return int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) * 4
    return len(stream.read_bytes())


def _without_particulars(jpeg: bytes) -> bytes:
    """A JPEG without where, when and by what it was taken; its picture is not touched.

    Colour needs APP0, APP2 and APP14; all other application parts and comments go.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise Refused("broken")
    kept, at = [jpeg[:2]], 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        marker = jpeg[at + 1]
        if not (marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in (0xE0, 0xE2, 0xEE))):
            kept.append(jpeg[at:end])
        at = end
    return b"".join([*kept, jpeg[at:]])
