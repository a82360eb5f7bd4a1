"""Accounts, their chats, and how these come to be linked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.accounts import Account, AccountState, Credential, Grant, Login
from bot.domain.chats import Address, Channel, Followers, Link, Preferences
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.linking import (
    Completed,
    Ended,
    Invitation,
    LinkProblem,
    LoginFailed,
    Proven,
    SignedIn,
    TooSoon,
    WrongDigits,
)


class Links(Protocol):
    async def at(self, address: Address) -> Link | None:
        """The active link of a chat, or of the chat that a topic of ours is in."""

    async def called(self, link: LinkId) -> Link | None:
        """One that is active."""

    async def endpoint(self, address: Address, private: bool, name: str = "") -> EndpointId:
        """The endpoint of a chat, made if it is not known yet.

        Args:
            name: what it is called now; kept if it is none.
        """

    async def of(self, account: AccountId) -> Sequence[Link]:
        """The active links of an account that are its owner's."""

    async def partners_of(self, account: AccountId) -> Sequence[Link]:
        """Those that are partners', with their phones and inboxes."""

    async def made_since(self, since: datetime) -> Sequence[Link]:
        """The active links of all accounts that are younger than that."""

    async def end(self, link: LinkId, now: datetime, *, tells: bool = False) -> Ended:
        """Unlink: cancel what is owed; with the owner's last link also delete the credential, and
        end those of partners, who are told so.

        Args:
            tells: a partner whose chat it is does not know yet, and is told.

        Raises:
            Refused: it is not active.
        """

    async def prefer(
        self, link: LinkId, change: Callable[[Preferences], Preferences], now: datetime
    ) -> Preferences:
        """Change what a chat wants; gives it as it is now. What waits for the end of quiet hours
        waits for that of the new ones.

        Args:
            change: pure; it is called inside the transaction, and perhaps again.

        Raises:
            Refused: the link is not active.
        """

    async def show_followers(
        self, link: LinkId, chat: EndpointId, followers: Followers, now: datetime
    ) -> Link | None:
        """Show followers in that chat what happens to the account of a private one, in its language
        and zone, as its person's; where they follow already, as it is said now. `None` if another
        account is shown there.

        Raises:
            Refused: the private chat's link is not active.
        """

    async def move(self, address: Address, chat: str, now: datetime) -> None:
        """The chat has another number: its link, and what is owed there, go with it."""

    async def disable(self, address: Address, reason: str, now: datetime) -> int:
        """The chat is closed to us: hold what is owed; gives how many."""

    async def enable(self, address: Address, now: datetime) -> int:
        """The chat is open again: held items are owed again; gives how many."""


class Accounts(Protocol):
    async def active(self) -> Sequence[Account]:
        """Accounts with at least one active link."""

    async def get(self, account: AccountId) -> Account | None: ...

    async def credential(self, account: AccountId) -> Credential | None: ...

    async def renew(self, account: AccountId, credential: Credential) -> None:
        """Replace the credential; the account is active again."""

    async def mark(self, account: AccountId, state: AccountState) -> None: ...


class Codes(Protocol):
    """Linking attempts.

    Codes are stored only as SHA-256, digits only as a keyed hash; the grant of a login that waits
    for its digits is stored encrypted, bound to its attempt.
    """

    async def invite(self, code_hash: str, invitation: Invitation, now: datetime) -> None:
        """Open an attempt; the person's oldest ones give way above `OPEN_CODES`."""

    async def look(self, code_hash: str, now: datetime) -> Invitation | LinkProblem:
        """What stands behind a code; changes nothing."""

    async def renew(
        self, code_hash: str, new_hash: str, digits_in: EndpointId, person: str, now: datetime
    ) -> Invitation | LinkProblem:
        """Give a code of this person's another one in its place: the first was read by others. The
        digits are typed in that chat from now on.
        """

    async def count_login(
        self, code_hash: str, who: str, source: str, now: datetime
    ) -> int | TooSoon | LinkProblem:
        """Count one login try before it is made; gives how many are left after it.

        It counts as a wrong one, of `who` from `source`, until it is forgiven. Both are stored
        only as keyed hashes, and only as long as they matter.
        """

    async def forgive_login(self, who: str, source: str, *, right: bool) -> None:
        """It was not a wrong one: it was right, or nobody knows."""

    async def sign_in(
        self, code_hash: str, grant: Grant, digits: str, now: datetime, zone: str = ""
    ) -> SignedIn | LinkProblem:
        """Use the code up: one conditional UPDATE. Another signed-in attempt of the same person,
        whose digits would be typed in the same chat, ends; `complete` gives back the `zone`.

        A login that is only inferred to be an account's, which has another one, is NOT_CERTAIN: it
        leaves the code as it was, and `complete` makes nothing of it either.
        """

    async def prove(self, code_hash: str, grant: Grant, now: datetime) -> Proven | LinkProblem:
        """Use the code of a `Proof` up, if that is the login of its account: one conditional
        UPDATE. Nothing of the login is kept.

        That of another account, or one that may be, is NOT_CERTAIN, and leaves the code as it was.
        """

    async def proven(
        self, account: AccountId, channel: Channel, person: str, since: datetime, now: datetime
    ) -> bool:
        """Whether a person of a chat platform has proven lately that they hold an account."""

    async def withdraw(self, address: Address, person: str, now: datetime) -> int:
        """End this person's attempts from that chat; gives how many."""

    async def waiting(self, address: Address, person: str, now: datetime) -> Address | None:
        """The chat that the digits would link that this person is expected to type in this one."""

    async def complete(
        self, address: Address, person: str, digits: str, now: datetime
    ) -> Completed | WrongDigits:
        """Check the digits typed in a chat, counting the try; if right make account, link and
        credential at once.

        A chat that was linked to another account loses that link first, with all that was owed;
        but a shared chat stays with who linked it (TAKEN). Linking again to the same account keeps
        the link; only the credential is renewed.
        """


class SignIn(Protocol):
    """What the link page does; the linking service implements it."""

    async def look(self, code: str) -> Invitation | LinkProblem: ...

    async def sign_in(
        self, code: str, login: Login, source: str, *, agreed: bool = False, zone: str = ""
    ) -> SignedIn | Proven | LoginFailed | TooSoon | LinkProblem:
        """Log in with what the person typed.

        Args:
            source: the person's IP address, for the limits.
            agreed: to others' reading along; without it only a private chat is linked.
            zone: what the browser calls its time zone.
        """
