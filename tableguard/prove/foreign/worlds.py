"""The worlds that anybody's documents make: each kind where it stands in AWS, and what is not said is asked for.

SCPs and RCPs bind every request. An endpoint's policy is met by the requests that pass the endpoint, a resource's by
those for the resource, a role's by its role: which those are, only the writer of a claim can say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from tableguard.errors import PolicyError
from tableguard.policy import worlds as policy_worlds
from tableguard.policy.contract import Promise
from tableguard.policy.evaluate import World
from tableguard.policy.principals import principal
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.policy.worlds import FULL_AWS_ACCESS, OPEN_TO_EVERYBODY, delegating, under
from tableguard.prove.engine.question import GROUPS
from tableguard.prove.foreign.documents import Found

RESOURCES = ("resource", "key", "trust")

BESIDE = "FullAWSAccess is attached beside the SCPs, none of which allows anything"
BESIDE_AS_SAID = "FullAWSAccess is attached beside the SCPs"
ALONE = "the SCPs stand at one level without FullAWSAccess: what none of them allows is denied"


@dataclass(frozen=True)
class Given:
    """What a role is given: names or patterns of role documents, and its boundary."""

    policies: tuple[str, ...]
    boundary: str = ""


@dataclass(frozen=True)
class Asked:
    """A promise, the documents that it is about, and whether its requests meet the endpoint's and resource's policy."""

    promise: Promise
    documents: tuple[str, ...] = ()
    endpoint: bool | None = None
    resource: bool | None = None


@dataclass(frozen=True)
class Owner:
    """Whose organization it is, whether FullAWSAccess is attached, and what its roles are given."""

    shorthand: Shorthand
    full_access: bool | None = None
    roles: Mapping[str, Given] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """The world of a promise's callers, the promise about them, and what is assumed."""

    world: World
    promise: Promise
    assumed: tuple[str, ...]


def worlds(asked: Asked, found: Sequence[Found], owner: Owner) -> Iterator[Made]:
    """The world of each of the promise's callers, those together that are given the same; PolicyError if it is open."""
    _refuse_unknown_names(owner, found)
    chosen = _chosen(asked, found)
    endpoint = _met(asked, "endpoint", [each for each in chosen if each.kind == "endpoint"], chosen)
    resource = _met(asked, "resource", [each for each in chosen if each.kind in RESOURCES], chosen)
    if resource is not None:
        _refuse_actions_of_others(asked.promise, resource)
    guarded = guardrails(chosen, owner)
    for given, callers in _callers(asked, chosen, owner):
        others = delegating(owner.shorthand.estate.account) if given[0] else OPEN_TO_EVERYBODY
        made = under(
            guarded.world,
            identity=tuple(map(_policy, given[0])),
            boundary=_policy(given[1]) if given[1] else None,
            resource=_policy(resource) if resource else others,
            endpoint=None if endpoint is None else _policy(endpoint),
            resource_must_allow=resource is not None and resource.kind in ("key", "trust"),
        )
        assumed = (*guarded.assumed, *_assumed(endpoint, resource, given))
        yield Made(made, replace(asked.promise, callers=callers), assumed)


def guardrails(found: Sequence[Found], owner: Owner) -> Made:
    """The world in which only the SCPs and RCPs say anything but yes."""
    scps = tuple(_policy(each) for each in found if each.kind == "scp")
    rcps = tuple(_policy(each) for each in found if each.kind == "rcp")
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    allows = any(statement.effect == "Allow" for each in scps for statement in each.statements)
    full = not allows if owner.full_access is None else owner.full_access
    level = (FULL_AWS_ACCESS, *scps) if full else scps
    world = policy_worlds.guardrails(owner.shorthand.estate, (level,) if scps else (), (rcps,) if rcps else ())
    said = (BESIDE_AS_SAID if allows else BESIDE) if full else ALONE
    nobody = Promise("", "denied", (), {})
    return Made(world, nobody, (said,) if scps else ())


def _policy(found: Found) -> Policy:
    return policy(found.name, found.document)


def _chosen(asked: Asked, found: Sequence[Found]) -> list[Found]:
    if not asked.documents:
        return list(found)
    for pattern in asked.documents:
        if not any(_is_called(each, pattern) for each in found):
            raise _unclear(asked, f"no document is called {pattern}; there are {_names(found)}")
    return [each for each in found if any(_is_called(each, pattern) for pattern in asked.documents)]


def _refuse_unknown_names(owner: Owner, found: Sequence[Found]) -> None:
    """A role whose documents are misspelt would pass for an administrator."""
    roles = [each for each in found if each.kind == "role"]
    for name, given in owner.roles.items():
        for pattern in (*given.policies, *([given.boundary] if given.boundary else ())):
            if not any(_is_called(each, pattern) for each in roles):
                there = f"there are {_names(roles)}" if roles else "there are none"
                raise PolicyError(f"roles: {name}: no role's document is called {pattern}; {there}")


