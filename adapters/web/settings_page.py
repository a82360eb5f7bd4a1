"""The settings of a chat as a page, for who has asked there for its one-time address."""

import logging
import re
from http import HTTPStatus

from aiohttp import web

from adapters.web.door import Door, Fields
from adapters.web.guard import cookie_name, csrf_token
from adapters.web.pages import Problem, page, problem_page
from adapters.web.settings import WebSettings
from bot.domain.ids import NewId, Now, TraderId
from bot.domain.rules import Topic
from bot.domain.spoken_rules import KINDS
from bot.domain.spoken_times import Days
from bot.domain.visits import Cell, Changed, SettingsView, VisitProblem
from bot.ports import SettingsDesk
from bot.texts import pages
from bot.texts import settings_page as texts
from bot.texts.language import speaking
from bot.texts.pages import ask_for_settings

PLACE = "/settings"

_FORMS = "settings"
"""What the forms of a visit are for, where those of an address are for its code."""

_ID = re.compile(r"[^\x00-\x1f]{1,128}")
_WORDS = 200

BOT = "bot:"
"""What an option begins with that is a bot, among kinds."""

_COMMANDS = frozenset({"rules", "quiet", "timezone", "language", "digest", "mute", "unmute"})

log = logging.getLogger(__name__)


class SettingsPages:
    """`/settings/open/<code>`, where looking uses nothing up, and `/settings` behind it."""

    def __init__(self, desk: SettingsDesk, settings: WebSettings, now: Now, new_id: NewId) -> None:
        self._desk = desk
        self._now = now

        async def enter(code: str, _: web.Request) -> str | VisitProblem:
            entered = await desk.enter(code)
            return entered if isinstance(entered, VisitProblem) else entered[0]

        self.door = Door(
            place=PLACE,
            template="settings_open.html",
            words=texts.OPEN,
            again=ask_for_settings,
            look=desk.look,
            enter=enter,
            settings=settings,
            new_id=new_id,
            cookie=cookie_name("tradebell-settings", settings.https),
        )

    # --- the page -----------------------------------------------------------------------------

    async def show(self, request: web.Request) -> web.Response:
        secret, view = await self._view(request)
        if view is None:
            return _over()
        link = view.link
        with speaking(link.preferences.language, link.preferences.zone):
            return page(
                "settings.html",
                say=pages.said(texts.PAGE),
                view=texts.shown(view),
                bot=BOT,
                csrf=csrf_token(secret, _FORMS),
            )

    async def show_rule(self, request: web.Request) -> web.Response:
        secret, view = await self._view(request)
        if view is None:
            return _over()
        cell = _cell_asked(view, request.query)
        if cell is None or not view.may_change:
            raise web.HTTPNotFound
        link = view.link
        with speaking(link.preferences.language, link.preferences.zone):
            return page(
                "settings_rule.html",
                say=pages.said(texts.RULE),
                rule=texts.rule_form(view, cell),
                csrf=csrf_token(secret, _FORMS),
            )

    async def change(self, request: web.Request) -> web.Response:
        fields = await self.door.sent(request)
        secret, view = await self._view(request)
        if view is None or not self.door.is_ours(request, _FORMS, fields):
            return _over()
        command, words = fields.get("command", ""), written(fields)
        if command not in _COMMANDS or len(words) > _WORDS:
            raise web.HTTPBadRequest
        changed = await self._desk.change(secret, command, words, _bot(fields))
        if changed is None:
            return _over()
        link = view.link
        with speaking(link.preferences.language, link.preferences.zone):
            return self._changed(secret, fields, changed)

    def _changed(self, secret: str, fields: Fields, changed: Changed) -> web.Response:
        options = changed.card.pick.options if changed.card.pick else ()
        return page(
            "settings_changed.html",
            say=pages.said(texts.CHANGED),
            card=changed.card,
            stored=changed.stored,
            fields=fields,
            options=[one.label for one in options],
            may_choose=fields.get("command") == "timezone",
            csrf=csrf_token(secret, _FORMS),
        )

    async def leave(self, request: web.Request) -> web.Response:
        fields = await self.door.sent(request)
        secret = self.door.secret_of(request)
        response = _over()
        if secret is None or not self.door.is_ours(request, _FORMS, fields):
            return response
        await self._desk.leave(secret)
        self.door.forget(response)
        return response

    async def _view(self, request: web.Request) -> tuple[str, SettingsView | None]:
        secret = self.door.secret_of(request)
        return (secret, await self._desk.view(secret)) if secret else ("", None)


def written(fields: Fields) -> str:
    """What a form asks, in the words of its command."""
    match fields:
        case {"command": "quiet", "weekdays_from": _}:
            return ", ".join(
                f"{days} {_hours(fields, days)}" for days in (Days.WEEKDAYS, Days.WEEKENDS)
            )
        case {"command": "rules", "mode": mode}:
            trying = "try" if "try" in fields else ""
            parts = (trying, fields.get("kind", ""), mode, fields.get("limit", ""))
            return " ".join(filter(None, map(str.strip, parts)))
        case {"command": "mute", "time": time}:
            kind = fields.get("kind", "")
            return time if kind.startswith(BOT) else f"{kind} {time}".strip()
        case _:
            return fields.get("words", "").strip()


def _bot(fields: Fields) -> TraderId | None:
    """What a form is about, besides its words."""
    kind = fields.get("kind", "")
    bot = kind.removeprefix(BOT) if kind.startswith(BOT) else fields.get("bot", "")
    return TraderId(bot) if _ID.fullmatch(bot) else None


def _hours(fields: Fields, days: Days) -> str:
    start, end = fields.get(f"{days}_from", "").strip(), fields.get(f"{days}_to", "").strip()
    if not start and not end:
        return "off"
    return "0-24" if start == end else f"{start}-{end}"


def _cell_asked(view: SettingsView, query: Fields) -> Cell | None:
    kind, bot = query.get("kind", ""), query.get("bot", "")
    topics = {words: topic for topic, words in KINDS.items()}
    topic: Topic | None = topics.get(kind)
    return next(
        (
            cell
            for row in view.cells
            for cell in row
            if cell.topic is topic and (cell.bot or "") == bot
        ),
        None,
    )


def _see(place: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": place})


def _over() -> web.Response:
    return problem_page(Problem(status=HTTPStatus.FORBIDDEN, told=texts.over()))
