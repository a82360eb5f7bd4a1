"""Each chat lists, where a person begins to type, what can be asked there."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

from bot.domain.chats import Address, Channel
from bot.domain.commands import Spec
from bot.domain.marks import shown
from bot.domain.menus import ChatMenu
from bot.errors import OutcomeUnknown, Refused, TryLater
from bot.ports import Links, Menus
from bot.services.delivery import Outlet
from bot.services.offered import Offered
from bot.services.retrying import retry_until_available
from bot.texts.language import ENGLISH, _, speaking

log = logging.getLogger(__name__)

SETTLES = timedelta(seconds=20)
"""What an account may use is found one by one: its menus are to change once."""


class ListingCommands:
    """Gives chats the menus that they should have. What they were given is stored, so that a start
    makes no call.
    """

    def __init__(
        self,
        menus: Menus,
        links: Links,
        offered: Offered,
        outlets: Mapping[tuple[Channel, str], Outlet],
        specs: Sequence[Spec],
        look_every: timedelta,
    ) -> None:
        self._menus = menus
        self._links = links
        self._offered = offered
        self._outlets = outlets
        self._specs = specs
        self._look_every = look_every
        self._woken = asyncio.Event()

    async def listed_in(self, address: Address) -> Sequence[Spec]:
        """What can be asked in a chat."""
        link = await self._links.at(address)
        return await self._offered.listed(self._specs, None if link is None else link.account)

    def wake(self) -> None:
        """A menu may have to change."""
        self._woken.set()

    async def run(self) -> NoReturn:
        await retry_until_available(self._menus.look_at_all)
        while True:
            await self._give_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every.total_seconds()):
                    await self._woken.wait()
                    await asyncio.sleep(SETTLES.total_seconds())
            self._woken.clear()

    async def _give_all(self) -> None:
        """What fails is due the next time, with what else is on that platform."""
        away: set[Channel] = set()
        try:
            while due := await self._menus.due(away):
                for menu in due:
                    if menu.address.channel not in away and not await self._give(menu):
                        away.add(menu.address.channel)
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("menus of commands must wait", extra={"reason": str(outage)})

    async def _give(self, menu: ChatMenu) -> bool:
        """Give whether its platform is there."""
        outlet = self._outlets.get((menu.address.channel, menu.address.bot))
        wanted = None
        if outlet is not None and outlet.show_menu is not None:
            specs = await self._own(menu)
            language = menu.link.preferences.language if menu.link is not None else ENGLISH
            with speaking(language):
                wanted = None if specs is None else _fingerprint(specs)
                if wanted != menu.shown:
                    try:
                        await outlet.show_menu(menu.address, specs)
                    except Refused as refusal:
                        log.warning("a chat has no menu", extra={"reason": str(refusal)})
                    except TryLater as failure:
                        log.warning("a menu must wait", extra={"reason": str(failure)})
                        return False
        await self._menus.keep(menu, wanted)
        return True

    async def _own(self, menu: ChatMenu) -> Sequence[Spec] | None:
        """`None` if it is everybody's: where others read along, no account is asked anything."""
        if menu.link is None or not menu.private:
            return None
        own = await self._offered.listed(self._specs, menu.link.account)
        return None if own == await self._offered.listed(self._specs, None) else own


def _fingerprint(specs: Sequence[Spec]) -> str:
    """Another one if anything is listed otherwise."""
    lines = [(spec.name, shown(_(spec.summary))) for spec in specs if spec.menu]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]
