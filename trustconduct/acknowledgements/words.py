"""What a campaign says: a school's own words, their merge fields, and what nobody can leave out."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from trustconduct import clock
from trustconduct.languages.spoken import ENGLISH, OTHERS, Language, Message, told
from trustconduct.outbox.texts import Size, TextTooLong, check_length, size_of
from trustconduct.tenants.models import NamedSchool

LONGEST_SUBJECT, LONGEST_BODY, LONGEST_TEXT = 150, 5_000, 500
FIELDS = {
    "name": "The adult’s name",
    "school.name": "Your school’s name",
    "link": "Their own link, which you never see",
    "last_day": "The last day on which the link works",
}
_FIELD = re.compile(r"\{([^{}]*)\}")
# A link's own letters, the longest that it can be: a text message is paid for by its length.
_LINK_PLACES = 160

CODE = Message(
    "We have a code of conduct for parents and carers. It says how we treat each other at"
    " school. It also says what happens when someone does not."
)
SAME = Message(
    "Your child will be treated just the same. The code is for everyone at our school,"
    " signed or not."
)
# These stand under every mail, whatever the school's own words are: nobody is to think that
# they must sign, or that it costs their child something (see docs/adr/0031).
ALONE = Message(
    "The link is for you alone, so please do not pass it on. It works until {last_day}."
)
FREE = Message(
    "You do not have to sign. On the same page you can say that you would rather not, or that"
    " you would like to talk to us first."
)
DEAR = Message("Dear {name},")
READ = Message(
    "Please read it and tell us that you have. It takes about four minutes. Open this link:"
)
SUBJECT = Message("{school.name}: please read our code of conduct")
TEXT = Message(
    "{school.name}: please read our code of conduct for parents and tell us that you have:"
    " {link} The link is for you alone and works until {last_day}. You do not have to sign."
)


class WordsRefused(ValueError):
    """The words will not do. `field` says which, the message what to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Words:
    """The subject and the body of the mail, and the text message, with their merge fields."""

    subject: str = str(SUBJECT)
    body: str = f"{DEAR}\n\n{CODE}\n\n{READ}\n\n{{link}}"
    text: str = str(TEXT)

    def in_language(self, language: Language) -> Words:
        """Our own words in a language. What a school has put in their place stays as it is."""

        def said(*parts: Message) -> str:
            return "\n\n".join(told(part, language) for part in parts)

        ours = Words()
        made = Words(
            subject=said(SUBJECT) if self.subject == ours.subject else self.subject,
            body=f"{said(DEAR, CODE, READ)}\n\n{{link}}" if self.body == ours.body else self.body,
            text=said(TEXT) if self.text == ours.text else self.text,
        )
        try:
            return checked(made)
        except WordsRefused:  # in letters of which a message holds fewer
            return replace(made, text=self.text)


def checked(words: Words) -> Words:
    """The words as they may be sent. Raises WordsRefused for the first that will not do."""
    limits = (
        ("subject", words.subject, LONGEST_SUBJECT, 0),
        ("body", words.body, LONGEST_BODY, 1),
        ("text", words.text, LONGEST_TEXT, 1),
    )
    for field, typed, longest, links in limits:
        if not typed.strip():
            raise WordsRefused(field, "Say something here.")
        if len(typed) > longest:
            raise WordsRefused(field, f"This is too long. Use at most {longest:,} characters.")
        _check_fields(field, typed, links)
    if "\n" in words.subject or "\r" in words.subject:
        raise WordsRefused("subject", "A subject is one line.")
    if "{name}" in words.text:
        raise WordsRefused("text", "A text message can’t hold {name}: names differ in length.")
    try:
        check_length(words.text.replace("{link}", "x" * _LINK_PLACES))
    except TextTooLong as error:
        raise WordsRefused("text", str(error)) from None
    return words


