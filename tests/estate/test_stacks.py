"""CloudFormation on the whole estate: a stack does what its caller may, and the deployer changes but never deletes."""

import json
from typing import Any

import pytest

from tableguard.local import estate
from tableguard.local.authorization import guard
from tests.worlds.estate import (
    ACCOUNT,
    BY_SCP,
    DENIED,
    ELSEWHERE,
    NEW_TABLE,
    ON_THE_EMBEDDED_AWS,
    REGION,
    SETTINGS,
    TABLE,
    Ids,
    refusal,
)

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
KEY_DESCRIPTION = "Encrypts the messages table, its index and stream"


def _events(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return " ".join(each.get("ResourceStatusReason") or "" for each in events)


def _template(properties: dict[str, Any], type_name: str = "AWS::DynamoDB::Table") -> str:
    return json.dumps({"Resources": {"Made": {"Type": type_name, "Properties": properties}}})


@pytest.mark.parametrize(("region", "status"), [(ELSEWHERE, "ROLLBACK_COMPLETE"), (REGION, "CREATE_COMPLETE")])
def test_cloudformation_acts_with_the_permissions_of_its_caller(
    running: estate.EmbeddedEstate, region: str, status: str
) -> None:
    cloudformation = running.session("administrator").client("cloudformation", region_name=region)
    cloudformation.create_stack(StackName="by-stack", TemplateBody=_template(NEW_TABLE))
    (stack,) = cloudformation.describe_stacks(StackName="by-stack")["Stacks"]
    assert stack["StackStatus"] == status
    reason = f"not authorized to perform: dynamodb:CreateTable on resource: arn:aws:dynamodb:{region}"
    assert (reason in _events(cloudformation, "by-stack")) == (region == ELSEWHERE)
    made = [each for each in guard.decisions() if each.resource.endswith(":table/elsewhere") and each.via]
    assert {each.via for each in made} == {"cloudformation.amazonaws.com"}
    cloudformation.delete_stack(StackName="by-stack")


def test_a_stack_changes_and_deletes_only_what_its_caller_may(running: estate.EmbeddedEstate) -> None:
    cloudformation = running.session("administrator").client("cloudformation")

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName="a-log")["Stacks"][0]["StackStatus"])

    group = {"LogGroupName": f"/{SETTINGS.name}/extra"}
    cloudformation.create_stack(StackName="a-log", TemplateBody=_template(group, "AWS::Logs::LogGroup"))
    assert status() == "CREATE_COMPLETE", _events(cloudformation, "a-log")
    changed = _template({**group, "RetentionInDays": 1}, "AWS::Logs::LogGroup")
    cloudformation.update_stack(StackName="a-log", TemplateBody=changed)
    assert "not authorized to perform: logs:PutRetentionPolicy" in _events(cloudformation, "a-log")
    assert status().startswith("UPDATE_ROLLBACK")
    cloudformation.delete_stack(StackName="a-log")
    assert "not authorized to perform: logs:DeleteLogGroup" in _events(cloudformation, "a-log")
    assert status() == "DELETE_FAILED"
    running.roles["break-glass"].client("logs").delete_log_group(logGroupName=group["LogGroupName"])
    cloudformation.delete_stack(StackName="a-log")


def test_a_role_that_escapes_the_boundary_is_not_made_by_a_stack_either(running: estate.EmbeddedEstate) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    properties = {"RoleName": f"{SETTINGS.name}-escape", "AssumeRolePolicyDocument": trust}
    cloudformation = running.session("administrator").client("cloudformation")
    cloudformation.create_stack(
        StackName="escape",
        TemplateBody=_template(properties, "AWS::IAM::Role"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert f"iam:CreateRole on resource: arn:aws:iam::{ACCOUNT}:role/{SETTINGS.name}-escape {BY_SCP}" in _events(
        cloudformation, "escape"
    )


def _table_stack(cloudformation: Any) -> dict[str, Any]:
    """Return the table's stack as it is, for update_stack."""
    stack = SETTINGS.stack_name("table")
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    tags = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Tags"]
    return {"StackName": stack, "TemplateBody": body, "Tags": tags, "Capabilities": ["CAPABILITY_NAMED_IAM"]}


def _changed_to(cloudformation: Any, stack: dict[str, Any]) -> None:
    cloudformation.create_change_set(**stack, ChangeSetName="described-otherwise")
    cloudformation.execute_change_set(StackName=stack["StackName"], ChangeSetName="described-otherwise")
    (found,) = cloudformation.describe_stacks(StackName=stack["StackName"])["Stacks"]
    assert found["StackStatus"] == "UPDATE_COMPLETE", _events(cloudformation, stack["StackName"])


def test_the_deployer_changes_the_table_s_stack_and_an_administrator_does_not(
    running: estate.EmbeddedEstate, ids: Ids
) -> None:
    deployer, auditor = (running.roles[role].client for role in ("deployer", "auditor"))
    cloudformation, kms = deployer("cloudformation"), auditor("kms")
    before = _table_stack(cloudformation)
    assert KEY_DESCRIPTION in before["TemplateBody"]
    changed = {**before, "TemplateBody": before["TemplateBody"].replace(KEY_DESCRIPTION, "another description")}
    code, message = refusal(running.session("administrator").client("cloudformation").update_stack, **changed)
    assert code == "AccessDenied"
    assert f"cloudformation:UpdateStack on resource: arn:aws:cloudformation:{REGION}" in message
    _changed_to(cloudformation, changed)
    try:
        assert kms.describe_key(KeyId=ids.key)["KeyMetadata"]["Description"] == "another description"
    finally:
        _changed_to(cloudformation, before)
    assert kms.describe_key(KeyId=ids.key)["KeyMetadata"]["Description"].startswith(KEY_DESCRIPTION)


def test_the_deployer_deletes_neither_the_table_nor_its_stack(running: estate.EmbeddedEstate) -> None:
    code, message = refusal(running.roles["deployer"].client("dynamodb").delete_table, TableName=TABLE)
    assert (code, BY_SCP in message) == (DENIED, True)
    cloudformation = running.roles["deployer"].client("cloudformation")
    code, _ = refusal(cloudformation.delete_stack, StackName=SETTINGS.stack_name("table"))
    assert code == "AccessDenied"
