"""Joining a chat to an account: one-time address, login on the page, six digits in the chat."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from typing import NoReturn

from bot.domain.accounts import Account, Grant, KeyLogin, Login, PasswordLogin, TokenLogin
from bot.domain.chats import Address, Channel, Link, Person, Role, private_ones
from bot.domain.events import Kind, Notice, Origin
from bot.domain.ids import AccountId, NewId, Now
from bot.domain.incoming import Place
from bot.domain.lifetimes import CODE_LIFE
from bot.domain.linking import (
    Audience,
    Completed,
    Ended,
    Invitation,
    LinkProblem,
    LoginFailed,
    Proof,
    Proven,
    SignedIn,
    TooSoon,
    WrongDigits,
)
from bot.domain.spoken_zones import zone_of_browser
from bot.domain.trail import by
from bot.errors import NeedsLogin, OutcomeUnknown, Refused, TryLater
from bot.ports import Accounts, Audit, Codes, Links, Platform
from bot.services.feeds import Feeds
from bot.services.ingest import Ingest
from bot.services.retrying import retry_until_available
from bot.texts import notices
from bot.texts.errors import USE_PASSWORD, Sentence
from bot.texts.language import nearest_language, spoken_language

log = logging.getLogger(__name__)

NOT_CERTAIN = USE_PASSWORD.format(reason=Sentence.LINKED_WITH_ANOTHER_LOGIN)

OF_ANOTHER = USE_PASSWORD.format(reason=Sentence.OF_ANOTHER_ACCOUNT)

LOOK_BACK = timedelta(hours=1)
"""After a start: how old a link may be that the account's other chats have not heard of."""


