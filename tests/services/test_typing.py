"""What is typed behind each command: in any order, misspelt, or nonsense."""

from __future__ import annotations

import itertools

import pytest

from bot.domain.cards import as_shown
from bot.domain.commands import Arguments, ArgumentType, Known, read_typed
from bot.domain.events import Strategy
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pods import BotCommand
from bot.domain.typed import command_in
from bot.services.commands.registry import SPECS
from tests.harness.rubbish import CHANGES, RUBBISH, prepared, wrong_answers
from tests.harness.world import actions_under, heron, owl
from tests.services.test_commands import ask
from tests.services.test_pods import TRADE

KNOWN = Known(
    bots=(owl(name="Night Owl"), owl(id=TraderId("b"), name="Grid 5 week")),
    pairs=("BTC/USDT", "ETH/USDT"),
)

WORDS = {
    ArgumentType.BOT: ("night owl", "Grid 5 week"),
    ArgumentType.PAIR: ("BTC/USDT", "eth"),
    ArgumentType.NUMBER: ("12",),
    ArgumentType.PAGE: ("page 2",),
    ArgumentType.SPAN: ("90 min",),
}

SEVERAL = [spec for spec in SPECS if len(spec.arguments) > 1 and not spec.sentence]


def orders():
    """Each command with several arguments, with some of them, in every order."""
    for spec in SEVERAL:
        for count in range(2, len(spec.arguments) + 1):
            for some in itertools.combinations(spec.arguments, count):
                each = [WORDS.get(one.type) or one.choices[1:2] for one in some]
                for words in itertools.product(*each):
                    given = dict(zip((one.name for one in some), words, strict=True))
                    for order in itertools.permutations(words):
                        yield spec, " ".join(order), given


def test_several_arguments_are_understood_in_any_order():
    tried = list(orders())
    assert {spec.name for spec, _, _ in tried} >= {"trades", "profit", "chart", "forceexit"}

    wrong = []
    for spec, typed, given in tried:
        read = read_typed(spec, typed, KNOWN)
        if not isinstance(read, Arguments) or read.given != given:
            wrong.append(
                (spec.name, typed, read if not isinstance(read, Arguments) else read.given)
            )

    assert wrong == []


# --- nonsense -------------------------------------------------------------------------------------

A_COMMAND = 6
"""How many kinds are tried behind each; `make soak` tries them all."""


