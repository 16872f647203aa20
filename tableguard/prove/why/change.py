"""The smallest change of the policies that allows one request: a caller exempted here, a statement added there."""

import copy
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from tableguard.aws.arn import components
from tableguard.policy.evaluate import Layer, Reason, Request, World, decide
from tableguard.policy.pattern_overlap import have_in_common
from tableguard.policy.service_reference import load
from tableguard.policy.statements import VERSION, Patterns, Policy, Statement, policy
from tableguard.policy.worlds import ASSUMING, EVERY_REQUEST, Scope
from tableguard.prove.diff.difference import Difference, difference
from tableguard.prove.explain.estate import Place, StackEstate

_MOST = 8  # a request meets no more policies than there are layers, with one denial each
_EXEMPTING = (
    "ArnNotEquals",
    "ArnNotLike",
    "ArnNotEqualsIfExists",
    "ArnNotLikeIfExists",
    "StringNotEquals",
    "StringNotLike",
)
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_CALLER = "aws:PrincipalArn"
SID = "AllowedOnRequest"


@dataclass(frozen=True)
class Edit:
    """One change of one document: where, in words, and what is added at which path."""

    layer: Layer
    policy: str
    sid: str
    place: Place | None
    path: str
    added: Any
    before: Policy | None
    after: Policy

    @property
    def resource(self) -> Patterns:
        """The resources that the edited statement is about."""
        sid = self.sid or SID
        return next(statement.resource for statement in self.after.statements if statement.sid == sid)

    @property
    def words(self) -> str:
        """Say what is added where, as JSON."""
        added = json.dumps(self.added)
        where = f"statement {self.sid} of {self.policy}" if self.sid else self.policy
        return f"in {where}, add to {self.path}: {added}" if self.sid else f"to {where}, add a statement: {added}"


@dataclass(frozen=True)
class AllowingChange:
    """The edits that together let a request through, if any do, and what else they allow the caller.

    `others` is about other actions, `elsewhere` about the same action on other resources.
    """

    edits: tuple[Edit, ...]
    allows: bool
    others: Difference
    elsewhere: Difference

    def opens(self, action: str) -> bool:
        """Return True if a known action acts on something that an edited statement is about.

        A denial of all actions but a few on one table covers those of other services in words only.
        """
        arns = load().formats(action) if action.lower() in load().actions else ()
        return self.is_about_everything or any(
            _overlap(pattern, _VARIABLE.sub("*", arn))
            for edit in self.edits
            for pattern in edit.resource.values
            for arn in arns
        )

    @property
    def is_about_everything(self) -> bool:
        """Return True if an edited statement is about every resource, and so about actions that AWS may add."""
        return any("*" in edit.resource.values or edit.resource.inverted for edit in self.edits)


def _overlap(pattern: str, arn: str) -> bool:
    """Return True if some ARN is covered by two patterns, compared part by part."""
    pairs = zip(components(pattern) or (), components(arn) or (), strict=True)
    return all(have_in_common(one, other) for one, other in pairs)


def smallest(request: Request, world: World, estate: StackEstate, first: Reason) -> AllowingChange:
    """Return the change that lets this caller do this action on this resource, and what it opens beside.

    It begins with the reason that AWS means, which may rest on a key that the request here does not have.
    """
    drafts, changed, reason = _Drafts(request, estate), world, first
    while len(drafts.edits) < _MOST and drafts.take_away(reason, changed):
        changed = _replaced(changed, drafts.edits[-1])
        reason = decide(changed, request).because[0]
        if decide(changed, request).allowed:
            break
    allows, edits = decide(changed, request).allowed, drafts.edits
    scopes = _others(request), _elsewhere(request)
    others, elsewhere = (_opened(scope, request, edits, (world, changed), estate) for scope in scopes)
    return AllowingChange(tuple(edits), allows, others, elsewhere)


