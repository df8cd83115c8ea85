"""The receipt of an answer, by mail and for paper. What asks and reminds is in `words.py`.

Each mail says who sends it, why, and that nothing is taken away from who does not
sign. How to check that it is real is added to every mail when it leaves; it
tells the reader to trust no number in a mail, so a mail gives none. A paragraph
is one line: a phone breaks it where its screen ends.
"""

from __future__ import annotations

from uuid import UUID

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
) -> Mail:
    """Tell an adult what was noted, with a copy of the very text and the receipt as a PDF."""
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

    def words(copy_is: str, call: str, see_again: str = "") -> str:
        return f"""Dear {to_name},

On {when}, {did}.

{after}

{copy_is} Was this not you? Please call the school office{call}.
{see_again}
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
        printed=("receipt.pdf", page),
        link=link,
        body=words(
            "Your receipt and a copy of the code come with this email.",
            "",
            "\nYou can see your answer again at any time:\n\n{link}\n",
        ),
        letter=words("If you would like the code on paper, ask at the school office.", call),
    )
