"""A channel whose readers follow what an account trades."""

from datetime import timedelta

from bot.domain.cards import Button, Card, Severity
from bot.domain.chats import Followers
from bot.domain.linking import Audience
from bot.texts.cards import for_you_once, plain
from bot.texts.language import _
from bot.texts.times import spoken


def show_at_once() -> str:
    return _("Show them at once")


def show_later(delay: timedelta) -> str:
    return _("Show them {delay} late", delay=spoken(delay))


def show_no_more() -> str:
    return _("Show them nothing more")


def ask(audience: Audience, now: Followers | None, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    """
    Args:
        now: how they are shown trades already, if they are.
    """
    return Card(
        title=_("Show your trades in {name}?", name=audience.name),
        severity=Severity.WARNING,
        lines=(
            _("Your trades and signals are read by {readers}.", readers=audience.readers),
            _("They see bot, pair, price, and the result in percent."),
            _("They see no amounts, no errors, nothing else of your account, and have no buttons."),
            *([_told(now)] if now is not None else []),
        ),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def _told(followers: Followers) -> str:
    if followers.delay:
        return _("Now they see each {delay} late.", delay=spoken(followers.delay))
    return _("Now they see each at once.")


def shown(name: str, followers: Followers) -> Card:
    return plain(
        _("{name} shows your trades from now on", name=name),
        _told(followers),
        _("To change or end it: forward a post of it to me again."),
        severity=Severity.GOOD,
    )


def shows_another(name: str) -> Card:
    return plain(
        _("{name} shows the trades of another account", name=name),
        _("Who began that can end it, by forwarding a post of it to me."),
    )


def not_in_channel() -> Card:
    return plain(
        _("I may not post in that channel"),
        _(
            "To show its readers your trades, without amounts: make me an administrator there"
            " who may post messages, then forward a post again."
        ),
    )


def cannot_govern(name: str) -> Card:
    return plain(
        _("You are no administrator of {name}", name=name),
        _("Only they can have an account's trades shown there. Commands I know: /help."),
    )
