"""Phones that a push service rings: what is known of each, and where the service finds it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from bot.domain.actions import Verb
from bot.domain.chats import Address, Channel, Endpoint, Hears, Link
from bot.domain.ids import AccountId, LinkId


class Service(StrEnum):
    """A push service; an endpoint's address has it as its bot."""

    NTFY = "ntfy"
    PUSHOVER = "pushover"
    APPRISE = "apprise"
    """Any of many, by a library that says of each message only whether it worked."""
    BROWSER = "browser"
    """That of the browser's own maker, which the browser names itself (web push)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NtfyTarget:
    """A topic of an ntfy server; with a token, or a user and a password, where it asks for them.

    `server` is its scheme, host and port: `https://ntfy.sh`.
    """

    server: str
    topic: str = field(repr=False)
    token: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushoverTarget:
    """A user of Pushover; without a device, all of theirs."""

    user: str = field(repr=False)
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserTarget:
    """A browser's subscription to what we push: it alone can read what is encrypted for it.

    `endpoint` is an address that its push service has made for it; `p256dh`, its public key, and
    `auth`, a secret, are as it gives them. `name` is what it calls itself.
    """

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseTarget:
    """An address as the library Apprise reads it; it has all secrets that its service asks for."""

    url: str = field(repr=False)

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0].lower()


PushTarget = NtfyTarget | PushoverTarget | BrowserTarget | AppriseTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTarget:
    """Where a service finds a phone, and whose; `details` and `updates` are as of a `Phone`."""

    target: PushTarget
    account: AccountId
    details: bool = False
    updates: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReceipt:
    """What rings on a phone until somebody says that they have seen it. `person` is whose phone it
    is.
    """

    address: Address
    person: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockScreenButton:
    """What may be pressed on a lock screen, by whoever holds its address.

    Attributes:
        link: of the phone that it stands on.
        verb: that it was seen, or that somebody has it for a while.
    """

    link: Link
    verb: Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class LockScreenPress:
    """What came of a press: `is_new` if it changed anything, `until` if somebody has it now,
    `in_a_drill` if it holds for that place alone.
    """

    is_new: bool
    until: datetime | None = None
    in_a_drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone that somebody added in a chat of theirs, and that is rung as long as that is linked.

    Attributes:
        link: its own; `None` until it is proven: nothing but a code goes there before.
        coded_at: when a code that is still waited for was sent.
        details: whether a lock screen may show what happened, and to which bot.
        updates: whether its server replaces what it showed; `None` if nobody knows yet.
    """

    endpoint: Endpoint
    link: LinkId | None = None
    hears: Hears = Hears.CRITICAL
    made_at: datetime
    coded_at: datetime | None = None
    details: bool = False
    updates: bool | None = None

    @property
    def service(self) -> Service:
        return Service(self.endpoint.address.bot)


def address_of(service: Service, chat: str) -> Address:
    """Of a phone: `chat` says nothing of where the service finds it."""
    return Address(channel=Channel.PUSH, bot=service, chat=chat)


def name_of(target: PushTarget) -> str:
    """What may be shown of where a phone is: an ntfy server's host, a device, a browser."""
    match target:
        case NtfyTarget(server=server):
            return urlsplit(server).netloc
        case PushoverTarget(device=device):
            return device
        case AppriseTarget():
            return target.scheme
        case BrowserTarget(name=name):
            return name


# --- as people type them ------------------------------------------------------------------

_TOKEN = re.compile(r"[!-~]{1,200}")

_USER_KEY = re.compile(r"[A-Za-z0-9]{30}")
"""Source: https://pushover.net/api#identifiers"""

_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,25}")
"""Source: as above."""

_HOST = re.compile(r"[a-z0-9.:\[\]_-]{1,253}")


def read_server(text: str, *, plain: bool) -> str | None:
    """An ntfy server's scheme, host and port, out of its address; `None` if it cannot be one.

    Args:
        plain: whether http is taken too.
    """
    given = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(given)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return None
    schemes = ("https", "http") if plain else ("https",)
    extra = parts.username or parts.password or parts.query or parts.fragment
    host = parts.netloc.lower()
    if parts.scheme not in schemes or extra or parts.path.strip("/") or not _HOST.fullmatch(host):
        return None
    return f"{parts.scheme}://{host}"


def read_ntfy(words: list[str], topic: str, *, plain: bool) -> NtfyTarget | None:
    """`https://ntfy.example.com`, perhaps with a token or with user:password behind it."""
    server = read_server(words[0], plain=plain) if words else None
    if server is None or len(words) > 2:
        return None
    secret = words[1] if len(words) == 2 else ""
    if secret and not _TOKEN.fullmatch(secret):
        return None
    user, colon, password = secret.partition(":")
    if colon:
        return NtfyTarget(server=server, topic=topic, user=user, password=password)
    return NtfyTarget(server=server, topic=topic, token=secret)


def read_pushover(words: list[str]) -> PushoverTarget | None:
    """A user key, perhaps with the name of a device behind it."""
    if not 1 <= len(words) <= 2 or not _USER_KEY.fullmatch(words[0]):
        return None
    device = words[1] if len(words) == 2 else ""
    if device and not _DEVICE.fullmatch(device):
        return None
    return PushoverTarget(user=words[0], device=device)


_APPRISE_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30})://[!-~]{1,1500}")


def read_apprise(words: list[str], schemes: frozenset[str]) -> AppriseTarget | None:
    """`gotify://host/token`, of a scheme that is allowed."""
    found = _APPRISE_URL.fullmatch(words[0]) if len(words) == 1 else None
    return None if found is None or found[1].lower() not in schemes else AppriseTarget(url=words[0])
