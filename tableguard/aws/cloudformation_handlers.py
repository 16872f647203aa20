"""The actions that CloudFormation calls, as the deployer, to create and change a resource of each type.

They are the permissions of its handlers in CloudFormation's registry, which cfn-lint carries. A handler names every
action that it may call, also for properties that a template does not use.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tableguard.errors import CheckError

# some schemas name events of access logs, s3:REST.PUT.OBJECT, which are no actions
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_CREATING = re.compile(r"Create|Put|Register|Set|Associate")
_REGION = "us-east-1"  # where every type is known
# Types older than the registry have a schema there and no handlers. CloudFormation makes the service's own calls.
# None reads, so such a resource is neither imported nor compared when drift is detected.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html
_OF_OLD_TYPES: dict[str, dict[str, dict[str, list[str]]]] = {
    "AWS::DAX::Cluster": {
        "create": {"permissions": ["dax:CreateCluster", "dax:TagResource", "dax:DescribeClusters", "iam:PassRole"]},
        "update": {
            "permissions": [
                "dax:UpdateCluster",
                "dax:IncreaseReplicationFactor",
                "dax:DecreaseReplicationFactor",
                "dax:DescribeClusters",
                "dax:TagResource",
                "dax:UntagResource",
            ]
        },
        "delete": {"permissions": ["dax:DeleteCluster", "dax:DescribeClusters"]},
    },
}


@dataclass(frozen=True)
class Tagging:
    """The tagging of a resource type: its property, whether in the creating call or after it, and its actions.

    `system` tells whether CloudFormation adds tags of its own, aws:cloudformation:stack-name and others.
    """

    property: str = ""
    on_create: bool = False
    system: bool = False
    actions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Handlers:
    """The actions of a resource type's handlers, and the properties whose change replaces a resource, or may.

    The latter are dotted paths: of Code, ImageUri alone may be one, as Code.ImageUri. `identifier` names the properties
    that identify a resource; it is empty of a type that CloudFormation cannot read, and so cannot import.
    """

    resource_type: str
    create: tuple[str, ...]
    update: tuple[str, ...]
    tagging: Tagging = Tagging()
    delete: tuple[str, ...] = ()
    create_only: frozenset[str] = frozenset()
    conditionally_create_only: frozenset[str] = frozenset()
    identifier: tuple[str, ...] = ()
    updates: bool = True  # a type without this handler replaces a resource at any change

    @property
    def certain(self) -> frozenset[str]:
        """Return the action that is always called: the first that creates, sets or associates something."""
        actions = (action for action in self.create if action not in self.tagging.actions)
        creating = (action for action in actions if _CREATING.match(action.partition(":")[2]))
        return frozenset(action for action in (next(creating, None),) if action is not None)

    @property
    def all(self) -> tuple[str, ...]:
        """Return every action that may be called to create or change a resource, sorted."""
        return tuple(sorted({*self.create, *self.update}))


@lru_cache(maxsize=256)
def resource_schema(resource_type: str) -> dict[str, Any]:
    """Return the schema of a resource type; empty if the registry has none."""
    name = _names().get(resource_type)
    return {} if name is None else _read(_folder() / "resources" / f"{name.removesuffix('.json')}.json")


@lru_cache(maxsize=256)
def handlers(resource_type: str) -> Handlers | None:
    """Return the handlers of a resource type; None if the registry has no schema, or no handlers, for it."""
    schema = resource_schema(resource_type)
    declared = schema.get("handlers") or _OF_OLD_TYPES.get(resource_type)
    if not declared:
        return None
    tagging = _tagging(schema.get("tagging", {}))
    return Handlers(
        resource_type,
        _permissions(declared, "create"),
        _permissions(declared, "update"),
        tagging,
        _permissions(declared, "delete"),
        _paths(schema.get("createOnlyProperties", ())),
        _paths(schema.get("conditionalCreateOnlyProperties", ())),
        _identifier(schema) if "read" in declared else (),
        "update" in declared,
    )


def _tagging(section: dict[str, Any]) -> Tagging:
    """Read the tagging section of a schema, with the defaults of the schema's own schema.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-tagging
    """
    if not section.get("taggable", True):
        return Tagging()
    name = str(section.get("tagProperty", "/properties/Tags")).rpartition("/")[2]
    actions = frozenset(section.get("permissions", ()))
    return Tagging(name, section.get("tagOnCreate", True), section.get("cloudFormationSystemTags", True), actions)


def _paths(pointers: Iterable[str]) -> frozenset[str]:
    return frozenset(pointer.removeprefix("/properties/").replace("/", ".") for pointer in pointers)


def _identifier(schema: dict[str, Any]) -> tuple[str, ...]:
    return tuple(pointer.removeprefix("/properties/") for pointer in schema.get("primaryIdentifier", ()))


def _permissions(declared: dict[str, Any], handler: str) -> tuple[str, ...]:
    return tuple(action for action in declared.get(handler, {}).get("permissions", ()) if _ACTION.fullmatch(action))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return dict(_read(_folder() / "providers" / f"{_REGION}.json"))


def _folder() -> Path:
    # to find cfn-lint does not import it, which takes a second
    spec = find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise CheckError("cfn-lint, which has CloudFormation's registry, is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckError(f"{path}: CloudFormation's registry cannot be read from cfn-lint: {error}") from error
    return content
