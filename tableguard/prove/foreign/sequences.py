"""The account that a file of promises and anybody's documents describe, for promises about sequences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tableguard.aws.arn import parse
from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.statements import Policy
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.foreign.worlds import (
    OrganizationFacts,
    RoleGrant,
    guardrails_of_account,
    named_documents,
    policy_of,
)
from tableguard.prove.reach import goals as reach_goals
from tableguard.prove.reach import names
from tableguard.prove.reach import promises as reach_promises
from tableguard.prove.reach.account import Account, PolicyHolder, Thing, outsider
from tableguard.prove.reach.goals import Goal
from tableguard.prove.reach.kinds import table as table_of_steps
from tableguard.prove.reach.promises import ReachPromise
from tableguard.reading.toml_table import Table

KEYS = ("goals", reach_promises.SECTION, "resources")
_PRINCIPALS = ("role", "user", "federated-user", "group", "policy", "name-of-role", "name-of-user")


@dataclass(frozen=True)
class ResourceGrant:
    """A resource that sequences lead over: its kind in the table of steps, the role it runs as, and its policy."""

    kind: str
    runs_as: str = ""
    policy: str = ""


@dataclass(frozen=True)
class AboutSequences:
    """What a file says about sequences: goals, promises, and the resources that these lead over, by their ARNs."""

    goals: Mapping[str, Goal] = field(default_factory=dict)
    promises: tuple[ReachPromise, ...] = ()
    resources: Mapping[str, ResourceGrant] = field(default_factory=dict)


def read(table: Table) -> AboutSequences:
    """Read what a file of promises says about sequences; PolicyError names the key and what is accepted."""
    goals = reach_goals.goals(table)
    written: dict[str, Any] = table.table("resources", {})
    resources = {arn: _resource(f"{table.place}: resources: {arn}", arn, data) for arn, data in written.items()}
    return AboutSequences(goals, reach_promises.promises(table, goals), resources)


def _resource(place: str, arn: str, data: Any) -> ResourceGrant:
    if parse(arn) is None:
        raise PolicyError(f"{place}: not an ARN; accepted: such as arn:aws:s3:::NAME")
    kinds = sorted({kind.on for kind in table_of_steps()} - set(_PRINCIPALS))
    if not isinstance(data, dict):
        raise PolicyError(f'{place}: accepted: {{kind = "function", runs-as = "role/NAME", policy = "NAME"}}')
    own = Table(place, data)
    grant = ResourceGrant(own.choice("kind", tuple(kinds)), own.text("runs-as", ""), own.text("policy", ""))
    own.close()
    return grant


def account_of(
    about: AboutSequences, documents: Sequence[ForeignDocument], facts: OrganizationFacts
) -> tuple[Account, tuple[str, ...]]:
    """Return the account of a file and its documents, and what is assumed of it; with levels it must be one of them."""
    estate, world = facts.shorthand.estate, guardrails_of_account(documents, facts)
    written = {
        arn: holder for name, grant in facts.roles.items() for arn, holder in _holder(name, grant, documents, facts)
    }
    things = {arn: _thing(arn, grant, documents, facts) for arn, grant in about.resources.items()}
    prefix = f"arn:{estate.partition}:iam::{estate.account}:"
    own = [holder.trust for holder in written.values()] + [thing.policy for thing in things.values()]
    readable = [*written, f"{prefix}role/Admin", f"{prefix}user/mina"]
    unwritten = names.representatives(prefix, world, [document for document in own if document is not None], readable)
    others = (arn for arn in (*unwritten, f"{prefix}root", outsider(estate)) if arn not in written)
    holders = {**written, **{arn: PolicyHolder(arn, exists=False) for arn in others}}
    return Account(estate, world, holders, things), tuple(_assumed(facts))


def _holder(
    name: str, grant: RoleGrant, documents: Sequence[ForeignDocument], facts: OrganizationFacts
) -> Iterator[tuple[str, PolicyHolder]]:
    of_roles = [document for document in documents if document.kind == "role"]
    policies = tuple(
        _managed(document, facts) for pattern in grant.policies for document in named_documents(of_roles, pattern)
    )
    boundary = next((_managed(document, facts) for document in named_documents(of_roles, grant.boundary)), None)
    trust = _trust(name, grant, documents)
    groups = tuple(_arn(group, facts) for group in grant.groups)
    arns = (_arn(name, facts),) if name.startswith("group/") else facts.shorthand.principals(name)
    for arn in arns if name.startswith(("role/", "user/", "group/", "arn:")) else ():
        yield arn, PolicyHolder(arn, policies, boundary, trust, groups)


def _managed(document: ForeignDocument, facts: OrganizationFacts) -> Policy:
    """Return the policy of a document as a managed one of its name, which somebody may rewrite."""
    name = document.name.rpartition("/")[2].partition(".")[0]
    return replace(policy_of(document), arn=_arn(f"policy/{name}", facts))


def _trust(name: str, grant: RoleGrant, documents: Sequence[ForeignDocument]) -> Policy | None:
    if not name.startswith("role/"):
        return None
    if not grant.trust:
        return worlds.OPEN_TO_EVERYBODY
    trusts = named_documents([document for document in documents if document.kind == "trust"], grant.trust)
    if not trusts:
        raise PolicyError(f"roles: {name}: no trust policy is called {grant.trust}")
    return policy_of(trusts[0])


def _thing(arn: str, grant: ResourceGrant, documents: Sequence[ForeignDocument], facts: OrganizationFacts) -> Thing:
    own = named_documents(documents, grant.policy) if grant.policy else []
    if grant.policy and not own:
        raise PolicyError(f"resources: {arn}: no document is called {grant.policy}")
    runs_as = facts.shorthand.principals(grant.runs_as) if grant.runs_as else ()
    return Thing(arn, grant.kind, policy_of(own[0]) if own else None, runs_as, must_allow=grant.kind == "key")


def _assumed(facts: OrganizationFacts) -> Iterator[str]:
    for name, grant in facts.roles.items():
        if name.startswith("role/") and not grant.trust:
            yield f'{name} has no trust = "NAME" in the file: everybody may take it whose own policies allow that'


def _arn(name: str, facts: OrganizationFacts) -> str:
    estate = facts.shorthand.estate
    return f"arn:{estate.partition}:iam::{estate.account}:{name}"
