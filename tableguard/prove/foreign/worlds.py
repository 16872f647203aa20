"""The worlds of promises about anybody's documents: each kind stands where it stands in AWS.

SCPs and RCPs bind every request. An endpoint's policy is met by the requests that pass the endpoint, a resource's by
those for the resource, a role's by its role. Only the writer of a promise knows which those are; what is neither
written nor plain is an error.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NamedTuple

from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.conditions import Condition
from tableguard.policy.contract import Promise
from tableguard.policy.evaluate import World
from tableguard.policy.principals import GROUPS, principal
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.foreign.levels import Level, Position, Tree, more_than_one_level

RESOURCES = ("resource", "key", "trust")

BESIDE = "FullAWSAccess is attached beside the SCPs, none of which allows anything"
BESIDE_AS_WRITTEN = "FullAWSAccess is attached beside the SCPs"
ALONE = "the SCPs stand at one level without FullAWSAccess: what none of them allows is denied"
BY_LEVEL = "an account has the SCPs and RCPs of its level and of those above it, and nothing else is attached to it"


@dataclass(frozen=True)
class RoleGrant:
    """The documents of a role, by names or patterns, and its boundary; for sequences its trust policy and groups."""

    policies: tuple[str, ...]
    boundary: str = ""
    trust: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScopedPromise:
    """A promise, the documents that it is about, and whether its requests meet an endpoint's and a resource's policy.

    None stands for what the writer left open. It is about callers in accounts at some `levels` or below them, and about
    resources at some `resource_levels`; at all, if none is named.
    """

    promise: Promise
    documents: tuple[str, ...] = ()
    endpoint: bool | None = None
    resource: bool | None = None
    levels: tuple[str, ...] = ()
    resource_levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrganizationFacts:
    """Facts that no document holds: the accounts, whether FullAWSAccess is attached, the documents of roles, levels."""

    shorthand: Shorthand
    full_access: bool | None = None
    roles: Mapping[str, RoleGrant] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class PromiseWorld:
    """The world of some callers of a promise, the promise about them, and what is assumed.

    `owner` is the account that the resource is in whose policy the requests meet, where its ARN does not tell. `where`
    says at which levels the caller and the resource are, and `within` which requests that makes.
    """

    world: World
    promise: Promise
    assumed: tuple[str, ...]
    owner: str = ""
    where: str = ""
    within: tuple[Condition, ...] = ()


class _Identity(NamedTuple):
    """The documents that a caller has of its own; an administrator has none."""

    policies: tuple[ForeignDocument, ...] = ()
    boundary: ForeignDocument | None = None


_ADMINISTRATOR = _Identity()


class _Guard(NamedTuple):
    """The world of SCPs and RCPs, what is assumed of it, and which requests meet it."""

    world: World
    assumed: tuple[str, ...]
    where: str = ""
    within: tuple[Condition, ...] = ()


def promise_worlds(
    scoped: ScopedPromise, documents: Sequence[ForeignDocument], facts: OrganizationFacts
) -> Iterator[PromiseWorld]:
    """Build the world of each caller of a promise, one for those with the same documents; PolicyError if it is open."""
    _refuse_unknown_names(facts, documents)
    chosen = _chosen(scoped, documents)
    endpoint = _met(scoped, "endpoint", [document for document in chosen if document.kind == "endpoint"], chosen)
    resource = _met(scoped, "resource", [document for document in chosen if document.kind in RESOURCES], chosen)
    if resource is not None:
        _refuse_actions_of_others(scoped.promise, resource)
    guards = _at_levels(scoped, chosen, documents, facts) if facts.levels else [_at_one_level(scoped, chosen, facts)]
    for guard, (identity, callers) in product(guards, _callers(scoped, chosen, facts)):
        policy_of_others = (
            worlds.delegating(facts.shorthand.estate.account) if identity.policies else worlds.OPEN_TO_EVERYBODY
        )
        world = worlds.under(
            guard.world,
            identity=tuple(map(policy_of, identity.policies)),
            boundary=policy_of(identity.boundary) if identity.boundary else None,
            resource=policy_of(resource) if resource else policy_of_others,
            endpoint=policy_of(endpoint) if endpoint else None,
            resource_must_allow=resource is not None and resource.kind in ("key", "trust"),
        )
        owner = facts.shorthand.estate.account if resource else ""
        assumed = (*guard.assumed, *_assumed(endpoint, resource, owner, identity))
        promise = replace(scoped.promise, callers=callers)
        yield PromiseWorld(world, promise, assumed, owner, guard.where, guard.within)


def _at_one_level(scoped: ScopedPromise, documents: Sequence[ForeignDocument], facts: OrganizationFacts) -> _Guard:
    if scoped.levels or scoped.resource_levels:
        raise _unclear(scoped, "levels: the file has no [[level]]; write what is attached to root, units and accounts")
    return _Guard(guardrails(documents, facts), guardrail_assumptions(documents, facts))


def _at_levels(
    scoped: ScopedPromise,
    chosen: Sequence[ForeignDocument],
    documents: Sequence[ForeignDocument],
    facts: OrganizationFacts,
) -> list[_Guard]:
    """Return the guardrails of each pair of places that a caller and a resource may be in."""
    tree = Tree(facts.levels, tuple(documents))
    tree.refuse_unknown(documents)
    if unattached := tree.unattached(chosen):
        raise _unclear(
            scoped,
            f"{', '.join(unattached)}: attached to no [[level]]; name it there, or leave it out with documents = […]",
        )
    callers = tree.callers(chosen, scoped.levels)
    resources = tree.resources(chosen, scoped.resource_levels)
    return [_guard(facts, *pair, len(resources) > 1) for pair in product(callers, resources)]


def _guard(facts: OrganizationFacts, caller: Position, resource: Position, several: bool) -> _Guard:
    world = worlds.guardrails(facts.shorthand.estate, caller.policies, resource.policies)
    within = tuple(condition for condition in (caller.condition, resource.condition) if condition is not None)
    where = f"callers at {', '.join(caller.names)}"
    return _Guard(
        world, (BY_LEVEL,), f"{where}, resources at {', '.join(resource.names)}" if several else where, within
    )


def guardrails(documents: Sequence[ForeignDocument], facts: OrganizationFacts) -> World:
    """Build the world in which only the SCPs and RCPs deny."""
    scps, rcps = _of_kind("scp", documents), _of_kind("rcp", documents)
    level = (worlds.FULL_AWS_ACCESS, *scps) if _has_full_access(scps, facts) else scps
    return worlds.guardrails(facts.shorthand.estate, (level,) if scps else (), (rcps,) if rcps else ())


def guardrails_of_account(documents: Sequence[ForeignDocument], facts: OrganizationFacts) -> World:
    """Build the world in which only the SCPs and RCPs deny that stand above the one account the facts are about."""
    if not facts.levels:
        return guardrails(documents, facts)
    tree, estate = Tree.of(facts.levels, documents), facts.shorthand.estate
    scps, rcps = (tree.of_account(kind, estate.account, documents) for kind in ("scp", "rcp"))
    return worlds.guardrails(estate, scps, rcps)


def guardrail_assumptions(documents: Sequence[ForeignDocument], facts: OrganizationFacts) -> tuple[str, ...]:
    """Say whether FullAWSAccess is assumed beside the SCPs, if there are SCPs."""
    spread, scps = tuple(more_than_one_level(documents)), _of_kind("scp", documents)
    if not scps:
        return spread
    if not _has_full_access(scps, facts):
        return (*spread, ALONE)
    return (*spread, BESIDE_AS_WRITTEN if _allow(scps) else BESIDE)


def _of_kind(kind: str, documents: Sequence[ForeignDocument]) -> tuple[Policy, ...]:
    return tuple(policy_of(document) for document in documents if document.kind == kind)


def policy_of(document: ForeignDocument) -> Policy:
    """Return the policy of a document."""
    return policy(document.name, document.document)


def named_documents(documents: Sequence[ForeignDocument], pattern: str) -> list[ForeignDocument]:
    """Return the documents that a name or a pattern stands for; an empty one stands for none."""
    return [document for document in documents if pattern and document.is_called(pattern)]


def _has_full_access(scps: Sequence[Policy], facts: OrganizationFacts) -> bool:
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    return not _allow(scps) if facts.full_access is None else facts.full_access


def _allow(scps: Sequence[Policy]) -> bool:
    return any(statement.effect == "Allow" for scp in scps for statement in scp.statements)


def _chosen(scoped: ScopedPromise, documents: Sequence[ForeignDocument]) -> list[ForeignDocument]:
    if not scoped.documents:
        return list(documents)
    for pattern in scoped.documents:
        if not any(document.is_called(pattern) for document in documents):
            raise _unclear(scoped, f"no document is called {pattern}; there are {_names(documents)}")
    return [document for document in documents if any(document.is_called(pattern) for pattern in scoped.documents)]


def _refuse_unknown_names(facts: OrganizationFacts, documents: Sequence[ForeignDocument]) -> None:
    """Raise PolicyError for a misspelt document of a role, which would pass for an administrator."""
    roles = [document for document in documents if document.kind == "role"]
    for name, grant in facts.roles.items():
        for pattern in (*grant.policies, *([grant.boundary] if grant.boundary else ())):
            if not any(document.is_called(pattern) for document in roles):
                there = f"there are {_names(roles)}" if roles else "there are none"
                raise PolicyError(f"roles: {name}: no role's document is called {pattern}; {there}")


def _names(documents: Sequence[ForeignDocument]) -> str:
    return ", ".join(document.name for document in documents)


def _unclear(scoped: ScopedPromise, problem: str) -> PolicyError:
    return PolicyError(f"{scoped.promise.name}: {problem}")


def _met(
    scoped: ScopedPromise, key: str, candidates: Sequence[ForeignDocument], chosen: Sequence[ForeignDocument]
) -> ForeignDocument | None:
    """Return the endpoint's or the resource's policy that the requests of a promise meet."""
    written = scoped.endpoint if key == "endpoint" else scoped.resource
    if written is False or not (candidates or written):
        return None
    if not candidates:
        raise _unclear(scoped, f"{key} = true, and no such policy is among {_names(chosen)}")
    if len(candidates) > 1:
        raise _unclear(scoped, f"{_names(candidates)}: a request meets one of them; choose it with documents = […]")
    if written is None and len(chosen) > 1:
        meets = "pass the endpoint" if key == "endpoint" else "are for the resource"
        raise _unclear(
            scoped, f"write {key} = true if its requests {meets} that has {candidates[0].name}, else {key} = false"
        )
    return candidates[0]


def _refuse_actions_of_others(promise: Promise, resource: ForeignDocument) -> None:
    """Raise PolicyError unless the actions are the policy's: a key's or a role's is asked about those on it only."""
    actions = promise.statement.get("Action", ["*"])
    listed = [str(action).lower() for action in (actions if isinstance(actions, list) else [actions])]
    keys = [action.startswith("kms:") for action in listed]
    trust = [action.startswith(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")) for action in listed]
    wrong = {"key": not all(keys), "trust": not all(trust), "resource": any(keys) or any(trust)}[resource.kind]
    if wrong:
        accepted = {"key": "kms:…", "trust": "sts:AssumeRole…", "resource": "neither kms:… nor sts:AssumeRole…"}
        raise PolicyError(
            f"{promise.name}: {resource.name} is of kind {resource.kind}, and a promise about it has as Action "
            f"{accepted[resource.kind]}"
        )


def _callers(
    scoped: ScopedPromise, chosen: Sequence[ForeignDocument], facts: OrganizationFacts
) -> Iterator[tuple[_Identity, tuple[str, ...]]]:
    """Group the callers of a promise by the documents that they have."""
    roles = {name: _identity(scoped, name, grant, chosen) for name, grant in facts.roles.items()}
    _refuse_unattached(scoped, chosen, roles.values())
    by_arn = _by_arn(roles, facts.shorthand)
    groups: dict[object, tuple[_Identity, list[str]]] = {}
    for caller in _written_out(scoped.promise.callers, facts.shorthand):
        if caller in GROUPS:
            if caller not in roles:
                _refuse_different_policies(scoped, caller, roles.values())
            identity = roles.get(caller, _ADMINISTRATOR)
            groups.setdefault(caller, (identity, []))[1].append(caller)
        else:
            identity = by_arn.get(principal(caller).arn, _ADMINISTRATOR)
            groups.setdefault(id(identity), (identity, []))[1].append(caller)
    for identity, callers in groups.values():
        yield identity, tuple(callers)


def _identity(scoped: ScopedPromise, name: str, grant: RoleGrant, chosen: Sequence[ForeignDocument]) -> _Identity:
    """Return the chosen documents that a role has; none of them makes it an administrator."""
    roles = [document for document in chosen if document.kind == "role"]
    policies = tuple(role for role in roles if any(role.is_called(pattern) for pattern in grant.policies))
    boundaries = [role for role in roles if grant.boundary and role.is_called(grant.boundary)]
    if len(boundaries) > 1:
        names = _names(boundaries)
        raise _unclear(scoped, f"roles: {name}: {names} are called {grant.boundary}; a role has one boundary")
    return _Identity(policies, boundaries[0] if boundaries else None)


def _attached(identities: Iterable[_Identity]) -> list[ForeignDocument]:
    every = (document for policies, boundary in identities for document in (*policies, boundary))
    return [document for document in every if document is not None]


def _refuse_unattached(
    scoped: ScopedPromise, chosen: Sequence[ForeignDocument], identities: Iterable[_Identity]
) -> None:
    attached = _attached(identities)
    for document in chosen:
        if document.kind == "role" and document not in attached:
            raise _unclear(
                scoped,
                f'whose is {document.name}? write [roles] and "role/NAME" = {{policies = ["{document.name}"]}}, or '
                "leave it out with documents = […]",
            )


def _refuse_different_policies(scoped: ScopedPromise, group: str, identities: Iterable[_Identity]) -> None:
    if scoped.promise.wanted == "allowed" and _attached(identities):
        raise _unclear(scoped, f"{group} are given different policies; name the callers, or them under [roles]")


def _by_arn(roles: Mapping[str, _Identity], shorthand: Shorthand) -> Mapping[str, _Identity]:
    single = {name: identity for name, identity in roles.items() if name not in GROUPS}
    return {arn: identity for name, identity in single.items() for arn in shorthand.principals(name)}


def _written_out(callers: Sequence[str], shorthand: Shorthand) -> Iterator[str]:
    """Complete the callers that are written short; groups stand for themselves."""
    for caller in callers:
        yield from (caller,) if caller in GROUPS else shorthand.principals(caller)


def _assumed(
    endpoint: ForeignDocument | None, resource: ForeignDocument | None, owner: str, identity: _Identity
) -> Iterator[str]:
    if endpoint is not None:
        yield f"the requests pass the endpoint that has {endpoint.name}"
    if resource is not None:
        yield f"the requests are for the resource that has {resource.name}, in account {owner} unless its ARN tells"
    elif not identity.policies:
        yield "policies of resources let everybody do everything"
    else:
        yield "policies of resources leave it to their account's own policies"
    if not identity.policies:
        yield "the callers' own policies allow everything"