class Linking:
    """The life of a link. Implements `ports.SignIn` for the link page.

    Args:
        public_url: where people reach the link page, without a trailing slash.
        new_digits: gives six random decimal digits.
        cut_off: chats whose people cannot open that address on their phones.
    """

    def __init__(
        self,
        codes: Codes,
        accounts: Accounts,
        links: Links,
        platform: Platform,
        feeds: Feeds,
        ingest: Ingest,
        audit: Audit,
        public_url: str,
        now: Now,
        new_id: NewId,
        new_digits: Callable[[], str],
        cut_off: Collection[Channel] = (),
    ) -> None:
        self._codes = codes
        self._accounts = accounts
        self._links = links
        self._platform = platform
        self._feeds = feeds
        self._ingest = ingest
        self._audit = audit
        self._public_url = public_url
        self._cut_off = cut_off
        self._now = now
        self._new_id = new_id
        self._new_digits = new_digits
        self._half_done = asyncio.Event()

    async def invite(
        self,
        place: Place,
        person: Person,
        audience: Audience | None = None,
        proof: Proof | None = None,
    ) -> str:
        """A one-time address for this person in this chat, good for `CODE_LIFE`.

        Args:
            audience: who reads along there, if anybody and if that matters.
            proof: what the login is for, if nothing is to be linked.
        """
        return self._page(await self._invited(place, person, audience, hashed, proof))

    async def call_over(
        self, place: Place, person: Person, audience: Audience, proof: Proof | None = None
    ) -> str:
        """An address that everybody in a group may read: with it this person, and nobody else, goes
        on in the private chat with us. As good for `CODE_LIFE`, and once.
        """
        code = await self._invited(place, person, audience, _hashed_call, proof)
        return f"{audience.private_chat}{code}"

    async def called_over(self, code: str) -> Invitation | LinkProblem:
        """What somebody was called for who begins a private chat with that."""
        return await self._codes.look(_hashed_call(code), self._now())

    async def go_on(self, code: str, place: Place, person: Person) -> str | LinkProblem:
        """The one-time address for who was called over: the digits are typed here then."""
        here = await self._links.endpoint(place.address, place.private)
        page, now = self._new_id(), self._now()
        renewed = await self._codes.renew(_hashed_call(code), hashed(page), here, person.id, now)
        return renewed if isinstance(renewed, LinkProblem) else self._page(page)

    async def _invited(
        self,
        place: Place,
        person: Person,
        audience: Audience | None,
        hash_of: Callable[[str], str],
        proof: Proof | None,
    ) -> str:
        now = self._now()
        code = self._new_id()
        name = "" if audience is None else audience.name
        read_by = "" if audience is None or proof is not None else audience.readers
        invitation = Invitation(
            endpoint=await self._links.endpoint(place.address, place.private, name),
            address=place.address,
            person=person.id,
            role=Role.OWNER,
            expires_at=now + CODE_LIFE,
            name=name,
            readers=read_by,
            language=spoken_language(),
            proof=proof,
        )
        await self._codes.invite(hash_of(code), invitation, now)
        return code

    def _page(self, code: str) -> str:
        return f"{self._public_url}/link/{code}"

    def is_cut_off(self, address: Address) -> bool:
        """Whether people of that chat can open our address only at the machine that runs us."""
        return address.channel in self._cut_off

    async def look(self, code: str) -> Invitation | LinkProblem:
        return await self._codes.look(hashed(code), self._now())

    async def sign_in(
        self, code: str, login: Login, source: str, *, agreed: bool = False, zone: str = ""
    ) -> SignedIn | Proven | LoginFailed | TooSoon | LinkProblem:
        now = self._now()
        code_hash = hashed(code)
        invitation = await self._codes.look(code_hash, now)
        if isinstance(invitation, LinkProblem):
            return invitation
        if invitation.readers and not agreed:
            return LinkProblem.NO_CONSENT
        # Counted first: an address that is used to hammer is soon used up.
        counted_for = _name_of(login), network_of(source)
        left = await self._codes.count_login(code_hash, *counted_for, now)
        if not isinstance(left, int):
            return left
        account = None if invitation.proof is None else invitation.proof.account
        try:
            grant = await self._platform.log_in(login)
        except NeedsLogin as refusal:
            await self._note("login_failed", now, invitation.address, invitation.person, account)
            return LoginFailed(reason=str(refusal), tries_left=left)
        except (TryLater, Refused) as failure:
            await self._codes.forgive_login(*counted_for, right=False)
            return LoginFailed(reason=str(failure), tries_left=left)
        await self._codes.forgive_login(*counted_for, right=True)
        if invitation.proof is not None:
            return await self._prove(code_hash, grant, invitation, left)
        await self._note("logged_in", now, invitation.address, invitation.person)
        digits, zone = self._new_digits(), zone_of_browser(zone)
        outcome = await self._codes.sign_in(code_hash, grant, digits, self._now(), zone)
        if outcome is LinkProblem.NOT_CERTAIN:
            return LoginFailed(reason=NOT_CERTAIN, tries_left=left)
        return outcome

    async def _prove(
        self, code_hash: str, grant: Grant, invitation: Invitation, left: int
    ) -> Proven | LoginFailed | LinkProblem:
        now, who = self._now(), (invitation.address, invitation.person)
        outcome = await self._codes.prove(code_hash, grant, now)
        match outcome:
            case LinkProblem.NOT_CERTAIN:
                return LoginFailed(reason=OF_ANOTHER, tries_left=left)
            case Proven(proof=proof):
                await self._note("proven", now, *who, proof.account, words=proof.deed)
        return outcome

    async def complete(self, place: Place, person: Person, digits: str) -> Completed | WrongDigits:
        """The digits came back in the chat: link, start the feed, tell the other chats.

        If the database goes away meanwhile, `run` tells them once it is back.
        """
        try:
            return await self._complete(place, person, digits)
        except (TryLater, OutcomeUnknown):
            self._half_done.set()
            raise

    async def _complete(self, place: Place, person: Person, digits: str) -> Completed | WrongDigits:
        now = self._now()
        outcome = await self._codes.complete(place.address, person.id, digits, now)
        if isinstance(outcome, WrongDigits):
            if outcome.problem is not LinkProblem.UNKNOWN:
                # Digits that nobody waits for are just words: strangers must not fill the trail.
                await self._note("wrong_digits", now, place.address, person.id)
            return outcome
        account = outcome.account
        endpoint = outcome.link.endpoint
        facts = {} if endpoint.private else {"shared": endpoint.name}
        await self._note("linked", now, endpoint.address, person.id, account.id, **facts)
        wants, language = outcome.link.preferences, nearest_language(person.language)
        if wants.zone:
            outcome = replace(outcome, zone="")  # they have said it themselves
        if outcome.zone or language != wants.language:
            change = partial(replace, language=language, zone=outcome.zone or wants.zone)
            await self._links.prefer(outcome.link.id, change, now)
        if outcome.replaced is not None:
            await self._forget_if_last(outcome.replaced, now)
        # Also the first time: a feed of an earlier link may not have been noticed to be over.
        await self._feeds.credential_renewed(account)
        if outcome.others:
            await self._tell_others(account, outcome.link)
        if endpoint.address != place.address:
            await self._tell_there(account, outcome.link)
        return outcome

    def code_hash_in(self, url: str) -> str | None:
        """By what one of our one-time addresses is known; `None` if it is none."""
        page = self._page("")
        return hashed(url.removeprefix(page)) if url.startswith(page) else None

    async def withdraw(self, place: Place, person: Person) -> int:
        """End the addresses that a person has asked for in a chat; gives how many."""
        return await self._codes.withdraw(place.address, person.id, self._now())

    async def awaits_digits(self, place: Place, person: Person) -> Address | None:
        """The chat that digits would link, if this person is expected to type some now."""
        return await self._codes.waiting(place.address, person.id, self._now())

    async def run(self) -> NoReturn:
        """Tell of new chats whatever kept them from being told of, until cancelled."""
        while True:
            self._half_done.clear()
            await self.recover()
            await self._half_done.wait()

    async def recover(self) -> None:
        """A new chat that a crash or the database kept from being told of is told of now."""
        since = self._now() - LOOK_BACK
        for link in await retry_until_available(partial(self._links.made_since, since)):
            await retry_until_available(partial(self.announce, link))

    async def announce(self, link: Link) -> None:
        """Tell the account's older chats of a new one."""
        linked = await self._links.of(link.account)
        account = await self._accounts.get(link.account)
        if account is not None and any(one.linked_at < link.linked_at for one in linked):
            await self._tell_others(account, link)

    async def end(self, link: Link) -> Ended:
        """Unlink a chat: nothing that was owed is sent any more."""
        now = self._now()
        ended = await self._links.end(link.id, now)
        cancelled = str(ended.cancelled)
        await self._note(
            "unlinked", now, link.endpoint.address, link.person, link.account, cancelled=cancelled
        )
        if ended.last:
            await self._forget(link.account)
        return ended

    async def _forget_if_last(self, replaced: Link, now: datetime) -> None:
        await self._note(
            "unlinked",
            now,
            replaced.endpoint.address,
            replaced.person,
            replaced.account,
            why="linked to another account",
        )
        if not await self._links.of(replaced.account):
            await self._forget(replaced.account)

    async def _forget(self, account: AccountId) -> None:
        await self._feeds.stop(account)
        self._ingest.forget(account)

    async def _tell_others(self, account: Account, link: Link) -> None:
        """Once, however often it is asked for."""
        alone = private_ones(await self._links.of(account.id), link.endpoint.id)
        # What its chats are called is nobody's business who reads along in another one.
        origin = Origin(kind=Kind.FEED, record=f"linked {link.id}", at=self._now())
        notice = Notice(
            origin=origin,
            say=partial(notices.chat_linked, link.endpoint, named=bool(alone)),
            bad=True,
            urgent=True,
            without=link.endpoint.id,
            personal=True,
        )
        await self._ingest.take(account, (notice,))

    async def _tell_there(self, account: Account, link: Link) -> None:
        """Say to a group, where nobody has seen how it was linked, whose alerts it has now."""
        origin = Origin(kind=Kind.FEED, record=f"joined {link.id}", at=self._now())
        notice = Notice(origin=origin, say=notices.group_linked, only=link.endpoint.id)
        await self._ingest.take(account, (notice,))

    async def _note(
        self,
        what: str,
        now: datetime,
        address: Address,
        person: str,
        account: AccountId | None = None,
        **facts: str,
    ) -> None:
        who = by(Person(channel=address.channel, id=person))
        await self._audit.note(what, now, account, **who, **facts)


def network_of(source: str) -> str:
    """What counts as one source: a person has a whole /64 of IPv6 addresses to come from."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if address.version == 4:
        return source
    return str(ip_network((address, 64), strict=False))


def _name_of(login: Login) -> str:
    match login:
        case PasswordLogin(email=email):
            return email.strip().lower()
        case KeyLogin(api_key=key):
            return key
        case TokenLogin(token=token):
            return token


def _hashed_call(code: str) -> str:
    """Not as that of a page: who reads it in a group must not open the page with it."""
    return hashed(f"call {code}")


def hashed(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
