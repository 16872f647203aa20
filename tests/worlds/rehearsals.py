"""A landing zone in which `tableguard deploy` runs as its owners run it, and resources that fail on demand."""

import contextlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard import settings as settings_files
from tableguard.cli.app import main
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import DeployError
from tableguard.local import estate, landing_zone, server
from tableguard.local.landing_zone import LandingZone
from tableguard.local.stacks import api
from tableguard.local.stacks.types import ALL
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks import change_set, credentials
from tableguard.stacks.credentials import ProfileNames
from tableguard.stacks.registry import Principal, account_of
from tableguard.stacks.render import render

AWS_WORDS = "Resource handler returned message: Service is unavailable"


@dataclass(frozen=True)
class Result:
    """The exit code of a command, and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class Rehearsal:
    """One landing zone, the settings of its estate as a file, and resources that fail when created, or are stuck."""

    zone: LandingZone
    file: Path
    example: str
    replacements: tuple[tuple[str, str], ...] = ()  # those of the whole rehearsal
    failing: set[tuple[str, str]] = field(default_factory=set)
    failures: list[tuple[str, str]] = field(default_factory=list)
    stuck: set[tuple[str, str]] = field(default_factory=set)  # what cannot be changed or deleted for a while

    @property
    def settings(self) -> Settings:
        """Return the settings as the file has them."""
        return settings_files.load(self.file)

    def change(self, *replacements: tuple[str, str]) -> None:
        """Write the settings with these texts replaced."""
        text = (EXAMPLE_SETTINGS / f"{self.example}.toml").read_text()
        self.file.write_text(_replaced(text, (*self.replacements, *replacements)))

    def run(self, *words: str) -> Result:
        """Run a command with the settings, and return how it ended."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([words[0], *words[1:], "--settings", str(self.file)])
        return Result(code, out.getvalue(), err.getvalue())

    def deploy(self, *words: str) -> Result:
        """Deploy as the owners do by day, without break-glass."""
        return self.run("deploy", "--yes", *words)

    def client(self, service: str, account: str = "") -> Any:
        """Return a client of the setup key, which no policy restricts."""
        return self.zone.clients(service, account or self.zone.settings.account_id, self.zone.settings.home_region)

    def statuses(self) -> dict[str, str]:
        """Return the status of every stack by its name, of all accounts."""
        return {stack["StackName"]: stack["StackStatus"] for stack in self.described()}

    def described(self) -> list[dict[str, Any]]:
        """Return every stack as CloudFormation describes it, of all accounts."""
        accounts = [account_of(self.settings, one) for one in ("administrator", "management", "archive")]
        return [
            stack
            for account in dict.fromkeys(filter(None, accounts))
            for stack in self.client("cloudformation", account).describe_stacks()["Stacks"]
        ]

    def change_sets(self) -> list[str]:
        """Return the change sets that were left behind."""
        cloudformation = self.client("cloudformation")
        names = [stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]]
        return [
            summary["ChangeSetName"]
            for name in names
            for summary in cloudformation.list_change_sets(StackName=name)["Summaries"]
        ]


def _replaced(text: str, replacements: Iterable[tuple[str, str]]) -> str:
    for before, after in replacements:
        assert before in text, before
        text = text.replace(before, after)
    return text


@dataclass(frozen=True)
class RehearsalSessions:
    """Sessions of a landing zone in place of those of AWS profiles; only a named break-glass profile is there."""

    zone: LandingZone
    settings: Settings
    profiles: ProfileNames

    def __call__(self, principal: Principal) -> Any:
        """Return the principal's session."""
        if principal == "break-glass" and self.profiles.break_glass is None:
            raise DeployError("break-glass: no profile is named")
        return _session(self.zone, principal)

    def check_taker(self) -> None:
        """Let every profile be one of the deployer's takers."""

    def caller(self, principal: Principal) -> str:
        """Return the ARN of the principal's role."""
        if principal in ("deployer", "break-glass"):
            return self.settings.role_arn(principal)
        arn: str = self(principal).client("sts").get_caller_identity()["Arn"]
        return credentials._role(arn)


