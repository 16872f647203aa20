"""Conversions of tags between CloudFormation's form, [{Key, Value}], and those of the services' own APIs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle

Put = Callable[[Mapping[str, str]], object]  # tags to set
Remove = Callable[[list[str]], object]  # keys to take away


def as_map(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return a template's tags as {key: value}."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return tags as a list ordered by key; KMS, for one, names the two parts TagKey and TagValue."""
    return [{key: name, value: tags[name]} for name in sorted(tags)]


def declared(properties: Properties) -> dict[str, str]:
    """Return the tags that a resource's properties declare."""
    return as_map(properties.get("Tags", []))


def update(current: Mapping[str, str], wanted: Mapping[str, str], put: Put, remove: Remove) -> None:
    """Remove keys and put tags so that the current tags become the wanted ones; what needs no call gets none."""
    changed = {key: value for key, value in wanted.items() if current.get(key) != value}
    gone = sorted(set(current) - set(wanted))
    if gone:
        remove(gone)
    if changed:
        put(changed)


def specifications(kind: str, properties: Properties) -> list[Properties]:
    """Return the TagSpecifications with which EC2 creates a resource of this kind (vpc, subnet, …)."""
    named = as_list(as_map(properties.get("Tags", [])))
    return [{"ResourceType": kind, "Tags": named}] if named else []


def update_ec2(context: Context, handle: ResourceHandle, current: Properties, wanted: Properties) -> None:
    """Set and remove tags of an EC2 resource so that it has those that the template declares."""
    client, resources = context.client("ec2"), [handle.physical_id]
    update(
        declared(current),
        declared(wanted),
        put=lambda changed: client.create_tags(Resources=resources, Tags=as_list(changed)),
        remove=lambda gone: client.delete_tags(Resources=resources, Tags=[{"Key": key} for key in gone]),
    )
