"""Files from outside: what they are is said by their bytes, and what is kept is made anew."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

import pikepdf
import pytest
from PIL import Image, ImageCms
from sqlalchemy import func, select

from tests.build import a_head
from tests.sealed import samples
from trustconduct.accounts.permissions import Can, NotAllowed
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.db import new_id
from trustconduct.files import take_in
from trustconduct.files.models import FileKind, MediaType, StoredFile
from trustconduct.files.take_in import (
    MOST_BYTES,
    PICTURES,
    FileNotRead,
    FileRefused,
    Looked,
    content_of,
    look_at,
    safe_name,
    stored_file,
    take_in_file,
)
from trustconduct.sealed.room import Room, room

SECRET = "heron7secret"


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def everything_in(pdf: bytes) -> str:
    """All of a PDF's objects and streams, unpacked, as text."""
    with pikepdf.open(io.BytesIO(pdf)) as made:
        out = io.BytesIO()
        made.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return out.getvalue().decode("latin-1")


# -- pictures


def test_a_picture_loses_where_when_and_by_whom_it_was_taken_and_stands_upright():
    sent = samples.a_jpeg(turned=6, secret=SECRET)  # the camera was held on its side
    assert SECRET.encode() in sent
    looked = look_at("photo.jpg", sent)
    assert SECRET.encode() not in looked.content
    with opened(looked.content) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (40, 60)
        assert dict(picture.getexif()) == {}
        assert {"exif", "icc_profile", "comment", "xmp"} & picture.info.keys() == set()
        red, _, blue = picture.getpixel((20, 5))
        assert red > 200 > 60 > blue, "turned clockwise, the left side is on top"


def test_a_png_loses_its_texts():
    looked = look_at("drawing.png", samples.a_png(secret=SECRET))
    assert SECRET.encode() not in looked.content
    with opened(looked.content) as picture:
        assert (picture.format, picture.size, picture.info) == ("PNG", (60, 40), {})


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode):
    assert look_at("x.png", samples.a_png(mode=mode)).media_type is MediaType.PNG


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_kind_of_jpeg_is_read(mode):
    out = io.BytesIO()
    Image.new(mode, (9, 9)).save(out, "JPEG")
    assert look_at("x.jpg", out.getvalue()).media_type is MediaType.JPEG


def test_colours_stay_as_they_were_seen_when_the_profile_goes():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.new("RGB", (9, 9), (200, 30, 30)).save(out, "PNG", icc_profile=profile)
    with opened(look_at("x.png", out.getvalue()).content) as picture:
        assert "icc_profile" not in picture.info
        assert all(
            abs(a - b) < 3 for a, b in zip(picture.getpixel((4, 4)), (200, 30, 30), strict=True)
        )


def test_of_a_moving_picture_the_first_frame_is_kept():
    looked = look_at("moving.png", samples.a_moving_png(SECRET))
    assert SECRET.encode() not in looked.content
    with opened(looked.content) as picture:
        assert getattr(picture, "n_frames", 1) == 1
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_the_second_picture_that_a_telephone_hides_behind_the_first_goes():
    first, second = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    out = io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second])
    looked = look_at("photo.jpg", out.getvalue())
    with opened(looked.content) as picture:
        assert (picture.format, getattr(picture, "n_frames", 1)) == ("JPEG", 1)


def test_a_page_behind_a_pictures_head_is_cut_off_or_refused():
    """A file that is a picture and a web page at once stays a picture."""
    script = b"<script>alert(1)</script>"
    assert script not in look_at("x.png", samples.a_png() + script).content
    assert script not in look_at("x.jpg", samples.a_jpeg() + script).content
    with pytest.raises(FileRefused):
        look_at("x.png", b"\x89PNG\r\n\x1a\n" + b"<html>" + script)


# -- what is no good, and what it is told

NOT_A_FILE = {
    "nothing": (b"", "is empty"),
    "a program with another name": (b"MZ\x90\0" + bytes(200), "That is a program"),
    "a program of another system": (b"\x7fELF" + bytes(200), "That is a program"),
    "a drawing (SVG)": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "a drawing with its head": (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "SVG"),
    "a web page": (b"  <!DOCTYPE html><script>alert(1)</script>", "That is a web page"),
    "an iPhone's picture": (b"\0\0\0\x18ftypheic" + bytes(50), "share it as a JPEG"),
    "a GIF": (b"GIF89a" + bytes(50), "not a JPEG or PNG"),
    "a Word document": (b"PK\x03\x04" + bytes(50), "save what you need as a PDF"),
    "an old Word document": (b"\xd0\xcf\x11\xe0" + bytes(50), "save what you need as a PDF"),
    "noise": (bytes(range(200)), "do not know that kind of file"),
}


