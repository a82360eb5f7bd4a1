"""Menus of commands that single chats have."""

from dataclasses import dataclass

from bot.domain.chats import Address, Link
from bot.domain.ids import EndpointId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMenu:
    """A chat whose menu may have to be another.

    Attributes:
        shown: a fingerprint of the menu that it was given; `None` if it has that of everybody.
        mark: tells whether anything has changed since.
        link: what is linked there, if anything is.
    """

    endpoint: EndpointId
    address: Address
    private: bool
    shown: str | None
    mark: int
    link: Link | None
