"""Slash commands as they are registered, and as people fill them in; pure.

Source: discord/discord-api-docs:developers/interactions/application-commands.mdx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tests.standins.discord.errors import TOO_MANY_COMMANDS, Json, Problems, refusal

COMMANDS = 100
OPTIONS = 25
CHOICES = 25
NAME = re.compile(r"[-_'\w]{1,32}")
DESCRIPTION = 100
LOCALES = frozenset(
    {
        *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu"),
        *("nl", "no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru"),
        *("uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko"),
    }
)
"""Source: discord/discord-api-docs:developers/reference.mdx, "Locales"."""
CHOICE_NAME = 100
CHARACTERS = 8000
"""Names, descriptions and values of one command in all."""

GUILD_INSTALL, USER_INSTALL = 0, 1


class Context(IntEnum):
    """Where a command is run."""

    GUILD = 0
    BOT_DM = 1
    PRIVATE_CHANNEL = 2


class Type(IntEnum):
    SUB_COMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


NESTED = frozenset({Type.SUB_COMMAND, Type.GROUP})
CHOOSABLE = frozenset({Type.STRING, Type.INTEGER, Type.NUMBER})

_PYTHON: dict[int, tuple[type, ...]] = {
    Type.STRING: (str,),
    Type.INTEGER: (int,),
    Type.BOOLEAN: (bool,),
    Type.NUMBER: (int, float),
}


def check_commands(commands: Sequence[Json]) -> None:
    """Refuse a set of commands that breaks a limit.

    Raises:
        ApiError: 30032, or 50035 with everything that is wrong.
    """
    if len(commands) > COMMANDS:
        raise refusal(TOO_MANY_COMMANDS)
    problems = Problems()
    names = set()
    for place, command in enumerate(commands):
        _check_named((place,), command, problems)
        _check_options((place, "options"), command.get("options") or [], problems)
        if sum(map(len, _texts(command))) > CHARACTERS:
            problems.add(
                (place,),
                "APPLICATION_COMMAND_TOO_LARGE",
                f"Command exceeds maximum size ({CHARACTERS})",
            )
        if command.get("name") in names:
            problems.add(
                (place, "name"),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        names.add(command.get("name"))
    problems.refuse_any()


def _check_named(path: tuple[str | int, ...], one: Json, problems: Problems) -> None:
    name = one.get("name") or ""
    if not NAME.fullmatch(name) or name != name.lower():
        problems.add(
            (*path, "name"),
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        )
    localized = one.get("description_localizations") or {}
    for key, text in {"description": one.get("description"), **localized}.items():
        if not 1 <= len(text or "") <= DESCRIPTION:
            at = "description" if key == "description" else "description_localizations"
            problems.add(
                (*path, at),
                "BASE_TYPE_BAD_LENGTH",
                f"Must be between 1 and {DESCRIPTION} in length.",
            )
    for locale in localized.keys() - LOCALES:
        problems.add(
            (*path, "description_localizations"),
            "BASE_TYPE_CHOICES",
            f"Value {locale!r} must be one of {sorted(LOCALES)}.",
        )


def _check_options(
    path: tuple[str | int, ...], options: Sequence[Json], problems: Problems
) -> None:
    if len(options) > OPTIONS:
        problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {OPTIONS} or fewer in length.")
    names = [option.get("name") for option in options]
    optional = False
    for place, option in enumerate(options):
        at = (*path, place)
        _check_named(at, option, problems)
        if names.index(option.get("name")) != place:
            problems.add(
                (*at, "name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED",
                "Option name has already been used",
            )
        if option["type"] in NESTED:
            _check_options((*at, "options"), option.get("options") or [], problems)
            continue
        if option.get("required") and optional:
            problems.add(
                at,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional = optional or not option.get("required")
        _check_choices(at, option, problems)


def _check_choices(path: tuple[str | int, ...], option: Json, problems: Problems) -> None:
    choices = option.get("choices") or []
    if choices and (option.get("autocomplete") or option["type"] not in CHOOSABLE):
        problems.add(
            (*path, "choices"),
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Choices and autocomplete cannot both be set",
        )
    if len(choices) > CHOICES:
        problems.add(
            (*path, "choices"),
            "BASE_TYPE_MAX_LENGTH",
            f"Must be {CHOICES} or fewer in length.",
        )
    for place, choice in enumerate(choices):
        for key in ("name", "value"):
            if not 1 <= len(str(choice.get(key, ""))) <= CHOICE_NAME:
                problems.add(
                    (*path, "choices", place, key),
                    "BASE_TYPE_BAD_LENGTH",
                    f"Must be between 1 and {CHOICE_NAME} in length.",
                )


def without_localizations(one: Json) -> Json:
    """As it is told to who does not ask for all languages."""
    kept = {key: value for key, value in one.items() if key != "description_localizations"}
    if "options" in kept:
        kept["options"] = [without_localizations(option) for option in kept["options"]]
    return kept


def _texts(one: Json) -> Iterator[str]:
    yield one.get("name") or ""
    # Of the languages only the longest counts.
    localized = one.get("description_localizations") or {}
    yield max((one.get("description") or "", *localized.values()), key=len)
    for choice in one.get("choices") or ():
        yield str(choice.get("name", ""))
        yield str(choice.get("value", ""))
    for option in one.get("options") or ():
        yield from _texts(option)


def registered(
    asked: Json, old: Sequence[Json], application: int, id: int, guild: int | None
) -> Json:
    """A command as Discord keeps it: one of the same name keeps its id."""
    before = next((one for one in old if one["name"] == asked["name"]), None)
    found: Json = {
        "type": 1,
        "options": [],
        "default_member_permissions": None,
        "nsfw": False,
        "contexts": None,
        "integration_types": [GUILD_INSTALL],
        **asked,
        "id": before["id"] if before else str(id),
        "application_id": str(application),
        "version": str(id),
    }
    # An API body may have the number, the answer always has the text.
    if found["default_member_permissions"] is not None:
        found["default_member_permissions"] = str(found["default_member_permissions"])
    return found if guild is None else {**found, "guild_id": str(guild)}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A command as somebody picked it: the words after its name, and the options it takes."""

    command: Json
    path: tuple[Json, ...]

    @property
    def options(self) -> Sequence[Json]:
        last = self.path[-1] if self.path else self.command
        return last.get("options") or ()

    def option(self, name: str) -> Json:
        for option in self.options:
            if option["name"] == name:
                return option
        names = [option["name"] for option in self.options]
        raise AssertionError(f"no option {name!r}, only {names}")

    def nested(self, values: list[Json]) -> list[Json]:
        """Wrap the filled in options into the subcommands that were picked."""
        for part in reversed(self.path):
            values = [{"name": part["name"], "type": part["type"], "options": values}]
        return values


