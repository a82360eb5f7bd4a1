"""Marks inside our own sentences, around what each chat platform shows in its own way.

They are made of private-use characters, which nothing foreign can bring along (`text.clean` takes
them away), and what they enclose is readable without them.
"""

import re
from collections.abc import Callable, Iterable

_BEGIN, _END = "\ue000", "\ue001"

_COMMAND = re.compile(f"{_BEGIN}/([a-z]+){_END}")


def command(name: str) -> str:
    """A command that a sentence names."""
    return f"{_BEGIN}/{name}{_END}"


def has_any(texts: Iterable[str]) -> bool:
    """Whether something is marked in any of these."""
    return any(_BEGIN in text for text in texts)


def shown(text: str, command_as: Callable[[str], str] = "/{}".format) -> str:
    """A sentence as a platform shows it.

    Args:
        command_as: how a command of that name is called there.
    """
    if _BEGIN not in text:
        return text
    return _COMMAND.sub(lambda found: command_as(found[1]), text)
