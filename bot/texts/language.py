"""The language in which sentences are made: catalogues of gettext, one chosen for each chat.

Sentences are made when something is owed or answered, in the language of who will read them, and
stored as such: a card looks the same whenever it is shown again, also after an upgrade has changed
its wording, and what is stored can be read by a person. A chat whose language is changed gets new
cards in the new one; those that are shown already stay what they were.

A command that one of our sentences names (`/status`) is marked as such, so that each chat platform
can show it as it is called there (see `bot.domain.marks`). What is filled in is foreign, and never
marked but for instants (`bot.texts.times`).
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.domain.marks import command

if TYPE_CHECKING:
    from babel import Locale

FOLDER = Path(__file__).parent / "locale"
"""Of catalogues: `de.po` and so on, made of `tradebell.pot` (`make texts`)."""

ENGLISH = "en"
"""What the sentences in the code are in."""

_COMMAND = re.compile(r"(?<![\w/.:])/([a-z]+)\b")
_FILLED = re.compile(r"\{([a-z_0-9]+)\}")
_BRACE = re.compile(r"[{}]")

log = logging.getLogger(__name__)


class Language:
    """
    Args:
        code: by BCP 47, such as `de` or `pt-BR`.
        translations: the sentences of the code in that language.
    """

    def __init__(self, code: str, translations: NullTranslations) -> None:
        self.code = code
        self._translations = translations
        self._templates: dict[tuple[str, str], str] = {}

    def template(self, message: str) -> str:
        return self._usable(self._translations.gettext(message), message)

    def plural(self, singular: str, plural: str, count: int) -> str:
        found = self._translations.ngettext(singular, plural, count)
        return self._usable(found, singular if count == 1 else plural, singular, plural)

    def _usable(self, translated: str, message: str, *others: str) -> str:
        """The translation, or the sentence itself where the translation names what that and its
        other forms do not fill in: an alert must not be lost for a slip in a catalogue.
        """
        found = self._templates.get((translated, message))
        if found is None:
            fits = translated == message or _names(translated) <= _names(
                "".join((message, *others))
            )
            if not fits:
                log.error(
                    "a translation names what its sentence does not fill in",
                    extra={"language": self.code, "sentence": message},
                )
            found = _marked(translated if fits else message)
            self._templates[translated, message] = found
        return found


def _names(template: str) -> set[str]:
    """What is filled in, and every brace that fills nothing in."""
    return {*_FILLED.findall(template), *_BRACE.findall(_FILLED.sub("", template))}


def _marked(template: str) -> str:
    return _COMMAND.sub(lambda found: command(found[1]), template) if "/" in template else template


_ENGLISH = Language(ENGLISH, NullTranslations())

_spoken: ContextVar[Language] = ContextVar("language", default=_ENGLISH)

_clock: ContextVar[str] = ContextVar("clock", default="")

_offered: ContextVar[Mapping[str, Language]] = ContextVar("languages", default=MappingProxyType({}))


def _(message: str, /, **values: object) -> str:
    """A sentence in the language of who will read it, with values filled in where `{name}` is."""
    template = _spoken.get().template(message)
    return template.format_map(values) if values else template


def ngettext(singular: str, plural: str, count: int, /, **values: object) -> str:
    """The same of a sentence that depends on a count, which fills in `{count}`."""
    return _spoken.get().plural(singular, plural, count).format(count=count, **values)


def forms(singular: str, plural: str) -> Mapping[str, str]:
    """All of a sentence that depends on a count, not filled in, by the category of plurals that
    browsers find a count to be in; where they find one that is not here, it is as `other`.

    Source: https://www.unicode.org/reports/tr35/tr35-numbers.html#Language_Plural_Rules
    """
    language = _spoken.get()
    counts = _counts(language.code)
    return {name: language.plural(singular, plural, count) for name, count in counts.items()}


@cache
def _counts(code: str) -> Mapping[str, int]:
    """A count of each category that there is."""
    if code == ENGLISH:
        return {"one": 1, "other": 2}
    locale = babel_locale(code)
    if locale is None:
        return _counts(ENGLISH)
    return {locale.plural_form(count): count for count in reversed(range(_ALL_CATEGORIES))}


_ALL_CATEGORIES = 200
"""Counts among which each category is met, but for millions, which some languages count apart."""


def later(message: str) -> str:
    """A sentence that is made by `_` elsewhere: so that catalogues have it."""
    return message


def both(singular: str, plural: str) -> tuple[str, str]:
    """A sentence that is made by `ngettext` elsewhere: so that catalogues have it."""
    return singular, plural


@contextmanager
def offering(language: Language) -> Iterator[None]:
    """Inside there is this language besides those in the folder."""
    token = _offered.set({**_offered.get(), language.code: language})
    try:
        yield
    finally:
        _offered.reset(token)


class speaking:
    """Sentences that are made inside are in this language, or in English if there is no such
    catalogue, with times by the clock of a zone, as IANA calls it; of UTC if that is not known.
    """

    def __init__(self, language: Language | str, zone: str = "") -> None:
        self._language = language if isinstance(language, Language) else language_for(language)
        self._zone = zone

    def __enter__(self) -> None:
        self._tokens = _spoken.set(self._language), _clock.set(self._zone)

    def __exit__(self, *_: object) -> None:
        spoken, clock = self._tokens
        _spoken.reset(spoken)
        _clock.reset(clock)


def spoken_zone() -> str:
    """By whose clock times are told now."""
    return _clock.get()


def spoken_language() -> str:
    """The code of the language in which sentences are made now."""
    return _spoken.get().code


def language_name(code: str, of: str = "") -> str:
    """As its speakers call it, or those of another language."""
    if code == ENGLISH and of in ("", ENGLISH):
        return "English"
    locale = babel_locale(code, always=True)
    name = (locale and locale.get_display_name(babel_locale(of or code, always=True))) or code
    return name[:1].upper() + name[1:]


def language_meant(words: str) -> str | None:
    """One that there is, by its code or by what it is called: by its speakers, in English, or in
    what is spoken now.
    """
    wanted = words.strip().casefold()
    for code in languages():
        names = {language_name(code, of).casefold() for of in ("", ENGLISH, spoken_language())}
        if wanted == code or wanted.endswith(tuple(names)):
            return code
    return _found(wanted)


@cache
def babel_locale(code: str, *, always: bool = False) -> "Locale | None":
    """How a language writes dates and numbers; `None` for English, which is written as the code
    has it, and for one that nobody knows.

    Args:
        always: of English too.
    """
    if code == ENGLISH and not always:
        return None
    from babel import Locale, UnknownLocaleError  # loaded with the first other language

    try:
        return Locale.parse(code, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


def languages() -> tuple[str, ...]:
    """The codes of all there are."""
    return (*_in_the_folder(), *_offered.get())


@cache
def _in_the_folder() -> tuple[str, ...]:
    return (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po")))


def nearest_language(code: str) -> str:
    """The language there is that is nearest to one that a chat platform tells of a person."""
    return language_for(code).code


def language_for(*codes: str) -> Language:
    """The first there is of the languages that somebody would like, else English."""
    offered = _offered.get()
    for code in codes:
        if code in offered:
            return offered[code]
        if found := _found(code):
            return _known(found)
    return _ENGLISH


@lru_cache(maxsize=256)  # of what anybody may ask for
def _found(code: str) -> str | None:
    wanted = code.replace("_", "-").lower()
    known = {one.lower(): one for one in _in_the_folder()}
    return known.get(wanted) or known.get(wanted.partition("-")[0])


@cache
def _known(code: str) -> Language:
    if code == ENGLISH:
        return _ENGLISH
    return Language(code, read_catalogue(FOLDER / f"{code}.po"))


def read_catalogue(path: Path) -> NullTranslations:
    """A catalogue as translators write it."""
    # Loaded with the first language that is not English.
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
