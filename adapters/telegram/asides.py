"""What is said in a group so that one person alone reads it: ephemeral messages and commands.

They came with version 10.2 of the Bot API and changed their shape with 10.3. A server that does not
know them would show everybody what is sent so. Therefore nothing is, unless a person has begun:
what they say ephemerally reaches us only from a server that knows. Nor is what comes back believed
before it says that it is ephemeral.

Source: https://core.telegram.org/bots/api#ephemeral-messages-and-commands
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What somebody said in a group that nobody else there sees.

    Attributes:
        person: their number.
        message: the ephemeral number of what they sent, or of the message that they pressed under.
        query: of their press, if it is one.
    """

    person: int
    message: int
    query: str | None = None

    @property
    def to_answer(self) -> dict[str, Any]:
        """Parameters of a message that they alone read.

        A server looks at those that it knows: of 10.2 at the names themselves, of 10.3 into the
        object. It takes them within 15 seconds, from an administrator at any time.
        """
        pressed = {} if self.query is None else {"callback_query_id": self.query}
        to = {"receiver_user_id": self.person, **pressed}
        replied = {} if pressed else {"reply_parameters": {"ephemeral_message_id": self.message}}
        return {**to, "ephemeral_message_parameters": to, **replied}

    @property
    def to_edit(self) -> dict[str, Any]:
        """Parameters of the message that they pressed under."""
        return {"receiver_user_id": self.person, "ephemeral_message_id": self.message}


def aside_in(message: Mapping[str, Any], person: int, query: str | None = None) -> Aside | None:
    """
    Args:
        message: one of an update.
    """
    match message:
        case {"ephemeral_message_id": int(number), "chat": {"type": "group" | "supergroup"}}:
            return Aside(person=person, message=number, query=query)
        case _:
            return None


def is_aside(sent: object) -> bool:
    """Whether what was sent is shown to one person alone, by what the server says of it."""
    return isinstance(sent, dict) and isinstance(sent.get("ephemeral_message_id"), int)
