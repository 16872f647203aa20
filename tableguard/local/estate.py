"""Runs the whole estate on the embedded AWS: landing zone, every stack, read-back, and the stream's function."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tableguard.errors import EmbeddedError
from tableguard.findings.counts import counted
from tableguard.local.dynamodb_local import engine as dynamodb_local
from tableguard.local.dynamodb_local.engine import Engine
from tableguard.local.event_source.activity import ACTIVITY
from tableguard.local.readback import ReadBack, verify
from tableguard.local.trail.trails import Delays
from tableguard.settings import Settings
from tableguard.stacks.change_set import PollInterval, PreparedChangeSet
from tableguard.stacks.deployment.deploy import deploy
from tableguard.stacks.deployment.stack_deployer import Deployment, Reporting
from tableguard.stacks.registry import Principal, StackModule

if TYPE_CHECKING:
    from tableguard.local.landing_zone import LandingZone
    from tableguard.local.server import Server
    from tableguard.local.watch.watch import Watch

# moto answers at once; a real account is polled every five seconds
POLLING = PollInterval(delay=0.02, attempts=3000)

_INSIDE = (
    "application",
    "member-services",
    "operator",
)  # the table answers these through its VPC endpoint only

Session = Any  # boto3.Session, whose clients botocore makes at run time


@dataclass(frozen=True)
class Step:
    """One step of starting the estate, with its duration."""

    what: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class EmbeddedEstate:
    """A running estate: its endpoint, its deployments, and the sessions of its roles.

    One that began empty has no deployments, and the sessions of those who deploy.
    """

    settings: Settings
    endpoint: str
    deployments: tuple[Deployment, ...]
    read_back: ReadBack
    zone: "LandingZone"
    session: Callable[[Principal], Session]
    roles: Mapping[str, Session]
    functions: Any  # tableguard.local.function.functions.Functions, imported where an estate is started
    poller: Any  # tableguard.local.event_source.poller.Poller, likewise
    watch: "Watch"


@contextmanager
def engine(name: str, report: Callable[[Step], None]) -> Iterator[Engine | None]:
    """Run the engine that keeps the tables: DynamoDB Local for "local", none for "embedded"."""
    if name == "embedded":
        yield None
        return
    clock = _Clock(report)
    with dynamodb_local.running(report=lambda fetching: clock.step("Maven", fetching)) as tables:
        clock.step("DynamoDB Local", tables.endpoint)
        yield tables


@contextmanager
def running(
    settings: Settings,
    port: int,
    report: Callable[[Step], None],
    tables: Engine | None = None,
    delays: Delays | None = None,
    *,
    empty: bool = False,
) -> Iterator[EmbeddedEstate]:
    """Run the estate in the block; `report` receives each step as it is done.

    Items and streams are kept by the engine `tables`, or by the embedded AWS itself if it is None. Trails
    deliver after the `delays`, or after those of AWS. An `empty` one has nothing deployed: its user does that.
    """
    from tableguard.local import landing_zone, server  # noqa: PLC0415  # moto is slow to import
    from tableguard.local.clients.factory import without_aws_configuration  # noqa: PLC0415  # boto3 is slow to import
    from tableguard.local.clients.refusals import refusals_as_errors  # noqa: PLC0415  # botocore is slow to import

    clock = _Clock(report)
    with without_aws_configuration(), server.start(port, tables, delays) as embedded:
        clock.step("embedded AWS", embedded.endpoint)
        with refusals_as_errors("landing zone"):
            zone = landing_zone.prepare(settings, embedded.endpoint, empty=empty)
        clock.step("landing zone", f"{_organization(settings)}, account {settings.account_id}")
        session = cache(zone.session)  # a role assumed anew would be served by clients made anew
        deployments, read_back = tuple[Deployment, ...](), ReadBack(())
        if not empty:
            deployments = tuple(_deploy(settings, session, clock))
            read_back = _verify(zone.clients)
            clock.step("read back", summary(read_back))
        roles = {
            **(_takers(zone) if empty else roles_of(zone)),
            "administrator": session("administrator"),  # the role that the guardrails restrict
            **({"archive": session("archive")} if settings.log_archive else {}),
        }
        if settings.has_organization:
            roles["management"] = session("management")  # whom `deploy` and `destroy` ask about guardrails
        with _polling(embedded) as poller:
            if not empty:
                clock.step("Pattern D", "the packaged function polls the table's stream")
            yield EmbeddedEstate(
                settings,
                embedded.endpoint,
                deployments,
                read_back,
                zone,
                session,
                roles,
                embedded.functions,
                poller,
                embedded.watch,
            )


@contextmanager
def _polling(embedded: "Server") -> Iterator[Any]:
    """Poll the streams of all event source mappings in the block, of those that come later too."""
    from tableguard.local.alerts.service_metrics import MappingMetrics  # noqa: PLC0415  # imports moto
    from tableguard.local.event_source.mapping_runner import Options  # noqa: PLC0415  # boto3 is slow to import
    from tableguard.local.event_source.poller import Poller  # noqa: PLC0415  # boto3 is slow to import

    with Poller(embedded.functions, Options(activity=ACTIVITY)) as poller:
        embedded.watch.alerts.services.sources.append(MappingMetrics(lambda: poller.mappings))
        yield poller


def roles_of(zone: "LandingZone") -> dict[str, Session]:
    """Return sessions of the roles that the access stack makes, those of containers inside the network stack's VPC."""
    roles = {role: zone.assume(zone.settings.role_arn(role)) for role in zone.settings.taken_roles}
    for role in roles.keys() & set(_INSIDE):
        zone.in_network(roles[role])
    return roles


