"""The default security group of a VPC that the network stack makes is closed, once; no other group is touched."""

from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.settings import example
from tableguard.stacks.deployment.default_group import close, is_open, makes_vpc
from tableguard.stacks.registry import find_stack

NAME = "chat-network"


class Stacks:
    """CloudFormation with one stack, whose output names a VPC."""

    def __init__(self, vpc: str) -> None:
        self.outputs = [{"OutputKey": "VpcId", "OutputValue": vpc}] if vpc else []

    def describe_stacks(self, StackName: str) -> Any:  # boto3's word
        return {"Stacks": [{"StackName": StackName, "Outputs": self.outputs}]}


@pytest.fixture
def ec2() -> Iterator[Any]:
    with server.start() as running:
        yield Clients(running.endpoint)("ec2", "111122223333", "eu-central-1")


def rules(ec2: Any, vpc: str) -> list[int]:
    named = [{"Name": "vpc-id", "Values": [vpc]}]
    groups = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    return sorted(len(group["IpPermissions"]) + len(group["IpPermissionsEgress"]) for group in groups)


def test_a_default_group_loses_what_lets_in_and_what_lets_out(ec2: Any) -> None:
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2)]
    ec2.create_security_group(GroupName="own", Description="own", VpcId=vpcs[0])
    named = [{"Name": "vpc-id", "Values": [vpcs[0]]}, {"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"]
    itself = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]  # which AWS makes, and moto does not
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=itself)
    assert rules(ec2, vpcs[0]) == [1, 2]
    assert is_open(ec2, Stacks(vpcs[0]), NAME)
    assert close(ec2, Stacks(vpcs[0]), NAME) == group
    assert not is_open(ec2, Stacks(vpcs[0]), NAME)
    assert rules(ec2, vpcs[0]) == [0, 1]
    assert rules(ec2, vpcs[1]) == [1]
    assert close(ec2, Stacks(vpcs[0]), NAME) == ""


def test_the_group_of_a_vpc_that_a_failed_stack_has_not_made_will_be_open(ec2: Any) -> None:
    assert is_open(ec2, Stacks(""), NAME)


@pytest.mark.parametrize(
    ("name", "stack", "closes"),
    [("default", "network", True), ("existing-vpc", "network", False), ("default", "table", False)],
)
def test_only_the_stack_that_makes_a_vpc_closes_its_group(name: str, stack: str, closes: bool) -> None:
    assert makes_vpc(example(name), find_stack(stack)) is closes
