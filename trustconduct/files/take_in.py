"""The one way in for files from outside.

What a file is, its bytes say, never its name. It is opened whole in a process that
can do no harm (`sealed`), and what is kept is a new file made from what was seen:
no place and camera, no script, no second file behind the first.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.files.models import FileKind, MediaType, StoredFile, StoredFileContent
from trustconduct.sealed import room
from trustconduct.tenants.sessions import ScopedSession

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NAME = 100
WAITS_FOR_PLACE = 5.0  # seconds, while other files are read
PICTURES = frozenset({MediaType.JPEG, MediaType.PNG})
ANY = frozenset(MediaType)


class FileRefused(ValueError):
    """The file can't be taken in; the message is for who brought it, and says what to do."""


class FileNotRead(RuntimeError):
    """The file may be all right, but nobody could look just now; it may work in a minute."""


@dataclass(frozen=True)
class Looked:
    """A file that was looked at and made anew. Nothing is stored yet."""

    name: str
    media_type: MediaType
    content: bytes


def look_at(
    name: str,
    content: bytes,
    *,
    allowed: frozenset[MediaType] = ANY,
    longest: int | None = None,
    for_pages: bool = False,
) -> Looked:
    """Read a file from outside and make it anew; a picture with `longest` points on a side.
    `for_pages`: a logo, which must not be made for a printing press, nor move.

    Takes up to ten seconds, so a door calls it before its transaction: no row is
    locked meanwhile. Raises FileRefused and FileNotRead.
    """
    if not content:
        raise FileRefused("That file is empty. Choose another one.")
    if len(content) > MOST_BYTES:
        raise FileRefused("That file is larger than 10 MB. Choose a smaller one.")
    media_type = _kind_of(content, allowed)
    if media_type not in allowed:
        raise FileRefused(f"That file is {_NOUNS[media_type]}. Choose {_choice(allowed)}.")
    job = "document" if media_type is MediaType.PDF else "picture"
    asked = {"longest": longest, **({"for_pages": True} if for_pages else {})}
    try:
        done = room.room().do(job, content, wait=WAITS_FOR_PLACE, **asked)
    except room.Refused as no:
        raise FileRefused(_SENTENCES[no.why]) from None
    except (room.TookTooLong, room.TooMuchMemory):
        raise FileRefused(_SENTENCES["bomb"]) from None
    except room.Busy as no:
        raise FileNotRead(str(no)) from None
    except room.Failed:
        raise FileRefused(_SENTENCES["broken"]) from None
    if len(done.content) > 2 * MOST_BYTES:
        raise FileRefused(_SENTENCES["bomb"])
    return Looked(safe_name(name, media_type), media_type, done.content)


def take_in_file(
    session: ScopedSession, looked: Looked, *, kind: FileKind, needs: Can, by: Actor
) -> StoredFile:
    """Keep a file that was looked at. `needs` is what its part of the service asks for."""
    permit(by, needs, session.school_id)
    stored = StoredFile(
        kind=kind.value,
        name=looked.name,
        media_type=looked.media_type.value,
        size=len(looked.content),
        sha256=hashlib.sha256(looked.content).hexdigest(),
        taken_from=by.name,
    )
    session.add(stored)
    session.flush()
    session.add(StoredFileContent(id=stored.id, content=looked.content))
    session.flush()
    record(
        session,
        Event.FILE_TAKEN_IN,
        by=by,
        about=stored,
        kind=kind.value,
        name=stored.name,
        sha256=stored.sha256,
    )
    return stored


def stored_file(session: ScopedSession, file_id: UUID, *, kind: FileKind) -> StoredFile | None:
    """A file of this school and of this kind; None alike for any other id.

    Whoever calls it has asked already whether the person may see that kind.
    """
    return session.scalar(
        select(StoredFile).where(StoredFile.id == file_id, StoredFile.kind == kind.value)
    )


