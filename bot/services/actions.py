"""Buttons: a card that states the effect, pressed once by the right person, with an honest end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.domain.accounts import Account
from bot.domain.actions import REPEATABLE, Action, ActionState, Denied, Target, Verb, life_of
from bot.domain.cards import Button, ButtonStyle
from bot.domain.chats import Link, Person, Role
from bot.domain.events import Kind, Origin, Trader, TraderSeen
from bot.domain.ids import AccountId, ActionId, NewId, Now, TraderId
from bot.domain.incoming import Press, Reply
from bot.domain.outcomes import Deed, Result, Seen, deeds_of
from bot.domain.step_up import CoolsOff, cannot_be_undone
from bot.domain.trail import by
from bot.errors import NeedsLogin, NotOffered, OutcomeUnknown, Refused, TryLater
from bot.ports import Accounts, Actions, Audit, Session
from bot.services.deeds import LEAVE_NO_TRACE, carry_out, look, shows
from bot.services.feeds import Feeds
from bot.services.ingest import Ingest
from bot.services.offered import Offered
from bot.services.retrying import retry_until_available
from bot.services.steady import Seconds, side_by_side, steady
from bot.services.step_up import StepUp
from bot.texts import outcomes as texts
from bot.texts.errors import told
from bot.texts.names import trader_name

log = logging.getLogger(__name__)

READ_BACKS: Sequence[Seconds] = (1.0, 3.0, 8.0)
"""Before each look at what became of an unclear write."""

LATE_LOOKS = (15.0, 30.0, 60.0, 120.0)
"""Seconds before each further look at what the platform accepted and does not show yet."""

AT_ONCE = 4
"""Bots that are changed side by side: more would wait too long for the account's budget."""

RECOVERY_WAIT = timedelta(seconds=60)
"""How long after a start the feed may take before an interrupted action is reported as unclear."""

_ROLES = {
    Verb.PAUSE: Role.OPERATOR,
    Verb.NO_ENTRIES: Role.OPERATOR,
    Verb.RESUME: Role.OPERATOR,
    Verb.RENAME_BOT: Role.OPERATOR,
    Verb.RENAME_STRATEGY: Role.OPERATOR,
    Verb.NEW_STRATEGY: Role.OPERATOR,
    Verb.REMOVE_STRATEGY: Role.OPERATOR,
    Verb.FORCE_EXIT: Role.OPERATOR,
    Verb.RELOAD: Role.OPERATOR,
    Verb.UNLINK: Role.VIEWER,
    Verb.GRANT_ACCESS: Role.OWNER,
    Verb.SHOW_FOLLOWERS: Role.OWNER,
    Verb.SHOW_FOLLOWERS_LATER: Role.OWNER,
    Verb.COVER_CRITICAL: Role.OPERATOR,
    Verb.STANDING_ORDER: Role.OWNER,
    Verb.STANDING_NO_ENTRIES: Role.OWNER,
    Verb.CANCEL: Role.VIEWER,
    Verb.ASK: Role.VIEWER,
    Verb.UNDO: Role.VIEWER,
    Verb.STOP_WATCH: Role.VIEWER,
    Verb.SEEN: Role.VIEWER,
    Verb.HOLD: Role.VIEWER,
}

_COMMANDS = {
    Verb.NO_ENTRIES: "stopentry",
    Verb.FORCE_EXIT: "forceexit",
    Verb.RELOAD: "reload",
    Verb.RENAME_BOT: "rename",
    Verb.RENAME_STRATEGY: "rename",
    Verb.NEW_STRATEGY: "newstrategy",
    Verb.REMOVE_STRATEGY: "removestrategy",
}
"""The commands that an account cannot use if the platform denies what they do."""

_OWN = frozenset(
    {
        *(Verb.UNLINK, Verb.GRANT_ACCESS, Verb.SHOW_FOLLOWERS, Verb.SHOW_FOLLOWERS_LATER),
        *(Verb.STANDING_ORDER, Verb.STANDING_NO_ENTRIES),
    }
)
"""Only for the person who linked the chat, whatever role others have there."""


