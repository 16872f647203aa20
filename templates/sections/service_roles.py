"""The roles that AWS services take for the workload: made by the administrator, so that whoever deploys makes none."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, iam

from tableguard.settings import NewVpc, Settings
from templates import parts
from templates.builder import StackBuilder
from templates.watching import trails

Document = dict[str, Any]

_LOGS = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"


def add(stack: StackBuilder, boundary: iam.ManagedPolicy) -> None:
    """Add a role for function, backups, trail, a cache and, in a VPC of our own, its flow logs; export each."""
    _role(
        stack,
        "FunctionRole",
        boundary=boundary,
        name="pattern-d",
        description="Pattern D: reads the stream and members, writes conversation rows, and nothing else",
        trust=parts.service_trust("lambda.amazonaws.com"),
        document=stack.policy_with_pseudo_parameters("role", "stream_function"),
    )
    _role(
        stack,
        "BackupRole",
        boundary=boundary,
        name="backup",
        description="AWS Backup backs the table up",
        trust=parts.service_trust("backup.amazonaws.com"),
        document=_backs_up(stack.settings),
    )
    _role(
        stack,
        "TrailRole",
        boundary=boundary,
        name="trail",
        description="CloudTrail writes the trail to its log group",
        trust=trails.trust(),
        document=trails.writes_log_group(f"/{stack.settings.name}/trail"),
    )
    if stack.settings.cache is not None:
        # elsewhere a role that nobody needs would be one more to take
        _role(
            stack,
            "DaxRole",
            boundary=boundary,
            name="dax",
            description="DAX reads items of the table into the cache, and nothing else",
            trust=parts.service_trust("dax.amazonaws.com"),
            document=stack.policy_with_pseudo_parameters("role", "dax"),
        )
    if isinstance(stack.settings.network, NewVpc):
        _role(
            stack,
            "FlowLogRole",
            boundary=boundary,
            name="flow",
            description="VPC flow logs write to their log group",
            trust=parts.service_trust("vpc-flow-logs.amazonaws.com"),
            document=_writes_flow_logs(stack.settings),
        )


def _role(
    stack: StackBuilder,
    title: str,
    *,
    boundary: iam.ManagedPolicy,
    name: str,
    description: str,
    trust: Document,
    document: Document,
) -> None:
    role = stack.role(
        title,
        name=name,
        description=description,
        trust=trust,
        policies={name: document},
        PermissionsBoundary=Ref(boundary),
    )
    stack.export(f"{title}Arn", value=GetAtt(role, "Arn"), description=description)


def _backs_up(settings: Settings) -> Document:
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
    """Return a statement about keys that other stacks make later: known by their aliases, as in policies/."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": Sub("arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/*"),
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": list(aliases)}, **conditions},
    }


def _writes_flow_logs(settings: Settings) -> Document:
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
