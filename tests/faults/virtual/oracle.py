"""Who must, may and must not see what, by what was done to a world and nothing else."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.deliveries import Declined, Sent, State, Unknown
from bot.domain.lifetimes import ALERT_LIFE
from tests.fakes.messenger import Shown, Tried
from tests.harness.judge import Owed


@dataclass(eq=False)
class Stint:
    """A chat linked to a user's account, from then until then.

    `account_since` is when somebody of this account was linked first, with nobody linked before.
    A chat that became one with another of the same user's has an `heir`.
    """

    user: str
    person: str
    chats: list[str]
    """Its addresses, the present one last."""
    since: datetime
    account_since: datetime
    until: datetime | None = None
    heir: Stint | None = None

    @property
    def now(self) -> Stint:
        """What it is today."""
        return self.heir.now if self.heir else self

    @property
    def active(self) -> bool:
        return self.now.until is None

    def covers(self, chat: str, at: datetime) -> bool:
        return chat in self.chats and self.since <= at and (self.until is None or at <= self.until)

    def addresses(self) -> set[str]:
        return {*self.chats, *(self.heir.addresses() if self.heir else ())}


@dataclass(eq=False)
class Fact:
    """Something that happened on the platform, by how the title of its card begins.

    Attributes:
        user: whose it is; `None` if nobody may see it.
        visible_at: when `find` shows it, or will.
        stints: links that were there when it happened: these must hear of it.
        promised: whether they really must; not so if something younger says as much.
    """

    user: str | None
    title: str
    visible_at: datetime
    stints: tuple[Stint, ...]
    promised: bool = True
    recorded: bool = True
    """A stored record, as opposed to a change of something."""


@dataclass
class Oracle:
    """Links and facts, as the machine brings them about."""

    stints: list[Stint] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    # --- what happens -----------------------------------------------------------------------

    def link(self, chat: str, user: str, person: str, now: datetime) -> Stint:
        others = self.active(user)
        since = others[0].account_since if others else now
        stint = Stint(user, person, [chat], now, since)
        self.stints.append(stint)
        return stint

    def active(self, user: str) -> list[Stint]:
        return [stint for stint in self.stints if stint.user == user and stint.until is None]

    def fact(self, user: str, title: str, visible_at: datetime, **more: bool) -> Fact:
        fact = Fact(user, title, visible_at, tuple(self.active(user)), **more)
        self.facts.append(fact)
        return fact

    def nobodys(self, title: str, now: datetime) -> None:
        """Something that may be shown to nobody."""
        self.facts.append(Fact(None, title, now, (), promised=False))

    # --- what follows -----------------------------------------------------------------------

    def wrong(self, tried: Iterable[Tried], owners: Mapping[str, str]) -> list[str]:
        """What left for a chat that may not see it, shown or not.

        Args:
            owners: by reference, the user whose account owes it.
        """
        found = []
        for one in tried:
            fact = self._fact_of(one.card.title)
            user = fact.user if fact else owners.get(one.card.reference or "")
            here = [
                stint
                for stint in self.stints
                if stint.user == user and stint.covers(one.chat, one.left)
            ]
            if not here:
                found.append(f"{one.card.title!r} is {user}'s and left for {one.chat}")
            elif (
                fact
                and fact.recorded
                and fact.visible_at <= min(stint.account_since for stint in here)
            ):
                found.append(f"{one.card.title!r} is from before the link of {one.chat}")
            elif fact is None:
                found += self._foreign_lines(one, user)
        return found

    def _foreign_lines(self, one: Tried, user: str | None) -> list[str]:
        """What a digest tells of somebody else."""
        return [
            f"{one.card.title!r} of {user} tells {one.chat} of {fact.title!r}"
            for line in one.card.lines
            for fact in self.facts
            if fact.user != user and fact.title in line
        ]

    def twice(self, shown: Iterable[Shown], merged: Sequence[str]) -> list[str]:
        """What a chat was told more than once without being told so.

        Args:
            merged: chats that another one became one with: both may have been told.
        """
        counts = Counter(
            (one.chat, one.card.title)
            for one in shown
            if not any("possible repeat" in note for note in one.card.notes)
            and (fact := self._fact_of(one.card.title))
            and fact.recorded
        )
        return [
            f"{title!r} was shown {count} times in {chat}"
            for (chat, title), count in counts.items()
            if count > 1 + merged.count(chat)
        ]

    def _fact_of(self, title: str) -> Fact | None:
        return next((fact for fact in self.facts if title.startswith(fact.title)), None)

    def lost(
        self,
        items: Sequence[Owed],
        missed: Mapping[str, set[str]],
        tried: Sequence[Tried],
        now: datetime,
    ) -> list[str]:
        """What must have been seen by the end and was not, unless its end is there to see.

        Args:
            missed: by chat, the references that `/missed` lists.
        """
        attempts = _by_reference(tried)
        by_id = {item.id: item for item in items}
        found = []
        for fact in self.facts:
            owed = [item for item in items if item.title.startswith(fact.title)]
            for stint in fact.stints if fact.promised else ():
                if not stint.active:
                    continue
                here = [item for item in owed if item.chat in stint.addresses()]
                seen = missed.get(stint.now.chats[-1], set())
                digests = [by_id[item.digest] if item.digest else item for item in here]
                if not any(
                    accounted(item, digest, seen, attempts, now)
                    for item, digest in zip(here, digests, strict=True)
                ):
                    ends = ", ".join(f"{item.state}: {item.reason}" for item in here) or "not owed"
                    found.append(f"{fact.title!r} is lost for {stint.now.chats[-1]} ({ends})")
        return found


def accounted(
    item: Owed, told_by: Owed, missed: set[str], attempts: Mapping[str, list[Tried]], now: datetime
) -> bool:
    """Whether an item was shown, or ended for a good reason that the person can see.

    Args:
        told_by: its digest, if it is part of one, else itself.
    """
    match item.state:
        case State.SENT | State.COALESCED:
            return told_by.state is State.SENT
        case State.DEAD:
            tried = attempts[told_by.reference]
            doubts = [one for one in tried if _is_unclear(one)]
            deserved = isinstance(tried[-1].outcome, Declined) or len(doubts) >= 2
            return deserved and item.reference in missed
        case State.EXPIRED:
            return now - item.created_at > ALERT_LIFE and item.reference in missed
        case _:
            return False


def repeated(tried: Sequence[Tried], killed_at: Sequence[datetime]) -> list[str]:
    """What was tried again although it was known to be there.

    Args:
        killed_at: when the process was, perhaps before it could store what it had just heard.
    """
    found = []
    for reference, attempts in _by_reference(tried).items():
        for before, after in itertools.pairwise(attempts):
            killed = any(before.left <= at <= after.left for at in killed_at)
            if isinstance(before.outcome, Sent) and not killed:
                found.append(f"{reference} ({after.card.title!r}) was sent, and left again")
    return found


def _is_unclear(one: Tried) -> bool:
    return one.outcome is None or isinstance(one.outcome, Unknown)


def _by_reference(tried: Iterable[Tried]) -> dict[str, list[Tried]]:
    found: dict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        if one.card.reference:
            found[one.card.reference].append(one)
    return found
