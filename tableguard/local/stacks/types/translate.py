"""Conversions between the words of CloudFormation and those of the services: names, documents, differences."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType


def rename(source: Mapping[str, Any], names: Mapping[str, str]) -> Properties:
    """Return those of the named values that the source has, each under its new name."""
    return {other: source[name] for name, other in names.items() if name in source}


def inverse(names: Mapping[str, str]) -> dict[str, str]:
    """Invert a table of names."""
    return {other: name for name, other in names.items()}


def non_null(properties: Properties, *names: str) -> Properties:
    """Return those of the named properties that are not None, for an operation that resets all others.

    Every name is read, declared or not: a property that is no longer declared is a change, which the operation makes.
    """
    return {name: value for name in names if (value := properties.get(name)) is not None}


def document_text(document: Mapping[str, Any] | str) -> str:
    """Write a JSON document as text without blanks, as the services take it."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))


def surplus(current: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return the current items that are not wanted, in their order."""
    keep = set(wanted)
    return [item for item in current if item not in keep]


def unknown_to_moto(name: str, reason: str, *properties: str, attributes: tuple[str, ...] = ()) -> ResourceType:
    """Return a type for which moto has no API: nothing is created or read, and every property is reported."""

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
