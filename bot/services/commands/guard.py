"""`/guard`: be woken when a day goes badly; set, listed with how today stands, removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.guards import Guard, Standing, standing, was_crossed
from bot.domain.names import Found, Nothing, Several, name_of, pick
from bot.domain.pairs import settled_in
from bot.domain.results import Result, Results
from bot.domain.spoken_guards import GuardProblem, SpokenGuard, guard_written, read_guard
from bot.domain.timetables import day_began, zone
from bot.domain.wishes import MOST_GUARDS, guard_in_place_of, with_guard, without_guard
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.wishes import wish
from bot.texts import guards as texts
from bot.texts import rules as rules_texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later
from bot.texts.names import trader_name

DAYS = 7
"""How far back a new guard is tried."""

_REMOVE = "remove"


async def _answer(request: AccountRequest) -> Card:
    bots = await request.desk.known_bots(request.account.id)
    traders: dict[str, Trader] = {one.id: one for one in bots}
    typed, options = request.command.arguments.strip(), request.command.options
    if options:
        typed = " ".join(options.get(name, "") for name in ("what", "amount", "money")).strip()
    word, _, rest = typed.partition(" ")
    if word.lower() == _REMOVE:
        return await _remove(request, rest.strip(), traders)
    if not typed and not options.get("bot"):
        return await _list(request, traders)
    pairs = await request.desk.pairs(request.account.id)
    currencies = {settled_in(pair).upper() for pair in pairs}
    read = read_guard(typed, map(name_of, bots), currencies)
    if isinstance(read, GuardProblem):
        return texts.unclear(read)
    meant = await _bots_meant(request, read, options.get("bot", ""), bots)
    if isinstance(meant, Card):
        return meant
    return await _make(request, read, meant, traders)


async def _bots_meant(
    request: AccountRequest, read: SpokenGuard, chosen: str, bots: Sequence[Trader]
) -> Sequence[Trader] | Card:
    """Those that are named, none for all; or the card that asks which."""
    meant: dict[str, Trader] = {
        one.id: one for one in bots if name_of(one) in read.bots or one.id in request.about
    }
    if len(request.about) > sum(one.id in request.about for one in bots):
        return rules_texts.bot_gone()
    for wanted in filter(None, (*read.about, chosen)):
        match pick(wanted, bots):
            case Found(meant=found):
                if len(found) < len(bots) or len(bots) == 1:
                    meant |= {one.id: one for one in found}
            case Several(fitting=several):
                return rules_texts.which(await _asking(request, read, meant, several))
            case Nothing(nearest=near):
                options = await _asking(request, read, meant, near)
                return rules_texts.unknown(wanted, options, texts.examples())
    return tuple(meant.values())


async def _asking(
    request: AccountRequest,
    read: SpokenGuard,
    meant: Mapping[str, Trader],
    others: Sequence[Trader],
) -> Sequence[Option]:
    """One for each of these, that asks the same about it and about those that were understood."""
    shown = others[:MOST_CHOICES]
    if not shown:
        return ()
    choices = [targets_of((*meant.values(), one)) for one in shown]
    actions = await request.asking(guard_written(read), *choices)
    return [
        Option(label=trader_name(one), action=action)
        for one, action in zip(shown, actions, strict=True)
    ]


async def _make(
    request: AccountRequest,
    read: SpokenGuard,
    meant: Sequence[Trader],
    traders: Mapping[str, Trader],
) -> Card:
    wants = request.link.preferences
    guard = Guard(
        id=request.desk.new_id(),
        fall=read.fall,
        amount=read.amount,
        currency=read.currency,
        bots=tuple(one.id for one in meant),
        paper=_is_paper(read, meant or tuple(traders.values())),
    )
    if len(with_guard(wants, guard).guards) > MOST_GUARDS:
        return texts.too_many(MOST_GUARDS)
    days = await _days(request)

    def change(wants: Preferences) -> Preferences:
        return with_guard(wants, guard)

    words, person = guard_written(guard, *map(name_of, meant)), request.command.person
    before = guard_in_place_of(wants, guard)
    await wish(request.desk, request.link, person, change, "guard", words)
    undone = f"{_REMOVE} {guard.id}" if before is None else guard_written(before)
    targets = () if before is None or not meant else (targets_of(tuple(meant)),)
    [undo] = await request.asking(undone, *targets, verb=Verb.UNDO)
    return texts.made(
        guard,
        traders,
        today=days.today(guard),
        before=days.crossed(guard),
        days=DAYS,
        percent=read.percent,
        buttons=[Button(label=texts.undo(), action=undo)],
    )


def _is_paper(read: SpokenGuard, bots: Sequence[Trader]) -> bool:
    """As it was said; else real money, unless all the bots trade paper."""
    if read.paper is not None:
        return read.paper
    return bool(bots) and all(one.dry_run is True for one in bots)


@dataclass(frozen=True, slots=True)
class _Days:
    """The last days by the clock of a link, today first."""

    request: AccountRequest
    results: Results

    def today(self, guard: Guard) -> Standing:
        return standing(guard, self._of(0))

    def crossed(self, guard: Guard) -> int | None:
        """On how many of the days before today; `None` if trades of them may be missing."""
        if self.results.whole_from is None or self.results.whole_from > self.results.since:
            return None
        return sum(was_crossed(guard, self._of(ago)) for ago in range(1, DAYS + 1))

    def _of(self, ago: int) -> tuple[Result, ...]:
        there = zone(self.request.link.preferences.zone)
        day = self.request.desk.now().astimezone(there).date() - timedelta(days=ago)
        return self.results.of_day(day, there)


async def _days(request: AccountRequest) -> _Days:
    there = zone(request.link.preferences.zone)
    since = day_began(request.desk.now() - timedelta(days=DAYS), there)
    return _Days(request, await request.desk.ledger.results(request.account.id, since))


async def _list(request: AccountRequest, traders: Mapping[str, Trader]) -> Card:
    guards = request.link.preferences.guards
    if not guards:
        return texts.listed((), (), traders)
    days = await _days(request)
    actions = await request.asking_each([f"{_REMOVE} {one.id}" for one in guards])
    standings = [days.today(one) for one in guards]
    if len(guards) <= texts.MOST_BUTTONS:
        buttons = [
            Button(label=texts.remove(number), action=action)
            for number, action in enumerate(actions, 1)
        ]
        return texts.listed(guards, standings, traders, buttons=buttons)
    options = [
        Option(label=texts.option_label(number, guard, traders), action=action)
        for number, (guard, action) in enumerate(zip(guards, actions, strict=True), 1)
    ]
    return texts.listed(guards, standings, traders, pick=options)


async def _remove(request: AccountRequest, called: str, traders: Mapping[str, Trader]) -> Card:
    """By its id, or its number in the list."""
    guards = request.link.preferences.guards
    found = [
        one for number, one in enumerate(guards, 1) if called == one.id or called == str(number)
    ]
    if not found:
        return texts.gone()
    [guard] = found

    def change(wants: Preferences) -> Preferences:
        return without_guard(wants, guard.id)

    names = [name_of(traders[one]) for one in guard.bots if one in traders]
    words = guard_written(guard, *names)
    await wish(request.desk, request.link, request.command.person, change, "guard_removed", words)
    return texts.removed(guard, traders)


COMMAND = AccountCommand(
    spec=Spec(
        name="guard",
        family=ALERTS,
        summary=later("Ring when a day loses more than you want"),
        example="day loss 50 USDT",
        arguments=(
            Argument(
                name="what",
                type=ArgumentType.CHOICE,
                description=later("a loss, or a fall from the day's best"),
                choices=("day loss", "day drawdown"),
            ),
            Argument(
                name="amount",
                type=ArgumentType.TEXT,
                description=later("such as 50 USDT, or 3 % of 2000 USDT"),
                offers=("50 USDT", "100 USDT", "3 % of 2000 USDT"),
            ),
            Argument(
                name="bot", type=ArgumentType.BOT, description=later("only of one bot, by its name")
            ),
            Argument(
                name="money",
                type=ArgumentType.CHOICE,
                description=later("paper or real; else real"),
                choices=("real", "paper"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
        sentence=True,
    ),
    answer=_answer,
)
