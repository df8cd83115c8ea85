"""The mails of an acknowledgement: the request, and the receipt.

Each says who sends it, why, that nothing is taken away from who does not sign,
and how to check that it is real.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from trustconduct.outbox.write import Link, Mail
from trustconduct.tenants.models import NamedSchool


def day(on: date) -> str:
    """A day as people write it: 3 September 2026."""
    return f"{on.day} {on:%B %Y}"


def sign_link(school: NamedSchool, request_id: UUID, generation: int) -> Link:
    return Link(f"/{school.slug}/sign/{request_id}/", "sign", request_id, generation)


def _real(school: NamedSchool, telephone: str) -> str:
    call = f" on {telephone}" if telephone else ""
    return (
        f"Is this email real? Look up our number yourself and call the {school.name} office"
        f"{call}. We never ask for a password or for money in an email like this."
    )


def asking(
    school: NamedSchool,
    *,
    to_name: str,
    to_address: str,
    request_id: UUID,
    generation: int,
    closes_on: date,
    telephone: str,
    reply_to: str,
) -> Mail:
    """Ask an adult to read and acknowledge the code, by a link of their own."""
    return Mail(
        kind="sign_request",
        to_name=to_name,
        to_address=to_address,
        from_name=school.name,
        reply_to=reply_to,
        subject=f"{school.name}: please read our code of conduct",
        link=sign_link(school, request_id, generation),
        body=f"""Dear {to_name},

We have a code of conduct for parents and carers. It says how we treat each other at
school, and what happens when someone does not.

Please read it and tell us that you have. It takes about four minutes:

{{link}}

This link is yours alone, so please do not pass it on. It works until {day(closes_on)}.

Signing is a request. If you would rather not sign, you can say so on the same page.
If you would like to talk to us first, you can say that too. Your child will be treated
just the same, and the code applies to everyone either way.

Thank you,
{school.name}

{_real(school, telephone)}
""",
    )


def receipt(
    school_name: str,
    *,
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
    return Mail(
        kind="sign_receipt",
        to_name=to_name,
        to_address=to_address,
        from_name=school_name,
        reply_to=reply_to,
        subject=f"{school_name}: your answer about our code of conduct",
        attachment=("code-of-conduct.txt", copy),
        body=f"""Dear {to_name},

On {when}, {did}.

{after}

A copy of the code goes with this email. If this was not you, please call the school
office{call}.

Thank you,
{school_name}

For our records: version {number}, text {sha256[:16]}.
""",
    )
