"""Buttons: a card that states the effect, pressed once by the right person, with an honest end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from bot.domain.actions import CONFIRM_LIFE, OFFER_LIFE, Action, ActionState, Denied, Target, Verb
from bot.domain.cards import Button, ButtonStyle, Card, Field, Severity, spoken
from bot.domain.changes import condition
from bot.domain.events import Kind, Notice, Origin, Trader, TraderSeen
from bot.domain.ids import ActionId, NewId, Now, TraderId
from bot.domain.incoming import Press, Reply
from bot.domain.links import Account, Link, Person, Role
from bot.domain.telling import trader_name
from bot.domain.text import clean, counted
from bot.domain.trail import by
from bot.errors import NeedsLogin, Refused, TryLater, Unclear
from bot.ports import Accounts, Actions, Audit, Session
from bot.services.feeds import Feeds
from bot.services.ingest import Ingest
from bot.services.patience import patiently
from bot.services.steady import steady

log = logging.getLogger(__name__)

READ_BACKS = (1.0, 3.0, 8.0)
"""Seconds before each look at what became of an unclear write."""

LATE_LOOKS = (15.0, 30.0, 60.0, 120.0)
"""Seconds before each further look at what the platform accepted and does not show yet."""

RECOVERY_WAIT = timedelta(seconds=60)
"""How long after a start the feed may take before an interrupted action is reported as unclear."""

_ROLES = {
    Verb.PAUSE: Role.OPERATOR,
    Verb.NO_ENTRIES: Role.OPERATOR,
    Verb.RESUME: Role.OPERATOR,
    Verb.UNLINK: Role.VIEWER,
    Verb.ADMIT: Role.OWNER,
    Verb.CANCEL: Role.VIEWER,
    Verb.ASK: Role.VIEWER,
}

_OWN = frozenset({Verb.UNLINK, Verb.ADMIT})
"""Only for the person who linked the chat, whatever role others have there."""


@dataclass(frozen=True, slots=True)
class _Words:
    """How a change of a bot is called: while it is done, and once it is."""

    doing: str
    done: str


_CHANGES = {
    Verb.PAUSE: _Words("stopping", "is stopped"),
    Verb.NO_ENTRIES: _Words("ending new trades of", "opens no new trades"),
    Verb.RESUME: _Words("starting", "is running"),
}

_INTERRUPTED = {
    Verb.PAUSE: "stopping a bot",
    Verb.NO_ENTRIES: "ending a bot's new trades",
    Verb.RESUME: "starting a bot",
    Verb.UNLINK: "unlinking",
    Verb.ADMIT: "setting what others may do",
}
"""What is reported after a crash, and how it is called."""

_NO_LOGIN = "not done: I need a new login, send /link"

TOASTS = {
    Denied.UNKNOWN: "This button is no longer known. Ask again.",
    Denied.EXPIRED: "Too late: this card has ended, nothing was changed. Ask again.",
    Denied.NOT_YOURS: "Only the person who asked may press this.",
    Denied.ELSEWHERE: "This button belongs to another chat.",
    Denied.USED: "This card was used already.",
    Denied.RUNNING: "Already on it. One moment.",
    Denied.ANSWERED: "Nothing left to do: that bot was stopped or deleted meanwhile. See /traders.",
    Denied.UNLINKED: "This chat is no longer linked to that account.",
    Denied.NO_RIGHT: "You may not do that here. Who linked this chat can allow it: /members.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one bot.

    `words` follow its name, or say why nothing was done. `accepted` while the platform has said yes
    and does not show it yet.
    """

    target: Target
    state: ActionState
    words: str
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """How a bot is: whether that is what was wanted, and in words that follow its name."""

    wanted: bool
    words: str


