"""The embedded CloudFormation imports what exists, changes nothing about it, and refuses what AWS refuses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.stacks import importing
from tableguard.local.stacks.existing import FINDERS
from tableguard.local.stacks.types import ALL
from tests.worlds.moto_modes import Aws

pytestmark = pytest.mark.slow
GROUP = {
    "Type": "AWS::Logs::LogGroup",
    "DeletionPolicy": "Retain",
    "Properties": {"LogGroupName": "/kept", "RetentionInDays": 7},
}
TARGET = {
    "ResourceType": "AWS::Logs::LogGroup",
    "LogicalResourceId": "Group",
    "ResourceIdentifier": {"LogGroupName": "/kept"},
}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "new"}}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with server.start() as running:
        yield Aws(running.endpoint)


@pytest.fixture
def cloudformation(aws: Aws) -> Any:
    """CloudFormation, beside a log group that no stack has."""
    aws.client("logs").create_log_group(logGroupName="/kept")
    return aws.client("cloudformation")


def prepare(cloudformation: Any, template: Any, *targets: Any, stack: str = "s") -> None:
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName="import",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        **({"ResourcesToImport": list(targets)} if targets else {}),
    )


def execute(cloudformation: Any, stack: str = "s") -> str:
    cloudformation.execute_change_set(StackName=stack, ChangeSetName="import")
    return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])


def test_a_stack_is_made_of_what_exists_which_is_not_changed_and_is_updated_then(aws: Aws, cloudformation: Any) -> None:
    prepare(cloudformation, {"Resources": {"Group": GROUP}}, TARGET)
    (change,) = cloudformation.describe_change_set(StackName="s", ChangeSetName="import")["Changes"]
    described = change["ResourceChange"]
    assert (described["Action"], described["LogicalResourceId"]) == ("Import", "Group")
    assert described["PhysicalResourceId"] == "/kept"
    assert execute(cloudformation) == "IMPORT_COMPLETE"
    (resource,) = cloudformation.list_stack_resources(StackName="s")["StackResourceSummaries"]
    assert resource["PhysicalResourceId"] == "/kept"
    events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    of_group = [one["ResourceStatus"] for one in reversed(events) if one["LogicalResourceId"] == "Group"]
    assert of_group == ["IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"]
    (group,) = aws.client("logs").describe_log_groups()["logGroups"]
    assert "retentionInDays" not in group
    changed = {**GROUP, "Properties": {**GROUP["Properties"], "RetentionInDays": 14}}  # type: ignore[dict-item]
    full = {"Resources": {"Group": changed, "Topic": TOPIC}, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": "Group.Arn"}}}}
    cloudformation.update_stack(StackName="s", TemplateBody=json.dumps(full))
    (stack,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"].endswith(":log-group:/kept:*")
    assert aws.client("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 14


WITHOUT_POLICY = {name: value for name, value in GROUP.items() if name != "DeletionPolicy"}
POLICY = {
    "Type": "AWS::SNS::TopicPolicy",
    "DeletionPolicy": "Retain",
    "Properties": {"Topics": ["arn:aws:sns:eu-central-1:111122223333:t"], "PolicyDocument": {}},
}
ID = {"ResourceType": "AWS::SNS::TopicPolicy", "LogicalResourceId": "P", "ResourceIdentifier": {"Id": "x"}}
REFUSED: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "without a deletion policy": (
        {"Resources": {"Group": WITHOUT_POLICY}},
        (TARGET,),
        r"The following resources to import \[Group\] must have DeletionPolicy attribute",
    ),
    "beside a new resource": (
        {"Resources": {"Group": GROUP, "Topic": TOPIC}},
        (TARGET,),
        r"Resources \[Topic\] is missing from ResourceToImport list",
    ),
    "with an output": (
        {"Resources": {"Group": GROUP}, "Outputs": {"Name": {"Value": {"Ref": "Group"}}}},
        (TARGET,),
        r"As part of the import operation, you cannot modify or add \[Outputs\]",
    ),
    "of a type that cannot be read": (
        {"Resources": {"P": POLICY}},
        (ID,),
        r"ResourceTypes \[AWS::SNS::TopicPolicy\] are not supported for Import",
    ),
    "of what the template does not have": (
        {"Resources": {"Other": GROUP}},
        (TARGET,),
        "Resource Group of type AWS::Logs::LogGroup to import is not in the template",
    ),
    "by another property": (
        {"Resources": {"Group": GROUP}},
        ({**TARGET, "ResourceIdentifier": {"Arn": "/kept"}},),
        "Arn is no identifier of AWS::Logs::LogGroup",
    ),
    "of nothing": ({"Resources": {"Group": GROUP}}, (), "Resources to import must be specified"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_import_is_refused(cloudformation: Any, case: str) -> None:
    template, targets, words = REFUSED[case]
    with pytest.raises(ClientError, match=words):
        prepare(cloudformation, template, *targets)
    assert cloudformation.describe_stacks()["Stacks"] == []


def test_an_existing_stack_imports_more_and_nothing_else_of_it_changes(aws: Aws, cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"Topic": TOPIC}}))
    renamed = {**TOPIC, "Properties": {"TopicName": "other"}}
    with pytest.raises(ClientError, match=r"you cannot modify or add \[Resources\]"):
        prepare(cloudformation, {"Resources": {"Group": GROUP, "Topic": renamed}}, TARGET)
    prepare(cloudformation, {"Resources": {"Group": GROUP, "Topic": TOPIC}}, TARGET)
    assert execute(cloudformation) == "IMPORT_COMPLETE"
    with pytest.raises(ClientError, match=r"Resources \[Group\] passed in ResourceToImport are already in the stack"):
        prepare(cloudformation, {"Resources": {"Group": GROUP, "Topic": TOPIC}}, TARGET)


def reason(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return next(str(one["ResourceStatusReason"]) for one in events if one["ResourceStatus"] == "IMPORT_FAILED")


def test_what_is_not_there_or_is_another_stack_s_is_not_imported(aws: Aws, cloudformation: Any) -> None:
    gone = {**GROUP, "Properties": {"LogGroupName": "/gone"}}
    prepare(cloudformation, {"Resources": {"Group": gone}}, {**TARGET, "ResourceIdentifier": {"LogGroupName": "/gone"}})
    assert execute(cloudformation) == "IMPORT_ROLLBACK_COMPLETE"
    assert "/gone" in reason(cloudformation, "s")
    assert cloudformation.list_stack_resources(StackName="s")["StackResourceSummaries"] == []
    prepare(cloudformation, {"Resources": {"Group": GROUP}}, TARGET)
    assert execute(cloudformation) == "IMPORT_COMPLETE"
    prepare(cloudformation, {"Resources": {"Group": GROUP}}, TARGET, stack="second")
    assert execute(cloudformation, "second") == "IMPORT_ROLLBACK_COMPLETE"
    assert "AWS::Logs::LogGroup /kept already exists in another stack" in reason(cloudformation, "second")


def test_only_what_is_imported_is_shown_as_imported() -> None:
    changes = [{"Action": "Add", "LogicalResourceId": name} for name in ("Group", "Topic")]
    assert importing.marked(changes, {"Group": "/kept"}) == [
        {"Action": "Import", "LogicalResourceId": "Group", "PhysicalResourceId": "/kept"},
        changes[1],
    ]


def test_what_can_be_found_can_be_made() -> None:
    assert FINDERS.keys() <= ALL.keys()


def test_what_a_stack_imports_from_another_stays_so_when_it_imports_resources(cloudformation: Any) -> None:
    exported = {"Name": {"Value": "new", "Export": {"Name": "name"}}}
    cloudformation.create_stack(
        StackName="exporter", TemplateBody=json.dumps({"Resources": {"Topic": TOPIC}, "Outputs": exported})
    )
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::ImportValue": "name"}}}
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"Queue": queue}}))
    prepare(cloudformation, {"Resources": {"Group": GROUP, "Queue": queue}}, TARGET)
    assert execute(cloudformation) == "IMPORT_COMPLETE"
    assert cloudformation.list_imports(ExportName="name")["Imports"] == ["s"]


def test_a_resource_without_properties_is_imported(aws: Aws, cloudformation: Any) -> None:
    aws.client("s3").create_bucket(
        Bucket="kept-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    identifier = {"ResourceIdentifier": {"BucketName": "kept-bucket"}}
    target = {"ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "Bucket", **identifier}
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    prepare(cloudformation, {"Resources": {"Bucket": bucket}}, target)
    assert execute(cloudformation) == "IMPORT_COMPLETE"


def test_a_key_of_another_stack_is_not_imported_by_its_arn_either(cloudformation: Any) -> None:
    key = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {"Description": "kept"}}
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}}
    cloudformation.create_stack(
        StackName="first", TemplateBody=json.dumps({"Resources": {"Key": key}, "Outputs": outputs})
    )
    (stack,) = cloudformation.describe_stacks(StackName="first")["Stacks"]
    arn = stack["Outputs"][0]["OutputValue"]
    target = {"ResourceType": "AWS::KMS::Key", "LogicalResourceId": "Key", "ResourceIdentifier": {"KeyId": arn}}
    prepare(cloudformation, {"Resources": {"Key": key}}, target, stack="second")
    assert execute(cloudformation, "second") == "IMPORT_ROLLBACK_COMPLETE"
    assert "already exists in another stack" in reason(cloudformation, "second")
