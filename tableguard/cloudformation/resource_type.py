"""What the embedded AWS must know of one CloudFormation resource type: make, read back, change, remove."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tableguard.errors import EmbeddedError

Properties = dict[str, Any]  # in CloudFormation's words, every intrinsic resolved
Client = Any  # a boto3 client; botocore makes their classes at run time


@dataclass(frozen=True)
class Context:
    """Where a resource lives, and the services' own APIs there (loopback only)."""

    account_id: str
    region: str
    stack_name: str
    logical_id: str
    client: Callable[[str], Client]  # service name -> client of this account and region
    generated_name: str  # the name CloudFormation would generate for a resource without one


@dataclass(frozen=True)
class Made:
    """A resource that exists: what Ref gives, and what each GetAtt gives.

    `found_by` holds what read, update and delete need besides the physical id, where Ref alone does not find the
    resource (a queue policy's Ref names no queue); no template sees it.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    found_by: Mapping[str, Any] = field(default_factory=dict)


class AbsentError(EmbeddedError):
    """The resource is not there: never made, or removed behind CloudFormation's back."""


@dataclass(frozen=True)
class ResourceType:
    """One CloudFormation type, made through its service's API.

    `create` makes the resource and returns it. `read` answers with the resource's properties as the service
    tells them, in CloudFormation's words, for comparison with the template, and raises AbsentError (or the
    service's own "not found") if it is gone. `update` changes it in place and is absent where CloudFormation
    would replace it. `not_modelled` names properties that no API of the embedded AWS keeps, each with the reason;
    a dot leads into a property (StreamSpecification.ResourcePolicy), through lists too. They are asserted on the
    template only, and reported.
    """

    name: str
    create: Callable[[Context, Properties], Made]
    read: Callable[[Context, Made], Properties]
    delete: Callable[[Context, Made], None]
    update: Callable[[Context, Made, Properties], Made] | None = None
    not_modelled: Mapping[str, str] = field(default_factory=dict)


def by_name(types: tuple[ResourceType, ...]) -> dict[str, ResourceType]:
    """Types by their CloudFormation name."""
    return {resource_type.name: resource_type for resource_type in types}