class Acting:
    """Makes buttons and carries out what they mean."""

    def __init__(
        self,
        actions: Actions,
        accounts: Accounts,
        feeds: Feeds,
        ingest: Ingest,
        audit: Audit,
        now: Now,
        new_id: NewId,
    ) -> None:
        self._actions = actions
        self._accounts = accounts
        self._feeds = feeds
        self._ingest = ingest
        self._audit = audit
        self._now = now
        self._new_id = new_id
        self._begun: set[ActionId] | None = set()
        """What this process does itself, until it knows what another one left behind."""
        self._telling_apart = asyncio.Lock()
        """Nothing is begun while we look at what was."""

    # --- making buttons ---------------------------------------------------------------------

    async def confirm(
        self,
        link: Link,
        person: str,
        deeds: Mapping[Verb, str],
        targets: Sequence[Target] = (),
        arguments: str = "",
    ) -> tuple[tuple[Button, ...], ...]:
        """Buttons of a confirm card: the deeds, of which one can be done, and a way out.

        Args:
            deeds: with what stands on the button of each.
        """
        card = self._new_id()
        offered = {
            verb: self._action(link, card, person, verb, tuple(targets), arguments)
            for verb in deeds
        }
        way_out = self._action(link, card, person, Verb.CANCEL)
        await self._actions.offer((*offered.values(), way_out))
        return (
            *(
                (Button(label=label, action=offered[verb].id, style=_style(verb)),)
                for verb, label in deeds.items()
            ),
            (Button(label="Cancel", action=way_out.id),),
        )

    async def choices(
        self, link: Link, person: str, command: str, choices: Sequence[Sequence[Target]]
    ) -> tuple[ActionId, ...]:
        """Actions of one card that ask a command about certain bots: they change nothing yet.

        Args:
            command: its name, and what else it is asked with.
            choices: the bots that each one stands for.
        """
        card = self._new_id()
        offers = [
            self._action(link, card, person, Verb.ASK, tuple(targets), command)
            for targets in choices
        ]
        await self._actions.offer(offers)
        return tuple(offer.id for offer in offers)

    def _action(
        self,
        link: Link,
        card: str,
        person: str,
        verb: Verb,
        targets: tuple[Target, ...] = (),
        arguments: str = "",
    ) -> Action:
        asks = verb is Verb.ASK
        return Action(
            id=ActionId(self._new_id()),
            card=card,
            account=link.account,
            link=link.id,
            endpoint=link.endpoint.id,
            person=person,
            verb=verb,
            targets=targets,
            arguments=arguments,
            repeatable=asks,
            expires_at=self._now() + (OFFER_LIFE if asks else CONFIRM_LIFE),
        )

    # --- pressing ---------------------------------------------------------------------------

    async def claim(self, press: Press, link: Link) -> Action | Denied:
        """Take the action if this person may have it now, once."""
        now = self._now()
        async with self._telling_apart if self._begun is not None else nullcontext():
            claimed = await self._actions.claim(
                press.action, press.person.id, link.endpoint.id, now
            )
            # One that is denied may be the very one that a crash interrupted.
            if self._begun is not None and not isinstance(claimed, Denied):
                self._begun.add(claimed.id)
        if isinstance(claimed, Denied):
            return claimed
        if not _may(press.person.id, claimed.verb, link):
            if not claimed.repeatable:
                await self._actions.finish(claimed.id, ActionState.REFUSED, now)
            return Denied.NO_RIGHT
        return claimed

    async def finish(self, action: Action, state: ActionState) -> None:
        try:
            await self._actions.finish(action.id, state, self._now())
        except TryLater as outage:
            # It counts as interrupted then, and is reported after the next start.
            log.error("the end of an action was not stored", extra={"reason": str(outage)})

    async def change(self, action: Action, link: Link) -> AsyncIterator[Reply]:
        """Do what the card said to the bots that it named: one write each, never repeated.

        What the platform accepted and does not show yet is told as that, and its end later.
        """
        yield Reply(card=_working(action), replaces=True)
        asker = Person(channel=link.endpoint.address.channel, id=action.person or "")
        await self._note(action, "asked", asker)
        session = await self._feeds.session(action.account)
        results: list[Result] = []
        for target in action.targets:
            if session is None:
                results.append(_refused(target, _NO_LOGIN))
                continue
            result = await self._write(session, action, target, link)
            if result.state is ActionState.UNCLEAR:
                yield Reply(card=_checking(result, action.verb), replaces=True)
                result = await self._read_back(session, action.verb, result)
            results.append(result)
        # The person first: whatever becomes of the record, the deed is done.
        yield Reply(card=_outcome(results, action.verb), replaces=True)
        if session is not None and any(result.accepted for result in results):
            results = await self._look_late(session, action.verb, results)
            yield Reply(card=_outcome(results, action.verb), replaces=True)
        state = _overall(results)
        await self.finish(action, state)
        await self._note(action, state, asker)

    async def _write(self, session: Session, action: Action, target: Target, link: Link) -> Result:
        bot = TraderId(target.id)
        running = action.verb is Verb.RESUME
        try:
            if action.verb is Verb.NO_ENTRIES:
                await session.stop_entries(await session.trader(bot))
                return _accepted(target)
            self._ingest.expect(bot, running, link.endpoint.id)
            trader = await session.set_running(bot, running)
        except Unclear as unclear:
            words = clean(str(unclear), 200)
            return Result(target=target, state=ActionState.UNCLEAR, words=words)
        except NeedsLogin:
            return _refused(target, "not done: the platform refused my login, send /link")
        except Refused as refusal:
            return _refused(target, f"not done, the platform says: {clean(str(refusal), 200)}")
        except TryLater as failure:
            return _refused(target, f"not done: {clean(str(failure), 200)}")
        if condition(trader).running is not running:
            # It said yes and shows something else: only looking again tells.
            return _accepted(target)
        await self._remember(action, trader)
        return Result(target=target, state=ActionState.DONE, words=_CHANGES[action.verb].done)

    async def _remember(self, action: Action, trader: Trader) -> None:
        """The answer is as good as the event: other chats of the account hear of it either way."""
        account = await self._accounts.get(action.account)
        if account is None:
            return
        at = trader.updated_at or self._now()
        origin = Origin(kind=Kind.TRADER, record=trader.id, at=at)
        try:
            await self._ingest.take(account, (TraderSeen(origin=origin, trader=trader),))
        except TryLater as outage:
            log.warning("a change waits for its event", extra={"reason": str(outage)})

    async def _look(self, session: Session, verb: Verb, target: Target) -> _Seen:
        """Read how a bot is.

        Raises:
            TryLater, Refused: it cannot be read.
        """
        bot = TraderId(target.id)
        if verb is Verb.NO_ENTRIES:
            opens = await session.opens_trades(await session.trader(bot))
            return _Seen(wanted=opens is False, words=_ENTRIES[opens])
        how = condition(await session.trader(bot))
        return _Seen(wanted=how.running is (verb is Verb.RESUME), words=f"is {clean(how.word, 30)}")

    async def _read_back(self, session: Session, verb: Verb, written: Result) -> Result:
        """Look until the write shows, then say what is."""
        target, failure = written.target, ""
        seen: _Seen | None = None
        for wait in READ_BACKS:
            await asyncio.sleep(wait)
            try:
                seen = await self._look(session, verb, target)
            except NeedsLogin:
                failure = "then the platform refused my login: send /link, then /status"
                break
            except (TryLater, Refused) as error:
                log.warning("could not read back", extra={"reason": str(error)})
                failure = "I could not read back: look with /status"
                continue
            if seen.wanted:
                return _shown(target, seen)
        if seen is None:
            words = f"is UNCLEAR. {written.words}, and {failure}"
            return Result(target=target, state=ActionState.UNCLEAR, words=words)
        if written.accepted:
            return replace(written, words=_still(seen))
        words = f"{_still(seen)}: it did not take effect. {written.words}. Ask again"
        return Result(target=target, state=ActionState.UNCLEAR, words=words)

    async def _look_late(
        self, session: Session, verb: Verb, results: Sequence[Result]
    ) -> list[Result]:
        """Look on for what was accepted; gives how all of it ended."""
        ended = list(results)
        for wait in LATE_LOOKS:
            if not any(result.accepted for result in ended):
                break
            await asyncio.sleep(wait)
            ended = [
                await self._look_once_more(session, verb, one) if one.accepted else one
                for one in ended
            ]
        return [_given_up(one) if one.accepted else one for one in ended]

    async def _look_once_more(self, session: Session, verb: Verb, result: Result) -> Result:
        try:
            seen = await self._look(session, verb, result.target)
        except (TryLater, Refused) as error:
            log.warning("could not read back", extra={"reason": str(error)})
            return result
        if seen.wanted:
            return _shown(result.target, seen)
        return replace(result, words=_still(seen))

    # --- after a crash ------------------------------------------------------------------------

    async def recover(self) -> None:
        """Report what a crash interrupted: read the state back and say how it is now."""
        for action in await patiently(self._left_behind):
            await patiently(partial(self._close_interrupted, action))
            await self._note(action, "interrupted")

    async def _left_behind(self) -> Sequence[Action]:
        async with self._telling_apart:
            running = await self._actions.interrupted()
            begun, self._begun = self._begun or set(), None
        return [action for action in running if action.id not in begun]

    async def _close_interrupted(self, action: Action) -> None:
        """May be repeated: the report's record is the action, so it is told once."""
        account = await self._accounts.get(action.account)
        if account is not None and action.verb in _INTERRUPTED:
            await self._report_interrupted(account, action)
        await self._actions.finish(action.id, ActionState.UNCLEAR, self._now())

    async def _report_interrupted(self, account: Account, action: Action) -> None:
        match action.verb:
            case Verb.UNLINK:
                still = "A chat that still hears from me is still linked: send /unlink there again."
                lines = [still]
            case Verb.ADMIT:
                lines = ["Send /members there to see what holds now."]
            case _:
                lines = [await self._state_of(action, target) for target in action.targets]
        origin = Origin(kind=Kind.ACTION, record=action.id, at=self._now())
        title = f"I was interrupted while {_INTERRUPTED[action.verb]}"
        notice = Notice(origin=origin, title=title, lines=tuple(lines), bad=True)
        await self._ingest.take(account, (notice,))

    async def _state_of(self, action: Action, target: Target) -> str:
        seen = await self._look_patiently(action, target)
        words = seen.words if seen else "is not known: look with /status"
        return f"{target.name} {words}."

    async def _look_patiently(self, action: Action, target: Target) -> _Seen | None:
        deadline = steady() + RECOVERY_WAIT.total_seconds()
        while steady() < deadline:
            session = await self._feeds.session(action.account)
            if session is None:
                return None
            try:
                return await self._look(session, action.verb, target)
            except TryLater:
                await asyncio.sleep(5)
            except Refused:
                return None
        return None

    async def _note(self, action: Action, state: str, asker: Person | None = None) -> None:
        try:
            await self._audit.note(
                "action",
                self._now(),
                action.account,
                **({} if asker is None else by(asker)),
                verb=action.verb,
                state=state,
                targets=", ".join(target.id for target in action.targets),
                names=", ".join(target.name for target in action.targets),
            )
        except (TryLater, Unclear) as outage:
            log.error("an action was not audited", extra={"reason": str(outage), "state": state})


