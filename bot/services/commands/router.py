"""The one way from what a person said to a reply."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.cards import Card
from bot.domain.chats import Address, EndpointState, Link, Person
from bot.domain.deliveries import Priority
from bot.domain.incoming import (
    AboutChat,
    Command,
    Forwarded,
    Incoming,
    Left,
    Masked,
    Migrated,
    Place,
    Press,
    Ranked,
    Reaction,
    Reply,
    Returned,
    Wordless,
    Words,
)
from bot.domain.shown import ShownCard, without_address, without_secret
from bot.domain.typed import Typed, command_without_slash
from bot.errors import OutcomeUnknown, TryLater
from bot.services.chat_closed import ChatClosed
from bot.services.commands import following, registry
from bot.services.commands.desk import Desk
from bot.services.commands.digits import typed_digits
from bot.services.commands.dispatch import dispatch
from bot.services.commands.pressing import Pressing
from bot.services.commands.suggesting import suggest
from bot.services.commands.throttle import (
    EARNED,
    EARNED_BY_STRANGERS,
    Judged,
    OnceInAWhile,
    Throttle,
)
from bot.services.steady import steady
from bot.texts import access, failures, getting_started, groups
from bot.texts.language import ENGLISH, speaking

log = logging.getLogger(__name__)

WORDLESS_AGAIN = timedelta(hours=1)
"""How soon the same chat is told again that only text is understood: an album must not bring ten
answers.
"""

MASKED_AGAIN = timedelta(minutes=10)
"""How soon a group is told again that we do not know who speaks."""

RANKED_AGAIN = timedelta(minutes=10)
"""How soon a group is told again the same of what our bot may do there."""

PASSED_OVER_AGAIN = timedelta(minutes=1)
"""How soon it is logged again that strangers are not answered."""


class Router:
    """Answers people. `hear` implements `ports.Hear`, `suggest` `ports.Suggest`."""

    def __init__(self, desk: Desk, chat_closed: ChatClosed) -> None:
        self._desk = desk
        self.suggest = partial(suggest, desk)
        self._chat_closed = chat_closed
        self._pressing = Pressing(desk, partial(dispatch, desk))
        self._people = Throttle(EARNED)
        self._strangers = Throttle(EARNED_BY_STRANGERS)
        self._reacting = Throttle(EARNED)
        self._wordless = OnceInAWhile(WORDLESS_AGAIN)
        self._masked = OnceInAWhile(MASKED_AGAIN)
        self._ranked = OnceInAWhile(RANKED_AGAIN)
        self._passed_over = OnceInAWhile(PASSED_OVER_AGAIN)

    async def recover(self) -> None:
        """After a start: report actions that a crash interrupted."""
        await self._desk.acting.recover()

    # --- hearing ----------------------------------------------------------------------------

    async def hear(self, said: Incoming) -> AsyncGenerator[Reply]:
        """Answer. Ends with an apology, never with an exception."""
        language = ENGLISH
        try:
            link = await self._desk.links.at(said.place.address)
            language = _language_of(said, link)
            zone = link.preferences.zone if link is not None else ""
            async with aclosing(self._reply(said, link)) as replies:
                while True:
                    # Not around the yield: whoever hears the reply speaks for themselves.
                    with speaking(language, zone):
                        reply = await anext(replies, None)
                    if reply is None:
                        break
                    yield replace(self._minded(said, reply), language=language, zone=zone)
        except Exception:
            # The person must not wait for nothing, and one question must not stop the others.
            log.exception("could not answer", extra={"said": type(said).__name__})
            with speaking(language):
                apology = failures.went_wrong()
            yield Reply(card=apology, language=language)

    def _minded(self, said: Incoming, reply: Reply) -> Reply:
        """With what sees to it that its buttons go when they end."""
        card = reply.card
        offers = card is not None and (card.buttons or card.pick)
        if card is None or not (offers or reply.replaces):
            return reply
        return replace(reply, shown=partial(self._note_shown, said.place, card))

    async def _note_shown(
        self, place: Place, card: Card, message: str, until: datetime | None = None
    ) -> None:
        """A message shows a card of ours now. What fails here costs no more than a dead button."""
        desk = self._desk
        desk.live.shown(card, message, until)
        try:
            endpoint = await desk.links.endpoint(place.address, place.private)
            code_hash = self._code_hash_in(card)
            kept = without_secret(card) if card.secret else card
            shown = ShownCard(
                endpoint=endpoint,
                address=place.address,
                message=message,
                card=kept if code_hash is None else without_address(card),
                code_hash=code_hash,
                until=until,
            )
            if await desk.shown_cards.note(shown):
                desk.amending.wake()
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("a card's buttons may outlive their end", extra={"reason": str(outage)})

    def _code_hash_in(self, card: Card) -> str | None:
        urls = (button.url for row in card.buttons for button in row if button.url)
        hash_in = (self._desk.linking.code_hash_in, self._desk.visiting.code_hash_in)
        return next((found for url in urls for each in hash_in if (found := each(url))), None)

    async def _reply(self, said: Incoming, link: Link | None) -> AsyncGenerator[Reply]:
        match said:
            case Left() | Returned() | Ranked() | Migrated() | Masked():
                card = await self._told_of_chat(said, link)
                if card is not None:
                    yield Reply(card=card)
            case Reaction(person=person):
                if self._reacting.judge(person.id, timedelta(seconds=steady())) is Judged.OK:
                    await self._desk.seeing.reacted(said)
            case Command() | Words() | Wordless() | Forwarded() | Press():
                async for reply in self._reply_to_person(said, link):
                    yield reply

    async def _told_of_chat(self, said: AboutChat | Masked, link: Link | None) -> Card | None:
        place = said.place
        match said:
            case Left(reason=reason):
                await self._close(place, reason)
            case Returned(added=added):
                owed = await self._reopen(place)
                if link is not None and not place.private:
                    return groups.open_again(owed)
                return getting_started.among_others() if added else None
            case Ranked() if self._ranked.is_due(said, timedelta(seconds=steady())):
                return groups.ranked(said, linked=link is not None)
            case Migrated(chat=chat):
                await self._desk.links.move(place.address, chat, self._desk.now())
            case Masked() if self._masked.is_due(place.address, timedelta(seconds=steady())):
                return access.masked()
        return None

    async def _reply_to_person(
        self, said: Command | Words | Wordless | Forwarded | Press, link: Link | None
    ) -> AsyncIterator[Reply]:
        at = timedelta(seconds=steady())
        if isinstance(said, Wordless) and not self._wordless.is_due(said.place.address, at):
            return
        match await self._judge(said.place, said.person, link, at):
            case Judged.IGNORE:
                return
            case Judged.WARN:
                yield Reply(card=access.too_fast())
                return
        match said:
            case Command():
                yield Reply(card=await dispatch(self._desk, said))
            case Press():
                async for reply in self._pressing.reply(said):
                    yield reply
            case Forwarded():
                yield Reply(card=await following.offer(self._desk, said, link))
            case Words() | Wordless():
                card = await self._words(said)
                if card is not None:
                    yield Reply(card=card)

    async def _judge(
        self, place: Place, person: Person, link: Link | None, at: timedelta
    ) -> Judged:
        """Many strangers must not make those wait who are linked, or just about to be."""
        judged = self._people.judge(person.id, at)
        if judged is Judged.IGNORE:
            return judged
        if link is None:
            if await self._desk.linking.awaits_digits(place, person):
                return judged
            judged = self._strangers.judge(person.id, at)
            if judged is Judged.IGNORE or self._answers_stranger(place.address, at):
                return judged
            return Judged.IGNORE
        if judged is Judged.OK:
            await self._open_where_heard(link, place, person)
        return judged

    def _answers_stranger(self, address: Address, at: timedelta) -> bool:
        if self._desk.delivering.may_answer_stranger(address):
            return True
        if self._passed_over.is_due("strangers", at):
            log.warning("more strangers write than are answered")
        return False

    async def _words(self, words: Words | Wordless) -> Card | None:
        if isinstance(words, Wordless):
            return getting_started.only_text()
        place = words.place
        if not place.answers_privately:
            return None
        typed = command_without_slash(words.text) if place.private else None
        if typed is not None and _is_meant(typed):
            said = Command(
                place=place,
                person=words.person,
                name=typed.name,
                arguments=typed.arguments,
                at=words.at,
                replied_to=words.replied_to,
            )
            return await dispatch(self._desk, said)
        card = await typed_digits(self._desk, place, words.person, words.text)
        if card is not None:
            return card
        return getting_started.small_talk(await self._desk.links.at(place.address) is not None)

    # --- the chat itself --------------------------------------------------------------------

    async def _close(self, place: Place, reason: str) -> None:
        desk = self._desk
        link = await desk.links.at(place.address)
        held = await desk.links.disable(place.address, reason, desk.now())
        log.warning("a chat was closed to us", extra={"reason": reason, "held": held})
        if link is None:
            return
        await self._chat_closed.tell(link.account, link.endpoint.id, reason, desk.new_id())

    async def _open_where_heard(self, link: Link, place: Place, person: Person) -> None:
        """Whoever speaks to us in a chat that is theirs has it open, whatever was found before."""
        if place.shared is not None and place.shared.missing_permissions:
            return
        if person.id != link.person:
            return
        self._desk.delivering.heard(link.endpoint.id)
        if link.endpoint.state is EndpointState.DISABLED:
            await self._reopen(place)

    async def _reopen(self, place: Place) -> int:
        """Gives how many alerts come now that were kept meanwhile."""
        desk = self._desk
        owed = await desk.links.enable(place.address, desk.now())
        if owed:
            endpoint = await desk.links.endpoint(place.address, place.private)
            desk.delivering.wake({endpoint: (place.address, Priority.NORMAL)})
        return owed


def _language_of(said: Incoming, link: Link | None) -> str:
    """That of the chat, else that of the person who speaks."""
    if link is not None:
        return link.preferences.language
    return ENGLISH if isinstance(said, AboutChat | Masked) else said.person.language


def _is_meant(typed: Typed) -> bool:
    """Whether a plain word is a command of ours, alone or with what it takes."""
    found = registry.find(typed.name)
    return found is not None and bool(found.spec.arguments or not typed.arguments)
