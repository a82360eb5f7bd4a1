"""Linking a chat to an account, and its end."""

from collections.abc import Sequence

from bot.domain.actions import Target
from bot.domain.cards import Button, ButtonStyle, Card, Severity, moment
from bot.domain.incoming import Shared
from bot.domain.linking import CODE_LIFE, DIGITS_LIFE, Audience, Completed, LinkProblem, WrongDigits
from bot.domain.links import Account, Link
from bot.domain.text import clean, counted
from bot.texts.cards import FOR_YOU_ONCE, NAME_LIMIT, plain

UNLINK_THIS = "Unlink this chat"

ONLY_THERE = (
    "It opens only on the computer that runs me, not on a phone. TRADEBELL_PUBLIC_URL changes"
    " that (docs/reaching-it.md)."
)


def link_address(url: str, again: bool, *, cut_off: bool = False) -> Card:
    """
    Args:
        cut_off: only a browser on the machine that runs us can open the address.
    """
    minutes = int(CODE_LIFE.total_seconds() // 60)
    first = "Log in again on this page" if again else "Open this page and log in"
    return Card(
        title="Log in again" if again else "Link your trading account",
        lines=(
            f"{first}: {url}",
            *([ONLY_THERE] if cut_off else []),
            "It then shows six digits. Type them here, and we are done.",
        ),
        buttons=((Button(label="Open the page", url=url, style=ButtonStyle.PRIMARY),),),
        notes=(f"Good for {minutes} minutes, for you only. Do not forward it.",),
    )


def taken() -> Card:
    return plain(
        "Somebody else has linked this chat",
        "Only they can change that, with /unlink. For your own alerts, write to me directly.",
    )


def cannot_govern(shared: Shared) -> Card:
    return plain(
        f"You cannot link {clean(shared.name, NAME_LIMIT)}",
        "It takes the right to manage the channel, since everybody there would get the alerts.",
        "For your own alerts, write to me directly and send /link there.",
    )


def lacks_rights(shared: Shared) -> Card:
    return plain(
        f"I could not show anything in {clean(shared.name, NAME_LIMIT)}",
        f"Allow me first: {', '.join(shared.lacking)}. Then send /link again.",
    )


def not_there(shared: Shared) -> Card:
    return plain(
        f"I am not in {clean(shared.name, NAME_LIMIT)}",
        "Invite me to the server first, then send /link here again.",
        "For your own alerts, write to me directly and send /link there.",
    )


def readers_unknown(reason: str) -> Card:
    return plain(
        "I cannot see who reads along here",
        clean(reason, 200),
        "Nothing was linked. Try again in a minute.",
        severity=Severity.WARNING,
    )


def shared_link_address(url: str, audience: Audience, *, cut_off: bool = False) -> Card:
    """Consent comes first: who will see what, before anybody logs in. `cut_off` as above."""
    return Card(
        title=f"Link {audience.name}?",
        severity=Severity.WARNING,
        lines=(
            f"Your alerts will be seen by {audience.readers}: "
            "your bots' names, trades, amounts and errors.",
            "They can ask and change nothing, unless you allow it with /members.",
            f"If you agree, log in on this page: {url}",
            *([ONLY_THERE] if cut_off else []),
            "It then shows six digits. Give them to me here, with /link and the digits.",
        ),
        buttons=((Button(label="Open the page", url=url, style=ButtonStyle.PRIMARY),),),
        notes=(
            f"Good for {int(CODE_LIFE.total_seconds() // 60)} minutes, for you only. "
            "For alerts that only you see, write to me directly.",
        ),
    )


def linked(completed: Completed) -> Card:
    label = clean(completed.account.label, 60)
    endpoint = completed.link.endpoint
    lines = ["From now on I ring when your bots trade, err or stop."]
    if not endpoint.private:
        lines.append("All who read along here see it. /members says what else they may do.")
    if completed.replaced is not None:
        lines.insert(0, "The account that was linked here before is no longer.")
    if completed.others:
        lines.append(f"Your {counted(len(completed.others), 'other chat')} got a note about it.")
    lines.append("Try /status now.")
    return Card(title=f"Linked to {label}", severity=Severity.GOOD, lines=tuple(lines))


def not_six_digits(digits: str | None) -> Card:
    seen = "I wait for the six digits that the page shows"
    if digits is not None:
        seen = f"{counted(len(digits), 'digit')}, but the page shows six"
    return plain(
        seen,
        "Type just those here, such as 123 456. No try is lost.",
        "Is the page gone? Send /link to start again.",
    )


def digits_refused(wrong: WrongDigits) -> Card:
    match wrong.problem:
        case LinkProblem.WRONG_DIGITS:
            left = counted(wrong.tries_left, "try", "tries")
            return plain("Those are not the digits", f"Look at the page again: {left} left.")
        case LinkProblem.EXPIRED:
            seconds = int(DIGITS_LIFE.total_seconds())
            return plain(
                "Those digits have expired",
                f"They are good for {seconds // 60} minutes. Send /link to start again.",
            )
        case LinkProblem.TOO_MANY_TRIES:
            return plain(
                "Too many wrong digits",
                "For your safety this attempt is over. Send /link to start again.",
            )
        case LinkProblem.TAKEN:
            return taken()
        case LinkProblem.NOT_CERTAIN:
            return plain(
                "That login may be somebody else's",
                "The account has been linked with another login meanwhile. Nothing was changed.",
                "Send /link and use your e-mail and password.",
            )
        case _:
            return plain("I am not waiting for digits", "Send /link to connect your account.")


def unlinked(cancelled: int, last: bool) -> Card:
    lines = ["You get no more alerts here."]
    if cancelled:
        lines.append(f"{counted(cancelled, 'alert')} that had not gone out yet will not be sent.")
    if last:
        lines.append("Your login has been deleted from Tradebell.")
    lines.append("Send /link whenever you want to come back.")
    return plain("Unlinked", *lines)


def confirm_unlink(account: Account, last: bool, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    lines = ["You get no more alerts here, and alerts that wait are not sent."]
    if last:
        lines.append("This is your only chat: I also delete your login.")
    lines.append("Your bots run on as they are.")
    return Card(
        title=f"Unlink {clean(account.label, 60)} from this chat?",
        severity=Severity.WARNING,
        lines=tuple(lines),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )


def chat_name(link: Link) -> str:
    """A chat as its owner may recognise it: where it is and since when, never its address."""
    return f"{link.endpoint.title}, since {moment(link.linked_at)}"


def no_other_chats() -> Card:
    return plain("No other chat is linked to your account", "There is only this one.")


def confirm_unlink_others(
    targets: Sequence[Target], buttons: tuple[tuple[Button, ...], ...]
) -> Card:
    return Card(
        title=f"{unlink_others(len(targets))}?",
        severity=Severity.WARNING,
        lines=(
            "They get no more alerts and can no longer ask or act. This chat stays linked.",
            *(target.name for target in targets),
        ),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )


def unlinked_others(count: int) -> Card:
    return plain(
        f"{counted(count, 'other chat')} unlinked",
        "If you did not link it yourself, change your password on the platform now.",
        severity=Severity.GOOD,
    )


def unlink_others(count: int) -> str:
    return f"Unlink {counted(count, 'other chat')}"
