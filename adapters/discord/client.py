"""Our bot on Discord: it shows cards, and answers what people say."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn, TypeVar

from discord.http import Route

from adapters.chat.exchange import NoAnswer
from adapters.chat.queues import ChatQueues
from adapters.chat.replies import TRIES, WAITS, MaySend, Shown, Turns, insist, typing
from adapters.discord.api import (
    CHOICES,
    EPHEMERAL,
    FORM_SHOWN,
    MESSAGE,
    THINKING,
    WORKING,
    Answers,
    Chats,
    Files,
    HistoryUnreadable,
    goes_plain,
    key_of,
)
from adapters.discord.commands import choices, is_registered, registered
from adapters.discord.faults import ALREADY_ANSWERED, MESSAGE_GONE, after_failure
from adapters.discord.gateway import Gateway
from adapters.discord.render import Rendered, rendered
from adapters.discord.servers import MayAsk, Servers
from adapters.discord.settings import DiscordSettings
from adapters.discord.transport import DiscordHttp, Refusal, Withheld, new_session
from adapters.discord.updates import (
    FORM,
    Asked,
    Handle,
    Heard,
    Pressed,
    Typing,
    Wanted,
    Written,
    heard,
)
from bot.domain.backoff import Backoff
from bot.domain.cards import Button, ButtonStyle, Card
from bot.domain.deliveries import Attempt, Declined, Repeats, Sent, Unclear
from bot.domain.ids import ActionId, Now
from bot.domain.incoming import Command, Reply
from bot.domain.links import Address, Channel
from bot.errors import Misconfigured
from bot.ports import Hear, Meter, Suggest

log = logging.getLogger(__name__)

KEY_LIFE = timedelta(minutes=2)
"""How long a key against repeats is relied on: Discord says "a few minutes"."""

_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 2, 5, 15, 30, 60, 300, 300, 600, 900, 900, 900, 1800, 1800)
)
UNMARKED_REPEATS = Repeats(waits=_WAITS, urgent_waits=_WAITS, marked=False)
"""A repeat is dropped by its key, later on it is looked for in the chat: it costs nothing, so it
goes on for as long as an outage may last."""

ANSWER_WITHIN = timedelta(seconds=1.0)
"""A reply that comes so fast is the first answer; else "thinking..." is, long before the three
seconds that Discord waits for one."""

TYPING_AGAIN = timedelta(seconds=8)
"""It shows for ten seconds.

