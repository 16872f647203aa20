"""The interface of a CloudFormation resource type in the embedded AWS: create, read back, update and delete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import EmbeddedError

Properties = dict[str, Any]  # in CloudFormation's words, every intrinsic resolved
Client = Any  # a boto3 client; botocore makes their classes at run time


@dataclass(frozen=True)
class Context:
    """The stack, account and region of a resource, with clients of the services there (loopback only)."""

    account_id: str
    region: str
    stack_name: str
    logical_id: str
    client: Callable[[str], Client]  # service name -> client of this account and region
    generated_name: str  # the name CloudFormation would generate for a resource without one


@dataclass(frozen=True)
class ResourceHandle:
    """The identity of an existing resource: its physical id (what Ref returns) and its attributes (Fn::GetAtt).

    `locator` holds what read, update and delete need beside the physical id where Ref alone does not identify the
    resource: the Ref of a queue policy names no queue. No template sees it.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    locator: Mapping[str, Any] = field(default_factory=dict)


class AbsentError(EmbeddedError):
    """The resource does not exist: never created, or deleted behind CloudFormation's back."""


# words in the error codes of services for a thing that does not exist
_NOT_THERE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")


def says_absent(error: Exception) -> bool:
    """Return True if an error says that something does not exist, whichever service it is of."""
    if not isinstance(error, ClientError):
        return isinstance(error, AbsentError)
    code = str(error.response.get("Error", {}).get("Code", ""))
    return any(word in code for word in _NOT_THERE)


@dataclass(frozen=True)
class ResourceType:
    """One CloudFormation type, handled through its service's API.

    `create` creates the resource and returns its handle. `read` returns the properties that the service reports, in
    CloudFormation's words, for comparison with the template; it raises AbsentError (or the service's own "not found")
    if the resource is gone. `update` changes it in place and is None where CloudFormation would replace it.
    `not_modelled` names properties that no API of the embedded AWS keeps, each with the reason; a dot leads into a
    property (StreamSpecification.ResourcePolicy), through lists too. Those are asserted on the template only, and
    reported. `defaults` says what a property becomes that the template no longer declares, where its service does not
    forget it by itself; the type's page has it.
    """

    name: str
    create: Callable[[Context, Properties], ResourceHandle]
    read: Callable[[Context, ResourceHandle], Properties]
    delete: Callable[[Context, ResourceHandle], None]
    update: Callable[[Context, ResourceHandle, Properties], ResourceHandle] | None = None
    not_modelled: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def with_defaults(self, before: Properties, now: Properties) -> Properties:
        """Return the properties as they are now, with the defaults of those that were declared before, and no more."""
        gone = before.keys() - now.keys()
        return {**{name: value for name, value in self.defaults.items() if name in gone}, **now}


def by_name(types: tuple[ResourceType, ...]) -> dict[str, ResourceType]:
    """Index types by their CloudFormation name."""
    return {resource_type.name: resource_type for resource_type in types}
