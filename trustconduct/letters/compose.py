"""A letter out of its parts, as it stands today, and what stands against sending it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.languages.spoken import OTHERS, Message, language
from trustconduct.letters.blocks import Block, blocks_of, lines_of, trust_words
from trustconduct.letters.checks import FACTS, Against, against
from trustconduct.letters.kinds import KINDS, Kind
from trustconduct.letters.models import Letter, LetterSignatory, LetterWording, Way
from trustconduct.letters.parts import (
    GAP,
    field_values,
)
from trustconduct.letters.reading_age import reading_age
from trustconduct.letters.records import Contact, Record, contact_of, record_of
from trustconduct.letters.signatories import may_sign_today
from trustconduct.letters.staff_names import names_in, without_names
from trustconduct.letters.translated import letter_in, other_key
from trustconduct.letters.wordings import in_use
from trustconduct.people.models import Adult
from trustconduct.policies.document import canonical, sha256
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.translations import newest
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Composed:
    """All that stands on a letter. Equal texts are equal letters."""

    number: int
    kind: str
    subject: str
    written_on: date
    way: str
    to_name: str
    to_address: str
    to_email: str
    school_name: str
    school_address: str
    telephone: str
    email: str
    trust_name: str
    policy: str
    advice: str
    blocks: tuple[Block, ...]
    signed_by: str
    signed_as: str
    answers: int | None  # the letter that this one takes the place of
    answer_days: int | None
    answer_unit: str
    # Beside the English: in which language, and its words as `translated.py` makes them; the
    # offer of other formats in the addressee's own language stands in every letter to them.
    language: str = "en"
    translation: Mapping[str, Any] | None = None
    offer: str = ""
    offer_language: str = "en"

    @property
    def rests_on_code(self) -> bool:
        return any(block.quotes for block in self.blocks)

    @property
    def is_internal(self) -> bool:
        return KINDS[self.kind].internal

    @property
    def text(self) -> str:
        """The canonical JSON that the hash is taken over."""
        said = {name: value for name, value in vars(self).items() if name != "blocks"}
        said["written_on"] = self.written_on.isoformat()
        return canonical({**said, "blocks": [block.to_json() for block in self.blocks]})

    @classmethod
    def from_text(cls, text: str) -> Composed:
        """The letter out of its frozen text."""
        said = json.loads(text)
        blocks = tuple(
            Block(
                one["heading"],
                tuple(one["paragraphs"]),
                tuple((name, words) for name, words in one["facts"]),
                tuple((id, words) for id, words in one["quotes"]),
            )
            for one in said.pop("blocks")
        )
        written_on = date.fromisoformat(said.pop("written_on"))
        return cls(**said, written_on=written_on, blocks=blocks)

    @property
    def sha256(self) -> str:
        return sha256(self.text)

    @property
    def words(self) -> str:
        """What is read, without headings and names: for the reading age."""
        return "\n".join(text for block in self.blocks for text in block.paragraphs)

    @property
    def reading_age(self) -> int | None:
        return reading_age(self.words)


@dataclass(frozen=True)
class Draft:
    """A letter as it stands today, with what it is made of and what stands against it."""

    kind: Kind
    composed: Composed
    against: tuple[Against, ...]
    warnings: tuple[str, ...]
    given: Mapping[str, Any]  # by part, what the record says above what was typed
    from_record: frozenset[str]
    record: Record | None
    wording: LetterWording | None
    version: SchoolVersion | None
    adult: Adult

    @property
    def is_whole(self) -> bool:
        return not self.against


def draft_of(session: ScopedSession, letter: Letter) -> Draft:
    """Put a letter together as it stands now. A fixed number of queries."""
    kind = KINDS[letter.kind]
    adult = session.get_one(Adult, (letter.school_id, letter.adult_id))
    record = record_of(session, letter, kind)
    from_record = {name: v for name, v in (record.parts if record else {}).items() if v}
    contact = None if kind.internal else contact_of(session, adult.id)
    if contact and kind.part("contact") and not from_record.get("contact"):
        from_record["contact"] = _whom(contact)
    given = {**letter.parts, **from_record}
    if letter.unnamed:
        names = names_in(settings_of(session).letters_staff)
        given = without_names(kind, given, names, letter.language)
    wording = in_use(session, kind)
    version = version_in_force(session, _day(given.get("incident_on")))
    signatory = (
        session.get(LetterSignatory, (letter.school_id, letter.signatory_id))
        if letter.signatory_id
        else None
    )
    composed = _composed(
        session, letter, kind, adult, given=given, wording=wording, version=version,
        contact=contact,
    )  # fmt: skip
    composed = _signed(composed, signatory)
    missing = against(
        session,
        letter,
        kind,
        adult,
        given=given,
        wording=wording,
        version=version,
        record=record,
        signatory=signatory,
        may_sign=signatory is not None and may_sign_today(session, signatory),
        composed_words=_all_words(kind, given),
        telephone=composed.telephone,
        email=composed.email,
    )
    if not missing and any(GAP in text for block in composed.blocks for text in block.paragraphs):
        words = f"The Trust’s words name something that is blank: see “{GAP}” in the letter."
        missing = (Against(FACTS, words),)
    return Draft(
        kind=kind,
        composed=composed,
        against=missing,
        warnings=_warnings(kind, given, version),
        given=given,
        from_record=frozenset(from_record),
        record=record,
        wording=wording,
        version=version,
        adult=adult,
    )  # fmt: skip


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None


def _signed(composed: Composed, signatory: LetterSignatory | None) -> Composed:
    if signatory is None:
        return composed
    return replace(composed, signed_by=signatory.name, signed_as=signatory.role)


def _composed(
    session: ScopedSession,
    letter: Letter,
    kind: Kind,
    adult: Adult,
    *,
    given: Mapping[str, Any],
    wording: LetterWording | None,
    version: SchoolVersion | None,
    contact: Contact | None,
) -> Composed:
    school = session.get_one(School, session.school_id)
    trust = session.execute(select(Trust.name, Trust.letter_advice)).first()
    facts = facts_of(session, school, settings_of(session))
    if contact:
        facts = {
            **facts,
            "school.telephone": contact.telephone or facts["school.telephone"],
            "school.email": contact.email or facts["school.email"],
        }
    document = version.document if version else None
    title = (document.title if document else "") or "Code of conduct for parents and carers"
    policy = f"{title}, version {version.number}" if version else ""
    values = {
        **{name: words for name, words in facts.items() if name in kind.fields},
        "addressee.name": adult.name,
        "policy.name": title,
        **field_values(kind, given),
    }
    values["school.governing_body"] = facts["school.governing_body"] or "governing body"
    answer = given.get("answer") if kind.part("answer") else None
    clauses = document.clauses_by_id if document else {}
    spoken = None if kind.internal or letter.language == "en" else language(letter.language)
    # With a translation the offer stands in it; else here, in their own language.
    own = None if kind.internal or spoken else language(adult.language)
    offer = (
        ""
        if own is None or own.is_english
        else own.say(OFFER, telephone=facts["school.telephone"], email=facts["school.email"])
    )
    to_reception = kind.internal
    return Composed(
        number=letter.number,
        kind=kind.id,
        subject=f"{kind.subject}: {adult.name}" if to_reception else kind.subject,
        written_on=clock.today(),
        way=letter.way,
        to_name=f"Reception, {school.name}" if to_reception else adult.name,
        to_address="" if to_reception else adult.address,
        to_email="" if to_reception or letter.way != Way.EMAIL else adult.email,
        school_name=school.name,
        school_address=school.address,
        telephone=facts["school.telephone"],
        email=facts["school.email"],
        trust_name=trust.name if trust else "",
        policy="" if to_reception else policy,
        advice=trust.letter_advice if trust and not to_reception else "",
        blocks=(
            *blocks_of(kind, given, wording, document, values),
            *_by_plan(kind, contact),
        ),
        signed_by="",
        signed_as="",
        answers=_number_of(session, letter.replaces_id),
        answer_days=answer["days"] if answer else None,
        answer_unit=answer["unit"] if answer else "",
        language=spoken.code if spoken else "en",
        translation=letter_in(
            spoken, kind, given,
            trust_words=lambda part: trust_words(part, given.get(part.id), wording),
            clauses=clauses, translations=newest(session, spoken.code), values=values,
        ) if spoken else None,
        offer=offer,
        offer_language=own.code if own and offer else "en",
    )  # fmt: skip


# The words that ship for "formats", as a message: said in the addressee's own language.
OFFER = Message(
    "You can ask for this letter in large print, read aloud, or in another language. Call us"
    " on %(telephone)s or write to %(email)s."
).message


def _whom(contact: Contact) -> str:
    ways = " or ".join(one for one in (contact.email, contact.telephone) if one)
    return f"{contact.who}: {ways}"


def _by_plan(kind: Kind, contact: Contact | None) -> list[Block]:
    """How to keep in touch, on every letter to a person with a plan; its own says it already."""
    if contact is None or kind.part("plan"):
        return []
    return [Block("How we keep in touch", tuple(lines_of(contact.words)))]


def _number_of(session: ScopedSession, letter_id: UUID | None) -> int | None:
    if letter_id is None:
        return None
    return session.scalar(select(Letter.number).where(Letter.id == letter_id))


def _all_words(kind: Kind, given: Mapping[str, Any]) -> str:
    """What people wrote, and not the Trust: where a name could stand that must not."""
    found = []
    for part in kind.parts:
        value = given.get(part.id)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            found += [str(one) for one in value.values()]
        for other in OTHERS:
            if said := given.get(other_key(part.id, other.code)):
                found.append(said["words"])
    return "\n".join(found)


def _warnings(
    kind: Kind, given: Mapping[str, Any], version: SchoolVersion | None
) -> tuple[str, ...]:
    found = []
    if version is not None and kind.part("clauses"):
        clauses = version.document.clauses_by_id
        named = [clauses[one] for one in given.get("clauses", ()) if one in clauses]
        if named and all(clause.flagged for clause in named):
            found.append(
                "It rests only on clauses that the Trust marks as risky to rest a step on."
                " Name another clause as well, or ask the Trust."
            )
    return tuple(found)
