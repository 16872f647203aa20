"""Tags in CloudFormation's form, [{Key, Value}], and in the forms of the services' own APIs."""

from collections.abc import Iterable, Mapping
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle


def as_map(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """{key: value} of a template's tags."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as a list ordered by key; a service may call the two parts otherwise (KMS: TagKey, TagValue)."""
    return [{key: name, value: tags[name]} for name in sorted(tags)]


def changes(current: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What to set and which keys to remove so that the current tags become the wanted ones."""
    changed = {key: value for key, value in wanted.items() if current.get(key) != value}
    return changed, sorted(set(current) - set(wanted))


def to_change(current: Properties, wanted: Properties) -> tuple[dict[str, str], list[str]]:
    """The same, from a resource's current properties and those its template now declares."""
    return changes(as_map(current["Tags"]), as_map(wanted.get("Tags", [])))


def specification(kind: str, properties: Properties) -> list[Properties]:
    """The TagSpecifications with which EC2 makes a resource of this kind (vpc, subnet, security-group, …)."""
    named = as_list(as_map(properties.get("Tags", [])))
    return [{"ResourceType": kind, "Tags": named}] if named else []


def update_ec2(context: Context, handle: ResourceHandle, current: Properties, wanted: Properties) -> None:
    """Set and remove tags of an EC2 resource so that it has those the template declares."""
    client = context.client("ec2")
    changed, gone = to_change(current, wanted)
    if gone:
        client.delete_tags(Resources=[handle.physical_id], Tags=[{"Key": key} for key in gone])
    if changed:
        client.create_tags(Resources=[handle.physical_id], Tags=as_list(changed))