@contextlib.contextmanager
def rehearsal(example: str, folder: Path, *replacements: tuple[str, str]) -> Iterator[Rehearsal]:
    """Prepare a landing zone for an example's settings with these texts replaced; nothing is deployed yet."""
    with server.start() as running, pytest.MonkeyPatch.context() as patch:
        file = folder / "settings.toml"
        file.write_text(_replaced((EXAMPLE_SETTINGS / f"{example}.toml").read_text(), replacements))
        zone = landing_zone.prepare(settings_files.load(file), running.endpoint)
        here = Rehearsal(zone, file, example, replacements)
        patch.setattr(change_set, "PollInterval", lambda: estate.POLLING)
        patch.setattr(credentials, "Sessions", lambda chosen, names: RehearsalSessions(zone, chosen, names))
        for name, resource_type in list(ALL.items()):
            patch.setitem(ALL, name, _failing(resource_type, here))
        yield here
    _session.cache_clear()


@cache
def _session(zone: LandingZone, principal: Principal) -> Any:
    return ReusedClients(zone.session(principal))


@dataclass(frozen=True)
class ReusedClients:
    """A session that makes each client once, for all commands of a rehearsal: it spares a third of a second each."""

    session: Any
    clients: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def client(self, service: str, **arguments: Any) -> Any:
        """Return the client of a service with these arguments."""
        key = (service, *sorted(arguments.items()))
        if key not in self.clients:
            self.clients[key] = self.session.client(service, **arguments)
        return self.clients[key]


def _failing(resource_type: ResourceType, here: Rehearsal) -> ResourceType:
    def create(context: Context, properties: Properties) -> ResourceHandle:
        place = (context.stack_name, context.logical_id)
        if place in here.failing:
            here.failing.discard(place)
            here.failures.append(place)
            raise _unavailable("Create")
        return resource_type.create(context, properties)

    def update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
        if (context.stack_name, context.logical_id) in here.stuck:
            raise _unavailable("Update")
        assert resource_type.update is not None
        return resource_type.update(context, handle, properties)

    def delete(context: Context, handle: ResourceHandle) -> None:
        if (context.stack_name, context.logical_id) in here.stuck:
            raise _unavailable("Delete")
        resource_type.delete(context, handle)

    return replace(
        resource_type, create=create, update=update if resource_type.update is not None else None, delete=delete
    )


def _unavailable(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ServiceUnavailable", "Message": AWS_WORDS}}, operation)


def resources(here: Rehearsal) -> dict[str, list[str]]:
    """Return the logical ids of each stack's resources."""
    return _resources(here.settings)


@cache
def _resources(settings: Settings) -> dict[str, list[str]]:
    templates = {stack: cloudformation_yaml.load(text) for stack, text in render(settings).items()}
    return {stack: sorted(template["Resources"]) for stack, template in templates.items()}


def third(stack_name: str, names: list[str]) -> set[tuple[str, str]]:
    """Return the place of every third resource of a stack."""
    return {(stack_name, name) for name in names[::3]}


def deploy_with_failures(here: Rehearsal, *words: str) -> None:
    """Deploy stack after stack until all succeeds, where every third resource of each fails once when created.

    A stack that is there already, as `tableguard bootstrap` makes one beforehand, has nothing left that could fail.
    """
    there = here.statuses()
    for stack, names in resources(here).items():
        name = here.settings.stack_name(stack)
        if name not in there:
            here.failing.update(third(name, names))
        while here.failing:
            here.failures.clear()
            _check_failure(here, here.deploy(stack, *words))
        result = here.deploy(stack, *words)
        assert result.code == 0, result.err


def _check_failure(here: Rehearsal, result: Result) -> None:
    """Check that the error names every resource that failed in this run with AWS's words, and what to do."""
    error = result.err
    assert here.failures, error
    (stack,) = {stack for stack, _ in here.failures}
    assert error.startswith(f"tableguard deploy: stack {stack}: {here.failures[0][1]} (AWS::")
    assert error.count(AWS_WORDS) == len(here.failures)
    assert all(f"{name} (AWS::" in error for _, name in here.failures)
    assert "what succeeded is kept: mend this, and run the same command again" in error
    assert here.statuses()[stack] == "CREATE_FAILED"
    assert here.change_sets() == []


def check_as_undisturbed(here: Rehearsal) -> None:
    """Check that every stack is complete, has each resource of its template, and that all of it is as declared."""
    assert set(here.statuses().values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
    wanted = {(here.settings.stack_name(stack), name) for stack, names in resources(here).items() for name in names}
    assert {(one.stack, one.logical_id) for one in api.deployed()} == wanted
    assert estate._verify(here.zone.clients).different == ()
    assert {stack["outcome"] for stack in facts(here.deploy("--json"))["stacks"]} == {"unchanged"}


def facts(result: Result) -> Any:
    """Return a command's JSON."""
    return json.loads(result.out)
