"""What a person typed, read with good will: a command, or the six digits."""

import re
import unicodedata
from dataclasses import dataclass

from bot.domain.text import folded

_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + (
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2800\ufeff"
)
"""White space of any kind, and what takes no width or shows no ink."""

_GAP = f"[{re.escape(_BLANKS)}]"

_COMMAND = re.compile(
    rf"[/\uff0f\u2044\u2215]{_GAP}*(\w{{1,32}})(?:@(\w{{1,64}}))?[.,;:!?\u2026\u3002]*"
    rf"(?:{_GAP}+(.*))?",
    re.DOTALL,
)
"""A slash of any script, a word, perhaps whom it is for, punctuation that means nothing."""

_NAME = re.compile(r"\w{1,32}", re.ASCII)

DIGITS = 6

_NO_DIGITS = frozenset(
    {"Zs", "Zl", "Zp", "Pd", "Po", "Ps", "Pe", "Pi", "Pf", "Cc", "Cf", "Mn", "Me"}
)
"""Categories that may stand between digits: blanks, punctuation, what frames them (keycaps)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """`/name@addressee arguments`. The name is in small letters, the arguments are as typed."""

    name: str
    arguments: str = ""
    addressee: str | None = None


def command_in(text: str) -> Typed | None:
    """The command that a text is; `None` if it is none.

    White space of any kind parts its words, and punctuation behind its name is nothing.
    """
    found = _COMMAND.fullmatch(text.strip(_BLANKS))
    if found is None:
        return None
    name = folded(found[1])
    if not _NAME.fullmatch(name):
        return None
    return Typed(name=name, addressee=found[2], arguments=found[3] or "")


def command_without_slash(text: str) -> Typed | None:
    """What may be a command that somebody typed as a plain word, alone or with what it takes."""
    typed = command_in(f"/{text}")
    return None if typed is None or typed.addressee is not None else typed


def digits_in(text: str) -> str | None:
    """The decimal digits that a text is, in the numerals of any script, parted by anything but
    letters; `None` if it is anything else.
    """
    digits = []
    for character in text:
        value = unicodedata.decimal(character, None)
        if value is not None:
            digits.append(str(value))
        elif character not in "`'+\u2800" and unicodedata.category(character) not in _NO_DIGITS:
            return None
    return "".join(digits) or None


def six_digits_in(text: str) -> str | None:
    """What the link page showed, typed back."""
    digits = digits_in(text)
    return digits if digits is not None and len(digits) == DIGITS else None
