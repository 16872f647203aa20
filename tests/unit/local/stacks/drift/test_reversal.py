"""Drift-aware change sets of the embedded CloudFormation: what drifted goes back to the template, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tableguard.local import server
from tableguard.local.stacks.drift.reversal import MODE
from tests.worlds.moto_modes import Aws

pytestmark = pytest.mark.slow


def template(days: int = 7, units: int = 5) -> dict[str, Any]:
    return {
        "Resources": {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/kept", "RetentionInDays": days}},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "ours"}},
            "Policy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [{"Ref": "Topic"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
                },
            },
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "ProvisionedThroughput": {"ReadCapacityUnits": units, "WriteCapacityUnits": units},
                    "TableName": "kept",
                },
            },
        }
    }


@pytest.fixture
def aws() -> Iterator[Aws]:
    with server.start() as running:
        aws = Aws(running.endpoint)
        aws.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template()))
        yield aws


def proposed(aws: Aws, body: Any = None, **more: Any) -> dict[str, Any]:
    """Return the answer to DescribeChangeSet of a drift-aware change set, of the same template or another."""
    which = {"TemplateBody": json.dumps(body)} if body else {"UsePreviousTemplate": True}
    request = {"StackName": "s", "ChangeSetName": "back", "DeploymentMode": MODE, **which, **more}
    arn = aws.client("cloudformation").create_change_set(**request)["Id"]
    return dict(aws.client("cloudformation").describe_change_set(ChangeSetName=arn))


def execute(aws: Aws, **more: Any) -> str:
    cloudformation = aws.client("cloudformation")
    cloudformation.execute_change_set(StackName="s", ChangeSetName="back", **more)
    return str(cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"])


def retention(aws: Aws) -> Any:
    (group,) = aws.client("logs").describe_log_groups(logGroupNamePrefix="/kept")["logGroups"]
    return group.get("retentionInDays")


def keep(aws: Aws, days: int) -> None:
    aws.client("logs").put_retention_policy(logGroupName="/kept", retentionInDays=days)


def test_a_drifted_property_is_shown_as_it_is_and_goes_back(aws: Aws) -> None:
    keep(aws, 14)
    answer = proposed(aws)
    assert (answer["DeploymentMode"], answer["StackDriftStatus"]) == ("REVERT_DRIFT", "DRIFTED")
    (change,) = (one["ResourceChange"] for one in answer["Changes"])
    (detail,) = change["Details"]
    assert (change["Action"], change["LogicalResourceId"], change["ResourceDriftStatus"]) == (
        "Modify",
        "Group",
        "MODIFIED",
    )
    target = detail["Target"]
    assert (target["Name"], target["BeforeValueFrom"], target["AfterValueFrom"]) == (
        "RetentionInDays",
        "ACTUAL_STATE",
        "TEMPLATE",
    )
    assert (target["Drift"]["PreviousValue"], target["Drift"]["ActualValue"]) == ("7", "14")
    assert (execute(aws), retention(aws)) == ("UPDATE_COMPLETE", 7)


def test_a_change_set_that_knows_of_no_drift_leaves_it(aws: Aws) -> None:
    keep(aws, 14)
    cloudformation = aws.client("cloudformation")
    cloudformation.create_change_set(StackName="s", ChangeSetName="plain", UsePreviousTemplate=True)
    answer = cloudformation.describe_change_set(StackName="s", ChangeSetName="plain")
    assert (answer["Status"], answer["Changes"], "DeploymentMode" in answer) == ("FAILED", [], False)
    assert retention(aws) == 14


def test_where_nothing_drifted_there_is_nothing_to_change(aws: Aws) -> None:
    answer = proposed(aws)
    assert (answer["Status"], answer["StackDriftStatus"], answer["Changes"]) == ("FAILED", "IN_SYNC", [])
    with pytest.raises(WaiterError) as ended:
        aws.client("cloudformation").get_waiter("change_set_create_complete").wait(
            StackName="s", ChangeSetName="back", WaiterConfig={"Delay": 1, "MaxAttempts": 1}
        )
    assert "didn't contain changes" in ended.value.last_response["StatusReason"]


def test_what_is_gone_is_made_again_and_what_refers_to_it_follows(aws: Aws) -> None:
    sns = aws.client("sns")
    (before,) = sns.list_topics()["Topics"]
    sns.delete_topic(TopicArn=before["TopicArn"])
    answer = proposed(aws)
    changes = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in answer["Changes"]}
    assert {name: change["Action"] for name, change in changes.items()} == {"Topic": "Add", "Policy": "Modify"}
    assert (changes["Topic"]["ResourceDriftStatus"], changes["Policy"]["ResourceDriftStatus"]) == (
        "DELETED",
        "UNSUPPORTED",
    )
    assert changes["Policy"]["Details"][0]["CausingEntity"] == "Topic"
    assert execute(aws) == "UPDATE_COMPLETE"
    (after,) = sns.list_topics()["Topics"]
    assert json.loads(sns.get_topic_attributes(TopicArn=after["TopicArn"])["Attributes"]["Policy"])["Statement"] == []


def test_a_template_that_is_changed_to_what_is_there_changes_only_the_record(aws: Aws) -> None:
    keep(aws, 14)
    (change,) = (one["ResourceChange"] for one in proposed(aws, template(days=14))["Changes"])
    assert (change["Action"], change["LogicalResourceId"]) == ("SyncWithActual", "Group")
    assert (execute(aws), retention(aws)) == ("UPDATE_COMPLETE", 14)
    assert proposed(aws)["StackDriftStatus"] == "IN_SYNC"


def test_a_template_that_is_changed_otherwise_goes_from_what_is_there(aws: Aws) -> None:
    keep(aws, 14)
    (change,) = (one["ResourceChange"] for one in proposed(aws, template(days=30))["Changes"])
    drift = change["Details"][0]["Target"]["Drift"]
    assert (drift["PreviousValue"], drift["ActualValue"]) == ("7", "14")
    assert (execute(aws), retention(aws)) == ("UPDATE_COMPLETE", 30)


def test_after_a_failure_what_drifted_is_as_it_was_and_still_counts_as_drifted(aws: Aws) -> None:
    keep(aws, 14)
    broken = template()
    broken["Resources"]["Another"] = {
        "Type": "AWS::Logs::LogGroup",
        "DependsOn": "Group",
        "Properties": {"LogGroupName": "/kept"},
    }
    proposed(aws, broken)
    assert (execute(aws), retention(aws)) == ("UPDATE_ROLLBACK_COMPLETE", 14)
    aws.client("cloudformation").delete_change_set(StackName="s", ChangeSetName="back")
    assert proposed(aws)["StackDriftStatus"] == "DRIFTED"
    assert (execute(aws), retention(aws)) == ("UPDATE_COMPLETE", 7)


@pytest.mark.parametrize("scaled", [True, False])
def test_what_auto_scaling_changes_is_left_to_it(aws: Aws, scaled: bool) -> None:
    body = template()
    if scaled:
        body["Resources"]["Target"] = {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "dynamodb",
                "ResourceId": {"Fn::Sub": "table/${Table}"},
                "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
                "MinCapacity": 1,
                "MaxCapacity": 9,
                "RoleARN": "arn:aws:iam::123456789012:role/scaling",
            },
        }
        aws.client("cloudformation").update_stack(StackName="s", TemplateBody=json.dumps(body))
    units = {"ReadCapacityUnits": 8, "WriteCapacityUnits": 8}
    aws.client("dynamodb").update_table(TableName="kept", ProvisionedThroughput=units)
    answer = proposed(aws)
    assert answer["StackDriftStatus"] == "DRIFTED"
    assert [one["ResourceChange"]["LogicalResourceId"] for one in answer["Changes"]] == ([] if scaled else ["Table"])


@pytest.mark.parametrize(("more", "words"), [({"ChangeSetType": "CREATE", "StackName": "new"}, "not modelled")])
def test_what_is_not_modelled_is_refused(aws: Aws, more: dict[str, str], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        proposed(aws, template(), **more)