Source: https://docs.discord.com/developers/resources/channel#trigger-typing-indicator
"""

HANDLE_LIFE = timedelta(minutes=14)
"""Discord takes changes by an interaction for fifteen."""

AT_ONCE = 1000
"""Above so many answers under way the next ones are not begun: the person sees that they failed."""

LOST_WAITS = Backoff(
    first=timedelta(seconds=0.1),
    between=(timedelta(seconds=0.2),),
    ceiling=timedelta(seconds=0.3),
)
"""Before an answer to an interaction of unknown outcome is made again: it must come in time."""

REGISTER_WAIT = timedelta(seconds=30)
SHOWN_TO_ALL = Card(title="Shown to everybody here")
FORM_TITLE = "Link your trading account"
FORM_LABEL = "The six digits that the page shows"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordBot:
    """Our bot, in its two halves: what shows cards, and what hears people and answers them.

    `readership` tells who reads along in servers.
    """

    messenger: "DiscordMessenger"
    listener: "Listener"
    readership: Servers


async def _at_once() -> None:
    """For who keeps to no rate."""


@asynccontextmanager
async def open_discord(
    settings: DiscordSettings,
    *,
    now: Now,
    chance: random.Random,
    meter: Meter,
    may_send: MaySend,
    may_ask: MayAsk = _at_once,
) -> AsyncIterator[DiscordBot]:
    """Our bot; its listener is to be begun. For the arguments see `composed`."""
    clock = asyncio.get_running_loop().time
    async with new_session() as session:
        http = DiscordHttp(session, settings.token, settings.api_url, clock)
        yield composed(
            http,
            settings,
            now=now,
            chance=chance,
            meter=meter,
            may_send=may_send,
            may_ask=may_ask,
        )


def composed(
    http: DiscordHttp,
    settings: DiscordSettings,
    *,
    now: Now,
    chance: random.Random,
    meter: Meter,
    may_send: MaySend,
    may_ask: MayAsk,
) -> DiscordBot:
    """Our bot, from its parts.

    Args:
        may_send: asked before every message that is no answer to an interaction; deliveries keep
            their own pace.
        may_ask: asked before each look at who is in a server.
    """
    chats, answers, recent = Chats(http, settings.bot), Answers(http), Recent(now)
    answering = Answering(answers, chats, recent, may_send)
    return DiscordBot(
        messenger=DiscordMessenger(chats, answers, recent, settings.bot, now),
        listener=Listener(http, answering, settings, chance, meter),
        readership=Servers(http, asyncio.get_running_loop().time, may_ask),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ear:
    """Where what people say goes."""

    hear: Hear
    suggest: Suggest
    group: asyncio.TaskGroup
    queues: ChatQueues
    """Of what is written in chats; interactions are answered each for itself."""


class DiscordMessenger:
    """Implements `ports.Messenger`."""

    channel = Channel.DISCORD

    def __init__(
        self, chats: Chats, answers: Answers, recent: "Recent", bot: str, now: Now
    ) -> None:
        self._chats = chats
        self._answers = answers
        self._recent = recent
        self._now = now
        self.bot = bot
        self.repeats = UNMARKED_REPEATS

    async def send(
        self,
        address: Address,
        card: Card,
        after: Awaitable[None] | None = None,
        tried_since: datetime | None = None,
    ) -> Attempt:
        """Show a card.

        One that needs several messages is Sent once all are; when a later one fails the card
        is Unclear, since some of it shows already.
        """
        parts = rendered(card)
        forgotten = tried_since is not None and self._now() - tried_since > KEY_LIFE
        attempt: Attempt = Sent(message="")
        for number, part in enumerate(parts):
            found = None
            if tried_since is not None and forgotten and part.mark:
                found = await self._look_for(address, part, tried_since)
            key = key_of(address, card.reference, number)
            attempt = found or await self._chats.show(address, part, key, after)
            if not isinstance(attempt, Sent):
                cut = Unclear(reason=f"broke off: after part {number} of {len(parts)}")
                return cut if number else attempt
        return attempt

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        if not message.isdecimal():
            return Declined(reason=MESSAGE_GONE)
        part = rendered(card)[-1]
        handle = self._recent.handle(message)
        if handle is None:
            return await self._chats.amend(address, message, part)
        try:
            await self._answers.rewrite(handle, part, message)
        except (Refusal, Withheld, NoAnswer) as error:
            if isinstance(error, Refusal):
                return Declined(reason=MESSAGE_GONE)
            return after_failure(error)
        return Sent(message=message)

    async def _look_for(self, address: Address, part: Rendered, since: datetime) -> Attempt | None:
        """The outcome of an earlier attempt, by what the chat shows; `None` if it was not shown."""
        try:
            found = await self._chats.find(address, part.mark, since)
        except HistoryUnreadable:
            return Unclear(reason="the chat's history cannot be read")
        except (Refusal, Withheld, NoAnswer) as error:
            # Whatever becomes of a look: the message itself is as unclear as before.
            return _unsettled(after_failure(error))
        return None if found is None else Sent(message=found)


def _unsettled(outcome: Attempt) -> Attempt:
    """A look at the history is no attempt at the message: it can postpone it, and not end it."""
    match outcome:
        case Sent() | Unclear() | Declined():
            return Unclear(reason="the chat's history cannot be read")
        case _:
            return outcome


class Listener:
    """Hears what people say, and has it answered.

    `trouble` is a sentence while Discord does not bring it to us.
    """

    def __init__(
        self,
        http: DiscordHttp,
        answering: "Answering",
        settings: DiscordSettings,
        chance: random.Random,
        meter: Meter,
    ) -> None:
        self._http = http
        self._answering = answering
        self._settings = settings
        self._chance = chance
        self._meter = meter
        self._application: str | None = None
        self._ear: _Ear | None = None
        self._under_way = 0
        self.trouble: str | None = "not listening yet"

    @property
    def application(self) -> str:
        """By what the bot is invited: for all but the oldest bots the same as its own id."""
        return self._application or self._settings.bot

    async def begin(self) -> None:
        """Introduce ourselves. Discord need not be there yet.

        Raises:
            Misconfigured: the token is refused.
        """
        try:
            await self.introduce()
        except Refusal as refusal:
            if refusal.status == 401:
                raise Misconfigured(
                    "TRADEBELL_DISCORD_TOKEN is refused by Discord: take the current one from the"
                    " Developer Portal."
                ) from None
            log.warning("Discord does not know us yet", extra={"reason": str(refusal)})
        except (NoAnswer, Withheld) as lost:
            log.warning("Discord cannot be reached yet", extra={"reason": str(lost)})

    async def introduce(self) -> None:
        """Learn what we are called by.

        Raises:
            Refusal: the token is not good.
            Withheld, NoAnswer: Discord is away.
        """
        match await self._http.request(Route("GET", "/applications/@me")):
            case {"id": str(id)}:
                self._application = id

    async def listen(self, hear: Hear, suggest: Suggest) -> NoReturn:
        """Answer what people say, until cancelled."""
        gateway = Gateway(self._http, self._take, self._told, self._chance)
        async with asyncio.TaskGroup() as group:
            queues = ChatQueues(group, at_once=AT_ONCE, most=AT_ONCE)
            self._ear = _Ear(hear=hear, suggest=suggest, group=group, queues=queues)
            group.create_task(self._register(), name="discord commands")
            try:
                await gateway.follow(self._gateway_url)
            finally:
                self._ear = None
        raise AssertionError("the gateway is followed without an end")

    async def _gateway_url(self) -> str:
        if self._settings.gateway_url is not None:
            return self._settings.gateway_url
        match await self._http.request(Route("GET", "/gateway/bot")):
            case {"url": str(url)}:
                return url
            case _:
                raise Refusal(200, 0, "no address of a gateway")

    async def _register(self) -> None:
        """Have the commands registered as they are now; nothing is written if they are already."""
        wanted = registered()
        while True:
            try:
                await self.introduce()
                there = await self._http.get_global_commands(int(self.application))
                if not is_registered(wanted, there):
                    route = Route(
                        "PUT",
                        "/applications/{application_id}/commands",
                        application_id=self.application,
                    )
                    await self._http.request(route, json=wanted)
                    log.info("commands registered")
                return
            except (Refusal, Withheld, NoAnswer) as error:
                log.warning("the commands are not registered", extra={"reason": str(error)})
                await asyncio.sleep(REGISTER_WAIT.total_seconds())

    def _told(self, trouble: str | None) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("listening to Discord")
            return
        self._meter.alarm("discord_not_listening")
        log.error(trouble)

    def _take(self, frame: Mapping[str, Any]) -> None:
        found = heard(frame, self._settings.bot)
        if found is None or self._ear is None:
            return
        if self._under_way >= AT_ONCE:
            log.warning("too much is asked at once, and some of it is not answered")
            return
        self._under_way += 1
        serve = partial(self._serve, found, self._ear)
        if isinstance(found, Written):
            self._ear.queues.put(found.said.place.address.chat, serve)
        else:
            self._ear.group.create_task(serve(), name="discord answer")

    async def _serve(self, found: Heard, ear: _Ear) -> None:
        try:
            await self._answering.answer(found, ear.hear, ear.suggest)
        finally:
            self._under_way -= 1


class Answering:
    """Shows what there is to answer."""

    def __init__(self, answers: Answers, chats: Chats, recent: "Recent", may_send: MaySend) -> None:
        self._answers = answers
        self._chats = chats
        self._recent = recent
        self._may_send = may_send
        self._turns = Turns()
        """For answers to what was written in a chat."""

    async def answer(self, found: Heard, hear: Hear, suggest: Suggest) -> None:
        """Answer what was heard, in its own way."""
        try:
            match found:
                case Asked():
                    await self._answer_command(found, hear)
                case Pressed():
                    await self._answer_press(found, hear)
                case Typing():
                    await self._complete(found, suggest)
                case Wanted(handle=handle):
                    await self._answers.first(handle, FORM_SHOWN, _form())
                case Written():
                    await self._answer_written(found, hear)
        except (Refusal, Withheld, NoAnswer) as error:
            # The person sees that it failed, and asks again.
            log.warning("an answer was not shown", extra={"reason": str(error)})

    async def _answer_command(self, asked: Asked, hear: Hear) -> None:
        """Answer a command: at once if it is quick, else under "thinking..."."""
        answer = Interaction(self._answers, asked.handle, private=asked.said.place.private)
        async with asyncio.TaskGroup() as group:
            group.create_task(answer.think_after(ANSWER_WITHIN), name="discord thinking")
            async for reply in hear(asked.said):
                card = _card_of(_with_form(asked, reply))
                if card is not None:
                    await self._show(asked, answer, card, reply)
            answer.settle()
        await answer.close()

    async def _answer_press(self, pressed: Pressed, hear: Hear) -> None:
        """Answer a press: the card it was under changes, and what is new comes after it."""
        answer = Interaction(self._answers, pressed.handle, private=pressed.said.place.private)
        await answer.work()
        async for reply in hear(pressed.said):
            card = _card_of(reply)
            if card is not None:
                await self._show(pressed, answer, card, reply)

    async def _show(
        self, heard: Asked | Pressed, answer: "Interaction", card: Card, reply: Reply
    ) -> None:
        replaces = reply.replaces and isinstance(heard, Pressed)
        rest = await answer.show(card, replaces=replaces)
        shown = await self._write_instead(heard, rest) if rest else answer.message
        if not shown or reply.shown is None:
            return
        if not rest and not heard.said.place.private:
            # What only one person sees can be changed by the interaction alone.
            self._recent.keep(shown, heard.handle)
        await reply.shown(shown)

    async def _answer_written(self, written: Written, hear: Hear) -> None:
        """Answer a message in the chat where it was written, one answer shown after the other."""
        address = written.said.place.address
        turn = self._turns.of(address.chat)
        async with typing(partial(self._chats.type, address), TYPING_AGAIN) as stop:
            async for reply in hear(written.said):
                stop()
                card = _card_of(_with_form(written, reply))
                if card is not None:
                    async with turn:
                        shown = await self._write(address, rendered(card))
                    if shown and reply.shown is not None:
                        await reply.shown(shown)

    async def _complete(self, typing: Typing, suggest: Suggest) -> None:
        names = await suggest(
            typing.place, typing.person, typing.command, typing.argument, typing.typed
        )
        await self._answers.first(typing.handle, CHOICES, {"choices": choices(names)})

    async def _write_instead(self, asked: Asked | Pressed, rest: Sequence[Rendered]) -> str | None:
        """The interaction is over: a direct chat gets what is left as messages of its own."""
        place = asked.said.place
        if place.private:
            return await self._write(place.address, rest)
        log.warning("an answer came too late to be shown")
        return None

    async def _write(self, address: Address, parts: Sequence[Rendered]) -> str | None:
        """Show parts of a card as messages; gives the id of the last, `None` if it may not show."""
        shown: Shown | None = None
        for part in parts:
            shown = await insist(partial(self._show_part, part), address, self._may_send)
        return None if shown is None else shown.message

    async def _show_part(self, part: Rendered, address: Address) -> Attempt:
        return await self._chats.show(address, part)


def _card_of(reply: Reply) -> Card | None:
    """What a reply shows here, where nothing shows for a moment only."""
    if reply.card is None and reply.toast and not reply.passing:
        return Card(title=reply.toast)
    return reply.card


def _with_form(heard: Asked | Written, reply: Reply) -> Reply:
    """Under the address of the login page also a button for what that page shows."""
    card = reply.card
    match heard.said:
        case Command(name="link") if card is not None and card.buttons:
            digits = Button(
                label="Type the six digits", action=ActionId(FORM), style=ButtonStyle.PRIMARY
            )
            return replace(reply, card=replace(card, buttons=(*card.buttons, (digits,))))
        case _:
            return reply


def _form() -> Mapping[str, Any]:
    """Source: https://docs.discord.com/developers/components/reference#label"""
    text = {"type": 4, "custom_id": FORM, "style": 1, "min_length": 6, "max_length": 8}
    return {
        "custom_id": FORM,
        "title": FORM_TITLE,
        "components": [{"type": 18, "label": FORM_LABEL, "component": {**text, "required": True}}],
    }


