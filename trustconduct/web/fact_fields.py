"""The form for a school's facts: those of every edition, and those that its edition declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from marshmallow import Schema, fields

from trustconduct.policies.editions import newest_published
from trustconduct.policies.facts import Fact
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.fields import Email, Line, Plain, Telephone, WebAddress
from trustconduct.web.fields import Fact as FactField

KIND_FIELDS: dict[str, Callable[[], Line]] = {
    "text": lambda: FactField(longest=200),
    "url": lambda: WebAddress(longest=500),
    "email": lambda: Email(longest=254),
    "telephone": Telephone,
}


class FactsForm(Plain):
    policies_url = WebAddress(longest=500)
    app_name = FactField(longest=100)
    telephone = Telephone()
    email = Email(longest=254)
    police_force_id = fields.String(load_default="")
    told = fields.String(load_default="")
    seen_version = fields.String(load_default="")


def field_of(name: str) -> str:
    """The form's field for a declared fact, by its name in the text."""
    return "more-" + name.removeprefix("school.")


def declared_facts(session: ScopedSession) -> tuple[Fact, ...]:
    """What the edition to be adopted asks for beside the facts of every edition."""
    edition = newest_published(session)
    return edition.document.facts if edition else ()


@lru_cache(maxsize=64)
def facts_form(declared: tuple[Fact, ...]) -> type[Schema]:
    """The form with a field for each declared fact."""
    return FactsForm.from_dict(
        {field_of(fact.name): KIND_FIELDS[fact.kind]() for fact in declared}, name="FactsForm"
    )


def marked(facts: Mapping[str, str], known: Mapping[str, Fact]) -> dict[str, str]:
    """The facts for a preview: a blank one shows as "[Parent app]"."""
    blank = {name: f"[{fact.label}]" for name, fact in known.items()}
    return {**blank, **{name: value for name, value in facts.items() if value}}
