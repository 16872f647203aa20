"""All documents at once: who is under which of them, and the promises of policies/together.toml about them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tableguard.paths import POLICIES
from tableguard.policy import contract, worlds
from tableguard.policy.contract import Promise, scope_of
from tableguard.policy.evaluate import World
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.worlds import Scope
from tableguard.prove.reach import goals as reach_goals
from tableguard.prove.reach import promises as reach_promises
from tableguard.prove.reach.goals import Goal
from tableguard.prove.reach.promises import ReachPromise
from tableguard.prove.shipped import dangers
from tableguard.prove.shipped.promises import PromiseAnswer, answer
from tableguard.reading import toml_table
from tableguard.reading.toml_table import Table
from tableguard.settings import Settings

PLACE = "together.toml"
RESOURCES = {"table": "messages_table", "key": "message_key"}  # key of a promise -> policy of that resource


@dataclass(frozen=True)
class Role:
    """A role of the workload: its documents of policies/role, and whether it is under the boundary."""

    policies: tuple[str, ...]
    bounded: bool


@dataclass(frozen=True)
class CombinedPromise:
    """A promise about all documents, and which policy of policies/resource applies, if any."""

    promise: Promise
    resource: str | None
    endpoint: bool


@dataclass(frozen=True)
class CombinedContract:
    """The roles and the promises of together.toml, and beside them the goals and promises about sequences."""

    roles: Mapping[str, Role]
    promises: tuple[CombinedPromise, ...]
    goals: Mapping[str, Goal]
    about_sequences: tuple[ReachPromise, ...]


def load(root: Path = POLICIES) -> CombinedContract:
    """Read together.toml; PolicyError names what is wrong with it."""
    table = Table(PLACE, toml_table.read_toml(root / PLACE))
    roles = {name: _role(name, data) for name, data in table.table("roles").items()}
    promises = tuple(
        _promise(Table(f"{PLACE}: {section} {number}", entry), section)
        for section in contract.WANTED
        for number, entry in enumerate(table.tables(section), start=1)
    )
    goals = reach_goals.goals(table)
    about_sequences = reach_promises.promises(table, goals)
    table.close()
    return CombinedContract(roles, promises, goals, about_sequences)


def _role(name: str, data: Mapping[str, Any]) -> Role:
    table = Table(f"{PLACE}: roles: {name}", data)
    role = Role(table.texts("policies"), table.flag("boundary"))
    table.close()
    return role


def _promise(table: Table, section: str) -> CombinedPromise:
    resource = next((name for key, name in RESOURCES.items() if table.flag(key)), None)
    endpoint = table.flag("endpoint")
    return CombinedPromise(contract.promise(table, contract.WANTED[section], "account"), resource, endpoint)


def role_of(arn: str, roles: Mapping[str, Role], settings: Settings) -> Role | None:
    """Return the role of the workload that has this ARN; None for any other caller."""
    if arn in settings.break_glass_roles:
        return roles.get("break-glass")
    if arn in settings.exempt_roles:
        return roles.get("deployer")
    return next((role for name, role in roles.items() if arn == settings.role_arn(name)), None)


def world_of(role: Role | None, resource: str | None, endpoint: bool, policies: PolicySet) -> World:
    """Build the world of a caller with this role, or of an administrator, whose own policies allow everything."""
    by_kind = policies.policies
    levels = ((worlds.FULL_AWS_ACCESS,), (worlds.FULL_AWS_ACCESS, *policies.attached("scp")))
    return worlds.under(
        worlds.guardrails(policies.estate, levels, (policies.attached("rcp"),)),
        identity=tuple(by_kind["role"][name] for name in role.policies) if role else (),
        boundary=by_kind["role"]["boundary"] if role and role.bounded else None,
        resource=by_kind["resource"][resource] if resource else None,
        endpoint=by_kind["endpoint"]["messages_table_only"] if endpoint else None,
    )


def answers(policies: PolicySet) -> Iterator[PromiseAnswer]:
    """Prove or refute each promise of together.toml, in the world of each of its callers."""
    combined = load()
    values = {**policies.shorthand.values, **dangers.values()}
    for about_all in combined.promises:
        guarded = _worlds(about_all, combined.roles, policies.with_guardrails)
        for (world, promise), (with_guardrails, _) in zip(
            _worlds(about_all, combined.roles, policies), guarded, strict=True
        ):
            scope = scope_of(PLACE, promise, policies.shorthand, values)
            yield _answer(promise, scope, world, with_guardrails)


def _answer(promise: Promise, scope: Scope, world: World, with_guardrails: World) -> PromiseAnswer:
    """Prove or refute a promise; one that only guardrails would keep is unguarded where there are none."""
    first = answer(PLACE, promise, scope, world, worlds.opposite_of_all(world, promise.wanted))
    if first.proof.verdict != "refuted" or world == with_guardrails:
        return first
    opposite = worlds.opposite_of_all(with_guardrails, promise.wanted)
    return replace(first, unguarded=answer(PLACE, promise, scope, with_guardrails, opposite).holds)


def _worlds(
    combined: CombinedPromise, roles: Mapping[str, Role], policies: PolicySet
) -> Iterator[tuple[World, Promise]]:
    for short in combined.promise.callers:
        promise = replace(combined.promise, callers=(short,))
        named = short in ("account", "members", "anyone")
        arns = ("",) if named else policies.shorthand.principals(short)
        for role in dict.fromkeys(role_of(arn, roles, policies.settings) for arn in arns):
            world = world_of(role, combined.resource, combined.endpoint, policies)
            yield replace(world, identity=(worlds.ADMINISTRATOR,)) if promise.whatever_else else world, promise
