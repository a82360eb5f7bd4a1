"""Phones that a push service rings, and what may stand on their lock screens."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.cards import Button, Card, Option, PickList, Severity
from bot.domain.chats import EndpointState, Hears
from bot.domain.deliveries import Attempt, Gone, Postponed, Sent, Unknown
from bot.domain.lifetimes import PHONE_CODE_LIFE
from bot.domain.linking import LinkProblem, WrongDigits
from bot.domain.phones import NtfyTarget, Phone, Service
from bot.domain.reasons import Reason
from bot.texts.cards import plain
from bot.texts.language import _, later, ngettext
from bot.texts.names import chat_title
from bot.texts.reasons import in_words
from bot.texts.times import spoken

PUBLIC_NTFY = "https://ntfy.sh"

# --- on the phone -------------------------------------------------------------------------


def discreet(severity: Severity) -> str:
    """In place of what happened, where others may see the phone."""
    match severity:
        case Severity.CRITICAL:
            return _("A bot needs you")
        case Severity.WARNING:
            return _("A bot has a warning for you")
        case _:
            return _("News of your bots")


def dealt_with() -> str:
    """In place of what was to be seen, once it was, or is solved."""
    return _("Dealt with: you need do nothing here")


def not_noted() -> str:
    """On a notification whose button did not work."""
    return _("That you have seen it could not be noted. Open the inbox to say so.")


def maybe_again() -> str:
    return _("This may have been shown before.")


def code(digits: str) -> Card:
    shown = f"{digits[:3]} {digits[3:]}"
    words = _("Your code: {digits}. Type it in the chat where you added this phone.", digits=shown)
    return Card(title="Tradebell", sound=True, on_lock_screen=words)


def trial() -> Card:
    """As loud as what is critical."""
    words = _("This is a test: so it rings when a bot needs you.")
    return Card(title="Tradebell", severity=Severity.CRITICAL, on_lock_screen=words)


# --- in the chat --------------------------------------------------------------------------

_HEARS = {
    Hears.CRITICAL: later("only what is critical"),
    Hears.RINGING: later("all that has a sound in a chat"),
    Hears.ALL: later("everything"),
}


def hears_label(hears: Hears) -> str:
    """On a button."""
    match hears:
        case Hears.CRITICAL:
            return _("Only critical")
        case Hears.RINGING:
            return _("All that rings")
        case Hears.ALL:
            return _("Everything")


def details_label(details: bool) -> str:
    """On a button that shows them, or does so no more."""
    return _("Show details") if details else _("Hide details")


def test_label() -> str:
    return _("Ring it now")


def remove_label() -> str:
    return _("Remove")


def send_code_label() -> str:
    return _("Send the code")


def use_ntfy_label() -> str:
    return _("Use ntfy.sh")


def none_yet(services: frozenset[Service], buttons: Sequence[Button]) -> Card:
    """How a phone is added."""
    lines = [
        _("A phone app rings when a bot needs you, also where chats are silent at night."),
        _("ntfy (free): install the app, then send /phone ntfy and your server's address."),
        _("Have no server? ntfy.sh is a public one, run by the maker of ntfy."),
        _("Without another app: send /inbox, open it on the phone, press “Ring this device”."),
    ]
    if Service.PUSHOVER in services:
        lines.append(_("Pushover: send /phone pushover and the user key that its app shows."))
    if Service.APPRISE in services:
        lines.append(_("Others, by Apprise: send /phone apprise and an address as it reads them."))
    return Card(title=_("No phone yet"), lines=tuple(lines), buttons=_row(buttons))


def listed(phones: Sequence[Phone], options: Sequence[Option]) -> Card:
    return Card(
        title=ngettext("{count} phone", "{count} phones", len(phones)),
        lines=tuple(f"{name(one)}: {_in_short(one)}" for one in phones),
        pick=PickList(prompt=_("Change"), options=tuple(options)),
        notes=(_how_to_add(),),
    )


def name(phone: Phone) -> str:
    return chat_title(phone.endpoint)


def _in_short(phone: Phone) -> str:
    if phone.link is None:
        return _("not proven yet")
    return _(_HEARS[phone.hears])


def _how_to_add() -> str:
    return _(
        "Another one: /phone ntfy and a server, /phone pushover and a user key, or /inbox on it."
    )


def about(phone: Phone, buttons: Sequence[Sequence[Button]], *, changed: bool = False) -> Card:
    lines = []
    if phone.link is None:
        lines.append(_("Not proven yet: nothing is sent there."))
    else:
        lines.append(_("It rings for {what}.", what=_(_HEARS[phone.hears])))
        lines.append(
            _("Its lock screen shows what happened, with names and amounts.")
            if phone.details
            else _("Its lock screen shows no names and no amounts.")
        )
    if phone.endpoint.state is EndpointState.DISABLED:
        lines.append(_("It is closed to me. Ring it once that is mended: then it is open again."))
    if phone.service is Service.APPRISE:
        lines.append(_("It cannot say whether something arrived: have another phone besides."))
    if phone.updates is False:
        lines.append(
            _(
                "Its ntfy server is older than 2.16: what stands on the phone stays there, even"
                " when somebody has seen it elsewhere."
            )
        )
    return Card(
        title=name(phone),
        severity=Severity.GOOD if changed else Severity.INFO,
        lines=tuple(lines),
        buttons=tuple(filter(None, map(tuple, buttons))),
        notes=(_how_to_add(),),
    )


def which_server(buttons: Sequence[Button]) -> Card:
    return Card(
        title=_("Which ntfy server?"),
        lines=(
            _("Send /phone ntfy and its address, such as https://ntfy.example.com."),
            _("If it asks for a login, put the token, or user:password, behind that."),
            _("ntfy.sh is a public one: it sees what is sent, so keep details hidden there."),
        ),
        buttons=_row(buttons),
    )


def not_a_server(*, private: bool) -> Card:
    return plain(
        _("That is no address of an ntfy server"),
        _("It is like https://ntfy.example.com, with nothing behind the name."),
        "" if private else _("It must begin with https://."),
        _("A token, or user:password, may follow after a space."),
    )


def not_a_key() -> Card:
    return plain(
        _("That is no user key of Pushover"),
        _("It is 30 letters and digits, on the first page of the app and of pushover.net."),
        _("The name of one device may follow after a space."),
    )


def no_pushover() -> Card:
    return plain(
        _("Pushover is not set up here"),
        _("Who runs this Tradebell can do that, with TRADEBELL_PUSHOVER_TOKEN."),
        _("ntfy works at once: /phone ntfy"),
    )


def no_apprise() -> Card:
    return plain(
        _("Apprise is not set up here"),
        _("Who runs this Tradebell can allow services of it, with TRADEBELL_APPRISE."),
        _("ntfy works at once: /phone ntfy"),
    )


def not_an_apprise_address(schemes: Sequence[str]) -> Card:
    return plain(
        _("That is no address that may be used here"),
        _("It begins with one of these: {schemes}", schemes=", ".join(schemes)),
        _("Apprise's page of that service says how it goes on. Nothing may stand behind it."),
    )


def subscribe(target: NtfyTarget, send: Button) -> Card:
    """Shows the topic, which nobody else should read."""
    host = target.server.partition("://")[2]
    page = Button(label=_("Open the topic"), url=f"{target.server}/{target.topic}")
    lines = [
        _("1. In the ntfy app, subscribe to this topic: {topic}", topic=target.topic),
        _("Server: {server}", server=target.server),
        _("On Android this opens it: {address}", address=f"ntfy://{host}/{target.topic}"),
        _("2. Press “Send the code”, and type here what the phone shows."),
    ]
    if target.token or target.user:
        lines.append(_("Delete your message above: your login stands in it."))
    return Card(
        title=_("Subscribe on your phone"),
        lines=tuple(lines),
        buttons=((send,), (page,)),
        notes=(_("Whoever knows the topic reads what is sent there: keep it to yourself."),),
        secret=True,
    )


def code_sent(phone: Phone, attempt: Attempt, again: Sequence[Button]) -> Card:
    """What became of the message with the code."""
    minutes = int(PHONE_CODE_LIFE.total_seconds() // 60)
    match attempt:
        case Sent() | Unknown():
            return Card(
                title=_("Look at your phone"),
                lines=(
                    _(
                        "It shows six digits. Type them here within {minutes} minutes.",
                        minutes=minutes,
                    ),
                    _nothing_there(phone.service),
                ),
                buttons=_row(again),
            )
        case Postponed(reason=Reason.SLOW_DOWN, retry_after=timedelta() as wait):
            return plain(
                _("One moment, please"),
                _("Another code can be sent in {span}.", span=spoken(wait)),
            )
        case _:
            return not_rung(phone, attempt, again)


def _nothing_there(service: Service) -> str:
    match service:
        case Service.NTFY:
            return _("Nothing there? See that the app has the topic, and may notify you.")
        case Service.PUSHOVER:
            return _("Nothing there? See that the app is logged in, and may notify you.")
        case Service.APPRISE:
            return _("Nothing there? See that the address is right: nobody says what failed.")
        case Service.BROWSER:
            return _(
                "Nothing there? See that the browser may notify you, and is no private window."
            )


def rung(tried: Sequence[tuple[Phone, Attempt]]) -> Card:
    """What became of tests."""
    match tried:
        case [(phone, Sent())]:
            return plain(
                _("It should ring now: {phone}", phone=name(phone)),
                _("Nothing? See that the app may notify you, also when the phone is silent."),
                severity=Severity.GOOD,
            )
        case [(phone, Unknown(reason=reason))]:
            return plain(
                _("Nobody knows whether it rings: {phone}", phone=name(phone)),
                _("The server did not say: {reason}.", reason=in_words(reason)),
                severity=Severity.WARNING,
            )
        case [(phone, attempt)]:
            return not_rung(phone, attempt)
    good = all(isinstance(attempt, Sent) for _phone, attempt in tried)
    return Card(
        title=_("Your phones should ring now") if good else _("Not all phones ring"),
        severity=Severity.GOOD if good else Severity.WARNING,
        lines=tuple(f"{name(phone)}: {_became(attempt)}" for phone, attempt in tried),
    )


def _became(attempt: Attempt) -> str:
    return _("sent") if isinstance(attempt, Sent) else in_words(getattr(attempt, "reason", ""))


def not_rung(phone: Phone, attempt: Attempt, buttons: Sequence[Button] = ()) -> Card:
    reason = getattr(attempt, "reason", "")
    return Card(
        title=_("That did not go out: {phone}", phone=name(phone)),
        severity=Severity.WARNING,
        lines=(_("Why: {reason}.", reason=in_words(reason)), _what_to_do(attempt, reason)),
        buttons=_row(buttons),
    )


def _what_to_do(attempt: Attempt, reason: str) -> str:
    match reason:
        case Reason.PUSH_LOGIN_REFUSED:
            return _("Remove the phone, and add it with a token that may write to its topic.")
        case Reason.HOST_FORBIDDEN:
            return _("Who runs this Tradebell can allow that: TRADEBELL_PUSH_PRIVATE_HOSTS.")
        case Reason.SERVICE_NOT_ALLOWED:
            return _("Who runs this Tradebell can allow that: TRADEBELL_APPRISE.")
        case Reason.PUSH_USER_UNKNOWN:
            return _("Remove the phone, and add it with the user key that the app shows.")
        case Reason.SUBSCRIPTION_ENDED:
            return _("Open the inbox there and press “Ring this device”.")
        case _ if isinstance(attempt, Gone):
            return _("Remove the phone, and add it anew.")
        case _:
            return _("Try again in a minute.")


def proven(phone: Phone, buttons: Sequence[Sequence[Button]]) -> Card:
    card = about(phone, buttons, changed=True)
    return Card(
        title=_("Your phone is linked: {phone}", phone=name(phone)),
        severity=Severity.GOOD,
        lines=(*card.lines, _("/escalate shows when it rings for what nobody has seen.")),
        buttons=card.buttons,
    )


def not_six_digits() -> Card:
    return plain(
        _("I wait for the six digits that your phone shows"),
        _("Type just those here, such as 123 456. No try is lost."),
    )


def digits_refused(wrong: WrongDigits) -> Card:
    match wrong.problem:
        case LinkProblem.WRONG_DIGITS:
            return plain(
                _("Those are not the digits"),
                ngettext(
                    "Look at the phone again: {count} try left.",
                    "Look at the phone again: {count} tries left.",
                    wrong.tries_left,
                ),
            )
        case LinkProblem.TOO_MANY_TRIES:
            return plain(
                _("Too many wrong digits"),
                _("For your safety this code is void. /phone sends another one."),
            )
        case _:
            return plain(_("Those digits have expired"), _("/phone sends another code."))


def removed(phone: Phone) -> Card:
    return plain(
        _("Removed: {phone}", phone=name(phone)),
        _("Nothing is sent there any more. Unsubscribe in the app if you like."),
    )


def no_such_phone() -> Card:
    return plain(_("I know no such phone here"), _("/phone lists those that you have added."))


def none_to_ring() -> Card:
    return plain(_("No phone is linked yet"), _("/phone tells how to add one."))


def too_many(most: int) -> Card:
    return plain(
        _("That is too many phones"),
        _("A chat can have {most}. Remove one first: /phone", most=most),
    )


def not_understood() -> Card:
    return plain(
        _("I did not understand that"),
        _("/phone lists your phones. /phone ntfy or /phone pushover adds one, /phone test rings."),
    )


def _row(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    return (tuple(buttons),) if buttons else ()
