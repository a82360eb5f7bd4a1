"""`/mute` and `/unmute`: for some time no sound, of everything or of what is named."""

from collections.abc import Sequence

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.names import name_of
from bot.domain.rules import Mute
from bot.domain.spoken_mutes import read_mute
from bot.domain.spoken_rules import Scope, Unclear, read_scope, scope_written
from bot.domain.spoken_times import FOREVER, MORNING
from bot.domain.text import folded
from bot.domain.timetables import zone
from bot.domain.wishes import MOST_MUTES, with_mute, without_ended, without_mutes
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.previews import preview
from bot.services.commands.wishes import Things, question, things, wish
from bot.texts import mutes as texts
from bot.texts import rules as rules_texts
from bot.texts.language import later
from bot.texts.wishes import clock_time, scope_in_words

_HOURS = (1, 8)
"""Offered as buttons."""


async def _mute(request: AccountRequest) -> Card:
    desk, now = request.desk, request.desk.now()
    wants = without_ended(request.link.preferences, now)
    traders = await desk.known_bots(request.account.id)
    typed = request.command.arguments
    if not typed and not request.about:
        offers = await _offers(request, Scope(), Things())
        ends = await _ends(request, wants, traders)
        return texts.what_is_muted(wants, traders, offers, *ends, question=await question(request))
    read = read_mute(typed, map(name_of, traders), now, zone(wants.zone))
    if isinstance(read, Unclear):
        return rules_texts.unclear(read, texts.mute_examples())
    found = await things(
        request,
        read.scope,
        lambda scope: f"{scope_written(scope)} {read.end}".strip(),
        texts.mute_examples(),
    )
    if isinstance(found, Card):
        return found
    topic = read.scope.topic
    what = scope_in_words(traders, topic, found.bot_id, found.pair)
    if read.until is None:
        return texts.how_long(what, await _offers(request, read.scope, found))
    if read.until is FOREVER:
        return texts.for_ever(what, f"{_words(read.scope, found)} silent")
    mute = Mute(id=desk.new_id(), until=read.until, topic=topic, bot=found.bot_id, pair=found.pair)
    if len(with_mute(wants, mute).mutes) > MOST_MUTES:
        return texts.too_many(MOST_MUTES)

    def change(wants: Preferences) -> Preferences:
        return with_mute(wants, mute)

    until = mute.until.isoformat(" ", "minutes")
    words = f"{_words(read.scope, found)} until {until}"
    foreseen = await preview(desk, request.link, change)
    changed = await wish(desk, request.link, request.command.person, change, "mute", words)
    [unmute] = await request.asking(mute.id, of=UNMUTE.spec)
    buttons = (Button(label=texts.unmute(), action=unmute),)
    return texts.muted(mute, changed, traders, buttons, foreseen)


def _words(scope: Scope, found: Things) -> str:
    """As it may be typed."""
    bot = "" if found.bot is None else name_of(found.bot)
    return scope_written(Scope(topic=scope.topic, bot=bot, pair=found.pair or ""))


async def _offers(request: AccountRequest, scope: Scope, found: Things) -> list[Button]:
    """Buttons that mute it for so long."""
    tomorrow = texts.until_tomorrow(clock_time(MORNING))
    ends = {f"{count}h": texts.hours(count) for count in _HOURS} | {"until tomorrow": tomorrow}
    words = scope_written(Scope(topic=scope.topic, pair=found.pair or ""))
    targets = () if found.bot is None else targets_of((found.bot,))
    return [
        Button(label=label, action=action)
        for end, label in ends.items()
        for action in await request.asking(f"{words} {end}", targets)
    ]


async def _ends(
    request: AccountRequest, wants: Preferences, traders: Sequence[Trader]
) -> tuple[Sequence[Button], Sequence[Option]]:
    """What ends a mute: a button each, or a list of many."""
    shown = wants.mutes[: texts.ROWS]
    names = [scope_in_words(traders, one.topic, one.bot, one.pair) for one in shown]
    actions = [action for one in shown for action in await request.asking(one.id, of=UNMUTE.spec)]
    if len(shown) > texts.MOST_BUTTONS:
        options = zip(names, actions, strict=True)
        return (), [Option(label=name, action=action) for name, action in options]
    if len(shown) == 1:
        return [Button(label=texts.unmute(), action=actions[0])], ()
    buttons = zip(names, actions, strict=True)
    return [Button(label=texts.unmute(name), action=action) for name, action in buttons], ()


