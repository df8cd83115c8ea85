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
    rows = (
        (language.say("School"), school),
        (language.say("For"), adult),
        (language.say("Name typed"), typed_name),
        (language.say("Your answer"), told(SAID[answer], language)),
        (language.say("When"), when),
        (language.say("Text"), language.say("Version %(number)s", number=number)),
        (language.say("Fingerprint of the text"), sha256),
        (language.say("Receipt number"), str(receipt_id)),
        (language.say("Code of this receipt"), str(code)),
    )
    listed = "".join(
        f"<tr><th scope=row>{escape(k)}</th><td><bdi>{escape(v)}</bdi></td></tr>" for k, v in rows
    )
    title = escape(language.say("Your receipt"))
    request = language.say(
        "Signing is a request. You do not have to sign, and your child is treated just the same."
        " The code applies to everyone either way."
    )
    keep = language.say("Keep this receipt. The fingerprint names the text that you were shown.")
    check = language.say(
        "Anyone can type the code at /verify on our site. It says yes or no, and nothing about you."
    )
    start = "left" if language.direction == "ltr" else "right"
    end = "right" if language.direction == "ltr" else "left"
    return (
        f"<!doctype html><html lang={language.tag} dir={language.direction}><head>"
        f"<meta charset=utf-8><title>{title}: {escape(school)}</title><style>"
        "@page{size:A4;margin:25mm}body{font:11pt/1.5 'Noto Sans',sans-serif}h1{font-size:18pt}"
        f"table{{border-collapse:collapse;width:100%}}th,td{{text-align:{start};vertical-align:top;"
        f"padding:6pt 0;padding-{end}:8pt;border-bottom:.5pt solid #888;overflow-wrap:anywhere}}"
        "th{width:38%;font-weight:600}</style></head><body>"
        f"<h1>{title}</h1><table>{listed}</table>"
        f"<p>{escape(request)}</p><p>{escape(keep)} {escape(check)}</p></body></html>"
    )
