"""Who somebody is to us, and what else is linked to the account."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.accounts import Account, AccountState, Credential, CredentialKind
from bot.domain.cards import Button, Card, Field
from bot.domain.chats import INBOX, Channel, EndpointState, Link, Role
from bot.domain.feeds import FeedStatus
from bot.domain.marks import command
from bot.domain.text import clean
from bot.texts.language import _, language_name, later, ngettext
from bot.texts.linking import chat_name
from bot.texts.names import chat_title
from bot.texts.settings import zone_in_words
from bot.texts.times import moment, spoken

_MAY = {
    Role.OWNER: later("all there is: it is your account"),
    Role.OPERATOR: later("look, and pause and resume bots"),
    Role.VIEWER: later("look, and change nothing"),
}

_ROLES = {
    Role.OWNER: later("owner"),
    Role.OPERATOR: later("operator"),
    Role.VIEWER: later("viewer"),
}


def who(
    account: Account,
    here: Link,
    role: Role,
    now: datetime,
    login: Sequence[Field],
) -> Card:
    """Where others read along it says nothing of the account.

    Args:
        role: that of who asks.
        login: what is known of it (`login_in_words`).
    """
    private = here.endpoint.private
    fields = (
        Field(_("This chat"), chat_name(here)),
        Field(_("You may"), _(_MAY[role])),
        Field(_("Language"), language_name(here.preferences.language)),
        Field(_("Time zone"), zone_in_words(here.preferences, now)),
        *(login if private else ()),
    )
    label = clean(account.label, 60)
    return Card(
        title=_("You are linked to {label}", label=label) if private else _("What you may do here"),
        fields=fields,
        notes=(_("All chats and phones of the account: /links"),) if role is Role.OWNER else (),
    )


def login_in_words(
    account: Account,
    credential: Credential | None,
    feed: FeedStatus | None,
    denied: Sequence[str],
    now: datetime,
) -> tuple[Field, ...]:
    """What it is, and what the platform has let us do with it so far.

    Args:
        denied: commands that the platform refused when they were last asked.
    """
    closed = feed.not_offered if feed is not None else ()
    fields = [
        *([Field(_("Plan"), clean(account.plan, 30))] if account.plan else []),
        Field(_("Login"), _kept(account, credential, now)),
    ]
    if closed:
        fields.append(Field(_("The platform does not let me read"), ", ".join(closed)))
    if denied:
        fields.append(Field(_("It has refused me"), ", ".join(map(command, denied))))
    if not closed and not denied:
        fields.append(Field(_("Rights"), _("the platform has refused me nothing so far")))
    return tuple(fields)


def _kept(account: Account, credential: Credential | None, now: datetime) -> str:
    if credential is None or account.state is AccountState.NEEDS_LOGIN:
        return _("none that the platform takes: /link gives me one")
    if credential.kind is CredentialKind.API_KEY:
        return _("an API key, good until you revoke it on the platform")
    ends = credential.expires_at
    if ends is None:
        return _("an access token")
    return _("an access token, good for {span} more", span=spoken(ends - now))


def listed(links: Sequence[Link], here: Link, now: datetime, buttons: Sequence[Button]) -> Card:
    """
    Args:
        links: all of the account; where others read along only `here` is told.
        buttons: lead to what removes them.
    """
    shown = links if here.endpoint.private else [here]
    return Card(
        title=ngettext(
            "{count} chat or phone is linked to your account",
            "{count} chats and phones are linked to your account",
            len(links),
        ),
        fields=tuple(Field(_title(one, here), _about(one, here, now)) for one in shown),
        buttons=(tuple(buttons),) if buttons else (),
        notes=(
            _("One that you do not know? Remove it, and change your password on the platform.")
            if here.endpoint.private
            else _("Others read along: the other ones are told in a private chat only."),
        ),
    )


def _title(one: Link, here: Link) -> str:
    title = chat_title(one.endpoint)
    return _("{title} (this chat)", title=title) if one.id == here.id else title


def _about(one: Link, here: Link, now: datetime) -> str:
    """'owner · since 26 Nov 12:03 · last seen 3 days ago · remove: /unlink there'."""
    parts = [
        _(_ROLES[one.role]),
        _("since {when}", when=moment(one.linked_at)),
        _("nobody has shown yet that it is seen")
        if one.proven_at is None
        else _("seen {span} ago", span=spoken(now - one.proven_at)),
    ]
    if one.endpoint.state is EndpointState.DISABLED:
        parts.append(_("closed to me"))
    return " · ".join((*parts, _removed_by(one, here)))


def _removed_by(one: Link, here: Link) -> str:
    match one.endpoint.address.channel:
        case Channel.PUSH:
            return _("remove it: /phone")
        case _ if one.id == here.id:
            return _("remove it: /unlink")
        case Channel.WEB if one.endpoint.address.bot == INBOX:
            return _("remove it: sign out there, or /unlink others")
        case _:
            return _("remove it: /unlink there, or /unlink others")


def remove_others() -> str:
    """On a button."""
    return _("Unlink all others")


def phones() -> str:
    """On a button."""
    return _("Phones")
