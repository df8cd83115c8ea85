"""People who sign in, what they are, their second factor and their sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trustconduct import clock
from trustconduct.audit.actor import Grant, Role
from trustconduct.db import Base, Instant, new_id
from trustconduct.tenants.models import Edited


class User(Edited, Base):
    """A person who signs in. `email` is kept in small letters: it is what they type.

    Without `password_hash` nobody signs in: the invitation has not been taken up.
    `enrols_at_sign_in` lets who knows the password set up the first authenticator;
    only an officer made on the command line does that. Everyone else sets it up
    behind a link in a mail, so that a password alone never makes a second factor.
    """

    __tablename__ = "account_user"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str | None]
    enrols_at_sign_in: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    disabled_at: Mapped[datetime | None]

    grants: Mapped[list[UserGrant]] = relationship(
        back_populates="user", order_by="UserGrant.id", lazy="selectin"
    )

    def is_at_trust(self, role: Role, on: date) -> bool:
        """Whether the person has this role of the Trust's on a day."""
        return any(grant.role == role.value and grant.holds(on) for grant in self.grants)


class UserGrant(Base):
    """A role of a user, at one school or at the Trust where `at_school_id` is null.

    `first_on` and `last_on` are days in London, both included: an acting head is
    one from a day to a day. Blank, it has no beginning or no end.
    """

    __tablename__ = "account_grant"
    __table_args__ = (
        Index(
            "uq_account_grant_role",
            "user_id",
            "role",
            "at_school_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "(role like 'trust%') = (at_school_id is null)", name="trust_roles_at_no_school"
        ),
        CheckConstraint("first_on <= last_on", name="days_in_order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    role: Mapped[str]
    at_school_id: Mapped[UUID | None] = mapped_column(ForeignKey("school.id"))
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]

    user: Mapped[User] = relationship(back_populates="grants")

    def grant(self) -> Grant:
        return Grant(Role(self.role), self.at_school_id)

    def holds(self, on: date) -> bool:
        """Whether the role is in force on a day."""
        return (self.first_on or on) <= on <= (self.last_on or on)


def held(on: date) -> ColumnElement[bool]:
    """The same as `UserGrant.holds`, for a query."""
    return and_(
        func.coalesce(UserGrant.first_on, on) <= on, func.coalesce(UserGrant.last_on, on) >= on
    )


class Factor(Base):
    """A user's authenticator (TOTP). `last_step` is why a code works only once.

    Both secrets are sealed (see sealing.py). `next_secret` is of the authenticator
    that the person moves to: it takes the place of `secret` with its first code.
    """

    __tablename__ = "account_factor"
    __table_args__ = (Index("uq_account_factor_user", "user_id", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    secret: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)
    next_secret: Mapped[str | None]
    next_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of a user's ten codes for the day on which the phone is lost; it works once.

    Kept as an HMAC under the service's key: a stolen backup gives nothing to try.
    """

    __tablename__ = "account_recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hmac"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    code_hmac: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]


class AccountLink(Base):
    """A link that was mailed to a user: to come in, for a new password, or a new authenticator.

    One row for each purpose. A new generation makes every older link of the row
    worthless, and `used_at` the newest one too. The token itself is stored nowhere.
    """

    __tablename__ = "account_link"
    __table_args__ = (
        UniqueConstraint("user_id", "purpose"),
        CheckConstraint("purpose in ('invite', 'reset', 'factor')", name="purpose_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    purpose: Mapped[str]
    generation: Mapped[int] = mapped_column(default=1)
    sent_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]


class AccountFeed(Base):
    """The calendar feed of a user. A new generation makes every older address worthless."""

    __tablename__ = "account_feed"
    __table_args__ = (UniqueConstraint("user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    generation: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]


class Throttle(Base):
    """The last tries of one person at one address, to do one thing.

    The key is an HMAC: nobody reads from this table who tried to sign in.
    """

    __tablename__ = "account_throttle"
    __table_args__ = (Index(None, "last_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    tried_at: Mapped[list[datetime]] = mapped_column(ARRAY(Instant))
    last_at: Mapped[datetime]


class SignIn(Base):
    """One sign-in in one browser. The cookie holds a token, this row only its hash.

    `confirmed_at` is blank between the password and the code: until then the
    sign-in opens nothing but the page that asks for the code. `code_given_at` is
    when a code was last given in it: what is sensitive asks again after a while.
    """

    __tablename__ = "account_sign_in"
    __table_args__ = (
        UniqueConstraint("token_sha256"),
        Index("ix_account_sign_in_open", "user_id", postgresql_where=text("ended_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    token_sha256: Mapped[str]
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    wrong_codes: Mapped[int] = mapped_column(default=0)
    code_given_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class KeptForm(Base):
    """What someone typed into a form that could not be taken: see kept_forms.py.

    `sealed` opens only with the service's key and the token in that browser's
    cookie together: neither a backup nor the key alone shows what was typed.
    """

    __tablename__ = "account_kept_form"
    __table_args__ = (Index(None, "user_id", "kept_at"), Index(None, "kept_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    browser_sha256: Mapped[str]
    kept_at: Mapped[datetime] = mapped_column(default=clock.now)
    sealed: Mapped[bytes]
