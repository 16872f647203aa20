"""What CloudFormation cannot set of an account and its organization, and the stacks rely on.

Neither has a resource type: the block of public access for all of an account's buckets, and the types of policies that
an organization's root has enabled. Both are asked first, and changed only where they are otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import DeployError

_ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
_NEVER_SET = "NoSuchPublicAccessBlockConfiguration"


@dataclass(frozen=True)
class AccountChange:
    """Something that an account or organization lacks: in words, and the call that sets it."""

    what: str
    make: Callable[[], object]


def public_access(s3control: Any, account_id: str) -> Iterator[AccountChange]:
    """Yield the change that blocks public access to all buckets of an account, where any of it is open.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    try:
        block = s3control.get_public_access_block(AccountId=account_id)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != _NEVER_SET:
            raise DeployError(f"account {account_id}: its block of public access cannot be read: {error}") from error
        block = {}
    if {key: block.get(key, False) for key in _ALL_BLOCKED} != _ALL_BLOCKED:
        yield AccountChange(
            f"account {account_id}: block public access to every bucket",
            lambda: s3control.put_public_access_block(
                AccountId=account_id, PublicAccessBlockConfiguration=_ALL_BLOCKED
            ),
        )


def policy_types(organizations: Any, organization_id: str, wanted: Sequence[str]) -> Iterator[AccountChange]:
    """Yield a change for each type of policy that the organization's root has not enabled.

    https://docs.aws.amazon.com/organizations/latest/userguide/enable-policy-type.html
    """
    try:
        own = organizations.describe_organization()["Organization"]["Id"]
        (root,) = organizations.list_roots()["Roots"]
    except ClientError as error:
        raise DeployError(f"organization {organization_id}: {error}") from error
    if own != organization_id:
        raise DeployError(f"organization.id: the management account's is {own}, not {organization_id}")
    enabled = {kind["Type"] for kind in root["PolicyTypes"] if kind["Status"] == "ENABLED"}
    for kind in wanted:
        if kind not in enabled:
            yield AccountChange(
                f"organization {organization_id}: enable policies of type {kind}", _enabling(organizations, root, kind)
            )


def _enabling(organizations: Any, root: dict[str, Any], kind: str) -> Callable[[], object]:
    return lambda: organizations.enable_policy_type(RootId=root["Id"], PolicyType=kind)
