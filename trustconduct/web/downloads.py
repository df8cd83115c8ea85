"""Files that somebody brought go out as they came in: for one person, never as a page of ours."""

from __future__ import annotations

from io import BytesIO

from flask import Response, send_file

from trustconduct.files.models import StoredFile


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
