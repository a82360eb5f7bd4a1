"""Whose phones and chats ring, and who stands in while somebody is off watch. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.chats import Channel, EndpointState, Link, Watch
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


def _is_phone(link: Link) -> bool:
    return link.endpoint.address.channel is Channel.PUSH


def _is_open(link: Link) -> bool:
    return link.endpoint.state is EndpointState.ACTIVE
