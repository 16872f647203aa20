"""AWS::DynamoDB::Table is deployed as declared: keys, stream, encryption, recovery, policy; and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tableguard.cloudformation.equality import PropertyDifference
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

TABLE = "AWS::DynamoDB::Table"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
DENY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyOtherOrganisations",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "dynamodb:*",
            "Resource": "arn:aws:dynamodb:eu-central-1:123456789012:table/messages",
            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
        }
    ],
}


def keys(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def index(**more: Any) -> Properties:
    return {
        "IndexName": "conversations",
        "KeySchema": keys("pk", "last_message_at"),
        "Projection": {"ProjectionType": "ALL"},
        "ContributorInsightsSpecification": {"Enabled": True},
        **more,
    }


def table(context: Context) -> Properties:
    limit = {"MaxReadRequestUnits": 4000, "MaxWriteRequestUnits": 4000}
    return {
        "TableName": "messages",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("last_message_at", "pk", "sk")
        ],
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": [index(OnDemandThroughput=limit)],
        "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": limit,
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true", "RecoveryPeriodInDays": "35"},
        "DeletionProtectionEnabled": True,
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE", "ResourcePolicy": {"PolicyDocument": DENY}},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        "ResourcePolicy": {"PolicyDocument": DENY},
        "ContributorInsightsSpecification": {"Enabled": True, "Mode": "THROTTLED_KEYS"},
        "TableClass": "STANDARD",
        "Tags": TAGS,
    }


def unprotected(context: Context) -> Properties:
    return {**table(context), "DeletionProtectionEnabled": False}


def provisioned(context: Context) -> Properties:
    units = {"ReadCapacityUnits": "5", "WriteCapacityUnits": 6}
    left = {name: value for name, value in unprotected(context).items() if name != "OnDemandThroughput"}
    more = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    return {**left, **more, "GlobalSecondaryIndexes": [index(ProvisionedThroughput=units)]}


def ask(operation: str, **arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: getattr(context.client("dynamodb"), operation)(
        TableName=handle.physical_id, **arguments
    )


def another_policy(context: Context, handle: ResourceHandle) -> None:
    weaker = json.dumps(DENY).replace("StringNotEquals", "StringNotEqualsIfExists")
    context.client("dynamodb").put_resource_policy(ResourceArn=handle.attributes["Arn"], Policy=weaker)


def no_policy(context: Context, handle: ResourceHandle) -> None:
    context.client("dynamodb").delete_resource_policy(ResourceArn=handle.attributes["Arn"])


def another_tag(context: Context, handle: ResourceHandle) -> None:
    tag = {"Key": "DataClass", "Value": "public"}
    context.client("dynamodb").tag_resource(ResourceArn=handle.attributes["Arn"], Tags=[tag])


def recovery(**specification: Any) -> Callable[[Context, ResourceHandle], object]:
    return ask("update_continuous_backups", PointInTimeRecoverySpecification=specification)


RECOVERY = "PointInTimeRecoverySpecification"


class TestTable(ResourceTypeTests):
    cases = (
        Case(
            "recovery off",
            TABLE,
            unprotected,
            recovery(PointInTimeRecoveryEnabled=False),
            f"{RECOVERY}.PointInTimeRecoveryEnabled",
            also=(f"{RECOVERY}.RecoveryPeriodInDays",),
        ),
        Case(
            "recovery cut to seven days",
            TABLE,
            unprotected,
            recovery(PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=7),
            f"{RECOVERY}.RecoveryPeriodInDays",
        ),
        Case(
            "deletion protection",
            TABLE,
            unprotected,
            ask("update_table", DeletionProtectionEnabled=True),
            "DeletionProtectionEnabled",
        ),
        Case(
            "billing mode",
            TABLE,
            unprotected,
            ask("update_table", BillingMode="PROVISIONED"),
            "BillingMode",
        ),
        Case(
            "capacity",
            TABLE,
            provisioned,
            ask("update_table", ProvisionedThroughput={"ReadCapacityUnits": 500, "WriteCapacityUnits": 6}),
            "ProvisionedThroughput.ReadCapacityUnits",
        ),
        Case(
            "expiry of items",
            TABLE,
            unprotected,
            ask("update_time_to_live", TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": False}),
            "TimeToLiveSpecification.Enabled",
        ),
        Case("weaker policy", TABLE, unprotected, another_policy, "ResourcePolicy.PolicyDocument"),
        Case("no policy", TABLE, unprotected, no_policy, "ResourcePolicy"),
        Case("a tag more", TABLE, unprotected, another_tag, "Tags"),
        Case(
            "no index",
            TABLE,
            unprotected,
            ask("update_table", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "conversations"}}]),
            "AttributeDefinitions",  # those of the index's own attributes go with it
            ("GlobalSecondaryIndexes",),
        ),
        Case(
            "no stream",
            TABLE,
            unprotected,
            ask("update_table", StreamSpecification={"StreamEnabled": False}),
            "StreamSpecification",
        ),
    )


def test_ref_and_getatt_of_a_table(context: Context) -> None:
    handle = make(TABLE, table(context))
    assert handle.physical_id == "messages"
    assert handle.attributes["Arn"] == "arn:aws:dynamodb:eu-central-1:123456789012:table/messages"
    assert handle.attributes["StreamArn"].startswith(f"{handle.attributes['Arn']}/stream/")


def test_a_table_without_a_stream_has_no_stream_arn(context: Context) -> None:
    declared = {name: value for name, value in table(context).items() if name != "StreamSpecification"}
    assert "StreamArn" not in make(TABLE, declared).attributes


def test_a_protected_table_is_not_deleted(context: Context) -> None:
    handle = make(TABLE, table(context))
    with pytest.raises(ClientError, match="DeletionProtectionEnabled is set to True"):
        ALL[TABLE].delete(context, handle)


def test_a_value_of_the_wrong_kind_is_refused_by_its_name(context: Context) -> None:
    wrong = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": "many"}
    with pytest.raises(ParamValidationError, match="RecoveryPeriodInDays"):
        make(TABLE, {**table(context), RECOVERY: wrong})


def test_protection_that_was_lifted_is_reported(context: Context) -> None:
    handle = make(TABLE, table(context))
    ask("update_table", DeletionProtectionEnabled=False)(context, handle)
    assert differences(TABLE, table(context), context, handle) == [
        PropertyDifference("DeletionProtectionEnabled", True, False)
    ]


def test_a_table_that_is_refused_midway_is_not_left_behind(context: Context) -> None:
    with pytest.raises(ParamValidationError, match="AttributeName"):
        make(TABLE, {**table(context), "TimeToLiveSpecification": {"Enabled": True}})
    assert context.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"TableName": "other"}, "TableName"),
        (
            {"KeySchema": keys("pk", "last_message_at"), "GlobalSecondaryIndexes": [index(KeySchema=keys("pk", "sk"))]},
            "KeySchema",
        ),
        ({"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/other"}}, "SSESpec"),
        (
            {
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": kind}
                    for name, kind in (("last_message_at", "N"), ("pk", "S"), ("sk", "S"))
                ]
            },
            "AttributeType",
        ),
        ({"GlobalSecondaryIndexes": [index(KeySchema=keys("last_message_at", "pk"))]}, "conversations KeySchema"),
    ],
)
def test_an_update_that_cannot_be_made_in_place_is_refused(change: Properties, named: str, context: Context) -> None:
    handle, update = make(TABLE, table(context)), ALL[TABLE].update
    assert update is not None
    assert update(context, handle, table(context)) == handle
    with pytest.raises(EmbeddedError, match=f"{named}.* cannot change in place"):
        update(context, handle, {**table(context), **change})


def sorted_by(names: tuple[str, ...]) -> Properties:
    """Indexes by these attributes, each of a name of its own, and their attributes declared."""
    return {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", *names)],
        "GlobalSecondaryIndexes": [index(IndexName=f"by-{name}", KeySchema=keys("pk", name)) for name in names],
    }


@pytest.mark.parametrize(
    ("wanted", "refused"), [(("a", "b"), False), ((), False), (("b",), True), (("a", "b", "c"), True)]
)
def test_one_index_is_added_or_deleted_an_update(wanted: tuple[str, ...], refused: bool, context: Context) -> None:
    handle, update = make(TABLE, {**table(context), **sorted_by(("a",))}), ALL[TABLE].update
    assert update is not None
    changed = {**table(context), **sorted_by(wanted)}
    if refused:
        with pytest.raises(EmbeddedError, match="Cannot perform more than one GSI creation or deletion"):
            update(context, handle, changed)
    else:
        update(context, handle, changed)
    described = context.client("dynamodb").describe_table(TableName="messages")["Table"]
    names = {one["IndexName"] for one in described.get("GlobalSecondaryIndexes", [])}
    assert names == {f"by-{name}" for name in (("a",) if refused else wanted)}


def changed_to(properties: Properties, context: Context, handle: ResourceHandle) -> ResourceHandle:
    update = ALL[TABLE].update
    assert update is not None
    return update(context, handle, properties)


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_AND_OLD_IMAGES", None, "NEW_IMAGE"])
def test_another_view_is_another_stream_and_none_is_none(view: str | None, context: Context) -> None:
    before = make(TABLE, table(context))
    wanted = {**table(context), "StreamSpecification": {"StreamViewType": view}}
    if view is None:
        del wanted["StreamSpecification"]
    after = changed_to(wanted, context, before)
    assert ALL[TABLE].read(context, after).get("StreamSpecification", {}).get("StreamViewType") == view
    same = after.attributes.get("StreamArn") == before.attributes["StreamArn"]
    assert same == (view == "NEW_IMAGE")
    assert ("StreamArn" in after.attributes) == (view is not None)
    again = changed_to(table(context), context, after)
    assert not differences(TABLE, table(context), context, again)


@pytest.mark.parametrize(
    ("names", "refused"),
    [(("pk", "sk", "last_message_at"), False), (("pk", "sk"), True), (("pk", "sk", "last_message_at", "odd"), True)],
)
def test_the_attributes_defined_are_those_of_the_keys(names: tuple[str, ...], refused: bool, context: Context) -> None:
    wanted = {**table(context), "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names]}
    if not refused:
        changed_to(wanted, context, make(TABLE, wanted))
        return
    with pytest.raises(EmbeddedError, match="AttributeDefinitions is inconsistent with the KeySchema of the table and"):
        make(TABLE, wanted)
    with pytest.raises(EmbeddedError, match="AttributeDefinitions is inconsistent with the KeySchema of the table and"):
        changed_to(wanted, context, make(TABLE, table(context)))


def without_billing_mode(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if name != "BillingMode"}


def test_capacity_changes_both_ways_with_the_index(context: Context) -> None:
    handle = make(TABLE, unprotected(context))
    for wanted in (provisioned(context), unprotected(context), without_billing_mode(provisioned(context))):
        handle = changed_to(wanted, context, handle)
        assert not differences(TABLE, wanted, context, handle)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"BillingMode": "PAY_PER_REQUEST"}, "Neither ReadCapacityUnits nor WriteCapacityUnits can be .* the table"),
        ({"ProvisionedThroughput": None}, "Both ReadCapacityUnits and WriteCapacityUnits must be .* the table"),
        ({"GlobalSecondaryIndexes": [index()]}, "Both ReadCapacityUnits and .* for conversations when"),
    ],
)
def test_units_and_billing_mode_that_do_not_fit_are_refused(change: Properties, refused: str, context: Context) -> None:
    wanted = {name: value for name, value in {**provisioned(context), **change}.items() if value is not None}
    handle = make(TABLE, unprotected(context))
    with pytest.raises(EmbeddedError, match=refused):
        changed_to(wanted, context, handle)


@pytest.mark.parametrize("gone", ["ResourcePolicy", RECOVERY, "TimeToLiveSpecification", "Tags"])
def test_what_the_template_no_longer_declares_is_undone(gone: str, context: Context) -> None:
    handle, update = make(TABLE, table(context)), ALL[TABLE].update
    assert update is not None
    update(context, handle, {name: value for name, value in table(context).items() if name != gone})
    reported = {difference.property for difference in differences(TABLE, table(context), context, handle)}
    assert {name.partition(".")[0] for name in reported} == {gone}


def unlimited(context: Context) -> Any:
    limit = {"MaxReadRequestUnits": 4000, "MaxWriteRequestUnits": 4000}
    created = context.client("dynamodb").create_table(
        TableName="limited",
        KeySchema=keys("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput=limit,
        TableClass="STANDARD_INFREQUENT_ACCESS",
    )
    described = context.client("dynamodb").describe_table(TableName="limited")["Table"]
    return created["TableDescription"], described


def test_moto_still_loses_the_limits_and_the_class_of_a_table(context: Context) -> None:
    for found in unlimited(context):
        assert "OnDemandThroughput" not in found
        assert "TableClassSummary" not in found


def test_moto_still_has_no_policy_of_a_stream(context: Context) -> None:
    stream = make(TABLE, table(context)).attributes["StreamArn"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        context.client("dynamodb").put_resource_policy(ResourceArn=stream, Policy=json.dumps(DENY))


def test_moto_still_has_no_contributor_insights(context: Context) -> None:
    with pytest.raises(NotImplementedError):
        context.client("dynamodb").describe_contributor_insights(TableName="limited")