def _may(person: str, verb: Verb, link: Link) -> bool:
    """Whether a person's role in a chat, as it is now, allows it."""
    role = link.role_of(person)
    own = verb not in _OWN or person == link.person
    return role is not None and role.covers(_ROLES[verb]) and own


_ENTRIES = {
    True: "opens new trades",
    False: "opens no new trades, and manages those it has",
    None: "does not say whether it opens new trades",
}


def _style(verb: Verb) -> ButtonStyle:
    milder = (Verb.RESUME, Verb.NO_ENTRIES)
    return ButtonStyle.PRIMARY if verb in milder else ButtonStyle.DANGER


def _refused(target: Target, words: str) -> Result:
    return Result(target=target, state=ActionState.REFUSED, words=words)


def _accepted(target: Target) -> Result:
    words = "The platform accepted it"
    return Result(target=target, state=ActionState.UNCLEAR, words=words, accepted=True)


def _shown(target: Target, seen: _Seen) -> Result:
    words = f"{seen.words} (checked by reading back)"
    return Result(target=target, state=ActionState.DONE, words=words)


def _given_up(result: Result) -> Result:
    waited = spoken(timedelta(seconds=sum(READ_BACKS) + sum(LATE_LOOKS)))
    words = (
        f"{result.words}, {waited} after the platform accepted the change. "
        "Look with /status, or ask again"
    )
    return replace(result, accepted=False, words=words)


