"""Files that somebody brought go out as they came in: for one person, never as a page of ours."""

from __future__ import annotations

from io import BytesIO

from flask import Response, make_response, send_file

from trustconduct.files.models import StoredFile
from trustconduct.policies.word_document import MEDIA_TYPE as WORD

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_attachment(stored: StoredFile, content: bytes) -> Response:
    """The file to be saved, under its own name. The route before it has asked who may have it.

    Should a browser open it after all, the sandbox keeps it from being anything but
    a picture or a document: no script, no form, not our address.
    """
    response = send_file(
        BytesIO(content),
        mimetype=stored.media_type,
        as_attachment=True,
        download_name=stored.name,
        etag=stored.sha256[:32],
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def to_save(content: bytes, name: str) -> Response:
    """A file of our own making, to be saved under this name; nobody keeps it on the way."""
    ending = name.rpartition(".")[2]
    kinds = {"pdf": "application/pdf", "docx": WORD, "csv": "text/csv", "xlsx": EXCEL,
             "zip": "application/zip", "ics": "text/calendar"}  # fmt: skip
    response = make_response(content)
    response.mimetype = kinds[ending]
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
