"""AWS::CloudTrail::Trail: a trail records, validates and selects as declared, and a change shows."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.equality import compare
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import ACCOUNT, REGION, TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

TRAIL = "AWS::CloudTrail::Trail"
NAME = "cruddur-trail"
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{NAME}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/cruddur-messages"


def selector(name: str, *fields: tuple[str, str, list[str]]) -> Properties:
    return {"Name": name, "FieldSelectors": [{"Field": field, operator: values} for field, operator, values in fields]}


MANAGEMENT = selector("Management", ("eventCategory", "Equals", ["Management"]))
ITEMS = selector(
    "Items",
    ("eventCategory", "Equals", ["Data"]),
    ("resources.type", "Equals", ["AWS::DynamoDB::Table"]),
    ("resources.ARN", "StartsWith", [TABLE]),
)
REFUSALS = selector(
    "Refusals",
    ("eventCategory", "Equals", ["NetworkActivity"]),
    ("eventSource", "Equals", ["dynamodb.amazonaws.com"]),
    ("errorCode", "Equals", ["VpceAccessDenied"]),
)


def made_ready(context: Context) -> str:
    """A bucket and a topic, without which CloudTrail makes no trail."""
    location = {"LocationConstraint": REGION}
    for bucket in ("cruddur-trail", "elsewhere"):
        context.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    context.client("sns").create_topic(Name="cruddur-deliveries")
    return "cruddur-trail"


def trail(context: Context) -> Properties:
    return {
        "TrailName": NAME,
        "IsLogging": True,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "IsOrganizationTrail": False,
        "EnableLogFileValidation": "true",
        "KMSKeyId": KEY,
        "S3BucketName": made_ready(context),
        "S3KeyPrefix": "evidence",
        "SnsTopicName": "cruddur-deliveries",
        "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/cruddur/trail:*",
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/cruddur-trail",
        "AdvancedEventSelectors": [MANAGEMENT, ITEMS, REFUSALS],
        "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}],
        "Tags": TAGS,
    }


def trail_with_plain_selectors(context: Context) -> Properties:
    items = {"Type": "AWS::DynamoDB::Table", "Values": [TABLE]}
    return {
        "IsLogging": True,
        "S3BucketName": made_ready(context),
        "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [items]}],
    }


def cloudtrail(operation: str, **parameters: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        name = {"put_event_selectors": "TrailName", "put_insight_selectors": "TrailName"}.get(operation, "Name")
        getattr(context.client("cloudtrail"), operation)(**{name: handle.physical_id}, **parameters)

    return change


def retag(context: Context, _: ResourceHandle) -> None:
    context.client("cloudtrail").add_tags(ResourceId=ARN, TagsList=[{"Key": "ManagedBy", "Value": "hand"}])


def updated(name: str, reported: str, **parameters: Any) -> Case:
    return Case(name, TRAIL, trail, cloudtrail("update_trail", **parameters), reported)


class TestCloudTrail(ResourceTypeTests):
    cases = (
        Case("stopped", TRAIL, trail, cloudtrail("stop_logging"), "IsLogging"),
        updated("one region", "IsMultiRegionTrail", IsMultiRegionTrail=False),
        updated("no global events", "IncludeGlobalServiceEvents", IncludeGlobalServiceEvents=False),
        updated("of the organization", "IsOrganizationTrail", IsOrganizationTrail=True),
        updated("not validated", "EnableLogFileValidation", EnableLogFileValidation=False),
        updated("another key", "KMSKeyId", KmsKeyId=f"{KEY}4d"),
        updated("another bucket", "S3BucketName", S3BucketName="elsewhere"),
        updated("another prefix", "S3KeyPrefix", S3KeyPrefix="other"),
        updated("another topic", "SnsTopicName", SnsTopicName="other"),
        updated("another log group", "CloudWatchLogsLogGroupArn", CloudWatchLogsLogGroupArn="arn:aws:logs:::other"),
        updated("another role", "CloudWatchLogsRoleArn", CloudWatchLogsRoleArn="arn:aws:iam::1:role/other"),
        Case(
            "data events dropped",
            TRAIL,
            trail,
            cloudtrail("put_event_selectors", AdvancedEventSelectors=[MANAGEMENT, REFUSALS]),
            "AdvancedEventSelectors",
        ),
        Case(
            "a narrower table",
            TRAIL,
            trail_with_plain_selectors,
            cloudtrail("put_event_selectors", EventSelectors=[{"ReadWriteType": "WriteOnly"}]),
            "EventSelectors",
        ),
        Case(
            "one more insight",
            TRAIL,
            trail,
            cloudtrail("put_insight_selectors", InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}]),
            "InsightSelectors",
        ),
        Case("tags", TRAIL, trail, retag, "Tags"),
    )


def test_ref_of_a_trail_is_its_name_and_getatt_gives_the_arns(context: Context) -> None:
    handle = make(TRAIL, trail(context))
    assert handle.physical_id == NAME
    assert handle.attributes == {"Arn": ARN, "SnsTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:cruddur-deliveries"}


def test_a_trail_without_a_name_gets_the_generated_one(context: Context) -> None:
    assert make(TRAIL, trail_with_plain_selectors(context)).physical_id == "stack-Resource-1A2B3C"


@pytest.mark.parametrize("switch", [False, "false"])
def test_a_trail_that_shall_not_log_does_not(switch: object, context: Context) -> None:
    make(TRAIL, {**trail(context), "IsLogging": switch})
    assert context.client("cloudtrail").get_trail_status(Name=NAME)["IsLogging"] is False


def test_insight_selectors_can_be_added_later(context: Context) -> None:
    declared, update = trail(context), ALL[TRAIL].update
    without = {name: value for name, value in declared.items() if name != "InsightSelectors"}
    handle = make(TRAIL, without)
    assert update is not None
    assert [found.property for found in differences(TRAIL, declared, context, handle)] == ["InsightSelectors"]
    assert differences(TRAIL, declared, context, update(context, handle, declared)) == []


def test_selectors_can_be_taken_away(context: Context) -> None:
    declared, update = trail(context), ALL[TRAIL].update
    handle = make(TRAIL, declared)
    del declared["InsightSelectors"], declared["AdvancedEventSelectors"]
    assert update is not None
    update(context, handle, declared)
    deployed = ALL[TRAIL].read(context, handle)
    assert (deployed["InsightSelectors"], deployed.get("AdvancedEventSelectors", [])) == ([], [])


def test_a_trail_keeps_its_name(context: Context) -> None:
    declared, update = trail(context), ALL[TRAIL].update
    handle = make(TRAIL, declared)
    assert update is not None
    with pytest.raises(EmbeddedError, match="AWS::CloudTrail::Trail TrailName: cannot change in place"):
        update(context, handle, {**declared, "TrailName": "other"})


def test_the_next_trail_of_the_same_name_has_no_tags_of_the_last(context: Context) -> None:
    declared = trail(context)
    ALL[TRAIL].delete(context, make(TRAIL, declared))
    del declared["Tags"]
    assert ALL[TRAIL].read(context, make(TRAIL, declared))["Tags"] == []


def test_a_trail_without_a_bucket_is_refused(context: Context) -> None:
    with pytest.raises(ClientError, match="S3BucketDoesNotExist"):
        make(TRAIL, {**trail(context), "S3BucketName": "nowhere"})


def test_a_trail_that_cannot_be_made_whole_is_not_left_in_parts(context: Context) -> None:
    declared = trail(context)
    del declared["IsLogging"]
    with pytest.raises(KeyError, match="IsLogging"):
        make(TRAIL, declared)
    assert context.client("cloudtrail").list_trails()["Trails"] == []


@pytest.mark.parametrize(
    ("declared", "deployed", "same"),
    [
        ("arn:aws:kms:eu-central-1:444455556666:alias/archive", "arn:aws:kms:eu-central-1:444455556666:key/1", True),
        ("arn:aws:kms:eu-central-1:444455556666:alias/archive", "arn:aws:kms:eu-central-1:111122223333:key/1", False),
        ("arn:aws:kms:eu-central-1:444455556666:key/2", "arn:aws:kms:eu-central-1:444455556666:key/1", False),
    ],
)
def test_a_trail_s_key_may_be_named_by_an_alias_of_its_account(declared: str, deployed: str, same: bool) -> None:
    assert (not compare({"KMSKeyId": declared}, {"KMSKeyId": deployed})) is same