@dataclass
class Newcomers:
    """Looks for the roles of an estate that began empty, once its stacks are there and whenever they are made anew."""

    zone: "LandingZone"
    _seen: tuple[str | None, ...] = ()

    def look(self) -> dict[str, Session]:
        """Return sessions of the roles where the endpoint or the key of messages is new; else none.

        The access stack, which makes the roles, is deployed before the network stack, which makes the endpoint.
        """
        exports = self.zone.exports()
        endpoint, key = (exports.get(self.zone.settings.export(name)) for name in ("EndpointId", "MessageKeyArn"))
        new = endpoint is not None and self._seen != (endpoint, key)
        self._seen = endpoint, key
        return roles_of(self.zone) if new else {}


def _takers(zone: "LandingZone") -> dict[str, Session]:
    """Return sessions of those who may take the roles that deploy: a stack has yet to make these."""
    takers = {role: zone.taker(zone.settings.role_arn(role)) for role in ("deployer", "break-glass")}
    return {role: session for role, session in takers.items() if session is not None}


def _organization(settings: Settings) -> str:
    return f"organization {settings.organization_id}" if settings.has_organization else "no organization"


def _deploy(settings: Settings, session: Callable[[Principal], Session], clock: "_Clock") -> Iterator[Deployment]:
    for deployment in deploy(settings, session, POLLING, APPROVING):
        clock.step(f"stack {deployment.stack}", f"{deployment.outcome}, {counted(len(deployment.changes), 'resource')}")
        yield deployment


def _approve(_stack: StackModule, _changing: PreparedChangeSet) -> bool:
    """Approve every change: nothing on the embedded AWS can be lost."""
    return True


APPROVING = Reporting(_approve)


def _verify(clients: Callable[[str, str, str], Any]) -> ReadBack:
    """Read back all that is deployed; EmbeddedError if anything differs from its template."""
    from tableguard.local.stacks import api, types  # noqa: PLC0415  # moto is slow to import

    read_back = verify(api.deployed(), types.ALL, clients)
    for resource in read_back.different:
        first = resource.differences[0]
        raise EmbeddedError(
            f"stack {resource.stack}, {resource.logical_id} ({resource.type}): {first.property} is deployed as "
            f"{first.deployed!r}, and its template declares {first.declared!r}"
        )
    return read_back


def summary(read_back: ReadBack) -> str:
    """Summarize the comparison in one line of counts."""
    resources = read_back.resources
    verified = sum(resource.verified for resource in resources)
    properties = sum(len(resource.not_modelled) for resource in resources)
    return (
        f"{verified} of {len(resources)} resources as declared, {read_back.compared} properties compared, "
        f"{properties} not modelled"
    )


class _Clock:
    """Reports each step with the time since the one before."""

    def __init__(self, report: Callable[[Step], None]) -> None:
        self.report, self.since = report, time.perf_counter()

    def step(self, what: str, detail: str) -> None:
        now = time.perf_counter()
        self.report(Step(what, detail, now - self.since))
        self.since = now
