"""Marks inside our own sentences, around what each chat platform shows in its own way: commands by
the names that they have there, instants by the clock of whoever reads them, where it can.

They are made of private-use characters, which nothing foreign can bring along (`text.clean` takes
them away), and what they enclose is readable without them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_BEGIN, _END = "\ue000", "\ue001"

_BEGIN_INSTANT, _BEGIN_WORDS = "\ue002", "\ue003"

_HIDDEN = 0xE100
"""Where the signs stand that tell an instant to platforms, and nothing to who reads its words."""

_COMMAND = re.compile(f"{_BEGIN}/([a-z]+){_END}")

_INSTANT = re.compile(f"{_BEGIN_INSTANT}([\ue100-\ue17f]+){_BEGIN_WORDS}([^{_END}]*){_END}")


class Shape(StrEnum):
    """How much of an instant is told."""

    CLOCK = "c"
    """'12:03'."""
    MOMENT = "m"
    """'26 Nov 12:03'."""
    DATED = "d"
    """'26 Nov 2026 12:03'."""
    SECOND = "s"
    """'26 Nov 12:03:07'."""


@dataclass(frozen=True, slots=True)
class MarkedInstant:
    """An instant that a sentence tells; `words` are by the clock of its chat's zone."""

    words: str
    unix: int
    shape: Shape

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.unix, UTC)


def command(name: str) -> str:
    """A command that a sentence names."""
    return f"{_BEGIN}/{name}{_END}"


def instant(words: str, at: datetime, shape: Shape) -> str:
    """An instant that a sentence tells in those words."""
    hidden = "".join(chr(_HIDDEN + ord(sign)) for sign in f"{shape.value}{int(at.timestamp())}")
    return f"{_BEGIN_INSTANT}{hidden}{_BEGIN_WORDS}{words}{_END}"


def has_any(texts: Iterable[str]) -> bool:
    """Whether something is marked in any of these."""
    return any(_BEGIN in text or _BEGIN_INSTANT in text for text in texts)


def has_instant(text: str) -> bool:
    return _BEGIN_INSTANT in text


def in_pieces(text: str) -> Iterator[str | MarkedInstant]:
    """The text, cut where it tells an instant."""
    if _BEGIN_INSTANT not in text:
        if text:
            yield text
        return
    start = 0
    for found in _INSTANT.finditer(text):
        if found.start() > start:
            yield text[start : found.start()]
        hidden = "".join(chr(ord(sign) - _HIDDEN) for sign in found[1])
        yield MarkedInstant(found[2], int(hidden[1:]), Shape(hidden[0]))
        start = found.end()
    if start < len(text):
        yield text[start:]


def shown(
    text: str, command_as: Callable[[str], str] = "/{}".format, *, keeps_instants: bool = False
) -> str:
    """A sentence as a platform shows it.

    Args:
        command_as: how a command of that name is called there.
        keeps_instants: these stay marked.
    """
    if _BEGIN in text:
        text = _COMMAND.sub(lambda found: command_as(found[1]), text)
    if _BEGIN_INSTANT in text and not keeps_instants:
        text = _INSTANT.sub(lambda found: found[2], text)
    return text
