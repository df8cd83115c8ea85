"""The code of an emailed letter, sent to its addressee's own telephone as a text message.

Another way than the email, so whoever reads the mailbox still can't open the letter. Never
to a number that another adult uses. The code is put in when the message leaves; no row has it.
"""

from __future__ import annotations

from sqlalchemy import Uuid, exists, func, literal, select
from sqlalchemy.orm import aliased

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.languages.spoken import ENGLISH, Message, language
from trustconduct.letters.models import FrozenLetter, Letter, LetterService, Way
from trustconduct.letters.opening import CODE, MOST_TRIES
from trustconduct.letters.serve import ServiceRefused, live_service
from trustconduct.outbox.texts import NumberRefused, uk_mobile
from trustconduct.outbox.untold import may_be_texted, may_be_told
from trustconduct.outbox.write import Code, TextMessage, withdraw, write
from trustconduct.people.models import Adult
from trustconduct.tenants.models import NamedSchool
from trustconduct.tenants.sessions import ScopedSession

_TEXT = Message(
    "From %(school)s: this is the code for the letter that we emailed you. Not you? Tell the"
    " school office."
)


def number_of(session: ScopedSession, adult: Adult) -> str:
    """The mobile number that is theirs alone, as +447…. Raises ServiceRefused."""
    try:
        number = uk_mobile(adult.telephone) if adult.telephone else ""
    except NumberRefused:
        number = ""
    if not number:
        raise ServiceRefused("text", "No UK mobile number is known for them.")
    other = aliased(Adult)
    shared, told = session.execute(
        select(
            exists().where(
                other.school_id == adult.school_id,
                func.tc_uk_mobile(other.telephone) == number,
                other.id != adult.id,
                func.coalesce(other.merged_into, other.id) != adult.id,
            ),
            may_be_told(literal(adult.id, Uuid)) & may_be_texted(literal(number)),
        )
    ).one()
    if shared or not told:
        raise ServiceRefused("text", "Another adult uses their number, and could read the code.")
    return number


def text_code(
    session: ScopedSession, letter: Letter, school: NamedSchool, *, by: Actor
) -> LetterService:
    """Send the addressee their code. Twice sends it twice: the first one may be lost.

    Raises ServiceRefused.
    """
    permit(by, Can.SERVE_LETTER, session.school_id)
    session.refresh(letter, with_for_update=True)
    service = live_service(session, letter.id)
    if service is None or service.way != Way.EMAIL or service.opened_at is not None:
        raise ServiceRefused("text", "No letter waits for a code.")
    if service.wrong_tries >= MOST_TRIES:
        raise ServiceRefused("text", "It was tried too often. Send the letter again.")
    adult = session.get_one(Adult, (letter.school_id, letter.adult_id))
    number = number_of(session, adult)
    frozen = session.get_one(FrozenLetter, (letter.school_id, letter.id))
    spoken = language(frozen.language) or ENGLISH
    withdraw(session, CODE, [service.id])  # an older one that has not left
    words = spoken.say(_TEXT.message, school=school.name.replace("{", "").replace("}", ""))
    write(
        session,
        [
            TextMessage(
                kind="letter_code",
                adult_id=adult.id,
                to_name=frozen.to_name,
                to_number=number,
                body=f"{words}\n{{code}}",
                code=Code(CODE, service.id),
                letter=f"Dear {frozen.to_name},\n\nWe have a code for you, for a letter that we"
                f" emailed you. Please ask the school office for it.\n\n{school.name}\n",
            )
        ],
    )
    service.texted_at = clock.now()
    session.flush()
    record(session, Event.LETTER_CODE_TEXTED, by=by, about=letter, number=letter.number)
    return service
