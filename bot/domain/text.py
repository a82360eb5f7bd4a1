"""Text that came from outside, made safe to show: no controls, no direction tricks, bounded."""

import unicodedata

LINE_LIMIT = 300
"""Characters of one platform text on one line of a card; a phone shows about ten lines of that."""

# Zero-width and direction characters that are not in a control category of their own
# or that change how the *rest* of a message reads (Unicode TR36, section 2.5).
_HIDDEN = frozenset("\u061c\u115f\u1160\u17b4\u17b5\u2028\u2029\u3164\ufeff\uffa0")


def clean(text: str, limit: int = LINE_LIMIT) -> str:
    """Make foreign text one visible line of at most `limit` characters.

    Control, format (bidi, zero-width), surrogate and private-use characters go;
    every run of white space becomes one space; what is cut ends in an ellipsis.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return " ".join(text.split())  # nearly all there is
    # A megabyte from the platform must not cost a megabyte of work.
    rough = text[: limit * 4 + 16]
    visible = "".join(_shown(character) for character in rough)
    line = " ".join(visible.split())
    if len(line) <= limit and len(text) <= len(rough):
        return line
    return line[: limit - 1].rstrip() + "…"


def _shown(character: str) -> str:
    if character in "\t\n\r\u2028\u2029":
        return " "
    if character in _HIDDEN or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return ""
    return character


def utf16_length(text: str) -> int:
    """How long the text is for Telegram, which counts UTF-16 units."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def masked_email(email: str) -> str:
    """Enough of an address to recognise one's own, too little to write to it."""
    name, at, host = email.partition("@")
    return f"{name[:1]}***{at}{host}"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """'1 bot', '3 bots'."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
