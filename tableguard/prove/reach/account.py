"""An account as an attacker meets it: who is in it, what is in it, and what his calls have changed so far.

Changes are facts, and facts are only ever added. What is taken away, a denial for instance, is a fact as well. So an
attacker who knows more facts can do more, and the search for all of them ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from tableguard.policy import worlds
from tableguard.policy.evaluate import World
from tableguard.policy.statements import Policy
from tableguard.policy.worlds import Estate
from tableguard.prove.engine.callers import OTHER_ACCOUNT

_MOST_CHARACTERS = 32  # of a federated user's name

FactKind = Literal[
    "is",  # he acts as this principal
    "made",  # the role is there, made by him: it trusts whom he wants
    "trusted",  # the role's trust policy is his
    "granted",  # the principal's or group's own policies allow everything
    "undenied",  # the principal's own policies deny nothing any more
    "unbound",  # the principal has no permissions boundary any more
    "rewritten",  # the managed policy allows everything
    "joined",  # the user is in the group
    "factor",  # the user's second factor is his
    "opened",  # the resource's policy is his
    "widened",  # the resource's policy allows everything beside what it says
]


def outsider(estate: Estate) -> str:
    """Return the role that the attacker has in an account of his own, where he may do everything."""
    return f"arn:{estate.partition}:iam::{OTHER_ACCOUNT}:role/attacker"


class Fact(NamedTuple):
    """One thing that is so by now: about a principal, a managed policy or a resource; `other` is the group joined."""

    kind: FactKind
    subject: str
    other: str = ""


@dataclass(frozen=True)
class PolicyHolder:
    """A principal or a group: its own policies, its boundary, and, for a role, who may take it.

    A role or user that does not exist is a name that nothing has yet, and that somebody may make.
    """

    arn: str
    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    trust: Policy | None = None
    groups: tuple[str, ...] = ()
    exists: bool = True

    @property
    def kind(self) -> str:
        """Return role, user, group or root."""
        return self.arn.split(":", 5)[5].partition("/")[0]

    @property
    def managed_policies(self) -> tuple[str, ...]:
        """The ARNs of its managed policies, and of its boundary."""
        return tuple(own.arn for own in (*self.policies, self.boundary) if own is not None and own.arn)

    def boundary_after(self, facts: frozenset[Fact]) -> Policy | None:
        """Return its boundary after these facts: none where it was taken away, or rewritten to allow everything."""
        own = self.boundary
        rewritten = own is not None and Fact("rewritten", own.arn) in facts
        return None if rewritten or Fact("unbound", self.arn) in facts else own

    @property
    def is_administrator(self) -> bool:
        """Return True if its own policies allow everything, and nothing of its own denies or bounds."""
        return worlds.ADMINISTRATOR in self.policies and self.boundary is None and self.exists


@dataclass(frozen=True)
class Thing:
    """A resource that sequences lead over: its kind in the table of steps, its policy, and the roles it runs as."""

    arn: str
    kind: str
    policy: Policy | None = None
    runs_as: tuple[str, ...] = ()
    must_allow: bool = False
    condition: Mapping[str, Any] = field(default_factory=dict)


class Identity(NamedTuple):
    """What limits a principal's calls of its own: its policies, and its boundary if it has one."""

    policies: tuple[Policy, ...]
    boundary: Policy | None


@dataclass(frozen=True)
class Account:
    """The principals and resources of an account under the guardrails of its organization."""

    estate: Estate
    guarded: World
    holders: Mapping[str, PolicyHolder]
    things: Mapping[str, Thing] = field(default_factory=dict)

    @cached_property
    def _identities(self) -> dict[tuple[str, frozenset[Fact]], Identity]:
        return {}

    @cached_property
    def sessions(self) -> Mapping[str, str]:
        """The session of sts:GetFederationToken that each user may have, by its ARN; a session is called as its user.

        Sessions of the account that stand for themselves, because no document tells their user, are left out.
        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        """
        users = (holder.arn for holder in self.holders.values() if holder.kind == "user")
        by_session = {
            f"{arn.replace(':iam:', ':sts:', 1).partition(':user/')[0]}:federated-user/{_federated_name(arn)}": arn
            for arn in users
        }
        return {arn: user for arn, user in by_session.items() if not self._exists(arn)}

    def _exists(self, arn: str) -> bool:
        return arn in self.holders and self.holders[arn].exists

    def starting_from(self, arns: frozenset[str]) -> "Account":
        """Return the account in which these principals exist; where nothing tells what they may, that is everything."""
        begun = {
            arn: replace(self.holders[arn], exists=True, policies=(worlds.ADMINISTRATOR,))
            for arn in arns
            if arn in self.holders and not self.holders[arn].exists
        }
        return replace(self, holders={**self.holders, **begun})

    @property
    def managed_policies(self) -> tuple[str, ...]:
        """The ARNs of the managed policies that principals and groups have, their boundaries among them."""
        attached = (arn for holder in self.holders.values() for arn in holder.managed_policies)
        return tuple(dict.fromkeys(attached))

    def identity(self, arn: str, facts: frozenset[Fact]) -> Identity:
        """Return the own policies of a principal after these facts, those of its groups among them."""
        if (arn, facts) not in self._identities:
            self._identities[arn, facts] = self._identity(arn, facts)
        return self._identities[arn, facts]

    def _identity(self, session_or_own: str, facts: frozenset[Fact]) -> Identity:
        arn = self.sessions.get(session_or_own, session_or_own)
        holder = self.holders.get(arn, PolicyHolder(arn, (worlds.ADMINISTRATOR,)))
        joined = tuple(fact.other for fact in facts if fact.kind == "joined" and fact.subject == arn)
        parts = [holder, *(self.holders[group] for group in (*holder.groups, *joined))]
        policies = tuple(dict.fromkeys(policy for part in parts for policy in _own(part, facts)))
        return Identity(policies, holder.boundary_after(facts))

    def concerning(self, arn: str, facts: frozenset[Fact]) -> frozenset[Fact]:
        """Return those facts that a principal's own policies depend on; a federated user's are those of its user."""
        arn = self.sessions.get(arn, arn)
        holder = self.holders.get(arn, PolicyHolder(arn))
        joined = {fact.other for fact in facts if fact.kind == "joined" and fact.subject == arn}
        parts = {arn, *holder.groups, *joined}
        attached = {own for part in parts if part in self.holders for own in self.holders[part].managed_policies}
        about_parts = ("granted", "undenied", "unbound", "joined")
        return frozenset(
            fact
            for fact in facts
            if (fact.kind in about_parts and fact.subject in parts)
            or (fact.kind == "rewritten" and fact.subject in attached)
        )


def _own(part: PolicyHolder, facts: frozenset[Fact]) -> list[Policy]:
    """Return the policies of one principal or group after these facts."""
    rewritten = [policy for policy in part.policies if policy.arn and Fact("rewritten", policy.arn) in facts]
    kept = [policy for policy in part.policies if policy not in rewritten]
    if Fact("undenied", part.arn) in facts:
        kept = [replace(policy, statements=_allowing(policy)) for policy in kept]
    everything = rewritten or Fact("granted", part.arn) in facts
    return [*kept, *([worlds.ADMINISTRATOR] if everything else [])]


def _allowing(policy: Policy) -> tuple[Any, ...]:
    return tuple(statement for statement in policy.statements if statement.effect == "Allow")


def _federated_name(user: str) -> str:
    return user.rpartition("/")[2][:_MOST_CHARACTERS]