class Recent:
    """Messages of interactions that can be changed by these still.

    Kept in memory only: the token is a secret, and a restart costs what it is good for at most.
    """

    def __init__(self, now: Now) -> None:
        self._now = now
        self._kept: dict[str, tuple[datetime, Handle]] = {}

    def keep(self, message: str, handle: Handle) -> None:
        now = self._now()
        self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > now}
        self._kept[message] = (now + HANDLE_LIFE, handle)

    def handle(self, message: str) -> Handle | None:
        until, handle = self._kept.get(message, (self._now(), None))
        return handle if until > self._now() else None


_Say = Callable[[Rendered, int], Awaitable[str | None]]
_T = TypeVar("_T")


class Interaction:
    """One interaction's answers: the first one, and those after it."""

    def __init__(self, answers: Answers, handle: Handle, *, private: bool) -> None:
        """
        Args:
            private: only the person reads along; elsewhere what is private is shown to them only.
        """
        self._answers = answers
        self._handle = handle
        self._private = private
        self._lock = asyncio.Lock()
        self._begun = False
        self._thinking = False
        self._settled = asyncio.Event()
        self.message: str | None = None
        """What was last shown, by its id."""

    def settle(self) -> None:
        """All that there is to say has come."""
        self._settled.set()

    async def think_after(self, wait: timedelta) -> None:
        """Say that the answer takes a while, unless all of it has come by then.

        It is never cancelled half-way: then nobody would know what the person sees.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._settled.wait()
                return
        async with self._lock:
            if self._begun:
                return
            try:
                # Nobody knows yet what will be in it.
                await self._begin(THINKING, {"flags": 0 if self._private else EPHEMERAL})
                self._thinking = True
            except (Refusal, Withheld) as error:
                log.info("could not say that it takes a while", extra={"reason": str(error)})

    async def work(self) -> None:
        """Say that a press was heard.

        Raises:
            Refusal, Withheld: the person sees that it failed, so nothing may come of it.
        """
        async with self._lock:
            await self._begin(WORKING)

    async def show(self, card: Card, *, replaces: bool = False) -> Sequence[Rendered]:
        """Show a card; gives the parts that certainly were not shown.

        Where only the person has the bot, five messages may follow the first.

        Source: https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
        """
        flags = EPHEMERAL if card.private and not self._private else 0
        parts = rendered(card)
        async with self._lock:
            if self._thinking and not self._private and not flags:
                # What began for one person's eyes stays so: the answer comes after it.
                parts = (*rendered(SHOWN_TO_ALL), *parts)
            for number, part in enumerate(parts):
                try:
                    await self._show(part, flags, replaces and number == 0)
                except (Refusal, Withheld) as error:
                    log.info("an interaction is over", extra={"reason": str(error)})
                    return parts[number:]
                except NoAnswer as lost:
                    log.warning("an answer may not have been shown", extra={"reason": str(lost)})
        return ()

    async def close(self) -> None:
        """There is no more to say: nobody is to be left "thinking..."."""
        async with self._lock:
            if self._thinking:
                self._thinking = False
                await _insisted(lambda: self._answers.withdraw(self._handle))

    async def _show(self, part: Rendered, flags: int, replaces: bool) -> None:
        if not self._begun:
            say = self._open
        elif self._thinking or replaces:
            say = self._rewrite
        else:
            say = self._add
        thinking, self._thinking = self._thinking, False
        try:
            await self._say(say, part, flags)
        except (Refusal, Withheld):
            self._thinking = thinking  # it shows still, and must not stay
            raise

    async def _say(self, say: _Say, part: Rendered, flags: int) -> None:
        try:
            self.message = await say(part, flags)
        except Refusal as refusal:
            if not goes_plain(part, refusal):
                raise
            log.error("an answer was refused and goes out plain", extra={"code": refusal.code})
            self.message = await say(part.plain, flags)

    async def _open(self, part: Rendered, flags: int) -> str | None:
        return await self._begin(MESSAGE, {**part.body, "flags": flags}, part.files)

    async def _rewrite(self, part: Rendered, flags: int) -> str | None:
        # Who sees a message was decided when it was first shown.
        return await _insisted(lambda: self._answers.rewrite(self._handle, part))

    async def _add(self, part: Rendered, flags: int) -> str | None:
        return await _insisted(lambda: self._answers.add(self._handle, part, flags), freely=False)

    async def _begin(
        self, kind: int, data: Mapping[str, Any] | None = None, files: Files = ()
    ) -> str | None:
        shown = None
        try:
            shown = await _insisted(lambda: self._answers.first(self._handle, kind, data, files))
        except Refusal as refusal:
            # The first of two tries got through after all.
            if refusal.code != ALREADY_ANSWERED:
                raise
        except NoAnswer as lost:
            log.info("perhaps an interaction was not answered", extra={"reason": str(lost)})
        self._begun = True
        return shown


async def _insisted(call: Callable[[], Awaitable[_T]], *, freely: bool = True) -> _T:
    """Make a call, and make it again where that is asked for or does no harm.

    Args:
        freely: it may be repeated if nobody knows what became of it.
    """
    for tries in range(1, TRIES + 1):
        try:
            return await call()
        except Withheld as asked:
            if tries == TRIES or asked.wait > WAITS.ceiling.total_seconds():
                raise
            await asyncio.sleep(asked.wait)
        except NoAnswer:
            if tries == TRIES or not freely:
                raise
            await asyncio.sleep(LOST_WAITS.step(tries).total_seconds())
    raise AssertionError("the last try returns or raises")
