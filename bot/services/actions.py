"""Buttons: a card that states the effect, pressed once by the right person, with an honest end."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.domain.actions import CONFIRM_LIFE, OFFER_LIFE, Action, ActionState, Denied, Target, Verb
from bot.domain.cards import Button, ButtonStyle, Card, Field, Severity
from bot.domain.changes import condition
from bot.domain.commands import Press, Reply
from bot.domain.events import Kind, Notice, Origin, Trader, TraderSeen
from bot.domain.ids import ActionId, NewId, Now, TraderId
from bot.domain.links import Account, Link, Role
from bot.domain.telling import trader_name
from bot.domain.text import clean, counted
from bot.errors import NeedsLogin, Refused, TryLater, Unclear
from bot.ports import Accounts, Actions, Audit, Session
from bot.services.feeds import Feeds
from bot.services.ingest import Ingest
from bot.services.patience import patiently
from bot.services.steady import steady

log = logging.getLogger(__name__)

READ_BACKS = (1.0, 3.0, 8.0)
"""Seconds before each look at what became of an unclear write."""

RECOVERY_WAIT = timedelta(seconds=60)
"""How long after a start the feed may take before an interrupted action is reported as unclear."""

_ROLES = {
    Verb.PAUSE: Role.OPERATOR,
    Verb.RESUME: Role.OPERATOR,
    Verb.UNLINK: Role.VIEWER,
    Verb.ADMIT: Role.OWNER,
    Verb.CANCEL: Role.VIEWER,
    Verb.ASK: Role.VIEWER,
}

_OWN = frozenset({Verb.UNLINK, Verb.ADMIT})
"""Only for the person who linked the chat, whatever role others have there."""

_INTERRUPTED = {
    Verb.PAUSE: "pausing",
    Verb.RESUME: "resuming",
    Verb.UNLINK: "unlinking",
    Verb.ADMIT: "setting what others may do",
}
"""What is reported after a crash, and how it is called."""

TOASTS = {
    Denied.UNKNOWN: "This button is no longer known. Ask again.",
    Denied.EXPIRED: "Too late: this card has expired, nothing was changed. Ask again.",
    Denied.NOT_YOURS: "Only the person who asked may press this.",
    Denied.ELSEWHERE: "This button belongs to another chat.",
    Denied.USED: "This card was used already.",
    Denied.RUNNING: "Already on it. One moment.",
    Denied.ANSWERED: "Nothing left to do: that bot was paused or stopped meanwhile. See /traders.",
    Denied.UNLINKED: "This chat is no longer linked to that account.",
    Denied.NO_RIGHT: "You may not do that here. Who linked this chat can allow it: /members.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one bot."""

    target: Target
    state: ActionState
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
        verb: Verb,
        label: str,
        targets: Sequence[Target] = (),
        arguments: str = "",
    ) -> tuple[tuple[Button, ...], ...]:
        """Buttons of a confirm card: the deed, named by `label`, and a way out."""
        card = self._new_id()
        deed = self._action(link, card, person, verb, tuple(targets), arguments)
        way_out = self._action(link, card, person, Verb.CANCEL)
        await self._actions.offer((deed, way_out))
        return (
            (Button(label=label, action=deed.id, style=_style(verb)),),
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

    async def set_running(self, action: Action, link: Link) -> AsyncIterator[Reply]:
        """Start or pause the bots that the card named: one write each, never repeated."""
        running = action.verb is Verb.RESUME
        yield Reply(card=_working(action, running), replaces=True)
        await self._note(action, "asked")
        session = await self._feeds.session(action.account)
        results: list[Result] = []
        for target in action.targets:
            if session is None:
                results.append(
                    Result(
                        target=target,
                        state=ActionState.REFUSED,
                        words="not done: I need a new login, send /link",
                    )
                )
                continue
            self._ingest.expect(TraderId(target.id), running, link.endpoint.id)
            result = await self._write(session, action, target, running)
            if result.state is ActionState.UNCLEAR:
                yield Reply(card=_checking(target, running), replaces=True)
                result = await self._reconcile(session, target, running)
            results.append(result)
        # The person first: whatever becomes of the record, the deed is done.
        yield Reply(card=_outcome(results, running), replaces=True)
        state = _overall(results)
        await self.finish(action, state)
        await self._note(action, state)

    async def _write(
        self, session: Session, action: Action, target: Target, running: bool
    ) -> Result:
        try:
            trader = await session.set_running(TraderId(target.id), running)
        except Unclear as unclear:
            return Result(target=target, state=ActionState.UNCLEAR, words=str(unclear))
        except NeedsLogin:
            words = "not done: I need a new login, send /link"
            return Result(target=target, state=ActionState.REFUSED, words=words)
        except Refused as refusal:
            words = f"not done, the platform says: {clean(str(refusal), 200)}"
            return Result(target=target, state=ActionState.REFUSED, words=words)
        except TryLater as failure:
            words = f"not done: {clean(str(failure), 200)}"
            return Result(target=target, state=ActionState.REFUSED, words=words)
        if condition(trader).running is not running:
            # It said yes and shows something else: only looking again tells.
            return Result(target=target, state=ActionState.UNCLEAR, words="the answer was unclear")
        await self._remember(action, trader)
        words = "is running" if running else "is paused"
        return Result(target=target, state=ActionState.DONE, words=words)

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

    async def _reconcile(self, session: Session, target: Target, running: bool) -> Result:
        """Nobody knows whether the write arrived: read back until it shows, then say what is."""
        seen: Trader | None = None
        for wait in READ_BACKS:
            await asyncio.sleep(wait)
            try:
                seen = await session.trader(TraderId(target.id))
            except (TryLater, Refused) as failure:
                log.warning("could not read back", extra={"reason": str(failure)})
                continue
            if condition(seen).running is running:
                words = f"is {condition(seen).word} (checked by reading back)"
                return Result(target=target, state=ActionState.DONE, words=words)
        if seen is None:
            words = "UNCLEAR: no answer, and I could not read back. Look with /status"
            return Result(target=target, state=ActionState.UNCLEAR, words=words)
        words = f"is still {clean(condition(seen).word, 30)}: it did not take effect. Ask again"
        return Result(target=target, state=ActionState.UNCLEAR, words=words)

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
        trader = await self._read_patiently(action, target)
        word = condition(trader).word if trader else "not known: look with /status"
        return f"{target.name} is {clean(word, 60)}."

    async def _read_patiently(self, action: Action, target: Target) -> Trader | None:
        deadline = steady() + RECOVERY_WAIT.total_seconds()
        while steady() < deadline:
            session = await self._feeds.session(action.account)
            if session is None:
                return None
            try:
                return await session.trader(TraderId(target.id))
            except TryLater:
                await asyncio.sleep(5)
            except Refused:
                return None
        return None

    async def _note(self, action: Action, state: str) -> None:
        names = ", ".join(target.id for target in action.targets)
        try:
            await self._audit.note(
                "action",
                self._now(),
                action.account,
                verb=action.verb,
                state=state,
                person=_person(action),
                targets=names,
            )
        except (TryLater, Unclear) as outage:
            log.error("an action was not audited", extra={"reason": str(outage), "state": state})


def _may(person: str, verb: Verb, link: Link) -> bool:
    """Whether a person's role in a chat, as it is now, allows it."""
    role = link.role_of(person)
    own = verb not in _OWN or person == link.person
    return role is not None and role.covers(_ROLES[verb]) and own


def _person(action: Action) -> str:
    """By the hash: on the web chat who somebody is, is a secret."""
    return hashlib.sha256((action.person or "").encode()).hexdigest()[:16]


def _style(verb: Verb) -> ButtonStyle:
    return ButtonStyle.PRIMARY if verb is Verb.RESUME else ButtonStyle.DANGER


def _overall(results: Sequence[Result]) -> ActionState:
    states = {result.state for result in results}
    for state in (ActionState.UNCLEAR, ActionState.REFUSED):
        if state in states:
            return state
    return ActionState.DONE


def _who(targets: Sequence[Target]) -> str:
    return targets[0].name if len(targets) == 1 else counted(len(targets), "bot")


def _working(action: Action, running: bool) -> Card:
    verb = "Starting" if running else "Pausing"
    return Card(title=f"{verb} {_who(action.targets)} …", lines=("Waiting for the platform.",))


def _checking(target: Target, running: bool) -> Card:
    return Card(
        title=f"Unclear so far: {'starting' if running else 'pausing'} {target.name}",
        severity=Severity.WARNING,
        lines=(
            "The platform did not answer. I look whether it took effect, and do not repeat it.",
        ),
    )


def _outcome(results: Sequence[Result], running: bool) -> Card:
    done = [result for result in results if result.state is ActionState.DONE]
    if len(results) == 1:
        return _one_outcome(results[0])
    verb = "running" if running else "paused"
    title = f"{len(done)} of {counted(len(results), 'bot')} {verb}"
    severity = Severity.GOOD if len(done) == len(results) else Severity.WARNING
    fields = tuple(Field(result.target.name, result.words) for result in results)
    return Card(title=title, severity=severity, fields=fields)


def _one_outcome(result: Result) -> Card:
    name = result.target.name
    match result.state:
        case ActionState.DONE:
            return Card(title=f"{name} {result.words}", severity=Severity.GOOD)
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
