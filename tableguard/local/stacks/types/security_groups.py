"""AWS::EC2::SecurityGroup and its rules through the EC2 API."""

from collections.abc import Iterable, Iterator

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, remove_on_failure, select, without_none

GROUP_NAME = "AWS::EC2::SecurityGroup"

# the ways in which a rule names its other side: the template's word -> the API's list and member
_PEERS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}
_PORTS = ("FromPort", "IpProtocol", "ToPort")
_DIRECTIONS = {"SecurityGroupEgress": "egress", "SecurityGroupIngress": "ingress"}
_NO_DESCRIPTION = "moto drops the description of a rule whose other side is a prefix list or a group"


def _for_api(rule: Properties) -> Properties:
    """Return a template's rule as an IpPermission of the API."""
    permission = select(rule, *_PORTS)
    for name, (ranges, member) in _PEERS.items():
        if name in rule:
            permission[ranges] = [{member: rule[name], **select(rule, "Description")}]
    return permission


def _as_declared(permission: Properties, direction: str) -> Iterator[Properties]:
    """Yield the rules that EC2 groups into one IpPermission, each as a template would write it."""
    other = "Source" if direction == "egress" else "Destination"
    for name, (ranges, member) in _PEERS.items():
        if not name.startswith(other):
            for peer in permission.get(ranges, []):
                yield {**select(permission, *_PORTS), name: peer[member], **select(peer, "Description")}


def _add(client: Client, group: str, direction: str, rules: Iterable[Properties]) -> None:
    permissions = list(map(_for_api, rules))
    if permissions:
        call(client, f"authorize_security_group_{direction}", GroupId=group, IpPermissions=permissions)


def _remove_all(client: Client, group: str, direction: str) -> None:
    of_group = [{"Name": "group-id", "Values": [group]}]
    pages = client.get_paginator("describe_security_group_rules").paginate(Filters=of_group)
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] == (direction == "egress")]
    if ids:
        revoke = getattr(client, f"revoke_security_group_{direction}")
        revoke(GroupId=group, SecurityGroupRuleIds=ids)


def _create(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("ec2")
    group = client.create_security_group(
        GroupName=properties.get("GroupName", context.generated_name),
        Description=properties["GroupDescription"],
        VpcId=properties["VpcId"],
        TagSpecifications=tags.specifications("security-group", properties),
    )["GroupId"]
    handle = ResourceHandle(group, {"GroupId": group, "Id": group, "VpcId": properties["VpcId"]})
    with remove_on_failure(lambda: _delete(context, handle)):
        if "SecurityGroupEgress" in properties:
            # a group is born with a rule that lets everything out; CloudFormation removes it when the template
            # says what may go out
            _remove_all(client, group, "egress")
            _add(client, group, "egress", properties["SecurityGroupEgress"])
        _add(client, group, "ingress", properties.get("SecurityGroupIngress", []))
    return handle


def _read(context: Context, handle: ResourceHandle) -> Properties:
    groups = context.client("ec2").describe_security_groups(GroupIds=[handle.physical_id])["SecurityGroups"]
    group = only(groups, handle.physical_id)
    return {
        "GroupDescription": group["Description"],
        **select(group, "GroupName", "VpcId"),
        "SecurityGroupEgress": _rules(group["IpPermissionsEgress"], "egress"),
        "SecurityGroupIngress": _rules(group["IpPermissions"], "ingress"),
        "Tags": group.get("Tags", []),
    }


def _rules(permissions: list[Properties], direction: str) -> list[Properties]:
    return [rule for permission in permissions for rule in _as_declared(permission, direction)]


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, current = context.client("ec2"), _read(context, handle)
    refuse_replacement(GROUP_NAME, current, properties, "GroupDescription", "GroupName", "VpcId")
    for name, direction in _DIRECTIONS.items():
        if name in properties or direction == "ingress":
            _remove_all(client, handle.physical_id, direction)
            _add(client, handle.physical_id, direction, properties.get(name, []))
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_security_group(GroupId=handle.physical_id)


def _rule_type(direction: str) -> ResourceType:
    """Return AWS::EC2::SecurityGroupEgress or SecurityGroupIngress: one rule, declared apart from its group."""
    name = f"AWS::EC2::SecurityGroup{direction.capitalize()}"

    def create(context: Context, properties: Properties) -> ResourceHandle:
        rule = select(properties, "Description", "GroupId", *_PORTS, *_PEERS)
        answer = call(
            context.client("ec2"),
            f"authorize_security_group_{direction}",
            GroupId=rule["GroupId"],
            IpPermissions=[_for_api(rule)],
        )
        rule_id = only(answer["SecurityGroupRules"], f"rule of {rule['GroupId']}")["SecurityGroupRuleId"]
        return ResourceHandle(rule_id, {"Id": rule_id}, {"GroupId": rule["GroupId"]})

    def read(context: Context, handle: ResourceHandle) -> Properties:
        rules = context.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[handle.physical_id])
        rule = only(rules["SecurityGroupRules"], handle.physical_id)
        side = "Destination" if direction == "egress" else "Source"
        return without_none(
            **select(rule, "CidrIpv6", "Description", "GroupId", *_PORTS),
            CidrIp=rule.get("CidrIpv4"),
            **{
                f"{side}PrefixListId": rule.get("PrefixListId"),
                f"{side}SecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
            },
        )

    def delete(context: Context, handle: ResourceHandle) -> None:
        revoke = getattr(context.client("ec2"), f"revoke_security_group_{direction}")
        revoke(SecurityGroupRuleIds=[handle.physical_id], **handle.locator)

    return ResourceType(name, create, read, delete, not_modelled={"Description": _NO_DESCRIPTION})


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=GROUP_NAME,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        not_modelled={f"{name}.Description": _NO_DESCRIPTION for name in _DIRECTIONS},
        defaults={"SecurityGroupEgress": [{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}]},  # that of a new group
    ),
    _rule_type("egress"),
    _rule_type("ingress"),
)
