"""Accounts on the platform, and how people log in there."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import AccountId


class CredentialKind(StrEnum):
    TOKEN = "token"
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What opens the account on the platform. `expires_at` is `None` for an API key."""

    kind: CredentialKind
    secret: str = field(repr=False)
    expires_at: datetime | None = None


class AccountState(StrEnum):
    ACTIVE = "active"
    NEEDS_LOGIN = "needs_login"
    """The platform refuses the credential: only the person can help."""


NAMELESS = "key:"
"""How a user id begins that we made up, because nothing reveals whose login it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's account on the platform. `label` is a masked e-mail address or name, to show."""

    id: AccountId
    platform_user: str
    label: str
    plan: str | None = None
    state: AccountState = AccountState.ACTIVE
    created_at: datetime

    @property
    def nameless(self) -> bool:
        """Whether nobody knows which user of the platform it is."""
        return self.platform_user.startswith(NAMELESS)

    def owns(self, owner: str | None) -> bool:
        """Whether a record of this user is this account's; `None` if it names no user.

        What names one is not an account's of which no user is certain.
        """
        return owner is None or owner == self.platform_user


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLogin:
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLogin:
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """An access token that the person already has."""

    token: str = field(repr=False)


Login = PasswordLogin | KeyLogin | TokenLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a successful login gives: who it is, and the credential to keep."""

    platform_user: str
    label: str
    plan: str | None
    credential: Credential
    inferred: bool = False
    """Whether only the records that it was shown say who it is, and not the platform itself."""
