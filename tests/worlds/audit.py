"""What an auditor asks of the estate: a call for each action that role/auditor allows by name, five apart."""

from typing import Any

from tests.worlds.estate import ACCOUNT, FAILURES, REGION, SETTINGS, TABLE, TABLE_ARN, Ids

TRAIL_BUCKET = f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}"
_TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{SETTINGS.trail_name}"
_TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{SETTINGS.name}-alerts"
_ALARM_ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{SETTINGS.name}-root-use"
_RULE = f"{SETTINGS.name}-alerts-silenced"
_FUNCTION = {"FunctionName": SETTINGS.function_name}
_FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}"
_POOL = {"IdentityPoolId": f"{REGION}:00000000-0000-0000-0000-000000000000"}
_VAULT = f"{SETTINGS.name}-vault"
_BUCKET = {"Bucket": FAILURES}
_LOGS = f"/{SETTINGS.name}/trail"
_QUEUE = {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{SETTINGS.name}-dead-letters"}
_SIMULATED: dict[str, Any] = {"ActionNames": ["s3:GetObject"]}

# the embedded AWS knows no such call, or takes it for another, before it asks who may make it
UNASKED = {
    "dynamodb:GetAbacStatus",
    "lambda:GetFunctionRecursionConfig",
    "s3:GetAccountPublicAccessBlock",
}

Question = tuple[str, str, dict[str, Any]]  # service, operation, parameters


def questions(ids: Ids) -> list[Question]:
    """Return the calls; of each family of actions that a pattern allows, one or two."""
    return [*_of_data(ids), *_of_evidence(), *_of_network(ids), *_of_people()]


def _of_data(ids: Ids) -> list[Question]:
    stream = {"StreamArn": f"{TABLE_ARN}/stream/2026-01-01T00:00:00.000"}
    key = {"KeyId": ids.key}
    return [
        ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "dynamodb"}),
        ("application-autoscaling", "describe_scaling_policies", {"ServiceNamespace": "dynamodb"}),
        ("backup", "describe_backup_vault", {"BackupVaultName": _VAULT}),
        ("backup", "get_backup_vault_access_policy", {"BackupVaultName": _VAULT}),
        ("backup", "list_backup_plans", {}),
        ("dax", "describe_clusters", {}),
        ("dax", "list_tags", {"ResourceName": f"arn:aws:dax:{REGION}:{ACCOUNT}:cache/none"}),
        ("dynamodb", "describe_backup", {"BackupArn": f"{TABLE_ARN}/backup/01234567890123-abcdefab"}),
        ("dynamodb", "describe_continuous_backups", {"TableName": TABLE}),
        ("dynamodb", "describe_contributor_insights", {"TableName": TABLE}),
        ("dynamodb", "describe_export", {"ExportArn": f"{TABLE_ARN}/export/01234567890123-abcdefab"}),
        ("dynamodb", "describe_import", {"ImportArn": f"{TABLE_ARN}/import/01234567890123-abcdefab"}),
        ("dynamodb", "describe_kinesis_streaming_destination", {"TableName": TABLE}),
        ("dynamodb", "describe_limits", {}),
        ("dynamodb", "describe_table", {"TableName": TABLE}),
        ("dynamodb", "describe_time_to_live", {"TableName": TABLE}),
        ("dynamodb", "get_resource_policy", {"ResourceArn": TABLE_ARN}),
        ("dynamodb", "list_backups", {}),
        ("dynamodb", "list_exports", {}),
        ("dynamodb", "list_imports", {}),
        ("dynamodb", "list_tables", {}),
        ("dynamodb", "list_tags_of_resource", {"ResourceArn": TABLE_ARN}),
        ("dynamodbstreams", "describe_stream", stream),
        ("dynamodbstreams", "list_streams", {}),
        ("kms", "describe_key", key),
        ("kms", "get_key_policy", {**key, "PolicyName": "default"}),
        ("kms", "get_key_rotation_status", key),
        ("kms", "list_aliases", {}),
        ("kms", "list_grants", key),
        ("kms", "list_keys", {}),
        ("kms", "list_resource_tags", key),
        ("lambda", "get_event_source_mapping", {"UUID": ids.mapping}),
        ("lambda", "get_function_concurrency", _FUNCTION),
        ("lambda", "get_function_configuration", _FUNCTION),
        ("lambda", "get_policy", _FUNCTION),
        ("lambda", "list_event_source_mappings", {}),
        ("lambda", "list_functions", {}),
        ("lambda", "list_tags", {"Resource": _FUNCTION_ARN}),
        ("sqs", "get_queue_attributes", {**_QUEUE, "AttributeNames": ["All"]}),
        ("sqs", "list_queue_tags", _QUEUE),
        ("sqs", "list_queues", {}),
    ]


