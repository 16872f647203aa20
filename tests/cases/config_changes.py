"""One change of a running estate for each managed rule, by which the rule is broken, and what undoes it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tableguard.local.clients.factory import Clients
from tests.worlds.estate import ACCOUNT, REGION, SETTINGS, TABLE

Undo = Callable[[], object]
NAME = SETTINGS.name
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
TRAIL_BUCKET, CONFIG_BUCKET = (f"{NAME}-{word}-{ACCOUNT}-{REGION}" for word in ("trail", "config"))
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-alerts"
FUNCTION, TRAIL = SETTINGS.function_name, f"{NAME}-trail"
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Account:
    """The clients of the setup key, whom no guardrail stops."""

    clients: Clients

    def __call__(self, service: str) -> Any:
        return self.clients(service, ACCOUNT, REGION)

    def key(self, word: str) -> str:
        """Return the id of the key of one of our aliases."""
        return str(self("kms").describe_key(KeyId=f"alias/{NAME}-{word}")["KeyMetadata"]["KeyId"])


Change = Callable[[Account], Undo]


def switched(service: str, operation: str, broken: dict[str, Any], whole: dict[str, Any], **named: Any) -> Change:
    """Return the change by which one operation breaks something, and mends it with other parameters."""

    def change(account: Account) -> Undo:
        call = getattr(account(service), operation)
        call(**named, **broken)
        return lambda: call(**named, **whole)

    return change


def made(service: str, create: str, delete: str, names: tuple[str, ...], **parameters: Any) -> Change:
    """Return the change by which something is there that breaks a rule; it is deleted by the parameters named."""

    def change(account: Account) -> Undo:
        getattr(account(service), create)(**parameters)
        return lambda: getattr(account(service), delete)(**{name: parameters[name] for name in names})

    return change


def other_trail(account: Account) -> Undo:
    """Start a trail with neither key nor log group, into a bucket of its own: ours admits our trail alone."""
    s3, cloudtrail, bucket = account("s3"), account("cloudtrail"), "other-trail"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(OPEN))
    cloudtrail.create_trail(Name="other", S3BucketName=bucket)

    def undo() -> None:
        cloudtrail.delete_trail(Name="other")
        s3.delete_bucket(Bucket=bucket)

    return undo


def kept(service: str, get: str, put: str, answer: str, broken: Any, **named: Any) -> Change:
    """Return the change by which one setting is replaced; it is put back as it was read."""

    def change(account: Account) -> Undo:
        whole = getattr(account(service), get)(**named)[answer]
        getattr(account(service), put)(**named, **{answer: broken})
        return lambda: getattr(account(service), put)(**named, **{answer: whole})

    return change


def selection(account: Account) -> Undo:
    backup = account("backup")
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    named = {"BackupPlanId": plan["BackupPlanId"]}
    (listed,) = backup.list_backup_selections(**named)["BackupSelectionsList"]
    body = backup.get_backup_selection(**named, SelectionId=listed["SelectionId"])["BackupSelection"]
    backup.delete_backup_selection(**named, SelectionId=listed["SelectionId"])
    return lambda: backup.create_backup_selection(**named, BackupSelection=body)


def weekly(account: Account) -> Undo:
    backup = account("backup")
    rule = {"RuleName": "weekly", "TargetBackupVaultName": f"{NAME}-vault", "ScheduleExpression": "cron(0 3 ? * 1 *)"}
    plan = backup.create_backup_plan(
        BackupPlan={"BackupPlanName": "weekly", "Rules": [rule]}, BackupPlanTags={"Application": NAME}
    )
    return lambda: backup.delete_backup_plan(BackupPlanId=plan["BackupPlanId"])


def another_vpc(account: Account) -> Undo:
    ec2 = account("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    return lambda: ec2.delete_vpc(VpcId=vpc)


def open_group(account: Account) -> Undo:
    ec2 = account("ec2")
    named = [{"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"]
    out = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=out)
    return lambda: ec2.revoke_security_group_egress(GroupId=group, IpPermissions=out)


def public_subnet(account: Account) -> Undo:
    ec2 = account("ec2")
    subnet = ec2.describe_subnets(Filters=[{"Name": "tag:Application", "Values": [NAME]}])["Subnets"][0]["SubnetId"]

    def give(value: bool) -> None:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})

    give(True)
    return lambda: give(False)


def fewer_subnets(number: int) -> Change:
    def change(account: Account) -> Undo:
        client = account("lambda")
        network = client.get_function_configuration(FunctionName=FUNCTION)["VpcConfig"]
        whole = {name: network[name] for name in ("SubnetIds", "SecurityGroupIds")}
        client.update_function_configuration(
            FunctionName=FUNCTION, VpcConfig={**whole, "SubnetIds": whole["SubnetIds"][:number]}
        )
        return lambda: client.update_function_configuration(FunctionName=FUNCTION, VpcConfig=whole)

    return change


def no_concurrency(account: Account) -> Undo:
    client = account("lambda")
    number = client.get_function_concurrency(FunctionName=FUNCTION)["ReservedConcurrentExecutions"]
    client.delete_function_concurrency(FunctionName=FUNCTION)
    return lambda: client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=number)


def no_dead_letters(account: Account) -> Undo:
    client = account("lambda")
    whole = client.get_function_configuration(FunctionName=FUNCTION)["DeadLetterConfig"]
    client.update_function_configuration(FunctionName=FUNCTION, DeadLetterConfig={"TargetArn": ""})
    return lambda: client.update_function_configuration(FunctionName=FUNCTION, DeadLetterConfig=whole)


def log_format(account: Account) -> Undo:
    client = account("lambda")
    whole = client.get_function_configuration(FunctionName=FUNCTION)["LoggingConfig"]
    plain = {"LogFormat": "Text", "LogGroup": whole["LogGroup"]}
    client.update_function_configuration(FunctionName=FUNCTION, LoggingConfig=plain)
    return lambda: client.update_function_configuration(FunctionName=FUNCTION, LoggingConfig=whole)


def open_function(account: Account) -> Undo:
    client, named = account("lambda"), {"FunctionName": FUNCTION, "StatementId": "open"}
    client.add_permission(**named, Action="lambda:InvokeFunction", Principal="*")
    return lambda: client.remove_permission(**named)


def open_queue(account: Account) -> Undo:
    sqs = account("sqs")
    url = sqs.get_queue_url(QueueName=f"{NAME}-dead-letters")["QueueUrl"]
    whole = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(OPEN)})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=whole)


def topic(attribute: str, broken: str) -> Change:
    def change(account: Account) -> Undo:
        sns = account("sns")
        whole = sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"][attribute]
        sns.set_topic_attributes(TopicArn=TOPIC, AttributeName=attribute, AttributeValue=broken)
        return lambda: sns.set_topic_attributes(TopicArn=TOPIC, AttributeName=attribute, AttributeValue=whole)

    return change


def stopped_trail(account: Account) -> Undo:
    account("cloudtrail").stop_logging(Name=TRAIL)
    return lambda: account("cloudtrail").start_logging(Name=TRAIL)


def public_trail_bucket(account: Account) -> Undo:
    s3 = account("s3")
    whole = s3.get_public_access_block(Bucket=TRAIL_BUCKET)["PublicAccessBlockConfiguration"]
    ownership = s3.get_bucket_ownership_controls(Bucket=TRAIL_BUCKET)["OwnershipControls"]
    s3.delete_public_access_block(Bucket=TRAIL_BUCKET)
    s3.delete_bucket_ownership_controls(Bucket=TRAIL_BUCKET)
    s3.put_bucket_acl(Bucket=TRAIL_BUCKET, ACL="public-read")

    def undo() -> None:
        s3.put_bucket_acl(Bucket=TRAIL_BUCKET, ACL="private")
        s3.put_bucket_ownership_controls(Bucket=TRAIL_BUCKET, OwnershipControls=ownership)
        s3.put_public_access_block(Bucket=TRAIL_BUCKET, PublicAccessBlockConfiguration=whole)

    return undo


def no_logging(bucket: str) -> Change:
    def change(account: Account) -> Undo:
        s3 = account("s3")
        whole = {"LoggingEnabled": s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]}
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
        return lambda: s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=whole)

    return change


def no_bucket_block(account: Account) -> Undo:
    s3 = account("s3")
    whole = s3.get_public_access_block(Bucket=CONFIG_BUCKET)["PublicAccessBlockConfiguration"]
    s3.delete_public_access_block(Bucket=CONFIG_BUCKET)
    return lambda: s3.put_public_access_block(Bucket=CONFIG_BUCKET, PublicAccessBlockConfiguration=whole)


def no_bucket_policy(account: Account) -> Undo:
    s3 = account("s3")
    whole = s3.get_bucket_policy(Bucket=CONFIG_BUCKET)["Policy"]
    s3.delete_bucket_policy(Bucket=CONFIG_BUCKET)
    return lambda: s3.put_bucket_policy(Bucket=CONFIG_BUCKET, Policy=whole)


def dying_key(account: Account) -> Undo:
    kms, key = account("kms"), account.key("config")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)

    def undo() -> None:
        kms.cancel_key_deletion(KeyId=key)
        kms.enable_key(KeyId=key)

    return undo


def no_rotation(account: Account) -> Undo:
    kms, key = account("kms"), account.key("config")
    kms.disable_key_rotation(KeyId=key)
    return lambda: kms.enable_key_rotation(KeyId=key)


def open_key(account: Account) -> Undo:
    kms, named = account("kms"), {"KeyId": account.key("config"), "PolicyName": "default"}
    whole = kms.get_key_policy(**named)["Policy"]
    kms.put_key_policy(**named, Policy=json.dumps(OPEN))
    return lambda: kms.put_key_policy(**named, Policy=whole)


def account_block(account: Account) -> Undo:
    control, named = account("s3control"), {"AccountId": ACCOUNT}
    whole = control.get_public_access_block(**named)["PublicAccessBlockConfiguration"]
    control.delete_public_access_block(**named)
    return lambda: control.put_public_access_block(**named, PublicAccessBlockConfiguration=whole)


def user_with_policy(account: Account) -> Undo:
    iam, named = account("iam"), {"UserName": "eve", "PolicyName": "own"}
    iam.create_user(UserName="eve")
    iam.put_user_policy(**named, PolicyDocument=json.dumps(policy("s3:Get*")))

    def undo() -> None:
        iam.delete_user_policy(**named)
        iam.delete_user(UserName="eve")

    return undo


def policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}


def own_policy(action: str) -> Change:
    def change(account: Account) -> Undo:
        iam = account("iam")
        arn = iam.create_policy(PolicyName="wide", PolicyDocument=json.dumps(policy(action)))["Policy"]["Arn"]
        return lambda: iam.delete_policy(PolicyArn=arn)

    return change


def guests(account: Account) -> Undo:
    cognito = account("cognito-identity")
    (listed,) = cognito.list_identity_pools(MaxResults=10)["IdentityPools"]
    pool = cognito.describe_identity_pool(IdentityPoolId=listed["IdentityPoolId"])
    del pool["ResponseMetadata"]
    cognito.update_identity_pool(**{**pool, "AllowUnauthenticatedIdentities": True})
    return lambda: cognito.update_identity_pool(**pool)


ROLE = {"RoleName": f"{NAME}-application", "PolicyName": "hidden"}
ALARM = {
    "AlarmName": f"{NAME}-silent",
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "Statistic": "Sum",
    "ComparisonOperator": "GreaterThanThreshold",
    "Tags": [{"Key": "Application", "Value": NAME}],
}
VALIDATION = switched(
    "cloudtrail", "update_trail", {"EnableLogFileValidation": False}, {"EnableLogFileValidation": True}, Name=TRAIL
)
BIG_TABLE = made(
    "dynamodb",
    "create_table",
    "delete_table",
    ("TableName",),
    TableName="big",
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    ProvisionedThroughput={"ReadCapacityUnits": 16_000, "WriteCapacityUnits": 1},
)


def silent_alarm(account: Account) -> Undo:
    account("cloudwatch").put_metric_alarm(**ALARM)
    return lambda: account("cloudwatch").delete_alarms(AlarmNames=[ALARM["AlarmName"]])


def muted_alarm(account: Account) -> Undo:
    cloudwatch = account("cloudwatch")
    names = [cloudwatch.describe_alarms(AlarmNamePrefix=NAME)["MetricAlarms"][0]["AlarmName"]]
    cloudwatch.disable_alarm_actions(AlarmNames=names)
    return lambda: cloudwatch.enable_alarm_actions(AlarmNames=names)


RECOVERY = "PointInTimeRecoverySpecification"

CHANGES: dict[str, Change] = {
    "DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED": switched(
        "dynamodb",
        "update_table",
        {"DeletionProtectionEnabled": False},
        {"DeletionProtectionEnabled": True},
        TableName=TABLE,
    ),
    "DYNAMODB_PITR_ENABLED": switched(
        "dynamodb",
        "update_continuous_backups",
        {RECOVERY: {"PointInTimeRecoveryEnabled": False}},
        {RECOVERY: {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}},
        TableName=TABLE,
    ),
    "DYNAMODB_IN_BACKUP_PLAN": selection,
    "DYNAMODB_THROUGHPUT_LIMIT_CHECK": BIG_TABLE,
    "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED": kept(
        "backup",
        "get_backup_vault_access_policy",
        "put_backup_vault_access_policy",
        "Policy",
        "{}",
        BackupVaultName=f"{NAME}-vault",
    ),
    "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK": weekly,
    "VPC_FLOW_LOGS_ENABLED": another_vpc,
    "VPC_DEFAULT_SECURITY_GROUP_CLOSED": open_group,
    "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED": public_subnet,
    "LAMBDA_FUNCTION_SETTINGS_CHECK": switched(
        "lambda", "update_function_configuration", {"Timeout": 61}, {"Timeout": 60}, FunctionName=FUNCTION
    ),
    "LAMBDA_INSIDE_VPC": fewer_subnets(0),
    "LAMBDA_VPC_MULTI_AZ_CHECK": fewer_subnets(1),
    "LAMBDA_CONCURRENCY_CHECK": no_concurrency,
    "LAMBDA_DLQ_CHECK": no_dead_letters,
    "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED": open_function,
    "LAMBDA_FUNCTION_LOG_FORMAT_JSON": log_format,
    "SQS_QUEUE_NO_PUBLIC_ACCESS": open_queue,
    "MULTI_REGION_CLOUD_TRAIL_ENABLED": stopped_trail,
    "CLOUDTRAIL_SECURITY_TRAIL_ENABLED": VALIDATION,
    "CLOUD_TRAIL_ENCRYPTION_ENABLED": other_trail,
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED": VALIDATION,
    "CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED": other_trail,
    "CLOUDTRAIL_S3_BUCKET_PUBLIC_ACCESS_PROHIBITED": public_trail_bucket,
    "CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING": no_logging(TRAIL_BUCKET),
    "CLOUDWATCH_LOG_GROUP_ENCRYPTED": made(
        "logs", "create_log_group", "delete_log_group", ("logGroupName",), logGroupName="/others"
    ),
    "CW_LOGGROUP_RETENTION_PERIOD_CHECK": switched(
        "logs",
        "put_retention_policy",
        {"retentionInDays": 365},
        {"retentionInDays": SETTINGS.log_days},
        logGroupName=f"/{NAME}/flow",
    ),
    "CLOUDWATCH_ALARM_ACTION_CHECK": silent_alarm,
    "CLOUDWATCH_ALARM_ACTION_ENABLED_CHECK": muted_alarm,
    "KMS_CMK_NOT_SCHEDULED_FOR_DELETION": dying_key,
    "CMK_BACKING_KEY_ROTATION_ENABLED": no_rotation,
    "KMS_KEY_POLICY_NO_PUBLIC_ACCESS": open_key,
    "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS": account_block,
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": no_bucket_block,
    "S3_BUCKET_SSL_REQUESTS_ONLY": no_bucket_policy,
    "S3_BUCKET_VERSIONING_ENABLED": switched(
        "s3",
        "put_bucket_versioning",
        {"VersioningConfiguration": {"Status": "Suspended"}},
        {"VersioningConfiguration": {"Status": "Enabled"}},
        Bucket=CONFIG_BUCKET,
    ),
    "S3_DEFAULT_ENCRYPTION_KMS": kept(
        "s3",
        "get_bucket_encryption",
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        Bucket=CONFIG_BUCKET,
    ),
    "S3_BUCKET_LOGGING_ENABLED": no_logging(CONFIG_BUCKET),
    "S3_BUCKET_DEFAULT_LOCK_ENABLED": kept(
        "s3",
        "get_object_lock_configuration",
        "put_object_lock_configuration",
        "ObjectLockConfiguration",
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}},
        Bucket=TRAIL_BUCKET,
    ),
    "SNS_ENCRYPTED_KMS": topic("KmsMasterKeyId", ""),
    "SNS_TOPIC_NO_PUBLIC_ACCESS": topic("Policy", json.dumps(OPEN)),
    "IAM_USER_MFA_ENABLED": made("iam", "create_user", "delete_user", ("UserName",), UserName="mallory"),
    "IAM_USER_NO_POLICIES_CHECK": user_with_policy,
    "IAM_NO_INLINE_POLICY_CHECK": made(
        "iam",
        "put_role_policy",
        "delete_role_policy",
        ("RoleName", "PolicyName"),
        **ROLE,
        PolicyDocument=json.dumps(policy("s3:Get*")),
    ),
    "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": own_policy("*"),
    "IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS": own_policy("s3:*"),
    "COGNITO_IDENTITY_POOL_UNAUTH_ACCESS_CHECK": guests,
}

# what no operation of the embedded AWS changes and changes back, or what is broken on a fresh estate already
UNCHANGED = {
    "ACCOUNT_PART_OF_ORGANIZATIONS": "an account that left its organization cannot be taken back here",
    "BACKUP_RECOVERY_POINT_ENCRYPTED": "each vault has a key",
    "DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED": "broken until the first backup: see HEALED",
    "DYNAMODB_TABLE_ENCRYPTED_KMS": "UpdateTable of the embedded AWS does not change the key",
    "IAM_ROOT_ACCESS_KEY_CHECK": "the embedded AWS has no root user",
    "LAMBDA_FUNCTION_XRAY_ENABLED": "UpdateFunctionConfiguration of the embedded AWS does not change tracing",
    "ROOT_ACCOUNT_MFA_ENABLED": "the embedded AWS has no root user",
    "VPC_ENDPOINT_ENABLED": "another endpoint would have another id, which the estate's callers do not pass",
}


def backed_up(account: Account) -> Undo:
    """Back the table up, which heals DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED; its undoing breaks it."""
    backup, vault = account("backup"), f"{NAME}-vault"
    role = f"arn:aws:iam::{ACCOUNT}:role/{NAME}-backup"
    point = backup.start_backup_job(BackupVaultName=vault, ResourceArn=ARN, IamRoleArn=role)["RecoveryPointArn"]
    return lambda: backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)


HEALED: dict[str, Change] = {"DYNAMODB_LAST_BACKUP_RECOVERY_POINT_CREATED": backed_up}