def _is_called(found: Found, pattern: str) -> bool:
    return fnmatchcase(found.name, pattern) or fnmatchcase(found.name.rsplit(".", 1)[0], pattern)


def _names(found: Sequence[Found]) -> str:
    return ", ".join(each.name for each in found)


def _unclear(asked: Asked, problem: str) -> PolicyError:
    return PolicyError(f"{asked.promise.name}: {problem}")


def _met(asked: Asked, key: str, found: Sequence[Found], chosen: Sequence[Found]) -> Found | None:
    """The endpoint's or the resource's policy that the requests of a promise meet."""
    said = asked.endpoint if key == "endpoint" else asked.resource
    if said is False or not (found or said):
        return None
    if not found:
        raise _unclear(asked, f"{key} = true, and no such policy is among {_names(chosen)}")
    if len(found) > 1:
        raise _unclear(asked, f"{_names(found)}: a request meets one of them; choose it with documents = […]")
    if said is None and len(chosen) > 1:
        meets = "pass the endpoint" if key == "endpoint" else "are for the resource"
        raise _unclear(
            asked, f"write {key} = true if its requests {meets} that has {found[0].name}, else {key} = false"
        )
    return found[0]


def _refuse_actions_of_others(promise: Promise, resource: Found) -> None:
    """A key's or a role's policy is asked about the actions on it only, and no other policy about those."""
    actions = promise.statement.get("Action", ["*"])
    listed = [str(each).lower() for each in (actions if isinstance(actions, list) else [actions])]
    keys = [each.startswith("kms:") for each in listed]
    trust = [each.startswith(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")) for each in listed]
    wrong = {"key": not all(keys), "trust": not all(trust), "resource": any(keys) or any(trust)}[resource.kind]
    if wrong:
        spoken = {"key": "kms:…", "trust": "sts:AssumeRole…", "resource": "neither kms:… nor sts:AssumeRole…"}
        raise PolicyError(
            f"{promise.name}: {resource.name} is of kind {resource.kind}, and a promise about it has as Action "
            f"{spoken[resource.kind]}"
        )


_Identity = tuple[tuple[Found, ...], Found | None]
_ADMINISTRATOR: _Identity = ((), None)


def _callers(asked: Asked, chosen: Sequence[Found], owner: Owner) -> Iterator[tuple[_Identity, tuple[str, ...]]]:
    """What the promise's callers are given, and those who are given it."""
    roles = {name: _identity(asked, name, given, chosen) for name, given in owner.roles.items()}
    taken = [each for documents, boundary in roles.values() for each in (*documents, boundary) if each is not None]
    for each in chosen:
        if each.kind == "role" and each not in taken:
            raise _unclear(
                asked,
                f'whose is {each.name}? write [roles] and "role/NAME" = {{policies = ["{each.name}"]}}, or leave it '
                "out with documents = […]",
            )
    by_arn = {
        arn: identity
        for name, identity in roles.items()
        if name not in GROUPS
        for arn in owner.shorthand.principals(name)
    }
    found: dict[object, tuple[_Identity, list[str]]] = {}
    for short in asked.promise.callers:
        for caller in (short,) if short in GROUPS else owner.shorthand.principals(short):
            identity = roles.get(caller) if caller in GROUPS else by_arn.get(principal(caller).arn)
            if identity is None and caller in GROUPS and taken and asked.promise.wanted == "allowed":
                raise _unclear(asked, f"{caller} are given different policies; name the callers, or them under [roles]")
            identity = identity or _ADMINISTRATOR
            key = caller if caller in GROUPS else id(identity)
            found.setdefault(key, (identity, []))[1].append(caller)
    for identity, callers in found.values():
        yield identity, tuple(callers)


def _identity(asked: Asked, name: str, given: Given, chosen: Sequence[Found]) -> _Identity:
    """The chosen documents that a role is given; an administrator's if none of them is chosen."""
    roles = [each for each in chosen if each.kind == "role"]
    policies = tuple(each for each in roles if any(_is_called(each, pattern) for pattern in given.policies))
    boundary = [each for each in roles if given.boundary and _is_called(each, given.boundary)]
    if len(boundary) > 1:
        raise _unclear(asked, f"roles: {name}: {_names(boundary)} are called {given.boundary}; a role has one boundary")
    return policies, boundary[0] if boundary else None


def _assumed(endpoint: Found | None, resource: Found | None, given: _Identity) -> Iterator[str]:
    if endpoint is not None:
        yield f"the requests pass the endpoint that has {endpoint.name}"
    if resource is not None:
        yield f"the requests are for the resource that has {resource.name}"
    elif not given[0]:
        yield "policies of resources let everybody do everything"
    else:
        yield "policies of resources leave it to their account's own policies"
    if not given[0]:
        yield "the callers' own policies allow everything"
