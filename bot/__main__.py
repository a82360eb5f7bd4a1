"""The command line: `tradebell`, or `python -m bot`."""

import asyncio
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bot.app.process import (
    logging_as,
    spare_what_lasts,
    spare_what_loads,
    supervised,
    until_signalled,
)
from bot.settings import new_key, read

# Each command loads what it runs: a start does not wait for what it does not need.

cli = typer.Typer(
    name="tradebell",
    help="Rings when a trading bot does something, and lets its owner answer from the chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they show values, and these may be secret
)
keys = typer.Typer()
cli.add_typer(keys, name="keys")


def main() -> None:
    spare_what_loads()
    with supervised():
        cli()


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tradebell {version('tradebell')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version."),
]


Config = Annotated[
    Path | None,
    typer.Option("--config", help="A file of settings (TOML); the environment wins over it."),
]


@cli.callback()
def options(version: Version = False) -> None: ...


@cli.command()
def run(
    config: Config = None,
    new: Annotated[
        bool, typer.Option("--new", help="Begin a new database beside an old secret key.")
    ] = False,
) -> None:
    """Follow the linked accounts and ring, until stopped by SIGTERM or Ctrl-C."""
    from bot.app.running import run

    settings = read(config=config)
    logging_as(settings)
    until_signalled(partial(run, settings, new=new, ready=spare_what_lasts))


@cli.command()
def demo(
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets others in.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Else a free one from 8080 on.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Else a folder that is gone afterwards.")
    ] = None,
    pace: Annotated[float, typer.Option(min=0.1, help="Seconds from one event to the next.")] = 4.0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Try everything on a simulated platform, with a chat in the browser."""
    from bot.app.demo import Show, demo

    show = Show(
        host=host, port=port, data_dir=data_dir, pace=timedelta(seconds=pace), browser=browser
    )
    until_signalled(partial(demo, show, typer.echo, ready=spare_what_lasts))


@cli.command()
def check(config: Config = None) -> None:
    """Look at settings, database, platform and chats; one line each."""
    raise typer.Exit(0 if asyncio.run(_checked(config)) else 1)


async def _checked(config: Path | None) -> bool:
    from bot.app.operating import check

    good = True
    async for finding in check(read(config=config)):
        typer.echo(finding)
        good &= finding.good
    return good


@cli.command()
def migrate(config: Config = None) -> None:
    """Bring the database's tables to this version."""
    from bot.app.operating import migrate

    typer.echo(asyncio.run(migrate(read(config=config))))


@cli.command()
def accounts(config: Config = None) -> None:
    """List the accounts that are kept, for `export` and `erase`."""
    asyncio.run(_listed(config))


async def _listed(config: Path | None) -> None:
    from bot.app.operating import accounts

    async for line in accounts(read(config=config)):
        typer.echo(line)


Whose = Annotated[
    str,
    typer.Option("--account", help="An id out of `tradebell accounts`, or telegram:NUMBER."),
]


@cli.command()
def export(account: Whose, config: Config = None) -> None:
    """Print all that is kept of an account, as JSON."""
    from bot.app import operating

    typer.echo(asyncio.run(operating.export(read(config=config), account)))


@cli.command()
def erase(
    account: Whose,
    config: Config = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Delete all that is kept of an account, for good. Tradebell must be stopped."""
    from bot.app import operating

    settings = read(config=config)
    if not yes:
        typer.confirm(f"Delete all that is kept of {account}? It cannot be undone", abort=True)
    typer.echo(asyncio.run(operating.erase(settings, account)))


@keys.callback(invoke_without_command=True)
def make_key(context: typer.Context) -> None:
    """Print a new TRADEBELL_SECRET_KEY. To change keys, put it before the old one and a comma."""
    if context.invoked_subcommand is None:
        typer.echo(new_key())


@keys.command()
def rotate(config: Config = None) -> None:
    """Encrypt everything with the first key; the others can be left out afterwards."""
    from bot.app.operating import rotate

    typer.echo(f"Encrypted with the first key now: {asyncio.run(rotate(read(config=config)))}.")


if __name__ == "__main__":
    main()
