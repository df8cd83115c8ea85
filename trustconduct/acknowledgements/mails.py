"""The receipt of an answer, by mail and for paper. What asks and reminds is in `words.py`.

Each mail says who sends it, why, and that nothing is taken away from who does not
sign. How to check that it is real is added to every mail when it leaves; it
tells the reader to trust no number in a mail, so a mail gives none. A paragraph
is one line: a phone breaks it where its screen ends.
"""

from __future__ import annotations

from uuid import UUID

from trustconduct.languages.spoken import ENGLISH, Language
from trustconduct.outbox.write import Link, Mail


def receipt(
    school_name: str,
    *,
    adult_id: UUID,
    to_name: str,
    to_address: str,
    answer: str,
    signed_as: str,
    when: str,
    number: int,
    sha256: str,
    copy: str,
    telephone: str,
    reply_to: str,
    page: str,
    link: Link,
    language: Language = ENGLISH,
) -> Mail:
    """Tell an adult what was noted, with a copy of the very text and the receipt as a PDF."""
    say = language.say
    did = {
        "signed": say(
            "On %(when)s, you told us that you have read our code of conduct, and signed as"
            " %(signed_as)s.",
            when=when,
            signed_as=signed_as,
        ),
        "declined": say(
            "On %(when)s, you told us that you would rather not sign our code of conduct.",
            when=when,
        ),
        "talk": say(
            "On %(when)s, you told us that you would like to talk to us before you sign.",
            when=when,
        ),
    }[answer]
    after = {
        "signed": say("Thank you. You do not need to do anything else."),
        "declined": say(
            "That is your choice, and nothing changes for your child."
            " The code still applies to everyone at our school."
        ),
        "talk": say("Someone from school will get in touch with you soon."),
    }[answer]

    thanks, again = say("Thank you,"), say("You can see your answer again at any time:")

    def words(copy_is: str, call: str, see_again: str = "") -> str:
        dear = say("Dear {name},").replace("{name}", to_name)
        record = say(
            "For our records: version %(number)s, text %(sha)s.", number=number, sha=sha256[:16]
        )
        return (
            f"{dear}\n\n{did}\n\n{after}\n\n{copy_is} {call}\n{see_again}\n"
            f"{thanks}\n{school_name}\n\n{record}\n"
        )

    by_call = say(
        "Was this not you? Please call the school office on %(telephone)s.", telephone=telephone
    )
    at_all = say("Was this not you? Please call the school office.")
    return Mail(
        kind="sign_receipt",
        language=language.code,
        adult_id=adult_id,
        to_name=to_name,
        to_address=to_address,
        from_name=school_name,
        reply_to=reply_to,
        subject=say("%(school)s: your answer about our code of conduct", school=school_name),
        attachment=("code-of-conduct.txt", copy),
        printed=("receipt.pdf", page),
        link=link,
        body=words(
            say("Your receipt and a copy of the code come with this email."),
            at_all,
            f"\n{again}\n\n{{link}}\n",
        ),
        letter=words(
            say("If you would like the code on paper, ask at the school office."),
            by_call if telephone else at_all,
        ),
    )
