"""A difference between two folders of policies, layer by layer: what one layer denies must not hide another's change.

SCPs are compared with SCPs and RCPs with RCPs, in a world in which everything else allows everything. A document of any
other kind is compared with its namesake alone: as far as it allows, and beside policies that allow everything, where
only its denials count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tableguard.policy.evaluate import World
from tableguard.policy.statements import Policy, policy
from tableguard.prove.diff.difference import Difference, difference
from tableguard.prove.engine.question import Scope
from tableguard.prove.foreign import worlds
from tableguard.prove.foreign.documents import Collection, Found
from tableguard.prove.foreign.worlds import FOR_ANYBODY, FULL, Owner
from tableguard.prove.shipped.promises import EVERYTHING, estate

_TOGETHER = {"scp": "service control policies", "rcp": "resource control policies"}


@dataclass(frozen=True)
class Part:
    """What was compared: all policies of a layer, or one document; and how they differ."""

    name: str
    difference: Difference


@dataclass(frozen=True)
class Layers:
    """Every part, the documents that one side has alone, what was read and left out, and what is assumed."""

    parts: tuple[Part, ...]
    gone: tuple[str, ...]
    come: tuple[str, ...]
    documents: tuple[str, ...]
    left_out: tuple[str, ...]
    assumed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every request is answered as before, whatever the documents are attached to."""
        return not self.gone and not self.come and all(part.difference.same for part in self.parts)


def compared(old: Collection, new: Collection, owner: Owner, files: bool = False) -> Layers:
    """The differences between two collections; two single `files` are compared whatever they are called."""
    before, after = _alone(old), _alone(new)
    if files and len(before) == len(after) == 1:
        ((_, document),) = before.items()
        before = {next(iter(after)): document} if document.kind == next(iter(after.values())).kind else before
    scope = Scope(EVERYTHING, "anyone", estate(owner.settings))
    parts = [Part(name, difference(one, other, scope)) for name, one, other in _worlds(old, new, before, after, owner)]
    assumed = [
        f"{when}: {said}"
        for when, side in (("before", old), ("after", new))
        for said in worlds.guardrails(side.found, owner).assumed
    ]
    return Layers(
        tuple(parts),
        tuple(sorted(name for _, name in before.keys() - after.keys())),
        tuple(sorted(name for _, name in after.keys() - before.keys())),
        tuple(dict.fromkeys(f"{each.name} ({each.kind})" for side in (old, new) for each in side.found)),
        tuple(dict.fromkeys((*old.others, *new.others))),
        tuple(assumed),
    )


_Named = Mapping[tuple[str, str], Found]


def _alone(side: Collection) -> dict[tuple[str, str], Found]:
    """The documents that are compared alone, by kind and name."""
    return {(each.kind, each.name): each for each in side.found if each.kind not in _TOGETHER}


def _worlds(
    old: Collection, new: Collection, before: _Named, after: _Named, owner: Owner
) -> Iterator[tuple[str, World, World]]:
    for kind, name in _TOGETHER.items():
        sides = [[each for each in side.found if each.kind == kind] for side in (old, new)]
        if any(sides):
            one, other = (worlds.guardrails(side, owner).world for side in sides)
            yield name, one, other
    for key in sorted(before.keys() & after.keys()):
        for how in _ways(before[key].kind, owner):
            yield key[1], _in(how, before[key]), _in(how, after[key])


def _ways(kind: str, owner: Owner) -> Sequence[World]:
    """The worlds that a document is put into: nothing else allows, and policies that allow everything."""
    empty = World(owner.settings.management_account_id, organization=owner.settings.organization_id)
    match kind:
        case "endpoint":
            return (replace(empty, identity=(FULL,), resource=FOR_ANYBODY),)
        case "role":
            return (replace(empty, resource=_own(owner)), replace(empty, identity=(FULL,), resource=_own(owner)))
        case "resource":
            return (empty, replace(empty, identity=(FULL,)))
        case _:
            must = replace(empty, resource_must_allow=True)
            return (must, replace(must, identity=(FULL,)))


def _own(owner: Owner) -> Policy:
    """Resources leave it to their account's own policies: those of anybody's accounts would allow everything."""
    allow = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}
    principals = {"AWS": [owner.settings.account_id]}
    return policy("delegating", {"Statement": [{**allow, "Principal": principals}]})


def _in(world: World, found: Found) -> World:
    document = policy(found.name, found.document)
    match found.kind:
        case "endpoint":
            return replace(world, endpoint=document)
        case "role":
            return replace(world, identity=(document, *world.identity))
        case _:
            return replace(world, resource=document)
