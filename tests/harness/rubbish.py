"""What may stand behind a command and means nothing there, by kind."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from bot.domain.actions import REPEATABLE
from bot.domain.events import Strategy
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pods import BotCommand
from bot.domain.typed import command_in
from bot.services.commands.registry import SPECS
from storage.schema.tables import action, metadata
from tests.fakes.platform import FakePlatform
from tests.harness.world import World, actions_under, owl

RUBBISH: Mapping[str, Sequence[str]] = {
    "words": ("zzqx blorp", "asdf", "please stop it now"),
    "signs": ("!!", "???", "-", "...", "/", "@", "#", "%", "\\", "|", "_", "~", "{}", "%s %n"),
    "blanks": ("\u00a0 \u3000", "\u200b\u200d\ufeff", "\t \t", "\u2800", "\u2066 \u2069"),
    "long": ("blorp " * 700, "x" * 4000, "9" * 4000, "/" * 3000, "blorp/zzqx " * 300),
    "emoji": ("\U0001f680\U0001f680", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f"),
    "right to left": (
        "\u202eprolb\u202c",
        "\u05e9\u05dc\u05d5\u05dd",
        "\u061c\u0633\u0644\u0627\u0645",
    ),
    "unseen": ("b\u200blor\u200dp", "\ufeffblorp\ufeff", "zz\u00adqx", "b\u2060lorp"),
    "marks": ("Z\u0300\u0301\u0302" * 50, "\u0300"),
    "controls": ("\x00", "blorp\x07\x1b[31m", "\x7f\x9b"),
    "lone halves": ("\ud83e", "blorp \udc00"),
    "numbers": ("1e400", "-1e400", "NaN", "Infinity", "-0", "1.000", "0", "-1", "0x1f", "1_000"),
    "digits of others": ("\uff11\uff12", "\u0664\u0665", "\u00bd", "\u00b2", "\u216b", "\u4e09"),
    "much": ("99999999999", "1" * 400, "0.0000000000000000001", "1e-400", "page 0", "page -1"),
    "sql": ("' OR 1=1; --", "Robert'); DROP TABLE link;--", "1; select 1", '" or ""="'),
    "html": ("<b>blorp</b>", "<script>alert(1)</script>", "&lt;&#0;", "<@1> @everyone"),
    "markdown": ("**blorp** ||x|| `y`", "[pay](http://evil.example)", "```"),
    "quotes": ('"blorp', "blorp'", "\u201czzqx", '\u00abblorp"', "''", '""'),
    "dates": ("2026-13-45", "31.02.2026", "yesterday at 25:61", "99:99", "24:00", "24:01-24:02"),
    "pairs": ("BLO/", "/QRP", "BLO//QRP", "BLO:QRP", "BLO_QRP", "BLO\\QRP", "BLO QRP", "B/L/O/Q"),
    "addresses": ("http://evil.example/%0d%0a", "mailto:x@y", "../../etc/passwd", "file:///x"),
    "templates": ("{0.__class__}", "{{7*7}}", "${jndi:x}", "%(x)s", "$(reboot)", "`reboot`"),
    "mixed": ("\u0430ll bl\u043erp", "B\u0422C/USD\u0422z", "\u0440ause x", "n\u0456ght \u043ewl7"),
    "lines": ("blorp\nzzqx", "\n\n", "blorp\r\n/pause all", "a\u2028b\u2029c"),
    "doubled": ("blorp blorp", "zzqx zzqx zzqx zzqx", "2h 2h", "page 2 page 2", "12 12 12"),
}
"""By kind. None of it names anything that an account of the tests has."""


def rubbish(chance: random.Random) -> str:
    """Of several kinds, one beside the other."""
    everything = [one for several in RUBBISH.values() for one in several]
    return " ".join(chance.sample(everything, chance.choice((1, 2, 2, 3))))


# --- what is answered -----------------------------------------------------------------------------

DO_AS_EVER = frozenset({"start", "help", "link", "settings", "test", "cancel"})
"""Whatever stands behind these, they do what they do without it."""

MEANT = {
    "digest": ("0", "24:00", "\uff11\uff12", "\u00b2"),
    "forceexit": ("\uff11\uff12", "\u0664\u0665"),
    "ihaveit": ("0", "24:00", "\uff11\uff12", "\u00b2"),
    **dict.fromkeys(("daily", "weekly", "monthly", "trades"), ("\uff11\uff12", "\u0664\u0665")),
    "missed": ("\uff11\uff12", "\u0664\u0665"),
}
"""By command: what is a time or a number to it, in numerals of other scripts too."""

CHANGES = ("force_", "reload", "stop_", "set_running", "rename_", "create_", "remove_")
"""How calls of the platform begin by which something is changed there."""

_OF_ITS_OWN = (
    *("account", "action", "answer", "audit", "cursor", "delivery", "inbox", "journal", "lease"),
    "shown_card",
)
"""Tables in which something may be written at any question, or without one."""


async def prepared(world: World, platform: FakePlatform) -> None:
    """Linked, with something to change for each command."""
    platform.bot_commands = frozenset(BotCommand)
    platform.put(owl(id=TraderId("grid"), name="Grid 5 week"))
    platform.plans["s1"] = Strategy(
        id=StrategyId("s1"), name="Momentum", pair="ETH/USDT", type="momentum"
    )
    await world.goes_live()
    for said in ("/mute exits 2 days", "/mute errors 2 days", "/alert BTC/USDT above 50000"):
        await world.says(said)
    for said in ("/guard day loss 50 USDT", "/report daily 08:00"):
        await world.says(said)
    await world.quiet(60)  # what bots can be asked is found out


async def wrong_answers(
    world: World, platform: FakePlatform, said: Mapping[str, Iterable[str]]
) -> AsyncIterator[str]:
    """What came of rubbish that should not have: an apology, no help, a change, an offer of one.

    Args:
        said: by command, what is typed behind it.
    """
    taking = {spec.name for spec in SPECS if spec.arguments} - DO_AS_EVER
    for name, several in said.items():
        platform.calls.clear()
        before = await world.store.database.read(_stored)
        asked = False
        for words in several:
            typed = command_in(f"/{name} {words}")
            assert typed is not None
            if not typed.arguments or set(words.split()) & {*MEANT.get(name, ())}:
                continue
            await world.quiet(1.01)  # who asks faster is asked to wait
            [reply] = await world.says(f"/{name} {words}")
            card, asked = reply.card, True
            if card is None:
                yield f"/{name} {words!r:.99}: nothing"
                continue
            told = "\n".join((card.title, *card.lines, *card.notes))
            helps = f"/{name} " in told or bool(actions_under(card))
            if "went wrong" in told or (name in taking and not helps):
                yield f"/{name} {words!r:.99}: {told[:200]!r}"
        if changed := [call for call in platform.calls if call.startswith(CHANGES)]:
            yield f"/{name}: {changed}"
        after = await world.store.database.read(_stored)
        if asked and name not in DO_AS_EVER:
            for table, rows in after.items():
                if rows != before[table]:
                    yield f"/{name} wrote in {table}: {sorted(rows - before[table])[:1]}"


def _stored(connection: Connection) -> Mapping[str, set[tuple[Any, ...]]]:
    return {
        table.name: {tuple(map(str, row)) for row in connection.execute(select(table))}
        for table in metadata.sorted_tables
        if table.name not in _OF_ITS_OWN
    } | {"offers to act": {tuple(row) for row in connection.execute(_OFFERS_TO_ACT)}}


_OFFERS_TO_ACT = select(action.c.id, action.c.verb).where(action.c.verb.not_in(REPEATABLE))
