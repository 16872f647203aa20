"""Look for resources by the names that a template gives them, with calls that only read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.partitions import of_region

Session = Any  # boto3.Session, whose clients botocore makes at run time
Resources = Mapping[str, Any]
Finder = Callable[[str, Resources], str | None]  # logical id, the template's resources -> the identifier for an import

_USER_POOLS = 60  # the most that ListUserPools answers at once

# the error codes of services for what does not exist
_ABSENT = (
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchConfigurationRecorderException",
    "NoSuchDeliveryChannelException",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "TrailNotFoundException",
)


@dataclass(frozen=True)
class AccountSession:
    """The account and Region that a stack is deployed to, and the session with which its principal looks there."""

    account_id: str
    region: str
    session: Session


def finders(place: AccountSession) -> Mapping[str, Finder]:
    """Return how to find a resource of each type that outlives its stack; a finder returns None where there is none."""
    look = _Look(place)
    return {
        "AWS::Backup::BackupVault": partial(look.named, "BackupVaultName", look.vault),
        "AWS::CloudTrail::Trail": partial(look.named, "TrailName", look.trail),
        "AWS::Cognito::UserPool": partial(look.named, "UserPoolName", look.user_pool),
        "AWS::Cognito::UserPoolRiskConfigurationAttachment": look.risks,
        "AWS::Config::ConfigurationRecorder": partial(look.named, "Name", look.recorder),
        "AWS::Config::DeliveryChannel": partial(look.named, "Name", look.channel),
        "AWS::DynamoDB::Table": partial(look.named, "TableName", look.table),
        "AWS::IAM::ManagedPolicy": partial(look.named, "ManagedPolicyName", look.managed_policy),
        "AWS::IAM::Role": partial(look.named, "RoleName", look.role),
        "AWS::KMS::Alias": partial(look.named, "AliasName", look.alias),
        "AWS::KMS::Key": look.key,
        "AWS::Logs::LogGroup": partial(look.named, "LogGroupName", look.log_group),
        "AWS::Organizations::Policy": partial(look.named, "Name", look.policy),
        "AWS::S3::Bucket": partial(look.named, "BucketName", look.bucket),
        "AWS::S3::BucketPolicy": look.bucket_policy,
        "AWS::SNS::Topic": partial(look.named, "TopicName", look.topic),
        "AWS::SQS::Queue": partial(look.named, "QueueName", look.queue),
    }


def stranger(place: AccountSession, key_id: str, declared: Mapping[str, Any]) -> str:
    """Return why a key, found by an alias, is none to adopt for the one that a template declares; "" if it may be.

    Its policy must be the template's: of a key that a deleted stack kept nobody but break-glass could change it.
    Somebody else's key under our alias would be one that this somebody still uses, and lets others use.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
    """
    look = _Look(place)
    key = look.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
    if key["KeyState"] != "Enabled":
        return f"it is {key['KeyState']}, and must be Enabled"
    if key["Origin"] != "AWS_KMS":
        return f"its material is of {key['Origin']}, and not of AWS KMS alone"
    policy = look.client("kms").get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    if not _agree(look.filled(declared["KeyPolicy"]), json.loads(policy)):
        return "its policy is not the template's, so that no deployment with these settings made it"
    return ""


class _Look:
    """Looks for resources by name, as one principal in one account and Region."""

    def __init__(self, place: AccountSession) -> None:
        self.place = place
        self.clients: dict[str, Any] = {}  # one takes 20 ms to make, that of EC2 100
        self.aliases: dict[str, str] | None = None
        self.policies: dict[str, str] | None = None

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.place.session.client(service, region_name=self.place.region)
        return self.clients[service]

    def named(self, key: str, find: Callable[[str], str | None], logical_id: str, resources: Resources) -> str | None:
        """Return the identifier of the resource whose name the template has under a key."""
        name = self.name(resources[logical_id].get("Properties", {}).get(key))
        return find(name) if name else None

    def name(self, node: Any) -> str:
        """Return a name of a template; "" if a deployment alone knows it."""
        text = node.get("Fn::Sub") if isinstance(node, Mapping) else node
        if not isinstance(text, str):
            return ""
        for variable, value in (
            ("AWS::AccountId", self.place.account_id),
            ("AWS::Region", self.place.region),
        ):
            text = text.replace(f"${{{variable}}}", value)
        return "" if "${" in text else text

    def filled(self, node: Any) -> Any:
        """Return a part of a template with the account and the Region in place of their pseudo parameters."""
        if isinstance(node, list):
            return [self.filled(item) for item in node]
        if isinstance(node, Mapping) and node.keys() <= {"Ref", "Fn::Sub"}:
            return self.name({"Fn::Sub": f"${{{node['Ref']}}}"} if "Ref" in node else node)
        return {key: self.filled(item) for key, item in node.items()} if isinstance(node, Mapping) else node

    def there(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any] | None:
        """Return the answer to a question about a resource, None if the service says that there is none."""
        try:
            answer: Mapping[str, Any] = getattr(self.client(service), operation)(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return answer

    def table(self, name: str) -> str | None:
        return name if self.there("dynamodb", "describe_table", TableName=name) else None

    def vault(self, name: str) -> str | None:
        return name if self.there("backup", "describe_backup_vault", BackupVaultName=name) else None

    def trail(self, name: str) -> str | None:
        return name if self.there("cloudtrail", "get_trail", Name=name) else None

    def user_pool(self, name: str) -> str | None:
        """Return the id of a user pool by its name, which others may have too."""
        pages = self.client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=_USER_POOLS)
        pools = [pool["Id"] for page in pages for pool in page["UserPools"] if pool["Name"] == name]
        if len(pools) > 1:
            raise DeployError(f"user pools {', '.join(pools)} are all called {name}; rename those that are not yours")
        return pools[0] if pools else None

    def risks(self, logical_id: str, resources: Resources) -> str | None:
        """Return the identifier of a pool's threat protection, if the pool is there and has any."""
        declared = resources[logical_id]["Properties"]
        named = resources[declared["UserPoolId"]["Ref"]]["Properties"]["UserPoolName"]
        pool = self.user_pool(named)
        answer = self.there("cognito-idp", "describe_risk_configuration", UserPoolId=pool) if pool else None
        parts = ("AccountTakeoverRiskConfiguration", "CompromisedCredentialsRiskConfiguration")
        is_there = answer is not None and any(answer["RiskConfiguration"].get(part) for part in parts)
        return f"{pool}|{declared['ClientId']}" if is_there else None

    def recorder(self, name: str) -> str | None:
        named = {"ConfigurationRecorderNames": [name]}
        return name if self.there("config", "describe_configuration_recorders", **named) else None

    def channel(self, name: str) -> str | None:
        return name if self.there("config", "describe_delivery_channels", DeliveryChannelNames=[name]) else None

    def role(self, name: str) -> str | None:
        return name if self.there("iam", "get_role", RoleName=name) else None

    def managed_policy(self, name: str) -> str | None:
        arn = f"arn:{of_region(self.place.region)}:iam::{self.place.account_id}:policy/{name}"
        return arn if self.there("iam", "get_policy", PolicyArn=arn) else None

    def log_group(self, name: str) -> str | None:
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return name if any(group["logGroupName"] == name for group in groups) else None

    def bucket(self, name: str) -> str | None:
        try:
            answer = self.there("s3", "head_bucket", Bucket=name, ExpectedBucketOwner=self.place.account_id)
        except ClientError as error:
            if error.response["Error"]["Code"] == "403":
                raise DeployError(f"{name}: another account has it, or this principal may not ask for it") from error
            raise
        return name if answer else None

    def bucket_policy(self, logical_id: str, resources: Resources) -> str | None:
        bucket = resources.get(resources[logical_id]["Properties"]["Bucket"].get("Ref"), {})
        name = self.name(bucket.get("Properties", {}).get("BucketName"))
        return name if name and self.there("s3", "get_bucket_policy", Bucket=name) else None

    def topic(self, name: str) -> str | None:
        arn = f"arn:{of_region(self.place.region)}:sns:{self.place.region}:{self.place.account_id}:{name}"
        return arn if self.there("sns", "get_topic_attributes", TopicArn=arn) else None

    def queue(self, name: str) -> str | None:
        answer = self.there("sqs", "get_queue_url", QueueName=name)
        return str(answer["QueueUrl"]) if answer else None

    def alias(self, name: str) -> str | None:
        return name if name in self.keys_by_alias() else None

    def key(self, logical_id: str, resources: Resources) -> str | None:
        """Return the id of a key by the alias that the template gives it: a key has no name of its own."""
        target = {"Ref": logical_id}
        aliases = (one["Properties"] for one in resources.values() if one["Type"] == "AWS::KMS::Alias")
        names = [self.name(alias["AliasName"]) for alias in aliases if alias["TargetKeyId"] == target]
        return next((key for name in names if (key := self.keys_by_alias().get(name))), None)

    def keys_by_alias(self) -> Mapping[str, str]:
        if self.aliases is None:
            pages = self.client("kms").get_paginator("list_aliases").paginate()
            aliases = [alias for page in pages for alias in page["Aliases"] if "TargetKeyId" in alias]
            self.aliases = {alias["AliasName"]: alias["TargetKeyId"] for alias in aliases}
        return self.aliases

    def policy(self, name: str) -> str | None:
        return self.policies_by_name().get(name)

    def policies_by_name(self) -> Mapping[str, str]:
        """Return the ids of the organization's policies; of a name that both kinds have, the RCP's."""
        if self.policies is None:
            pages = self.client("organizations").get_paginator("list_policies").paginate
            kinds = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
            self.policies = {
                one["Name"]: one["Id"] for kind in kinds for page in pages(Filter=kind) for one in page["Policies"]
            }
        return self.policies


def _agree(declared: Any, actual: Any) -> bool:
    """Tell whether two policies are alike; lists have no order, and one of a single item may stand as the item.

    A role that is gone is shown by its id, since its ARN may be another's by now.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    """
    if isinstance(declared, Mapping):
        same = isinstance(actual, Mapping) and declared.keys() == actual.keys()
        return same and all(_agree(item, actual[key]) for key, item in declared.items())
    if isinstance(declared, list) or isinstance(actual, list):
        ones, others = (node if isinstance(node, list) else [node] for node in (declared, actual))
        matched = [[_agree(one, other) for other in others] for one in ones]
        return len(ones) == len(others) and all(map(any, matched)) and all(map(any, zip(*matched, strict=True)))
    return bool(declared == actual) or (str(actual).startswith("AROA") and ":role/" in str(declared))
