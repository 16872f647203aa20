"""What somebody must hear of: who destroys, disarms, blinds, tampers, or touches data that is not theirs."""

from tableguard.detect.detection import Calls, Detection, both, filtered
from tableguard.settings import Settings

# A metric filter on the trail's log group sees every region, minutes later. An EventBridge rule is there in seconds,
# but sees its own region only, and not what IAM, STS and Organizations do in us-east-1. So: what destroys, disarms or
# blinds is watched by both, everything else by the filter alone.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html


_TABLE_ROLES = ("application", "dax", "identity-pool-user", "operator", "pattern-d")


def detections(settings: Settings) -> tuple[Detection, ...]:
    """Everything that raises an alert, the most urgent first."""
    return (
        *_destruction(settings),
        *_evidence(settings),
        *_tampering(settings),
        *_everywhere(settings),
        *_data(settings),
    )


def _destruction(settings: Settings) -> tuple[Detection, ...]:
    removal = (("requestParameters.replicaUpdates[0].delete.regionName", "*"),)
    creation = (("requestParameters.replicaUpdates[0].create.regionName", "*"),)
    unprotected = (("requestParameters.deletionProtectionEnabled", False),)
    of_table = (("requestParameters.resourceArn", _table_arn(settings)),)
    changes = ("Delete*", "Deregister*", "Put*", "Register*")
    of_tables = (("requestParameters.serviceNamespace", "dynamodb"),)
    unrecoverable = (("requestParameters.pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled", False),)
    return (
        both(
            "TableDestruction",
            "A table, a replica or a backup of it was deleted, or somebody tried",
            Calls("dynamodb", ("DeleteTable", "DeleteBackup")),
            Calls("dynamodb", ("UpdateTable",), removal),
            Calls(
                "backup",
                (
                    "AssociateBackupVaultMpa*",
                    "CancelLegalHold",
                    "Delete*",
                    "Disassociate*",
                    "PutBackupVault*",
                    "RevokeRestoreAccess*",
                    "StopBackupJob",
                    "UpdateBackupPlan",
                    "UpdateRecoveryPointLifecycle",
                    "UpdateRegionSettings",
                ),
            ),
        ),
        both(
            "TableDisarmed",
            "Deletion protection or point-in-time recovery was switched off, or somebody tried",
            Calls("dynamodb", ("UpdateTable",), unprotected),
            Calls("dynamodb", ("UpdateContinuousBackups",), unrecoverable),
        ),
        both(
            "BackupsChanged",
            "A backup plan, restore test, framework or report was made or changed, or somebody tried",
            Calls(
                "backup",
                (
                    "CreateBackupPlan",
                    "CreateBackupSelection",
                    "CreateRestoreTesting*",
                    "UpdateFramework",
                    "UpdateReportPlan",
                    "UpdateRestoreTesting*",
                ),
            ),
        ),
        both(
            "TableSteered",
            "What a table may be scaled to, or what is watched of it, was changed, or somebody tried",
            Calls("dynamodb", ("DisableKinesisStreamingDestination", "UpdateContributorInsights")),
            # https://docs.aws.amazon.com/autoscaling/application/userguide/logging-using-cloudtrail.html
            Calls("autoscaling", changes, of_tables),
        ),
        both(
            "MassExpiry",
            "Time to live of a table was changed: expiry deletes items without a trace in the trail",
            Calls("dynamodb", ("UpdateTimeToLive",)),
        ),
        both(
            "TableCopied",
            "A table was exported, restored, replicated or streamed elsewhere, or somebody tried",
            Calls(
                "dynamodb",
                (
                    "CreateGlobalTable",
                    "EnableKinesisStreamingDestination",
                    "ExportTableToPointInTime",
                    "RestoreTable*",
                    "UpdateGlobalTable*",
                    "UpdateKinesisStreamingDestination",
                    "UpdateTableReplicaAutoScaling",
                ),
            ),
            Calls("dynamodb", ("UpdateTable",), creation),
            Calls(
                "backup",
                (
                    "CreateBackupAccessPoint",
                    "CreateLogicallyAirGapped*",
                    "CreateRestoreAccessBackupVault",
                    "StartCopyJob",
                    "StartRestoreJob",
                ),
            ),
        ),
        both(
            "TableOpened",
            "The resource policy of a table or stream, or tags that decide about access, were changed",
            Calls("dynamodb", ("DeleteResourcePolicy", "PutResourcePolicy", "UpdateAbacStatus")),
            Calls("dynamodb", ("TagResource", "UntagResource"), of_table),
        ),
        both(
            "KeyLost",
            "A key was disabled, scheduled for deletion, replicated or given another policy, or somebody tried",
            Calls(
                "kms",
                (
                    "DeleteAlias",
                    "DeleteImportedKeyMaterial",
                    "DisableKey*",
                    "PutKeyPolicy",
                    "ReplicateKey",
                    "RevokeGrant",
                    "ScheduleKeyDeletion",
                    "TagResource",
                    "UntagResource",
                    "UpdateAlias",
                    "UpdatePrimaryRegion",
                ),
            ),
        ),
    )


