"""PDFs that go with mails: made by the worker, as the mail leaves."""

from __future__ import annotations

from trustconduct.plain_log import log
from trustconduct.sealed.room import Failed, Refused, room


def pdf_of(page: str) -> bytes | None:
    """The page as PDF. None where it can't be made: the mail leaves without, and says the same.

    Its words stand in the mail too, and at the link; to hold it back would help nobody.
    """
    try:
        return room().do("print", page.encode()).content
    except (Failed, Refused):
        log.error("A PDF could not be made; the mail leaves without it.", exc_info=True)
        return None
