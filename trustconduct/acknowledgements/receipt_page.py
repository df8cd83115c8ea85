"""The receipt of an answer as a page to print: the worker makes a PDF of it for the mail."""

from __future__ import annotations

from datetime import datetime
from html import escape
from uuid import UUID

from trustconduct import clock
from trustconduct.acknowledgements.models import Answer
from trustconduct.acknowledgements.receipt_code import ReceiptCode
from trustconduct.languages.spoken import ENGLISH, Language, Message, told

SAID = {
    Answer.SIGNED: Message("I have read the code of conduct."),
    Answer.DECLINED: Message("I would rather not sign it."),
    Answer.TALK: Message("I would like to talk to someone first."),
}
TITLE = Message("Your answer about our code of conduct")
REQUEST_ONLY = Message("Signing is a request. Your child is treated just the same, signed or not.")
KEEP = Message("Keep this receipt. The fingerprint names the very text that you were shown.")
CHECK = Message(
    "Anyone can check its code on the page /verify of the site that our emails link to."
    " It says yes or no, and nothing about you."
)


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
    language: Language = ENGLISH,
) -> str:
    """The receipt as a page to print, whole in itself: the worker makes the PDF of it.

    In the language of the page on which they answered; `when` is in it already.
    """
    code = ReceiptCode(slug, answer, clock.local(at).date(), receipt_id, sha256)
    say = language.say
    rows = (
        (say("School"), school),
        (say("For"), adult),
        (say("Name typed"), typed_name),
        (say("Answer"), told(SAID[answer], language)),
        (say("When"), when),
        (say("Version"), str(number)),
        (say("Fingerprint of the text (SHA-256)"), sha256),
        (say("Receipt number"), str(receipt_id)),
        (say("Code of this receipt"), str(code)),
    )
    title = say("Receipt: code of conduct of %(school)s", school=school)
    listed = "".join(
        f"<tr><th scope=row>{escape(k)}</th><td><bdi>{escape(v)}</bdi></td></tr>" for k, v in rows
    )
    return (
        f"<!doctype html><html lang={language.tag} dir={language.direction}><head>"
        f"<meta charset=utf-8><title>{escape(title)}</title><style>"
        "@page{size:A4;margin:25mm}h1{font-size:18pt}"
        "body{font:11pt/1.5 Figtree,'Noto Naskh Arabic',sans-serif}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:start;vertical-align:top;"
        "padding:6pt 8pt 6pt 8pt;border-bottom:.5pt solid #888;overflow-wrap:anywhere}"
        "th{width:38%;font-weight:600}</style></head><body>"
        f"<h1>{escape(told(TITLE, language))}</h1>"
        f"<table>{listed}</table>"
        f"<p>{escape(told(REQUEST_ONLY, language))}</p><p>{escape(told(KEEP, language))}</p>"
        f"<p>{escape(told(CHECK, language))}</p>"
        "</body></html>"
    )