def _evidence(settings: Settings) -> tuple[Detection, ...]:
    removal = ("DeleteObject*", "PutObjectLegalHold", "PutObjectRetention")
    return (
        both(
            "TrailBlinded",
            "CloudTrail was stopped, narrowed or redirected, or somebody tried",
            Calls(
                "cloudtrail",
                (
                    "Delete*",
                    "Put*",
                    "RemoveTags",
                    "Stop*",
                    "Update*",
                ),
            ),
        ),
        both(
            "ConfigBlinded",
            "AWS Config was stopped or narrowed, a rule removed or a result forged, or somebody tried",
            Calls(
                "config",
                (
                    "Delete*",
                    "Disassociate*",
                    "Put*",
                    "Stop*",
                ),
            ),
        ),
        both(
            "AlertsSilenced",
            "An alarm, event rule, topic or subscription was removed, muted or changed, or somebody tried",
            Calls(
                "monitoring",
                ("DeleteAlarms", "DisableAlarmActions", "PutAlarmMuteRule", "PutMetricAlarm", "SetAlarmState"),
            ),
            Calls("events", ("DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets")),
            Calls(
                "sns",
                (
                    "AddPermission",
                    "DeleteTopic",
                    "PutDataProtectionPolicy",
                    "RemovePermission",
                    "SetSubscriptionAttributes",
                    "SetTopicAttributes",
                    "Unsubscribe",
                ),
            ),
        ),
        both(
            "LogsRemoved",
            "A log group, its retention, key or a metric filter was removed or changed, or somebody tried",
            Calls(
                "logs",
                (
                    "AssociateKmsKey",
                    "DeleteAccountPolicy",
                    "DeleteLog*",
                    "DeleteMetricFilter",
                    "DeleteRetentionPolicy",
                    "DeleteSubscriptionFilter",
                    "DisassociateKmsKey",
                    "PutAccountPolicy",
                    "PutDataProtectionPolicy",
                    "PutLogGroupDeletionProtection",
                    "PutMetricFilter",
                    "PutRetentionPolicy",
                    "PutSubscriptionFilter",
                    "PutTransformer",
                ),
            ),
        ),
        both(
            "EvidenceBucketChanged",
            "Policy, encryption, lock, lifecycle or logging of a bucket was changed, or somebody tried",
            Calls(
                "s3",
                (
                    "DeleteBucket*",
                    "PutBucketAcl",
                    "PutBucketEncryption",
                    "PutBucketLifecycle*",
                    "PutBucketLogging",
                    "PutBucketObjectLockConfiguration",
                    "PutBucketOwnershipControls",
                    "PutBucketPolicy",
                    "PutBucketPublicAccessBlock",
                    "PutBucketReplication",
                    "PutBucketVersioning",
                ),
            ),
        ),
        filtered(  # data events, which the trail selects for these two buckets
            "EvidenceRemoved",
            "A file of the trail or of AWS Config was deleted or unlocked, or somebody tried",
            Calls("s3", removal, (("requestParameters.bucketName", f"{settings.name}-trail-*"),)),
            Calls("s3", removal, (("requestParameters.bucketName", f"{settings.name}-config-*"),)),
        ),
        both(
            "StackRemoved",
            "A stack was deleted, or its protection was changed, or somebody tried",
            Calls("cloudformation", ("DeleteStack", "SetStackPolicy", "UpdateTerminationProtection")),
        ),
    )


