"""What others in a shared chat see, and may ask and do."""

from datetime import timedelta

from bot.domain.cards import Button, Card, Severity
from bot.domain.chats import Preferences, Role
from bot.domain.commands import NOBODY
from bot.texts.cards import for_you_once, plain
from bot.texts.language import _
from bot.texts.times import spoken


def allow_it() -> str:
    return _("Allow it")


def may_here(wants: Preferences) -> str:
    """What everybody but the person who linked the chat sees and may do there."""
    if wants.followers is not None:
        return _("Others here are followers: they see trades and signals, and no amounts.")
    match wants.members:
        case Role.VIEWER:
            return _(
                "Others here may look: /status, /trades and the like. They can change nothing."
            )
        case Role.OPERATOR:
            return _("Others here may look, and pause and resume your bots.")
        case _:
            return _("Others here see the alerts, and may ask nothing.")


def nobody_else_here() -> Card:
    return plain(_("Nobody else is in this chat"), _("/members is for chats that others read too."))


def rights(wants: Preferences) -> Card:
    """
    Args:
        wants: of the shared chat.
    """
    followers = wants.followers
    if followers is not None:
        return plain(
            _("Others here are followers"),
            _("They see your trades and signals: bot, pair, price, and the result in percent."),
            _("They see no amounts, no errors, nothing else of your account, and have no buttons."),
            _("Each comes {delay} late.", delay=spoken(followers.delay))
            if followers.delay
            else _("To show them later: /members followers 15m."),
            _("What was shown here before stays. Ask me in our private chat from now on."),
            _("To end it: /members nobody."),
        )
    return plain(
        may_here(wants),
        _("If they do not find my commands: Server Settings, Integrations.")
        if wants.members
        else "",
        _("Apart from that: {people}", people=_people(wants)) if wants.people else "",
        _("/members viewer lets them look, /members operator act too, /members nobody neither."),
        _("For one person: /members operator and their number, or on Discord their mention."),
        _("For people who only follow your trades: /members followers."),
    )


def _people(wants: Preferences) -> str:
    """'300 operator, 400 nobody'; the roles as they are typed."""
    return ", ".join(f"{person} {role or NOBODY}" for person, role in wants.people)


def whom() -> Card:
    return plain(
        _("Who may do what?"),
        _("Such as /members operator 123456789: the role, then the person's number."),
        _("A name can change hands. On Discord, mention them instead."),
        _("If they may ask nothing yet, they send /status here and I answer with their number."),
    )


def too_many(most: int) -> Card:
    return plain(
        _("{most} people have a role of their own here, and more do not fit", most=most),
        _("Give everybody one: /members viewer."),
    )


def too_late(delay: timedelta, most: timedelta) -> Card:
    return plain(
        _("Followers cannot wait for {delay}", delay=spoken(delay)),
        _("{most} at most, such as /members followers 15m.", most=spoken(most)),
    )


def letting_act(name: str, person: str = "") -> str:
    """What is to be confirmed, where a login comes first.

    Args:
        person: whom alone it is about, by their number.
    """
    where = name or _("this chat")
    if person:
        return _("Let {person} act in {where}", person=person, where=where)
    return _("Let others act in {where}", where=where)


def confirm(
    role: Role | None, name: str, buttons: tuple[tuple[Button, ...], ...], person: str = ""
) -> Card:
    """
    Args:
        person: whom alone it is about, by their number.
    """
    where = name or _("this chat")
    title, effect = _for_one(role, where, person) if person else _for_all(role, where)
    return Card(
        title=title,
        severity=Severity.WARNING,
        lines=(effect,),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def _for_all(role: Role | None, where: str) -> tuple[str, str]:
    if role is Role.VIEWER:
        return _("Let others here look?"), _(
            "Everybody who can write in {where} may ask for your bots, trades and signals.",
            where=where,
        )
    if role is None:
        return _("Show others here all alerts?"), _(
            "Everybody who reads in {where} sees all alerts from now on, with their amounts.",
            where=where,
        )
    return _("Let others here act?"), _(
        "Everybody who can write in {where} may ask for all that, and pause and resume your"
        " bots, with real money too.",
        where=where,
    )


def _for_one(role: Role | None, where: str, person: str) -> tuple[str, str]:
    if role is Role.VIEWER:
        return _("Let {person} look here?", person=person), _(
            "They may ask for your bots, trades and signals in {where}.", where=where
        )
    return _("Let {person} act here?", person=person), _(
        "They may ask for your bots, trades and signals in {where}, and pause and resume your"
        " bots, with real money too.",
        where=where,
    )
