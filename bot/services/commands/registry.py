"""All commands, in the order in which they are listed."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.commands import Spec
from bot.domain.incoming import Command
from bot.services.commands import (
    alert,
    audit,
    cancel,
    chart,
    currency,
    drill,
    escalate,
    events,
    fees,
    guard,
    help,
    ihaveit,
    inbox,
    language,
    link,
    links,
    members,
    messages,
    missed,
    mute,
    night,
    performance,
    periods,
    phone,
    pods,
    positions,
    price,
    profit,
    quiet,
    rename,
    report,
    rules,
    running,
    settings,
    signals,
    standing,
    start,
    stats,
    status,
    strategies,
    test,
    topics,
    traders,
    trades,
    unlink,
    watch,
    whoami,
    why,
)
from bot.services.commands.desk import AnyCommand

COMMANDS: Sequence[AnyCommand] = (
    start.COMMAND,
    help.COMMAND,
    link.COMMAND,
    settings.COMMAND,
    inbox.COMMAND,
    unlink.COMMAND,
    members.COMMAND,
    topics.COMMAND,
    whoami.COMMAND,
    links.COMMAND,
    status.COMMAND,
    traders.COMMAND,
    running.PAUSE,
    running.RESUME,
    strategies.COMMAND,
    strategies.NEW,
    strategies.REMOVE,
    rename.COMMAND,
    pods.STOP_ENTRY,
    pods.FORCE_EXIT,
    pods.BALANCE,
    pods.WHITELIST,
    pods.BLACKLIST,
    pods.LOCKS,
    pods.RELOAD,
    pods.LOGS,
    pods.HEALTH,
    positions.COMMAND,
    trades.COMMAND,
    profit.COMMAND,
    periods.DAILY,
    periods.WEEKLY,
    periods.MONTHLY,
    chart.COMMAND,
    performance.COMMAND,
    stats.COMMAND,
    fees.COMMAND,
    events.COMMAND,
    messages.COMMAND,
    signals.COMMAND,
    price.COMMAND,
    alert.COMMAND,
    watch.COMMAND,
    missed.COMMAND,
    why.COMMAND,
    rules.COMMAND,
    mute.MUTE,
    mute.UNMUTE,
    quiet.QUIET,
    quiet.TIMEZONE,
    language.COMMAND,
    currency.COMMAND,
    quiet.DIGEST,
    guard.COMMAND,
    phone.COMMAND,
    escalate.COMMAND,
    ihaveit.COMMAND,
    drill.COMMAND,
    night.COMMAND,
    report.COMMAND,
    standing.COMMAND,
    audit.COMMAND,
    test.COMMAND,
    cancel.COMMAND,
)

SPECS: Sequence[Spec] = tuple(command.spec for command in COMMANDS)

FAMILIES = frozenset(spec.family.name for spec in SPECS if spec.family is not None)

_BY_WORD = {
    word: command for command in COMMANDS for word in (command.spec.name, *command.spec.aliases)
}


def find(word: str) -> AnyCommand | None:
    """The command of that name or alias, in any case."""
    return _BY_WORD.get(word.lower())


def meant(command: Command) -> tuple[Command, Spec | None]:
    """'/settings mute 2h' is '/mute 2h'; then also what it was asked below."""
    word, _, rest = command.arguments.strip().partition(" ")
    inner = find(word)
    if (
        command.name.lower() != settings.COMMAND.spec.name
        or inner is None
        or not inner.spec.setting
    ):
        return command, None
    asked = replace(command, name=inner.spec.name, arguments=rest.strip(), options={})
    return asked, settings.COMMAND.spec


def known_words() -> tuple[str, ...]:
    """All names and aliases, for suggestions."""
    return tuple(_BY_WORD)
