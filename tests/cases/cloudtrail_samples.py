"""AWS's samples of CloudTrail records: calls, and what AWS's pages show of their records.

Values that a call does not determine are ANY; of a structure that AWS has changed since, the page says when.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import ANY

Client = Any  # a boto3 client, made at run time

_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html"
_EXAMPLES = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html"
_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html"
_SNS = "https://docs.aws.amazon.com/sns/latest/dg/logging-using-cloudtrail.html"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/logging-using-cloudtrail.html"

MUSIC = {"Artist": {"S": "No One You Know"}}
_TODAY = {**MUSIC, "SongTitle": {"S": "Call Me Today"}}
_TABLE = [{"accountId": "111122223333", "type": "AWS::DynamoDB::Table", "ARN": ANY}]
_KEY = [{"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": ANY}]


@dataclass(frozen=True)
class Sample:
    """A call, and the fields of AWS's sample: of `response` only names matter, and those that `beyond` adds."""

    name: str
    page: str
    service: str
    call: Callable[[Client, Mapping[str, str]], Any]
    fields: Mapping[str, Any]
    fails: bool = False
    beyond: frozenset[str] = field(default_factory=frozenset)  # what the embedded AWS answers besides
    lacking: frozenset[str] = field(default_factory=frozenset)  # what moto does not answer


def _update_item(client: Client, _: Mapping[str, str]) -> Any:
    client.put_item(TableName="Music", Item={**_TODAY, "Year": {"N": "1"}})
    return client.update_item(
        TableName="Music",
        Key=_TODAY,
        UpdateExpression="SET #Y = :y, #AT = :t",
        ExpressionAttributeNames={"#Y": "Year", "#AT": "AlbumTitle"},
        ExpressionAttributeValues={":y": {"N": "2020"}, ":t": {"S": "hidden"}},
        ConditionExpression="attribute_not_exists(#Y)",
        ReturnConsumedCapacity="TOTAL",
    )


