"""Parts that templates share: statements, trust policies, imports, and what keeps a resource from deletion."""

from typing import Any, TypeAlias

from troposphere import GetAtt, ImportValue, Join, Ref, Sub, s3

from tableguard.settings import Settings

Value: TypeAlias = "Ref | GetAtt | Sub | Join | ImportValue | str"
Statement = dict[str, Any]

# A stack that is deleted, or an update that replaces, leaves these behind: data, evidence, the keys to both, and
# whatever protects them.
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}

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


def imported(settings: Settings, title: str) -> ImportValue:
    """Return the value that another stack exports by this title."""
    return ImportValue(settings.export(title))


def document(*statements: Statement) -> dict[str, Any]:
    """Return a policy document of a stack's own, for what only intrinsic functions can name."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def account_root() -> Sub:
    """Return the account itself as a principal: whoever its IAM policies allow."""
    return Sub("arn:aws:iam::${AWS::AccountId}:root")


def own_account() -> dict[str, Any]:
    """Return the condition that a service acts for this account (and is not somebody's confused deputy)."""
    return {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}


def service_trust(service: str) -> dict[str, Any]:
    """Return a trust policy that lets one AWS service take a role, for this account only."""
    return document(
        {
            "Sid": "TakenByTheService",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": own_account(),
        }
    )


def key_use(service: str, *actions: str) -> Statement:
    """Return the key policy statement that lets principals of this account use the key through one AWS service."""
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


def key_use_of_log_groups(*names: str) -> Statement:
    """Return the key policy statement that lets log groups of these names be encrypted with the key."""
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    groups = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    return {
        "Sid": "LogGroupsOfTheWorkload",
        "Effect": "Allow",
        "Principal": {"Service": Sub("logs.${AWS::Region}.amazonaws.com")},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [Sub(f"{groups}{name}") for name in names]}},
    }


def key_administration() -> Statement:
    """Return the key policy statement that leaves the key's management to IAM."""
    return {
        "Sid": "AdministeredThroughIam",
        "Effect": "Allow",
        "Principal": {"AWS": account_root()},
        "Action": _KEY_ADMINISTRATION,
        "Resource": "*",  # in a key policy: this key
    }


def bucket_encryption(key_arn: Value) -> s3.BucketEncryption:
    """Return the encryption of every object under one key, by way of a bucket key."""
    by_default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=key_arn)
    rule = s3.ServerSideEncryptionRule(BucketKeyEnabled=True, ServerSideEncryptionByDefault=by_default)
    return s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def encrypted_transport(action: str, resource: Any) -> Statement:
    """Return the resource policy statement that refuses every request not sent over TLS."""
    return {
        "Sid": "DenyPlaintextTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def own_principals(action: str, resource: Any) -> Statement:
    """Return the resource policy statement that refuses every other account, whatever else the policy allows."""
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
