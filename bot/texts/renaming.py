"""Other names for bots and strategies."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Button, Card, Field, Option
from bot.domain.commands import Spec
from bot.domain.events import Strategy, Trader
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.names import NAME_LIMIT, name_of
from bot.domain.text import clean
from bot.texts.cards import MOST_CHOICES, for_you_once, meant, plain, unfit
from bot.texts.getting_started import as_in
from bot.texts.language import _


def how(things: Sequence[Trader | Strategy] = ()) -> Card:
    """
    Args:
        things: what can be renamed.
    """
    shown = things[:MOST_CHOICES]
    return replace(
        plain(
            _("What should be called what?"),
            _("As in {example}.", example=f"{command('rename')} Grid BTC to Grid 2"),
        ),
        fields=tuple(Field(label=name_of(one), value=_sort(one)) for one in shown),
        notes=nothing_there().lines if len(things) > len(shown) else (),
    )


def nothing_there() -> Card:
    return plain(
        _("That is not there any more"),
        _(
            "{bots} and {strategies} list what is.",
            bots=command("traders"),
            strategies=command("strategies"),
        ),
    )


def which(
    wanted: str,
    things: Sequence[Trader | Strategy],
    actions: Sequence[ActionId],
    *,
    guessed: bool,
) -> Card:
    """
    Args:
        guessed: they are only called alike.
    """
    shown = clean(wanted, 40)
    options = [
        Option(label=name_of(one), action=action, hint=_sort(one))
        for one, action in zip(things, actions, strict=True)
    ]
    if guessed or not options:
        known = () if options else nothing_there().lines
        return unfit(_("Nothing is called {wanted}", wanted=shown), options, *known, *how().lines)
    return Card(title=_("Which {wanted}?", wanted=shown), pick=meant(options))


def _sort(one: Trader | Strategy) -> str:
    return _("a bot") if isinstance(one, Trader) else _("a strategy")


def no_name(given: str, spec: Spec) -> Card:
    """
    Args:
        spec: the command that was to give it.
    """
    return plain(
        _("{given} is no name for it", given=clean(given, 30) or "\u201c\u201d"),
        _("A name has at most {count} characters, and is not \u201call\u201d.", count=NAME_LIMIT),
        as_in(spec),
    )


def called_so_already(one: Trader | Strategy) -> Card:
    return plain(_("It is called {name} already", name=name_of(one)), _("Nothing to do."))


def do_it() -> str:
    """On the button."""
    return _("Rename it")


def confirm(
    one: Trader | Strategy,
    new: str,
    twins: Sequence[Trader | Strategy],
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """
    Args:
        twins: what is called so already.
    """
    bot = isinstance(one, Trader)
    lines = [
        _("I ask the platform to call this bot {name} from now on.", name=new)
        if bot
        else _("I ask the platform to call this strategy {name} from now on.", name=new)
    ]
    if twins:
        lines.append(_("Mind: {sort} is called that already.", sort=_sort(twins[0])))
    return Card(
        title=_("Rename {name}?", name=name_of(one)),
        lines=tuple(lines),
        buttons=buttons,
        notes=(for_you_once(),),
    )
