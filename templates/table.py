"""The messages table with its key, index, stream, protections and backups."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, dynamodb
from troposphere import applicationautoscaling as scaling

from stream_lambda.items import INDEX
from tableguard.settings import OnDemand, Provisioned, Settings
from templates import backups, parts


def template(settings: Settings) -> Template:
    """The table, everything that protects it, and the backups outside it."""
    template = parts.new_template(settings, "messages table with its key, stream, protections and backups")
    key = _table_key(template, settings)
    table = template.add_resource(_table(settings, key))
    if isinstance(settings.capacity, Provisioned):
        _scaling(template, settings, settings.capacity)
    backups.add(template, settings, table)
    if settings.client_side_encryption:
        message_key = _message_key(template, settings)
        parts.export(template, settings, "MessageKeyArn", GetAtt(message_key, "Arn"), "ARN of the message key")
    parts.export(template, settings, "TableName", Ref(table), "Messages table")
    parts.export(template, settings, "TableArn", GetAtt(table, "Arn"), "ARN of the messages table")
    parts.export(template, settings, "StreamArn", GetAtt(table, "StreamArn"), "ARN of the table's stream")
    parts.export(template, settings, "TableKeyArn", GetAtt(key, "Arn"), "ARN of the table's key")
    return template


def _table_key(template: Template, settings: Settings) -> Any:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    use = parts.key_use(
        "dynamodb",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    )
    return parts.customer_key(
        template,
        settings,
        "TableKey",
        "table",
        "Encrypts the messages table, its index and stream",
        use,
        parts.key_use("backup", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"),
    )


def _message_key(template: Template, settings: Settings) -> Any:
    # A key of its own: whoever reads the table needs its key, by way of DynamoDB, and Pattern D is one of them.
    use = {
        "Sid": "UsedAsIamSays",
        "Effect": "Allow",
        "Principal": {"AWS": parts.account_root()},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",  # in a key policy: this key
    }
    denials = parts.policy_document(settings, "resource", "message_key")["Statement"]
    says = "The application encrypts messages with it before they reach the table"
    return parts.customer_key(template, settings, "MessageKey", "messages", says, use, *denials)


def _table(settings: Settings, key: Any) -> dynamodb.Table:
    # Absent on purpose:
    # WarmThroughput: only for a launch whose peak is known. KinesisStreamSpecification, ImportSourceSpecification:
    # a way out and a way in for every message. StreamSpecification.ResourcePolicy: it must name the stream's ARN,
    # which exists only once the stream does; the role policies and the RCP confine who reads the stream.
    return dynamodb.Table(
        "Messages",
        TableName=settings.table_name,
        AttributeDefinitions=[
            dynamodb.AttributeDefinition(AttributeName=name, AttributeType="S")
            for name in ("last_message_at", "pk", "sk")
        ],
        KeySchema=_key_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            dynamodb.GlobalSecondaryIndex(
                IndexName=INDEX,
                KeySchema=_key_schema("pk", "last_message_at"),
                Projection=dynamodb.Projection(ProjectionType="ALL"),
                ContributorInsightsSpecification=_contributor_insights(),
                **_throughput(settings.capacity),
            )
        ],
        BillingMode="PAY_PER_REQUEST" if isinstance(settings.capacity, OnDemand) else "PROVISIONED",
        **_throughput(settings.capacity),
        SSESpecification=dynamodb.SSESpecification(SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=GetAtt(key, "Arn")),
        PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
            PointInTimeRecoveryEnabled=True,
            RecoveryPeriodInDays=35,  # also the default; stated so that a cut shows in a diff
        ),
        DeletionProtectionEnabled=True,
        # the projection needs the new image only; NEW_AND_OLD_IMAGES would hand it deleted text as well
        StreamSpecification=dynamodb.StreamSpecification(StreamViewType="NEW_IMAGE"),
        TimeToLiveSpecification=dynamodb.TimeToLiveSpecification(AttributeName="expires_at", Enabled=True),
        ResourcePolicy=dynamodb.ResourcePolicy(
            PolicyDocument=parts.policy_document(settings, "resource", "messages_table")
        ),
        ContributorInsightsSpecification=_contributor_insights(),
        Tags=parts.tags(settings, DataClass="confidential"),
        **parts.RETAINED,
    )


def _key_schema(hash_key: str, range_key: str) -> list[dynamodb.KeySchema]:
    return [
        dynamodb.KeySchema(AttributeName=hash_key, KeyType="HASH"),
        dynamodb.KeySchema(AttributeName=range_key, KeyType="RANGE"),
    ]


def _contributor_insights() -> dynamodb.ContributorInsightsSpecification:
    # throttled keys only: keys hold user ids, and CloudWatch shows them outside the table's own encryption
    return dynamodb.ContributorInsightsSpecification(Enabled=True, Mode="THROTTLED_KEYS")


def _throughput(capacity: OnDemand | Provisioned) -> dict[str, Any]:
    """The same for table and index: every write to a conversation reaches both."""
    if isinstance(capacity, OnDemand):
        return {
            "OnDemandThroughput": dynamodb.OnDemandThroughput(
                MaxReadRequestUnits=capacity.max_read_units, MaxWriteRequestUnits=capacity.max_write_units
            )
        }
    return {
        "ProvisionedThroughput": dynamodb.ProvisionedThroughput(
            ReadCapacityUnits=capacity.read_units[0], WriteCapacityUnits=capacity.write_units[0]
        )
    }


def _scaling(template: Template, settings: Settings, capacity: Provisioned) -> None:
    for scaled, path in (("table", ""), ("index", f"/index/{INDEX}")):
        for unit, (lowest, highest) in (("Read", capacity.read_units), ("Write", capacity.write_units)):
            target = template.add_resource(
                scaling.ScalableTarget(
                    f"{scaled.capitalize()}{unit}Capacity",
                    ServiceNamespace="dynamodb",
                    ResourceId=Sub(f"table/${{Messages}}{path}"),
                    ScalableDimension=f"dynamodb:{scaled}:{unit}CapacityUnits",
                    MinCapacity=lowest,
                    MaxCapacity=highest,
                    # RoleARN is absent: DynamoDB scales through its service-linked role
                    Tags=parts.tags(settings),
                )
            )
            template.add_resource(
                scaling.ScalingPolicy(
                    f"{scaled.capitalize()}{unit}Scaling",
                    PolicyName=f"{scaled}-{unit.lower()}",
                    PolicyType="TargetTrackingScaling",
                    ScalingTargetId=Ref(target),
                    TargetTrackingScalingPolicyConfiguration=scaling.TargetTrackingScalingPolicyConfiguration(
                        PredefinedMetricSpecification=scaling.PredefinedMetricSpecification(
                            PredefinedMetricType=f"DynamoDB{unit}CapacityUtilization"
                        ),
                        TargetValue=capacity.target_percent,
                    ),
                )
            )