def _of_evidence() -> list[Question]:
    trail = {"TrailName": SETTINGS.trail_name}
    return [
        ("cloudtrail", "describe_trails", {}),
        ("cloudtrail", "get_event_selectors", trail),
        ("cloudtrail", "get_insight_selectors", trail),
        ("cloudtrail", "get_trail", {"Name": SETTINGS.trail_name}),
        ("cloudtrail", "get_trail_status", {"Name": SETTINGS.trail_name}),
        ("cloudtrail", "list_public_keys", {}),
        ("cloudtrail", "list_tags", {"ResourceIdList": [_TRAIL_ARN]}),
        ("cloudtrail", "list_trails", {}),
        ("cloudtrail", "lookup_events", {}),
        ("cloudwatch", "describe_alarm_history", {}),
        ("cloudwatch", "describe_alarms", {}),
        ("cloudwatch", "list_tags_for_resource", {"ResourceARN": _ALARM_ARN}),
        ("config", "describe_config_rules", {}),
        ("config", "describe_configuration_recorders", {}),
        ("events", "describe_event_bus", {}),
        ("events", "describe_rule", {"Name": _RULE}),
        ("events", "list_rules", {}),
        ("events", "list_targets_by_rule", {"Rule": _RULE}),
        ("logs", "describe_log_groups", {}),
        ("logs", "describe_metric_filters", {"logGroupName": _LOGS}),
        ("logs", "describe_subscription_filters", {"logGroupName": _LOGS}),
        ("logs", "list_tags_for_resource", {"resourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{_LOGS}"}),
        ("s3", "get_bucket_encryption", _BUCKET),
        ("s3", "get_bucket_lifecycle_configuration", _BUCKET),
        ("s3", "get_bucket_policy", _BUCKET),
        ("s3", "get_bucket_replication", _BUCKET),
        ("s3", "list_buckets", {}),
        ("sns", "get_subscription_attributes", {"SubscriptionArn": f"{_TOPIC_ARN}:none"}),
        ("sns", "get_topic_attributes", {"TopicArn": _TOPIC_ARN}),
        ("sns", "list_subscriptions_by_topic", {"TopicArn": _TOPIC_ARN}),
        ("sns", "list_tags_for_resource", {"ResourceArn": _TOPIC_ARN}),
        ("sns", "list_topics", {}),
    ]


def _of_network(ids: Ids) -> list[Question]:
    listings = (
        "flow_logs",
        "internet_gateways",
        "managed_prefix_lists",
        "nat_gateways",
        "network_acls",
        "prefix_lists",
        "regions",
        "route_tables",
        "security_group_rules",
        "security_groups",
        "subnets",
        "vpc_endpoints",
        "vpc_peering_connections",
        "vpcs",
    )
    of_vpc = ("ec2", "describe_vpc_attribute", {"VpcId": ids.vpc, "Attribute": "enableDnsSupport"})
    return [*(("ec2", f"describe_{listing}", {}) for listing in listings), of_vpc]


def _of_people() -> list[Question]:
    policy = '{"Version": "2012-10-17", "Statement": []}'
    simulated = {"PolicySourceArn": SETTINGS.role_arn("deployer"), **_SIMULATED}
    return [
        ("cloudformation", "describe_stacks", {}),
        ("cloudformation", "get_template", {"StackName": SETTINGS.stack_name("table")}),
        ("cloudformation", "list_exports", {}),
        ("cognito-identity", "describe_identity_pool", _POOL),
        ("cognito-identity", "get_identity_pool_roles", _POOL),
        ("cognito-identity", "get_principal_tag_attribute_map", {**_POOL, "IdentityProviderName": "none"}),
        ("cognito-identity", "list_identity_pools", {"MaxResults": 10}),
        ("account", "get_account_information", {}),
        ("account", "list_regions", {}),
        ("iam", "get_account_authorization_details", {}),
        ("iam", "list_virtual_mfa_devices", {}),
        ("iam", "simulate_custom_policy", {"PolicyInputList": [policy], **_SIMULATED}),
        ("iam", "simulate_principal_policy", simulated),
        ("organizations", "describe_organization", {}),
        ("organizations", "list_policies", {"Filter": "SERVICE_CONTROL_POLICY"}),
        ("resourcegroupstaggingapi", "get_resources", {}),
    ]
