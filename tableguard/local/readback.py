"""What is deployed, asked from the services themselves, against what the templates declare."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tableguard.cloudformation.equality import PropertyDifference, compare, declares, without
from tableguard.cloudformation.resource_type import AbsentError, Client, Context, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError

__all__ = ["Deployed", "PropertyDifference", "ReadBack", "ResourceReadBack", "compare", "verify"]

# How the services name a thing that is not there
_NOT_THERE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")


class Deployed(Protocol):
    """A resource of a deployed stack and the properties its template declares, every intrinsic resolved."""

    @property
    def stack(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def logical_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def handle(self) -> ResourceHandle: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class ResourceReadBack:
    """One resource: which properties were compared, where they differ, and which the embedded AWS cannot show."""

    stack: str
    logical_id: str
    type: str
    physical_id: str
    compared: tuple[str, ...]
    differences: tuple[PropertyDifference, ...]
    not_modelled: Mapping[str, str]

    @property
    def verified(self) -> bool:
        """Was anything compared, and is all of it as declared?"""
        return bool(self.compared) and not self.differences


@dataclass(frozen=True)
class ReadBack:
    """Every resource of the deployed stacks, in their order."""

    resources: tuple[ResourceReadBack, ...]

    @property
    def compared(self) -> int:
        """How many declared properties were compared with what the services answered."""
        return sum(len(resource.compared) for resource in self.resources)

    @property
    def different(self) -> tuple[ResourceReadBack, ...]:
        """The resources that are deployed otherwise than declared."""
        return tuple(resource for resource in self.resources if resource.differences)

    @property
    def not_modelled(self) -> dict[str, str]:
        """Type and property -> why the embedded AWS cannot show it; asserted on the template only."""
        met = {
            f"{resource.type} {path}": reason
            for resource in self.resources
            for path, reason in resource.not_modelled.items()
        }
        return dict(sorted(met.items()))


def verify(
    deployed: Iterable[Deployed], types: Mapping[str, ResourceType], client: Callable[[str, str, str], Client]
) -> ReadBack:
    """Ask the services for every deployed resource and compare; `client(service, account, region)` gives a client."""
    return ReadBack(tuple(_read_back(resource, types, client) for resource in deployed))


def _read_back(
    resource: Deployed, types: Mapping[str, ResourceType], client: Callable[[str, str, str], Client]
) -> ResourceReadBack:
    if resource.type not in types:
        raise EmbeddedError(f"stack {resource.stack}, {resource.logical_id}: no reader for {resource.type}")
    known = types[resource.type]
    met = {path: why for path, why in known.not_modelled.items() if declares(resource.properties, path.split("."))}
    return ResourceReadBack(
        stack=resource.stack,
        logical_id=resource.logical_id,
        type=resource.type,
        physical_id=resource.handle.physical_id,
        compared=tuple(sorted(without(resource.properties, met))),
        differences=tuple(_differences(resource, known, client, met)),
        not_modelled=met,
    )


def _differences(
    resource: Deployed, known: ResourceType, client: Callable[[str, str, str], Client], met: Mapping[str, str]
) -> list[PropertyDifference]:
    context = Context(
        account_id=resource.account,
        region=resource.region,
        stack_name=resource.stack,
        logical_id=resource.logical_id,
        client=partial(_client, client, resource.account, resource.region),
        generated_name="",
    )
    try:
        return compare(resource.properties, known.read(context, resource.handle), met)
    except AbsentError as error:
        return [_gone(resource, str(error))]
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if any(word in code for word in _NOT_THERE):
            return [_gone(resource, code)]
        raise EmbeddedError(
            f"stack {resource.stack}, {resource.logical_id} ({resource.type}): cannot be read back: {error}"
        ) from error


def _client(client: Callable[[str, str, str], Client], account: str, region: str, service: str) -> Client:
    return client(service, account, region)


def _gone(resource: Deployed, answer: str) -> PropertyDifference:
    return PropertyDifference("(the resource)", resource.handle.physical_id, answer)
