"""The chat page in the browser, apart from the cards that it shows."""

from collections.abc import Mapping, Sequence

from bot.domain.marks import shown
from bot.texts.language import _, forms, later
from bot.texts.times import day_form, months

PAGE = {
    "connecting": later("connecting…"),
    "notices": later("Notifications of loud messages"),
    "ring": later("Ring this device"),
    "sound": later("Sound for loud messages"),
    "conversation": later("Conversation"),
    "welcome": later("Your trading bots, in a chat"),
    "about": later(
        "Tradebell tells you here when a bot trades, warns or stops, and you can answer it."
    ),
    "start": later("Start"),
    "link": later("Link your account"),
    "help": later("What can you do?"),
    "messages": later("Messages"),
    "filter": later("Filter"),
    "everything": later("Everything"),
    "alerts": later("Alerts"),
    "bad": later("Warnings"),
    "about_what": later("Bot, pair or word"),
    "nothing_fits": later("Nothing here fits the filter."),
    "show_all": later("Show everything"),
    "welcome_inbox": later("Your inbox is ready"),
    "about_inbox": later("What your bots do from now on shows here. Ask anything meanwhile."),
    "status": later("How are my bots?"),
    "typing": later("Tradebell is typing"),
    "commands": later("Commands"),
    "all_commands": later("Show all commands"),
    "say": later("Message or /command"),
    "message": later("Message"),
    "send": later("Send"),
    "no_script": later("This chat needs JavaScript. Linking an account works without it."),
}
"""What stands in the page itself."""

_SCRIPT = {
    "connecting": PAGE["connecting"],
    "online": later("online"),
    "offline": later("no connection, trying again…"),
    "typing": later("typing…"),
    "not_pressed": later("No connection: the button was not pressed."),
    "connection_lost": later(
        "The connection was lost: check what happened before you press again."
    ),
    "today": later("Today"),
    "yesterday": later("Yesterday"),
    "not_sent": later("Not sent. Try again"),
    "sending": later("Sending"),
    "sent": later("Sent"),
    "silent": later("Arrived silently"),
    "details": later("Details"),
    "happened": later("happened {when}"),
    "reply": later("goes on with {reference}"),
    "notices_blocked": later(
        "Your browser blocks notifications here. Allow them in its settings for this page, then"
        " press again."
    ),
    "no_notices": later(
        "This browser shows no notifications for a page. Keep the sound on, or link Telegram or"
        " Discord too."
    ),
    "no_pushes": later(
        "This browser could not subscribe. See that it is online and no private window, then press"
        " again."
    ),
    "notices_on": later("Notifications are on"),
    "notices_example": later("Loud messages come like this."),
}


def script() -> Mapping[str, str | Mapping[str, str] | Sequence[str]]:
    """What its scripts say, by name. They fill in what is `{named}`; of a sentence that depends on
    a count they take the form that the browser knows to fit. With it the days, as cards call
    them: in front of the page times are the person's own.
    """
    return {
        **{name: shown(_(sentence)) for name, sentence in _SCRIPT.items()},
        "new_messages": forms("{count} new message ↓", "{count} new messages ↓"),
        "months": months(),
        "day_form": day_form(),
    }


def too_fast() -> str:
    return _("One at a time, please: I am still answering.")
