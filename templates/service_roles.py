"""The roles that AWS services take for the workload: made by the administrator, so that whoever deploys makes none."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, iam

from tableguard.settings import NewVpc, Settings
from templates import parts

_LOGS = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"


def add(template: Template, settings: Settings, boundary: iam.ManagedPolicy) -> None:
    """A role for the function, the backups, the trail and, in a VPC of our own, its flow logs; each exported."""
    lambda_, backup = (parts.service_trust(f"{service}.amazonaws.com") for service in ("lambda", "backup"))
    function = parts.policy_document(settings, "role", "stream_function")
    says = "Pattern D: reads the stream and members, writes conversation rows, and nothing else"
    _role(template, settings, boundary, "Function", "pattern-d", says, lambda_, function)
    _role(
        template, settings, boundary, "Backup", "backup", "AWS Backup backs the table up", backup, _backs_up(settings)
    )
    says = "CloudTrail writes the trail to its log group"
    _role(template, settings, boundary, "Trail", "trail", says, _trust_of_cloudtrail(), _writes_trail(settings))
    if isinstance(settings.network, NewVpc):
        flow = parts.service_trust("vpc-flow-logs.amazonaws.com")
        says = "VPC flow logs write to their log group"
        _role(template, settings, boundary, "FlowLog", "flow", says, flow, _writes_flow_logs(settings))


def _role(  # noqa: PLR0917  # one line a role, above
    template: Template,
    settings: Settings,
    boundary: iam.ManagedPolicy,
    title: str,
    name: str,
    says: str,
    trust: dict[str, Any],
    policy: dict[str, Any],
) -> None:
    role = parts.role(
        template,
        settings,
        f"{title}Role",
        name,
        says,
        trust=trust,
        policies={name: policy},
        PermissionsBoundary=Ref(boundary),
    )
    parts.export(template, settings, f"{title}RoleArn", GetAtt(role, "Arn"), says)


def _backs_up(settings: Settings) -> dict[str, Any]:
    # the DynamoDB part of AWS's own policy, for one table; StartAwsBackupJob and not CreateBackup, because only AWS
    # Backup's own DynamoDB backups are encrypted with the vault's key and governed by its lock
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
    of_table, of_vault = f"alias/{settings.name}-table", f"alias/{settings.name}-backup"
    return parts.document(
        {
            "Sid": "BackUpTheTable",
            "Effect": "Allow",
            "Action": ["dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"],
            "Resource": Sub(f"arn:aws:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{settings.table_name}"),
        },
        _with_keys("ReadUnderTheTablesKey", ["kms:Decrypt", "kms:DescribeKey"], of_table),
        _with_keys(
            "WriteUnderTheVaultsKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            of_vault,
        ),
        _with_keys(
            "GrantTheKeysToAwsBackup",
            ["kms:CreateGrant"],
            of_vault,
            of_table,
            Bool={"kms:GrantIsForAWSResource": "true"},
        ),
    )


def _with_keys(sid: str, actions: list[str], *aliases: str, **conditions: Any) -> parts.Statement:
    """A statement about keys that other stacks make later: known by their aliases, as everywhere in policies/."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": Sub("arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/*"),
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": list(aliases)}, **conditions},
    }


def _trust_of_cloudtrail() -> dict[str, Any]:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html:
    # the trust has no condition there. A role can be handed to a service in its own account only.
    return parts.document(
        {
            "Sid": "TakenByCloudTrail",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def _writes_trail(settings: Settings) -> dict[str, Any]:
    streams = "log-stream:${AWS::AccountId}_CloudTrail_${AWS::Region}*"
    return parts.document(
        {
            "Sid": "WriteTheTrail",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": Sub(f"{_LOGS}/{settings.name}/trail:{streams}"),
        }
    )


def _writes_flow_logs(settings: Settings) -> dict[str, Any]:
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html, less CreateLogGroup
    return parts.document(
        {
            "Sid": "WriteFlowLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": Sub(f"{_LOGS}/{settings.name}/flow:*"),
        },
        {
            "Sid": "FindTheLogGroup",
            "Effect": "Allow",
            "Action": "logs:DescribeLogGroups",
            "Resource": Sub(f"{_LOGS}*"),
        },
    )
