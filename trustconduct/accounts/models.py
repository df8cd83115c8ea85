"""People who sign in, what they are, their second factor and their sign-ins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trustconduct import clock
from trustconduct.audit.actor import Grant, Role
from trustconduct.db import Base, new_id
from trustconduct.tenants.models import Edited


class User(Edited, Base):
    """A person who signs in. `email` is kept in small letters: it is what they type."""

    __tablename__ = "account_user"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    disabled_at: Mapped[datetime | None]

    grants: Mapped[list[UserGrant]] = relationship(
        back_populates="user", order_by="UserGrant.id", lazy="selectin"
    )


class UserGrant(Base):
    """A role of a user, at one school or at the Trust where `at_school_id` is null."""

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
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    role: Mapped[str]
    at_school_id: Mapped[UUID | None] = mapped_column(ForeignKey("school.id"))

    user: Mapped[User] = relationship(back_populates="grants")

    def grant(self) -> Grant:
        return Grant(Role(self.role), self.at_school_id)


class Factor(Base):
    """A user's authenticator (TOTP). `last_step` is why a code works only once."""

    __tablename__ = "account_factor"
    __table_args__ = (Index("uq_account_factor_user", "user_id", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account_user.id"))
    secret: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


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
