"""Deploy every stack on an embedded AWS on loopback and let messages flow."""

import gc
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.local.estate import EmbeddedEstate
    from tableguard.local.run_folder.folder import RunFolder

_PORT = "port to listen on (default: that of the last run if it is free; 0: a free one)"


@click.command(cls=Command, help=__doc__)
@options.settings
@click.option("--port", type=click.IntRange(0, 65535), help=_PORT)
@click.option(
    "--empty", is_flag=True, help="deploy nothing: accounts and organization alone, to try `bootstrap` and `deploy`"
)
@click.option("--demo", is_flag=True, help="send messages, verify what each member sees, and end")
@click.option(
    "--dynamodb",
    type=click.Choice(("embedded", "local")),
    default="embedded",
    help="who keeps the items: the embedded AWS itself, or DynamoDB Local from jars, Docker or Maven",
)
@click.option("--json", "as_json", is_flag=True, help="the same facts as JSON, once everything is up")
def command(
    *, settings_file: Path | None, port: int | None, empty: bool, demo: bool, dynamodb: str, as_json: bool
) -> None:
    """Run the estate until interrupted, or for as long as the demonstration takes."""
    from tableguard.cli.exit_codes import on_interruption, one_interruption, tell
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import steps
    from tableguard.local import estate
    from tableguard.local.run_folder import folder as run_folder
    from tableguard.local.watch.alert_lines import DELAYS
    from tableguard.store import encryption

    if demo and empty:
        raise click.UsageError("--demo needs the stacks that --empty leaves out; name one of them")
    settings = chosen_settings(settings_file)
    if demo and settings.client_side_encryption:
        encryption.check_installed()  # before an estate is deployed for nothing
    on_interruption(lambda: "interrupted; nothing of it is left")
    with (
        one_interruption(),  # an estate that is half up ends in good order too
        run_folder.taken("demo" if demo else "up") as folder,
        ExitStack() as parts,
    ):
        with steps(to_stderr=as_json) as report:  # until it is up: then nothing moves on the screen any more
            tables = parts.enter_context(estate.engine(dynamodb, report))
            running = parts.enter_context(
                estate.running(settings, _port(port, folder), report, tables, DELAYS, empty=empty)
            )
            shown = _demonstration(running, as_json=as_json) if demo else None
        if shown is not None:
            print(shown)
            return
        _serve(running, folder, settings_file, as_json=as_json, hint=tables is None)
    tell("tableguard up: ended; its data, keys and profiles are gone")


def _port(chosen: int | None, folder: "RunFolder") -> int:
    """Return the port that was asked for; else that of the last run, or any where that one is taken, which is said."""
    from tableguard.cli.exit_codes import tell
    from tableguard.local import server

    if chosen is not None:
        return chosen
    if folder.last_port is None or server.is_free(folder.last_port):
        return folder.last_port or 0
    tell(f"port {folder.last_port} of the last run is taken: another one is used")
    return 0


def _demonstration(running: "EmbeddedEstate", *, as_json: bool) -> str:
    from tableguard.local import demo, presentation

    return (presentation.demo_json if as_json else presentation.demo_text)(running, demo.run(running))


def _serve(
    running: "EmbeddedEstate", folder: "RunFolder", settings_file: Path | None, *, as_json: bool, hint: bool
) -> None:
    """Say how to reach the estate, and watch it until it is interrupted."""
    from tableguard.cli.exit_codes import tell
    from tableguard.local import client_configuration, presentation
    from tableguard.local.demo import message_key
    from tableguard.local.estate import Newcomers
    from tableguard.local.lag_watch import INTERVAL, LagWatch
    from tableguard.local.watch import alert_lines

    if folder.runs_beside:
        tell(f"another one runs already: this one has a port of its own, and its files in {folder.path}")
    folder.remember_port(urlsplit(running.endpoint).port or 0)
    report = partial(click.echo, err=True)
    lag, alerts = LagWatch(running.poller.lag, report), alert_lines.AlertLines(running.watch, report)
    try:
        clients = client_configuration.write(running, message_key(running), folder)
        if as_json:
            print(presentation.estate_json(running, clients, settings_file), flush=True)
        else:
            print(presentation.estate_text(running, clients, settings_file, hint=hint), flush=True)
        running.functions.notices.listen(report)
        newcomers = None if running.deployments else Newcomers(running.zone)
        gc.freeze()  # what stays to the end; looking through it for garbage took a fifth of a poll's time
        while True:
            for _ in range(round(INTERVAL / alert_lines.INTERVAL)):
                time.sleep(alert_lines.INTERVAL)
                alerts.tick()
                if newcomers is not None and (roles := newcomers.look()):
                    grown = replace(running, roles={**roles, **running.roles})
                    client_configuration.write(grown, message_key(running), folder)
                    report(f"the stacks' roles are profiles now: {', '.join(sorted(roles))}")
            lag.look()
            running.functions.notices.flush()
    except KeyboardInterrupt:  # Ctrl-C, a request to terminate, or the end of the terminal
        tell("tableguard up: ending ...")
