"""Who may ask what, and who answers: the one way from what a person said to a reply."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.actions import Action, ActionState, Denied, Target, Verb
from bot.domain.cards import Button, Card, Picture, spoken, with_note
from bot.domain.changes import condition
from bot.domain.charts import Chart, profits
from bot.domain.commands import NOBODY, ArgumentType, Spec, find_spec, known_words
from bot.domain.deliveries import LOST, Priority
from bot.domain.events import Kind, Notice, Origin, Strategy, Trader
from bot.domain.ids import AccountId, ActionId, NewId, Now
from bot.domain.incoming import (
    OLD_AFTER,
    Command,
    Left,
    Place,
    Press,
    Reply,
    Returned,
    Said,
    Shared,
    Wordless,
    Words,
)
from bot.domain.linking import WrongDigits
from bot.domain.links import Account, Address, Channel, EndpointState, Link, Person, Role
from bot.domain.names import (
    Found,
    Nothing,
    Several,
    completions,
    name_of,
    nearest,
    pick,
    told_apart,
)
from bot.domain.pairs import nearest_pairs, pairs_meant
from bot.domain.shown import ShownCard, question, without_address
from bot.domain.telling import trader_name
from bot.domain.text import counted
from bot.domain.trail import by
from bot.domain.typed import command_without_slash, digits_in, six_digits_in
from bot.errors import NeedsLogin, NotOffered, Refused, TryLater, Unclear
from bot.ports import (
    Accounts,
    Actions,
    Audit,
    Draw,
    Inbox,
    Links,
    Outbox,
    Readership,
    Session,
    ShownCards,
)
from bot.services.actions import TOASTS, Acting, targets_of
from bot.services.amending import Amending
from bot.services.closures import Closures
from bot.services.conversation import answers, trails
from bot.services.delivery import LOOK, Delivering
from bot.services.feeds import Feeds
from bot.services.ingest import Ingest
from bot.services.linking import Linking
from bot.services.steady import steady

log = logging.getLogger(__name__)

READ_LIMIT = timedelta(seconds=6)
"""A person who waits gets the last known state rather than nothing."""

SUGGEST_LIMIT = timedelta(seconds=2)
"""Discord waits three for what completes a word."""

PRICE_LIMIT = timedelta(seconds=5)
WORDLESS_AGAIN = timedelta(hours=1)
"""How soon the same chat is told again that only text is understood."""

MOST_REMEMBERED = 10_000

LATEST = 10
"""Rows of /trades and /signals."""

UNLINK_OTHERS = frozenset({"others", "other", "all others"})

_PAGE = re.compile(r"[1-9]\d{0,5}", re.ASCII)


class Conversation:
    """Answers people. `hear` implements `ports.Hear`, `suggest` `ports.Suggest`."""

    def __init__(
        self,
        links: Links,
        accounts: Accounts,
        inbox: Inbox,
        outbox: Outbox,
        actions: Actions,
        shown_cards: ShownCards,
        amending: Amending,
        feeds: Feeds,
        linking: Linking,
        ingest: Ingest,
        audit: Audit,
        closures: Closures,
        delivering: Delivering,
        readerships: Mapping[tuple[Channel, str], Readership],
        draw: Draw,
        now: Now,
        new_id: NewId,
    ) -> None:
        """
        Args:
            readerships: by channel and our bot's id there; others have no chats to share.
        """
        self._links = links
        self._accounts = accounts
        self._inbox = inbox
        self._outbox = outbox
        self._shown_cards = shown_cards
        self._amending = amending
        self._feeds = feeds
        self._linking = linking
        self._ingest = ingest
        self._closures = closures
        self._delivering = delivering
        self._readerships = readerships
        self._audit = audit
        self._draw = draw
        self._now = now
        self._new_id = new_id
        self._acting = Acting(actions, accounts, feeds, ingest, audit, now, new_id)
        self._throttle = _Throttle(EARNED)
        self._strangers = _Throttle(EARNED_BY_STRANGERS)
        self._passed_over_at: timedelta | None = None
        """When it was last logged that strangers are not answered, by the steady clock."""
        self._wordless: dict[Address, timedelta] = {}
        """When something without words was last answered in a chat, by the steady clock."""
        self._answers: dict[str, Callable[[_Asked], Awaitable[Card]]] = {
            "unlink": self._unlink,
            "members": self._members,
            "status": self._status,
            "traders": self._traders,
            "strategies": self._strategies,
            "pause": self._pause,
            "resume": self._resume,
            "trades": self._trades,
            "signals": self._signals,
            "price": self._price,
            "missed": self._missed,
            "audit": self._trail,
            "test": self._test,
        }

    async def recover(self) -> None:
        """After a start: report actions that a crash interrupted."""
        await self._acting.recover()

    async def hear(self, said: Said) -> AsyncGenerator[Reply]:
        """Answer. Ends with an apology, never with an exception."""
        try:
            async with aclosing(self._reply(said)) as replies:
                async for reply in replies:
                    yield self._minded(said, reply)
        except Exception:
            # The person must not wait for nothing, and one question must not stop the others.
            log.exception("could not answer", extra={"said": type(said).__name__})
            yield Reply(card=answers.went_wrong())

    def _minded(self, said: Said, reply: Reply) -> Reply:
        """With what sees to it that its buttons go when they end."""
        card = reply.card
        offers = card is not None and (card.buttons or card.pick)
        if card is None or not (offers or reply.replaces):
            return reply
        return replace(reply, shown=partial(self._note_shown, said.place, card))

    async def _note_shown(self, place: Place, card: Card, message: str) -> None:
        """A message shows a card of ours now. What fails here costs no more than a dead button."""
        try:
            endpoint = await self._links.endpoint(place.address, place.private)
            code_hash = self._code_hash_in(card)
            shown = ShownCard(
                endpoint=endpoint,
                address=place.address,
                message=message,
                card=card if code_hash is None else without_address(card),
                code_hash=code_hash,
            )
            if await self._shown_cards.note(shown):
                self._amending.wake()
        except (TryLater, Unclear) as outage:
            log.warning("a card's buttons may outlive their end", extra={"reason": str(outage)})

    def _code_hash_in(self, card: Card) -> str | None:
        urls = (button.url for row in card.buttons for button in row if button.url)
        return next(filter(None, map(self._linking.code_hash_in, urls)), None)

    async def suggest(
        self, place: Place, person: Person, command: str, typed: str
    ) -> Sequence[str]:
        """Implements `ports.Suggest`."""
        spec = find_spec(command)
        if spec is None or spec.argument is None:
            return ()
        try:
            async with asyncio.timeout(SUGGEST_LIMIT.total_seconds()):
                return await self._suggested(place, person, spec, typed)
        except TimeoutError:
            return ()
        except Exception:
            # A person can type on without it.
            log.exception("could not complete what is typed")
            return ()

    async def _suggested(
        self, place: Place, person: Person, spec: Spec, typed: str
    ) -> Sequence[str]:
        link = await self._links.at(place.address)
        if link is None or await self._refusal(spec, person, link) is not None:
            return ()
        match spec.argument and spec.argument.type:
            case ArgumentType.TRADER:
                return completions(typed, await self._known_bots(link.account))
            case ArgumentType.STRATEGY:
                return completions(typed, told_apart(await self._inbox.strategies(link.account)))
            case _:
                return ()

    async def _reply(self, said: Said) -> AsyncGenerator[Reply]:
        match said:
            case Left(place=place, reason=reason):
                await self._close(place, reason)
            case Returned(place=place, added=added):
                await self._reopen(place)
                if added:
                    yield Reply(card=answers.among_others())
            case Command() | Words() | Wordless() | Press():
                async for reply in self._reply_to_person(said):
                    yield reply

    async def _reply_to_person(
        self, said: Command | Words | Wordless | Press
    ) -> AsyncIterator[Reply]:
        at = timedelta(seconds=steady())
        if isinstance(said, Wordless) and not self._is_first_in_a_while(said.place.address, at):
            return
        match await self._judge(said.place, said.person, at):
            case "ignore":
                return
            case "warn":
                yield Reply(card=answers.too_fast())
                return
        match said:
            case Command():
                yield Reply(card=await self._command(said))
            case Words():
                card = await self._words(said)
                if card is not None:
                    yield Reply(card=card)
            case Wordless():
                yield Reply(card=answers.only_text())
            case Press():
                async for reply in self._press(said):
                    yield reply

    async def _judge(self, place: Place, person: Person, at: timedelta) -> str:
        """'ok', 'warn' or 'ignore'. Many strangers must not make those wait who are linked, or just
        about to be.
        """
        verdict = self._throttle.judge(person.id, at)
        if verdict == "ignore":
            return verdict
        link = await self._links.at(place.address)
        if link is None:
            if await self._linking.awaits_digits(place, person):
                return verdict
            verdict = self._strangers.judge(person.id, at)
            if verdict == "ignore" or self._answers_stranger(place.address, at):
                return verdict
            return "ignore"
        if verdict == "ok":
            await self._open_where_heard(link, place, person)
        return verdict

    def _answers_stranger(self, address: Address, at: timedelta) -> bool:
        if self._delivering.may_answer_stranger(address):
            return True
        if self._passed_over_at is None or at - self._passed_over_at >= PASSED_OVER_AGAIN:
            self._passed_over_at = at
            log.warning("more strangers write than are answered")
        return False

    def _is_first_in_a_while(self, address: Address, at: timedelta) -> bool:
        """Whether something without words is answered: an album must not bring ten answers."""
        if len(self._wordless) > MOST_REMEMBERED:
            self._wordless = {
                one: before
                for one, before in self._wordless.items()
                if at - before < WORDLESS_AGAIN
            }
        before = self._wordless.get(address)
        if before is not None and at - before < WORDLESS_AGAIN:
            return False
        self._wordless[address] = at
        return True

    # --- commands ---------------------------------------------------------------------------

    async def _command(self, command: Command, about: Sequence[Target] = ()) -> Card:
        """
        Args:
            about: the bots that a button meant, instead of words.
        """
        spec = find_spec(command.name)
        if spec is None and six_digits_in(command.name) and command.place.discreet:
            return await self._digits(command.place, command.person, command.name)
        if spec is None:
            return answers.unknown_command(command.name, nearest(command.name, known_words()))
        if spec.discreet and not command.place.discreet:
            return answers.only_in_private(spec)
        link = await self._links.at(command.place.address)
        card = await self._answer_to(spec, command, link, about)
        age = self._age(command)
        if age > OLD_AFTER:
            card = with_note(card, f"You asked this {spoken(age)} ago.")
        return _shown_to_all(card, spec, command, link) if command.public else card

    async def _answer_to(
        self, spec: Spec, command: Command, link: Link | None, about: Sequence[Target]
    ) -> Card:
        if spec.least is None:
            if link is not None:
                await self._note("command", link, command.person, name=spec.name)
            return await self._open_to_all(spec, command, link)
        if link is None:
            return answers.not_linked(command.place.discreet)
        refusal = await self._refusal(spec, command.person, link)
        refused = {} if refusal is None else {"refused": "yes"}
        await self._note("command", link, command.person, name=spec.name, **refused)
        if refusal is not None:
            return refusal
        account = await self._accounts.get(link.account)
        if account is None:
            return answers.not_linked()
        if spec.danger and self._age(command) > OLD_AFTER:
            return await self._ask_again(spec, command, link)
        ids = frozenset(target.id for target in about)
        asked = _Asked(spec=spec, command=command, link=link, account=account, about=ids)
        return await self._answered(asked)

    async def _note(self, what: str, link: Link, person: Person, **facts: str) -> None:
        """Into the trail. A disk that is full must not keep a person from looking at their bots."""
        try:
            await self._audit.note(what, self._now(), link.account, **by(person), **facts)
        except (TryLater, Unclear) as outage:
            log.error("what was asked was not audited", extra={"reason": str(outage)})

    def _age(self, command: Command) -> timedelta:
        return timedelta(0) if command.at is None else self._now() - command.at

    async def _ask_again(self, spec: Spec, command: Command, link: Link) -> Card:
        """Instead of a card that acts: who asked this long ago may want something else by now."""
        wanted = f"{spec.name} {command.arguments}".strip()
        [action] = await self._acting.choices(link, command.person.id, wanted, [()])
        return answers.asked_long_ago(wanted, Button(label="Ask it now", action=action))

    async def _open_to_all(self, spec: Spec, command: Command, link: Link | None) -> Card:
        match spec.name:
            case "link":
                return await self._link(command, link)
            case "help":
                return answers.help_card(link is not None, command.place.discreet)
            case "settings":
                return answers.settings(link)
            case "cancel":
                return await self._cancel(command, link)
            case _:
                return await self._start(command, link)

    async def _cancel(self, command: Command, link: Link | None) -> Card:
        """End what this person could still press or type here, and nobody else's."""
        person = command.person
        cards: Sequence[tuple[Action, ...]] = ()
        if link is not None:
            cards = await self._shown_cards.withdraw(link.endpoint.id, person.id, self._now())
        addresses = await self._linking.withdraw(command.place, person)
        if cards or addresses:
            self._amending.wake()
        return answers.cancelled_open([question(actions) for actions in cards], addresses)

    async def _start(self, command: Command, link: Link | None) -> Card:
        place = command.place
        if not place.discreet:
            return answers.among_others()
        if command.arguments:
            card = await self._typed_digits(place, command.person, command.arguments)
            if card is not None:
                return card
        return answers.welcome(link is not None, carried=command.arguments)

    async def _link(self, command: Command, link: Link | None) -> Card:
        place, person = command.place, command.person
        if command.arguments:
            card = await self._typed_digits(place, person, command.arguments)
            if card is not None:
                return card
        if place.shared is not None:
            return await self._link_shared(place, place.shared, person, link)
        url = await self._linking.invite(place, person)
        cut_off = self._linking.is_cut_off(place.address)
        return answers.link_address(url, again=link is not None, cut_off=cut_off)

    async def _link_shared(
        self, place: Place, shared: Shared, person: Person, link: Link | None
    ) -> Card:
        """Only for who has a say there and is the first; and who reads along is told before."""
        refusal = _cannot_link(shared)
        if refusal is not None:
            return refusal
        theirs = None if link is None or link.person == person.id else link
        if theirs is not None and await self._has_left(theirs) is not True:
            return answers.taken()
        readership = self._readership(place.address)
        try:
            async with asyncio.timeout(READ_LIMIT.total_seconds()):
                audience = None if readership is None else await readership.of(place.address)
        except TryLater as outage:
            return answers.readers_unknown(str(outage))
        except TimeoutError:
            return answers.readers_unknown("There was no answer in time.")
        if audience is None:
            return answers.not_there(shared)
        if theirs is not None:
            await self._linking.end(theirs)
        url = await self._linking.invite(place, person, audience)
        cut_off = self._linking.is_cut_off(place.address)
        return answers.shared_link_address(url, audience, cut_off=cut_off)

    def _readership(self, address: Address) -> Readership | None:
        return self._readerships.get((address.channel, address.bot))

    async def _refusal(self, spec: Spec, person: Person, link: Link) -> Card | None:
        """Why a command is not for this person here."""
        role = link.role_of(person.id)
        if role is None or (spec.own and person.id != link.person):
            return answers.only_the_owner()
        if spec.least is not None and not role.covers(spec.least):
            return answers.role_too_low(spec)
        if person.id != link.person and await self._has_left(link) is not False:
            return answers.deserted()
        return None

    async def _has_left(self, link: Link) -> bool | None:
        """Whether a shared chat has lost the person whose account is shown there; `None` if nobody
        can tell.
        """
        readership = self._readership(link.endpoint.address)
        if readership is None:
            return None
        try:
            async with asyncio.timeout(LOOK):
                return await readership.has_left(link.endpoint.address, link.person)
        except (TryLater, Refused, TimeoutError) as outage:
            log.warning("nobody can tell who is there", extra={"reason": str(outage)})
            return None

    async def _answered(self, asked: "_Asked") -> Card:
        try:
            return await self._answers[asked.spec.name](asked)
        except NeedsLogin:
            return answers.needs_login()
        except NotOffered as refusal:
            return answers.not_offered(str(refusal))
        except (TryLater, Refused) as failure:
            return answers.platform_away(str(failure))

    async def _status(self, asked: "_Asked") -> Card:
        account = asked.account
        traders, read_at = await self._bots(account)
        endpoint = asked.link.endpoint.id
        linked = await self._links.of(account.id)
        return answers.status(
            account,
            traders,
            self._feeds.status(account.id),
            read_at=read_at,
            last_event_at=await self._inbox.last_event_at(account.id),
            pending=await self._outbox.pending(endpoint),
            missed=await self._outbox.missed_count(endpoint, LOST),
            here=asked.link,
            closed=[one for one in linked if one.endpoint.state is EndpointState.DISABLED],
            now=self._now(),
        )

    async def _bots(self, account: Account) -> tuple[tuple[Trader, ...], datetime | None]:
        """The bots as they are now, or as last known if the platform does not say in time."""
        try:
            session = await self._feeds.session(account.id)
            if session is not None:
                async with asyncio.timeout(READ_LIMIT.total_seconds()):
                    return await self._bots_now(session, account.id), None
        except (TryLater, Refused, TimeoutError) as failure:
            log.warning("showing the last known bots", extra={"reason": str(failure)})
        return await self._known_bots(account.id), self._now()

    async def _bots_now(self, session: Session, account: AccountId) -> tuple[Trader, ...]:
        return told_apart(await session.traders(), await self._inbox.strategies(account))

    async def _known_bots(self, account: AccountId) -> tuple[Trader, ...]:
        traders = await self._inbox.traders(account)
        return told_apart(traders, await self._inbox.strategies(account))

    async def _session(self, account: Account) -> Session:
        session = await self._feeds.session(account.id)
        if session is None:
            raise NeedsLogin("there is no credential")
        return session

    async def _traders(self, asked: "_Asked") -> Card:
        session = await self._session(asked.account)
        traders = await self._bots_now(session, asked.account.id)
        strategies = told_apart(await self._inbox.strategies(asked.account.id))
        return answers.traders_list(traders, strategies)

    async def _strategies(self, asked: "_Asked") -> Card:
        session = await self._session(asked.account)
        strategies = told_apart(await session.strategies())
        wanted = asked.command.arguments.strip()
        if asked.about:
            [wanted] = asked.about
        if not wanted:
            return answers.strategies_list(strategies)
        match pick(wanted, strategies):
            case Nothing(nearest=near):
                actions = await self._offered(asked, near)
                return answers.no_such_strategy(wanted, near, actions, strategies)
            case Several(fitting=several):
                return answers.strategies_list(several)
            case Found(meant=(strategy,)):
                return answers.strategy(strategy, await self._known_bots(asked.account.id))
            case Found(meant=found):
                return answers.strategies_list(found)

    async def _trades(self, asked: "_Asked") -> Card:
        session = await self._session(asked.account)
        known = await self._known_bots(asked.account.id)
        trades = await session.trades(LATEST)
        chart = profits(trades, {trader.id: trader for trader in known})
        return answers.trades_list(trades, known, self._drawn(chart))

    def _drawn(self, chart: Chart | None) -> Picture | None:
        if chart is None:
            return None
        try:
            return self._draw(chart)
        except Exception:
            # The words say it all: they must not be lost with it.
            log.exception("a picture could not be drawn")
            return None

    async def _signals(self, asked: "_Asked") -> Card:
        session = await self._session(asked.account)
        return answers.signals_list(await session.signals(LATEST))

    async def _price(self, asked: "_Asked") -> Card:
        wanted = asked.command.arguments.strip()
        if not wanted:
            return answers.which_pair()
        session = await self._session(asked.account)
        if not session.connected:
            return answers.no_prices_now()
        known = await self._known_pairs(session, asked.account.id)
        meant = pairs_meant(wanted, known)
        if len(meant) > 1:
            return answers.which_of_pairs(meant, await self._ask_price(asked, meant))
        if not meant and session.pairs:
            # It can be known at once that none of it comes.
            near = nearest_pairs(wanted, session.pairs)
            return answers.no_price(wanted, near, await self._ask_price(asked, near))
        [pair] = meant or (wanted,)
        tick = await session.price(pair, PRICE_LIMIT)
        if tick is not None:
            return answers.price(tick.symbol, tick.last, tick.at)
        near = nearest_pairs(wanted, session.pairs)
        return answers.no_price(pair, near, await self._ask_price(asked, near))

    async def _known_pairs(self, session: Session, account: AccountId) -> Sequence[str]:
        """Those whose prices come, and those that the person's strategies trade."""
        strategies = await self._inbox.strategies(account)
        return (*session.pairs, *(one.pair for one in strategies if one.pair))

    async def _ask_price(self, asked: "_Asked", pairs: Sequence[str]) -> Sequence[ActionId]:
        """Buttons that ask for the prices of some pairs."""
        person, asks = asked.command.person.id, asked.spec.name
        return [
            action
            for pair in pairs[: answers.MOST_CHOICES]
            for action in await self._acting.choices(asked.link, person, f"{asks} {pair}", [()])
        ]

    async def _missed(self, asked: "_Asked") -> Card:
        endpoint = asked.link.endpoint.id
        count = await self._outbox.missed_count(endpoint)
        if not count:
            return answers.nothing_missed()
        lost = await self._outbox.missed_count(endpoint, LOST)
        page = _page(asked.command.arguments)
        if page is None or page > answers.missed_pages(count):
            return answers.no_such_page(count, lost)
        rows = answers.MISSED_ROWS
        items = await self._outbox.missed(endpoint, rows, skip=(page - 1) * rows)
        older: Sequence[Button] = ()
        if page < answers.missed_pages(count):
            person, command = asked.command.person.id, f"{asked.spec.name} {page + 1}"
            [action] = await self._acting.choices(asked.link, person, command, [()])
            older = (Button(label="Older", action=action),)
        return answers.missed(items, page, count, lost, older)

    async def _trail(self, asked: "_Asked") -> Card:
        """Who owns the account sees, in a chat of their own, what anybody did on it; others see
        what they did themselves.
        """
        link, person = asked.link, asked.command.person
        all_of_it = link.endpoint.private and person.id == link.person and link.role is Role.OWNER
        page = _page(asked.command.arguments)
        if page is None:
            return trails.trail((), 2, (), person)
        rows = trails.TRAIL_ROWS
        traces = await self._audit.trail(
            asked.account.id, rows + 1, (page - 1) * rows, None if all_of_it else person
        )
        older: Sequence[Button] = ()
        if len(traces) > rows:
            command = f"{asked.spec.name} {page + 1}"
            [action] = await self._acting.choices(link, person.id, command, [()])
            older = (Button(label="Older", action=action),)
        return trails.trail(traces[:rows], page, older, person)

    async def _test(self, asked: "_Asked") -> Card:
        origin = Origin(kind=Kind.TEST, record=self._new_id(), at=self._now())
        notice = Notice(
            origin=origin,
            title="Test alert",
            lines=("If you read this, the whole chain works.",),
            bad=True,
        )
        await self._ingest.take(asked.account, (notice,))
        return answers.test_started()

    # --- commands that change something -----------------------------------------------------

    async def _pause(self, asked: "_Asked") -> Card:
        return await self._change_running(asked, running=False)

    async def _resume(self, asked: "_Asked") -> Card:
        return await self._change_running(asked, running=True)

    async def _change_running(self, asked: "_Asked", *, running: bool) -> Card:
        session = await self._session(asked.account)
        traders = await self._bots_now(session, asked.account.id)
        if not traders:
            return answers.no_bots()
        if asked.about:
            meant = tuple(one for one in traders if one.id in asked.about)
            return await self._confirm_running(asked, meant, running)
        wanted = asked.command.arguments.strip()
        if not wanted:
            return await self._pick(asked, traders, running)
        match pick(wanted, traders):
            case Nothing(nearest=near):
                actions = await self._offered(asked, near)
                return answers.no_such_bot(wanted, near, actions, traders)
            case Several(fitting=several):
                return await self._pick(asked, several, running)
            case Found(meant=found):
                return await self._confirm_running(asked, found, running)

    async def _offered(
        self, asked: "_Asked", near: Sequence[Trader] | Sequence[Strategy]
    ) -> Sequence[ActionId]:
        """Buttons that ask the same about each of what may have been meant."""
        if not near:
            return ()
        choices = [(Target(id=one.id, name=name_of(one)),) for one in near]
        person = asked.command.person.id
        return await self._acting.choices(asked.link, person, asked.spec.name, choices)

    async def _pick(self, asked: "_Asked", traders: tuple[Trader, ...], running: bool) -> Card:
        open_to_it = _changeable(traders, running)
        if not open_to_it:
            return answers.nothing_to_do(traders, running)
        if len(traders) == 1:
            return await self._confirm_running(asked, traders, running)
        shown = open_to_it[: answers.MOST_CHOICES]
        choices = [targets_of((one,)) for one in shown]
        if len(open_to_it) > 1:
            choices.append(targets_of(open_to_it))
        person = asked.command.person.id
        actions = await self._acting.choices(asked.link, person, asked.spec.name, choices)
        of_all = actions[-1] if len(open_to_it) > 1 else None
        return answers.choose(running, open_to_it, actions[: len(shown)], of_all)

    async def _confirm_running(
        self, asked: "_Asked", traders: tuple[Trader, ...], running: bool
    ) -> Card:
        changing = _changeable(traders, running)
        if not traders:
            return answers.no_bots()
        if not changing:
            return answers.nothing_to_do(traders, running)
        who = trader_name(changing[0]) if len(changing) == 1 else counted(len(changing), "bot")
        deeds = {Verb.RESUME: f"Resume {who}"} if running else {Verb.PAUSE: f"Stop {who}"}
        session = await self._session(asked.account)
        can_end_entries = not running and session.commands_pods
        if can_end_entries:
            deeds = {Verb.NO_ENTRIES: f"No new trades: {who}", **deeds}
        buttons = await self._acting.confirm(
            asked.link, asked.command.person.id, deeds, targets_of(changing)
        )
        return answers.confirm_running(changing, running, can_end_entries, buttons)

    async def _unlink(self, asked: "_Asked") -> Card:
        others = [one for one in await self._links.of(asked.account.id) if one.id != asked.link.id]
        if asked.command.arguments.strip().lower() in UNLINK_OTHERS:
            return await self._unlink_others(asked, others)
        buttons = await self._acting.confirm(
            asked.link, asked.command.person.id, {Verb.UNLINK: "Unlink this chat"}
        )
        return answers.confirm_unlink(asked.account, not others, buttons)

    async def _unlink_others(self, asked: "_Asked", others: Sequence[Link]) -> Card:
        if not asked.link.role.covers(Role.OWNER):
            return answers.role_too_low(asked.spec)
        if not others:
            return answers.no_other_chats()
        targets = [Target(id=one.id, name=answers.chat_name(one)) for one in others]
        label = f"Unlink {counted(len(others), 'other chat')}"
        buttons = await self._acting.confirm(
            asked.link, asked.command.person.id, {Verb.UNLINK: label}, targets
        )
        return answers.confirm_unlink_others(targets, buttons)

    async def _members(self, asked: "_Asked") -> Card:
        link, wanted = asked.link, asked.command.arguments.strip().lower()
        if link.endpoint.private:
            return answers.nobody_else_here()
        now = link.preferences.members
        if wanted not in _MEMBERS:
            return answers.members(now)
        role = _MEMBERS[wanted]
        if role is now or role is None or (now is not None and now.covers(role)):
            await self._admit(link, role, asked.command.person)
            return answers.members(role)
        buttons = await self._acting.confirm(
            link, asked.command.person.id, {Verb.ADMIT: "Allow it"}, arguments=role
        )
        return answers.confirm_members(role, link.endpoint.name, buttons)

    async def _admit(self, link: Link, role: Role | None, person: Person) -> None:
        await self._links.admit(link.id, role)
        await self._audit.note(
            "members", self._now(), link.account, **by(person), role=role or NOBODY
        )

    # --- words and buttons ------------------------------------------------------------------

    async def _words(self, words: Words) -> Card | None:
        if not words.place.discreet:
            return None
        command = command_without_slash(words.text) if words.place.private else None
        if command is not None:
            said = Command(
                place=words.place,
                person=words.person,
                name=command.name,
                arguments=command.arguments,
                at=words.at,
            )
            return await self._command(said)
        card = await self._typed_digits(words.place, words.person, words.text)
        if card is not None:
            return card
        link = await self._links.at(words.place.address)
        return answers.small_talk(link is not None)

    async def _typed_digits(self, place: Place, person: Person, text: str) -> Card | None:
        """An answer about the six digits; `None` if that is not what this is about.

        Where they are waited for, what cannot be them costs no try.
        """
        six = six_digits_in(text)
        if six is not None:
            return await self._digits(place, person, six)
        if await self._linking.awaits_digits(place, person):
            return answers.not_six_digits(digits_in(text))
        return None

    async def _digits(self, place: Place, person: Person, digits: str) -> Card:
        # Whoever had a say when they asked for the address may have none any more.
        refusal = None if place.shared is None else _cannot_link(place.shared)
        if refusal is not None:
            return refusal
        outcome = await self._linking.complete(place, person, digits)
        if isinstance(outcome, WrongDigits):
            return answers.digits_refused(outcome)
        self._amending.wake()
        endpoint = outcome.link.endpoint.id
        if await self._outbox.pending(endpoint):
            # It had been closed, and is not any more.
            self._delivering.wake({endpoint: (place.address, Priority.NORMAL)})
        return answers.linked(outcome)

    async def _press(self, press: Press) -> AsyncIterator[Reply]:
        link = await self._links.at(press.place.address)
        if link is None:
            yield Reply(toast=TOASTS[Denied.UNLINKED])
            return
        others = press.person.id != link.person and link.role_of(press.person.id) is not None
        if others and await self._has_left(link) is not False:
            yield Reply(card=answers.deserted())
            return
        claimed = await self._acting.claim(press, link)
        if isinstance(claimed, Denied):
            await self._note("press", link, press.person, refused=claimed)
            # Whoever presses quickly reads below what becomes of the first press.
            passing = claimed in (Denied.USED, Denied.RUNNING)
            yield Reply(toast=TOASTS[claimed], passing=passing)
            return
        if claimed.verb is not Verb.ASK:  # which is noted as what it asks
            await self._note("press", link, press.person, verb=claimed.verb)
        async for reply in self._carry_out(claimed, press, link):
            yield reply

    async def _carry_out(self, action: Action, press: Press, link: Link) -> AsyncIterator[Reply]:
        match action.verb:
            case Verb.CANCEL:
                await self._acting.finish(action, ActionState.DONE)
                yield Reply(card=answers.cancelled(), replaces=True)
            case Verb.ASK:
                name, _, rest = action.arguments.partition(" ")
                command = Command(place=press.place, person=press.person, name=name, arguments=rest)
                # A pick list has done its work; an alert stays what it is.
                card = await self._command(command, action.targets)
                yield Reply(card=card, replaces=action.person is not None)
            case Verb.ADMIT:
                role = Role(action.arguments)
                await self._admit(link, role, press.person)
                # The person first: without it they are told that it was interrupted.
                yield Reply(card=answers.members(role), replaces=True)
                await self._acting.finish(action, ActionState.DONE)
            case Verb.UNLINK if action.targets:
                wanted = {target.id for target in action.targets}
                linked = await self._links.of(action.account)
                for other in [one for one in linked if one.id in wanted]:
                    await self._linking.end(other)
                await self._acting.finish(action, ActionState.DONE)
                yield Reply(card=answers.unlinked_others(len(wanted)), replaces=True)
            case Verb.UNLINK:
                ended = await self._linking.end(link)
                await self._acting.finish(action, ActionState.DONE)
                yield Reply(card=answers.unlinked(ended.cancelled, ended.last), replaces=True)
            case Verb.PAUSE | Verb.NO_ENTRIES | Verb.RESUME:
                async for reply in self._acting.change(action, link):
                    yield reply

    # --- the chat itself --------------------------------------------------------------------

    async def _close(self, place: Place, reason: str) -> None:
        link = await self._links.at(place.address)
        held = await self._links.disable(place.address, reason, self._now())
        log.warning("a chat was closed to us", extra={"reason": reason, "held": held})
        if link is None:
            return
        await self._closures.tell(link.account, link.endpoint.id, reason, self._new_id())

    async def _open_where_heard(self, link: Link, place: Place, person: Person) -> None:
        """Whoever speaks to us in a chat that is theirs has it open, whatever was found before."""
        if not place.private and (place.shared is None or place.shared.lacking):
            return
        if person.id != link.person:
            return
        self._delivering.heard(link.endpoint.id)
        if link.endpoint.state is EndpointState.DISABLED:
            await self._reopen(place)

    async def _reopen(self, place: Place) -> None:
        owed = await self._links.enable(place.address, self._now())
        if owed:
            endpoint = await self._links.endpoint(place.address, place.private)
            self._delivering.wake({endpoint: (place.address, Priority.NORMAL)})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A command that may be answered: the person is allowed to ask it."""

    spec: Spec
    command: Command
    link: Link
    account: Account
    about: frozenset[str] = frozenset()


def _cannot_link(shared: Shared) -> Card | None:
    if not shared.governs:
        return answers.cannot_govern(shared)
    if not shared.lacking:
        return None
    return answers.lacks_rights(shared) if shared.invited else answers.not_there(shared)


_MEMBERS: Mapping[str, Role | None] = {
    NOBODY: None,
    Role.VIEWER.value: Role.VIEWER,
    Role.OPERATOR.value: Role.OPERATOR,
}
"""What others in a shared chat can be; nobody but who linked it is its owner."""


def _shown_to_all(card: Card, spec: Spec, command: Command, link: Link | None) -> Card:
    """An answer as everybody in the chat may see it, if this one may be and the person may say so.

    What holds nothing of an account anybody may show.
    """
    if not spec.showable or card.buttons or card.pick:
        return card
    if spec.least is not None and (link is None or command.person.id != link.person):
        return with_note(card, "Only who linked this chat can show it to everybody.")
    return replace(card, private=False)


def _page(words: str) -> int | None:
    """The number of a page that somebody asked for, the first one if none; `None` if it is none."""
    wanted = words.strip() or "1"
    return int(wanted) if _PAGE.fullmatch(wanted) else None


def _changeable(traders: tuple[Trader, ...], running: bool) -> tuple[Trader, ...]:
    """Bots for which starting or pausing would change something."""
    return tuple(trader for trader in traders if condition(trader).running is not running)


BURST = 10
"""Requests that a person may make at once (`guarantees.md` 3.7).