def _still(seen: _Seen) -> str:
    verb, rest = seen.words.split(" ", 1)
    return f"{verb} still {rest}" if verb == "is" else f"still {seen.words}"


def _overall(results: Sequence[Result]) -> ActionState:
    states = {result.state for result in results}
    for state in (ActionState.UNCLEAR, ActionState.REFUSED):
        if state in states:
            return state
    return ActionState.DONE


def _who(targets: Sequence[Target]) -> str:
    return targets[0].name if len(targets) == 1 else counted(len(targets), "bot")


def _working(action: Action) -> Card:
    doing = _CHANGES[action.verb].doing.capitalize()
    return Card(title=f"{doing} {_who(action.targets)} …", lines=("Waiting for the platform.",))


def _checking(result: Result, verb: Verb) -> Card:
    name = result.target.name
    if result.accepted:
        title, why = _accepted_title(name), ""
    else:
        title = f"Unclear so far: {_CHANGES[verb].doing} {name}"
        why = f"{result.words}. "
    look = f"{why}I look whether it took effect, and do not repeat it."
    return Card(title=title, severity=Severity.WARNING, lines=(look,))


def _accepted_title(name: str) -> str:
    return f"The platform accepted it; {name} does not show it yet"


def _outcome(results: Sequence[Result], verb: Verb) -> Card:
    done = [result for result in results if result.state is ActionState.DONE]
    notes = _notes(verb) if done else ()
    if len(results) == 1:
        return replace(_one_outcome(results[0]), notes=notes)
    is_done = _CHANGES[verb].done.removeprefix("is ").replace("opens", "open", 1)
    title = f"{len(done)} of {counted(len(results), 'bot')} {is_done}"
    severity = Severity.GOOD if len(done) == len(results) else Severity.WARNING
    fields = tuple(
        Field(
            result.target.name,
            f"accepted, not shown yet: it {result.words}" if result.accepted else result.words,
        )
        for result in results
    )
    return Card(title=title, severity=severity, fields=fields, notes=notes)


