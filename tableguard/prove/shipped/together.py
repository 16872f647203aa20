"""All documents at once: who is under which of them, and the promises of policies/together.toml about them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tableguard.paths import POLICIES
from tableguard.policy import contract, documents
from tableguard.policy.contract import Promise
from tableguard.policy.evaluate import World
from tableguard.policy.statements import Policy, policy
from tableguard.prove.shipped import dangers
from tableguard.prove.shipped.promises import Answer, answer
from tableguard.reading import toml_table
from tableguard.reading.toml_table import Table
from tableguard.settings import Settings

PLACE = "together.toml"
RESOURCES = {"table": "messages_table", "key": "message_key"}  # key of a promise -> policy of that resource
_EVERYTHING: dict[str, Any] = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Role:
    """What a role of the workload is given: documents of policies/role, and whether it is under the boundary."""

    policies: tuple[str, ...]
    bounded: bool


@dataclass(frozen=True)
class Joint:
    """A promise about all documents; `resource` is the one of policies/resource that has a say, if any has."""

    promise: Promise
    resource: str | None
    endpoint: bool


@dataclass(frozen=True)
class Together:
    """The roles and the promises of together.toml."""

    roles: Mapping[str, Role]
    joints: tuple[Joint, ...]


def load(root: Path = POLICIES) -> Together:
    """What together.toml says; PolicyError names what is wrong with it."""
    table = Table(PLACE, toml_table.read_toml(root / PLACE))
    roles = {name: _role(name, data) for name, data in table.table("roles").items()}
    joints = tuple(
        _joint(Table(f"{PLACE}: {section} {number}", entry), section)
        for section in contract.WANTED
        for number, entry in enumerate(table.tables(section), start=1)
    )
    table.close()
    return Together(roles, joints)


def _role(name: str, data: Mapping[str, Any]) -> Role:
    table = Table(f"{PLACE}: roles: {name}", data)
    found = Role(table.texts("policies"), _flag(table, "boundary"))
    table.close()
    return found


def _joint(table: Table, section: str) -> Joint:
    resource = next((name for key, name in RESOURCES.items() if _flag(table, key)), None)
    endpoint = _flag(table, "endpoint")
    return Joint(contract.promise(table, contract.WANTED[section], "account"), resource, endpoint)


def _flag(table: Table, key: str) -> bool:
    return bool(table.take(key, "true or false", lambda found: isinstance(found, bool), False))


@dataclass(frozen=True)
class Documents:
    """The filled documents, parsed once."""

    settings: Settings
    by_kind: Mapping[str, Mapping[str, Policy]]

    def world(self, role: Role | None, resource: str | None, endpoint: bool) -> World:
        """The world of a caller with this role, or of an administrator, whose own policies allow everything."""
        everything = policy("everything", {"Statement": [_EVERYTHING]})
        given = tuple(self.by_kind["role"][name] for name in role.policies) if role else ()
        return World(
            management_account=self.settings.management_account_id,
            service_control=((everything,), (everything, *self.by_kind["scp"].values())),
            resource_control=(tuple(self.by_kind["rcp"].values()),),
            identity=given or (everything,),
            boundary=self.by_kind["role"]["boundary"] if role and role.bounded else None,
            resource=self.by_kind["resource"][resource] if resource else None,
            endpoint=self.by_kind["endpoint"]["messages_table_only"] if endpoint else None,
            organization=self.settings.organization_id,
        )


def read(settings: Settings, root: Path = POLICIES) -> Documents:
    """Every document under policies/, filled with the settings."""
    values = settings.policy_values()
    found: dict[str, dict[str, Policy]] = {kind: {} for kind in documents.KINDS}
    for each in documents.load_all(root):
        found[each.kind][each.name] = policy(each.name, documents.fill(each, values))
    return Documents(settings, found)


def role_of(arn: str, roles: Mapping[str, Role], settings: Settings) -> Role | None:
    """What the role with this ARN is given; None for a caller who is not of the workload."""
    if arn in settings.break_glass_roles:
        return roles.get("break-glass")
    if arn in settings.exempt_roles:
        return roles.get("deployer")
    return next((role for name, role in roles.items() if arn == settings.role_arn(name)), None)


def answers(settings: Settings) -> Iterator[Answer]:
    """Each promise of together.toml, in the world of each of its callers."""
    found, all_documents = load(), read(settings)
    values = {**settings.policy_values(), **dangers.values()}
    for joint in found.joints:
        for asked, promise in _worlds(joint, found.roles, all_documents):
            yield answer(PLACE, promise, asked, _opposite(asked, promise), settings, values)


def _worlds(joint: Joint, roles: Mapping[str, Role], found: Documents) -> Iterator[tuple[World, Promise]]:
    for short in joint.promise.callers:
        promise = replace(joint.promise, callers=(short,))
        named = short in ("account", "members", "anyone")
        arns = ("",) if named else contract.principals(short, found.settings)
        for role in dict.fromkeys(role_of(arn, roles, found.settings) for arn in arns):
            asked = found.world(role, joint.resource, joint.endpoint)
            yield (
                (replace(asked, identity=found.world(None, None, False).identity) if promise.whatever_else else asked),
                promise,
            )


def _opposite(asked: World, promise: Promise) -> World:
    """A world without any of the documents, or one in which everything is denied."""
    if promise.wanted == "denied":
        everything = policy("everything", {"Statement": [_EVERYTHING]})
        return World(asked.management_account, identity=(everything,))
    denial = policy("nothing", {"Statement": [{**_EVERYTHING, "Effect": "Deny"}]})
    return replace(asked, identity=(denial,))
