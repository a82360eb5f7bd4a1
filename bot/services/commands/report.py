"""`/report`: what a day or a week has come to, now or by itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from bot.domain.cards import Button, Card
from bot.domain.chats import Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.report_plans import (
    USUAL,
    ReportPlan,
    Rhythm,
    plan_written,
    read_plan,
    with_plan,
    without,
)
from bot.domain.timetables import at_clock, zone
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.wishes import wish
from bot.texts import access
from bot.texts import reports as texts
from bot.texts.language import later

Plans = tuple[ReportPlan, ...]

_USUAL = {
    Rhythm.DAILY: ReportPlan(rhythm=Rhythm.DAILY, at=USUAL),
    Rhythm.WEEKLY: ReportPlan(rhythm=Rhythm.WEEKLY, at=time(9)),
}


async def _answer(request: AccountRequest) -> Card:
    plans = request.link.preferences.reports
    words = request.arguments.text("words")
    match words.lower().split():
        case []:
            return await _listed(request, request.link.preferences)
        case ["now"] | ["now", "day" | "daily"]:
            return await _now(request, Rhythm.DAILY)
        case ["now", "week" | "weekly"]:
            return await _now(request, Rhythm.WEEKLY)
        case ["off"]:
            return await _set(request, (), words)
        case [rhythm, "off"] if rhythm in tuple(Rhythm):
            return await _set(request, without(plans, Rhythm(rhythm)), words)
    plan = read_plan(words)
    if plan is None:
        return texts.not_understood(words)
    return await _set(request, with_plan(plans, plan), plan_written(plan))


async def _now(request: AccountRequest, rhythm: Rhythm) -> Card:
    there = zone(request.link.preferences.zone)
    local = request.desk.now().astimezone(there)
    since = at_clock(local.date() - rhythm.span, local.time(), there)
    card = await request.desk.reporting.of(request.link, rhythm, since)
    return access.not_linked() if card is None else card


async def _set(request: AccountRequest, plans: Plans, words: str) -> Card:
    def change(wants: Preferences) -> Preferences:
        return replace(wants, reports=plans)

    desk, person = request.desk, request.command.person
    wants = await wish(desk, request.link, person, change, "reports", words)
    desk.telling_reports.wake()
    return await _listed(request, wants, changed=True)


async def _listed(request: AccountRequest, wants: Preferences, *, changed: bool = False) -> Card:
    planned = {plan.rhythm: plan for plan in wants.reports}

    async def button(label: str, words: str) -> Button:
        [action] = await request.asking(words)
        return Button(label=label, action=action)

    async def of(rhythm: Rhythm) -> Sequence[Button]:
        plan = planned.get(rhythm)
        if plan is None:
            usual = _USUAL[rhythm]
            return [await button(texts.plan_label(usual), plan_written(usual))]
        other = replace(plan, only_news=not plan.only_news)
        return [
            await button(texts.off_label(rhythm), f"{rhythm} off"),
            await button(texts.news_label(other.only_news), plan_written(other)),
        ]

    rows = [[await button(texts.now_label(), "now")], *[await of(one) for one in Rhythm]]
    return texts.plans(wants, rows, changed)


COMMAND = AccountCommand(
    spec=Spec(
        name="report",
        family=RESULTS,
        summary=later("What a day or a week has come to, now or by itself"),
        aliases=("reports",),
        example="daily 08:00",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later("daily 08:00, weekly mon 09:00, now, or off"),
                offers=("now", "daily 08:00", "weekly mon 09:00", "off"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_answer,
)
