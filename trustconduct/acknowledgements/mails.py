"""The mails of an acknowledgement: the request, and the receipt; each for paper as well.

Each says who sends it, why, and that nothing is taken away from who does not
sign. How to check that it is real is added to every mail when it leaves; it
tells the reader to trust no number in a mail, so a mail gives none. A paragraph
is one line: a phone breaks it where its screen ends.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from trustconduct import clock
from trustconduct.outbox.write import Link, Mail
from trustconduct.tenants.models import NamedSchool


def sign_link(school: NamedSchool, request_id: UUID, generation: int) -> Link:
    return Link(f"/{school.slug}/sign/{request_id}/", "sign", request_id, generation)


_CODE = (
    "We have a code of conduct for parents and carers. It says how we treat each other at"
    " school. It also says what happens when someone does not."
)
_SAME = (
    "Your child will be treated just the same. The code is for everyone at our school,"
    " signed or not."
)


def asking(
    school: NamedSchool,
    *,
    adult_id: UUID,
    to_name: str,
    to_address: str,
    request_id: UUID,
    generation: int,
    closes_on: date,
    telephone: str,
    reply_to: str,
) -> Mail:
    """Ask an adult to read and acknowledge the code, by a link of their own."""
    office = f"the school office on {telephone}" if telephone else "the school office"
    reach_us = (
        "Answer this email, or call the school office" if reply_to else "Call the school office"
    )
    return Mail(
        kind="sign_request",
        adult_id=adult_id,
        to_name=to_name,
        to_address=to_address,
        from_name=school.name,
        reply_to=reply_to,
        subject=f"{school.name}: please read our code of conduct",
        link=sign_link(school, request_id, generation),
        body=f"""Dear {to_name},

{_CODE}

Please read it and tell us that you have. It takes about four minutes. Open this link:

{{link}}

The link is for you alone, so please do not pass it on. It works until {clock.day(closes_on)}.

You do not have to sign. On the same page you can say that you would rather not, or that you \
would like to talk to us first. {_SAME}

Do you need help, or the code on paper? {reach_us}.

Thank you,
{school.name}
""",
        letter=f"""Dear {to_name},

{_CODE}

We tried to send you an email about it, but the email did not reach you. So here is a letter.

Please read the code. You find it at {{site}}/{school.slug}/policy. Or ask {office} for a copy \
on paper.

You do not have to sign. {_SAME}

Please tick one box, fill in your name, and give this letter back to the school office.

☐ I have read the code of conduct.
☐ I would rather not sign it.
☐ I would like to talk to someone first.

Your name: ______________________________

Your signature: ______________________________

Date: ____________________

Thank you,
{school.name}
""",
    )


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
) -> Mail:
    """Tell an adult what was noted, with a copy of the very text."""
    did = {
        "signed": f"you told us that you have read our code of conduct, and signed as {signed_as}",
        "declined": "you told us that you would rather not sign our code of conduct",
        "talk": "you told us that you would like to talk to us before you sign",
    }[answer]
    after = {
        "signed": "Thank you. You do not need to do anything else.",
        "declined": "That is your choice, and nothing changes for your child."
        " The code still applies to everyone at our school.",
        "talk": "Someone from school will get in touch with you soon.",
    }[answer]
    call = f" on {telephone}" if telephone else ""

    def words(copy_is: str, call: str) -> str:
        return f"""Dear {to_name},

On {when}, {did}.

{after}

{copy_is} Was this not you? Please call the school office{call}.

Thank you,
{school_name}

For our records: version {number}, text {sha256[:16]}.
"""

    return Mail(
        kind="sign_receipt",
        adult_id=adult_id,
        to_name=to_name,
        to_address=to_address,
        from_name=school_name,
        reply_to=reply_to,
        subject=f"{school_name}: your answer about our code of conduct",
        attachment=("code-of-conduct.txt", copy),
        body=words("A copy of the code comes with this email.", ""),
        letter=words("If you would like the code on paper, ask at the school office.", call),
    )
