"""Maps API operations to all IAM actions that they require: their own, and those that parameters bring with them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tableguard.aws.operations import main_action
from tableguard.errors import EmbeddedError
from tableguard.local.authorization.call import ApiCall
from tableguard.policy import service_reference
from tableguard.policy.service_reference import Action

# No permission is required to learn one's own identity, and a denial has no effect:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity"})

# the further actions that an operation requires where a parameter is present
_ADDITIONAL: Mapping[str, tuple[tuple[str, str], ...]] = {
    "dynamodb:CreateTable": (("ResourcePolicy", "dynamodb:PutResourcePolicy"),),
    "kms:ReEncrypt": (("DestinationKeyId", "kms:ReEncryptTo"),),
    "s3:CreateBucket": (
        ("ObjectLockEnabledForBucket", "s3:PutBucketObjectLockConfiguration"),
        ("ObjectLockEnabledForBucket", "s3:PutBucketVersioning"),
    ),
    "s3:DeleteObject": (("BypassGovernanceRetention", "s3:BypassGovernanceRetention"),),
    "s3:DeleteObjects": (("BypassGovernanceRetention", "s3:BypassGovernanceRetention"),),
    "s3:PutObjectRetention": (("BypassGovernanceRetention", "s3:BypassGovernanceRetention"),),
    "s3:PutObject": (("Tagging", "s3:PutObjectTagging"),),
    "sts:AssumeRole": (("Tags", "sts:TagSession"),),
}
_OF_A_VERSION = {"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion"}
# creating something with tags requires permission to tag it; the parameters that hold tags
_TAG_PARAMETERS = ("Tags", "tags", "TagsList", "TagSpecifications", "BackupVaultTags", "BackupPlanTags")
_TAGGING_ACTIONS: Mapping[str, str] = {
    "backup": "backup:TagResource",
    "cloudformation": "cloudformation:TagResource",
    "cloudtrail": "cloudtrail:AddTags",
    "cloudwatch": "cloudwatch:TagResource",
    "config": "config:TagResource",
    "dax": "dax:TagResource",
    "dynamodb": "dynamodb:TagResource",
    "ec2": "ec2:CreateTags",
    "events": "events:TagResource",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "organizations": "organizations:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
}
# the parameter that names a role, and the service that the role is passed to:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
_PASSED_ROLES: Mapping[str, tuple[str, str]] = {
    "backup:CreateBackupSelection": ("BackupSelection.IamRoleArn", "backup.amazonaws.com"),
    "cloudtrail:CreateTrail": ("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    "cloudtrail:UpdateTrail": ("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    "config:PutConfigurationRecorder": ("ConfigurationRecorder.roleARN", "config.amazonaws.com"),
    "dax:CreateCluster": ("IamRoleArn", "dax.amazonaws.com"),
    "ec2:CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "lambda:CreateFunction": ("Role", "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": ("Role", "lambda.amazonaws.com"),
}


class PassedRole(NamedTuple):
    """The ARN of a role, and the service that may use it from now on."""

    role: str
    service: str


def action_by_name(name: str) -> Action:
    """Return an action of AWS's reference; EmbeddedError if it lists none of this name."""
    action = service_reference.load().actions.get(name.lower())
    if action is None:
        raise EmbeddedError(f"no action {name} is known, so nobody can be allowed it")
    return action


def required_actions(call: ApiCall) -> Iterator[Action]:
    """Yield the actions that an operation requires on its own resources, the main one first."""
    name = main_action(call.action)
    if call.value("VersionId") and name in _OF_A_VERSION:
        name = _OF_A_VERSION[name]
    yield action_by_name(name)
    yield from (action_by_name(other) for parameter, other in _ADDITIONAL.get(call.action, ()) if call.value(parameter))


def tagging_action(call: ApiCall) -> Action | None:
    """Return the action that an operation also requires because it tags what it creates; None if it does not."""
    creates = call.operation.startswith(("Create", "Put"))
    name = _TAGGING_ACTIONS.get(call.action) or _TAGGING_ACTIONS.get(call.service)
    return action_by_name(name) if creates and name and any(map(call.value, _TAG_PARAMETERS)) else None


def passed_role(call: ApiCall) -> PassedRole | None:
    """Return the role that an operation passes to a service; None if it passes none."""
    path, service = _PASSED_ROLES.get(call.action, ("", ""))
    role = call.value(path) if path else None
    return PassedRole(str(role), service) if role else None
