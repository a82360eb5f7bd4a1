"""How a chat becomes linked to an account: a one-time address, a login, six digits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.accounts import Account
from bot.domain.chats import Address, Endpoint, Link, Role
from bot.domain.ids import AccountId, EndpointId

# guarantees.md 3.2
DIGITS_TRIES = 3
LOGIN_TRIES = 5
"""Failed logins that one address survives."""
OPEN_CODES = 3
"""Addresses that one person may have open at a time; the oldest gives way."""


class LinkProblem(StrEnum):
    """Why an address or some digits lead nowhere."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    TOO_MANY_TRIES = "too many tries"
    WRONG_DIGITS = "wrong digits"
    TAKEN = "taken"
    """Somebody else has linked this shared chat."""
    NOT_CERTAIN = "not certain"
    """The account is another login's already, and only records say that it is this one's too."""
    NO_CONSENT = "no consent"
    """Others read along there, and the person has not agreed to that."""
    PROVEN = "proven"
    """The login that it was for has been made."""
    NOT_PROVEN = "not proven"
    """The login that it was for is not waited for any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who reads along in a shared chat.

    `name` is what its people call the chat; `readers` says who they are, as the end of a sentence.
    Both hold names of foreign origin, cleaned. `governors` are the people who have a say there,
    where they can be asked for; elsewhere a platform tells it with what somebody says. Where nobody
    can be answered alone, `private_chat` is the address of ours that opens the chat of a person
    alone, to which what it is to begin with is added.
    """

    name: str
    readers: str
    governors: frozenset[str] = frozenset()
    private_chat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a login is for that links nothing: that its person holds an account, before a deed that
    cannot be undone.
    """

    account: AccountId
    deed: str
    """What is to be confirmed in the chat then, in its language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The login was made, and its account is the right one."""

    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A one-time address, as its page shows it. The code itself is known only to the person.

    `name` and `readers` are those of an `Audience`, and empty where nobody reads along. `language`
    is the one in which the chat was given the address. `digits_in` is where the digits are to be
    typed, if that is not the chat itself. With a `proof` nothing is linked by it.
    """

    endpoint: EndpointId
    address: Address
    person: str
    role: Role
    expires_at: datetime
    name: str = ""
    readers: str = ""
    language: str = "en"
    digits_in: EndpointId | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A good login: the digits to type back in the chat."""

    digits: str
    until: datetime
    label: str
    login_ends: datetime | None = None
    """`None` for a key, which does not end by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailed:
    """The platform said no, or did not answer; the person may try again on the same page."""

    reason: str
    tries_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSoon:
    """Not tried: there were too many wrong logins lately."""

    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The chat is linked. `replaced` is the link that this chat had before, if any; `zone` the time
    zone of the browser, empty if that is not known.
    """

    link: Link
    account: Account
    others: tuple[Link, ...] = ()
    """The account's other links, to be told (`guarantees.md` 3.2)."""
    replaced: Link | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongDigits:
    """`problem` is WRONG_DIGITS while tries are left, else why the whole attempt has ended."""

    problem: LinkProblem
    tries_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An unlinked account. `last` means that its owner has no chat any more: its credential is
    deleted. `told` are chats of partners that hear of it.
    """

    link: Link
    cancelled: int
    last: bool
    told: tuple[Endpoint, ...] = ()
