"""A difference between two folders of policies, layer by layer: what one layer denies must not hide another's change.

SCPs are compared with SCPs and RCPs with RCPs, in a world in which everything else allows everything. A document of any
other kind is compared with its namesake alone: as far as it allows, and beside policies that allow everything, where
only its denials count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tableguard.policy.evaluate import World
from tableguard.policy.statements import policy
from tableguard.policy.worlds import EVERY_REQUEST, comparison_worlds
from tableguard.prove.diff.difference import Difference, difference
from tableguard.prove.engine.question import Scope
from tableguard.prove.foreign import worlds
from tableguard.prove.foreign.documents import Collection, Found
from tableguard.prove.foreign.worlds import Owner

TOGETHER = {"scp": "service control policies", "rcp": "resource control policies"}


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
    scope = Scope(EVERY_REQUEST, "anyone", owner.shorthand.estate)
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
    return {(each.kind, each.name): each for each in side.found if each.kind not in TOGETHER}


def _worlds(
    old: Collection, new: Collection, before: _Named, after: _Named, owner: Owner
) -> Iterator[tuple[str, World, World]]:
    for kind, name in TOGETHER.items():
        sides = [[each for each in side.found if each.kind == kind] for side in (old, new)]
        if any(sides):
            one, other = (worlds.guardrails(side, owner).world for side in sides)
            yield name, one, other
    for key in sorted(before.keys() & after.keys()):
        one_world, other_world = (_compared_in(side[key], owner) for side in (before, after))
        for one, other in zip(one_world, other_world, strict=True):
            yield key[1], one, other


def _compared_in(found: Found, owner: Owner) -> tuple[World, ...]:
    return comparison_worlds(found.kind, policy(found.name, found.document), owner.shorthand.estate)
