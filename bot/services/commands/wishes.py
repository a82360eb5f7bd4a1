"""What the commands share by which a person says what they want to hear, and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.actions import Target, Verb
from bot.domain.cards import Button, Card, Option, Question
from bot.domain.chats import Link, Person, Preferences
from bot.domain.events import Trader
from bot.domain.ids import ActionId, TraderId
from bot.domain.names import EVERYTHING, Found, Nothing, Several, name_of, nearest, pick
from bot.domain.pairs import nearest_pairs, pairs_meant
from bot.domain.spoken_rules import KINDS, Scope
from bot.domain.text import folded
from bot.domain.trail import by
from bot.domain.wishes import without_ended
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountRequest, Desk
from bot.texts import rules as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.names import trader_name

Change = Callable[[Preferences], Preferences]


async def wish(
    desk: Desk, link: Link, person: Person, change: Change, deed: str, words: str
) -> Preferences:
    """Change what a chat wants, and note who did it; gives it as it is now.

    Args:
        deed: as the trail calls it.
        words: what exactly, in the words of a command.
    """
    now = desk.now()
    wants = await desk.links.prefer(link.id, lambda wants: without_ended(change(wants), now), now)
    desk.gathering.wake()
    await desk.audit.note(deed, now, link.account, **by(person), words=words)
    return wants


async def question(request: AccountRequest) -> Question:
    """What else may be typed behind the command, where there is a form for it."""
    [action] = await request.asking()
    return Question(what=request.spec.name, action=action)


async def undo(request: AccountRequest, words: str, *targets: Sequence[Target]) -> Button:
    """Takes back for a while what was just set, by the words of the same command or another's."""
    [action] = await request.asking(words, *targets, verb=Verb.UNDO)
    return Button(label=texts.undo(), action=action)


@dataclass(frozen=True, slots=True)
class Things:
    """What a rule or a mute is about; `None` for any."""

    bot: Trader | None = None
    pair: str | None = None

    @property
    def bot_id(self) -> TraderId | None:
        return None if self.bot is None else self.bot.id


Written = Callable[[Scope], str]
"""How a command is asked about what is named."""


async def things(
    request: AccountRequest, scope: Scope, written: Written, examples: str
) -> Things | Card:
    """The bot and the pair that are meant, or the card that asks which.

    Args:
        written: by which the buttons of that card ask again.
        examples: of what the command takes.
    """
    traders = await request.desk.known_bots(request.account.id)
    chosen = [one for one in traders if one.id in request.about or name_of(one) == scope.bot]
    if request.about and not chosen:
        return texts.bot_gone()
    named = Things(chosen[0] if chosen else None)
    asking = _Asking(request, traders, written, examples)
    if scope.pair:
        found = await asking.for_pair(scope, named)
        if isinstance(found, Card):
            return found
        named = found
    if scope.about and folded(scope.about) not in EVERYTHING:
        return await asking.for_either(scope, named)
    return named


@dataclass(frozen=True, slots=True)
class _Asking:
    request: AccountRequest
    traders: Sequence[Trader]
    written: Written
    examples: str

    async def for_pair(self, scope: Scope, named: Things) -> Things | Card:
        pairs = await self.request.desk.pairs(self.request.account.id)
        ruled = [one.pair for one in self.request.link.preferences.rules if one.pair]
        # Without any pairs nobody can tell.
        meant = pairs_meant(scope.pair, (*pairs, *ruled)) if pairs else (scope.pair,)
        if len(meant) == 1:
            return replace(named, pair=meant[0].upper())
        rest = replace(scope, pair="")
        if meant:
            return texts.which(await self._options((), meant, rest, named))
        near = await self._options((), nearest_pairs(scope.pair, pairs), rest, named)
        return texts.unknown(scope.pair, near, self.examples)

    async def for_either(self, scope: Scope, named: Things) -> Things | Card:
        pairs = () if named.pair else await self.request.desk.pairs(self.request.account.id)
        meant = pairs_meant(scope.about, pairs)
        bots, like_it = ((), ()) if named.bot else _bots_meant(scope.about, self.traders)
        match bots, meant:
            case (bot,), ():
                return replace(named, bot=bot)
            case (), (pair,):
                return replace(named, pair=pair.upper())
        rest = replace(scope, about="")
        if bots or meant:
            return texts.which(await self._options(bots, meant, rest, named))
        near = nearest_pairs(scope.about, pairs) if "/" in scope.about else ()
        options = await self._options(like_it, near, rest, named)
        return texts.unknown(
            scope.about, [*await self._kinds(scope.about, rest, named), *options], self.examples
        )

    async def _kinds(self, wanted: str, rest: Scope, named: Things) -> Sequence[Option]:
        """What they are called is written, so that is what looks like it."""
        if rest.topic is not None:
            return ()
        topics = {words: topic for topic, words in KINDS.items()}
        chosen = [targets_of((named.bot,))] if named.bot else []
        rest = replace(rest, bot="")
        return [
            Option(label=words, action=action)
            for words in nearest(wanted, topics)
            for action in await self._ask(replace(rest, topic=topics[words]), *chosen)
        ]

    async def _options(
        self, bots: Sequence[Trader], pairs: Sequence[str], rest: Scope, named: Things
    ) -> Sequence[Option]:
        """One for each, that asks the same about it."""
        rest = replace(rest, bot="")
        them = bots[:MOST_CHOICES]
        chosen = [targets_of((named.bot,))] if named.bot else []
        options = []
        for bot in them:
            [action] = await self._ask(rest, targets_of((bot,)))
            options.append(Option(label=trader_name(bot), action=action))
        for pair in pairs[: MOST_CHOICES - len(them)]:
            [action] = await self._ask(replace(rest, pair=pair), *chosen)
            options.append(Option(label=texts.pair_name(pair), action=action))
        return options

    async def _ask(self, scope: Scope, *targets: Sequence[Target]) -> Sequence[ActionId]:
        return await self.request.asking(self.written(scope), *targets)


def _bots_meant(
    wanted: str, traders: Sequence[Trader]
) -> tuple[tuple[Trader, ...], tuple[Trader, ...]]:
    """Those that the words fit, or else those that are called alike."""
    match pick(wanted, traders):
        case Found(meant=found):
            return found, ()
        case Several(fitting=several):
            return several, ()
        case Nothing(nearest=near):
            return (), near
