"""What the stacks share: tags, exports, documents of policies/, and the guarded shapes of keys, buckets and roles."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from troposphere import (
    Export,
    GetAtt,
    ImportValue,
    Join,
    Output,
    Ref,
    Sub,
    Tags,
    Template,
    cloudwatch,
    iam,
    kms,
    logs,
    s3,
)

from tableguard.policy import documents
from tableguard.settings import Settings

Value: TypeAlias = "Ref | GetAtt | Sub | Join | ImportValue | str"
Statement = dict[str, Any]

# A stack that is deleted, or an update that replaces, leaves these behind: data, evidence and the keys to both.
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}

# Where a policy document names an account or region, a template asks CloudFormation for its own.
_PSEUDO_PARAMETERS: dict[str, str | tuple[str, ...]] = {
    "account-id": "${AWS::AccountId}",
    "home-region": "${AWS::Region}",
}

# Everything that manages a key and nothing that uses it: CreateGrant is left out, since a grant can carry Decrypt.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
_KEY_ADMINISTRATION = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
]


def new_template(settings: Settings, description: str) -> Template:
    """An empty template that says what it is for."""
    template = Template(Description=f"{settings.name}: {description}")
    template.set_version("2010-09-09")
    return template


def tags(settings: Settings, **more: str) -> Tags:
    """The tags on every resource that takes them."""
    return Tags(**tag_map(settings, **more))


def tag_map(settings: Settings, **more: str) -> dict[str, str]:
    """The same tags for the few types, such as backup plans, that take a map instead of a list."""
    return {"Application": settings.name, "Environment": settings.environment, "ManagedBy": "tableguard", **more}


def export(template: Template, settings: Settings, name: str, value: Value, description: str) -> None:
    """An output that other stacks import by `name`."""
    template.add_output(Output(name, Value=value, Description=description, Export=Export(settings.export(name))))


def imported(settings: Settings, name: str) -> ImportValue:
    """The value that another stack exports by `name`."""
    return ImportValue(settings.export(name))


def policy_document(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """A document of policies/ for use in a workload stack: account and region are CloudFormation's own."""
    policy = documents.load(kind, name)
    filled: dict[str, Any] = _substituted(documents.fill(policy, {**settings.policy_values(), **_PSEUDO_PARAMETERS}))
    return filled


