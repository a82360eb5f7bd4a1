"""Letters for pictures: Pillow's own font first, else what the machine has."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/System/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)

FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "arial.ttf",
    "msyh.ttc",
)
"""In this order; Chinese comes last, since such a font has other letters, too, but plainer ones."""

_NO_LETTER = "\U0010ffff"
"""Stands for what no font has: what looks like it is missing."""

_NOT_WRITTEN = ("So", "Sk", "Cf", "Cn", "Co")
_JOINERS = "\ufe0f\u20e3"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in parts, each in the font that has its letters, and so many pixels across."""

    parts: tuple[tuple[str, Font], ...]
    size: int

    @property
    def width(self) -> float:
        return sum(font.getlength(text) for text, font in self.parts)


def words(text: str, size: int) -> Words | None:
    """A text without the signs that are no letters, such as emoji; `None` if no font here has one
    of the letters.
    """
    kept = (
        one for one in text if one not in _JOINERS and unicodedata.category(one) not in _NOT_WRITTEN
    )
    plain = " ".join("".join(kept).split())
    whole = _source(plain)
    sources = [whole] * len(plain) if whole is not None else [_source(one) for one in plain]
    parts = []
    for source, pairs in groupby(zip(sources, plain, strict=True), key=lambda pair: pair[0]):
        if source is None:
            return None
        parts.append(("".join(letter for _, letter in pairs), _font(source, size)))
    return Words(tuple(parts), size)


def largest(texts: Sequence[str], sizes: Sequence[int], most: float) -> list[Words] | None:
    """All in the first of these sizes in which none has more pixels across; `None` if there is
    none, or no font here has all the letters.
    """
    for size in sizes:
        written = [one for text in texts if (one := words(text, size)) is not None]
        if len(written) < len(texts):
            return None
        if all(one.width <= most for one in written):
            return written
    return None


@cache
def _font(source: str, size: int) -> Font:
    return ImageFont.truetype(source, size) if source else ImageFont.load_default(size)


def _source(text: str) -> str | None:
    """Where all its letters are; empty for Pillow's own font, `None` if no font has them all."""
    return next((one for one in _sources() if all(_has(one, letter) for letter in text)), None)


def _sources() -> tuple[str, ...]:
    return ("", *_files())


@cache
def _files() -> tuple[str, ...]:
    there = {
        path.name: str(path)
        for folder in FOLDERS
        if folder.is_dir()
        for path in sorted(folder.rglob("*.[tToO][tT][fFcC]"))
    }
    return tuple(there[name] for name in FILES if name in there)


@lru_cache(maxsize=4096)
def _has(source: str, letter: str) -> bool:
    font = _font(source, 24)
    return letter.isspace() or _seen(font, letter) != _seen(font, _NO_LETTER)


def _seen(font: Font, letter: str) -> bytes:
    return bytes(font.getmask(letter))
