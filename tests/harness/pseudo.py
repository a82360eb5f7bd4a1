"""A language that nobody speaks: a sentence that stays plain English was never given to it."""

from __future__ import annotations

import re
from gettext import NullTranslations

from bot.domain.marks import shown
from bot.texts.language import Language

_PLAIN = re.compile(r"(?<![/\w.{])[A-Za-z][a-z]{2,}(?![\w/])")


_NAMES = {"Tradebell", "Telegram", "Discord", "Cryptorobot"}
"""Said alike in every language."""


class Pseudo(NullTranslations):
    """Says every sentence in capitals between brackets; what is filled in stays as it is."""

    def gettext(self, message: str) -> str:
        return _loud(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return _loud(singular if n == 1 else plural)


def _loud(message: str) -> str:
    parts = re.split(r"(\{\w+\}|/[a-z]+\b)", message)
    return "«" + "".join(part if i % 2 else part.upper() for i, part in enumerate(parts)) + "»"


PSEUDO = Language("qps", Pseudo())


def plain_words(text: str) -> list[str]:
    """What is left in plain English."""
    return [word for word in _PLAIN.findall(shown(text)) if word not in _NAMES]