def organization_document(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """A document of policies/ for the management account, where the workload's account id is spelt out."""
    return documents.fill(documents.load(kind, name), settings.policy_values())


def _substituted(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _substituted(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_substituted(item) for item in node]
    if isinstance(node, str) and "${AWS::" in node:
        # IAM's own variables, ${cognito-identity.amazonaws.com:sub}, must reach IAM untouched
        return Sub(re.sub(r"\$\{(?!AWS::)", "${!", node))
    return node


def document(*statements: Statement) -> dict[str, Any]:
    """A policy document of a stack's own, for what only intrinsic functions can name."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def account_root() -> Sub:
    """The account itself as a principal: whoever its IAM policies allow."""
    return Sub("arn:aws:iam::${AWS::AccountId}:root")


def own_account() -> dict[str, Any]:
    """The condition that a service acts for this account (and is not somebody's confused deputy)."""
    return {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}


def service_trust(service: str) -> dict[str, Any]:
    """A trust policy that lets one AWS service take a role, for this account only."""
    return document(
        {
            "Sid": "TakenByTheService",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": own_account(),
        }
    )


def managed_policy(
    template: Template, settings: Settings, title: str, name: str, description: str, *, policy: Mapping[str, Any]
) -> iam.ManagedPolicy:
    """A customer-managed policy: versioned by IAM and visible by name, which an inline policy is not."""
    return template.add_resource(
        iam.ManagedPolicy(
            title, ManagedPolicyName=f"{settings.name}-{name}", Description=description, PolicyDocument=dict(policy)
        )
    )


def role(
    template: Template,
    settings: Settings,
    title: str,
    name: str,
    description: str,
    *,
    trust: Mapping[str, Any],
    policies: Mapping[str, Mapping[str, Any]],
    **more: Any,
) -> iam.Role:
    """A role with one managed policy for each document of `policies`, which maps policy name to document."""
    attached = [
        managed_policy(template, settings, f"{title}Policy{number or ''}", policy_name, description, policy=policy)
        for number, (policy_name, policy) in enumerate(policies.items())
    ]
    return template.add_resource(
        iam.Role(
            title,
            RoleName=f"{settings.name}-{name}",
            Description=description,
            AssumeRolePolicyDocument=dict(trust),
            ManagedPolicyArns=[Ref(policy) for policy in attached],
            Tags=tags(settings),
            **more,
        )
    )


def key_use(service: str, *actions: str) -> Statement:
    """A key policy statement: principals of this account may use the key, through one AWS service only."""
    return {
        "Sid": f"UsedThrough{service.capitalize()}",
        "Effect": "Allow",
        "Principal": {"AWS": account_root()},
        "Action": list(actions),
        "Resource": "*",  # in a key policy: this key
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": Ref("AWS::AccountId"),
                "kms:ViaService": Sub(f"{service}.${{AWS::Region}}.amazonaws.com"),
            }
        },
    }


def customer_key(
    template: Template, settings: Settings, title: str, purpose: str, description: str, *uses: Statement
) -> kms.Key:
    """A key of our own with alias/<name>-<purpose>: IAM says who manages it, `uses` say what it serves."""
    administration = {
        "Sid": "AdministeredThroughIam",
        "Effect": "Allow",
        "Principal": {"AWS": account_root()},
        "Action": _KEY_ADMINISTRATION,
        "Resource": "*",  # in a key policy: this key
    }
    key = template.add_resource(
        kms.Key(
            title,
            Description=description,
            EnableKeyRotation=True,
            RotationPeriodInDays=365,
            PendingWindowInDays=30,  # the longest time to notice and cancel a deletion
            BypassPolicyLockoutSafetyCheck=False,
            KeyPolicy=document(administration, *uses),
            Tags=tags(settings),
            **RETAINED,
        )
    )
    template.add_resource(
        kms.Alias(f"{title}Alias", AliasName=f"alias/{settings.name}-{purpose}", TargetKeyId=Ref(key))
    )
    return key


def private_bucket(
    template: Template,
    settings: Settings,
    purpose: str,
    key: kms.Key,
    lifecycle: s3.LifecycleRule,
    *statements: Statement,
    **more: Any,
) -> s3.Bucket:
    """<name>-<purpose>-<account>-<region>: private, versioned, encrypted, logged, over TLS only, and kept."""
    title = f"{purpose.capitalize()}Bucket"
    bucket = template.add_resource(
        s3.Bucket(
            title,
            BucketName=Sub(f"{settings.name}-{purpose}-${{AWS::AccountId}}-${{AWS::Region}}"),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        BucketKeyEnabled=True,
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                            SSEAlgorithm="aws:kms", KMSMasterKeyID=GetAtt(key, "Arn")
                        ),
                    )
                ]
            ),
            LifecycleConfiguration=s3.LifecycleConfiguration(Rules=[lifecycle]),
            LoggingConfiguration=s3.LoggingConfiguration(
                DestinationBucketName=settings.access_log_bucket, LogFilePrefix=f"{settings.name}-{purpose}/"
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            **RETAINED,
            **{"Tags": tags(settings), **more},
        )
    )
    policy = document(encrypted_transport("s3:*", [GetAtt(bucket, "Arn"), Sub(f"${{{title}.Arn}}/*")]), *statements)
    template.add_resource(s3.BucketPolicy(f"{title}Policy", Bucket=Ref(bucket), PolicyDocument=policy))
    return bucket


def encrypted_transport(action: str, resource: Any) -> Statement:
    """The resource policy statement that refuses every request not sent over TLS."""
    return {
        "Sid": "DenyPlaintextTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def own_principals(action: str, resource: Any) -> Statement:
    """The resource policy statement that refuses every other account, whatever else the policy may come to allow."""
    return {
        "Sid": "DenyOtherAccounts",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": Ref("AWS::AccountId")},
            # a service that acts in its own name belongs to no account
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }


def log_group(template: Template, settings: Settings, title: str, name: str, key_arn: Value) -> logs.LogGroup:
    """A log group under our key, kept as long as the settings say and protected from deletion."""
    return template.add_resource(
        logs.LogGroup(
            title,
            LogGroupName=name,
            RetentionInDays=settings.log_days,
            KmsKeyId=key_arn,
            DeletionProtectionEnabled=True,
            # DataProtectionPolicy is absent: nothing that writes here knows message text or personal data to mask
            Tags=tags(settings),
            **RETAINED,
        )
    )


def alarm(
    template: Template, settings: Settings, title: str, name: str, topic: Value, **metric: Any
) -> cloudwatch.Alarm:
    """An alarm that tells the alert topic when it starts and when it ends; silence of the metric is no alarm."""
    return template.add_resource(
        cloudwatch.Alarm(
            title,
            AlarmName=f"{settings.name}-{name}",
            ActionsEnabled=True,
            AlarmActions=[topic],
            OKActions=[topic],
            TreatMissingData="notBreaching",
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            Tags=tags(settings),
            **{"EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum", "Threshold": 1, **metric},
        )
    )