class Acting:
    """Makes buttons and carries out what they mean."""

    def __init__(
        self,
        actions: Actions,
        accounts: Accounts,
        feeds: Feeds,
        ingest: Ingest,
        audit: Audit,
        offered: Offered,
        step_up: StepUp,
        now: Now,
        new_id: NewId,
        read_backs: Sequence[Seconds] = READ_BACKS,
    ) -> None:
        self._actions = actions
        self._read_backs = read_backs
        self._accounts = accounts
        self._feeds = feeds
        self._ingest = ingest
        self._audit = audit
        self._offered = offered
        self._step_up = step_up
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
            (Button(label=texts.cancel(), action=way_out.id),),
        )

    async def choices(
        self,
        link: Link,
        person: str,
        command: str,
        choices: Sequence[Sequence[Target]],
        verb: Verb = Verb.ASK,
    ) -> tuple[ActionId, ...]:
        """Actions of one card that ask a command about certain bots: they change nothing yet.

        Args:
            command: its name, and what else it is asked with; or what else `verb` takes.
            choices: the bots that each one stands for.
            verb: one of `REPEATABLE`.
        """
        card = self._new_id()
        offers = [
            self._action(link, card, person, verb, tuple(targets), command) for targets in choices
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
            repeatable=verb in REPEATABLE,
            expires_at=self._now() + life_of(verb),
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
        denied = await self._refused(claimed, press.person, link)
        if denied is None:
            return claimed
        if not claimed.repeatable:
            await self._actions.finish(claimed.id, ActionState.REFUSED, now)
        return denied

    async def _refused(self, action: Action, person: Person, link: Link) -> Denied | None:
        if not _may(person.id, action.verb, link):
            return Denied.NO_RIGHT
        if not cannot_be_undone(action.verb, action.arguments):
            return None
        match await self._step_up.lacking_to_press(link, person):
            case None:
                return None
            case CoolsOff():
                return Denied.COOLS_OFF
            case _:
                return Denied.NOT_PROVEN

    async def finish(self, action: Action, state: ActionState) -> None:
        try:
            await self._actions.finish(action.id, state, self._now())
        except TryLater as outage:
            # It counts as interrupted then, and is reported after the next start.
            log.error("the end of an action was not stored", extra={"reason": str(outage)})

    async def change(self, action: Action, link: Link) -> AsyncIterator[Reply]:
        """Do what the card said to what it named: one write each, never repeated.

        What the platform accepted and does not show yet is told as that, and its end later.
        """
        yield Reply(card=texts.working(action), replaces=True)
        asker = Person(channel=link.endpoint.address.channel, id=action.person or "")
        await self._note(action, "asked", asker)
        session = await self._feeds.session(action.account)
        deeds = deeds_of(action)
        if session is None:
            results = [texts.not_done(target, texts.no_login()) for target in action.targets]
        else:
            write = partial(self._write, session, action.account, asked_in=link)
            results = await _all([partial(write, deed) for deed in deeds])
            unclear = [result for result in results if result.state is ActionState.UNCLEAR]
            if unclear:
                yield Reply(card=texts.checking(unclear, action.verb), replaces=True)
                settle = partial(self._settle, session)
                pairs = zip(deeds, results, strict=True)
                results = await _all([partial(settle, *pair) for pair in pairs])
        # The person first: whatever becomes of the record, the deed is done.
        yield await self._outcome(action, link, results)
        if session is not None and any(result.accepted for result in results):
            results = await self._look_late(session, deeds, results)
            yield await self._outcome(action, link, results)
        state = _overall(results)
        await self.finish(action, state)
        await self._note(action, state, asker)

    async def _outcome(self, action: Action, link: Link, results: Sequence[Result]) -> Reply:
        """With a button that asks again about those bots of several that are not as they should."""
        not_so = [one.target for one in results if one.state is not ActionState.DONE]
        again: tuple[Button, ...] = ()
        if len(results) > 1 and not_so and not any(one.accepted for one in results):
            command = "resume" if action.verb is Verb.RESUME else "pause"
            [offer] = await self.choices(link, action.person or "", command, [not_so])
            again = (Button(label=texts.again(len(not_so)), action=offer),)
        return Reply(card=texts.outcome(results, action, again), replaces=True)

    async def act(
        self,
        session: Session,
        account: AccountId,
        verb: Verb,
        target: Target,
        asked_in: Link | None,
    ) -> Result:
        """Do to a bot what nobody asks about any more: one write, never repeated, and its end.

        Args:
            asked_in: the chat that need not be told that the bot has stopped.
        """
        deed = Deed(verb, target)
        result = await self._write(session, account, deed, asked_in)
        result = await self._settle(session, deed, result)
        if result.accepted:
            return texts.given_up(result, timedelta(seconds=sum(self._read_backs)))
        return result

    async def _write(
        self, session: Session, account: AccountId, deed: Deed, asked_in: Link | None
    ) -> Result:
        target = deed.target
        if asked_in is not None and deed.verb in (Verb.PAUSE, Verb.RESUME):
            running = deed.verb is Verb.RESUME
            self._ingest.expect(TraderId(target.id), running, asked_in.endpoint.id)
        try:
            record = await carry_out(session, deed)
        except OutcomeUnknown as unclear:
            words = told(str(unclear))
            return Result(target=target, state=ActionState.UNCLEAR, words=words)
        except NeedsLogin:
            return texts.not_done(target, texts.login_refused())
        except Refused as refusal:
            if isinstance(refusal, NotOffered) and deed.verb in _COMMANDS:
                await self._offered.deny(account, _COMMANDS[deed.verb])
            return texts.not_done(target, texts.refused(str(refusal)))
        except TryLater as failure:
            return texts.not_done(target, texts.failed(str(failure)))
        if deed.verb in _COMMANDS:
            await self._offered.allow(account, _COMMANDS[deed.verb])
        if record is None or not shows(record, deed).wanted:
            # It said yes and shows nothing, or something else: only looking again tells.
            return texts.accepted(target)
        if isinstance(record, Trader):
            await self._remember(account, record)
        return Result(target=target, state=ActionState.DONE, words=texts.done(deed))

    async def _remember(self, account_id: AccountId, trader: Trader) -> None:
        """The answer is as good as the event: other chats of the account hear of it either way."""
        at = trader.updated_at or self._now()
        origin = Origin(kind=Kind.TRADER, record=trader.id, at=at)
        try:
            account = await self._accounts.get(account_id)
            if account is not None:
                await self._ingest.take(account, (TraderSeen(origin=origin, trader=trader),))
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("a change waits for its event", extra={"reason": str(outage)})

    async def _settle(self, session: Session, deed: Deed, written: Result) -> Result:
        """Look until an unclear write shows, then say what is."""
        if written.state is not ActionState.UNCLEAR:
            return written
        target, failure = written.target, ""
        if not written.accepted and deed.verb in LEAVE_NO_TRACE:
            return texts.unclear(written, texts.leaves_no_trace())
        seen: Seen | None = None
        for wait in self._read_backs:
            await asyncio.sleep(wait)
            try:
                seen = await look(session, deed)
            except NeedsLogin:
                failure = texts.login_refused_meanwhile()
                break
            except (TryLater, Refused) as error:
                log.warning("could not read back", extra={"reason": str(error)})
                failure = texts.not_read_back()
                continue
            if seen.wanted:
                return texts.shown(target, seen)
        if seen is None:
            return texts.unclear(written, failure)
        if written.accepted:
            return replace(written, words=texts.still(seen))
        return texts.without_effect(written, seen)

    async def _look_late(
        self, session: Session, deeds: Sequence[Deed], results: Sequence[Result]
    ) -> list[Result]:
        """Look on for what was accepted; gives how all of it ended."""
        ended = list(results)
        for wait in LATE_LOOKS:
            if not any(result.accepted for result in ended):
                break
            await asyncio.sleep(wait)
            ended = [
                await self._look_once_more(session, deed, one) if one.accepted else one
                for deed, one in zip(deeds, ended, strict=True)
            ]
        waited = timedelta(seconds=sum(self._read_backs) + sum(LATE_LOOKS))
        return [texts.given_up(one, waited) if one.accepted else one for one in ended]

    async def _look_once_more(self, session: Session, deed: Deed, result: Result) -> Result:
        try:
            seen = await look(session, deed)
        except (TryLater, Refused) as error:
            log.warning("could not read back", extra={"reason": str(error)})
            return result
        if seen.wanted:
            return texts.shown(result.target, seen)
        return replace(result, words=texts.still(seen))

    # --- after a crash ------------------------------------------------------------------------

    async def recover(self) -> None:
        """Report what a crash interrupted: read the state back and say how it is now."""
        for action in await retry_until_available(self._left_behind):
            await retry_until_available(partial(self._close_interrupted, action))
            await self._note(action, "interrupted")

    async def _left_behind(self) -> Sequence[Action]:
        async with self._telling_apart:
            running = await self._actions.interrupted()
            begun, self._begun = self._begun or set(), None
        return [action for action in running if action.id not in begun]

    async def _close_interrupted(self, action: Action) -> None:
        """May be repeated: the report's record is the action, so it is told once."""
        account = await self._accounts.get(action.account)
        if account is not None and action.verb in texts.REPORTED:
            await self._report_interrupted(account, action)
        await self._actions.finish(action.id, ActionState.UNCLEAR, self._now())

    async def _report_interrupted(self, account: Account, action: Action) -> None:
        bots = [
            (
                target,
                await self.look_patiently(action.account, action.verb, target, action.arguments),
            )
            for target in action.targets
        ]
        await self._ingest.take(account, (texts.interrupted(action, bots, self._now()),))

    async def look_patiently(
        self, account: AccountId, verb: Verb, target: Target, said: str = ""
    ) -> Seen | None:
        """How it is, after a start; `None` if that cannot be known soon."""
        deadline = steady() + RECOVERY_WAIT.total_seconds()
        while steady() < deadline:
            session = await self._feeds.session(account)
            if session is None:
                return None
            try:
                return await look(session, Deed(verb, target, said))
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
        except (TryLater, OutcomeUnknown) as outage:
            log.error("an action was not audited", extra={"reason": str(outage), "state": state})


def _may(person: str, verb: Verb, link: Link) -> bool:
    """Whether a person's role in a chat, as it is now, allows it."""
    role = link.role_of(person)
    own = verb not in _OWN or person == link.person
    return role is not None and role.covers(_ROLES[verb]) and own


def _style(verb: Verb) -> ButtonStyle:
    milder = (Verb.RESUME, Verb.NO_ENTRIES, Verb.STANDING_NO_ENTRIES)
    return ButtonStyle.PRIMARY if verb in milder else ButtonStyle.DANGER


async def _all(works: Sequence[Callable[[], Awaitable[Result]]]) -> list[Result]:
    """What each comes to, in their order; a bot that does not answer keeps no other waiting."""
    ended: dict[int, Result] = {}

    async def end(number: int, work: Callable[[], Awaitable[Result]]) -> None:
        ended[number] = await work()

    numbered = [partial(end, number, work) for number, work in enumerate(works)]
    await side_by_side(numbered, AT_ONCE)
    return [ended[number] for number in range(len(works))]


def _overall(results: Sequence[Result]) -> ActionState:
    states = {result.state for result in results}
    for state in (ActionState.UNCLEAR, ActionState.REFUSED):
        if state in states:
            return state
    return ActionState.DONE


def targets_of(traders: Sequence[Trader]) -> tuple[Target, ...]:
    return tuple(Target(id=trader.id, name=trader_name(trader)) for trader in traders)
