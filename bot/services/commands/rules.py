"""`/rules`, also as `/rule`: how loudly what is told; listed, made by words, removed."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bot.domain.actions import Action, Target, Verb
from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Link, Person, Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.names import name_of
from bot.domain.pairs import quote_of
from bot.domain.rules import Mode, Rule
from bot.domain.spoken_rules import (
    KINDS,
    Problem,
    SpokenRule,
    Unclear,
    as_spoken,
    read_rule,
    rule_written,
    scope_written,
)
from bot.domain.wishes import (
    MOST_RULES,
    covering_critical,
    rule_called,
    rule_in_place_of,
    with_rule,
    without_rule,
)
from bot.policy.ruling import DEFAULTS, in_order, may_be_critical
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.services.commands.families import ALERTS
from bot.services.commands.previews import preview
from bot.services.commands.wishes import Things, things, undo, wish
from bot.texts import rules as texts
from bot.texts.language import later
from bot.texts.wishes import first_up, mode_name, scope_in_words, topic_name

_REMOVE, _COVER, _TRY, _NEW = "remove", "critical", "try", "new"


async def _answer(request: AccountRequest) -> Card:
    traders = await request.desk.known_bots(request.account.id)
    typed = request.command.arguments.strip()
    word, _, rest = typed.partition(" ")
    if word.lower() in (_REMOVE, _COVER):
        rule = _called(request.link.preferences, rest.strip())
        if rule is None:
            return texts.gone()
        if word.lower() == _REMOVE:
            return await _remove(request, rule, traders)
        return await _confirm(request, rule, traders)
    if typed.lower() == _NEW:
        return await _about_what(request)
    if not typed or typed.isdecimal():
        return await _page(request, int(typed or 1), traders)
    if word.lower() != _TRY:
        return await _understood(request, traders)
    request = replace(request, command=replace(request.command, arguments=rest))
    return await _understood(request, traders, only_try=True)


async def _understood(
    request: AccountRequest, traders: Sequence[Trader], *, only_try: bool = False
) -> Card:
    """What comes of a rule, or the card that asks what is missing.

    Args:
        only_try: it is shown with a button that makes it.
    """
    link, trying = request.link, f"{_TRY} " if only_try else ""
    read = await _read(request, traders)
    if isinstance(read, Unclear):
        missing = read.problem is Problem.NO_MODE
        how = await _how(request, traders, trying) if missing else None
        return how or texts.unclear(read, texts.rule_examples())
    found = await things(
        request,
        read.scope,
        lambda scope: trying + rule_written(replace(read, scope=scope)),
        texts.rule_examples(),
    )
    if isinstance(found, Card):
        return found
    rule = _rule(request.desk.new_id(), read, found)
    if len(with_rule(link.preferences, rule).rules) > MOST_RULES:
        return texts.too_many(MOST_RULES)
    before = rule_in_place_of(link.preferences, rule)
    if only_try and before is not None and replace(before, id=rule.id) == rule:
        return texts.holds_already(before, traders)
    foreseen = await preview(request.desk, link, partial(with_rule, rule=rule))
    if only_try:
        buttons = await _offer(request, rule, traders)
    else:
        buttons = await _make(request, rule, before, traders)
    return texts.made(
        rule,
        traders,
        before=before,
        preview=foreseen,
        critical_rings=may_be_critical(rule),
        stored=not only_try,
        buttons=buttons,
    )


def _called(wants: Preferences, called: str) -> Rule | None:
    """By its id, or its number in the list."""
    ordered = in_order(wants.rules)
    if called.isdecimal() and 1 <= int(called) <= len(ordered):
        return ordered[int(called) - 1]
    return rule_called(wants, called)


# --- listed ---------------------------------------------------------------------------------------


async def _page(request: AccountRequest, number: int, traders: Sequence[Trader]) -> Card:
    ordered = in_order(request.link.preferences.rules)
    first = (number - 1) * texts.ROWS
    shown = ordered[first : first + texts.ROWS]
    if number != 1 and not shown:
        return texts.no_such_page()
    actions = await request.asking_each([f"{_REMOVE} {rule.id}" for rule in shown])
    numbered = list(zip(range(first + 1, first + 1 + len(shown)), shown, actions, strict=True))
    [new] = await request.asking(_NEW)
    more: list[Button] = [Button(label=texts.new(), action=new)]
    if len(ordered) > first + texts.ROWS:
        more.append(await request.older(number))
    if len(shown) <= texts.MOST_BUTTONS:
        buttons = [Button(label=texts.remove(at), action=action) for at, _, action in numbered]
        return texts.page(shown, first + 1, DEFAULTS, traders, buttons=buttons, more=more)
    options = [
        Option(label=texts.option_label(at, rule, traders), action=action)
        for at, rule, action in numbered
    ]
    return texts.page(shown, first + 1, DEFAULTS, traders, pick=options, more=more)


async def _about_what(request: AccountRequest) -> Card:
    """A list of the kinds, each of which then asks how."""
    kinds = list(KINDS.items())
    actions = await request.asking_each([words for _, words in kinds])
    options = [
        Option(label=first_up(topic_name(topic)), action=action)
        for (topic, _), action in zip(kinds, actions, strict=True)
    ]
    return texts.about_what(options)


# --- made -----------------------------------------------------------------------------------------


async def _read(request: AccountRequest, traders: Sequence[Trader]) -> SpokenRule | Unclear:
    """What was typed, or chosen where each part is asked for."""
    names = [name_of(one) for one in traders]
    pairs = await request.desk.pairs(request.account.id)
    currencies = {quote_of(pair).upper() for pair in pairs}
    if not request.command.options:
        return read_rule(request.command.arguments, names, currencies)
    given = request.command.options
    words = " ".join(given.get(name, "") for name in ("kind", "mode", "limit"))
    read = read_rule(words, (), currencies)
    if isinstance(read, Unclear):
        return read
    bot, pair = given.get("bot", ""), given.get("pair", "").upper()
    known = bot in names
    scope = replace(read.scope, bot=bot if known else "", about="" if known else bot, pair=pair)
    return replace(read, scope=scope)


async def _how(request: AccountRequest, traders: Sequence[Trader], trying: str) -> Card | None:
    """A list of the ways to tell what is named, if nothing else is missing.

    Args:
        trying: how its buttons begin.
    """
    read = read_rule(f"{request.command.arguments} {Mode.ON}", map(name_of, traders))
    if isinstance(read, Unclear) or read.threshold is not None:
        return None
    scope = read.scope
    found = await things(request, scope, scope_written, texts.rule_examples())
    if isinstance(found, Card):
        return found
    words = scope_written(replace(scope, bot="", about="", pair=found.pair or ""))
    targets = [targets_of((found.bot,))] if found.bot else []
    options = [
        Option(label=mode_name(mode), action=action)
        for mode in (Mode.ON, Mode.SILENT, Mode.DIGEST, Mode.OFF)
        for action in await request.asking(f"{trying}{words} {mode}", *targets)
    ]
    what = scope_in_words(
        traders, scope.topic, found.bot_id, found.pair, signal=scope.signal, paper=scope.paper
    )
    return texts.how(what, options)


def _rule(id: str, read: SpokenRule, found: Things) -> Rule:
    return Rule(
        id=id,
        mode=read.mode,
        topic=read.scope.topic,
        bot=found.bot_id,
        pair=found.pair,
        signal=read.scope.signal,
        paper=read.scope.paper,
        threshold=read.threshold,
        every=read.every,
    )


async def _offer(
    request: AccountRequest, rule: Rule, traders: Sequence[Trader]
) -> Sequence[Button]:
    """The button that makes it."""
    words = rule_written(as_spoken(rule))
    [store] = await request.asking(words, *_targets(rule, traders))
    return [Button(label=texts.store(), action=store)]


async def _make(
    request: AccountRequest, rule: Rule, before: Rule | None, traders: Sequence[Trader]
) -> Sequence[Button]:
    """Store it; gives what may be done then."""
    change, person = partial(with_rule, rule=rule), request.command.person
    await wish(request.desk, request.link, person, change, "rule", _words(rule, traders))
    undone = f"{_REMOVE} {rule.id}" if before is None else rule_written(as_spoken(before))
    targets = () if before is None else _targets(before, traders)
    buttons = [await undo(request, undone, *targets)]
    if may_be_critical(rule):
        [cover] = await request.asking(f"{_COVER} {rule.id}")
        buttons.append(Button(label=texts.also_critical(), action=cover))
    return buttons


def _targets(rule: Rule, traders: Sequence[Trader]) -> Sequence[Sequence[Target]]:
    """Its bot, as a button means it; nothing where it is about any."""
    return [targets_of((one,)) for one in traders if one.id == rule.bot]


def _words(rule: Rule, traders: Sequence[Trader]) -> str:
    """As it may be typed."""
    spoken = as_spoken(rule)
    bot = next((name_of(one) for one in traders if one.id == rule.bot), rule.bot or "")
    return rule_written(replace(spoken, scope=replace(spoken.scope, bot=bot)))


# --- changed --------------------------------------------------------------------------------------


async def _remove(request: AccountRequest, rule: Rule, traders: Sequence[Trader]) -> Card:
    def change(wants: Preferences) -> Preferences:
        return without_rule(wants, rule.id)

    person, words = request.command.person, _words(rule, traders)
    foreseen = await preview(request.desk, request.link, change)
    await wish(request.desk, request.link, person, change, "rule_removed", words)
    targets = _targets(rule, traders)
    if rule.bot is not None and not targets:
        return texts.removed(rule, traders, foreseen)
    again = await undo(request, rule_written(as_spoken(rule)), *targets)
    return texts.removed(rule, traders, foreseen, (again,))


async def _confirm(request: AccountRequest, rule: Rule, traders: Sequence[Trader]) -> Card:
    if rule.covers_critical or not may_be_critical(rule):
        return texts.made(rule, traders)
    buttons = await request.desk.acting.confirm(
        request.link,
        request.command.person.id,
        {Verb.COVER_CRITICAL: texts.quieten()},
        arguments=rule.id,
    )
    change = partial(covering_critical, id=rule.id)
    foreseen = await preview(request.desk, request.link, change)
    return texts.confirm_critical(rule, traders, buttons, foreseen)


async def covered(desk: Desk, action: Action, link: Link, person: Person) -> Card:
    """Let a rule hold for what is critical too: the person has confirmed that."""
    id = action.arguments
    traders = await desk.known_bots(link.account)
    rule = rule_called(link.preferences, id)
    if rule is None:
        return texts.gone()
    change = partial(covering_critical, id=id)
    changed = await wish(desk, link, person, change, "rule_critical", _words(rule, traders))
    return texts.made(rule_called(changed, id) or rule, traders)


COMMAND = AccountCommand(
    spec=Spec(
        name="rules",
        family=ALERTS,
        summary=later("How loudly each kind of alert comes, and when"),
        aliases=("rule",),
        example="exits of Grid BTC silent under 1 %",
        arguments=(
            Argument(
                name="kind",
                type=ArgumentType.CHOICE,
                description=later("what sort of alerts"),
                choices=(*KINDS.values(), "losses", "paper", "everything"),
            ),
            Argument(
                name="mode",
                type=ArgumentType.CHOICE,
                description=later("on rings, silent comes without a sound, off not at all"),
                choices=(
                    "on",
                    "silent",
                    "digest hourly",
                    "digest every 4 hours",
                    "digest daily",
                    "off",
                    "auto",
                ),
            ),
            Argument(
                name="bot", type=ArgumentType.BOT, description=later("only of one bot, by its name")
            ),
            Argument(name="pair", type=ArgumentType.PAIR, description=later("only of one pair")),
            Argument(
                name="limit",
                type=ArgumentType.TEXT,
                description=later("such as under 1 %, or from 50 USDT"),
                offers=("under 1 %", "under 5 %", "from 50 USDT", "from 100 USDT"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
        sentence=True,
    ),
    answer=_answer,
)
