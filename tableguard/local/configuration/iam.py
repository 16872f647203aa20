"""AWS::IAM::User, Group, Role and Policy: global resources, recorded in the region where rules ask for them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map

USER, GROUP, ROLE, POLICY = "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"

# part of GetAccountAuthorizationDetails -> type, and the words for its id and its name
_PARTS = {
    "UserDetailList": (USER, "UserId", "UserName"),
    "GroupDetailList": (GROUP, "GroupId", "GroupName"),
    "RoleDetailList": (ROLE, "RoleId", "RoleName"),
}


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read users, groups, roles, and the account's own policies: AWS Config records none of AWS's managed ones."""
    boundaries: Counter[str] = Counter()
    client = reader.client("iam")
    for page in client.get_paginator("get_account_authorization_details").paginate(Filter=["User", "Group", "Role"]):
        for part, words in _PARTS.items():
            for resource in page[part]:
                boundaries[resource.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")] += 1
                yield _principal(reader, resource, *words)
    for policy in reader.pages("iam", "list_policies", "Policies", Scope="Local"):
        yield _policy(reader, policy, boundaries[policy["Arn"]])


def _principal(
    reader: ResourceReader, resource: dict[str, Any], kind: str, identity: str, name: str
) -> ConfigurationItem:
    configuration = recorded({word: value for word, value in resource.items() if word != "Tags"})
    if kind == USER:
        # no part of AWS Config's item: the periodic rule asks IAM
        devices = reader.client("iam").list_mfa_devices(UserName=resource[name])["MFADevices"]
        configuration["mfaDevices"] = [device["SerialNumber"] for device in devices]
    return reader.item(
        kind,
        resource[identity],
        resource["Arn"],
        configuration,
        resource_name=resource[name],
        region="global",
        tags=tag_map(resource.get("Tags", ())),
    )


def _policy(reader: ResourceReader, policy: dict[str, Any], bounded: int) -> ConfigurationItem:
    client, arn, version = reader.client("iam"), policy["Arn"], policy["DefaultVersionId"]
    document = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return reader.item(
        POLICY,
        policy["PolicyId"],
        arn,
        {
            **recorded(policy),
            # counted by those whom it bounds: the embedded AWS does not count them
            "permissionsBoundaryUsageCount": bounded,
            "policyVersionList": [{"document": document, "isDefaultVersion": True, "versionId": version}],
        },
        resource_name=policy["PolicyName"],
        region="global",
        tags=tag_map(client.list_policy_tags(PolicyArn=arn)["Tags"]),
    )