@pytest.mark.parametrize("what", NOT_A_FILE)
def test_what_is_no_picture_and_no_pdf_is_told_what_to_do(what):
    content, said = NOT_A_FILE[what]
    with pytest.raises(FileRefused, match=re.escape(said)) as no:
        look_at("holiday.jpg", content)
    assert re.search(r"[Cc]hoose|share", str(no.value))


def test_ten_megabytes_are_taken_and_one_byte_more_is_not():
    with pytest.raises(FileRefused, match="larger than 10 MB"):
        look_at("x.jpg", samples.a_jpeg() + bytes(MOST_BYTES))
    whole = samples.a_jpeg()
    assert look_at("x.jpg", whole + bytes(MOST_BYTES - len(whole))).media_type is MediaType.JPEG


@pytest.mark.parametrize(("width", "height"), [(8_000, 5_000), (40_000_000, 1), (60_000, 60_000)])
def test_forty_megapixels_in_a_few_kilobytes_are_told_the_limit(width, height):
    small = samples.a_png_of(width, min(height, 5_000))
    if height > 5_000:  # says more than it holds
        small = small[:20] + height.to_bytes(4, "big") + small[24:]
    assert len(small) < 200_000
    with pytest.raises(FileRefused, match=r"36 megapixels|damaged"):
        look_at("x.png", small)


def test_a_picture_just_under_the_limit_is_read():
    assert look_at("x.png", samples.a_png_of(7_000, 5_000)).media_type is MediaType.PNG


