"""The default security group of a new VPC, which AWS makes with rules and CloudFormation cannot close."""

from collections.abc import Mapping
from typing import Any

from tableguard.settings import NewVpc, Settings
from tableguard.stacks.registry import StackModule


def makes_vpc(settings: Settings, stack: StackModule) -> bool:
    """Tell whether a stack makes a VPC: the default security group of an existing one belongs to whoever made it."""
    return stack.name == "network" and isinstance(settings.network, NewVpc)


def close(ec2: Any, cloudformation: Any, stack_name: str) -> str:
    """Revoke the rules of the default security group of a stack's VPC; return its id, empty if it has none any more.

    AWS gives a new VPC's group rules that let everything out, and in from itself. CloudFormation adds rules to a group,
    and removes none that it did not make:
    https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    group = _group(ec2, _outputs(cloudformation, stack_name)["VpcId"])
    inward, outward = group["IpPermissions"], group["IpPermissionsEgress"]
    if inward:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=inward)
    if outward:
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=outward)
    return str(group["GroupId"]) if inward or outward else ""


def is_open(ec2: Any, cloudformation: Any, stack_name: str) -> bool:
    """Tell whether the default security group of a stack's VPC has rules; a VPC still to be made will have some."""
    vpc = _outputs(cloudformation, stack_name).get("VpcId")
    if vpc is None:
        return True
    group = _group(ec2, vpc)
    return bool(group["IpPermissions"] or group["IpPermissionsEgress"])


def _group(ec2: Any, vpc: str) -> Mapping[str, Any]:
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups: list[Mapping[str, Any]] = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    (group,) = groups
    return group


def _outputs(cloudformation: Any, stack_name: str) -> Mapping[str, str]:
    (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