def _notes(verb: Verb) -> tuple[str, ...]:
    """What a person should know once it is done."""
    match verb:
        case Verb.PAUSE:
            return ("Open trades are not managed until you /resume.",)
        case Verb.NO_ENTRIES:
            return ("It opens trades again after /pause and /resume.",)
        case _:
            return ()


def _one_outcome(result: Result) -> Card:
    name = result.target.name
    match result.state:
        case ActionState.DONE:
            return Card(title=f"{name} {result.words}", severity=Severity.GOOD)
        case ActionState.UNCLEAR if result.accepted:
            return Card(
                title=_accepted_title(name),
                severity=Severity.WARNING,
                lines=(f"{name} {result.words}. I look on for some minutes, and tell you here.",),
            )
        case ActionState.UNCLEAR:
            return Card(
                title=f"{name}: unclear",
                severity=Severity.WARNING,
                lines=(f"{name} {result.words}.",),
            )
        case _:
            words = result.words[:1].upper() + result.words[1:]
            return Card(
                title=f"{name} was not changed", severity=Severity.WARNING, lines=(f"{words}.",)
            )


def targets_of(traders: Sequence[Trader]) -> tuple[Target, ...]:
    return tuple(Target(id=trader.id, name=trader_name(trader)) for trader in traders)
