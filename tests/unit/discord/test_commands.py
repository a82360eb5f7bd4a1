"""The registry as Discord's slash commands."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from adapters.discord.commands import CHOICES_LIMIT, choices, is_registered, registered
from adapters.discord.render import called
from bot.domain.commands import Spec
from bot.services.commands.families import ALERTS, BOT, RESULTS
from bot.services.commands.registry import SPECS, known_words
from bot.texts.language import Language, offering
from tests.harness.pseudo import PSEUDO, Pseudo, plain_words
from tests.standins.discord.commands import check_commands, pick

ALL = [dict(one) for one in registered()]
BELL, *FAMILIES = ALL
PARTS = {part["name"]: part for one in ALL for part in one["options"]}


def test_what_is_about_one_thing_is_a_command_of_its_own_so_that_all_have_room():
    families = (ALERTS, BOT, RESULTS)

    assert [(one["name"], one["description"]) for one in FAMILIES] == [
        (family.name, family.summary) for family in families
    ]
    for one, family in zip(ALL, (None, *families), strict=True):
        assert [part["name"] for part in one["options"]] == [
            spec.name for spec in SPECS if spec.family is family
        ]


def test_no_family_is_called_like_a_command():
    assert not {one["name"] for one in FAMILIES} & {*known_words(), "bell"}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_sentences_name_a_command_as_it_is_picked(spec: Spec):
    assert pick(ALL, called(spec.name)).path[-1] == PARTS[spec.name]


def test_every_command_is_there_with_its_own_words_and_discord_takes_them():
    assert {name: part["description"] for name, part in PARTS.items()} == {
        spec.name: spec.summary for spec in SPECS
    }
    check_commands([dict(one) for one in registered()])


def test_arguments_have_their_types_choices_and_bounds():
    (pair, _), (bot,), (page,), (others,), (role, *_), (what, span), (kind, *_) = (
        PARTS[name]["options"]
        for name in ("price", "pause", "missed", "unlink", "members", "mute", "rules")
    )

    assert (pair["type"], pair["required"], pair["autocomplete"]) == (3, True, True)
    assert (what["autocomplete"], span["autocomplete"]) == (True, True)
    assert kind["choices"][0] == {"name": "entries", "value": "entries"}
    assert (bot["type"], bot["autocomplete"]) == (3, True)
    assert (page["type"], page["min_value"]) == (4, 1)
    assert others["choices"] == [{"name": "others", "value": "others"}]
    assert [one["value"] for one in role["choices"]] == [
        "followers",
        "nobody",
        "viewer",
        "operator",
    ]


def test_what_may_be_shown_to_everybody_has_an_option_for_it():
    public = {
        name
        for name, part in PARTS.items()
        if any((one["name"], one["type"]) == ("public", 5) for one in part.get("options", ()))
    }

    lists = {"help", "status", "traders", "strategies", "positions", "trades", "signals", "price"}
    figures = {"profit", "daily", "weekly", "monthly", "chart", "performance", "stats", "fees"}
    assert public == {*lists, *figures, "events"}


def test_it_works_in_servers_and_direct_chats_for_servers_and_people():
    for one in ALL:
        assert (one["contexts"], one["integration_types"]) == ([0, 1], [0, 1])
        assert one["default_member_permissions"] == str(1 << 4)


def localized(one: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    yield one.get("description_localizations", {})
    for option in one.get("options", ()):
        yield from localized(option)


def test_all_is_described_in_every_language_that_discord_has():
    with offering(Language("fr", Pseudo())), offering(PSEUDO):
        found_all = registered()

    check_commands([dict(one) for one in found_all])
    # Some would be too long for Discord in such a language: their arguments stay English.
    found = [each for one in found_all for each in localized(one) if each]
    spoken = frozenset({"de", "es-ES", "es-419", "fr", "ru", "zh-CN", "zh-TW"})
    assert len(found) > len(SPECS)
    assert {frozenset(languages) for languages in found} == {spoken}
    assert not any(plain_words(languages["fr"]) for languages in found)
    assert not [text for one in found for text in one.values() if text.endswith("…")], "cut"


def test_our_own_languages_all_fit_into_discords_limit():
    check_commands(ALL)
    for one in ALL:
        assert all(localized(one)), f"/{one['name']} is too long: its arguments are English alone"


def test_a_language_more_or_less_is_a_change():
    with offering(Language("it", Pseudo())):
        one = registered()
        with offering(Language("fr", Pseudo())):
            two = registered()

    for wanted, there in ((one, ALL), (ALL, one), (two, one), (one, two)):
        assert not is_registered(wanted, there)
    assert is_registered(two, two)


def test_what_discord_adds_of_its_own_is_no_change_nor_is_its_order():
    there = [{**one, "id": "1", "version": "2", "dm_permission": True} for one in (*FAMILIES, BELL)]

    assert is_registered(registered(), there)


def test_a_change_of_the_set_is_noticed():
    fewer = {**BELL, "options": BELL["options"][1:]}
    renamed = {**BELL, "description": "other words"}

    assert not is_registered(ALL, [fewer, *FAMILIES])
    assert not is_registered(ALL, [renamed, *FAMILIES])
    assert not is_registered(ALL, [])
    assert not is_registered(ALL, [*ALL, {**BELL, "name": "old"}])


def test_no_more_choices_are_offered_than_may_be_and_each_is_whole():
    names = ["x" * 101, " ", "one", "one", *(f"bot {number}" for number in range(40))]

    offered = choices(names)

    assert len(offered) == CHOICES_LIMIT
    assert offered[:2] == [
        {"name": "one", "value": "one"},
        {"name": "bot 0", "value": "bot 0"},
    ]


@pytest.mark.parametrize(
    "stale",
    [
        {"options": [{"type": 3, "name": "old", "description": "what was"}]},
        {"required": True},
        {"choices": [{"name": "one", "value": "one"}]},
    ],
)
def test_what_was_taken_away_is_a_change_too(stale: dict[str, object]):
    options = [
        {**part, "options": [{**option, **stale} for option in part["options"]]}
        if part["name"] == "missed"
        else {**part, **(stale if part["name"] == "cancel" and "options" in stale else {})}
        for part in BELL["options"]
    ]

    assert is_registered(ALL, ALL)
    assert not is_registered(ALL, [{**BELL, "options": options}, *FAMILIES])
