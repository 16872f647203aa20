"""Before a deployment: which SCP would stop the deployer from making which resource of which stack.

Asked for each action of each resource's handlers, in the home region: is it denied to every request (blocked), to some
(it depends on the request), or to none. What a handler may call for properties that a template lacks is kept apart.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tableguard.errors import CheckError, PolicyError
from tableguard.iam.action_universe import Action, load
from tableguard.iam.evaluate import Request, World
from tableguard.iam.resource_actions import Handlers, handlers
from tableguard.iam.statements import Policy, Statement, policy
from tableguard.prove import together
from tableguard.prove.foreign import Found
from tableguard.prove.promises import estate
from tableguard.prove.prover import Proof, prove
from tableguard.prove.question import Question, Scope
from tableguard.settings import Settings
from tableguard.stacks import Stack, chosen, named

Blocked = Literal["always", "sometimes"]
_FULL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_NAMES = (
    "AlarmName",
    "AliasName",
    "BackupVaultName",
    "BucketName",
    "FunctionName",
    "LogGroupName",
    "ManagedPolicyName",
    "QueueName",
    "RoleName",
    "TableName",
    "TopicName",
    "TrailName",
    "Name",
)
# AWS's resources whose handlers ask for a boundary, and the key that the request then carries
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_BOUNDARY = ("iam:createrole", "iam:putrolepermissionsboundary")


@dataclass(frozen=True)
class Obstacle:
    """An action that SCPs deny the deployer for a resource; `certain` if its handler calls it in any case."""

    stack: str
    resource: str
    resource_type: str
    action: str
    blocked: Blocked
    certain: bool
    because: str
    example: Request


@dataclass(frozen=True)
class Preflight:
    """All obstacles, what was looked at, and the resource types about which nothing is known."""

    obstacles: tuple[Obstacle, ...]
    resources: int
    actions: int
    unknown: tuple[str, ...]


def preflight(settings: Settings, stacks: Sequence[str] = (), scps: Sequence[Found] | None = None) -> Preflight:
    """What stands in the deployer's way, under the shipped SCPs or others."""
    looked = _Look(settings, _policies(settings, scps))
    for stack in _stacks(settings, stacks):
        template = stack.template(settings).to_dict()
        for name, resource in sorted(template["Resources"].items()):
            looked.at(stack.name, name, resource)
    return Preflight(tuple(looked.obstacles), looked.resources, len(looked.answers), tuple(sorted(looked.unknown)))


def _stacks(settings: Settings, names: Iterable[str]) -> Iterator[Stack]:
    wanted = {named(name) for name in names}
    for stack in chosen(settings):
        if stack.principal == "deployer" and (not wanted or stack in wanted):
            yield stack


def _policies(settings: Settings, scps: Sequence[Found] | None) -> tuple[Policy, ...]:
    if scps is None:
        return tuple(together.read(settings).by_kind["scp"].values())
    return tuple(policy(each.place, each.document) for each in scps)


class _Look:
    def __init__(self, settings: Settings, scps: tuple[Policy, ...]) -> None:
        full = policy("everything", {"Statement": [_FULL]})
        anybody = policy("everything", {"Statement": [{**_FULL, "Principal": "*"}]})
        self.settings = settings
        self.world = World(
            settings.management_account_id, service_control=((full, *scps),), identity=(full,), resource=anybody
        )
        self.answers: dict[tuple[str, str, bool], tuple[Blocked | None, Proof | None]] = {}
        self.obstacles: list[Obstacle] = []
        self.unknown: set[str] = set()
        self.resources = 0

    def at(self, stack: str, name: str, resource: Mapping[str, Any]) -> None:
        """Ask about one resource."""
        self.resources += 1
        known = handlers(resource["Type"])
        if known is None:
            self.unknown.add(resource["Type"])
            return
        self.obstacles += self._obstacles(stack, name, known, resource.get("Properties", {}))

    def _obstacles(self, stack: str, name: str, known: Handlers, properties: Mapping[str, Any]) -> Iterator[Obstacle]:
        for action in known.all:
            bounded = action.lower() in _BOUNDARY and "PermissionsBoundary" in properties
            blocked, proof = self._answer(action, _name(properties), bounded)
            if blocked is None or proof is None:
                continue
            example, because = _denial(proof)
            yield Obstacle(stack, name, known.resource_type, action, blocked, action in known.certain, because, example)

    def _answer(self, action: str, physical: str, bounded: bool) -> tuple[Blocked | None, Proof | None]:
        key = (action.lower(), physical, bounded)
        if key not in self.answers:
            self.answers[key] = self._asked(action, physical, bounded)
        return self.answers[key]

    def _asked(self, action: str, physical: str, bounded: bool) -> tuple[Blocked | None, Proof | None]:
        scope = Scope(
            _scope(action, physical, bounded, self.settings), self.settings.exempt_roles, estate(self.settings)
        )
        allowed = prove(Question(action, "allowed", scope, self.world))
        if allowed.verdict == "proved":
            return None, None
        if allowed.verdict == "not proved":
            raise PolicyError(f"{action}: {allowed.reason}")
        every = prove(Question(action, "denied", scope, self.world))
        return ("always" if every.verdict == "proved" else "sometimes"), allowed


def _denial(proof: Proof) -> tuple[Request, str]:
    if proof.counterexample is None or proof.decision is None:
        raise CheckError("a refutation without a request")  # a fault of the prover, not of the policies
    return proof.counterexample, "; ".join(map(str, proof.decision.because))


def _scope(action: str, physical: str, bounded: bool, settings: Settings) -> Statement:
    """The calls of an action in the home region and the account, on the resource as far as its name tells."""
    facts = {"aws:RequestedRegion": settings.home_region, "aws:ResourceAccount": settings.account_id}
    if bounded:
        facts["iam:PermissionsBoundary"] = f"arn:aws:iam::{settings.account_id}:policy/{settings.name}-boundary"
    known = load().actions.get(action.lower())
    element = {
        "Effect": "Deny",
        "Action": action,
        "Resource": _resources(known, physical, settings),
        "Condition": {"StringEquals": facts},
    }
    return policy("preflight", {"Version": "2012-10-17", "Statement": [element]}).statements[0]


def _resources(known: Action | None, physical: str, settings: Settings) -> list[str]:
    """The ARNs that an action may be called on, as the service reference has them; `*` where it has none."""
    if known is None or not known.resources:
        return ["*"]
    formats = load().arn_formats[known.service]
    return sorted({_filled(formats[each], physical, settings) for each in known.resources if each in formats}) or ["*"]


def _filled(arn_format: str, physical: str, settings: Settings) -> str:
    """An ARN's format with what is known: its first name is that of the resource, the others are any."""
    known = {"Partition": "aws", "Region": settings.home_region, "Account": settings.account_id}
    names = iter([physical or "*"])
    return _VARIABLE.sub(lambda match: known.get(match[1]) or next(names, "*"), arn_format)


def _name(properties: Mapping[str, Any]) -> str:
    """The name that the template gives a resource; none if it is made elsewhere."""
    found = next((properties[key] for key in _NAMES if isinstance(properties.get(key), str)), "")
    return str(found)
