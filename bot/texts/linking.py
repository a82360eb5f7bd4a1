"""Linking a chat to an account, and its end."""

from collections.abc import Sequence

from bot.domain.accounts import Account
from bot.domain.actions import Target
from bot.domain.cards import Button, ButtonStyle, Card, Severity
from bot.domain.chats import Link
from bot.domain.incoming import Shared
from bot.domain.lifetimes import CODE_LIFE, DIGITS_LIFE
from bot.domain.linking import Audience, Completed, LinkProblem, WrongDigits
from bot.domain.text import clean
from bot.texts.cards import NAME_LIMIT, for_you_once, plain
from bot.texts.errors import told
from bot.texts.language import _, ngettext
from bot.texts.names import chat_title
from bot.texts.times import moment


def unlink_this() -> str:
    return _("Unlink this chat")


def type_digits() -> str:
    return _("Type the six digits")


def form_of_digits() -> tuple[str, str]:
    """What the form is called that takes them, and what is to be typed there."""
    return _("Link your trading account"), _("The six digits that the page shows")


def only_there() -> str:
    return _(
        "It opens only on the computer that runs me, not on a phone. TRADEBELL_PUBLIC_URL changes"
        " that (docs/reaching-it.md)."
    )


def link_address(url: str, again: bool, *, cut_off: bool = False) -> Card:
    """
    Args:
        cut_off: only a browser on the machine that runs us can open the address.
    """
    minutes = int(CODE_LIFE.total_seconds() // 60)
    first = _("Log in again on this page") if again else _("Open this page and log in")
    return Card(
        title=_("Log in again") if again else _("Link your trading account"),
        lines=(
            f"{first}: {url}",
            *([only_there()] if cut_off else []),
            _("It then shows six digits. Type them here, and we are done."),
        ),
        buttons=((Button(label=_("Open the page"), url=url, style=ButtonStyle.PRIMARY),),),
        notes=(_("Good for {minutes} minutes, for you only. Do not forward it.", minutes=minutes),),
        asks_digits=True,
    )


def taken() -> Card:
    return plain(
        _("Somebody else has linked this chat"),
        _("Only they can change that, with /unlink. For your own alerts, write to me directly."),
    )


def cannot_govern(shared: Shared) -> Card:
    return plain(
        _("You cannot link {name}", name=_shared_name(shared)),
        _("It takes the right to manage the channel, since everybody there would get the alerts."),
        _("For your own alerts, write to me directly and send /link there."),
    )


def lacks_rights(shared: Shared) -> Card:
    return plain(
        _("I could not show anything in {name}", name=_shared_name(shared)),
        _(
            "Allow me first: {missing_permissions}. Then send /link again.",
            missing_permissions=", ".join(map(_, shared.missing_permissions)),
        ),
    )


def _shared_name(shared: Shared) -> str:
    return clean(shared.name, NAME_LIMIT) or _("this channel")


def not_there(shared: Shared) -> Card:
    return plain(
        _("I am not in {name}", name=_shared_name(shared)),
        _("Invite me to the server first, then send /link here again."),
        _("For your own alerts, write to me directly and send /link there."),
    )


def readers_unknown(reason: str) -> Card:
    return plain(
        _("I cannot see who reads along here"),
        told(reason),
        _("Nothing was linked. Try again in a minute."),
        severity=Severity.WARNING,
    )


def cannot_govern_group(name: str) -> Card:
    return plain(
        _("You cannot link {name}", name=name),
        _("An administrator of the group can, with /link here: everybody there gets the alerts."),
        _("For your own alerts, write to me directly and send /link there."),
    )


def not_in_group() -> Card:
    return plain(
        _("I am not in that group"),
        _("Add me to it, then send /link there again."),
        _("For your own alerts, send /link here."),
    )


def called_over(url: str) -> Card:
    """For everybody's eyes, in the group that is to be linked."""
    return Card(
        title=_("Link this group?"),
        lines=(_("Go on in our private chat: there I say who will read along, and you log in."),),
        buttons=((Button(label=_("Open our chat"), url=url, style=ButtonStyle.PRIMARY),),),
        notes=(
            _(
                "Good for {minutes} minutes, only for who asked.",
                minutes=int(CODE_LIFE.total_seconds() // 60),
            ),
        ),
    )


def call_is_over() -> Card:
    return plain(_("That button is too old"), _("Send /link in the group again."))


def not_called() -> Card:
    return plain(
        _("That button is for who asked for it"),
        _("Are you an administrator of the group? Then send /link there yourself."),
    )


def shared_link_address(
    url: str, audience: Audience, *, cut_off: bool = False, elsewhere: bool = False
) -> Card:
    """Consent comes first: who will see what, before anybody logs in.

    Args:
        cut_off: as above.
        elsewhere: this is said in a private chat.
    """
    digits = (
        _("It then shows six digits. Type them here, and we are done.")
        if elsewhere
        else _("It then shows six digits. Give them to me here, with /link and the digits.")
    )
    alone = (
        _("For alerts that only you see, send /link here.")
        if elsewhere
        else _("For alerts that only you see, write to me directly.")
    )
    minutes = int(CODE_LIFE.total_seconds() // 60)
    once = _("Good for {minutes} minutes, for you only.", minutes=minutes)
    return Card(
        title=_("Link {name}?", name=audience.name),
        severity=Severity.WARNING,
        lines=(
            _(
                "Your alerts will be seen by {readers}: your bots' names, trades, amounts and"
                " errors.",
                readers=audience.readers,
            ),
            _("They can ask and change nothing, unless you allow it with /members."),
            _("If you agree, log in on this page: {url}", url=url),
            *([only_there()] if cut_off else []),
            digits,
        ),
        buttons=((Button(label=_("Open the page"), url=url, style=ButtonStyle.PRIMARY),),),
        notes=(f"{once} {alone}",),
        asks_digits=True,
    )


def linked(completed: Completed, *, elsewhere: bool = False) -> Card:
    """
    Args:
        elsewhere: the chat that is linked now is not the one where this is said.
    """
    label = clean(completed.account.label, 60)
    endpoint = completed.link.endpoint
    lines = [_("From now on I ring when your bots trade, err or stop.")]
    if elsewhere:
        lines = [
            _("From now on {name} is told when your bots trade, err or stop.", name=endpoint.name)
        ]
        lines.append(_("Send /members there to say what others may ask and do."))
    elif not endpoint.private:
        lines.append(_("All who read along here see it. /members says what else they may do."))
    if completed.replaced is not None:
        lines.insert(0, _("The account that was linked here before is no longer."))
    if completed.others:
        lines.append(
            ngettext(
                "Your {count} other chat got a note about it.",
                "Your {count} other chats got a note about it.",
                len(completed.others),
            )
        )
    if completed.zone and elsewhere:
        told = _("Times there are for {zone}: /timezone there changes it.", zone=completed.zone)
        lines.append(told)
    elif completed.zone:
        lines.append(_("Times are for {zone}: /timezone changes it.", zone=completed.zone))
    if not elsewhere:
        lines.append(_("Try /status now."))
    return Card(
        title=_("Linked to {label}", label=label), severity=Severity.GOOD, lines=tuple(lines)
    )


def not_six_digits(digits: str | None) -> Card:
    seen = _("I wait for the six digits that the page shows")
    if digits is not None:
        seen = ngettext(
            "{count} digit, but the page shows six",
            "{count} digits, but the page shows six",
            len(digits),
        )
    return plain(
        seen,
        _("Type just those here, such as 123 456. No try is lost."),
        _("Is the page gone? Send /link to start again."),
    )


def digits_refused(wrong: WrongDigits) -> Card:
    match wrong.problem:
        case LinkProblem.WRONG_DIGITS:
            return plain(
                _("Those are not the digits"),
                ngettext(
                    "Look at the page again: {count} try left.",
                    "Look at the page again: {count} tries left.",
                    wrong.tries_left,
                ),
            )
        case LinkProblem.EXPIRED:
            seconds = int(DIGITS_LIFE.total_seconds())
            return plain(
                _("Those digits have expired"),
                _(
                    "They are good for {minutes} minutes. Send /link to start again.",
                    minutes=seconds // 60,
                ),
            )
        case LinkProblem.TOO_MANY_TRIES:
            return plain(
                _("Too many wrong digits"),
                _("For your safety this attempt is over. Send /link to start again."),
            )
        case LinkProblem.TAKEN:
            return taken()
        case LinkProblem.NOT_CERTAIN:
            return plain(
                _("That login may be somebody else's"),
                _("The account has been linked with another login meanwhile. Nothing was changed."),
                _("Send /link and use your e-mail and password."),
            )
        case _:
            return plain(_("I am not waiting for digits"), _("Send /link to connect your account."))


def unlinked(cancelled: int, last: bool) -> Card:
    lines = [_("You get no more alerts here.")]
    if cancelled:
        lines.append(
            ngettext(
                "{count} alert that had not gone out yet will not be sent.",
                "{count} alerts that had not gone out yet will not be sent.",
                cancelled,
            )
        )
    if last:
        lines.append(_("Your login has been deleted from Tradebell."))
    lines.append(_("Send /link whenever you want to come back."))
    return plain(_("Unlinked"), *lines)


def confirm_unlink(account: Account, last: bool, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    lines = [_("You get no more alerts here, and alerts that wait are not sent.")]
    if last:
        lines.append(_("This is your only chat: I also delete your login."))
    lines.append(_("Your bots run on as they are."))
    return Card(
        title=_("Unlink {label} from this chat?", label=clean(account.label, 60)),
        severity=Severity.WARNING,
        lines=tuple(lines),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def chat_name(link: Link) -> str:
    """A chat as its owner may recognise it: where it is and since when, never its address."""
    return _("{title}, since {when}", title=chat_title(link.endpoint), when=moment(link.linked_at))


def no_other_chats() -> Card:
    return plain(_("No other chat is linked to your account"), _("There is only this one."))


def confirm_unlink_others(
    targets: Sequence[Target], buttons: tuple[tuple[Button, ...], ...]
) -> Card:
    return Card(
        title=ngettext("Unlink {count} other chat?", "Unlink {count} other chats?", len(targets)),
        severity=Severity.WARNING,
        lines=(
            ngettext(
                "It gets no more alerts and can no longer ask or act. This chat stays linked.",
                "They get no more alerts and can no longer ask or act. This chat stays linked.",
                len(targets),
            ),
            *(target.name for target in targets),
        ),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def unlinked_others(count: int) -> Card:
    return plain(
        ngettext("{count} other chat unlinked", "{count} other chats unlinked", count),
        ngettext(
            "If you did not link it yourself, change your password on the platform now.",
            "If you did not link them yourself, change your password on the platform now.",
            count,
        ),
        severity=Severity.GOOD,
    )


def unlink_others(count: int) -> str:
    return ngettext("Unlink {count} other chat", "Unlink {count} other chats", count)
