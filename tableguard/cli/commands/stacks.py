"""What each command does that is about stacks: gather, call, print."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tableguard.errors import DeployError, SettingsError
from tableguard.settings import Settings

if TYPE_CHECKING:
    from tableguard.stacks.credentials import Sessions
    from tableguard.stacks.registry import StackModule

FINE, FINDINGS = 0, 1


def settings(options: argparse.Namespace) -> int:
    """Print one of the shipped examples."""
    from tableguard.paths import EXAMPLE_SETTINGS

    examples = sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.toml"))
    if options.name not in examples:
        raise SettingsError(f"no example called {options.name!r}; there are: {', '.join(examples)}")
    print((EXAMPLE_SETTINGS / f"{options.name}.toml").read_text(encoding="utf-8"), end="")
    return FINE


def chosen_settings(options: argparse.Namespace) -> Settings:
    """The settings of --settings, of ./settings.toml, or the shipped example: which of them goes to stderr."""
    from tableguard.paths import EXAMPLE_SETTINGS
    from tableguard.settings import load

    path: Path = options.settings or Path("settings.toml")
    if options.settings is None and not path.exists():
        path = EXAMPLE_SETTINGS / "default.toml"
        print("no settings.toml here: the shipped example is used", file=sys.stderr)
    return load(path)


def render(options: argparse.Namespace) -> int:
    """Render stacks and say where they were written."""
    from tableguard.stacks.render import render as render_stacks
    from tableguard.stacks.render import write

    settings = chosen_settings(options)
    for path in write(render_stacks(settings, _stacks(settings, options.stack)), options.out):
        print(path)
    return FINE


def check(options: argparse.Namespace) -> int:
    """Check our stacks and policies, or templates of the user's own."""
    from tableguard.check import run
    from tableguard.findings import formats

    report = run.run_on(options.path) if options.path else run.run(chosen_settings(options))
    print(formats.write(report, formats.chosen(options.json, options.sarif)))
    return report.exit_code


def up(options: argparse.Namespace) -> int:
    """Run the estate on the embedded AWS until interrupted, or for as long as the demonstration takes."""
    from tableguard.local import estate, presentation
    from tableguard.store import encryption

    settings = chosen_settings(options)
    if options.demo and settings.client_side_encryption:
        encryption.check_installed()  # before an estate is deployed for nothing
    progress = sys.stderr if options.json else sys.stdout

    def report(step: estate.Step) -> None:
        print(presentation.step(step), file=progress, flush=True)

    with (
        estate.engine(options.dynamodb, report) as tables,
        estate.running(settings, options.port, report, tables) as running,
    ):
        if options.demo:
            from tableguard.local import demo

            shown = demo.run(running)
            print(presentation.demo_json(running, shown) if options.json else presentation.demo_text(running, shown))
            return FINE
        told = presentation.estate_json if options.json else presentation.estate_text
        print(told(running, options.settings), flush=True)
        _wait_for_interrupt()
    return FINE


def _wait_for_interrupt() -> None:
    """Sleep until Ctrl-C or a request to terminate: both end the estate in good order."""
    import signal
    import threading

    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()


def deploy(options: argparse.Namespace) -> int:
    """Deploy stacks to AWS, showing each stack's changes before they are made."""
    from tableguard.stacks import deploy as deployment
    from tableguard.stacks.registry import StackModule

    settings = chosen_settings(options)
    stacks = _stacks(settings, options.stack)

    def approve(stack: StackModule, changes: tuple[deployment.ResourceChange, ...]) -> bool:
        print(f"{settings.stack_name(stack.name)}: {len(changes)} changes")
        for change in changes:
            note = "  REPLACES the resource" if change.replacement else ""
            print(f"  {change.action:<7} {change.resource_type:<40} {change.logical_id}{note}")
        return bool(options.yes) or _confirmed("Make these changes?", "yes")

    for done in deployment.deploy(settings, _sessions(settings, options), deployment.PollInterval(), approve, stacks):
        print(f"{done.stack_name}: {done.outcome} in {done.seconds:.0f} s")
    return FINE


def destroy(options: argparse.Namespace) -> int:
    """Delete stacks after naming what goes and what stays; production needs its own flag."""
    from tableguard.stacks import destroy as destruction
    from tableguard.stacks.deploy import PollInterval

    settings = chosen_settings(options)
    if settings.environment == "production" and not options.production:
        raise DeployError(
            f"{settings.name} is a production environment (settings: workload.environment); "
            "add --production if it is really meant"
        )
    sessions = _sessions(settings, options)
    doomed = destruction.plan(settings, sessions, _stacks(settings, options.stack))
    if not doomed:
        print("nothing to delete: none of the stacks exists")
        return FINE
    for each in doomed:
        print(f"{each.stack_name}: {len(each.deleted)} resources are deleted, {len(each.retained)} are kept")
        for resource_type, physical_id in each.deleted:
            print(f"  deleted {resource_type:<40} {physical_id}")
        for resource_type, physical_id in each.retained:
            print(f"  kept    {resource_type:<40} {physical_id}")
    if not options.yes and not _confirmed(f"Type the workload's name, {settings.name}, to delete:", settings.name):
        raise DeployError("not confirmed; nothing was deleted")
    for gone in destruction.destroy(settings, sessions, PollInterval(), doomed):
        print(f"{gone.stack_name}: deleted")
    return FINE


def _stacks(settings: Settings, names: Sequence[str]) -> "tuple[StackModule, ...]":
    """The named stacks in deployment order, or all that the settings ask for."""
    from tableguard.stacks.registry import enabled_stacks, find_stack

    wanted, there = {find_stack(name) for name in names}, enabled_stacks(settings)
    for stack in wanted - set(there):
        raise SettingsError(f"stack {stack.name} is not asked for: add it to stacks.optional in the settings")
    return tuple(stack for stack in there if not wanted or stack in wanted)


def _sessions(settings: Settings, options: argparse.Namespace) -> "Sessions":
    from tableguard.stacks.credentials import ProfileNames, Sessions

    return Sessions(settings, ProfileNames(options.profile, options.management_profile, options.deployer_profile))


def _confirmed(question: str, answer: str) -> bool:
    if not sys.stdin.isatty():
        raise DeployError("cannot ask for confirmation: standard input is not a terminal; add --yes if it is meant")
    return input(f"{question} [{answer}] ").strip() == answer
