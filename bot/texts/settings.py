"""Settings: what a chat wants at a glance, and the way to each choice."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.cards import Button, ButtonStyle, Card, Field, Option, PickList
from bot.domain.chats import Link, Preferences
from bot.domain.events import Trader
from bot.domain.lifetimes import CODE_LIFE
from bot.domain.rules import Rule
from bot.domain.text import clean
from bot.texts.cards import plain
from bot.texts.guards import guard_in_words
from bot.texts.language import _, language_name, later
from bot.texts.linking import only_there
from bot.texts.members import may_here
from bot.texts.times import clock_in
from bot.texts.wishes import clock_time, mute_in_words, quiet_in_words, rule_in_words

MEMBERS = "members"

_CHOICES = {
    "rules": later("How loudly what is told"),
    "quiet": later("Quiet hours"),
    "mute": later("Mute for a while"),
    "timezone": later("Time zone"),
    "language": later("Language"),
    "currency": later("Currency"),
    "digest": later("Daily digest"),
    "guard": later("When a day goes badly"),
    MEMBERS: later("What others here may do"),
}

CHOICES = tuple(name for name in _CHOICES if name != MEMBERS)
"""Commands that change what is heard."""

ROWS = 5
"""Rules or mutes that are shown at a glance."""


def choice(name: str) -> str:
    """Leads to a command."""
    return _(_CHOICES[name])


def back() -> str:
    """On a button."""
    return _("Back")


def close() -> str:
    """On a button."""
    return _("Close")


def as_a_page() -> str:
    """On a button."""
    return _("As a page")


def page_address(url: str, *, cut_off: bool = False) -> Card:
    """
    Args:
        cut_off: only a browser on the machine that runs us can open the address.
    """
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return Card(
        title=_("Settings on a page"),
        lines=(
            _("Open this page: {url}", url=url),
            *([only_there()] if cut_off else []),
            _("It shows which rule holds for each bot and each kind of alert."),
        ),
        buttons=((Button(label=_("Open the page"), url=url, style=ButtonStyle.PRIMARY),),),
        notes=(
            _(
                "Good for {minutes} minutes, once, for you only. Do not forward it.",
                minutes=minutes,
            ),
        ),
    )


def changed_on_the_page() -> str:
    """Below what is told in the chat."""
    return _("Changed on the settings page.")


def closed() -> Card:
    return plain(_("Settings closed"), _("/settings opens them again."))


def overview(
    link: Link,
    rules: Sequence[Rule],
    defaults: Sequence[Rule],
    traders: Sequence[Trader],
    now: datetime,
    choices: Sequence[Option] = (),
    buttons: Sequence[Button] = (),
    unknown: str = "",
) -> Card:
    """
    Args:
        rules: the chat's own, in the order in which they are tried, and `defaults` after them.
        choices: lead to what this person may change.
        unknown: what was asked for and is no setting.
    """
    wants = link.preferences
    fields = [
        Field(_("Quiet hours"), quiet_in_words(wants.quiet)),
        Field(_("Time zone"), zone_in_words(wants, now)),
        Field(_("Daily digest"), _("at {time}", time=clock_time(wants.digest_at))),
        Field(_("Muted"), _muted(wants, traders)),
        Field(_("When a day goes badly"), _watched(wants, traders)),
        *_tried(rules, defaults, traders),
    ]
    if not link.endpoint.private:
        fields.append(Field(_("What others here may do"), may_here(wants)))
    fields.append(Field(_("Language"), language_name(wants.language)))
    if wants.currency:
        fields.append(Field(_("Currency"), wants.currency))
    return Card(
        title=_("Settings of this chat"),
        lines=(_no_setting(unknown),) if unknown else (),
        fields=tuple(fields),
        pick=PickList(prompt=_("Change"), options=tuple(choices)) if choices else None,
        buttons=(tuple(buttons),) if buttons else (),
        notes=(_("In words: /settings quiet 22-7, or /quiet 22-7 at once."),) if choices else (),
    )


def _no_setting(given: str) -> str:
    return _("I know no setting called {given}. These there are:", given=clean(given, 40))


def zone_in_words(wants: Preferences, now: datetime) -> str:
    """'Europe/Berlin, where it is 13:05'."""
    time = clock_in(now, wants.zone)
    if not wants.zone:
        return _("not known, so UTC: it is {time}", time=time)
    return _("{zone}: it is {time} there", zone=wants.zone, time=time)


def _muted(wants: Preferences, traders: Sequence[Trader]) -> str:
    rows = [mute_in_words(one, traders, wants.zone) for one in wants.mutes[:ROWS]]
    rest = len(wants.mutes) - ROWS
    return "; ".join((*rows, *([_("and {rest} more", rest=rest)] if rest > 0 else []))) or _(
        "nothing"
    )


def _watched(wants: Preferences, traders: Sequence[Trader]) -> str:
    them: dict[str, Trader] = {one.id: one for one in traders}
    rows = [guard_in_words(one, them) for one in wants.guards[:ROWS]]
    rest = len(wants.guards) - ROWS
    return "; ".join((*rows, *([_("and {rest} more", rest=rest)] if rest > 0 else []))) or _(
        "nothing is watched"
    )


def _tried(
    rules: Sequence[Rule], defaults: Sequence[Rule], traders: Sequence[Trader]
) -> Iterator[Field]:
    for number, rule in enumerate(rules[:ROWS], 1):
        yield Field(_("Rule {number}", number=number), rule_in_words(rule, traders))
    if len(rules) > ROWS:
        yield Field(_("and {rest} more", rest=len(rules) - ROWS), _("/rules lists all of them."))
    for rule in defaults:
        yield Field(_("Else") if rules else _("For everybody"), rule_in_words(rule, traders))
