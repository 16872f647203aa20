"""A normal day on a running estate: what each kind of work is, and which alerts it raised."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard.detect import catalogue
from tableguard.local import estate
from tableguard.local.alerts.notification import Notification
from tableguard.local.function.deployed import deployed_function, role_credentials
from tableguard.local.function.functions import FunctionEvent
from tableguard.local.function.outcome import error_type
from tableguard.local.landing_zone import LandingZone
from tableguard.projection import reconcile, redrive
from tableguard.projection.failed_batches import Bucket
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.settings import Settings
from tableguard.stacks import package
from tableguard.stacks.deployment.deploy import deploy
from tableguard.store.loading import recording, replay
from tableguard.store.messages import MessageTable
from tableguard.users.cognito import UserPool
from tableguard.users.eraser import Eraser
from tableguard.users.export import Export
from tableguard.users.holdings import TableScan
from tests.worlds import audit
from tests.worlds.estate import ACCOUNT, FAILURES, NEW_TABLE, REGION, SETTINGS, TABLE, ids_of
from tests.worlds.failed_batches import leave
from tests.worlds.messages import message_records

ADA, BOB = (User(f"normal-{name}", name.title(), name) for name in ("ada", "bob"))
POLL = 600  # seconds; Lambda polls the stream all day, and the trail of an account has a record of each poll
_DAYS_MESSAGES = 400
_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}"
Alerts = Counter[str]  # mails by what raised them: a detection, or another alarm by its name


@dataclass
class NormalDay:
    """A running estate, and its time from one piece of work to the next."""

    running: estate.EmbeddedEstate
    zone: LandingZone
    table: MessageTable
    group: str = field(default="")

    def begin(self) -> None:
        """Let the estate's time stand at a full hour, and all that its deployment raised be over."""
        self.group = self.table.create_conversation(ADA, [BOB], "good morning").message.group_uuid
        self.running.poller.drain(timeout=60)
        self.running.watch.clock.stop(datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
        self.alerts_of(lambda: None)

    def alerts_of(self, work: Callable[[], None]) -> Alerts:
        """Do a piece of work, let an hour pass, and return the alerts that were mailed."""
        self.running.watch.notifications.clear()
        work()
        self.pass_by(3600)
        told = Counter(filter(None, map(_raised_by, self.running.watch.notifications)))
        self.pass_by(1800)  # what went off goes on again, and is told next time it goes off
        return told

    def pass_by(self, seconds: float) -> None:
        """Let the estate's time pass, with a read of items in place of Lambda's polls of the stream."""
        for _ in range(int(seconds) // POLL):
            self.table.all_conversations(ADA.user_uuid)
            self.running.watch.run(POLL, step=POLL / 2)

    def session(self, role: str) -> Any:
        """Take a role as its first taker does, anew."""
        return self.zone.assume(SETTINGS.role_arn(role))

    def deployment(self, settings: Settings) -> None:
        """Deploy these settings as the owners do, who take the deployer for it."""
        session = cache(self.zone.session)
        for done in deploy(settings, session, estate.POLLING, estate.APPROVING):
            assert done.outcome in ("updated", "unchanged")


def _raised_by(notification: Notification) -> str:
    """Return what raised a mail; "" of one that says that an alarm is over."""
    try:
        alarm = json.loads(notification.message)
    except ValueError:
        alarm = notification.message
    if isinstance(alarm, dict):
        name = str(alarm["AlarmName"]).removeprefix(f"{SETTINGS.name}-").replace("-", "_")
        return name if alarm["NewStateValue"] == "ALARM" else ""
    return next(name for sentence, name in _sentences().items() if alarm.strip('"').startswith(sentence))


@cache
def _sentences() -> dict[str, str]:
    return {one.sentence: one.name for one in catalogue.load_all(SETTINGS.policy_values())}


def deploys_again(day: NormalDay) -> None:
    """Deploy what is deployed."""
    day.deployment(SETTINGS)


def keeps_logs_longer(day: NormalDay) -> None:
    """Deploy a longer retention of logs."""
    day.deployment(replace(SETTINGS, log_days=731))


def keeps_backups_longer(day: NormalDay) -> None:
    """Deploy a longer retention of backups."""
    day.deployment(replace(SETTINGS, log_days=731, backup_days=60))


def deploys_a_function(day: NormalDay) -> None:
    """Deploy another release of the stream function."""
    body = package.build()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "build", lambda: body + b"\n")
        day.deployment(replace(SETTINGS, log_days=731, backup_days=60))


def replays_a_trace(day: NormalDay, folder: Path) -> None:
    """Write a day's messages, a third of an hour's at a time, as members and the application do."""
    chance = random.Random(1)  # noqa: S311  # traffic, not a secret
    pairs = chance.choices(range(200), [1 / rank for rank in range(1, 201)], k=_DAYS_MESSAGES)
    lines = [f"{1 + pair % 40} {41 + pair % 97} 1 {1082008561 + 216 * number}" for number, pair in enumerate(pairs)]
    client, file = day.running.roles["application"].client("dynamodb"), folder / "trace"
    for first in range(0, _DAYS_MESSAGES, 100):
        file.write_text("\n".join(lines[: first + 100]) + "\n")
        replay.replay(client, TABLE, recording.read_trace(file), day.table.places(), workers=1)
        day.running.poller.drain(timeout=120)
        day.pass_by(3600)


def lists_and_reads(day: NormalDay) -> None:
    """List conversations and read messages, again and again, for four hours."""
    for _ in range(24):
        for user in (ADA, BOB):
            day.table.all_conversations(user.user_uuid)
            day.table.messages(day.group, user.user_uuid)
        day.pass_by(POLL)


def verifies_and_reconciles(day: NormalDay) -> None:
    """Verify all rows, and reconcile them, as the operator."""
    operator = day.zone.in_network(day.session("operator")).client("dynamodb")
    survey = Survey(Reader(operator, TABLE, lambda: datetime.now(UTC)), settle=0.0)
    assert list(survey.of_all()) == []
    assert list(reconcile.reconcile(survey, reconcile.Choice()).results) == []


def fails_once(day: NormalDay) -> None:
    """Let an invocation of the function fail, as one does while the table cannot be reached."""
    invocation = day.running.functions.invoke(deployed_function(_FUNCTION), FunctionEvent(b"{}"))
    assert error_type(invocation.outcome)


def gives_a_batch_up(day: NormalDay) -> None:
    """Give a batch up, as Lambda does with the function's role after its last attempt."""
    keys = role_credentials(day.running.endpoint, deployed_function(_FUNCTION).configuration)
    s3 = day.running.roles["deployer"].client(
        "s3",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )
    (newest,) = day.table.messages(day.group, ADA.user_uuid, limit=1).items
    (record,) = message_records(newest)
    record["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC).timestamp()
    leave(s3, record, table=TABLE, bucket=FAILURES)


def redrives(day: NormalDay) -> None:
    """Redrive failed batches and remove what is done, as the operator."""
    operator = day.zone.in_network(day.session("operator"))
    source = Bucket(operator.client("s3"), FAILURES)
    target = redrive.RedriveTarget(operator.client("dynamodb"), TABLE, lambda: datetime.now(UTC))
    done = [batch.name for batch in redrive.redrive(source, target) if batch.done]
    assert done
    for name in done:
        source.delete(name)


def serves_members(day: NormalDay) -> None:
    """Make an account, export what its person has, and erase them, as member services."""
    session = day.session("member-services")
    pool = UserPool(session.client("cognito-idp", region_name=REGION), SETTINGS.user_pool_id)
    scan = TableScan(day.zone.in_network(session).client("dynamodb"), TABLE)
    person = pool.create("normal-cleo", "Cleo of the day", "cleo@example.com").user
    group = day.table.create_conversation(ADA, [person], "welcome").message.group_uuid
    day.table.post(group, person.user_uuid, "hello")
    day.running.poller.drain(timeout=60)
    assert len(list(Export(scan, scan.holdings(person)).messages())) == 1
    pool.disable(person.user_uuid)
    erasure = Eraser(scan, lambda: datetime.now(UTC), settle=1).erase(scan.holdings(person))
    assert erasure.left.erasable == 0
    pool.delete(person.user_uuid)


def audits(day: NormalDay) -> None:
    """Read every configuration, and a file of the trail, as the auditor."""
    auditor, refused = day.session("auditor"), list[str]()
    bucket = {"Bucket": audit.TRAIL_BUCKET}
    files = auditor.client("s3").list_objects_v2(**bucket)["Contents"]
    assert auditor.client("s3").get_object(**bucket, Key=files[0]["Key"])["ContentLength"]
    for service, operation, parameters in audit.questions(ids_of(day.zone)):
        try:
            getattr(auditor.client(service), operation)(**parameters)
        except ClientError as error:  # what is not there, or not modelled, is no refusal
            refused += [operation] if "not authorized" in str(error) else []
    assert refused == []


def looks_around(day: NormalDay) -> None:
    """List what is there, as an administrator of the account and of the organization."""
    administrator, management = (day.running.roles[who] for who in ("administrator", "management"))
    for service, operation in (
        ("dynamodb", "list_tables"),
        ("ec2", "describe_vpcs"),
        ("iam", "list_roles"),
        ("s3", "list_buckets"),
        ("lambda", "list_functions"),
        ("cloudtrail", "describe_trails"),
        ("kms", "list_aliases"),
        ("logs", "describe_log_groups"),
        ("cloudwatch", "describe_alarms"),
    ):
        getattr(administrator.client(service), operation)()
    management.client("organizations").list_accounts()


def works_elsewhere(day: NormalDay) -> None:
    """Make, change and remove a table, a function, a topic and more that are not the workload's."""
    administrator = day.running.session("administrator")
    for service, operation, parameters in _work_elsewhere():
        getattr(administrator.client(service), operation)(**parameters)


def changes_own_key(day: NormalDay) -> None:
    """Give a key that is not the workload's another policy."""
    kms = day.running.session("administrator").client("kms")
    key = kms.create_key(Tags=[{"TagKey": "Team", "TagValue": "billing"}])["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "Month", "TagValue": "12"}])
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)


def opens_own_security_group(day: NormalDay) -> None:
    """Let a security group of a VPC that is not the workload's admit requests."""
    ec2 = day.running.session("administrator").client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="billing", Description="billing", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])