def _check_fields(field: str, typed: str, links: int) -> None:
    for name in _FIELD.findall(typed):
        if name not in FIELDS:
            there = ", ".join(f"{{{each}}}" for each in FIELDS)
            raise WordsRefused(field, f"There is no {{{name}}}. You can use {there}.")
    if "{" in _FIELD.sub("", typed) or "}" in _FIELD.sub("", typed):
        raise WordsRefused(field, "A mark { or } stands alone. Write a field whole, like {name}.")
    if typed.count("{link}") != links:
        raise WordsRefused(
            field,
            "Put {link} in once, where the link is to stand."
            if links
            else "The link can’t stand in the subject. Leave {link} out.",
        )


@dataclass(frozen=True)
class Letters:
    """The words of one mailing with the school's own facts filled in.

    `{name}` and `{last_day}` are left for each adult, `{link}` for the worker. `others` has
    the same by the code of each other language, for the adults who are spoken to in it.
    """

    subject: str
    body: str
    text: str
    letter: str
    others: Mapping[str, Letters] = dataclasses.field(default_factory=dict)


def letters(
    words: Words, school: NamedSchool, *, telephone: str, reply_to: str, again: bool = False
) -> Letters:
    """The words as PostgreSQL merges them for each adult; `again` for a reminder."""

    def made(language: Language) -> Letters:
        return _letters(words, school, language, telephone, reply_to, again=again)

    return replace(made(ENGLISH), others={one.code: made(one) for one in OTHERS})


def _letters(
    words: Words, school: NamedSchool, language: Language, telephone: str, reply_to: str, *,
    again: bool,
) -> Letters:  # fmt: skip
    def own(typed: str) -> str:
        return typed.strip().replace("{school.name}", _plain(school.name))

    words = words.in_language(language)
    subject, body, text = own(words.subject), own(words.body), own(words.text)
    if again:
        subject = language.say("A reminder:") + f" {subject}"
        text = language.say("A reminder.") + f" {text}"
        before = language.say(
            "We wrote to you about this before. You may have been busy, so here it is again."
            " If you do not want to answer, you do not have to."
        )
        body = f"{before}\n\n{body}"
    help_by = (
        language.say(
            "Do you need help, or the code on paper? Answer this email, or call the school office."
        )
        if reply_to
        else language.say("Do you need help, or the code on paper? Call the office.")
    )
    alone, free, same, thanks = (
        told(one, language) for one in (ALONE, FREE, SAME, Message("Thank you,"))
    )
    return Letters(
        subject=subject,
        body=f"{body}\n\n{alone}\n\n{free} {same}\n\n{help_by}\n\n"
        f"{thanks}\n{_plain(school.name)}\n",
        text=text,
        letter=_letter(school, telephone),
    )


def _plain(name: str) -> str:
    """A name as it may stand in a text with merge fields: its braces would be one."""
    return name.replace("{", "(").replace("}", ")")


def _letter(school: NamedSchool, telephone: str) -> str:
    """The same for paper, should the message never reach them."""
    office = f"the school office on {telephone}" if telephone else "the school office"
    return f"""Dear {{name}},

{CODE}

We tried to send you an email about it, but the email did not reach you. So here is a letter.

Please read the code. You find it at {{site}}/{school.slug}/policy. Or ask {office} for a copy \
on paper.

You do not have to sign. {SAME}

Please tick one box, fill in your name, and give this letter back to the school office.

☐ I have read the code of conduct.
☐ I would rather not sign it.
☐ I would like to talk to someone first.

Your name: ______________________________

Your signature: ______________________________

Date: ____________________

Thank you,
{_plain(school.name)}
"""


@dataclass(frozen=True)
class Preview:
    """A campaign's words as one adult would read them, without a link that works."""

    subject: str
    body: str
    text: str
    size: Size


def preview(made: Letters, *, name: str, closes_on: date) -> Preview:
    def filled(typed: str) -> str:
        typed = typed.replace("{last_day}", clock.day(closes_on))
        return typed.replace("{link}", "[their own link]").replace("{name}", _plain(name))

    longest = made.text.replace("{last_day}", clock.day(date(2000, 9, 30)))
    size = size_of(longest.replace("{link}", "x" * _LINK_PLACES))
    return Preview(filled(made.subject), filled(made.body), filled(made.text), size)
