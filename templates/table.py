"""The messages table with its key, indexes, stream, protections and backups."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, dynamodb, kms
from troposphere import applicationautoscaling as scaling

from stream_lambda.items import FORMER_INDEX, FURTHER_AT, INDEX
from tableguard.settings import OnDemand, Provisioned, Settings
from templates import parts
from templates.builder import StackBuilder
from templates.sections import backups


def template(settings: Settings) -> Template:
    """Build the table, everything that protects it, and the backups outside it."""
    stack = StackBuilder(settings, "messages table with its key, stream, protections and backups")
    key = _table_key(stack)
    table = _table(stack, key)
    if isinstance(settings.capacity, Provisioned):
        _scaling(stack, settings.capacity, "table", "")
        for name in _indexes(settings):
            _scaling(stack, settings.capacity, "index" if name == INDEX else "former-index", f"/index/{name}")
    backups.add(stack, table)
    if settings.client_side_encryption:
        message_key = GetAtt(_message_key(stack), "Arn")
        stack.export("MessageKeyArn", value=message_key, description="ARN of the message key")
    stack.export("TableName", value=Ref(table), description="Messages table")
    stack.export("TableArn", value=GetAtt(table, "Arn"), description="ARN of the messages table")
    stack.export("StreamArn", value=GetAtt(table, "StreamArn"), description="ARN of the table's stream")
    stack.export("TableKeyArn", value=GetAtt(key, "Arn"), description="ARN of the table's key")
    return stack.template


def _table_key(stack: StackBuilder) -> kms.Key:
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
    return stack.key(
        "TableKey",
        alias="table",
        description="Encrypts the messages table, its index and stream",
        uses=(use, parts.key_use("backup", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey")),
    )


def _message_key(stack: StackBuilder) -> kms.Key:
    # A key of its own: whoever reads the table needs its key, by way of DynamoDB, and Pattern D is one of them.
    use = {
        "Sid": "UsedAsIamSays",
        "Effect": "Allow",
        "Principal": {"AWS": parts.account_root()},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",  # in a key policy: this key
    }
    return stack.key(
        "MessageKey",
        alias="messages",
        description="The application encrypts messages with it before they reach the table",
        uses=(use, *stack.policy_with_pseudo_parameters("resource", "message_key")["Statement"]),
    )


def _table(stack: StackBuilder, key: kms.Key) -> dynamodb.Table:
    # Absent on purpose:
    # WarmThroughput: only for a launch whose peak is known. KinesisStreamSpecification, ImportSourceSpecification:
    # a way out and a way in for every message. StreamSpecification.ResourcePolicy: it must name the stream's ARN,
    # which exists only once the stream does; the role policies and the RCP confine who reads the stream.
    capacity = stack.settings.capacity
    document = stack.policy_with_pseudo_parameters("resource", "messages_table")
    return stack.add(
        dynamodb.Table(
            "Messages",
            TableName=stack.settings.table_name,
            AttributeDefinitions=[
                dynamodb.AttributeDefinition(AttributeName=name, AttributeType="S")
                for name in sorted({"pk", "sk", *_indexes(stack.settings).values()})
            ],
            KeySchema=_key_schema("pk", "sk"),
            GlobalSecondaryIndexes=[_index(name, key, capacity) for name, key in _indexes(stack.settings).items()],
            BillingMode="PAY_PER_REQUEST" if isinstance(capacity, OnDemand) else "PROVISIONED",
            **_throughput(capacity),
            SSESpecification=dynamodb.SSESpecification(
                SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=GetAtt(key, "Arn")
            ),
            PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=True,
                RecoveryPeriodInDays=35,  # also the default; stated so that a cut shows in a diff
            ),
            DeletionProtectionEnabled=True,
            # the projection needs the new image only; NEW_AND_OLD_IMAGES would hand it deleted text as well
            StreamSpecification=dynamodb.StreamSpecification(StreamViewType="NEW_IMAGE"),
            TimeToLiveSpecification=dynamodb.TimeToLiveSpecification(AttributeName="expires_at", Enabled=True),
            ResourcePolicy=dynamodb.ResourcePolicy(PolicyDocument=document),
            ContributorInsightsSpecification=_contributor_insights(),
            Tags=stack.tags(DataClass="confidential"),
            **parts.RETAINED,
        )
    )


def _indexes(settings: Settings) -> dict[str, str]:
    """Return the range key of each index by its name: rows that lack it are not in the index."""
    former = {FORMER_INDEX: "last_message_at"} if settings.former_index else {}
    return former | {INDEX: FURTHER_AT}


def _index(name: str, range_key: str, capacity: OnDemand | Provisioned) -> dynamodb.GlobalSecondaryIndex:
    return dynamodb.GlobalSecondaryIndex(
        IndexName=name,
        KeySchema=_key_schema("pk", range_key),
        Projection=dynamodb.Projection(ProjectionType="ALL"),
        ContributorInsightsSpecification=_contributor_insights(),
        **_throughput(capacity),
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
    """Return the throughput of table and index alike: every write to a conversation reaches both."""
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


def _scaling(stack: StackBuilder, capacity: Provisioned, scaled: str, path: str) -> None:
    title = "".join(map(str.capitalize, scaled.split("-")))
    dimension = "index" if path else "table"
    for unit, (lowest, highest) in (("Read", capacity.read_units), ("Write", capacity.write_units)):
        target = stack.add(
            scaling.ScalableTarget(
                f"{title}{unit}Capacity",
                ServiceNamespace="dynamodb",
                ResourceId=Sub(f"table/${{Messages}}{path}"),
                ScalableDimension=f"dynamodb:{dimension}:{unit}CapacityUnits",
                MinCapacity=lowest,
                MaxCapacity=highest,
                # RoleARN is absent: DynamoDB scales through its service-linked role
                Tags=stack.tags(),
            )
        )
        stack.add(
            scaling.ScalingPolicy(
                f"{title}{unit}Scaling",
                PolicyName=f"{scaled}-{unit.lower()}",
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(target),
                TargetTrackingScalingPolicyConfiguration=_utilization(unit, capacity.target_percent),
            )
        )


def _utilization(unit: str, percent: int) -> scaling.TargetTrackingScalingPolicyConfiguration:
    return scaling.TargetTrackingScalingPolicyConfiguration(
        PredefinedMetricSpecification=scaling.PredefinedMetricSpecification(
            PredefinedMetricType=f"DynamoDB{unit}CapacityUtilization"
        ),
        TargetValue=percent,
    )
