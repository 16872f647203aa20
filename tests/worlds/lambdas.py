"""A moto server with a table, its stream, and functions deployed on it."""

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.request import urlopen

import boto3
from botocore.config import Config

from tableguard.local.event_source.mapping_runner import Options
from tableguard.local.event_source.poller import Poller
from tableguard.local.function.functions import Functions
from tests.worlds.lambda_package import package

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # moto's own
ROLE = f"arn:aws:iam::{ACCOUNT}:role/messages-function"

TELLING = """
import json

def handle(event, context):
    texts = [record["dynamodb"]["NewImage"]["text"]["S"] for record in event["Records"]]
    print(json.dumps(texts))
    if "poison" in texts:
        raise ValueError("poison")
    return {"batchItemFailures": [
        {"itemIdentifier": record["dynamodb"]["SequenceNumber"]}
        for record, text in zip(event["Records"], texts) if text == "bad"
    ]}
"""
WRITING = """
import os
import botocore.session

session = botocore.session.get_session()
table = session.create_client("dynamodb")
arn = session.create_client("sts").get_caller_identity()["Arn"]

def handle(event, context):
    for record in event["Records"]:
        row = {"pk": {"S": "GRP#u"}, "sk": record["dynamodb"]["Keys"]["pk"], "by": {"S": arn}}
        table.put_item(TableName=os.environ["TABLE_NAME"], Item=row)
"""
NEW_MESSAGES = {
    "Filters": [{"Pattern": '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"MSG#"}]}}}}'}]
}


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Return True as soon as a condition holds, False if it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


class Aws:
    """A moto server with one table, its stream, one role and a bucket for code."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.session = boto3.Session("KEY", "KEY", region_name=REGION)
        self.client = cache(self._client)
        self.functions = Functions(endpoint)
        self.stream_arn = ""

    def _client(self, service: Any) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint, config=Config(proxies={}))

    def prepare(self) -> None:
        """Forget everything; then make the table, the role and the bucket."""
        self.functions.close()
        self.functions = Functions(self.endpoint)
        urlopen(f"{self.endpoint}/moto-api/reset", data=b"").close()  # noqa: S310  # loopback
        self.furnish()

    def furnish(self) -> None:
        """Make the table, the role and the bucket."""
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        table = self.client("dynamodb").create_table(
            TableName="messages",
            KeySchema=keys,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        self.stream_arn = table["TableDescription"]["LatestStreamArn"]
        self.client("iam").create_role(RoleName="messages-function", AssumeRolePolicyDocument="{}")
        self.bucket("code")

    def bucket(self, name: str) -> None:
        """One more bucket."""
        where: Any = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def deploy(self, source: str, name: str = "messages", **mapping: Any) -> str:
        """A function from S3 and its mapping; answers the mapping's UUID."""
        self.client("s3").put_object(Bucket="code", Key=f"functions/{name}.zip", Body=package(source))
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handle",
            Timeout=20,
            MemorySize=256,
            Environment={"Variables": {"TABLE_NAME": "messages"}},
            Code={"S3Bucket": "code", "S3Key": f"functions/{name}.zip"},
        )
        made = self.client("lambda").create_event_source_mapping(
            FunctionName=name, EventSourceArn=self.stream_arn, StartingPosition="TRIM_HORIZON", **mapping
        )
        return str(made["UUID"])

    def put(self, *texts: str) -> None:
        """Write messages."""
        for number, text in enumerate(texts):
            item = {"pk": {"S": f"MSG#{text}"}, "sk": {"S": str(number)}, "text": {"S": text}}
            self.client("dynamodb").put_item(TableName="messages", Item=item)

    def poller(self, **options: Any) -> Poller:
        """A poller that does not pause between retries."""
        return Poller(self.functions, Options(backoff=lambda _: 0.0, **options))

    def lines(self, function: str = "messages") -> list[str]:
        """The lines in a function's log group."""
        self.functions.flush_logs()
        logs = self.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].rstrip("\n") for event in events]

    @property
    def batches(self) -> list[list[str]]:
        """What the TELLING function has seen, batch by batch."""
        return [json.loads(line) for line in self.lines() if line.startswith('["')]
