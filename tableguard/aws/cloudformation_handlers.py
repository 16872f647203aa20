"""What CloudFormation calls, as the deployer, to make and to change a resource: the permissions of its handlers.

They are taken from CloudFormation's own registry, as cfn-lint has it. A handler names everything that it may call,
also for properties that a template does not use.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tableguard.errors import CheckError

# some schemas name events of access logs, s3:REST.PUT.OBJECT, which are no actions
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_MAKES = re.compile(r"Create|Put|Register|Set|Associate")
_REGION = "us-east-1"  # where every type is known


@dataclass(frozen=True)
class Tagging:
    """How a resource type is tagged: under which property, in the call that makes it or after, and with which actions.

    `system` if CloudFormation's own tags, aws:cloudformation:stack-name and others, are put on it too.
    """

    property: str = ""
    on_create: bool = False
    system: bool = False
    actions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Handlers:
    """The actions of a resource type's handlers."""

    resource_type: str
    create: tuple[str, ...]
    update: tuple[str, ...]
    tagging: Tagging = Tagging()

    @property
    def certain(self) -> frozenset[str]:
        """What is called whatever the properties are: the first action that makes, sets or associates something."""
        actions = (action for action in self.create if action not in self.tagging.actions)
        making = (action for action in actions if _MAKES.match(action.partition(":")[2]))
        return frozenset(found for found in (next(making, None),) if found is not None)

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that may be called, sorted."""
        return tuple(sorted({*self.create, *self.update}))


@lru_cache(maxsize=256)
def handlers(resource_type: str) -> Handlers | None:
    """The handlers of a resource type; None if the registry has no schema, or no handlers, for it."""
    name = _names().get(resource_type)
    if name is None:
        return None
    schema = _read(_folder() / "resources" / f"{name.removesuffix('.json')}.json")
    found = schema.get("handlers")
    if not found:
        return None
    tagging = _tagging(schema.get("tagging", {}))
    return Handlers(resource_type, _permissions(found, "create"), _permissions(found, "update"), tagging)


def _tagging(found: dict[str, Any]) -> Tagging:
    """What a schema says of tags, with the defaults of the schema's own schema.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-tagging
    """
    if not found.get("taggable", True):
        return Tagging()
    named = str(found.get("tagProperty", "/properties/Tags")).rpartition("/")[2]
    actions = frozenset(found.get("permissions", ()))
    return Tagging(named, found.get("tagOnCreate", True), found.get("cloudFormationSystemTags", True), actions)


def _permissions(found: dict[str, Any], handler: str) -> tuple[str, ...]:
    return tuple(action for action in found.get(handler, {}).get("permissions", ()) if _ACTION.fullmatch(action))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return dict(_read(_folder() / "providers" / f"{_REGION}.json"))


def _folder() -> Path:
    # asked for where it is, cfn-lint is not imported: that takes a second
    found = find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise CheckError("cfn-lint, which has CloudFormation's registry, is not installed")
    return Path(found.submodule_search_locations[0]) / "data" / "schemas"


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckError(f"{path}: CloudFormation's registry cannot be read from cfn-lint: {error}") from error
    return found
