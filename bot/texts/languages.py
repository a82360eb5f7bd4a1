"""In which language a chat is told and answered."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card, Option, PickList
from bot.domain.commands import Spec
from bot.domain.text import clean
from bot.texts.getting_started import as_in
from bot.texts.language import _


def which(now: str, options: Sequence[Option]) -> Card:
    """
    Args:
        now: what the language is called that is spoken.
    """
    return Card(title=_("I write {language} here", language=now), pick=_choice(options))


def none_called(given: str, spec: Spec, options: Sequence[Option]) -> Card:
    return Card(
        title=_("I do not speak {given} yet", given=clean(given, 40)),
        lines=(_("Nothing was changed."), as_in(spec)),
        pick=_choice(options),
    )


def spoken(language: str, buttons: Sequence[Button]) -> Card:
    """In that language.

    Args:
        buttons: take it back.
    """
    return Card(
        title=_("I write {language} here now", language=language),
        lines=(_("What is in this chat already stays as it is."),),
        buttons=(tuple(buttons),),
    )


def _choice(options: Sequence[Option]) -> PickList:
    return PickList(prompt=_("Choose a language"), options=tuple(options))
