"""What Tradebell tells of itself: its connection, logins, and the account's other chats."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.chats import Channel, Endpoint
from bot.domain.events import NoticeText
from bot.domain.ledger import Held
from bot.domain.marks import command
from bot.domain.outages import Outage
from bot.domain.phones import Service
from bot.domain.text import clean
from bot.texts.language import _, ngettext
from bot.texts.names import chat_sort, chat_title
from bot.texts.numbers import quantity
from bot.texts.reasons import in_words
from bot.texts.times import clock, day_of, lasted, moment, on_day_of, spoken

_PAIR = 30

_MOST_PAIRS = 5


def polling(every: timedelta) -> NoticeText:
    return NoticeText(
        _("The platform gives me no realtime connection"),
        _(
            "I look every {span} instead, so alerts come a little later. Nothing is lost.",
            span=spoken(every),
        ),
        _(
            "If the one of your plan is taken, closing the platform's page in your browser"
            " usually frees it."
        ),
    )


def down() -> NoticeText:
    return NoticeText(
        _("No connection to the trading platform"),
        _("I keep trying. Your bots do not need me to run, but I cannot see them meanwhile."),
        _("What happens meanwhile is told as soon as it is back."),
    )


def unreachable(lasts: timedelta, trades: int) -> NoticeText:
    """
    Args:
        trades: that are open, as far as is known.
    """
    return NoticeText(
        _("I cannot reach the trading platform for {span} now", span=spoken(lasts)),
        ngettext(
            "{count} trade was open when I last saw it.",
            "{count} trades were open when I last saw them.",
            trades,
        ),
        _("I cannot see what becomes of them: look on the platform or the exchange yourself."),
    )


def back() -> NoticeText:
    return NoticeText(
        _("Connected to the trading platform again"),
        _("Everything that happened meanwhile has been read."),
    )


def no_prices(pairs: Sequence[str], lasts: timedelta) -> NoticeText:
    return NoticeText(
        _("No price for {span}", span=lasted(lasts)),
        _("None of {pairs} comes, although the platform is connected.", pairs=_named(pairs)),
        _("Price alerts there cannot ring meanwhile. What is crossed is told with the next price."),
    )


def prices_back(pairs: Sequence[str], lasted_for: timedelta) -> NoticeText:
    return NoticeText(
        _("Prices come again"),
        _("Of {pairs} none had come for {span}.", pairs=_named(pairs), span=lasted(lasted_for)),
        _("The first ones crossed none of your price alerts."),
    )


def _named(pairs: Sequence[str]) -> str:
    named = ", ".join(clean(one, _PAIR) for one in pairs[:_MOST_PAIRS])
    rest = len(pairs) - _MOST_PAIRS
    return named if rest <= 0 else _("{names} and {count} more", names=named, count=rest)


def was_down(outage: Outage, news: int) -> NoticeText:
    """
    Args:
        news: what happened meanwhile.
    """
    began, ended = outage.since, outage.until
    span = {
        "began": clock(began) if on_day_of(began, ended) else moment(began),
        "ended": clock(ended),
    }
    if news:
        missed = ngettext(
            "One thing happened meanwhile. It has been read, and is told as you wish.",
            "{count} things happened meanwhile. They have been read, and are told as you wish.",
            news,
        )
    else:
        missed = _("Nothing that you missed happened meanwhile: I have looked.")
    return NoticeText(_("I was down from {began} to {ended}", **span), missed)


def reading_older_trades(known: Held, reached: datetime) -> NoticeText:
    """
    Args:
        reached: until when they have been read.
    """
    return NoticeText(
        _("I am reading your older trades"),
        ngettext(
            "Read up to {day}: {number} trade so far.",
            "Read up to {day}: {number} trades so far.",
            known.count,
            day=day_of(reached),
            number=_number(known),
        ),
        _("Alerts come meanwhile as always, and this message tells how far I am."),
    )


def older_trades_read(known: Held) -> NoticeText:
    return NoticeText(
        _("I have read your older trades"),
        _known(known),
        _("/profit, /stats and /chart count them in."),
    )


def older_trades_denied(known: Held) -> NoticeText:
    return NoticeText(
        _("I may not read your older trades any further"),
        _known(known),
        _("The platform shows me no more of them. After your next login I try again."),
    )


def _known(known: Held) -> str:
    if known.oldest is None:
        return _("I know of none.")
    return ngettext(
        "I know {number} trade now, of {day}.",
        "I know {number} trades now, the oldest of {day}.",
        known.count,
        number=_number(known),
        day=day_of(known.oldest),
    )


def _number(known: Held) -> str:
    return quantity(Decimal(known.count))


def login_refused() -> NoticeText:
    return NoticeText(
        _("I need you to log in again"),
        _("The platform no longer accepts the login you gave me, so I cannot see your bots."),
        _("Send /link to log in again. Your alerts are kept and follow afterwards."),
    )


def login_ends(left: timedelta, *, trying: bool) -> NoticeText:
    """
    Args:
        trying: a renewal may still come.
    """
    return NoticeText(
        _("Your login ends in {span}", span=spoken(left)),
        _("I could not renew it so far, and keep trying.")
        if trying
        else _("The platform does not let me renew it myself."),
        _("Send /link to log in again, and no alert is delayed."),
    )


def drill() -> NoticeText:
    return NoticeText(
        _("Drill: nothing is wrong"),
        _("A critical alert would come like this. Say that you have seen it, in each place."),
    )


def chat_closed(chat: Endpoint, reason: str, *, named: bool) -> NoticeText:
    """
    Args:
        named: who reads it may know what the chat is called.
    """
    if chat.address.bot == Service.BROWSER and chat.address.channel is Channel.PUSH:
        return NoticeText(
            _("{chat} rings no more", chat=chat_title(chat) if named else chat_sort(chat)),
            _(
                "Open the inbox there and press “Ring this device” ({reason}).",
                reason=in_words(reason),
            ),
        )
    return NoticeText(
        _("Your {chat} is closed to me", chat=chat_title(chat) if named else chat_sort(chat)),
        _(
            "Alerts for it are kept. Open it again there to get them ({reason}).",
            reason=in_words(reason),
        ),
    )


def topic_gone(name: str) -> NoticeText:
    """
    Args:
        name: of the bot's topic.
    """
    return NoticeText(
        _("The topic {name} is gone", name=name),
        _(
            "What this bot does comes here now. {on} makes a new topic.",
            on=f"{command('topics')} on",
        ),
    )


def group_linked() -> NoticeText:
    return NoticeText(
        _("This group is linked to a trading account"),
        _("From now on I tell you here when its bots trade, err or stop."),
    )


def chat_linked(chat: Endpoint, *, named: bool) -> NoticeText:
    """`named` as above."""
    return NoticeText(
        _(
            "A new {chat} was linked to your account",
            chat=chat_title(chat) if named else chat_sort(chat),
        ),
        _(
            "Not you? Send /unlink others here: that ends it at once. Then change your password"
            " on the platform."
        ),
    )
