"""Conversions of tags between CloudFormation's form, [{Key, Value}], and those of the services' own APIs."""

from collections.abc import Iterable, Mapping
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle


def as_map(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return a template's tags as {key: value}."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return tags as a list ordered by key; KMS, for one, names the two parts TagKey and TagValue."""
    return [{key: name, value: tags[name]} for name in sorted(tags)]


def changes(current: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the tags to set and the keys to remove so that the current tags become the wanted ones."""
    changed = {key: value for key, value in wanted.items() if current.get(key) != value}
    return changed, sorted(set(current) - set(wanted))


def declared_changes(current: Properties, wanted: Properties) -> tuple[dict[str, str], list[str]]:
    """Return the same from a resource's current properties and those that its template now declares."""
    return changes(as_map(current["Tags"]), as_map(wanted.get("Tags", [])))


def specifications(kind: str, properties: Properties) -> list[Properties]:
    """Return the TagSpecifications with which EC2 creates a resource of this kind (vpc, subnet, …)."""
    named = as_list(as_map(properties.get("Tags", [])))
    return [{"ResourceType": kind, "Tags": named}] if named else []


def update_ec2(context: Context, handle: ResourceHandle, current: Properties, wanted: Properties) -> None:
    """Set and remove tags of an EC2 resource so that it has those that the template declares."""
    client = context.client("ec2")
    changed, gone = declared_changes(current, wanted)
    if gone:
        client.delete_tags(Resources=[handle.physical_id], Tags=[{"Key": key} for key in gone])
    if changed:
        client.create_tags(Resources=[handle.physical_id], Tags=as_list(changed))
