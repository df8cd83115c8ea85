"""Files as people and attackers send them, made here: none is kept in the repository."""

from __future__ import annotations

import io
import struct
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image, PngImagePlugin

PLACE = 0x8825  # EXIF's pointer to where the picture was taken
ORIENTATION, MAKER, COMMENT = 0x0112, 0x010F, 0x9286


def a_jpeg(size: tuple[int, int] = (60, 40), *, turned: int = 1, secret: str = "") -> bytes:
    """A picture, red on the left and blue on the right, with all that a telephone adds."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    exif[MAKER] = f"Camera {secret}"
    exif.get_ifd(PLACE)[1] = "N"
    exif.get_ifd(PLACE)[2] = (51.0, 30.0, 0.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95, exif=exif, comment=f"Comment {secret}")
    return out.getvalue()


def a_png(size: tuple[int, int] = (60, 40), *, secret: str = "", mode: str = "RGB") -> bytes:
    about = PngImagePlugin.PngInfo()
    about.add_text("Author", f"Author {secret}")
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG", pnginfo=about)
    return out.getvalue()


def a_moving_png(secret: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue() + secret.encode()


def a_png_of(width: int, height: int) -> bytes:
    """A picture of so many points in few bytes: each row is nothing but zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def a_pdf(words: str = "Hello", pages: int = 1) -> pikepdf.Pdf:
    made = pikepdf.Pdf.new()
    font = made.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    )
    for _ in range(pages):
        page = made.add_blank_page(page_size=(200, 200))
        page.Resources = Dictionary(Font=Dictionary(F1=font))
        page.Contents = Stream(made, f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode())
    return made


def saved(pdf: pikepdf.Pdf, **how: object) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **how)  # type: ignore[arg-type]
    return out.getvalue()


def a_pdf_that_acts(secret: str) -> bytes:
    """A PDF with everything that a reader could be made to do, and the secret in each."""
    made = a_pdf("Seen by everyone")
    script = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{secret}')"))
    launch = Dictionary(S=Name.Launch, F=String(f"{secret}.exe"))
    away = Dictionary(S=Name.URI, URI=String(f"https://{secret}.example/"))
    other = Dictionary(S=Name.GoToR, F=String(f"//{secret}/share.pdf"))
    send = Dictionary(S=Name.SubmitForm, F=String(f"https://{secret}.example/form"))
    root, page = made.Root, made.pages[0]
    root.OpenAction = script
    root.AA = Dictionary(WC=launch)
    root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), script])))
    made.attachments[f"{secret}.exe"] = b"MZ" + secret.encode()
    made.docinfo["/Author"] = secret
    with made.open_metadata() as about:
        about["dc:creator"] = [secret]
    page.AA = Dictionary(O=send)
    page.PieceInfo = Dictionary(Maker=Dictionary(Private=String(secret)))
    page.Metadata = Stream(made, secret.encode())
    page.Annots = Array(
        made.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 100, 100], A=action)
        )
        for action in (script, launch, away, other)
    )
    page.Annots.append(
        made.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.FileAttachment,
                Rect=[0, 0, 9, 9],
                Contents=String(secret),
                FS=Dictionary(EF=Dictionary(F=Stream(made, secret.encode()))),
            )
        )
    )
    field = made.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("name"),
            V=String("Typed by a parent"),
            DA=String("/Helv 12 Tf 0 g"),
            Rect=[20, 20, 180, 40],
            P=page.obj,
        )
    )
    page.Annots.append(field)
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    root.AcroForm = Dictionary(
        Fields=[field],
        XFA=Stream(made, secret.encode()),
        DR=Dictionary(Font=Dictionary(Helv=helvetica)),
        DA=String("/Helv 12 Tf 0 g"),
        NeedAppearances=True,
    )
    return saved(made)


def a_pdf_with_photo(jpeg: bytes) -> bytes:
    made = a_pdf()
    photo = Stream(made, jpeg)
    photo.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=60, Height=40, BitsPerComponent=8,
        ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode,
    )  # fmt: skip
    page = made.pages[0]
    page.Resources.XObject = Dictionary(Im1=made.make_indirect(photo))
    page.Contents = Stream(made, b"q 60 0 0 40 20 20 cm /Im1 Do Q")
    return saved(made)


def a_pdf_bomb(megabytes: int) -> bytes:
    """A page whose content is one small stream that unpacks to so much."""
    made = a_pdf()
    content = Stream(made, b"")
    content.write(zlib.compress(b" " * (megabytes << 20), 9), filter=Name.FlateDecode)
    made.pages[0].Contents = content
    return saved(made)
