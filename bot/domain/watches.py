"""Whose phones and chats ring, and who stands in while somebody is off watch. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.domain.chats import INBOX, Channel, EndpointState, Hears, Link, Watch
from bot.domain.ids import LinkId
from bot.domain.timetables import quiet_until, zone


def watch_of(person: str, links: Iterable[Link]) -> Watch:
    """When somebody is on watch, by any of their links."""
    return next((one.watch for one in links if one.person == person), Watch())


def zone_of_person(person: str, links: Iterable[Link]) -> str:
    """By whose clock their hours are: IANA's name, empty as long as they have not said."""
    theirs = (one.preferences.zone for one in links if one.person == person)
    return next(filter(None, theirs), "")


def is_on_watch(link: Link, links: Sequence[Link], now: datetime) -> bool:
    """Whether what rings there rings somebody who wants it now; what all read always does."""
    hours = link.watch.hours
    if hours is None or not link.endpoint.private:
        return True
    return quiet_until(now, hours, zone(zone_of_person(link.person, links))) is not None


def rung_for(wanted: Sequence[Link], links: Sequence[Link], now: datetime) -> tuple[Link, ...]:
    """Those of `wanted` whose people are on watch, and for each of the others who stands in.

    Where that reaches nobody who is on watch, all of them: rather loud than silent.

    Args:
        links: all of the account.
    """
    on = [one for one in wanted if is_on_watch(one, links, now)]
    off = [one for one in wanted if one not in on]
    instead = [other for one in off for other in _standing_in(one, links, now)]
    # A chat that all read says nothing of who looks at it.
    if instead or any(one.endpoint.private and _is_open(one) for one in on):
        return _once((*on, *instead))
    return tuple(wanted)


def off_watch(told: Sequence[Link], links: Sequence[Link], now: datetime) -> Sequence[Link]:
    """Those of `told` that need not ring, since somebody who is on watch is told, too."""
    off = [one for one in told if not is_on_watch(one, links, now)]
    instead = {other.id for one in off for other in _standing_in(one, links, now)}
    if any(
        one.id in instead or (one not in off and one.endpoint.private and _is_open(one))
        for one in told
    ):
        return off
    return ()


def may_wait(phone: Link, links: Iterable[Link]) -> bool:
    """Whether a phone can be rung only later, for what nobody has seen by then: it is there for
    what is critical alone, and a chat of its person's own can show that meanwhile.

    Args:
        links: all of the account.
    """
    return (
        _is_phone(phone)
        and phone.preferences.hears is Hears.CRITICAL
        and any(_is_chat_of(phone.person, one) and _is_open(one) for one in links)
    )


def elsewhere(
    told: Mapping[LinkId, bool], links: Sequence[Link], now: datetime
) -> Mapping[LinkId, frozenset[Channel]]:
    """Where people are rung whose own chats and phones could not show what was told there, each
    with where that was; where nothing was shown at all and they have no other place, all others.

    Whose place shows it has it; what a shared chat shows is nobody's in particular, and what an
    inbox shows is seen by who looks there anyway.

    Args:
        told: where it was told, and whether it was shown there.
        links: all of the account.
    """
    shown = [one for one in links if told.get(one.id) and not _is_inbox(one)]
    failed = [one for one in links if one.id in told and not told[one.id]]
    others = [one for one in links if one.id not in told and _is_open(one)]
    people = dict.fromkeys(one.person for one in failed)
    reached = {one.person for one in shown if one.endpoint.private}
    ways = [
        (_phones_first([one for one in others if one.person == person]), _channels(failed, person))
        for person in people
        if person not in reached
    ]
    if not shown and not any(wanted for wanted, _ in ways):
        ways = [(_phones_first(others), frozenset(one.endpoint.address.channel for one in failed))]
    awake = [*shown, *(one for wanted, _ in ways for one in wanted)]
    asleep = off_watch(awake, links, now)
    found: dict[LinkId, frozenset[Channel]] = {}
    for wanted, channels in ways:
        for one in rung_for([one for one in wanted if one not in asleep], links, now):
            found[one.id] = found.get(one.id, frozenset()) | channels
    return found


def _phones_first(links: Sequence[Link]) -> Sequence[Link]:
    return [one for one in links if _is_phone(one)] or links


def _channels(links: Iterable[Link], person: str) -> frozenset[Channel]:
    return frozenset(one.endpoint.address.channel for one in links if one.person == person)


def seconds(links: Sequence[Link]) -> tuple[Link, ...]:
    """Where the people are told who were named to be told next: their chats, and their phones."""
    named = [found for one in links if (found := second_of(one, links)) is not None]
    phones = [
        one for chat in named if chat.endpoint.private for one in _phones_of(chat.person, links)
    ]
    return _once((*named, *phones))


def second_of(link: Link, links: Iterable[Link]) -> Link | None:
    """The chat that its person has named, if it still is one of the account."""
    return chat_called(link.watch.second, links)


def chat_called(id: LinkId | None, links: Iterable[Link]) -> Link | None:
    return next((one for one in links if one.id == id), None)


def _standing_in(link: Link, links: Sequence[Link], now: datetime) -> Sequence[Link]:
    """Where somebody else is rung instead: their phones for a phone, else the chat named."""
    passed = {link.person}
    second = second_of(link, links)
    while second is not None:
        if second.endpoint.private and second.person in passed:
            return ()
        if is_on_watch(second, links, now):
            theirs = [second]
            if _is_phone(link) and second.endpoint.private:
                phones = [one for one in _phones_of(second.person, links) if _is_open(one)]
                theirs = phones or theirs
            return [one for one in theirs if _is_open(one)]
        passed.add(second.person)
        second = second_of(second, links)
    return ()


def _once(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple({one.id: one for one in links}.values())


def _phones_of(person: str, links: Iterable[Link]) -> Sequence[Link]:
    return [one for one in links if _is_phone(one) and one.person == person]


def _is_chat_of(person: str, link: Link) -> bool:
    """One that calls them, and nobody else reads."""
    own = link.endpoint.private and link.person == person
    return own and not _is_phone(link) and not _is_inbox(link)


def _is_inbox(link: Link) -> bool:
    """A page, which calls nobody."""
    address = link.endpoint.address
    return address.channel is Channel.WEB and address.bot == INBOX


def _is_phone(link: Link) -> bool:
    return link.endpoint.address.channel is Channel.PUSH


def _is_open(link: Link) -> bool:
    return link.endpoint.state is EndpointState.ACTIVE
