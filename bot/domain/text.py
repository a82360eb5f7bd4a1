"""Text that came from outside: made safe to show (no controls, no direction tricks, bounded), or
made equal where a person means the same.
"""

import re
import unicodedata
from functools import lru_cache

LINE_LIMIT = 300
"""Characters of one platform text on one line of a card; a phone shows about ten lines of that."""

# Zero-width and direction characters that are not in a control category of their own
# or that change how the *rest* of a message reads (Unicode TR36, section 2.5).
_HIDDEN = frozenset("\u061c\u115f\u1160\u17b4\u17b5\u2028\u2029\u3164\ufeff\uffa0")

_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Categories: control, format (bidi, zero width), surrogate, private use, not assigned."""


_COLOURS = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
"""What colours a terminal. Source: ECMA-48, section 5.4."""


def clean(text: str, limit: int = LINE_LIMIT) -> str:
    """Make foreign text one visible line of at most `limit` characters.

    Control, format (bidi, zero-width), surrogate and private-use characters go;
    every run of white space becomes one space; what is cut ends in an ellipsis.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return " ".join(text.split())  # nearly all there is
    # A megabyte from the platform must not cost a megabyte of work.
    rough = text[: limit * 4 + 16]
    visible = "".join(_shown(character) for character in _COLOURS.sub("", rough))
    line = " ".join(visible.split())
    if len(line) <= limit and len(text) <= len(rough):
        return line
    return line[: limit - 1].rstrip() + "…"


_DOT = re.compile(r"(?<=\w)\.(?=\w)")


def without_links(name: str, limit: int) -> str:
    """A name, clean, in which no address can be followed: it stands beside our own."""
    return _DOT.sub("·", clean(name, limit).replace("://", " "))


MOST_LINES = 12
"""Lines of one platform text that a card shows."""

_FIRST_LINES = 4
_LINE_OF_MANY = 160
_LONE_LINE = 600

_RAISED = re.compile(
    r"[\s|+]*(?:[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Timeout)\b|[Cc]aused by\b)"
    r"|[\s|+]*(?:[a-z_]\w*\.)+[A-Z]\w+(?::|$)"
    r"|[\d\s:.,TZ/|+\[\](-]{0,60}(?i:fatal|panic|critical|error|emerg(?:ency)?|alert)\b"
)
"""How a line begins that says what went wrong, in the traceback or the log of most languages."""

_MOST_RAISED = 3


_OUR_SMALL_PRINT = re.compile(r"(?:ref|possible repeat|delayed)\b", re.IGNORECASE)
"""What below a card is ours alone to say: a foreign line of it is marked as one."""


def paragraphs(text: str) -> tuple[str, ...]:
    """Make foreign text so few lines that a phone shows them: cleaned, its line ends kept.

    Of a longer one the head and the tail stay, and what a traceback says was raised; of a run of
    empty lines one.
    """
    lines: list[str] = []
    for line in excerpt(text).splitlines():
        shown = clean(_ends(line, _LONE_LINE), _LONE_LINE)
        if _OUR_SMALL_PRINT.match(shown):
            shown = f"> {shown}"
        if shown or (lines and lines[-1]):
            lines.append(shown)
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) <= 1:
        return tuple(lines)
    *above, last = _chosen(lines)
    return (*(_ends(line, _LINE_OF_MANY) for line in above), _ends(last, LINE_LIMIT))


_FOLDED_FROM = 4
"""Lines of a report that are more than a phone shows at once beside all else."""


