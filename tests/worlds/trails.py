"""A small embedded AWS with one trail, its bucket, log group and role, and events for it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tableguard.aws.cloudtrail.record import Record
from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.local.watch.watch import Watch

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHAINED = BEGUN - timedelta(
    seconds=0.998
)  # when the trail, a second old, began to log: each change takes a millisecond
ACCOUNT, REGION, OTHER_REGION = "111122223333", "eu-central-1", "eu-west-1"
BUCKET, GROUP, ROLE, TRAIL = "evidence", "/example/trail", "trail-writer", "example"
TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"
GROUP_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"


def event(name: str = "CreateTable", **fields: Any) -> Record:
    """A record of a management call that writes, with some fields otherwise."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/someone/me"},
        "eventTime": "2026-03-01T12:00:00Z",
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        **fields,
    }


def item_event(name: str = "PutItem", table: str = "messages", **fields: Any) -> Record:
    """A record of a call on items of a table."""
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    resources = [{"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": arn}]
    return event(name, **{"managementEvent": False, "eventCategory": "Data", "resources": resources, **fields})


def allowing(service: str, *actions: str, resource: str = "*", **condition: Any) -> dict[str, Any]:
    """A statement that lets a service do something."""
    extra = {"Condition": condition} if condition else {}
    principal = {"Service": f"{service}.amazonaws.com"}
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": resource, **extra}


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


BUCKET_POLICY = document(
    allowing("cloudtrail", "s3:GetBucketAcl", resource=f"arn:aws:s3:::{BUCKET}"),
    allowing(
        "cloudtrail",
        "s3:PutObject",
        resource=f"arn:aws:s3:::{BUCKET}/AWSLogs/{ACCOUNT}/*",
        StringEquals={"aws:SourceArn": TRAIL_ARN, "s3:x-amz-acl": "bucket-owner-full-control"},
    ),
)
TRUST = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
WRITING = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:log-stream:{ACCOUNT}_CloudTrail_*",
}


class Listener:
    """Keeps what the trails tell."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []

    def event(self, account: str, region: str, event: Mapping[str, Any]) -> None:
        assert account == ACCOUNT
        self.events.append((region, event))


@dataclass
class SmallAws:
    """The running AWS, its clients, its watch, and what the trails have told."""

    clients: Clients
    watch: Watch
    heard: Listener

    def client(self, service: str, region: str = REGION) -> Any:
        return self.clients(service, ACCOUNT, region)

    def caller(self, service: str) -> Any:
        """A client of an administrator, whose calls are recorded."""
        iam, name = self.client("iam"), "ada"
        iam.create_user(UserName=name)
        everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
        iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=everything)
        key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        return Clients(self.clients.endpoint, key)(service, ACCOUNT, REGION)

    def happens(self, record: Record) -> None:
        """Let a call have happened now."""
        self.watch.trails.take(self.watch.clock.now(), record)

    def log_lines(self, stream: str = f"{ACCOUNT}_CloudTrail_{REGION}") -> list[dict[str, Any]]:
        """The records in a stream of the log group; none if there is no such stream."""
        logs = self.client("logs")
        try:
            lines = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [json.loads(line["message"]) for line in lines]

    def objects(self, prefix: str = "AWSLogs/") -> dict[str, bytes]:
        """The objects of the trail's bucket by their keys; none if there is no such bucket."""
        s3 = self.client("s3")
        try:
            listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        except s3.exceptions.NoSuchBucket:
            return {}
        return {one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed}

    def status(self) -> dict[str, Any]:
        """What GetTrailStatus says."""
        answer: dict[str, Any] = self.client("cloudtrail").get_trail_status(Name=TRAIL)
        return answer


@contextmanager
def small_aws(**trail: Any) -> Iterator[SmallAws]:
    """An AWS with an organization of one account, and a trail that logs, with some parameters of CreateTrail."""
    heard = Listener()
    with server.start() as running:
        running.watch.clock.stop(BEGUN - timedelta(seconds=1))
        running.watch.trails.receivers.append(heard)
        small = SmallAws(Clients(running.endpoint), running.watch, heard)
        _prepare(small)
        cloudtrail = small.client("cloudtrail")
        places = {"S3BucketName": BUCKET, "CloudWatchLogsLogGroupArn": GROUP_ARN, "CloudWatchLogsRoleArn": ROLE_ARN}
        cloudtrail.create_trail(Name=TRAIL, **{**places, **trail})
        cloudtrail.start_logging(Name=TRAIL)
        running.watch.clock.stop(BEGUN)
        yield small


def _prepare(small: SmallAws) -> None:
    small.client("organizations").create_organization(FeatureSet="ALL")
    s3, iam = small.client("s3"), small.client("iam")
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectLockEnabledForBucket=True
    )
    s3.put_bucket_policy(Bucket=BUCKET, Policy=BUCKET_POLICY)
    small.client("logs").create_log_group(logGroupName=GROUP)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document(TRUST))
    iam.put_role_policy(RoleName=ROLE, PolicyName="writes", PolicyDocument=document(WRITING))