def _tampering(settings: Settings) -> tuple[Detection, ...]:
    changes = ("Attach*", "Create*", "Delete*", "Detach*", "Put*", "Set*", "Tag*", "Untag*", "Update*")
    own_policies = f"arn:aws:iam::{settings.account_id}:policy/"
    return (
        both(
            "FunctionTampered",
            "A function, its permissions or its event source mapping was changed, or somebody tried",
            # these event names carry API dates: UpdateFunctionCode20150331v2
            Calls("lambda", ("Add*", "Create*", "Delete*", "Put*", "Remove*", "Update*")),
        ),
        both(
            "IdentityPoolChanged",
            "An identity pool, its roles or the tags it gives were changed, or somebody tried",
            Calls(
                "cognito-identity",
                ("DeleteIdentityPool", "SetIdentityPoolRoles", "SetPrincipalTagAttributeMap", "UpdateIdentityPool"),
            ),
        ),
        both(
            "NetworkPathChanged",
            "A VPC endpoint, its policy, a route or a flow log was changed, or somebody tried",
            Calls(
                "ec2",
                (
                    "AttachInternetGateway",
                    "CreateRoute",
                    "DeleteFlowLogs",
                    "DeleteRoute",
                    "DeleteVpcEndpoints",
                    "ModifyVpcEndpoint",
                    "ReplaceRoute*",
                ),
            ),
        ),
        both(
            "CacheChanged",
            "A DAX cluster that could serve the table was made, changed or deleted",
            Calls("dax", ("CreateCluster", "DeleteCluster", "IncreaseReplicationFactor", "UpdateCluster")),
        ),
        filtered(
            "RoleWidened",
            f"A {settings.name} role, or one of its policies, was made or changed, or somebody tried",
            Calls("iam", changes, (("requestParameters.roleName", f"{settings.name}-*"),)),
            Calls("iam", changes, (("requestParameters.policyArn", f"{own_policies}{settings.name}-*"),)),
            Calls("iam", ("CreatePolicy",), (("requestParameters.policyName", f"{settings.name}-*"),)),
        ),
        # What the management account does to policies, its own trail sees; a member's trail sees its attempt to leave.
        filtered(
            "GuardrailLeft",
            "Somebody tried to leave the organization or close the account, or a region was enabled",
            Calls("organizations", ("LeaveOrganization",)),
            Calls("account", ("CloseAccount", "EnableRegion")),
        ),
    )


def _everywhere(settings: Settings) -> tuple[Detection, ...]:
    elsewhere = " && ".join(f'($.awsRegion != "{region}")' for region in settings.allowed_regions)
    tables = ("CreateBackup", "CreateGlobalTable", "CreateTable", "ImportTable", "RestoreTable*")
    made = (Calls("dynamodb", tables), Calls("backup", ("CreateBackupVault", "StartBackupJob")))
    off_region = " || ".join(f"({calls.expression()})" for calls in made)
    glass = " || ".join(
        f'($.userIdentity.sessionContext.sessionIssuer.arn = "{arn}") || ($.requestParameters.roleArn = "{arn}")'
        for arn in settings.break_glass_roles
    )
    return (
        Detection(
            "OffRegionTable",
            "A table or backup was made outside the allowed regions, or somebody tried",
            f"{{ ({off_region}) && {elsewhere} }}",
        ),
        Detection(
            "DeniedByGuardrail",
            "A service or resource control policy of the organization refused a change",
            '{ ($.errorCode = "*AccessDenied*") && ($.readOnly IS FALSE) && '
            '(($.errorMessage = "*service control policy*") || ($.errorMessage = "*resource control policy*")) }',
        ),
        Detection(
            "RootUse",
            "The root user of the account was used",
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && '
            '($.eventType != "AwsServiceEvent") }',
        ),
        Detection("BreakGlassUse", "A break-glass role was taken or used, or somebody tried", f"{{ {glass} }}"),
        filtered(
            "OperatorTaken",
            "The operator's role, which reads messages, was taken, or somebody tried",
            Calls("sts", ("AssumeRole",), (("requestParameters.roleArn", settings.role_arn("operator")),)),
        ),
        Detection(
            "LogEvasion",
            "A call was made so large that the trail left its parameters out",
            '{ ($.requestParameters.reason = "requestParameters too large") }',
        ),
        Detection(
            "EndpointRefusal",
            "The VPC endpoint's policy refused a call",
            '{ ($.eventCategory = "NetworkActivity") && ($.errorCode = "VpceAccessDenied") }',
        ),
    )


