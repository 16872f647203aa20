"""A file of promises about anybody's documents; docs/promises.md says how to write one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tableguard.aws.arn import parse
from tableguard.check.rules import action_names, context_keys
from tableguard.errors import PolicyError
from tableguard.policy import contract
from tableguard.policy.conditions import Condition
from tableguard.policy.contract import Promise, scope_of
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.worlds import OPEN_TO_EVERYBODY, Scope, opposite_of_all
from tableguard.prove.foreign import levels, sequences
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.foreign.kinds import KINDS
from tableguard.prove.foreign.sequences import AboutSequences
from tableguard.prove.foreign.worlds import OrganizationFacts, PromiseWorld, RoleGrant, ScopedPromise, promise_worlds
from tableguard.prove.reach.goals import filled
from tableguard.prove.reach.promises import Prover, ReachAnswer
from tableguard.prove.shipped.promises import PromiseAnswer, answer
from tableguard.reading import toml_table
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table, is_text_or_texts
from tableguard.settings import Settings


@dataclass(frozen=True)
class PromiseFile:
    """The promises of a file, the kind and the values for the documents, and whose accounts they are about."""

    place: str
    promises: tuple[ScopedPromise, ...]
    facts: OrganizationFacts
    kind: str = ""
    own_values: Values = field(default_factory=dict)
    about_sequences: AboutSequences = field(default_factory=AboutSequences)

    @property
    def values(self) -> Values:
        """The values of placeholders: the settings' and above them the file's own."""
        return {**placeholder_values(self.facts.shorthand), **self.own_values}

    @property
    def notes(self) -> tuple[str, ...]:
        """The actions of promises and goals that AWS does not have: nothing follows for those that were meant."""
        named = [(scoped.promise.name, scoped.promise.statement) for scoped in self.promises]
        goals = self.about_sequences.goals.values()
        named += [(goal.name, {"Action": list(call.actions)}) for goal in goals for call in goal.calls]
        return tuple(
            f"{self.place}: {name}: {wrong.removeprefix('statement 1: ')}"
            for name, statement in named
            for wrong in action_names.unknown({"Statement": [statement]})
        )


# what a file of promises has beside its levels
_ABOUT = ("kind", "account", "management-account", "organization", "region", "full-access", "values", "roles")
_OTHERS = (*_ABOUT, *sequences.KEYS, *contract.WANTED)


def placeholder_values(shorthand: Shorthand) -> Values:
    """Return the values of placeholders in anybody's documents, CloudFormation's pseudo parameters among them."""
    estate = shorthand.estate
    pseudo = {"AWS::AccountId": estate.account, "AWS::Region": estate.home_region, "AWS::Partition": "aws"}
    return {**shorthand.values, **pseudo}


def load(path: Path, settings: Settings) -> PromiseFile:
    """Read a file of promises; PolicyError names the key and what is accepted."""
    table = Table(str(path), toml_table.read_toml(path))
    kind = str(table.take("kind", ", ".join(KINDS), lambda value: value in KINDS, ""))
    owner = replace(
        settings,
        account_id=table.text("account", settings.account_id),
        management_account_id=table.text("management-account", settings.management_account_id),
        organization_id=table.text("organization", settings.organization_id),
        home_region=table.text("region", settings.home_region),
    )
    full_access, tree = _flag(table, "full-access"), levels.read(table)
    if tree and full_access is not None:
        raise PolicyError(
            f"{path}: full-access: of SCPs without [[level]]; name FullAWSAccess under the scps of a level"
        )
    values = {key: _value(path, key, value) for key, value in table.table("values", {}).items()}
    roles = {name: _role_grant(path, name, data) for name, data in table.table("roles", {}).items()}
    promises = tuple(_promises(table, "account" if kind == "role" else "members"))
    about = sequences.read(table)
    table.close()
    if not promises and not about.promises:
        raise PolicyError(f"{path}: no [[must-deny]], no [[must-allow]] and no [[must-not-reach]]: nothing to prove")
    names = [*(scoped.promise.name for scoped in promises), *(promise.name for promise in about.promises)]
    toml_table.refuse_repetition(str(path), names)
    facts = OrganizationFacts(Shorthand(owner), full_access, roles, tree)
    return PromiseFile(str(path), promises, facts, kind, values, about)


def load_levels(path: Path) -> tuple[levels.Level, ...]:
    """Read the [[level]] sections of a file alone, which may be a file of promises; PolicyError if there is none."""
    table = Table(str(path), toml_table.read_toml(path))
    tree = levels.read(table)
    table.present(*_OTHERS)
    table.close()
    if not tree:
        raise PolicyError(f"{path}: no [[level]]: it does not say what is attached to which root, unit or account")
    return tree


def _promises(table: Table, callers: str) -> Iterator[ScopedPromise]:
    for section, wanted in contract.WANTED.items():
        for number, entry in enumerate(table.tables(section, optional=True), start=1):
            own = Table(f"{table.place}: {section} {number}", entry)
            chosen = own.texts("documents") if own.present("documents") else ()
            endpoint, resource = _flag(own, "endpoint"), _flag(own, "resource")
            at, of = _levels(own, "levels"), _levels(own, "resource-levels")
            yield ScopedPromise(contract.promise(own, wanted, callers), chosen, endpoint, resource, at, of)


def _levels(table: Table, key: str) -> tuple[str, ...]:
    """Return the levels that a promise names under a key, if it has the key."""
    named = table.take(key, "a text or a list of texts", is_text_or_texts, "")
    return (named,) if isinstance(named, str) and named else tuple(named)


def _flag(table: Table, key: str) -> bool | None:
    """Return true or false, or None where the key is not written."""
    return table.flag(key) if table.present(key) else None


def _role_grant(path: Path, name: str, data: Any) -> RoleGrant:
    if not isinstance(data, dict):
        accepted = '{policies = ["NAME", …], boundary = "NAME", trust = "NAME", groups = ["group/NAME", …]}'
        raise PolicyError(f"{path}: roles: {name}: accepted: {accepted}")
    table = Table(f"{path}: roles: {name}", data)
    groups = table.texts("groups") if table.present("groups") else ()
    grant = RoleGrant(table.texts("policies"), table.text("boundary", ""), table.text("trust", ""), groups)
    table.close()
    return grant


def _value(path: Path, key: str, value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise PolicyError(f"{path}: values: {key}: {value!r} is not accepted; accepted: a text or a list of texts")


def answers(file: PromiseFile, written: Sequence[ForeignDocument]) -> Iterator[PromiseAnswer]:
    """Prove or refute each promise of a file, in the world of its documents; for each of its callers' own.

    Every world is built before the first proof, so that what a file leaves open is an error at once.
    """
    for scoped in file.promises:
        context_keys.refuse_unknown(f"{file.place}: {scoped.promise.name}", {"Statement": [scoped.promise.statement]})
    worlds = [(scoped, tuple(promise_worlds(scoped, written, file.facts))) for scoped in file.promises]
    for scoped, of_promise in worlds:
        at_levels = [_answer(file, scoped, world) for world in of_promise]
        # a caller of one account is at one level: at the others there is no such request
        yield from [one for one in at_levels if not one.proof.without_requests] or at_levels[:1]


def prover(file: PromiseFile, written: Sequence[ForeignDocument]) -> Prover:
    """Return what proves the promises of a file about sequences, in the account that it and the documents describe."""
    account, assumed = sequences.account_of(file.about_sequences, written, file.facts)
    goals = {name: filled(goal, file.values, file.place) for name, goal in file.about_sequences.goals.items()}
    return Prover(account, goals, file.facts.shorthand, assumed)


def sequence_answers(file: PromiseFile, written: Sequence[ForeignDocument]) -> Iterator[ReachAnswer]:
    """Prove or refute each promise of a file about sequences."""
    if file.about_sequences.promises:
        yield from prover(file, written).answers(file.place, file.about_sequences.promises)


def _answer(file: PromiseFile, scoped: ScopedPromise, world: PromiseWorld) -> PromiseAnswer:
    """Prove or refute a promise in one world."""
    promise = _through_endpoint(world, scoped)
    scope = _in_account(world.owner, scope_of(file.place, promise, file.facts.shorthand, file.values))
    statement = replace(scope.statement, conditions=(*scope.statement.conditions, *world.within))
    opposite = opposite_of_all(world.world, promise.wanted, OPEN_TO_EVERYBODY)
    members = tuple(level.account for level in file.facts.levels if level.account)
    within = replace(scope, statement=statement, estate=replace(scope.estate, members=members))
    outcome = answer(file.place, promise, within, world.world, opposite)
    return replace(outcome, assumed=world.assumed, where=world.where)


def _in_account(owner: str, scope: Scope) -> Scope:
    """Return the requests of a scope whose resource is in an account: the owner's, or that which its ARN tells.

    A promise that has a condition on aws:ResourceAccount says itself whose resource it is about.
    """
    statement = scope.statement
    if not owner or any(line.key == "aws:resourceaccount" for line in statement.conditions):
        return scope
    accounts = (parts.account for value in statement.resource.values if (parts := parse(value)))
    owners = tuple(dict.fromkeys((owner, *(account for account in accounts if account.isdigit()))))
    line = Condition("StringEquals", "aws:resourceaccount", owners)
    return replace(scope, statement=replace(statement, conditions=(*statement.conditions, line)))


def _through_endpoint(world: PromiseWorld, scoped: ScopedPromise) -> Promise:
    """Return the promise about requests through the endpoint where there is one: they carry aws:SourceVpce.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpce
    """
    promise = world.promise
    if world.world.endpoint is None:
        return promise
    written = promise.statement.get("Condition", {})
    if not isinstance(written, dict) or not all(isinstance(lines, dict) for lines in written.values()):
        return promise  # which is refused when it is read
    if not _may_pass_endpoint(written):
        raise PolicyError(
            f"{scoped.promise.name}: asks for requests without aws:SourceVpce, and through an endpoint, where all have "
            "it; write endpoint = false"
        )
    return replace(promise, statement={**promise.statement, "Condition": _with_endpoint(written)})


def _may_pass_endpoint(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    lines = condition.get(_key_like("Null", condition), {})
    return str(lines.get(_key_like("aws:SourceVpce", lines), "false")).lower() == "false"


def _with_endpoint(condition: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    null = _key_like("Null", condition)
    lines = dict(condition.get(null, {}))
    return {
        **{key: dict(values) for key, values in condition.items()},
        null: {**lines, _key_like("aws:SourceVpce", lines): "false"},
    }


def _key_like(name: str, keys: Mapping[str, Any]) -> str:
    """Return the key as it is written, in whatever case, or as AWS writes it where it is not there."""
    return next((key for key in keys if key.lower() == name.lower()), name)