Twice the burst that is named there: reading a card, choosing and confirming is three already.
"""

EARNED = timedelta(seconds=1)
"""How long it takes to earn another one (as above)."""

EARNED_BY_STRANGERS = timedelta(seconds=6)
"""The same for a person whose chat is not linked: linking takes five requests."""

PASSED_OVER_AGAIN = timedelta(minutes=1)


class _Throttle:
    """Lets nobody ask so much that others wait."""

    def __init__(self, earned: timedelta) -> None:
        """
        Args:
            earned: how long it takes until a person has earned another request.
        """
        self._earned = earned
        self._spent_until: dict[str, timedelta] = {}
        """When each person's requests will have been earned back."""
        self._warned: set[str] = set()

    def judge(self, person: str, now: timedelta) -> str:
        """'ok', 'warn' once when it is too much, then 'ignore'.

        Args:
            now: by the steady clock.
        """
        if len(self._spent_until) > 10_000:
            self._spent_until = {one: at for one, at in self._spent_until.items() if at > now}
            self._warned &= self._spent_until.keys()
        earned_at = max(self._spent_until.get(person, now), now) + self._earned
        if earned_at - now <= self._earned * BURST:
            self._spent_until[person] = earned_at
            self._warned.discard(person)
            return "ok"
        if person in self._warned:
            return "ignore"
        self._warned.add(person)
        return "warn"