def pick(commands: Sequence[Json], line: str) -> Chosen:
    """Find a command by its full name, such as `bell status`."""
    first, *rest = line.removeprefix("/").split()
    offered = {one["name"]: one for one in commands}
    assert first in offered, f"no command /{first}, only {sorted(offered)}"
    path: list[Json] = []
    last = offered[first]
    for word in rest:
        nested = {o["name"]: o for o in last.get("options") or () if o["type"] in NESTED}
        assert word in nested, f"/{line} has no {word!r}, only {sorted(nested)}"
        last = nested[word]
        path.append(last)
    waiting = [o["name"] for o in last.get("options") or () if o["type"] in NESTED]
    assert not waiting, f"/{line} needs one of {waiting}"
    return Chosen(offered[first], tuple(path))


def fill(chosen: Chosen, values: Mapping[str, Any]) -> list[Json]:
    """Fill in the options; refuses what Discord's client would not send."""
    for name in values:
        chosen.option(name)
    missing = [o["name"] for o in chosen.options if o.get("required") and o["name"] not in values]
    assert not missing, f"{missing} are required"
    return [
        {"name": o["name"], "type": o["type"], "value": _value(o, values[o["name"]])}
        for o in chosen.options
        if o["name"] in values
    ]


def _value(option: Json, given: Any) -> Any:
    name, type_ = option["name"], option["type"]
    if type_ not in _PYTHON:
        return str(given.id)
    choices = option.get("choices") or []
    if choices:
        for choice in choices:
            if given in (choice["name"], choice["value"]):
                return choice["value"]
        raise AssertionError(f"{name} is one of {[choice['name'] for choice in choices]}")
    fits = isinstance(given, _PYTHON[type_]) and (type_ == Type.BOOLEAN) == isinstance(given, bool)
    assert fits, f"{name} is {Type(type_).name}, not {given!r}"
    size = len(given) if isinstance(given, str) else given
    kind = "length" if isinstance(given, str) else "value"
    least, most = option.get(f"min_{kind}"), option.get(f"max_{kind}")
    assert least is None or size >= least, f"{name} is less than {least}"
    assert most is None or size <= most, f"{name} is more than {most}"
    return given