def test_a_picture_that_was_not_sent_whole_is_told_so():
    whole = samples.a_jpeg((600, 400))
    with pytest.raises(FileRefused, match="not sent whole"):
        look_at("x.jpg", whole[: len(whole) // 2])
    png = samples.a_png((600, 400))
    with pytest.raises(FileRefused, match="damaged"):
        look_at("x.png", png[: len(png) // 2])


def test_a_zip_bomb_is_not_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes(50 << 20))
    assert len(out.getvalue()) < 100_000
    with pytest.raises(FileRefused, match="an archive"):
        look_at("x.pdf", out.getvalue())


def test_a_png_whose_texts_unpack_to_hundreds_of_megabytes_is_refused():
    bomb = b"Comment\0\0" + zlib.compress(bytes(300 << 20), 9)
    chunk = b"zTXt" + bomb
    whole = struct.pack(">I", len(bomb)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    png = samples.a_png()
    with pytest.raises(FileRefused):
        look_at("x.png", png[:33] + whole + png[33:])


# -- PDFs


def test_a_pdf_keeps_what_is_seen_and_loses_all_that_acts():
    sent = samples.a_pdf_that_acts(SECRET)
    assert SECRET in everything_in(sent)
    looked = look_at("form.pdf", sent)
    inside = everything_in(looked.content)
    assert SECRET not in inside
    for name in ("JavaScript", "/JS", "Launch", "OpenAction", "/AA", "EmbeddedFile", "/XFA",
                 "/URI", "GoToR", "SubmitForm", "/Annots", "AcroForm", "/Metadata"):  # fmt: skip
        assert name not in inside, name
    assert "(Seen by everyone) Tj" in inside
    assert "Typed by a parent" in inside, "what was typed into the form is part of the page"


def test_a_photo_in_a_pdf_loses_where_it_was_taken():
    looked = look_at("scan.pdf", samples.a_pdf_with_photo(samples.a_jpeg(secret=SECRET)))
    with pikepdf.open(io.BytesIO(looked.content)) as made:
        photo = next(iter(made.pages[0].Resources.XObject.values()))
        raw = photo.read_raw_bytes()
    assert SECRET.encode() not in raw
    with opened(raw) as picture:
        assert dict(picture.getexif()) == {}
        assert picture.convert("RGB").getpixel((5, 5))[0] > 200


@pytest.mark.parametrize("password", ["", "open sesame"])
def test_a_locked_pdf_is_told_so(password):
    locked = samples.saved(
        samples.a_pdf(), encryption=pikepdf.Encryption(owner="owner", user=password)
    )
    with pytest.raises(FileRefused, match="locked with a password"):
        look_at("x.pdf", locked)


def test_a_pdf_that_unpacks_to_hundreds_of_megabytes_is_told_so():
    bomb = samples.a_pdf_bomb(600)
    assert len(bomb) < 1 << 20
    with pytest.raises(FileRefused, match="too large once it is opened"):
        look_at("x.pdf", bomb)
    assert look_at("x.png", samples.a_png()), "and the next file is read"


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\nnonsense\n%%EOF", b"%PDF-" * 99])
def test_what_only_begins_like_a_pdf_is_told_that_it_is_damaged(content):
    with pytest.raises(FileRefused, match="damaged"):
        look_at("x.pdf", content)


def test_a_pdf_of_too_many_pages_is_told_so():
    with pytest.raises(FileRefused, match="300 pages"):
        look_at("x.pdf", samples.saved(samples.a_pdf(pages=301)))


def test_a_pdf_that_points_to_another_file_for_its_content_is_refused():
    made = samples.a_pdf()
    made.pages[0].Contents["/F"] = pikepdf.String("/etc/passwd")
    with pytest.raises(FileRefused, match="damaged"):
        look_at("x.pdf", samples.saved(made))


def test_where_only_a_picture_will_do_a_pdf_is_told_so():
    with pytest.raises(FileRefused, match=r"That file is a PDF\. Choose a JPEG or PNG picture"):
        look_at("x.pdf", samples.saved(samples.a_pdf()), allowed=PICTURES)


def test_when_every_place_is_taken_the_file_is_not_to_blame(monkeypatch):
    busy = Room()
    while busy._places.acquire(blocking=False):
        pass
    monkeypatch.setattr(take_in.room, "room", lambda: busy)
    monkeypatch.setattr(take_in, "WAITS_FOR_PLACE", 0.05)
    with pytest.raises(FileNotRead):
        look_at("x.png", samples.a_png())
    assert room() is not busy


# -- names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.jpeg", "photo.png"),
        ("Zoë's drawing.PNG", "Zoë's drawing.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\parent\\Desktop\\a b.jpg", "a b.png"),
        ("a\r\nSet-Cookie: x=1.jpg", "a Set-Cookie x=1.png"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "gpj.png"),
        ("nul\0byte.jpg", "nulbyte.png"),
        ("x" * 500 + ".jpg", "x" * 96 + ".png"),
        ("...", "file.png"),
        ("", "file.png"),
        ('quo"te;<script>.jpg', "quo te; script.png"),
        ("\ud800half.png", "half.png"),
    ],
)
def test_a_name_is_fit_for_a_list_and_for_any_computer(name, safe):
    assert safe_name(name, MediaType.PNG) == safe


# -- rows


def a_looked_file(content: bytes = b"bytes") -> Looked:
    return Looked("Badge.png", MediaType.PNG, content)


def kept(session, by: Actor | None = None, content: bytes = b"bytes") -> StoredFile:
    return take_in_file(
        session,
        a_looked_file(content),
        kind=FileKind.BADGE,
        needs=Can.CHANGE_SETTINGS,
        by=by or a_head(session),
    )


def test_a_file_is_kept_with_its_hash_and_an_event(oak):
    before = oak.scalar(select(func.count()).where(SchoolAuditEvent.event == "file.taken_in"))
    stored = kept(oak)
    assert (stored.size, stored.name) == (5, "Badge.png")
    assert len(stored.sha256) == 64
    assert content_of(oak, stored) == b"bytes"
    after = oak.scalar(select(func.count()).where(SchoolAuditEvent.event == "file.taken_in"))
    assert after == before + 1


def test_who_may_not_change_the_settings_brings_no_badge(oak):
    teacher = Actor("user", new_id(), "T", frozenset({Grant(Role.TEACHER, oak.school_id)}))
    with pytest.raises(NotAllowed):
        kept(oak, by=teacher)


def test_a_list_of_files_never_loads_their_bytes(oak, sessions, queries):
    file_id = kept(oak).id
    oak.expunge_all()
    with queries(sessions.engine) as counted:
        assert stored_file(oak, file_id, kind=FileKind.BADGE).name
    assert counted.n == 1
    assert "content" not in counted.statements[0]


def test_another_schools_file_is_as_unknown_as_one_that_never_was(world):
    with world.sessions.school(world.oak.id) as session:
        assert stored_file(session, world.oak.badge, kind=FileKind.BADGE)
        assert stored_file(session, world.elm.badge, kind=FileKind.BADGE) is None
        assert stored_file(session, new_id(), kind=FileKind.BADGE) is None
