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
    rf"[/\uff0f\u2044\u2215\u29f8\u2571\\]{_GAP}*(\w{{1,32}})(?:@(\w{{1,64}}))?"
    rf"(?:[.,;:!?\u2026\u3002]*(?:{_GAP}+|$)|[,;:=\u2010-\u2015-]{_GAP}*)(.*)",
    re.DOTALL,
)
"""A slash of any script, a word, perhaps whom it is for, punctuation that means nothing."""

_CONTROLS = [one for one in (*range(0x20), *range(0x7F, 0xA0)) if not chr(one).isspace()]

_UNSEEN = dict.fromkeys(
    (
        *(0xAD, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFE0E, 0xFE0F),
        *_CONTROLS,
        *range(0xD800, 0xE000),
    )
)
"""Directions, soft hyphens and variation selectors, which a keyboard or a page brings along;
controls, and halves of characters.
"""

_MARKS = "[`*_'\"\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]+"
_QUOTED = re.compile(f"{_MARKS}(.*?){_MARKS}", re.DOTALL)
"""A command as somebody has copied it, with the marks around it."""

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
    seen = text.translate(_UNSEEN).strip(_BLANKS)
    quoted = _QUOTED.fullmatch(seen)
    found = _COMMAND.fullmatch(quoted[1].strip(_BLANKS) if quoted else seen)
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


_REFERENCE = re.compile(r"(?:ref\.?\s*)?#?\s*([2-9A-Z]{6})", re.IGNORECASE)


def reference_in(text: str) -> str | None:
    """The reference of an alert, in any case, as it stands below it."""
    found = _REFERENCE.fullmatch(text.translate(_UNSEEN).strip(f"{_BLANKS}.,;:!?()[]`'\""))
    return found[1].upper() if found else None


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
