"""What the settings page shows and does: by the commands, as the person who asked for it."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.accounts import Account
from bot.domain.actions import Target
from bot.domain.cards import Card, with_note
from bot.domain.chats import Link, Person, Role
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.ids import TraderId
from bot.domain.incoming import Command, Place, Shared
from bot.domain.names import name_of
from bot.domain.visits import Changed, Purpose, SettingsView, Visit, VisitProblem
from bot.domain.wishes import without_ended
from bot.policy.rule_table import rule_table
from bot.policy.ruling import in_order
from bot.services.commands import settings
from bot.services.commands.desk import Desk
from bot.services.commands.dispatch import dispatch
from bot.services.commands.throttle import EARNED, Judged, Throttle
from bot.services.steady import steady
from bot.texts import access
from bot.texts import settings as texts
from bot.texts.language import speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage:
    """Implements `bot.ports.SettingsDesk`."""

    desk: Desk
    _throttle: Throttle = field(default_factory=lambda: Throttle(EARNED))

    async def look(self, code: str) -> Visit | VisitProblem:
        return await self.desk.visiting.look(Purpose.SETTINGS, code)

    async def enter(self, code: str) -> tuple[str, Visit] | VisitProblem:
        return await self.desk.visiting.enter(Purpose.SETTINGS, code)

    async def leave(self, secret: str) -> None:
        await self.desk.visiting.leave(secret)

    async def view(self, secret: str) -> SettingsView | None:
        found = await self._found(secret)
        if found is None:
            return None
        desk, (visit, link, account) = self.desk, found
        now, role = desk.now(), link.role_of(visit.person)
        wants = without_ended(link.preferences, now)
        traders = await desk.known_bots(account.id)
        return SettingsView(
            visit=visit,
            link=link,
            traders=traders,
            rules=tuple(in_order(wants.rules)),
            cells=rule_table(traders, wants.rules),
            others=tuple(
                one.endpoint
                for one in await desk.links.of(account.id)
                if one.id != link.id and _is_same_person(one, link, visit)
            ),
            may_change=role is not None and role.covers(Role.OPERATOR),
            now=now,
        )

    async def change(
        self, secret: str, command: str, words: str, bot: TraderId | None = None
    ) -> Changed | None:
        found = await self._found(secret)
        if found is None:
            return None
        desk, (visit, link, account) = self.desk, found
        with speaking(link.preferences.language, link.preferences.zone):
            judged = self._throttle.judge(visit.person, timedelta(seconds=steady()))
            if judged is not Judged.OK:
                return Changed(card=access.too_fast(), stored=False)
            asked = _command(link, visit, command, words)
            card = await dispatch(desk, asked, await self._about(account, bot))
            after = await desk.links.at(link.endpoint.address)
            stored = after is not None and after.preferences != link.preferences
            if stored:
                await self._tell(account, link, card)
        return Changed(card=card, stored=stored)

    async def _found(self, secret: str) -> tuple[Visit, Link, Account] | None:
        """The visit, if its person may still see the chat's settings."""
        desk = self.desk
        visit = await desk.visiting.at(Purpose.SETTINGS, secret)
        link = None if visit is None else await desk.links.called(visit.link)
        if visit is None or link is None:
            return None
        refusal = await desk.access.refusal(settings.COMMAND.spec, _person(link, visit), link)
        account = await desk.accounts.get(link.account)
        return None if refusal is not None or account is None else (visit, link, account)

    async def _about(self, account: Account, bot: TraderId | None) -> list[Target]:
        """A bot that is gone is named all the same: then nothing is changed."""
        if bot is None:
            return []
        bots = [one for one in await self.desk.known_bots(account.id) if one.id == bot]
        return [Target(id=bot, name=name_of(bots[0]) if bots else bot)]

    async def _tell(self, account: Account, link: Link, card: Card) -> None:
        """In the chat, quietly, with what takes it back."""
        desk, told = self.desk, with_note(card, texts.changed_on_the_page())
        notice = Notice(
            origin=Origin(kind=Kind.ACTION, record=f"set {desk.new_id()}", at=desk.now()),
            say=lambda: NoticeText(told.title, *told.lines, *told.notes[-1:]),
            only=link.endpoint.id,
            buttons=card.buttons,
        )
        await desk.ingest.take(account, (notice,))


def _is_same_person(other: Link, link: Link, visit: Visit) -> bool:
    channels = {other.endpoint.address.channel, link.endpoint.address.channel}
    return len(channels) == 1 and other.person == visit.person


def _person(link: Link, visit: Visit) -> Person:
    channel = link.endpoint.address.channel
    return Person(channel=channel, id=visit.person, language=visit.language)


def _command(link: Link, visit: Visit, name: str, words: str) -> Command:
    """As if it had been said in the chat, and is answered to this person alone."""
    here = link.endpoint
    shared = None if here.private else Shared(name=here.name, can_manage=False)
    return Command(
        place=Place(address=here.address, private=here.private, shared=shared),
        person=_person(link, visit),
        name=name,
        arguments=words,
    )
