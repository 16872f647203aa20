"""A difference between two folders of policies, layer by layer: what one layer denies must not hide another's change.

SCPs are compared with SCPs and RCPs with RCPs, in a world in which everything else allows everything. A document of any
other kind is compared with its namesake alone: as far as it allows, and beside policies that allow everything, where
only its denials count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tableguard.policy.conditions import Condition
from tableguard.policy.evaluate import World
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import policy
from tableguard.policy.worlds import EVERY_REQUEST, Estate, Scope, comparison_worlds
from tableguard.policy.worlds import guardrails as guarded_world
from tableguard.prove.diff.difference import Difference, difference
from tableguard.prove.foreign.documents import Collection, ForeignDocument
from tableguard.prove.foreign.levels import Level, Position, Tree
from tableguard.prove.foreign.worlds import BY_LEVEL, OrganizationFacts, guardrail_assumptions, guardrails

TOGETHER = {"scp": "service control policies", "rcp": "resource control policies"}


@dataclass(frozen=True)
class Part:
    """The difference in all policies of a layer, or in one document."""

    name: str
    difference: Difference


@dataclass(frozen=True)
class Layers:
    """The parts, the documents that one side has alone, the documents and other files read, and what is assumed."""

    parts: tuple[Part, ...]
    gone: tuple[str, ...]
    come: tuple[str, ...]
    documents: tuple[str, ...]
    left_out: tuple[str, ...]
    assumed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Return True if every request is answered as before, whatever the documents are attached to."""
        return not self.gone and not self.come and all(part.difference.same for part in self.parts)


def compare(
    old: Collection, new: Collection, shorthand: Shorthand, files: bool = False, tree: tuple[Level, ...] = ()
) -> Layers:
    """Compare two collections layer by layer; two single `files` are compared whatever they are called.

    SCPs and RCPs are attached to the levels of a `tree`, before and after, or to every account.
    """
    facts = OrganizationFacts(shorthand)
    before, after = _by_name(old), _by_name(new)
    if files and len(before) == len(after) == 1:
        ((_, document),) = before.items()
        before = {next(iter(after)): document} if document.kind == next(iter(after.values())).kind else before
    members = tuple(level.account for level in tree if level.account)
    estate = replace(shorthand.estate, members=members)
    guarded = _by_level(old, new, estate, tree) if tree else _guarded(old, new, facts)
    pairs = (*guarded, *_apart(before, after, estate))
    assumed = (
        f"{when}: {assumption}"
        for when, side in (("before", old), ("after", new))
        for assumption in (*side.notes, *((BY_LEVEL,) if tree else guardrail_assumptions(side.documents, facts)))
    )
    every = (f"{document.name} ({document.kind})" for side in (old, new) for document in side.documents)
    return Layers(
        parts=tuple(Part(name, difference(one, other, _scope(estate, within))) for name, one, other, within in pairs),
        gone=tuple(sorted(name for _, name in before.keys() - after.keys())),
        come=tuple(sorted(name for _, name in after.keys() - before.keys())),
        documents=tuple(dict.fromkeys(every)),
        left_out=tuple(dict.fromkeys((*old.others, *new.others))),
        assumed=tuple(assumed),
    )


def _scope(estate: Estate, within: Condition | None) -> Scope:
    statement = replace(EVERY_REQUEST, conditions=() if within is None else (within,))
    return Scope(statement, "anyone", estate)


_Pair = tuple[str, World, World, Condition | None]  # what is compared, before and after, and of which requests


def _by_level(old: Collection, new: Collection, estate: Estate, tree: tuple[Level, ...]) -> Iterator[_Pair]:
    """Yield the worlds, before and after, of the levels at which all SCPs, or all RCPs, are others than before."""
    Tree.of(tree, old.documents, new.documents)
    before, after = Tree(tree, old.documents), Tree(tree, new.documents)
    for kind, name in TOGETHER.items():
        for one, other in before.compared_with(after, kind):
            where = f"{name} at {', '.join(one.names)}"
            yield where, _at(kind, one, estate), _at(kind, other, estate), one.condition


def _at(kind: str, position: Position, estate: Estate) -> World:
    if kind == "scp":
        return guarded_world(estate, position.policies)
    return guarded_world(estate, (), position.policies)


_ByName = Mapping[tuple[str, str], ForeignDocument]


def _by_name(side: Collection) -> dict[tuple[str, str], ForeignDocument]:
    """Return the documents that are compared one by one, by kind and name."""
    single = (document for document in side.documents if document.kind not in TOGETHER)
    return {(document.kind, document.name): document for document in single}


def _guarded(old: Collection, new: Collection, facts: OrganizationFacts) -> Iterator[_Pair]:
    """Yield the worlds, before and after, of all SCPs, and of all RCPs."""
    for kind, name in TOGETHER.items():
        sides = [[document for document in side.documents if document.kind == kind] for side in (old, new)]
        if any(sides):
            one, other = (guardrails(side, facts) for side in sides)
            yield name, one, other, None


def _apart(before: _ByName, after: _ByName, estate: Estate) -> Iterator[_Pair]:
    """Yield the worlds, before and after, of each document that both sides have."""
    for key in sorted(before.keys() & after.keys()):
        worlds = (_comparison_worlds(side[key], estate) for side in (before, after))
        for one, other in zip(*worlds, strict=True):
            yield key[1], one, other, None


def _comparison_worlds(document: ForeignDocument, estate: Estate) -> tuple[World, ...]:
    return comparison_worlds(document.kind, policy(document.name, document.document), estate)