async def test_rubbish_gets_an_example_and_does_nothing(unswept, platform):
    kinds = list(RUBBISH)
    said: dict[str, list[str]] = {}
    for number, spec in enumerate(SPECS):
        for place in range(number * A_COMMAND, (number + 1) * A_COMMAND):
            texts = RUBBISH[kinds[place % len(kinds)]]
            said.setdefault(spec.name, []).append(texts[place // len(kinds) % len(texts)])

    await prepared(unswept, platform)
    assert [wrong async for wrong in wrong_answers(unswept, platform, said)] == []


@pytest.mark.parametrize("blank", RUBBISH["blanks"])
def test_blanks_of_any_kind_behind_a_command_are_nothing(blank):
    assert command_in(f"/status {blank}") == command_in("/status")


# --- what is misspelt -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "offered", "title"),
    [
        ("/profti week", "/profit week", "Profit this week"),
        ("/stats wek", "week", "Your trades of this week"),
        ("/stats wek night owl", "week", "Your trades of this week \u00b7 Night Owl"),
        ("/profit week nite owl", "Night Owl", "Profit this week \u00b7 Night Owl"),
        ("/performance pear", "pair", "Best and worst of all \u00b7 By pair"),
        ("/trades 5 ETHUSD night owl", "ETH/USDT", "No trades"),
        ("/strategies momentun", "Momentum", "Momentum"),
        ("/pause nite owl", "Night Owl", "Stop Night Owl, or only new trades?"),
        ("/puase night owl", "/pause night owl", "Stop Night Owl, or only new trades?"),
        ("/forceexit nite owl 5 50%", "Night Owl", "Close #5 BTC/USDT \u00b7 0.4?"),
        ("/forceexit night owl 5 55%", "50 %", "Close #5 BTC/USDT \u00b7 0.4?"),
        ("/mute exitz 2h", "exits", "Muted"),
        ("/timezone berlim", "Europe/Berlin", "Europe/Berlin: it is 13:00 there"),
    ],
)
async def test_the_nearest_name_is_a_button_that_runs_the_whole_command(
    world, platform, typed, offered, title
):
    platform.bot_commands = frozenset(BotCommand)
    platform.open["owl"] = [TRADE]
    platform.plans["s1"] = Strategy(id=StrategyId("s1"), name="Momentum", pair="ETH/USDT")
    await world.goes_live()
    await world.quiet(10)
    platform.calls.clear()

    [asked] = await world.says(typed)
    [answer] = await world.presses(asked, offered)

    assert len(asked.card.buttons) <= 3
    assert as_shown(answer.card).title == title
    assert [call for call in platform.calls if call.startswith(CHANGES)] == []


# --- what completes a whole line ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "typed", "lines"),
    [
        ("pause", "he", ["Heron"]),
        ("pause", "heron ", []),
        ("profit", "we", ["week"]),
        ("profit", "week ", ["week all", "week Heron", "week Night Owl"]),
        ("profit", "week ni", ["week Night Owl"]),
        ("profit", "night o", ["Night Owl"]),
        ("profit", "night owl mo", ["night owl month"]),
        ("trades", "5 et", ["5 ETH/USDT"]),
        ("forceexit", "night owl 5 2", ["night owl 5 25 %"]),
        ("mute", "he", ["Heron"]),
        ("rules", "heron exi", ["heron exits"]),
        ("language", "deu", ["Deutsch"]),
        ("timezone", "berl", ["Europe/Berlin"]),
        ("removestrategy", "m", ["Momentum"]),
        ("currency", "e", ["EUR", "ETH"]),
        ("currency", "so", ["SOL"]),
        ("mute", "exits 2", ["exits 2h"]),
        ("mute", "exits 2h 1", []),
        ("newstrategy", "dips mo", ["dips momentum"]),
        ("quiet", "w", ["weekdays 22:00-07:00"]),
        ("link", "1", []),
        ("nonsense", "x", []),
    ],
)
async def test_a_line_is_completed_one_argument_after_the_other(
    world, platform, command, typed, lines
):
    platform.plans["s1"] = Strategy(
        id=StrategyId("s1"), name="Momentum", pair="ETH/USDT", type="momentum"
    )
    platform.pairs = ("SOL/USDT",)
    await world.goes_live()
    await world.quiet(10)

    found = await world.router.suggest(world.place(), world.person(), command, "", typed)

    assert sorted(found) == sorted(lines)
    assert await world.router.suggest(world.place(), world.person("666"), command, "", typed) == ()


FREE = {"link digits", "members who", "newstrategy name", "rename name", "why reference"}
"""What nobody can know beforehand."""


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
async def test_every_argument_is_completed_and_what_is_offered_is_understood(world, spec):
    await world.goes_live()
    nonsense = (await ask(world, f"/{spec.name} blorb")).title

    for argument in spec.arguments:
        counted = argument.type in (ArgumentType.NUMBER, ArgumentType.PAGE)
        assert argument.completed or counted or f"{spec.name} {argument.name}" in FREE
        # More would be more than one may ask at once.
        for offered in argument.offers[:6] if len(spec.arguments) == 1 else ():
            assert (await ask(world, f"/{spec.name} {offered}")).title != nonsense, offered


# --- what is missing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("/pause", "Night Owl"),
        ("/resume", "Heron"),
        ("/stopentry", "Night Owl"),
        ("/reload", "Night Owl"),
        ("/forceexit", "Night Owl"),
        ("/forceexit night owl", "#5 BTC/USDT \u00b7 0.4"),
        ("/removestrategy", "Momentum"),
        ("/newstrategy Dips momentum", "ETH/USDT"),
        ("/price", "ETH/USDT"),
        ("/watch", "ETH/USDT"),
        ("/language", "Deutsch"),
        ("/unmute", "Exits"),
    ],
)
async def test_what_is_missing_and_can_be_listed_is_chosen_by_a_button(
    world, platform, typed, chosen
):
    platform.bot_commands = frozenset(BotCommand)
    platform.open["owl"] = [TRADE]
    platform.put(owl(id=TraderId("crane"), name="Crane"))
    platform.put(heron(id=TraderId("gull"), name="Gull"))
    platform.plans["s1"] = Strategy(
        id=StrategyId("s1"), name="Momentum", pair="ETH/USDT", type="momentum"
    )
    await world.goes_live()
    await world.quiet(10)
    await world.says("/mute exits 2h")
    await world.says("/mute errors 2h")

    [asked] = await world.says(typed)

    assert chosen in actions_under(asked.card)
    [answer] = await world.presses(asked, chosen)
    assert answer.card.title != asked.card.title