def _transaction(client: Client, _: Mapping[str, str]) -> Any:
    keys = {
        title: {**MUSIC, "SongTitle": {"S": f"Call Me {title}"}} for title in ("Today", "Tomorrow", "Yesterday", "Now")
    }
    price = {
        "ConditionExpression": "#P between :lo and :hi",
        "ExpressionAttributeNames": {"#P": "Price"},
        "ExpressionAttributeValues": {":lo": {"N": "1"}, ":hi": {"N": "3"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    put = {
        "Item": {**keys["Today"], "AlbumTitle": {"S": "hidden"}},
        "ConditionExpression": "#AT = :A",
        "ExpressionAttributeNames": {"#AT": "AlbumTitle"},
        "ExpressionAttributeValues": {":A": {"S": "hidden"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    update = {
        "Key": keys["Tomorrow"],
        "UpdateExpression": "SET #AT = :newval",
        "ConditionExpression": "attribute_not_exists(Rating)",
        "ExpressionAttributeNames": {"#AT": "AlbumTitle"},
        "ExpressionAttributeValues": {":newval": {"S": "hidden"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    actions = {"Put": put, "Update": update, "Delete": {"Key": keys["Yesterday"], **price}}
    actions["ConditionCheck"] = {"Key": keys["Now"], **price}
    return client.transact_write_items(
        TransactItems=[{name: {"TableName": "Music", **action}} for name, action in actions.items()],
        ReturnConsumedCapacity="TOTAL",
        ReturnItemCollectionMetrics="SIZE",
    )


_PRICE = {"#P": "Price"}
_ACTIONS = [
    {
        "operation": "Put",
        "tableName": "Music",
        "key": {"Artist": "No One You Know", "SongTitle": "Call Me Today"},
        "items": ["Artist", "SongTitle", "AlbumTitle"],
        "conditionExpression": "#AT = :A",
        "expressionAttributeNames": {"#AT": "AlbumTitle"},
        "returnValuesOnConditionCheckFailure": "ALL_OLD",
    },
    {
        "operation": "Update",
        "tableName": "Music",
        "key": {"Artist": "No One You Know", "SongTitle": "Call Me Tomorrow"},
        "updateExpression": "SET #AT = :newval",
        "ConditionExpression": "attribute_not_exists(Rating)",
        "ExpressionAttributeNames": {"#AT": "AlbumTitle"},
        "returnValuesOnConditionCheckFailure": "ALL_OLD",
    },
    {
        "operation": "Delete",
        "TableName": "Music",
        "key": {"Artist": "No One You Know", "SongTitle": "Call Me Yesterday"},
        "conditionExpression": "#P between :lo and :hi",
        "expressionAttributeNames": _PRICE,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    },
    {
        "operation": "ConditionCheck",
        "TableName": "Music",
        "Key": {"Artist": "No One You Know", "SongTitle": "Call Me Now"},
        "ConditionExpression": "#P between :lo and :hi",
        "ExpressionAttributeNames": _PRICE,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    },
]


def _get_records(client: Client, names: Mapping[str, str]) -> Any:
    return client.get_records(ShardIterator=names["ShardIterator"])


_DATA = {"readOnly": False, "managementEvent": False, "eventCategory": "Data", "responseElements": None}

SAMPLES = (
    Sample(
        "UpdateTable",
        _DYNAMODB,
        "dynamodb",
        lambda client, _: client.update_table(
            TableName="Music", ProvisionedThroughput={"ReadCapacityUnits": 25, "WriteCapacityUnits": 25}
        ),
        {
            # AWS's sample of 2015 has no tableName here; records since have it, as detections of AWS's own use it
            "requestParameters": {
                "tableName": "Music",
                "provisionedThroughput": {"writeCapacityUnits": 25, "readCapacityUnits": 25},
            },
            "responseElements": {
                "tableDescription": {
                    "tableName": "Music",
                    "attributeDefinitions": [{"attributeType": "S", "attributeName": "Artist"}, ANY],
                    "itemCount": ANY,
                    "provisionedThroughput": {
                        "writeCapacityUnits": ANY,
                        "numberOfDecreasesToday": 0,
                        "readCapacityUnits": ANY,
                    },
                    "creationDateTime": ANY,
                    "keySchema": [{"attributeName": "Artist", "keyType": "HASH"}, ANY],
                    "tableStatus": ANY,
                    "tableSizeBytes": 0,
                }
            },
            "apiVersion": "2012-08-10",
        },
        lacking=frozenset(("numberOfDecreasesToday",)),
        beyond=frozenset(
            (
                "billingModeSummary",
                "deletionProtectionEnabled",
                "globalSecondaryIndexes",
                "lastDecreaseDateTime",
                "lastIncreaseDateTime",
                "latestStreamArn",
                "latestStreamLabel",
                "localSecondaryIndexes",
                "streamSpecification",
                "tableArn",
                "tableId",
                "warmThroughput",
            )
        ),
    ),
    Sample(
        "PutItem",
        _DYNAMODB,
        "dynamodb",
        lambda client, _: client.put_item(
            TableName="Music",
            Item={**MUSIC, "SongTitle": {"S": "Scared of My Shadow"}, "AlbumTitle": {"S": "hidden"}},
            ReturnConsumedCapacity="TOTAL",
        ),
        {
            **_DATA,
            "requestParameters": {
                "tableName": "Music",
                "key": {"Artist": "No One You Know", "SongTitle": "Scared of My Shadow"},
                "item": ["Artist", "SongTitle", "AlbumTitle"],
                "returnConsumedCapacity": "TOTAL",
            },
            "resources": _TABLE,
            "apiVersion": "2012-08-10",
        },
    ),
    Sample(
        "UpdateItem",
        _DYNAMODB,
        "dynamodb",
        _update_item,
        {
            **_DATA,
            "errorCode": "ConditionalCheckFailedException",
            "errorMessage": "The conditional request failed",
            "requestParameters": {
                "tableName": "Music",
                "key": {"Artist": "No One You Know", "SongTitle": "Call Me Today"},
                "updateExpression": "SET #Y = :y, #AT = :t",
                "expressionAttributeNames": {"#Y": "Year", "#AT": "AlbumTitle"},
                "conditionExpression": "attribute_not_exists(#Y)",
                "returnConsumedCapacity": "TOTAL",
            },
            "resources": _TABLE,
            "apiVersion": "2012-08-10",
        },
        fails=True,
    ),
    Sample(
        "TransactWriteItems",
        _DYNAMODB,
        "dynamodb",
        _transaction,
        {
            **_DATA,
            "errorCode": "TransactionCanceledException",
            "errorMessage": ANY,
            "requestParameters": {
                "requestItems": _ACTIONS,
                "returnConsumedCapacity": "TOTAL",
                "returnItemCollectionMetrics": "SIZE",
            },
            "resources": _TABLE,
            "apiVersion": "2012-08-10",
        },
        fails=True,
    ),
    Sample(
        "ExecuteStatement",
        _DYNAMODB,
        "dynamodb",
        lambda client, _: client.execute_statement(
            Statement="SELECT * FROM Music WHERE Artist = 'No One You Know' AND SongTitle = 'Call Me Today' "
            "AND nonKeyAttr = 'hidden'"
        ),
        {
            **_DATA,
            "requestParameters": {
                "statement": "SELECT * FROM Music WHERE Artist = 'No One You Know' AND SongTitle = 'Call Me Today' "
                "AND nonKeyAttr = ***(Redacted)"
            },
            "resources": _TABLE,
            "apiVersion": "2012-08-10",
        },
    ),
    Sample(
        "BatchExecuteStatement",
        _DYNAMODB,
        "dynamodb",
        lambda client, _: client.batch_execute_statement(
            Statements=[
                {
                    "Statement": "UPDATE Music SET Album = 'hidden' "
                    "WHERE Artist = 'No One You Know' AND SongTitle = 'Call Me Today'"
                },
                {
                    "Statement": "INSERT INTO Music VALUE {'Artist' : 'hidden', 'SongTitle' : 'hidden', "
                    "'Album' : 'hidden'}"
                },
            ]
        ),
        {
            **_DATA,
            "requestParameters": {
                "requestItems": [
                    {
                        "statement": "UPDATE Music SET Album = ***(Redacted) "
                        "WHERE Artist = 'No One You Know' AND SongTitle = 'Call Me Today'"
                    },
                    {
                        "statement": "INSERT INTO Music VALUE {'Artist' : ***(Redacted), 'SongTitle' : ***(Redacted), "
                        "'Album' : ***(Redacted)}"
                    },
                ]
            },
            "resources": _TABLE,
            "apiVersion": "2012-08-10",
        },
    ),
    Sample(
        "GetRecords",
        _DYNAMODB,
        "dynamodbstreams",
        _get_records,
        {
            **_DATA,
            "readOnly": True,
            "requestParameters": {"shardIterator": ANY},
            # the sample has the table alone; selectors of AWS::DynamoDB::Stream take the same calls
            "resources": [{"accountId": "111122223333", "type": "AWS::DynamoDB::Stream", "ARN": ANY}, *_TABLE],
            "apiVersion": "2012-08-10",
        },
    ),
    Sample(
        "CreateUser",
        _EXAMPLES,
        "iam",
        lambda client, _: client.create_user(UserName="Bob"),
        {
            "awsRegion": "us-east-1",
            "requestParameters": {"userName": "Bob"},
            "responseElements": {
                "user": {"createDate": ANY, "userName": "Bob", "arn": ANY, "path": "/", "userId": ANY},
            },
        },
    ),
    Sample(
        "GetUserPolicy",
        _IAM,
        "iam",
        lambda client, _: client.get_user_policy(UserName="Alice", PolicyName="all"),
        {
            "awsRegion": "us-east-1",
            "readOnly": True,
            "requestParameters": {"userName": "Alice", "policyName": "all"},
            "responseElements": None,
        },
    ),
    Sample(
        "AssumeRole",
        _IAM,
        "sts",
        lambda client, names: client.assume_role(RoleArn=names["RoleArn"], RoleSessionName="JohnDoe-EC2-dev"),
        {
            "readOnly": True,
            "requestParameters": {"roleArn": ANY, "roleSessionName": "JohnDoe-EC2-dev"},
            "responseElements": {
                "credentials": {"sessionToken": ANY, "accessKeyId": ANY, "expiration": ANY},
                "assumedRoleUser": {"assumedRoleId": ANY, "arn": ANY},
            },
            "resources": [{"ARN": ANY, "accountId": "111122223333", "type": "AWS::IAM::Role"}],
        },
        beyond=frozenset(("packedPolicySize",)),
    ),
    Sample(
        "UpdateTrail",
        _EXAMPLES,
        "cloudtrail",
        lambda client, _: client.update_trail(Name="myTrail2"),
        {
            "errorCode": "TrailNotFoundException",
            "errorMessage": "Unknown trail: myTrail2 for the user: 111122223333",
            "requestParameters": {"name": "myTrail2"},
            "responseElements": None,
        },
        fails=True,
    ),
    Sample(
        "PutKeyPolicy",
        _KMS,
        "kms",
        lambda client, names: client.put_key_policy(
            KeyId=names["KeyId"], PolicyName="default", Policy=names["KeyPolicy"], BypassPolicyLockoutSafetyCheck=False
        ),
        {
            "requestParameters": {
                "keyId": ANY,
                "policyName": "default",
                "policy": ANY,
                "bypassPolicyLockoutSafetyCheck": False,
            },
            "responseElements": None,
            "resources": _KEY,
        },
    ),
    Sample(
        "EnableKeyRotation",
        _KMS,
        "kms",
        lambda client, names: client.enable_key_rotation(KeyId=names["KeyId"]),
        {"requestParameters": {"keyId": ANY}, "responseElements": None, "resources": _KEY},
    ),
    Sample(
        "Encrypt",
        _KMS,
        "kms",
        lambda client, names: client.encrypt(
            KeyId=names["KeyId"],
            Plaintext=b"hidden",
            EncryptionContext={"Department": "Engineering"},
            EncryptionAlgorithm="SYMMETRIC_DEFAULT",
        ),
        {
            "readOnly": True,
            "requestParameters": {
                "keyId": ANY,
                "encryptionContext": {"Department": "Engineering"},
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
            },
            "responseElements": None,
            "resources": _KEY,
        },
    ),
    Sample(
        "ScheduleKeyDeletion",
        _KMS,
        "kms",
        lambda client, names: client.schedule_key_deletion(KeyId=names["KeyId"], PendingWindowInDays=20),
        {
            "requestParameters": {"pendingWindowInDays": 20, "keyId": ANY},
            "responseElements": {"keyId": ANY, "keyState": "PendingDeletion", "deletionDate": ANY},
            "resources": _KEY,
        },
        lacking=frozenset(("keyState",)),
    ),
    Sample(
        "DeleteFunction20150331",
        _LAMBDA,
        "lambda",
        lambda client, _: client.delete_function(FunctionName="unmodelled"),
        {"requestParameters": {"functionName": "unmodelled"}, "responseElements": None},
    ),
    Sample(
        "CreateOrganizationalUnit",
        _ORGANIZATIONS,
        "organizations",
        lambda client, names: client.create_organizational_unit(Name="OU-Developers-1", ParentId=names["RootId"]),
        {
            "awsRegion": "us-east-1",
            "requestParameters": {"name": "OU-Developers-1", "parentId": ANY},
            "responseElements": {"organizationalUnit": {"arn": ANY, "id": ANY, "name": "OU-Developers-1"}},
        },
        beyond=frozenset(("path",)),
    ),
    Sample(
        "GetBucketVersioning",
        _S3,
        "s3",
        lambda client, names: client.get_bucket_versioning(Bucket=names["Bucket"]),
        {
            "readOnly": True,
            "requestParameters": {"bucketName": ANY, "Host": ANY, "versioning": ""},
            "responseElements": None,
            "additionalEventData": ANY,
            "resources": [{"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": ANY}],
        },
    ),
    Sample(
        "PutObject",
        _S3,
        "s3",
        lambda client, names: client.put_object(
            Bucket=names["Bucket"], Key="upload.sh", Body=b"hidden", ServerSideEncryption="AES256"
        ),
        {
            **_DATA,
            "requestParameters": {
                "bucketName": ANY,
                "Host": ANY,
                "key": "upload.sh",
                "x-amz-server-side-encryption": "AES256",
            },
            "responseElements": {"x-amz-server-side-encryption": "AES256"},
            "additionalEventData": ANY,
            "resources": [
                {"type": "AWS::S3::Object", "ARN": ANY},
                {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": ANY},
            ],
        },
        beyond=frozenset(("x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm", "x-amz-version-id")),
    ),
    Sample(
        "CreateTopic",
        _SNS,
        "sns",
        lambda client, _: client.create_topic(Name="hello"),
        {"requestParameters": {"name": "hello"}, "responseElements": {"topicArn": ANY}},
    ),
    Sample(
        "DeleteTopic",
        _SNS,
        "sns",
        lambda client, names: client.delete_topic(TopicArn=names["TopicArn"]),
        {"requestParameters": {"topicArn": ANY}, "responseElements": None},
    ),
    Sample(
        "SendMessage",
        _SQS,
        "sqs",
        lambda client, names: client.send_message(QueueUrl=names["QueueUrl"], MessageBody="hidden"),
        {
            **_DATA,
            "requestParameters": {"queueUrl": ANY, "messageBody": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            "responseElements": {"mD5OfMessageBody": ANY, "messageId": ANY},
            "resources": [{"accountId": "111122223333", "type": "AWS::SQS::Queue", "ARN": ANY}],
        },
    ),
    Sample(
        "DeleteTable",
        _DYNAMODB,
        "dynamodb",
        lambda client, _: client.delete_table(TableName="Music"),
        {
            "requestParameters": {"tableName": "Music"},
            "responseElements": {
                "tableDescription": {
                    "tableName": "Music",
                    "itemCount": ANY,
                    "provisionedThroughput": {
                        "writeCapacityUnits": ANY,
                        "numberOfDecreasesToday": 0,
                        "readCapacityUnits": ANY,
                    },
                    "tableStatus": ANY,
                    "tableSizeBytes": ANY,
                }
            },
            "apiVersion": "2012-08-10",
        },
        beyond=frozenset(
            (
                "attributeDefinitions",
                "billingModeSummary",
                "creationDateTime",
                "deletionProtectionEnabled",
                "globalSecondaryIndexes",
                "keySchema",
                "lastDecreaseDateTime",
                "lastIncreaseDateTime",
                "latestStreamArn",
                "latestStreamLabel",
                "localSecondaryIndexes",
                "streamSpecification",
                "tableArn",
                "tableId",
                "warmThroughput",
            )
        ),
    ),
)