def content_of(session: ScopedSession, stored: StoredFile) -> bytes:
    return session.scalars(
        select(StoredFileContent.content).where(StoredFileContent.id == stored.id)
    ).one()


def safe_name(name: str, media_type: MediaType) -> str:
    """A name that can stand in a list and on any computer: no folders, no hidden marks.

    Its ending says what the file is, whatever it said before: a mark that turns the
    writing direction made "exe.jpg" out of "gpj.exe".
    """
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    bare = "".join(" " if mark.isspace() else mark for mark in bare if _is_shown(mark))
    bare = re.sub(r'[<>:"|?*%]+', " ", bare)
    stem, dot, ending = bare.rpartition(".")
    stem = stem if dot and len(ending) <= 5 else bare
    stem = " ".join(stem.split()).strip(". ")[: LONGEST_NAME - len(media_type.ending)].strip()
    return (stem or "file") + media_type.ending


def _is_shown(mark: str) -> bool:
    """Whether a mark is writing, and no control, no turning of direction, no half of one."""
    return mark.isspace() or unicodedata.category(mark) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _kind_of(content: bytes, allowed: frozenset[MediaType]) -> MediaType:
    for start, media_type in _STARTS:
        if content.startswith(start):
            return media_type
    for pattern, why in _OTHERS:
        if re.match(pattern, content, re.S | re.I):
            raise FileRefused(why.format(choice=_choice(allowed)))
    raise FileRefused(f"We do not know that kind of file. Choose {_choice(allowed)}.")


def _choice(allowed: frozenset[MediaType]) -> str:
    if allowed == ANY:
        return "a JPEG or PNG picture, or a PDF"
    return "a JPEG or PNG picture" if allowed == PICTURES else "a PDF"


_NOUNS = {MediaType.JPEG: "a picture", MediaType.PNG: "a picture", MediaType.PDF: "a PDF"}
_STARTS = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"%PDF-", MediaType.PDF),
)
# What people bring by mistake, by how it begins, and what to do then.
_OTHERS = (
    (rb".{4}ftyp(hei|hev|mif|avi)", "That picture is in a form that not every computer can open."
     " Open it on your phone and share it as a JPEG. On an iPhone, Settings, Camera, Formats,"
     " “Most Compatible” makes new pictures that way."),
    (rb"GIF8|RIFF....WEBP|BM|II\*\0|MM\0\*", "That picture is not a JPEG or PNG. Open it and save"
     " it as one of these, then choose it again."),
    (rb"MZ|\x7fELF|#!|\xcf\xfa\xed\xfe", "That is a program, not a picture or document, whatever"
     " its name says. Choose {choice}. If you did not expect a program, do not open it."),
    (rb"(\xef\xbb\xbf)?\s*<", "That is a web page or a drawing made of text (SVG). It can hold"
     " programs, so we do not take it. Choose {choice}."),
    (rb"PK|\xd0\xcf\x11\xe0|\{\\rtf", "That is an office document or an archive. Open it, save"
     " what you need as a PDF, then choose that."),
)  # fmt: skip
_SENTENCES = {
    "unreadable": "We could not open that file. It may be damaged. Choose another one.",
    "broken": "That file is damaged or was not sent whole. Save it again, then choose it again.",
    "bomb": "That file is too large once it is opened. Save it smaller, then choose it again.",
    "pixels": "That picture has too many points: more than 36 megapixels. Save it smaller,"
    " then choose it again.",
    "cmyk": "That picture is made for a printing press (CMYK), and its colours would change on a"
    " screen. Save it for screens (RGB), then choose it again.",
    "moves": "It moves: that picture has more than one frame. Save one of them as a JPEG or PNG,"
    " then choose that.",
    "pages": "That PDF has more than 300 pages. Choose a shorter one.",
    "encrypted": "That PDF is locked with a password, so nobody here could read it. Save it"
    " without one, then choose it again.",
}
