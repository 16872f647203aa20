"""The levels of an organization, its root, units and accounts, and which SCPs and RCPs are attached to each.

A request must be allowed by the SCPs of every level from the root to the caller's account, and denied by none; the
RCPs of every level from the root to the resource's account must not deny it:
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby

from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.conditions import Condition
from tableguard.policy.evaluate import Levels
from tableguard.policy.statements import Policy, policy
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.reading.toml_table import Table, refuse_repetition

FULL_AWS_ACCESS = "FullAWSAccess"
RCP_FULL_AWS_ACCESS = "RCPFullAWSAccess"
# Ten SCPs since May 2026; five RCPs, of which RCPFullAWSAccess, attached everywhere, is one; units five levels deep:
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
_KEYS = {"scp": "aws:principalaccount", "rcp": "aws:resourceaccount"}
MOST = {"scp": 10, "rcp": 5}
_DEEPEST_UNIT = 5
_NAME = r"root(/[^/*?\s\x00-\x1f\x7f][^/*?\x00-\x1f\x7f]*)*"
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True)
class Level:
    """A root, unit or account by its path from the root, and what is attached to it, by names or patterns."""

    name: str
    scps: tuple[str, ...] = (FULL_AWS_ACCESS,)
    rcps: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """The number of the account that the level is; an empty text for a root or a unit."""
        last = self.name.rsplit("/", 1)[-1]
        return last if _ACCOUNT.fullmatch(last) else ""


@dataclass(frozen=True)
class Position:
    """Where accounts may be: levels with the same policies above them, and a condition that tells their accounts."""

    names: tuple[str, ...]
    policies: Levels
    condition: Condition | None


def read(table: Table) -> tuple[Level, ...]:
    """Read the [[level]] sections of a file, of which there may be none; PolicyError for what is no organization."""
    entries = enumerate(table.tables("level", optional=True), start=1)
    levels = tuple(_level(Table(f"{table.place}: level {number}", entry)) for number, entry in entries)
    names = [level.name for level in levels]
    refuse_repetition(table.place, names)
    refuse_repetition(table.place, [level.account for level in levels if level.account])
    for level in levels:
        above = level.name.rpartition("/")[0]
        if above and above not in names:
            raise PolicyError(
                f"{table.place}: level {level.name}: {above} is no [[level]]; write what is attached to it"
            )
        if _ACCOUNT.fullmatch(above.rsplit("/", 1)[-1]):
            raise PolicyError(f"{table.place}: level {level.name}: {above} is an account, and nothing is below it")
    return levels


def _level(table: Table) -> Level:
    accepted = 'a path from the root, such as "root", "root/apps" or "root/apps/111122223333"'
    name = table.text("name", pattern=_NAME, accepted=accepted)
    scps = table.texts("scps") if "scps" in table.data else (FULL_AWS_ACCESS,)
    rcps = table.texts("rcps") if "rcps" in table.data else ()
    table.close()
    level = Level(name, scps, tuple(pattern for pattern in rcps if pattern != RCP_FULL_AWS_ACCESS))
    if name.count("/") - bool(level.account) > _DEEPEST_UNIT:
        raise PolicyError(f"{table.place}: {name}: units are at most {_DEEPEST_UNIT} levels deep below the root")
    return level


@dataclass(frozen=True)
class Tree:
    """The levels of an organization with the documents that are attached to each."""

    levels: tuple[Level, ...]
    documents: tuple[ForeignDocument, ...]

    def __post_init__(self) -> None:
        for level in self.levels:
            for kind, patterns, own in (("scp", level.scps, 0), ("rcp", level.rcps, 1)):
                attached = own + len(self._attached(kind, patterns, self.documents))
                attached += kind == "scp" and self._assumes_full_access(patterns)
                if attached > MOST[kind]:
                    named = "; one of them is RCPFullAWSAccess" if own else ""
                    raise PolicyError(
                        f"level {level.name}: {attached} {kind.upper()}s, and AWS attaches at most {MOST[kind]} to a "
                        f"root, unit or account{named}"
                    )

    @classmethod
    def of(cls, levels: tuple[Level, ...], *sides: Sequence[ForeignDocument]) -> "Tree":
        """Return the tree of the documents on all sides; PolicyError for a name of none, and for what is nowhere."""
        documents = tuple(document for side in sides for document in side)
        for side in sides:
            tree = cls(levels, tuple(side))
            tree.refuse_unknown(documents)
            if unattached := tree.unattached(side):
                raise PolicyError(f"{', '.join(unattached)}: attached to no [[level]]; name it there, or take it away")
        return tree

    def refuse_unknown(self, documents: Sequence[ForeignDocument]) -> None:
        """Raise PolicyError for a name under `scps` or `rcps` that none of the documents has."""
        for level in self.levels:
            for kind, patterns in (("scp", level.scps), ("rcp", level.rcps)):
                for pattern in patterns:
                    if pattern != FULL_AWS_ACCESS and not self._attached(kind, (pattern,), documents):
                        there = ", ".join(document.name for document in documents if document.kind == kind)
                        raise PolicyError(
                            f"level {level.name}: no {kind.upper()} is called {pattern}; there are {there or 'none'}"
                        )

    def unattached(self, documents: Iterable[ForeignDocument]) -> list[str]:
        """Return the names of the SCPs and RCPs that no level has."""
        attached = [
            document
            for level in self.levels
            for kind, patterns in (("scp", level.scps), ("rcp", level.rcps))
            for document in self._attached(kind, patterns, self.documents)
        ]
        guardrails = (document for document in documents if document.kind in MOST)
        return [one.name for one in guardrails if one not in attached and not one.is_called(FULL_AWS_ACCESS)]

    def callers(self, chosen: Sequence[ForeignDocument], within: Sequence[str]) -> list[Position]:
        """Return where callers may be, in the levels `within` (all if none is named), under the `chosen` SCPs."""
        return self._positions("scp", chosen, within)

    def resources(self, chosen: Sequence[ForeignDocument], within: Sequence[str]) -> list[Position]:
        """Return where resources may be, under the `chosen` RCPs."""
        return self._positions("rcp", chosen, within)

    def compared_with(self, later: "Tree", kind: str) -> Iterator[tuple[Position, Position]]:
        """Yield the positions at which the policies of a kind differ from those of a later state of the same tree."""
        pairs: dict[tuple[Levels, Levels], list[Level]] = {}
        for level in self.levels:
            earlier, changed = (tree._policies(kind, level, tree.documents) for tree in (self, later))
            if earlier != changed:
                pairs.setdefault((earlier, changed), []).append(level)
        for (earlier, changed), same in pairs.items():
            names, condition = tuple(level.name for level in same), self._condition(kind, same)
            yield Position(names, earlier, condition), Position(names, changed, condition)

    def of_account(self, kind: str, account: str, chosen: Sequence[ForeignDocument]) -> Levels:
        """Return the policies of each level from the root to an account; PolicyError for one that is no level."""
        level = next((level for level in self.levels if level.account == account), None)
        if level is None:
            raise PolicyError(
                f'no [[level]] is the account {account}; write one, such as name = "{self.levels[0].name}/{account}"'
            )
        return self._policies(kind, level, chosen)

    def _positions(self, kind: str, chosen: Sequence[ForeignDocument], within: Sequence[str]) -> list[Position]:
        levels = self._selected(within)
        above = {level.name: self._policies(kind, level, chosen) for level in levels}
        names = {level.name: [tuple(p.name for p in policies) for policies in above[level.name]] for level in levels}
        alike = groupby(sorted(levels, key=lambda level: names[level.name]), key=lambda level: names[level.name])
        positions = []
        for _, group in alike:
            same = tuple(group)
            condition = self._condition(kind, same)
            positions.append(Position(tuple(level.name for level in same), above[same[0].name], condition))
        return sorted(positions, key=lambda position: position.names)

    def _selected(self, within: Sequence[str]) -> list[Level]:
        for pattern in within:
            if not any(_is_within(level, pattern) for level in self.levels):
                raise PolicyError(
                    f"no [[level]] is called {pattern}; there are {', '.join(level.name for level in self.levels)}"
                )
        return [level for level in self.levels if not within or any(_is_within(level, one) for one in within)]

    def _condition(self, kind: str, same: Sequence[Level]) -> Condition | None:
        """Return what tells the accounts of some levels: their numbers, or, below a unit, that they are no others."""
        accounts = tuple(level.account for level in same if level.account)
        if len(accounts) == len(same):
            return Condition("StringEquals", _KEYS[kind], accounts)
        others = tuple(level.account for level in self.levels if level.account and level not in same)
        return Condition("StringNotEquals", _KEYS[kind], others) if others else None

    def _policies(self, kind: str, level: Level, chosen: Sequence[ForeignDocument]) -> Levels:
        """Return the policies of a kind at each level from the root to this one, those that let all through apart."""
        above = [one for one in self.levels if f"{level.name}/".startswith(f"{one.name}/")]
        above.sort(key=lambda one: one.name.count("/"))
        if kind == "rcp":
            by_level = (tuple(map(_policy, self._attached("rcp", one.rcps, chosen))) for one in above)
            return tuple(filter(None, by_level))
        return tuple(scps for one in above if (scps := self._allowing(one, chosen)) != (worlds.FULL_AWS_ACCESS,))

    def _allowing(self, level: Level, chosen: Sequence[ForeignDocument]) -> tuple[Policy, ...]:
        """Return the SCPs of one level; where a promise leaves out those that allow, FullAWSAccess stands for them."""
        scps = tuple(map(_policy, self._attached("scp", level.scps, chosen)))
        if self._assumes_full_access(level.scps):
            return (worlds.FULL_AWS_ACCESS, *scps)
        if any(statement.effect == "Allow" for scp in scps for statement in scp.statements):
            return scps
        if len(scps) == len(self._attached("scp", level.scps, self.documents)):
            raise PolicyError(
                f"level {level.name}: none of its SCPs allows anything, so that everything is denied there; name "
                f"{FULL_AWS_ACCESS} under scps if it is attached"
            )
        return (worlds.FULL_AWS_ACCESS, *scps)

    def _assumes_full_access(self, patterns: Sequence[str]) -> bool:
        """Return True if AWS's FullAWSAccess is named, and no document is called so."""
        return FULL_AWS_ACCESS in patterns and not self._attached("scp", (FULL_AWS_ACCESS,), self.documents)

    def _attached(
        self, kind: str, patterns: Sequence[str], documents: Iterable[ForeignDocument]
    ) -> list[ForeignDocument]:
        of_kind = (document for document in documents if document.kind == kind)
        return [document for document in of_kind if any(document.is_called(pattern) for pattern in patterns)]


def _is_within(level: Level, pattern: str) -> bool:
    return fnmatchcase(level.name, pattern) or level.name.startswith(f"{pattern}/")


def _policy(document: ForeignDocument) -> Policy:
    return policy(document.name, document.document)


def more_than_one_level(documents: Sequence[ForeignDocument]) -> Iterator[str]:
    """Say where documents without levels are more than AWS attaches to one node; PolicyError if that matters."""
    for kind, own in (("scp", 1), ("rcp", 1)):
        policies = [_policy(document) for document in documents if document.kind == kind]
        if len(policies) + own <= MOST[kind]:
            continue
        if any(statement.effect == "Allow" for one in policies for statement in one.statements):
            raise PolicyError(
                f"{len(policies)} {kind.upper()}s, and AWS attaches at most {MOST[kind]} to a root, unit or account; "
                "write which has which, as [[level]]"
            )
        yield (
            f"the {len(policies)} {kind.upper()}s are spread over levels, because AWS attaches at most {MOST[kind]} to "
            "each, its own one among them; they deny the same at every level"
        )