def _data(settings: Settings) -> tuple[Detection, ...]:
    """Data events: who touches items and stream records, in what way and how many."""
    table = '($.eventSource = "dynamodb.amazonaws.com") && ($.eventCategory = "Data")'
    stream = '(($.eventName = "GetRecords") || ($.eventName = "GetShardIterator"))'
    item = '($.eventName != "GetRecords") && ($.eventName != "GetShardIterator")'
    function = settings.role_arn("pattern-d")
    inside = f'(({_issuer()} = "{function}") || ({_issuer()} = "{settings.role_arn("application")}"))'
    batches = f'($.eventSource = "s3.amazonaws.com") && ($.requestParameters.bucketName = "{settings.name}-failures-*")'
    taken = '(($.eventName = "GetObject*") || ($.eventName = "DeleteObject*"))'
    return (
        Detection(
            "BatchTaken",
            "Somebody other than the operator read or removed a failed batch, which holds messages, or tried",
            f"{{ {batches} && {taken} && {_nobody_of((settings.role_arn('operator'),))} }}",
        ),
        Detection(
            "StrangerOnTable",
            "Somebody other than the application, the function, the cache, the operator or a member touched items",
            f"{{ {table} && {item} && {_nobody_of(_table_users(settings))} }}",
        ),
        Detection(
            "StreamTapped",
            "Somebody other than the stream function read the table's stream",
            f"{{ {table} && {stream} && {_nobody_of((function,))} }}",
        ),
        Detection(
            "NotThroughEndpoint",
            "The application or the function reached the table other than through the VPC endpoint",
            f"{{ {table} && {item} && {inside} && ($.vpcEndpointId NOT EXISTS) }}",
        ),
        filtered(
            "BulkRead",
            "A whole table was read, or items were read by statement",
            Calls("dynamodb", ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction", "Scan")),
        ),
        filtered(
            "BulkDelete",
            "A hundred deletions in five minutes",
            Calls("dynamodb", ("DeleteItem",)),
            threshold=100,
        ),
        Detection(
            "DenialBurst",
            "Ten refused calls on tables in five minutes",
            '{ ($.eventSource = "dynamodb.amazonaws.com") && ($.errorCode = "*AccessDenied*") }',
            threshold=10,
        ),
    )


def _issuer() -> str:
    return "$.userIdentity.sessionContext.sessionIssuer.arn"


def _table_users(settings: Settings) -> tuple[str, ...]:
    return tuple(settings.role_arn(role) for role in _TABLE_ROLES)


def _nobody_of(roles: tuple[str, ...]) -> str:
    """None of these roles: an IAM user or root has no session issuer at all."""
    others = " && ".join(f'({_issuer()} != "{arn}")' for arn in roles)
    return f"(({_issuer()} NOT EXISTS) || ({others}))"


def _table_arn(settings: Settings) -> str:
    return f"arn:aws:dynamodb:{settings.home_region}:{settings.account_id}:table/{settings.table_name}"
