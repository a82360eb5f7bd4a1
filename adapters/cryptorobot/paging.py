"""Reading a stream on from a position, whole instants and no more than can be taken at a time."""

from dataclasses import dataclass, field
from datetime import datetime

from adapters.cryptorobot import calls, decode
from adapters.cryptorobot.calls import PAGE, Call, FoundPage, Oversized
from bot.domain.events import Event, Page, Position, Stream, Unreadable

_MOST_REQUESTS = 100
"""For one page: far more than any server needs that pages at all."""


@dataclass(slots=True)
class Portion:
    """How many records to ask for at once: fewer while they are too large together."""

    most: int
    size: int = field(init=False)
    lowered: bool = field(init=False, default=False)
    """Whether fewer were ever asked for, so that a short page is none of the platform's making."""

    def __post_init__(self) -> None:
        self.most = self.size = min(self.most, PAGE)

    def too_large(self) -> FoundPage | None:
        """Ask for half; for a single record gives what stands for it, so that it is passed over."""
        if self.size <= 1:
            return FoundPage(records=(Oversized(),))
        self.size //= 2
        self.lowered = True
        return None

    def fitted(self) -> None:
        self.size = min(self.most, self.size * 2)


@dataclass(slots=True, kw_only=True)
class PageReading:
    """One page of ours, from as many of the platform's as it takes.

    Records that share an instant have no order that we could rely on: the platform's depends on the
    type of its ids. So a page ends between two instants, never within one, and `$skip`, which a new
    record may shift, is used only as long as the page has not reached its first such end.
    """

    stream: Stream
    since: Position
    limit: int
    received: datetime
    """The platform's time."""
    portion: Portion = field(init=False)
    _events: dict[Position, Event] = field(default_factory=dict)
    _undated: list[Event] = field(default_factory=list)
    _unreadable: list[Unreadable] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _previous: tuple[object, ...] = ()
    _skip: int = 0
    _requests: int = 0
    _ended: bool = False

    def __post_init__(self) -> None:
        self.portion = Portion(self.limit)

    def call(self) -> Call:
        """The request to make next."""
        return calls.oldest(self.stream.value, self.since.at, self.portion.size, self._skip)

    def add(self, found: FoundPage) -> bool:
        """Take an answer; gives whether another request is needed."""
        fresh = [self._take(record) for record in found.records]
        # A page that repeats: the platform does not know `$skip` and has given all it has.
        repeats = not any(fresh) or found.records == self._previous
        self._ended = found.ends(self._skip) or repeats
        self._previous = found.records
        self._skip += len(found.records)
        self._requests += 1
        return not self._ended and not self._whole() and self._requests < _MOST_REQUESTS

    def page(self) -> Page:
        read = sorted(self._events) if self._ended else self._whole() or sorted(self._events)
        last = read[-1] if read else None
        if last is None and (self._undated or self._unreadable):
            last = self.since
        return Page(
            events=(*(self._events[position] for position in read), *self._undated),
            unreadable=tuple(self._unreadable),
            last=last,
            as_of=self.received,
            more=not self._ended and bool(read),
        )

    def _take(self, record: object) -> bool:
        """Sort a record in; gives whether it was not here before."""
        event = decode.stored(self.stream, record, self.received)
        if isinstance(event, Unreadable):
            self._unreadable.append(event)
            return True
        origin = event.origin
        if origin.record in self._seen:
            return False
        self._seen.add(origin.record)
        position = Position(at=origin.at, record=origin.record)
        if not origin.dated:
            self._undated.append(event)
        elif position > self.since:
            self._events[position] = event
        return True

    def _whole(self) -> list[Position]:
        """What precedes the youngest instant, which may go on with the next record."""
        positions = sorted(self._events)
        return [position for position in positions if position.at < positions[-1].at]
