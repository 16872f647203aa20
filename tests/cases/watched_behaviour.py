"""Behaviour that reviews asked to be seen, as the record that it leaves, and the detections that must see it.

`letter` is D01 to D25 of the first catalogue of detections, or S for what a security review found unseen since.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.worlds.cloudtrail import call

TABLE, NAME = "cruddur-messages", "cruddur"
ACCOUNT = "arn:aws:iam::111122223333"
TABLE_ARN = f"arn:aws:dynamodb:eu-central-1:111122223333:table/{TABLE}"
BUCKET = "cruddur-{}-111122223333-eu-central-1"


@dataclass(frozen=True)
class Behaviour:
    """What is done, by a call with parameters and other fields, and by which detections it is seen."""

    letter: str
    words: str
    service: str
    name: str
    seen_by: tuple[str, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words

    @property
    def record(self) -> dict[str, Any]:
        """Return the record that CloudTrail writes of it."""
        return call(self.service, self.name, self.parameters or None, **self.fields)


def by(role: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a record of a role of the workload."""
    issuer = {"arn": f"{ACCOUNT}:role/{NAME}-{role}"}
    return {"userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}, **more}


def data(role: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a data event of a role that comes through an endpoint of the account."""
    return by(role, eventCategory="Data", vpcEndpointId="vpce-1", vpcEndpointAccountId="111122223333", **more)


def refused(message: str, code: str = "AccessDenied") -> dict[str, Any]:
    """Return the fields of a refusal."""
    return {"errorCode": code, "errorMessage": f"User: x is not authorized with {message}"}


SCP, RCP = "an explicit deny in a service control policy", "an explicit deny in a resource control policy"
ITEMS = {"tableName": TABLE}
USER = {"userIdentity": {"type": "IAMUser", "arn": f"{ACCOUNT}:user/somebody"}, "eventCategory": "Data"}

BEHAVIOURS = (
    Behaviour("D01", "the table is deleted", "dynamodb", "DeleteTable", ("table_destruction",), ITEMS),
    Behaviour(
        "D01",
        "a backup is deleted",
        "dynamodb",
        "DeleteBackup",
        ("table_destruction",),
        {"backupArn": f"{TABLE_ARN}/backup/01"},
    ),
    Behaviour(
        "D01",
        "a replica is deleted",
        "dynamodb",
        "UpdateTable",
        ("table_destruction",),
        {**ITEMS, "replicaUpdates": [{"delete": {"regionName": "us-east-1"}}]},
    ),
    Behaviour(
        "D02",
        "deletion protection is switched off",
        "dynamodb",
        "UpdateTable",
        ("table_disarmed",),
        {**ITEMS, "deletionProtectionEnabled": False},
    ),
    Behaviour(
        "D03",
        "recovery is switched off",
        "dynamodb",
        "UpdateContinuousBackups",
        ("table_disarmed",),
        {**ITEMS, "pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": False}},
    ),
    Behaviour("D04", "time to live is switched on", "dynamodb", "UpdateTimeToLive", ("mass_expiry",), ITEMS),
    Behaviour(
        "D05",
        "the table is exported",
        "dynamodb",
        "ExportTableToPointInTime",
        ("table_copied",),
        {"tableArn": TABLE_ARN},
    ),
    Behaviour("D05", "a backup is restored", "dynamodb", "RestoreTableFromBackup", ("table_copied",)),
    Behaviour("D06", "a global table is made", "dynamodb", "CreateGlobalTable", ("table_copied",)),
    Behaviour("D06", "Kinesis gets the changes", "dynamodb", "EnableKinesisStreamingDestination", ("table_copied",)),
    Behaviour(
        "D06",
        "the stream is switched off",
        "dynamodb",
        "UpdateTable",
        ("table_disarmed",),
        {**ITEMS, "streamSpecification": {"streamEnabled": False}},
    ),
    Behaviour("D07", "the table's policy is replaced", "dynamodb", "PutResourcePolicy", ("table_opened",)),
    Behaviour("D07", "the table's policy is deleted", "dynamodb", "DeleteResourcePolicy", ("table_opened",)),
    Behaviour(
        "D08",
        "a table is made elsewhere",
        "dynamodb",
        "CreateTable",
        ("off_region_table",),
        fields={"awsRegion": "us-east-1"},
    ),
    Behaviour(
        "D09",
        "an SCP refuses a change",
        "lambda",
        "DeleteLayerVersion20181031",
        ("denied_by_guardrail",),
        fields=refused(SCP, "AccessDeniedException"),
    ),
    Behaviour(
        "D10",
        "a stranger reads an item",
        "dynamodb",
        "GetItem",
        ("stranger_on_table",),
        ITEMS,
        data("deployer"),
    ),
    Behaviour("D10", "a user writes an item", "dynamodb", "PutItem", ("stranger_on_table",), ITEMS, USER),
    Behaviour("D11", "the application scans", "dynamodb", "Scan", ("bulk_read",), ITEMS, data("application")),
    Behaviour("D11", "the application queries", "dynamodb", "Query", ("reads_in_bulk",), ITEMS, data("application")),
    Behaviour(
        "D12",
        "the application deletes",
        "dynamodb",
        "DeleteItem",
        ("bulk_delete",),
        ITEMS,
        data("application"),
    ),
    Behaviour(
        "D12",
        "the application writes by batches",
        "dynamodb",
        "BatchWriteItem",
        ("writes_in_bulk",),
        ITEMS,
        data("application"),
    ),
    Behaviour(
        "D13",
        "reading is refused",
        "dynamodb",
        "Query",
        ("denial_burst", "reads_in_bulk"),
        ITEMS,
        data("application", errorCode="AccessDenied"),
    ),
    Behaviour(
        "D14",
        "the application comes through no endpoint",
        "dynamodb",
        "Query",
        ("not_through_endpoint", "reads_in_bulk"),
        ITEMS,
        by("application", eventCategory="Data"),
    ),
    Behaviour(
        "D15",
        "the application reads the stream",
        "dynamodb",
        "GetRecords",
        ("stream_tapped",),
        ITEMS,
        data("application"),
    ),
    Behaviour(
        "D15", "a second mapping reads the stream", "lambda", "CreateEventSourceMapping20150331", ("function_tampered",)
    ),
    Behaviour(
        "D16",
        "the function's code is replaced",
        "lambda",
        "UpdateFunctionCode20150331v2",
        ("function_tampered",),
        {"functionName": "cruddur-pattern-d"},
    ),
    Behaviour(
        "D17",
        "the dead letters are emptied",
        "sqs",
        "PurgeQueue",
        ("dead_letters_lost",),
        {"queueUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/cruddur-dead-letters"},
    ),
    Behaviour(
        "D17",
        "the letters of the alerts are emptied",
        "sqs",
        "PurgeQueue",
        ("dead_letters_lost",),
        {"queueUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/cruddur-alert-dead-letters"},
    ),
    Behaviour("D18", "the trail is stopped", "cloudtrail", "StopLogging", ("trail_blinded",)),
    Behaviour("D18", "the trail is narrowed", "cloudtrail", "PutEventSelectors", ("trail_blinded",)),
    Behaviour(
        "D18",
        "the trail's log group is deleted",
        "logs",
        "DeleteLogGroup",
        ("logs_removed",),
        {"logGroupName": "/cruddur/trail"},
    ),
    Behaviour(
        "D18",
        "an alarm is deleted",
        "monitoring",
        "DeleteAlarms",
        ("alerts_silenced",),
        {"alarmNames": ["cruddur-trail-silent"]},
    ),
    Behaviour(
        "D18",
        "a lifecycle is given to the trail's bucket",
        "s3",
        "PutBucketLifecycle",
        ("evidence_bucket_changed",),
        {"bucketName": BUCKET.format("trail")},
    ),
    Behaviour("D19", "the recorder is stopped", "config", "StopConfigurationRecorder", ("config_blinded",)),
    Behaviour(
        "D20",
        "the account leaves the organization",
        "organizations",
        "LeaveOrganization",
        ("guardrail_left",),
        fields={"awsRegion": "us-east-1"},
    ),
    Behaviour("D21", "a key is scheduled for deletion", "kms", "ScheduleKeyDeletion", ("key_lost",)),
    Behaviour("D21", "a key is granted to somebody", "kms", "CreateGrant", ("key_granted",)),
    Behaviour("D22", "an endpoint is deleted", "ec2", "DeleteVpcEndpoints", ("network_path_changed",)),
    Behaviour("D22", "a route is replaced", "ec2", "ReplaceRoute", ("network_path_changed",)),
    Behaviour("D23", "a cache is made", "dax", "CreateCluster", ("cache_changed",)),
    Behaviour("D24", "a region is enabled", "account", "EnableRegion", ("guardrail_left",)),
    Behaviour(
        "D25",
        "parameters are too large to be recorded",
        "ssm",
        "DescribeSessions",
        ("log_evasion",),
        {"omitted": True, "reason": "requestParameters too large"},
    ),
    Behaviour(
        "S",
        "the recovery window is shortened",
        "dynamodb",
        "UpdateContinuousBackups",
        ("recovery_shortened",),
        {
            **ITEMS,
            "pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": True, "recoveryPeriodInDays": 1},
        },
    ),
    Behaviour(
        "S",
        "a witness is added",
        "dynamodb",
        "UpdateTable",
        ("table_copied",),
        {**ITEMS, "globalTableWitnessUpdates": [{"create": {"regionName": "us-east-1"}}]},
    ),
    Behaviour(
        "S",
        "an index is deleted",
        "dynamodb",
        "UpdateTable",
        ("table_destruction",),
        {**ITEMS, "globalSecondaryIndexUpdates": [{"delete": {"indexName": "conversations"}}]},
    ),
    Behaviour(
        "S", "items are put in bulk", "dynamodb", "StartBulkPutItems", ("stranger_on_table", "table_destruction")
    ),
    Behaviour(
        "S",
        "the application overwrites",
        "dynamodb",
        "PutItem",
        ("writes_in_bulk",),
        ITEMS,
        data("application"),
    ),
    Behaviour(
        "S",
        "the application gives items an expiry",
        "dynamodb",
        "UpdateItem",
        ("items_expired", "writes_in_bulk"),
        {**ITEMS, "updateExpression": "SET expires_at = :now"},
        data("application"),
    ),
    Behaviour(
        "S",
        "a member reads by batches",
        "dynamodb",
        "BatchGetItem",
        ("reads_in_bulk",),
        ITEMS,
        data("identity-pool-user"),
    ),
    Behaviour("S", "a second endpoint is made", "ec2", "CreateVpcEndpoint", ("network_path_changed",)),
    Behaviour("S", "the security group is emptied", "ec2", "RevokeSecurityGroupEgress", ("network_path_changed",)),
    Behaviour("S", "a route table is taken off", "ec2", "DisassociateRouteTable", ("network_path_changed",)),
    Behaviour("S", "a VPN gateway is attached", "ec2", "AttachVpnGateway", ("network_attached",)),
    Behaviour("S", "the function loses its tags", "lambda", "UntagResource20170331v2", ("tags_changed",)),
    Behaviour("S", "the queue loses its tags", "sqs", "UntagQueue", ("tags_changed",)),
    Behaviour(
        "S",
        "metric data is forged",
        "monitoring",
        "PutMetricData",
        ("metric_forged",),
        {"namespace": "cruddur/trail"},
        {"eventCategory": "Data"},
    ),
    Behaviour("S", "the bus gets another key", "events", "UpdateEventBus", ("alerts_silenced",)),
    Behaviour(
        "S",
        "a composite alarm replaces ours",
        "monitoring",
        "PutCompositeAlarm",
        ("alerts_silenced",),
        {"alarmName": "cruddur-key-lost"},
    ),
    Behaviour(
        "S",
        "a log alarm replaces ours",
        "monitoring",
        "PutLogAlarm",
        ("alerts_silenced",),
        {"alarmName": "cruddur-key-lost"},
    ),
    Behaviour(
        "S",
        "a failed batch is forged",
        "s3",
        "PutObject",
        ("batch_forged",),
        {"bucketName": BUCKET.format("failures")},
        {"eventCategory": "Data"},
    ),
    Behaviour(
        "S", "a second factor is enabled for a user", "iam", "EnableMFADevice", ("user_made",), {"userName": "x"}
    ),
    Behaviour("S", "a user gets a key", "iam", "CreateAccessKey", ("user_made",), {"userName": "x"}),
    Behaviour(
        "S",
        "a profile gets a role",
        "iam",
        "AddRoleToInstanceProfile",
        ("role_widened",),
        {"roleName": "cruddur-operator", "instanceProfileName": "x"},
    ),
    Behaviour(
        "S",
        "an invitation of another organization is accepted",
        "organizations",
        "AcceptHandshake",
        ("guardrail_left",),
    ),
    Behaviour(
        "S",
        "the deployer is taken",
        "sts",
        "AssumeRole",
        ("deployer_taken",),
        {"roleArn": f"{ACCOUNT}:role/cruddur-deployer"},
    ),
    Behaviour(
        "S",
        "taking the deployer is refused",
        "sts",
        "AssumeRole",
        ("denied_by_guardrail", "role_refused"),
        fields=refused(f"on resource: {ACCOUNT}:role/cruddur-deployer with {SCP}"),
    ),
    Behaviour(
        "S",
        "EC2 refuses in its own words",
        "ec2",
        "CreateVpc",
        ("denied_by_guardrail",),
        fields=refused(SCP, "Client.UnauthorizedOperation"),
    ),
    Behaviour(
        "S",
        "SNS refuses in its own words",
        "sns",
        "CreateTopic",
        ("denied_by_guardrail",),
        fields=refused(RCP, "AuthorizationErrorException"),
    ),
    Behaviour(
        "S",
        "the application comes through another account's endpoint",
        "dynamodb",
        "PutItem",
        ("not_through_endpoint", "writes_in_bulk"),
        ITEMS,
        by("application", eventCategory="Data", vpcEndpointId="vpce-9", vpcEndpointAccountId="999999999999"),
    ),
    Behaviour(
        "S",
        "a member's password is set",
        "cognito-idp",
        "AdminSetUserPassword",
        ("member_impersonated",),
        {"userPoolId": "eu-central-1_Example01", "username": "x"},
    ),
    Behaviour("S", "somebody enters a container", "ecs", "ExecuteCommand", ("task_entered",)),
    Behaviour("S", "the provider of sign-in gets other keys", "iam", "UpdateSAMLProvider", ("federation_changed",)),
    Behaviour(
        "S",
        "evidence is put under another key",
        "s3",
        "UpdateObjectEncryption",
        ("evidence_removed",),
        {"bucketName": BUCKET.format("trail")},
        {"eventCategory": "Data"},
    ),
)