def _work_elsewhere() -> list[audit.Question]:
    topic, queue = f"arn:aws:sns:{REGION}:{ACCOUNT}:billing", f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/billing"
    table = {"TableName": "billing"}
    alarm = {"MetricName": "M", "Namespace": "billing", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    stack = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "billing"}}}}
    expiry = {"Enabled": True, "AttributeName": "expires_at"}
    return [
        ("dynamodb", "create_table", {**NEW_TABLE, **table}),
        ("dynamodb", "put_item", {**table, "Item": {"pk": {"S": "a"}}}),
        ("dynamodb", "scan", table),
        ("dynamodb", "update_time_to_live", {**table, "TimeToLiveSpecification": expiry}),
        ("dynamodb", "delete_table", table),
        ("sns", "create_topic", {"Name": "billing"}),
        ("sns", "set_topic_attributes", {"TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "x"}),
        ("sns", "delete_topic", {"TopicArn": topic}),
        ("sqs", "create_queue", {"QueueName": "billing"}),
        ("sqs", "set_queue_attributes", {"QueueUrl": queue, "Attributes": {"VisibilityTimeout": "10"}}),
        ("sqs", "purge_queue", {"QueueUrl": queue}),
        ("sqs", "delete_queue", {"QueueUrl": queue}),
        ("logs", "create_log_group", {"logGroupName": "/billing"}),
        ("logs", "put_retention_policy", {"logGroupName": "/billing", "retentionInDays": 30}),
        ("logs", "delete_log_group", {"logGroupName": "/billing"}),
        (
            "cloudwatch",
            "put_metric_alarm",
            {"AlarmName": "billing", "ComparisonOperator": "GreaterThanThreshold", "Statistic": "Sum", **alarm},
        ),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["billing"]}),
        ("cloudwatch", "put_metric_data", {"Namespace": "billing", "MetricData": [{"MetricName": "M", "Value": 1}]}),
        ("events", "put_rule", {"Name": "billing", "ScheduleExpression": "rate(1 day)"}),
        ("events", "delete_rule", {"Name": "billing"}),
        (
            "s3",
            "create_bucket",
            {"Bucket": "billing-reports", "CreateBucketConfiguration": {"LocationConstraint": REGION}},
        ),
        (
            "s3",
            "put_bucket_versioning",
            {"Bucket": "billing-reports", "VersioningConfiguration": {"Status": "Suspended"}},
        ),
        ("s3", "delete_bucket", {"Bucket": "billing-reports"}),
        ("cloudformation", "create_stack", {"StackName": "billing", "TemplateBody": json.dumps(stack)}),
        ("cloudformation", "delete_stack", {"StackName": "billing"}),
    ]