class _Drafts:
    """The edits of documents for one request; a document that is edited twice keeps its first edit."""

    def __init__(self, request: Request, estate: StackEstate) -> None:
        self.request, self.estate = request, estate
        self.edits: list[Edit] = []
        self.documents: dict[tuple[Layer, str], dict[str, Any]] = {}

    def take_away(self, reason: Reason, world: World) -> bool:
        """Add the edit that takes a reason of a denial away; return False if no edit of a known document does."""
        edit = self._exempting(reason, world) if reason.effect == "Deny" else self._allowing(reason.layer, world)
        self.edits += [] if edit is None else [edit]
        return edit is not None

    def _exempting(self, reason: Reason, world: World) -> Edit | None:
        """Exempt the caller in the statement that denies; a caller without aws:PrincipalArn cannot be exempted."""
        document = self._document(reason.layer, reason.policy)
        caller = self.request.keys().get(_CALLER.lower())
        if document is None or not caller:
            return None
        statement = next(one for one in _as_list(document["Statement"]) if one.get("Sid", "") == reason.sid)
        condition = statement.setdefault("Condition", {})
        operator = next((name for name in _EXEMPTING if _CALLER in condition.get(name, {})), "ArnNotEquals")
        lines = condition.setdefault(operator, {})
        lines[_CALLER] = [*_as_list(lines.get(_CALLER, [])), caller[0]]
        return Edit(
            reason.layer,
            reason.policy,
            reason.sid,
            self.estate.place(reason.layer, reason.policy, reason.sid),
            f"Condition/{operator}/{_CALLER}",
            caller[0],
            _named(world, reason.layer, reason.policy),
            policy(reason.policy, document),
        )

    def _allowing(self, layer: Layer, world: World) -> Edit | None:
        """Add a statement that allows this action on this resource to the first policy of a silent layer."""
        if layer not in ("identity", "boundary", "resource", "endpoint"):
            return None
        before = next((one for one in world.policies_of(layer) if not one.assumed), None)
        name = before.name if before else f"a policy of {self.request.resource}"
        document = self._document(layer, name) or {"Version": VERSION, "Statement": []}
        added = _statement(layer, name, self.request)
        document["Statement"] = [*_as_list(document["Statement"]), added]
        self.documents[layer, name] = document
        place = self.estate.place(layer, name, "") if before else None
        return Edit(layer, name, "", place, "Statement", added, before, policy(name, document))

    def _document(self, layer: Layer, name: str) -> dict[str, Any] | None:
        """Return a document as the edits so far have made it, to be edited."""
        written = self.estate.content(layer, name)
        if written is not None and (layer, name) not in self.documents:
            self.documents[layer, name] = copy.deepcopy(dict(written))
        return self.documents.get((layer, name))


def _statement(layer: Layer, name: str, request: Request) -> dict[str, Any]:
    """Return the statement that allows a request: a trust policy's has no Resource, a key policy's means the key."""
    trust = request.action.lower() in map(str.lower, ASSUMING) and layer == "resource"
    caller = request.principal
    principal: Any = {"Service": caller.arn} if caller.kind == "service" else {"AWS": caller.arn}
    whom: dict[str, Any] = (
        {"Principal": "*" if layer == "endpoint" else principal} if layer in ("resource", "endpoint") else {}
    )
    what = {} if trust else {"Resource": "*" if name.startswith("key policy") else request.resource}
    return {"Sid": SID, "Effect": "Allow", **whom, "Action": request.action, **what}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(world: World, layer: Layer, name: str) -> Policy | None:
    return next((one for one in world.policies_of(layer) if one.name == name), None)


def _replaced(world: World, edit: Edit) -> World:
    """Return a world with the edited policy in place of the one it was made from."""

    def level(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
        return tuple(edit.after if one == edit.before else one for one in policies)

    match edit.layer:
        case "scp":
            return replace(world, service_control=tuple(map(level, world.service_control)))
        case "rcp":
            return replace(world, resource_control=tuple(map(level, world.resource_control)))
        case "identity":
            return replace(world, identity=level(world.identity))
        case "resource":
            return replace(world, resource=edit.after)
        case "boundary":
            return replace(world, boundary=edit.after)
        case _:
            return replace(world, endpoint=edit.after)


def _others(request: Request) -> Statement:
    return replace(EVERY_REQUEST, action=Patterns((request.action,), inverted=True))


def _elsewhere(request: Request) -> Statement:
    """Return the statement about the same action on all other resources; an action without a resource has none."""
    return replace(
        EVERY_REQUEST, action=Patterns((request.action,)), resource=Patterns((request.resource,), inverted=True)
    )


def _opened(
    scope: Statement, request: Request, edits: list[Edit], worlds: tuple[World, World], estate: StackEstate
) -> Difference:
    """Return what the edits newly allow the caller within a scope, as far as his other policies let it.

    A resource's own policy and the endpoint's are about one resource, and count only where they are edited themselves.
    """
    layers = {edit.layer for edit in edits}
    if "resource" in layers and scope.resource == EVERY_REQUEST.resource and request.resource != "*":
        scope = replace(scope, resource=Patterns((request.resource,)))

    def alone(world: World) -> World:
        world = world if "resource" in layers else replace(world, resource=None, resource_must_allow=False)
        return world if "endpoint" in layers else replace(world, endpoint=None)

    if "resource" in layers and scope.resource.inverted:
        return Difference((), 0)  # a resource's policy is about no other resource
    before, after = map(alone, worlds)
    return difference(before, after, Scope(scope, (request.principal.arn,), estate.policies.estate))
