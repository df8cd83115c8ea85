"""The receipt of an answer as a page to print: the worker makes a PDF of it for the mail."""

from __future__ import annotations

from datetime import datetime
from html import escape
from uuid import UUID

from trustconduct import clock
from trustconduct.acknowledgements.models import Answer
from trustconduct.acknowledgements.receipt_code import ReceiptCode
from trustconduct.languages.spoken import Message

SAID = {
    Answer.SIGNED: Message("I have read the code of conduct."),
    Answer.DECLINED: Message("I would rather not sign it."),
    Answer.TALK: Message("I would like to talk to someone first."),
}


def moment(at: datetime) -> str:
    local = clock.local(at)
    return f"{clock.day(local.date())} at {local:%H:%M}"


def page(
    *,
    school: str,
    adult: str,
    typed_name: str,
    answer: Answer,
    when: str,
    at: datetime,
    slug: str,
    number: int,
    sha256: str,
    receipt_id: UUID,
) -> str:
    """The receipt as a page to print, whole in itself: the worker makes the PDF of it."""
    code = ReceiptCode(slug, answer, clock.local(at).date(), receipt_id, sha256)
    rows = (
        ("School", school),
        ("For", adult),
        ("Name typed", typed_name),
        ("Answer", SAID[answer]),
        ("When", when),
        ("Version", str(number)),
        ("Fingerprint of the text (SHA-256)", sha256),
        ("Receipt number", str(receipt_id)),
        ("Code of this receipt", str(code)),
    )
    listed = "".join(
        f"<tr><th scope=row>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows
    )
    return (
        "<!doctype html><html lang=en-GB><head><meta charset=utf-8>"
        f"<title>Receipt: code of conduct of {escape(school)}</title><style>"
        "@page{size:A4;margin:25mm}body{font:11pt/1.5 'Noto Sans',sans-serif}h1{font-size:18pt}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
        "padding:6pt 8pt 6pt 0;border-bottom:.5pt solid #888;overflow-wrap:anywhere}"
        "th{width:38%;font-weight:600}</style></head><body>"
        "<h1>Your answer about our code of conduct</h1>"
        f"<table>{listed}</table>"
        "<p>Signing is a request. Your child is treated just the same, signed or not.</p>"
        "<p>Keep this receipt. The fingerprint names the very text that you were shown."
        " Anyone can check the code on the page /verify of the site that our emails link to: it"
        " says yes or no, and nothing about you.</p>"
        "</body></html>"
    )
