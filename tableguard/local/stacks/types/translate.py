"""Between CloudFormation's words and those of the services: names, documents as text, what is no longer wanted."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType


def renamed(source: Mapping[str, Any], names: Mapping[str, str]) -> Properties:
    """Those of the names that the source has, under their other name."""
    return {other: source[name] for name, other in names.items() if name in source}


def other_way(names: Mapping[str, str]) -> dict[str, str]:
    """A table of names, read from right to left."""
    return {other: name for name, other in names.items()}


def stated(properties: Properties, *names: str) -> Properties:
    """Those of the names that the template states, for an operation that forgets the others.

    Every name is asked for, stated or not: not to state it any longer is a change that the operation makes.
    """
    return {name: value for name in names if (value := properties.get(name)) is not None}


def document_text(document: Mapping[str, Any] | str) -> str:
    """A JSON document as a service takes it: text, without blanks."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))


def gone(held: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """What is held and not wanted, in the order held."""
    keep = set(wanted)
    return [item for item in held if item not in keep]


def unknown_to_moto(name: str, reason: str, *properties: str, attributes: tuple[str, ...] = ()) -> ResourceType:
    """A type without any API in the embedded AWS: nothing is made or read, and all of it is reported."""

    def create(context: Context, _: Properties) -> ResourceHandle:
        return ResourceHandle(context.generated_name, dict.fromkeys(attributes, context.generated_name))

    return ResourceType(
        name=name,
        create=create,
        read=lambda context, handle: {},
        delete=lambda context, handle: None,
        update=lambda context, handle, properties: handle,
        not_modelled=dict.fromkeys(properties, reason),
    )