def abridged(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is read at once of a foreign text, and the report that only some look into.

    A failure told at length is one line, which says what went wrong; all else is read at once.
    """
    lines = paragraphs(text)
    raised = [line for line in lines if _RAISED.match(line)]
    if len(lines) < _FOLDED_FROM or not raised:
        return lines, ()
    return (raised[-1],), lines


def _chosen(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return lines
    raised = [at for at, line in enumerate(lines) if _RAISED.match(line)]
    kept = {*range(_FIRST_LINES), len(lines) - 1, *raised[-_MOST_RAISED:]}
    tail = iter(range(len(lines) - 1, _FIRST_LINES - 1, -1))
    while len(kept) < MOST_LINES - 1:
        kept.add(next(tail))
    chosen: list[str] = []
    for at, line in enumerate(lines):
        if at in kept:
            chosen.append(line)
        elif at - 1 in kept and "…" not in chosen:
            chosen.append("…")
    return chosen


_SEARCHED = 500_000
"""Characters of the middle of a text that are looked through."""

EXCERPT = 4000
"""Characters of a text that are kept to choose from."""


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """The head and the tail of a text that is too long, and the lines that matter in between."""
    if len(text) <= limit:
        return text
    middle = text[limit // 2 : -(limit // 2)][-_SEARCHED:].splitlines()[1:-1]
    raised = [_ends(line, _LINE_OF_MANY) for line in middle if _RAISED.match(line)][-_MOST_RAISED:]
    if raised:
        told = "\n".join(("…", *raised, "…"))
        room = (limit - len(told) - 2) // 2
        return f"{text[:room]}\n{told}\n{text[-room:]}"
    head, tail = text[: limit // 2], text[-(limit // 2) :]
    return f"{head}\n…\n{tail}" if "\n" in head or "\n" in tail else f"{head} … {tail}"


def _ends(line: str, limit: int) -> str:
    """The head and the tail of a line that is too long: what matters may stand in either."""
    if len(line) <= limit:
        return line
    half = (limit - 3) // 2
    return f"{line[:half].rstrip()} … {line[-half:].lstrip()}"


def _shown(character: str) -> str:
    if character in "\t\n\r\u2028\u2029":
        return " "
    if character in _HIDDEN or unicodedata.category(character) in _NOT_SHOWN:
        return ""
    return character


_ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u0060\u00b4\u02b9\u02bb", "'")
    | dict.fromkeys("\u02bc\u02bd\u02c8\uff07", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"')
    | {"\u2212": "-", "\u2800": " ", "\u034f": None}
)
"""What a phone's keyboard puts for what another one has, before it is normalised (which makes two
characters of some of these).
"""

_ACUTE = re.compile(r"\s+\u0301")
_DASHES = re.compile(r"-+")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """The same for all that a person would call the same words.

    Normal forms, case, width, typographic quotes and dashes, white space of any kind, and what is
    not seen at all (zero width, direction, variation selectors) make no difference.

    Source: https://www.unicode.org/versions/latest/core-spec/chapter-3/ (D146, NFKC_Casefold)
    """
    typed = _ACUTE.sub("'", text).replace("\u2032\u2032", '"').translate(_ALIKE)
    once = _seen(unicodedata.normalize("NFKC", typed))
    # Upper case first: some letters share it alone (dotless i, long s).
    cased = unicodedata.normalize("NFKC", _seen(once).casefold().upper().casefold())
    return " ".join(_DASHES.sub("-", cased).split())


def without_accents(text: str) -> str:
    """What is left of a folded text where no accents can be typed."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(one for one in apart if unicodedata.category(one) != "Mn")


def _seen(text: str) -> str:
    return "".join(filter(None, map(_plain, text)))


def _plain(character: str) -> str:
    if character.isspace():
        return character
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    return "" if character in _UNSEEN or category in _NOT_SHOWN else character


_UNSEEN = _HIDDEN | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810), *range(0xE0100, 0xE01F0)))
)
"""Letters and marks without a shape of their own: fillers and variation selectors."""


def utf16_length(text: str) -> int:
    """How long the text is for Telegram, which counts UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def masked_email(email: str) -> str:
    """Enough of an address to recognise one's own, too little to write to it."""
    name, at, host = email.partition("@")
    return f"{name[:1]}***{at}{host}"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """'1 bot', '3 bots'."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
