"""Comparison of deployed resources, as the services report them, with what their templates declare."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import ClientError

from tableguard.cloudformation.equality import PropertyDifference, compare, declares, without
from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
    says_absent,
)
from tableguard.errors import EmbeddedError

__all__ = ["DeployedResource", "PropertyDifference", "ReadBack", "ResourceReadBack", "compare", "verify"]


_ITSELF = "(the resource)"  # in place of a property, where the whole resource is gone


@dataclass(frozen=True)
class DeployedResource:
    """A resource of a deployed stack and the properties its template declares, every intrinsic resolved."""

    stack: str
    account: str
    region: str
    logical_id: str
    type: str
    handle: ResourceHandle
    properties: Properties


@dataclass(frozen=True)
class ResourceReadBack:
    """The comparison of one resource: the properties compared, the differences, and the properties not modelled."""

    stack: str
    logical_id: str
    type: str
    physical_id: str
    compared: tuple[str, ...]
    differences: tuple[PropertyDifference, ...]
    not_modelled: Mapping[str, str]

    @property
    def verified(self) -> bool:
        """Return True if something was compared, and all of it is as declared."""
        return bool(self.compared) and not self.differences

    @property
    def gone(self) -> bool:
        """Return True if the resource does not exist any more."""
        return any(difference.property == _ITSELF for difference in self.differences)


@dataclass(frozen=True)
class ReadBack:
    """The comparisons of all deployed resources, in the order of their stacks."""

    resources: tuple[ResourceReadBack, ...]

    @property
    def compared(self) -> int:
        """Return the number of declared properties that were compared."""
        return sum(len(resource.compared) for resource in self.resources)

    @property
    def different(self) -> tuple[ResourceReadBack, ...]:
        """Return the resources that are deployed otherwise than declared."""
        return tuple(resource for resource in self.resources if resource.differences)

    @property
    def not_modelled(self) -> dict[str, str]:
        """Return {type and property: the reason why it is not modelled}; these are asserted on the template only."""
        reasons = {
            f"{resource.type} {path}": reason
            for resource in self.resources
            for path, reason in resource.not_modelled.items()
        }
        return dict(sorted(reasons.items()))


def verify(
    deployed: Iterable[DeployedResource], types: Mapping[str, ResourceType], client: Callable[[str, str, str], Client]
) -> ReadBack:
    """Read every deployed resource back from its service and compare it with its declared properties.

    `client(service, account, region)` returns a client.
    """
    return ReadBack(tuple(_read_back(resource, types, client) for resource in deployed))


def _read_back(
    resource: DeployedResource, types: Mapping[str, ResourceType], client: Callable[[str, str, str], Client]
) -> ResourceReadBack:
    if resource.type not in types:
        raise EmbeddedError(f"stack {resource.stack}, {resource.logical_id}: no reader for {resource.type}")
    resource_type = types[resource.type]
    skipped = {
        path: why for path, why in resource_type.not_modelled.items() if declares(resource.properties, path.split("."))
    }
    return ResourceReadBack(
        stack=resource.stack,
        logical_id=resource.logical_id,
        type=resource.type,
        physical_id=resource.handle.physical_id,
        compared=tuple(sorted(without(resource.properties, skipped))),
        differences=tuple(_differences(resource, types, client, skipped)),
        not_modelled=skipped,
    )


def read(
    resource: DeployedResource, types: Mapping[str, ResourceType], client: Callable[[str, str, str], Client]
) -> Properties:
    """Return a resource's properties as its service reports them; AbsentError or the service's own if it is gone."""
    context = Context(
        account_id=resource.account,
        region=resource.region,
        stack_name=resource.stack,
        logical_id=resource.logical_id,
        client=partial(_client, client, resource.account, resource.region),
        generated_name="",
    )
    return types[resource.type].read(context, resource.handle)


def _differences(
    resource: DeployedResource,
    types: Mapping[str, ResourceType],
    client: Callable[[str, str, str], Client],
    skipped: Mapping[str, str],
) -> list[PropertyDifference]:
    try:
        return compare(resource.properties, read(resource, types, client), skipped)
    except (AbsentError, ClientError) as error:
        if says_absent(error):
            answer = str(error) if isinstance(error, AbsentError) else str(error.response["Error"]["Code"])
            return [PropertyDifference(_ITSELF, resource.handle.physical_id, answer)]
        raise EmbeddedError(
            f"stack {resource.stack}, {resource.logical_id} ({resource.type}): cannot be read back: {error}"
        ) from error


def _client(client: Callable[[str, str, str], Client], account: str, region: str, service: str) -> Client:
    return client(service, account, region)
