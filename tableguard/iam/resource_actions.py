"""What CloudFormation calls, as the deployer, to make and to change a resource: the permissions of its handlers.

They are taken from CloudFormation's own registry, as cfn-lint has it. A handler names everything that it may call,
also for properties that a template does not use.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from tableguard.errors import CheckError

# some schemas name events of access logs, s3:REST.PUT.OBJECT, which are no actions
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_MAKES = re.compile(r"Create|Put|Register|Set")
_REGION = "us-east-1"  # where every type is known


@dataclass(frozen=True)
class Handlers:
    """The actions of a resource type's handlers."""

    resource_type: str
    create: tuple[str, ...]
    update: tuple[str, ...]

    @property
    def certain(self) -> frozenset[str]:
        """What is called whatever the properties are: the first action that makes or sets something."""
        making = (action for action in self.create if _MAKES.match(action.partition(":")[2]))
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
    found = _read(_folder() / "resources" / f"{name.removesuffix('.json')}.json").get("handlers")
    if not found:
        return None
    return Handlers(resource_type, _permissions(found, "create"), _permissions(found, "update"))


def _permissions(found: dict[str, Any], handler: str) -> tuple[str, ...]:
    return tuple(action for action in found.get(handler, {}).get("permissions", ()) if _ACTION.fullmatch(action))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return dict(_read(_folder() / "providers" / f"{_REGION}.json"))


def _folder() -> Traversable:
    return files("cfnlint.data") / "schemas"


def _read(path: Traversable) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckError(f"{path}: CloudFormation's registry cannot be read from cfn-lint: {error}") from error
    return found
