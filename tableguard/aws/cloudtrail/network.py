"""EC2's requests and answers in records: lists are sets of items, and newer operations are wrapped in their request.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from collections.abc import Mapping
from typing import Any

from tableguard.aws.cloudtrail.words import in_words, small

# operations on VPC endpoints and flow logs came later, and are written as `{Operation}Request`; of their lists each
# member is numbered by a tag
_WRAPPED = ("FlowLogs", "LaunchTemplate", "ManagedPrefixList", "TransitGateway", "VpcEndpoint")
# lists that the sets are named after, where it is not the member with Set
_SETS = {
    "GroupIds": "groupSet",
    "InstanceIds": "instancesSet",
    "StartingInstances": "instancesSet",
    "StoppingInstances": "instancesSet",
    "TerminatingInstances": "instancesSet",
    "IpPermissions": "ipPermissions",
    "IpRanges": "ipRanges",
    "Ipv6Ranges": "ipv6Ranges",
    "PrefixListIds": "prefixListIds",
    "Resources": "resourcesSet",
    "Tags": "tagSet",
    "TagSpecifications": "tagSpecificationSet",
    "UserIdGroupPairs": "groups",
}
# how a list of ids names each of its items
_ITEMS = {
    "GroupIds": "groupId",
    "InstanceIds": "instanceId",
    "NetworkAclIds": "networkAclId",
    "Resources": "resourceId",
    "RouteTableIds": "routeTableId",
    "SecurityGroupIds": "groupId",
    "SubnetIds": "subnetId",
    "VpcIds": "vpcId",
}


# private keys, configurations of customer gateways with their shared secrets, and what machines are started with
_SECRET = frozenset(("CustomerGatewayConfiguration", "KeyMaterial", "PreSharedKey", "UserData"))
REMOVED = "<sensitiveDataRemoved>"


def request_parameters(operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the requestParameters of a call to EC2."""
    if any(word in operation for word in _WRAPPED) and not operation.startswith("Describe"):
        return {f"{operation}Request": _tagged(parameters)}
    record: dict[str, Any] = _sets(parameters)
    return record


def response_elements(answer: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """Return the responseElements of a call to EC2, which begin with the request's id; `_return` says it was done."""
    content = {name: value for name, value in answer.items() if name not in ("ResponseMetadata", "Return")}
    return {"requestId": request_id, **(_sets(content) if content else {"_return": True})}


def _sets(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return in_words(value) if hasattr(value, "astimezone") else value
    record: dict[str, Any] = {}
    for name, inner in value.items():
        if name in _SECRET:
            record[small(name)] = REMOVED
        elif isinstance(inner, list | tuple):
            record[_SETS.get(name, f"{small(name).removesuffix('s')}Set")] = _items(name, inner)
        elif inner is not None and not isinstance(inner, bytes):
            record[small(name)] = _sets(inner)
    return record


def _items(name: str, values: Any) -> dict[str, Any]:
    """Return a set; one without members is an empty structure."""
    if not values:
        return {}
    member = _ITEMS.get(name, small(name).removesuffix("s"))
    return {"items": [_sets(value) if isinstance(value, Mapping) else {member: value} for value in values]}


def _tagged(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    record: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, list | tuple):
            members = [
                {"tag": number, **_tagged(member)}
                if isinstance(member, Mapping)
                else {"tag": number, "content": member}
                for number, member in enumerate(inner, 1)
            ]
            record[name.removesuffix("s")] = members[0] if len(members) == 1 else members
        else:
            record[name] = _tagged(inner)
    return record
