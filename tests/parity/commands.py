"""Every command: how it is asked on each platform, where it is listed, in which languages it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache, partial

from adapters.discord.commands import registered
from adapters.telegram.commands import lines
from adapters.web.render import commands_json
from bot.services.commands.desk import AnyCommand
from bot.services.commands.registry import COMMANDS, SPECS
from bot.texts.language import ENGLISH, FOLDER, languages
from tests.harness.extraction import ROOT, read, translated

NOWHERE = "not there"

ALL = "all"


@cache
def rows() -> Sequence[tuple[str, ...]]:
    """The table in the docs, its heading first."""
    return (("command", *ASKED, *languages()), *map(_row, COMMANDS))


def _row(command: AnyCommand) -> tuple[str, ...]:
    name, answer = command.spec.name, command.answer
    module = (answer.func if isinstance(answer, partial) else answer).__module__
    sentences = {command.spec.summary, *_sentences(module)}
    told = (_told(code, sentences) for code in languages())
    return (name, *(asked(name) for asked in ASKED.values()), *told)


# --- how it is asked --------------------------------------------------------------------------


def on_telegram(name: str) -> str:
    return _typed(name, listed={one.command for one in lines(SPECS)})


def on_discord(name: str) -> str:
    for command in registered():
        if name in [one["name"] for one in command["options"]]:
            return f"`/{command['name']} {name}`"
    return NOWHERE


def on_the_page(name: str) -> str:
    return _typed(name, listed={str(one["name"]) for one in commands_json(SPECS) if one["menu"]})


def _typed(name: str, listed: Set[str]) -> str:
    return f"`/{name}`" if name in listed else f"`/{name}`, typed"


ASKED: Mapping[str, Callable[[str], str]] = {
    "Telegram": on_telegram,
    "Discord": on_discord,
    "chat page, inbox": on_the_page,
}


# --- in which languages -----------------------------------------------------------------------


def _told(code: str, sentences: Set[str]) -> str:
    missing = sentences - _translated(code)
    return f"{len(missing)} missing" if missing else ALL


@cache
def _translated(code: str) -> Set[str]:
    """The sentences that a language has, by their English."""
    if code == ENGLISH:
        return frozenset(_first(one.id) for one in read(FOLDER / "tradebell.pot"))
    return frozenset(_first(one.id) for one in read(FOLDER / f"{code}.po") if translated(one))


def _first(id: object) -> str:
    return id[0] if isinstance(id, tuple) else str(id)


def _sentences(module: str) -> Set[str]:
    """What can be said by whoever answers there."""
    places = {_path(one) for one in _said_by(module, frozenset())}
    return {sentence for place in places for sentence in _by_place().get(place, ())}


@cache
def _by_place() -> Mapping[str, Set[str]]:
    found: dict[str, set[str]] = {}
    for one in read(FOLDER / "tradebell.pot"):
        for place, _line in one.locations:
            found.setdefault(place, set()).add(_first(one.id))
    return found


def _said_by(module: str, known: Set[str]) -> Set[str]:
    """A module, and all that have sentences among those that it is made with."""
    found = known | {module}
    for other in _imports(module):
        if other not in found:
            found = _said_by(other, found)
    return found


@cache
def _imports(module: str) -> Set[str]:
    tree = ast.parse((ROOT / _path(module)).read_text(encoding="utf-8"))
    named = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for name in (node.module, *(f"{node.module}.{one.name}" for one in node.names))
    }
    return {one for one in named if one.startswith(SPEAKING) and (ROOT / _path(one)).is_file()}


SPEAKING = ("bot.services.commands.", "bot.texts.")


def _path(module: str) -> str:
    return f"{module.replace('.', '/')}.py"
