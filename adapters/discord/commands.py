"""The registry as slash commands of Discord's, and its answers to who types.

Source: https://docs.discord.com/developers/interactions/application-commands
"""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from discord import Locale

from adapters.discord.render import GROUP, PUBLIC, called
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.marks import shown
from bot.domain.text import clean
from bot.services.commands.registry import SPECS
from bot.texts.getting_started import ABOUT_COMMANDS, ABOUT_PUBLIC
from bot.texts.language import ENGLISH, _, language_for, speaking

Json = Mapping[str, Any]

DESCRIPTION_LIMIT = 100
COMMAND_LIMIT = 8000
"""Characters of all names and descriptions of one command, each in its longest language.

Source: discord/discord-api-docs:developers/interactions/application-commands.mdx
"""
CHOICES_LIMIT = 25
CHOICE_LIMIT = 100

SUBCOMMAND, STRING, INTEGER, BOOLEAN = 1, 3, 4, 5
IN_A_SERVER, IN_A_DIRECT_CHAT = 0, 1
BY_A_SERVER, BY_A_PERSON = 0, 1

MANAGE_CHANNELS = 1 << 4
"""Who sees the commands in a server, until its owner decides otherwise: whoever may link a channel.
A comfort only: who may do what is checked when it is asked."""


def registered() -> list[Json]:
    """All commands that we want to have, as the API takes them: `/bell`, and one of each family."""
    listed = {GROUP: _command(GROUP, ABOUT_COMMANDS)}
    for spec in SPECS:
        family = spec.family
        if family is not None and family.name not in listed:
            listed[family.name] = _command(family.name, family.summary)
        listed[family.name if family else GROUP]["options"].append(_subcommand(spec))
    return [
        one if _characters(one) <= COMMAND_LIMIT else _with_plain_arguments(one)
        for one in listed.values()
    ]


def _command(name: str, summary: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": 1,
        **_described(summary),
        "options": [],
        "default_member_permissions": str(MANAGE_CHANNELS),
        "contexts": [IN_A_SERVER, IN_A_DIRECT_CHAT],
        "integration_types": [BY_A_SERVER, BY_A_PERSON],
    }


def _characters(one: Json) -> int:
    longest = max(map(len, (one.get("description", ""), *one.get(LOCALIZED, {}).values())))
    choices = sum(len(each["name"]) + len(str(each["value"])) for each in one.get("choices", ()))
    return len(one["name"]) + longest + choices + sum(map(_characters, one.get("options", ())))


def _with_plain_arguments(one: Json) -> Json:
    """Too long for Discord: arguments are described in English alone, commands in all languages."""
    if one["type"] >= STRING:
        return {key: value for key, value in one.items() if key != LOCALIZED}
    return {**one, "options": list(map(_with_plain_arguments, one.get("options", ())))}


def _subcommand(spec: Spec) -> Json:
    shown: dict[str, Any] = {
        "type": SUBCOMMAND,
        "name": spec.name,
        **_described(spec.summary),
    }
    options = [_option(argument) for argument in spec.arguments]
    if spec.showable:
        options.append({"type": BOOLEAN, "name": PUBLIC, **_described(ABOUT_PUBLIC)})
    if options:
        shown["options"] = options
    return shown


def _option(argument: Argument) -> Json:
    number = argument.type in (ArgumentType.NUMBER, ArgumentType.PAGE)
    option: dict[str, Any] = {
        "type": INTEGER if number else STRING,
        "name": argument.name,
        **_described(argument.description),
    }
    if argument.required:
        option["required"] = True
    if number:
        option["min_value"] = 1
    if argument.choices:
        option["choices"] = [{"name": one, "value": one} for one in argument.choices]
    elif argument.completed:
        option["autocomplete"] = True
    return option


LOCALIZED = "description_localizations"


def _described(sentence: str) -> Json:
    """A description, also in those of Discord's languages that there is a catalogue for."""
    languages = {locale.value: language_for(locale.value) for locale in Locale}
    localized = {}
    for locale, language in languages.items():
        if language.code != ENGLISH:
            with speaking(language):
                localized[locale] = _description(sentence)
    with speaking(ENGLISH):
        plain = {"description": _description(sentence)}
    return {**plain, LOCALIZED: localized} if localized else plain


def _description(sentence: str) -> str:
    return clean(shown(_(sentence), called), DESCRIPTION_LIMIT)


_OURS = frozenset({LOCALIZED, "options", "required", "choices", "autocomplete", "min_value"})
"""What we may say of a command or an option, and leave out otherwise."""


def is_registered(wanted: Sequence[Json], there: object) -> bool:
    """Whether Discord has what we want, in whatever order it lists commands."""
    match there:
        case [*listed]:
            return _is_there(sorted(wanted, key=_name), sorted(listed, key=_name))
        case _:
            return False


def _name(command: object) -> str:
    return str(command.get("name")) if isinstance(command, Mapping) else ""


def _is_there(wanted: object, there: object) -> bool:
    """Discord adds ids and defaults of its own, but no languages."""
    match wanted, there:
        case Mapping(), Mapping():
            kept = all(
                (operator.eq if key == LOCALIZED else _is_there)(value, there.get(key))
                for key, value in wanted.items()
            )
            # What we want no more is there no more, or says nothing.
            return kept and not any(there.get(key) for key in _OURS - wanted.keys())
        case [*ours], [*theirs]:
            same = len(ours) == len(theirs)
            return same and all(map(_is_there, ours, theirs))
        case _:
            return wanted == there


def choices(names: Sequence[str]) -> list[Json]:
    """What is offered to who types: as many as there may be, each once."""
    whole = [name for name in dict.fromkeys(names) if name.strip() and len(name) <= CHOICE_LIMIT]
    return [{"name": name, "value": name} for name in whole[:CHOICES_LIMIT]]
