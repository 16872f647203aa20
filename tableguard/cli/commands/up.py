"""Deploy every stack on an embedded AWS on loopback and let messages flow."""

import signal
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.local.lag_watch import LagWatch


@click.command(cls=Command, help=__doc__)
@options.settings
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="port to listen on (default: a free one)")
@click.option("--demo", is_flag=True, help="send messages, verify what each member sees, and end")
@click.option(
    "--dynamodb",
    type=click.Choice(("embedded", "local")),
    default="embedded",
    help="who keeps the items: the embedded AWS itself, or DynamoDB Local from jars, Docker or Maven",
)
@click.option("--json", "as_json", is_flag=True, help="the same facts as JSON, once everything is up")
def command(*, settings_file: Path | None, port: int, demo: bool, dynamodb: str, as_json: bool) -> None:
    """Run the estate until interrupted, or for as long as the demonstration takes."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import steps
    from tableguard.local import estate, presentation
    from tableguard.local.lag_watch import LagWatch
    from tableguard.store import encryption

    settings = chosen_settings(settings_file)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an estate that is half up ends as with Ctrl-C
    if demo and settings.client_side_encryption:
        encryption.check_installed()  # before an estate is deployed for nothing
    with (
        steps(to_stderr=as_json) as report,
        estate.engine(dynamodb, report) as tables,
        estate.running(settings, port, report, tables) as running,
    ):
        if demo:
            from tableguard.local import demo as demonstration

            outcome = demonstration.run(running)
            print((presentation.demo_json if as_json else presentation.demo_text)(running, outcome))
            return
        print((presentation.estate_json if as_json else presentation.estate_text)(running, settings_file), flush=True)
        _watch_until_interrupted(LagWatch(running.poller.lag, partial(click.echo, err=True)))


def _watch_until_interrupted(watch: "LagWatch") -> None:
    """Look now and then, until Ctrl-C or a request to terminate: both end the estate in good order."""
    from tableguard.local.lag_watch import INTERVAL

    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    while not interrupted.wait(INTERVAL):
        watch.look()
