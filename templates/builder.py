"""The builder of a stack: its template under construction, and the guarded shapes that every stack uses.

A key, bucket, role or alarm made here has the protections that the organisation demands; a stack states what is
particular to it, by keyword.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar

from troposphere import (
    AWSObject,
    Export,
    GetAtt,
    ImportValue,
    Output,
    Parameter,
    Ref,
    Sub,
    Tags,
    Template,
    cloudwatch,
    iam,
    kms,
    logs,
    s3,
    sqs,
)

from tableguard.policy import documents
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tableguard.settings import Settings
from templates import parts
from templates.parts import RETAINED, Statement, Value

Resource = TypeVar("Resource", bound=AWSObject)

# Where a policy document names an account or region, a template asks CloudFormation for its own.
_PSEUDO_PARAMETERS: dict[str, str | tuple[str, ...]] = {
    "account-id": "${AWS::AccountId}",
    "home-region": "${AWS::Region}",
}
_ONE_IN_A_MINUTE = {
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "EvaluationPeriods": 1,
    "Period": 60,
    "Statistic": "Maximum",
    "Threshold": 1,
    "TreatMissingData": "notBreaching",
}
_PUBLIC_ACCESS = s3.PublicAccessBlockConfiguration(
    BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
)


class StackBuilder:
    """One stack under construction for one organisation's settings; `template` holds its resources so far."""

    def __init__(self, settings: Settings, purpose: str) -> None:
        self.settings = settings
        self.template = Template(Description=f"{settings.name}: {purpose}")
        self.template.set_version("2010-09-09")

    def add(self, resource: Resource) -> Resource:
        """Add a resource and return it."""
        self.template.add_resource(resource)
        return resource

    def parameter(self, title: str, **properties: Any) -> Parameter:
        """Add a parameter, whose value the deployer gives."""
        return self.template.add_parameter(Parameter(title, **properties))

    def output(self, title: str, *, value: Value, description: str) -> None:
        """Add an output that people read."""
        self.template.add_output(Output(title, Value=value, Description=description))

    def export(self, title: str, *, value: Value, description: str) -> None:
        """Add an output that other stacks import by its title."""
        name = self.settings.export(title)
        self.template.add_output(Output(title, Value=value, Description=description, Export=Export(name)))

    def imported(self, title: str) -> ImportValue:
        """Return the value that another stack exports by this title."""
        return parts.imported(self.settings, title)

    def named(self, suffix: str) -> str:
        """Return <name>-<suffix>, the form of every name in the estate."""
        return f"{self.settings.name}-{suffix}"

    def tags(self, **more: str) -> Tags:
        """Return the tags that every resource carries."""
        return Tags(**self.tag_map(**more))

    def tag_map(self, **more: str) -> dict[str, str]:
        """Return the same tags for the few types, such as backup plans, that take a map instead of a list."""
        settings = self.settings
        return {"Application": settings.name, "Environment": settings.environment, "ManagedBy": "tableguard", **more}

    @cached_property
    def policy_values(self) -> Values:
        """The value of each placeholder of policies/, as the settings have it."""
        return self.settings.policy_values()

    def policy_with_pseudo_parameters(self, kind: str, name: str) -> dict[str, Any]:
        """Return a document of policies/ for a workload stack: account and region are CloudFormation's own."""
        policy = documents.load(kind, name)
        return self.with_pseudo_parameters(policy.document, policy.place)

    def with_pseudo_parameters(self, written: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Return a document, or a part of one, filled in the same way."""
        values = {**self.policy_values, **_PSEUDO_PARAMETERS}
        filled: dict[str, Any] = _substituted(placeholders.fill(written, values, place))
        return filled

    def policy_with_literal_ids(self, kind: str, name: str) -> dict[str, Any]:
        """Return a document of policies/ for the management account, where the workload's account id is spelt out."""
        return documents.fill(documents.load(kind, name), self.policy_values)

    def managed_policy(
        self, title: str, *, name: str, description: str, document: Mapping[str, Any], **more: Any
    ) -> iam.ManagedPolicy:
        """Add a customer-managed policy: versioned by IAM and visible by name, which an inline policy is not."""
        return self.add(
            iam.ManagedPolicy(
                title,
                ManagedPolicyName=self.named(name),
                Description=description,
                PolicyDocument=dict(document),
                **more,
            )
        )

    def role(
        self,
        title: str,
        *,
        name: str,
        description: str,
        trust: Mapping[str, Any],
        policies: Mapping[str, Mapping[str, Any]],
        **more: Any,
    ) -> iam.Role:
        """Add a role with one managed policy for each document of `policies`, which maps policy name to document.

        A policy's logical id follows from its name alone: were it numbered, a document added in between would rename
        those behind it, and CloudFormation refuses to make a policy whose name is taken. A policy has its role's name
        or begins with it. A role that is retained keeps its policies.
        """
        kept = {attribute: more[attribute] for attribute in RETAINED if attribute in more}
        attached = [
            self.managed_policy(
                f"{title}Policy{policy.removeprefix(name).title().replace('-', '')}",
                name=policy,
                description=description,
                document=document,
                **kept,
            )
            for policy, document in policies.items()
        ]
        return self.add(
            iam.Role(
                title,
                RoleName=self.named(name),
                Description=description,
                AssumeRolePolicyDocument=dict(trust),
                ManagedPolicyArns=[Ref(policy) for policy in attached],
                Tags=self.tags(),
                **more,
            )
        )

    def key(self, title: str, *, alias: str, description: str, uses: tuple[Statement, ...]) -> kms.Key:
        """Add a key of our own with alias/<name>-<alias>: IAM says who manages it, `uses` say what it serves."""
        key = self.add(
            kms.Key(
                title,
                Description=description,
                EnableKeyRotation=True,
                RotationPeriodInDays=365,
                PendingWindowInDays=30,  # the longest time to notice and cancel a deletion
                BypassPolicyLockoutSafetyCheck=False,
                KeyPolicy=parts.document(parts.key_administration(), *uses),
                Tags=self.tags(),
                **RETAINED,
            )
        )
        # kept as the key is: policies know a key by its alias, and none would protect one that lost it
        name = f"alias/{self.named(alias)}"
        self.add(kms.Alias(f"{title}Alias", AliasName=name, TargetKeyId=Ref(key), **RETAINED))
        return key

    def bucket(
        self,
        purpose: str,
        *,
        key: kms.Key,
        lifecycle: s3.LifecycleRule,
        statements: tuple[Statement, ...],
        access_logged: bool = True,
        name: str = "",
        **more: Any,
    ) -> s3.Bucket:
        """Add <name>-<purpose>-<account>-<region>, or `name`: private, versioned, encrypted, logged, over TLS, kept.

        Access logs go to the settings' bucket, which is of the workload's account.
        """
        return self.private_bucket(
            f"{purpose.capitalize()}Bucket",
            name=name or Sub(f"{self.named(purpose)}-${{AWS::AccountId}}-${{AWS::Region}}"),
            encryption=parts.bucket_encryption(GetAtt(key, "Arn")),
            lifecycle=lifecycle,
            statements=statements,
            log_prefix=f"{self.named(purpose)}/" if access_logged else None,
            **more,
        )

    def private_bucket(
        self,
        title: str,
        *,
        name: Value,
        encryption: s3.BucketEncryption,
        lifecycle: s3.LifecycleRule,
        statements: tuple[Statement, ...],
        log_prefix: str | None,
        **more: Any,
    ) -> s3.Bucket:
        """Add a bucket: private, versioned, over TLS only, and kept; its access is logged where a prefix is given."""
        logging = {}
        if log_prefix is not None:
            logging["LoggingConfiguration"] = s3.LoggingConfiguration(
                DestinationBucketName=self.settings.access_log_bucket, LogFilePrefix=log_prefix
            )
        ownership = s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")])
        bucket = self.add(
            s3.Bucket(
                title,
                BucketName=name,
                BucketEncryption=encryption,
                LifecycleConfiguration=s3.LifecycleConfiguration(Rules=[lifecycle]),
                OwnershipControls=ownership,
                PublicAccessBlockConfiguration=_PUBLIC_ACCESS,
                VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
                **RETAINED,
                **logging,
                **{"Tags": self.tags(), **more},
            )
        )
        transport = parts.encrypted_transport("s3:*", [GetAtt(bucket, "Arn"), Sub(f"${{{title}.Arn}}/*")])
        policy = parts.document(transport, *statements)
        self.add(s3.BucketPolicy(f"{title}Policy", Bucket=Ref(bucket), PolicyDocument=policy, **RETAINED))
        return bucket

    def queue(
        self, title: str, *, name: str, key: kms.Key, statements: tuple[Statement, ...] = (), **more: Any
    ) -> sqs.Queue:
        """Add a queue for what could not be delivered: under our key, over TLS only, kept, and of this account."""
        queue = self.add(
            sqs.Queue(
                title,
                QueueName=self.named(name),
                KmsMasterKeyId=GetAtt(key, "Arn"),
                MessageRetentionPeriod=1_209_600,  # 14 days, the longest
                RedriveAllowPolicy={"redrivePermission": "denyAll"},
                **RETAINED,
                **{"Tags": self.tags(), **more},
            )
        )
        arn = GetAtt(queue, "Arn")
        policy = parts.document(
            parts.encrypted_transport("sqs:*", arn), parts.own_principals("sqs:*", arn), *statements
        )
        self.add(sqs.QueuePolicy(f"{title}Policy", Queues=[Ref(queue)], PolicyDocument=policy, **RETAINED))
        return queue

    def log_group(self, title: str, *, name: str, key_arn: Value) -> logs.LogGroup:
        """Add a log group under our key, kept as long as the settings say and protected from deletion."""
        return self.add(
            logs.LogGroup(
                title,
                LogGroupName=name,
                RetentionInDays=self.settings.log_days,
                KmsKeyId=key_arn,
                DeletionProtectionEnabled=True,
                # DataProtectionPolicy is absent: nothing that writes here knows message text or personal data to mask
                Tags=self.tags(),
                **RETAINED,
            )
        )

    def alarm(self, title: str, *, name: str, topic: Value, **metric: Any) -> cloudwatch.Alarm:
        """Add an alarm that tells the topic when it starts and when it ends; silence of the metric is none by default.

        A metric says "one or more" by its maximum. Its sum would say the same, but whoever may write metric data into
        its namespace lowers a sum with a negative value, and the trail records no such call.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
        """
        return self.add(
            cloudwatch.Alarm(
                title,
                AlarmName=self.named(name),
                ActionsEnabled=True,
                AlarmActions=[topic],
                OKActions=[topic],
                Tags=self.tags(),
                **{**_ONE_IN_A_MINUTE, **metric},
            )
        )


def _substituted(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _substituted(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_substituted(item) for item in node]
    if isinstance(node, str) and "${AWS::" in node:
        # IAM's own variables, ${cognito-identity.amazonaws.com:sub}, must reach IAM untouched
        return Sub(re.sub(r"\$\{(?!AWS::)", "${!", node))
    return node