MUTE = AccountCommand(
    spec=Spec(
        name="mute",
        family=ALERTS,
        summary=later("No sound for a while, of everything or one thing"),
        example="exits 2h",
        arguments=(
            Argument(
                name="what",
                type=ArgumentType.SUBJECT,
                description=later("a bot, a pair or a kind of alerts; else everything"),
            ),
            Argument(
                name="time",
                type=ArgumentType.TEXT,
                description=later("such as 2h, 1 day, until 18:00, until tomorrow"),
                offers=("1h", "2h", "8h", "1 day", "until tomorrow"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
        sentence=True,
    ),
    answer=_mute,
)


async def _unmute(request: AccountRequest) -> Card:
    desk = request.desk
    wants = without_ended(request.link.preferences, desk.now())
    traders = await desk.known_bots(request.account.id)
    given = request.arguments.text("what")
    if not wants.mutes:
        return texts.not_muted(traders, wants, request.spec)
    if not given and not request.about:
        if len(wants.mutes) > 1:
            return await _which(request, wants, traders)
        return await _end(request, wants.mutes, traders)
    if folded(given) == _ALL:
        return await _end(request, wants.mutes, traders)
    called = [one for one in wants.mutes if one.id == given]
    if called:
        return await _end(request, called, traders)
    scope = read_scope(given, map(name_of, traders))
    if isinstance(scope, Unclear):
        return rules_texts.unclear(scope, texts.mute_examples())
    found = await things(request, scope, scope_written, texts.mute_examples())
    if isinstance(found, Card):
        return found
    named = (scope.topic, found.bot_id, found.pair)
    ended = [one for one in wants.mutes if (one.topic, one.bot, one.pair) == named]
    if not ended:
        return texts.not_muted(traders, wants, request.spec)
    return await _end(request, ended, traders)


_ALL = "all"


async def _end(request: AccountRequest, mutes: Sequence[Mute], traders: Sequence[Trader]) -> Card:
    ids = {one.id for one in mutes}

    def change(wants: Preferences) -> Preferences:
        return without_mutes(wants, ids)

    words = ", ".join(scope_in_words(traders, one.topic, one.bot, one.pair) for one in mutes)
    await wish(request.desk, request.link, request.command.person, change, "unmute", words)
    return texts.unmuted(mutes, traders, await _again(request, mutes, traders))


async def _again(
    request: AccountRequest, mutes: Sequence[Mute], traders: Sequence[Trader]
) -> Sequence[Button]:
    """What mutes the same until then, if it was one thing that is still there."""
    if len(mutes) != 1:
        return ()
    [mute] = mutes
    bots = [one for one in traders if one.id == mute.bot]
    if mute.bot is not None and not bots:
        return ()
    scope = scope_written(Scope(topic=mute.topic, pair=mute.pair or ""))
    words = f"{scope} until {mute.until.isoformat()}".strip()
    [action] = await request.asking(words, targets_of(bots), of=MUTE.spec, verb=Verb.UNDO)
    return (Button(label=rules_texts.undo(), action=action),)


async def _which(request: AccountRequest, wants: Preferences, traders: Sequence[Trader]) -> Card:
    shown = wants.mutes[: texts.ROWS - 1]
    names = [scope_in_words(traders, one.topic, one.bot, one.pair) for one in shown]
    actions = await request.asking_each([*(one.id for one in shown), _ALL])
    labels = (*names, texts.everything())
    return texts.which(
        [Option(label=label, action=action) for label, action in zip(labels, actions, strict=True)]
    )


UNMUTE = AccountCommand(
    spec=Spec(
        name="unmute",
        family=ALERTS,
        summary=later("End a mute"),
        example="exits",
        arguments=(
            Argument(
                name="what",
                type=ArgumentType.SUBJECT,
                description=later("the bot, the pair or the kind; or all"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_unmute,
)
